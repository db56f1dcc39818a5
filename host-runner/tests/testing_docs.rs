//! docs/testing.md, followed as a newcomer does: its files are written, its commands run, and what they print is what it says.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::process::Output;

use common::{Folder, command};

/// A fenced block, and the file that the text before it names.
struct Block<'t> {
    language: &'t str,
    file: Option<&'t str>,
    body: String,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut inside, mut file) = (false, None);
    for line in page.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(language), false) => {
                blocks.push(Block { language, file, body: String::new() });
                (inside, file) = (true, None);
            }
            (Some(_), true) => inside = false,
            (None, true) => {
                let block = blocks.last_mut().unwrap();
                block.body.push_str(line);
                block.body.push('\n');
            }
            (None, false) if line.is_empty() => {}
            (None, false) => {
                // `rules/NAME` in a line that ends in a colon, or in the paragraph's last line.
                file = line
                    .split('`')
                    .find(|word| word.starts_with("rules/") && word.contains('.') && !word.contains(' '));
                file = file.filter(|_| line.ends_with(':'));
            }
        }
    }
    blocks
}

fn run(folder: &Folder, line: &str) -> Output {
    let args = line.strip_prefix("$ tripline ").unwrap().split(' ');
    command().args(args).args(["--engine", "native"]).current_dir(folder.path("")).output().unwrap()
}

#[test]
fn the_page_can_be_followed() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/testing.md")).unwrap();
    let folder = Folder::new();
    let (mut commands, mut written) = (0, 0);
    // Of the first rule, whose tests the page adds to.
    let (main, mut tests) = ("rules/unit.test.yaml", String::new());
    let blocks = blocks(&page);
    for block in &blocks {
        match (block.language, block.file) {
            ("console", _) => {
                for part in block.body.split("$ tripline ").skip(1) {
                    let (line, expected) = part.split_once('\n').unwrap();
                    let output = run(&folder, &format!("$ tripline {line}"));
                    let out = String::from_utf8(output.stdout).unwrap();
                    assert_eq!(out, expected, "{line}: {}", String::from_utf8_lossy(&output.stderr));
                    let fails = expected.contains('✗');
                    assert_eq!(output.status.code(), Some(i32::from(fails)), "{line}");
                    commands += 1;
                }
            }
            ("yaml", None) => {
                assert!(block.body.starts_with("  - name: "), "{}", block.body);
                tests.push('\n');
                tests.push_str(&block.body);
                folder.file(main, &tests);
                written += 1;
            }
            ("text", None) => {}
            (_, Some(file)) => {
                folder.file(file, &block.body);
                if file == main {
                    tests.clone_from(&block.body);
                }
                written += 1;
            }
            (language, None) => panic!("which file is this {language}? {}", block.body),
        }
    }
    assert_eq!((commands, written), (4, 13));
    // With the mend that the page tells, all is well.
    let rule = std::fs::read_to_string(folder.path("rules/unit.toml")).unwrap();
    folder.file("rules/unit.toml", &rule.replace("file.extension == ", "file.extension : "));
    let output = run(&folder, "$ tripline test rules");
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}");

    let typo = "rule: unit.toml\ntests:\n  - name: a\n    event: []\n";
    folder.file("rules/typo.test.yaml", typo);
    let output = run(&folder, "$ tripline test rules/typo.test.yaml");
    let told = blocks.iter().find(|block| block.language == "text").unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with(&told.body));
}
