//! The three-way comparison: configuration, recorded, live.

use super::findings::{Findings, listed, lost_by_reset, prevented_destroy, unknown_type};
use super::moves::{self, Kept, Removals};
use super::outputs::outputs;
use super::unfinished::Unfinished;
use super::{Action, Change, Plan, Reason, Step, Terms, owner_in, recorded_request};
use crate::addr::{Address, AttrPath, InstanceKey, ResourceAddr, Target};
use crate::config::{Config, IgnoreChanges, Resource};
use crate::diag::{Diagnostic, Diagnostics};
use crate::eval::{self, Evaluation, Instance};
use crate::resource::{self, Facts, KeyName, KeyNames, Keys, Observed, ResourceType};
use crate::state::{Intent, Recorded, StateFile};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What is live, as far as it could be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Live {
    /// What the service says of the object.
    Settings(Observed),
    /// There is no such object.
    Gone,
    /// It could not be read, which was reported.
    Unreadable,
}

/// What the comparison works on.
pub struct Inputs<'a> {
    /// What the files declare.
    pub config: &'a Config,
    /// What they come to.
    pub evaluation: &'a Evaluation,
    /// Which blocks each block refers to.
    pub dependencies: &'a BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>>,
    /// What the last apply knew.
    pub recorded: Option<&'a StateFile>,
    /// What runs that ended before their time were about to write.
    pub unfinished: &'a [Intent],
    /// What is live, by provider and identity.
    pub live: &'a dyn Fn(&str, &str) -> Live,
    /// What KMS says of the keys that settings name, as far as it was asked.
    pub keys: &'a Keys,
    /// By provider: the account that buckets are expected to belong to, as far as it is known.
    pub accounts: &'a BTreeMap<Arc<str>, Arc<str>>,
    /// Which instances are looked at.
    pub selection: &'a Selection,
    /// Everything managed is to be reset.
    pub destroy: bool,
    /// The settings of the providers, to go with the plan.
    pub providers: BTreeMap<Arc<str>, serde_json::Value>,
    /// The version of this tool.
    pub tool_version: &'a str,
}

/// `--target` and `--exclude`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these and what they depend on; all where there are none.
    pub targets: Vec<Target>,
    /// Not these.
    pub excludes: Vec<Target>,
}

impl Selection {
    /// Whether anything is left out.
    pub fn is_partial(&self) -> bool {
        !self.targets.is_empty() || !self.excludes.is_empty()
    }

    /// The blocks that targeted ones depend on, by way of others too.
    pub fn needed_blocks(
        &self,
        dependencies: &BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>>,
        instances: &[Instance],
    ) -> BTreeSet<ResourceAddr> {
        let mut needed = BTreeSet::new();
        if self.targets.is_empty() {
            return needed;
        }
        let mut open: Vec<ResourceAddr> = instances
            .iter()
            .filter(|instance| self.targets.iter().any(|it| it.covers(&instance.address)))
            .map(|instance| instance.address.resource.block())
            .collect();
        open.dedup();
        while let Some(block) = open.pop() {
            for dependency in dependencies.get(&block).into_iter().flatten() {
                if needed.insert(dependency.clone()) {
                    open.push(dependency.clone());
                }
            }
        }
        needed
    }

    /// Whether an instance is looked at.
    pub fn includes(&self, address: &Address, needed: &BTreeSet<ResourceAddr>) -> bool {
        let targeted = self.targets.is_empty()
            || self.targets.iter().any(|target| target.covers(address))
            || (!needed.is_empty() && needed.contains(&address.resource.block()));
        targeted && !self.excludes.iter().any(|target| target.covers(address))
    }
}

