//! Examples on a page of Markdown.

use serde_json::Value;

/// An example and where it stands.
#[derive(Debug)]
pub struct Example {
    /// 1-based line.
    pub line: usize,
    /// What it shows.
    pub kind: Kind,
}

/// The kinds of example, as `docs/language.md` lists them.
#[derive(Debug)]
pub enum Kind {
    /// A query with what becomes of it.
    Query(Query),
    /// Conditions, each asked of the same events.
    Conditions {
        /// JSON.
        events: Vec<String>,
        /// The condition and whether it holds for each event.
        rows: Vec<(String, Vec<bool>)>,
    },
    /// Expressions without fields and their values, which are JSON or `error[code]`.
    Expressions(Vec<(String, String)>),
    /// Queries and the error that each gets.
    Errors(Vec<(String, String)>),
}

/// A fenced query and what follows it.
#[derive(Debug, Default)]
pub struct Query {
    /// The text.
    pub text: String,
    /// What stands behind `eql` on the fence: `size=2`, `stream`.
    pub settings: Vec<(String, String)>,
    /// From a fence `json mapping`.
    pub mapping: Option<Value>,
    /// From a fence `text`: `level[code]: message`, one a line.
    pub diagnostics: Vec<String>,
    /// Events and whether they match.
    pub events: Vec<(String, bool)>,
    /// Events with ids and times.
    pub timeline: Vec<Row>,
    /// What a search finds, or none where the page does not say.
    pub finds: Option<Vec<String>>,
}

/// An event of a timeline.
#[derive(Debug, Default)]
pub struct Row {
    /// Its id; `end` where a stream ends.
    pub id: String,
    /// `10:00:00.5`, or empty.
    pub time: String,
    /// The event category, or empty.
    pub category: String,
    /// JSON.
    pub event: String,
    /// What it decides on a stream.
    pub decides: Vec<String>,
    /// Whether it comes too late.
    pub late: bool,
}

impl Example {
    /// The kind, for counts.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Query(query) if query.setting("stream").is_some() => "streams",
            Kind::Query(query) if !query.timeline.is_empty() => "searches",
            Kind::Query(query) if !query.events.is_empty() => "queries over events",
            Kind::Query(_) => "queries with diagnostics",
            Kind::Conditions { .. } => "conditions",
            Kind::Expressions(_) => "expressions",
            Kind::Errors(_) => "errors",
        }
    }

    /// How many examples it is.
    pub fn len(&self) -> usize {
        match &self.kind {
            Kind::Query(_) => 1,
            Kind::Conditions { rows, .. } => rows.len(),
            Kind::Expressions(rows) | Kind::Errors(rows) => rows.len(),
        }
    }
}

impl Query {
    /// The value of a setting.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn is_proven(&self) -> bool {
        let says_what = self.finds.is_some() || self.setting("stream").is_some() && !self.timeline.is_empty();
        !self.diagnostics.is_empty() || !self.events.is_empty() || says_what
    }
}

