//! What holds of every walk, whatever it walks over and whatever fails.

use super::*;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A block with some instances: what is done with them, the blocks before it, how long each instance
/// takes and whether it fails.
#[derive(Clone, Debug)]
struct Block {
    removal: bool,
    /// Nothing is to be done.
    idle: bool,
    needs: BTreeSet<usize>,
    instances: Vec<(u64, bool)>,
}

fn any_blocks() -> impl Strategy<Value = Vec<Block>> {
    let instance = (0..40_u64, prop::bool::weighted(0.1));
    let directions = prop_oneof![
        2 => Just((false, false)),
        2 => Just((true, false)),
        1 => Just((false, true)),
    ];
    let block = (directions, btree_set(0..8_usize, 0..4), vec(instance, 1..4))
        .prop_map(|((removal, idle), needs, instances)| Block { removal, idle, needs, instances });
    vec(block, 1..8)
}

/// The blocks that one waits for, directly or by way of blocks of which nothing is to be done.
fn busy_before(blocks: &[Block], of: usize) -> BTreeSet<usize> {
    let needs = blocks[of].needs.iter().copied();
    needs
        .filter(|it| *it < of && blocks[*it].removal == blocks[of].removal)
        .flat_map(|it| if blocks[it].idle { busy_before(blocks, it) } else { BTreeSet::from([it]) })
        .collect()
}

fn name(block: usize, instance: usize) -> String {
    format!("r{block}[{instance}]")
}

proptest! {
    #[test]
    fn steps_keep_the_order_of_blocks_and_failures_stop_only_what_depends_on_them(
        blocks in any_blocks(),
        parallelism in 1..6_usize,
        keys in vec(any::<u32>(), 32),
    ) {
        let mut steps = Vec::new();
        for (at, block) in blocks.iter().enumerate() {
            let needs: Vec<String> =
                block.needs.iter().filter(|needed| **needed < at).map(|it| format!("r{it}")).collect();
            let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
            let action = match (block.removal, block.idle) {
                (true, _) => Action::Reset,
                (false, true) => Action::NoOp,
                (false, false) => Action::Update,
            };
            for instance in 0..block.instances.len() {
                let mut step = step(action, &format!("r{at}"), &needs);
                step.address.key = InstanceKey::Index(instance as u64);
                step.identity = name(at, instance).into();
                steps.push(step);
            }
        }
        let mut keys = keys.into_iter().cycle();
        steps.sort_by_cached_key(|_| keys.next());
        let before = steps.iter().map(|it| (&*it.identity, it.before.clone().unwrap()));
        let fake = Fake::of(before);
        let mut failing = BTreeSet::new();
        for (at, block) in blocks.iter().enumerate() {
            for (instance, (latency, fails)) in block.instances.iter().enumerate() {
                fake.change(&name(at, instance), |bucket| {
                    bucket.latency = Duration::from_millis(*latency);
                    let call = if block.removal { "reset" } else { "write" };
                    bucket.fails = fails.then_some((call, ErrorKind::Denied));
                });
                if *fails && !block.idle {
                    failing.insert(at);
                }
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let ran = runtime.block_on(run(&fake, &plan(steps.clone()), parallelism));

        let at = |event: String| ran.events.iter().position(|it| *it == event);
        let mut blocked: BTreeSet<usize> = BTreeSet::new();
        for (index, block) in blocks.iter().enumerate() {
            let needs: Vec<usize> = block
                .needs
                .iter()
                .copied()
                .filter(|it| *it < index && blocks[*it].removal == block.removal)
                .collect();
            if needs.iter().any(|it| blocked.contains(it) || failing.contains(it)) {
                blocked.insert(index);
            }
            if block.idle {
                continue;
            }
            let needs = busy_before(&blocks, index);
            for (instance, (_, fails)) in block.instances.iter().enumerate() {
                let name = name(index, instance);
                let started = at(format!("started {name}"));
                let done = at(format!("done {name}"));
                prop_assert_eq!(started.is_none(), blocked.contains(&index), "{}", &name);
                prop_assert_eq!(done.is_none(), blocked.contains(&index) || *fails, "{}", &name);
                prop_assert_eq!(at(format!("skipped {name}")).is_some(), started.is_none());
                let recorded = ran.names().contains(&name);
                prop_assert_eq!(recorded, done.is_some() != block.removal, "{}", &name);
                let Some(started) = started else { continue };
                for needed in &needs {
                    for other in 0..blocks[*needed].instances.len() {
                        let other = at(format!("done {}", self::name(*needed, other)));
                        prop_assert!(other.is_some_and(|other| other < started), "{}", &name);
                    }
                }
            }
        }
        let outcome = ran.outcome();
        let busy = steps.iter().filter(|step| step.action != Action::NoOp).count();
        let done = outcome.done.iter().sum::<usize>();
        prop_assert_eq!(done + outcome.failures.len() + outcome.skipped.len(), busy);
        prop_assert!(fake.most_at_once.load(Ordering::Relaxed) <= parallelism);
    }
}
