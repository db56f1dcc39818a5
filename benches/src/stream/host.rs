//! Hosts and the processes on them, which come and go, so that the events of one stream belong together.

use super::catalog::{Catalog, expand};
use super::random::Random;
use super::{Os, SourceKind};

/// Processes of a host that are remembered. The oldest makes room.
const REMEMBERED: usize = 48;

/// A host under one of the four sources.
#[derive(Clone, Debug)]
pub struct Host {
    /// What watches it.
    pub source: SourceKind,
    /// What runs on it.
    pub os: Os,
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The id of the agent.
    pub agent: String,
    /// Its address.
    pub ip: String,
    /// Its hardware address.
    pub mac: String,
    /// Whether its processes are in containers.
    pub containers: bool,
    /// Events so far.
    pub sequence: u64,
    /// What runs, oldest first.
    pub processes: Vec<Process>,
    random: Random,
}

/// A process.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// Its number.
    pub pid: u64,
    /// Its id in the form of the source.
    pub entity_id: String,
    /// Ids of its parent, that one's parent and so on.
    pub ancestry: Vec<String>,
    /// Name of the executable.
    pub name: String,
    /// Path of the executable.
    pub executable: String,
    /// Its command line.
    pub command_line: String,
    /// Who it belongs to: name and id.
    pub user: (String, String),
    /// Where it runs.
    pub folder: String,
    /// Who signed it.
    pub signer: Option<String>,
    /// MD5, SHA-1, SHA-256 of the executable, the same for all processes of it.
    pub hashes: [String; 3],
    /// When it started.
    pub started: i64,
}

impl Process {
    /// The command line cut at its blanks.
    pub fn args(&self) -> Vec<&str> {
        self.command_line.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect()
    }
}

impl Host {
    /// The host of this number.
    pub fn new(number: u64, source: SourceKind, os: Os, random: &mut Random) -> Self {
        let role = random.pick(&["web", "db", "build", "mail", "ws", "lap", "app", "gw"]);
        let id = match source {
            SourceKind::CrowdStrike => random.hex(32),
            SourceKind::SentinelOne => random.hex(24),
            _ => random.uuid(),
        };
        Host {
            source,
            os,
            name: format!("{role}-{number:02}.example.net"),
            id,
            agent: random.uuid(),
            ip: format!("10.{}.{}.{}", random.below(16), random.below(250), random.between(2, 251)),
            mac: format!("02-00-5e-{:02x}-{:02x}-{:02x}", random.below(256), random.below(256), random.below(256)),
            containers: os == Os::Linux && random.chance(250),
            sequence: random.between(1_000, 900_000),
            processes: Vec::new(),
            random: Random::new(random.bits()),
        }
    }

    /// A program starts: a process of it, under one that runs already where there is one.
    pub fn start(&mut self, catalog: &Catalog, now: i64) -> Process {
        let program = catalog.program(&mut self.random);
        let command = self.random.pick_ref(&program.commands).clone();
        let parent = self.random.pick_ref(&program.parents).clone();
        let path = program.path.clone();
        let signer = program.signer.clone();
        self.run(catalog, &path, &command, &parent, signer, now)
    }

    /// This program starts with this command line, under a process of this name.
    pub fn run(
        &mut self,
        catalog: &Catalog,
        path: &str,
        command: &str,
        parent: &str,
        signer: Option<String>,
        now: i64,
    ) -> Process {
        // Children are those of their parent's user, so that a tree hangs together.
        let known = self.processes.iter().rev().find(|process| process.name == parent).cloned();
        let parent = known.unwrap_or_else(|| {
            let folder = if self.os == Os::Windows { "C:\\Windows\\System32\\" } else { "/usr/bin/" };
            let parent = expand(parent, "", &mut self.random);
            let process = Process { command_line: format!("{folder}{parent}"), ..Process::default() };
            self.remember(catalog, Process { executable: format!("{folder}{parent}"), ..process }, None, now)
        });
        let user = parent.user.clone();
        let process = Process {
            executable: expand(path, &user.0, &mut self.random),
            command_line: expand(command, &user.0, &mut self.random),
            signer,
            ..Process::default()
        };
        self.remember(catalog, process, Some(&parent), now)
    }

    /// A process that ends, and is gone.
    pub fn end(&mut self) -> Option<Process> {
        let at = self.random.below(self.processes.len().max(1) as u64) as usize;
        (at < self.processes.len()).then(|| self.processes.remove(at))
    }

    /// A process that does something; the young ones do more.
    pub fn active(&mut self) -> Option<Process> {
        let count = self.processes.len() as u64;
        if count == 0 {
            return None;
        }
        let back = self.random.below(count).min(self.random.below(count));
        self.processes.get((count - 1 - back) as usize).cloned()
    }

    fn remember(&mut self, catalog: &Catalog, process: Process, parent: Option<&Process>, now: i64) -> Process {
        let pid = self.random.between(300, 60_000) & if self.os == Os::Windows { !3 } else { !0 };
        let user = parent.map_or_else(|| self.random.pick_ref(&catalog.users).clone(), |parent| parent.user.clone());
        let mut ancestry: Vec<String> = Vec::new();
        if let Some(parent) = parent {
            ancestry.push(parent.entity_id.clone());
            ancestry.extend(parent.ancestry.iter().take(4).cloned());
        }
        // A file has one hash on all hosts.
        let of_file = process.executable.bytes().fold(7, |hash: u64, byte| hash.wrapping_mul(31) + u64::from(byte));
        let mut hash = Random::new(of_file);
        let process = Process {
            pid,
            entity_id: self.entity_id(pid, now),
            ancestry,
            name: process.executable.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
            folder: expand(self.random.pick_ref::<String>(&catalog.folders), &user.0, &mut self.random),
            user,
            hashes: [hash.hex(32), hash.hex(40), hash.hex(64)],
            started: now,
            ..process
        };
        if self.processes.len() == REMEMBERED {
            self.processes.remove(0);
        }
        self.processes.push(process.clone());
        process
    }

    fn entity_id(&mut self, pid: u64, now: i64) -> String {
        match self.source {
            SourceKind::ElasticDefend => base64(&format!("{}-{pid}-{}", self.agent, now / 1000)),
            SourceKind::Endgame => self.random.uuid(),
            SourceKind::CrowdStrike => self.random.between(1 << 56, 1 << 60).to_string(),
            SourceKind::SentinelOne => self.random.hex(16).to_uppercase(),
        }
    }
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let used = digit <= chunk.len();
            out.push(if used { char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_pads() {
        assert_eq!(["Man", "Ma", "M"].map(super::base64), ["TWFu", "TWE=", "TQ=="]);
    }
}
