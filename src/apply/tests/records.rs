//! What is recorded of a walk and when: whatever fails, is stopped or breaks down meanwhile.

use super::*;
use crate::apply::Ledger;
use crate::event::{Event, Reporter};
use crate::state::{Change, Session, StateError};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

const JOURNAL: &str = "s.json.journal";

/// A session on a disk that is full for a while.
struct Flaky {
    session: Session,
    full: Arc<AtomicBool>,
    /// Something is to be flushed.
    pending: bool,
}

impl Flaky {
    fn new(session: Session) -> Self {
        Self { session, full: Arc::default(), pending: false }
    }
}

impl Ledger for Flaky {
    fn state(&self) -> &StateFile {
        self.session.state()
    }

    fn record(&mut self, change: Change) -> Result<(), StateError> {
        self.pending = true;
        self.session.record(change)
    }

    fn intend(&mut self, intent: Intent) -> Result<(), StateError> {
        self.pending = true;
        self.session.intend(intent)
    }

    fn settle(&mut self, provider: &Arc<str>, identity: &Arc<str>) -> Result<(), StateError> {
        self.pending = true;
        self.session.settle(provider, identity)
    }

    fn withdraw(&mut self, provider: &Arc<str>, identity: &Arc<str>) -> Result<(), StateError> {
        self.pending = true;
        self.session.withdraw(provider, identity)
    }

    fn flush(&mut self) -> Result<(), StateError> {
        if self.pending && self.full.load(Ordering::Acquire) {
            let (what, reason) = ("the journal".to_owned(), "the disk is full".to_owned());
            return Err(StateError::Unfit { what, reason });
        }
        self.pending = false;
        self.session.flush()
    }
}

/// A walk over buckets of these names that looks into the journal.
async fn looked_into(names: &[String], parallelism: usize) -> (Arc<Fake>, Ran) {
    let fake = Fake::of(names.iter().map(|name| (name.as_str(), live("AES256"))));
    for name in names {
        fake.change(name, |bucket| bucket.latency = Duration::from_millis(5));
    }
    let plan = plan(names.iter().map(|name| step(Action::Update, name, &[])).collect());
    let ran = run_with(&fake, &plan, parallelism, &Stop::default(), None, |directory| {
        fake.journal.set(directory.path().join(JOURNAL)).unwrap();
    })
    .await;
    (fake, ran)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_before_its_intent_is_in_the_journal() {
    let names: Vec<String> = (0..60).map(|n| format!("b{n}")).collect();
    for parallelism in [1, 7, 60] {
        let (fake, ran) = looked_into(&names, parallelism).await;
        assert_eq!(ran.outcome().count(Action::Update), 60);
        let intents = fake.intents.lock().unwrap();
        assert_eq!(intents.len(), 60);
        assert!(intents.iter().all(|(_, own)| *own), "{parallelism}: {intents:?}");
        // One write of the journal does for all that had begun.
        assert_eq!(intents[0].0, parallelism, "{intents:?}");
    }
}

/// One that broke down was a place less for all that came after it, and the last place was the end.
#[tokio::test(start_paused = true)]
async fn a_step_that_breaks_down_stops_only_what_depends_on_it() {
    let names = ["a", "b", "c", "d"];
    for call in ["read", "write"] {
        let fake = Fake::of(names.map(|name| (name, live("AES256"))));
        fake.change("a", |bucket| bucket.panics = Some(call));
        let mut steps = names.map(|name| step(Action::Update, name, &[])).to_vec();
        steps[1].after_blocks = vec![block("a")];
        let ran = run(&fake, &plan(steps), 1).await;
        let outcome = ran.outcome();
        assert_eq!(outcome.failures[0].diagnostic.summary, "Request broke down");
        assert_eq!(addresses(&outcome.skipped), [format!("{TYPE}.b")]);
        assert_eq!(ran.names(), ["c", "d"]);
        // It is known to have been begun where it may have been written to.
        assert_eq!(ran.unfinished.len(), usize::from(call == "write"));
    }
}

/// What had read and waited for the journal is not begun when it is cut, and leaves no trace there.
#[tokio::test(start_paused = true)]
async fn what_waits_for_the_journal_when_the_disk_is_full_is_not_begun() {
    let names = ["a", "b", "c"];
    let fake = Fake::of(names.map(|name| (name, live("AES256"))));
    fake.change("c", |bucket| bucket.latency = Duration::from_secs(2));
    let plan = plan(names.map(|name| step(Action::Update, name, &[])).to_vec());
    let directory = TempDir::new().unwrap();
    let local = Local::new(directory.path().join("s.json"));
    let mut flaky = Flaky::new(local.session(None, "0.0.0").unwrap());
    let full = Arc::clone(&flaky.full);
    full.store(true, Ordering::Release);
    let freed = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        full.store(false, Ordering::Release);
    };
    let stop = Stop::default();
    let reporter = &mut ();
    let applying = apply(&fake, &plan, &mut flaky, 3, &stop, reporter);
    let (outcome, ()) = tokio::join!(applying, freed);
    assert_eq!(fake.effects("a") + fake.effects("b"), 0);
    assert_eq!(outcome.done.iter().sum::<usize>(), fake.effects("c"));
    assert!(outcome.unrecorded.is_some());
    drop(flaky);
    let found = local.look().unwrap();
    assert_eq!(found.unfinished, []);
    assert_eq!(found.state.map_or(0, |state| state.resources.len()), fake.effects("c"));
}

