//! What a user sees, to the letter: standard output, standard error and the exit status of the binary
//! in an empty environment, on the embedded sandbox.
//!
//! The snapshots are in `golden/snapshots`. Read every difference before it is accepted.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test starts the binary, writes its files, and fails by panicking"
)]

use sealform::sandbox::{DEFAULT_ACCOUNT, Options, Sandbox, World};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A directory with a configuration, and all that was said there.
struct Story {
    dir: TempDir,
    /// Where S3 is, other than in `--sandbox`.
    endpoint: Option<String>,
    text: String,
}

impl Story {
    fn empty() -> Self {
        Self { dir: TempDir::new().unwrap(), endpoint: None, text: String::new() }
    }

    /// A copy of an example.
    fn example(name: &str) -> Self {
        let story = Self::empty();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        for entry in std::fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                story.write(name, &std::fs::read_to_string(&path).unwrap());
            }
        }
        story
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.dir.path().join(name), content).unwrap();
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.dir.path().join(name)).unwrap();
        assert!(text.contains(from), "no {from:?} in {name}");
        self.write(name, &text.replace(from, to));
    }

    /// Runs a command and takes down what it says.
    fn run(&mut self, arguments: &[&str]) -> &mut Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealform"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        if let Some(endpoint) = &self.endpoint {
            command
                .env("AWS_ENDPOINT_URL", endpoint)
                .env("AWS_ACCESS_KEY_ID", DEFAULT_ACCOUNT)
                .env("AWS_SECRET_ACCESS_KEY", "test")
                .env("AWS_REGION", "us-east-1");
        }
        let output = command.output().unwrap();
        let status = output.status.code().unwrap_or(-1);
        writeln!(self.text, "$ sealform {}", arguments.join(" ")).unwrap();
        for (name, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
            let said = String::from_utf8(bytes).unwrap();
            if !said.is_empty() {
                let said = without_times(&said);
                writeln!(self.text, "---------- {name}\n{}", said.trim_end_matches('\n')).unwrap();
            }
        }
        writeln!(self.text, "---------- exit status {status}\n").unwrap();
        self
    }

    /// Everything that was said, with what differs from run to run left out.
    fn told(&self) -> String {
        let mut told = self.text.replace(&self.dir.path().display().to_string(), "[directory]");
        if let Some(endpoint) = &self.endpoint {
            told = told.replace(endpoint, "[endpoint]");
        }
        told.trim_end().to_owned() + "\n"
    }
}

/// The text with `after 0.1s` as `after [time]`, and the times in a report likewise.
fn without_times(text: &str) -> String {
    let line = |line: &str| match line.trim_start().split_once(": ") {
        Some((name @ ("\"started\"" | "\"seconds\""), _)) => format!("  {name}: [time],"),
        _ => line.to_owned(),
    };
    let text = text.split('\n').map(line).collect::<Vec<_>>().join("\n");
    let mut parts = text.split("after ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(part.len());
        out.push_str("after ");
        match part[end..].strip_prefix('s') {
            Some(rest) if end > 0 => {
                out.push_str("[time]");
                out.push_str(rest);
            }
            _ => out.push_str(part),
        }
    }
    out
}

/// Compares a story with its snapshot.
fn check(name: &str, story: &Story) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, story.told()));
}

const ADDRESS: &str = "aws_s3_bucket_server_side_encryption_configuration";

fn block(name: &str, bucket: &str, more: &str) -> String {
    format!(
        "resource \"{ADDRESS}\" \"{name}\" {{\n  bucket = \"{bucket}\"\n\n  rule {{\n    \
         apply_server_side_encryption_by_default {{\n      sse_algorithm = \"aws:kms\"\n    }}\n  \
         }}\n{more}}}\n"
    )
}

#[test]
fn quickstart_from_the_first_plan_to_drift() {
    let mut story = Story::example("quickstart");
    story
        .run(&["validate"])
        .run(&["plan", "--sandbox"])
        .run(&["apply", "--sandbox", "--auto-approve"])
        .run(&["plan", "--sandbox", "--detailed-exitcode"])
        .run(&["sandbox", "change", "acme-audit-log", "--sse-algorithm", "AES256"])
        .run(&["plan", "--sandbox", "--detailed-exitcode"])
        .run(&["plan", "--sandbox", "--concise"])
        .run(&["apply", "--sandbox", "--auto-approve"])
        .run(&["output"])
        .run(&["state", "list"])
        .run(&["destroy", "--sandbox", "--auto-approve"]);
    check("quickstart", &story);
}

#[test]
fn plans_as_json() {
    let mut story = Story::example("quickstart");
    story
        .run(&["plan", "--sandbox", "--json"])
        .run(&["apply", "--sandbox", "--auto-approve", "--json"])
        .run(&["plan", "--sandbox", "--json"]);
    check("json", &story);
}

