//! Explanations: what they say, and that they say what the engine does.
#![allow(clippy::unwrap_used)]

mod gates;
mod kuery;
mod properties;
mod sequences;
mod words;

use rule_core::explain::{Node, NodeKind};
use rule_core::{Diagnostic, ExplainOptions, Explanation, Source, explain};

/// Explains a bare query over events, with the defaults.
fn explained(query: &str, events: &str) -> Explanation {
    with(query, events, &ExplainOptions::default()).unwrap_or_else(|errors| panic!("{query}: {errors:#?}"))
}

fn with(query: &str, events: &str, options: &ExplainOptions) -> Result<Explanation, Vec<Diagnostic>> {
    explain(&Source { path: "rule.eql".into(), text: query.to_owned() }, events.as_bytes(), options)
}

fn mapped(query: &str, events: &str, properties: &str) -> Explanation {
    let mapping = format!(r#"{{"properties":{properties}}}"#);
    let mapping = Some(serde_json::from_str(&mapping).unwrap());
    let options = ExplainOptions { mapping, ..ExplainOptions::default() };
    with(query, events, &options).unwrap_or_else(|errors| panic!("{query}: {errors:#?}"))
}

/// Every node on a line: `*` for those that decide, the truth, the source, what was found, what is said about it.
fn shown(node: &Node) -> String {
    let mut out = String::new();
    show(node, 0, &mut out);
    out
}

fn show(node: &Node, depth: usize, out: &mut String) {
    let truth = match (node.truth, node.counts_as) {
        _ if node.kind == NodeKind::Value => "=".to_owned(),
        (Some(truth), _) => truth.to_string(),
        (None, Some(counts)) => format!("null/{counts}"),
        (None, None) => "undecided".to_owned(),
    };
    let decides = if node.decides { "*" } else { " " };
    let kind = serde_json::to_value(node.kind).unwrap();
    out.push_str(&format!("{}{decides}{} {truth} `{}`", "  ".repeat(depth), kind.as_str().unwrap(), node.text));
    for found in &node.fields {
        let mut values: Vec<String> = found.values.iter().map(ToString::to_string).collect();
        for at in &found.passing {
            values[*at as usize].push('!');
        }
        out.push_str(&format!(" {}=[{}]", found.field, values.join(" ")));
        if let Some(total) = found.total {
            out.push_str(&format!(" of {total}"));
        }
    }
    if let Some(value) = &node.value {
        out.push_str(&format!(" {value}"));
    }
    for note in &node.notes {
        out.push_str(&format!(" -- {note}"));
    }
    out.push('\n');
    for child in &node.children {
        show(child, depth + 1, out);
    }
}
