//! Field types from the Elastic Common Schema and from mappings, and the names that are suggested for unknown ones.

use rule_core::schema::{Field, FieldType, Schema};
use serde_json::{Value, json};

fn kind(schema: &Schema, name: &str) -> Option<FieldType> {
    schema.get(name).map(|field| field.kind)
}

#[test]
fn the_common_schema_knows_its_fields() {
    let ecs = Schema::ecs();
    assert!(!ecs.is_strict());
    for (name, expected) in [
        ("@timestamp", FieldType::Date),
        ("event.category", FieldType::Keyword),
        ("host.os.type", FieldType::Keyword),
        ("file.name", FieldType::Keyword),
        ("process.command_line", FieldType::Keyword),
        ("process.parent.pid", FieldType::Long),
        ("source.ip", FieldType::Ip),
        ("message", FieldType::Text),
        ("process.entry_leader.interactive", FieldType::Boolean),
        ("event.risk_score", FieldType::Double),
        ("source.geo.location", FieldType::Other),
        ("dll.Ext.relative_file_creation_time", FieldType::Double),
        ("winlog.event_data.TargetUserName", FieldType::Keyword),
        // Objects that are kept as copies of others in the file.
        ("cloud.target.machine.type", FieldType::Keyword),
        ("process.parent.pe.original_file_name", FieldType::Keyword),
        // Below a flattened field.
        ("aws.cloudtrail.flattened.request_parameters.roleName", FieldType::Keyword),
    ] {
        assert_eq!(kind(&ecs, name), Some(expected), "{name}");
    }
    // Objects and unknown names are no fields.
    for name in ["process", "process.parent", "winlog.event_data", "file.nmae", "", ".", "process."] {
        assert_eq!(ecs.get(name), None, "{name}");
    }
}

#[test]
fn a_text_twin_is_read_from_its_field() {
    let field = Schema::ecs().get("process.command_line.text").expect("a field of the schema");
    let expected = Field {
        kind: FieldType::Text,
        null_value: None,
        path: "process.command_line".into(),
        format: None,
        nested: false,
    };
    assert_eq!(field, expected);
}

#[test]
fn nested_objects_mark_their_fields() {
    let ecs = Schema::ecs();
    assert!(ecs.get("file.elf.sections.name").expect("known").nested);
    assert!(ecs.get("threat.enrichments.indicator.file.pe.sections.name").expect("known").nested);
    assert!(!ecs.get("threat.indicator.file.name").expect("known").nested);
    assert!(!ecs.get("file.elf.cpu_type").expect("known").nested);
}

#[test]
fn a_mapping_is_read_in_each_of_its_forms() {
    let properties = json!({"a": {"properties": {"b": {"type": "integer"}}}, "c.d": {"type": "ip"}});
    for mapping in [
        properties.clone(),
        json!({"properties": properties}),
        json!({"mappings": {"dynamic": "strict", "properties": properties}}),
        json!({"logs-1": {"mappings": {"properties": properties}}, "logs-2": {"mappings": {"_meta": {}}}}),
    ] {
        let schema = Schema::from_mapping(&mapping).expect("a mapping");
        assert!(schema.is_strict());
        assert_eq!(kind(&schema, "a.b"), Some(FieldType::Long), "{mapping}");
        assert_eq!(kind(&schema, "c.d"), Some(FieldType::Ip), "{mapping}");
        assert_eq!(kind(&schema, "file.name"), None, "{mapping}");
    }
    // Fields that are called like parts of a mapping.
    let schema = Schema::from_mapping(&json!({"properties": {
        "type": {"type": "keyword"}, "properties": {"type": "long"}, "mappings": {"type": "ip"}}}));
    let schema = schema.expect("a mapping");
    assert_eq!(kind(&schema, "type"), Some(FieldType::Keyword));
    assert_eq!(kind(&schema, "properties"), Some(FieldType::Long));
    assert_eq!(kind(&schema, "mappings"), Some(FieldType::Ip));
    assert_eq!(
        kind(&Schema::from_mapping(&json!({"properties": {"type": "long"}})).expect("bare"), "properties"),
        Some(FieldType::Long)
    );
}

