//! Runs that are killed or stopped: nothing that S3 has taken is forgotten, and the next run goes on.
//!
//! `SEALFORM_KILLS=1000` in the environment does it a thousand times.

use crate::harness::{Dir, Ran};
use sealform::sandbox::{Options, Sandbox, World};
use sealform::state::Local;
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

const BUCKETS: usize = 50;

fn configuration(algorithm: &str) -> String {
    format!(
        r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "x" {{
  count  = {BUCKETS}
  bucket = "bucket-${{count.index}}"
  rule {{
    apply_server_side_encryption_by_default {{ sse_algorithm = "{algorithm}" }}
  }}
}}
"#
    )
}

/// A sandbox that outlives whoever is killed.
async fn served(latency: Duration) -> (World, Sandbox) {
    let world = World::in_memory();
    for n in 0..BUCKETS {
        world.seed_bucket(&format!("bucket-{n}"), "us-east-1", "123456789012").unwrap();
    }
    let options = Options { latency, ..Options::default() };
    let sandbox = Sandbox::start(world.clone(), options).await.unwrap();
    (world, sandbox)
}

fn dir(sandbox: &Sandbox, algorithm: &str) -> Dir {
    Dir::with(&configuration(algorithm))
        .env("AWS_ENDPOINT_URL", &sandbox.endpoint())
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
}