/// Decides what is to be done. What cannot be decided is reported and left out.
pub fn make(inputs: &Inputs<'_>, diagnostics: &mut Diagnostics) -> Plan {
    let mut instances: Vec<&Instance> = inputs.evaluation.instances.iter().collect();
    instances.sort_by(|a, b| a.address.cmp(&b.address));
    let holders = instances.iter().filter_map(|instance| {
        let ty = resource::find(&instance.address.resource.ty)?;
        Some(((ty.identity(&instance.declared)?, &*instance.provider), &instance.address))
    });
    let declared: BTreeSet<&Address> = instances.iter().map(|it| &it.address).collect();
    let kept = &moves::kept(inputs.recorded, inputs.config, &declared, diagnostics);
    let removals = Removals::new(inputs.config, &declared, diagnostics);
    let mut maker = Maker {
        inputs,
        kept,
        removals,
        imports: BTreeMap::new(),
        // A reset needs nothing of what its block refers to: that is left alone.
        needed: if inputs.destroy {
            BTreeSet::new()
        } else {
            inputs.selection.needed_blocks(inputs.dependencies, &inputs.evaluation.instances)
        },
        holders: holders.collect(),
        instances,
        unfinished: Unfinished::new(inputs.unfinished),
        recorders: BTreeMap::new(),
        dependents: BTreeMap::new(),
        steps: Vec::new(),
        unplanned: Vec::new(),
        findings: Findings::default(),
        refused: Vec::new(),
        left_out: 0,
    };
    for (address, kept) in kept {
        let bucket = (kept.recorded.identity.as_str(), kept.recorded.provider.as_str());
        maker.recorders.entry(bucket).or_insert(address);
        let own = address.resource.block();
        for block in kept.recorded.depends_on.iter().map(|block| block.resource.block()) {
            if block != own {
                maker.dependents.entry(block).or_default().insert(own.clone());
            }
        }
    }
    maker.imports(diagnostics);
    if !inputs.destroy {
        for at in 0..maker.instances.len() {
            if let Some(instance) = maker.instances.get(at).copied() {
                maker.declared(instance);
            }
        }
    }
    for (address, kept) in kept {
        maker.recorded(address, kept, diagnostics);
    }
    diagnostics.extend(maker.unfinished.warnings());
    maker.unplanned.sort();
    maker.unplanned.dedup();
    let lost = maker.unplanned.iter().filter_map(|it| Some((it.clone(), maker.object(it)?)));
    let lost = lost.collect();
    let Maker { mut steps, unplanned, refused, left_out, findings, .. } = maker;
    findings.report(diagnostics);
    // A removal comes before the step that takes its address.
    steps.sort_by(|a, b| {
        (&a.address, !a.is_removal(), &a.identity).cmp(&(&b.address, !b.is_removal(), &b.identity))
    });
    let (outputs, output_changes) = outputs(inputs, unplanned.is_empty());
    Plan {
        tool_version: inputs.tool_version.to_owned(),
        destroy: inputs.destroy,
        lineage: inputs.recorded.map(|state| state.lineage.clone()),
        serial: inputs.recorded.map_or(0, |state| state.serial),
        providers: inputs.providers.clone(),
        accounts: BTreeMap::new(),
        unfinished: None,
        steps,
        unplanned,
        lost,
        refused,
        left_out,
        outputs,
        output_changes,
    }
}

struct Maker<'a> {
    inputs: &'a Inputs<'a>,
    /// What is recorded, by the addresses that it has now.
    kept: &'a BTreeMap<Address, Kept<'a>>,
    removals: Removals<'a>,
    unfinished: Unfinished<'a>,
    /// By address: the object that an `import` block gives it.
    imports: BTreeMap<&'a Address, &'a Arc<str>>,
    needed: BTreeSet<ResourceAddr>,
    /// What is declared, in the order of addresses.
    instances: Vec<&'a Instance>,
    /// Which address declares which bucket of which provider.
    holders: BTreeMap<(Arc<str>, &'a str), &'a Address>,
    /// Which address, the first where there are several, is recorded to have which bucket of which
    /// provider.
    recorders: BTreeMap<(&'a str, &'a str), &'a Address>,
    /// By block: which other blocks are recorded as referring to it.
    dependents: BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>>,
    steps: Vec<Step>,
    unplanned: Vec<Address>,
    /// What the live world tells to be wrong.
    findings: Findings<'a>,
    /// Steps that are not to be taken, for a reason that was reported.
    refused: Vec<Step>,
    /// How many instances are not selected.
    left_out: usize,
}

impl<'a> Maker<'a> {
    /// Takes a step into the plan, or notes what it would have been.
    fn take(&mut self, step: Step, fine: bool) {
        if fine {
            self.steps.push(step);
        } else {
            self.unplanned.push(step.address.clone());
            self.refused.push(step);
        }
    }

