//! A service in memory, and a log of what happens.

use crate::apply::Stop;
use crate::event::{Event, Reporter};
use crate::plan::Step;
use crate::provider::{ErrorKind, Provider, ProviderError, Query, Target};
use crate::resource::{KeyAnswer, KeyName, Observed};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A service in memory.
pub(super) struct Fake {
    buckets: Mutex<BTreeMap<String, Bucket>>,
    calls: Mutex<Vec<String>>,
    at_once: AtomicUsize,
    pub(super) most_at_once: AtomicUsize,
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
    pub(super) latency: Duration,
    pub(super) reset_to: Value,
}

impl Fake {
    pub(super) fn of<'a>(buckets: impl IntoIterator<Item = (&'a str, Value)>) -> Arc<Self> {
        let buckets = buckets.into_iter().map(|(name, live)| {
            let bucket = Bucket {
                live,
                written: None,
                lag: 0,
                fails: None,
                latency: Duration::ZERO,
                reset_to: super::live("AES256"),
            };
            (name.to_owned(), bucket)
        });
        Arc::new(Self {
            buckets: Mutex::new(buckets.collect()),
            calls: Mutex::default(),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        })
    }

    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut Bucket)) {
        change(self.buckets.lock().unwrap().get_mut(name).unwrap());
    }

    pub(super) fn live(&self, name: &str) -> Value {
        self.buckets.lock().unwrap()[name].live.clone()
    }

    /// Every call so far, in order: `read a`, `write a`, `reset a`.
    pub(super) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    async fn call<T>(
        &self,
        call: &'static str,
        target: &Target,
        act: impl FnOnce(&mut Bucket) -> T,
    ) -> Result<T, ProviderError> {
        let name = &*target.identity;
        self.calls.lock().unwrap().push(format!("{call} {name}"));
        let at_once = self.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::Relaxed);
        let latency = self.buckets.lock().unwrap()[name].latency;
        tokio::time::sleep(latency).await;
        self.at_once.fetch_sub(1, Ordering::Relaxed);
        let mut buckets = self.buckets.lock().unwrap();
        let bucket = buckets.get_mut(name).unwrap();
        match bucket.fails {
            Some((failing, kind)) if failing == call => Err(ProviderError {
                kind,
                summary: if kind == ErrorKind::NotFound { "NotFound" } else { "Denied" },
                detail: format!("The {call} failed."),
                code: None,
                request_id: None,
            }),
            _ => Ok(act(bucket)),
        }
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
            bucket.live.clone()
        };
        self.call("read", target, look).await.map(Observed::of)
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
