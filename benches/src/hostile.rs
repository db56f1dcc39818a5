//! Events made to be costly.

use std::fmt::Write as _;

/// An event made to be costly, and why it might be.
#[derive(Debug)]
pub struct Hostile {
    /// What is special about it.
    pub name: &'static str,
    /// One line.
    pub line: Vec<u8>,
}

/// A process on Linux that starts, which many rules look at, with more members.
fn process(members: &str) -> Vec<u8> {
    event("process", members)
}

fn event(category: &str, members: &str) -> Vec<u8> {
    format!(
        r#"{{"@timestamp":"2026-11-24T09:00:00.000Z","event":{{"category":["{category}"],"type":["start"],"action":"exec"}},"host":{{"id":"h","os":{{"type":"linux"}}}},{members}}}{}"#,
        '\n'
    )
    .into_bytes()
}

fn list(count: usize, item: impl FnMut(usize) -> String) -> String {
    let items: Vec<String> = (0..count).map(item).collect();
    items.join(",")
}

/// All of them. `scale` divides sizes, so that one can see whether cost grows faster than size.
pub fn all(scale: usize) -> Vec<Hostile> {
    let size = |full: usize| full / scale;
    let run = "a".repeat(size(100_000));
    let mut all = Vec::new();
    let mut add = |name, line| all.push(Hostile { name, line });
    add(
        "a run for wildcards: aaaa",
        process(&format!(r#""process":{{"name":"bash","command_line":"{run}","executable":"/tmp/{run}"}}"#)),
    );
    let almost = "/tmp/ http -c curl /dev/tcp ".repeat(size(100_000) / 28);
    add(
        "parts of patterns, again and again",
        process(&format!(r#""process":{{"name":"bash","args":["-c"],"command_line":"{almost}"}}"#)),
    );
    let windows = event(
        "process",
        &format!(
            r#""process":{{"name":"cmd.exe","command_line":"{}"}}"#,
            "\\\\AppData\\\\ ".repeat(size(100_000) / 13)
        ),
    );
    add("backslashes on Windows", String::from_utf8_lossy(&windows).replace("\"linux\"", "\"windows\"").into_bytes());
    add("a string of 10 MB that no rule reads", process(&format!(r#""blob":"{}""#, "x".repeat(size(10_000_000)))));
    add(
        "a string of 10 MB that rules read",
        process(&format!(r#""process":{{"name":"bash","command_line":"{}"}}"#, "x".repeat(size(10_000_000)))),
    );
    add(
        "an array of 100,000 that no rule reads",
        process(&format!(r#""numbers":[{}]"#, list(size(100_000), |n| n.to_string()))),
    );
    add(
        "an array of 100,000 that rules read",
        process(&format!(r#""process":{{"name":"bash","args":[{}]}}"#, list(size(100_000), |n| format!("\"a{n}\"")))),
    );
    add(
        "50,000 values of each of two fields",
        process(&format!(
            r#""process":{{"name":[{}],"args":[{}],"parent":{{"name":"sh"}}}}"#,
            list(size(50_000), |n| format!("\"n{n}\"")),
            list(size(50_000), |n| format!("\"a{n}\"")),
        )),
    );
    add("20,000 keys that no rule reads", process(&list(size(20_000), |n| format!(r#""key{n}":{n}"#))));
    add(
        "20,000 keys beside those that rules read",
        process(&format!(
            r#""process":{{"name":"bash",{}}}"#,
            list(size(20_000), |n| format!(r#""command_lin{n}":"x""#))
        )),
    );
    add("one key 20,000 times", process(&list(size(20_000), |n| format!(r#""process":{{"name":"bash{n}"}}"#))));
    let depth = 500 / scale.min(4);
    let mut deep = String::new();
    for _ in 0..depth {
        deep.push_str(r#"{"process":"#);
    }
    deep.push('1');
    deep.push_str(&"}".repeat(depth));
    add("500 levels deep", process(&format!(r#""process":{deep}"#)));
    add(
        "only escapes",
        process(&format!(r#""process":{{"name":"bash","command_line":"{}"}}"#, "\\u0061".repeat(size(1_000_000) / 6))),
    );
    add(
        "characters of three bytes, to be folded",
        process(&format!(r#""process":{{"name":"bash","command_line":"{}"}}"#, "\u{1e9e}".repeat(size(1_000_000) / 3))),
    );
    let mut numbers = String::new();
    for n in 0..size(1_000_000) / 40 {
        let _ = write!(numbers, "{}1234567890123456789012345678901234567.{}", if n == 0 { "" } else { "," }, n % 10);
    }
    add("long numbers", process(&format!(r#""process":{{"pid":[{numbers}]}}"#)));
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_line_is_one_event() {
        for hostile in super::all(100) {
            let line = &hostile.line;
            assert!(line.ends_with(b"\n") && !line[..line.len() - 1].contains(&b'\n'), "{}", hostile.name);
            serde_json::from_slice::<serde::de::IgnoredAny>(line).expect(hostile.name);
        }
    }
}
