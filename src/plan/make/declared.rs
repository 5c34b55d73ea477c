//! The step of an instance that the configuration declares.

use super::{Live, Maker, as_secret_as, changes_between, instances, milliseconds, recorded_region};
use crate::addr::AttrPath;
use crate::config::{IgnoreChanges, Resource};
use crate::eval::Instance;
use crate::plan::{Action, Change, Step, Terms, owner_in};
use crate::resource::{self, Facts, KeyName, KeyNames, Observed, ResourceType};
use crate::state::Recorded;
use crate::value::Value;
use std::sync::Arc;

impl Live {
    /// What is live, where there is anything and it could be read.
    fn settings(self) -> Option<Observed> {
        match self {
            Self::Settings(observed) => Some(observed),
            Self::Gone | Self::Unreadable => None,
        }
    }
}

/// A declared instance, held against what is recorded and live.
struct Compared {
    live: Value,
    desired: Value,
    keys: KeyNames,
    /// What is to be changed.
    changes: Vec<Change>,
    /// What somebody else has changed since the last apply.
    drift: Vec<Change>,
    /// What of that the files leave open, so that it stays.
    follows: Vec<AttrPath>,
    /// What is recorded instead of what is wanted, where it is not to be forgotten as it was.
    kept_open: Option<Value>,
    notes: Vec<String>,
}

impl<'a> Maker<'a> {
    /// A step for an instance that the configuration declares.
    pub(super) fn declared(&mut self, instance: &'a Instance) {
        let address = &instance.address;
        let Some(ty) = resource::find(&address.resource.ty) else { return };
        if !self.selected(address) {
            self.left_out += 1;
            return;
        }
        let observed = ty.identity(&instance.declared).and_then(|identity| {
            let live = (self.inputs.live)(&instance.provider, &identity);
            live.settings().map(|observed| (identity, observed))
        });
        let Some((identity, observed)) = observed else {
            self.unplanned.push(address.clone());
            return;
        };
        let kept = self.kept.get(address).filter(|kept| *kept.recorded.identity == *identity);
        let recorded = kept.map(|kept| kept.recorded);
        let import = self.imports.get(address).filter(|_| recorded.is_none());
        let block = self.inputs.config.block(&address.resource);
        let compared = self.compare(ty, instance, block, (&identity, recorded), &observed);
        let Observed { settings: _, region: answered, unknown } = observed;
        let region = answered.clone().or_else(|| recorded.and_then(recorded_region));
        let action = match (compared.changes.is_empty(), recorded) {
            (false, _) => Action::Update,
            (true, None) => Action::Adopt,
            (true, Some(_)) => Action::NoOp,
        };
        let inputs = self.inputs;
        let answer = |name: &str| {
            let (provider, region) = (Arc::clone(&instance.provider), answered.clone()?);
            inputs.keys.get(&KeyName { provider, region, name: Arc::from(name) })
        };
        let facts = Facts {
            declared: &instance.declared,
            desired: &compared.desired,
            live: &compared.live,
            recorded: recorded.map(|it| &it.values),
            region: region.as_deref(),
            account: inputs.accounts.get(&instance.provider).map(|it| &**it),
            names: &compared.keys,
            key: &answer,
        };
        let unknown_to_us = (unknown.as_slice(), action == Action::Update);
        let fine = self.findings.of(ty, instance, block, &facts, unknown_to_us);
        let Compared { live, desired, keys, changes, drift, follows, kept_open, notes } = compared;
        let lifecycle = block.map(|block| &block.lifecycle);
        let timeout = block.and_then(|block| match recorded {
            None => block.timeouts.create,
            Some(_) => block.timeouts.update,
        });
        let depends_on = instances(inputs.dependencies.get(&address.resource.block()));
        let mut step = Step {
            action,
            reason: None,
            provider: Arc::clone(&instance.provider),
            identity,
            region,
            request: ty.request(&instance.declared),
            weakening: ty.weakening(&live, &desired, &keys),
            terms: Terms {
                notes,
                unknown,
                allow_weakening: lifecycle.is_some_and(|it| it.allow_weakening),
                forget_on_destroy: lifecycle.is_some_and(|it| it.forget_on_destroy),
                timeout: timeout.map(milliseconds),
                keys,
            },
            before: Some(live),
            sensitive: desired.sensitive_paths().into_iter().map(AttrPath::from_iter).collect(),
            after: Some(desired),
            recorded: kept_open,
            changes,
            drift,
            follows,
            known: recorded.is_some(),
            record: false,
            after_blocks: depends_on.clone(),
            depends_on,
            prevent_destroy: lifecycle.is_some_and(|it| it.prevent_destroy),
            previous: kept.and_then(|kept| kept.previous).cloned(),
            import: import.map(|id| Arc::clone(id)),
            address: address.clone(),
        };
        step.record =
            action == Action::NoOp && recorded.is_some_and(|it| is_outdated(ty, it, &step));
        self.take(step, fine);
    }

