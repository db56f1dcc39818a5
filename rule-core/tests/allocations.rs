//! A warm session allocates nothing for an event that no rule matches.
//!
//! A file of its own: allocations are counted for the whole process.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rule_core::{CompileOptions, Session, SessionOptions, Source, compile};

fn read(folder: &str, extension: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("the examples are there").map(|e| e.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(|path| (path.display().to_string(), fs::read_to_string(path).expect("a readable file"))).collect()
}

/// Beside the examples, a rule for each kind of test. Left out are the functions that make a new string: `concat`, and `string` of a
/// number.
const KINDS: &str = r#"
    process where length(process.command_line) > 100000 or process.args_count + 1 == 7777
    process where substring(process.name, 0, 3) == "zzz" or endsWith(process.name, process.parent.name)
    process where process.command_line regex~ """.*(zz|yy)[0-9]+top.*""" or process.args regex "zz[0-9]{2}"
    process where process.command_line like~ "*?zz*yy*" or stringContains~(process.command_line, "zzyyxx")
    any where cidrMatch(source.ip, "203.0.113.250/32", "2001:db8:ffff::/48") or destination.port in (7, 9)
    any where @timestamp == "1971-01-01" or process.pid < 0 or host.os.version > "99999"
    any where string(process.name) == "x!" or number(process.name) == 5
    any where between(process.command_line, "zzz", "yyy") == "x" or indexOf(process.name, "zzz") == 77
"#;

#[test]
fn an_event_without_a_match_allocates_nothing() {
    let mut rules: Vec<Source> =
        read("examples/rules", "toml").into_iter().map(|(path, text)| Source { path, text }).collect();
    let kinds = KINDS.trim().lines();
    rules.extend(kinds.map(|line| Source { path: "kinds.eql".into(), text: line.trim().into() }));
    check(&rules, 50);
}

#[test]
fn nor_does_it_with_all_of_elastics_rules() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/rules/elastic");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let mut rules = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == "toml") {
                let text = fs::read_to_string(&path).expect("a readable file");
                rules
                    .extend(text.contains("type = \"eql\"").then(|| Source { path: path.display().to_string(), text }));
            }
        }
    }
    rules.sort_by(|a, b| a.path.cmp(&b.path));
    // Terms that take any event, such as `![any where …]`, leave few events without a match.
    rules.retain(|rule| !rule.text.contains("![any where") && !rule.text.contains("[any where true]"));
    check(&rules, 20);
}

/// Evaluates the examples' events that no rule and no term matches, of which there must be some.
fn check(rules: &[Source], least: usize) {
    let (set, report) = compile(rules, &CompileOptions::default());
    assert!(!report.has_errors(), "{:?}", report.diagnostics);
    assert!(!set.rules().is_empty());

    let set = Arc::new(set);
    // What a term of a sequence matches is held, here until the end, and takes memory.
    let options = SessionOptions { lateness_ms: None, ..SessionOptions::default() };
    let mut session = Session::open(Arc::clone(&set), options);
    let mut quiet = Vec::new();
    for (_, text) in read("examples/events", "ndjson") {
        for line in text.lines() {
            let before = session.evaluate(b"").sequences.expect("there are sequences").held;
            let outcome = session.evaluate(line.as_bytes());
            assert_eq!(outcome.rejected, 0);
            let after = outcome.sequences.expect("there are sequences").held;
            if outcome.matches.is_empty() && before == after {
                quiet.push(line.to_owned());
            }
        }
    }
    assert!(quiet.len() >= least, "{} events without a match", quiet.len());

    let few = quiet.join("\n");
    let many = [few.as_str(); 10].join("\n");
    let mut session = Session::open(set, SessionOptions::default());
    assert!(session.evaluate(many.as_bytes()).matches.is_empty());
    let mut count = |batch: &str| {
        let info = allocation_counter::measure(|| {
            let outcome = session.evaluate(batch.as_bytes());
            assert!(outcome.matches.is_empty() && outcome.rejected == 0);
        });
        info.count_total
    };
    let (few, many) = (count(&few), count(&many));
    assert_eq!(few, many, "{} events, then ten times as many", quiet.len());
    println!("{} events: {few} allocations a batch", quiet.len());
}
