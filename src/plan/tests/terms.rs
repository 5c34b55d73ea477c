//! What is heeded beyond what changes: keys, what weakens, what is unknown, what a reset means.

use super::*;
use crate::diag::Severity;
use crate::plan::{Origin, look_again, written_keys};
use crate::resource::{Key, KeyAnswer, KeyName, UnknownElement};

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// What the named keys are said to be, in the one Region there is.
fn told(answers: &[(&str, KeyAnswer)]) -> Options {
    let mut keys = Keys::default();
    for (name, answer) in answers {
        let name =
            KeyName { provider: "aws".into(), region: "eu-west-1".into(), name: shared(name) };
        keys.insert(name, answer.clone());
    }
    Options { keys, ..Options::default() }
}

fn key(state: &str) -> KeyAnswer {
    KeyAnswer::Found(Key {
        arn: ARN.into(),
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        state: state.into(),
        deletion_date: None,
        usage: "ENCRYPT_DECRYPT".into(),
        spec: "SYMMETRIC_DEFAULT".into(),
        aws_managed: false,
    })
}

/// A bucket in eu-west-1 that is encrypted with a key.
fn with_key(key: &str) -> Live {
    let settings = BucketEncryption::live("aws:kms", Some(key), false, ["SSE-C".to_owned()]);
    Live::Settings(Observed { region: Some("eu-west-1".into()), ..Observed::of(settings) })
}

fn plain() -> Live {
    Live::Settings(Observed { region: Some("eu-west-1".into()), ..Observed::of(fresh()) })
}

/// A block of `count` buckets with one key.
fn declared(key: &str, count: usize, more: &str) -> Project {
    Project::new(&format!(
        "resource \"{TYPE}\" \"x\" {{\n  count = {count}\n  bucket = \"bucket-${{count.index}}\"\n  \
         rule {{\n    apply_server_side_encryption_by_default {{\n      sse_algorithm = \
         \"aws:kms\"\n      kms_master_key_id = {key:?}\n    }}\n  }}\n{more}\n}}\n"
    ))
}

fn world(count: usize, live: &Live) -> World {
    let mut world = World::of([]);
    for n in 0..count {
        world.set(&format!("bucket-{n}"), live.clone());
    }
    world
}

#[test]
fn an_alias_is_compared_as_the_key_that_it_points_to() {
    let options = told(&[("alias/x", key("Enabled")), (ARN, key("Enabled"))]);
    let world = world(1, &with_key(ARN));
    let (plan, diagnostics) = world.plan_with(&declared("alias/x", 1, ""), &options);
    assert_eq!(summary(&plan), ["adopt x[0] bucket-0"]);
    assert_eq!(diagnostics, []);
    // A saved plan knows it, too.
    let saved = Plan::from_bytes(&plan.to_bytes(&Origin::default()).unwrap()).unwrap().0;
    let bytes = |plan: &Plan| plan.to_bytes(&Origin::default()).unwrap();
    assert_eq!(bytes(&saved), bytes(&plan));
    assert!(!saved.steps[0].terms.keys.is_empty());
}

#[test]
fn where_kms_tells_nothing_spelling_counts_and_it_is_said_once() {
    let untold = KeyAnswer::Untold("User is not allowed to perform kms:DescribeKey.".into());
    let world = world(1000, &with_key(ARN));
    for (options, expected) in [
        (told(&[("alias/x", untold.clone()), (ARN, untold)]), "KMS keys not looked at"),
        (Options::default(), "Aliases compared by spelling"),
    ] {
        let (plan, diagnostics) = world.plan_with(&declared("alias/x", 1000, ""), &options);
        assert_eq!(plan.count(Action::Update), 1000);
        let [warning] = diagnostics.as_slice() else { panic!("{diagnostics:#?}") };
        assert_eq!((warning.summary, warning.severity), (expected, Severity::Warning));
        assert!(warning.detail.contains("kms:DescribeKey"), "{}", warning.detail);
        assert!(warning.detail.contains("999 more"), "{}", warning.detail);
    }
}

#[test]
fn an_alias_that_kms_does_not_know_is_told_with_what_kms_says() {
    let gone = KeyAnswer::Missing("There is no such alias at KMS.".into());
    let options = told(&[("alias/other", gone), (ARN, key("Enabled"))]);
    let (plan, diagnostics) =
        world(1, &with_key("alias/other")).plan_with(&declared(ARN, 1, ""), &options);
    assert_eq!(plan.count(Action::Update), 1);
    let [warning] = diagnostics.as_slice() else { panic!("{diagnostics:#?}") };
    assert_eq!(warning.summary, "Aliases compared by spelling");
    let begins = "KMS did not tell which key \"alias/other\" is: There is no such alias at KMS.";
    assert!(warning.detail.starts_with(begins), "{}", warning.detail);
    assert!(!warning.detail.contains("preflight"), "KMS was asked: {}", warning.detail);
}

