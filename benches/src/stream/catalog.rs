//! What happens on hosts of one operating system: `templates/catalog/*.json`.

use serde::Deserialize;

use super::random::Random;

/// Programs, files and the like of one operating system. Texts have `{word}`, `{n}`, `{hex}` … in them, see [`expand`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// Name and id.
    pub users: Vec<(String, String)>,
    /// Working directories.
    pub folders: Vec<String>,
    /// What runs.
    pub programs: Vec<Program>,
    /// Paths of files that are written and removed.
    pub files: Vec<String>,
    /// Paths of libraries that are loaded.
    pub libraries: Vec<String>,
    /// Paths of registry values that are set.
    #[serde(default)]
    pub registry: Vec<String>,
    /// What detection rules look for.
    pub suspicious: Vec<Suspicious>,
}

/// A program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its executable.
    pub path: String,
    /// How often it is started, in relation to others.
    pub weight: u64,
    /// Names of what starts it.
    pub parents: Vec<String>,
    /// Who signed it.
    pub signer: Option<String>,
    /// Command lines.
    pub commands: Vec<String>,
}

/// An event that some rule matches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspicious {
    /// Of which kind it is.
    pub kind: super::Kind,
    /// The executable of its process.
    pub program: String,
    /// The process's command line.
    pub command: String,
    /// The name of the process's parent.
    pub parent: Option<String>,
    /// What is done to a file.
    pub action: Option<String>,
    /// The path of the file or registry value.
    pub path: Option<String>,
    /// Where a connection goes.
    pub ip: Option<String>,
    /// To which port.
    pub port: Option<u64>,
}

impl Catalog {
    /// Reads a catalogue.
    ///
    /// # Panics
    /// When it is malformed: it is part of the program.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).expect("the catalogue is well-formed")
    }

    /// A program, the common ones more often.
    pub fn program(&self, random: &mut Random) -> &Program {
        let mut at = random.below(self.programs.iter().map(|program| program.weight).sum());
        let chosen = self.programs.iter().find(|program| match at.checked_sub(program.weight) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        chosen.expect("weights add up")
    }
}

const WORDS: [&str; 48] = [
    "amber", "anchor", "basin", "beacon", "birch", "bridge", "canyon", "cedar", "cobalt", "comet", "copper", "delta",
    "ember", "falcon", "fjord", "flint", "garnet", "glacier", "harbor", "hazel", "indigo", "ivory", "jasper",
    "juniper", "kernel", "lagoon", "ledger", "linden", "lumen", "maple", "marble", "meadow", "metrics", "nimbus",
    "orchard", "otter", "pebble", "pillar", "quartz", "raven", "ridge", "saffron", "sparrow", "summit", "timber",
    "tundra", "willow", "zephyr",
];

/// Fills in `{word}` and its like: `{n}` is a number, `{b}` one from 2 to 250, `{hex}` eight digits, `{sha}` 64, `{ver}` a version.
pub fn expand(text: &str, user: &str, random: &mut Random) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(close) = rest.find('}') else { break };
        match &rest[1..close] {
            "word" => out += random.pick(&WORDS),
            "Word" => {
                let word = random.pick(&WORDS);
                out += &word[..1].to_uppercase();
                out += &word[1..];
            }
            "WORD" => out += &random.pick(&WORDS).to_uppercase(),
            "n" => out += &random.between(10, 9_999).to_string(),
            "b" => out += &random.between(2, 251).to_string(),
            "hex" => out += &random.hex(8),
            "HEX" => out += &random.hex(8).to_uppercase(),
            "sha" => out += &random.hex(64),
            "uuid" => out += &random.uuid(),
            "ver" => out += &format!("{}.{}.{}", random.between(1, 25), random.below(20), random.below(100)),
            "user" => out += user,
            // A brace of the text itself; what follows it may be a variable.
            _ => {
                out.push('{');
                rest = &rest[1..];
                continue;
            }
        }
        rest = &rest[close + 1..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_that_are_no_variable_stay() {
        let random = &mut Random::new(1);
        assert_eq!(expand("awk '{print $1}' /home/{user}/x{", "mira", random), "awk '{print $1}' /home/mira/x{");
        assert_eq!(expand("{{uuid}}", "", random).len(), 38);
    }
}
