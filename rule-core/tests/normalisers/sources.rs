//! CrowdStrike, SentinelOne, Endgame, auditd and Kubernetes. What is expected comes from the ECS samples in the shared data and from the
//! documentation that each normaliser names; the records are written after it, or are the shared ones.

use serde_json::json;

use super::*;

/// Of each ECS sample that holds its record, the fields that are functions of the record.
#[test]
fn crowdstrike_as_in_elastics_sample() {
    let Some(sample) = shared("events/crowdstrike_fdr_ecs/sample_event.json") else { return };
    let sample: Value = serde_json::from_str(&sample).expect("JSON");
    let record = sample["event"]["original"].as_str().expect("the record");
    let event = fields("crowdstrike-fdr", record);
    let mut wanted = BTreeMap::new();
    flatten("", &sample, &mut wanted);
    // What agent, input and server add, tables outside the record, and what later pipelines name otherwise.
    let outside = |name: &str| {
        let parents =
            ["agent.", "crowdstrike.", "ecs.", "elastic_agent.", "input.", "log.", "observer.geo.", "related.", "url."];
        let names = [
            "event.id",
            "event.original",
            "event.ingested",
            "event.timezone",
            "event.agent_id_status",
            "os.type",
            "tags",
        ];
        parents.iter().any(|parent| name.starts_with(parent))
            || names.contains(&name)
            || name == "data_stream.namespace"
    };
    let compared: Vec<&String> = wanted.keys().filter(|name| !outside(name)).collect();
    assert!(compared.len() > 20, "{compared:?}");
    for name in compared {
        assert_eq!(event.get(name), wanted.get(name), "{name}");
    }
    assert_eq!(event["host.os.type"], sample["os"]["type"]);
    assert!(event["event.id"].as_str().expect("an id").starts_with(sample["event"]["id"].as_str().expect("an id")));
}

/// The same kinds of records give the same fields as in Elastic's samples, where the record has what they come from.
#[test]
fn crowdstrike_kinds_have_the_fields_of_the_samples() {
    let (Some(samples), Some(raw)) = (
        shared("events/crowdstrike_fdr_ecs/excerpts.ndjson"),
        shared("events/crowdstrike_fdr_raw_panther/events.ndjson"),
    ) else {
        return;
    };
    let samples: Vec<Value> = samples.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let started =
        samples.iter().find(|sample| sample["event"]["action"] == "SyntheticProcessRollup2").expect("a sample");
    let mut wanted = BTreeMap::new();
    flatten("", started, &mut wanted);
    let mut seen = BTreeMap::new();
    for line in raw.lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let Some((name, event)) = normalise(&case["log"].to_string()) else { continue };
        assert_eq!(name, "crowdstrike-fdr");
        let kind = event["event.action"].as_str().unwrap_or_default().to_owned();
        *seen.entry(kind.clone()).or_insert(0) += 1;
        if kind != "ProcessRollup2" {
            continue;
        }
        for name in ["event.category", "event.type", "event.kind", "event.outcome"] {
            assert_eq!(event.get(name), wanted.get(name), "{name}");
        }
        let from_record =
            ["process.command_line", "process.args", "process.args_count", "process.name", "process.executable"];
        let raw = &case["log"]["event"];
        for name in from_record {
            assert!(wanted.contains_key(name), "{name}");
            let source = if name.contains("arg") || name.ends_with("line") { "CommandLine" } else { "ImageFileName" };
            let has = raw[source].as_str().is_some_and(|text| !text.trim().is_empty());
            assert_eq!(event.contains_key(name), has, "{name} of {raw}");
        }
    }
    assert!(seen["ProcessRollup2"] > 40, "{seen:?}");
    for kind in ["DnsRequest", "NetworkConnectIP4", "Event_EppDetectionSummaryEvent"] {
        assert!(seen.contains_key(kind), "{seen:?}");
    }
}

