//! The commands that look into the state and change it.

use crate::harness::{Dir, resource};
use jiff::Timestamp;
use sealform::sandbox::{DEFAULT_ACCOUNT, Options, Sandbox, World};
use sealform::state::{Holder, Local};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

fn applied() -> Dir {
    let configuration =
        format!("{}{}", resource("a", "one", "aws:kms", ""), resource("b", "two", "AES256", ""));
    let dir = Dir::with(&configuration);
    dir.run(&["apply", "--sandbox", "-auto-approve"]).status(0);
    dir
}

fn serial(dir: &Dir) -> u64 {
    let state: serde_json::Value = dir.run(&["state", "pull"]).status(0).json();
    state["serial"].as_u64().unwrap()
}

#[test]
fn a_record_moves_and_the_bucket_stays() {
    let dir = applied();
    let (a, b, c) = (format!("{TYPE}.a"), format!("{TYPE}.b"), format!("{TYPE}.c"));
    dir.run(&["state", "mv", &a, &b]).status(1).complains("Destination is taken");
    dir.run(&["state", "mv", "-dry-run", &a, &c]).status(0).says("Would move");
    assert_eq!(serial(&dir), 1);
    dir.run(&["state", "mv", &a, &c])
        .status(0)
        .says(&format!("Move \"{a}\" to \"{c}\""))
        .says("Successfully moved 1 object(s).");
    assert_eq!(serial(&dir), 2);
    dir.run(&["state", "list"]).status(0).says(&c).never_says(&a);
    let renamed = dir.read("main.seal.hcl").replace("\" \"a\"", "\" \"c\"");
    dir.write("main.seal.hcl", renamed);
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
}

#[test]
fn what_is_dropped_can_be_restored() {
    let dir = applied();
    let b = format!("{TYPE}.b");
    dir.run(&["state", "rm", &format!("{TYPE}.x")]).status(1).complains("Not in the state");
    dir.run(&["state", "rm", &b])
        .status(0)
        .says(&format!("Removed {b}"))
        .says("Successfully removed 1 resource instance(s).");
    dir.run(&["plan", "--sandbox"]).status(0).says("1 to adopt");
    dir.run(&["state", "history"]).status(0).says("in force").says("2 resources");
    dir.run(&["state", "restore", "7"]).status(1).complains("There are: 1.");
    dir.run(&["state", "restore", "1"]).status(0).says("Restored version 1");
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
    assert_eq!(serial(&dir), 3);
    // Back to where one is missing: only for whoever insists.
    dir.run(&["state", "restore", "2"]).status(1).complains("State lacks resources");
    dir.run(&["state", "restore", "-force", "2"]).status(0);
    let history = dir.run(&["state", "history", "-json"]).status(0).json();
    assert_eq!(history["versions"].as_array().unwrap().len(), 3);
}

#[test]
fn a_state_is_pulled_and_pushed() {
    let dir = applied();
    let pulled = dir.run(&["state", "pull"]).status(0).stdout;
    dir.write("pulled.json", &pulled);
    dir.run(&["state", "rm", &format!("{TYPE}.b")]).status(0);
    dir.run(&["state", "push", "pulled.json"]).status(1).complains("State is older");
    dir.run(&["state", "push", "-force", "-dry-run", "pulled.json"]).status(0);
    assert_eq!(serial(&dir), 2);
    dir.piped(&["state", "push", "-force", "-"], &pulled).status(0);
    dir.run(&["state", "list"]).status(0).says(&format!("{TYPE}.b"));
    dir.run(&["state", "push", "main.seal.hcl"]).status(1).complains("is not JSON");
    dir.piped(&["state", "push", "-"], "x").status(1).complains("Standard input is not JSON");
    // What is pulled is pushed as it is; a newer version of the same content is the newer version.
    let there = dir.run(&["state", "pull"]).status(0).stdout;
    dir.piped(&["state", "push", "-"], &there).status(0);
    assert_eq!(dir.run(&["state", "pull"]).status(0).stdout, there);
    let newer = there.replace("\"serial\": 3", "\"serial\": 30");
    dir.piped(&["state", "push", "-"], &newer).status(0);
    assert_eq!(dir.run(&["state", "pull"]).status(0).stdout, newer);
    dir.piped(&["state", "push", "-"], &there).status(1).complains("State is older");
    dir.run(&["state", "push", "nothing.json"]).status(1).complains("Could not read");
    // What is there and cannot be read gives way to whoever insists, and is not lost.
    dir.write("state/sealform.state.json", "{\"version\": 1, \"ser");
    dir.run(&["state", "push", "pulled.json"]).status(1).complains("State file is truncated");
    dir.run(&["state", "push", "-force", "pulled.json"]).status(0);
    assert!(dir.exists("state/sealform.state.json.damaged-1"));
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
}

#[test]
fn a_provider_takes_over_from_another() {
    let dir = applied();
    let configuration =
        dir.read("main.seal.hcl").replace("bucket =", "provider = aws.eu\n  bucket =");
    dir.write(
        "main.seal.hcl",
        format!(
            "provider \"aws\" {{\n  alias = \"eu\"\n  region = \"us-east-1\"\n}}\n{configuration}"
        ),
    );
    let replace = |more: &[&str]| dir.run(&[&["state", "replace-provider"], more].concat());
    replace(&["aws", "aws.us"]).status(1).complains("Unknown provider");
    replace(&["aws.x", "aws.eu", "-auto-approve"]).status(1).complains("Not in the state");
    replace(&["aws", "aws.eu"]).status(1).complains("Approval needed");
    replace(&["aws", "aws.eu", "-auto-approve"]).status(0).says("for 2 resources");
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0);
}

