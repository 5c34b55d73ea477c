//! What `drift` does beyond planning: comparing with the state alone, and recording what was seen.

use super::VERSION;
use super::held::Held;
use super::options::{PlanOptions, Setup};
use super::project::Project;
use super::readings::{Reading, Readings};
use super::run::Run;
use super::sandboxed::{prepare, start, world_of};
use crate::addr::Address;
use crate::diag::{Diagnostic, Diagnostics};
use crate::eval::Evaluation;
use crate::event::{Event, Reporter};
use crate::plan::{Action, Plan, Step, Terms, Unfinished, changes_between};
use crate::provider::aws::Settings;
use crate::resource::{self, KeyAnswer, KeyNames, Keys, Observed};
use crate::state::Recorded;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Run {
    /// A run without a configuration: what is recorded alone says what there is. Its providers have
    /// the settings that the environment gives.
    pub async fn open_state(
        project: &Project,
        setup: &Setup,
        reporter: &mut dyn Reporter,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let held = Held::take(project, setup, reporter, diagnostics).await?;
        let Some(state) = &held.state else {
            diagnostics.push(Diagnostic::error(
                "No state",
                format!(
                    "There is no state at {}, so that there is nothing to compare with. Work in the \
                     directory of the configuration whose state it is, or name a file that has a \
                     state with `--from-state=FILE`.",
                    held.backend.place()
                ),
            ));
            return None;
        };
        let used = state.resources.values().map(|it| Arc::from(it.provider.as_str()));
        let used: BTreeSet<Arc<str>> = used.collect();
        let aliased: Vec<&str> = used.iter().map(|it| &**it).filter(|it| *it != "aws").collect();
        if !aliased.is_empty() {
            let detail = format!(
                "The state alone does not tell the settings of {}: the credentials and the Region \
                 of the environment are used. Work with the configuration where that is wrong.",
                aliased.join(", ")
            );
            diagnostics.push(Diagnostic::warning("Unknown provider settings", detail));
        }
        let mut settings: BTreeMap<Arc<str>, Settings> =
            used.into_iter().map(|address| (address, Settings::default())).collect();
        let sandbox = match &setup.sandbox {
            None => None,
            Some(options) => {
                let started = match world_of(&project.dir, options) {
                    Ok(world) => start(world, options).await,
                    Err(fault) => Err(fault),
                };
                Some(started.map_err(|fault| diagnostics.push(fault)).ok()?)
            }
        };
        prepare(&mut settings, setup, sandbox.as_ref());
        Some(Self::new(held, settings, sandbox, setup))
    }

    /// Reads what is recorded and says how it differs: a plan that does nothing.
    pub async fn compare_with_state(
        &mut self,
        project: &Project,
        options: &PlanOptions,
        reporter: &mut dyn Reporter,
        diagnostics: &mut Diagnostics,
    ) -> Plan {
        let nothing = Evaluation::default();
        self.check_selection(&nothing, options, diagnostics);
        let mut world = Readings::default();
        let targets = self.targets(project, &nothing, options, &world);
        self.read(targets, options, &mut world, reporter).await;
        // An alias that is recorded and the key that is live may be the same.
        Box::pin(self.ask_keys(&nothing, options, &mut world)).await;
        for error in world.broken.values() {
            diagnostics.push(error.clone());
        }
        let mut plan = Plan {
            tool_version: VERSION.to_owned(),
            lineage: self.state.as_ref().map(|state| state.lineage.clone()),
            serial: self.state.as_ref().map_or(0, |state| state.serial),
            ..Plan::default()
        };
        let unfinished = Unfinished::new(&self.unfinished);
        let nothing = BTreeSet::new();
        let mut doubts = Vec::new();
        for (address, recorded) in self.state.iter().flat_map(|state| &state.resources) {
            let Recorded { identity, provider, .. } = recorded;
            if !options.selection.includes(address, &nothing) || !options.holds(provider, identity)
            {
                continue;
            }
            match world.get(provider, identity) {
                Some(Reading::Settings(live) | Reading::Remembered(live)) => {
                    let step = step(address, recorded, live, &world.keys, &unfinished);
                    doubts.extend(
                        step.as_ref().filter(|it| is_doubtful(it, recorded)).map(|_| address),
                    );
                    plan.steps.extend(step);
                    continue;
                }
                Some(Reading::Gone(error) | Reading::Failed(error) | Reading::GivenUp(error)) => {
                    diagnostics.push(error.clone().of(address));
                }
                Some(Reading::NoProvider) | None => {}
            }
            let object = (provider.as_str().into(), identity.as_str().into());
            plan.lost.insert(address.clone(), object);
            plan.unplanned.push(address.clone());
        }
        plan.accounts = self.known_accounts();
        diagnostics.extend(unfinished.warnings());
        diagnostics.extend(doubt(&doubts, &world.keys));
        reporter.report(&Event::Planned { plan: &plan });
        plan
    }
}

