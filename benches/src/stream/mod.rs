//! Streams of events as the four sources send them, made from templates and a seed: the same seed gives the same bytes.
//!
//! Hosts run Linux, Windows and macOS. On each there is a tree of processes that start, write files, connect, load libraries,
//! set registry values and end, so that sequences find events of one process. About one event in 500 is of a form that some
//! detection rule looks for.
//!
//! ```
//! use tripline_benches::stream::{Options, Stream};
//!
//! let mut stream = Stream::new(&Options::default());
//! let event: serde_json::Value = serde_json::from_str(&stream.event()).unwrap();
//! assert!(event["@timestamp"].is_string());
//! ```

mod catalog;
mod event;
mod host;
mod random;
mod template;

use std::collections::HashMap;

use catalog::{Catalog, Suspicious, expand};
use event::Happening;
use host::{Host, Process};
pub use random::Random;
use template::Template;

/// What makes a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the random numbers begin.
    pub seed: u64,
    /// One event in so many is of a form that a rule looks for.
    pub suspicious_one_in: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { seed: 1, suspicious_one_in: 500 }
    }
}

/// Who sends an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// `logs-endpoint.events.*`
    ElasticDefend,
    /// `endgame-*`
    Endgame,
    /// `logs-crowdstrike.fdr*`
    CrowdStrike,
    /// `logs-sentinel_one_cloud_funnel.*`
    SentinelOne,
}

/// An operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Os {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
    /// macOS.
    MacOs,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A process.
    Process,
    /// A file.
    File,
    /// A connection or a name look-up.
    Network,
    /// A registry value.
    Registry,
    /// A library.
    Library,
}

/// Of a hundred hosts.
const SOURCES: [(SourceKind, u64); 4] = [
    (SourceKind::ElasticDefend, 55),
    (SourceKind::CrowdStrike, 20),
    (SourceKind::SentinelOne, 17),
    (SourceKind::Endgame, 8),
];
const SYSTEMS: [(Os, u64); 3] = [(Os::Linux, 48), (Os::Windows, 42), (Os::MacOs, 10)];
/// Of a hundred events.
const KINDS: [(Kind, u64); 3] = [(Kind::Process, 48), (Kind::File, 32), (Kind::Network, 20)];
const KINDS_OF_WINDOWS: [(Kind, u64); 5] =
    [(Kind::Process, 24), (Kind::File, 24), (Kind::Network, 18), (Kind::Registry, 20), (Kind::Library, 14)];
const HOSTS: u64 = 40;

/// 24 November 2026, nine in the morning.
const START: i64 = 1_795_510_800_000;

/// An endless stream of events.
#[derive(Debug)]
pub struct Stream {
    random: Random,
    suspicious_one_in: u64,
    now: i64,
    hosts: Vec<Host>,
    catalogs: [Catalog; 3],
    templates: HashMap<(SourceKind, Kind), Template>,
}

impl Stream {
    /// Starts a stream.
    pub fn new(options: &Options) -> Self {
        let mut random = Random::new(options.seed);
        // Not by chance: every stream has the same share of each source and system.
        let hosts = (0..HOSTS)
            .map(|number| {
                let source = share(&SOURCES, number * 37 % HOSTS, HOSTS);
                let os = share(&SYSTEMS, number * 13 % HOSTS, HOSTS);
                Host::new(number, source, os, &mut random)
            })
            .collect();
        Stream {
            random,
            suspicious_one_in: options.suspicious_one_in.max(1),
            now: START,
            hosts,
            catalogs: [
                Catalog::parse(include_str!("../../templates/catalog/linux.json")),
                Catalog::parse(include_str!("../../templates/catalog/windows.json")),
                Catalog::parse(include_str!("../../templates/catalog/macos.json")),
            ],
            templates: templates(),
        }
    }

    /// The next event, on one line without its end.
    pub fn event(&mut self) -> String {
        let Stream { random, hosts, now, .. } = self;
        *now += 1 + random.below(15) as i64 + if random.chance(10) { random.below(2_000) as i64 } else { 0 };
        let number = random.below(hosts.len() as u64) as usize;
        let host = &mut hosts[number];
        let catalog = &self.catalogs[host.os as usize];
        let kinds = if host.os == Os::Windows { &KINDS_OF_WINDOWS[..] } else { &KINDS[..] };
        let kind = share(kinds, random.below(100), 100);
        let suspicious = random.below(self.suspicious_one_in) == 0;
        let (kind, process, happening) = if suspicious {
            let form = random.pick_ref(&catalog.suspicious);
            let (process, happening) = act(form, host, catalog, *now, random);
            (form.kind, process, happening)
        } else {
            let (process, happening) = live(kind, host, catalog, *now, random);
            (kind, process, happening)
        };
        let values = event::values(kind, host, &process, &happening, *now, random);
        let mut out = String::with_capacity(4096);
        self.templates[&(host.source, kind)].render(&values, &mut out);
        out
    }

    /// The next events, each with the end of its line.
    pub fn lines(&mut self, events: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(events * 2500);
        for _ in 0..events {
            out.extend_from_slice(self.event().as_bytes());
            out.push(b'\n');
        }
        out
    }
}

