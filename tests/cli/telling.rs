//! What goes wrong is told: once, whole, truly, and in each output that was asked for.

use crate::drift::{Fleet, valid};
use crate::harness::{Dir, Ran, resource};
use serde_json::Value as Json;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

/// A service whose connections are taken, and whose requests nobody reads.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    (listener, url)
}

/// The summaries of what was found wrong.
fn summaries(report: &Json) -> Vec<&str> {
    let all = report["diagnostics"].as_array().unwrap().iter();
    all.map(|it| it["summary"].as_str().unwrap()).collect()
}

#[test]
fn values_for_nobody_are_summed_up_and_never_shown() {
    let dir = Dir::with(
        "variable \"size\" { default = 1 }\nvariable \"token\" {\n  default   = 1\n  sensitive = \
         true\n}\n",
    );
    dir.write("sealform.sealvars.json", r#"{"token": "S3CR3T", "tokn": "S3CR3T", "b": 1, "c": 1}"#);
    dir.write("x.auto.sealvars.hcl", "b = 2\nd = 1\n");
    let ran = dir
        .run(&["plan", "-sandbox"])
        .status(0)
        .complains("the variable \"tokn\", which the configuration does not declare. Did you mean")
        .complains("the variable \"c\", which the configuration does not declare.")
        .complains("Values are given for 2 others that the configuration does not declare: b, d.")
        .never_complains("S3CR3T");
    assert_eq!(ran.stderr.matches("warning: Undeclared variable").count(), 3, "{}", ran.stderr);
    let report = dir.run(&["plan", "-sandbox", "-json"]).status(0).json();
    assert_eq!(
        summaries(&report),
        ["Undeclared variable", "Undeclared variable", "Undeclared variables"]
    );
    // Whoever types it means it.
    dir.run(&["plan", "-sandbox", "-var=e=1"]).status(1).complains("the variable \"e\"");
}

#[test]
fn a_slip_in_a_file_of_values_shows_its_place_and_no_value() {
    let dir = Dir::with("variable \"token\" {\n  type      = string\n  sensitive = true\n}\n");
    for (text, place, why) in [
        ("team = \"S3CR3T\"\ntoken = \"S3CR3T\" x\n", "2:18", "Missing newline"),
        ("token = [\"S3CR3T\"\n", "1:9", "Unclosed bracket"),
        ("token \"S3CR3T\"\n", "1:7", "Missing equals sign"),
        ("token = S3CR3T\n", "1:9", "text stands in quotes"),
        ("token = \"S3CR3T\"\ntoken = \"S3CR3T\"\n", "2:1", "Attribute set twice"),
    ] {
        dir.write("x.auto.sealvars.hcl", text);
        for arguments in [&["validate"][..], &["plan", "-sandbox", "-json"], &["validate", "-json"]]
        {
            let ran = dir.run(arguments).status(1).never_says("S3CR3T").never_complains("S3CR3T");
            let human = arguments.len() == 1;
            let place = format!("x.auto.sealvars.hcl:{place}");
            assert!(!human || ran.stderr.contains(&place), "{text}: {}", ran.stderr);
            assert!(!human || ran.stderr.contains(why), "{text}: {}", ran.stderr);
        }
        if why != "text stands in quotes" && why != "Attribute set twice" {
            dir.run(&["fmt", "-check"]).status(2).never_complains("S3CR3T");
        }
    }
    dir.write("x.auto.sealvars.hcl", "");
    let given = "-var=token=S3CR3T";
    dir.run(&["validate", given]).status(0);
    dir.write(
        "main.seal.hcl",
        "variable \"token\" {\n  type = list(string)\n  sensitive = true\n}\n",
    );
    for value in ["[S3CR3T]", "[\"S3CR3T\" 1]", "{ a = S3CR3T", "upper(\"S3CR3T\", 1)"] {
        let ran = dir.run(&["validate", &format!("-var=token={value}")]).status(1);
        ran.complains("--var token:1:").never_complains("S3CR3T");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_is_a_line_a_count_and_one_error() {
    let fleet = Fleet::of(&["aaa", "bbb"]).await;
    fleet.run(&["plan", "-out=p.sealplan"]).status(0);
    assert!(fleet.world.deny_bucket("bbb").unwrap());
    let why = "The credentials may not do";
    let ran = fleet
        .run(&["apply", "-output=human=out.txt", "-output=json-lines=out.jsonl", "p.sealplan"])
        .status(1)
        .says("Apply incomplete: 1 updated, 1 failed.")
        .never_says("Access denied")
        .complains(&format!("{TYPE}.bbb: Update failed: Access denied [bucket=bbb]"))
        .complains(why);
    assert_eq!(ran.stderr.matches(why).count(), 1, "{}", ran.stderr);
    // A file has no standard error beside it.
    let text = fleet.dir.read("out.txt");
    assert!(text.contains("Apply incomplete: 1 updated, 1 failed."), "{text}");
    assert_eq!(text.matches(why).count(), 1, "{text}");
    let lines = fleet.dir.read("out.jsonl");
    assert_eq!(lines.matches("\"type\":\"diagnostic\"").count(), 1, "{lines}");
    assert!(lines.contains("Apply: 2 buckets checked, 1 updated, 1 with an error"), "{lines}");
}

#[test]
fn a_run_that_is_out_of_time_says_so_in_every_output() {
    let (_silent, url) = silent();
    let provider = format!(
        "provider \"aws\" {{\n  region = \"eu-west-1\"\n  endpoints {{\n    s3 = {url:?}\n  }}\n}}\n"
    );
    let dir = Dir::with(&(provider + &resource("x", "acme-x", "AES256", "")))
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    let files = [("junit", "xml"), ("json-lines", "jsonl"), ("html", "html")];
    for command in ["plan", "apply", "destroy"] {
        let outputs = files.map(|(format, file)| format!("-output={format}={command}.{file}"));
        let mut arguments = vec![command, "-json", "-timeout=1s"];
        arguments.extend(outputs.iter().map(String::as_str));
        if command != "plan" {
            arguments.push("-auto-approve");
        }
        let report = dir.run(&arguments).status(1).complains("Out of time").json();
        valid(&report);
        assert_eq!(report["verdict"], "error", "{command}");
        assert_eq!(summaries(&report), ["Out of time"], "{command}");
        for (_, file) in files {
            let text = dir.read(&format!("{command}.{file}"));
            assert!(text.contains("Out of time"), "{command}.{file}: {text}");
        }
    }
    let ran = dir.run(&["refresh", "-json", "-timeout=1s"]).status(1).complains("Out of time");
    assert_eq!(summaries(&ran.json()), ["Out of time"]);
}

/// Runs a command against a service that does not answer, and asks it to stop once it has asked that.
fn interrupted(dir: &Dir, arguments: &[&str]) -> Ran {
    let (listener, url) = silent();
    let provider = format!(
        "provider \"aws\" {{\n  region = \"eu-west-1\"\n  endpoints {{\n    s3 = {url:?}\n  }}\n}}\n"
    );
    dir.write("provider.seal.hcl", provider);
    let mut command = dir.command(arguments);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let _connection = listener.accept().unwrap();
    let interrupt = ["-INT", &child.id().to_string()];
    assert!(std::process::Command::new("kill").args(interrupt).status().unwrap().success());
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn a_run_that_is_interrupted_says_so_in_every_output() {
    let dir = Dir::with(&resource("x", "acme-x", "AES256", ""))
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "x");
    let files = [("junit", "xml"), ("json-lines", "jsonl"), ("prometheus", "prom")];
    for command in ["plan", "drift", "apply", "destroy"] {
        let outputs = files.map(|(format, file)| format!("-output={format}={command}.{file}"));
        let mut arguments = vec![command, "-json"];
        arguments.extend(outputs.iter().map(String::as_str));
        if matches!(command, "apply" | "destroy") {
            arguments.push("-auto-approve");
        }
        let ran = interrupted(&dir, &arguments)
            .status(130)
            .complains("Stopped by a signal. Nothing was changed.");
        let report = ran.json();
        valid(&report);
        assert_eq!(report["verdict"], "error", "{command}");
        assert_eq!(summaries(&report), ["Stopped by a signal"], "{command}");
        for file in ["xml", "jsonl"] {
            let text = dir.read(&format!("{command}.{file}"));
            assert!(text.contains("Ctrl-C (SIGINT) asked"), "{command}.{file}: {text}");
        }
        let metrics = dir.read(&format!("{command}.prom"));
        let has_failed = |line: &str| line.starts_with("sealform_failed{") && line.ends_with(" 1");
        assert!(metrics.lines().any(has_failed), "{command}: {metrics}");
    }
    let ran = interrupted(&dir, &["refresh", "-json"]).status(130);
    assert_eq!(summaries(&ran.json()), ["Stopped by a signal"]);
    // Whoever asked it to stop needs no more than a line.
    let ran = interrupted(&dir, &["plan"]).status(130);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert!(!ran.stderr.contains("error: "), "{}", ran.stderr);
}

/// What a saved plan is held against may be as silent.
#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_ends_in_time_too() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["plan", "-out=p.sealplan"]).status(0);
    let (_silent, url) = silent();
    let mut command = fleet.dir.command(&["apply", "-json", "-timeout=1s", "p.sealplan"]);
    let command = command.env("AWS_ENDPOINT_URL", url);
    let ran = Ran::of(tokio::task::block_in_place(|| command.output()).unwrap());
    assert_eq!(summaries(&ran.status(1).json()), ["Out of time"]);
}

#[test]
fn a_state_that_breaks_while_it_is_asked_hides_nothing_that_was_found() {
    let dir = Dir::with(&resource("aaa", "acme-a", "aws:kms", ""));
    dir.write("sealform.sealvars.hcl", "old = 1\n");
    // What was warned of before the first step is among the events of all of them.
    dir.run(&["apply", "-sandbox", "-auto-approve", "-output=json-lines"])
        .status(0)
        .says("Warning: Undeclared variable")
        .says("Apply: 1 bucket checked, 1 updated");
    dir.write("more.seal.hcl", resource("bbb", "acme-b", "aws:kms", ""));
    let mut child = dir
        .command(&["apply", "-sandbox", "-output=json=out.json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut said, mut byte) = (Vec::new(), [0]);
    let mut stderr = child.stderr.take().unwrap();
    while !said.ends_with(b"Enter a value: ") {
        stderr.read_exact(&mut byte).unwrap();
        said.extend(byte);
    }
    dir.write("state/sealform.state.json", "{");
    child.stdin.take().unwrap().write_all(b"yes\n").unwrap();
    stderr.read_to_end(&mut said).unwrap();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.ends_with("Nothing was changed.\n"), "{said}");
    let report: Json = serde_json::from_str(&dir.read("out.json")).unwrap();
    valid(&report);
    assert_eq!(report["verdict"], "error");
    assert_eq!(summaries(&report).len(), 2, "{report}");
    assert!(summaries(&report).contains(&"Undeclared variable"), "{report}");
    assert_eq!(report["resources"].as_array().unwrap().len(), 2, "what was planned is told");
}

#[test]
fn an_instance_that_is_not_there_is_told_with_those_that_are() {
    let block = resource("logs", "acme-${each.key}", "aws:kms", "");
    let block = block.replace("  bucket", "  for_each = toset([\"app\", \"audit\"])\n  bucket");
    let dir = Dir::with(&block);
    dir.run(&["plan", "-sandbox", &format!("-target={TYPE}.logs[\"web\"]")])
        .status(1)
        .complains(&format!("{TYPE}.logs has the instances [\"app\"], [\"audit\"]."));
    dir.run(&["plan", "-sandbox", &format!("-target={TYPE}.logs[\"adit\"]")])
        .status(1)
        .complains(&format!("Did you mean '{TYPE}.logs[\"audit\"]'?"));
}

#[test]
fn a_removed_block_does_not_lift_what_prevents_it_and_says_so() {
    let block = resource("logs", "acme-${each.key}", "aws:kms", "");
    let block = block.replace("  bucket", "  for_each = toset([\"app\", \"audit\"])\n  bucket");
    let end = block.rfind('}').unwrap();
    let dir = Dir::with(&format!("{}lifecycle {{ prevent_destroy = true }}\n}}\n", &block[..end]));
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    let removed = |destroy: bool| {
        format!(
            "removed {{\n  from = {TYPE}.logs\n  lifecycle {{\n    destroy = {destroy}\n  }}\n}}\n"
        )
    };
    dir.write("main.seal.hcl", removed(true));
    let ran = dir
        .run(&["plan", "-sandbox"])
        .status(1)
        .complains("main.seal.hcl:2:10")
        .complains("which a `removed` block does not lift")
        .complains("for 2 resources");
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.stderr);
    dir.write("main.seal.hcl", removed(false));
    dir.run(&["plan", "-sandbox"]).status(0).says("2 to forget");
}

#[test]
fn drift_that_is_known_in_part_is_told_with_a_note_of_that_in_every_format() {
    let dir = Dir::with(&resource("logs", "acme-logs", "aws:kms", "bucket_key_enabled = true"));
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    dir.run(&["sandbox", "change", "acme-logs", "--blocked-encryption-type=SSE-C"]).status(0);
    let suppress = "suppress \"known\" {\n  buckets    = [\"acme-*\"]\n  attributes = [sse_algorithm]\n  reason \
         = \"moves\"\n}\n";
    dir.write("known.seal.hcl", suppress);
    dir.run(&["drift", "-sandbox"])
        .status(2)
        .says("the suppression \"known\" covers 1 of 2 changes of the bucket")
        .says("bucket_key_enabled")
        .never_complains("Unused suppression");
    for format in ["json", "json-lines", "markdown", "github", "sarif", "junit", "html"] {
        dir.run(&["drift", "-sandbox", &format!("-output={format}")])
            .status(2)
            .says("covers 1 of 2 changes of the bucket, so that none is suppressed; it leaves out");
    }
    valid(&dir.run(&["drift", "-sandbox", "-json"]).status(2).json());
    // A plan is not about reports.
    dir.run(&["plan", "-sandbox", "-json"]).status(0).never_says("covers 1 of 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_does_not_answer_is_named_while_it_is_waited_for() {
    let fleet = Fleet::of(&["aaa"]).await;
    fleet.run(&["apply", "-auto-approve"]).status(0);
    fleet.change("aaa", "AES256");
    let (_silent, url) = silent();
    let provider =
        format!("provider \"aws\" {{\n  endpoints {{\n    cloudtrail = {url:?}\n  }}\n}}\n");
    fleet.dir.write("provider.seal.hcl", provider);
    // Half of the time that is left: the other half is for what was found.
    let ran = fleet
        .run(&["drift", "-blame", "-timeout=16s"])
        .status(2)
        .says("1 changed outside")
        .complains("did not answer in time. So it is not known who changed the bucket \"aaa\".");
    let (_, told) = ran.stderr.split_once("who made the drift. It may take up to ").unwrap();
    let seconds: u64 = told.split(' ').next().unwrap().parse().unwrap();
    assert!(seconds < 8, "{}", ran.stderr);
}

#[test]
fn a_bucket_that_has_got_another_address_is_pending_and_told_as_moved() {
    let dir = Dir::with(&resource("old", "acme-logs", "aws:kms", ""));
    dir.run(&["apply", "-sandbox", "-auto-approve"]).status(0);
    let moved = format!("moved {{\n  from = {TYPE}.old\n  to   = {TYPE}.new\n}}\n");
    dir.write("main.seal.hcl", resource("new", "acme-logs", "aws:kms", "") + &moved);
    dir.run(&["drift", "-sandbox"])
        .status(3)
        .says(&format!("  move    {TYPE}.new"))
        .says(&format!("has moved from {TYPE}.old"))
        .never_says("no-op");
}
