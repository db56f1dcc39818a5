//! The style by example: each `goldens/NAME.eql`, formatted, must be `NAME.txt`. `UPDATE_EXPECT=1` rewrites those.

use std::fs;
use std::path::Path;

#[test]
fn examples_read_well() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/printing/goldens");
    let mut paths: Vec<_> =
        fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut checked = 0;
    let mut different = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "eql")) {
        let formatted = crate::format(&fs::read_to_string(path).expect("a query")) + "\n";
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected, &formatted).expect("a writable folder");
        }
        if fs::read_to_string(&expected).unwrap_or_default() != formatted {
            different.push(format!("--- {}\n{formatted}", path.display()));
        }
        checked += 1;
    }
    assert!(checked >= 12, "only {checked} examples");
    assert!(different.is_empty(), "{}", different.join("\n"));
}