#[test]
fn a_key_that_is_broken_is_one_error_and_its_buckets_are_left_out() {
    let options = told(&[(ARN, key("Disabled"))]);
    // Whether something is to be written, or a bucket that is as declared broke.
    for live in [plain(), with_key(ARN)] {
        let mut world = world(1000, &live);
        world.set("other", plain());
        let text = block("other", "\"other\"", "AES256", "");
        let whole = declared(ARN, 1000, "");
        let (plan, diagnostics) = world.plan_with(&whole, &options);
        assert_eq!((plan.steps.len(), plan.unplanned.len()), (0, 1000));
        let [error] = diagnostics.as_slice() else { panic!("{diagnostics:#?}") };
        assert_eq!(error.summary, "KMS key disabled");
        assert!(error.detail.contains("999 further instances"), "{}", error.detail);
        assert!(error.subject.is_some());
        assert_eq!(summary(&world.plan(&Project::new(&text))), ["adopt other other"]);
    }
}

#[test]
fn what_weakens_is_asked_for_unless_the_resource_or_destroy_says_so() {
    let allow = "lifecycle {\n  allow_weakening = true\n}";
    let both = |more: &str| {
        Project::new(
            &(block("x", "\"logs\"", "aws:kms", "") + &block("y", "\"other\"", "AES256", more)),
        )
    };
    let mut world = World::of([("logs", fresh()), ("other", fresh())]).applied(&both(""));
    world.set("other", Live::Settings(Observed::of(live("aws:kms"))));
    let unconfirmed = |plan: &Plan| -> Vec<String> {
        plan.unconfirmed().map(|step| step.identity.to_string()).collect()
    };
    let plan = world.plan(&both(""));
    assert_eq!(unconfirmed(&plan), ["other"]);
    let plan = world.plan(&both(allow));
    assert_eq!(unconfirmed(&plan), [""; 0]);
    let saved = Plan::from_bytes(&plan.to_bytes(&Origin::default()).unwrap()).unwrap().0;
    assert!(saved.steps[1].terms.allow_weakening && saved.steps[1].weakening.is_some());
    // What has left the configuration weakens when it is reset; `destroy` was asked for.
    let gone = Project::new(&block("y", "\"other\"", "AES256", allow));
    assert_eq!(unconfirmed(&world.plan(&gone)), ["logs"]);
    let (plan, _) = world.plan_with(&gone, &options(&[], &[], true));
    assert_eq!(plan.count(Action::Reset), 2);
    assert_eq!(unconfirmed(&plan), [""; 0]);
}

#[test]
fn what_this_version_does_not_know_is_not_dropped_unless_allowed() {
    let element =
        UnknownElement { path: "Rule.Tomorrow".into(), content: "<Tomorrow>1</Tomorrow>".into() };
    let unknown = Observed { unknown: vec![element.clone()], ..Observed::of(fresh()) };
    let mut world = World::of([]);
    world.set("logs", Live::Settings(unknown));
    let of = |algorithm: &str, more: &str| Project::new(&block("x", "\"logs\"", algorithm, more));
    let (plan, diagnostics) = world.plan_with(&of("aws:kms", ""), &Options::default());
    assert_eq!(plan.unplanned, [address("x")]);
    let [error] = diagnostics.as_slice() else { panic!("{diagnostics:#?}") };
    assert!(error.detail.contains("Rule.Tomorrow (<Tomorrow>1</Tomorrow>)"), "{}", error.detail);
    assert!(error.detail.contains("allow_unknown_loss"));
    // What was read of the bucket is known all the same.
    assert_eq!(plan.refused.len(), 1);
    // Nothing is lost where nothing is written; it is told all the same.
    let (plan, diagnostics) = world.plan_with(&of("AES256", ""), &Options::default());
    assert_eq!(summary(&plan), ["adopt x logs"]);
    let [told] = diagnostics.as_slice() else { panic!("{diagnostics:#?}") };
    assert_eq!((told.severity, told.summary), (Severity::Warning, "Unknown settings"));
    let plan = world.plan(&of("aws:kms", "lifecycle {\n  allow_unknown_loss = true\n}"));
    assert_eq!(summary(&plan), ["update x logs"]);
    assert_eq!(plan.steps[0].terms.unknown, std::slice::from_ref(&element));
    // A reset would drop it, too.
    let mut world = World::of([("logs", live("aws:kms"))]).applied(&of("aws:kms", ""));
    world.set(
        "logs",
        Live::Settings(Observed { unknown: vec![element], ..Observed::of(live("aws:kms")) }),
    );
    let (plan, diagnostics) = world.plan_with(&Project::new(""), &Options::default());
    assert_eq!((plan.steps.len(), plan.unplanned.len()), (0, 1));
    assert_eq!(diagnostics[0].summary, "Unknown settings would be lost");
}

