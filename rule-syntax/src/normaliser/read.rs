//! Normaliser files from TOML.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::step::{PLAIN, UNITS, WITH_TEXT};
use super::{Condition, Constant, DEFAULT_UNLESS, Field, Kind, Normaliser, Step, Want, Way};
use crate::diagnostic::{Diagnostic, Span, codes};
use crate::{Limits, Source};

type Value<'a> = Spanned<DeValue<'a>>;

/// The keys of a file.
const KEYS: [&str; 11] = [
    "name",
    "title",
    "description",
    "references",
    "within",
    "record",
    "recognise",
    "unless",
    "paths",
    "when",
    "fields",
];
/// The keys of a way.
const WAY_KEYS: [&str; 8] = ["from", "value", "join", "steps", "map", "otherwise", "count", "when"];

/// Reads a normaliser file. The error is all that is wrong with it, with the place in the file.
pub fn read(source: &Source, limits: &Limits) -> Result<Normaliser, Vec<Diagnostic>> {
    let mut reader = Reader { conditions: Vec::new(), found: Vec::new(), limits };
    let mut normaliser = Normaliser::default();
    if source.text.len() > limits.max_rule_bytes as usize {
        reader.error(format!("the file has more than {} bytes", limits.max_rule_bytes), 0..0);
    } else {
        match DeTable::parse(&source.text) {
            Ok(document) => normaliser = reader.file(document.get_ref()),
            Err(error) => {
                let what = format!("the file is not valid TOML: {}", error.message());
                reader.error(what, error.span().unwrap_or_default());
            }
        }
    }
    if reader.found.is_empty() {
        return Ok(normaliser);
    }
    reader.found.truncate(limits.max_diagnostics as usize);
    for diagnostic in &mut reader.found {
        diagnostic.path.clone_from(&source.path);
        diagnostic.locate(&source.text);
    }
    Err(reader.found)
}

