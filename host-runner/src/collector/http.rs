//! The HTTP input: events in, their fate out; and the collector's counters.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use super::tenant::{Job, Mailbox, RejectedLine, Reply};
use crate::input::{BATCH_BYTES, Batch, Batcher};
use crate::server;

/// How long a client may fall silent inside a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// Rejected events described in an answer; all are counted.
const MAX_REJECTIONS: usize = 100;

/// What requests are answered from.
pub(super) struct Service {
    pub tenants: Vec<Mailbox>,
    /// For requests whose path names none.
    pub default: Option<usize>,
}

pub(super) async fn serve(listener: TcpListener, service: Service, stop: watch::Receiver<bool>) {
    let service = Arc::new(service);
    let answer = move |request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    };
    server::serve(listener, stop, answer).await;
}

type Answer = Response<Full<Bytes>>;

impl Service {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        // A page in somebody's browser can reach a listener on loopback; browsers say so with this header.
        if request.headers().contains_key(header::ORIGIN) {
            return refuse(StatusCode::FORBIDDEN, "requests from web pages are not accepted");
        }
        let path = request.uri().path().to_owned();
        match path.split('/').skip(1).collect::<Vec<_>>()[..] {
            ["status"] if request.method() == Method::GET => self.status(),
            ["status"] => not_allowed("GET"),
            ["v1", "events"] => match self.default {
                Some(tenant) => self.events(&self.tenants[tenant], request).await,
                None => refuse(StatusCode::NOT_FOUND, "which tenant? POST to /v1/tenants/NAME/events"),
            },
            ["v1", "tenants", name, "events"] => match self.tenants.iter().find(|tenant| &*tenant.name == name) {
                Some(tenant) => self.events(tenant, request).await,
                None => refuse(StatusCode::NOT_FOUND, "there is no such tenant"),
            },
            _ => refuse(StatusCode::NOT_FOUND, "try GET /status, POST /v1/events or POST /v1/tenants/NAME/events"),
        }
    }

    fn status(&self) -> Answer {
        let tenants: Vec<_> = self.tenants.iter().map(Mailbox::snapshot).collect();
        let module = crate::module_sha256();
        respond(StatusCode::OK, &json!({ "version": crate::VERSION, "module_sha256": module, "tenants": tenants }))
    }

    async fn events(&self, tenant: &Mailbox, request: Request<Incoming>) -> Answer {
        if request.method() != Method::POST {
            return not_allowed("POST");
        }
        let identity = HeaderValue::from_static("identity");
        if request.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != identity) {
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the events without Content-Encoding");
        }
        let mut body = request.into_body();
        let mut totals = Totals { tenant, batcher: Batcher::new(&tenant.limits), sum: Reply::default() };
        let mut batch = Batch::default();
        loop {
            let frame = match tokio::time::timeout(BODY_TIMEOUT, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break,
                Ok(Some(Err(error))) => {
                    return totals.answer(StatusCode::BAD_REQUEST, Some(format!("the request broke off: {error}")));
                }
                Err(_) => return totals.answer(StatusCode::REQUEST_TIMEOUT, Some("the request stalled".into())),
            };
            if let Ok(data) = frame.into_data() {
                totals.batcher.push(&data, &mut batch);
            }
            if batch.lines.len() >= BATCH_BYTES
                && let Err(answer) = totals.evaluate(std::mem::take(&mut batch)).await
            {
                return answer;
            }
        }
        totals.batcher.finish(&mut batch);
        if !batch.is_empty()
            && let Err(answer) = totals.evaluate(batch).await
        {
            return answer;
        }
        totals.answer(StatusCode::OK, None)
    }
}

/// One request's events.
struct Totals<'a> {
    tenant: &'a Mailbox,
    batcher: Batcher,
    sum: Reply,
}

impl Totals<'_> {
    /// Waits until the batch is evaluated and its alerts are written: only then is it accepted.
    async fn evaluate(&mut self, batch: Batch) -> Result<(), Answer> {
        let (reply, result) = oneshot::channel();
        let events = batch.numbers.len() as u64;
        let job = Job { batch, origin: "http".into(), reply: Some(reply) };
        let result = match self.tenant.send(job).await {
            true => result.await.ok(),
            false => None,
        };
        let Some(result) = result else {
            self.sum.failed += events;
            return Err(self.answer(StatusCode::SERVICE_UNAVAILABLE, Some("the collector is stopping".into())));
        };
        self.sum.accepted += result.accepted;
        self.sum.rejected += result.rejected;
        self.sum.failed += result.failed;
        self.sum.rejections.extend(result.rejections);
        self.sum.rejections.truncate(MAX_REJECTIONS);
        match result.failure {
            Some(failure) => Err(self.answer(StatusCode::INTERNAL_SERVER_ERROR, Some(failure))),
            None => Ok(()),
        }
    }

    fn answer(&self, status: StatusCode, error: Option<String>) -> Answer {
        let Reply { accepted, rejected, rejections, failed, .. } = &self.sum;
        let mut body = json!({ "accepted": accepted, "rejected": rejected });
        if !rejections.is_empty() {
            body["rejections"] = rejections_json(rejections);
        }
        if let Some(error) = error {
            body["failed"] = (*failed).into();
            body["error"] = error.into();
        }
        respond(status, &body)
    }
}

fn rejections_json(rejections: &[RejectedLine]) -> Value {
    // Numbers and strings only: this cannot fail.
    serde_json::to_value(rejections).unwrap_or_default()
}

fn refuse(status: StatusCode, message: &str) -> Answer {
    respond(status, &json!({ "error": message }))
}

fn not_allowed(method: &'static str) -> Answer {
    let mut answer = refuse(StatusCode::METHOD_NOT_ALLOWED, &format!("use {method}"));
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(method));
    answer
}

fn respond(status: StatusCode, body: &Value) -> Answer {
    let mut response = Response::new(Full::from(format!("{body}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
