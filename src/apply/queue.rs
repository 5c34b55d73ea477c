//! Which step may begin when.
//!
//! Steps of one block wait for all steps of the blocks before it, so that an edge is kept for each
//! pair of blocks and never for each pair of instances.

use crate::addr::ResourceAddr;
use crate::plan::{Action, Reason, Step};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The steps to do, in groups: the steps of one block in one direction, or of several blocks that come
/// before each other in a circle.
pub(super) struct Queue {
    groups: Vec<Group>,
    /// By step: its group; none for a step that does nothing.
    group_of: Vec<Option<usize>>,
    /// By removal: the step that takes its address for another object. It waits, because only one of
    /// the two can be recorded there: if the removal fails, what it was to remove stays recorded.
    takers: BTreeMap<usize, usize>,
    /// Steps that wait for the removal at their address.
    held: BTreeSet<usize>,
    ready: VecDeque<usize>,
}

#[derive(Default)]
struct Group {
    steps: Vec<usize>,
    /// Steps that are not done.
    open: usize,
    /// Groups before this one that are not done.
    waiting_for: usize,
    dependents: Vec<usize>,
    state: GroupState,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum GroupState {
    #[default]
    Waiting,
    Released,
    /// Something before it failed.
    Blocked,
}

impl Queue {
    pub(super) fn new(steps: &[Step]) -> Self {
        // By block and direction: the first of its steps, and a number. A block of which nothing is
        // to be done still stands between those before it and those after it.
        let mut index: BTreeMap<(ResourceAddr, bool), (&Step, usize)> = BTreeMap::new();
        for step in steps {
            let number = index.len();
            index.entry((step.block(), step.is_removal())).or_insert((step, number));
        }
        let mut edges: BTreeSet<(usize, usize)> = BTreeSet::new();
        for ((_, removal), (first, at)) in &index {
            // All instances of a block wait for the same ones.
            let before = first.after_blocks.iter();
            edges.extend(
                before.filter_map(|it| Some((index.get(&(it.resource.block(), *removal))?.1, *at))),
            );
        }
        // What was recorded at different times may refer to each other in a circle. Within one, the
        // order of resets is of no matter: it is one group.
        let circles = circles(index.len(), &edges);
        let mut groups: Vec<Group> = Vec::new();
        groups.resize_with(index.len(), Group::default);
        let mut group_of = vec![None; steps.len()];
        for (at, step) in busy(steps) {
            let Some((_, number)) = index.get(&(step.block(), step.is_removal())) else { continue };
            let Some(circle) = circles.get(*number) else { continue };
            if let (Some(group), Some(slot)) = (groups.get_mut(*circle), group_of.get_mut(at)) {
                group.steps.push(at);
                group.open += 1;
                *slot = Some(*circle);
            }
        }
        let edges: BTreeSet<(usize, usize)> = edges
            .into_iter()
            .filter_map(|(before, after)| Some((*circles.get(before)?, *circles.get(after)?)))
            .filter(|(before, after)| before != after)
            .collect();
        for (before, after) in edges {
            if let Some(group) = groups.get_mut(before) {
                group.dependents.push(after);
            }
            if let Some(group) = groups.get_mut(after) {
                group.waiting_for += 1;
            }
        }
        let takers = takers(steps);
        let held = takers.values().copied().collect();
        // A group of its own before all that wait for nothing else.
        let first = Group {
            dependents: (0..groups.len()).collect(),
            state: GroupState::Released,
            ..Group::default()
        };
        for group in &mut groups {
            group.waiting_for += 1;
        }
        groups.push(first);
        let mut queue = Self { groups, group_of, takers, held, ready: VecDeque::new() };
        queue.free_dependents(queue.groups.len() - 1);
        queue
    }

    /// How many steps there are to do.
    pub(super) fn len(&self) -> usize {
        self.groups.iter().map(|group| group.steps.len()).sum()
    }

    /// The next step that may begin.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.ready.pop_front()
    }

    /// A step that was to begin has not.
    pub(super) fn put_back(&mut self, step: usize) {
        self.ready.push_front(step);
    }

    /// A step is done. Tells whether others may begin because of it.
    pub(super) fn done(&mut self, step: usize) -> bool {
        let ready = self.ready.len();
        self.free_those_behind(step);
        self.ready.len() > ready
    }

    fn free_those_behind(&mut self, step: usize) {
        if let Some(taker) = self.takers.remove(&step) {
            self.held.remove(&taker);
            if self.state_of(taker) == Some(GroupState::Released) {
                self.ready.push_back(taker);
            }
        }
        let Some(at) = self.group_of.get(step).copied().flatten() else { return };
        let Some(group) = self.groups.get_mut(at) else { return };
        group.open = group.open.saturating_sub(1);
        if group.open == 0 {
            self.free_dependents(at);
        }
    }

