//! Random sequence rules and searches on both hosts: the same bytes, batch by batch.

use anyhow::Result;
use anyhow::ensure;
use fastrand::Rng;
use host_runner::{Engine, EngineKind, Handle, Instance, InstanceLimits, WasmOptions};
use rule_core::{Advance, SearchOptions};
use serde::Serialize;
use tripline_tests::reference::engine::source;
use tripline_tests::reference::session::{Stream, cuts};
use tripline_tests::reference::{Case, Event, Run, Tally};

const CASES: u64 = 1_000;

/// What a host answers, call by call.
type Transcript = Vec<String>;

struct Host {
    instance: Box<dyn Instance>,
    transcript: Transcript,
}

impl Host {
    fn new(kind: EngineKind) -> Result<Host> {
        let instance = Engine::new(kind, &WasmOptions::default())?.instance(InstanceLimits::default())?;
        Ok(Host { instance, transcript: Transcript::new() })
    }

    fn say(&mut self, answer: &impl Serialize) -> Result<()> {
        self.transcript.push(serde_json::to_string(answer)?);
        Ok(())
    }

    /// A session over the stream that is advanced and put away at random.
    fn session(&mut self, stream: &Stream, rng: &mut Rng) -> Result<()> {
        let (rules, report) = self.instance.compile(&stream.sources(), &stream.compile_options())?;
        self.say(&report)?;
        let options = stream.options();
        let mut session = self.instance.open(rules, &options)?;
        for batch in stream.batches(&cuts(stream.events.len(), rng)) {
            let outcome = self.instance.evaluate(session, batch.as_bytes())?;
            self.say(&outcome)?;
            match rng.u8(..6) {
                0 => self.advance(session, Advance::Flush)?,
                1 => self.advance(session, Advance::Idle(rng.u64(..5)))?,
                2 => {
                    let state = self.instance.snapshot(session)?;
                    self.say(&state)?;
                    self.instance.release(session)?;
                    session = self.instance.open(rules, &options)?;
                    let restored = self.instance.restore(session, &state)?;
                    self.transcript.push(format!("{restored:?}"));
                }
                _ => {}
            }
        }
        self.advance(session, Advance::Finish)?;
        self.instance.release(session)?;
        self.instance.release(rules)?;
        Ok(())
    }

    fn advance(&mut self, session: Handle, how: Advance) -> Result<()> {
        let outcome = self.instance.advance(session, how)?;
        self.say(&outcome)
    }

    fn search(&mut self, case: &Case, rng: &mut Rng) -> Result<()> {
        let options = SearchOptions {
            tiebreaker_field: case.tiebreaker.then(|| Event::TIEBREAKER.to_owned()),
            size: rng.u32(..8),
            mapping: case.mapping(),
            ..SearchOptions::default()
        };
        let search = self.instance.open_search(&source(case), &options)?;
        let progress = self.instance.search_add(search, "events", 0, case.lines().concat().as_bytes())?;
        self.say(&progress)?;
        let body = self.instance.search_finish(search)?;
        self.transcript.push(body);
        Ok(())
    }
}

#[test]
fn both_hosts_give_the_same_bytes() -> Result<()> {
    let hosts = [Host::new(EngineKind::Native)?, Host::new(EngineKind::Wasm)?].map(std::cell::RefCell::new);
    Run::of(CASES)?.check("hosts", |case, rng| {
        let stream = Stream::of(case, rng);
        let seed = rng.u64(..);
        let mut transcripts = Vec::new();
        for host in &hosts {
            let mut host = host.borrow_mut();
            host.session(&stream, &mut Rng::with_seed(seed))?;
            host.search(case, &mut Rng::with_seed(seed))?;
            transcripts.push(std::mem::take(&mut host.transcript));
        }
        for (number, (native, sandbox)) in transcripts[0].iter().zip(&transcripts[1]).enumerate() {
            ensure!(native == sandbox, "answer {number} differs\nnative: {native}\nsandbox: {sandbox}");
        }
        ensure!(transcripts[0].len() == transcripts[1].len(), "one host answers more often");
        Ok(Tally { cases: 1, ..Tally::default() })
    })?;
    Ok(())
}
