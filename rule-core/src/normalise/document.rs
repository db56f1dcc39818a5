//! A normalised event as a document: for alerts, and for people who write normalisers.

use rule_syntax::normaliser::{self, Kind};

use super::{Compiled, Files, Normalisers, Scratch};
use crate::decode::{Event, Line, Projection, Slots};
use crate::diagnostic::Diagnostic;
use crate::{Limits, Source, json};

/// Writes events out.
#[derive(Debug)]
pub(crate) struct Documents {
    files: Files,
    normalisers: Normalisers,
    /// The fields that any of the files has, by slot.
    fields: Vec<String>,
    projection: Projection,
    slots: Slots,
    scratch: Scratch,
}

/// A record as an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalised {
    /// The name of the normaliser that it was recognised by.
    pub normaliser: String,
    /// The event as a JSON object on one line, fields under their dotted names.
    pub event: String,
}

/// Shows records as the events that they stand for.
///
/// ```
/// use rule_core::{Limits, Normaliser, Source};
///
/// let file = Source {
///     path: "sensor.toml".into(),
///     text: r#"
///         name = "sensor"
///         record = "sensor"
///         recognise = { sensor_id = true }
///         [fields]
///         "process.name" = { from = "image", steps = ["basename"] }
///     "#.into(),
/// };
/// let mut normaliser = Normaliser::new(&[file], None, Limits::default()).expect("the file has no errors");
/// let record = br#"{"sensor_id":7,"image":"/usr/bin/nc"}"#;
/// let shown = normaliser.normalise(record).expect("the record is JSON").expect("it is one of the sensor's");
/// assert_eq!(shown.event, r#"{"sensor":{"sensor_id":7,"image":"/usr/bin/nc"},"process.name":"nc"}"#);
/// ```
#[derive(Debug)]
pub struct Normaliser {
    documents: Documents,
    limits: Limits,
}

impl Normaliser {
    /// Reads normaliser files, as [`CompileOptions::normalisers`](crate::CompileOptions::normalisers) has them; `only` is
    /// [`CompileOptions::normaliser`](crate::CompileOptions::normaliser). The error is all that is wrong with them.
    pub fn new(files: &[Source], only: Option<&str>, limits: Limits) -> Result<Normaliser, Vec<Diagnostic>> {
        match Files::read(files, only, &limits) {
            (files, found) if found.is_empty() => Ok(Normaliser { documents: Documents::new(&files), limits }),
            (_, found) => Err(found),
        }
    }

    /// A record as an event; none if it is not a record of a known source. The error is where and why it cannot be read.
    pub fn normalise(&mut self, record: &[u8]) -> Result<Option<Normalised>, (usize, String)> {
        self.documents.event(record, &self.limits)
    }
}

impl Documents {
    /// For the fields that files have.
    pub fn new(files: &Files) -> Documents {
        let all = files.files.iter().flat_map(|file| &file.fields).map(|field| field.to.as_str());
        let mut fields: Vec<&str> = all.filter(|field| !field.ends_with(".*") && *field != "_index").collect();
        fields.sort_unstable();
        fields.dedup();
        let (normalisers, paths) = files.compile(fields.iter().copied());
        Documents {
            files: files.clone(),
            normalisers,
            fields: fields.into_iter().map(str::to_owned).collect(),
            projection: Projection::new(&paths),
            slots: Slots::default(),
            scratch: Scratch::default(),
        }
    }

    /// The record in a line as an event; none if it is not one. The error is where and why it cannot be read.
    pub fn event(&mut self, line: &[u8], limits: &Limits) -> Result<Option<Normalised>, (usize, String)> {
        let decoded = self.projection.decode(line, limits, &mut self.slots);
        decoded.map_err(|error| (error.offset, error.to_string()))?;
        let event = self.slots.view_line(Line::new(line));
        let Some(normaliser) = self.normalisers.recognise(event) else { return Ok(None) };
        normaliser.derive(event, &mut self.scratch, limits).map_err(|message| (0, message))?;
        let Some(file) = self.files.files.iter().find(|file| file.name == normaliser.name) else { return Ok(None) };
        let mut object = String::from("{");
        write_record(file, event, &mut object);
        self.write_fields(normaliser, &mut object);
        object.push('}');
        let index = match (event.index(), &normaliser.index) {
            (Some(index), _) => Some(index.to_owned()),
            (None, Some(rule)) => {
                let made = normaliser.one(rule, event, &mut self.scratch, limits).map_err(|message| (0, message))?;
                made.and_then(|made| self.scratch.text.get(made.start as usize..made.end as usize)).map(str::to_owned)
            }
            _ => None,
        };
        let event = if index.is_some() || event.id().is_some() {
            let mut hit = String::from("{");
            for (key, value) in [("_index", index.as_deref()), ("_id", event.id())] {
                if let Some(value) = value {
                    push_key(key, &mut hit);
                    json::push_string(&mut hit, value);
                }
            }
            push_key("_source", &mut hit);
            hit + &object + "}"
        } else {
            object
        };
        Ok(Some(Normalised { normaliser: normaliser.name.clone(), event }))
    }

    fn write_fields(&self, normaliser: &Compiled, out: &mut String) {
        let made = &self.scratch.made;
        let mut at = 0;
        while let Some(first) = made.get(at) {
            let values = made[at..].iter().take_while(|made| made.rule == first.rule).count();
            let slot = normaliser.rules.get(first.rule as usize).and_then(|rule| rule.to.first());
            let name = slot.and_then(|slot| self.fields.get(*slot as usize)).map_or("", String::as_str);
            push_key(name, out);
            if values > 1 {
                out.push('[');
            }
            for (number, value) in made[at..at + values].iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                let text = self.scratch.text.get(value.start as usize..value.end as usize).unwrap_or_default();
                match value.kind {
                    Kind::String => json::push_string(out, text),
                    Kind::Number | Kind::Bool => out.push_str(text),
                }
            }
            if values > 1 {
                out.push(']');
            }
            at += values;
        }
    }
}

fn push_key(key: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    json::push_string(out, key);
    out.push(':');
}

/// The record itself, where the event has it, and its parts that are found elsewhere as they are.
fn write_record(file: &normaliser::Normaliser, event: Event<'_>, out: &mut String) {
    let source = json::minify(event.source());
    match &file.record {
        Some(name) => {
            push_key(name, out);
            out.push_str(&source);
        }
        None => out.push_str(source.trim_start_matches('{').strip_suffix('}').unwrap_or_default()),
    }
    for field in &file.fields {
        let Some(to) = field.to.strip_suffix(".*") else { continue };
        let from = field.ways.iter().flat_map(|way| &way.from).filter_map(|from| from.strip_suffix(".*"));
        let from = from.map(|from| from.trim_start_matches('.'));
        let own = if file.record.is_none() { find(&source, to) } else { None };
        if let (None, Some(object)) = (own, from.filter_map(|path| find(&source, path)).next()) {
            push_key(to, out);
            out.push_str(object);
        }
    }
}

/// The object at a dotted path of a minified object.
fn find<'s>(object: &'s str, path: &str) -> Option<&'s str> {
    let mut found = None;
    for member in json::members(object) {
        let key = object.get(member.key)?.trim_matches('"');
        let value = object.get(member.value)?;
        if !value.starts_with('{') {
            continue;
        }
        if key == path {
            return Some(value);
        }
        found = found.or_else(|| find(value, path.strip_prefix(key)?.strip_prefix('.')?));
    }
    found
}
