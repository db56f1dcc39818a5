//! Patterns for the names of rules.

/// Whether a pattern, in which `*` is any text and `?` any character, is like all of a text.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Behind the last `*`, and where its text ends so far.
    let mut retry: Option<(usize, usize)> = None;
    let (mut p, mut t) = (0, 0);
    while t < text.len() {
        match (pattern.get(p), retry) {
            (Some('*'), _) => {
                retry = Some((p + 1, t));
                p += 1;
            }
            (Some(c), _) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            (_, Some((behind, end))) => {
                retry = Some((behind, end + 1));
                (p, t) = (behind, end + 1);
            }
            _ => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns() {
        for (pattern, text, is_like) in [
            ("", "", true),
            ("*", "", true),
            ("a", "", false),
            ("Suspicious *", "Suspicious Shell", true),
            ("Suspicious *", "suspicious Shell", false),
            ("*: L?nux", "OS: Linux", true),
            ("*: L?nux", "OS: Linuxes", false),
            ("*a*b", "xaxbxab", true),
            ("a*a", "a", false),
            ("é?*", "éé", true),
        ] {
            assert_eq!(glob(pattern, text), is_like, "{pattern:?} {text:?}");
        }
    }
}
