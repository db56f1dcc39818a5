//! The values of one event.

use super::host::{Host, Process};
use super::random::Random;
use super::template::{Values, quote};
use super::{Kind, Os, SourceKind};

/// What happens, beside the process that does it.
#[derive(Clone, Debug, Default)]
pub struct Happening {
    /// `start`, `end`, `creation`, `change`, `deletion`: the event's type in ECS.
    pub what: &'static str,
    /// Path of the file, library or registry value.
    pub path: String,
    /// Where a connection goes.
    pub remote: Option<(String, u64)>,
}

/// Fills in everything that a template of any source may ask for.
pub fn values(
    kind: Kind,
    host: &mut Host,
    process: &Process,
    happening: &Happening,
    now: i64,
    random: &mut Random,
) -> Values {
    host.sequence += 1;
    let mut values = Values::new();
    common(&mut values, kind, host, happening, now, random);
    of_process(&mut values, kind, host, process, happening, now, random);
    match kind {
        Kind::Process => {}
        Kind::File => file(&mut values, host, process, happening, random),
        Kind::Network => network(&mut values, happening, random),
        Kind::Registry => registry(&mut values, happening, random),
        Kind::Library => library(&mut values, happening, random),
    }
    if host.source == SourceKind::CrowdStrike {
        original(&mut values, host, process, happening, random);
    }
    values
}

