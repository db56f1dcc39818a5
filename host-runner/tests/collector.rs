//! `tripline run` from the outside: inputs, signals, and what is counted.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;

use common::collector::{Collector, http};
use common::{Folder, RULE, SERVICE_EVENT, tripline};
use rustix::process::Signal;

fn config(folder: &Folder, inputs: &str) -> String {
    folder.file("rules/service.eql", RULE);
    folder.file(
        "tripline.yaml",
        &format!("engine: native\ntenants:\n  - name: web\n    rules: [rules]\ninputs:\n{inputs}"),
    )
}

#[test]
fn standard_input_is_evaluated_to_its_end() {
    let folder = Folder::new();
    let mut collector = Collector::start(&config(&folder, "  - stdin: true\n"));
    let mut stdin = collector.stdin.take().unwrap();
    writeln!(stdin, "{SERVICE_EVENT}").unwrap();
    let alert = collector.alert();
    assert_eq!(alert["tripline.tenant"], "web");
    assert_eq!(alert["event.kind"].as_str().or(alert["event"]["kind"].as_str()), Some("signal"));
    write!(stdin, "{{\"a\":\n{SERVICE_EVENT}").unwrap();
    drop(stdin);
    let counts = collector.logged("stopped");
    assert_eq!(
        (&counts["events"], &counts["matches"], &counts["rejected"], &counts["failed"]),
        (&3.into(), &2.into(), &1.into(), &0.into())
    );
    let (code, alerts) = collector.end();
    assert_eq!((code, alerts.len()), (0, 1));
}

#[test]
fn http_says_what_became_of_the_events() {
    let folder = Folder::new();
    let collector = Collector::start(&config(&folder, "  - http: 0\n"));
    let address = collector.address();
    let body = format!("{SERVICE_EVENT}\n{{\"a\":\n\n{{}}\n");
    for path in ["/v1/events", "/v1/tenants/web/events"] {
        let (status, answer) = http(address, &format!("POST {path} HTTP/1.1"), body.as_bytes());
        assert_eq!((status, &answer["accepted"], &answer["rejected"]), (200, &2.into(), &1.into()), "{answer}");
        assert_eq!(answer["rejections"][0]["line"], 2);
        assert_eq!(collector.alert()["file"]["name"], "x.service");
    }
    let array = format!("[{SERVICE_EVENT},\n{SERVICE_EVENT}]");
    let (status, answer) = http(address, "POST /v1/events HTTP/1.1", array.as_bytes());
    assert_eq!((status, &answer["accepted"]), (200, &2.into()));

    let (status, answer) = http(address, "GET /status HTTP/1.1", b"");
    assert_eq!(status, 200);
    assert_eq!(answer["version"], host_runner::VERSION);
    let tenant = &answer["tenants"][0];
    assert_eq!((&tenant["tenant"], &tenant["events"], &tenant["rejected"]), (&"web".into(), &8.into(), &2.into()));
    assert_eq!((&tenant["matches"], &tenant["rules"]), (&4.into(), &1.into()));

    assert_eq!(http(address, "POST /v1/tenants/db/events HTTP/1.1", b"{}").0, 404);
    assert_eq!(http(address, "GET /v1/events HTTP/1.1", b"").0, 405);
    assert_eq!(http(address, "GET / HTTP/1.1", b"").0, 404);
    assert_eq!(http(address, "POST /v1/events HTTP/1.1\r\nOrigin: http://example.org", b"{}").0, 403);
    assert_eq!(http(address, "POST /v1/events HTTP/1.1\r\nContent-Encoding: br", b"{}").0, 415);
    collector.signal(Signal::TERM);
    assert_eq!(collector.end().0, 0);
}

#[test]
fn what_was_taken_before_sigterm_is_evaluated() {
    let folder = Folder::new();
    let config = config(&folder, "  - tcp: 0\n");
    // More alerts than a run of a rule gives unless it says so.
    folder.file(
        "rules/service.eql",
        &common::TOML_RULE.replace("risk_score = 47", "risk_score = 47\nmax_signals = 1000"),
    );
    let collector = Collector::start(&config);
    let mut stream = TcpStream::connect(collector.address()).unwrap();
    writeln!(stream, "{SERVICE_EVENT}").unwrap();
    collector.alert();
    // The connection stays open: it is the signal that ends it.
    let many = format!("{SERVICE_EVENT}\n").repeat(500);
    stream.write_all(many.as_bytes()).unwrap();
    collector.signal(Signal::TERM);
    let counts = collector.logged("stopped");
    assert_eq!((&counts["events"], &counts["failed"]), (&501.into(), &0.into()));
    let (code, alerts) = collector.end();
    assert_eq!((code, alerts.len()), (0, 500));
}