/// Waits until so many requests of an operation have come in.
async fn asked(sandbox: &Sandbox, operation: &str, count: u64) {
    while sandbox.requests().get(operation).is_none_or(|it| *it < count) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn run(dir: &Dir, arguments: &[&str]) -> Ran {
    tokio::task::block_in_place(|| dir.run(arguments))
}

/// Which buckets S3 has been told to encrypt so.
async fn written(sandbox: &Sandbox, algorithm: &str) -> BTreeSet<String> {
    let client = crate::lifecycle::client(&sandbox.endpoint());
    let asked = (0..BUCKETS).map(async |n| {
        let bucket = format!("bucket-{n}");
        let answer = client.get_bucket_encryption().bucket(&bucket).send().await.unwrap();
        let rules = answer.server_side_encryption_configuration.unwrap().rules;
        let default = rules[0].apply_server_side_encryption_by_default().unwrap();
        (default.sse_algorithm().as_str() == algorithm).then_some(bucket)
    });
    futures_util::future::join_all(asked).await.into_iter().flatten().collect()
}

/// Starts an apply, and kills it when it has made so many calls that write, and some time after.
async fn killed(dir: &Dir, sandbox: &Sandbox, calls: u64, after: Duration) {
    let made = || sandbox.requests().get("PutBucketEncryption").copied().unwrap_or(0);
    let before = made();
    let mut child = dir
        .command(&["apply", "-auto-approve", "-allow-weakening", "-parallelism=5"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while made() < before + calls && child.try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(after).await;
    let _ended_before = child.kill();
    tokio::task::block_in_place(|| child.wait()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_apply_forgets_nothing_and_leaves_no_lock() {
    let runs: u64 = std::env::var("SEALFORM_KILLS").map_or(50, |text| text.parse().unwrap());
    let (_world, sandbox) = served(Duration::from_millis(2)).await;
    let dir = dir(&sandbox, "AES256");
    run(&dir, &["apply", "-auto-approve", "-allow-weakening"]).status(0);
    let mut random = fastrand::Rng::with_seed(6);
    let (mut cut, mut known_to_be_open) = (0, 0);
    for nth in 0..runs {
        let (old, new) = if nth % 2 == 0 { ("AES256", "aws:kms") } else { ("aws:kms", "AES256") };
        dir.write("main.seal.hcl", configuration(new));
        // At each numbered step, the zeroth included, and at any time within it.
        let after = Duration::from_micros(random.u64(0..8_000));
        killed(&dir, &sandbox, nth % (BUCKETS as u64 + 1), after).await;

        // The state can be read, and whatever S3 has taken is known, as done or as begun.
        let local = Local::new(dir.path().join("state/sealform.state.json"));
        let found = local.look().unwrap();
        let state = found.state.unwrap();
        assert_eq!(state.resources.len(), BUCKETS);
        let begun: BTreeSet<&str> = found.unfinished.iter().map(|it| &*it.identity).collect();
        let now = written(&sandbox, new).await;
        cut += u64::from(!now.is_empty() && now.len() < BUCKETS);
        known_to_be_open += begun.len();
        let text = serde_json::to_value(&state).unwrap();
        for resource in text["resources"].as_array().unwrap() {
            let bucket = resource["identity"].as_str().unwrap();
            let default = &resource["values"]["rule"][0]["apply_server_side_encryption_by_default"];
            let recorded = default[0]["sse_algorithm"].as_str().unwrap();
            let live = if now.contains(bucket) { new } else { old };
            assert!(recorded == live || begun.contains(bucket), "{nth}: {bucket} is forgotten");
        }
        // Its plan tells nothing as changed by somebody else.
        let plan = run(&dir, &["plan", "-json"]).status(0).json();
        assert_eq!(plan["summary"]["drifted"], 0, "run {nth}");
        // Nobody holds the lock; the next apply goes on, and then there is nothing to do.
        run(&dir, &["apply", "-auto-approve", "-allow-weakening"]).status(0);
        run(&dir, &["plan", "-detailed-exitcode"]).status(0).never_says("stopped");
        assert_eq!(written(&sandbox, new).await.len(), BUCKETS);
    }
    println!("{runs} kills, {cut} in the midst, {known_to_be_open} calls known to be open");
    assert!(cut > 0, "no run was killed while it wrote");
    sandbox.stop().await;
}

#[cfg(unix)]
mod stopped {
    use super::{BUCKETS, Duration, Stdio, asked, dir, run, served};
    use std::io::Read as _;
    use std::process::Command;

    fn send(signal: &str, pid: u32) {
        let sent = Command::new("kill").args(["-s", signal, &pid.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_signal_stops_an_apply_with_all_saved_and_told() {
        for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
            let (_world, sandbox) = served(Duration::from_millis(50)).await;
            let dir = dir(&sandbox, "aws:kms");
            let mut child = dir
                .command(&["apply", "-auto-approve", "-allow-weakening", "-parallelism=2"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            // One is done and recorded by then, and the last is not answered before the signal.
            asked(&sandbox, "PutBucketEncryption", 3).await;
            sandbox.hold_back(Duration::from_mins(1));
            send(signal, child.id());
            send(signal, child.id());
            let ended = tokio::task::block_in_place(|| child.wait()).unwrap();
            let mut stdout = String::new();
            child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
            assert_eq!(ended.code(), Some(status), "{stdout}");
            assert!(stdout.contains("Apply stopped:"), "{stdout}");
            assert!(stdout.contains("Not begun, because the run was stopped:"), "{stdout}");
            let listed = run(&dir, &["state", "list"]).status(0).stdout.lines().count();
            assert!(0 < listed && listed < BUCKETS, "{listed}");
            sandbox.hold_back(Duration::ZERO);
            run(&dir, &["apply", "-auto-approve", "-allow-weakening"]).status(0);
            run(&dir, &["plan", "-detailed-exitcode"]).status(0);
            sandbox.stop().await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_signal_ends_a_plan_at_once_with_the_lock_released() {
        let (_world, sandbox) = served(Duration::from_millis(20)).await;
        let dir = dir(&sandbox, "aws:kms");
        run(&dir, &["apply", "-auto-approve", "-allow-weakening"]).status(0);
        sandbox.stop().await;
        let (_world, slow) = served(Duration::from_mins(1)).await;
        let dir = dir.env("AWS_ENDPOINT_URL", &slow.endpoint());
        let mut child =
            dir.command(&["plan"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // It waits for the answer to its first request, whichever that is.
        while slow.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let begun = std::time::Instant::now();
        send("TERM", child.id());
        let ended = tokio::task::block_in_place(|| child.wait()).unwrap();
        assert_eq!(ended.code(), Some(143));
        assert!(begun.elapsed() < Duration::from_secs(45), "{:?}", begun.elapsed());
        run(&dir, &["force-unlock", "x"]).status(1).complains("Nobody holds the lock");
        slow.stop().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_ends_when_its_time_is_over() {
        let (_world, slow) = served(Duration::from_mins(1)).await;
        let dir = dir(&slow, "aws:kms");
        run(&dir, &["plan", "-timeout=1s"]).status(1).complains("Out of time");
        slow.stop().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_closed_pipe_is_a_quiet_exit_that_saves_all() {
        let (_world, sandbox) = served(Duration::from_millis(1)).await;
        let dir = dir(&sandbox, "aws:kms");
        let mut child = dir
            .command(&["apply", "-auto-approve", "-allow-weakening"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let ended = tokio::task::block_in_place(|| child.wait()).unwrap();
        assert_eq!(ended.code(), Some(0));
        run(&dir, &["plan", "-detailed-exitcode"]).status(0);
        sandbox.stop().await;
    }

    /// A limit to the size of files is a full disk to whoever writes, and holds for root, too.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_full_disk_does_not_take_is_printed() {
        let (_world, sandbox) = served(Duration::from_millis(1)).await;
        let dir = dir(&sandbox, "aws:kms");
        run(&dir, &["validate"]).status(0);
        let apply = dir.command(&["apply", "-auto-approve", "-allow-weakening", "-parallelism=5"]);
        let mut limited = Command::new("bash");
        limited
            .args(["-c", "ulimit -f 16; exec \"$@\"", "bash"])
            .arg(apply.get_program())
            .args(apply.get_args())
            .current_dir(dir.path())
            .stdin(Stdio::null());
        limited.env_clear();
        for (name, value) in apply.get_envs() {
            limited.envs(value.map(|value| (name, value)));
        }
        limited.env("PATH", "/usr/bin:/bin");
        let output = tokio::task::block_in_place(|| limited.output()).unwrap();
        let (stdout, stderr) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(1), "{stdout}\n{stderr}");
        assert!(stderr.contains("State cannot be read or written"), "{stderr}");
        // What was and was not done is told all the same.
        assert!(stdout.contains("Apply incomplete:"), "{stdout}\n{stderr}");
        // What the journal could take is there, what it could not is known to have been begun.
        run(&dir, &["apply", "-auto-approve", "-allow-weakening"]).status(0);
        run(&dir, &["plan", "-detailed-exitcode"]).status(0);
        sandbox.stop().await;
    }

    /// A file in the place of a directory refuses root, too.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_cannot_be_saved_is_put_aside_and_can_be_pushed() {
        let (_world, sandbox) = served(Duration::from_millis(1)).await;
        let dir = dir(&sandbox, "AES256");
        run(&dir, &["apply", "-auto-approve", "-allow-weakening"]).status(0);
        dir.write("main.seal.hcl", super::configuration("aws:kms"));
        dir.write("state/sealform.state.json.history", "");
        run(&dir, &["apply", "-auto-approve", "-allow-weakening"])
            .status(1)
            .says("Apply incomplete: 50 updated")
            .complains("errored.state.json")
            .complains("sealform state push");
        std::fs::remove_file(dir.path().join("state/sealform.state.json.history")).unwrap();
        run(&dir, &["state", "push", "errored.state.json"]).status(0);
        run(&dir, &["plan", "-detailed-exitcode"]).status(0).never_says("outside");
        sandbox.stop().await;
    }
}
