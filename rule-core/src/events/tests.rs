//! What is an event in which input. That it makes no difference where chunks end is tested for all of it here, and for
//! arbitrary input in `tests/events.rs`.

use super::*;

/// The pieces as `line: text`, after checking that chunks do not matter.
fn split(input: impl AsRef<[u8]>) -> Vec<String> {
    split_within(1000, input)
}

fn split_within(max: u32, input: impl AsRef<[u8]>) -> Vec<String> {
    let limits = Limits { max_event_bytes: max, ..Limits::default() };
    check_chunks(Splitter::new(&limits), input.as_ref())
}

fn check_chunks(splitter: Splitter, input: &[u8]) -> Vec<String> {
    let whole = run(&mut splitter.clone(), [input]);
    for size in [1, 2, 3, 7] {
        let mut splitter = splitter.clone();
        assert_eq!(run(&mut splitter, input.chunks(size)), whole, "in chunks of {size}");
        assert_eq!(run(&mut splitter, [input]), whole, "a second time");
    }
    for at in 0..=input.len().min(200) {
        assert_eq!(run(&mut splitter.clone(), [&input[..at], &input[at..]]), whole, "cut at {at}");
    }
    whole
}

fn run<'a>(splitter: &mut Splitter, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut sink = |piece: Piece<'_>| {
        pieces.push(match piece {
            Piece::Event { line, text } => {
                assert!(!text.contains(&b'\n') && !text.is_empty());
                format!("{line}: {}", String::from_utf8_lossy(text))
            }
            Piece::TooLarge(event) => format!("{}: too large, {}", event.line, event.bytes),
        });
    };
    for chunk in chunks {
        splitter.push(chunk, &mut sink);
    }
    splitter.finish(&mut sink);
    pieces
}

#[test]
fn nothing() {
    for input in ["", "\n", " \r\n\t\n  ", "\u{feff}", "\u{feff}\n\n"] {
        assert_eq!(split(input), [""; 0], "{input:?}");
    }
}

