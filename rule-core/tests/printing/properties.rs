//! What holds for every query.

use proptest::prelude::*;
use rule_core::syntax::print;

use crate::sloppy::{self, Whims};
use crate::{format, tree, trees};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_as_it_was(query in trees::query()) {
        let text = print(&query);
        prop_assert_eq!(format!("{:?}", tree(&text)), format!("{:?}", query.without_spans()), "{}", text);
        prop_assert_eq!(format(&text), text);
    }

    #[test]
    fn formatting_changes_neither_meaning_nor_comments(query in trees::query(), seed in any::<u64>()) {
        let text = sloppy::write(&query, &mut Whims(seed));
        let formatted = format(&text);
        prop_assert_eq!(format!("{:?}", tree(&formatted)), format!("{:?}", query.without_spans()), "{}", text);
        for line in formatted.lines().filter(|line| !line.contains("/*")) {
            prop_assert_eq!(line.trim_end(), line, "{}", formatted);
        }
    }
}
