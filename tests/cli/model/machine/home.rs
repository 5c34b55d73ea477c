//! Where the state of a machine is: in a file beside the configuration, or on an S3 of its own.

use crate::harness::Dir;
use sealform::provider::aws;
use sealform::sandbox::{Options, Sandbox, World};
use sealform::state::s3::{S3, Settings};
use sealform::state::{Backend, Found, Holder, Local};
use sealform::value::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

const STATE: &str = "state/sealform.state.json";
const ACCOUNT: &str = "123456789012";
const BUCKET: &str = "states";
const KEY: &str = "team/s.json";
const LOCK: &str = "team/s.json.lock";

pub(super) enum Home {
    File,
    S3(Box<Remote>),
}

/// An S3 that keeps nothing but the state.
pub(super) struct Remote {
    runtime: Runtime,
    sandbox: Option<Sandbox>,
    world: World,
    url: String,
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.stop());
        }
    }
}

impl Home {
    pub(super) fn on_s3() -> Self {
        let world = World::in_memory();
        assert!(world.seed_bucket(BUCKET, "us-east-1", ACCOUNT).unwrap());
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(world.clone(), Options::default())).unwrap();
        let url = sandbox.endpoint();
        Self::S3(Box::new(Remote { runtime, sandbox: Some(sandbox), world, url }))
    }

    pub(super) fn is_a_file(&self) -> bool {
        matches!(self, Self::File)
    }

    /// What the configuration says of it.
    pub(super) fn block(&self) -> String {
        match self {
            Self::File => String::new(),
            Self::S3(remote) => format!(
                "sealform {{\n  backend \"s3\" {{\n    bucket = {BUCKET:?}\n    key = {KEY:?}\n    \
                 region = \"us-east-1\"\n    endpoint = {:?}\n  }}\n}}\n",
                remote.url
            ),
        }
    }

    /// The state as the next run finds it.
    pub(super) fn look(&self, dir: &Dir) -> Found {
        match self {
            Self::File => Local::new(dir.path().join(STATE)).look().unwrap(),
            Self::S3(remote) => {
                let texts = [("bucket", BUCKET), ("key", KEY)];
                let arguments: BTreeMap<Arc<str>, Value> =
                    texts.map(|(name, text)| (name.into(), Value::from(text))).into();
                let settings = Settings::from_arguments(&arguments).unwrap();
                let aws = aws::Settings {
                    region: Some("us-east-1".into()),
                    endpoints: aws::Endpoints::all_at(&remote.url),
                    sandbox: true,
                    sandbox_account: Some(ACCOUNT.into()),
                    ..settings.aws
                };
                let copies = dir.path().join(".sealform/remote");
                let s3 = S3::new(Settings { aws, ..settings }, "default", &copies);
                remote.runtime.block_on(Backend::S3(s3).look()).unwrap()
            }
        }
    }

    /// The state as it stands there.
    pub(super) fn text(&self, dir: &Dir) -> Option<String> {
        match self {
            Self::File => dir.exists(STATE).then(|| dir.read(STATE)),
            Self::S3(remote) => remote.world.object(BUCKET, KEY),
        }
    }

    /// A version that was kept.
    pub(super) fn kept(&self, dir: &Dir, serial: u64) -> Option<String> {
        let states: Vec<PathBuf> = match self {
            Self::File => vec![STATE.into()],
            Self::S3(_) => {
                let copies = std::fs::read_dir(dir.path().join(".sealform/remote"));
                let copies = copies.into_iter().flatten().flatten();
                copies.map(|copy| copy.path().join("sealform.state.json")).collect()
            }
        };
        let versions = states
            .iter()
            .map(|state| dir.path().join(format!("{}.history/{serial:020}.json", state.display())));
        versions.flat_map(std::fs::read_to_string).next()
    }

    /// A killed run cannot give its lock on S3 back: somebody does who is sure that it is dead.
    pub(super) fn unlock(&self, dir: &Dir) {
        let Self::S3(remote) = self else { return };
        // What it had sent may arrive after it.
        std::thread::sleep(std::time::Duration::from_millis(500));
        if let Some(lock) = remote.world.object(BUCKET, LOCK) {
            let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
            let id = lock["id"].as_str().unwrap();
            dir.run(&["force-unlock", id]).status(0).says("Removed the lock of");
        }
    }

    /// Demands that nobody holds the lock, and that nothing is left of a run that has settled all.
    pub(super) fn is_tidy(&self, dir: &Dir, is_settled: bool) {
        let holder = Holder {
            operation: "test".into(),
            who: "test".into(),
            pid: 1,
            since: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        match self {
            Self::File => {
                // A process that another test begins has all files of this one for a moment.
                let mut tries = 0..3_000;
                while Local::new(dir.path().join(STATE)).try_lock(&holder).is_err() {
                    assert!(tries.next().is_some(), "a lock is left");
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                assert!(is_settled || dir.exists(&format!("{STATE}.journal")));
            }
            Self::S3(remote) => {
                let keys = remote.world.object_keys(BUCKET);
                let journal = format!("{KEY}.journal");
                let odd = keys.iter().find(|key| **key != *KEY && **key != journal);
                assert_eq!(odd, None, "something is left");
            }
        }
    }
}
