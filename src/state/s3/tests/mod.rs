//! The state on the embedded S3, through real HTTP.

#![expect(clippy::disallowed_methods, reason = "what is in files is looked at")]

mod journals;

use super::*;
use crate::provider::aws::{self, Endpoints, Sealing};
use crate::sandbox::{DEFAULT_ACCOUNT, FaultKind, Faults, Options, Sandbox, World};
use crate::state::{Backend, Change, Intent, Recorded, Writing};
use crate::value::Value;
use std::sync::Arc;
use tempfile::TempDir;

const BUCKET: &str = "states";
const KEY: &str = "team/sealform.state.json";
const LOCK: &str = "team/sealform.state.json.lock";
const JOURNAL: &str = "team/sealform.state.json.journal";

/// A lease that is soon over, and long enough for a machine that is slow.
const SHORT: Duration = Duration::from_secs(4);

fn world() -> World {
    let world = World::in_memory();
    assert!(world.seed_bucket(BUCKET, "eu-west-1", DEFAULT_ACCOUNT).unwrap());
    world
}

async fn start(world: &World) -> Sandbox {
    Sandbox::start(world.clone(), Options::default()).await.unwrap()
}

fn settings(sandbox: &Sandbox) -> Settings {
    Settings {
        bucket: BUCKET.into(),
        key: KEY.into(),
        workspace_key_prefix: "env:".into(),
        aws: aws::Settings {
            region: Some("eu-west-1".into()),
            endpoints: Endpoints::all_at(&sandbox.endpoint()),
            sandbox: true,
            sandbox_account: Some(DEFAULT_ACCOUNT.into()),
            ..aws::Settings::default()
        },
        sealing: Sealing::Aes256,
        use_lockfile: true,
        lease: Duration::from_mins(1),
    }
}

/// A machine: a directory of copies of its own.
struct Machine {
    directory: TempDir,
    backend: Backend,
}

impl Machine {
    fn with(settings: Settings) -> Self {
        let directory = TempDir::new().unwrap();
        let backend = Backend::S3(S3::new(settings, "default", directory.path()));
        Self { directory, backend }
    }

    fn new(sandbox: &Sandbox) -> Self {
        Self::with(settings(sandbox))
    }

    /// The same machine later, with another process.
    fn again(self, settings: Settings) -> Self {
        let backend = Backend::S3(S3::new(settings, "default", self.directory.path()));
        Self { backend, ..self }
    }

    async fn lock(&self) -> Result<Guard, StateError> {
        self.backend.try_lock(&holder()).await
    }

    async fn open(&self) -> OpenState {
        let guard = self.lock().await.unwrap();
        self.backend.open(Some(guard), "0.1.0").await.unwrap()
    }

    async fn names(&self) -> Vec<String> {
        let state = self.backend.look().await.unwrap().state;
        state.map_or_else(Vec::new, |it| it.resources.keys().map(ToString::to_string).collect())
    }
}

fn holder() -> Holder {
    Holder {
        operation: "apply".into(),
        who: "eve@build".into(),
        pid: 4711,
        since: "2026-05-04T03:02:01Z".parse().unwrap(),
    }
}

fn set(name: &str) -> Change {
    let recorded = Recorded {
        identity: name.into(),
        provider: "aws".into(),
        region: None,
        values: Value::object([("bucket", Value::from(name))]),
        depends_on: vec![],
        prevent_destroy: false,
        forget_on_destroy: false,
        owner: None,
    };
    Change::Set { address: format!("t.{name}").parse().unwrap(), recorded }
}

fn intent(name: &str) -> Intent {
    let settings = |x: &str| Value::object([("x", Value::from(x))]);
    let address = format!("t.{name}").parse().unwrap();
    let (before, after) = (settings("before"), settings("after"));
    Intent::new(address, "aws".into(), name.into(), Writing::Update, (&before, &after))
}