#[test]
fn crowdstrike_kinds() {
    let base = |kind: &str, more: Value| {
        let mut record = json!({"event_simpleName": kind, "aid": "a", "cid": "c", "id": "i", "event_platform": "Lin", "timestamp": "1743508799999"});
        record.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        fields("crowdstrike-fdr", &record.to_string())
    };
    let event = base(
        "SyntheticProcessRollup2",
        json!({"ImageFileName": "/501e", "CommandLine": "e7f8eac7d", "RawProcessId": "8905032", "UID": "0", "GID": "0",
            "ProcessStartTime": "1745953229.264", "ParentProcessId": "8081349242194000050", "TargetProcessId": "6059002040716020903"}),
    );
    assert_fields(
        &event,
        &json!({"@timestamp": "2025-04-01T11:59:59.999Z", "event": {"action": "SyntheticProcessRollup2", "category": ["process"],
            "type": ["start"], "id": "i|a|c"}, "host.os.type": "linux", "process": {"args": ["e7f8eac7d"], "args_count": 1,
            "executable": "/501e", "name": "501e", "pid": 8905032, "start": "2025-04-29T19:00:29.264Z",
            "entity_id": "6059002040716020903", "parent.entity_id": "8081349242194000050"}, "user.id": "0", "group.id": "0"}),
    );
    let event = base(
        "AsepValueUpdate",
        json!({"event_platform": "Win", "RegObjectName": "\\REGISTRY\\MACHINE\\Run", "RegValueName": "x", "RegStringValue": "a.exe", "RegType": "1"}),
    );
    assert_fields(
        &event,
        &json!({"event": {"action": "modification", "category": "registry", "type": "change"}, "registry": {"key": "\\REGISTRY\\MACHINE\\Run",
            "path": "\\REGISTRY\\MACHINE\\Run\\x", "value": "x", "data": {"strings": "a.exe", "type": "REG_SZ"}}}),
    );
    let event = base("DnsRequest", json!({"DomainName": "a.example.com", "RequestType": "28"}));
    assert_fields(
        &event,
        &json!({"dns.question": {"name": "a.example.com", "type": "AAAA"}, "event.type": "protocol"}),
    );
    let event = base(
        "NetworkReceiveAcceptIP4",
        json!({"ConnectionDirection": "1", "LocalAddressIP4": "10.0.0.1", "LocalPort": "22", "RemoteAddressIP4": "10.0.0.2", "RemotePort": "50000", "Protocol": "6"}),
    );
    assert_fields(
        &event,
        &json!({"source": {"ip": "10.0.0.2", "port": 50000}, "destination": {"ip": "10.0.0.1", "port": 22},
            "network": {"direction": "inbound", "transport": "tcp"}}),
    );
    let event = base("ElfFileWritten", json!({"TargetFileName": "/tmp/a.d/b.so", "Size": "12"}));
    assert_fields(
        &event,
        &json!({"event": {"category": "file", "type": "creation"}, "file": {"name": "b.so", "directory": "/tmp/a.d", "extension": "so", "size": 12}}),
    );
}

