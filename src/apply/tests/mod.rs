//! Plans carried out against a service in memory, with a clock that nobody waits for.

mod fake;
mod properties;
mod queue;
mod records;

use self::fake::{Fake, Log};
use super::{Outcome, Stop, apply};
use crate::addr::{Address, InstanceKey, ResourceAddr};
use crate::plan::{Action, OutputChange, Plan, Reason, Step, StepId, Terms};
use crate::provider::ErrorKind;
use crate::resource::{BucketEncryption, UnknownElement};
use crate::state::{Intent, Local, OutputState, StateFile};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

fn live(algorithm: &str) -> Value {
    BucketEncryption::live(algorithm, None, false, ["SSE-C".to_owned()])
}

fn block(name: &str) -> Address {
    ResourceAddr::managed(TYPE, name).instance(InstanceKey::None)
}

/// A step about the bucket of the same name as its block.
fn step(action: Action, name: &str, after_blocks: &[&str]) -> Step {
    let (before, after) = match action {
        Action::NoOp | Action::Adopt => (Some("AES256"), Some("AES256")),
        Action::Update => (Some("AES256"), Some("aws:kms")),
        Action::Reset => (Some("aws:kms"), Some("AES256")),
        Action::Forget => (None, None),
    };
    Step {
        previous: None,
        import: None,
        address: block(name),
        action,
        reason: matches!(action, Action::Reset | Action::Forget).then_some(Reason::Destroy),
        provider: Arc::from("aws"),
        identity: Arc::from(name),
        region: None,
        request: Value::NULL,
        before: before.map(live),
        after: after.map(live),
        sensitive: Vec::new(),
        changes: Vec::new(),
        drift: Vec::new(),
        follows: Vec::new(),
        recorded: None,
        known: false,
        weakening: None,
        record: false,
        after_blocks: after_blocks.iter().map(|name| block(name)).collect(),
        depends_on: Vec::new(),
        prevent_destroy: false,
        terms: Terms::default(),
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan { tool_version: "0.0.0".into(), steps, ..Plan::default() }
}

/// What applying a plan came to.
struct Ran {
    outcome: Outcome,
    /// What happened, in order: `started a`, `done a`, `failed a: Access denied`, `skipped a`.
    events: Vec<String>,
    /// What whoever reads the state next finds.
    recorded: Option<StateFile>,
    /// What it finds of calls whose end nobody knows.
    unfinished: Vec<Intent>,
}

impl Ran {
    fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The addresses that are recorded, without their type.
    fn names(&self) -> Vec<String> {
        let state = self.recorded.iter().flat_map(|state| state.resources.keys());
        state.map(|address| address.to_string().replace(&format!("{TYPE}."), "")).collect()
    }
}

fn addresses(steps: &[StepId]) -> Vec<String> {
    steps.iter().map(|step| step.address.to_string()).collect()
}

/// Applies a plan to a service, with a state in which the buckets of all removals are recorded.
async fn run(fake: &Arc<Fake>, plan: &Plan, parallelism: usize) -> Ran {
    run_with(fake, plan, parallelism, &Stop::default(), None, |_| {}).await
}

async fn run_with(
    fake: &Arc<Fake>,
    plan: &Plan,
    parallelism: usize,
    interrupted: &Stop,
    interrupt_after: Option<&str>,
    prepare: impl FnOnce(&TempDir),
) -> Ran {
    let directory = TempDir::new().unwrap();
    let local = Local::new(directory.path().join("s.json"));
    let mut session = local.session(None, "0.0.0").unwrap();
    for step in plan.steps.iter().filter(|step| step.is_removal()) {
        let held = Step { action: Action::Adopt, after: Some(live("aws:kms")), ..step.clone() };
        super::record(&mut session, &held).unwrap();
    }
    session.finish().unwrap();
    let mut session = local.session(None, "0.0.0").unwrap();
    prepare(&directory);
    let mut log = Log { lines: Vec::new(), interrupt_after, interrupted };
    let outcome = apply(fake, plan, &mut session, parallelism, interrupted, &mut log).await;
    // As after a run that was killed here: what counts is what has been flushed.
    drop(session);
    let found = local.look().unwrap_or_default();
    let (recorded, unfinished) = (found.state, found.unfinished);
    Ran { outcome, events: log.lines, recorded, unfinished }
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_written_is_written_seen_and_recorded() {
    let fake = Fake::of([("a", live("AES256")), ("b", live("aws:kms")), ("c", live("AES256"))]);
    let steps = vec![
        step(Action::Update, "a", &[]),
        step(Action::Reset, "b", &[]),
        step(Action::Adopt, "c", &[]),
        step(Action::Forget, "d", &[]),
    ];
    let ran = run(&fake, &plan(steps), 10).await;
    assert!(ran.outcome().is_complete() && !ran.outcome().interrupted);
    assert_eq!(ran.names(), ["a", "c"]);
    assert_eq!((fake.live("a"), fake.live("b")), (live("aws:kms"), live("AES256")));
    for action in [Action::Update, Action::Reset, Action::Adopt, Action::Forget] {
        assert_eq!(ran.outcome().count(action), 1, "{action:?}");
    }
    let mut calls = fake.calls();
    calls.sort();
    assert_eq!(calls, ["read a", "read a", "read b", "read b", "reset b", "write a"]);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_to_be_written_nothing_is_asked() {
    let fake = Fake::of([]);
    let steps = vec![
        step(Action::Adopt, "a", &[]),
        step(Action::Forget, "b", &[]),
        step(Action::NoOp, "c", &[]),
        Step { record: true, ..step(Action::NoOp, "d", &[]) },
    ];
    let ran = run(&fake, &plan(steps), 10).await;
    assert_eq!(fake.calls(), [""; 0]);
    // What is only out of date in the record is recorded without a step.
    assert_eq!(ran.names(), ["a", "d"]);
    assert_eq!(ran.events[0], "applying 2");
    assert_eq!(ran.outcome().count(Action::NoOp), 0);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_carried_out_before_says_so() {
    let fake = Fake::of([("a", live("AES256"))]);
    let plan = plan(vec![step(Action::Update, "a", &[])]);
    assert_eq!(run(&fake, &plan, 10).await.outcome().failures.len(), 0);
    let again = run(&fake, &plan, 10).await;
    assert_eq!(again.outcome().failures[0].diagnostic.summary, "Already carried out");
}

#[tokio::test(start_paused = true)]
async fn what_is_live_is_written_only_if_the_plan_saw_it() {
    for action in [Action::Update, Action::Reset] {
        let fake = Fake::of([("a", live("aws:kms:dsse"))]);
        let ran = run(&fake, &plan(vec![step(action, "a", &[])]), 10).await;
        let failure = &ran.outcome().failures[0].diagnostic;
        assert_eq!(failure.summary, "Changed since the plan");
        assert!(failure.detail.contains("sse_algorithm changed"), "{}", failure.detail);
        assert_eq!(failure.address, Some(block("a")));
        assert_eq!(fake.calls(), ["read a"]);
        assert_eq!(ran.names().len(), usize::from(action == Action::Reset));
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_is_done_when_the_service_shows_it() {
    for lag in [0, 1, 5, 12] {
        let fake = Fake::of([("a", live("AES256"))]);
        fake.change("a", |bucket| bucket.lag = lag);
        let ran = run(&fake, &plan(vec![step(Action::Update, "a", &[])]), 10).await;
        assert!(ran.outcome().is_complete(), "{lag}");
        assert_eq!(fake.calls().len(), lag + 3, "one read before, and one more than the lag");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_shows_it_is_told_and_not_recorded() {
    let fake = Fake::of([("a", live("AES256")), ("b", live("AES256"))]);
    fake.change("a", |bucket| bucket.lag = usize::MAX);
    let begun = tokio::time::Instant::now();
    let steps = vec![step(Action::Update, "a", &[]), step(Action::Update, "b", &[])];
    let ran = run(&fake, &plan(steps), 10).await;
    assert_eq!(ran.outcome().failures[0].diagnostic.summary, "Not taken over");
    assert_eq!(ran.names(), ["b"]);
    assert!(begun.elapsed() < Duration::from_secs(70), "{:?}", begun.elapsed());
}

/// S3 does not document whether a reset keeps what is blocked; where it did not, it was waited for in
/// vain.
#[tokio::test(start_paused = true)]
async fn a_reset_may_or_may_not_keep_what_is_blocked() {
    let nothing = Value::object([("rule", Value::NULL)]);
    let unblocked = BucketEncryption::live("AES256", None, false, []);
    for left in [live("AES256"), unblocked, nothing] {
        let fake = Fake::of([("a", live("aws:kms"))]);
        fake.change("a", |bucket| bucket.reset_to = left.clone());
        let ran = run(&fake, &plan(vec![step(Action::Reset, "a", &[])]), 10).await;
        assert!(ran.outcome().is_complete(), "{left:?}");
        assert_eq!(fake.calls(), ["read a", "reset a", "read a"]);
        assert_eq!(ran.names(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_stops_only_what_depends_on_it() {
    let names = ["a", "b", "c", "d", "e"];
    let fake = Fake::of(names.map(|name| (name, live("AES256"))));
    fake.change("a", |bucket| bucket.fails = Some(("write", ErrorKind::Denied)));
    fake.change("e", |bucket| bucket.fails = Some(("read", ErrorKind::NotFound)));
    let steps = vec![
        step(Action::Update, "a", &[]),
        step(Action::Update, "b", &["a"]),
        step(Action::Update, "c", &["b"]),
        step(Action::Update, "d", &[]),
        step(Action::Update, "e", &[]),
    ];
    let mut plan = plan(steps);
    plan.output_changes =
        vec![OutputChange { name: "o".into(), before: None, after: None, sensitive: false }];
    let ran = run(&fake, &plan, 10).await;
    assert_eq!(ran.names(), ["d"]);
    let told: Vec<_> = ran.outcome().diagnostics().map(|it| it.summary).collect();
    assert_eq!(told, ["Denied", "NotFound"], "in the order of addresses");
    assert!(
        ran.outcome().failures[1]
            .diagnostic
            .detail
            .contains("It was there when the plan was made.")
    );
    assert_eq!(addresses(&ran.outcome().skipped), [format!("{TYPE}.b"), format!("{TYPE}.c")]);
    assert!(ran.events.ends_with(&["skipped b".to_owned(), "skipped c".to_owned()]));
    assert_eq!(fake.live("b"), live("AES256"));
}

#[tokio::test(start_paused = true)]
async fn outputs_are_recorded_when_all_is_done() {
    let output = OutputState { value: 1.into(), sensitive: false };
    let mut plan = plan(vec![step(Action::Update, "a", &[])]);
    plan.outputs = BTreeMap::from([("o".to_owned(), output)]);
    plan.output_changes =
        vec![OutputChange { name: "o".into(), before: None, after: None, sensitive: false }];
    for (algorithm, recorded) in [("AES256", 1), ("aws:kms:dsse", 0)] {
        let directory = TempDir::new().unwrap();
        let local = Local::new(directory.path().join("s.json"));
        let mut session = local.session(None, "0.0.0").unwrap();
        let fake = Fake::of([("a", live(algorithm))]);
        let stop = Stop::default();
        let outcome = apply(&fake, &plan, &mut session, 1, &stop, &mut ()).await;
        assert_eq!(outcome.is_complete(), recorded == 1);
        assert_eq!(session.finish().unwrap().outputs.len(), recorded);
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_interruption_nothing_begins_and_what_ran_is_recorded() {
    let names = ["a", "b", "c", "d", "e"];
    let fake = Fake::of(names.map(|name| (name, live("AES256"))));
    for (nth, name) in names.iter().enumerate() {
        let latency = Duration::from_millis(100 * nth as u64 + 100);
        fake.change(name, |bucket| bucket.latency = latency);
    }
    let steps = names.map(|name| step(Action::Update, name, &[])).to_vec();
    let stop = Stop::default();
    let ran = run_with(&fake, &plan(steps), 3, &stop, Some("started c"), |_| {}).await;
    assert!(ran.outcome().interrupted);
    assert_eq!(ran.names(), ["a", "b", "c"], "what had begun is brought to its end");
    assert_eq!(addresses(&ran.outcome().skipped), [format!("{TYPE}.d"), format!("{TYPE}.e")]);
    assert!(!fake.calls().iter().any(|call| call.ends_with('d')));
    assert_eq!(ran.outcome().count(Action::Update), 3);
    // Before anything has begun, nothing does.
    let fake = Fake::of([("a", live("AES256"))]);
    let steps = vec![step(Action::Update, "a", &[])];
    let stop = Stop::default();
    stop.ask();
    let ran = run_with(&fake, &plan(steps), 3, &stop, None, |_| {}).await;
    assert_eq!((fake.calls().len(), ran.outcome().skipped.len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_recorded_stops_the_run() {
    let names = ["a", "b", "c"];
    let fake = Fake::of(names.map(|name| (name, live("AES256"))));
    let steps = names.map(|name| step(Action::Update, name, &[])).to_vec();
    let stop = Stop::default();
    // Another run, without the lock, has a journal where ours is to be.
    let ran = run_with(&fake, &plan(steps), 1, &stop, None, |directory| {
        std::fs::create_dir(directory.path().join("s.json.journal")).unwrap();
    })
    .await;
    assert!(ran.outcome().unrecorded.is_some() && !ran.outcome().is_complete());
    assert_eq!(fake.calls(), ["read a"], "nothing is written that is not in the journal before");
    assert_eq!(ran.outcome().skipped.len(), 3);
    assert!(!ran.events.iter().any(|event| event.starts_with("done")), "{:?}", ran.events);
}

/// The old record went first: where the bucket could not be written under its new address, or the run
/// was killed, nothing told of it any more. It took what was to be written along from the journal, too.
#[tokio::test(start_paused = true)]
async fn a_record_goes_only_when_its_bucket_is_recorded_elsewhere() {
    let to = Box::new(block("new"));
    let old = Step {
        address: block("old"),
        reason: Some(Reason::MovedTo { to }),
        ..step(Action::Forget, "logs", &[])
    };
    for parallelism in [1, 10] {
        for (fails, recorded, open) in [
            (None, "new", 0),
            (Some(ErrorKind::Denied), "old", 0),
            (Some(ErrorKind::Other), "old", 1),
        ] {
            let new = Step { address: block("new"), ..step(Action::Update, "logs", &[]) };
            let last = step(Action::Adopt, "z", &[]);
            let fake = Fake::of([("logs", live("AES256"))]);
            fake.change("logs", |bucket| bucket.fails = fails.map(|kind| ("write", kind)));
            let ran = run(&fake, &plan(vec![old.clone(), new, last]), parallelism).await;
            assert_eq!(ran.names(), [recorded, "z"]);
            assert_eq!(ran.unfinished.len(), open);
            assert_eq!(ran.outcome().count(Action::Forget), usize::from(fails.is_none()));
            assert_eq!(ran.outcome().skipped.len(), usize::from(fails.is_some()));
        }
    }
}

/// Where the old bucket could not be reset, it was recorded no more: nobody would have reset it later.
#[tokio::test(start_paused = true)]
async fn an_address_is_given_away_only_when_its_old_bucket_is_reset() {
    let taker = Step { address: block("a"), ..step(Action::Update, "new", &[]) };
    let follower = step(Action::Update, "z", &["a"]);
    let steps = vec![step(Action::Reset, "a", &[]), taker, follower];
    for fails in [false, true] {
        let fake =
            Fake::of([("a", live("aws:kms")), ("new", live("AES256")), ("z", live("AES256"))]);
        if fails {
            fake.change("a", |bucket| bucket.fails = Some(("reset", ErrorKind::Denied)));
        }
        let ran = run(&fake, &plan(steps.clone()), 10).await;
        let state = ran.recorded.as_ref().unwrap();
        assert_eq!(state.resources[&block("a")].identity, if fails { "a" } else { "new" });
        assert_eq!(ran.outcome().skipped.len(), if fails { 2 } else { 0 });
        assert_eq!(fake.live("new"), live(if fails { "AES256" } else { "aws:kms" }));
        assert_eq!(ran.outcome().is_complete(), !fails);
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_steps_run_at_once_than_are_allowed() {
    let names: Vec<String> = (0..50).map(|n| format!("b{n}")).collect();
    for (parallelism, most) in [(1, 1), (7, 7), (0, 1)] {
        let fake = Fake::of(names.iter().map(|name| (name.as_str(), live("AES256"))));
        for name in &names {
            fake.change(name, |bucket| bucket.latency = Duration::from_millis(5));
        }
        let steps = names.iter().map(|name| step(Action::Update, name, &[])).collect();
        let ran = run(&fake, &plan(steps), parallelism).await;
        assert_eq!(ran.outcome().count(Action::Update), 50);
        assert_eq!(fake.most_at_once.load(Ordering::Relaxed), most);
    }
}

#[tokio::test(start_paused = true)]
async fn a_resource_says_how_long_the_service_may_take() {
    for (action, known, live_before, name) in [
        (Action::Update, false, "AES256", "create"),
        (Action::Update, true, "AES256", "update"),
        (Action::Reset, true, "aws:kms", "delete"),
    ] {
        let fake = Fake::of([("a", live(live_before))]);
        fake.change("a", |bucket| bucket.lag = usize::MAX);
        let begun = tokio::time::Instant::now();
        let terms = Terms { timeout: Some(90_000), ..Terms::default() };
        let slow = Step { known, terms, ..step(action, "a", &[]) };
        let ran = run(&fake, &plan(vec![slow]), 10).await;
        let failure = &ran.outcome().failures[0].diagnostic;
        assert_eq!(failure.summary, "Not taken over");
        let mend = format!("`timeouts {{ {name} = ");
        assert!(failure.detail.contains("90 s") && failure.detail.contains(&mend), "{failure:?}");
        assert_eq!(begun.elapsed().as_secs(), 90);
    }
}

/// An element that came after the plan would be dropped unseen.
#[tokio::test(start_paused = true)]
async fn what_the_plan_did_not_see_is_not_dropped() {
    let element = |name: &str| UnknownElement { path: name.into(), content: String::new() };
    for (seen, refused) in [(vec![], true), (vec![element("Rule.New")], false)] {
        let fake = Fake::of([("a", live("AES256"))]);
        fake.change("a", |bucket| bucket.unknown = vec![element("Rule.New")]);
        let terms = Terms { unknown: seen, ..Terms::default() };
        let step = Step { terms, ..step(Action::Update, "a", &[]) };
        let ran = run(&fake, &plan(vec![step]), 10).await;
        assert_eq!(ran.outcome().is_complete(), !refused);
        assert_eq!(fake.calls().iter().any(|call| call.starts_with("write")), !refused);
        if refused {
            assert!(ran.outcome().failures[0].diagnostic.detail.contains("Rule.New changed"));
        }
    }
}

/// The service may answer with the key that an alias points to.
#[tokio::test(start_paused = true)]
async fn a_key_by_another_name_is_the_one_that_was_written() {
    let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let settings = |key| BucketEncryption::live("aws:kms", Some(key), false, []);
    let keys = serde_json::json!({ "alias/x": { "arn": arn } });
    let terms = Terms { keys: serde_json::from_value(keys).unwrap(), ..Terms::default() };
    let fake = Fake::of([("a", settings(arn))]);
    let update = Step {
        terms,
        before: Some(settings("alias/x")),
        after: Some(settings("alias/x")),
        ..step(Action::Update, "a", &[])
    };
    assert!(run(&fake, &plan(vec![update]), 10).await.outcome().is_complete());
}

/// The calls that were under way when the run was given up are known to the next one, with what was
/// there and what was to be.
#[tokio::test(start_paused = true)]
async fn what_was_being_written_when_a_run_died_is_known() {
    let names = ["a", "b", "c", "d"];
    let fake = Fake::of(names.map(|name| (name, live("AES256"))));
    fake.change("b", |bucket| bucket.latency = Duration::from_hours(1));
    fake.change("c", |bucket| bucket.fails = Some(("write", ErrorKind::Unreachable)));
    fake.change("d", |bucket| bucket.fails = Some(("write", ErrorKind::Denied)));
    let plan = plan(names.map(|name| step(Action::Update, name, &[])).to_vec());
    let directory = TempDir::new().unwrap();
    let local = Local::new(directory.path().join("s.json"));
    let mut session = local.session(None, "0.0.0").unwrap();
    let stop = Stop::default();
    // The process dies: nothing is said or saved any more.
    let reporter = &mut ();
    let applying = apply(&fake, &plan, &mut session, 10, &stop, reporter);
    tokio::time::timeout(Duration::from_mins(90), applying).await.unwrap_err();
    drop(session);
    let found = local.look().unwrap();
    assert_eq!(found.state.unwrap().resources.len(), 1);
    let told: Vec<&str> = found.unfinished.iter().map(|intent| &*intent.identity).collect();
    assert_eq!(told, ["b", "c"], "a is done, and d was refused");
    assert_eq!(
        crate::value::to_json(&found.unfinished[0].after),
        crate::value::to_json(&live("aws:kms"))
    );

    // They stay known until a run has settled them, and then are no more.
    let session = local.session(None, "0.0.0").unwrap();
    assert_eq!(session.unfinished("aws", "b").len(), 1);
    session.finish().unwrap();
    assert_eq!(local.look().unwrap().unfinished.len(), 2);
    fake.change("b", |bucket| bucket.latency = Duration::ZERO);
    fake.change("c", |bucket| bucket.fails = None);
    let mut session = local.session(None, "0.0.0").unwrap();
    let outcome = apply(&fake, &plan, &mut session, 10, &Stop::default(), &mut ()).await;
    assert_eq!(outcome.count(Action::Update), 2);
    session.finish().unwrap();
    assert_eq!(local.look().unwrap().unfinished, []);
    assert!(!directory.path().join("s.json.journal").exists());
}

#[tokio::test(start_paused = true)]
async fn what_runs_too_long_after_a_stop_is_cut_and_told() {
    let names = ["a", "b", "c"];
    for asked in [1, 2] {
        let fake = Fake::of(names.map(|name| (name, live("AES256"))));
        for name in ["a", "b"] {
            fake.change(name, |bucket| bucket.latency = Duration::from_secs(20));
        }
        let steps = names.map(|name| step(Action::Update, name, &[])).to_vec();
        let stop = Stop::default();
        let asking = stop.clone();
        let begun = tokio::time::Instant::now();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(30)).await;
            for _ in 0..asked {
                asking.ask();
            }
        });
        let ran = run_with(&fake, &plan(steps), 1, &stop, None, |_| {}).await;
        let seconds = begun.elapsed().as_secs();
        assert_eq!(seconds, if asked == 1 { 37 } else { 30 });
        assert!(ran.outcome().interrupted);
        assert_eq!(addresses(&ran.outcome().cut), [format!("{TYPE}.a")]);
        assert_eq!(addresses(&ran.outcome().skipped), [format!("{TYPE}.b"), format!("{TYPE}.c")]);
        assert_eq!(ran.unfinished.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_before_it_wrote_is_not_begun() {
    let fake = Fake::of([("a", live("AES256"))]);
    fake.change("a", |bucket| bucket.latency = Duration::from_mins(1));
    let stop = Stop::default();
    let steps = vec![step(Action::Update, "a", &[])];
    let ran = run_with(&fake, &plan(steps), 1, &stop, Some("started a"), |_| {}).await;
    assert_eq!((ran.outcome().cut.len(), ran.outcome().skipped.len()), (0, 1));
    assert_eq!(fake.calls(), ["read a"]);
}
