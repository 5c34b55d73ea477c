//! What holds of every plan, whatever is declared, recorded and live.

use super::*;
use crate::plan::Origin;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use std::fmt::Write as _;

/// One block of a configuration.
#[derive(Clone, Debug)]
struct Block {
    repeat: Repeat,
    algorithm: &'static str,
    key: Option<&'static str>,
    bucket_key: Option<bool>,
    blocked: Option<&'static str>,
    ignore: Option<&'static str>,
    prevent_destroy: bool,
    other_provider: bool,
    /// Earlier blocks that it names.
    needs: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
enum Repeat {
    One,
    Count(usize),
    ForEach(BTreeSet<&'static str>),
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const PATHS: &str = "rule[0].bucket_key_enabled, rule[0].blocked_encryption_types";

fn any_block() -> impl Strategy<Value = Block> {
    let repeat = prop_oneof![
        Just(Repeat::One),
        (0..4_usize).prop_map(Repeat::Count),
        btree_set(select(vec!["a", "b", "c", "d"]), 0..4).prop_map(Repeat::ForEach),
    ];
    let encryption = select(vec![
        ("AES256", None),
        ("aws:kms", None),
        ("aws:kms", Some("alias/aws/s3")),
        ("aws:kms", Some(KEY)),
        ("aws:kms", Some("1234abcd-12ab-34cd-56ef-1234567890ab")),
        ("aws:kms:dsse", Some("alias/team")),
    ]);
    (
        repeat,
        encryption,
        option::of(any::<bool>()),
        option::of(select(vec!["[]", "[\"NONE\"]", "[\"SSE-C\"]"])),
        option::weighted(0.3, select(vec!["all", "[rule]", PATHS])),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.2),
        btree_set(0..6_usize, 0..3),
    )
        .prop_map(
            |(repeat, encryption, bucket_key, blocked, ignore, prevent, other_provider, needs)| {
                Block {
                    repeat,
                    algorithm: encryption.0,
                    key: encryption.1,
                    bucket_key,
                    blocked,
                    ignore,
                    prevent_destroy: prevent,
                    other_provider,
                    needs,
                }
            },
        )
}

/// A configuration: which blocks there are, what is in them, and which buckets each of them takes.
fn any_configuration() -> impl Strategy<Value = String> {
    let names = subsequence((0..6_usize).collect::<Vec<_>>(), 0..=6);
    let buckets = Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle();
    (names, vec(any_block(), 6), prop_oneof![3 => Just(None), 1 => buckets.prop_map(Some)])
        .prop_map(|(names, blocks, buckets)| {
            let buckets = buckets.unwrap_or_else(|| (0..6).collect());
            print(&names, &blocks, &buckets)
        })
}

fn print(names: &[usize], blocks: &[Block], buckets: &[usize]) -> String {
    let mut text = "provider \"aws\" { region = \"eu-west-1\" }\nprovider \"aws\" {\n  alias = \
                    \"eu\"\n  region = \"eu-west-1\"\n}\n"
        .to_owned();
    for name in names {
        let block = &blocks[*name];
        let bucket = format!("bucket-{}", buckets[*name]);
        writeln!(text, "resource \"{TYPE}\" \"r{name}\" {{").unwrap();
        match &block.repeat {
            Repeat::One => writeln!(text, "  bucket = \"{bucket}\"").unwrap(),
            Repeat::Count(count) => {
                writeln!(text, "  count = {count}\n  bucket = \"{bucket}-${{count.index}}\"")
                    .unwrap();
            }
            Repeat::ForEach(keys) => {
                let keys: Vec<_> = keys.iter().collect();
                writeln!(text, "  for_each = toset({keys:?})").unwrap();
                writeln!(text, "  bucket = \"{bucket}-${{each.key}}\"").unwrap();
            }
        }
        if block.other_provider {
            text.push_str("  provider = aws.eu\n");
        }
        let needs: Vec<String> = block
            .needs
            .iter()
            .filter(|needed| *needed < name && names.contains(needed))
            .map(|needed| format!("{TYPE}.r{needed}"))
            .collect();
        writeln!(text, "  depends_on = [{}]", needs.join(", ")).unwrap();
        writeln!(text, "  rule {{\n    apply_server_side_encryption_by_default {{").unwrap();
        writeln!(text, "      sse_algorithm = {:?}", block.algorithm).unwrap();
        if let Some(key) = block.key {
            writeln!(text, "      kms_master_key_id = {key:?}").unwrap();
        }
        text.push_str("    }\n");
        if let Some(flag) = block.bucket_key {
            writeln!(text, "    bucket_key_enabled = {flag}").unwrap();
        }
        if let Some(blocked) = block.blocked {
            writeln!(text, "    blocked_encryption_types = {blocked}").unwrap();
        }
        writeln!(text, "  }}\n  lifecycle {{\n    prevent_destroy = {}", block.prevent_destroy)
            .unwrap();
        match block.ignore {
            None => {}
            Some(PATHS) => writeln!(text, "    ignore_changes = [{PATHS}]").unwrap(),
            Some(ignored) => writeln!(text, "    ignore_changes = {ignored}").unwrap(),
        }
        text.push_str("  }\n}\n");
    }
    if let Some(first) = names.first() {
        writeln!(text, "output \"first\" {{ value = {first} }}").unwrap();
    }
    text
}

fn any_settings() -> impl Strategy<Value = Value> {
    let encryption = select(vec![
        ("AES256", None),
        ("aws:kms", None),
        ("aws:kms", Some(KEY)),
        ("aws:kms:dsse", Some("alias/team")),
        ("aws:kms:v9", Some("of tomorrow")),
    ]);
    (encryption, any::<bool>(), any::<bool>()).prop_map(
        |((algorithm, key), bucket_key, blocked)| {
            BucketEncryption::live(algorithm, key, bucket_key, blocked.then(|| "SSE-C".to_owned()))
        },
    )
}

/// Something that happens to the world behind our back.
#[derive(Clone, Debug)]
enum Turn {
    Changed(Index, Value),
    Gone(Index),
    Unreadable(Index),
    /// The record is lost.
    Lost(Index),
    /// Another address is recorded to have the bucket too, as after a run that was stopped.
    Twice(Index),
}

fn any_turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        6 => (any::<Index>(), any_settings()).prop_map(|(at, to)| Turn::Changed(at, to)),
        1 => any::<Index>().prop_map(Turn::Gone),
        1 => any::<Index>().prop_map(Turn::Unreadable),
        2 => any::<Index>().prop_map(Turn::Lost),
        1 => any::<Index>().prop_map(Turn::Twice),
    ]
}

