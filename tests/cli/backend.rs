//! The state on S3, shared by several machines: a directory stands for each.

use crate::harness::{Dir, Ran, resource};
use sealform::sandbox::{DEFAULT_ACCOUNT, Options, Sandbox, World};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const STATES: &str = "acme-states";
const KEY: &str = "team/sealform.state.json";
const LOCK: &str = "team/sealform.state.json.lock";

/// An S3 that all machines of a test share.
struct Service {
    runtime: tokio::runtime::Runtime,
    sandbox: Option<Sandbox>,
    world: World,
}

impl Service {
    fn new() -> Self {
        Self::with(Duration::ZERO)
    }

    fn with(latency: Duration) -> Self {
        let world = World::in_memory();
        for bucket in [STATES, "acme-logs", "acme-audit"] {
            assert!(world.seed_bucket(bucket, "eu-west-1", DEFAULT_ACCOUNT).unwrap());
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = Options { latency, ..Options::default() };
        let sandbox = runtime.block_on(Sandbox::start(world.clone(), options)).unwrap();
        Self { runtime, sandbox: Some(sandbox), world }
    }

    /// From now on every answer takes so long.
    fn hold_back(&self, latency: Duration) {
        self.sandbox.as_ref().unwrap().hold_back(latency);
    }

    /// A machine with this configuration.
    fn machine(&self, configuration: &str) -> Dir {
        Dir::with(configuration)
            .env("AWS_ENDPOINT_URL", &self.sandbox.as_ref().unwrap().endpoint())
            .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCOUNT)
            .env("AWS_SECRET_ACCESS_KEY", "sandbox")
            .env("AWS_REGION", "eu-west-1")
            .env("USER", "eve")
            .env("HOSTNAME", "build")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.stop());
        }
    }
}

fn on_s3(more: &str) -> String {
    format!(
        "sealform {{\n  backend \"s3\" {{\n    bucket = \"{STATES}\"\n    key = \"{KEY}\"\n    {more}\n  }}\n}}\n"
    )
}