/// What befalls a bucket.
#[derive(Clone, Debug)]
struct Fate {
    removal: bool,
    latency: u64,
    fails: Option<(&'static str, ErrorKind)>,
    answer_lost: bool,
    panics: Option<&'static str>,
    after_last: bool,
}

fn any_fate() -> impl Strategy<Value = Fate> {
    let call = || prop_oneof![Just("read"), Just("change")];
    let kind = prop_oneof![Just(ErrorKind::Denied), Just(ErrorKind::Unreachable)];
    (
        any::<bool>(),
        prop_oneof![3 => 0..60_u64, 1 => 5_000..20_000_u64],
        prop::option::weighted(0.15, (call(), kind)),
        any::<bool>(),
        prop::option::weighted(0.05, call()),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(removal, latency, fails, answer_lost, panics, after_last)| Fate {
            removal,
            latency,
            fails,
            answer_lost,
            panics,
            after_last,
        })
}

/// What comes over the whole walk, each at the event of this number.
#[derive(Clone, Debug)]
struct Weather {
    full: Option<(usize, usize)>,
    asked: Vec<usize>,
}

fn any_weather() -> impl Strategy<Value = Weather> {
    let full = prop::option::of((0..30_usize, 1..30_usize));
    (full, vec(0..60_usize, 0..3)).prop_map(|(full, asked)| Weather { full, asked })
}

/// Looks into the journal whenever something is said to be done.
struct Witness<'a> {
    local: &'a Local,
    weather: &'a Weather,
    full: Arc<AtomicBool>,
    stop: &'a Stop,
    events: usize,
    lies: Vec<String>,
    done: BTreeSet<String>,
}

impl Reporter for Witness<'_> {
    fn report(&mut self, event: &Event<'_>) {
        if let Event::Done { step, .. } = event {
            let state = self.local.read().unwrap();
            let is_there = state.is_some_and(|it| it.resources.contains_key(&step.address));
            if is_there == step.is_removal() {
                self.lies.push(step.identity.to_string());
            }
            self.done.insert(step.identity.to_string());
        }
        if let Some((from, length)) = self.weather.full {
            let is_full = (from..from + length).contains(&self.events);
            self.full.store(is_full, Ordering::Release);
        }
        if self.weather.asked.contains(&self.events) {
            self.stop.ask();
        }
        self.events += 1;
    }
}