/// Every bucket that a configuration may name, with every provider.
fn everything() -> World {
    let mut world = World::of([]);
    for n in 0..6 {
        let suffixes = ["", "-0", "-1", "-2", "-3", "-a", "-b", "-c", "-d"];
        for suffix in suffixes {
            for provider in ["aws", "aws.eu"] {
                let key = (provider.to_owned(), format!("bucket-{n}{suffix}"));
                world.live.insert(key, Live::Settings(fresh()));
            }
        }
    }
    world
}

impl World {
    fn turn(&mut self, turn: &Turn) {
        let names: Vec<String> = self.live.keys().map(|(_, name)| name.clone()).collect();
        let addresses: Vec<Address> = self.recorded.resources.keys().cloned().collect();
        match turn {
            Turn::Changed(at, to) => {
                self.put(at.get::<String>(&names), &Live::Settings(to.clone()));
            }
            Turn::Gone(at) => self.put(at.get::<String>(&names), &Live::Gone),
            Turn::Unreadable(at) => self.put(at.get::<String>(&names), &Live::Unreadable),
            Turn::Lost(at) if !addresses.is_empty() => {
                self.recorded.resources.remove(at.get(&addresses));
            }
            Turn::Twice(at) if !addresses.is_empty() => {
                let recorded = self.recorded.resources[at.get(&addresses)].clone();
                self.recorded.resources.insert(address("twice"), recorded);
            }
            Turn::Lost(_) | Turn::Twice(_) => {}
        }
    }

    /// The bucket is one, whichever provider is asked.
    fn put(&mut self, bucket: &str, live: &Live) {
        for provider in ["aws", "aws.eu"] {
            self.live.insert((provider.to_owned(), bucket.to_owned()), live.clone());
        }
    }

    /// As [`World::carry_out`], with what was written seen by both providers.
    fn carry_out_everywhere(&mut self, plan: &Plan) {
        self.carry_out(plan);
        for step in &plan.steps {
            if let (Action::Update | Action::Reset, Some(after)) = (step.action, &step.after) {
                self.put(&step.identity, &Live::Settings(after.clone()));
            }
        }
    }
}

/// A world in which one configuration was applied and things happened, and the next configuration.
fn any_case() -> impl Strategy<Value = (World, String)> {
    (any_configuration(), any_configuration(), vec(any_turn(), 0..6), any::<bool>()).prop_map(
        |(before, after, turns, again)| {
            let mut world = everything();
            let (plan, _) = world.plan_with(&Project::new(&before), &Options::default());
            world.carry_out_everywhere(&plan);
            for turn in &turns {
                world.turn(turn);
            }
            let text = if again { before } else { after };
            (world, text)
        },
    )
}

