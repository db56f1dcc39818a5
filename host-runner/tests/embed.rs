//! A module with rules in it, run as a log shipper runs it: the core module, nothing for its imports, one record a call.

use std::sync::LazyLock;

use host_runner::embed::{EmbedError, embed_rules};
use rule_core::{CompileOptions, Source};
use wasmtime::{Engine, Instance, Linker, Memory, Module, Store, TypedFunc};

/// The core module of this build; `None`, said aloud, when there is none.
fn core_module() -> Option<&'static [u8]> {
    let module = host_runner::core_module();
    if module.is_none() {
        eprintln!("skipped: this build carries no module; run `cargo xtask module` and build again");
    }
    module
}

fn rule(name: &str, severity: &str, query: &str) -> Source {
    let text = format!(
        "[rule]\nname = {name:?}\nrule_id = {name:?}\nseverity = {severity:?}\nrisk_score = 47\ntype = \"eql\"\n\
         language = \"eql\"\nquery = {query:?}\n"
    );
    Source { path: format!("{name}.toml"), text }
}

fn sources() -> Vec<Source> {
    vec![
        rule("Netcat", "medium", r#"process where process.name : "nc*""#),
        rule("Root", "high", "process where user.id == 0"),
        rule("Secret file", "low", r#"file where file.path regex "/etc/.*shadow""#),
    ]
}

/// The module in a host that offers nothing.
struct Host {
    store: Store<()>,
    memory: Memory,
    malloc: TypedFunc<u32, u32>,
    free: TypedFunc<u32, ()>,
    filter: TypedFunc<(u32, u32, u32, u32, u32, u32), u32>,
}

/// Compiled once for all tests: the module as it is built, and the module with [`sources`].
static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::default);
static PLAIN: LazyLock<Option<Module>> = LazyLock::new(|| core_module().map(compiled));
static EMBEDDED: LazyLock<Option<Module>> = LazyLock::new(|| {
    let wasm = embed_rules(core_module()?, &sources(), &CompileOptions::default()).expect("the rules are good");
    Some(compiled(&wasm))
});

fn compiled(wasm: &[u8]) -> Module {
    Module::new(&ENGINE, wasm).expect("the module is valid")
}

impl Host {
    fn new(module: &Module) -> Host {
        let mut store = Store::new(&ENGINE, ());
        let mut linker = Linker::new(&ENGINE);
        linker.define_unknown_imports_as_traps(module).expect("imports are functions");
        let instance: Instance = linker.instantiate(&mut store, module).expect("it instantiates");
        Host {
            memory: instance.get_memory(&mut store, "memory").expect("memory"),
            malloc: instance.get_typed_func(&mut store, "malloc").expect("malloc"),
            free: instance.get_typed_func(&mut store, "free").expect("free"),
            filter: instance.get_typed_func(&mut store, "tripline_filter").expect("tripline_filter"),
            store,
        }
    }

    fn put(&mut self, bytes: &[u8]) -> u32 {
        let address = self.malloc.call(&mut self.store, bytes.len() as u32 + 1).expect("malloc does not trap");
        assert_ne!(address, 0);
        self.memory.write(&mut self.store, address as usize, bytes).expect("the buffer is in the memory");
        self.memory.write(&mut self.store, address as usize + bytes.len(), b"\0").expect("it has room for the NUL");
        address
    }

    /// Filters a record as Fluent Bit does. `None`: it came back at the address that it went in at.
    fn filter(&mut self, record: &[u8]) -> Option<String> {
        let tag = self.put(b"test.tag");
        let address = self.put(record);
        let arguments = (tag, 8, 1_700_000_000, 0, address, record.len() as u32);
        let answer = self.filter.call(&mut self.store, arguments).expect("the filter does not trap");
        let result = (answer != address).then(|| self.c_string(answer));
        if answer == address {
            assert!(self.memory.data(&self.store)[address as usize..].starts_with(record), "the record is untouched");
        }
        self.free.call(&mut self.store, tag).expect("free does not trap");
        self.free.call(&mut self.store, address).expect("free does not trap");
        result
    }

    fn c_string(&self, address: u32) -> String {
        let bytes = &self.memory.data(&self.store)[address as usize..];
        let end = bytes.iter().position(|byte| *byte == 0).expect("the answer ends in NUL");
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    }

    fn memory_bytes(&self) -> usize {
        self.memory.data_size(&self.store)
    }
}

const NETCAT: &[u8] = br#"{"event":{"category":"process"},"process":{"name":"NCat"},"user":{"id":0}}"#;
const OTHER: &[u8] = br#"{"event":{"category":"process"},"process":{"name":"bash"},"user":{"id":1000}}"#;

#[test]
fn the_embedded_rules_run() {
    let Some(module) = EMBEDDED.as_ref() else { return };
    let mut host = Host::new(module);
    assert_eq!(module.imports().len(), 0, "a host with nothing to offer needs nothing");
    let expected = r#"{"event":{"category":"process"},"process":{"name":"NCat"},"user":{"id":0},"tripline":{"rule":["Netcat","Root"],"severity":"high"}}"#;
    for _ in 0..3 {
        assert_eq!(host.filter(NETCAT).as_deref(), Some(expected));
        assert_eq!(host.filter(OTHER), None);
        assert_eq!(host.filter(b"{}"), None);
    }
    let shadow = br#"{"event.category":["file"],"file.path":"/etc/gshadow"}"#;
    assert!(host.filter(shadow).is_some_and(|answer| answer.contains(r#""rule":["Secret file"],"severity":"low""#)));
}

#[test]
fn the_module_as_it_is_built_says_that_it_has_no_rules() {
    let Some(module) = PLAIN.as_ref() else { return };
    let mut host = Host::new(module);
    assert!(host.filter(NETCAT).is_some_and(|answer| answer.contains("this module has no rules")));
    assert_eq!(host.filter(NETCAT), None);
}

#[test]
fn embedding_again_replaces_the_rules() {
    let Some(core) = core_module() else { return };
    let first = embed_rules(core, &sources(), &CompileOptions::default()).expect("the rules are good");
    let other = [rule("Bash", "critical", r#"process where process.name == "bash""#)];
    let second = embed_rules(&first, &other, &CompileOptions::default()).expect("the rules are good");
    let mut host = Host::new(&compiled(&second));
    assert_eq!(host.filter(NETCAT), None);
    assert!(host.filter(OTHER).is_some_and(|answer| answer.contains(r#""rule":["Bash"]"#)));
}

#[test]
fn broken_rules_never_reach_a_module() {
    let Some(core) = core_module() else { return };
    let broken = [rule("Good", "low", "any where true"), rule("Broken", "low", "process where (name ==")];
    match embed_rules(core, &broken, &CompileOptions::default()) {
        Err(EmbedError::BrokenRules(report)) => assert_eq!(report.totals(), (1, 0, 1)),
        other => panic!("{:?}", other.map(|wasm| wasm.len())),
    }
}

/// The allocator must never hand out the pages that hold the rules.
#[test]
fn the_pages_of_the_rules_stay_as_they_are() {
    let Some(module) = EMBEDDED.as_ref() else { return };
    let mut host = Host::new(module);
    let start = PLAIN.as_ref().map(|plain| Host::new(plain).memory_bytes()).expect("it is where the other came from");
    let pages = start..host.memory_bytes();
    assert!(!pages.is_empty());
    let before = host.memory.data(&host.store)[pages.clone()].to_vec();
    assert!(before.starts_with(br#"{"sources":[{"#));

    let buffers: Vec<u32> = (1..400).map(|size| host.put(&vec![0xaa; size * 97])).collect();
    let _evaluated = host.filter(NETCAT);
    for address in &buffers {
        assert!(!pages.contains(&(*address as usize)), "malloc gave {address:#x}, on the pages of the rules");
    }
    assert!(host.memory.data(&host.store)[pages] == before[..], "something wrote to the pages of the rules");
}

#[test]
fn nothing_that_a_host_passes_traps() {
    let Some(module) = EMBEDDED.as_ref() else { return };
    let mut host = Host::new(module);
    let record = host.put(NETCAT);
    let end = host.memory_bytes() as u32;
    let numbers = [0, 1, 7, record, record + 1, end - 1, end, 1 << 31, u32::MAX];
    for address in numbers {
        for length in numbers {
            let answer = host.filter.call(&mut host.store, (address, length, 0, 0, address, length));
            let _c_string = host.c_string(answer.expect("the filter does not trap"));
            host.free.call(&mut host.store, if address == record { 0 } else { address }).expect("free does not trap");
        }
    }
    assert_eq!(host.malloc.call(&mut host.store, u32::MAX).ok(), Some(0), "there is no such memory");
    let nested =
        |depth: usize| format!("{{\"event\":{}1{}}}", "[{\"a\":".repeat(depth), "}]".repeat(depth)).into_bytes();
    let mut garbage = vec![b"".to_vec(), b"\xff\xfe{".to_vec(), nested(20), nested(10_000), vec![b'{'; 100_000]];
    garbage.extend((0..NETCAT.len()).flat_map(|at| {
        [0x00, b'"', b'\\', b'{', b'}', b']', b',', 0x80, 0xff].map(|byte| {
            let mut record = NETCAT.to_vec();
            record[at] = byte;
            record
        })
    }));
    garbage.extend((0..NETCAT.len()).map(|length| NETCAT[..length].to_vec()));
    for record in &garbage {
        let _answer = host.filter(&record[..]);
    }
    assert!(host.filter(NETCAT).is_some_and(|answer| answer.contains("Netcat")), "the module is as good as before");
}

#[test]
fn memory_stays_flat() {
    let Some(module) = EMBEDDED.as_ref() else { return };
    let mut host = Host::new(module);
    let records: Vec<Vec<u8>> = (0..100)
        .map(|n| {
            let name = if n % 3 == 0 { "nc" } else { "bash" };
            let padding = "x".repeat(n * 157);
            format!(r#"{{"event.category":"process","process.name":"{name}","message":"{padding}"}}"#).into_bytes()
        })
        .collect();
    let round = |host: &mut Host| {
        for record in &records {
            let _answer = host.filter(record);
        }
        host.memory_bytes()
    };
    let warm = round(&mut host);
    for _ in 0..200 {
        assert_eq!(round(&mut host), warm);
    }
}
