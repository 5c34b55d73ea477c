//! Reads what is live, many objects at once.
//!
//! Owns the walk over the objects. It decides nothing: every answer and every failure is handed
//! on, in the order of the targets.

use crate::event::{Event, Reporter};
use crate::provider::{Authors, ErrorKind, Inquiry, Pace, Provider, ProviderError, Query, Target};
use crate::resource::{KeyAnswer, KeyName, Observed};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What reading an object came to.
pub type Answer<T> = Result<T, ProviderError>;

/// Objects, each with the Region that is remembered of it.
pub type Remembered = Vec<(Arc<str>, Option<Arc<str>>)>;

/// Prepares providers, all at once: each is connected and, where there are objects to read, its
/// account found out while it is learnt where they are. Gives why providers cannot be used.
pub async fn begin<P: Provider>(
    provider: &Arc<P>,
    addresses: BTreeMap<Arc<str>, Remembered>,
) -> BTreeMap<Arc<str>, ProviderError> {
    let mut running = JoinSet::new();
    let mut broken = BTreeMap::new();
    for (address, objects) in addresses {
        let provider = Arc::clone(provider);
        // Until it is known to be well.
        broken.insert(Arc::clone(&address), ProviderError::panicked(&address));
        running.spawn(async move {
            let begun = begin_one(&*provider, &address, &objects).await;
            (address, begun)
        });
    }
    while let Some(joined) = running.join_next().await {
        if let Ok((address, begun)) = joined {
            match begun {
                Ok(()) => broken.remove(&address),
                Err(error) => broken.insert(address, error),
            };
        }
    }
    broken
}

async fn begin_one<P: Provider>(
    provider: &P,
    address: &str,
    objects: &[(Arc<str>, Option<Arc<str>>)],
) -> Result<(), ProviderError> {
    provider.connect(address).await?;
    if objects.is_empty() {
        return Ok(());
    }
    let located = provider.locate(address, objects);
    let (account, ()) = tokio::join!(provider.account(address), located);
    account.map(|_| ())
}

/// Reads every target, at most `parallelism` at once; the answers are in the order of the targets.
pub async fn refresh<P: Provider>(
    provider: &Arc<P>,
    targets: Vec<Target>,
    parallelism: usize,
    reporter: &mut dyn Reporter,
) -> Vec<(Target, Answer<Observed>)> {
    let total = targets.len();
    reporter.report(&Event::Reading { total });
    let read = |provider: Arc<P>, target: Target| async move { provider.read(&target).await };
    let mut unread = 0;
    let told = |done, answer: Option<&Answer<Observed>>| {
        // That there is no such object is an answer.
        let found = |error: &ProviderError| error.kind == ErrorKind::NotFound;
        let is_read = answer.is_some_and(|it| it.as_ref().err().is_none_or(found));
        unread += usize::from(!is_read);
        reporter.report(&Event::Read { done, total, unread });
    };
    let answers = walk(provider, &targets, parallelism, read, told).await;
    let without_answer = |target: &Target| Err(ProviderError::panicked(&target.identity));
    targets
        .into_iter()
        .zip(answers)
        .map(|(target, answer)| {
            let answer = answer.unwrap_or_else(|| without_answer(&target));
            (target, answer)
        })
        .collect()
}

/// Asks every query, at most `parallelism` at once; the answers are in the order of the queries.
pub async fn query<P: Provider>(
    provider: &Arc<P>,
    queries: &[Query],
    parallelism: usize,
) -> Vec<Answer<Value>> {
    let ask = |provider: Arc<P>, query: Query| async move { provider.query(&query).await };
    let answers = walk(provider, queries, parallelism, ask, |_, _| {}).await;
    queries
        .iter()
        .zip(answers)
        .map(|(query, answer)| answer.unwrap_or_else(|| Err(ProviderError::panicked(&query.ty))))
        .collect()
}

