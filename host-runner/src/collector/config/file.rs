//! The configuration as it is written: YAML.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use rule_core::Limits;
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::{AlertFormat, Config, ConfigError, Input, Output, State, Tenant};
use crate::Deployment;
use crate::engine::{EngineKind, InstanceLimits};
use crate::normalisers::Normalise;
use crate::units;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    engine: EngineKind,
    tenants: Spanned<Vec<TenantEntry>>,
    inputs: Spanned<Vec<Spanned<InputEntry>>>,
    #[serde(default = "default_output")]
    output: String,
    #[serde(default)]
    format: AlertFormat,
    #[serde(default = "default_stop_timeout", deserialize_with = "units::deserialize_duration")]
    stop_timeout: Duration,
}

fn default_output() -> String {
    "-".into()
}

fn default_stop_timeout() -> Duration {
    Duration::from_secs(30)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantEntry {
    name: Spanned<String>,
    rules: Spanned<Vec<PathBuf>>,
    mapping: Option<PathBuf>,
    overrides: Option<PathBuf>,
    #[serde(default)]
    value_lists: Vec<PathBuf>,
    #[serde(default)]
    indicators: Vec<PathBuf>,
    index: Option<String>,
    #[serde(default)]
    normalise: Normalise,
    #[serde(default)]
    normalisers: Vec<PathBuf>,
    #[serde(default)]
    notes: bool,
    #[serde(default)]
    limits: Limits,
    #[serde(default = "default_memory", deserialize_with = "units::deserialize_size")]
    memory_limit: ByteSize,
    #[serde(default = "default_deadline", deserialize_with = "units::deserialize_duration")]
    deadline: Duration,
    #[serde(default = "default_compile_deadline", deserialize_with = "units::deserialize_duration")]
    compile_deadline: Duration,
    #[serde(default = "default_queue")]
    queue: Spanned<usize>,
    #[serde(default = "default_lateness", deserialize_with = "units::deserialize_any_duration")]
    allowed_lateness: Duration,
    #[serde(default = "default_learning", deserialize_with = "units::deserialize_any_duration")]
    new_terms_learning: Duration,
    #[serde(default = "default_clock_skew", deserialize_with = "units::deserialize_any_duration")]
    clock_skew: Duration,
    state: Option<PathBuf>,
    state_interval: Option<Spanned<Interval>>,
}

/// A duration above zero.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Interval(#[serde(deserialize_with = "units::deserialize_duration")] Duration);

fn default_memory() -> ByteSize {
    InstanceLimits::default().memory
}

fn default_deadline() -> Duration {
    InstanceLimits::default().deadline
}

fn default_compile_deadline() -> Duration {
    InstanceLimits::default().compile_deadline
}

fn default_queue() -> Spanned<usize> {
    Spanned::new(16, serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}

fn default_lateness() -> Duration {
    Duration::from_secs(10)
}

fn default_learning() -> Duration {
    Duration::from_secs(24 * 60 * 60)
}

fn default_clock_skew() -> Duration {
    Duration::from_secs(5 * 60)
}

fn default_interval() -> Duration {
    Duration::from_secs(60)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputEntry {
    #[serde(default)]
    stdin: bool,
    #[serde(default, deserialize_with = "address")]
    tcp: Option<SocketAddr>,
    #[serde(default, deserialize_with = "address")]
    http: Option<SocketAddr>,
    tenant: Option<Spanned<String>>,
}

/// `127.0.0.1:8080`, or a port, which is one on the loopback interface.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match (text.parse(), text.parse()) {
        (Ok(port), _) => Ok(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))),
        (_, Ok(address)) => Ok(Some(address)),
        _ => Err(serde::de::Error::custom(format!(
            "`{text}` is not an address: write `127.0.0.1:8080`, `[::1]:8080`, or a port"
        ))),
    }
}

impl Config {
    /// Reads the configuration. Relative paths in it start from its folder.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text = fs::read_to_string(path).map_err(|reason| ConfigError::Io { path: path.to_owned(), reason })?;
        Config::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
        let invalid = |location: serde_saphyr::Location, message: String| ConfigError::Invalid {
            path: path.to_owned(),
            line: location.line(),
            column: location.column(),
            message,
        };
        let file: File = serde_saphyr::from_str(text).map_err(|error| {
            let location = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
            invalid(location, in_words(&error))
        })?;

