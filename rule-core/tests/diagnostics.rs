//! What authors of broken rules read. Each `diagnostics/NAME.eql` is compiled and its rendered diagnostics must be
//! `NAME.txt`; `UPDATE_EXPECT=1` rewrites the files.

use std::fs;
use std::path::Path;

use rule_core::{CompileOptions, Source, compile, render};

#[test]
fn broken_rules_read_well() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut checked = 0;
    let mut different = Vec::new();
    let mut paths: Vec<_> =
        fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "eql")) {
        let name = path.file_name().expect("a name").to_string_lossy();
        let source = Source { path: name.to_string(), text: fs::read_to_string(path).expect("a rule") };
        let (_, report) = compile(std::slice::from_ref(&source), &CompileOptions::default());
        let rendered: Vec<_> = report.diagnostics.iter().map(|d| render(d, &source.text, false)).collect();
        let rendered = rendered.iter().map(|text| format!("{}\n\n", text.trim_end())).collect::<String>();
        let expected_path = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected_path, &rendered).expect("a writable folder");
        }
        if fs::read_to_string(&expected_path).unwrap_or_default() != rendered {
            different.push(format!("--- {name}\n{rendered}"));
        }
        checked += 1;
    }
    assert!(checked > 10, "the cases were found");
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// A suggestion is a mend: applying it leaves one error fewer.
#[test]
fn suggestions_mend() {
    for (text, mended) in [
        ("any where x = 1", "any where x == 1"),
        ("any where lenght(x) > 1", "any where length(x) > 1"),
        ("any where x in (1, 2,)", "any where x in (1, 2)"),
        ("any where x == 'a'", "any where x == \"a\""),
        ("any where x == \"\\w\"", "any where x == \"\\\\w\""),
        ("any where ?proces.name == \"a\"", "any where ?process.name == \"a\""),
    ] {
        let report =
            |text: &str| compile(&[Source { path: "x".into(), text: text.into() }], &CompileOptions::default()).1;
        let before = report(text);
        let suggestion = before.diagnostics[0].suggestion.clone().expect(text);
        let mut fixed = text.to_owned();
        fixed.replace_range(suggestion.span.range(), &suggestion.replacement);
        assert_eq!(fixed, mended);
        assert!(report(&fixed).diagnostics.len() < before.diagnostics.len(), "{text}");
    }
}