#[test]
fn on_destroy_holds_when_the_block_is_gone() {
    let of = |what: &str| {
        let more = format!("lifecycle {{\n  on_destroy = {what:?}\n}}");
        Project::new(&block("x", "\"logs\"", "aws:kms", &more))
    };
    let nothing = Project::new("");
    for (what, gone, destroyed) in [
        ("reset", "reset x logs NotInConfiguration", "reset x logs Destroy"),
        ("forget", "forget x logs OnDestroy", "forget x logs OnDestroy"),
    ] {
        let world = World::of([("logs", fresh())]).applied(&of(what));
        assert_eq!(summary(&world.plan(&nothing)), [gone]);
        let (plan, _) = world.plan_with(&of(what), &options(&[], &[], true));
        assert_eq!(summary(&plan), [destroyed]);
    }
    let world = World::of([("logs", fresh())]).applied(&of("prevent"));
    for (project, options) in [
        (&nothing, Options::default()),
        (&nothing, options(&[], &[], true)),
        (&of("prevent"), options(&[], &[], true)),
    ] {
        let (plan, diagnostics) = world.plan_with(project, &options);
        assert_eq!(diagnostics[0].summary, "Destroy prevented");
        assert!(plan.steps.is_empty());
    }
    // What is said differently now is recorded.
    let plan = world.plan(&of("forget"));
    assert!(plan.is_empty() && plan.steps[0].record);
}

/// A bucket that its block has left: by another name, or by one instance fewer.
#[test]
fn what_a_block_allows_holds_for_the_buckets_that_it_leaves() {
    let allow = "lifecycle {\n  allow_weakening = true\n}";
    let one = |bucket: &str, more: &str| {
        Project::new(&block("x", &format!("{bucket:?}"), "aws:kms", more))
    };
    let world = World::of([("old", fresh()), ("new", fresh())]).applied(&one("old", allow));
    for (more, unconfirmed) in [("", 1), (allow, 0)] {
        let plan = world.plan(&one("new", more));
        assert_eq!(plan.count(Action::Reset), 1);
        assert_eq!(plan.unconfirmed().count(), unconfirmed, "{more}");
    }
    let many = |count: usize, more: &str| declared(ARN, count, more);
    let world = self::world(2, &plain()).applied(&many(2, allow));
    for (more, unconfirmed) in [("", 1), (allow, 0)] {
        let plan = world.plan(&many(1, more));
        assert_eq!(plan.unconfirmed().count(), unconfirmed, "{more}");
    }
    // Nobody speaks for it any more.
    assert_eq!(world.plan(&Project::new("")).unconfirmed().count(), 2);
}

#[test]
fn what_is_not_known_is_left_where_there_is_nothing_else_to_reset() {
    let of = |more: &str| Project::new(&block("x", "\"logs\"", "AES256", more));
    let mut world = World::of([("logs", fresh())]).applied(&of(""));
    let element = UnknownElement { path: "Rule.Tomorrow".into(), content: "1".into() };
    world.set("logs", Live::Settings(Observed { unknown: vec![element], ..Observed::of(fresh()) }));
    let plan = world.plan(&Project::new(""));
    assert_eq!(summary(&plan), ["forget x logs UnknownLeft"]);
    let [note] = plan.steps[0].terms.notes.as_slice() else { panic!("{plan:#?}") };
    assert!(note.contains("leaves: Rule.Tomorrow (1)"), "{note}");
    assert!(plan.steps[0].terms.unknown.is_empty(), "nothing is dropped");
}