/// All examples of the page, or the line and what is wrong there.
pub fn examples(text: &str) -> Result<Vec<Example>, String> {
    let mut examples: Vec<Example> = Vec::new();
    // The query that what follows belongs to.
    let mut open: Option<(usize, Query)> = None;
    let mut lines = text.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let number = at + 1;
        let fail = |what: &str| Err(format!("{number}: {what}"));
        if let Some(info) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            let body = body.join("\n");
            let mut words = info.split_whitespace();
            match (words.next(), words.clone().next(), &mut open) {
                (Some("eql"), ..) => {
                    close(&mut open, &mut examples)?;
                    let setting = |word: &str| match word.split_once('=') {
                        Some((key, value)) => (key.to_owned(), value.to_owned()),
                        None => (word.to_owned(), String::new()),
                    };
                    let settings = words.map(setting).collect();
                    open = Some((number, Query { text: body, settings, ..Query::default() }));
                }
                (Some("json"), Some("mapping"), Some((_, query))) => {
                    query.mapping = Some(serde_json::from_str(&body).map_err(|e| format!("{number}: {e}"))?);
                }
                (Some("text"), _, Some((_, query))) if body.starts_with("error[") || body.starts_with("warning[") => {
                    query.diagnostics = body.lines().map(str::to_owned).collect();
                }
                (Some("json"), Some("mapping"), None) => return fail("a mapping without a query"),
                _ => {}
            }
            continue;
        }
        if let (Some(finds), Some((_, query))) = (line.strip_prefix("Finds "), &mut open) {
            query.finds = Some(spans(finds));
            close(&mut open, &mut examples)?;
            continue;
        }
        if !line.starts_with('|') {
            continue;
        }
        let head = cells(line);
        let mut rows = Vec::new();
        while let Some((_, row)) = lines.next_if(|(_, line)| line.starts_with('|')) {
            let row = cells(row);
            if row.len() != head.len() {
                return fail("a row of the table has another number of cells than its head");
            }
            rows.push(row);
        }
        // The line of dashes.
        rows.remove(0);
        let names: Vec<&str> = head.iter().map(String::as_str).collect();
        let kind = match (names.as_slice(), &mut open) {
            (["event", "matches"], Some((_, query))) => {
                query.events =
                    rows.iter().map(|row| Ok((code(&row[0]), yes(&row[1])?))).collect::<Result<_, String>>()?;
                close(&mut open, &mut examples)?;
                continue;
            }
            (["id", ..], Some((_, query))) => {
                query.timeline = rows.iter().map(|row| timeline_row(&names, row)).collect();
                continue;
            }
            (["event", "matches"] | ["id", ..], None) => return fail("events without a query"),
            (["condition", events @ ..], _) => Kind::Conditions {
                events: events.iter().map(|event| code(event)).collect(),
                rows: rows
                    .iter()
                    .map(|row| {
                        let truths: Result<Vec<bool>, String> = row[1..].iter().map(|cell| yes(cell)).collect();
                        Ok((code(&row[0]), truths.map_err(|e| format!("{number}: {e}"))?))
                    })
                    .collect::<Result<_, String>>()?,
            },
            (["expression", "value"], _) => Kind::Expressions(pairs(&rows)),
            (["query", "diagnostic"], _) => Kind::Errors(pairs(&rows)),
            _ => continue,
        };
        examples.push(Example { line: number, kind });
    }
    close(&mut open, &mut examples)?;
    Ok(examples)
}

/// Ends what belongs to a query.
fn close(open: &mut Option<(usize, Query)>, examples: &mut Vec<Example>) -> Result<(), String> {
    let Some((line, query)) = open.take() else { return Ok(()) };
    if !query.is_proven() {
        return Err(format!("{line}: the page does not say what becomes of this query"));
    }
    examples.push(Example { line, kind: Kind::Query(query) });
    Ok(())
}

fn timeline_row(head: &[&str], cells: &[String]) -> Row {
    let cell = |name: &str| head.iter().position(|h| *h == name).map_or("", |at| cells[at].as_str());
    let decides = cell("decides");
    Row {
        id: cell("id").to_owned(),
        time: cell("time").to_owned(),
        category: cell("category").to_owned(),
        event: if cell("event").is_empty() { "{}".to_owned() } else { code(cell("event")) },
        decides: spans(decides),
        late: decides.contains("late"),
    }
}

fn pairs(rows: &[Vec<String>]) -> Vec<(String, String)> {
    rows.iter().map(|row| (code(&row[0]), code(&row[1]))).collect()
}

fn yes(cell: &str) -> Result<bool, String> {
    match cell {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(format!("{other:?} is neither yes nor no")),
    }
}

/// The cells of a row. A bar in a cell is written `\|`.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut chars = row.trim().trim_start_matches('|').trim_end().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'|') => {
                chars.next();
                cells.last_mut().expect("a cell").push('|');
            }
            '|' => cells.push(String::new()),
            c => cells.last_mut().expect("a cell").push(c),
        }
    }
    cells.pop();
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// What a cell that is one code span says; any other cell as it is.
fn code(cell: &str) -> String {
    match spans(cell).as_slice() {
        [one] => one.clone(),
        _ => cell.to_owned(),
    }
}

/// The code spans of a text, without their backquotes and blanks around.
fn spans(text: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let fence = rest[start..].bytes().take_while(|b| *b == b'`').count();
        let body = &rest[start + fence..];
        // The end is a run of as many backquotes, no more.
        let mut from = 0;
        let end = loop {
            let Some(at) = body[from..].find('`').map(|at| from + at) else { return spans };
            let run = body[at..].bytes().take_while(|b| *b == b'`').count();
            if run == fence {
                break at;
            }
            from = at + run;
        };
        spans.push(body[..end].trim().to_owned());
        rest = &body[end + fence..];
    }
    spans
}

/// The targets of the page's links.
pub fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for piece in text.split("](").skip(1) {
        if let Some((target, _)) = piece.split_once(')') {
            links.push(target.to_owned());
        }
    }
    links
}

/// The anchors of the page's headings, as GitHub makes them.
pub fn anchors(text: &str) -> Vec<String> {
    let heading = |line: &&str| line.starts_with('#');
    let anchor = |line: &str| -> String {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        title
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    text.lines().filter(heading).map(anchor).collect()
}
