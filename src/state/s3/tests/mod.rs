//! The state on the embedded S3, through real HTTP.

#![expect(clippy::disallowed_methods, reason = "what is in files is looked at")]

mod left;
mod lock;

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

    /// The lock, as soon as whoever holds it has lost it.
    async fn lock_at_last(&self) -> Guard {
        loop {
            match self.lock().await.map_err(remote) {
                Ok(guard) => return guard,
                Err(RemoteError::Locked { .. }) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
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
async fn lost_answers_and_failures_spoil_nothing() {
    let world = world();
    for (seed, kind) in (0..12).zip([FaultKind::Reset, FaultKind::InternalError].iter().cycle()) {
        let faults = Some(Faults { kind: *kind, rate: 0.4, seed });
        let options = Options { faults, ..Options::default() };
        let sandbox = Sandbox::start(world.clone(), options).await.unwrap();
        // Often enough for any order in which requests at once are struck.
        let mut patient = settings(&sandbox);
        patient.aws.max_retries = Some(40);
        let machine = Machine::with(patient);
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