/// What somebody has deleted cannot be reset, and nothing is left to be protected.
#[test]
fn a_bucket_that_is_gone_is_forgotten_though_destroying_it_is_prevented() {
    let more = "lifecycle {\n  prevent_destroy = true\n}";
    let project = Project::new(&block("x", "\"logs\"", "aws:kms", more));
    let mut world = World::of([("logs", fresh())]).applied(&project);
    world.set("logs", Live::Gone);
    assert_eq!(summary(&world.plan(&Project::new(""))), ["forget x logs Gone"]);
    world.set("logs", Live::Unreadable);
    let (_, diagnostics) = world.plan_with(&Project::new(""), &Options::default());
    assert_eq!(diagnostics[0].summary, "Destroy prevented");
}

/// A key that is left behind is not asked for, and named; what KMS has told all the same counts.
#[test]
fn the_key_of_what_goes_is_told_and_compared_by_meaning() {
    let project = declared("alias/x", 1, "");
    let known = told(&[("alias/x", key("Enabled")), (ARN, key("Enabled"))]);
    let mut world = world(1, &plain());
    let (plan, _) = world.plan_with(&project, &known);
    world.carry_out(&plan);
    world.set("bucket-0", with_key(ARN));
    let nothing = Project::new("");
    for (options, drift) in [(Options::default(), 1), (known, 0)] {
        let (plan, diagnostics) = world.plan_with(&nothing, &options);
        assert_eq!(diagnostics, []);
        let [step] = plan.steps.as_slice() else { panic!("{:#?}", summary(&plan)) };
        assert_eq!((step.action, step.drift.len()), (Action::Reset, drift));
        let told = step.terms.notes.iter().any(|note| {
            note.contains("objects that are there still need the key") && note.contains(ARN)
        });
        assert!(told, "{:?}", step.terms.notes);
    }
}

/// A plan that was saved yesterday, with what KMS says today.
#[test]
fn the_keys_of_a_saved_plan_are_looked_at_once_more() {
    let other = ARN.replace("1234abcd", "99999999");
    let moved = |answer: &KeyAnswer| match answer {
        KeyAnswer::Found(key) => {
            KeyAnswer::Found(Key { arn: other.as_str().into(), ..key.clone() })
        }
        _ => panic!("{answer:?}"),
    };
    let then = told(&[("alias/x", key("Enabled"))]);
    let world = world(1000, &plain());
    let (plan, diagnostics) = world.plan_with(&declared("alias/x", 1000, ""), &then);
    assert_eq!(diagnostics, []);
    let plan = Plan::from_bytes(&plan.to_bytes(&Origin::default()).unwrap()).unwrap().0;
    assert_eq!(written_keys(&plan).len(), 1, "one question for a thousand buckets");
    for (now, expected) in [
        (key("Enabled"), None),
        (key("Disabled"), Some((Severity::Error, "KMS key disabled"))),
        (KeyAnswer::Missing("gone".into()), Some((Severity::Error, "KMS key not found"))),
        (moved(&key("Enabled")), Some((Severity::Error, "Alias of another key now"))),
        (KeyAnswer::Untold("no".into()), Some((Severity::Warning, "KMS keys not looked at"))),
    ] {
        let mut found = Diagnostics::new();
        let keys = told(&[("alias/x", now)]).keys;
        look_again(&plan, &keys, &BTreeMap::new(), &mut found);
        let found: Vec<_> = found.iter().map(|it| (it.severity, it.summary)).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }
    // What is only recorded, or reset, writes no key.
    let (plan, _) = self::world(1, &with_key(ARN)).plan_with(&declared(ARN, 1, ""), &then);
    assert_eq!((plan.count(Action::Adopt), written_keys(&plan).len()), (1, 0));
}

#[test]
fn timeouts_go_with_the_step_that_they_are_for() {
    let of = |algorithm: &str| {
        let more = "timeouts {\n  create = \"5m\"\n  update = \"90s\"\n  delete = \"1s\"\n}";
        Project::new(&block("x", "\"logs\"", algorithm, more))
    };
    let world = World::of([("logs", fresh())]);
    assert_eq!(world.plan(&of("aws:kms")).steps[0].terms.timeout, Some(300_000));
    let world = world.applied(&of("aws:kms"));
    assert_eq!(world.plan(&of("aws:kms:dsse")).steps[0].terms.timeout, Some(90_000));
    let (plan, _) = world.plan_with(&of("aws:kms"), &options(&[], &[], true));
    assert_eq!(plan.steps[0].terms.timeout, Some(1000));
}