        let base = path.parent().unwrap_or(Path::new(""));
        let mut names = BTreeSet::new();
        let mut tenants = Vec::new();
        for entry in &file.tenants.value {
            let name = &entry.name.value;
            if !is_name(name) {
                let message = format!("`{name}` cannot name a tenant: use letters, digits, `-`, `_` and `.`");
                return Err(invalid(entry.name.referenced, message));
            }
            if !names.insert(name.as_str()) {
                return Err(invalid(entry.name.referenced, format!("there is another tenant `{name}`")));
            }
            if entry.rules.value.is_empty() {
                return Err(invalid(entry.rules.referenced, format!("tenant `{name}` has no rules")));
            }
            if entry.queue.value == 0 {
                return Err(invalid(entry.queue.referenced, "`queue` has to be at least 1".into()));
            }
            let state = match (&entry.state, &entry.state_interval) {
                (Some(folder), interval) => Some(State {
                    folder: base.join(folder),
                    interval: interval.as_ref().map_or_else(default_interval, |interval| interval.value.0),
                }),
                (None, None) => None,
                (None, Some(interval)) => {
                    let message = "`state_interval` is for `state`, and there is none".into();
                    return Err(invalid(interval.referenced, message));
                }
            };
            tenants.push(Tenant {
                name: name.clone(),
                rules: entry.rules.value.iter().map(|rules| base.join(rules)).collect(),
                mapping: entry.mapping.as_ref().map(|mapping| base.join(mapping)),
                deployment: Deployment {
                    overrides: entry.overrides.as_ref().map(|overrides| base.join(overrides)),
                    value_lists: entry.value_lists.iter().map(|list| base.join(list)).collect(),
                    indicators: entry.indicators.iter().map(|indicators| base.join(indicators)).collect(),
                    normalise: entry.normalise.clone(),
                    normalisers: entry.normalisers.iter().map(|path| base.join(path)).collect(),
                },
                notes: entry.notes,
                limits: entry.limits.clone(),
                instance: InstanceLimits {
                    memory: entry.memory_limit,
                    deadline: entry.deadline,
                    compile_deadline: entry.compile_deadline,
                },
                queue: entry.queue.value,
                index: entry.index.clone(),
                allowed_lateness: entry.allowed_lateness,
                new_terms_learning: entry.new_terms_learning,
                clock_skew: entry.clock_skew,
                state,
            });
        }
        if tenants.is_empty() {
            return Err(invalid(file.tenants.referenced, "there is no tenant".into()));
        }
        if file.inputs.value.is_empty() {
            return Err(invalid(file.inputs.referenced, "there is no input".into()));
        }
        let mut inputs = Vec::new();
        for entry in &file.inputs.value {
            let input = input(&entry.value, entry.referenced, &tenants, &invalid)?;
            if matches!(input, Input::Stdin { .. }) && inputs.contains(&input) {
                return Err(invalid(entry.referenced, "standard input can be read only once".into()));
            }
            inputs.push(input);
        }
        let output = if file.output == "-" { Output::Stdout } else { Output::File(base.join(&file.output)) };
        Ok(Config {
            engine: file.engine,
            tenants,
            inputs,
            output,
            format: file.format,
            stop_timeout: file.stop_timeout,
        })
    }
}

fn input(
    entry: &InputEntry,
    location: serde_saphyr::Location,
    tenants: &[Tenant],
    invalid: &impl Fn(serde_saphyr::Location, String) -> ConfigError,
) -> Result<Input, ConfigError> {
    let tenant = match &entry.tenant {
        Some(name) => Some(tenants.iter().position(|tenant| tenant.name == name.value).ok_or_else(|| {
            let names: Vec<_> = tenants.iter().map(|tenant| format!("`{}`", tenant.name)).collect();
            invalid(name.referenced, format!("there is no tenant `{}`, only {}", name.value, names.join(", ")))
        })?),
        // With one tenant there is nothing to choose.
        None => (tenants.len() == 1).then_some(0),
    };
    let needed = || tenant.ok_or_else(|| invalid(location, "which tenant? add `tenant: NAME`".into()));
    match (entry.stdin, entry.tcp, entry.http) {
        (true, None, None) => Ok(Input::Stdin { tenant: needed()? }),
        (false, Some(address), None) => Ok(Input::Tcp { address, tenant: needed()? }),
        (false, None, Some(address)) => Ok(Input::Http { address, tenant }),
        _ => Err(invalid(location, "an input is one of `stdin: true`, `tcp: ADDRESS` and `http: ADDRESS`".into())),
    }
}

