//! Where alerts are written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::config::{AlertFormat, Output};
use crate::ocsf;

/// Writes whole lines for all tenants.
pub(super) struct Sink {
    target: Mutex<Target>,
    format: AlertFormat,
    /// Told when a write fails: alerts that go nowhere are a reason to stop.
    pub broken: Notify,
}

enum Target {
    Stdout,
    File(File),
}

impl Sink {
    pub fn open(output: &Output, format: AlertFormat) -> io::Result<Self> {
        Ok(Sink { target: Mutex::new(target(output)?), format, broken: Notify::new() })
    }

    /// Opens the file again, after a rotation moved it.
    pub fn reopen(&self, output: &Output) -> io::Result<()> {
        let fresh = target(output)?;
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Writes the alerts of one batch, each with its tenant.
    pub fn write(&self, tenant: &str, alerts: &str) -> io::Result<()> {
        if alerts.is_empty() {
            return Ok(());
        }
        let tagged = match self.format {
            AlertFormat::Kibana => tag(tenant, alerts),
            // Alerts are JSON: there is no error but a mistake of ours, and then the batch counts as lost.
            AlertFormat::Ocsf => ocsf::findings(alerts, Some(tenant))?,
        };
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let result = match &mut *target {
            Target::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(tagged.as_bytes()).and_then(|()| out.flush())
            }
            Target::File(file) => file.write_all(tagged.as_bytes()),
        };
        if result.is_err() {
            self.broken.notify_one();
        }
        result
    }

    /// Makes sure that what was written is on disk.
    pub fn sync(&self) -> io::Result<()> {
        match &*self.target.lock().unwrap_or_else(PoisonError::into_inner) {
            Target::Stdout => Ok(()),
            Target::File(file) => file.sync_all().or_else(|error| match error.kind() {
                // A pipe or a device has nothing to sync.
                io::ErrorKind::InvalidInput => Ok(()),
                _ => Err(error),
            }),
        }
    }
}

fn target(output: &Output) -> io::Result<Target> {
    let append = |path: &Path| OpenOptions::new().create(true).append(true).open(path);
    Ok(match output {
        Output::Stdout => Target::Stdout,
        Output::File(path) => Target::File(append(path)?),
    })
}

/// Puts `tripline.tenant` in front of each document's fields.
fn tag(tenant: &str, alerts: &str) -> String {
    let mut tagged = String::with_capacity(alerts.len() + alerts.lines().count() * (tenant.len() + 24));
    for alert in alerts.lines() {
        // The name is of letters that need no escaping; the configuration checks that.
        match alert.strip_prefix('{') {
            Some(rest) => {
                let comma = if rest.starts_with('}') { "" } else { "," };
                tagged.push_str(&format!("{{\"tripline.tenant\":\"{tenant}\"{comma}{rest}\n"));
            }
            None => {
                tagged.push_str(alert);
                tagged.push('\n');
            }
        }
    }
    tagged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_carry_their_tenant() {
        assert_eq!(
            tag("web", "{\"a\":1}\n{}\n"),
            "{\"tripline.tenant\":\"web\",\"a\":1}\n{\"tripline.tenant\":\"web\"}\n"
        );
    }

    #[test]
    fn a_rotated_file_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.ndjson");
        let output = Output::File(path.clone());
        let sink = Sink::open(&output, AlertFormat::Kibana).unwrap();
        sink.write("a", "{}\n").unwrap();
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        sink.write("a", "{}\n").unwrap();
        sink.reopen(&output).unwrap();
        sink.write("b", "{}\n").unwrap();
        sink.sync().unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("old")).unwrap().lines().count(), 2);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"tripline.tenant\":\"b\"}\n");
    }
}
