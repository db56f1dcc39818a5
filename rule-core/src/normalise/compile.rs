//! From normaliser files and the fields that are read to slots and rules.

use std::collections::HashMap;

use rule_syntax::normaliser::{self, Normaliser, Want};

use super::{Asked, Compiled, Files, Normalisers, Part, Rule, Test, Way};
use crate::diagnostic::{Diagnostic, Span, codes};
use crate::{Limits, Source};

/// The name under which a file says what index its events would be in.
const INDEX: &str = "_index";

impl Files {
    /// Reads normaliser files, which are asked in this order whether a record is theirs. `only` is the name of the one that is used
    /// for every record; without it a record is recognised. Files with errors are left out; of two with one name the first is taken, so
    /// that people replace one by giving theirs before it.
    pub fn read(sources: &[Source], only: Option<&str>, limits: &Limits) -> (Files, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let mut files: Vec<Normaliser> = Vec::new();
        for source in sources {
            match normaliser::read(source, limits) {
                Ok(file) => match files.iter().position(|other| other.name == file.name) {
                    Some(_) => {}
                    None if files.len() < limits.max_normalisers as usize => files.push(file),
                    None => {
                        let message = format!("more than {} normalisers", limits.max_normalisers);
                        let error = Diagnostic::error(codes::TOO_LARGE, message, Span::default());
                        found.push(Diagnostic { path: source.path.clone(), ..error });
                    }
                },
                Err(errors) => found.extend(errors),
            }
        }
        let number = only.and_then(|name| files.iter().position(|file| file.name == name));
        if let (Some(name), None) = (only, number) {
            let message = format!("there is no normaliser `{name}`");
            let near = crate::nearest::nearest(name, files.iter().map(|file| file.name.as_str()));
            let mut error = Diagnostic::error(codes::NORMALISER, message, Span::default());
            error.labels.clear();
            if let Some(near) = near {
                error = error.help(format!("did you mean `{near}`?"));
            }
            found.push(error);
            files.clear();
        }
        (Files { files: files.into(), only: number }, found)
    }

    /// Compiles the files for the fields that are slots 0 to n - 1. Also gives the paths of all slots.
    pub fn compile<'a>(&self, fields: impl Iterator<Item = &'a str>) -> (Normalisers, Vec<String>) {
        let mut slots = SlotNumbers::default();
        for field in fields {
            slots.fields.entry(field.to_owned()).or_default().push(slots.paths.len() as u32);
            slots.paths.push(field.to_owned());
        }
        let mut wanted: Vec<(String, Vec<u32>)> =
            slots.fields.iter().map(|(path, to)| (path.clone(), to.clone())).collect();
        wanted.sort();
        let chosen = self.files.iter().enumerate().filter(|(number, _)| self.only.is_none_or(|only| only == *number));
        let list = chosen.map(|(_, file)| compile(file, &wanted, &mut slots)).collect();
        (Normalisers { list, recognises: self.only.is_none() }, slots.paths)
    }
}

/// The numbers of slots by what they hold.
#[derive(Default)]
struct SlotNumbers {
    paths: Vec<String>,
    fields: HashMap<String, Vec<u32>>,
}

impl SlotNumbers {
    /// The slot of a path, which is new if there was none. A field's own slot serves as well.
    fn of(&mut self, path: String) -> u32 {
        let new = self.paths.len() as u32;
        let slots = self.fields.entry(path.clone()).or_insert_with(|| vec![new]);
        if slots[0] == new {
            self.paths.push(path);
        }
        slots[0]
    }
}

