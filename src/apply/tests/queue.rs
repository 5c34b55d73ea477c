//! Which step may begin when.

use super::*;
use crate::apply::queue::Queue;

/// Takes whatever may begin, says that it is done, and so on: each round's steps by name.
fn rounds(steps: &[Step]) -> Vec<String> {
    let mut queue = Queue::new(steps);
    let mut rounds = Vec::new();
    loop {
        let mut round: Vec<usize> = std::iter::from_fn(|| queue.next()).collect();
        if round.is_empty() {
            assert_eq!(queue.left(), [0; 0]);
            return rounds;
        }
        round.sort_unstable();
        rounds.push(round.iter().map(|at| &*steps[*at].identity).collect());
        for at in round {
            queue.done(at);
        }
    }
}

fn removals(blocks: &[(&str, &[&str])]) -> Vec<Step> {
    blocks.iter().map(|(name, after)| step(Action::Reset, name, after)).collect()
}

#[test]
fn what_comes_after_waits_and_the_rest_does_not() {
    let steps = removals(&[("a", &["b"]), ("b", &["c"]), ("c", &[]), ("d", &[])]);
    assert_eq!(rounds(&steps), ["cd", "b", "a"]);
}

#[test]
fn directions_do_not_wait_for_each_other_and_no_step_waits_for_itself() {
    let steps = vec![
        step(Action::Update, "a", &["b", "a"]),
        step(Action::Reset, "b", &["c"]),
        step(Action::NoOp, "c", &[]),
    ];
    assert_eq!(rounds(&steps), ["ab"]);
}

#[test]
fn nothing_to_do_is_no_step() {
    let queue = Queue::new(&[step(Action::NoOp, "a", &[])]);
    assert_eq!((queue.len(), queue.left().len()), (0, 0));
}

/// `a` was begun before `c` was done, and also where `c` had failed.
#[test]
fn a_block_of_which_nothing_is_to_be_done_does_not_break_the_chain() {
    let steps = vec![
        step(Action::Update, "a", &["b"]),
        step(Action::NoOp, "b", &["c"]),
        step(Action::Update, "c", &["d"]),
        step(Action::NoOp, "d", &[]),
    ];
    assert_eq!(rounds(&steps), ["c", "a"]);
    let mut queue = Queue::new(&steps);
    let first = queue.next().unwrap();
    queue.failed(first);
    assert_eq!((queue.next(), queue.left()), (None, vec![0]));
}

#[test]
fn dependencies_recorded_in_a_circle_stop_nothing() {
    assert_eq!(rounds(&removals(&[("a", &["b"]), ("b", &["a"])])), ["ab"]);
    assert_eq!(rounds(&removals(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])])), ["abc"]);
}

/// The first that waited was taken for a part of the circle, and began before it.
#[test]
fn what_waits_for_a_circle_comes_after_it() {
    let steps = removals(&[
        ("a", &["b"]),
        ("b", &["c"]),
        ("c", &["b", "d"]),
        ("d", &["e"]),
        ("e", &["d", "f"]),
        ("f", &[]),
    ]);
    assert_eq!(rounds(&steps), ["f", "de", "bc", "a"]);
}

/// A step of a circle that had been let go first was called skipped when another of it failed.
#[test]
fn a_failure_within_a_circle_skips_only_what_comes_after_it() {
    let steps = removals(&[("a", &["b"]), ("b", &["a"]), ("c", &["a"])]);
    let mut queue = Queue::new(&steps);
    assert_eq!((queue.next(), queue.next(), queue.next()), (Some(0), Some(1), None));
    queue.done(0);
    queue.failed(1);
    assert_eq!((queue.next(), queue.left()), (None, vec![2]));
}

#[test]
fn the_step_that_takes_an_address_waits_for_its_removal_alone() {
    let taker =
        |old: &str, new: &str| Step { address: block(old), ..step(Action::Adopt, new, &[]) };
    let steps = vec![
        step(Action::Reset, "a", &["b"]),
        taker("a", "x"),
        step(Action::Reset, "b", &[]),
        taker("b", "y"),
        taker("c", "z"),
    ];
    assert_eq!(rounds(&steps), ["bz", "ay", "x"]);
    let mut queue = Queue::new(&steps);
    assert_eq!(queue.next(), Some(2));
    queue.failed(2);
    assert_eq!((queue.next(), queue.next()), (Some(4), None));
    queue.done(4);
    assert_eq!(queue.left(), [0, 1, 3]);
}

/// A walk over all blocks for each of them takes minutes.
#[test]
#[expect(clippy::disallowed_methods, reason = "the time that it takes is what is tested")]
fn twenty_thousand_blocks_take_no_quadratic_walk() {
    let begun = std::time::Instant::now();
    let names: Vec<String> = (0..20_000).map(|n| format!("b{n}")).collect();
    let chain: Vec<Step> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let before = at.checked_sub(1).map(|it| names[it].as_str());
            step(Action::Reset, name, before.as_slice())
        })
        .collect();
    assert_eq!(rounds(&chain).len(), chain.len());
    let pairs: Vec<Step> = names
        .iter()
        .enumerate()
        .map(|(at, name)| step(Action::Reset, name, &[names[at ^ 1].as_str()]))
        .collect();
    assert_eq!(rounds(&pairs).len(), 1);
    let mut queue = Queue::new(&chain);
    let first = queue.next().unwrap();
    queue.failed(first);
    assert_eq!(queue.left().len(), chain.len() - 1);
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}
