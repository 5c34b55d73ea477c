//! What is in a report, read back, and joined with others.

use super::{Case, TYPE, block, settings};
use crate::diag::Diagnostic;
use crate::event::{Failed, Outcome};
use crate::plan::Step;
use crate::plan::tests::Project;
use crate::report::{Class, Command, MergeError, Report, Share, Status, Verdict};
use serde_json::Value as Json;

fn denied(step: &Step) -> Failed {
    let diagnostic = Diagnostic::error("Denied", "No.").of(&step.address);
    Failed { step: step.id(), diagnostic }
}

fn kms() -> &'static str {
    "sse_algorithm = \"aws:kms\""
}

#[test]
fn places_are_found_for_thousands_of_blocks() {
    let block = |n: u32| format!("resource \"{TYPE}\" \"é{n}\" {{ bucket = \"logs-{n}\" }}\n");
    let blocks = (0..2000).map(block).collect::<Vec<_>>().concat();
    let mut sources = crate::diag::Sources::default();
    let file = sources.add("main.seal.hcl", blocks.as_str());
    let config = crate::config::parse(&sources, &[file], &|_| false, &mut Vec::new());
    let spans = config.resources.values().map(|it| it.header);
    let places = super::super::places::Places::new(&sources, spans);
    for block in config.resources.values() {
        let place = places.of(block.header).unwrap();
        let slow = sources.position(block.header);
        assert_eq!((place.line, place.column), (slow.line, slow.column));
    }
}

/// Three buckets of one block with a setting that a write would lose, of which one is as declared.
fn with_unknown_settings(live: &str, recorded: &str) -> Case {
    let text = block("x", "${each.key}", kms(), "", "for_each = toset([\"a\", \"b\", \"c\"])");
    let mut case = Case::new(&text);
    for (bucket, live) in [("a", live), ("b", live), ("c", "aws:kms")] {
        case.world.set_unknown(bucket, settings(live, None, false, &[]));
        let recorded = if bucket == "c" { "aws:kms" } else { recorded };
        case = case.recorded(
            &format!("x[\"{bucket}\"]"),
            bucket,
            settings(recorded, None, false, &[]),
        );
    }
    case
}

#[test]
fn a_reason_that_many_share_is_told_of_each_and_hides_no_drift() {
    let case = with_unknown_settings("AES256", "aws:kms");
    let report = case.report(Command::Drift);
    assert_eq!(report.verdict, Verdict::Drift);
    assert_eq!((report.summary.drifted, report.summary.errors, report.unread()), (2, 2, 0));
    for item in &report.resources[..2] {
        let error = item.error.as_ref().unwrap();
        assert_eq!(error.summary, "Unknown settings would be lost", "{item:?}");
        assert_eq!(item.class, Class::Drift);
    }
    assert_eq!(report.resources[2].error, None);
    // Of a plan it is an error, and so it is where nobody changed anything.
    assert_eq!(case.report(Command::Plan).verdict, Verdict::Error);
    let report = with_unknown_settings("AES256", "AES256").report(Command::Drift);
    assert_eq!((report.verdict, report.summary.drifted), (Verdict::Error, 0));
    // What nobody could read may be drift that is worse.
    let mut case = with_unknown_settings("AES256", "aws:kms");
    case.project = Project::new(
        &(block("x", "${each.key}", kms(), "", "for_each = toset([\"a\", \"b\", \"c\"])")
            + &block("gone", "gone", kms(), "", "")),
    );
    assert_eq!(case.report(Command::Drift).verdict, Verdict::Error);
}

#[test]
fn what_could_not_be_planned_is_there_with_its_bucket_and_why() {
    let text = block("x", "here", kms(), "", "") + &block("y", "gone", kms(), "", "");
    let case = Case::new(&text).live("here", settings("AES256", None, false, &[]));
    let (plan, mut faults) = case.plan();
    let address = plan.unplanned[0].clone();
    faults.push(Diagnostic::error("No such bucket", "There is none.").of(&address));
    let report = case.with_facts(Command::Drift, &faults, |facts| Report::of_plan(&plan, facts));
    let lost = &report.resources[1];
    assert_eq!((lost.bucket.as_str(), lost.provider.as_str()), ("gone", "aws"));
    assert_eq!(lost.class, Class::Error);
    assert_eq!(lost.error.as_ref().unwrap().summary, "No such bucket");
    assert_eq!(lost.place.as_ref().unwrap().line, 11);
    assert_eq!(report.resources[0].class, Class::Pending, "the findings are still there");
    assert_eq!((report.verdict, report.summary.errors), (Verdict::Error, 1));
}

