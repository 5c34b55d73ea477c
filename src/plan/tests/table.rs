//! Case by case.

use super::*;
use crate::plan::{Origin, PlanFileError};

/// What is recorded, live and declared, and what that comes to: the action, whether somebody else
/// changed it, whether only the record is out of date.
#[test]
fn recorded_live_and_declared() {
    let rows = [
        ("AES256", "AES256", "AES256", Action::NoOp, false, false),
        ("AES256", "AES256", "aws:kms", Action::Update, false, false),
        ("AES256", "aws:kms", "AES256", Action::Update, true, false),
        // Somebody else did what the files ask for by now: there is nothing left to do.
        ("AES256", "aws:kms", "aws:kms", Action::NoOp, true, true),
        ("AES256", "aws:kms", "aws:kms:dsse", Action::Update, true, false),
    ];
    for (recorded, now, declared, action, drift, record) in rows {
        let before = Project::new(&block("x", "\"logs\"", recorded, ""));
        let mut world = World::of([("logs", fresh())]).applied(&before);
        world.set("logs", Live::Settings(Observed::of(live(now))));
        let plan = world.plan(&Project::new(&block("x", "\"logs\"", declared, "")));
        let [step] = plan.steps.as_slice() else { panic!("{:#?}", summary(&plan)) };
        let row = (recorded, now, declared);
        assert_eq!(step.action, action, "{row:?}");
        assert_eq!(!step.drift.is_empty(), drift, "{row:?}");
        assert_eq!(step.record, record, "{row:?}");
        assert_eq!(!step.changes.is_empty(), action == Action::Update, "{row:?}");
        assert_eq!(plan.is_empty(), action == Action::NoOp, "{row:?}");
    }
}

#[test]
fn what_is_not_recorded_is_adopted_or_updated() {
    let project = Project::new(
        &(block("x", "\"same\"", "AES256", "") + &block("y", "\"other\"", "aws:kms", "")),
    );
    let plan = World::of([("same", fresh()), ("other", fresh())]).plan(&project);
    assert_eq!(summary(&plan), ["adopt x same", "update y other"]);
    assert!(plan.steps.iter().all(|step| step.drift.is_empty()));
}

#[test]
fn what_cannot_be_read_is_unplanned_and_hides_nothing() {
    let project = Project::new(
        &["a", "b", "c"].map(|it| block(it, &format!("{it:?}"), "AES256", "")).join(""),
    );
    let mut world = World::of([("b", fresh())]);
    world.set("c", Live::Unreadable);
    let (plan, _) = world.plan_with(&project, &Options::default());
    assert_eq!(summary(&plan), ["adopt b b"]);
    assert_eq!(plan.unplanned, [address("a"), address("c")]);
}

#[test]
fn what_leaves_the_configuration_is_reset_or_forgotten() {
    let rows = [
        (Live::Settings(Observed::of(live("aws:kms"))), Some("reset x logs NotInConfiguration")),
        (Live::Settings(Observed::of(fresh())), Some("forget x logs AlreadyReset")),
        (Live::Gone, Some("forget x logs Gone")),
        (Live::Unreadable, None),
    ];
    let declared = Project::new(&block("x", "\"logs\"", "aws:kms", ""));
    for (now, expected) in rows {
        let mut world = World::of([("logs", fresh())]).applied(&declared);
        world.set("logs", now);
        let (plan, diagnostics) = world.plan_with(&Project::new(""), &Options::default());
        assert_eq!(summary(&plan), expected.into_iter().collect::<Vec<_>>());
        assert_eq!(plan.unplanned.len(), usize::from(expected.is_none()));
        assert_eq!(diagnostics, []);
    }
}

