//! Lines for a program that watches.

use super::samples::{address, algorithm, bucket_key, change, plan, step, update};
use super::{fleets, reports};
use crate::addr::{InstanceKey, ModuleStep, ResourceAddr};
use crate::diag::{Diagnostic, Sources, Span};
use crate::event::{Event, Reporter as _};
use crate::plan::{Action, OutputChange, Plan, Reason, Step};
use crate::render::json_lines::Lines;
use crate::report::{Command, Item, Report, Severity, Share, Status, Verdict};
use crate::state::Holder;
use crate::value::Value;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::time::Duration;

type Clock = fn() -> String;

fn lines() -> Lines<Vec<u8>, Clock> {
    Lines::new(Vec::new(), || "2026-11-21T06:00:00Z".to_owned())
}

/// The lines as JSON; each is as the schema says, and each is one line.
#[track_caller]
fn read(lines: Lines<Vec<u8>, Clock>) -> Vec<Json> {
    let schema: Json =
        serde_json::from_str(include_str!("../../report/events.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let text = String::from_utf8(lines.into_inner()).unwrap();
    assert!(text.ends_with('\n'));
    let lines: Vec<Json> =
        text.split_terminator('\n').map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        let errors: Vec<String> = schema.iter_errors(line).map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} of {line:#}");
    }
    lines
}

fn types(lines: &[Json]) -> Vec<&str> {
    lines.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

/// A plan with each kind of step and change.
fn every_kind() -> Plan {
    let weaker = Step {
        changes: vec![algorithm("aws:kms", "AES256")],
        weakening: Some("customer managed key → SSE-S3".to_owned()),
        ..step(Action::Update, address("weaker"), "acme-weaker")
    };
    let drifted = Step {
        drift: vec![bucket_key(true, false)],
        ..step(Action::NoOp, address("drifted"), "acme-drifted")
    };
    let secret = Step {
        changes: vec![change("rule.key", Value::NULL, Value::from("tell-nobody").sensitive())],
        ..step(Action::Update, address("secret"), "acme-secret")
    };
    let mut inner = ResourceAddr::managed("aws_s3_x", "inner");
    inner.module =
        [ModuleStep { name: "eu".into(), key: InstanceKey::Name("prod\n".into()) }].into();
    let reset = Step {
        reason: Some(Reason::NotInConfiguration),
        previous: Some(address("before")),
        import: Some("acme".into()),
        ..step(Action::Reset, inner.instance(InstanceKey::Index(3)), "acme-\u{202e}reset")
    };
    let hidden = |name: &str, before, after| OutputChange {
        name: name.to_owned(),
        before,
        after,
        sensitive: name == "secret",
    };
    Plan {
        output_changes: vec![
            hidden("secret", Some(json!("tell-nobody")), Some(json!("tell-nobody either"))),
            hidden("gone", Some(json!(1)), None),
        ],
        ..plan(vec![
            update("logs", "acme-logs"),
            weaker,
            drifted,
            secret,
            reset,
            step(Action::Adopt, address("adopted"), "acme-adopted"),
            step(Action::Forget, address("forgotten"), "acme-forgotten"),
            step(Action::NoOp, address("same"), "acme-same"),
        ])
    }
}

#[test]
fn what_drifted_and_cannot_be_planned_is_told_and_counted() {
    let drift = vec![bucket_key(true, false)];
    let refused = Step { drift, ..update("logs", "acme-logs") };
    let unplanned = vec![refused.address.clone()];
    let plan = Plan { unplanned, refused: vec![refused], ..plan(Vec::new()) };
    let mut lines = lines();
    lines.report(&Event::Planned { plan: &plan });
    let lines = read(lines);
    assert_eq!(types(&lines), ["version", "resource_drift", "change_summary"]);
    let changes = &lines[2]["changes"];
    assert_eq!((&changes["drifted"], &changes["unplanned"]), (&json!(1), &json!(1)));
}

#[test]
fn a_run_from_its_first_line_to_its_last() {
    let mut lines = lines();
    let plan = every_kind();
    let mut sources = Sources::default();
    let file = sources.add("main.seal.hcl", "resource \"x\" \"y\" {\n}\n");
    let problem = Diagnostic::error("Access denied", "It may not.").of(&address("logs")).at(Span {
        file,
        start: 0,
        end: 8,
    });
    let holder: Option<&Holder> = None;
    lines.report(&Event::Waiting { holder });
    lines.report(&Event::Seeded { buckets: 2 });
    lines.report(&Event::Reading { total: 2 });
    lines.report(&Event::Read { done: 1, total: 2, unread: 0 });
    lines.report(&Event::Read { done: 2, total: 2, unread: 0 });
    lines.report(&Event::Planned { plan: &plan });
    lines.report(&Event::Applying { total: 3 });
    lines.report(&Event::Started { step: &plan.steps[0] });
    let took = Duration::from_millis(1_500);
    lines.report(&Event::Done { step: &plan.steps[0], took });
    lines.report(&Event::Failed { step: &plan.steps[1], diagnostic: &problem });
    lines.report(&Event::Skipped { step: &plan.steps[4] });
    lines.diagnostics(&[problem, Diagnostic::warning("Old", "Use the new one.")], &sources);
    let mut report = reports::hostile(7);
    report.share = Some(Share { part: 1, of: 2 });
    lines.findings(&report);
    lines.outcome(&report);

    let lines = read(lines);
    assert_eq!(
        types(&lines),
        [
            &["version", "waiting", "seeded", "reading", "read", "read", "resource_drift"][..],
            &["planned_change"; 6],
            &["outputs", "change_summary", "applying", "apply_start", "apply_complete"],
            &["apply_errored", "apply_skipped", "diagnostic", "diagnostic"],
            &["finding"; 7],
            &["outcome"],
        ]
        .concat()
    );
    assert_eq!(lines[0]["format_version"], "1.0");
    let of = |kind: &str| lines.iter().find(|line| line["type"] == kind).unwrap();
    assert_eq!(of("resource_drift")["change"]["drift"][0]["path"], "rule.bucket_key_enabled");
    assert_eq!(of("change_summary")["changes"]["update"], 3);
    assert_eq!(of("change_summary")["changes"]["weakening"], 1);
    assert_eq!(of("apply_complete")["hook"]["elapsed_seconds"], 1.5);
    assert_eq!(of("diagnostic")["diagnostic"]["range"]["start"]["line"], 1);
    assert_eq!(of("outcome")["verdict"], "error");
    assert_eq!(
        of("apply_skipped")["hook"]["resource"],
        json!({
            "addr": "module.eu[\"prod\\n\"].aws_s3_x.inner[3]",
            "module": "module.eu[\"prod\\n\"]",
            "resource": "aws_s3_x.inner[3]",
            "resource_type": "aws_s3_x",
            "resource_name": "inner",
            "resource_key": 3,
            "implied_provider": "aws",
            "bucket": "acme-\u{202e}reset",
        })
    );
    assert!(lines.iter().all(|line| line["@timestamp"] == "2026-11-21T06:00:00Z"));
    assert!(!format!("{lines:?}").contains("tell-nobody"));
}

#[test]
fn a_long_reading_takes_few_lines() {
    for total in [0, 1, 19, 20, 21, 10_000] {
        let mut lines = lines();
        lines.report(&Event::Reading { total });
        for done in 1..=total {
            lines.report(&Event::Read { done, total, unread: 0 });
        }
        let lines = read(lines);
        let reads: Vec<&Json> = lines.iter().filter(|line| line["type"] == "read").collect();
        assert!(reads.len() <= 21, "{} of {total}", reads.len());
        assert_eq!(reads.last().map(|line| line["done"] == total), (total > 0).then_some(true));
    }
}

#[test]
fn a_plan_of_nothing() {
    let mut lines = lines();
    lines.report(&Event::Planned { plan: &plan(Vec::new()) });
    lines.outcome(&reports::report(Command::Plan, Vec::new()));
    let lines = read(lines);
    assert_eq!(types(&lines), ["version", "change_summary", "outcome"]);
    assert_eq!(lines[2]["verdict"], "clean");
    assert_eq!(lines[2]["@message"], "Plan: 0 buckets checked, nothing differs");
    assert_eq!(lines[1]["@message"], "Plan: 0 to update, 0 to adopt, 0 to reset, 0 to forget.");
}

#[test]
fn the_last_line_says_what_the_run_came_to() {
    let message = |report: &Report| {
        let mut lines = lines();
        lines.outcome(report);
        read(lines).pop().unwrap()["@message"].as_str().unwrap().to_owned()
    };
    let of = fleets::report;
    let drifted = || fleets::drifted("a", "acme-a", Severity::High);
    let drift = of(vec![
        drifted(),
        fleets::pending("b", "acme-b"),
        fleets::suppressed("c", "acme-c"),
        fleets::unreadable("d", "acme-d"),
    ]);
    assert_eq!(
        message(&drift),
        "Drift: 4 buckets checked, 1 changed outside, 1 with changes pending, 1 suppressed, 1 not \
         known"
    );
    assert_eq!(
        message(&of(vec![fleets::item("a", "acme-a")])),
        "Drift: 1 bucket checked, nothing differs"
    );
    let done = |status: Status| Item { status: Some(status), ..drifted() };
    let mut apply = of(vec![done(Status::Done), done(Status::Done), done(Status::Skipped)]);
    apply.command = Command::Apply;
    apply.tally();
    assert_eq!(message(&apply), "Apply: 3 buckets checked, 2 updated, 1 not done");
    let failed = Report { verdict: Verdict::Error, ..of(Vec::new()) };
    assert_eq!(message(&failed), "Drift: 0 buckets checked, with errors");
}

/// The schema is no empty promise.
#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema: Json =
        serde_json::from_str(include_str!("../../report/events.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut lines = lines();
    lines.report(&Event::Planned { plan: &every_kind() });
    let lines = read(lines);
    let secret =
        lines.iter().find(|line| line["change"]["resource"]["bucket"] == "acme-secret").unwrap();
    for (pointer, wrong) in [
        ("/type", json!("apply_start")),
        ("/type", json!("news")),
        ("/@level", json!("loud")),
        ("/change/action", json!("create")),
        ("/change/changes/0/after", json!("tell-nobody")),
        ("/change/resource/bucket", json!(1)),
    ] {
        let mut line = secret.clone();
        *line.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.is_valid(&line), "{pointer} of {line:#}");
    }
}

/// A finding is an instance of the document of a run, whose fields are all in both schemas.
#[test]
fn the_schema_knows_every_field_of_a_finding() {
    let names = |schema: &str, pointer: &str| -> BTreeSet<String> {
        let schema: Json = serde_json::from_str(schema).unwrap();
        let found = schema.pointer(pointer).unwrap().as_object().unwrap();
        found.keys().cloned().collect()
    };
    let events = include_str!("../../report/events.schema.json");
    let schema: Json = serde_json::from_str(events).unwrap();
    let is_finding = |it: &Json| it["required"] == json!(["finding"]);
    let at = schema["oneOf"].as_array().unwrap().iter().position(is_finding).unwrap();
    assert_eq!(
        names(events, &format!("/oneOf/{at}/properties/finding/properties")),
        names(include_str!("../../report/schema.json"), "/$defs/item/properties")
    );
}

/// What takes the lines may be gone; the run goes on.
#[test]
fn nobody_reads() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut lines = Lines::new(Closed, String::new);
    lines.report(&Event::Reading { total: 1 });
}
