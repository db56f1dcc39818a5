//! The C face as a host sees it: addresses in, NUL-terminated answers out.

use serde_json::{Value, json};

use super::*;

/// Puts `bytes` and a NUL into a buffer, as Fluent Bit does.
fn put(bytes: &[u8]) -> usize {
    let address = malloc(bytes.len() + 1);
    assert_ne!(address, 0);
    // SAFETY: a live buffer of that size which nobody else reads now.
    unsafe {
        ptr::with_exposed_provenance_mut::<u8>(address).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
    }
    address
}

fn c_string(address: usize) -> String {
    assert_ne!(address, 0);
    // SAFETY: an answer or a buffer, both of which end in NUL.
    unsafe { std::ffi::CStr::from_ptr(ptr::with_exposed_provenance(address)) }.to_string_lossy().into_owned()
}

fn compile(sources: &Value) -> Value {
    let text = sources.to_string();
    let address = put(text.as_bytes());
    let answer = c_string(tripline_compile(address, text.len()));
    free(address);
    serde_json::from_str(&answer).expect("the answer is JSON")
}

/// Compiles rules: name, severity, query.
fn compile_named(rules: &[(&str, &str, &str)]) {
    let rule = |(name, severity, query): &(&str, &str, &str)| {
        let text = format!(
            "[rule]\nname = {name:?}\nrule_id = {name:?}\nseverity = {severity:?}\nrisk_score = 47\ntype = \"eql\"\n\
             language = \"eql\"\nquery = {query:?}\n"
        );
        json!({ "path": format!("{name}.toml"), "text": text })
    };
    let report = compile(&rules.iter().map(rule).collect());
    assert_eq!(report["rules"].as_array().map(Vec::len), Some(rules.len()), "{report}");
    assert_eq!(report["diagnostics"], json!([]), "{report}");
}