#[test]
fn an_address_that_names_another_bucket_resets_the_old_one_first() {
    let world = World::of([("old", fresh()), ("new", fresh())])
        .applied(&Project::new(&block("x", "\"old\"", "aws:kms", "")));
    let plan = world.plan(&Project::new(&block("x", "\"new\"", "aws:kms", "")));
    assert_eq!(summary(&plan), ["reset x old IdentityChanged { to: \"new\" }", "update x new"]);
}

#[test]
fn a_bucket_that_moves_to_another_address_is_never_reset() {
    let world = World::of([("logs", fresh())])
        .applied(&Project::new(&block("x", "\"logs\"", "aws:kms", "")));
    let plan = world.plan(&Project::new(&block("y", "\"logs\"", "aws:kms", "")));
    let steps = summary(&plan);
    assert!(steps[0].starts_with("forget x logs MovedTo"), "{steps:?}");
    assert_eq!(steps[1], "adopt y logs");
}

#[test]
fn two_addresses_may_swap_their_buckets() {
    let both = |x, y| Project::new(&(block("x", x, "aws:kms", "") + &block("y", y, "aws:kms", "")));
    let mut world = World::of([("a", fresh()), ("b", fresh())]).applied(&both("\"a\"", "\"b\""));
    let swapped = both("\"b\"", "\"a\"");
    let plan = world.plan(&swapped);
    assert_eq!(plan.count(Action::Adopt), 2);
    assert_eq!(plan.count(Action::Forget), 2);
    world.carry_out(&plan);
    assert_eq!(world.recorded.resources[&address("x")].identity, "b");
    assert!(world.plan(&swapped).is_empty());
}

/// The same name at another endpoint is another bucket; each was forgotten as moved to the other.
#[test]
fn buckets_of_one_name_at_two_providers_are_not_one_that_moved() {
    let text = "provider \"aws\" {\n  alias = \"store\"\n  region = \"us-east-1\"\n}\n".to_owned()
        + &block("x", "\"logs\"", "aws:kms", "")
        + &block("y", "\"logs\"", "aws:kms", "provider = aws.store");
    let project = Project::new(&text);
    let mut world = World::of([("logs", fresh())]);
    world.live.insert(("aws.store".into(), "logs".into()), Live::Settings(Observed::of(fresh())));
    let world = world.applied(&project);
    let plan = world.plan(&project);
    assert_eq!(summary(&plan), ["no-op x logs", "no-op y logs"]);
}

#[test]
fn a_bucket_that_moves_along_with_its_provider_is_never_reset() {
    let text = "provider \"aws\" {\n  alias = \"eu\"\n  region = \"us-east-1\"\n}\n".to_owned()
        + &block("y", "\"logs\"", "aws:kms", "provider = aws.eu");
    let mut world = World::of([("logs", fresh())])
        .applied(&Project::new(&block("x", "\"logs\"", "aws:kms", "")));
    world
        .live
        .insert(("aws.eu".into(), "logs".into()), Live::Settings(Observed::of(live("aws:kms"))));
    let plan = world.plan(&Project::new(&text));
    assert!(summary(&plan)[0].starts_with("forget x logs MovedTo"), "{:?}", summary(&plan));
}

/// A run that was stopped between two records leaves both; the second reset found the bucket not as
/// the plan had seen it, and failed.
#[test]
fn a_bucket_that_is_recorded_twice_is_reset_once() {
    let mut world = World::of([("logs", fresh())])
        .applied(&Project::new(&block("x", "\"logs\"", "aws:kms", "")));
    let recorded = world.recorded.resources[&address("x")].clone();
    world.recorded.resources.insert(address("y"), recorded);
    for destroy in [false, true] {
        let (plan, _) = world.plan_with(&Project::new(""), &options(&[], &[], destroy));
        assert_eq!((plan.count(Action::Reset), plan.count(Action::Forget)), (1, 1), "{destroy}");
    }
}

