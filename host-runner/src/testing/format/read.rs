//! From YAML to what is tested.

mod steps;

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rule_core::Source;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::{Case, FormatError, Named, Step, TestFile};
use crate::deployment;
use crate::testing::expect::{Expect, ExpectedAlert, expected_fields};
use crate::testing::fields::{Fields, Object};
use crate::testing::suggest::{did_you_mean, unknown};
use crate::testing::what_if;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rule: Option<Spanned<String>>,
    indicators: Option<Vec<Spanned<String>>>,
    value_lists: Option<Vec<Spanned<String>>>,
    defaults: Option<Spanned<Object>>,
    tests: Spanned<Vec<Spanned<WrittenTest>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTest {
    name: Spanned<String>,
    events: Spanned<Vec<Spanned<Object>>>,
    expect: Spanned<Value>,
    fields: Option<Spanned<Object>>,
    exceptions: Option<Vec<Spanned<Object>>>,
    variants: Option<Spanned<Variants>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variants {
    #[serde(default)]
    alert: Vec<Spanned<Object>>,
    #[serde(default)]
    none: Vec<Spanned<Object>>,
}

/// Reads no more of a file than is allowed.
fn read_text(path: &Path, max_bytes: u32) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(u64::from(max_bytes) + 1).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err("the file is not UTF-8, or is too large".into())
        }
        Err(error) => Err(format!("cannot be read: {error}")),
        Ok(read) if read > max_bytes as usize => {
            Err(format!("the file has more than {max_bytes} bytes (see --max-test-bytes)"))
        }
        Ok(_) => Ok(text),
    }
}

/// See [`TestFile::read`].
pub fn read(path: &Path, max_bytes: u32) -> Result<TestFile, FormatError> {
    let reader = Reader { path, max_bytes, spent: Cell::new(0) };
    let text = read_text(path, max_bytes).map_err(|message| reader.error(Location::UNKNOWN, message))?;
    reader.file(&text)
}

/// How many times the bytes of a test file its events may have together: defaults, variants and recorded events let few lines stand
/// for much.
const EXPANSION: u64 = 16;

struct Reader<'p> {
    path: &'p Path,
    max_bytes: u32,
    /// Bytes of the events so far.
    spent: Cell<u64>,
}