    fn selected(&self, address: &Address) -> bool {
        self.inputs.selection.includes(address, &self.needed)
    }

    /// A step for an instance that the configuration declares.
    fn declared(&mut self, instance: &'a Instance) {
        let address = &instance.address;
        let Some(ty) = resource::find(&address.resource.ty) else { return };
        if !self.selected(address) {
            self.left_out += 1;
            return;
        }
        let Some(identity) = ty.identity(&instance.declared) else {
            self.unplanned.push(address.clone());
            return;
        };
        let Live::Settings(observed) = (self.inputs.live)(&instance.provider, &identity) else {
            self.unplanned.push(address.clone());
            return;
        };
        let Observed { settings: live, region, unknown } = observed;
        let kept = self.kept.get(address).filter(|kept| *kept.recorded.identity == *identity);
        let recorded = kept.map(|kept| kept.recorded);
        let previous = kept.and_then(|kept| kept.previous).cloned();
        let import = self.imports.get(address).filter(|_| recorded.is_none());
        let live = match recorded {
            Some(recorded) => as_secret_as(&recorded.values, live),
            None => live,
        };
        let block = self.inputs.config.block(&address.resource);
        let mut desired = ty.desired(&instance.declared, &live);
        let asked = region.clone();
        let names = [Some(&live), Some(&desired), recorded.map(|it| &it.values)];
        let names = names.into_iter().flatten().flat_map(|settings| ty.keys(settings));
        let keys = KeyNames::of(self.inputs.keys, &instance.provider, asked.as_ref(), names);
        let ours = self.unfinished.explains(ty, (&instance.provider, &identity), &live, &keys);
        let drift = recorded
            .filter(|_| !ours)
            .map_or_else(Vec::new, |it| changes_between(ty, &it.values, &live, &keys));
        let drifted = recorded.filter(|_| !drift.is_empty());
        let follows = drifted.map_or_else(Vec::new, |recorded| {
            // What is wanted had nobody changed the bucket differs where nothing is declared.
            let undisturbed = ty.desired(&instance.declared, &recorded.values);
            let ignored = block.map(|block| &block.lifecycle.ignore_changes);
            let mut paths = ty.differences(&undisturbed, &desired, &keys);
            paths.retain(|path| !ignored.is_some_and(|ignored| ignored.covers(path)));
            paths
        });
        if let (Some(block), Some(_)) = (block, recorded) {
            desired = ignoring(ty, block, desired, &live);
        }
        let depends_on: Vec<Address> = self
            .inputs
            .dependencies
            .get(&address.resource.block())
            .into_iter()
            .flatten()
            .map(|block| block.instance(InstanceKey::None))
            .collect();
        let changes = changes_between(ty, &live, &desired, &keys);
        let region = region.or_else(|| recorded.and_then(recorded_region));
        let action = match (changes.is_empty(), recorded) {
            (false, _) => Action::Update,
            (true, None) => Action::Adopt,
            (true, Some(_)) => Action::NoOp,
        };
        let answer = |name: &str| {
            let (provider, region) = (Arc::clone(&instance.provider), asked.clone()?);
            self.inputs.keys.get(&KeyName { provider, region, name: Arc::from(name) })
        };
        let facts = Facts {
            declared: &instance.declared,
            desired: &desired,
            live: &live,
            recorded: recorded.map(|it| &it.values),
            region: region.as_deref(),
            account: self.inputs.accounts.get(&instance.provider).map(|it| &**it),
            names: &keys,
            key: &answer,
        };
        let unknown_to_us = (unknown.as_slice(), action == Action::Update);
        let fine = self.findings.of(ty, instance, block, &facts, unknown_to_us);
        let lifecycle = block.map(|block| &block.lifecycle);
        let prevent_destroy = lifecycle.is_some_and(|it| it.prevent_destroy);
        let forget_on_destroy = lifecycle.is_some_and(|it| it.forget_on_destroy);
        let timeout = block.and_then(|block| match recorded {
            None => block.timeouts.create,
            Some(_) => block.timeouts.update,
        });
        let request = ty.request(&instance.declared);
        let record = action == Action::NoOp
            && recorded.is_some_and(|recorded| {
                previous.is_some()
                    || !ty.differences(&recorded.values, &desired, &keys).is_empty()
                    || recorded.provider != *instance.provider
                    || recorded.depends_on != depends_on
                    || recorded.prevent_destroy != prevent_destroy
                    || recorded.forget_on_destroy != forget_on_destroy
                    || recorded.owner != owner_in(&request)
                    || recorded.region.as_deref() != region.as_deref()
            });
        let step = Step {
            action,
            reason: None,
            provider: Arc::clone(&instance.provider),
            identity,
            region,
            request,
            weakening: ty.weakening(&live, &desired, &keys),
            terms: Terms {
                notes: ty.notes(&live, &desired, false, &keys),
                unknown,
                allow_weakening: lifecycle.is_some_and(|it| it.allow_weakening),
                forget_on_destroy,
                timeout: timeout.map(milliseconds),
                keys,
            },
            before: Some(live),
            sensitive: paths_of_secrets(&desired),
            after: Some(desired),
            changes,
            drift,
            follows,
            known: recorded.is_some(),
            record,
            after_blocks: depends_on.clone(),
            depends_on,
            prevent_destroy,
            previous,
            import: import.map(|id| Arc::clone(id)),
            address: address.clone(),
        };
        self.take(step, fine);
    }