#[test]
fn an_outcome_says_what_became_of_each_step() {
    let text = ["a", "b", "c"].map(|it| block(it, it, kms(), "", "")).join("");
    let case = ["a", "b", "c"]
        .into_iter()
        .fold(Case::new(&text), |case, it| case.live(it, settings("AES256", None, false, &[])));
    let (plan, faults) = case.plan();
    let outcome = Outcome {
        done: [1, 0, 0, 0, 0],
        failures: vec![denied(&plan.steps[1])],
        skipped: vec![plan.steps[2].id()],
        ..Outcome::default()
    };
    let of = |outcome: &Outcome| {
        case.with_facts(Command::Apply, &faults, |facts| Report::of_outcome(&plan, outcome, facts))
    };
    let report = of(&outcome);
    let statuses: Vec<_> = report.resources.iter().map(|it| it.status.unwrap()).collect();
    assert_eq!(statuses, [Status::Done, Status::Failed, Status::Skipped]);
    assert_eq!((report.verdict, report.summary.actions.update), (Verdict::Error, 1));
    assert_eq!(report.diagnostics.len(), 1);
    let unapproved =
        case.with_facts(Command::Apply, &faults, |facts| Report::of_plan(&plan, facts));
    assert_eq!(unapproved.verdict, Verdict::Pending);
    assert_eq!(unapproved.summary.actions.update, 0);
    let whole = of(&Outcome::default());
    assert_eq!((whole.verdict, whole.summary.actions.update), (Verdict::Clean, 3));
}

/// Of an address that goes to another bucket, each of the two steps was told the fault of either.
#[test]
fn two_steps_of_one_address_are_told_apart() {
    let case = Case::new(&block("a", "new", kms(), "", ""))
        .recorded("a", "old", settings("aws:kms", None, false, &[]))
        .live("old", settings("aws:kms", None, false, &[]))
        .live("new", settings("AES256", None, false, &[]));
    let (plan, faults) = case.plan();
    let [old, new] = plan.steps.as_slice() else { panic!("{plan:#?}") };
    assert_eq!((&*old.identity, &*new.identity), ("old", "new"));
    let (mine, other) = (Some("Denied"), None);
    let lists = [
        (Outcome { failures: vec![denied(new)], ..Outcome::default() }, Status::Failed, mine),
        (Outcome { skipped: vec![new.id()], ..Outcome::default() }, Status::Skipped, other),
        (Outcome { cut: vec![new.id()], ..Outcome::default() }, Status::Unknown, other),
        (Outcome { unsaved: vec![new.id()], ..Outcome::default() }, Status::Unrecorded, other),
    ];
    for (outcome, status, fault) in lists {
        let report = case.with_facts(Command::Apply, &faults, |facts| {
            Report::of_outcome(&plan, &outcome, facts)
        });
        let told = |bucket: &str| {
            let item = report.resources.iter().find(|it| it.bucket == bucket).unwrap();
            (item.status.unwrap(), item.error.as_ref().map(|it| it.summary.as_str()))
        };
        assert_eq!((told("old"), told("new")), ((Status::Done, None), (status, fault)));
    }
}

/// What is wrong with the bucket that an address is to have was told of the one that it leaves, too.
#[test]
fn a_bucket_that_is_not_there_is_not_the_fault_of_the_one_before() {
    let case = Case::new(&block("a", "new", kms(), "", ""))
        .recorded("a", "old", settings("aws:kms", None, false, &[]))
        .live("old", settings("aws:kms", None, false, &[]));
    let (plan, mut faults) = case.plan();
    let address = plan.unplanned[0].clone();
    faults.push(Diagnostic::error("No such bucket", "There is none.").of(&address));
    let report = case.with_facts(Command::Plan, &faults, |facts| Report::of_plan(&plan, facts));
    let told = report.resources.iter().map(|it| (it.bucket.as_str(), it.error.is_some()));
    assert_eq!(told.collect::<Vec<_>>(), [("old", false), ("new", true)]);
}

#[test]
fn what_is_sensitive_is_never_in_it() {
    let text = "variable \"key\" {\n  default = \"alias/hush\"\n  sensitive = true\n}\n".to_owned()
        + &block("x", "logs", &format!("{}\n      kms_master_key_id = var.key", kms()), "", "");
    let report = Case::new(&text)
        .recorded("x", "logs", settings("aws:kms", Some("alias/old"), false, &[]))
        .live("logs", settings("aws:kms", Some("alias/other"), false, &[]))
        .report(Command::Plan);
    let difference = &report.resources[0].differences[0];
    assert!(difference.sensitive);
    assert_eq!((&difference.live, &difference.desired), (&Some(Json::Null), &Some(Json::Null)));
    let text = report.to_json().unwrap();
    assert!(!text.contains("hush") && !text.contains("alias/o"), "{text}");
}

