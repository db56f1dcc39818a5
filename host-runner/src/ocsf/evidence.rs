//! From ECS fields to the objects of an OCSF evidence. Each object keeps what OCSF requires of it, or is left out: a process has a
//! pid or a uid, a user a name or a uid, an endpoint an address or a name.

use serde_json::{Map, Value, json};

use super::fields::{Fields, Object};

type Members = Map<String, Value>;

/// What the event is about, as far as its fields tell.
pub(super) fn evidence(event: Fields<'_>) -> Members {
    let process = process(event, "process");
    let user = user(event, "user");
    let is_process_event = event.all("event.category").iter().any(|category| *category == "process");
    let mut actor = Object::default();
    // A process that began is what happened; who did it is its parent. Elsewhere the process is who did it.
    actor.put("process", if is_process_event { process_parent(event) } else { process.clone() });
    actor.put("user", user.clone());
    let mut evidence = Object::default();
    evidence.put("actor", actor.into_map());
    evidence.put("process", process.filter(|_| is_process_event));
    evidence.put("file", file(event, "file"));
    evidence.put("user", user);
    evidence.put("device", device(event));
    evidence.put("src_endpoint", endpoint(event, "source"));
    evidence.put("dst_endpoint", endpoint(event, "destination"));
    evidence.put("url", url(event));
    evidence.put("query", query(event));
    evidence.into_map()
}

fn process_parent(event: Fields<'_>) -> Option<Members> {
    let mut parent = Object::default();
    base_process(event, "process.parent", &mut parent);
    parent.having(&["pid", "uid"])
}

fn process(event: Fields<'_>, at: &str) -> Option<Members> {
    let mut process = Object::default();
    base_process(event, at, &mut process);
    process.put("parent_process", process_parent(event));
    process.having(&["pid", "uid"])
}

fn base_process(event: Fields<'_>, at: &str, process: &mut Object) {
    let field = |name: &str| format!("{at}.{name}");
    process.put("pid", event.number(&field("pid")));
    process.put("uid", event.text(&field("entity_id")));
    process.put("name", event.text(&field("name")));
    process.put("cmd_line", event.text(&field("command_line")));
    process.put("working_directory", event.text(&field("working_directory")));
    process.put("created_time", event.time(&field("start")));
    process.put("tid", event.number(&field("thread.id")));
    process.put("user", user(event, &field("user")));
    let mut image = Object::of([("type_id", json!(1)), ("type", json!("Regular File"))]);
    let path = event.text(&field("executable"));
    image.put("name", path.as_deref().and_then(last_name));
    image.put("path", path);
    image.put("hashes", hashes(event, &field("hash")));
    process.put("file", image.having(&["name"]));
}

fn file(event: Fields<'_>, at: &str) -> Option<Members> {
    let field = |name: &str| format!("{at}.{name}");
    // ECS: `file.type` is `file`, `dir` or `symlink`.
    let (type_id, kind) = match event.text(&field("type")).as_deref() {
        Some("file") => (1, "Regular File"),
        Some("dir") => (2, "Folder"),
        Some("symlink") => (7, "Symbolic Link"),
        _ => (0, "Unknown"),
    };
    let path = event.text(&field("path"));
    let mut file = Object::of([("type_id", json!(type_id)), ("type", json!(kind))]);
    file.put("name", event.text(&field("name")).or_else(|| path.as_deref().and_then(last_name)));
    file.put("path", path);
    file.put("parent_folder", event.text(&field("directory")));
    file.put("ext", event.text(&field("extension")));
    file.put("size", event.number(&field("size")));
    file.put("mime_type", event.text(&field("mime_type")));
    file.put("modified_time", event.time(&field("mtime")));
    let mut owner = Object::default();
    owner.put("name", event.text(&field("owner")));
    owner.put("uid", event.text(&field("uid")));
    file.put("owner", owner.into_map());
    file.put("hashes", hashes(event, &field("hash")));
    file.having(&["name"])
}