fn bytes(plan: &Plan) -> String {
    String::from_utf8(plan.to_bytes(&Origin::default()).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn a_plan_after_its_apply_is_empty((mut world, text) in any_case(), destroy: bool) {
        let project = Project::new(&text);
        let options = Options { destroy, ..Options::default() };
        let (plan, diagnostics) = world.plan_with(&project, &options);
        // Nothing is done on half a plan.
        prop_assume!(diagnostics.is_empty() && plan.unplanned.is_empty());
        world.carry_out_everywhere(&plan);
        let (again, diagnostics) = world.plan_with(&project, &options);
        prop_assert_eq!(diagnostics, []);
        prop_assert!(again.is_empty(), "{:#?}\n{:#?}", summary(&again), again.output_changes);
        prop_assert!(!again.steps.iter().any(|step| step.record), "{:#?}", again.steps);
        if destroy {
            prop_assert!(world.recorded.resources.is_empty());
        }
    }

    #[test]
    fn a_plan_is_the_same_bytes_in_whatever_order_its_input_comes(
        (world, text) in any_case(),
        keys in vec(any::<u32>(), 64),
        destroy: bool,
    ) {
        let mut project = Project::new(&text);
        let options = Options { destroy, ..Options::default() };
        let (plan, _) = world.plan_with(&project, &options);
        let mut keys = keys.into_iter().cycle();
        project.evaluation.instances.sort_by_cached_key(|_| keys.next());
        prop_assert_eq!(bytes(&world.plan_with(&project, &options).0), bytes(&plan));
    }

    #[test]
    fn a_plan_read_from_its_file_is_the_same_plan((mut world, text) in any_case(), destroy: bool) {
        let project = Project::new(&text);
        let options = Options { destroy, ..Options::default() };
        let (plan, _) = world.plan_with(&project, &options);
        let read = Plan::from_bytes(&plan.to_bytes(&Origin::default()).unwrap()).unwrap().0;
        prop_assert_eq!(bytes(&read), bytes(&plan));
        let mut other = world.clone();
        world.carry_out(&plan);
        other.carry_out(&read);
        prop_assert_eq!(&other.recorded, &world.recorded);
        let next = |world: &World| bytes(&world.plan_with(&project, &options).0);
        prop_assert_eq!(next(&other), next(&world));
    }

    #[test]
    fn an_update_changes_something_and_the_rest_nothing((world, text) in any_case()) {
        let (plan, _) = world.plan_with(&Project::new(&text), &Options::default());
        for step in &plan.steps {
            let (Some(before), Some(after)) = (&step.before, &step.after) else {
                prop_assert_eq!(step.action, Action::Forget);
                continue;
            };
            let differences = BucketEncryption.differences(before, after);
            let changed: Vec<_> = step.changes.iter().map(|it| it.path.clone()).collect();
            prop_assert_eq!(&changed, &differences);
            let writes = matches!(step.action, Action::Update | Action::Reset);
            prop_assert_eq!(writes, !differences.is_empty(), "{:#?}", step);
            prop_assert!(writes || step.weakening.is_none(), "{:#?}", step);
            prop_assert_eq!(step.is_removal(), step.reason.is_some());
        }
    }

    #[test]
    fn every_instance_is_a_step_or_unplanned((world, text) in any_case()) {
        let project = Project::new(&text);
        let (plan, diagnostics) = world.plan_with(&project, &Options::default());
        let instances = project.evaluation.instances.iter().map(|instance| &instance.address);
        for address in instances.chain(world.recorded.resources.keys()) {
            let found = plan
                .steps
                .iter()
                .any(|step| step.address == *address || step.previous.as_ref() == Some(address))
                // Where `count` came or went, the instance is known by its new key.
                || plan.unplanned.iter().any(|it| it.resource == address.resource);
            prop_assert!(found, "{address} is nowhere");
        }
        prop_assert!(plan.unplanned.is_sorted_by(|a, b| a < b), "{:?}", plan.unplanned);
        let order = plan.steps.iter().map(|step| (&step.address, !step.is_removal()));
        prop_assert!(order.is_sorted_by(|a, b| a < b));
        // Nothing is left out without a reason.
        let all_read = world.live.values().all(|it| matches!(it, Live::Settings(_)));
        prop_assert!(!all_read || !diagnostics.is_empty() || plan.unplanned.is_empty());
    }

    #[test]
    fn a_bucket_is_written_once_and_none_that_is_declared_is_reset(
        (world, text) in any_case(),
        destroy: bool,
    ) {
        let project = Project::new(&text);
        let (plan, _) =
            world.plan_with(&project, &Options { destroy, ..Options::default() });
        let mut written = BTreeSet::new();
        for step in &plan.steps {
            if matches!(step.action, Action::Update | Action::Reset) {
                prop_assert!(written.insert(&step.identity), "{:#?}", summary(&plan));
            }
        }
        let declared: BTreeSet<_> = project
            .evaluation
            .instances
            .iter()
            .filter_map(|it| BucketEncryption.identity(&it.declared))
            .collect();
        let mut resets = plan.steps.iter().filter(|step| step.action == Action::Reset);
        prop_assert!(destroy || !resets.any(|step| declared.contains(&step.identity)));
    }

    #[test]
    fn what_prevents_its_destruction_is_never_reset((world, text) in any_case(), destroy: bool) {
        let project = Project::new(&text);
        let (plan, diagnostics) =
            world.plan_with(&project, &Options { destroy, ..Options::default() });
        for (address, recorded) in &world.recorded.resources {
            let declared = project.config.block(&address.resource);
            let prevents = declared.map_or(recorded.prevent_destroy, |block| {
                block.lifecycle.prevent_destroy
            });
            let reset = plan
                .steps
                .iter()
                .any(|step| step.address == *address && step.action == Action::Reset);
            prop_assert!(!(prevents && reset), "{address} is reset");
        }
        prop_assert!(diagnostics.len() <= plan.unplanned.len());
    }
}