    /// A step failed: what waits for its group is not begun.
    pub(super) fn failed(&mut self, step: usize) {
        let Some(at) = self.group_of.get(step).copied().flatten() else { return };
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            let Some(group) = self.groups.get_mut(at) else { continue };
            for dependent in std::mem::take(&mut group.dependents) {
                if let Some(group) = self.groups.get_mut(dependent) {
                    group.state = GroupState::Blocked;
                    open.push(dependent);
                }
            }
        }
    }

    /// The steps that were never begun, in order.
    pub(super) fn left(&self) -> Vec<usize> {
        let never = self.groups.iter().filter(|group| group.state != GroupState::Released);
        let mut left: BTreeSet<usize> =
            never.flat_map(|group| group.steps.iter().copied()).collect();
        left.extend(&self.ready);
        left.extend(&self.held);
        left.into_iter().collect()
    }

    fn state_of(&self, step: usize) -> Option<GroupState> {
        let group = self.group_of.get(step).copied().flatten()?;
        self.groups.get(group).map(|group| group.state)
    }

    /// All steps of a group are done: what waits only for it may begin, and so on where there is
    /// nothing to do.
    fn free_dependents(&mut self, at: usize) {
        let mut done = vec![at];
        while let Some(at) = done.pop() {
            let Some(group) = self.groups.get_mut(at) else { continue };
            for dependent in std::mem::take(&mut group.dependents) {
                let Some(group) = self.groups.get_mut(dependent) else { continue };
                group.waiting_for = group.waiting_for.saturating_sub(1);
                if group.state != GroupState::Waiting || group.waiting_for > 0 {
                    continue;
                }
                group.state = GroupState::Released;
                self.ready.extend(group.steps.iter().filter(|step| !self.held.contains(step)));
                if group.open == 0 {
                    done.push(dependent);
                }
            }
        }
    }
}

/// The steps that there is something to do for, with their places.
fn busy(steps: &[Step]) -> impl Iterator<Item = (usize, &Step)> {
    steps.iter().enumerate().filter(|(_, step)| step.action != Action::NoOp)
}

/// By removal: the step that takes its address.
fn takers(steps: &[Step]) -> BTreeMap<usize, usize> {
    let removals: BTreeMap<_, _> =
        busy(steps).filter(|(_, it)| it.is_removal()).map(|(at, it)| (&it.address, at)).collect();
    busy(steps)
        .filter(|(_, it)| !it.is_removal())
        .filter_map(|(at, it)| Some((*removals.get(&it.address)?, at)))
        .collect()
}

/// By step: those that only drop the record of its bucket at another address. One whose address is
/// taken by another bucket is none of them: it cannot wait.
pub(super) fn followers(steps: &[Step]) -> BTreeMap<usize, Vec<usize>> {
    let taken = takers(steps);
    let holders: BTreeMap<_, _> = busy(steps)
        .filter(|(_, it)| !it.is_removal())
        .map(|(at, it)| ((&it.address, &it.identity), at))
        .collect();
    let mut followers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, step) in busy(steps).filter(|(at, _)| !taken.contains_key(at)) {
        if let Some(Reason::MovedTo { to }) = &step.reason
            && let Some(holder) = holders.get(&(&**to, &step.identity))
        {
            followers.entry(*holder).or_default().push(at);
        }
    }
    followers
}

/// A number for each of `count` blocks: the same for those that come before each other in a circle.
/// By Kosaraju's algorithm, with a stack of its own, since a chain may be as long as the fleet.
fn circles(count: usize, edges: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let mut after = vec![Vec::new(); count];
    let mut before = vec![Vec::new(); count];
    for (from, to) in edges {
        if let (Some(after), Some(before)) = (after.get_mut(*from), before.get_mut(*to)) {
            after.push(*to);
            before.push(*from);
        }
    }
    // The blocks in the order in which a walk along the edges is through with them.
    let mut finished = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    for start in 0..count {
        let mut stack = vec![(start, 0)];
        while let Some((at, nth)) = stack.pop() {
            if nth == 0 && seen.get_mut(at).is_none_or(|seen| std::mem::replace(seen, true)) {
                continue;
            }
            match after.get(at).and_then(|next| next.get(nth)) {
                Some(next) => stack.extend([(at, nth + 1), (*next, 0)]),
                None => finished.push(at),
            }
        }
    }
    let mut circle = vec![usize::MAX; count];
    for start in finished.into_iter().rev() {
        let mut stack = vec![start];
        while let Some(at) = stack.pop() {
            if let Some(slot) = circle.get_mut(at).filter(|slot| **slot == usize::MAX) {
                *slot = start;
                stack.extend(before.get(at).into_iter().flatten());
            }
        }
    }
    circle
}
