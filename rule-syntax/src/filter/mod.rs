//! What takes events away from a rule, or leaves it only some: Kibana's filters and exceptions, read into clauses.

mod dsl;
mod exceptions;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::clause::Clause;

pub use exceptions::{ValueList, exception};

/// Kibana's filters, as rules and dashboards store them: all that are not disabled must hold, negated ones must not. The error says
/// in words what cannot be read.
///
/// Source: `packages/kbn-es-query/src/filters` and `…/es_query/from_filters.ts` in Kibana.
pub fn filters(filters: &[Value]) -> Result<Clause, String> {
    let mut clauses = Vec::new();
    for filter in filters {
        clauses.extend(self::filter(filter)?);
    }
    Ok(Clause::all(clauses))
}

fn filter(filter: &Value) -> Result<Option<Clause>, String> {
    let meta = &filter["meta"];
    if meta["disabled"] == true {
        return Ok(None);
    }
    let clause = match (meta["type"].as_str(), meta["params"].as_array(), filter.get("query")) {
        // Several filters joined by AND or OR; they are in the meta data.
        (Some("combined"), Some(params), _) => {
            let parts: Vec<_> = params.iter().map(self::filter).collect::<Result<_, _>>()?;
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            if meta["relation"] == "OR" { Clause::any(parts) } else { Clause::all(parts) }
        }
        (_, _, Some(query)) if !query.is_null() => dsl::clause(query)?,
        // In older exports the query stands beside the meta data.
        _ => {
            let members = filter.as_object().ok_or("a filter is not an object")?;
            let beside = members.iter().filter(|(key, _)| *key != "meta" && *key != "$state" && *key != "query");
            let mut query = serde_json::Map::new();
            for (key, value) in beside {
                query.insert(key.clone(), value.clone());
            }
            if query.is_empty() {
                return Err("a filter has no `query`".to_owned());
            }
            dsl::clause(&Value::Object(query))?
        }
    };
    Ok(Some(if meta["negate"] == true { clause.not() } else { clause }))
}
