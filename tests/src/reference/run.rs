//! Many random cases.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use fastrand::Rng;

use super::{Case, Query, Sequence, sequences};

/// A run over random cases. `TRIPLINE_SEED` sets the seed of the first case (each next one has the next seed), `TRIPLINE_CASES` their
/// number.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    seed: u64,
    cases: u64,
}

/// What the cases of a run had in them: a run in which nothing happens proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases.
    pub cases: u64,
    /// Cases with a sequence or more.
    pub matched: u64,
    /// Sequences in all.
    pub sequences: u64,
    /// Cases with a sequence that has a missing event.
    pub missing: u64,
    /// Cases in which an `until` took a sequence away.
    pub until: u64,
    /// Cases in which the maxspan did.
    pub maxspan: u64,
}

impl Tally {
    /// What a case has in it, given what the reference finds.
    pub fn of(case: &Case, found: &[Sequence]) -> Tally {
        let events = case.visible();
        let without = |edit: fn(&mut Query)| {
            let mut query = case.query.clone();
            edit(&mut query);
            u64::from(sequences(&query, &events).len() > found.len())
        };
        Tally {
            cases: 1,
            matched: u64::from(!found.is_empty()),
            sequences: found.len() as u64,
            missing: u64::from(found.iter().any(|sequence| sequence.events.contains(&None))),
            until: case.query.until.as_ref().map_or(0, |_| without(|query| query.until = None)),
            maxspan: without(|query| query.maxspan_ms = query.maxspan_ms.map(|_| i64::MAX)),
        }
    }

    /// Adds a case.
    pub fn add(&mut self, other: Tally) {
        self.cases += other.cases;
        self.matched += other.matched;
        self.sequences += other.sequences;
        self.missing += other.missing;
        self.until += other.until;
        self.maxspan += other.maxspan;
    }
}

impl Run {
    /// A run of so many cases, unless the environment says otherwise.
    pub fn of(cases: u64) -> Result<Run> {
        let number = |name: &str| -> Result<Option<u64>> {
            let Some(value) = env::var_os(name) else { return Ok(None) };
            let value = value.to_string_lossy();
            Ok(Some(value.parse().with_context(|| format!("{name}={value} is not a number"))?))
        };
        // Below 2^40, so that it is easily copied.
        let seed = number("TRIPLINE_SEED")?.unwrap_or_else(|| fastrand::u64(..1 << 40));
        Ok(Run { seed, cases: number("TRIPLINE_CASES")?.unwrap_or(cases) })
    }

    /// Puts every case to `holds`, which gets a generator of its own beside it, the same for every attempt at a case. The first
    /// case that fails is made smaller and reported.
    pub fn check(self, what: &str, holds: impl Fn(&Case, &mut Rng) -> Result<Tally>) -> Result<Tally> {
        println!("{what}: {} cases from TRIPLINE_SEED={}", self.cases, self.seed);
        let start = Instant::now();
        let mut tally = Tally::default();
        for number in 0..self.cases {
            let seed = self.seed.wrapping_add(number);
            let case = Case::random(&mut Rng::with_seed(seed));
            let attempt = |case: &Case| {
                let mut rng = Rng::with_seed(!seed);
                // A panic is a failure like any other, to be made smaller.
                catch_unwind(AssertUnwindSafe(|| holds(case, &mut rng))).unwrap_or_else(|panic| {
                    let text = panic.downcast_ref::<String>().cloned();
                    let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                    bail!("panic: {}", text.unwrap_or_default())
                })
            };
            match attempt(&case) {
                Ok(found) => tally.add(found),
                Err(_) => {
                    let smallest = case.shrunk(|case| attempt(case).is_err());
                    let problem = attempt(&smallest).expect_err("it failed a moment ago");
                    bail!(
                        "{what}, case {number}: TRIPLINE_SEED={seed} TRIPLINE_CASES=1 shows it again\n\n{smallest}\n{problem:#}"
                    );
                }
            }
        }
        println!("{what}: all hold, {tally:?}, {:.1} s", start.elapsed().as_secs_f64());
        Ok(tally)
    }
}
