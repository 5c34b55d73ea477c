//! What our own killed runs left, told from what somebody else changed.

use super::{Options, Project, World, address, live};
use crate::plan::Action;
use crate::state::{Intent, Recorded, Writing};
use crate::value::Value;

const CONFIGURATION: &str = r#"
resource "aws_s3_bucket_server_side_encryption_configuration" "a" {
  bucket = "a"
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "aws:kms" }
  }
}
"#;

/// What is live, the unfinished intents, and whether that is drift.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);

/// The bucket is recorded as AES256, live so, and these intents are unfinished.
fn world(found: &str, intents: &[(&str, &str)]) -> World {
    let mut world = World::of([("a", live(found))]);
    let recorded = Recorded {
        identity: "a".into(),
        provider: "aws".into(),
        region: None,
        values: live("AES256"),
        depends_on: vec![],
        prevent_destroy: false,
        forget_on_destroy: false,
        owner: None,
    };
    world.recorded.resources.insert(address("a"), recorded);
    let intent = |(before, after): &(&str, &str)| {
        let settings: (&Value, &Value) = (&live(before), &live(after));
        Intent::new(address("a"), "aws".into(), "a".into(), Writing::Update, settings)
    };
    world.unfinished = intents.iter().map(intent).collect();
    world
}

#[test]
fn our_own_half_done_work_is_no_drift_and_somebody_elses_is() {
    let project = Project::new(CONFIGURATION);
    let (kms, dsse, aes) = ("aws:kms", "aws:kms:dsse", "AES256");
    let rows: [Row<'_>; 9] = [
        (kms, &[], true),
        (kms, &[(aes, kms)], false),
        // Not written: it is as recorded.
        (aes, &[(aes, kms)], false),
        (dsse, &[(aes, kms)], true),
        // Two runs were killed, one after the other.
        (dsse, &[(aes, dsse), (dsse, kms)], false),
        (kms, &[(aes, dsse), (dsse, kms)], false),
        // What a run found is what is recorded, or another of our runs wrote it, or it is drift.
        (dsse, &[(dsse, kms)], true),
        (dsse, &[(aes, kms), (dsse, kms)], true),
        (kms, &[(aes, kms), (dsse, kms)], false),
    ];
    for (found, intents, drifts) in rows {
        let (plan, diagnostics) = world(found, intents).plan_with(&project, &Options::default());
        let step = &plan.steps[0];
        assert_eq!(!step.drift.is_empty(), drifts, "{found} {intents:?}");
        assert_eq!(step.action == Action::NoOp, found == kms, "{found} {intents:?}");
        assert_eq!(step.record, found == kms);
        let told: Vec<_> = diagnostics.iter().map(|it| it.summary).collect();
        assert_eq!(told, vec!["Earlier run was stopped"; usize::from(!intents.is_empty())]);
    }
}

#[test]
fn a_stopped_run_is_told_with_its_buckets() {
    let project = Project::new(CONFIGURATION);
    let world = world("AES256", &[("AES256", "aws:kms")]);
    let (_, diagnostics) = world.plan_with(&project, &Options::default());
    insta::assert_snapshot!(diagnostics[0].detail, @r#"A run without the lock ended while it wrote these buckets, and does not know whether it has: "a". Where they now are as it was to leave them, that is not shown as changed outside. The next apply brings them to what is declared and settles this."#);
}

/// Who looks without the lock was told of a run at work that it had ended.
#[test]
fn a_run_under_way_is_not_told_as_stopped() {
    let project = Project::new(CONFIGURATION);
    let mut world = world("aws:kms", &[("AES256", "aws:kms")]);
    world.unfinished[0].under_way = true;
    let (plan, diagnostics) = world.plan_with(&project, &Options::default());
    assert!(plan.steps[0].drift.is_empty());
    assert_eq!(diagnostics[0].summary, "Another run is under way");
    assert!(diagnostics[0].detail.contains("or is about to: \"a\"."), "{}", diagnostics[0].detail);
}

#[test]
fn a_record_of_an_unknown_type_is_kept_and_told() {
    let project = Project::new(CONFIGURATION);
    let mut world = world("aws:kms", &[]);
    let recorded = world.recorded.resources[&address("a")].clone();
    world.recorded.resources.insert("later_type.x".parse().unwrap(), recorded);
    for destroy in [false, true] {
        let options = Options { destroy, ..Options::default() };
        let (plan, diagnostics) = world.plan_with(&project, &options);
        assert!(plan.steps.iter().all(|step| step.address == address("a")));
        assert_eq!(diagnostics[0].summary, "Unknown resource type");
    }
}