    /// A step for what is recorded and no longer declared, or declared for another bucket.
    fn recorded(&mut self, address: &Address, kept: &Kept<'a>, diagnostics: &mut Diagnostics) {
        let recorded = kept.recorded;
        let Some(ty) = resource::find(&address.resource.ty) else {
            diagnostics.push(unknown_type(address));
            return;
        };
        if !self.selected(address) {
            return;
        }
        let declared = self.instance(address).and_then(|now| ty.identity(&now.declared));
        if !self.inputs.destroy && declared.as_deref() == Some(&*recorded.identity) {
            return;
        }
        let reason = if let Some(holder) = self.other_holder(address, recorded) {
            Reason::MovedTo { to: Box::new(holder.clone()) }
        } else if self.inputs.destroy {
            Reason::Destroy
        } else {
            match declared {
                Some(to) => Reason::IdentityChanged { to },
                None if self.removals.forgets(address) => Reason::Removed,
                None => Reason::NotInConfiguration,
            }
        };
        let block = self.inputs.config.block(&address.resource);
        let lifecycle = block.map(|block| &block.lifecycle);
        let prevented = lifecycle.map_or(recorded.prevent_destroy, |it| it.prevent_destroy);
        let forgotten = lifecycle.map_or(recorded.forget_on_destroy, |it| it.forget_on_destroy);
        let only_forgets = matches!(reason, Reason::MovedTo { .. } | Reason::Removed);
        let provider: Arc<str> = Arc::from(recorded.provider.as_str());
        let live = (self.inputs.live)(&provider, &recorded.identity);
        // Of a bucket that is gone, nothing is left to be kept.
        if prevented && !only_forgets && live != Live::Gone {
            diagnostics.push(prevented_destroy(address, &reason, block));
            self.unplanned.push(address.clone());
            return;
        }
        let reason = if forgotten && !only_forgets { Reason::OnDestroy } else { reason };
        let live = match live {
            Live::Settings(Observed { settings, region, unknown }) => {
                let settings = as_secret_as(&recorded.values, settings);
                Live::Settings(Observed { settings, region, unknown })
            }
            Live::Gone | Live::Unreadable => live,
        };
        let mut unknown = Vec::new();
        // Nothing is asked for what goes, but where its record and what is live may differ by the
        // spelling of a key alone; what is known from elsewhere counts.
        let keys = match &live {
            Live::Settings(Observed { settings, region, unknown: _ }) => {
                let names = ty.keys(settings).into_iter().chain(ty.keys(&recorded.values));
                KeyNames::of(self.inputs.keys, &provider, region.as_ref(), names)
            }
            Live::Gone | Live::Unreadable => KeyNames::default(),
        };
        let (action, reason, before, after) = match (reason, live) {
            (reason @ (Reason::MovedTo { .. } | Reason::Removed | Reason::OnDestroy), _) => {
                (Action::Forget, reason, None, None)
            }
            (_, Live::Unreadable) => {
                self.unplanned.push(address.clone());
                return;
            }
            (_, Live::Gone) => (Action::Forget, Reason::Gone, None, None),
            (reason, Live::Settings(Observed { settings: live, region: _, unknown: found })) => {
                unknown = found;
                let after = ty.reset(&recorded.identity, &live);
                if !ty.differences(&live, &after, &keys).is_empty() {
                    (Action::Reset, reason, Some(live), Some(after))
                } else if unknown.is_empty() {
                    (Action::Forget, Reason::AlreadyReset, Some(live), None)
                } else {
                    (Action::Forget, Reason::UnknownLeft, Some(live), None)
                }
            }
        };
        let changes = match (&before, &after) {
            (Some(before), Some(after)) => changes_between(ty, before, after, &keys),
            _ => Vec::new(),
        };
        let (weakening, notes) = match (&before, &after) {
            (Some(before), Some(after)) => {
                (ty.weakening(before, after, &keys), ty.notes(before, after, true, &keys))
            }
            _ if reason == Reason::UnknownLeft => {
                let left = listed(&unknown);
                (None, vec![format!("this version of Sealform does not know, and leaves: {left}")])
            }
            _ => (None, Vec::new()),
        };
        let ours = |live: &&Value| {
            self.unfinished.explains(ty, (&provider, &recorded.identity), live, &keys)
        };
        let drift = before
            .as_ref()
            .filter(|live| !ours(live))
            .map_or_else(Vec::new, |live| changes_between(ty, &recorded.values, live, &keys));
        let timeout = block.and_then(|block| block.timeouts.delete).map(milliseconds);
        if action != Action::Reset {
            unknown.clear();
        }
        let fine =
            unknown.is_empty() || block.is_some_and(|block| block.lifecycle.allow_unknown_loss);
        if !fine {
            diagnostics.push(lost_by_reset(address, &unknown));
        }
        // Whatever referred to this block goes first.
        let dependents = self.dependents.get(&address.resource.block());
        let step = Step {
            address: address.clone(),
            previous: kept.previous.cloned(),
            import: None,
            action,
            reason: Some(reason),
            provider,
            identity: Arc::from(recorded.identity.as_str()),
            region: recorded_region(recorded),
            request: self.removal_request(address, recorded),
            before,
            after,
            sensitive: Vec::new(),
            changes,
            drift,
            follows: Vec::new(),
            known: true,
            weakening,
            record: false,
            after_blocks: dependents
                .into_iter()
                .flatten()
                .map(|block| block.instance(InstanceKey::None))
                .collect(),
            depends_on: recorded.depends_on.clone(),
            prevent_destroy: false,
            terms: Terms {
                notes,
                unknown,
                timeout,
                // A block that stays speaks for the buckets that it leaves, too.
                allow_weakening: lifecycle.is_some_and(|it| it.allow_weakening)
                    && action == Action::Reset,
                keys: if action == Action::Reset { keys } else { KeyNames::default() },
                ..Terms::default()
            },
        };
        self.take(step, fine);
    }

