//! Which step may begin when.
//!
//! Steps of one block wait for all steps of the blocks before it, so that an edge is kept for each
//! pair of blocks and never for each pair of instances.

use crate::addr::ResourceAddr;
use crate::plan::{Action, Step};
use std::collections::{BTreeMap, VecDeque};

/// The steps to do, in groups: the steps of one block in one direction.
pub(super) struct Queue {
    groups: Vec<Group>,
    /// By step: its group; none for a step that does nothing.
    group_of: Vec<Option<usize>>,
    ready: VecDeque<usize>,
    running: usize,
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
        let mut index: BTreeMap<(&ResourceAddr, bool), usize> = BTreeMap::new();
        let mut groups: Vec<Group> = Vec::new();
        let mut group_of = vec![None; steps.len()];
        for (at, step) in steps.iter().enumerate() {
            if step.action == Action::NoOp {
                continue;
            }
            let group = *index.entry((step.block(), step.is_removal())).or_insert_with(|| {
                groups.push(Group::default());
                groups.len() - 1
            });
            if let (Some(members), Some(slot)) = (groups.get_mut(group), group_of.get_mut(at)) {
                members.steps.push(at);
                members.open += 1;
                *slot = Some(group);
            }
        }
        for ((_, removal), at) in &index {
            // All instances of a block wait for the same ones.
            let Some(first) = groups.get(*at).and_then(|group| steps.get(*group.steps.first()?))
            else {
                continue;
            };
            for before in &first.after_blocks {
                let Some(before) = index.get(&(&before.resource, *removal)) else { continue };
                if before == at {
                    continue;
                }
                if let Some(group) = groups.get_mut(*before) {
                    group.dependents.push(*at);
                }
                if let Some(group) = groups.get_mut(*at) {
                    group.waiting_for += 1;
                }
            }
        }
        let mut queue = Self { groups, group_of, ready: VecDeque::new(), running: 0 };
        for at in 0..queue.groups.len() {
            queue.release_if_free(at);
        }
        queue
    }

    /// How many steps there are to do.
    pub(super) fn len(&self) -> usize {
        self.groups.iter().map(|group| group.steps.len()).sum()
    }

    /// The next step that may begin.
    pub(super) fn next(&mut self) -> Option<usize> {
        if self.ready.is_empty() && self.running == 0 {
            self.break_deadlock();
        }
        let next = self.ready.pop_front();
        self.running += usize::from(next.is_some());
        next
    }

    /// A step is done.
    pub(super) fn done(&mut self, step: usize) {
        self.running = self.running.saturating_sub(1);
        let Some(at) = self.group_of.get(step).copied().flatten() else { return };
        let Some(group) = self.groups.get_mut(at) else { return };
        group.open = group.open.saturating_sub(1);
        if group.open > 0 {
            return;
        }
        for dependent in std::mem::take(&mut group.dependents) {
            if let Some(group) = self.groups.get_mut(dependent) {
                group.waiting_for = group.waiting_for.saturating_sub(1);
            }
            self.release_if_free(dependent);
        }
    }

    /// A step failed: what waits for its group is not begun.
    pub(super) fn failed(&mut self, step: usize) {
        self.running = self.running.saturating_sub(1);
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
        let mut left: Vec<usize> = never.flat_map(|group| group.steps.iter().copied()).collect();
        left.extend(self.ready.iter());
        left.sort_unstable();
        left
    }

    fn release_if_free(&mut self, at: usize) {
        let Some(group) = self.groups.get_mut(at) else { return };
        if group.state == GroupState::Waiting && group.waiting_for == 0 {
            group.state = GroupState::Released;
            self.ready.extend(group.steps.iter());
        }
    }

    /// What was recorded at different times may refer to each other in a circle. The order of
    /// resets then is of no matter: the first of the circle goes.
    fn break_deadlock(&mut self) {
        let stuck = self.groups.iter().position(|group| group.state == GroupState::Waiting);
        if let Some(at) = stuck {
            if let Some(group) = self.groups.get_mut(at) {
                group.waiting_for = 0;
            }
            self.release_if_free(at);
        }
    }
}
