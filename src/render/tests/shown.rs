//! Outputs, the state and the course of an apply, for people.

use super::reports::{drifted, report};
use super::samples::*;
use crate::diag::Diagnostic;
use crate::event::{Event, Failed, Outcome, Reporter as _};
use crate::plan::{Action, OutputChange};
use crate::render::{Style, human};
use crate::report::Command;
use crate::state::{OutputState, Recorded, StateFile};
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

#[test]
fn outputs_are_expressions() {
    let outputs: BTreeMap<String, OutputState> = [
        ("key", json!("hush"), true),
        ("names", json!(["acme-logs", "acme-archive"]), false),
        ("policy", json!("one\ntwo\n"), false),
        ("template", json!({ "a ${b}": "${b} %{c} \u{1}\u{200b}" }), false),
        (
            "fleet",
            json!({
                "acme-logs-eu-central-1": { "algorithm": "aws:kms", "key": "alias/acme" },
                "b": [],
            }),
            false,
        ),
    ]
    .into_iter()
    .map(|(name, value, sensitive)| (name.to_owned(), OutputState { value, sensitive }))
    .collect();
    assert_snapshot!(human::outputs(&outputs, &Style::PLAIN), @r#"
    fleet    = {
      acme-logs-eu-central-1 = { algorithm = "aws:kms", key = "alias/acme" }
      b                      = []
    }
    key      = (sensitive value)
    names    = ["acme-logs", "acme-archive"]
    policy   = <<-EOT
      one
      two
    EOT
    template = { "a ${b}" = "${b} %{c} \x01\u200b" }
    "#);
}

#[test]
fn the_state_is_shown_as_configuration() {
    let mut state = StateFile::new("lineage".to_owned(), "0.1.0");
    let recorded = Recorded {
        identity: "acme-logs".to_owned(),
        provider: "aws".to_owned(),
        region: None,
        values: settings("AES256", None, false),
        depends_on: Vec::new(),
        prevent_destroy: false,
        forget_on_destroy: false,
        owner: None,
    };
    assert_snapshot!(human::state(&state, &Style::PLAIN), @"Nothing is recorded.");
    let full = Recorded {
        provider: "aws.eu".to_owned(),
        region: Some("eu-west-1".to_owned()),
        values: settings("aws:kms", Some("alias/acme"), true),
        depends_on: vec![address("logs")],
        prevent_destroy: true,
        forget_on_destroy: false,
        owner: Some("444455556666".to_owned()),
        ..recorded.clone()
    };
    state.resources.insert(address("logs"), recorded);
    state.resources.insert(address("other"), full);
    state.outputs.insert("count".to_owned(), OutputState { value: json!(2), sensitive: false });
    assert_snapshot!(human::state(&state, &Style::PLAIN), @r#"
    # aws_s3_bucket_server_side_encryption_configuration.logs
    resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
      bucket = "acme-logs"

      rule {
        blocked_encryption_types = ["SSE-C"]
        bucket_key_enabled       = false

        apply_server_side_encryption_by_default {
          sse_algorithm = "AES256"
        }
      }
    }

    # aws_s3_bucket_server_side_encryption_configuration.other in eu-west-1
    resource "aws_s3_bucket_server_side_encryption_configuration" "other" {
      bucket                = "acme-logs"
      provider              = aws.eu
      expected_bucket_owner = "444455556666"
      depends_on            = [aws_s3_bucket_server_side_encryption_configuration.logs]

      rule {
        blocked_encryption_types = ["SSE-C"]
        bucket_key_enabled       = true

        apply_server_side_encryption_by_default {
          kms_master_key_id = "alias/acme"
          sse_algorithm     = "aws:kms"
        }
      }

      lifecycle {
        prevent_destroy = true
      }
    }

    Outputs:

    count = 2
    "#);
}

#[test]
fn an_outcome_counts_what_failed_and_names_what_was_not_begun() {
    let mut plan = plan(Vec::new());
    let mut done = Outcome { done: [3, 1, 0, 0, 0], ..Outcome::default() };
    assert_snapshot!(human::outcome(&plan, &done, &Style::PLAIN), @"Apply complete! 3 updated, 1 adopted.");
    assert_snapshot!(human::outcome(&plan, &Outcome::default(), &Style::PLAIN), @"Apply complete! Nothing was to be done.");
    let denied = "S3 refuses PutBucketEncryption for the bucket \"acme\": AccessDenied. The caller \
                  needs s3:PutEncryptionConfiguration.";
    let logs = step(Action::Update, address("logs"), "acme").id();
    let diagnostic = Diagnostic::error("Access denied", denied).of(&logs.address);
    done.failures = vec![Failed { step: logs, diagnostic }];
    done.skipped = vec![step(Action::Update, address("after"), "after").id()];
    plan.output_changes = vec![OutputChange {
        name: "n".to_owned(),
        before: None,
        after: Some(json!(1)),
        sensitive: false,
    }];
    assert_snapshot!(human::outcome(&plan, &done, &Style::PLAIN), @r"
    Not begun, because of a failure before:

        aws_s3_bucket_server_side_encryption_configuration.after

    Apply incomplete: 3 updated, 1 adopted, 1 failed, 1 not begun.
    The outputs are not recorded until all is done.
    What is done is recorded; the next plan has the rest.
    ");
    done.failures.clear();
    done.interrupted = true;
    plan.destroy = true;
    assert_snapshot!(human::outcome(&plan, &done, &Style::PLAIN), @r"
    Not begun, because the run was stopped:

        aws_s3_bucket_server_side_encryption_configuration.after

    Destroy stopped: 3 updated, 1 adopted, 1 not begun.
    The outputs are not recorded until all is done.
    What is done is recorded; the next plan has the rest.
    ");
    plan.destroy = false;
    done.cut = vec![step(Action::Update, address("slow"), "slow").id()];
    assert_snapshot!(human::outcome(&plan, &done, &Style::PLAIN), @r"
    Cut while they wrote; not known whether written (the next plan looks):

        aws_s3_bucket_server_side_encryption_configuration.slow

    Not begun, because the run was stopped:

        aws_s3_bucket_server_side_encryption_configuration.after

    Apply stopped: 3 updated, 1 adopted, 1 cut, 1 not begun.
    The outputs are not recorded until all is done.
    What is done is recorded; the next plan has the rest.
    ");
}

#[test]
fn progress_is_lines_without_a_terminal() {
    let steps = [
        update("logs", "acme-logs"),
        step(Action::Adopt, address("archive"), "acme-archive"),
        step(Action::Reset, address("old"), "acme\u{1b}old"),
    ];
    let denied = Diagnostic::error("Access denied", "No.");
    let run = |terminal: bool| {
        let mut progress = human::Progress::new(Vec::new(), Style::PLAIN, terminal);
        let [update, adopt, reset] = &steps;
        let took = Duration::from_millis(150);
        for event in [
            Event::Waiting { holder: None },
            Event::Seeded { buckets: 1 },
            Event::Reading { total: 1000 },
            Event::Read { done: 1, total: 1000, unread: 0 },
            Event::Read { done: 1000, total: 1000, unread: 0 },
            Event::Read { done: 1000, total: 1000, unread: 1 },
            Event::Read { done: 1000, total: 1000, unread: 1000 },
            Event::Applying { total: 4 },
            Event::Started { step: update },
            Event::Started { step: adopt },
            Event::Done { step: update, took },
            Event::Done { step: adopt, took },
            Event::Started { step: reset },
            Event::Failed { step: reset, diagnostic: &denied },
            Event::Done { step: update, took: Duration::from_secs(75) },
        ] {
            progress.report(&event);
        }
        String::from_utf8(progress.into_inner()).unwrap()
    };
    assert_snapshot!(run(false), @r#"
    Waiting for the lock, which another run holds...
    The sandbox made 1 bucket that the configuration names.
    Reading 1,000 buckets...
    Read 1,000 buckets.
    Read 999 of 1,000 buckets.
    None of 1,000 buckets could be read.
    aws_s3_bucket_server_side_encryption_configuration.logs: Updating... [bucket=acme-logs]
    aws_s3_bucket_server_side_encryption_configuration.logs: Update complete after 0.2s [bucket=acme-logs]
    aws_s3_bucket_server_side_encryption_configuration.archive: Adopted [bucket=acme-archive]
    aws_s3_bucket_server_side_encryption_configuration.old: Resetting... [bucket="acme\u001bold"]
    aws_s3_bucket_server_side_encryption_configuration.old: Reset failed: Access denied [bucket="acme\u001bold"]
    aws_s3_bucket_server_side_encryption_configuration.logs: Update complete after 1m15s [bucket=acme-logs]
    "#);
    assert_snapshot!(run(true), @r#"
    Waiting for the lock, which another run holds...
    The sandbox made 1 bucket that the configuration names.
    aws_s3_bucket_server_side_encryption_configuration.logs: Update complete after 0.2s [bucket=acme-logs]
    aws_s3_bucket_server_side_encryption_configuration.archive: Adopted [bucket=acme-archive]
    aws_s3_bucket_server_side_encryption_configuration.old: Reset failed: Access denied [bucket="acme\u001bold"]
    aws_s3_bucket_server_side_encryption_configuration.logs: Update complete after 1m15s [bucket=acme-logs]
    "#);
}

#[test]
fn a_concise_report_of_drift_tells_who_made_it() {
    let mut found = report(Command::Drift, vec![drifted("x.logs", "acme-logs", "alias/a")]);
    found.tally();
    let style = Style { concise: true, ..Style::PLAIN };
    let text = human::drift(&found, false, &style);
    let line = "  high    x.logs  bucket \"acme-logs\"  by \
                arn:aws:sts::111122223333:assumed-role/ops/eve at 2026-11-20T09:00:00Z \
                (PutBucketEncryption)\n";
    assert!(text.ends_with(line), "{text}");
    found.resources[0].blame = None;
    let text = human::drift(&found, false, &style);
    assert!(text.ends_with("  high    x.logs  bucket \"acme-logs\"\n"), "{text}");
}

#[test]
fn drift_keeps_to_the_width_and_breaks_between_values() {
    let key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let mut found = report(Command::Drift, vec![drifted("x.logs", "acme-logs", key)]);
    found.tally();
    let text = human::drift(&found, false, &Style { width: 60, ..Style::PLAIN });
    let key =
        format!("{:10}drift: kms_master_key_id =\n{:12}\"{key}\"\n{:12}-> nothing\n", "", "", "");
    assert!(text.contains(&key), "{text}");
    found.resources[0].weakened = Some("customer managed key → SSE-S3 ".repeat(3));
    let text = human::drift(&found, false, &Style { width: 60, ..Style::PLAIN });
    let long = text.lines().filter(|line| line.chars().count() > 60 && !line.contains("arn:"));
    assert_eq!(long.collect::<Vec<_>>(), [""; 0], "{text}");
    let text = human::drift(&found, false, &Style { width: 160, ..Style::PLAIN });
    assert!(text.contains("90ab\" -> nothing\n"), "{text}");
    // Who watches is told when.
    let text = human::watched(&found, &Style::PLAIN);
    assert!(text.starts_with("2026-11-21T06:00:00Z Drift. 1 bucket checked"), "{text}");
}