fn shared(part: u32, of: u32) -> Report {
    let bucket = format!("logs-{part}");
    let mut report = Case::new(&block(&format!("x{part}"), &bucket, kms(), "", ""))
        .recorded(&format!("x{part}"), &bucket, settings("aws:kms", None, false, &[]))
        .live(&bucket, settings(if part == 1 { "AES256" } else { "aws:kms" }, None, false, &[]))
        .report(Command::Drift);
    report.share = Some(Share { part, of });
    report
}

#[test]
fn a_report_read_back_is_the_same() {
    let report = shared(1, 2);
    assert!(report.resources[0].differences[0].recorded.is_some());
    assert_eq!(Report::from_json(report.to_json().unwrap().as_bytes()).unwrap(), report);
    // Null is a value: a bucket without a key is not one of which nothing is known.
    let mut report = report;
    report.resources[0].differences[0].live = Some(Json::Null);
    report.resources[0].differences[0].desired = None;
    assert_eq!(Report::from_json(report.to_json().unwrap().as_bytes()).unwrap(), report);
}

#[test]
fn shares_come_to_the_worst_of_them() {
    let whole = Report::merge(vec![shared(2, 2), shared(1, 2)]).unwrap();
    assert_eq!((whole.verdict, whole.summary.checked, whole.share), (Verdict::Drift, 2, None));
    assert_eq!(whole.resources[0].bucket, "logs-1");
    let clean = Report::merge(vec![shared(2, 3), shared(3, 3)]).unwrap();
    assert_eq!(clean.verdict, Verdict::Error, "a share is missing");
    assert!(clean.diagnostics[0].detail.contains("no report of: 1"), "{clean:#?}");
}

#[test]
fn reports_that_do_not_belong_together_are_refused() {
    let twice = Report::merge(vec![shared(1, 2), shared(1, 2)]);
    assert!(matches!(twice, Err((1, MergeError::Twice(1, 2)))), "{twice:?}");
    let divided = Report::merge(vec![shared(1, 2), shared(2, 3)]);
    assert!(matches!(divided, Err((1, MergeError::Divided(3, 2)))), "{divided:?}");
    let plan = Report { command: Command::Plan, ..shared(2, 2) };
    let mixed = Report::merge(vec![shared(1, 2), plan]);
    assert!(matches!(mixed, Err((1, MergeError::Command))), "{mixed:?}");
    assert!(matches!(Report::merge(Vec::new()), Err((0, MergeError::Nothing))));
    for text in ["", "{}", "[]", "null", "{\"format_version\": 1}"] {
        assert!(matches!(Report::from_json(text.as_bytes()), Err(MergeError::NotAReport(_))));
    }
    let later = shared(1, 2).to_json().unwrap().replace("\"1.0\"", "\"2.0\"");
    assert!(matches!(Report::from_json(later.as_bytes()), Err(MergeError::Version(_))));
}

fn schema() -> jsonschema::Validator {
    let schema: Json = serde_json::from_str(include_str!("../schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn document(report: &Report) -> Json {
    serde_json::from_str(&report.to_json().unwrap()).unwrap()
}

#[test]
fn the_schema_takes_what_is_written_and_no_nonsense() {
    let schema = schema();
    let good = document(&shared(1, 2));
    assert_eq!(schema.iter_errors(&good).map(|it| it.to_string()).collect::<Vec<_>>(), [""; 0]);
    let wrong: &[(&str, Json)] = &[
        ("/format_version", "2.0".into()),
        ("/command", "destroy".into()),
        ("/started", "yesterday".into()),
        ("/seconds", (-1).into()),
        ("/share/part", 0.into()),
        ("/verdict", "fine".into()),
        ("/summary/drifted", (-1).into()),
        ("/summary/actions", Json::Null),
        ("/resources", Json::Null),
        ("/resources/0/class", "weird".into()),
        ("/resources/0/action", "replace".into()),
        ("/resources/0/severity", "critical".into()),
        ("/resources/0/differences/0/whose", "mine".into()),
        ("/resources/0/differences/0/path", 1.into()),
        ("/resources/0/place/line", 0.into()),
    ];
    for (path, value) in wrong {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap() = value.clone();
        assert!(!schema.is_valid(&bad), "{path}");
    }
    for (path, name) in [("", "verdict"), ("/summary", "errors"), ("/resources/0", "bucket")] {
        let mut bad = good.clone();
        bad.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        assert!(!schema.is_valid(&bad), "without {name}");
        let mut bad = good.clone();
        bad.pointer_mut(path).unwrap()["surprise"] = Json::Null;
        assert!(!schema.is_valid(&bad), "with a surprise in {path:?}");
    }
    let mut secret = good.clone();
    secret["resources"][0]["differences"][0]["sensitive"] = true.into();
    assert!(!schema.is_valid(&secret), "what is sensitive is null");
}