/// An event of everyday life.
fn live(kind: Kind, host: &mut Host, catalog: &Catalog, now: i64, random: &mut Random) -> (Process, Happening) {
    let none = Happening::default();
    if kind == Kind::Process {
        // Slightly more start than end: those that do not end are forgotten in time.
        if random.chance(550) {
            return (host.start(catalog, now), Happening { what: "start", ..none });
        }
        if let Some(process) = host.end() {
            return (process, Happening { what: "end", ..none });
        }
    }
    let process = host.active().unwrap_or_else(|| host.start(catalog, now));
    let mut path = |paths: &[String]| {
        let path = random.pick_ref(paths);
        expand(path, &process.user.0, random)
    };
    let happening = match kind {
        Kind::Process => Happening { what: "start", ..none },
        Kind::File => {
            let path = path(&catalog.files);
            let what = random.pick(&["creation", "creation", "change", "change", "change", "deletion", "deletion"]);
            Happening { what, path, ..none }
        }
        Kind::Registry => Happening { what: "change", path: path(&catalog.registry), ..none },
        Kind::Library => Happening { what: "start", path: path(&catalog.libraries), ..none },
        Kind::Network if host.os == Os::Windows && random.chance(350) => {
            Happening { what: "protocol", path: expand("{word}-{word}", "", random), ..none }
        }
        Kind::Network => {
            let net = random.pick(&["10.0", "10.3", "172.20", "198.51", "203.0"]);
            let ip = format!("{net}.{}.{}", random.below(250), random.between(2, 251));
            let port = random.pick(&[443, 443, 443, 80, 53, 5432, 8080, 9200, 6443, 22]);
            Happening { what: "start", remote: Some((ip, port)), ..none }
        }
    };
    (process, happening)
}

/// An event that some rule looks for.
fn act(form: &Suspicious, host: &mut Host, catalog: &Catalog, now: i64, random: &mut Random) -> (Process, Happening) {
    let parent = form.parent.as_deref().unwrap_or(if host.os == Os::Windows { "cmd.exe" } else { "bash" });
    let process = host.run(catalog, &form.program, &form.command, parent, None, now);
    let what = match form.action.as_deref() {
        Some("creation") => "creation",
        Some("deletion") => "deletion",
        Some(_) => "change",
        None if form.kind == Kind::Registry => "change",
        None => "start",
    };
    let path = form.path.as_deref().map(|path| expand(path, &process.user.0, random)).unwrap_or_default();
    let remote = form.ip.clone().zip(form.port);
    (process, Happening { what, path, remote })
}

/// The one in whose part of the whole the number lies.
fn share<T: Copy>(parts: &[(T, u64)], number: u64, of: u64) -> T {
    let mut end = 0;
    let place = number * 100;
    let found = parts.iter().find(|(_, part)| {
        end += part * of;
        place < end
    });
    found.unwrap_or(&parts[0]).0
}

fn templates() -> HashMap<(SourceKind, Kind), Template> {
    let files = [
        (SourceKind::ElasticDefend, include_str!("../../templates/sources/elastic_defend.json")),
        (SourceKind::Endgame, include_str!("../../templates/sources/endgame.json")),
        (SourceKind::CrowdStrike, include_str!("../../templates/sources/crowdstrike.json")),
        (SourceKind::SentinelOne, include_str!("../../templates/sources/sentinel_one.json")),
    ];
    let mut all = HashMap::new();
    for (source, text) in files {
        let kinds: HashMap<Kind, Template> = serde_json::from_str(text).expect("the templates are well-formed");
        all.extend(kinds.into_iter().map(|(kind, template)| ((source, kind), template)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: usize = 4_000;

    fn stream(seed: u64) -> Vec<u8> {
        Stream::new(&Options { seed, ..Options::default() }).lines(EVENTS)
    }

    #[test]
    fn a_seed_gives_the_same_bytes_and_another_others() {
        assert_eq!(stream(7), stream(7));
        assert_ne!(stream(7), stream(8));
    }

    #[test]
    fn events_are_as_large_and_as_mixed_as_real_ones() {
        let bytes = stream(1);
        let mut sizes = Vec::new();
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut entities: HashMap<String, usize> = HashMap::new();
        let mut before = String::new();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let event: serde_json::Value = serde_json::from_slice(line).expect("JSON");
            sizes.push(line.len());
            let text =
                |value: &serde_json::Value| value.as_str().or(value[0].as_str()).map(str::to_owned).unwrap_or_default();
            *counts.entry(text(&event["event"]["category"])).or_default() += 1;
            *counts.entry(text(&event["host"]["os"]["type"])).or_default() += 1;
            *counts
                .entry(text(&event["event"]["dataset"]).split('.').next().unwrap_or_default().into())
                .or_default() += 1;
            *entities.entry(text(&event["process"]["entity_id"])).or_default() += 1;
            let time: String = text(&event["@timestamp"]).chars().take(23).collect();
            assert!(before <= time, "{before} {time}");
            before = time;
        }
        sizes.sort_unstable();
        let at = |percent: usize| sizes[sizes.len() * percent / 100];
        println!("{} {:?} {counts:?}", sizes.len(), [0, 5, 25, 50, 75, 95, 99].map(at));
        assert!(sizes[0] >= 1_000 && sizes[EVENTS - 1] <= 8 * 1024, "{} {}", sizes[0], sizes[EVENTS - 1]);
        assert!((1_700..2_450).contains(&at(50)), "median {}", at(50));
        for (what, least, most) in [
            ("process", 30, 45),
            ("file", 22, 36),
            ("network", 14, 24),
            ("registry", 5, 12),
            ("library", 3, 9),
            ("linux", 40, 56),
            ("windows", 34, 50),
            ("macos", 5, 15),
            ("endpoint", 45, 65),
            ("crowdstrike", 14, 26),
            ("sentinel_one_cloud_funnel", 11, 23),
            ("esensor", 4, 12),
        ] {
            let percent = counts.get(what).copied().unwrap_or_default() * 100 / EVENTS;
            assert!((least..=most).contains(&percent), "{what}: {percent} %");
        }
        let shared: usize = entities.values().filter(|count| **count > 1).sum();
        assert!(shared * 2 > EVENTS, "{shared} events are of a process with others");
    }
}