#[test]
fn another_provider_or_order_is_recorded_without_a_change() {
    let provider = "provider \"aws\" {\n  alias = \"eu\"\n  region = \"eu-west-1\"\n}\n";
    let other = block("y", "\"other\"", "AES256", "");
    let before = Project::new(&(block("x", "\"logs\"", "AES256", "") + &other));
    let mut world = World::of([("logs", fresh()), ("other", fresh())]).applied(&before);
    world.live.insert(("aws.eu".into(), "logs".into()), Live::Settings(Observed::of(fresh())));
    for more in [
        "provider = aws.eu".to_owned(),
        format!("depends_on = [{TYPE}.y]"),
        "lifecycle {\n  prevent_destroy = true\n}".to_owned(),
    ] {
        let text = provider.to_owned() + &block("x", "\"logs\"", "AES256", &more) + &other;
        let plan = world.plan(&Project::new(&text));
        assert!(plan.is_empty() && plan.steps[0].record && !plan.steps[1].record, "{more}");
    }
}

#[test]
fn ignored_attributes_stay_as_they_are_live() {
    let ignoring = |paths: &str| {
        let more = format!("lifecycle {{\n  ignore_changes = {paths}\n}}");
        Project::new(&block("x", "\"logs\"", "aws:kms", &more))
    };
    for paths in ["all", "[rule]"] {
        let project = ignoring(paths);
        // At first there is nothing of ours to be left alone.
        let mut world = World::of([("logs", fresh())]);
        assert_eq!(summary(&world.plan(&project)), ["update x logs"]);
        world = world.applied(&project);
        world.set("logs", Live::Settings(Observed::of(fresh())));
        let plan = world.plan(&project);
        assert_eq!(summary(&plan), ["no-op x logs"]);
        assert!(plan.steps[0].drift.is_empty(), "it is nobody's");
        assert!(plan.steps[0].record);
    }
    let project = ignoring("[rule[0].bucket_key_enabled]");
    let mut world = World::of([("logs", fresh())]).applied(&project);
    let theirs = BucketEncryption::live("AES256", None, true, ["SSE-C".to_owned()]);
    world.set("logs", Live::Settings(Observed::of(theirs)));
    let plan = world.plan(&project);
    let paths: Vec<_> = plan.steps[0].changes.iter().map(|it| it.path.to_string()).collect();
    assert_eq!(paths, ["rule.apply_server_side_encryption_by_default.sse_algorithm"]);
    let paths: Vec<_> = plan.steps[0].drift.iter().map(|it| it.path.to_string()).collect();
    assert_eq!(paths, ["rule.apply_server_side_encryption_by_default.sse_algorithm"]);
}

/// `c` refers to `b`, `b` to `a`; `d` stands alone.
fn chain() -> Project {
    let after = |it: &str| format!("depends_on = [{TYPE}.{it}]");
    Project::new(
        &[
            block("a", "\"a\"", "aws:kms", ""),
            block("b", "\"b\"", "aws:kms", &after("a")),
            block("c", "\"c\"", "aws:kms", &after("b")),
            block("d", "\"d\"", "aws:kms", ""),
        ]
        .join(""),
    )
}

fn chain_world() -> World {
    World::of(["a", "b", "c", "d"].map(|it| (it, fresh())))
}

fn addresses(plan: &Plan) -> String {
    plan.steps.iter().map(|step| step.address.resource.name.to_string()).collect()
}

#[test]
fn targets_bring_what_they_refer_to_and_excludes_leave_out() {
    let target = |it: &str| format!("{TYPE}.{it}");
    let (b, c, d) = (target("b"), target("c"), target("d"));
    let rows: [(&[&str], &[&str], &str); 5] = [
        (&[], &[], "abcd"),
        (&[&b], &[], "ab"),
        (&[&c, &d], &[], "abcd"),
        (&[&c], &[&b], "ac"),
        (&[], &[&d], "abc"),
    ];
    for (targets, excludes, expected) in rows {
        let (plan, _) = chain_world().plan_with(&chain(), &options(targets, excludes, false));
        assert_eq!(addresses(&plan), expected, "{targets:?} {excludes:?}");
    }
}