struct Reader<'a> {
    conditions: Vec<Condition>,
    found: Vec<Diagnostic>,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn error(&mut self, message: impl Into<String>, at: std::ops::Range<usize>) {
        self.found.push(Diagnostic::error(codes::NORMALISER, message, Span::new(at.start as u32, at.end as u32)));
    }

    fn wrong(&mut self, what: &str, wanted: &str, value: &Value<'_>) {
        self.error(format!("`{what}` is not {wanted}"), value.span());
    }

    /// Complains about keys that are not among `known`.
    fn keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table.iter() {
            if !known.contains(&key.get_ref().as_ref()) {
                let near = crate::nearest::nearest(key.get_ref(), known.iter().copied());
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                self.error(format!("`{}` is not known here{near}", key.get_ref()), key.span());
            }
        }
    }

    fn file(&mut self, table: &DeTable<'_>) -> Normaliser {
        self.keys(table, &KEYS);
        let mut normaliser = Normaliser {
            name: self.text(table, "name").unwrap_or_default(),
            title: self.text(table, "title").unwrap_or_default(),
            description: self.text(table, "description").unwrap_or_default(),
            references: self.texts(table, "references"),
            within: self.texts(table, "within"),
            record: self.text(table, "record"),
            unless: match table.contains_key("unless") {
                true => self.texts(table, "unless"),
                false => DEFAULT_UNLESS.map(str::to_owned).into(),
            },
            ..Normaliser::default()
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if normaliser.name.is_empty() || !normaliser.name.bytes().all(plain) {
            let at = table.get("name").map(|name| name.span()).unwrap_or_default();
            self.error("a normaliser has a `name` of lower-case letters, digits and hyphens", at);
        }
        for table in self.tables(table.get("recognise"), "recognise") {
            let condition = self.condition("", table);
            normaliser.recognise.push(condition);
        }
        if normaliser.recognise.iter().all(|condition| condition.tests.is_empty()) {
            self.error("a normaliser says in `recognise` which records it is for", 0..0);
        }
        if let Some(DeValue::Table(paths)) = table.get("paths").map(|value| value.get_ref()) {
            let names: Vec<&str> = paths.iter().map(|(name, _)| name.get_ref().as_ref()).collect();
            normaliser.paths = names.iter().map(|name| ((*name).to_owned(), self.texts(paths, name))).collect();
        }
        for (name, value) in self.entries(table, "when") {
            match value.get_ref() {
                DeValue::Table(table) => {
                    let condition = self.condition(name, table);
                    self.conditions.push(condition);
                }
                _ => self.wrong(name, "a table of paths and what they must be", value),
            }
        }
        for (to, value) in self.entries(table, "fields") {
            let ways = match value.get_ref() {
                DeValue::Table(_) | DeValue::Array(_) => {
                    self.tables(Some(value), to).into_iter().map(|table| self.way(to, table, value)).collect()
                }
                _ => {
                    self.wrong(to, "a table with `from` or `value`", value);
                    Vec::new()
                }
            };
            normaliser.fields.push(Field { to: to.to_owned(), ways });
        }
        let most = self.limits.max_normaliser_fields;
        if normaliser.fields.iter().map(|field| field.ways.len()).sum::<usize>() > most as usize {
            self.error(format!("the file has more than {most} ways to find fields"), 0..0);
        }
        normaliser.conditions = std::mem::take(&mut self.conditions);
        normaliser
    }

    fn condition(&mut self, name: &str, table: &DeTable<'_>) -> Condition {
        let mut tests = Vec::new();
        for (path, value) in table.iter() {
            let want = match value.get_ref() {
                DeValue::Boolean(true) => Want::Present,
                DeValue::Boolean(false) => Want::Missing,
                _ => Want::Text(self.constants(path.get_ref(), value).into_iter().map(|c| c.text).collect()),
            };
            tests.push((path.get_ref().clone().into_owned(), want));
        }
        Condition { name: name.to_owned(), tests }
    }

    fn way(&mut self, to: &str, table: &DeTable<'_>, whole: &Value<'_>) -> Way {
        self.keys(table, &WAY_KEYS);
        let mut way = Way { from: self.texts(table, "from"), join: self.text(table, "join"), ..Way::default() };
        for name in self.texts(table, "when") {
            match self.conditions.iter().position(|condition| condition.name == name) {
                Some(number) => way.when.push(number as u32),
                None => self.error(format!("there is no condition `{name}` in `when`"), whole.span()),
            }
        }
        if way.from.is_empty() != table.contains_key("value") {
            self.error(format!("`{to}` has `from` or `value`, and not both"), whole.span());
        }
        for key in ["value", "otherwise"] {
            if let Some(value) = table.get(key) {
                way.constants = self.constants(key, value);
            }
        }
        if let Some(value) = table.get("count") {
            match value.get_ref() {
                DeValue::Boolean(count) => way.count = *count,
                _ => self.wrong("count", "true or false", value),
            }
        }
        if let Some(steps) = table.get("steps") {
            match steps.get_ref() {
                DeValue::Array(array) => {
                    for step in array.iter() {
                        way.steps.extend(self.step(step));
                    }
                }
                _ => self.wrong("steps", "an array", steps),
            }
        }
        for (text, value) in self.entries(table, "map") {
            let constants = self.constants(text, value);
            way.map.push((text.to_owned(), constants));
        }
        way.map.sort_by(|a, b| a.0.cmp(&b.0));
        let wild = to.ends_with(".*");
        let plain = way.steps.is_empty() && way.map.is_empty() && way.join.is_none() && !way.count;
        if wild && !(plain && way.from.iter().all(|from| from == "*" || from.ends_with(".*"))) {
            self.error(format!("`{to}` takes paths that end in `.*` as they are"), whole.span());
        }
        way
    }

    fn step(&mut self, value: &Value<'_>) -> Option<Step> {
        let unknown = |reader: &mut Self, name: &str| {
            let names = PLAIN.iter().map(|(name, _)| *name).chain(WITH_TEXT.iter().map(|(name, _)| *name));
            let near = crate::nearest::nearest(name, names);
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            reader.error(format!("there is no step `{name}`{near}"), value.span());
        };
        match value.get_ref() {
            DeValue::String(name) => {
                let step = PLAIN.iter().find(|(known, _)| known == name);
                if step.is_none() {
                    unknown(self, name);
                }
                step.map(|(_, step)| step.clone())
            }
            DeValue::Table(table) => {
                let (key, argument) = table.iter().next()?;
                let name = key.get_ref().as_ref();
                if name == "drop" {
                    let constants = self.constants(name, argument);
                    return Some(Step::Drop(constants.into_iter().map(|constant| constant.text).collect()));
                }
                let DeValue::String(text) = argument.get_ref() else {
                    self.wrong(name, "a string", argument);
                    return None;
                };
                if name == "time" {
                    let unit = UNITS.iter().find(|(known, _)| known == text);
                    if unit.is_none() {
                        self.wrong(name, "one of auto, date, filetime, ms, ns, s, us", argument);
                    }
                    return unit.map(|(_, unit)| Step::Time(*unit));
                }
                let make = WITH_TEXT.iter().find(|(known, _)| *known == name);
                match make {
                    Some(_) if text.is_empty() => self.wrong(name, "a text with at least one character", argument),
                    Some((_, make)) => return Some(make(text.clone().into_owned())),
                    None => unknown(self, name),
                }
                None
            }
            _ => {
                self.wrong("steps", "an array of names and tables", value);
                None
            }
        }
    }

    /// A constant, or an array of them.
    fn constants(&mut self, what: &str, value: &Value<'_>) -> Vec<Constant> {
        let constant = |value: &Value<'_>| {
            let (text, kind) = match value.get_ref() {
                DeValue::String(text) => (text.clone().into_owned(), Kind::String),
                DeValue::Integer(number) => {
                    (i64::from_str_radix(number.as_str(), number.radix()).ok()?.to_string(), Kind::Number)
                }
                DeValue::Boolean(truth) => (truth.to_string(), Kind::Bool),
                _ => return None,
            };
            Some(Constant { text, kind })
        };
        let found: Option<Vec<Constant>> = match value.get_ref() {
            DeValue::Array(array) => array.iter().map(constant).collect(),
            _ => constant(value).map(|constant| vec![constant]),
        };
        found.unwrap_or_else(|| {
            self.wrong(what, "a string, an integer, a truth, or an array of these", value);
            Vec::new()
        })
    }

    fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<String> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.clone().into_owned()),
            _ => {
                self.wrong(key, "a string", value);
                None
            }
        }
    }

    /// A string or an array of them.
    fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Vec<String> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let constants = self.constants(key, value);
        if constants.iter().any(|constant| constant.kind != Kind::String) {
            self.wrong(key, "a string or an array of strings", value);
        }
        constants.into_iter().map(|constant| constant.text).collect()
    }

    /// A table or an array of them.
    fn tables<'t, 'i>(&mut self, value: Option<&'t Value<'i>>, what: &str) -> Vec<&'t DeTable<'i>> {
        let as_table = |value: &'t Value<'i>| match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        };
        let Some(value) = value else { return Vec::new() };
        let tables: Option<Vec<_>> = match value.get_ref() {
            DeValue::Array(array) => array.iter().map(as_table).collect(),
            _ => as_table(value).map(|table| vec![table]),
        };
        tables.unwrap_or_else(|| {
            self.wrong(what, "a table or an array of tables", value);
            Vec::new()
        })
    }

    /// The entries of the table under a key.
    fn entries<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Vec<(&'t str, &'t Value<'i>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Table(table) => table.iter().map(|(key, value)| (key.get_ref().as_ref(), value)).collect(),
            _ => {
                self.wrong(key, "a table", value);
                Vec::new()
            }
        }
    }
}