/// The algorithm stays AES256, with which S3 takes no key.
#[test]
fn what_is_ignored_never_makes_a_rule_that_s3_refuses() {
    let more = "lifecycle {\n  ignore_changes = [rule[0].apply_server_side_encryption_by_default[0]\
                .sse_algorithm]\n}";
    let project = declared(ARN, 1, more);
    let mut world = world(1, &plain());
    let plan = world.plan(&project);
    world.carry_out(&plan);
    world.set("bucket-0", plain());
    assert_eq!(summary(&world.plan(&project)), ["no-op x[0] bucket-0"]);
}

/// Each was forgotten as moved to the other.
#[test]
fn buckets_of_one_name_at_two_endpoints_are_two() {
    let provider =
        "provider \"aws\" {\n  alias = \"store\"\n  region = \"us-east-1\"\n}\n".to_owned();
    let x = block("x", "\"logs\"", "aws:kms", "");
    let y = block("y", "\"logs\"", "aws:kms", "provider = aws.store");
    let mut world = World::of([("logs", fresh())]);
    world.live.insert(("aws.store".into(), "logs".into()), plain());
    let world = world.applied(&Project::new(&format!("{provider}{x}{y}")));
    let only_y = Project::new(&format!("{provider}{y}"));
    let endpoint = |url: &str| serde_json::json!({ "endpoints": { "s3": url } });
    let (aws, store) = (serde_json::json!({ "endpoints": {} }), endpoint("https://store.test"));
    let providers = |store: &serde_json::Value| -> Options {
        let both = [(shared("aws"), aws.clone()), (shared("aws.store"), store.clone())];
        Options { providers: BTreeMap::from(both), ..Options::default() }
    };
    let (plan, _) = world.plan_with(&only_y, &providers(&store));
    assert_eq!(summary(&plan), ["reset x logs NotInConfiguration", "no-op y logs"]);
    let (plan, _) = world.plan_with(&only_y, &providers(&aws));
    assert!(summary(&plan)[0].starts_with("forget x logs MovedTo"), "{:?}", summary(&plan));
}

/// A plan of a version that knew nothing of terms.
#[test]
fn a_plan_without_terms_is_read() {
    let project = Project::new(&block("x", "\"logs\"", "aws:kms", ""));
    let plan = World::of([("logs", fresh())]).plan(&project);
    let text = String::from_utf8(plan.to_bytes(&Origin::default()).unwrap()).unwrap();
    assert!(!text.contains("terms"), "{text}");
    let (read, origin) = Plan::from_bytes(text.as_bytes()).unwrap();
    assert!(read.steps[0].terms.are_usual());
    assert_eq!(read.to_bytes(&origin).unwrap(), text.into_bytes());
}

/// An apply that did something else, or nothing, took it for right: `drift` was silent from then on.
#[test]
fn what_is_left_open_and_weakened_stays_drift_until_it_is_declared() {
    let text = block("a", "\"acme-a\"", "AES256", "");
    let project = Project::new(&text);
    let open = |algorithm| BucketEncryption::live(algorithm, None, false, Vec::<String>::new());
    let mut world = World::of([]);
    world.set_settings("acme-a", fresh());
    let mut world = world.applied(&project);
    let told = |plan: &Plan| {
        let step = &plan.steps[0];
        assert_eq!(step.drift.len(), 1, "{step:?}");
        assert!(step.terms.notes.iter().any(|note| note.contains("declare rule.blocked_")));
        (step.action, step.record)
    };
    world.set_settings("acme-a", open("AES256"));
    let plan = world.plan(&project);
    assert_eq!(told(&plan), (Action::NoOp, false));
    world.carry_out(&plan);
    // Neither does a step about something else.
    let other = Project::new(&block("a", "\"acme-a\"", "aws:kms", ""));
    let plan = world.plan(&other);
    assert_eq!(told(&plan), (Action::Update, false));
    world.carry_out(&plan);
    assert_eq!(told(&world.plan(&other)), (Action::NoOp, false));
    let blocked = text
        .replace("AES256\"\n    }", "aws:kms\"\n    }\n    blocked_encryption_types = [\"SSE-C\"]");
    let declared = Project::new(&blocked);
    let world = world.applied(&declared);
    assert!(world.plan(&declared).steps[0].drift.is_empty());
    // What was made stronger is taken over, as ever.
    let mut world = World::of([]);
    world.set_settings("acme-a", open("AES256"));
    let mut world = world.applied(&project);
    world.set_settings("acme-a", fresh());
    let plan = world.plan(&project);
    assert!(plan.steps[0].record);
    world.carry_out(&plan);
    assert!(world.plan(&project).steps[0].drift.is_empty());
}