fn compile(file: &Normaliser, wanted: &[(String, Vec<u32>)], slots: &mut SlotNumbers) -> Compiled {
    let mut compiled = Compiled {
        name: file.name.clone(),
        unless: file.unless.iter().map(|path| slots.of(path.clone())).collect(),
        moves: file.record.is_some(),
        ..Compiled::default()
    };
    let record = |path: &str, slots: &mut SlotNumbers| {
        let paths = match file.paths.iter().find(|(name, _)| name == path) {
            Some((_, paths)) => paths.iter().flat_map(|path| places(file, path)).collect(),
            None => places(file, path),
        };
        paths.into_iter().map(|path| slots.of(path)).collect::<Vec<u32>>()
    };
    let tests = |condition: &normaliser::Condition, slots: &mut SlotNumbers| {
        let test = |(path, want): &(String, Want)| Test { slots: record(path, slots), want: asked(want) };
        condition.tests.iter().map(test).collect::<Vec<Test>>()
    };
    compiled.recognise = file.recognise.iter().map(|condition| tests(condition, slots)).collect();
    for (path, to) in wanted {
        let ways = ways(file, path, &mut |path| record(path, slots));
        if !ways.is_empty() {
            compiled.rules.push(Rule { to: to.clone(), ways });
        }
    }
    let ways = ways(file, INDEX, &mut |path| record(path, slots));
    compiled.index = Some(Rule { to: Vec::new(), ways }).filter(|rule| !rule.ways.is_empty());
    // Conditions that no rule asks about read nothing.
    let all_ways = || compiled.rules.iter().chain(&compiled.index).flat_map(|rule| &rule.ways);
    let is_needed = |number: usize| all_ways().any(|way| way.when.contains(&(number as u32)));
    let conditions = file.conditions.iter().enumerate();
    let conditions = conditions.map(|(number, condition)| match is_needed(number) {
        true => tests(condition, slots),
        false => Vec::new(),
    });
    compiled.conditions = conditions.collect();
    compiled
}

/// Where a path of the record may be.
fn places(file: &Normaliser, path: &str) -> Vec<String> {
    if let Some(path) = path.strip_prefix('.') {
        return vec![path.to_owned()];
    }
    let within = file.within.iter().map(|within| format!("{within}.{path}"));
    within.chain([path.to_owned()]).collect()
}

fn asked(want: &Want) -> Asked {
    match want {
        Want::Present => Asked::Present,
        Want::Missing => Asked::Missing,
        Want::Text(texts) => {
            let (mut whole, mut parts) = (Vec::new(), Vec::new());
            for text in texts {
                let (before, behind) = (text.starts_with('*'), text.ends_with('*'));
                match before || behind {
                    true => parts.push(Part { text: text.trim_matches('*').to_owned(), before, behind }),
                    false => whole.push(text.clone()),
                }
            }
            whole.sort();
            Asked::Text(whole, parts)
        }
    }
}

/// The ways to find a field, from the entry of its name, or else one for all fields below a name, or else from where the record itself is.
fn ways(file: &Normaliser, field: &str, record: &mut dyn FnMut(&str) -> Vec<u32>) -> Vec<Way> {
    if let Ok(at) = file.fields.binary_search_by(|known| known.to.as_str().cmp(field)) {
        return file.fields[at].ways.iter().map(|way| compile_way(way, record)).collect();
    }
    let below = |to: &str| Some(field.strip_prefix(to.strip_suffix('*')?)?.to_owned());
    let wild = file.fields.iter().find_map(|known| Some((below(&known.to)?, &known.ways)));
    if let Some((rest, ways)) = wild {
        let way = |way: &normaliser::Way| {
            let from = way.from.iter().map(|from| format!("{}{rest}", from.trim_end_matches('*'))).collect();
            compile_way(&normaliser::Way { from, ..way.clone() }, record)
        };
        return ways.iter().map(way).collect();
    }
    let own = file.record.as_ref().and_then(|name| field.strip_prefix(name.as_str())?.strip_prefix('.'));
    own.map(|path| Way { parts: vec![record(path)], ..Way::default() }).into_iter().collect()
}

fn compile_way(way: &normaliser::Way, record: &mut dyn FnMut(&str) -> Vec<u32>) -> Way {
    let mut parts: Vec<Vec<u32>> = way.from.iter().map(|path| record(path)).collect();
    if way.join.is_none() && parts.len() > 1 {
        parts = vec![parts.concat()];
    }
    Way {
        when: way.when.clone(),
        parts,
        join: way.join.clone(),
        steps: way.steps.clone(),
        map: way.map.clone(),
        constants: way.constants.clone(),
        count: way.count,
    }
}