/// A record as Cloud Funnel writes it, and the event that the shared sample shows for this kind.
#[test]
fn sentinelone() {
    let record = json!({
        "timestamp": "18:32:29.470", "event.category": "process", "event.type": "ProcessCreation", "event.id": "01G_41",
        "event.time": 1664811149470_i64, "meta.event.name": "PROCESSCREATION", "dataSource.name": "SentinelOne", "agent.uuid": "u",
        "endpoint.name": "asdf1", "endpoint.os": "windows", "endpoint.type": "server", "os.name": "WindowsServer2019Datacenter",
        "group.id": "asdf", "tgt.process.uid": "T", "tgt.process.pid": 4720, "tgt.process.name": "nr-winpkg.exe",
        "tgt.process.cmdline": "./nr-winpkg", "tgt.process.image.path": "C:\\nr\\nr-winpkg.exe", "tgt.process.image.md5": "65f9",
        "tgt.process.startTime": 1664811149464_i64, "tgt.process.user": "NTAUTHORITY\\SYSTEM", "tgt.process.displayName": "nr-winpkg.exe",
        "tgt.process.publisher": "NEWRELIC,INC.", "tgt.process.signedStatus": "signed", "tgt.process.verifiedStatus": "verified",
        "src.process.uid": "S", "src.process.pid": 3596, "src.process.name": "newrelic-infra.exe", "src.process.user": "NTAUTHORITY\\SYSTEM",
        "src.process.cmdline": "C:\\stuff.EXE\\", "src.process.image.path": "C:\\nr\\newrelic-infra.exe",
        "src.process.startTime": 1662784606181_i64, "src.process.displayName": "newrelic-infra.exe", "src.process.parent.name": "p.exe",
    });
    let event = fields("sentinelone-cloud-funnel", &record.to_string());
    assert_fields(
        &event,
        &json!({
            "@timestamp": "2022-10-03T15:32:29.470Z", "event": {"action": ["start"], "category": ["process"], "id": "01G_41", "kind": "event", "type": ["start"]},
            "group.id": "asdf", "host": {"hostname": "asdf1", "id": "u", "os": {"name": "WindowsServer2019Datacenter", "platform": "windows", "type": "windows"}, "type": "server"},
            "process": {"args": ["./nr-winpkg"], "args_count": 1, "command_line": "./nr-winpkg", "entity_id": "T", "executable": "C:\\nr\\nr-winpkg.exe",
                "hash.md5": "65f9", "name": "nr-winpkg.exe", "pid": 4720, "start": "2022-10-03T15:32:29.464Z", "title": "nr-winpkg.exe",
                "user.name": "NTAUTHORITY\\SYSTEM",
                "parent": {"args": ["C:\\stuff.EXE\\"], "args_count": 1, "command_line": "C:\\stuff.EXE\\", "entity_id": "S",
                    "executable": "C:\\nr\\newrelic-infra.exe", "name": "newrelic-infra.exe", "pid": 3596, "start": "2022-09-10T04:36:46.181Z",
                    "title": "newrelic-infra.exe", "user.name": "NTAUTHORITY\\SYSTEM",
                    "code_signature": {"exists": true, "subject_name": "NEWRELIC,INC.", "trusted": true}}},
            "user": {"domain": "NTAUTHORITY", "name": "SYSTEM"},
        }),
    );
    // Each field of the shared sample's same kind is there, but for what stands in other parts of the record.
    if let Some(samples) = shared("events/sentinel_one_cloud_funnel_ecs/excerpts.ndjson") {
        let sample: Value = serde_json::from_str(samples.lines().next().expect("a line")).expect("JSON");
        let mut wanted = BTreeMap::new();
        flatten("", &sample, &mut wanted);
        let outside =
            ["_source_file", "ecs.", "sentinel_one_cloud_funnel.", "tags", "process.hash.", "process.parent.hash."];
        for name in wanted.keys().filter(|name| !outside.iter().any(|outside| name.starts_with(outside))) {
            assert!(event.contains_key(name), "{name}");
        }
    }
}