/// Two rules that match a process named `nc`, of which the second is the more severe.
fn compile_rules() {
    compile_named(&[
        ("Netcat \"listener\"", "medium", r#"process where process.name == "nc""#),
        ("Any netcat", "high", r#"any where process.name : "NC*""#),
        ("A file", "critical", "file where true"),
    ]);
}

/// Filters a record; the flag says whether it came back as it was, at the address it came from.
fn filter(record: &[u8]) -> (String, bool) {
    let address = put(record);
    let answer = tripline_filter(0, 0, 1_700_000_000, 0, address, record.len());
    let result = (c_string(answer), answer == address);
    free(address);
    result
}

const MATCHING: &str = r#"{"event":{"category":"process"},"process":{"name":"nc","args":["\u0000",1.0]}}"#;

#[test]
fn a_match_adds_fields_and_nothing_else() {
    compile_rules();
    let expected = r#"{"event":{"category":"process"},"process":{"name":"nc","args":["\u0000",1.0]},"tripline":{"rule":["Netcat \"listener\"","Any netcat"],"severity":"high"}}"#;
    assert_eq!(filter(MATCHING.as_bytes()), (expected.to_owned(), false));
    let dotted = r#"{"event.category":"process","process.name":"NCAT"}"#;
    let expected =
        r#"{"event.category":"process","process.name":"NCAT","tripline":{"rule":["Any netcat"],"severity":"high"}}"#;
    assert_eq!(filter(dotted.as_bytes()), (expected.to_owned(), false));
}

#[test]
fn what_does_not_match_is_passed_through() {
    compile_rules();
    for record in ["{}", r#"{"event.category":"process","process.name":"bash"}"#, r#"{"tripline":{"severity":"high"}}"#]
    {
        assert_eq!(filter(record.as_bytes()), (record.to_owned(), true));
    }
}

#[test]
fn a_record_over_several_lines_is_one_event() {
    compile_rules();
    let (answer, same) = filter(b"{\"event.category\":\"process\",\n\"process.name\":\n\"nc\"}\n");
    assert!(!same && answer.contains("Any netcat"), "{answer}");
}

#[test]
fn a_record_that_is_not_evaluated_says_why_and_the_next_one_is_evaluated() {
    compile_rules();
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let (answer, _) = filter(deep.as_bytes());
    assert!(answer.starts_with(&deep[..deep.len() - 1]), "the record is kept");
    assert!(answer.contains(r#","tripline":{"error":"not evaluated: "#), "{}", &answer[deep.len() - 1..]);
    assert!(filter(MATCHING.as_bytes()).0.contains("Any netcat"));
}

#[test]
fn a_record_that_did_not_fit_is_told() {
    let told = c_string(tripline_filter(0, 0, 0, 0, 0, 9_000));
    assert_eq!(told, r#"{"tripline":{"error":"a record of 9000 bytes did not fit into the module's memory"}}"#);
}

#[test]
fn addresses_that_malloc_did_not_give_are_refused() {
    compile_rules();
    let record = put(MATCHING.as_bytes());
    let wrong = [
        (1, 10),
        (record, MATCHING.len() + 2),
        (record, usize::MAX),
        (record.wrapping_sub(1), 2),
        (usize::MAX, 1),
        (usize::MAX, usize::MAX),
    ];
    for (address, length) in wrong {
        assert!(c_string(tripline_filter(0, 0, 0, 0, address, length)).contains("malloc"));
        assert!(c_string(tripline_compile(address, length)).contains("malloc"));
        assert!(c_string(tripline_evaluate(address, length)).contains("malloc"));
        assert!(c_string(tripline_advance(address, length)).contains("malloc"));
    }
    // The tag is not read, whatever it is.
    assert!(c_string(tripline_filter(usize::MAX, usize::MAX, 0, 0, record, MATCHING.len())).contains("Any netcat"));
    free(record);
    assert!(c_string(tripline_filter(0, 0, 0, 0, record, MATCHING.len())).contains("malloc"), "it was freed");
}

#[test]
fn a_record_that_does_not_end_in_nul_is_copied() {
    compile_rules();
    let record = br#"{"a":1}"#;
    let address = put(record);
    // Without its last byte there is no NUL behind it, and the answer must be a C string all the same.
    let answer = tripline_filter(0, 0, 0, 0, address, record.len() - 1);
    assert_ne!(answer, address);
    free(address);
}

#[test]
fn batches_are_answered_with_alerts() {
    compile_rules();
    let lines = format!("{MATCHING}\n\nnot JSON\n{{}}\n");
    let address = put(lines.as_bytes());
    let outcome: rule_core::Outcome =
        serde_json::from_str(&c_string(tripline_evaluate(address, lines.len()))).expect("an outcome");
    free(address);
    assert_eq!((outcome.events, outcome.rejected, outcome.matches.len()), (3, 1, 2));
    assert_eq!(outcome.alerts.lines().count(), 2);
}

fn advance(time: &str) -> Value {
    let address = put(time.as_bytes());
    let answer = c_string(tripline_advance(address, time.len()));
    free(address);
    serde_json::from_str(&answer).expect("the answer is JSON")
}

#[test]
fn batches_have_a_time_of_their_own() {
    compile_named(&DOWNLOAD);
    assert!(filter(record(1, "process", "web").as_bytes()).1);
    let lines = [record(1, "process", "db"), record(2, "file", "db"), record(2, "file", "web")].join("\n");
    let address = put(lines.as_bytes());
    let outcome: Value =
        serde_json::from_str(&c_string(tripline_evaluate(address, lines.len()))).expect("the answer is JSON");
    free(address);
    assert_eq!(outcome["matches"], json!([]), "they are held back");
    assert_eq!(outcome["sequences"]["held"], json!(3));
    let finish = advance(r#""finish""#);
    assert_eq!(finish["matches"], json!([{ "rule": 0, "events": [0, 1], "join_keys": ["db"] }]));
    assert_eq!(finish["alerts"].as_str().map(|alerts| alerts.lines().count()), Some(3));
    for time in [r#"{"idle":5}"#, r#"{"ceiling":-5}"#, r#""flush""#] {
        assert_eq!(advance(time)["first"], json!(3));
    }
}

#[test]
fn a_malformed_time_is_refused() {
    compile_rules();
    for time in ["", "{}", "finish", r#""end""#, r#"{"idle":-1}"#, r#"{"idle":1.5}"#, r#"["finish"]"#] {
        let error = advance(time)["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.starts_with("the time is malformed: "), "{time}: {error}");
    }
}

#[test]
fn malformed_sources_are_refused_and_the_rules_stay() {
    compile_rules();
    for text in ["", "{}", "[1]", "\"x\"", "[{\"path\":\"a\"}]"] {
        let address = put(text.as_bytes());
        let answer = c_string(tripline_compile(address, text.len()));
        free(address);
        assert!(answer.starts_with(r#"{"error":"the sources are malformed: "#), "{answer}");
    }
    assert!(filter(MATCHING.as_bytes()).0.contains("Any netcat"));
}

/// A process and then a file on one host within a minute; and one of each by itself.
const DOWNLOAD: [(&str, &str, &str); 1] = [(
    "Download and drop",
    "high",
    "sequence by host.id with maxspan=1m [process where true] [file where process.name != \"quiet\"]",
)];

/// A record of a second.
fn record(second: u32, category: &str, host: &str) -> String {
    format!(r#"{{"@timestamp":{second}000,"event":{{"category":"{category}"}},"host":{{"id":"{host}"}}}}"#)
}

/// The rules that a record came back with; none when it came back as it was.
fn told(record: &str) -> Vec<String> {
    let (answer, same) = filter(record.as_bytes());
    if same {
        assert_eq!(answer, record);
        return Vec::new();
    }
    let answer: Value = serde_json::from_str(&answer).expect("the record is JSON");
    serde_json::from_value(answer["tripline"]["rule"].clone()).expect("the names of rules")
}

#[test]
fn a_sequence_is_told_with_the_record_that_ends_it() {
    compile_named(&DOWNLOAD);
    assert_eq!(told(&record(1, "process", "web")), [""; 0]);
    assert_eq!(told(&record(2, "network", "web")), [""; 0]);
    assert_eq!(told(&record(3, "file", "db")), [""; 0], "another host");
    assert_eq!(told(&record(4, "file", "web")), ["Download and drop"]);
    assert_eq!(told(&record(5, "file", "web")), [""; 0], "told once");
    assert_eq!(told(&record(6, "process", "web")), [""; 0]);
    assert_eq!(told(&record(67, "file", "web")), [""; 0], "after maxspan");
    // At the same time the order of the records counts.
    assert_eq!(told(&record(70, "process", "web")), [""; 0]);
    assert_eq!(told(&record(70, "file", "web")), ["Download and drop"]);
}

#[test]
fn a_sequence_and_an_event_rule_are_told_together() {
    compile_named(&[DOWNLOAD[0], ("A file", "medium", "file where true")]);
    assert_eq!(told(&record(1, "file", "web")), ["A file"]);
    assert_eq!(told(&record(2, "process", "web")), [""; 0]);
    let (answer, _) = filter(record(3, "file", "web").as_bytes());
    assert!(answer.ends_with(r#","tripline":{"rule":["A file","Download and drop"],"severity":"high"}}"#), "{answer}");
}

#[test]
fn records_without_a_time_do_not_disturb_a_sequence() {
    compile_named(&[DOWNLOAD[0], ("A file", "medium", "file where true")]);
    assert_eq!(told(&record(1, "process", "web")), [""; 0]);
    for timestamp in ["null", r#""yesterday""#, "[]", "{}"] {
        let undated = record(9, "file", "web").replace("9000", timestamp);
        assert_eq!(told(&undated), ["A file"], "event rules do not ask for the time");
    }
    assert_eq!(told(r#"{"event.category":"process","host.id":"web"}"#), [""; 0]);
    assert_eq!(told(&record(2, "file", "web")), ["A file", "Download and drop"]);
}

#[test]
fn a_record_that_happened_earlier_than_the_one_before_is_late() {
    compile_named(&[DOWNLOAD[0], ("A file", "medium", "file where true")]);
    assert_eq!(told(&record(5, "process", "web")), [""; 0]);
    assert_eq!(told(&record(4, "file", "web")), ["A file"]);
    assert_eq!(told(&record(6, "file", "web")), ["A file", "Download and drop"]);
}

#[test]
fn what_must_be_missing_is_told_with_the_next_record_after_maxspan() {
    let query = "sequence by host.id with maxspan=10s [process where true] ![file where true]";
    compile_named(&[("No file", "low", query)]);
    assert_eq!(told(&record(1, "process", "web")), [""; 0]);
    assert_eq!(told(&record(2, "process", "db")), [""; 0]);
    assert_eq!(told(&record(3, "file", "db")), [""; 0]);
    assert_eq!(told(&record(11, "network", "web")), [""; 0], "maxspan is inclusive");
    assert_eq!(told(&record(12, "network", "mail")), ["No file"]);
    assert_eq!(told(&record(30, "network", "mail")), [""; 0]);
}

#[test]
fn a_module_without_rules_says_so_once() {
    let (first, _) = filter(b"{\"a\":1}");
    assert!(first.starts_with(r#"{"a":1,"tripline":{"error":"this module has no rules"#), "{first}");
    assert_eq!(filter(b"{\"a\":1}"), ("{\"a\":1}".to_owned(), true));
}

#[test]
fn compiling_that_trapped_is_not_tried_again() {
    // What a trap in the first call leaves behind.
    COMPILING.set(true);
    let (first, _) = filter(b"{\"a\":1}");
    assert!(first.contains("raise wasm_stack_size"), "{first}");
    assert_eq!(filter(b"{\"a\":1}"), ("{\"a\":1}".to_owned(), true));
    compile_rules();
    assert!(filter(MATCHING.as_bytes()).0.contains("Any netcat"));
}

/// Every single-byte change and every cut of a matching record is answered, with a C string that keeps the record.
#[test]
fn mutated_records_never_panic() {
    compile_rules();
    let record = MATCHING.as_bytes();
    for at in 0..record.len() {
        let _cut = filter(&record[..at]);
        for byte in
            [0, b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b'\n', b'u', b'9', b'-', 0x7f, 0x80, 0xc0, 0xed, 0xff]
        {
            let mut mutated = record.to_vec();
            mutated[at] = byte;
            let (answer, same) = filter(&mutated);
            if !same && answer.contains("\"severity\"") {
                let fields: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
                assert!(fields["tripline"]["rule"].is_array(), "{answer}");
            }
        }
    }
}
