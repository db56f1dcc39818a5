use proptest::prelude::*;

use super::parse;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(
        text in prop_oneof![any::<String>(), "[a-c:(){}\\[\\]*?\"/\\\\ +!<>=^~-]{0,16}( (AND|OR|NOT|TO) [a-c:]{0,4}){0,3}"],
    ) {
        let mut errors = Vec::new();
        let parsed = parse(&text, 16, &mut errors);
        prop_assert_eq!(parsed.is_none(), !errors.is_empty());
        for error in errors {
            prop_assert!(text.get(error.labels[0].span.range()).is_some());
        }
    }
}