#[test]
fn sighup_takes_good_rules_and_refuses_broken_ones() {
    let folder = Folder::new();
    let collector = Collector::start(&config(&folder, "  - http: 0\n"));
    let address = collector.address();
    let tenant = || http(address, "GET /status HTTP/1.1", b"").1["tenants"][0].clone();
    // How many rules match one event; the answer comes when that is known.
    let matches = || {
        let before = tenant()["matches"].as_u64().unwrap();
        assert_eq!(http(address, "POST /v1/events HTTP/1.1", SERVICE_EVENT.as_bytes()).0, 200);
        tenant()["matches"].as_u64().unwrap() - before
    };
    assert_eq!(matches(), 1);

    folder.file("rules/broken.eql", "any where (");
    collector.signal(Signal::HUP);
    let refused = collector.logged("reload refused");
    assert_eq!(refused["tenant"], "web");
    let diagnostic = collector.logged("broken.eql:1:");
    assert_eq!(diagnostic["code"], "syntax");
    assert_eq!(matches(), 1, "the old rules are at work");

    folder.file("rules/broken.eql", "any where true");
    collector.signal(Signal::HUP);
    assert_eq!(collector.logged("rules reloaded")["rules"], 2);
    assert_eq!(matches(), 2);

    let tenant = tenant();
    assert_eq!((&tenant["reloads"], &tenant["reloads_refused"]), (&1.into(), &1.into()));
    collector.signal(Signal::INT);
    assert_eq!(collector.end().0, 0);
}

#[test]
fn alerts_go_to_a_file_that_may_be_rotated() {
    let folder = Folder::new();
    let config = config(&folder, "  - http: 0\noutput: alerts.ndjson\n");
    let collector = Collector::start(&config);
    let address = collector.address();
    let post = || assert_eq!(http(address, "POST /v1/events HTTP/1.1", SERVICE_EVENT.as_bytes()).0, 200);
    post();
    fs::rename(folder.path("alerts.ndjson"), folder.path("alerts.1")).unwrap();
    collector.signal(Signal::HUP);
    collector.logged("rules reloaded");
    post();
    for name in ["alerts.1", "alerts.ndjson"] {
        assert_eq!(fs::read_to_string(folder.path(name)).unwrap().lines().count(), 1, "{name}");
    }
    collector.signal(Signal::TERM);
    assert_eq!(collector.end().0, 0);
}

#[test]
fn a_tenant_over_its_memory_is_restarted_and_the_others_go_on() {
    let folder = Folder::new();
    let rules = folder.file("rule.eql", RULE);
    let config = folder.file(
        "tripline.yaml",
        &format!(
            "tenants:\n  - name: small\n    rules: [{rules}]\n    memory_limit: 16MiB\n    \
             limits: {{ max_event_bytes: 100000000 }}\n  - name: other\n    rules: [{rules}]\ninputs:\n  - http: 0\n"
        ),
    );
    let collector = Collector::start(&config);
    let address = collector.address();
    let post = |tenant: &str, body: &[u8]| http(address, &format!("POST /v1/tenants/{tenant}/events HTTP/1.1"), body);
    let mut big = b"{\"a\":\"".to_vec();
    big.resize(32 << 20, b'x');
    big.extend_from_slice(b"\"}");
    let (status, answer) = post("small", &big);
    assert_eq!((status, &answer["failed"]), (500, &1.into()), "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("memory limit of 16.0 MiB"), "{answer}");
    for tenant in ["small", "other"] {
        let (status, answer) = post(tenant, SERVICE_EVENT.as_bytes());
        assert_eq!((status, &answer["accepted"]), (200, &1.into()), "{tenant}: {answer}");
        assert_eq!(collector.alert()["tripline.tenant"], tenant);
    }
    let (_, status) = http(address, "GET /status HTTP/1.1", b"");
    let [small, other] = [0, 1].map(|index| status["tenants"][index].clone());
    assert_eq!((&small["restarts"], &small["failed"]), (&1.into(), &1.into()));
    assert_eq!((&other["restarts"], &other["failed"]), (&0.into(), &0.into()));
    collector.signal(Signal::TERM);
    assert_eq!(collector.end().0, 0);
}

#[test]
fn a_collector_with_broken_rules_does_not_start() {
    let folder = Folder::new();
    let config = config(&folder, "  - stdin: true\n");
    for check in [&["--check"][..], &[]] {
        tripline(&[&["run", "--config", &config][..], check].concat()).succeeds();
    }
    folder.file("rules/broken.eql", "any where (");
    for check in [&["--check"][..], &[]] {
        let run = tripline(&[&["run", "--config", &config][..], check].concat());
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(run.err.contains("any where (") && run.err.contains("tenant `web`"), "{}", run.err);
    }
    folder.file("tripline.yaml", "tenants: []\ninputs: []\n");
    let run = tripline(&["run", "--config", &config]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("tripline.yaml:1:"), "{}", run.err);
}