#[test]
fn sentinelone_kinds() {
    let record = |more: Value| {
        let mut record =
            json!({"agent.uuid": "u", "endpoint.os": "linux", "src.process.uid": "S", "src.process.name": "bash"});
        record.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        fields("sentinelone-cloud-funnel", &record.to_string())
    };
    let event = record(
        json!({"event.category": "registry", "event.type": "RegistryValueCreate", "meta.event.name": "REGVALUECREATE",
        "registry.keyPath": "MACHINE\\SYSTEM\\Type", "registry.valueType": "BINARY"}),
    );
    assert_fields(
        &event,
        &json!({"event": {"action": "creation", "category": "registry", "type": "creation"}, "process.name": "bash",
            "registry": {"key": "MACHINE\\SYSTEM", "path": "MACHINE\\SYSTEM\\Type", "value": "Type", "data.type": "BINARY"}}),
    );
    let event = record(json!({"event.category": "file", "event.type": "File Rename", "meta.event.name": "FILERENAME",
        "tgt.file.path": "/etc/cron.d/a", "tgt.file.oldPath": "/tmp/b"}));
    assert_fields(
        &event,
        &json!({"event": {"action": "rename", "category": "file", "type": "change"}, "file": {"name": "a", "path": "/etc/cron.d/a"},
            "host.os.type": "linux", "file.Ext.original.name": "b"}),
    );
    let event = record(json!({"event.category": "ip", "event.type": "IP Connect", "meta.event.name": "TCPV4",
        "event.network.direction": "OUTGOING", "dst.ip.address": "10.0.0.2", "dst.port.number": 443}));
    assert_fields(
        &event,
        &json!({"event": {"action": "connection_attempted", "category": "network", "type": ["start", "connection"]},
            "destination": {"ip": "10.0.0.2", "port": 443}, "network.direction": "egress"}),
    );
    let event = record(
        json!({"event.category": "dns", "event.type": "DNS Resolved", "meta.event.name": "DNS", "event.dns.request": "type: 1 a.example.com"}),
    );
    assert_fields(&event, &json!({"event.category": "network", "dns.question.name": "a.example.com"}));
}

#[test]
fn endgame() {
    let record = json!({
        "event_type": "process", "subtype": "create", "timestamp": 131485996520000000_i64, "pid": 424, "ppid": 364, "process_name": "wininit.exe",
        "process_path": "C:\\Windows\\System32\\wininit.exe", "command_line": "wininit.exe -x", "md5": "94", "user": "NT AUTHORITY\\SYSTEM",
        "user_domain": "NT AUTHORITY", "user_name": "SYSTEM",
    });
    assert_fields(
        &fields("endgame", &record.to_string()),
        &json!({"@timestamp": "2017-08-30T20:47:32.000Z", "event": {"category": "process", "type": "start", "action": "creation_event",
            "module": "endgame", "dataset": "esensor"}, "host.os.type": "windows", "process": {"pid": 424, "parent.pid": 364,
            "args": ["wininit.exe", "-x"], "name": "wininit.exe", "hash.md5": "94"}, "user": {"name": "SYSTEM", "domain": "NT AUTHORITY"},
            "endgame.subtype": "create"}),
    );
    let Some(example) = shared("events/endgame/example.json") else { return };
    let records: Vec<Value> = serde_json::from_str(&example).expect("JSON");
    for record in records {
        let event = fields("endgame", &record.to_string());
        assert_eq!(event["event.action"], "creation_event");
        assert_eq!(event["event.type"], "start");
        assert_eq!(event["process.name"], record["process_name"]);
        assert_eq!(event["host.os.type"], "windows", "{record}");
    }
}