#[test]
fn drift_seen_recorded_and_taken_back() {
    let mut story = Story::example("quickstart");
    story
        .run(&["drift", "--sandbox"])
        .run(&["apply", "--sandbox", "--auto-approve"])
        .run(&["drift", "--sandbox"])
        .run(&["sandbox", "change", "acme-audit-log", "--sse-algorithm", "AES256"])
        .run(&["drift", "--sandbox"])
        .run(&["drift", "--sandbox", "--concise", "--exit-code=never"])
        .run(&["drift", "--sandbox", "--from-state"])
        .run(&["drift", "--sandbox", "--json"])
        .run(&["drift", "--sandbox", "--record"])
        .run(&["drift", "--sandbox"])
        .run(&["drift", "--sandbox", "--partition=hash:3/2"])
        .run(&["drift", "--sandbox", "--output=jsn"])
        .run(&["drift", "--sandbox", "--json", "--output=human"]);
    check("drift", &story);
}

#[test]
fn a_fleet_concisely() {
    let mut story = Story::example("fleet");
    story
        .run(&["plan", "--sandbox", "--concise"])
        .run(&["apply", "--sandbox", "--auto-approve", "--concise", "--parallelism=1"])
        .run(&["plan", "--sandbox"]);
    check("fleet", &story);
}

#[test]
fn what_leaves_the_configuration_and_what_moves() {
    let mut story = Story::empty();
    story.write("main.seal.hcl", &(block("old", "first", "") + &block("gone", "second", "")));
    story.run(&["apply", "--sandbox", "--auto-approve", "--parallelism=1"]);
    story.write("main.seal.hcl", &block("new", "first", ""));
    story.run(&["plan", "--sandbox"]).run(&[
        "apply",
        "--sandbox",
        "--auto-approve",
        "--parallelism=1",
    ]);
    story.replace("main.seal.hcl", "\"first\"", "\"third\"");
    story
        .run(&["plan", "--sandbox"])
        .run(&["apply", "--sandbox", "--auto-approve", "--parallelism=1"])
        .run(&["destroy", "--sandbox", "--auto-approve"])
        .run(&["destroy", "--sandbox", "--auto-approve"]);
    check("removals", &story);
}

#[test]
fn every_fault_of_two_files_at_once() {
    let mut story = Story::empty();
    story.write(
        "main.seal.hcl",
        &(block("logs", "s3://acme-logs", "  expected_bucket_owner = \"12\"\n")
            + &block("twin", "acme-twin", "  lifecycle {\n    prevent_destory = true\n  }\n")
            + "\noutput \"key\" {\n  value = local.kye\n}\n"),
    );
    story.write(
        "more.seal.hcl",
        &("locals {\n  key  = \"alias/team\"\n  size = \"ten\" + 1\n}\n\n".to_owned()
            + &block("other", "acme-twin", "").replace("aws:kms", "aws:kmz")),
    );
    story.run(&["validate"]).run(&["validate", "--json"]).run(&["plan", "--sandbox"]);
    check("validate", &story);
}

#[test]
fn what_things_are() {
    let mut story = Story::example("fleet");
    story
        .run(&["explain", ADDRESS])
        .run(&["explain", &format!("{ADDRESS}.rule.bucket_key_enabled")])
        .run(&["explain", &format!("{ADDRESS}.data[\"payments-01\"].rule")])
        .run(&["explain", "data.aws_kms_alias"])
        .run(&["explain", "aws.vault.assume_role"])
        .run(&["explain", "lifecycle"])
        .run(&["explain", "count"])
        .run(&["explain", "abs"])
        .run(&["explain", "var.teams"])
        .run(&["explain", &format!("{ADDRESS}.dta")])
        .run(&["explain", "variabel"]);
    check("explain", &story);
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_that_are_missing_denied_or_elsewhere_hide_nothing() {
    let world = World::in_memory();
    for (bucket, region) in [("here", "us-east-1"), ("denied", "us-east-1"), ("far", "eu-west-1")] {
        assert!(world.seed_bucket(bucket, region, DEFAULT_ACCOUNT).unwrap());
    }
    assert!(world.deny_bucket("denied").unwrap());
    let sandbox = Sandbox::start(world, Options::default()).await.unwrap();
    let mut story = Story::empty();
    story.endpoint = Some(sandbox.endpoint());
    let blocks = ["here", "missing", "denied", "far"].map(|it| block(it, it, ""));
    story.write("main.seal.hcl", &blocks.join("\n"));
    story
        .run(&["plan"])
        .run(&["apply", "--auto-approve"])
        .run(&["plan", "--json", &format!("--target={ADDRESS}.missing")])
        .run(&["plan", "--out=p.sealplan", &format!("--target={ADDRESS}.here")])
        .run(&["show", "p.sealplan"])
        .run(&["apply", "p.sealplan"])
        .run(&["apply", "p.sealplan"]);
    sandbox.stop().await;
    check("missing", &story);
}

#[test]
fn words_for_those_who_are_in_a_hurry() {
    let mut story = Story::empty();
    story
        .run(&["plan"])
        .run(&["plann"])
        .run(&["init"])
        .run(&["apply", "--sandbox"])
        .run(&["plan", "--sandbox", "--target=nothing"])
        .run(&["plan", "--sandbox", &format!("--target={ADDRESS}.nothing")]);
    check("words", &story);
}
