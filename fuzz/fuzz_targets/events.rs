//! Any bytes as input. The splitter does not panic, holds no more than it may, and does not care where chunks end; no piece
//! is more than one line.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use rule_core::events::{Piece, Splitter, TooLarge, to_lines};
use rule_core::{CompileOptions, Limits, RuleSet, Session, SessionOptions, compile};

/// No rules: events are only decoded and counted.
static RULES: LazyLock<Arc<RuleSet>> = LazyLock::new(|| Arc::new(compile(&[], &CompileOptions::default()).0));

#[derive(Debug, PartialEq)]
enum Owned {
    Event(u64, Vec<u8>),
    TooLarge(TooLarge),
}

fn split<'a>(mut splitter: Splitter, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let mut pieces = Vec::new();
    let mut sink = |piece: Piece<'_>| {
        pieces.push(match piece {
            Piece::Event { line, text } => {
                assert!(!text.is_empty() && !text.contains(&b'\n'));
                Owned::Event(line, text.to_vec())
            }
            Piece::TooLarge(event) => Owned::TooLarge(event),
        });
    };
    chunks.into_iter().for_each(|chunk| splitter.push(chunk, &mut sink));
    splitter.finish(&mut sink);
    pieces
}

// The first two bytes say how large an event may be and where the chunks end.
fuzz_target!(|data: &[u8]| {
    let [max, size, input @ ..] = data else { return };
    let limits = Limits { max_event_bytes: u32::from(*max), ..Limits::default() };
    for splitter in [Splitter::new(&limits), Splitter::lines(&limits)] {
        let whole = split(splitter.clone(), [input]);
        assert_eq!(split(splitter.clone(), input.chunks(usize::from(*size).max(1))), whole);
        assert_eq!(split(splitter, input.chunks(1)), whole);
        let lines = 1 + input.iter().filter(|byte| **byte == b'\n').count() as u64;
        for piece in whole {
            match piece {
                Owned::Event(line, text) => assert!(line <= lines && text.len() <= usize::from(*max)),
                Owned::TooLarge(event) => assert!(event.line <= lines && event.bytes > u64::from(*max)),
            }
        }
    }
    let batch = to_lines(input, &Limits::default());
    assert_eq!(batch.bytes.iter().filter(|byte| **byte == b'\n').count(), batch.lines.len());
    // A host looks an event's line up by its ordinal in the session.
    let mut session = Session::open(RULES.clone(), SessionOptions::default());
    assert_eq!(session.evaluate(&batch.bytes).events, batch.lines.len() as u64);
});
