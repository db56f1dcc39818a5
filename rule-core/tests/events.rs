//! The splitter on input that nobody thought of: chunks make no difference, and all ways of writing the same
//! events are the same events.

use proptest::collection::vec;
use proptest::prelude::*;
use rule_core::events::{Piece, Splitter, TooLarge, to_lines};
use rule_core::{CompileOptions, Limits, Session, SessionOptions, compile};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq)]
enum Owned {
    Event(u64, Vec<u8>),
    TooLarge(TooLarge),
}

fn split<'a>(mut splitter: Splitter, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let mut pieces = Vec::new();
    let mut sink = |piece: Piece<'_>| {
        pieces.push(match piece {
            Piece::Event { line, text } => Owned::Event(line, text.to_vec()),
            Piece::TooLarge(event) => Owned::TooLarge(event),
        });
    };
    chunks.into_iter().for_each(|chunk| splitter.push(chunk, &mut sink));
    splitter.finish(&mut sink);
    pieces
}

/// Input made of what matters to the splitter.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let parts = vec![
        &b"{"[..],
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"  ",
        b"\t",
        b"\xef\xbb\xbf",
        b"\xef",
        b"x",
        b"\x0b",
        b"\x0c",
        b"\n\x0c\n",
        b"{\"a\":1}",
        b"{\"a\":\"b\"}\n",
        b"{\n  \"a\": [\n 1 ]\n}\n",
        b"\"}{,\"",
        b"\0",
        b"\xff",
        b"1 2",
        b"{\"a\":\"unfinished\n",
        b"\n{\n",
        b"\n  [  \n",
    ];
    vec(prop::sample::select(parts), 0..30).prop_map(|parts| parts.concat())
}

fn event() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z \"{}\\[\\],:\\\\\n\r\t]{0,12}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-z{\"\\\\]{0,4}", inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    vec(("[a-z]{1,4}", value), 0..4).prop_map(|members| Value::Object(members.into_iter().collect()))
}

/// The events and lines of an input in which nothing is wrong.
fn read(input: &str) -> (Vec<Value>, Vec<u64>) {
    let batch = to_lines(input.as_bytes(), &Limits::default());
    assert_eq!(batch.too_large, []);
    let text = std::str::from_utf8(&batch.bytes).expect("the input was UTF-8");
    (text.lines().map(|line| serde_json::from_str(line).expect("an event is JSON")).collect(), batch.lines)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_make_no_difference(
        input in input(),
        max in prop_oneof![0..40_u32, Just(u32::MAX)],
        cuts in vec(any::<prop::sample::Index>(), 0..6),
        detects in any::<bool>(),
    ) {
        let limits = Limits { max_event_bytes: max, ..Limits::default() };
        let splitter = if detects { Splitter::new(&limits) } else { Splitter::lines(&limits) };
        let whole = split(splitter.clone(), [&input[..]]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]);
        prop_assert_eq!(&split(splitter.clone(), chunks), &whole);
        prop_assert_eq!(&split(splitter, input.chunks(1)), &whole);
        let lines = 1 + input.iter().filter(|byte| **byte == b'\n').count() as u64;
        for piece in &whole {
            let line = match piece {
                Owned::Event(line, text) => {
                    prop_assert!(!text.is_empty() && text.len() <= max as usize && !text.contains(&b'\n'));
                    *line
                }
                Owned::TooLarge(event) => {
                    prop_assert!(event.bytes > u64::from(max));
                    event.line
                }
            };
            prop_assert!((1..=lines).contains(&line));
        }
    }

    /// A host looks an event's line up by its ordinal in the session, so both must count alike.
    #[test]
    fn the_engine_counts_the_events_that_have_lines(input in input()) {
        let batch = to_lines(&input, &Limits::default());
        let (rules, _) = compile(&[], &CompileOptions::default());
        let mut session = Session::open(rules.into(), SessionOptions::default());
        prop_assert_eq!(session.evaluate(&batch.bytes).events, batch.lines.len() as u64);
    }

    #[test]
    fn all_forms_are_the_same_events(events in vec(event(), 1..5), crlf in any::<bool>(), mark in any::<bool>()) {
        let whole = |text: String| {
            let text = if crlf { text.replace('\n', "\r\n") } else { text };
            if mark { format!("\u{feff}{text}") } else { text }
        };
        let compact: Vec<String> = events.iter().map(Value::to_string).collect();
        let pretty: Vec<String> = events.iter().map(|event| format!("{event:#}")).collect();
        let numbers: Vec<u64> = (1..=events.len() as u64).collect();
        prop_assert_eq!(read(&whole(compact.join("\n"))), (events.clone(), numbers.clone()));
        prop_assert_eq!(read(&whole(compact.join("\n") + "\n")), (events.clone(), numbers));
        let ones = vec![1; events.len()];
        prop_assert_eq!(read(&whole(compact.concat())), (events.clone(), ones.clone()));
        prop_assert_eq!(read(&whole(json!(events).to_string())), (events.clone(), ones));
        prop_assert_eq!(read(&whole(format!("{:#}", json!(events)))).0, events.clone());
        let begins: Vec<u64> = (0..pretty.len())
            .map(|at| 1 + pretty[..at].iter().map(|event| event.lines().count() as u64).sum::<u64>())
            .collect();
        prop_assert_eq!(read(&whole(pretty.join("\n"))), (events, begins));
    }

    #[test]
    fn a_broken_line_affects_only_itself(
        before in vec(event(), 1..3),
        broken in "[{\\[\"a:, ]{0,9}",
        after in vec(event(), 1..3),
    ) {
        let lines: Vec<String> = before.iter().map(Value::to_string)
            .chain([format!("x{broken}")])
            .chain(after.iter().map(Value::to_string))
            .collect();
        let batch = to_lines(lines.join("\n").as_bytes(), &Limits::default());
        prop_assert_eq!(String::from_utf8_lossy(&batch.bytes), lines.join("\n") + "\n");
        prop_assert_eq!(batch.lines, (1..=lines.len() as u64).collect::<Vec<_>>());
    }
}