/// The part of a path after the last separator, of either kind.
fn last_name(path: &str) -> Option<String> {
    path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn hashes(event: Fields<'_>, at: &str) -> Option<Vec<Value>> {
    const ALGORITHMS: &[(&str, u32, &str)] =
        &[("md5", 1, "MD5"), ("sha1", 2, "SHA-1"), ("sha256", 3, "SHA-256"), ("sha512", 4, "SHA-512")];
    let hash = |(name, id, algorithm): &(&str, u32, &str)| {
        let value = event.text(&format!("{at}.{name}"))?;
        Some(json!({"algorithm_id": id, "algorithm": algorithm, "value": value}))
    };
    let hashes: Vec<Value> = ALGORITHMS.iter().filter_map(hash).collect();
    Some(hashes).filter(|hashes| !hashes.is_empty())
}

fn user(event: Fields<'_>, at: &str) -> Option<Members> {
    let field = |name: &str| format!("{at}.{name}");
    let mut user = Object::default();
    user.put("name", event.text(&field("name")));
    user.put("uid", event.text(&field("id")));
    user.put("domain", event.text(&field("domain")));
    user.put("full_name", event.text(&field("full_name")));
    user.put("email_addr", event.text(&field("email")));
    user.having(&["name", "uid"])
}

fn device(event: Fields<'_>) -> Option<Members> {
    let (type_id, kind) = match event.text("host.type").as_deref() {
        Some("server") => (1, "Server"),
        Some("desktop") => (2, "Desktop"),
        Some("laptop") => (3, "Laptop"),
        _ => (0, "Unknown"),
    };
    let mut device = Object::of([("type_id", json!(type_id)), ("type", json!(kind))]);
    device.put("uid", event.text("host.id"));
    device.put("name", event.text("host.name"));
    device.put("hostname", event.text("host.hostname").or_else(|| event.text("host.name")));
    device.put("domain", event.text("host.domain"));
    device.put("ip", event.address("host.ip"));
    device.put("mac", event.text("host.mac"));
    device.put("os", os(event));
    device.having(&["uid", "name", "hostname", "ip"])
}

fn os(event: Fields<'_>) -> Option<Members> {
    let kind = event.text("host.os.type");
    let (type_id, caption) = match kind.as_deref() {
        Some("windows") => (100, "Windows"),
        Some("linux") => (200, "Linux"),
        Some("android") => (201, "Android"),
        Some("macos") => (300, "macOS"),
        Some("ios") => (301, "iOS"),
        // The caption of `99` is the source's own.
        Some(other) => (99, other),
        None => (0, "Unknown"),
    };
    let mut os = Object::of([("type_id", json!(type_id)), ("type", json!(caption))]);
    let name = ["host.os.name", "host.os.full", "host.os.platform"].iter().find_map(|field| event.text(field));
    os.put("name", name.or_else(|| kind.clone()));
    os.put("version", event.text("host.os.version"));
    os.put("kernel_release", event.text("host.os.kernel"));
    os.having(&["name"])
}

fn endpoint(event: Fields<'_>, at: &str) -> Option<Members> {
    let field = |name: &str| format!("{at}.{name}");
    let mut endpoint = Object::default();
    endpoint.put("ip", event.address(&field("ip")));
    endpoint.put("port", event.number(&field("port")).filter(|port| *port <= 65_535));
    endpoint.put("hostname", event.text(&field("domain")));
    endpoint.put("mac", event.text(&field("mac")));
    endpoint.having(&["ip", "hostname"])
}

fn url(event: Fields<'_>) -> Option<Members> {
    let mut url = Object::default();
    url.put("url_string", event.text("url.full").or_else(|| event.text("url.original")));
    url.put("hostname", event.text("url.domain"));
    url.put("path", event.text("url.path"));
    url.put("scheme", event.text("url.scheme"));
    url.having(&["url_string", "path"])
}

fn query(event: Fields<'_>) -> Option<Members> {
    let mut query = Object::default();
    query.put("hostname", event.text("dns.question.name"));
    query.put("type", event.text("dns.question.type"));
    query.having(&["hostname"])
}