#[test]
fn what_is_live_is_recorded_by_refresh() {
    let dir = applied();
    dir.run(&["sandbox", "change", "one", "--sse-algorithm=aws:kms:dsse"]).status(0);
    dir.run(&["plan", "--sandbox"]).status(0).says("outside of Sealform");
    dir.run(&["refresh", "--sandbox", "-dry-run"]).status(0).says("Would record");
    assert_eq!(serial(&dir), 1);
    dir.run(&["refresh", "--sandbox"]).status(0).says("1 recorded anew, 0 forgotten");
    dir.run(&["plan", "--sandbox"]).status(0).never_says("outside of Sealform").says("1 to update");
}

/// What was declared still was kept, and every plan failed for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_gone_is_forgotten_by_refresh_though_it_is_declared() {
    let with = async |buckets: &[&str]| {
        let world = World::in_memory();
        for bucket in buckets {
            world.seed_bucket(bucket, "us-east-1", DEFAULT_ACCOUNT).unwrap();
        }
        Sandbox::start(world, Options::default()).await.unwrap()
    };
    let (both, one) = (with(&["one", "two"]).await, with(&["one"]).await);
    let dir =
        Dir::with(&(resource("a", "one", "aws:kms", "") + &resource("b", "two", "aws:kms", "")))
            .env("AWS_ENDPOINT_URL", &both.endpoint())
            .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCOUNT)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1");
    let run = |dir: &Dir, arguments: &[&str]| tokio::task::block_in_place(|| dir.run(arguments));
    run(&dir, &["apply", "-auto-approve"]).status(0);
    let dir = dir.env("AWS_ENDPOINT_URL", &one.endpoint());
    run(&dir, &["refresh", "-dry-run"]).says(&format!("Would forget {TYPE}.b"));
    // `drift -record` records what is there.
    run(&dir, &["drift", "-record"]).status(1);
    run(&dir, &["state", "list"]).status(0).says(&format!("{TYPE}.b"));
    run(&dir, &["refresh"]).status(1).says("0 recorded anew, 1 forgotten").complains("two");
    run(&dir, &["state", "list"]).status(0).says(&format!("{TYPE}.a")).never_says(".b");
}

#[test]
fn a_lock_of_a_file_is_never_taken_away() {
    let dir = applied();
    dir.run(&["force-unlock", "x"]).status(1).complains("Nobody holds the lock");
    let lock = File::open(dir.path().join("state/sealform.state.json.lock")).unwrap();
    lock.lock().unwrap();
    dir.run(&["force-unlock", "x"]).status(1).complains("cannot be unlocked");
    dir.run(&["state", "rm", &format!("{TYPE}.b")]).status(1).complains("State is locked");
}

/// A file that says that it was written tomorrow was written by another clock.
#[test]
fn a_clock_that_was_set_back_is_told_and_stops_nothing() {
    let dir = applied();
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"]).status(0).never_complains("Clock");
    let state = File::options().write(true).open(dir.path().join("state/sealform.state.json"));
    let tomorrow = SystemTime::now() + Duration::from_hours(24);
    state.unwrap().set_modified(tomorrow).unwrap();
    dir.run(&["plan", "--sandbox", "-detailed-exitcode"])
        .status(0)
        .complains("Clock is behind the state");
    dir.run(&["state", "mv", &format!("{TYPE}.b"), &format!("{TYPE}.c")])
        .status(0)
        .complains("Clock is behind the state");
    // What is written now has the clock of now.
    dir.run(&["state", "list"]).status(0).says(".c").never_complains("Clock");
    // A lock since tomorrow is a lock all the same.
    let local = Local::new(dir.path().join("state/sealform.state.json"));
    let since = Timestamp::try_from(tomorrow).unwrap();
    let holder = Holder { operation: "apply".into(), who: "eve@build".into(), pid: 4711, since };
    let lock = local.try_lock(&holder).unwrap();
    dir.run(&["state", "rm", &format!("{TYPE}.c")])
        .status(1)
        .complains("hours later than the clock of this machine");
    drop(lock);
}

#[test]
fn what_moves_nothing_says_so() {
    let dir = applied();
    let own = format!("{TYPE}.b");
    dir.run(&["state", "mv", &own, &own]).status(1).complains("Nothing to move");
    assert_eq!(serial(&dir), 1);
}

/// Who waits for a lock can give up waiting.
#[cfg(unix)]
#[test]
fn a_signal_ends_the_waiting_for_a_lock() {
    let dir = applied();
    let lock = File::open(dir.path().join("state/sealform.state.json.lock")).unwrap();
    lock.lock().unwrap();
    let mut command = dir.command(&["state", "rm", &format!("{TYPE}.b"), "-lock-timeout=1m"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It says that it waits.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("Waiting for the lock"), "{line}");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ended = child.wait().unwrap();
    stderr.read_to_string(&mut line).unwrap();
    assert_eq!(ended.code(), Some(130), "{line}");
    assert!(line.contains("Nothing was changed"), "{line}");
    drop(lock);
    assert_eq!(serial(&dir), 1);
}
