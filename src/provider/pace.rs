//! How many requests may be in flight.

/// The number of requests in flight that a service bears: begins moderate, grows while answers are
/// clean, halves when the service asks to slow down.
#[derive(Debug)]
pub struct Pace {
    cap: usize,
    allowed: usize,
    /// How often the service had asked to slow down when it was last looked at.
    throttled: u64,
    /// Answers to wait for until a further request to slow down counts: those of requests that
    /// were in flight at the last one say nothing new.
    settling: usize,
}

/// Where it begins: enough to hide the latency of a hundred buckets, and far below what S3 slows.
const FIRST: usize = 128;

impl Pace {
    /// At most `cap` in flight, and at least one; `throttled` is how often the service has asked to
    /// slow down before, which was heeded then.
    pub fn new(cap: usize, throttled: u64) -> Self {
        let cap = cap.max(1);
        Self { cap, allowed: FIRST.min(cap), throttled, settling: 0 }
    }

    /// How many may be in flight now.
    pub fn allowed(&self) -> usize {
        self.allowed
    }

    /// Takes note of an answer; `throttled` is how often the service has asked to slow down so far.
    pub fn answered(&mut self, throttled: u64) {
        self.settling = self.settling.saturating_sub(1);
        if throttled > self.throttled {
            self.throttled = throttled;
            if self.settling == 0 {
                self.settling = self.allowed;
                self.allowed = (self.allowed / 2).max(1);
            }
        } else if self.settling == 0 {
            self.allowed = (self.allowed + 1).min(self.cap);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_the_cap_while_answers_are_clean() {
        let mut pace = Pace::new(200, 0);
        for _ in 0..1000 {
            pace.answered(0);
        }
        assert_eq!(pace.allowed(), 200);
    }

    #[test]
    fn one_burst_of_throttling_halves_it_once() {
        let mut pace = Pace::new(128, 0);
        for count in 1..=64 {
            pace.answered(count);
        }
        assert_eq!(pace.allowed(), 64);
    }

    #[test]
    fn lasting_throttling_brings_it_down_to_one() {
        let mut pace = Pace::new(256, 0);
        for count in 1..=2000 {
            pace.answered(count);
        }
        assert_eq!(pace.allowed(), 1);
    }

    #[test]
    fn it_never_starts_above_the_cap_and_never_stops() {
        assert_eq!(Pace::new(10, 0).allowed(), 10);
        assert_eq!(Pace::new(0, 0).allowed(), 1);
    }

    #[test]
    fn what_a_walk_before_this_one_was_told_does_not_slow_it_down() {
        let mut pace = Pace::new(256, 40);
        pace.answered(40);
        assert_eq!(pace.allowed(), 129);
        pace.answered(41);
        assert_eq!(pace.allowed(), 64);
    }
}