/// Names go into addresses and logs.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The parser's message on one line; the place is told apart from it.
fn in_words(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.rsplit_once(" at line ").map_or(line, |(message, _)| message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("/etc/tripline/tripline.yaml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_short_configuration_has_defaults() {
        let config = parse("tenants:\n  - name: web\n    rules: [rules]\ninputs:\n  - tcp: 5170\n").unwrap();
        assert_eq!(config.engine, EngineKind::Wasm);
        assert_eq!((config.output, config.format), (Output::Stdout, AlertFormat::Kibana));
        assert_eq!(config.inputs, [Input::Tcp { address: "127.0.0.1:5170".parse().unwrap(), tenant: 0 }]);
        assert_eq!(config.tenants[0].rules, [Path::new("/etc/tripline/rules")]);
        assert_eq!(config.tenants[0].instance, InstanceLimits::default());
        assert_eq!(config.tenants[0].limits, Limits::default());
        assert_eq!(config.tenants[0].allowed_lateness, Duration::from_secs(10));
        assert_eq!(config.tenants[0].new_terms_learning, Duration::from_secs(86_400));
        assert_eq!(config.tenants[0].clock_skew, Duration::from_secs(300));
        assert_eq!(config.tenants[0].state, None);
    }

    #[test]
    fn everything_can_be_set() {
        let text = r#"
engine: native
tenants:
  - name: a
    rules: [a.toml, /rules]
    mapping: mapping.json
    notes: true
    memory_limit: 64MiB
    deadline: 250ms
    compile_deadline: 5s
    queue: 4
    limits: { max_event_bytes: 1000 }
    allowed_lateness: 0s
    new_terms_learning: 0s
    clock_skew: 1m 30s
    state: state
    state_interval: 10s
  - { name: b, rules: [b], state: /var/lib/tripline }
inputs:
  - { stdin: true, tenant: b }
  - { tcp: "127.0.0.1:1", tenant: a }
  - http: "[::1]:2"
output: alerts.ndjson
format: ocsf
stop_timeout: 5s
"#;
        let config = parse(text).unwrap();
        assert_eq!(config.engine, EngineKind::Native);
        assert_eq!(config.output, Output::File("/etc/tripline/alerts.ndjson".into()));
        assert_eq!(config.format, AlertFormat::Ocsf);
        assert_eq!(config.stop_timeout, Duration::from_secs(5));
        let a = &config.tenants[0];
        assert_eq!((a.notes, a.queue, a.limits.max_event_bytes), (true, 4, 1000));
        assert_eq!(a.instance.memory, ByteSize::mib(64));
        assert_eq!(a.instance.deadline, Duration::from_millis(250));
        assert_eq!((a.allowed_lateness, a.clock_skew), (Duration::ZERO, Duration::from_secs(90)));
        assert_eq!(a.new_terms_learning, Duration::ZERO);
        let state = State { folder: "/etc/tripline/state".into(), interval: Duration::from_secs(10) };
        assert_eq!(a.state, Some(state));
        let state = State { folder: "/var/lib/tripline".into(), interval: Duration::from_secs(60) };
        assert_eq!(config.tenants[1].state, Some(state));
        assert_eq!(config.inputs[0], Input::Stdin { tenant: 1 });
        assert_eq!(config.inputs[2], Input::Http { address: "[::1]:2".parse().unwrap(), tenant: None });
    }

    #[test]
    fn errors_name_their_place() {
        let tenants = "tenants:\n  - name: web\n    rules: [rules]\n  - name: db\n    rules: [rules]\n";
        for (text, expected) in [
            (format!("{tenants}inputs:\n  - tcp: 5170\n"), "tripline.yaml:7:5: which tenant? add `tenant: NAME`"),
            (
                format!("{tenants}inputs:\n  - tcp: 5170\n    tenant: wed\n"),
                "tripline.yaml:8:13: there is no tenant `wed`, only `web`, `db`",
            ),
            (format!("{tenants}inputs: []\n"), "tripline.yaml:6:9: there is no input"),
            (format!("{tenants}inputs:\n  - {{}}\n"), "tripline.yaml:7:5: an input is one of"),
            (format!("{tenants}inputs:\n  - tcp: here\n"), "tripline.yaml:7:10: `here` is not an address"),
            ("tenants:\n  - name: a/b\n    rules: [x]\ninputs: []\n".into(), "tripline.yaml:2:11: `a/b` cannot name"),
            ("tenants:\n  - name: a\n    rules: [x]\n    memry: 1\ninputs: []\n".into(), "tripline.yaml:4:5: "),
            (
                "tenants:\n  - name: a\n    rules: [x]\n    memory_limit: much\ninputs: []\n".into(),
                "tripline.yaml:4:19: `much` is not a size",
            ),
            (
                "tenants:\n  - name: a\n    rules: [x]\n    allowed_lateness: soon\ninputs: []\n".into(),
                "tripline.yaml:4:23: `soon` is not a duration",
            ),
            (
                "tenants:\n  - name: a\n    rules: [x]\n    state: s\n    state_interval: 0s\ninputs: []\n".into(),
                "tripline.yaml:5:21: a duration above zero",
            ),
            (
                "tenants:\n  - name: a\n    rules: [x]\n    state_interval: 5s\ninputs: []\n".into(),
                "tripline.yaml:4:21: `state_interval` is for `state`",
            ),
            ("tenants: [\n".into(), "tripline.yaml:"),
        ] {
            let message = parse(&text).unwrap_err();
            assert!(message.contains(expected), "{text}\n  gives: {message}\n  not:   {expected}");
            assert_eq!(message.lines().count(), 1, "{message}");
        }
        let message = parse("tenants:\n  - name: a\n    rules: [x]\n    memry: 1\ninputs: []\n").unwrap_err();
        assert!(message.contains("memry") && message.contains("memory_limit"), "{message}");
    }
}
