//! The three-way comparison: configuration, recorded, live.

mod declared;
mod removed;
mod selection;

pub use self::selection::Selection;

use super::findings::Findings;
use super::moves::{self, Kept, Removals};
use super::outputs::outputs;
use super::unfinished::Unfinished;
use super::{Change, Plan, Step};
use crate::addr::{Address, InstanceKey, ResourceAddr};
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::eval::{self, Evaluation, Instance};
use crate::resource::{self, KeyNames, Keys, Observed, ResourceType};
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
    let refusals = findings.report(diagnostics);
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
        refusals,
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
}

/// Blocks, as addresses that a step names.
fn instances(blocks: Option<&BTreeSet<ResourceAddr>>) -> Vec<Address> {
    let blocks = blocks.into_iter().flatten();
    blocks.map(|block| block.instance(InstanceKey::None)).collect()
}

/// The Region that is recorded.
fn recorded_region(recorded: &Recorded) -> Option<Arc<str>> {
    recorded.region.as_deref().map(Arc::from)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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

/// Live settings with what is recorded as never to be shown marked so: S3 knows no secrets.
fn as_secret_as(recorded: &Value, live: Value) -> Value {
    recorded.sensitive_paths().iter().fold(live, |live, path| live.mark_at(path))
}