proptest! {
    /// Killed at the end or not: nothing that was done is forgotten, and nothing is told that is not so.
    #[test]
    fn what_is_recorded_is_what_was_done_whatever_comes(
        fates in vec(any_fate(), 1..12),
        weather in any_weather(),
        parallelism in 1..6_usize,
        is_saved in any::<bool>(),
    ) {
        let names: Vec<String> = (0..fates.len()).map(|at| format!("b{at}")).collect();
        let mut steps = Vec::new();
        for (at, (name, fate)) in names.iter().zip(&fates).enumerate() {
            let before = at.checked_sub(1).filter(|_| fate.after_last).map(|it| names[it].as_str());
            let action = if fate.removal { Action::Reset } else { Action::Update };
            steps.push(step(action, name, before.as_slice()));
        }
        let fake = Fake::of(steps.iter().map(|it| (&*it.identity, it.before.clone().unwrap())));
        for (name, fate) in names.iter().zip(&fates) {
            let change = if fate.removal { "reset" } else { "write" };
            let call = |call| if call == "read" { "read" } else { change };
            fake.change(name, |bucket| {
                bucket.latency = Duration::from_millis(fate.latency);
                bucket.fails = fate.fails.map(|(it, kind)| (call(it), kind));
                // Nobody refuses what he does.
                bucket.answer_lost =
                    fate.answer_lost && fate.fails.is_some_and(|(_, it)| it == ErrorKind::Unreachable);
                bucket.panics = fate.panics.map(call);
            });
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let directory = TempDir::new().unwrap();
        let local = Local::new(directory.path().join("s.json"));
        let mut session = local.session(None, "0.0.0").unwrap();
        for step in steps.iter().filter(|step| step.is_removal()) {
            let held = Step { action: Action::Adopt, after: Some(live("aws:kms")), ..step.clone() };
            crate::apply::record(&mut session, &held).unwrap();
        }
        session.finish().unwrap();
        let mut flaky = Flaky::new(local.session(None, "0.0.0").unwrap());
        fake.journal.set(directory.path().join(JOURNAL)).unwrap();
        let stop = Stop::default();
        let mut witness = Witness {
            local: &local,
            weather: &weather,
            full: Arc::clone(&flaky.full),
            stop: &stop,
            events: 0,
            lies: Vec::new(),
            done: BTreeSet::new(),
        };
        let plan = plan(steps.clone());
        let applying = apply(&fake, &plan, &mut flaky, parallelism, &stop, &mut witness);
        let bounded = runtime.block_on(async {
            tokio::time::timeout(Duration::from_hours(1), applying).await
        });
        prop_assert!(bounded.is_ok(), "it hangs");
        let outcome = bounded.unwrap();
        let (lies, told, full) = (witness.lies, witness.done, witness.full);
        prop_assert_eq!(lies, Vec::<String>::new(), "told and not recorded");
        prop_assert!(fake.intents.lock().unwrap().iter().all(|(_, own)| *own), "written unrecorded");
        if is_saved {
            full.store(false, Ordering::Release);
            flaky.session.save().unwrap();
        }
        let was_full = full.load(Ordering::Acquire);
        drop(flaky);

        let found = local.look().unwrap();
        let recorded = found.state.map(|state| state.resources).unwrap_or_default();
        let open: BTreeSet<&str> = found.unfinished.iter().map(|it| &*it.identity).collect();
        let calls = fake.calls();
        for (step, fate) in steps.iter().zip(&fates) {
            let name = &*step.identity;
            let is_done = recorded.contains_key(&step.address) != fate.removal;
            let called = calls.iter().any(|it| *it == format!("write {name}") || *it == format!("reset {name}"));
            prop_assert!(fake.effects(name) == 0 || is_done || open.contains(name), "{name} is forgotten");
            prop_assert!(!told.contains(name) || (is_done && !open.contains(name)), "{name} was told");
            prop_assert!(!is_done || fake.effects(name) > 0, "{name} was never written");
            // What was refused or not begun is not in question, unless that could not be recorded.
            prop_assert!(was_full || called || !open.contains(name), "{name} was never begun");
        }
        let ended = outcome.done.iter().sum::<usize>() + outcome.failures.len()
            + outcome.skipped.len() + outcome.cut.len() + outcome.unsaved.len();
        prop_assert_eq!(ended, steps.len());
        prop_assert_eq!(told.len(), outcome.done.iter().sum::<usize>());
    }
}
