//! Indents JSON without reading it into values: numbers keep their digits and objects their order.

/// The same JSON with line breaks and two spaces a level.
pub fn indent(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            '"' => {
                in_string = true;
                out.push('"');
            }
            '{' | '[' => {
                out.push(character);
                while characters.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(close) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            other if other.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::indent;

    #[test]
    fn only_white_space_outside_strings_changes() {
        let json = r#"{"a":[1.10,{"b\"{,":"x: [\\"},[ ],{}],"c":1e400 }"#;
        let expected = "{\n  \"a\": [\n    1.10,\n    {\n      \"b\\\"{,\": \"x: [\\\\\"\n    },\n    [],\n    {}\n  ],\n  \"c\": 1e400\n}";
        assert_eq!(indent(json), expected);
        assert_eq!(indent(expected), expected);
    }
}