fn common(values: &mut Values, kind: Kind, host: &Host, happening: &Happening, now: i64, random: &mut Random) {
    let mut set = |name, value: String| _ = values.insert(name, value);
    let short = rule_core::format_date(now, 0);
    let seconds = short.get(..19).unwrap_or(&short);
    set("timestamp", format!("\"{seconds}.{:03}Z\"", now % 1000));
    set("timestamp.long", format!("\"{seconds}.{:03}{:04}Z\"", now % 1000, random.below(10_000)));
    let later = rule_core::format_date(now + 9_000, 0);
    set("ingested", format!("\"{}Z\"", later.get(..19).unwrap_or(&later)));
    set("agent.id", quote(&host.agent));
    set("elastic_agent.id", quote(&host.agent));
    set("collector.id", quote("18b34b44-9bc9-4476-b857-3fd51039fa83"));
    set("collector.ephemeral_id", quote("f204b037-d412-4537-b680-69a1a581ed69"));
    set("event.sequence", host.sequence.to_string());
    set("event.id", quote(&format!("N{}+++++{}", random.hex(13), random.hex(4))));
    set("event.uuid", quote(&random.uuid()));
    set("chunk", random.below(40).to_string());
    let what = happening.what;
    set("event.type", quote(if host.os != Os::Linux && what == "open" { "access" } else { what }));
    let action = match (kind, what) {
        (Kind::Process, "start") if host.os == Os::Linux => "exec",
        (Kind::File, "change") => "modification",
        (Kind::Network, "start") if happening.remote.is_some() => "connection_attempted",
        (Kind::Network, _) => "lookup_requested",
        _ => what,
    };
    set("event.action", quote(action));
    let endgame = match (kind, what) {
        (Kind::Process, "start") if host.os == Os::Windows => ("creation_event", "process_started"),
        (Kind::Process, "start") => ("exec_event", "process_started"),
        (Kind::Process, _) => ("termination_event", "process_stopped"),
        (Kind::File, "creation") => ("file_create_event", "creation"),
        (Kind::File, "deletion") => ("file_delete_event", "deletion"),
        (Kind::File, _) => ("file_write_event", "change"),
        (Kind::Network, _) => ("ipv4_connection_attempt_event", "start"),
        (Kind::Registry, _) => ("registry_modify_event", "change"),
        (Kind::Library, _) => ("load_event", "start"),
    };
    set("endgame.action", quote(endgame.0));
    set("endgame.type", quote(endgame.1));
    let crowdstrike = match (kind, what) {
        (Kind::Process, "start") => "ProcessRollup2",
        (Kind::Process, _) => "EndOfProcess",
        (Kind::File, "creation") => "NewExecutableWritten",
        (Kind::File, "deletion") => "FileDeleteInfo",
        (Kind::File, _) => "FileWritten",
        (Kind::Network, _) if happening.remote.is_none() => "DnsRequest",
        (Kind::Network, _) => "NetworkConnectIP4",
        (Kind::Registry, _) => "RegGenericValueUpdate",
        (Kind::Library, _) => "ClassifiedModuleLoad",
    };
    set("crowdstrike.action", quote(crowdstrike));
    let suffix = match host.os {
        Os::Linux => "LinV5",
        Os::Windows => "V19",
        Os::MacOs => "MacV4",
    };
    set("crowdstrike.name", quote(&format!("{crowdstrike}{suffix}")));
    set("crowdstrike.state", quote("103374036"));
    set("crowdstrike.thread", quote(&random.between(1 << 40, 1 << 48).to_string()));
    set("crowdstrike.tree", quote(&random.between(1 << 40, 1 << 48).to_string()));
    set("crowdstrike.offset", random.below(40_000_000).to_string());
    let object = format!("fdr/data/{}/part-{:05}.gz", random.uuid(), random.below(64));
    set("crowdstrike.object", quote(&object));
    set("s1.meta", quote(&crowdstrike.to_uppercase()));
    set("s1.storyline", quote(&random.hex(16).to_uppercase()));
    set("s1.integrity", quote(if host.os == Os::Windows { "SYSTEM" } else { "INTEGRITY_LEVEL_UNKNOWN" }));
    set("s1.activecontent", r#"{"type":"UNKNOWN"}"#.into());
    if random.chance(300) {
        let names = ["child_process", "cross_process", "dns_lookups", "exe_modification", "file_creation"];
        let more = ["file_deletion", "file_modification", "module", "net_conn_in", "net_conn_out", "registry_change"];
        let counts: Vec<_> =
            names.iter().chain(&more).map(|name| format!("\"{name}\":{}", random.below(900))).collect();
        set("s1.counts", format!("{{{}}}", counts.join(",")));
    }
    of_host(values, host, random);
}

fn of_host(values: &mut Values, host: &Host, random: &mut Random) {
    let mut set = |name, value: String| _ = values.insert(name, value);
    let (kind, name, family, version, kernel) = match host.os {
        Os::Linux => ("linux", "Debian", "debian", "12.8", "6.1.0-28-amd64"),
        Os::Windows => ("windows", "Windows", "windows", "23H2 (10.0.22631.4460)", "23H2 (10.0.22631.4460)"),
        Os::MacOs => ("macos", "macOS", "macos", "15.1.1", "Darwin Kernel Version 24.1.0 RELEASE_ARM64_T6031"),
    };
    let full = format!("{name} {version}");
    set("host.name", quote(&host.name));
    set("host.id", quote(&host.id));
    set("host.ip", quote(&host.ip));
    set("host.os.type", quote(kind));
    set("host.os.name", quote(name));
    set("host.os.version", quote(version));
    set("host.os.full", quote(&full));
    if host.source == SourceKind::ElasticDefend {
        let variant = if host.os == Os::Windows { "Windows 11 Pro" } else { name };
        let (ip, mac) = (&host.ip, &host.mac);
        let id = &host.id;
        set(
            "host.full",
            format!(
                r#"{{"hostname":"{0}","os":{{"Ext":{{"variant":"{variant}"}},"kernel":"{kernel}","name":"{name}","family":"{family}","type":"{kind}","version":"{version}","platform":"{family}","full":"{full}"}},"ip":["{ip}","fe80::5e:{1}:d","127.0.0.1","::1"],"name":"{0}","id":"{id}","mac":["{mac}"],"architecture":"x86_64"}}"#,
                host.name,
                &mac[9..11],
            ),
        );
        if host.containers {
            set(
                "container",
                format!(
                    r#"{{"id":"{}","image":{{"name":"registry.example.net/{}:v2.5.0","tag":["v2.5.0"],"hash":{{"all":["sha256:{}"]}}}},"name":"worker"}}"#,
                    random.hex(64),
                    host.name,
                    random.hex(64)
                ),
            );
            set(
                "orchestrator",
                format!(
                    r#"{{"cluster":{{"id":"{}","name":"blue"}},"namespace":"default","resource":{{"ip":["10.1.237.155"],"name":"worker-{}","type":"pod","parent":{{"type":"ReplicaSet"}}}}}}"#,
                    random.uuid(),
                    random.hex(5)
                ),
            );
            set("cloud", r#"{"account":{"id":"123456789012"},"instance":{"name":"node-12"},"project":{"id":"123456789012"},"provider":"aws","region":"eu-central-1"}"#.into());
        }
    }
}

fn of_process(
    values: &mut Values,
    kind: Kind,
    host: &Host,
    process: &Process,
    happening: &Happening,
    now: i64,
    random: &mut Random,
) {
    let mut set = |name, value: String| _ = values.insert(name, value);
    let texts = |items: &[&str]| serde_json::Value::from(items.to_vec()).to_string();
    let posix = host.os != Os::Windows;
    let args = process.args();
    set("process.pid", process.pid.to_string());
    set("process.entity_id", quote(&process.entity_id));
    set("process.name", quote(&process.name));
    set("process.executable", quote(&process.executable));
    set("process.args", texts(&args));
    set("process.args_count", args.len().to_string());
    set("process.command_line", quote(&process.command_line));
    set("process.working_directory", quote(&process.folder));
    set("process.md5", quote(&process.hashes[0]));
    set("process.sha1", quote(&process.hashes[1]));
    set("process.sha256", quote(&process.hashes[2]));
    set("process.thread_id", random.between(100, 60_000).to_string());
    set("user.name", quote(&process.user.0));
    set("user.id", quote(&process.user.1));
    let ancestry: Vec<&str> = process.ancestry.iter().map(String::as_str).collect();
    if !ancestry.is_empty() {
        set("process.ancestry", texts(&ancestry));
    }
    let parent = host.processes.iter().find(|other| ancestry.first() == Some(&other.entity_id.as_str()));
    if let Some(parent) = parent {
        let args = parent.args();
        set("parent.pid", parent.pid.to_string());
        set("parent.entity_id", quote(&parent.entity_id));
        set("parent.name", quote(&parent.name));
        set("parent.executable", quote(&parent.executable));
        set("parent.args", texts(&args));
        set("parent.args_count", args.len().to_string());
        set("parent.command_line", quote(&parent.command_line));
        set("parent.md5", quote(&parent.hashes[0]));
        set("parent.sha1", quote(&parent.hashes[1]));
        set("parent.sha256", quote(&parent.hashes[2]));
        // Only processes of a session have leaders.
        if random.chance(350) {
            set(
                "process.leader",
                format!(
                    r#"{{"entity_id":{},"executable":{},"interactive":false,"name":{},"pid":{},"same_as_process":false}}"#,
                    quote(&parent.entity_id),
                    quote(&parent.executable),
                    quote(&parent.name),
                    parent.pid
                ),
            );
        }
    }
    if posix {
        set("posix.user.id", quote(&process.user.1));
        set("posix.user.name", quote(&process.user.0));
        set("process.interactive", random.chance(150).to_string());
        if host.containers {
            set("process.env_vars", texts(&["LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"]));
        }
        if kind == Kind::Process && happening.what == "start" {
            set(
                "process.previous",
                format!(r#"[{{"args":["/bin/sh"],"args_count":1,"executable":{}}}]"#, quote("/usr/bin/dash")),
            );
        }
    } else {
        set("user.domain", quote(if process.user.1.len() < 10 { "NT AUTHORITY" } else { "EXAMPLE" }));
        set("process.authentication_id", quote("0x3e7"));
        set("process.integrity", quote(if process.user.1.len() < 10 { "system" } else { "medium" }));
        set("process.elevation", quote("default"));
        set("process.volume", quote("Disk File System"));
        set("process.original_file_name", quote(&process.name));
        set("process.age", format!("{}.{}", random.between(1_000, 90_000_000), random.between(1, 9_999_999)));
        if random.chance(300) {
            let client = format!(
                r#"{{"logon_type":"Interactive","client_address":"127.0.0.1","id":{},"authentication_package":"NTLM","relative_logon_time":{}.5,"relative_password_age":2592000.123,"user_flags":["LOGON_EXTRA_SIDS","LOGON_NTLMV2_ENABLED","LOGON_WINLOGON"]}}"#,
                random.below(9),
                random.below(90_000)
            );
            set("process.session_info", client);
        }
        if matches!(kind, Kind::Process | Kind::Library | Kind::Registry) && random.chance(120) {
            call_stack(&mut set, random);
        }
    }
    if let Some(signer) = &process.signer {
        let signature =
            format!(r#"{{"trusted":true,"subject_name":{},"exists":true,"status":"trusted"}}"#, quote(signer));
        set("process.signatures", format!("[{signature}]"));
        set("process.signature", signature);
    }
    if happening.what == "end" {
        set("process.exit_code", "0".into());
        set("process.uptime", ((now - process.started) / 1000).to_string());
    }
}

/// Some of Elastic Defend's events have one. They are the largest.
fn call_stack(set: &mut impl FnMut(&'static str, String), random: &mut Random) {
    let modules = ["ntdll.dll", "kernelbase.dll", "kernel32.dll", "rpcrt4.dll", "combase.dll", "advapi32.dll"];
    let frames: Vec<String> = (0..random.between(3, 16))
        .map(|_| {
            let module = random.pick(&modules);
            let symbol = format!("C:\\Windows\\System32\\{module}!Ex{}+0x{}", random.hex(6), random.hex(2));
            let bytes = if random.chance(150) {
                format!(r#""allocation_private_bytes":16384,"callsite_leading_bytes":"{}","callsite_trailing_bytes":"{}","protection":"RWX","#, random.hex(124), random.hex(124))
            } else {
                String::new()
            };
            format!("{{{bytes}\"symbol_info\":{}}}", quote(&symbol))
        })
        .collect();
    set("process.call_stack", format!("[{}]", frames.join(",")));
    set("process.call_stack_summary", quote(&modules[..random.between(2, 6) as usize].join("|")));
}

fn file(values: &mut Values, host: &Host, process: &Process, happening: &Happening, random: &mut Random) {
    let mut set = |name, value: String| _ = values.insert(name, value);
    let path = &happening.path;
    let at = path.rfind(['/', '\\']).unwrap_or(0);
    let name = path.get(at + 1..).unwrap_or_default();
    set("file.path", quote(path));
    set("file.name", quote(name));
    set("file.directory", quote(&path[..at]));
    if let Some((_, extension)) = name.rsplit_once('.') {
        set("file.extension", quote(extension));
    }
    set("file.size", random.between(10, 4_000_000).to_string());
    set("file.inode", quote(&random.hex(32)));
    set("file.owner", quote(&process.user.0));
    if happening.what != "deletion" && random.chance(500) {
        set("file.sha256", quote(&random.hex(64)));
        set("file.entropy", format!("{}.{}", random.below(8), random.between(1, 99_999_999)));
        set("file.header_bytes", quote(&random.hex(32)));
    }
    if host.os != Os::Windows {
        set("file.mode", quote("0644"));
        set("posix.args", values_of_args(process));
        set("posix.command_line", quote(&process.command_line));
    }
    if random.chance(100) {
        set("file.original", quote(&format!("{path}.tmp")));
        set("file.original_name", quote(&format!("{name}.tmp")));
    }
}

fn values_of_args(process: &Process) -> String {
    serde_json::Value::from(process.args()).to_string()
}

fn network(values: &mut Values, happening: &Happening, random: &mut Random) {
    let mut set = |name, value: String| _ = values.insert(name, value);
    set("source.port", random.between(32_768, 61_000).to_string());
    if let Some((ip, port)) = &happening.remote {
        set("destination.ip", quote(ip));
        set("destination.port", port.to_string());
        set("destination.bytes", random.between(60, 90_000).to_string());
        set("source.bytes", random.between(60, 9_000).to_string());
        set("network.transport", quote("tcp"));
        set("network.direction", quote("egress"));
        if random.chance(500) && !ip.starts_with("10.") {
            set("destination.geo", r#"{"continent_name":"Europe","region_iso_code":"NL-NH","city_name":"Amsterdam","country_iso_code":"NL","country_name":"Netherlands","region_name":"North Holland","location":{"lon":4.9,"lat":52.37}}"#.into());
        }
    } else {
        let name = format!("{}.example.{}", happening.path, random.pick(&["com", "net", "org"]));
        set("dns.name", quote(&name));
        set("dns.type", quote(random.pick(&["A", "AAAA", "A"])));
        set("dns.options", random.below(1 << 33).to_string());
        set("dns.status", "0".into());
        set("dns.resolved_ip", format!(r#"["198.51.100.{}"]"#, random.between(2, 251)));
        set("network.protocol", quote("dns"));
        set("network.transport", quote("udp"));
        set("network.direction", quote("egress"));
    }
}

fn registry(values: &mut Values, happening: &Happening, random: &mut Random) {
    let mut set = |name, value: String| _ = values.insert(name, value);
    let path = &happening.path;
    let (hive, rest) = path.split_once('\\').unwrap_or((path, ""));
    let (key, value) = rest.rsplit_once('\\').unwrap_or((rest, ""));
    set("registry.path", quote(path));
    set("registry.hive", quote(hive));
    set("registry.key", quote(key));
    set("registry.value", quote(value));
    set("registry.type", quote("REG_DWORD"));
    set("registry.data", quote(&random.below(2).to_string()));
}

fn library(values: &mut Values, happening: &Happening, random: &mut Random) {
    let mut set = |name, value: String| _ = values.insert(name, value);
    let path = &happening.path;
    set("dll.path", quote(path));
    set("dll.name", quote(path.rsplit(['/', '\\']).next().unwrap_or_default()));
    set("dll.md5", quote(&random.hex(32)));
    set("dll.sha1", quote(&random.hex(40)));
    set("dll.sha256", quote(&random.hex(64)));
    set("dll.load_index", random.between(1, 5).to_string());
    set("dll.version", quote(&format!("10.0.22621.{} (WinBuild.160101.0800)", random.below(5_000))));
    set("file.size", random.between(10_000, 4_000_000).to_string());
}

/// The event as the sensor sent it, which many installations keep: a document in a string, full of escapes.
fn original(values: &mut Values, host: &Host, process: &Process, happening: &Happening, random: &mut Random) {
    if !random.chance(350) {
        return;
    }
    let raw = serde_json::json!({
        "event_simpleName": "ProcessRollup2", "aid": host.id, "aip": "198.51.100.9", "cid": "5424626b932a2ff9d191f0982447a979",
        "CommandLine": process.command_line, "ImageFileName": process.executable, "TargetFileName": happening.path,
        "RawProcessId": process.pid.to_string(), "TargetProcessId": process.entity_id, "SHA256HashData": process.hashes[2],
        "MD5HashData": process.hashes[0], "UID": process.user.1, "ConfigStateHash": "103374036", "EffectiveTransmissionClass": "2",
        "ConfigBuild": "1007.8.0017804.1", "Entitlements": "15", "id": random.uuid(), "LocalAddressIP4": host.ip,
        "timestamp": random.between(1_700_000_000_000, 1_800_000_000_000).to_string(),
    });
    values.insert("original", quote(&raw.to_string()));
}
