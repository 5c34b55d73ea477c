//! A clock for leases.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Counts the time since it was made, and never too little: the machine's monotonic clock stands
/// still while the machine sleeps, and the one on the wall may be set back. What either of them says
/// has passed, has passed.
#[derive(Debug)]
pub(super) struct Clock(Mutex<Read>);

#[derive(Clone, Copy, Debug)]
struct Read {
    passed: Duration,
    instant: Instant,
    wall: SystemTime,
}

impl Read {
    fn at(self, instant: Instant, wall: SystemTime) -> Self {
        let by_instant = instant.saturating_duration_since(self.instant);
        let by_wall = wall.duration_since(self.wall).unwrap_or_default();
        Self { passed: self.passed + by_instant.max(by_wall), instant, wall }
    }
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a lease is a matter of time")]
    pub(super) fn new() -> Self {
        let (instant, wall) = (Instant::now(), SystemTime::now());
        Self(Mutex::new(Read { passed: Duration::ZERO, instant, wall }))
    }

    #[expect(clippy::disallowed_methods, reason = "a lease is a matter of time")]
    pub(super) fn now(&self) -> Duration {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *read = read.at(Instant::now(), SystemTime::now());
        read.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    fn whatever_clock_says_that_time_has_passed_is_believed() {
        let secs = Duration::from_secs;
        let (instant, wall) = (Instant::now(), SystemTime::now());
        let read = Read { passed: Duration::ZERO, instant, wall };
        // The machine slept, then its clock was set back by an hour.
        let slept = read.at(instant + secs(1), wall + secs(100));
        assert_eq!(slept.passed, secs(100));
        let set_back = slept.at(instant + secs(4), wall - secs(3_600));
        assert_eq!(set_back.passed, secs(103));
        assert_eq!(set_back.at(instant + secs(5), wall - secs(3_590)).passed, secs(113));
    }
}
