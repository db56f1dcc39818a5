//! What is read of an event, and what is refused, case by case. Agreement with `serde_json` on arbitrary input is tested
//! in `tests/decode.rs`.

use super::*;
use crate::Limits;

/// The values of each field, written so that their kind shows: `null`, `true`, `#1`, `'text'`.
fn read(fields: &[&str], event: impl AsRef<[u8]>) -> Vec<Vec<String>> {
    let event = event.as_ref();
    let mut slots = Slots::default();
    Projection::new(fields).decode(event, &Limits::default(), &mut slots).expect("the event is JSON");
    show(fields.len(), slots.view(event))
}

fn show(fields: usize, event: Event<'_>) -> Vec<Vec<String>> {
    let show = |value| match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("#{}", number.text()),
        Value::String(text) => format!("'{text}'"),
    };
    (0..fields).map(|slot| event.values(slot).map(show).collect()).collect()
}

fn one(field: &str, event: &str) -> Vec<String> {
    read(&[field], event).remove(0)
}

/// The first error, as `offset: words`.
fn error(event: impl AsRef<[u8]>) -> String {
    error_within(&Limits::default(), event)
}

/// Also checks that the error is the same, whatever is read of the event.
fn error_within(limits: &Limits, event: impl AsRef<[u8]>) -> String {
    let event = event.as_ref();
    let mut slots = Slots::default();
    let errors = [&[][..], &["a"], &["a.b"], &["a.b.c", "b", "", "a."]].map(|fields: &[&str]| {
        let error = Projection::new(fields).decode(event, limits, &mut slots).expect_err("the event is refused");
        assert!(error.offset <= event.len());
        assert_eq!(show(fields.len(), slots.view(event)), vec![Vec::<String>::new(); fields.len()], "no left-overs");
        format!("{}: {error}", error.offset)
    });
    assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
    errors[0].clone()
}

#[test]
fn nested_dotted_and_mixed_names_are_one_field() {
    for event in [
        r#"{"a":{"b":{"c":1}}}"#,
        r#"{"a":{"b.c":1}}"#,
        r#"{"a.b":{"c":1}}"#,
        r#"{"a.b.c":1}"#,
        r#"{"a\u002eb":{"\u0063":1}}"#,
        " { \"a\" :\t{ \"b.c\"\r\n: 1 } } \n",
        r#"{"x":{"a.b.c":2},"a":{"c":3,"b":{"x":{"c":4},"c":1}},"a.b":{"d":{"c":5}}}"#,
    ] {
        assert_eq!(one("a.b.c", event), ["#1"], "{event}");
    }
}

#[test]
fn names_are_matched_whole() {
    for event in [
        r#"{"a":1,"a.b":2,"a.b.c.d":3,"a.b.cc":4,"a.bc":5,"A.B.C":6,"a..b.c":7,".a.b.c":8,"a.b.c.":9,"abc":10}"#,
        r#"{"a":{"b":{"c":{"d":1}}}}"#,
        r#"{"a":"b.c"}"#,
        "{}",
    ] {
        assert_eq!(one("a.b.c", event), [""; 0], "{event}");
    }
}