    /// Holds an instance against what is recorded of its object and live.
    fn compare(
        &self,
        ty: &dyn ResourceType,
        instance: &Instance,
        block: Option<&Resource>,
        (identity, recorded): (&str, Option<&Recorded>),
        observed: &Observed,
    ) -> Compared {
        let live = observed.settings.clone();
        let live = match recorded {
            Some(recorded) => as_secret_as(&recorded.values, live),
            None => live,
        };
        let mut desired = ty.desired(&instance.declared, &live);
        let provider = &instance.provider;
        let names = [Some(&live), Some(&desired), recorded.map(|it| &it.values)];
        let names = names.into_iter().flatten().flat_map(|settings| ty.keys(settings));
        let keys = KeyNames::of(self.inputs.keys, provider, observed.region.as_ref(), names);
        let ours = self.unfinished.explains(ty, (provider, identity), &live, &keys);
        let ignored = |path: &AttrPath| {
            block.is_some_and(|block| block.lifecycle.ignore_changes.covers(path))
        };
        let mut drift = recorded
            .filter(|_| !ours)
            .map_or_else(Vec::new, |it| changes_between(ty, &it.values, &live, &keys));
        // It is nobody's: whoever owns it changed it.
        drift.retain(|change| !ignored(&change.path));
        let drifted = recorded.filter(|_| !drift.is_empty());
        let follows = drifted.map_or_else(Vec::new, |recorded| {
            // What is wanted had nobody changed the bucket differs where nothing is declared.
            let undisturbed = ty.desired(&instance.declared, &recorded.values);
            let mut paths = ty.differences(&undisturbed, &desired, &keys);
            paths.retain(|path| !ignored(path));
            paths
        });
        if let (Some(block), Some(_)) = (block, recorded) {
            desired = ignoring(ty, block, desired, &live);
        }
        let weakened = recorded.and_then(|it| weakened(ty, it, &desired, &follows, &keys));
        let (kept_open, note) = weakened.unzip();
        let mut notes = ty.notes(&live, &desired, false, &keys);
        notes.extend(note);
        let changes = changes_between(ty, &live, &desired, &keys);
        Compared { live, desired, keys, changes, drift, follows, kept_open, notes }
    }
}

/// What is recorded where somebody else has weakened what the files leave open, and what is said of
/// it: that it stays is not that it is right.
fn weakened(
    ty: &dyn ResourceType,
    recorded: &Recorded,
    desired: &Value,
    follows: &[AttrPath],
    keys: &KeyNames,
) -> Option<(Value, String)> {
    if follows.is_empty() {
        return None;
    }
    let as_it_was = ty.keeping(desired.clone(), &recorded.values, &|path| follows.contains(path));
    ty.weakening(&as_it_was, desired, keys)?;
    let open: Vec<String> = follows.iter().map(ToString::to_string).collect();
    let note = format!(
        "somebody has weakened what the files leave open, and it stays so: declare {} to take it \
         back, or accept it by `sealform refresh`",
        open.join(" and ")
    );
    Some((as_it_was, note))
}

/// Whether the record of an object says anything else than a step that changes nothing about it.
fn is_outdated(ty: &dyn ResourceType, recorded: &Recorded, step: &Step) -> bool {
    let Terms { keys, forget_on_destroy, .. } = &step.terms;
    let is_other = |wanted| !ty.differences(&recorded.values, wanted, keys).is_empty();
    step.previous.is_some()
        || step.recorded.as_ref().or(step.after.as_ref()).is_some_and(is_other)
        || recorded.provider != *step.provider
        || recorded.depends_on != step.depends_on
        || recorded.prevent_destroy != step.prevent_destroy
        || recorded.forget_on_destroy != *forget_on_destroy
        || recorded.owner != owner_in(&step.request)
        || recorded.region.as_deref() != step.region.as_deref()
}

/// The wanted settings with every ignored attribute as it is live.
fn ignoring(ty: &dyn ResourceType, block: &Resource, desired: Value, live: &Value) -> Value {
    match &block.lifecycle.ignore_changes {
        IgnoreChanges::Paths(paths) if paths.is_empty() => desired,
        ignored => ty.keeping(desired, live, &|path| ignored.covers(path)),
    }
}
