//! Normaliser files: how the raw records of one source become events of the Elastic Common Schema.
//!
//! A file is a table in TOML. It says which records it is about, and for each field of an event where its value is found:
//!
//! ```toml
//! name = "example"                       # unique; what `--normalise` and configurations say
//! title = "Example sensor"               # what people call the source
//! description = "Process events of the example sensor."
//! references = ["https://example.com/"]  # where the mapping comes from
//! within = ["event"]                     # optional: the record may stand below these members, too
//! record = "example"                     # optional: where the record itself is to be found in the event
//! recognise = { kind = ["exec", "exit"], sensor_id = true }   # or several tables, of which one must hold
//! unless = ["event.category"]            # fields of which none may be there; the default is DEFAULT_UNLESS
//!
//! [paths]                                # names for paths of which the first that is not empty is taken
//! id = ["id", ".header.id"]
//!
//! [when]                                 # conditions that fields refer to by name
//! exec = { kind = ["exec"] }
//!
//! [fields]
//! "process.executable" = { from = "image", when = "exec" }
//! "process.name" = { from = ["name", "image"], steps = ["basename"] }
//! "event.category" = { from = "kind", map = { exec = "process", exit = "process" } }
//! "host.os.type" = { value = "linux" }
//! "user.name" = [{ from = "user", steps = [{ after = "\\" }] }, { from = "user" }]
//! ```
//!
//! The value of an entry is a *way* to find the field's values, or a list of ways; the first that gives a value is taken. A way has
//! either `value` (a constant or a list of them) or `from`: the paths of the record, of which the first that is not empty is
//! taken; with `join` the first value of each path, or all values of a single one, put together. Each value goes through `steps`
//! ([`Step`]), and then through `map`, which gives constants for texts, and `otherwise` for those that it does not have. `count = true`
//! makes the field the number of values.
//! `when` names a condition or several, of which one must hold.
//!
//! A condition is a table from paths to what they must be: `true` (there is a value), `false` (there is none), or texts of which
//! one must be there; a text may begin or end in `*`, or both.
//!
//! A path of the record is looked for below the members of `within`, too; with a dot before it, it is not. What is a name in
//! `paths` stands for those.
//!
//! A path and an entry may end in `.*`: all that is below one is found below the other; the path `*` is the whole record.
//!
//! An empty string, a null, an empty object or array are no value.

mod read;
mod step;

pub use read::read;
pub use step::{Step, Unit};

/// The fields of which an event of the Elastic Common Schema has one, unless a file says otherwise: `ecs.version` is in all that
/// Elastic's agents send, `event.category` is what rules ask for.
pub const DEFAULT_UNLESS: [&str; 2] = ["ecs.version", "event.category"];

/// What a normaliser file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Normaliser {
    /// Its unique name.
    pub name: String,
    /// What people call the source.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Where the mapping comes from.
    pub references: Vec<String>,
    /// Members below which the record may stand, without a dot at the end. Looked at before the record itself.
    pub within: Vec<String>,
    /// Where the record itself is in the event, as a dotted path; none: its members stay where they are.
    pub record: Option<String>,
    /// Names for paths, of which the first with a value is taken.
    pub paths: Vec<(String, Vec<String>)>,
    /// The record is one of these if one of the conditions holds.
    pub recognise: Vec<Condition>,
    /// The record is none of these if it has a value in one of these fields.
    pub unless: Vec<String>,
    /// What [`Way::when`] refers to.
    pub conditions: Vec<Condition>,
    /// The fields in the order of their names.
    pub fields: Vec<Field>,
}

/// What must be true of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Its name; empty for those of `recognise`.
    pub name: String,
    /// All of these must be.
    pub tests: Vec<(String, Want)>,
}

/// What a condition asks of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// There is a value.
    Present,
    /// There is none.
    Missing,
    /// One of these texts is there; with `*` at an end or both, one that has the rest there.
    Text(Vec<String>),
}

/// A field of the event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Its dotted name; with `.*` at its end, all fields below it.
    pub to: String,
    /// How its values are found; the first way that gives any is taken.
    pub ways: Vec<Way>,
}

/// A way to find the values of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// One of these of [`Normaliser::conditions`] must hold; none: always.
    pub when: Vec<u32>,
    /// The paths in the record.
    pub from: Vec<String>,
    /// What is put between the first values of several paths, or between all values of one.
    pub join: Option<String>,
    /// What becomes of each value, one step after the other.
    pub steps: Vec<Step>,
    /// Constants for texts, in the order of the texts. Empty without `map`.
    pub map: Vec<(String, Vec<Constant>)>,
    /// Constants for texts that the map does not have; the values, where there is no `from`.
    pub constants: Vec<Constant>,
    /// The value is the number of values.
    pub count: bool,
}

/// A value that the file gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// Its text, as JSON has it without quotes.
    pub text: String,
    /// Whether it is a string, a number or a truth.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    String,
    /// A number; its text is one in JSON.
    Number,
    /// `true` or `false`.
    Bool,
}