#[test]
fn lines() {
    assert_eq!(split("{\"a\":1}\n{\"a\":2}\n"), ["1: {\"a\":1}", "2: {\"a\":2}"]);
    assert_eq!(split("{\"a\":1}\n{\"a\":2}"), ["1: {\"a\":1}", "2: {\"a\":2}"]);
    assert_eq!(split("{\"a\":1}\r\n{\"a\":2}\r\n\r\n"), ["1: {\"a\":1}", "2: {\"a\":2}"]);
    assert_eq!(split("\n \n{\"a\":1}\n\t\n\n{\"a\":2}"), ["3: {\"a\":1}", "6: {\"a\":2}"]);
    assert_eq!(split("{\"a\":1}"), ["1: {\"a\":1}"]);
    assert_eq!(split(" {\"a\" : 1} \n{\"b\" : 2}"), ["1:  {\"a\" : 1} ", "2: {\"b\" : 2}"]);
    // Blank as the engine has it, which would otherwise count fewer events than there are line numbers.
    assert_eq!(split("{}\n\u{c}\n\0\n\u{b}\n"), ["1: {}", "3: \0", "4: \u{b}"]);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_only() {
    assert_eq!(split("\u{feff}{\"a\":1}\n{\"a\":2}\n"), ["1: {\"a\":1}", "2: {\"a\":2}"]);
    assert_eq!(split("\u{feff}[{\"a\":1}]"), ["1: {\"a\":1}"]);
    assert_eq!(split("\u{feff}{\n\"a\":1}"), ["1: {\"a\":1}"]);
    assert_eq!(split("\u{feff}\n{\"a\":1}"), ["2: {\"a\":1}"]);
    assert_eq!(split("{\"a\":1}\n\u{feff}{\"a\":2}"), ["1: {\"a\":1}", "2: \u{feff}{\"a\":2}"]);
    assert_eq!(split("\n\u{feff}{\"a\":1}"), ["2: \u{feff}{\"a\":1}"]);
    assert_eq!(split(b"\xef\xbb"), ["1: \u{fffd}"]);
    assert_eq!(split_within(1, b"\xef\xbb\xbf{"), ["1: {"]);
}

#[test]
fn a_broken_line_affects_only_itself() {
    for broken in ["x", "{\"a\":\"x", "{\"a\":1}}", "{\"a\":[1,2", "\"", "{\"a\":1}{", "}", "]", "[1]", "{\"\\"] {
        let expected = ["1: {\"a\":1}".to_owned(), format!("2: {broken}"), "3: {\"a\":3}".to_owned()];
        assert_eq!(split(format!("{{\"a\":1}}\n{broken}\n{{\"a\":3}}\n")), expected, "{broken}");
    }
    assert_eq!(split(b"{}\n\xff\xfe\n{}"), ["1: {}", "2: \u{fffd}\u{fffd}", "3: {}"]);
}

#[test]
fn a_broken_first_line_affects_only_itself() {
    for broken in
        ["x", "{\"a\":\"x", "{\"a\":1}}", "{\"a\":[1,2", "{\"a\":{\"b\":1}", "st\"}}", "\"", "}", "]", "{\"\\"]
    {
        let expected = [format!("1: {broken}"), "2: {\"a\":2}".to_owned(), "3: {\"a\":3}".to_owned()];
        assert_eq!(split(format!("{broken}\n{{\"a\":2}}\n{{\"a\":3}}\n")), expected, "{broken}");
    }
}

#[test]
fn known_to_be_lines() {
    let splitter = Splitter::lines(&Limits::default());
    let lines = |input: &str| check_chunks(splitter.clone(), input.as_bytes());
    assert_eq!(lines("{\n}\n"), ["1: {", "2: }"]);
    assert_eq!(lines("[{}]\n{}"), ["1: [{}]", "2: {}"]);
}

#[test]
fn an_array() {
    assert_eq!(split("[]"), [""; 0]);
    assert_eq!(split("[{\"a\":1},{\"a\":2}]"), ["1: {\"a\":1}", "1: {\"a\":2}"]);
    assert_eq!(split(" [ {\"a\": [1, {}]} , {\"a\": 2} ] "), ["1: {\"a\": [1, {}]}", "1: {\"a\": 2}"]);
    assert_eq!(
        split("\n[\n  {\n    \"a\": \"x, } ] \\\" y\",\r\n    \"b\": [ 1,\n 2 ]\n  },\n  {\"a\": 2}\n]\n"),
        ["3: {\"a\":\"x, } ] \\\" y\",\"b\":[1,2]}", "8: {\"a\": 2}"]
    );
    assert_eq!(split("[{\"a\":1}, {\"a\":2}"), ["1: {\"a\":1}", "1: {\"a\":2}"], "cut off");
    assert_eq!(split("[{\"a\":1}]\n[{\"a\":2}]"), ["1: {\"a\":1}", "2: {\"a\":2}"], "several");
}

#[test]
fn what_is_in_an_array_but_no_event_is_handed_on() {
    assert_eq!(
        split("[1, \"a,]b\",null ,{\"a\":1}, [{\"b\":2}],\n true\n, x y\n]"),
        ["1: 1", "1: \"a,]b\"", "1: null", "1: {\"a\":1}", "1: [{\"b\":2}]", "2: true", "3: x y"]
    );
    assert_eq!(split("[] ] }"), ["1: ] }"]);
    assert_eq!(split("[2026-01-01] started\n{\"a\":1}"), ["1: 2026-01-01", "1: started", "2: {\"a\":1}"]);
}

#[test]
fn documents() {
    assert_eq!(split("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n"), ["1: {\"a\":1}", "4: {\"a\":2}"]);
    assert_eq!(
        split("{ \"a\": 1,\r\n  \"b\": 2 }\r\n\r\n{ \"a\": 3 }\r\n"),
        ["1: {\"a\":1,\"b\":2}", "4: { \"a\": 3 }"]
    );
    assert_eq!(
        split("{\"a\":1}{\"a\":2} {\"a\":3}\n{\"a\":4}"),
        ["1: {\"a\":1}", "1: {\"a\":2}", "1: {\"a\":3}", "2: {\"a\":4}"]
    );
    assert_eq!(split("{\"a\":1},\n{\"a\":2},\n"), ["1: {\"a\":1}", "2: {\"a\":2}"], "part of an array");
    assert_eq!(split("{\n\"a\" : \" x \\\\\" , \"b\":\t\"\\\"\"\n}"), ["1: {\"a\":\" x \\\\\",\"b\":\"\\\"\"}"]);
    // White space that keeps two tokens apart stays: what is broken must not become whole.
    assert_eq!(split("{ \"a\": 1 \t2, \"b\": - \n 3 \t\n }"), ["1: {\"a\":1 2,\"b\":- 3}"]);
    assert_eq!(split("{\n\"a\": \"x\" 1 tr\nue\n\n}"), ["1: {\"a\":\"x\"1 tr ue}"]);
}

#[test]
fn documents_after_lines() {
    let pretty = "{\n  \"a\": 2\n}\n";
    assert_eq!(split(format!("{{\"a\":1}}\n{pretty}{{\"a\":3}}")), ["1: {\"a\":1}", "2: {\"a\":2}", "5: {\"a\":3}"]);
    assert_eq!(split(format!("{{}}\r\n\r\n \t{pretty}")), ["1: {}", "3: {\"a\":2}"]);
    assert_eq!(split(format!("x\n[\n{pretty},{pretty}]\n{{}}")), ["1: x", "3: {\"a\":2}", "6: {\"a\":2}", "10: {}"]);
    // Should it be a broken line after all, it still affects only itself.
    assert_eq!(split("{}\n{\n{\"a\":1}\n{\"a\":2}\n"), ["1: {}", "2: {", "3: {\"a\":1}", "4: {\"a\":2}"]);
    assert_eq!(split_within(3, "{} \n   {  \n\"a\":1}\n{}"), ["1: {} ", "2: too large, 6", "3: too large, 6", "4: {}"]);
}

#[test]
fn the_next_document_is_found_after_a_broken_one() {
    // A string without its end.
    assert_eq!(
        split("{\n  \"a\": \"x,\n  \"b\": {\n    \"c\": 1\n  }\n}\n{\n  \"a\": 2\n}"),
        ["1: {\"a\":\"x,", "7: {\"a\":2}"]
    );
    assert_eq!(
        split("[\n  {\n    \"a\": \"x\n    \"b\": { \"c\": 1 },\n  },\n  {\n    \"a\": 2\n  }\n]"),
        ["2: {\"a\":\"x", "6: {\"a\":2}"]
    );
    assert_eq!(
        split("[{\n  \"a\": \"x\n}, {\n  \"a\": 2\n}, {\n  \"a\": 3\n}]"),
        ["1: {\"a\":\"x", "3: {\"a\":2}", "5: {\"a\":3}"]
    );
    // Brackets without their other halves.
    assert_eq!(split("{\n  \"a\": {\n    \"b\": 1\n}\n{\n  \"a\": 2\n}"), ["1: {\"a\":{\"b\":1}", "5: {\"a\":2}"]);
    assert_eq!(split("{\n  \"a\": 1\n}}\n{\n  \"a\": 2\n}"), ["1: {\"a\":1}", "3: }", "4: {\"a\":2}"]);
    // An object that has its place is no event of its own.
    assert_eq!(split("[\n{\n\"a\":\n{\n\"b\":[\n{\n},\n{\n}\n]\n}\n}\n]"), ["2: {\"a\":{\"b\":[{},{}]}}"]);
    // The end comes first.
    assert_eq!(split("{\n  \"a\": 1"), ["1: {\"a\":1"]);
    assert_eq!(split("{\n  \"a\": \"x"), ["1: {\"a\":\"x"]);
    assert_eq!(split("{\n  \"a\": \"x\\"), ["1: {\"a\":\"x\\"]);
    assert_eq!(split("{\n  \"a\": \"x\\\n}\n{}"), ["1: {\"a\":\"x\\", "4: {}"]);
}

#[test]
fn lines_over_the_limit() {
    let five = "{\"a\":1}"; // seven bytes
    for end in ["\n", "\r\n"] {
        assert_eq!(split_within(7, [five, end, five, end].concat()), ["1: {\"a\":1}", "2: {\"a\":1}"]);
        for long in ["{\"a\":12}", "{\"a\":123}", "{\"a\":1234}", "{\"a\":123456789}", "        ", "x               "] {
            let large = format!("too large, {}", long.len());
            assert_eq!(
                split_within(7, [five, end, long, end, five, end, long].concat()),
                ["1: {\"a\":1}", &format!("2: {large}"), "3: {\"a\":1}", &format!("4: {large}")]
            );
            assert_eq!(split_within(7, [long, end, five].concat()), [&format!("1: {large}"), "2: {\"a\":1}"]);
        }
    }
    assert_eq!(split_within(0, "{}\n\n{}"), ["1: too large, 2", "3: too large, 2"]);
}

#[test]
fn documents_over_the_limit() {
    assert_eq!(
        split_within(7, "[{\"a\":1},{\"a\":\"}{ ,\"},{\"a\":2}\n,{\n\"a\":\n[{}]\n},\n{\"a\":3}]"),
        ["1: {\"a\":1}", "1: too large, 12", "1: {\"a\":2}", "2: too large, 10", "6: {\"a\":3}"]
    );
    // White space does not count where it is left out.
    assert_eq!(split_within(7, "{\n       \"a\": \n      1\n    }\n"), ["1: {\"a\":1}"]);
    assert_eq!(split_within(7, "[{\"a\":\"123456\n},\n{\"a\":2}]"), ["1: too large, 12", "3: {\"a\":2}"]);
}

#[test]
fn memory_is_bounded() {
    let limits = Limits { max_event_bytes: 1000, ..Limits::default() };
    let chunk = [b'x'; 997];
    for start in ["", "x", "[", "[{\"a\":\"", "{\"a\":\"", "{\"a\":1}\n", "[x", "{\n\"", "{\n[[["] {
        let mut splitter = Splitter::new(&limits);
        let mut pieces = 0;
        splitter.push(start.as_bytes(), &mut |_| pieces += 1);
        let before = pieces;
        for _ in 0..2000 {
            splitter.push(&chunk, &mut |_| pieces += 1);
            let held = match &splitter.state {
                State::Start(start) => start.head.capacity(),
                State::Lines(lines) => lines.capacity(),
                State::Documents(documents) => documents.capacity(),
            };
            assert!(held <= 4096, "{held} bytes held after {start:?}");
        }
        splitter.finish(&mut |piece| {
            assert!(matches!(piece, Piece::TooLarge(event) if event.bytes >= 2000 * 997), "{piece:?}");
            pieces += 1;
        });
        assert_eq!(pieces, before + 1, "{start:?}");
    }
}

#[test]
fn a_whole_input() {
    let limits = Limits { max_event_bytes: 20, ..Limits::default() };
    let batch = to_lines(b"[{\"a\":1},\n{\"a\":\"0123456789abcdef\"},\n{\n\"a\":3}]", &limits);
    assert_eq!(batch.bytes, b"{\"a\":1}\n{\"a\":3}\n");
    assert_eq!(batch.lines, [1, 3]);
    assert_eq!(batch.too_large, [TooLarge { line: 2, bytes: 24 }]);
}

#[test]
fn a_form_feed_alone_is_no_event() {
    assert_eq!(split("[{\"a\":1},\n\u{c}\n,{\"b\":2}]"), ["1: {\"a\":1}", "3: {\"b\":2}"]);
}