    /// Takes note of what `import` blocks say, and reports what cannot be.
    fn imports(&mut self, diagnostics: &mut Diagnostics) {
        for import in &self.inputs.evaluation.imports {
            let eval::Import { address, id, span } = import;
            let Some(instance) = self.instance(address) else {
                let detail = format!(
                    "The configuration does not declare {address}. Add its `resource` block, or \
                     remove the `import`."
                );
                diagnostics.push(Diagnostic::error("Import of nothing", detail).at(*span));
                continue;
            };
            let ty = resource::find(&address.resource.ty);
            let declared = ty.and_then(|ty| ty.identity(&instance.declared));
            // As in Terraform, the owner's account may stand behind a comma.
            let name = id.split_once(',').map_or(&**id, |(name, _)| name);
            match declared {
                Some(declared) if *declared != *name => {
                    let detail = format!(
                        "{address} declares the bucket {declared:?}, and the `import` names {name:?}."
                    );
                    diagnostics
                        .push(Diagnostic::error("Import of another bucket", detail).at(*span));
                }
                Some(_) | None => {
                    self.imports.insert(address, id);
                }
            }
        }
    }

    /// The provider and the identity of what is declared, or else recorded, at an address.
    fn object(&self, address: &Address) -> Option<(Arc<str>, Arc<str>)> {
        let declared = self.instance(address).and_then(|instance| {
            let identity = resource::find(&address.resource.ty)?.identity(&instance.declared)?;
            Some((Arc::clone(&instance.provider), identity))
        });
        declared.or_else(|| {
            let recorded = self.kept.get(address)?.recorded;
            Some((recorded.provider.as_str().into(), recorded.identity.as_str().into()))
        })
    }

