//! Whether a service answers at all, so that an outage ends a run in minutes.
//!
//! Each request is repeated for a while by itself, which is right as long as others get through. Of a
//! service that answers every request with a failure, a fleet would be asked one bucket after the
//! other, each as patiently as the first. So all requests of a run to one service in one Region are
//! watched together: where none has been answered well for as long as the run has patience, the rest
//! is not sent. One good answer, a refusal included, and the patience begins anew; and a few requests
//! are no evidence, however long they wait between their repetitions: a service that is slow, or
//! throttles, is never given up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The fewest failures in a row that may be an outage: more than one bucket's default repetitions, so
/// that the last bucket of a fleet, or the only one, is not taken for its service.
const EVIDENCE: u64 = 10;

/// Why a request was not sent: its service has been given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(super) struct Outage {
    text: Arc<str>,
}

/// The services of a run, and for how long they may fail.
#[derive(Clone, Debug, Default)]
pub(super) struct Patience {
    /// While there is none, no service is given up.
    limit: Arc<OnceLock<Duration>>,
    services: Arc<Mutex<BTreeMap<String, Health>>>,
}

impl Patience {
    /// From now on a service is given up that has answered nothing but failures for so long, and to
    /// more than a few requests.
    pub(super) fn limit(&self, limit: Duration) {
        // The first one stays: a run has one.
        let _first = self.limit.set(limit);
    }

    /// What is known of a service, shared by all who ask it.
    pub(super) fn of(&self, place: &str) -> Health {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let known = services.entry(place.to_owned()).or_insert_with(|| Health {
            place: place.into(),
            limit: Arc::clone(&self.limit),
            course: Arc::default(),
        });
        known.clone()
    }
}

/// How one service has answered so far. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Health {
    place: Arc<str>,
    limit: Arc<OnceLock<Duration>>,
    course: Arc<Mutex<Course>>,
}

#[derive(Debug, Default)]
struct Course {
    /// How many requests were sent since the last good answer.
    sent: u64,
    /// When the first failure since then came.
    failing: Option<Instant>,
    /// When the last one did.
    failed: Option<Instant>,
    /// Why the last request failed, in a few words.
    why: String,
    /// The service has answered well in this run, if only once.
    has_answered: bool,
    outage: Option<Outage>,
}

impl Course {
    /// What is told of a service that fails: how long and how often by now, and how.
    fn told(&self, place: &str, failing: Duration) -> String {
        format!(
            "{place} has answered nothing but failures for {}, to {} requests, the last with {}.",
            in_words(failing),
            self.sent,
            self.why
        )
    }
}

impl Health {
    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is about to be sent.
    ///
    /// # Errors
    /// The service has been given up.
    pub(super) fn send(&self) -> Result<(), Outage> {
        let mut course = self.course();
        match &course.outage {
            Some(outage) => Err(outage.clone()),
            None => {
                course.sent = course.sent.saturating_add(1);
                Ok(())
            }
        }
    }

    /// Why the service has been given up, if it has.
    pub(super) fn outage(&self) -> Option<Outage> {
        self.course().outage.clone()
    }

    /// The service has answered, if only that it refuses.
    pub(super) fn good(&self) {
        let mut course = self.course();
        (course.sent, course.failing, course.has_answered) = (0, None, true);
    }

    /// Why the service is out of order: it has been given up, or has failed throughout this run.
    pub(super) fn failure(&self) -> Option<Outage> {
        let course = self.course();
        if course.outage.is_some() || course.has_answered {
            return course.outage.clone();
        }
        // As of the last failure, so that it is the same for whoever asks.
        let failing = course.failed?.duration_since(course.failing?);
        let told = course.told(&self.place, failing);
        let text = format!(
            "{told} See what is wrong with the service, the network or the endpoint, and run again \
             when it answers."
        );
        Some(Outage { text: text.into() })
    }