/// The record of laurel-about(7), shortened; actions and categories as go-libaudit gives them.
#[test]
fn auditd() {
    let record = json!({
        "ID": "1626611363.720:348501", "NODE": "web1",
        "SYSCALL": {"arch": "0xc000003e", "syscall": 59, "success": "yes", "exit": 0, "a0": "0x55c094deb5c0", "ppid": 722076, "pid": 724395,
            "auid": 1000, "uid": 0, "gid": 0, "euid": 0, "tty": "pts3", "ses": 3, "comm": "perl", "exe": "/usr/bin/perl", "ARCH": "x86_64",
            "SYSCALL": "execve", "AUID": "user", "UID": "root", "PPID": {"EVENT_ID": "1", "exe": "/bin/bash", "comm": "bash", "ppid": 3190631}},
        "EXECVE": {"argc": 3, "ARGV": ["perl", "-e", "use Socket;"]}, "CWD": {"cwd": "/root"},
        "PATH": [{"item": 0, "name": "/usr/bin/perl"}, {"item": 1, "name": "/lib64/ld.so"}], "PROCTITLE": {"ARGV": ["perl", "-e", "use"]},
    });
    assert_fields(
        &fields("auditd-laurel", &record.to_string()),
        &json!({"@timestamp": "2021-07-18T12:29:23.720Z", "event": {"action": "executed", "category": "process", "type": "start", "outcome": "success", "module": "auditd"},
            "host": {"name": "web1", "os.type": "linux"}, "user": {"id": "0", "name": "root", "audit.id": "1000"},
            "process": {"name": "perl", "executable": "/usr/bin/perl", "args": ["perl", "-e", "use Socket;"], "args_count": 3, "pid": 724395,
                "command_line": "perl -e use Socket;", "working_directory": "/root", "title": "perl -e use",
                "parent": {"pid": 722076, "name": "bash", "executable": "/bin/bash"}},
            "auditd": {"message_type": "syscall", "data": {"syscall": "execve", "a0": "55c094deb5c0", "tty": "pts3"}, "session": "3"},
            "data_stream.dataset": "auditd_manager.auditd"}),
    );
    let record = json!({"ID": "1.0:2", "SYSCALL": {"syscall": 87, "SYSCALL": "unlink", "success": "no", "comm": "rm"}, "PATH": [{"name": "/var/log/auth.log"}]});
    let event = fields("auditd-laurel", &record.to_string());
    assert_fields(
        &event,
        &json!({"event": {"action": "deleted", "category": "file", "type": "deletion", "outcome": "failure"}, "file": {"path": "/var/log/auth.log", "name": "auth.log"}}),
    );
    let record = json!({"ID": "1.0:3", "USER_LOGIN": [{"acct": "bob", "exe": "/usr/sbin/sshd", "addr": "10.0.0.9", "res": "failed"}]});
    let event = fields("auditd-laurel", &record.to_string());
    assert_fields(
        &event,
        &json!({"event": {"action": "logged-in", "category": "authentication", "outcome": "failure"}, "source.ip": "10.0.0.9", "user.name": "bob"}),
    );
}

/// A record after <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>.
#[test]
fn kubernetes() {
    let record = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "2f0a", "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/default/pods", "verb": "create", "user": {"username": "system:anonymous", "uid": "7", "groups": ["system:unauthenticated"]},
        "sourceIPs": ["10.0.0.9"], "userAgent": "curl/8", "objectRef": {"resource": "pods", "namespace": "default", "name": "p", "apiVersion": "v1"},
        "responseStatus": {"code": 201}, "requestObject": {"spec": {"hostPID": true, "containers": [{"image": "nginx"}, {"image": "evil"}]}},
        "requestReceivedTimestamp": "2024-05-01T10:00:00.000000Z", "stageTimestamp": "2024-05-01T10:00:00.123456Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
    });
    let text = record.to_string();
    let event = fields("kubernetes-audit", &text);
    assert_fields(
        &event,
        &json!({"@timestamp": "2024-05-01T10:00:00.123456000Z", "event": {"action": "create", "outcome": "success", "dataset": "kubernetes.audit_logs"},
            "user.name": "system:anonymous", "source.ip": "10.0.0.9", "user_agent.original": "curl/8",
            "kubernetes.audit.verb": "create", "kubernetes.audit.objectRef.resource": "pods", "kubernetes.audit.requestObject.spec.hostPID": true,
            "kubernetes.audit.annotations.authorization_k8s_io/decision": "allow"}),
    );
    // A rule reads the record where Elastic has it, lists of objects as well.
    let query = r#"any where kubernetes.audit.objectRef.resource == "pods" and kubernetes.audit.requestObject.spec.containers.image == "evil"
        and `kubernetes.audit.annotations.authorization_k8s_io/decision` == "allow" and kubernetes.audit.requestObject.spec.hostPID == true"#;
    assert_eq!(ecs::matches(query, &text, files()), 1);
    assert_eq!(ecs::matches(query, &text, Vec::new()), 0);
}