    /// The instance that the configuration declares at an address.
    fn instance(&self, address: &Address) -> Option<&'a Instance> {
        let at = self.instances.binary_search_by(|it| it.address.cmp(address)).ok()?;
        self.instances.get(at).copied()
    }

    /// Another address that has the bucket recorded here: it is declared there, or, after a run that
    /// was stopped between two records, recorded there too.
    fn other_holder(&self, address: &Address, recorded: &'a Recorded) -> Option<&'a Address> {
        let bucket = (recorded.identity.as_str(), recorded.provider.as_str());
        let recorder = || self.recorders.get(&bucket).copied().filter(|it| *it != address);
        if self.inputs.destroy {
            return recorder();
        }
        let identity: Arc<str> = Arc::from(bucket.0);
        let here = self.holders.get(&(Arc::clone(&identity), bucket.1)).copied();
        // By another provider it most likely is the same bucket, under an alias of another name;
        // but not at another endpoint. What provider is not configured any more is not known.
        let there = self.inputs.providers.get(bucket.1).map(endpoint);
        let same_place = |provider: &str| {
            there.is_none() || self.inputs.providers.get(provider).map(endpoint) == there
        };
        let elsewhere = || {
            let from = self.holders.range((Arc::clone(&identity), "")..);
            let mut same = from.take_while(|((it, _), _)| **it == *identity);
            same.find(|((_, provider), _)| same_place(provider)).map(|(_, address)| *address)
        };
        here.or_else(elsewhere).or_else(recorder)
    }

    /// What goes along with a reset: as declared where the bucket still is (`destroy`).
    fn removal_request(&self, address: &Address, recorded: &Recorded) -> Value {
        let declared = self.instance(address).map(|instance| &instance.declared);
        let ty = resource::find(&address.resource.ty);
        match (ty, declared) {
            (Some(ty), Some(declared))
                if ty.identity(declared).as_deref() == Some(&*recorded.identity) =>
            {
                ty.request(declared)
            }
            (Some(ty), _) => recorded_request(ty, recorded),
            (None, _) => Value::NULL,
        }
    }
}

/// The Region that is recorded.
fn recorded_region(recorded: &Recorded) -> Option<Arc<str>> {
    recorded.region.as_deref().map(Arc::from)
}

/// Where a provider finds its buckets, if that is not AWS itself.
fn endpoint(settings: &serde_json::Value) -> Option<&str> {
    settings.pointer("/endpoints/s3")?.as_str()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The wanted settings with every ignored attribute as it is live.
fn ignoring(ty: &dyn ResourceType, block: &Resource, desired: Value, live: &Value) -> Value {
    match &block.lifecycle.ignore_changes {
        IgnoreChanges::Paths(paths) if paths.is_empty() => desired,
        ignored => ty.keeping(desired, live, &|path| ignored.covers(path)),
    }
}

/// What differs, leaf by leaf.
pub fn changes_between(
    ty: &dyn ResourceType,
    before: &Value,
    after: &Value,
    keys: &KeyNames,
) -> Vec<Change> {
    ty.differences(before, after, keys)
        .into_iter()
        .map(|path| {
            let at = |settings: &Value| {
                let value = resource::leaf(settings, &path).cloned();
                value.unwrap_or(Value::NULL)
            };
            let (before, after) = (at(before), at(after));
            let hidden = |value: &Value| value.any(&|part| part.is_sensitive());
            Change { sensitive: hidden(&before) || hidden(&after), before, after, path }
        })
        .collect()
}

fn paths_of_secrets(settings: &Value) -> Vec<AttrPath> {
    settings.sensitive_paths().into_iter().map(AttrPath::from_iter).collect()
}

/// Live settings with what is recorded as never to be shown marked so: S3 knows no secrets.
fn as_secret_as(recorded: &Value, live: Value) -> Value {
    recorded.sensitive_paths().iter().fold(live, |live, path| live.mark_at(path))
}