fn remote(error: StateError) -> RemoteError {
    match error {
        StateError::Remote(error) => *error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_one_machine_saves_another_reads() {
    let world = world();
    let sandbox = start(&world).await;
    let (one, two) = (Machine::new(&sandbox), Machine::new(&sandbox));
    assert_eq!(one.backend.look().await.unwrap().state, None);
    let mut open = one.open().await;
    open.session().record(set("a")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    assert_eq!(two.names().await, ["t.a"]);
    let mut open = two.open().await;
    open.session().record(set("b")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    let state = one.backend.look().await.unwrap().state.unwrap();
    assert_eq!((state.serial, state.resources.len()), (2, 2));
    // Neither a lock nor a journal is left.
    assert_eq!(world.object_keys(BUCKET), [KEY]);
    assert_eq!(world.object_encryption(BUCKET, KEY), Some(("AES256".into(), None)));
    // What changes nothing writes nothing.
    let before = sandbox.requests()["PutObject"];
    let mut open = one.open().await;
    open.session().record(set("a")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    // The lock, and two that must be refused.
    assert_eq!(sandbox.requests()["PutObject"], before + 3);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_key_of_the_settings_encrypts_everything() {
    let world = world();
    let sandbox = start(&world).await;
    let key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let machine =
        Machine::with(Settings { sealing: Sealing::Kms(key.into()), ..settings(&sandbox) });
    let mut open = machine.open().await;
    open.session().record(set("a")).unwrap();
    open.session().flush().unwrap();
    let End { place, hold, .. } = open.end.as_ref().unwrap();
    hold.as_ref().unwrap().keeper().push_journal().await.unwrap();
    drop(Arc::clone(place));
    open.session().record(set("b")).unwrap();
    let sealed = Some(("aws:kms".to_owned(), Some(key.to_owned())));
    for object in [LOCK, JOURNAL] {
        assert_eq!(world.object_encryption(BUCKET, object), sealed, "{object}");
    }
    open.save().await.unwrap();
    assert_eq!(world.object_encryption(BUCKET, KEY), sealed);
    open.close().await.unwrap();
    sandbox.stop().await;
}

#[tokio::test]
async fn the_second_is_told_who_holds_the_lock() {
    let world = world();
    let sandbox = start(&world).await;
    let (one, two) = (Machine::new(&sandbox), Machine::new(&sandbox));
    let guard = one.lock().await.unwrap();
    let error = remote(two.lock().await.unwrap_err());
    let RemoteError::Locked { holder: by, id, left, .. } = &error else { panic!("{error}") };
    assert_eq!(by.holder, holder());
    assert!(*left > Duration::from_secs(50), "{left:?}");
    assert!(error.to_string().contains("eve@build"), "{error}");
    // Whoever says the wrong id means another lock.
    let Backend::S3(s3) = &two.backend else { panic!() };
    let other = remote(s3.force_unlock("x", &|| ()).await.unwrap_err());
    assert!(matches!(other, RemoteError::OtherLock { .. }), "{other}");
    assert_eq!(s3.force_unlock(id, &|| ()).await.unwrap(), holder());
    let second = two.lock().await.unwrap();
    // The first one does not remove what is not its own.
    guard.release().await.unwrap();
    assert!(world.object(BUCKET, LOCK).is_some());
    second.release().await.unwrap();
    assert_eq!(world.object(BUCKET, LOCK), None);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_service_that_ignores_conditions_is_refused() {
    let world = world();
    world.ignore_conditions();
    let sandbox = start(&world).await;
    let machine = Machine::new(&sandbox);
    let error = remote(machine.lock().await.unwrap_err());
    assert!(matches!(error, RemoteError::Unconditional { .. }), "{error}");
    assert_eq!(world.object_keys(BUCKET), [""; 0]);
    // Whoever knows that nobody else is there may go without.
    let machine = machine.again(Settings { use_lockfile: false, ..settings(&sandbox) });
    let mut open = machine.open().await;
    open.session().record(set("a")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    assert_eq!(machine.names().await, ["t.a"]);
    sandbox.stop().await;
}

#[tokio::test]
async fn something_else_in_the_place_of_the_lock_is_left_alone() {
    let world = world();
    world.put_object(BUCKET, LOCK, "{\"ID\":\"terraform\"}");
    let sandbox = start(&world).await;
    let error = remote(Machine::new(&sandbox).lock().await.unwrap_err());
    assert!(matches!(error, RemoteError::ForeignLock { .. }), "{error}");
    assert!(error.to_string().contains(LOCK), "{error}");
    assert_eq!(world.object(BUCKET, LOCK).as_deref(), Some("{\"ID\":\"terraform\"}"));
    sandbox.stop().await;
}

#[tokio::test]
async fn without_a_lock_the_version_keeps_two_from_overwriting_each_other() {
    let world = world();
    let sandbox = start(&world).await;
    let (one, two) = (Machine::new(&sandbox), Machine::new(&sandbox));
    let mut first = one.backend.open(None, "0.1.0").await.unwrap();
    let mut second = two.backend.open(None, "0.1.0").await.unwrap();
    first.session().record(set("a")).unwrap();
    second.session().record(set("b")).unwrap();
    first.save().await.unwrap();
    let error = remote(second.save().await.unwrap_err());
    let RemoteError::ChangedBeneath { journal, .. } = &error else { panic!("{error}") };
    assert!(std::fs::read_to_string(journal).unwrap().contains("t.b"));
    assert_eq!(one.names().await, ["t.a"]);
    // Both of a state that is there already.
    let mut third = one.backend.open(None, "0.1.0").await.unwrap();
    let mut fourth = Machine::new(&sandbox);
    let mut open = fourth.backend.open(None, "0.1.0").await.unwrap();
    third.session().record(set("c")).unwrap();
    open.session().record(set("d")).unwrap();
    open.save().await.unwrap();
    let error = remote(third.save().await.unwrap_err());
    assert!(matches!(error, RemoteError::ChangedBeneath { .. }), "{error}");
    fourth = fourth.again(settings(&sandbox));
    assert_eq!(fourth.names().await, ["t.a", "t.d"]);
    sandbox.stop().await;
}

/// A holder that neither renews the lock nor releases it, as if its process were stopped.
fn pause(open: &OpenState) {
    open.end.as_ref().unwrap().hold().unwrap().pause();
}

/// Ends a run as `kill -9` would: the lock on S3 stays.
fn kill(open: OpenState) {
    pause(&open);
    let OpenState { session, end } = open;
    drop(session);
    std::mem::forget(end);
}

#[tokio::test]
async fn a_paused_holder_does_not_write_once_another_has_taken_over() {
    let world = world();
    let sandbox = start(&world).await;
    let short = || Settings { lease: SHORT, ..settings(&sandbox) };
    let (one, two) = (Machine::with(short()), Machine::with(short()));
    let mut paused = one.open().await;
    paused.session().record(set("a")).unwrap();
    assert!(paused.fence().unwrap().holds());
    pause(&paused);
    let begun = tokio::time::Instant::now();
    let guard = loop {
        match two.lock().await {
            Ok(guard) => break guard,
            Err(error) => {
                let error = remote(error);
                assert!(matches!(error, RemoteError::Locked { .. }), "{error}");
                assert!(begun.elapsed() < Duration::from_mins(2), "never taken over");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    // As long as it was sure, another could not have it.
    assert!(begun.elapsed() > SHORT * 2 / 3, "taken over while it held");
    assert!(!paused.fence().unwrap().holds());
    let error = remote(paused.save().await.unwrap_err());
    let RemoteError::LockLost { journal, .. } = &error else { panic!("{error}") };
    assert!(error.to_string().contains("eve@build"), "{error}");
    assert!(std::fs::read_to_string(journal).unwrap().contains("t.a"));
    assert_eq!(world.object(BUCKET, KEY), None);
    // It does not remove the lock of the other, either.
    paused.close().await.unwrap();
    assert!(world.object(BUCKET, LOCK).is_some());
    guard.release().await.unwrap();
    // What the paused one did is taken up by its own next run.
    let one = one.again(short());
    assert_eq!(one.names().await, ["t.a"]);
    sandbox.stop().await;
}

/// Whoever comes back late took the lock of the next one away with its own.
#[tokio::test]
async fn a_store_that_removes_unconditionally_costs_nobody_the_lock() {
    let world = world();
    world.remove_unconditionally();
    let sandbox = start(&world).await;
    let short = || Settings { lease: SHORT, ..settings(&sandbox) };
    let (one, two) = (Machine::with(short()), Machine::with(short()));
    let paused = one.open().await;
    pause(&paused);
    let guard = loop {
        match two.lock().await {
            Ok(guard) => break guard,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    };
    paused.close().await.unwrap();
    assert!(world.object(BUCKET, LOCK).is_some());
    guard.release().await.unwrap();
    // One that nobody has taken over is given back however late.
    let late = one.open().await;
    pause(&late);
    tokio::time::sleep(SHORT * 3 / 4).await;
    late.close().await.unwrap();
    assert_eq!(world.object_keys(BUCKET), [""; 0]);
    sandbox.stop().await;
}

/// The message named files of the copy, and arguments that the backend does not have.
#[tokio::test]
async fn a_damaged_object_is_named_with_what_mends_it() {
    let world = world();
    let sandbox = start(&world).await;
    let machine = Machine::new(&sandbox);
    let mut open = machine.open().await;
    open.session().record(set("a")).unwrap();
    open.save().await.unwrap();
    open.close().await.unwrap();
    let look = async || machine.backend.look().await.unwrap_err().to_string();
    world.put_object(BUCKET, JOURNAL, "xx\n");
    let said = look().await;
    assert!(said.starts_with(&format!("s3://{BUCKET}/{JOURNAL} is damaged")), "{said}");
    assert!(said.contains(&format!("`aws s3 rm s3://{BUCKET}/{JOURNAL}`")), "{said}");
    world.put_object(BUCKET, KEY, "{");
    let said = look().await;
    assert!(said.starts_with(&format!("s3://{BUCKET}/{KEY} is truncated")), "{said}");
    assert!(said.contains("`sealform state restore -force SERIAL`"), "{said}");
    world.put_object(BUCKET, KEY, "{}");
    let said = look().await;
    assert!(said.contains("Give `key` of the backend another value."), "{said}");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_pause_that_nobody_used_is_forgiven() {
    let world = world();
    let sandbox = start(&world).await;
    let machine = Machine::with(Settings { lease: SHORT, ..settings(&sandbox) });
    let mut open = machine.open().await;
    open.session().record(set("a")).unwrap();
    pause(&open);
    tokio::time::sleep(SHORT * 3 / 4).await;
    assert!(!open.fence().unwrap().holds());
    // It is renewed before anything is written.
    open.save().await.unwrap();
    assert!(open.fence().unwrap().holds());
    open.close().await.unwrap();
    assert_eq!(world.object_keys(BUCKET), [KEY]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_lock_that_is_kept_is_not_taken_over() {
    let world = world();
    let sandbox = start(&world).await;
    let short = || Settings { lease: SHORT, ..settings(&sandbox) };
    let (one, two) = (Machine::with(short()), Machine::with(short()));
    let open = one.open().await;
    // Longer than it would hold unless it is renewed.
    for _ in 0..35 {
        tokio::time::sleep(SHORT / 20).await;
        let error = remote(two.lock().await.unwrap_err());
        assert!(matches!(error, RemoteError::Locked { .. }), "{error}");
        assert!(open.fence().unwrap().holds());
    }
    open.close().await.unwrap();
    two.lock().await.unwrap().release().await.unwrap();
    sandbox.stop().await;
}

#[tokio::test]
async fn lost_answers_and_failures_spoil_nothing() {
    let world = world();
    for (seed, kind) in (0..12).zip([FaultKind::Reset, FaultKind::InternalError].iter().cycle()) {
        let faults = Some(Faults { kind: *kind, rate: 0.4, seed });
        let options = Options { faults, ..Options::default() };
        let sandbox = Sandbox::start(world.clone(), options).await.unwrap();
        let machine = Machine::new(&sandbox);
        let name = format!("n{seed}");
        let mut open = machine.open().await;
        open.session().record(set(&name)).unwrap();
        open.save().await.unwrap();
        open.close().await.unwrap();
        let state = world.object(BUCKET, KEY).unwrap();
        let state = StateFile::parse(state.as_bytes()).unwrap();
        assert_eq!((state.serial, state.resources.len() as u64), (seed + 1, seed + 1));
        assert_eq!(world.object_keys(BUCKET), [KEY], "after {seed}");
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_lock() {
    let world = world();
    let sandbox = start(&world).await;
    for _ in 0..5 {
        let machines: Vec<Machine> = (0..8).map(|_| Machine::new(&sandbox)).collect();
        let guards = futures_util::future::join_all(machines.iter().map(Machine::lock)).await;
        let mut got = Vec::new();
        for guard in guards {
            match guard {
                Ok(guard) => got.push(guard),
                Err(error) => {
                    let error = remote(error);
                    assert!(matches!(error, RemoteError::Locked { .. }), "{error}");
                }
            }
        }
        assert_eq!(got.len(), 1);
        got.pop().unwrap().release().await.unwrap();
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn workspaces_are_objects_of_their_own() {
    let world = world();
    let sandbox = start(&world).await;
    let directory = TempDir::new().unwrap();
    for workspace in ["default", "prod", "test"] {
        let backend = Backend::S3(S3::new(settings(&sandbox), workspace, directory.path()));
        let mut open = backend.open(None, "0.1.0").await.unwrap();
        open.session().record(set(workspace)).unwrap();
        open.save().await.unwrap();
    }
    let keys = [format!("env:/prod/{KEY}"), format!("env:/test/{KEY}"), KEY.to_owned()];
    assert_eq!(world.object_keys(BUCKET), keys);
    let s3 = S3::new(settings(&sandbox), "default", directory.path());
    assert_eq!(s3.workspaces().await.unwrap(), ["prod", "test"]);
    sandbox.stop().await;
}

#[test]
fn arguments_are_read_and_every_fault_is_told() {
    let arguments = |pairs: &[(&str, Value)]| {
        pairs.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect()
    };
    let text = |text: &str| Value::from(text);
    let read = Settings::from_arguments(&arguments(&[
        ("bucket", text("b")),
        ("key", text("k")),
        ("encrypt", text("true")),
        ("lock_lease", text("30")),
        ("endpoints", Value::object([("s3", text("http://s3"))])),
        ("assume_role", Value::object([("role_arn", text("arn"))])),
    ]));
    let read = read.unwrap();
    assert_eq!((read.lease, read.use_lockfile), (Duration::from_secs(30), true));
    assert_eq!(read.aws.endpoints.s3.as_deref(), Some("http://s3"));
    assert_eq!(read.key_of("prod"), "env:/prod/k");
    let faults = Settings::from_arguments(&arguments(&[
        ("key", text("/k")),
        ("encrypt", text("false")),
        ("kms_key_id", text("x")),
        ("lock_lease", text("1")),
        ("assume_role", Value::object([("external_id", text("x"))])),
        ("use_path_style", text("perhaps")),
        ("workspace_key_prefix", text("//")),
    ]));
    let faults = faults.unwrap_err();
    let mut names: Vec<&str> = faults.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "assume_role",
        "bucket",
        "encrypt",
        "key",
        "lock_lease",
        "use_path_style",
        "workspace_key_prefix",
    ];
    assert_eq!(names, expected, "{faults:?}");
}
