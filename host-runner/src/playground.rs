//! The playground that this build carries, served over HTTP.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::server;

include!(concat!(env!("OUT_DIR"), "/playground.rs"));

/// Whether the playground was there when this program was built.
pub fn is_built() -> bool {
    FILES.iter().any(|(name, _)| *name == "index.html")
}

/// Serves the playground until the future is dropped.
pub async fn serve(listener: TcpListener) {
    // Never set: the page is static, nothing needs to be finished.
    let (_stop, stopped) = watch::channel(false);
    server::serve(listener, stopped, |request| std::future::ready(answer(&request))).await;
}

fn answer(request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(respond(request.method(), request.uri().path()))
}

fn respond(method: &Method, path: &str) -> Response<Full<Bytes>> {
    let plain = |status: StatusCode, text: &'static str| {
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let Some((name, bytes)) = FILES.iter().find(|(known, _)| *known == name) else {
        return plain(StatusCode::NOT_FOUND, "not found\n");
    };
    let mut response = Response::new(Full::new(Bytes::from_static(bytes)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // The next version of the binary brings other files under the same address.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// What a browser needs to be told; it compiles a module while it loads only if it is served as WebAssembly.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "toml" | "eql" | "ndjson" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_served_with_their_types() {
        for (name, bytes) in FILES {
            let response = respond(&Method::GET, &format!("/{name}"));
            assert_eq!(response.status(), StatusCode::OK, "{name}");
            let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap();
            assert_eq!(kind == "application/wasm", bytes.starts_with(b"\0asm"), "{name}: {kind}");
            assert_ne!(kind, "application/octet-stream", "{name} needs a type of its own");
        }
        assert_eq!(respond(&Method::GET, "/").status() == StatusCode::OK, is_built());
    }

    #[test]
    fn nothing_else_is_served() {
        assert_eq!(respond(&Method::GET, "/../Cargo.toml").status(), StatusCode::NOT_FOUND);
        assert_eq!(respond(&Method::POST, "/").status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
