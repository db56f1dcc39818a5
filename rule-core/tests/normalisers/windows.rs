//! Sysmon and Windows Security events, in each of the shapes that collectors write. The records are written after Microsoft's documentation
//! (<https://learn.microsoft.com/sysinternals/downloads/sysmon>, and the page of each security event).

use serde_json::json;

use super::*;

/// An event in each shape: Winlogbeat's, the XML's with and without the outermost element, and flat.
fn shapes(channel: &str, provider: &str, id: u32, data: &Value) -> Vec<String> {
    let system = |id: Value| {
        json!({"Provider": {"#attributes": {"Name": provider}}, "EventID": id, "Channel": channel, "Computer": "PC1",
            "TimeCreated": {"#attributes": {"SystemTime": "2024-05-01T10:00:00.5Z"}}, "EventRecordID": 9, "Keywords": "0x8020000000000000"})
    };
    let winlogbeat = json!({"@timestamp": "2024-05-01T10:00:00.500Z", "ecs": {"version": "8.0.0"}, "event": {"code": id.to_string(), "provider": provider},
        "winlog": {"channel": channel, "provider_name": provider, "event_id": id.to_string(), "computer_name": "PC1", "record_id": 9, "event_data": data,
            "time_created": "2024-05-01T10:00:00.5Z", "keywords": ["Audit Success"]}});
    let xml = json!({"Event": {"System": system(json!(id)), "EventData": data}});
    let text = json!({"Event": {"System": system(json!({"#text": id, "#attributes": {"Qualifiers": "0"}})), "EventData": data}});
    let mut flat = json!({"EventID": id, "Channel": channel, "SourceName": provider, "Hostname": "PC1", "EventTime": "2024-05-01 10:00:00.5",
        "RecordNumber": 9, "Keywords": "0x8020000000000000"});
    flat.as_object_mut().expect("an object").extend(data.as_object().expect("an object").clone());
    [winlogbeat, xml, text, flat].iter().map(Value::to_string).collect()
}

/// Checks a Sysmon event in each shape.
fn sysmon(id: u32, data: Value, wanted: Value) {
    for record in shapes("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", id, &data) {
        let event = fields("sysmon-windows", &record);
        let always = json!({"event": {"code": id.to_string(), "dataset": "windows.sysmon_operational"},
            "host": {"name": "PC1", "os.type": "windows"}, "winlog.computer_name": "PC1"});
        assert_fields(&event, &always);
        assert_fields(&event, &wanted);
    }
}

#[test]
fn sysmon_process() {
    let data = json!({"RuleName": "-", "UtcTime": "2024-05-01 10:00:00.500", "ProcessGuid": "{a}", "ProcessId": "4242", "Image": "C:\\Windows\\System32\\cmd.exe",
        "CommandLine": "cmd.exe /c \"a b\"", "CurrentDirectory": "C:\\", "User": "NT AUTHORITY\\SYSTEM", "IntegrityLevel": "System", "OriginalFileName": "Cmd.Exe",
        "Hashes": "SHA1=AA,MD5=BB,SHA256=CC,IMPHASH=DD", "ParentProcessGuid": "{b}", "ParentProcessId": "17", "ParentImage": "C:\\Windows\\explorer.exe",
        "ParentCommandLine": "explorer"});
    sysmon(
        1,
        data,
        json!({"@timestamp": "2024-05-01T10:00:00.500Z", "event": {"category": "process", "type": "start", "action": "Process creation"},
            "process": {"name": "cmd.exe", "pid": 4242, "entity_id": "{a}", "args": ["cmd.exe", "/c", "a b"], "args_count": 3,
                "hash": {"md5": "bb", "sha1": "aa", "sha256": "cc"}, "pe": {"original_file_name": "Cmd.Exe", "imphash": "dd"},
                "parent": {"name": "explorer.exe", "pid": 17, "entity_id": "{b}", "args": ["explorer"]}},
            "user": {"name": "SYSTEM", "domain": "NT AUTHORITY"}}),
    );
}