#[test]
fn types_are_grouped_as_eql_groups_them() {
    for (name, expected) in [
        ("wildcard", FieldType::Keyword),
        ("constant_keyword", FieldType::Keyword),
        ("match_only_text", FieldType::Text),
        ("unsigned_long", FieldType::Long),
        ("byte", FieldType::Long),
        ("half_float", FieldType::Double),
        ("scaled_float", FieldType::Double),
        ("date_nanos", FieldType::DateNanos),
        ("version", FieldType::Version),
        ("geo_point", FieldType::Other),
    ] {
        let schema = Schema::from_mapping(&json!({"properties": {"f": {"type": name}}})).expect("a mapping");
        assert_eq!(kind(&schema, "f"), Some(expected), "{name}");
    }
}

#[test]
fn aliases_twins_and_null_values() {
    let schema = Schema::from_mapping(&json!({"properties": {
        "event_type": {"type": "keyword", "null_value": "NULL"},
        "event": {"properties": {"category": {"type": "alias", "path": "event_type"}}},
        "again": {"type": "alias", "path": "event.category"},
        "title": {"type": "text", "fields": {"keyword": {"type": "keyword"}, "en": {"type": "text"}}},
        "body": {"type": "text", "fields": {"lower": {"type": "keyword", "normalizer": "lowercase"}}},
        "labels": {"type": "flattened"},
        "user": {"type": "nested", "properties": {"name": {"type": "keyword"}}},
    }, "runtime": {"day": {"type": "keyword", "script": "…"}}}))
    .expect("a mapping");
    for name in ["event_type", "event.category", "again"] {
        let field = schema.get(name).expect(name);
        assert_eq!((field.path.as_str(), field.null_value), ("event_type", Some(json!("NULL"))), "{name}");
    }
    assert_eq!(kind(&schema, "title"), Some(FieldType::Keyword));
    assert_eq!(kind(&schema, "title.en"), Some(FieldType::Text));
    assert_eq!(schema.get("title.keyword").expect("a twin").path, "title");
    assert_eq!(kind(&schema, "body"), Some(FieldType::Text));
    assert_eq!(kind(&schema, "labels.a.b"), Some(FieldType::Keyword));
    assert_eq!(kind(&schema, "day"), Some(FieldType::Keyword));
    assert!(schema.get("user.name").expect("known").nested);
    assert_eq!(schema.get("user"), None);
}

#[test]
fn a_broken_mapping_is_refused_in_words() {
    let mut deep = json!({"type": "keyword"});
    for _ in 0..100 {
        deep = json!({"properties": {"a": deep}});
    }
    let cases: [(Value, &str); 10] = [
        (json!(7), "not a JSON object"),
        (json!({"properties": []}), "\"properties\""),
        (json!({"properties": {"a": 1}}), "\"a\""),
        (json!({"properties": {"a": {}}}), "neither"),
        (json!({"properties": {"a": {"type": 3}}}), "not a string"),
        (json!({"properties": {"a": {"type": "alias"}}}), "no \"path\""),
        (json!({"properties": {"a": {"type": "alias", "path": "b"}}}), "not a field"),
        (
            json!({"properties": {"a": {"type": "alias", "path": "b"}, "b": {"type": "alias", "path": "a"}}}),
            "leads back to itself",
        ),
        (
            json!({"i": {"mappings": {"properties": {"a": {"type": "ip"}}}},
                "j": {"mappings": {"properties": {"a": {"type": "long"}}}}}),
            "mapped twice",
        ),
        (deep, "nests deeper"),
    ];
    for (mapping, part) in cases {
        let error = Schema::from_mapping(&mapping).expect_err(part);
        assert!(error.contains(part), "{error:?} should say {part:?}");
    }
}

#[test]
fn a_misspelt_name_finds_its_field() {
    let ecs = Schema::ecs();
    for (wrong, right) in [
        ("flie.name", "file.name"),
        ("file.nmae", "file.name"),
        ("process.commandline", "process.command_line"),
        ("process.parent_name", "process.parent.name"),
        ("proces.comand_line", "process.command_line"),
        ("process.Name", "process.name"),
        ("host.os.tpye", "host.os.type"),
        ("event.catgory", "event.category"),
        ("winlog.event_data.targetusername", "winlog.event_data.TargetUserName"),
    ] {
        assert_eq!(ecs.nearest(wrong).as_deref(), Some(right), "{wrong}");
    }
    let long = "process.".repeat(1000);
    for other in ["", "x", "okta.new_thing", "winlog.event_data.Param7", "my.own.field", "file.hash.sha999", &long] {
        assert_eq!(ecs.nearest(other), None, "{other}");
    }
}
