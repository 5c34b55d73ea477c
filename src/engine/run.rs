//! A run against the live world: lock, read, plan, apply.

use super::VERSION;
use super::check::{Checked, Known};
use super::held::{Held, release, unreleased};
use super::options::{PlanOptions, Recording, Setup};
use super::project::Project;
use super::readings::{Datum, Reading, Readings, is_known, known_places};
use super::sandboxed::{prepare, seed, start, world_of};
use super::targets::check_targets;
use crate::addr::Address;
use crate::apply;
use crate::diag::{self, Diagnostic, Diagnostics};
use crate::eval::{Evaluation, Instance};
use crate::event::{Event, Outcome, Reporter};
use crate::plan::{self, Inputs, Plan, Step};
use crate::provider::aws::{Aws, Settings};
use crate::provider::{ErrorKind, Provider as _, ProviderError, Query, Target};
use crate::refresh::{self, Remembered};
use crate::resource::{self, Observed};
use crate::sandbox::Sandbox;
use crate::state::{Backend, Change, Guard, Intent, Local, Recorded, StateError, StateFile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A run: the state locked and read, the providers ready to be connected.
pub struct Run {
    pub(super) state: Option<StateFile>,
    /// What runs that ended before their time were about to write.
    pub(super) unfinished: Vec<Intent>,
    pub(super) backend: Backend,
    pub(super) lock: Option<Guard>,
    pub(super) settings: BTreeMap<Arc<str>, Settings>,
    pub(super) provider: Arc<Aws>,
    sandbox: Option<Sandbox>,
    /// What the last plan read.
    readings: Readings,
    /// The lock could not be given back.
    unreleased: Option<Diagnostic>,
}

impl Run {
    /// Locks and reads the state, and starts the sandbox where one is asked for.
    pub async fn open(
        project: &Project,
        checked: &Checked,
        setup: &Setup,
        reporter: &mut dyn Reporter,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        // The state's lock comes first: whoever waits is told who holds it.
        let held = Box::pin(Held::take(project, setup, reporter, diagnostics)).await?;
        let mut settings = checked.providers.clone();
        let sandbox = match &setup.sandbox {
            None => None,
            Some(options) => {
                let world = report(world_of(&project.dir, options), diagnostics)?;
                let seeded = seed(&world, &checked.evaluation, &settings);
                let buckets = report(seeded, diagnostics)?;
                if buckets > 0 {
                    reporter.report(&Event::Seeded { buckets });
                }
                Some(report(start(world, options).await, diagnostics)?)
            }
        };
        prepare(&mut settings, setup, sandbox.as_ref());
        Some(Self::new(held, settings, sandbox, setup))
    }

    /// As [`Run::open`], for carrying out a plan that a file holds.
    pub async fn open_for(
        project: &Project,
        plan: &Plan,
        setup: &Setup,
        reporter: &mut dyn Reporter,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let mut settings = BTreeMap::new();
        for (address, json) in &plan.providers {
            match serde_json::from_value::<Settings>(json.clone()) {
                Ok(read) => {
                    settings.insert(Arc::clone(address), read);
                }
                Err(error) => {
                    diagnostics.push(Diagnostic::error(
                        "Unusable plan",
                        format!(
                            "The plan's settings of the provider {address} are damaged: \
                                 {error}. Plan again."
                        ),
                    ));
                    return None;
                }
            }
        }
        if settings.values().any(|it| it.sandbox) != setup.sandbox.is_some() {
            diagnostics.push(Diagnostic::error(
                "Plan of another world",
                if setup.sandbox.is_some() {
                    "The plan was made for AWS. Leave --sandbox away, or plan again with it."
                } else {
                    "The plan was made on the sandbox. Say --sandbox, or plan again without it."
                },
            ));
            return None;
        }
        let held = Box::pin(Held::take(project, setup, reporter, diagnostics)).await?;
        let lineage = held.state.as_ref().map(|state| state.lineage.as_str());
        let serial = held.state.as_ref().map_or(0, |state| state.serial);
        let stale = match (lineage, plan.lineage.as_deref()) {
            (Some(now), Some(then)) if now != then => Some(format!(
                "The plan was made for another state (lineage {then}), and this one has lineage \
                 {now}. Plan again, in the right directory."
            )),
            (Some(_), None) => Some(
                "The plan was made when there was no state, and there is one now. Plan again."
                    .to_owned(),
            ),
            (None, Some(_)) => Some(
                "The plan was made for a state that is not here any more. Plan again.".to_owned(),
            ),
            _ if serial != plan.serial => Some(format!(
                "The state has changed since: it has serial {serial}, and the plan saw {}. Plan \
                 again.",
                plan.serial
            )),
            _ => None,
        };
        if let Some(detail) = stale {
            diagnostics.push(Diagnostic::error("Saved plan is stale", detail));
            held.release().await;
            return None;
        }
        let sandbox = match &setup.sandbox {
            None => None,
            Some(options) => {
                let world = report(world_of(&project.dir, options), diagnostics)?;
                Some(report(start(world, options).await, diagnostics)?)
            }
        };
        prepare(&mut settings, setup, sandbox.as_ref());
        Some(Self::new(held, settings, sandbox, setup))
    }

    pub(super) fn new(
        held: Held,
        settings: BTreeMap<Arc<str>, Settings>,
        sandbox: Option<Sandbox>,
        setup: &Setup,
    ) -> Self {
        let Held { state, unfinished, backend, lock } = held;
        let provider = Arc::new(Aws::new(settings.clone()));
        if let Some(limit) = setup.patience {
            provider.give_up_after(limit);
        }
        let readings = Readings::default();
        let unreleased = None;
        Self { state, unfinished, backend, lock, settings, provider, sandbox, readings, unreleased }
    }

    /// Reads what is live and decides what is to be done. There is no plan where a data source
    /// could not be read, or where what was read makes the configuration a faulty one: what is
    /// declared is then not known, and what is not declared would be taken back.
    pub async fn plan(
        &mut self,
        project: &Project,
        checked: &Checked,
        options: &PlanOptions,
        reporter: &mut dyn Reporter,
        diagnostics: &mut Diagnostics,
    ) -> Option<Plan> {
        let mut world = Readings::default();
        let plan = self.plan_in(&mut world, project, checked, options, reporter, diagnostics).await;
        self.readings = world;
        plan
    }

    /// What the last plan read.
    pub(super) fn known(&self) -> &dyn Known {
        &self.readings
    }

    async fn plan_in(
        &self,
        world: &mut Readings,
        project: &Project,
        checked: &Checked,
        options: &PlanOptions,
        reporter: &mut dyn Reporter,
        diagnostics: &mut Diagnostics,
    ) -> Option<Plan> {
        self.check_selection(&checked.evaluation, options, diagnostics);
        let mut evaluation = None;
        // What depends on live values or on data sources is evaluated again once they are known,
        // until that names nothing further to read. Most configurations are read in one round.
        loop {
            let current = evaluation.as_ref().unwrap_or(&checked.evaluation);
            let queries = world.new_queries(current);
            let targets = self.targets(project, current, options, world);
            let first = world.by_provider.is_empty();
            if targets.is_empty() && queries.is_empty() && !first {
                break;
            }
            let asked = !queries.is_empty();
            self.query(queries, options, world).await;
            self.read(targets, options, world, reporter).await;
            if !asked && is_known(current) {
                break;
            }
            world.note_owners(current);
            let before = diagnostics.len();
            let next = project.check_again(world, &checked.providers, diagnostics);
            if diagnostics.iter().skip(before).any(Diagnostic::is_error) {
                diag::sort(diagnostics);
                return None;
            }
            if let Some(sandbox) = &self.sandbox
                && asked
                && let Err(fault) = seed(sandbox.world(), &next, &self.settings)
            {
                diagnostics.push(fault);
                return None;
            }
            evaluation = Some(next);
        }
        let evaluation = evaluation.as_ref().unwrap_or(&checked.evaluation);
        let whole = self.report_unread(project, evaluation, world, diagnostics);
        if whole {
            Box::pin(self.ask_keys(evaluation, options, world)).await;
        }
        self.report_failures(project, evaluation, options, world, diagnostics);
        if !whole {
            diag::sort(diagnostics);
            return None;
        }
        let live = |provider: &str, identity: &str| world.live(provider, identity);
        let mut plan = plan::make(
            &Inputs {
                config: &project.config,
                evaluation,
                dependencies: &project.dependencies,
                recorded: self.state.as_ref(),
                unfinished: &self.unfinished,
                live: &live,
                keys: &world.keys,
                accounts: &world.accounts,
                selection: &options.selection,
                destroy: options.destroy,
                providers: self
                    .settings
                    .iter()
                    .filter_map(|(address, settings)| {
                        Some((Arc::clone(address), serde_json::to_value(settings).ok()?))
                    })
                    .collect(),
                tool_version: VERSION,
            },
            diagnostics,
        );
        if options.share.is_some() {
            plan.steps.retain(|step| options.holds(&step.provider, &step.identity));
            let lost = &plan.lost;
            plan.unplanned.retain(|address| {
                lost.get(address).is_none_or(|(provider, bucket)| options.holds(provider, bucket))
            });
        }
        plan.accounts = self.known_accounts();
        diag::sort(diagnostics);
        reporter.report(&Event::Planned { plan: &plan });
        Some(plan)
    }

    /// Carries out a plan and records it.
    ///
    /// # Errors
    /// The state could not be opened; nothing was done. Where it could not be written, the outcome
    /// tells it.
    pub async fn apply(
        &mut self,
        plan: &Plan,
        parallelism: usize,
        stop: &apply::Stop,
        reporter: &mut dyn Reporter,
    ) -> Result<Outcome, StateError> {
        let mut open = self.backend.open(self.lock.take(), VERSION).await?;
        if let Some(fence) = open.fence() {
            self.provider.guard(fence);
        }
        // Who loses the lock stops as if asked to; nothing is sent any more by then.
        let (lost, asked) = (open.lost(), stop.clone());
        let watching = tokio::spawn(async move {
            lost.await;
            asked.ask();
        });
        let intents = plan.steps.iter().filter(|step| step.calls()).filter_map(Step::intent);
        if let Err(error) = open.announce(intents).await {
            self.unreleased = open.close().await.err().map(|error| unreleased(&error));
            return Err(error);
        }
        let session = open.session();
        let mut outcome =
            apply::apply(&self.provider, plan, session, parallelism, stop, reporter).await;
        watching.abort();
        if let Err(error) = open.save().await {
            outcome.unrecorded.get_or_insert(error);
            outcome.rescue = open.session().rescue().map(Box::new);
        }
        self.state = Some(open.state().clone());
        self.unreleased = open.close().await.err().map(|error| unreleased(&error));
        Ok(outcome)
    }

    /// Records what the plan found to be live; nothing else is changed. Tells which records were
    /// brought up to date, and which were dropped.
    ///
    /// # Errors
    /// The state could not be written.
    pub async fn record_live(
        &mut self,
        plan: &Plan,
        recording: Recording,
    ) -> Result<(Vec<Address>, Vec<Address>), StateError> {
        let dry_run = recording == Recording::DryRun;
        let stand_in = Local::in_memory();
        if dry_run && let Some(state) = &self.state {
            let mut session = stand_in.session(None, VERSION)?;
            session.overwrite(state.clone())?;
            session.save()?;
        }
        let mut open = if dry_run {
            Backend::Local(stand_in).open(None, VERSION).await?
        } else {
            self.backend.open(self.lock.take(), VERSION).await?
        };
        let session = open.session();
        let (mut updated, mut gone) = (Vec::new(), Vec::new());
        for step in &plan.steps {
            let address = step.previous.as_ref().unwrap_or(&step.address);
            let Some(recorded) = session.state().resources.get(address).cloned() else { continue };
            let Some(ty) = resource::find(&address.resource.ty) else { continue };
            if *recorded.identity != *step.identity {
                continue;
            }
            if let Some(live) = &step.before
                && !ty.differences(&recorded.values, live, &step.terms.keys).is_empty()
            {
                let recorded = Recorded { values: live.clone(), ..recorded };
                session.record(Change::Set { address: address.clone(), recorded })?;
                updated.push(address.clone());
            }
            if step.before.is_some() {
                session.settle(&step.provider, &step.identity)?;
            }
        }
        if recording != Recording::Present {
            // What is still declared has no step where its bucket is gone.
            let is_gone = |it: &Recorded| {
                matches!(self.readings.get(&it.provider, &it.identity), Some(Reading::Gone(_)))
            };
            let recorded = session.state().resources.iter();
            gone.extend(recorded.filter(|(_, it)| is_gone(it)).map(|(address, _)| address.clone()));
            for address in &gone {
                session.record(Change::Remove { address: address.clone() })?;
            }
        }
        open.save().await?;
        self.state = Some(open.state().clone());
        self.unreleased = open.close().await.err().map(|error| unreleased(&error));
        Ok((updated, gone))
    }

    /// The account of each provider, where this run has found it out. Asks for nothing.
    pub(super) fn known_accounts(&self) -> BTreeMap<Arc<str>, String> {
        let known = self.settings.keys().filter_map(|address| {
            Some((Arc::clone(address), self.provider.known_account(address)?))
        });
        known.collect()
    }

    /// What is recorded.
    pub fn state(&self) -> Option<&StateFile> {
        self.state.as_ref()
    }

    /// Ends the run: the sandbox is stopped, the lock is given back. Tells where the lock could not be.
    pub async fn close(self) -> Option<Diagnostic> {
        let unreleased = release(self.lock).await;
        drop(self.provider);
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        unreleased.or(self.unreleased)
    }

    pub(super) fn check_selection(
        &self,
        evaluation: &Evaluation,
        options: &PlanOptions,
        diagnostics: &mut Diagnostics,
    ) {
        let selection = &options.selection;
        if !selection.is_partial() {
            return;
        }
        let known: BTreeSet<&Address> = evaluation
            .instances
            .iter()
            .map(|instance| &instance.address)
            .chain(self.state.iter().flat_map(|state| state.resources.keys()))
            .collect();
        let all = selection.targets.iter().chain(&selection.excludes);
        check_targets(all, &known, diagnostics);
        diagnostics.push(Diagnostic::warning(
            "Partial plan",
            "--target and --exclude leave something out. Plan without them before you rely on it \
             that nothing else is to be done.",
        ));
    }

    /// What is to be read and has not been.
    pub(super) fn targets(
        &self,
        project: &Project,
        evaluation: &Evaluation,
        options: &PlanOptions,
        world: &Readings,
    ) -> Vec<Target> {
        let selection = &options.selection;
        let needed = selection.needed_blocks(&project.dependencies, &evaluation.instances);
        let mut targets: BTreeMap<(Arc<str>, Arc<str>), Target> = BTreeMap::new();
        let mut add = |target: Target| {
            let (provider, identity) = (&target.provider, &target.identity);
            if !world.has(provider, identity) && options.holds(provider, identity) {
                targets
                    .entry((Arc::clone(&target.provider), Arc::clone(&target.identity)))
                    .or_insert(target);
            }
        };
        for instance in &evaluation.instances {
            let address = &instance.address;
            let Some(ty) = resource::find(&address.resource.ty) else { continue };
            let Some(identity) = ty.identity(&instance.declared) else { continue };
            if !selection.includes(address, &needed) {
                continue;
            }
            add(Target {
                ty: Arc::clone(&address.resource.ty),
                provider: Arc::clone(&instance.provider),
                identity,
                request: ty.request(&instance.declared),
            });
        }
        for (address, recorded) in self.state.iter().flat_map(|state| &state.resources) {
            let Some(ty) = resource::find(&address.resource.ty) else { continue };
            if !selection.includes(address, &needed) {
                continue;
            }
            add(Target {
                ty: Arc::clone(&address.resource.ty),
                provider: Arc::from(recorded.provider.as_str()),
                identity: Arc::from(recorded.identity.as_str()),
                request: plan::recorded_request(ty, recorded),
            });
        }
        targets.into_values().collect()
    }

    /// Reads targets, or takes what is recorded for them.
    pub(super) async fn read(
        &self,
        targets: Vec<Target>,
        options: &PlanOptions,
        world: &mut Readings,
        reporter: &mut dyn Reporter,
    ) {
        let mut remembered: BTreeMap<(&str, &str), &Recorded> = BTreeMap::new();
        if !options.refresh {
            for recorded in self.state.iter().flat_map(|state| state.resources.values()) {
                let key = (recorded.provider.as_str(), recorded.identity.as_str());
                remembered.insert(key, recorded);
            }
        }
        let mut open = Vec::new();
        for target in targets {
            match remembered.get(&(&*target.provider, &*target.identity)) {
                Some(recorded) => {
                    let region = recorded.region.as_deref().map(Arc::from);
                    let observed = Observed { region, ..Observed::of(recorded.values.clone()) };
                    world.note(&target, Reading::Remembered(observed));
                }
                None => open.push(target),
            }
        }
        self.connect(known_places(self.state.as_ref(), &open), world).await;
        let (open, lost): (Vec<Target>, Vec<Target>) =
            open.into_iter().partition(|target| !world.broken.contains_key(&target.provider));
        for target in lost {
            world.note(&target, Reading::NoProvider);
        }
        let mut answers =
            refresh::refresh(&self.provider, open, options.parallelism, reporter).await;
        self.join_outages(&mut answers);
        let is_given_up = |error: &ProviderError| error.kind == ErrorKind::Outage;
        // How many by what is told: each service that was given up is told once.
        let mut given_up: BTreeMap<String, usize> = BTreeMap::new();
        for error in answers.iter().filter_map(|(_, answer)| answer.as_ref().err()) {
            if is_given_up(error) {
                *given_up.entry(error.detail.clone()).or_default() += 1;
            }
        }
        for (target, answer) in answers {
            world.note(
                &target,
                match answer {
                    Ok(live) => Reading::Settings(live),
                    Err(error) if error.kind == ErrorKind::NotFound => Reading::Gone(error.into()),
                    Err(mut error) if is_given_up(&error) => {
                        let count = given_up.get(&error.detail).copied().unwrap_or(1);
                        let buckets = if count == 1 { "bucket" } else { "buckets" };
                        error.detail.push_str(&format!(" {count} {buckets} could not be read."));
                        Reading::GivenUp(error.into())
                    }
                    Err(error) => Reading::Failed(error.into()),
                },
            );
        }
        // Even where there was nothing to read, it has been looked at.
        world.by_provider.entry("".into()).or_default();
    }

    /// Has objects whose service is out of order say so, and the same, whether each was asked for in
    /// vain or not any more. One that is alone says more by itself.
    fn join_outages(&self, answers: &mut [(Target, refresh::Answer<Observed>)]) {
        let found: Vec<Option<ProviderError>> = answers
            .iter()
            .map(|(target, answer)| {
                let error = answer.as_ref().err()?;
                let given_up = (error.kind == ErrorKind::Outage).then(|| error.clone());
                given_up.or_else(|| self.provider.outage(target, error))
            })
            .collect();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for outage in found.iter().flatten() {
            *counts.entry(outage.detail.clone()).or_default() += 1;
        }
        for ((_, answer), outage) in answers.iter_mut().zip(found) {
            if let Some(outage) = outage.filter(|it| counts.get(&it.detail) > Some(&1)) {
                *answer = Err(outage);
            }
        }
    }

    /// Asks for data sources.
    async fn query(&self, instances: Vec<Instance>, options: &PlanOptions, world: &mut Readings) {
        let providers = instances.iter().map(|it| (Arc::clone(&it.provider), Remembered::new()));
        self.connect(providers.collect(), world).await;
        let mut open = Vec::new();
        for instance in instances {
            if world.broken.contains_key(&instance.provider) {
                world.data.insert(instance.address, Datum::NoProvider);
            } else {
                open.push(instance);
            }
        }
        let queries: Vec<Query> = open
            .iter()
            .map(|instance| Query {
                ty: Arc::clone(&instance.address.resource.ty),
                provider: Arc::clone(&instance.provider),
                arguments: instance.declared.clone(),
            })
            .collect();
        let answers = refresh::query(&self.provider, &queries, options.parallelism).await;
        for (instance, answer) in open.into_iter().zip(answers) {
            let datum = match answer {
                Ok(value) => Datum::Value(value),
                Err(error) => Datum::Failed(error.into()),
            };
            world.data.insert(instance.address, datum);
        }
    }

    /// Connects providers that have not been connected, and has them learn where objects are.
    async fn connect(&self, objects: BTreeMap<Arc<str>, Remembered>, world: &mut Readings) {
        let mut open = objects;
        open.retain(|address, _| !world.broken.contains_key(address));
        for (address, error) in refresh::begin(&self.provider, open).await {
            world.broken.insert(address, error.into());
        }
    }
}

fn report<T>(result: Result<T, Diagnostic>, diagnostics: &mut Diagnostics) -> Option<T> {
    result.map_err(|fault| diagnostics.push(fault)).ok()
}