#[test]
fn sysmon_other_kinds() {
    sysmon(
        13,
        json!({"EventType": "SetValue", "TargetObject": "HKLM\\Software\\Run\\x", "Details": "DWORD (0x00000010)", "Image": "C:\\a.exe"}),
        json!({"event": {"category": ["configuration", "registry"], "type": "change"}, "registry": {"path": "HKLM\\Software\\Run\\x", "hive": "HKLM",
            "key": "Software\\Run\\x", "value": "x", "data": {"strings": "16", "type": "SZ_DWORD"}}}),
    );
    sysmon(
        3,
        json!({"Image": "C:\\a.exe", "Protocol": "tcp", "Initiated": "true", "SourceIp": "10.0.0.1", "SourcePort": "1", "DestinationIp": "10.0.0.2", "DestinationPort": 443}),
        json!({"destination": {"ip": "10.0.0.2", "port": 443}, "source.port": 1, "network": {"direction": "egress", "transport": "tcp"}}),
    );
    sysmon(
        7,
        json!({"Image": "C:\\a.exe", "ImageLoaded": "C:\\b.dll", "Signed": "true", "Signature": "S", "SignatureStatus": "Valid", "Hashes": "MD5=BB"}),
        json!({"dll": {"name": "b.dll", "hash.md5": "bb", "code_signature": {"exists": true, "trusted": true}}, "file.path": "C:\\b.dll"}),
    );
    sysmon(
        11,
        json!({"TargetFilename": "C:\\t\\x.ps1"}),
        json!({"file": {"name": "x.ps1", "directory": "C:\\t", "extension": "ps1"}, "event.type": "creation"}),
    );
    sysmon(
        22,
        json!({"QueryName": "a.example.com"}),
        json!({"dns.question.name": "a.example.com", "network.protocol": "dns"}),
    );
}

#[test]
fn sysmon_for_linux() {
    let data = json!({"User": "root", "ProcessId": "783", "Image": "/usr/bin/osqueryd", "RuleName": "-", "ProcessGuid": "{d}", "UtcTime": "2022-10-24 17:06:14.200"});
    for record in shapes("Linux-Sysmon/Operational", "Linux-Sysmon", 5, &data) {
        let event = fields("sysmon-linux", &record);
        assert_fields(
            &event,
            &json!({"event": {"category": "process", "type": "end", "action": "Process terminated"}, "host.os.type": "linux",
                "process": {"name": "osqueryd", "pid": 783, "executable": "/usr/bin/osqueryd"}, "user.name": "root", "data_stream.dataset": "sysmon_linux.log"}),
        );
        assert!(!event.contains_key("rule.name"));
    }
}

#[test]
fn security() {
    let check = |id: u32, data: Value, wanted: Value| {
        for record in shapes("Security", "Microsoft-Windows-Security-Auditing", id, &data) {
            assert_fields(&fields("windows-security", &record), &wanted);
        }
    };
    // https://learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/event-4688
    check(
        4688,
        json!({"SubjectUserSid": "S-1-5-18", "SubjectUserName": "PC1$", "SubjectDomainName": "WORKGROUP", "NewProcessId": "0x1f4",
            "NewProcessName": "C:\\Windows\\System32\\net.exe", "ProcessId": "0x10", "ParentProcessName": "C:\\Windows\\explorer.exe",
            "CommandLine": "net user", "MandatoryLabel": "S-1-16-12288"}),
        json!({"event": {"category": "process", "type": "start", "action": "created-process", "outcome": "success"}, "user.id": "S-1-5-18",
            "process": {"name": "net.exe", "pid": 500, "args": ["net", "user"], "parent": {"name": "explorer.exe", "pid": 16}}}),
    );
    check(
        4624,
        json!({"SubjectUserSid": "S-1-5-18", "TargetUserSid": "S-1-5-21-1", "TargetUserName": "bob", "TargetDomainName": "CORP", "LogonType": "10",
            "IpAddress": "::ffff:10.0.0.9", "IpPort": "0", "TargetLogonId": "0x1", "ProcessName": "-"}),
        json!({"event": {"category": "authentication", "type": "start", "action": "logged-in"}, "user": {"name": "bob", "domain": "CORP", "id": "S-1-5-21-1"},
            "source.ip": "10.0.0.9", "winlog.logon": {"type": "RemoteInteractive", "id": "0x1"}}),
    );
    check(
        4720,
        json!({"SubjectUserName": "admin", "TargetUserName": "eve", "TargetSid": "S-1-5-21-2"}),
        json!({"event": {"category": "iam", "type": ["user", "creation"], "action": "added-user-account"}, "user": {"name": "admin", "target": {"name": "eve", "id": "S-1-5-21-2"}}}),
    );
}

/// What a rule reads below `winlog.event_data` is found in every shape.
#[test]
fn event_data_of_every_shape() {
    let data = json!({"AttributeLDAPDisplayName": "msDS-KeyCredentialLink", "SubjectUserName": "bob"});
    let query = r#"any where event.code == "5136" and host.os.type == "windows" and winlog.event_data.AttributeLDAPDisplayName == "msDS-KeyCredentialLink""#;
    for record in shapes("Security", "Microsoft-Windows-Security-Auditing", 5136, &data) {
        assert_eq!(ecs::matches(query, &record, files()), 1, "{record}");
    }
}