    /// The service has failed: `why` in a few words. May be told more than once of one request. Gives
    /// whether it is worth while to ask again.
    pub(super) fn bad(&self, why: &str) -> bool {
        let now = Instant::now();
        let mut course = self.course();
        let since = *course.failing.get_or_insert(now);
        let failing = now.duration_since(since);
        course.failed = Some(now);
        why.clone_into(&mut course.why);
        let is_outage =
            course.sent >= EVIDENCE && self.limit.get().is_some_and(|limit| failing >= *limit);
        if is_outage && course.outage.is_none() {
            let text = format!(
                "{} The run gives it up: what was not asked by then is not asked any more. See what \
                 is wrong with the service, the network or the endpoint, and run again when it \
                 answers; --give-up-after has a run be more patient.",
                course.told(&self.place, failing)
            );
            course.outage = Some(Outage { text: text.into() });
        }
        course.outage.is_none()
    }
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        1 => "1 second".to_owned(),
        seconds @ 2..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service that is watched for a minute, and the same for whoever else asks it.
    fn watched() -> (Health, Health) {
        let patience = Patience::default();
        let before = patience.of("S3 in eu-west-1");
        patience.limit(Duration::from_mins(1));
        (before, patience.clone().of("S3 in eu-west-1"))
    }

    /// As many requests as are evidence, sent and not yet answered.
    fn asked(health: &Health) {
        for _ in 0..EVIDENCE {
            health.send().unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_requests_are_no_evidence() {
        let (one, other) = watched();
        for _ in 1..EVIDENCE {
            one.send().unwrap();
            assert!(one.bad("status 503"));
            tokio::time::advance(Duration::from_mins(1)).await;
        }
        other.send().unwrap();
        assert!(!other.bad("status 503"));
        assert!(one.send().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_fails_for_too_long_is_given_up_by_all() {
        let (one, other) = watched();
        for _ in 0..59 {
            one.send().unwrap();
            other.send().unwrap();
            assert!(one.bad("status 503"));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!other.bad("status 503"));
        let outage = one.send().unwrap_err();
        assert_eq!(other.send(), Err(outage.clone()));
        let text = outage.to_string();
        let begins = "S3 in eu-west-1 has answered nothing but failures for 60 seconds, to 118 \
                      requests, the last with status 503.";
        assert!(text.starts_with(begins), "{text}");
        // What is still on its way changes nothing any more.
        other.good();
        assert!(one.send().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_good_answer_begins_anew_and_idle_time_does_not_count() {
        let (one, other) = watched();
        assert!(one.bad("a timeout"));
        tokio::time::advance(Duration::from_secs(59)).await;
        other.good();
        tokio::time::advance(Duration::from_hours(1)).await;
        asked(&one);
        assert!(one.bad("a timeout"));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert!(one.bad("a timeout"));
        assert_eq!(one.send(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_failed_throughout_is_out_of_order_before_it_is_given_up() {
        let (one, other) = watched();
        assert_eq!(one.failure(), None);
        for why in ["status 503", "status 500"] {
            one.send().unwrap();
            assert!(one.bad(why));
            tokio::time::advance(Duration::from_secs(5)).await;
        }
        let text = other.failure().unwrap().to_string();
        let begins = "S3 in eu-west-1 has answered nothing but failures for 5 seconds, to 2 \
                      requests, the last with status 500. See what";
        assert!(text.starts_with(begins), "{text}");
        other.good();
        asked(&one);
        assert!(one.bad("status 503"));
        assert_eq!(one.failure(), None, "others get through");
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(!one.bad("status 503"));
        assert!(one.failure().unwrap().to_string().contains("gives it up"));
    }

    #[tokio::test(start_paused = true)]
    async fn another_service_is_another_matter_and_without_a_limit_none_is_given_up() {
        let patience = Patience::default();
        let (here, there) = (patience.of("S3 in eu-west-1"), patience.of("S3 in us-east-1"));
        asked(&here);
        assert!(here.bad("status 500"));
        tokio::time::advance(Duration::from_hours(1)).await;
        assert!(here.bad("status 500"));
        patience.limit(Duration::from_mins(1));
        assert!(!here.bad("status 500"));
        assert!(here.send().is_err());
        assert_eq!(there.send(), Ok(()));
    }
}
