//! What is recorded, by the addresses that the configuration has for it now: `moved` and `removed`
//! blocks, and a `count` that came or went.

use crate::addr::{Address, InstanceKey, ModuleStep, ResourceAddr, Target};
use crate::config::{Config, Moved, Removed};
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::state::{Recorded, StateFile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Something that is recorded.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a> {
    /// What is recorded.
    pub(super) recorded: &'a Recorded,
    /// The address that it is recorded under, where that is another one.
    pub(super) previous: Option<&'a Address>,
}

/// A block of a module, and the names of the calls that lead to it.
type Within<'a, T> = (Vec<Arc<str>>, &'a T);

/// Collects blocks of all modules, each module's by the ways that lead to it.
fn collect<'a, T>(
    config: &'a Config,
    way: &mut Vec<Arc<str>>,
    blocks: fn(&'a Config) -> &'a [T],
    found: &mut Vec<Within<'a, T>>,
) {
    found.extend(blocks(config).iter().map(|block| (way.clone(), block)));
    for (name, call) in &config.modules {
        way.push(Arc::clone(name));
        collect(&call.config, way, blocks, found);
        way.pop();
    }
}

/// What is recorded, by the addresses that it has after all moves.
pub(super) fn kept<'a>(
    recorded: Option<&'a StateFile>,
    config: &'a Config,
    declared: &BTreeSet<&Address>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<Address, Kept<'a>> {
    let mut found = Vec::new();
    collect(config, &mut Vec::new(), |config| &config.moved, &mut found);
    let moves = Moves::new(found);
    for declared in declared {
        if let Some((moved, _)) = moves.first(declared) {
            let detail = format!(
                "{declared} is declared, and this says that it has moved away. Remove the block \
                 `moved`, or the resource."
            );
            diagnostics.push(Diagnostic::error("Moved object still exists", detail).at(moved.span));
        }
    }
    let mut kept: BTreeMap<Address, Kept<'a>> = BTreeMap::new();
    let Some(state) = recorded else { return kept };
    let mut moving = Vec::new();
    for (address, recorded) in &state.resources {
        let now = moves.follow(address).unwrap_or_else(|| by_count(address, declared, state));
        if now == *address {
            kept.insert(now, Kept { recorded, previous: None });
        } else {
            moving.push((address, now, recorded));
        }
    }
    for (address, now, recorded) in moving {
        if kept.contains_key(&now) {
            let detail = format!(
                "{address} has moved to {now}, which is recorded already for another bucket. It \
                 stays what it was called. Use `state` to see both."
            );
            diagnostics.push(Diagnostic::warning("Move not possible", detail).of(address));
            kept.insert(address.clone(), Kept { recorded, previous: None });
        } else {
            kept.insert(now, Kept { recorded, previous: Some(address) });
        }
    }
    kept
}

/// The address that an instance has where `count` was added to its block, or taken away.
fn by_count(address: &Address, declared: &BTreeSet<&Address>, state: &StateFile) -> Address {
    let other = match address.key {
        InstanceKey::None => InstanceKey::Index(0),
        InstanceKey::Index(0) => InstanceKey::None,
        InstanceKey::Index(_) | InstanceKey::Name(_) => return address.clone(),
    };
    let now = address.resource.instance(other);
    let free = declared.contains(&now) && !state.resources.contains_key(&now);
    if free && !declared.contains(address) { now } else { address.clone() }
}

/// The `moved` blocks, to be found by what they move.
struct Moves<'a> {
    /// By type and name of the resource.
    resources: BTreeMap<(&'a str, &'a str), Vec<Within<'a, Moved>>>,
    modules: Vec<Within<'a, Moved>>,
    count: usize,
}

impl<'a> Moves<'a> {
    fn new(found: Vec<Within<'a, Moved>>) -> Self {
        let mut moves =
            Self { resources: BTreeMap::new(), modules: Vec::new(), count: found.len() };
        for (way, moved) in found {
            let resource = match &moved.from {
                Target::Module(_) => {
                    moves.modules.push((way, moved));
                    continue;
                }
                Target::Resource(resource) => resource,
                Target::Instance(address) => &address.resource,
            };
            let key = (&*resource.ty, &*resource.name);
            moves.resources.entry(key).or_default().push((way, moved));
        }
        moves
    }

    /// The first move of an address.
    fn first(&self, address: &Address) -> Option<(&'a Moved, Address)> {
        let key = (&*address.resource.ty, &*address.resource.name);
        let blocks = self.resources.get(&key).into_iter().flatten().chain(&self.modules);
        blocks
            .filter_map(|(way, moved)| Some((*moved, moved_address(address, way, moved)?)))
            .find(|(_, now)| now != address)
    }

    /// Where all moves, one after another, lead to.
    fn follow(&self, address: &Address) -> Option<Address> {
        let mut now = None;
        // Moves in a circle lead nowhere: each is followed once at most.
        for _ in 0..self.count {
            match self.first(now.as_ref().unwrap_or(address)) {
                Some((_, next)) => now = Some(next),
                None => break,
            }
        }
        now
    }
}

