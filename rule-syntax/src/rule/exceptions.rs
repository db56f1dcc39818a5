//! Exceptions: which events a rule does not mean.
//!
//! Source: "Create an exception list item", Elastic Security API,
//! <https://www.elastic.co/docs/api/doc/kibana/operation/operation-createexceptionlistitem>.

use serde::{Deserialize, Serialize};

/// A rule's mention of an exception list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionListRef {
    /// Kibana's own id of the list.
    #[serde(default)]
    pub id: String,
    /// The list's name to people and to export files, by which its items are found.
    pub list_id: String,
    /// Whether all spaces share it.
    #[serde(default)]
    pub namespace_type: Namespace,
    /// `detection`, `rule_default`, `endpoint`, …
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// Whether a list is one space's or all spaces'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Namespace {
    /// This space's.
    #[default]
    Single,
    /// Shared by all.
    Agnostic,
}

/// An item of an exception list: events for which all its entries hold are no alerts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExceptionItem {
    /// Its id, by which an export has it once.
    #[serde(default)]
    pub item_id: String,
    /// The list that it belongs to.
    #[serde(default)]
    pub list_id: String,
    /// Whether that list is one space's or all spaces'.
    #[serde(default)]
    pub namespace_type: Namespace,
    /// Shown to people.
    #[serde(default)]
    pub name: String,
    /// The operating systems whose events are meant, `linux`, `macos`, `windows`; all when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub os_types: Vec<String>,
    /// When it ends, an RFC 3339 date; never without one. Compared with the event's time, since the core has no clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_time: Option<String>,
    /// All must hold.
    pub entries: Vec<Entry>,
}

impl ExceptionItem {
    /// What it is called: its name, or else its id.
    pub fn shown(&self) -> &str {
        if self.name.is_empty() { &self.item_id } else { &self.name }
    }
}

/// A condition of an exception item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The field.
    pub field: String,
    /// `excluded` turns the test around. A nested entry has none.
    #[serde(default)]
    pub operator: ListOperator,
    /// What is asked of the field.
    #[serde(flatten)]
    pub test: EntryTest,
}

/// Whether the test must hold or must not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListOperator {
    /// It must.
    #[default]
    Included,
    /// It must not.
    Excluded,
}

/// What an entry asks of its field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EntryTest {
    /// Has this value.
    Match {
        /// The value.
        value: String,
    },
    /// Has one of these values.
    MatchAny {
        /// The values.
        value: Vec<String>,
    },
    /// Has a value at all.
    Exists,
    /// Has a value that this wildcard matches.
    Wildcard {
        /// The wildcard.
        value: String,
    },
    /// Has a value that a value list has.
    List {
        /// The list.
        list: ValueListRef,
    },
    /// One object of the nested field passes all of these.
    Nested {
        /// Their fields are below the entry's.
        entries: Vec<Entry>,
    },
}

/// A mention of a value list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueListRef {
    /// The list's id: Kibana names an imported list after its file.
    pub id: String,
    /// `keyword`, `ip`, `ip_range`, `text`.
    #[serde(rename = "type", default)]
    pub kind: String,
}