/// It reset what the targeted block refers to as well.
#[test]
fn a_targeted_destroy_resets_what_is_named_and_nothing_else() {
    let world = chain_world().applied(&chain());
    let (plan, _) = world.plan_with(&chain(), &options(&[&format!("{TYPE}.b")], &[], true));
    assert_eq!(summary(&plan), ["reset b b Destroy"]);
}

#[test]
fn destroy_resets_all_that_is_recorded_in_reverse() {
    let mut world = chain_world().applied(&chain());
    let (plan, _) = world.plan_with(&chain(), &options(&[], &[], true));
    assert_eq!(plan.count(Action::Reset), 4);
    let waits = |name: &str| {
        let step = plan.steps.iter().find(|step| *step.address.resource.name == *name).unwrap();
        step.after_blocks.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(waits("a"), [format!("{TYPE}.b")]);
    assert_eq!(waits("b"), [format!("{TYPE}.c")]);
    assert!(waits("c").is_empty());
    world.carry_out(&plan);
    assert!(world.recorded.resources.is_empty());
    // What is declared and not recorded is not ours to reset.
    let (plan, _) = world.plan_with(&chain(), &options(&[], &[], true));
    assert!(plan.steps.is_empty() && plan.is_empty());
}

#[test]
fn prevented_destruction_is_told_with_its_reason() {
    let kept =
        |bucket: &str| block("x", bucket, "aws:kms", "lifecycle {\n  prevent_destroy = true\n}");
    let world =
        World::of([("logs", fresh()), ("new", fresh())]).applied(&Project::new(&kept("\"logs\"")));
    let rows = [
        (kept("\"logs\""), true, Some("`destroy` would reset it")),
        (kept("\"new\""), false, Some("names another one now")),
        (String::new(), false, Some("not in the configuration any more")),
        // What the files say counts, not what they said.
        (block("x", "\"new\"", "aws:kms", ""), false, None),
        (kept("\"logs\"").replace("\"x\"", "\"y\""), false, None),
    ];
    for (text, destroy, reason) in rows {
        let (plan, diagnostics) =
            world.plan_with(&Project::new(&text), &options(&[], &[], destroy));
        let told: Vec<&str> = diagnostics.iter().map(|it| it.detail.as_str()).collect();
        assert_eq!(told.len(), usize::from(reason.is_some()), "{text}");
        assert_eq!(plan.unplanned.len(), told.len(), "{text}");
        if let Some(reason) = reason {
            assert!(told[0].contains(reason), "{told:?}");
            assert_eq!(diagnostics[0].summary, "Destroy prevented");
        }
    }
}

#[test]
fn outputs_are_added_changed_removed_and_kept_while_the_plan_is_partial() {
    let text = |outputs: &str| block("x", "\"logs\"", "AES256", "") + outputs;
    let changes = |plan: &Plan| {
        let all = plan.output_changes.iter();
        all.map(|it| {
            let side = |side: &Option<serde_json::Value>| {
                side.as_ref().map_or("-".to_owned(), ToString::to_string)
            };
            format!("{} {} {} {}", it.name, side(&it.before), side(&it.after), it.sensitive)
        })
        .collect::<Vec<_>>()
    };
    let first = Project::new(&text("output \"a\" { value = 1 }\noutput \"b\" { value = \"x\" }\n"));
    let world = World::of([("logs", fresh())]);
    assert_eq!(changes(&world.plan(&first)), ["a - 1 false", "b - \"x\" false"]);
    let world = world.applied(&first);
    assert!(world.plan(&first).is_empty());
    let second = Project::new(&text(
        "output \"a\" { value = 2 }\noutput \"c\" {\n  value = \"s\"\n  sensitive = true\n}\n",
    ));
    assert_eq!(changes(&world.plan(&second)), ["a 1 2 false", "b \"x\" - false", "c - \"s\" true"]);
    let (partial, _) = world.plan_with(&second, &options(&[&format!("{TYPE}.x")], &[], false));
    assert_eq!(changes(&partial), [""; 0]);
    assert_eq!(partial.outputs, world.recorded.outputs);
    let (destroyed, _) = world.plan_with(&second, &options(&[], &[], true));
    assert_eq!(changes(&destroyed), ["a 1 - false", "b \"x\" - false"]);
    assert!(destroyed.outputs.is_empty());
}

#[test]
fn the_provider_and_what_goes_along_with_requests_is_in_the_step() {
    let more = "expected_bucket_owner = \"111122223333\"";
    let project = Project::new(&block("x", "\"logs\"", "aws:kms", more));
    let world = World::of([("logs", fresh())]);
    let owner = |plan: &Plan| {
        let owner = plan.steps[0].request.get("expected_bucket_owner").unwrap();
        owner.as_str().cloned()
    };
    assert_eq!(owner(&world.plan(&project)), Some(shared("111122223333")));
    let world = world.applied(&project);
    let (plan, _) = world.plan_with(&project, &options(&[], &[], true));
    assert_eq!(owner(&plan), Some(shared("111122223333")));
    // It is recorded, and holds when the block is gone.
    assert_eq!(owner(&world.plan(&Project::new(""))), Some(shared("111122223333")));
}

/// Who must own the bucket goes along with requests, and is no part of it: it is only recorded.
#[test]
fn another_owner_or_checksum_is_no_change() {
    let of = |more: &str| Project::new(&block("x", "\"logs\"", "aws:kms", more));
    let world = World::of([("logs", fresh())]).applied(&of(""));
    for more in ["expected_bucket_owner = \"111122223333\"", "checksum_algorithm = \"SHA256\""] {
        let plan = world.plan(&of(more));
        assert!(plan.is_empty(), "{more}: {:?}", summary(&plan));
        assert_eq!(plan.steps[0].record, more.starts_with("expected_bucket_owner"), "{more}");
    }
}

#[test]
fn a_plan_file_that_is_none_is_told_from_one_of_another_version_and_a_damaged_one() {
    let mut plan =
        World::of([("x", fresh())]).plan(&Project::new(&block("x", "\"x\"", "aws:kms", "")));
    plan.accounts.insert(shared("aws"), "111122223333".to_owned());
    let origin = Origin {
        configuration: "c".to_owned(),
        variables: "v".to_owned(),
        circumstances: serde_json::json!({ "directory": "." }),
    };
    let whole = plan.to_bytes(&origin).unwrap();
    let read = Plan::from_bytes(&whole).unwrap();
    assert_eq!(read.1, origin);
    assert_eq!(read.0.to_bytes(&origin).unwrap(), whole);
    for bytes in [&b""[..], b"{}", b"[1]", b"null", &whole[..whole.len() / 2]] {
        assert!(matches!(Plan::from_bytes(bytes), Err(PlanFileError::NotAPlan(_))));
    }
    let text = String::from_utf8(whole).unwrap();
    for version in [2, 4] {
        let other =
            text.replacen("\"sealform_plan\": 3", &format!("\"sealform_plan\": {version}"), 1);
        let read = Plan::from_bytes(other.as_bytes());
        assert!(matches!(read, Err(PlanFileError::Version(it)) if it == version));
    }
    for (from, to) in [
        ("\"destroy\"", "\"unheard_of\": 1, \"destroy\""),
        ("aws:kms", "AES256"),
        ("111122223333", "111122223334"),
        ("\"serial\": 0", "\"serial\": 1"),
        ("\"checksum\"", "\"checksun\""),
    ] {
        let damaged = text.replacen(from, to, 1);
        assert_ne!(damaged, text, "{from}");
        let read = Plan::from_bytes(damaged.as_bytes());
        assert!(matches!(read, Err(PlanFileError::Damaged)), "{from}: {read:?}");
    }
    let spaced = text.replace('\n', "\r\n");
    assert!(Plan::from_bytes(spaced.as_bytes()).is_ok(), "white space means nothing");
}

/// What needs a sensitive value is not saved; what merely has one is saved without it.
#[test]
fn a_plan_file_holds_nothing_sensitive() {
    let secret =
        "variable \"k\" {\n  default   = \"alias/hush\"\n  sensitive = true\n}\n".to_owned();
    let with = |more: &str| {
        let key = "aws:kms\"\n      kms_master_key_id = var.k #";
        Project::new(&(secret.clone() + &block("x", "\"logs\"", key, "") + more))
    };
    let project = with("output \"o\" {\n  value     = var.k\n  sensitive = true\n}\n");
    let mut world = World::of([("logs", fresh())]);
    let refused = world.plan(&project).to_bytes(&Origin::default()).unwrap_err().to_string();
    assert!(refused.contains(&format!("{TYPE}.x, output.o")), "{refused}");
    assert!(!refused.contains("hush"), "{refused}");
    world = world.applied(&project);
    let plan = world.plan(&project);
    let bytes = plan.to_bytes(&Origin::default()).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(!text.contains("hush"), "{text}");
    let mut read = Plan::from_bytes(&bytes).unwrap().0;
    read.complete(&world.recorded);
    assert_eq!(read.outputs, plan.outputs);
    let recorded = world.recorded.clone();
    world.carry_out(&read);
    assert_eq!(world.recorded, recorded, "nothing was to be done");
}

/// A walk over all of them for each of them takes minutes.
#[test]
#[expect(clippy::disallowed_methods, reason = "the time that it takes is what is tested")]
fn twenty_thousand_instances_take_no_quadratic_walk() {
    // Of each of two blocks.
    let count = 10_000;
    let text = format!("  count = {count}\n");
    let text = block("x", "\"bucket-${count.index}\"", "aws:kms", &text)
        + &block(
            "y",
            "\"other-${count.index}\"",
            "aws:kms",
            &(text + &format!("depends_on = [{TYPE}.x]")),
        );
    let project = Project::new(&text);
    let mut world = World::of([]);
    for n in 0..count {
        world.set(&format!("bucket-{n}"), Live::Settings(Observed::of(fresh())));
        world.set(&format!("other-{n}"), Live::Settings(Observed::of(fresh())));
    }
    let begun = std::time::Instant::now();
    let world = world.applied(&project);
    let empty = World::plan(&world, &project);
    assert_eq!(empty.count(Action::NoOp), 2 * count);
    let (plan, _) = world.plan_with(&project, &options(&[], &[], true));
    assert_eq!(plan.count(Action::Reset), 2 * count);
    let moved = Project::new(&text.replace("\"x\"", "\"z\"").replace(".x]", ".z]"));
    assert_eq!(world.plan(&moved).count(Action::Forget), count);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// The old record went first: a run that ended between the two forgot the bucket.
#[test]
fn what_moves_is_recorded_at_any_moment() {
    let before = Project::new(&block("x", "\"logs\"", "aws:kms", ""));
    let moved = format!("moved {{\n  from = {TYPE}.x\n  to = {TYPE}.y\n}}\n");
    let after = Project::new(&(block("y", "\"logs\"", "aws:kms:dsse", "") + &moved));
    let mut world = World::of([("logs", fresh())]).applied(&before);
    let plan = world.plan(&after);
    assert_eq!(plan.steps[0].previous, Some(address("x")));
    for change in plan.steps[0].changes_of(&world.recorded) {
        change.apply_to(&mut world.recorded);
        assert!(world.recorded.resources.values().any(|it| it.identity == "logs"));
    }
    assert_eq!(world.recorded.resources.keys().collect::<Vec<_>>(), [&address("y")]);
}
