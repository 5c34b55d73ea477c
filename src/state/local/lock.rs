//! The lock: one of the operating system, so that it dies with its holder.

use super::{StateError, beside, io_error, parent};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

/// Longer than it takes to look whether somebody has the lock.
const LOOK: Duration = Duration::from_millis(5);

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The command: `apply`.
    pub operation: String,
    /// `user@host`.
    pub who: String,
    /// The process.
    pub pid: u32,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, who, pid, since } = self;
        let since = since.strftime("%Y-%m-%d %H:%M:%S UTC");
        write!(f, "`sealform {operation}` of {who} (process {pid}) since {since}")
    }
}

/// A holder, with how long ago that was by the clock of whoever looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who it is.
    pub holder: Holder,
    /// When it was looked.
    pub now: Timestamp,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { holder, now } = self;
        write!(f, "{holder}, ")?;
        match now.as_second().saturating_sub(holder.since.as_second()) {
            // Clocks of two machines are never quite the same.
            -5..=1 => f.write_str("just now"),
            age @ 2.. => write!(f, "{} ago", counted(age)),
            ahead => write!(
                f,
                "{} later than the clock of this machine: one of the two clocks is wrong",
                counted(ahead.saturating_neg())
            ),
        }
    }
}

/// A number of seconds in words.
fn counted(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        172_800.. => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

mod rfc3339 {
    use super::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// The lock of a state, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
#[must_use = "the lock is released when it is dropped"]
pub struct Lock {
    file: File,
    holder: Holder,
}

impl Lock {
    /// Takes it for `asking`, whose time is now.
    pub(super) fn take(state: &Path, asking: &Holder) -> Result<Self, StateError> {
        let path = beside(state, ".lock");
        let failed = |operation| io_error(operation, &path);
        fs::create_dir_all(parent(state)).map_err(io_error("create", parent(state)))?;
        // Whoever does not get the lock must be able to read who has it: nothing is truncated yet.
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open"))?;
        // Who looks whether a run is under way holds it for a moment.
        let taken = file.try_lock().or_else(|_| {
            std::thread::sleep(LOOK);
            file.try_lock()
        });
        match taken {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                // The holder may be about to write it; then its name is all that is missing.
                let holder = file.read_to_end(&mut text).ok();
                let holder = holder.and_then(|_| serde_json::from_slice(&text).ok());
                let holder = holder.map(|it: Holder| Seen { holder: it, now: asking.since });
                return Err(StateError::Locked { path: state.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock")(error)),
        }
        let text = serde_json::to_vec(asking).map_err(io::Error::from).map_err(failed("write"))?;
        file.set_len(0).and_then(|()| file.write_all(&text)).map_err(failed("write"))?;
        Ok(Self { file, holder: asking.clone() })
    }

    /// Whether this run holds it at the moment, as far as can be told without taking it.
    pub(super) fn is_held_by(state: &Path, run: &Holder) -> bool {
        let Ok(mut file) = File::open(beside(state, ".lock")) else { return false };
        let mut text = Vec::new();
        let holder = file.read_to_end(&mut text).ok();
        let holder = holder.and_then(|_| serde_json::from_slice::<Holder>(&text).ok());
        // The name of who was killed stays, so that the lock itself is looked at, too.
        holder.as_ref() == Some(run)
            && matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Who holds it.
    pub(super) fn holder(&self) -> &Holder {
        &self.holder
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // So that the next holder is never taken for this one. If it fails, only that is lost.
        let _best_effort = self.file.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_lock_is_told_with_its_age_and_a_clock_that_was_set_back_is_no_age() {
        let holder = Holder {
            operation: "apply".into(),
            who: "eve@build".into(),
            pid: 4711,
            since: "2026-05-04T03:02:01.123456789Z".parse().unwrap(),
        };
        for (now, age) in [
            ("2026-05-04T03:02:01Z", "just now"),
            ("2026-05-04T03:01:57Z", "just now"),
            ("2026-05-04T03:02:02.999Z", "just now"),
            ("2026-05-04T03:02:43Z", "42 seconds ago"),
            ("2026-05-04T03:05:01Z", "3 minutes ago"),
            ("2026-05-04T05:02:01Z", "2 hours ago"),
            ("2026-05-11T03:02:01Z", "7 days ago"),
            (
                "2026-05-04T01:02:01Z",
                "2 hours later than the clock of this machine: one of the two clocks is wrong",
            ),
            (
                "2020-01-01T00:00:00Z",
                "2315 days later than the clock of this machine: one of the two clocks is wrong",
            ),
        ] {
            let seen = Seen { holder: holder.clone(), now: now.parse().unwrap() };
            let expected = format!(
                "`sealform apply` of eve@build (process 4711) since 2026-05-04 03:02:01 UTC, {age}"
            );
            assert_eq!(seen.to_string(), expected);
        }
    }
}
