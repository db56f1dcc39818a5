//! The collector's configuration.

mod file;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rule_core::Limits;
use serde::Deserialize;

use crate::Deployment;
use crate::engine::{EngineKind, InstanceLimits};

/// What the collector does.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the rules run.
    pub engine: EngineKind,
    /// Who the events are evaluated for.
    pub tenants: Vec<Tenant>,
    /// Where events come from.
    pub inputs: Vec<Input>,
    /// Where alerts go.
    pub output: Output,
    /// What alerts are written as.
    pub format: AlertFormat,
    /// How long a stop may wait for requests that are under way.
    pub stop_timeout: Duration,
}

/// Rules with limits of their own.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// In alerts as `tripline.tenant`, and in the HTTP input's addresses.
    pub name: String,
    /// Rule files and folders.
    pub rules: Vec<PathBuf>,
    /// An Elasticsearch mapping.
    pub mapping: Option<PathBuf>,
    /// What belongs to the deployment and not to the rules.
    pub deployment: Deployment,
    /// The index or data stream of events that do not say theirs; see [`SessionOptions::index`](rule_core::SessionOptions::index).
    pub index: Option<String>,
    /// Whether alerts carry the investigation guide.
    pub notes: bool,
    /// Limits on rules and events.
    pub limits: Limits,
    /// Limits on memory and time.
    pub instance: InstanceLimits,
    /// How many batches may wait before inputs do.
    pub queue: usize,
    /// How much later an event may come than one that happened after it, and still take its place in a sequence. When no events
    /// come, event time goes on with the clock, this far behind it.
    pub allowed_lateness: Duration,
    /// How long from the first event, in event time, combinations of values are learned that would make `new_terms` alerts.
    pub new_terms_learning: Duration,
    /// How far ahead of the clock here an event's timestamp may be and still be believed to tell the time.
    pub clock_skew: Duration,
    /// Where the state of sequences is kept. Without it, a stop gives up partial matches.
    pub state: Option<State>,
}

/// Where and how often a tenant's state is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Holds `TENANT.state`; made when it is not there.
    pub folder: PathBuf,
    /// Between two snapshots while the collector runs.
    pub interval: Duration,
}

/// A source of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Standard input, NDJSON.
    Stdin {
        /// Index into [`Config::tenants`].
        tenant: usize,
    },
    /// A TCP listener, NDJSON.
    Tcp {
        /// The address to listen on.
        address: SocketAddr,
        /// Index into [`Config::tenants`].
        tenant: usize,
    },
    /// An HTTP listener; the tenant is in the request's path.
    Http {
        /// The address to listen on.
        address: SocketAddr,
        /// The tenant of requests whose path names none.
        tenant: Option<usize>,
    },
}

/// Where alerts go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Appended to a file, which SIGHUP opens again.
    File(PathBuf),
}

/// What alerts are written as, one per line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertFormat {
    /// Documents that Kibana's alert views understand, with `tripline.tenant`.
    #[default]
    Kibana,
    /// OCSF Detection Findings, with the tenant as `metadata.tenant_uid`.
    Ocsf,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Something in it is wrong.
    #[error("{}:{line}:{column}: {message}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Counted from 1; 0 when the place is not known.
        line: u64,
        /// Counted from 1.
        column: u64,
        /// What is wrong.
        message: String,
    },
}