/// A step that does nothing and has the drift.
fn step(
    address: &Address,
    recorded: &Recorded,
    observed: &Observed,
    asked: &Keys,
    unfinished: &Unfinished<'_>,
) -> Option<Step> {
    let ty = resource::find(&address.resource.ty)?;
    let object = (&*recorded.provider, &*recorded.identity);
    let names = ty.keys(&observed.settings).into_iter().chain(ty.keys(&recorded.values));
    let provider: Arc<str> = Arc::from(object.0);
    let keys = KeyNames::of(asked, &provider, observed.region.as_ref(), names);
    // What a run of ours has left half done is nobody else's doing.
    let ours = unfinished.explains(ty, object, &observed.settings, &keys);
    let secret = recorded.values.sensitive_paths();
    let live = observed.settings.clone();
    let live = secret.iter().fold(live, |live, path| live.mark_at(path));
    Some(Step {
        address: address.clone(),
        previous: None,
        import: None,
        action: Action::NoOp,
        reason: None,
        provider,
        identity: recorded.identity.as_str().into(),
        request: Value::NULL,
        drift: if ours { Vec::new() } else { changes_between(ty, &recorded.values, &live, &keys) },
        before: Some(live),
        after: None,
        sensitive: Vec::new(),
        changes: Vec::new(),
        follows: Vec::new(),
        recorded: None,
        known: true,
        weakening: None,
        record: false,
        after_blocks: Vec::new(),
        depends_on: Vec::new(),
        prevent_destroy: recorded.prevent_destroy,
        region: observed.region.clone(),
        terms: Terms { keys, ..Terms::default() },
    })
}

/// Whether it takes KMS to say if an object is as it is recorded, and KMS has not told.
fn is_doubtful(step: &Step, recorded: &Recorded) -> bool {
    let ty = resource::find(&step.address.resource.ty);
    let live = step.before.as_ref();
    ty.zip(live).is_some_and(|(ty, live)| {
        !step.drift.is_empty() && ty.is_doubtful(&recorded.values, live, &step.terms.keys)
    })
}

/// Tells what rests on how names of keys are spelled.
fn doubt(addresses: &[&Address], asked: &Keys) -> Option<Diagnostic> {
    let first = addresses.first()?;
    let more = match addresses.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let why = asked.iter().find_map(|(_, answer)| match answer {
        KeyAnswer::Untold(why) | KeyAnswer::Missing(why) => {
            Some(format!(" KMS says: {}", why.trim()))
        }
        KeyAnswer::Found(_) => None,
    });
    // What KMS says tells how to mend it.
    let mend = if why.is_some() { "" } else { " Allow `kms:DescribeKey` to have it told." };
    let why = why.unwrap_or_default();
    Some(Diagnostic::warning(
        "Aliases compared by spelling",
        format!(
            "KMS did not tell which keys aliases point to.{why} Names are compared by their spelling, \
             which makes a difference for {first}{more}: of an alias and a key, either may be the \
             other, and this is told as drift.{mend}"
        ),
    ))
}