#[test]
fn odd_names() {
    assert_eq!(one("", r#"{"":1}"#), ["#1"]);
    assert_eq!(one(".", r#"{"":{"":1}}"#), ["#1"]);
    assert_eq!(one(".", r#"{".":1}"#), ["#1"]);
    assert_eq!(one(".a", r#"{".a":1,"":{"a":2}}"#), ["#1", "#2"]);
    assert_eq!(one("a..b", r#"{"a":{".b":1},"a.":{"b":2},"a..b":3}"#), ["#1", "#2", "#3"]);
    assert_eq!(one("a.", r#"{"a":{"":1},"a.":2}"#), ["#1", "#2"]);
    assert_eq!(one("größe.ß", r#"{"größe":{"ß":1},"gr\u00f6ße.\u00DF":2}"#), ["#1", "#2"]);
    assert_eq!(one("a\"b\\c\n", r#"{"a\"b\\c\n":1}"#), ["#1"]);
    let long = "x".repeat(5000);
    assert_eq!(one(&format!("{long}.{long}"), &format!(r#"{{"{long}":{{"{long}":1,"{long}x":2}}}}"#)), ["#1"]);
}

#[test]
fn a_name_of_any_length_is_told_from_its_neighbours() {
    let names: Vec<String> = (1..40).map(|len| "abcdefgh".chars().cycle().take(len).collect()).collect();
    let others: Vec<String> = names.iter().map(|name| format!("{}_", &name[1..])).collect();
    let fields: Vec<&str> = names.iter().map(String::as_str).collect();
    let members: Vec<String> =
        names.iter().chain(&others).enumerate().map(|(i, name)| format!("\"{name}\":{i}")).collect();
    let expected: Vec<Vec<String>> = (0..names.len()).map(|i| vec![format!("#{i}")]).collect();
    assert_eq!(read(&fields, format!("{{{}}}", members.join(","))), expected);
}

#[test]
fn many_fields() {
    let names: Vec<String> = (0..2000).map(|i| format!("group{}.field{}", i % 37, i)).collect();
    let fields: Vec<&str> = names.iter().map(String::as_str).collect();
    let members: Vec<String> = names.iter().enumerate().map(|(i, name)| format!("\"{name}\":{i}")).collect();
    let values = read(&fields, format!("{{{}}}", members.join(",")));
    assert!(values.iter().enumerate().all(|(i, values)| *values == [format!("#{i}")]));
}

#[test]
fn one_field_in_several_slots_and_one_above_another() {
    assert_eq!(
        read(&["a.b", "a", "a.b", "a.b.c"], r#"{"a":1,"a.b":2,"a":{"b":3,"b.c":4}}"#),
        [vec!["#2", "#3"], vec!["#1"], vec!["#2", "#3"], vec!["#4"]]
    );
}

#[test]
fn arrays_are_values_in_document_order() {
    assert_eq!(one("a", r#"{"a":[1,[2,[3]],[],[[]],"x",true,null]}"#), ["#1", "#2", "#3", "'x'", "true", "null"]);
    assert_eq!(one("a.b", r#"{"a":[{"b":1},{"b":[2,3]},{"c":9},[{"b":4}],7]}"#), ["#1", "#2", "#3", "#4"]);
    assert_eq!(read(&["a.b", "a.c"], r#"{"a":[{"b":1,"c":2},{"c":3,"b":4}]}"#), [vec!["#1", "#4"], vec!["#2", "#3"]]);
}

#[test]
fn duplicate_keys_both_count() {
    assert_eq!(one("a.b", r#"{"a":{"b":1,"b":2},"a.b":3,"a":{"b":4}}"#), ["#1", "#2", "#3", "#4"]);
}

#[test]
fn an_object_is_no_value_and_null_is_one() {
    assert_eq!(one("a", r#"{"a":{},"a":{"b":1},"a":[{}]}"#), [""; 0]);
    assert_eq!(one("a", r#"{"a":null}"#), ["null"]);
    assert_eq!(one("a", r#"{"a":[null,null]}"#), ["null", "null"]);
    assert_eq!(one("a.b", r#"{"a":null}"#), [""; 0]);
}

#[test]
fn strings() {
    assert_eq!(one("a", r#"{"a":""}"#), ["''"]);
    assert_eq!(one("a", r#"{"a":"\"\\\/\b\f\n\r\t"}"#), ["'\"\\/\u{8}\u{c}\n\r\t'"]);
    assert_eq!(one("a", r#"{"a":"\u0041\u00e4\u20AC\ud83D\uDE00"}"#), ["'Aä€😀'"]);
    assert_eq!(one("a", r#"{"a":"äöü€😀"}"#), ["'äöü€😀'"]);
    assert_eq!(one("a", r#"{"a":"C:\\Windows\\System32"}"#), [r"'C:\Windows\System32'"]);
    assert_eq!(one("a", "{\"a\":\"\u{7f}\u{80}\u{2028}\"}"), ["'\u{7f}\u{80}\u{2028}'"]);
    // Of any length, against the words that strings are scanned by.
    for len in 0..40 {
        let text = "ä".repeat(len % 3) + &"x".repeat(len);
        assert_eq!(one("a", &format!(r#"{{"b":"{text}","a":"{text}"}}"#)), [format!("'{text}'")]);
        assert_eq!(one("a", &format!(r#"{{"b":"{text}\n","a":"{text}\n{text}"}}"#)), [format!("'{text}\n{text}'")]);
    }
}

#[test]
fn lone_surrogates_are_replacement_characters() {
    for (escapes, text) in [
        (r"\ud800", "\u{fffd}"),
        (r"\udc00", "\u{fffd}"),
        (r"\ud800x", "\u{fffd}x"),
        (r"\ud800\n", "\u{fffd}\n"),
        (r"\ud800\u0041", "\u{fffd}A"),
        (r"\ud800\ud83d\ude00", "\u{fffd}😀"),
        (r"\udc00\ud800", "\u{fffd}\u{fffd}"),
        (r"\ud83d\ud83d\ud83d", "\u{fffd}\u{fffd}\u{fffd}"),
        (r"\ud800ä\udc00", "\u{fffd}ä\u{fffd}"),
    ] {
        assert_eq!(one("a", &format!(r#"{{"a":"{escapes}"}}"#)), [format!("'{text}'")]);
        assert_eq!(one("\u{fffd}", &format!(r#"{{"{escapes}":1}}"#)).len(), usize::from(text == "\u{fffd}"));
    }
}

#[test]
fn numbers() {
    let convert = |text: &str| {
        let event = format!(r#"{{"a":{text}}}"#).into_bytes();
        let mut slots = Slots::default();
        Projection::new(&["a"]).decode(&event, &Limits::default(), &mut slots).expect("a number");
        match slots.view(&event).values(0).next() {
            Some(Value::Number(number)) => {
                assert_eq!(number.text(), text);
                (number.as_i64(), number.as_f64())
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(convert("0"), (Some(0), 0.0));
    assert_eq!(convert("-0"), (Some(0), 0.0));
    assert_eq!(convert("-12"), (Some(-12), -12.0));
    assert_eq!(convert("9223372036854775807"), (Some(i64::MAX), 9_223_372_036_854_775_807.0));
    assert_eq!(convert("-9223372036854775808"), (Some(i64::MIN), -9_223_372_036_854_775_808.0));
    assert_eq!(convert("9223372036854775808"), (None, 9_223_372_036_854_775_808.0));
    assert_eq!(convert("1.0"), (None, 1.0));
    assert_eq!(convert("1e3"), (None, 1000.0));
    assert_eq!(convert("-1.25E-2"), (None, -0.0125));
    assert_eq!(convert("1e999"), (None, f64::INFINITY));
    assert_eq!(convert("-1e+999"), (None, f64::NEG_INFINITY));
    assert_eq!(convert("1e-999"), (None, 0.0));
    assert_eq!(convert(&"9".repeat(400)), (None, f64::INFINITY));
}

#[test]
fn a_search_hit_is_its_source() {
    let event = br#" {"_index":"logs-1","a":1,"_id":"x\u0031","_score":null,"_source":{"a":2,"_id":"y","_source":{"a":8}},"a":3} "#;
    let fields = ["a", "_id", "_source.a"];
    let mut slots = Slots::default();
    Projection::new(&fields).decode(event, &Limits::default(), &mut slots).expect("JSON");
    let event = slots.view(event);
    assert_eq!(show(3, event), [vec!["#2"], vec!["'y'"], vec!["#8"]]);
    assert_eq!(event.index(), Some("logs-1"));
    assert_eq!(event.id(), Some("x1"));
    assert_eq!(event.source(), br#"{"a":2,"_id":"y","_source":{"a":8}}"#);
    assert!(event.bytes().starts_with(b" {\"_index\""));
}

#[test]
fn a_search_hit_may_be_written_in_odd_ways() {
    assert_eq!(one("a.b", r#"{"\u005fsource":{"a":{"b":1}},"a":{"b":2}}"#), ["#1"]);
    assert_eq!(one("a", r#"{"_source":{},"a":2}"#), [""; 0]);
    // Two sources: duplicate keys both count, here as elsewhere.
    assert_eq!(one("a", r#"{"_source":{"a":1},"a":5,"_source":{"a":2}}"#), ["#1", "#2"]);
    // Not an object, or not outermost: a field like any other.
    assert_eq!(one("a", r#"{"_source":"x","a":2}"#), ["#2"]);
    assert_eq!(one("a", r#"{"_source":[{"a":1}],"a":2}"#), ["#2"]);
    assert_eq!(read(&["a", "_source"], r#"{"_source":null,"a":2}"#), [vec!["#2"], vec!["null"]]);
    assert_eq!(read(&["a", "b.a", "b._source.a"], r#"{"b":{"_source":{"a":1}}}"#), [vec![], vec![], vec!["#1"]]);
    assert_eq!(one("a", r#"[{"_source":{"a":1}}]"#.trim_matches(['[', ']'])), ["#1"]);
}

#[test]
fn index_and_id_of_an_event_that_is_no_hit() {
    let event = b"\t{\"_index\":\"i\",\"_id\":7,\"x\":{\"_id\":\"no\"},\"_index\":\"second\"}\n";
    let mut slots = Slots::default();
    Projection::new(&["x"]).decode(event, &Limits::default(), &mut slots).expect("JSON");
    let event = slots.view(event);
    assert_eq!((event.index(), event.id()), (Some("i"), None));
    assert_eq!(event.source(), event.bytes().trim_ascii());
}

#[test]
fn slots_serve_event_after_event() {
    let limits = Limits::default();
    let (small, large) = (Projection::new(&["a"]), Projection::new(&["b", "c", "a"]));
    let mut slots = Slots::default();
    let first = br#"{"a":[1,"x"],"b":2,"_id":"i"}"#;
    large.decode(first, &limits, &mut slots).expect("JSON");
    assert_eq!(show(3, slots.view(first)), [vec!["#2"], vec![], vec!["#1", "'x'"]]);
    small.decode(b"{\"a\":3}", &limits, &mut slots).expect("JSON");
    assert_eq!(show(3, slots.view(b"{\"a\":3}")), [vec!["#3"], vec![], vec![]]);
    assert_eq!(slots.view(b"{\"a\":3}").id(), None);
    small.decode(b"{\"a\":3,", &limits, &mut slots).expect_err("broken");
    assert_eq!(show(3, slots.view(b"")), [vec![""; 0], vec![], vec![]]);
    // A slot that nobody asked for is empty.
    assert_eq!(slots.view(b"").values(99).next(), None);
    assert_eq!(slots.view(b"").values(usize::MAX).next(), None);
}

#[test]
fn errors_of_structure() {
    for (event, expected) in [
        ("", "0: unexpected end"),
        ("  ", "2: unexpected end"),
        ("x", "0: expected a value"),
        ("}", "0: expected a value"),
        (" [1]", "1: not a JSON object"),
        ("\"a\"", "0: not a JSON object"),
        ("12", "0: not a JSON object"),
        ("null", "0: not a JSON object"),
        ("{", "1: unexpected end"),
        ("{ x", "2: expected a field name in double quotes"),
        ("{,", "1: expected a field name in double quotes"),
        ("{]", "1: expected a field name in double quotes"),
        ("{'a':1}", "1: expected a field name in double quotes"),
        ("{a:1}", "1: expected a field name in double quotes"),
        ("{\"a", "3: unexpected end"),
        ("{\"a\"", "4: unexpected end"),
        ("{\"a\" 1}", "5: expected `:` after a field name"),
        ("{\"a\"}", "4: expected `:` after a field name"),
        ("{\"a\":", "5: unexpected end"),
        ("{\"a\":}", "5: expected a value"),
        ("{\"a\":,", "5: expected a value"),
        ("{\"a\":1", "6: unexpected end"),
        ("{\"a\":1 \"b\"", "7: expected `,` or `}`"),
        ("{\"a\":1]", "6: expected `,` or `}`"),
        ("{\"a\":1:", "6: expected `,` or `}`"),
        ("{\"a\":1,}", "7: expected a field name in double quotes"),
        ("{\"a\":1,,}", "7: expected a field name in double quotes"),
        ("{\"a\":1,", "7: unexpected end"),
        ("{\"a\":[", "6: unexpected end"),
        ("{\"a\":[1", "7: unexpected end"),
        ("{\"a\":[1 2", "8: expected `,` or `]`"),
        ("{\"a\":[1}", "7: expected `,` or `]`"),
        ("{\"a\":[1,]", "8: expected a value"),
        ("{\"a\":[,", "6: expected a value"),
        ("{\"a\":[}", "6: expected a value"),
        ("{\"a\":{\"b\":[{\"c\":1]}}", "17: expected `,` or `}`"),
        ("{\"a\":{}}}", "8: trailing characters"),
        ("{\"a\":1} {\"a\":2}", "8: trailing characters"),
        ("{} \n\0", "4: trailing characters"),
        ("{\0}", "1: expected a field name in double quotes"),
        ("{\"a\":\0}", "5: expected a value"),
        ("{\"a\":1\u{a0}}", "6: expected `,` or `}`"),
        ("{\"a\":/*c*/1}", "5: expected a value"),
        ("{\"a\":NaN}", "5: expected a value"),
        ("{\"a\":+1}", "5: expected a value"),
        ("{\"a\":.5}", "5: expected a value"),
        ("{\"a\":tru}", "8: expected a value"),
        ("{\"a\":TRUE}", "5: expected a value"),
        ("{\"a\":fals", "9: unexpected end"),
        ("{\"a\":nulL}", "8: expected a value"),
        ("{\"a\":nulll}", "9: expected `,` or `}`"),
        ("{\"a\":truefalse}", "9: expected `,` or `}`"),
    ] {
        assert_eq!(error(event), expected, "{event:?}");
    }
}

#[test]
fn errors_of_numbers() {
    for (number, expected) in [
        ("01", "1: not a JSON number"),
        ("-", "1: not a JSON number"),
        ("-x", "1: not a JSON number"),
        ("-01", "2: not a JSON number"),
        ("1.", "2: not a JSON number"),
        ("1.e1", "2: not a JSON number"),
        ("1e", "2: not a JSON number"),
        ("1e+", "3: not a JSON number"),
        ("0x10", "1: expected `,` or `}`"),
        ("1.2.3", "3: expected `,` or `}`"),
        ("1_000", "1: expected `,` or `}`"),
    ] {
        assert_eq!(error(format!("{{\"a\":{number}}}")), shift(expected, 5), "{number}");
        assert_eq!(error(format!("{{\"z\":[{number}]}}")), shift(expected, 6).replace('}', "]"), "{number}");
    }
    assert_eq!(error("{\"a\":-"), "6: unexpected end");
    assert_eq!(error("{\"a\":1."), "7: unexpected end");
    assert_eq!(error("{\"a\":1e-"), "8: unexpected end");
}

#[test]
fn errors_of_strings() {
    // After so many bytes of plain text, as key, read value and skipped value.
    for plain in [0, 1, 5, 7, 8, 9, 20] {
        for (text, expected) in [
            (&b"\n\""[..], "0: control character in a string"),
            (b"\0\"", "0: control character in a string"),
            (b"\x1f\"", "0: control character in a string"),
            (b"\\x\"", "1: not a JSON escape sequence"),
            (b"\\'\"", "1: not a JSON escape sequence"),
            (b"\\u12", "4: unexpected end"),
            (b"\\u12G4\"", "4: not a JSON escape sequence"),
            (b"\\u+123\"", "2: not a JSON escape sequence"),
            (b"\\U0041\"", "1: not a JSON escape sequence"),
            (b"\\", "1: unexpected end"),
            (b"", "0: unexpected end"),
            (b"\\\"", "2: unexpected end"),
            (b"\xff\"", "0: not UTF-8"),
            (b"\x80\"", "0: not UTF-8"),
            (b"\xc0\x80\"", "0: not UTF-8"),
            (b"\xed\xa0\x80\"", "0: not UTF-8"),
            (b"\xf4\x90\x80\x80\"", "0: not UTF-8"),
            (b"\xe2\x82\"", "0: not UTF-8"),
            (b"\xc3\xa4\xff\"", "2: not UTF-8"),
            (b"\\n\xff\"", "2: not UTF-8"),
            // The first error counts.
            (b"\xff\n\"", "0: not UTF-8"),
            (b"\n\xff\"", "0: control character in a string"),
            (b"\xe2\n\"", "0: not UTF-8"),
            (b"\xff\\x\"", "0: not UTF-8"),
            (b"\xff", "0: not UTF-8"),
            // The end of the event counts before what it cuts short.
            (b"\xe2\x82", "2: unexpected end"),
        ] {
            for before in [&b"{\""[..], b"{\"a\":\"", b"{\"z\":\"", b"{\"z\":{\"", b"{\"a\":[\"", b"{\"a\":{\"b\":\""] {
                let plain = b"x".repeat(plain);
                let event = [before, &plain, text].concat();
                assert_eq!(
                    error(&event),
                    shift(expected, before.len() + plain.len()),
                    "{}",
                    String::from_utf8_lossy(&event)
                );
            }
        }
    }
}

/// Moves the offset of an expected error.
fn shift(expected: &str, by: usize) -> String {
    let (offset, words) = expected.split_once(": ").expect("offset: words");
    format!("{}: {words}", offset.parse::<usize>().expect("an offset") + by)
}

#[test]
fn bytes_outside_strings_that_are_not_ascii() {
    assert_eq!(error(b"\xff{}"), "0: expected a value");
    assert_eq!(error(b"{\"a\":1}\xff"), "7: trailing characters");
    assert_eq!(error("{\"a\":“1”}"), "5: expected a value");
    assert_eq!(error("\u{feff}{\"a\":1}"), "0: byte order mark before the event");
}

#[test]
fn depth() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{{\"a\":{}1{}}}", open.repeat(depth - 1), close.repeat(depth - 1))
    };
    for depth in [1, 2, 3, 63, 64, 65, 66, 127, 128, 129, 130, 200, 512] {
        let limits = Limits { max_event_depth: depth as u32, ..Limits::default() };
        for (open, close) in [("[", "]"), ("{\"b\":", "}"), ("[{\"a\":[", "]}]"), ("{\"b\":[", "]}")] {
            let step = open.matches(['[', '{']).count();
            if (depth - 1) % step != 0 {
                continue;
            }
            let event = nested(open, close, (depth - 1) / step + 1);
            for fields in [&["x"][..], &["a"], &["a.b.b.b"], &["a.a.a"]] {
                Projection::new(fields)
                    .decode(event.as_bytes(), &limits, &mut Slots::default())
                    .unwrap_or_else(|error| panic!("{error} at {} in {event}", error.offset));
            }
            let error = error_within(&limits, nested(open, close, (depth - 1) / step + 2));
            assert!(error.ends_with(&format!("nested deeper than {depth} levels")), "{error}");
            // Every bracket must be closed by its own kind, at any depth.
            for at in event.char_indices().filter(|(_, c)| "]}".contains(*c)).map(|(at, _)| at) {
                let mut broken = event.clone().into_bytes();
                broken[at] = if broken[at] == b']' { b'}' } else { b']' };
                assert!(error_within(&limits, &broken).starts_with(&format!("{at}: expected `,` or")));
            }
        }
    }
    let limits = Limits { max_event_depth: 0, ..Limits::default() };
    assert_eq!(error_within(&limits, "{}"), "0: nested deeper than 0 levels");
    assert_eq!(error(format!("{{\"a\":{}", "[".repeat(10_000))), "516: nested deeper than 512 levels");
    assert_eq!(error(format!("{{\"a\":{}", "{\"b\":".repeat(10_000))), "2560: nested deeper than 512 levels");
    // No limit but memory: deep nesting takes no stack.
    let limits = Limits { max_event_depth: u32::MAX, ..Limits::default() };
    let deep = nested("[", "]", 1_000_000);
    for field in ["a", "b"] {
        Projection::new(&[field]).decode(deep.as_bytes(), &limits, &mut Slots::default()).expect("JSON");
    }
}

#[test]
fn size() {
    let limits = Limits { max_event_bytes: 9, ..Limits::default() };
    assert_eq!(error_within(&limits, r#"{"a":1234}"#), "9: event larger than 9 bytes");
    Projection::new(&["a"]).decode(br#"{"a":123}"#, &limits, &mut Slots::default()).expect("within the limit");
}

#[test]
fn number_of_values() {
    let limits = Limits { max_event_values: 3, ..Limits::default() };
    let fields = Projection::new(&["a", "b.c"]);
    let mut slots = Slots::default();
    fields.decode(br#"{"a":[1,null],"x":[1,2,3,4],"b":{"c":"t"}}"#, &limits, &mut slots).expect("three");
    for event in
        [r#"{"a":[1,2],"b":{"c":[3,4]}}"#, r#"{"a":[1,2],"b":{"c":[3,"4"]}}"#, r#"{"a":[1,2],"b":{"c":[3,null]}}"#]
    {
        let error = fields.decode(event.as_bytes(), &limits, &mut slots).expect_err("four");
        assert_eq!((error.offset, error.to_string().as_str()), (23, "more than 3 values"));
    }
    // What a hit brings beside its source does not count.
    fields.decode(br#"{"a":[1,2,3],"_source":{"a":[1,2,3]},"a":4}"#, &limits, &mut slots).expect("three");
}