/// Asks for every key, at most `parallelism` at once.
pub async fn keys<P: Provider>(
    provider: &Arc<P>,
    names: Vec<KeyName>,
    parallelism: usize,
) -> Vec<(KeyName, KeyAnswer)> {
    let ask = |provider: Arc<P>, name: KeyName| async move { Ok(provider.key(&name).await) };
    let answers = walk(provider, &names, parallelism, ask, |_, _| {}).await;
    let without_answer = |name: &KeyName| Err(ProviderError::panicked(&name.name));
    names
        .into_iter()
        .zip(answers)
        .map(|(name, answer)| {
            let answer = answer.unwrap_or_else(|| without_answer(&name));
            let answer = answer.unwrap_or_else(|error| KeyAnswer::Untold(error.detail));
            (name, answer)
        })
        .collect()
}

/// Asks who changed objects, at most `parallelism` logs at once; the answers are in the order of the
/// questions.
pub async fn authors<P: Provider>(
    provider: &Arc<P>,
    inquiries: &[Inquiry],
    parallelism: usize,
) -> Vec<Authors> {
    let ask = |provider: Arc<P>, inquiry: Inquiry| async move {
        // What the SDK keeps while it waits is large.
        Ok(Box::pin(provider.authors(&inquiry)).await)
    };
    let answers = walk(provider, inquiries, parallelism, ask, |_, _| {}).await;
    let without_answer = |inquiry: &Inquiry| {
        let note = Some(ProviderError::panicked(&inquiry.region).detail);
        Authors { note, ..Authors::default() }
    };
    inquiries
        .iter()
        .zip(answers)
        .map(|(inquiry, answer)| {
            answer.and_then(Result::ok).unwrap_or_else(|| without_answer(inquiry))
        })
        .collect()
}