impl Reader<'_> {
    fn error(&self, at: Location, message: String) -> FormatError {
        FormatError { path: self.path.display().to_string(), line: at.line(), column: at.column(), message }
    }

    /// Counts an event.
    fn spend(&self, at: Location, document: &Value) -> Result<(), FormatError> {
        self.spent.set(self.spent.get().saturating_add(document.to_string().len() as u64));
        let most = u64::from(self.max_bytes) * EXPANSION;
        match self.spent.get() > most {
            true => {
                Err(self.error(at, format!("the events have more than {most} bytes together (see --max-test-bytes)")))
            }
            false => Ok(()),
        }
    }

    fn file(&self, text: &str) -> Result<TestFile, FormatError> {
        let mut options = serde_saphyr::Options::default();
        // `yes` and `on` are texts, as in JSON.
        options.strict_booleans = true;
        let written: Written = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let at = error.location().unwrap_or(Location::UNKNOWN);
            self.error(at, unknown(&error))
        })?;
        if written.tests.value.is_empty() {
            return Err(self.error(written.tests.referenced, "there are no tests".into()));
        }
        let defaults = match &written.defaults {
            Some(defaults) => self.fields(defaults.referenced, &defaults.value)?,
            None => Fields::default(),
        };
        let mut file = TestFile {
            path: self.path.to_owned(),
            rule: written.rule.map(|rule| Named {
                line: rule.referenced.line(),
                column: rule.referenced.column(),
                text: rule.value,
            }),
            cases: Vec::new(),
            indicators: None,
            value_lists: None,
            reads: Vec::new(),
        };
        file.indicators = self.lists(written.indicators.as_deref(), &mut file.reads)?;
        file.value_lists = self.lists(written.value_lists.as_deref(), &mut file.reads)?;
        for test in &written.tests.value {
            self.test(test.referenced, &test.value, &defaults, &mut file)?;
        }
        Ok(file)
    }

    /// The files that a deployment would have: of what size they may be is the engine's to say.
    fn lists(
        &self,
        written: Option<&[Spanned<String>]>,
        reads: &mut Vec<PathBuf>,
    ) -> Result<Option<Vec<Source>>, FormatError> {
        let Some(written) = written else { return Ok(None) };
        let mut lists = Vec::new();
        for name in written {
            let path = self.path.parent().unwrap_or(Path::new("")).join(&name.value);
            let said = |reason| self.error(name.referenced, format!("`{}`: cannot be read: {reason}", name.value));
            lists.push(deployment::read_source(&path).map_err(said)?);
            reads.push(path);
        }
        Ok(Some(lists))
    }

    fn fields(&self, at: Location, object: &Object) -> Result<Fields, FormatError> {
        Fields::of(object).map_err(|name| self.error(at, format!("the field `{name}` is given twice")))
    }

    fn test(
        &self,
        at: Location,
        test: &WrittenTest,
        defaults: &Fields,
        file: &mut TestFile,
    ) -> Result<(), FormatError> {
        let name = test.name.value.trim();
        if name.is_empty() {
            return Err(self.error(test.name.referenced, "a test needs a name".into()));
        }
        if file.cases.iter().any(|case| case.name == name) {
            return Err(self.error(test.name.referenced, format!("there is another test `{name}`")));
        }
        if test.events.value.is_empty() {
            return Err(self.error(test.events.referenced, format!("the test `{name}` has no events")));
        }
        let mut steps = Vec::new();
        for event in &test.events.value {
            self.step(event, defaults, &mut steps, &mut file.reads)?;
        }
        let case = Case {
            name: name.to_owned(),
            line: at.line(),
            steps,
            expect: self.expect(&test.expect)?,
            fields: match &test.fields {
                Some(fields) => expected_fields(&fields.value).map_err(|said| self.error(fields.referenced, said))?,
                None => Vec::new(),
            },
            exceptions: self.exceptions(test.exceptions.as_deref().unwrap_or_default())?,
        };
        if let (Some(fields), false) = (&test.fields, case.expect.is_positive()) {
            let message = format!("the test `{name}` expects no alert, so there are no fields to expect");
            return Err(self.error(fields.referenced, message));
        }
        let variants = match &test.variants {
            Some(variants) => self.variants(variants, &case)?,
            None => Vec::new(),
        };
        file.cases.push(case);
        file.cases.extend(variants);
        Ok(())
    }

    fn expect(&self, written: &Spanned<Value>) -> Result<Expect, FormatError> {
        let place = written.referenced;
        match &written.value {
            Value::String(word) if word == "alert" => Ok(Expect::Alert),
            Value::String(word) if word == "none" => Ok(Expect::Count(0)),
            Value::Number(count) if count.as_u64().is_some() => {
                Ok(Expect::Count(count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX)))
            }
            Value::Array(alerts) => {
                let alerts: Result<Vec<_>, _> = alerts.iter().map(|alert| self.alert(place, alert)).collect();
                alerts.map(Expect::Alerts)
            }
            Value::String(word) => {
                let near = did_you_mean(word, &["alert", "none"]);
                Err(self.error(
                    place,
                    format!("`{word}` cannot be expected: write `alert`, `none`, a number, or a list of alerts{near}"),
                ))
            }
            _ => Err(self.error(place, "expect `alert`, `none`, a number, or a list of alerts".into())),
        }
    }

    fn alert(&self, place: Location, written: &Value) -> Result<ExpectedAlert, FormatError> {
        const KEYS: [&str; 2] = ["events", "fields"];
        let Value::Object(written) = written else {
            return Err(self.error(place, "an expected alert is an object with `fields`, `events` or both".into()));
        };
        if let Some(key) = written.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let near = did_you_mean(key, &KEYS);
            return Err(
                self.error(place, format!("an expected alert has no `{key}`, only `fields` and `events`{near}"))
            );
        }
        let fields = match written.get("fields") {
            None => Vec::new(),
            Some(Value::Object(fields)) => expected_fields(fields).map_err(|said| self.error(place, said))?,
            Some(_) => return Err(self.error(place, "`fields` is an object of names and values".into())),
        };
        let events = match written.get("events") {
            None => None,
            Some(events) => Some(serde_json::from_value(events.clone()).map_err(|_| {
                self.error(place, "`events` is a list of numbers: which events of the test, counted from 1".into())
            })?),
        };
        Ok(ExpectedAlert { events, fields })
    }

    fn exceptions(&self, written: &[Spanned<Object>]) -> Result<Vec<Object>, FormatError> {
        for item in written {
            if let Some(key) = item.value.keys().find(|key| !what_if::KEYS.contains(&key.as_str())) {
                let near = did_you_mean(key, &what_if::KEYS);
                return Err(self.error(item.referenced, format!("an exception has no `{key}`{near}")));
            }
        }
        Ok(written.iter().map(|item| item.value.clone()).collect())
    }

    fn variants(&self, written: &Spanned<Variants>, case: &Case) -> Result<Vec<Case>, FormatError> {
        let [Step::Event { document: Value::Object(base), when, .. }] = case.steps.as_slice() else {
            let message = "`variants` change the event of a test, which must have one event".into();
            return Err(self.error(written.referenced, message));
        };
        let base = self.fields(written.referenced, base)?;
        let (alert, none) = (&written.value.alert, &written.value.none);
        let all = alert.iter().map(|changes| (changes, true)).chain(none.iter().map(|changes| (changes, false)));
        let mut cases = Vec::new();
        for (changes, fires) in all {
            let place = changes.referenced;
            let changes = self.fields(place, &changes.value)?;
            let mut fields = base.clone();
            fields.change(&changes);
            let told: Vec<String> = changes.iter().map(|(name, value)| format!("{name}: {}", told(value))).collect();
            let document = fields.document();
            self.spend(place, &document)?;
            let step = Step::Event { document, line: place.line(), when: *when };
            cases.push(Case {
                name: format!("{} ({})", case.name, told.join(", ")),
                line: place.line(),
                steps: vec![step],
                expect: if fires { Expect::Alert } else { Expect::Count(0) },
                fields: Vec::new(),
                exceptions: case.exceptions.clone(),
            });
        }
        Ok(cases)
    }
}

/// A value in the name of a variant.
fn told(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
