//! Planned faults: which requests fail, and how. Seeded, so that a failing run can be had again.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// `503 SlowDown`; of KMS and `CloudTrail` `400 ThrottlingException`, of STS `400 Throttling`.
    SlowDown,
    /// `500 InternalError`; of KMS `KMSInternalException`, of the others `InternalFailure`.
    InternalError,
    /// The connection is cut, before or after the request took effect.
    Reset,
    /// No answer ever comes.
    Stall,
}

impl FaultKind {
    const ALL: [Self; 4] = [Self::SlowDown, Self::InternalError, Self::Reset, Self::Stall];

    /// The name it has on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::SlowDown => "503",
            Self::InternalError => "500",
            Self::Reset => "reset",
            Self::Stall => "stall",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that names no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault `{0}`: expected one of 503, 500, reset, stall")]
pub struct UnknownFault(String);

impl FromStr for FaultKind {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

/// How often which fault strikes.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// What goes wrong.
    pub kind: FaultKind,
    /// The share of requests that it strikes, from 0 to 1.
    pub rate: f64,
    /// The seed of the choice.
    pub seed: u64,
}

/// What befalls one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strike {
    SlowDown,
    InternalError,
    ResetBeforeEffect,
    ResetAfterEffect,
    Stall,
}

/// The running choice over all requests.
#[derive(Debug)]
pub(super) struct FaultSource {
    kind: FaultKind,
    rate: f64,
    rng: Mutex<fastrand::Rng>,
}

impl FaultSource {
    pub(super) fn new(faults: &Faults) -> Self {
        let rng = Mutex::new(fastrand::Rng::with_seed(faults.seed));
        Self { kind: faults.kind, rate: faults.rate, rng }
    }

    /// What befalls the next request, if anything.
    pub(super) fn strike(&self) -> Option<Strike> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        if rng.f64() >= self.rate {
            return None;
        }
        Some(match self.kind {
            FaultKind::SlowDown => Strike::SlowDown,
            FaultKind::InternalError => Strike::InternalError,
            FaultKind::Reset if rng.bool() => Strike::ResetAfterEffect,
            FaultKind::Reset => Strike::ResetBeforeEffect,
            FaultKind::Stall => Strike::Stall,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for kind in FaultKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("404".parse::<FaultKind>(), Err(UnknownFault("404".to_owned())));
    }

    #[test]
    fn the_rate_holds_and_the_seed_decides() {
        let faults = Faults { kind: FaultKind::Reset, rate: 0.3, seed: 7 };
        let draw = || {
            let source = FaultSource::new(&faults);
            (0..1000).map(|_| source.strike()).collect::<Vec<_>>()
        };
        let strikes = draw();
        assert_eq!(strikes, draw());
        let count = |wanted| strikes.iter().filter(|strike| **strike == wanted).count();
        assert!((650..750).contains(&count(None)));
        assert!(count(Some(Strike::ResetBeforeEffect)) > 100);
        assert!(count(Some(Strike::ResetAfterEffect)) > 100);
    }

    #[test]
    fn rates_zero_and_one_are_exact() {
        for (rate, struck) in [(0.0, 0), (1.0, 500)] {
            let source = FaultSource::new(&Faults { kind: FaultKind::SlowDown, rate, seed: 1 });
            assert_eq!((0..500).filter(|_| source.strike().is_some()).count(), struck);
        }
    }
}