/// Does one thing for every item, at most `parallelism` at once and no more than the service bears;
/// `told` is given how many are done, and the answer. An item whose task broke down has no answer.
async fn walk<P, T, A, F>(
    provider: &Arc<P>,
    items: &[T],
    parallelism: usize,
    each: impl Fn(Arc<P>, T) -> F,
    mut told: impl FnMut(usize, Option<&Answer<A>>),
) -> Vec<Option<Answer<A>>>
where
    P: Provider,
    T: Clone,
    A: Send + 'static,
    F: Future<Output = Answer<A>> + Send + 'static,
{
    let mut pace = Pace::new(parallelism, provider.throttled());
    let mut answers: Vec<Option<Answer<A>>> = items.iter().map(|_| None).collect();
    let mut waiting = items.iter().cloned().enumerate();
    let mut running = JoinSet::new();
    let mut done = 0;
    loop {
        while running.len() < pace.allowed()
            && let Some((at, item)) = waiting.next()
        {
            let answer = each(Arc::clone(provider), item);
            running.spawn(async move { (at, answer.await) });
        }
        let Some(joined) = running.join_next().await else { break };
        pace.answered(provider.throttled());
        done += 1;
        // A task that panicked leaves its target without an answer, which is told below.
        let answer = joined.ok().and_then(|(at, answer)| {
            let slot = answers.get_mut(at)?;
            Some(&*slot.insert(answer))
        });
        told(done, answer);
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Query;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::time::Duration;

    /// How long a read takes in milliseconds, and whether it fails.
    type Behaviour = (u64, bool);

    /// A service that asks to slow down where more than `bears` are in flight.
    #[derive(Default)]
    struct Service {
        behaviour: Vec<Behaviour>,
        bears: usize,
        throttled: AtomicU64,
        in_flight: AtomicUsize,
        /// How many were in flight as each read began.
        seen: std::sync::Mutex<Vec<usize>>,
    }

    impl Provider for Service {
        async fn connect(&self, _: &str) -> Result<(), ProviderError> {
            Ok(())
        }

        async fn locate(&self, _: &str, _: &[(Arc<str>, Option<Arc<str>>)]) {}

        async fn key(&self, _: &KeyName) -> KeyAnswer {
            panic!("nothing is asked here")
        }

        async fn read(&self, target: &Target) -> Result<Observed, ProviderError> {
            let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
            self.seen.lock().unwrap().push(now);
            if now > self.bears {
                self.throttled.fetch_add(1, Ordering::Relaxed);
            }
            let (latency, fails) = self.behaviour[target.identity.parse::<usize>().unwrap()];
            tokio::time::sleep(Duration::from_millis(latency)).await;
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            if fails {
                return Err(ProviderError {
                    kind: ErrorKind::Denied,
                    summary: "Access denied",
                    detail: target.identity.to_string(),
                    code: None,
                    request_id: None,
                    attribute: None,
                });
            }
            Ok(Observed::of(Value::from(&*target.identity)))
        }

        async fn query(&self, _: &Query) -> Result<Value, ProviderError> {
            panic!("nothing is asked here")
        }

        async fn write(&self, _: &Target, _: &Value) -> Result<(), ProviderError> {
            panic!("a refresh writes nothing")
        }

        async fn reset(&self, _: &Target) -> Result<(), ProviderError> {
            panic!("a refresh writes nothing")
        }

        fn throttled(&self) -> u64 {
            self.throttled.load(Ordering::Relaxed)
        }
    }

    /// Reads one object for each behaviour; gives the answers, and what was reported.
    fn read(
        service: &Arc<Service>,
        parallelism: usize,
    ) -> (Vec<(Target, Answer<Observed>)>, Vec<String>) {
        struct Log(Vec<String>);
        impl Reporter for Log {
            fn report(&mut self, event: &Event<'_>) {
                self.0.push(format!("{event:?}"));
            }
        }
        let targets = (0..service.behaviour.len()).map(|n| Target {
            ty: Arc::from("t"),
            provider: Arc::from("aws"),
            identity: n.to_string().into(),
            request: Value::NULL,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let mut log = Log(Vec::new());
        let walk = refresh(service, targets.collect(), parallelism, &mut log);
        (runtime.block_on(walk), log.0)
    }

    proptest! {
        #[test]
        fn answers_come_in_order_none_is_hidden_and_no_more_are_in_flight_than_allowed(
            behaviour in vec((0..50_u64, any::<bool>()), 0..200),
            parallelism in 0..50_usize,
        ) {
            let service = Service { behaviour, bears: 1000, ..Service::default() };
            let service = Arc::new(service);
            let (answers, events) = read(&service, parallelism);
            prop_assert_eq!(answers.len(), service.behaviour.len());
            for (n, (target, answer)) in answers.iter().enumerate() {
                prop_assert_eq!(&*target.identity, n.to_string());
                prop_assert_eq!(answer.is_err(), service.behaviour[n].1);
                if let Ok(value) = answer {
                    prop_assert_eq!(&value.settings, &Value::from(n.to_string()));
                }
            }
            prop_assert!(service.seen.lock().unwrap().iter().all(|it| *it <= parallelism.max(1)));
            prop_assert_eq!(events.len(), answers.len() + 1, "each answer is told once");
        }
    }

    #[test]
    fn a_service_that_asks_to_slow_down_gets_fewer_at_once() {
        let behaviour = vec![(10, false); 2000];
        let service = Arc::new(Service { behaviour, bears: 20, ..Service::default() });
        let (answers, _) = read(&service, 500);
        assert!(answers.iter().all(|(_, answer)| answer.is_ok()));
        let seen = service.seen.lock().unwrap();
        assert_eq!(seen.iter().max(), Some(&128), "it never grew");
        let late = &seen[1000..];
        let most = late.iter().max().copied().unwrap();
        assert!(most <= 64, "{most} in flight, of 20 that it bears");
    }

    #[test]
    fn a_service_that_bears_it_gets_more_at_once_up_to_the_cap() {
        let behaviour = vec![(10, false); 2000];
        let service = Arc::new(Service { behaviour, bears: 10_000, ..Service::default() });
        read(&service, 300);
        assert_eq!(service.seen.lock().unwrap().iter().max(), Some(&300));
    }
}