/// Wants the bucket to have this algorithm.
fn logs(algorithm: &str) -> String {
    resource("logs", "acme-logs", algorithm, "")
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn spawn(dir: &Dir, arguments: &[&str]) -> Child {
    let mut command = dir.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Ran {
    Ran::of(child.wait_with_output().unwrap())
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Lineage and serial.
fn which(dir: &Dir) -> (String, u64) {
    let state = dir.run(&["state", "pull"]).status(0).json();
    (state["lineage"].as_str().unwrap().to_owned(), state["serial"].as_u64().unwrap())
}

const APPLY: [&str; 4] = ["apply", "-auto-approve", "-allow-weakening", "-lock-timeout=0s"];
const EMPTY: [&str; 2] = ["plan", "-detailed-exitcode"];

#[test]
fn two_machines_share_a_state() {
    let service = Service::new();
    let configuration = on_s3("") + &logs("aws:kms");
    let (one, two) = (service.machine(&configuration), service.machine(&configuration));
    one.run(&APPLY).status(0).says("1 updated");
    two.run(&EMPTY).status(0);
    two.run(&["state", "list"]).status(0).says(".logs");
    assert_eq!(service.world.object_keys(STATES), [KEY]);
    // Nothing of it may end up in version control.
    assert!(!one.exists("state"));
    assert_eq!(one.read(".sealform/.gitignore"), "*\n");
    // Every command that changes the state does so there.
    let address = "aws_s3_bucket_server_side_encryption_configuration.logs";
    two.run(&["state", "rm", address]).status(0);
    assert_eq!(one.run(&["show", "-json"]).status(0).json()["resources"], serde_json::json!([]));
    one.run(&["refresh"]).status(0);
    one.run(&APPLY).status(0);
    two.run(&EMPTY).status(0);
    assert_eq!(service.world.object_keys(STATES), [KEY]);
}

#[test]
fn what_is_missing_is_given_to_init() {
    let service = Service::new();
    let partial = "sealform {\n  backend \"s3\" {}\n}\n".to_owned() + &logs("aws:kms");
    let dir = service.machine(&partial);
    dir.run(&["plan"]).status(1).complains("bucket: It must be given");
    dir.write("more.hcl", format!("key = \"{KEY}\"\n"));
    let bucket = format!("-backend-config=bucket={STATES}");
    dir.run(&["init", &bucket, "-backend-config=buckett=x"])
        .status(1)
        .complains("Did you mean \"bucket\"?");
    dir.run(&["init", &bucket, "-backend-config=more.hcl"])
        .status(0)
        .says(&format!("The state is kept in s3://{STATES}/{KEY}."));
    dir.run(&APPLY).status(0);
    assert_eq!(service.world.object_keys(STATES), [KEY]);
    let other = format!("-backend-config=bucket={STATES}2");
    dir.run(&["init", &other]).status(1).complains("Backend has changed");
    dir.run(&["init"]).status(0);
    dir.run(&EMPTY).status(0);
}

#[test]
fn faults_of_the_block_are_told() {
    let service = Service::new();
    let rows = [
        (on_s3("path = \"x\""), "belongs to another kind of backend"),
        (on_s3("kay = \"x\""), "Did you mean \"key\"?"),
        (on_s3("dynamodb_table = \"x\""), "no attribute \"dynamodb_table\". The lock is an object"),
        (on_s3("region = var.region"), "must be written out"),
        (on_s3("lock_lease = 1"), "lock_lease: It must be a whole number from 3 to 3600."),
        (
            "sealform {\n backend \"s3\" {\n bucket = 1\n }\n}\n".into(),
            "bucket: It must be a string",
        ),
    ];
    for (configuration, message) in rows {
        service.machine(&configuration).run(&["plan"]).status(1).complains(message);
    }
    let gone = service.machine(&(on_s3("").replace(STATES, "no-such-bucket") + &logs("AES256")));
    gone.run(&["plan"]).status(1).complains("There is no bucket \"no-such-bucket\"");
}

/// Commands that only need to know where the state is went on with the one in the usual file.
#[test]
fn what_leaves_open_where_the_state_is_stops_every_command() {
    let service = Service::new();
    let broken = "resource \"x\" {}\nlocals {\n  a = nothing.such\n}\n";
    let rows = [
        (on_s3("kay = \"x\""), "Did you mean \"key\"?"),
        (on_s3("region = var.region"), "must be written out"),
        (on_s3("profile = "), "main.seal.hcl"),
        (on_s3("").replace("backend", "bakend"), "Did you mean \"backend\"?"),
        (on_s3("").replace("sealform {", "sealfrom {"), "Did you mean \"sealform\"?"),
        (on_s3("").replace("sealform {", "terraform {"), "stand in a `sealform` block"),
        (on_s3("") + &on_s3(""), "already declared"),
    ];
    let commands: [&[&str]; 12] = [
        &["workspace", "list"],
        &["workspace", "new", "prod"],
        &["workspace", "select", "default"],
        &["state", "list"],
        &["state", "pull"],
        &["state", "rm", "x.y"],
        &["state", "push", "state/sealform.state.json"],
        &["state", "history"],
        &["output"],
        &["show"],
        &["force-unlock", "x"],
        &["drift", "-from-state"],
    ];
    let dir = service.machine(&logs("aws:kms"));
    dir.run(&APPLY).status(0);
    for (configuration, message) in rows {
        dir.write("main.seal.hcl", &configuration);
        dir.run(&["plan"]).status(1).complains(message);
        for command in commands {
            dir.run(command).status(1).complains(message);
        }
    }
    // What is wrong elsewhere is no obstacle.
    dir.write("main.seal.hcl", logs("aws:kms") + broken);
    dir.run(&["plan"]).status(1);
    dir.run(&["state", "list"]).status(0).says(".logs").never_complains("rror");
    dir.run(&["workspace", "list"]).status(0).never_complains("rror");
    dir.run(&["drift", "-from-state"]).status(0);
    let nowhere = ["-chdir=no/where", "state", "list"];
    dir.run(&nowhere).status(1).complains("There is no directory no/where");
    dir.write("main.seal.hcl", [0xff, 0xfe, 0xff]);
    dir.run(&["state", "list"]).status(1).complains("main.seal.hcl");
}

/// It read the file in the usual place, whatever the configuration says.
#[test]
fn drift_from_the_state_reads_it_where_the_backend_keeps_it() {
    let service = Service::new();
    let configuration = on_s3("") + &logs("aws:kms");
    let (one, two) = (service.machine(&configuration), service.machine(&configuration));
    let from_state = ["drift", "-from-state", "-json"];
    one.run(&from_state).status(1).complains(&format!("There is no state at s3://{STATES}/{KEY}"));
    one.run(&APPLY).status(0);
    two.run(&from_state).status(0);
    let lives = service.machine(&logs("AES256"));
    lives.run(&APPLY).status(0);
    assert_eq!(two.run(&from_state).status(2).json()["summary"]["drifted"], 1);
    // Of the workspace that is selected.
    two.run(&["workspace", "new", "prod"]).status(0);
    two.run(&from_state).status(0);
    two.run(&["workspace", "select", "default"]).status(0);
    two.run(&["drift", "-from-state", "-record"]).status(2);
    one.run(&from_state).status(0);
    // A file that is named counts for more.
    two.write("pulled.json", one.run(&["state", "pull"]).status(0).stdout);
    two.run(&["drift", "-from-state=pulled.json"]).status(0);
}

#[test]
fn a_service_without_conditions_is_refused() {
    let service = Service::new();
    service.world.ignore_conditions();
    let dir = service.machine(&(on_s3("") + &logs("aws:kms")));
    dir.run(&APPLY).status(1).complains("does not know conditional writes");
    assert_eq!(service.world.object_keys(STATES), [""; 0]);
}

/// How many races there are: more by hand.
fn races() -> usize {
    std::env::var("SEALFORM_RACES").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Lets two machines apply different things at the same time, again and again.
fn race(service: &Service, configuration: impl Fn(&str) -> String) {
    let machines = [service.machine(&configuration("AES256")), service.machine("")];
    let (mut lost, mut serial) = (0, 0);
    for round in 0..races() {
        let wanted =
            if round % 2 == 0 { ["aws:kms", "aws:kms:dsse"] } else { ["AES256", "aws:kms"] };
        for (machine, algorithm) in machines.iter().zip(wanted) {
            machine.write("main.seal.hcl", configuration(algorithm));
        }
        let running = machines.each_ref().map(|machine| spawn(machine, &APPLY));
        let ended = running.map(end);
        for ran in &ended {
            if ran.status != 0 {
                lost += 1;
                let text = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(text.contains("State is locked"), "{}", ran.stderr);
                // Who has just got the lock of a file may not have written its name yet.
                assert!(text.contains("is locked by"), "{}", ran.stderr);
            }
        }
        let won: Vec<usize> = (0..2).filter(|at| ended[*at].status == 0).collect();
        assert!(!won.is_empty(), "round {round}: nobody won");
        // Each that wrote wrote one version; what is live is as the last of them wanted.
        let wrote = ended.iter().filter(|it| it.status == 0 && it.stdout.contains("1 updated"));
        let wrote = wrote.count() as u64;
        let before = serial;
        serial = which(&machines[won[0]]).1;
        assert!((before..=before + wrote + 1).contains(&serial), "round {round}");
        let is_last = |at: &&usize| machines[**at].run(&EMPTY).status == 0;
        assert!(won.iter().find(is_last).is_some(), "round {round}: nobody's plan is empty");
    }
    assert!(lost > 0, "the two never met");
}

#[test]
fn two_runs_at_once_never_both_write_on_s3() {
    let service = Service::with(Duration::from_millis(10));
    race(&service, |algorithm| on_s3("") + &logs(algorithm));
    assert_eq!(service.world.object_keys(STATES), [KEY]);
}

#[test]
fn two_runs_at_once_never_both_write_to_a_file() {
    let service = Service::with(Duration::from_millis(10));
    let shared = tempfile::tempdir().unwrap();
    let path = shared.path().join("s.json");
    race(&service, |algorithm| {
        let backend = format!("backend \"local\" {{\n path = {:?}\n }}", path.to_str().unwrap());
        format!("sealform {{\n {backend}\n}}\n{}", logs(algorithm))
    });
}

/// Short enough to be waited for, and long enough for a machine that stands still for seconds.
const LEASE: &str = "lock_lease = 12";

/// How often the settings of buckets were read.
fn asked(service: &Service) -> u64 {
    let made = service.sandbox.as_ref().unwrap().requests();
    made.get("GetBucketEncryption").copied().unwrap_or_default()
}

/// Stops a run at some point for longer than its lease; another one goes on meanwhile. The first one
/// wakes and does not write.
fn paused(is_there: impl Fn(&Service) -> bool) {
    let service = Service::with(Duration::from_millis(300));
    let with = |algorithm: &str| service.machine(&(on_s3(LEASE) + &logs(algorithm)));
    let (one, two) = (with("aws:kms"), with("aws:kms:dsse"));
    let first = spawn(&one, &APPLY);
    wait_until("the point where it is stopped", || is_there(&service));
    signal(&first, "-STOP");
    two.run(&["apply", "-auto-approve", "-allow-weakening", "-lock-timeout=5m"])
        .status(0)
        .says("1 updated");
    signal(&first, "-CONT");
    let first = end(first);
    let text = first.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(first.status != 0, "{}", first.stdout);
    assert!(text.contains("Lock of the state lost"), "{}", first.stderr);
    // What the second one wrote is what is there.
    two.run(&EMPTY).status(0);
    two.run(&["plan", "-json"]).status(0);
    wait_until("no lock is left", || service.world.object(STATES, LOCK).is_none());
}

#[test]
fn who_was_paused_with_the_lock_does_not_write() {
    // It plans: the lock alone may not have been answered yet, and would be asked for again.
    paused(|service| asked(service) >= 1);
}

#[test]
fn who_was_paused_before_its_write_does_not_write() {
    // It is read for the plan, and again when its step begins, the answer to which is on its way.
    paused(|service| asked(service) >= 2);
}

#[test]
fn the_lock_of_a_killed_run_is_taken_over_or_forced() {
    let service = Service::with(Duration::from_millis(100));
    let configuration = on_s3(LEASE) + &logs("aws:kms");
    let (one, two) = (service.machine(&configuration), service.machine(&configuration));
    let killed = || {
        let mut first = spawn(&one, &APPLY);
        wait_until("it holds the lock", || service.world.object(STATES, LOCK).is_some());
        first.kill().unwrap();
        drop(first.wait());
    };
    killed();
    two.run(&["plan", "-lock-timeout=0s"]).status(1).complains("`sealform apply` of eve@build");
    two.run(&["apply", "-auto-approve", "-allow-weakening", "-lock-timeout=5m"]).status(0);
    two.run(&EMPTY).status(0);
    killed();
    let lock = service.world.object(STATES, LOCK).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    let id = lock["id"].as_str().unwrap();
    two.run(&["plan"]).status(1).complains(&format!("`sealform force-unlock {id}`"));
    two.run(&["force-unlock", "x"]).status(1).complains(id);
    two.run(&["force-unlock", id]).status(0).says("Removed the lock of `sealform apply`");
    two.run(&EMPTY).status(0);
}

/// The machine that wrote is gone for good: another one tells its work from somebody else's.
#[test]
fn what_a_machine_that_is_gone_had_begun_is_known_to_another() {
    let service = Service::with(Duration::from_millis(100));
    let configuration = on_s3("lock_lease = 3600") + &logs("aws:kms");
    let (one, two) = (service.machine(&configuration), service.machine(&configuration));
    let mut first = spawn(&one, &APPLY);
    let made = || service.sandbox.as_ref().unwrap().requests();
    wait_until("it writes", || made().contains_key("PutBucketEncryption"));
    // Who looks while it is at work is told so.
    signal(&first, "-STOP");
    let looked = two.run(&["drift", "-no-color"]).complains("Another run is under way");
    looked.never_complains("Earlier run was stopped").never_says("Changed outside");
    first.kill().unwrap();
    drop(first.wait());
    drop(one);
    let lock = service.world.object(STATES, LOCK).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    two.run(&["force-unlock", lock["id"].as_str().unwrap()]).status(0);
    let plan = two.run(&["plan", "-no-color"]).status(0).never_says("Changed outside");
    plan.complains("`sealform apply` of eve@build");
    two.run(&APPLY).status(0);
    two.run(&EMPTY).status(0).never_says("stopped");
    assert_eq!(service.world.object_keys(STATES), [KEY]);
}

/// Whoever is stopped before anything was changed leaves nothing behind, at whichever point it is:
/// the lock stayed until its lease was over.
#[test]
fn a_signal_before_anything_is_changed_leaves_no_lock() {
    let service = Service::new();
    let remote = on_s3("") + &logs("aws:kms");
    let dir = service.machine(&remote);
    dir.run(&["init"]).status(0);
    dir.run(&APPLY).status(0);
    dir.run(&["workspace", "new", "prod"]).status(0);
    dir.run(&["workspace", "select", "default"]).status(0);
    let before = service.world.object_keys(STATES);
    let prod = format!("env:/prod/{KEY}");
    let stopped = |child: Child, lock: &str, ready: &mut dyn FnMut()| {
        wait_until("it takes the lock", || service.world.object(STATES, lock).is_some());
        ready();
        signal(&child, "-INT");
        service.hold_back(Duration::ZERO);
        let ran = end(child).status(130);
        assert_eq!(service.world.object_keys(STATES), before);
        ran
    };
    let delete = ["workspace", "delete", "prod"];
    // As it takes the lock, and while it tries it: one answer later.
    for later in [0, 2].map(Duration::from_secs) {
        service.hold_back(Duration::from_millis(1_500));
        let wait = &mut || std::thread::sleep(later);
        let ran = stopped(spawn(&dir, &delete), &format!("{prod}.lock"), wait);
        drop(ran.complains("Nothing was changed"));
    }
    // The old state is locked, and the new one waited for.
    dir.write("main.seal.hcl", logs("aws:kms"));
    let holder = sealform::state::Holder {
        operation: "apply".into(),
        who: "adam@build".into(),
        pid: 4711,
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let local = sealform::state::Local::new(dir.path().join("state/sealform.state.json"));
    let held = local.try_lock(&holder).unwrap();
    let mut init = spawn(&dir, &["init", "-migrate-state", "-lock-timeout=5m"]);
    let mut told = BufReader::new(init.stderr.take().unwrap()).lines();
    let waits = |line: &str| line.contains("adam@build");
    let wait = &mut || assert!(told.any(|line| waits(&line.unwrap())));
    drop(stopped(init, LOCK, wait));
    assert!(told.any(|line| line.unwrap().contains("Nothing was changed")));
    drop(held);
    assert!(!dir.exists("state/sealform.state.json"));
    // Nothing is in the way of whoever comes next.
    dir.run(&["init", "-migrate-state"]).status(0).says("workspaces: default, prod");
    dir.write("main.seal.hcl", &remote);
    dir.run(&["init", "-reconfigure"]).status(0);
    dir.run(&delete).status(0);
}

/// What has been decided is done, whatever signal comes.
#[test]
fn a_signal_after_it_was_decided_changes_nothing() {
    let service = Service::with(Duration::from_millis(200));
    let dir = service.machine(&(on_s3("") + &logs("aws:kms")));
    dir.run(&APPLY).status(0);
    dir.run(&["workspace", "new", "prod"]).status(0);
    dir.run(&["workspace", "select", "default"]).status(0);
    let prod = format!("env:/prod/{KEY}");
    let child = spawn(&dir, &["workspace", "delete", "prod"]);
    wait_until("the state is gone", || service.world.object(STATES, &prod).is_none());
    signal(&child, "-INT");
    end(child).status(0).says("Deleted the workspace");
    assert_eq!(service.world.object_keys(STATES), [KEY]);
}

#[test]
fn a_state_moves_both_ways_with_its_lineage_and_serial() {
    let service = Service::new();
    let (local, remote) = (logs("aws:kms"), on_s3("") + &logs("aws:kms"));
    let dir = service.machine(&local);
    dir.run(&APPLY).status(0);
    let before = which(&dir);
    // A plan does not begin anew where the state is elsewhere.
    dir.write("main.seal.hcl", &remote);
    dir.run(&["plan"]).status(1).complains("Backend has changed");
    dir.run(&["init"]).status(1).complains("init -migrate-state");
    dir.run(&["init", "-migrate-state"]).status(0).says("Copied the state from");
    assert_eq!(which(&dir), before);
    dir.run(&EMPTY).status(0);
    assert_eq!(service.world.object_keys(STATES), [KEY]);
    // The old one stays as a backup; the new one goes on.
    assert!(dir.exists("state/sealform.state.json"));
    dir.write("main.seal.hcl", on_s3("") + &logs("aws:kms:dsse"));
    dir.run(&APPLY).status(0);
    let after = which(&dir);
    assert_eq!(after, (before.0.clone(), before.1 + 1));
    // And back.
    dir.write("main.seal.hcl", logs("aws:kms:dsse"));
    dir.run(&["plan"]).status(1).complains("Backend has changed");
    dir.run(&["init", "-migrate-state"]).status(0).says("Copied the state from s3://");
    assert_eq!(which(&dir), after);
    dir.run(&EMPTY).status(0);
    // What is not an older version of the same state is not overwritten.
    let stranger = service.machine(&local);
    stranger.run(&APPLY).status(0);
    let own = which(&stranger);
    stranger.write("main.seal.hcl", &remote);
    stranger.run(&["init", "-migrate-state"]).status(1).complains("holds a state already");
    stranger.run(&["plan"]).status(1).complains("Backend has changed");
    stranger.run(&["init", "-migrate-state", "-force-copy"]).status(0);
    assert_eq!(which(&stranger), own);
    // Or what is there is gone on with.
    dir.write("main.seal.hcl", &remote);
    dir.run(&["init", "-reconfigure"]).status(0);
    assert_eq!(which(&dir), own);
}

/// Whoever had never said `init` was given a new state as soon as the block was gone.
#[test]
fn a_state_on_s3_is_not_left_behind_where_nobody_said_init() {
    let service = Service::new();
    let dir = service.machine(&(on_s3("") + &logs("aws:kms")));
    dir.run(&APPLY).status(0);
    dir.write("main.seal.hcl", logs("aws:kms"));
    dir.run(&["plan"]).status(1).complains("Backend has changed");
    dir.write("main.seal.hcl", on_s3("").replace(KEY, "other.json") + &logs("aws:kms"));
    dir.run(&["plan"]).status(1).complains("Backend has changed");
    // How it is spoken to is no other place.
    dir.write("main.seal.hcl", on_s3("lock_lease = 30\n    max_retries = 3") + &logs("aws:kms"));
    dir.run(&EMPTY).status(0);
    dir.run(&["init"]).status(0);
    dir.write("main.seal.hcl", logs("aws:kms"));
    dir.run(&["init", "-migrate-state"]).status(0).says("Copied the state from s3://");
    dir.run(&EMPTY).status(0);
}

/// What workspaces do, wherever the state is.
fn workspaces(dir: &Dir, buckets: impl Fn() -> Vec<String>) {
    let name = "output \"where\" {\n  value = sealform.workspace\n}\n";
    dir.write("output.seal.hcl", name);
    dir.run(&["workspace", "list"]).status(0).says("* default");
    dir.run(&APPLY).status(0);
    dir.run(&["output", "-raw", "where"]).status(0).says("default");
    dir.run(&["workspace", "select", "prod"]).status(1).complains("There is no workspace \"prod\"");
    dir.run(&["workspace", "new", "prod"]).status(0);
    dir.run(&["workspace", "new", "prod"]).status(1).complains("Workspace exists");
    dir.run(&["workspace", "new", "a/b"]).status(1).complains("Invalid workspace name");
    dir.run(&["workspace", "show"]).status(0).says("prod");
    dir.run(&["workspace", "list"]).status(0).says("  default\n* prod\n");
    // Nothing is recorded there yet.
    dir.run(&["state", "list"]).status(0).never_says("logs");
    dir.run(&APPLY).status(0);
    dir.run(&["output", "-raw", "where"]).status(0).says("prod");
    dir.run(&["workspace", "delete", "prod"]).status(1).complains("Select another one first");
    dir.run(&["workspace", "select", "default"]).status(0);
    dir.run(&["output", "-raw", "where"]).status(0).says("default");
    dir.run(&["workspace", "delete", "prod"]).status(1).complains("records 1 resource,");
    dir.run(&["workspace", "delete", "default"]).status(1).complains("always there");
    let before = buckets();
    dir.run(&["workspace", "delete", "-force", "prod"]).status(0);
    dir.run(&["workspace", "list"]).status(0).says("* default\n").never_says("prod");
    assert!(buckets().len() < before.len() || before.is_empty());
    dir.run(&["workspace", "select", "-or-create", "prod"]).status(0);
    dir.run(&["workspace", "select", "default"]).status(0);
}

#[test]
fn workspaces_are_kept_apart_on_s3() {
    let service = Service::new();
    let dir = service.machine(&(on_s3("") + &logs("aws:kms")));
    workspaces(&dir, || service.world.object_keys(STATES));
    assert_eq!(service.world.object_keys(STATES), [format!("env:/prod/{KEY}"), KEY.into()]);
    for_one_command(&|| service.machine(&(on_s3("") + &logs("aws:kms"))));
}

/// `SEALFORM_WORKSPACE`, where there are the workspaces `default` and `prod`.
fn for_one_command(machine: &dyn Fn() -> Dir) {
    let with = |name: &str| machine().env("SEALFORM_WORKSPACE", name);
    let prod = with("prod");
    prod.run(&["workspace", "show"]).status(0).says("prod");
    prod.run(&["state", "list"]).status(0).never_says("logs");
    prod.run(&["workspace", "select", "default"]).status(1).complains("is overridden");
    prod.run(&["workspace", "new", "dev"]).status(1).complains("is overridden");
    prod.run(&["workspace", "select", "prod"]).status(0);
    with("default").run(&["plan"]).status(0);
    // A slip is no workspace of its own.
    let slip = with("prdo");
    let listed = slip.run(&["workspace", "list"]).status(1).says("  default\n  prod\n");
    listed.complains("There is no workspace \"prdo\"");
    slip.run(&["workspace", "show"]).status(1).complains("There is no workspace \"prdo\"");
    let commands: [&[&str]; 7] = [
        &["plan"],
        &["apply", "-auto-approve"],
        &["drift"],
        &["refresh"],
        &["state", "list"],
        &["state", "rm", "x.y"],
        &["force-unlock", "x"],
    ];
    for command in commands {
        let ran = slip.run(command).status(1).complains("There is no workspace \"prdo\".");
        let ran = ran.complains("Did you mean \"prod\"?");
        ran.complains("`sealform workspace new prdo` makes this one.");
    }
    let dev = with("dev");
    dev.run(&["workspace", "new", "dev"]).status(0);
    dev.run(&["plan", "-detailed-exitcode"]).status(2);
}

#[test]
fn workspaces_are_kept_apart_in_files() {
    let service = Service::new();
    let dir = service.machine(&logs("aws:kms"));
    workspaces(&dir, Vec::new);
    assert!(dir.exists("state/sealform.state.d/prod/sealform.state.json"));
    for_one_command(&|| {
        let machine = service.machine(&logs("aws:kms"));
        let states =
            ["state/sealform.state.json", "state/sealform.state.d/prod/sealform.state.json"];
        for state in states {
            machine.write(state, dir.read(state));
        }
        machine
    });
}

#[test]
fn the_sandbox_leaves_a_state_on_s3_alone() {
    let dir = Dir::with(&(on_s3("") + &logs("aws:kms")));
    dir.run(&["apply", "-auto-approve", "-sandbox"]).status(0);
    dir.run(&["plan", "-detailed-exitcode", "-sandbox"]).status(0);
    assert!(dir.exists("state/sandbox.state.json"));
}

/// A file at another place is another state: the old one is not left behind without a word.
#[test]
fn a_file_elsewhere_is_another_state_until_the_old_one_is_copied() {
    let dir = Dir::with(&resource("x", "logs", "aws:kms", ""));
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    let moved = "sealform {\n  backend \"local\" {\n    path = \"else/where.json\"\n  }\n}\n";
    dir.write("backend.seal.hcl", moved);
    dir.run(&["plan", "-sandbox"]).status(1).complains("Backend has changed");
    dir.run(&["init", "-sandbox", "-migrate-state"]).status(0).says("Copied the state");
    dir.run(&["plan", "-sandbox", "-detailed-exitcode"]).status(0);
}