/// The address after one move, if that is what it moves. Where neither end has a key, the key of
/// the instance is kept.
fn moved_address(address: &Address, way: &[Arc<str>], moved: &Moved) -> Option<Address> {
    let module = &address.resource.module;
    let (around, inside) = module.split_at_checked(way.len())?;
    if !around.iter().zip(way).all(|(step, name)| step.name == *name) {
        return None;
    }
    let (from_steps, to_steps) = (steps(&moved.from), steps(&moved.to));
    let (matched, rest) = inside.split_at_checked(from_steps.len())?;
    let same_depth = from_steps.len() == to_steps.len();
    let keeps = |from: &InstanceKey, to: Option<&InstanceKey>| {
        *from == InstanceKey::None && to == Some(&InstanceKey::None)
    };
    let mut steps: Vec<ModuleStep> = around.to_vec();
    for (n, (step, from)) in matched.iter().zip(from_steps).enumerate() {
        let to = to_steps.get(n).filter(|_| same_depth).map(|to| &to.key);
        if step.name != from.name || (step.key != from.key && !keeps(&from.key, to)) {
            return None;
        }
    }
    for (n, to) in to_steps.iter().enumerate() {
        let kept = matched
            .get(n)
            .zip(from_steps.get(n))
            .filter(|(_, from)| same_depth && keeps(&from.key, Some(&to.key)));
        let key = kept.map_or(&to.key, |(step, _)| &step.key).clone();
        steps.push(ModuleStep { name: Arc::clone(&to.name), key });
    }
    let (to, key) = match (block(&moved.from), block(&moved.to)) {
        (None, None) => {
            steps.extend(rest.iter().cloned());
            let resource = address.resource.in_module(&steps.into());
            return Some(resource.instance(address.key.clone()));
        }
        (Some((from, from_key)), Some((to, to_key))) => {
            let resource = &address.resource;
            let same = from.ty == resource.ty && from.name == resource.name;
            if !rest.is_empty() || !same || from.mode != resource.mode {
                return None;
            }
            if keeps(from_key, Some(to_key)) {
                return Some(to.in_module(&steps.into()).instance(address.key.clone()));
            }
            (*from_key == address.key).then_some((to, to_key))?
        }
        (None, Some(_)) | (Some(_), None) => return None,
    };
    Some(to.in_module(&steps.into()).instance(key.clone()))
}

/// The modules on the way to what a target names.
fn steps(target: &Target) -> &[ModuleStep] {
    match target {
        Target::Module(steps) => steps,
        Target::Resource(resource) => &resource.module,
        Target::Instance(address) => &address.resource.module,
    }
}

/// The block that a target names, and the key of the instance.
fn block(target: &Target) -> Option<(&ResourceAddr, &InstanceKey)> {
    match target {
        Target::Module(_) => None,
        Target::Resource(resource) => Some((resource, &InstanceKey::None)),
        Target::Instance(address) => Some((&address.resource, &address.key)),
    }
}

/// The `removed` blocks.
pub(super) struct Removals<'a>(Vec<Within<'a, Removed>>);

impl<'a> Removals<'a> {
    /// Collects them, and reports those of what is still declared.
    pub(super) fn new(
        config: &'a Config,
        declared: &BTreeSet<&Address>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut found = Vec::new();
        collect(config, &mut Vec::new(), |config| &config.removed, &mut found);
        for (way, removed) in &found {
            if let Some(address) = declared.iter().find(|address| covers(way, removed, address)) {
                let detail = format!(
                    "{address} is declared, and this says that it has been removed. Remove one of \
                     the two."
                );
                diagnostics.push(
                    Diagnostic::error("Removed object still exists", detail).at(removed.span),
                );
            }
        }
        Self(found)
    }

    /// Where it says that what is recorded at an address is to be reset.
    pub(super) fn resets(&self, address: &Address) -> Option<Span> {
        let (_, removed) =
            self.0.iter().find(|(way, it)| it.destroy && covers(way, it, address))?;
        Some(removed.span)
    }

    /// Whether what is recorded at an address is to be forgotten and left as it is.
    pub(super) fn forgets(&self, address: &Address) -> bool {
        self.0.iter().any(|(way, removed)| !removed.destroy && covers(way, removed, address))
    }
}

fn covers(way: &[Arc<str>], removed: &Removed, address: &Address) -> bool {
    let module = &address.resource.module;
    let Some((around, inside)) = module.split_at_checked(way.len()) else { return false };
    let resource = ResourceAddr { module: inside.into(), ..address.resource.block() };
    let within = resource.instance(address.key.clone());
    let names = around.iter().zip(way).all(|(step, name)| step.name == *name);
    // Without keys, a target in a module names the block in every instance of the module.
    names
        && match &removed.from {
            Target::Resource(block) => within.resource.block() == block.block(),
            target @ (Target::Module(_) | Target::Instance(_)) => target.covers(&within),
        }
}
