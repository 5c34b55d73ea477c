//! A service in memory, and a log of what happens.

use crate::apply::Stop;
use crate::event::{Event, Reporter};
use crate::plan::Step;
use crate::provider::{ErrorKind, Provider, ProviderError, Query, Target};
use crate::resource::{KeyAnswer, KeyName, Observed, UnknownElement};
use crate::value::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// A service in memory.
pub(super) struct Fake {
    buckets: Mutex<BTreeMap<String, Bucket>>,
    calls: Mutex<Vec<String>>,
    at_once: AtomicUsize,
    pub(super) most_at_once: AtomicUsize,
    /// The journal that is looked into whenever something is to be written.
    pub(super) journal: OnceLock<PathBuf>,
    /// How many intents stood in it each time, and whether that of this call was among them.
    pub(super) intents: Mutex<Vec<(usize, bool)>>,
}

/// A bucket, and how it behaves.
pub(super) struct Bucket {
    live: Value,
    /// What was written and is not shown yet.
    written: Option<Value>,
    /// How many reads do not show yet what was written.
    pub(super) lag: usize,
    /// Which call fails, and how.
    pub(super) fails: Option<(&'static str, ErrorKind)>,
    /// A call that fails has its effect all the same.
    pub(super) answer_lost: bool,
    /// Which call ends its task.
    pub(super) panics: Option<&'static str>,
    /// How many calls have changed it.
    pub(super) effects: usize,
    pub(super) latency: Duration,
    pub(super) reset_to: Value,
    /// What the engine does not know of it.
    pub(super) unknown: Vec<UnknownElement>,
}

impl Fake {
    pub(super) fn of<'a>(buckets: impl IntoIterator<Item = (&'a str, Value)>) -> Arc<Self> {
        let buckets = buckets.into_iter().map(|(name, live)| {
            let bucket = Bucket {
                live,
                written: None,
                lag: 0,
                fails: None,
                answer_lost: false,
                panics: None,
                effects: 0,
                latency: Duration::ZERO,
                reset_to: super::live("AES256"),
                unknown: Vec::new(),
            };
            (name.to_owned(), bucket)
        });
        Arc::new(Self {
            buckets: Mutex::new(buckets.collect()),
            calls: Mutex::default(),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            journal: OnceLock::new(),
            intents: Mutex::default(),
        })
    }

    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut Bucket)) {
        change(self.buckets.lock().unwrap().get_mut(name).unwrap());
    }

    pub(super) fn effects(&self, name: &str) -> usize {
        self.buckets.lock().unwrap()[name].effects
    }

    pub(super) fn live(&self, name: &str) -> Value {
        self.buckets.lock().unwrap()[name].live.clone()
    }

    /// Every call so far, in order: `read a`, `write a`, `reset a`.
    pub(super) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    #[expect(clippy::disallowed_methods, reason = "the journal is looked into")]
    fn look_into_the_journal(&self, name: &str) {
        let Some(journal) = self.journal.get() else { return };
        let text = std::fs::read_to_string(journal).unwrap_or_default();
        let intents = text.lines().filter(|line| line.contains("{\"intent\":"));
        let own = format!("\"identity\":{name:?}");
        let is_there = intents.clone().any(|line| line.contains(&own));
        self.intents.lock().unwrap().push((intents.count(), is_there));
    }

    async fn call<T>(
        &self,
        call: &'static str,
        target: &Target,
        act: impl FnOnce(&mut Bucket) -> T,
    ) -> Result<T, ProviderError> {
        let name = &*target.identity;
        self.calls.lock().unwrap().push(format!("{call} {name}"));
        if call != "read" {
            self.look_into_the_journal(name);
        }
        let at_once = self.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::Relaxed);
        let latency = self.buckets.lock().unwrap()[name].latency;
        tokio::time::sleep(latency).await;
        self.at_once.fetch_sub(1, Ordering::Relaxed);
        let panics = self.buckets.lock().unwrap()[name].panics;
        // Nothing is poisoned by it.
        assert!(panics != Some(call), "it was to panic");
        let mut buckets = self.buckets.lock().unwrap();
        let bucket = buckets.get_mut(name).unwrap();
        let failure = bucket.fails.filter(|(failing, _)| *failing == call);
        if failure.is_some() && !bucket.answer_lost {
            return Err(refusal(call, failure));
        }
        bucket.effects += usize::from(call != "read");
        let answer = act(bucket);
        if failure.is_some() { Err(refusal(call, failure)) } else { Ok(answer) }
    }
}

fn refusal(call: &str, failure: Option<(&str, ErrorKind)>) -> ProviderError {
    let kind = failure.map_or(ErrorKind::Other, |(_, kind)| kind);
    ProviderError {
        kind,
        summary: if kind == ErrorKind::NotFound { "NotFound" } else { "Denied" },
        detail: format!("The {call} failed."),
        code: None,
        request_id: None,
        attribute: None,
    }
}

impl Provider for Fake {
    async fn connect(&self, _: &str) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn locate(&self, _: &str, _: &[(Arc<str>, Option<Arc<str>>)]) {}

    async fn key(&self, _: &KeyName) -> KeyAnswer {
        panic!("nothing is asked here")
    }

    async fn read(&self, target: &Target) -> Result<Observed, ProviderError> {
        let look = |bucket: &mut Bucket| {
            if bucket.lag == 0
                && let Some(written) = bucket.written.take()
            {
                bucket.live = written;
            } else if bucket.written.is_some() {
                bucket.lag -= 1;
            }
            Observed { unknown: bucket.unknown.clone(), ..Observed::of(bucket.live.clone()) }
        };
        self.call("read", target, look).await
    }

    async fn query(&self, _: &Query) -> Result<Value, ProviderError> {
        panic!("nothing is asked here")
    }

    async fn write(&self, target: &Target, settings: &Value) -> Result<(), ProviderError> {
        let settings = settings.clone();
        self.call("write", target, |bucket| bucket.written = Some(settings)).await
    }

    async fn reset(&self, target: &Target) -> Result<(), ProviderError> {
        self.call("reset", target, |bucket| bucket.written = Some(bucket.reset_to.clone())).await
    }

    fn throttled(&self) -> u64 {
        0
    }
}

/// Takes down what happens, and interrupts where it is told to.
pub(super) struct Log<'a> {
    pub(super) lines: Vec<String>,
    pub(super) interrupt_after: Option<&'a str>,
    pub(super) interrupted: &'a Stop,
}

impl Reporter for Log<'_> {
    fn report(&mut self, event: &Event<'_>) {
        let name = |step: &Step| format!("{}{}", step.address.resource.name, step.address.key);
        let line = match event {
            Event::Applying { total } => format!("applying {total}"),
            Event::Started { step } => format!("started {}", name(step)),
            Event::Done { step, .. } => format!("done {}", name(step)),
            Event::Failed { step, diagnostic } => {
                format!("failed {}: {}", name(step), diagnostic.summary)
            }
            Event::Cut { step } => format!("cut {}", name(step)),
            Event::Skipped { step } => format!("skipped {}", name(step)),
            Event::Waiting { .. }
            | Event::Seeded { .. }
            | Event::Reading { .. }
            | Event::Read { .. }
            | Event::Planned { .. } => format!("{event:?}"),
        };
        if self.interrupt_after == Some(&*line) {
            self.interrupted.ask();
        }
        self.lines.push(line);
    }
}
