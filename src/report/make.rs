//! Plans, and what carrying them out came to, as reports.

use super::places::Places;
use super::{
    Class, Command, Difference, FORMAT_VERSION, Failure, Item, Level, OutputItem, Place, Problem,
    Report, Severity, Share, Status, Summary, Unknown, Verdict, Whose,
};
use crate::addr::{Address, AttrPath};
use crate::diag::{self, Diagnostic, Sources, Span};
use crate::event::Outcome;
use crate::plan::{Action, Change, OutputChange, Plan, Reason, Step, StepId};
use crate::resource::{self, KeyNames, ResourceType, UnknownElement};
use crate::value::{Value, to_json};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// What a report says beyond the plan.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Which command it is.
    pub command: Command,
    /// The version of this tool.
    pub version: &'a str,
    /// The directory of the configuration, as the user named it.
    pub directory: &'a str,
    /// When the run began: RFC 3339, UTC, to the second.
    pub started: Option<&'a str>,
    /// How long it took, in seconds.
    pub seconds: Option<f64>,
    /// Which share of the fleet was looked at.
    pub share: Option<Share>,
    /// Where the block of an instance stands.
    pub block: &'a dyn Fn(&Address) -> Option<Span>,
    /// The texts that were read.
    pub sources: &'a Sources,
    /// What was found wrong.
    pub diagnostics: &'a [Diagnostic],
}

impl Report {
    /// What a plan says.
    pub fn of_plan(plan: &Plan, facts: &Facts<'_>) -> Self {
        let spans = Spans::of(plan, facts);
        let mut report = Self { destroy: plan.destroy, ..Self::of_nothing(facts, &spans.places) };
        let mut failures: BTreeMap<&Address, &Diagnostic> = BTreeMap::new();
        for fault in facts.diagnostics.iter().filter(|it| it.is_error()) {
            if let Some(address) = &fault.address {
                failures.entry(address).or_insert(fault);
            }
        }
        // What is wrong with a bucket that an address cannot have is not so with the one that it has.
        let unplanned: BTreeSet<&Address> = plan.unplanned.iter().collect();
        let mut items: Vec<(&Address, Item)> = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let fault = failures.get(&step.address).filter(|_| !unplanned.contains(&step.address));
            let failure = fault.map(|fault| failure(fault));
            let place = spans.block(&step.address);
            items.push((&step.address, item(step, place, failure)));
        }
        let refused: BTreeMap<&Address, &Step> =
            plan.refused.iter().map(|step| (&step.address, step)).collect();
        for address in &plan.unplanned {
            let (provider, bucket) = plan.lost.get(address).map_or_else(
                || (String::new(), String::new()),
                |(provider, bucket)| (provider.to_string(), bucket.to_string()),
            );
            let shared = || plan.refusals.get(address).map(|fault| &**fault);
            let error = failures.get(address).copied().or_else(shared).map_or_else(
                || Failure {
                    summary: "Not planned".to_owned(),
                    detail: "It could not be found out what is live; see the other errors."
                        .to_owned(),
                },
                failure,
            );
            let place = spans.block(address);
            let item = match refused.get(address) {
                // What was read of it is told all the same.
                Some(step) => {
                    Item { action: None, weakening: None, ..item(step, place, Some(error)) }
                }
                None => Item {
                    place,
                    class: Class::Error,
                    error: Some(error),
                    ..blank(address, bucket, provider)
                },
            };
            items.push((address, item));
        }
        items.sort_by_key(|(address, _)| *address);
        report.resources = items.into_iter().map(|(_, item)| item).collect();
        for item in &mut report.resources {
            item.account = plan.accounts.get(&*item.provider).cloned();
            if facts.command == Command::Drift {
                // They are about a step, and none is to be taken.
                item.notes.clear();
            }
        }
        report.outputs = plan.output_changes.iter().map(output).collect();
        report.tally();
        report
    }

    /// What carrying out a plan came to. The failures are told along with the diagnostics of `facts`.
    pub fn of_outcome(plan: &Plan, outcome: &Outcome, facts: &Facts<'_>) -> Self {
        let mut report = Self::of_plan(plan, facts);
        let failed: Vec<Diagnostic> = outcome.diagnostics().cloned().collect();
        report.warn(&failed, facts.sources);
        // What is not told of is done.
        let mut befallen: BTreeMap<(String, &str, &str), (Status, Option<&Diagnostic>)> =
            BTreeMap::new();
        let lists = [
            (&outcome.unsaved, Status::Unrecorded),
            (&outcome.cut, Status::Unknown),
            (&outcome.skipped, Status::Skipped),
        ];
        let quiet =
            lists.iter().flat_map(|(steps, status)| steps.iter().map(|step| (step, *status, None)));
        let loud =
            outcome.failures.iter().map(|it| (&it.step, Status::Failed, Some(&it.diagnostic)));
        for (StepId { address, provider, identity }, status, fault) in quiet.chain(loud) {
            befallen.insert((address.to_string(), provider, identity), (status, fault));
        }
        for item in &mut report.resources {
            if item.action.as_deref().is_none_or(|action| action == Action::NoOp.word()) {
                continue;
            }
            let step = (item.address.clone(), &*item.provider, &*item.bucket);
            let befell = befallen.get(&step).copied();
            let (status, fault) = befell.unwrap_or((Status::Done, None));
            item.error = fault.map(failure);
            item.status = Some(status);
        }
        report.tally();
        if outcome.interrupted {
            report.verdict = Verdict::Error;
        }
        report
    }

    /// A run that stopped before anything was planned.
    pub fn of_failure(facts: &Facts<'_>) -> Self {
        let spans = facts.diagnostics.iter().filter_map(|it| it.subject);
        let mut report = Self::of_nothing(facts, &Places::new(facts.sources, spans));
        report.tally();
        report
    }

    fn of_nothing(facts: &Facts<'_>, places: &Places) -> Self {
        Self {
            format_version: FORMAT_VERSION.to_owned(),
            sealform_version: facts.version.to_owned(),
            command: facts.command,
            destroy: false,
            directory: facts.directory.to_owned(),
            started: facts.started.map(str::to_owned),
            seconds: facts.seconds,
            share: facts.share,
            verdict: Verdict::Clean,
            summary: Summary::default(),
            resources: Vec::new(),
            outputs: Vec::new(),
            diagnostics: facts.diagnostics.iter().map(|it| problem(it, places)).collect(),
        }
    }

    /// Counts everything anew, and says it in one word.
    pub fn tally(&mut self) {
        let mut sum = Summary { checked: self.resources.len(), ..Summary::default() };
        for item in &self.resources {
            let drifts = item.drifts();
            sum.unchanged += usize::from(item.class == Class::Unchanged);
            sum.pending += usize::from(matches!(item.class, Class::Pending | Class::Both));
            sum.errors += usize::from(item.error.is_some() || item.class == Class::Error);
            sum.weakening += usize::from(item.weakening.is_some());
            if item.suppressed.is_some() {
                sum.suppressed += usize::from(drifts);
            } else if drifts {
                sum.drifted += 1;
                match item.severity {
                    Some(Severity::High) => sum.severities.high += 1,
                    Some(Severity::Low) => sum.severities.low += 1,
                    Some(Severity::Medium) | None => sum.severities.medium += 1,
                }
            }
            if self.command == Command::Apply && item.status != Some(Status::Done) {
                continue;
            }
            match item.action.as_deref() {
                Some("update") => sum.actions.update += 1,
                Some("adopt") => sum.actions.adopt += 1,
                Some("reset") => sum.actions.reset += 1,
                Some("forget") => sum.actions.forget += 1,
                Some(_) | None => {}
            }
        }
        let failed =
            sum.errors > 0 || self.diagnostics.iter().any(|it| it.severity == Level::Error);
        let undone = self.resources.iter().any(|it| it.status.is_some_and(|it| it != Status::Done));
        // An apply that was not begun, such as one that nobody approved, is as its plan was.
        let waiting = self.resources.iter().any(|it| {
            it.status.is_none() && it.action.as_deref().is_some_and(|it| it != Action::NoOp.word())
        });
        self.verdict = if self.command == Command::Drift && sum.drifted > 0 && self.all_is_read() {
            // What cannot be written as declared hides no drift from who only reads.
            Verdict::Drift
        } else if failed || undone {
            Verdict::Error
        } else if self.command == Command::Apply && !waiting {
            // Whatever differed does so no more.
            Verdict::Clean
        } else if sum.drifted > 0 {
            Verdict::Drift
        } else if sum.pending > 0
            || (self.command != Command::Drift && (waiting || !self.outputs.is_empty()))
        {
            // Drift that is silenced is taken back by a plan all the same.
            Verdict::Pending
        } else {
            Verdict::Clean
        };
        self.summary = sum;
    }

    /// The same, of a report that has been told already: what had failed has failed, whatever is silent.
    pub(super) fn tally_again(&mut self) {
        let before = self.verdict;
        self.tally();
        if before == Verdict::Error {
            self.verdict = before;
        }
    }

    /// Whether every bucket was read and compared, and each error is about one of them.
    fn all_is_read(&self) -> bool {
        let with_error = self.resources.iter().filter(|it| it.error.is_some());
        let about: BTreeSet<&str> = with_error.map(|it| &*it.address).collect();
        let is_about = |it: &Problem| it.address.as_deref().is_some_and(|it| about.contains(it));
        self.unread() == 0
            && self.diagnostics.iter().all(|it| it.severity != Level::Error || is_about(it))
    }

    /// How many buckets nothing is known of.
    pub fn unread(&self) -> usize {
        self.resources.iter().filter(|it| it.class == Class::Error).count()
    }

    /// Takes drift that is less bad than `least` for none.
    pub fn at_least(&mut self, least: Severity) {
        for item in &mut self.resources {
            if item.severity.is_none_or(|severity| severity >= least) {
                continue;
            }
            item.without_drift();
        }
        self.tally();
    }
}

impl Verdict {
    /// The exit status that says it: 0 clean, 1 error, 2 drift, 3 pending. Stable.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Error => 1,
            Self::Drift => 2,
            Self::Pending => 3,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Pending => "pending",
            Self::Drift => "drift",
            Self::Error => "error",
        }
    }
}

impl Item {
    /// Whether somebody else changed it, be that known or not.
    pub fn drifts(&self) -> bool {
        match self.class {
            Class::Drift | Class::Both => true,
            Class::Unchanged | Class::Pending | Class::Error => false,
        }
    }

    /// Leaves out its drift; what is pending stays. It is of a report of drift, whose notes are about
    /// that.
    fn without_drift(&mut self) {
        self.class = match self.class {
            Class::Drift => Class::Unchanged,
            Class::Both => Class::Pending,
            class @ (Class::Unchanged | Class::Pending | Class::Error) => class,
        };
        self.differences.retain(|it| it.whose != Whose::Drift);
        for difference in &mut self.differences {
            difference.whose = Whose::Pending;
        }
        self.severity = None;
        self.weakened = None;
        self.suppressed = None;
        self.notes.clear();
    }
}

/// The places of blocks and diagnostics.
struct Spans<'a> {
    places: Places,
    block: &'a dyn Fn(&Address) -> Option<Span>,
}

impl<'a> Spans<'a> {
    fn of(plan: &Plan, facts: &'a Facts<'a>) -> Self {
        let addresses = plan.steps.iter().map(|step| &step.address).chain(&plan.unplanned);
        let blocks = addresses.filter_map(|address| (facts.block)(address));
        let subjects = facts.diagnostics.iter().filter_map(|it| it.subject);
        Self { places: Places::new(facts.sources, blocks.chain(subjects)), block: facts.block }
    }

    fn block(&self, address: &Address) -> Option<Place> {
        self.places.of((self.block)(address)?)
    }
}

/// An item that nothing is known of.
pub(super) fn blank(address: &Address, bucket: String, provider: String) -> Item {
    Item {
        address: address.to_string(),
        bucket,
        provider,
        account: None,
        region: None,
        place: None,
        class: Class::Unchanged,
        action: None,
        reason: None,
        moved_from: None,
        imported: None,
        notes: Vec::new(),
        unknown: Vec::new(),
        status: None,
        severity: None,
        weakening: None,
        weakened: None,
        differences: Vec::new(),
        suppressed: None,
        blame: None,
        error: None,
    }
}

fn item(step: &Step, place: Option<Place>, error: Option<Failure>) -> Item {
    let Compared { differences, severity, weakened } = compare(step);
    // What is to be recorded only is pending, too, though the bucket is as it should be; and so is
    // another address, whatever else is to be done there.
    let mut pending = step.is_shown() && (step.action != Action::Update || step.previous.is_some());
    let mut drift = false;
    for difference in &differences {
        pending |= matches!(difference.whose, Whose::Pending | Whose::Both);
        drift |= matches!(difference.whose, Whose::Drift | Whose::Both);
    }
    Item {
        place,
        class: match (pending, drift) {
            (false, false) => Class::Unchanged,
            (true, false) => Class::Pending,
            (false, true) => Class::Drift,
            (true, true) => Class::Both,
        },
        action: Some(step.action.word().to_owned()),
        reason: step.reason.as_ref().map(why),
        moved_from: step.previous.as_ref().map(ToString::to_string),
        imported: step.import.as_deref().map(str::to_owned),
        notes: step.terms.notes.clone(),
        unknown: step.terms.unknown.iter().map(unknown).collect(),
        severity,
        weakening: step.weakening.clone(),
        weakened,
        differences,
        error,
        region: step.region.as_deref().map(str::to_owned),
        ..blank(&step.address, step.identity.to_string(), step.provider.to_string())
    }
}

/// Whose each difference of a step is: the attribute's path, and who changed it.
pub fn whose(step: &Step) -> Vec<(String, Whose)> {
    compare(step).differences.into_iter().map(|it| (it.path, it.whose)).collect()
}

/// What the three-way comparison says of a step.
#[derive(Default)]
struct Compared {
    differences: Vec<Difference>,
    severity: Option<Severity>,
    weakened: Option<String>,
}

/// Whose each difference is: live differs from what is wanted, and either the files or somebody
/// else have changed since the last apply, or both. Where live is as wanted there is no difference,
/// whatever is recorded.
///
/// | recorded = live | recorded = wanted | it is |
/// |---|---|---|
/// | nothing recorded | | pending |
/// | yes | no | pending |
/// | no | yes | drift |
/// | no | no | both |
///
/// An attribute that the configuration says nothing about stays as it is live; if somebody else
/// changed it, that is drift, and nothing is to be done about it.
fn compare(step: &Step) -> Compared {
    let (Some(ty), Some(live)) = (resource::find(&step.address.resource.ty), &step.before) else {
        return Compared::default();
    };
    // Nothing is wanted where there is no configuration: then all drift is just that.
    let wanted = step.after.as_ref();
    if wanted.is_none() && step.action == Action::Forget {
        return Compared::default();
    }
    let keys = &step.terms.keys;
    let recorded = with(live, step.drift.iter());
    let away: Vec<AttrPath> =
        wanted.map_or_else(Vec::new, |wanted| ty.differences(&recorded, wanted, keys));
    let changes: BTreeMap<&AttrPath, &Change> = by_path(&step.changes);
    let drift: BTreeMap<&AttrPath, &Change> = by_path(&step.drift);
    let mut found = Vec::new();
    let mut drifted = Vec::new();
    for (path, _) in resource::leaves(ty.schema(), live) {
        let (change, changed) = (changes.get(&path).copied(), drift.get(&path).copied());
        let whose = match (change, changed) {
            (Some(_), None) => Whose::Pending,
            (Some(_), Some(_)) if away.contains(&path) => Whose::Both,
            (Some(_), Some(_)) => Whose::Drift,
            (None, Some(_)) if wanted.is_none() || step.follows.contains(&path) => Whose::Drift,
            (None, _) => continue,
        };
        drifted.extend(changed);
        found.push(difference(step, &path, [change, changed], whose, wanted.is_some()));
    }
    let before = with(live, drifted.iter().copied());
    let (severity, weakened) = severity(ty, &before, live, keys, !drifted.is_empty());
    Compared { differences: found, severity, weakened }
}

fn by_path(changes: &[Change]) -> BTreeMap<&AttrPath, &Change> {
    changes.iter().map(|change| (&change.path, change)).collect()
}

/// Settings as they were before these changes.
fn with<'a>(settings: &Value, changes: impl Iterator<Item = &'a Change>) -> Value {
    changes.fold(settings.clone(), |settings, change| {
        resource::with_leaf(&settings, &change.path, change.before.clone())
    })
}

fn difference(
    step: &Step,
    path: &AttrPath,
    [change, changed]: [Option<&Change>; 2],
    whose: Whose,
    is_wanted: bool,
) -> Difference {
    let sensitive = change.into_iter().chain(changed).any(|change| {
        let marked = |value: &Value| value.any(&|part| part.is_sensitive());
        change.sensitive || marked(&change.before) || marked(&change.after)
    });
    let live = change.map(|it| &it.before).or(changed.map(|it| &it.after));
    let recorded = changed.map(|it| &it.before).or(live.filter(|_| step.known));
    let desired = change.map(|it| &it.after).or(live.filter(|_| is_wanted));
    let shown = |value: &Value| if sensitive { Json::Null } else { to_json(value) };
    Difference {
        path: path.to_string(),
        recorded: recorded.map(shown),
        live: live.map(shown),
        desired: desired.map(shown),
        whose,
        sensitive,
    }
}

/// How bad it is that settings became others.
fn severity(
    ty: &dyn ResourceType,
    before: &Value,
    after: &Value,
    keys: &KeyNames,
    any: bool,
) -> (Option<Severity>, Option<String>) {
    if !any {
        return (None, None);
    }
    let weakened = ty.weakening(before, after, keys);
    let severity = if weakened.is_some() {
        Severity::High
    } else if ty.weakening(after, before, keys).is_some() {
        Severity::Low
    } else {
        Severity::Medium
    };
    (Some(severity), weakened)
}

/// Why a step is taken, where it is not plain from the action.
fn why(reason: &Reason) -> String {
    match reason {
        Reason::NotInConfiguration => "It is no longer in the configuration".to_owned(),
        Reason::Removed => "A block `removed` says so".to_owned(),
        Reason::OnDestroy => "`on_destroy` says so".to_owned(),
        Reason::IdentityChanged { to } => format!("The address now names the bucket {to}"),
        Reason::MovedTo { to } => format!("The bucket is now managed as {to}"),
        Reason::Gone => "The bucket is gone".to_owned(),
        Reason::AlreadyReset => "The bucket already is as a reset would leave it".to_owned(),
        Reason::UnknownLeft => {
            "The bucket already is as a reset would leave it, but for what this version does not know"
                .to_owned()
        }
        Reason::Destroy => "Everything managed is to be reset".to_owned(),
    }
}

fn unknown(element: &UnknownElement) -> Unknown {
    Unknown { path: element.path.clone(), content: element.content.clone() }
}

fn failure(fault: &Diagnostic) -> Failure {
    Failure { summary: fault.summary.to_owned(), detail: fault.detail.clone() }
}

fn output(change: &OutputChange) -> OutputItem {
    let OutputChange { name, before, after, sensitive } = change;
    let shown = |value: &Json| if *sensitive { Json::Null } else { value.clone() };
    OutputItem {
        name: name.clone(),
        before: before.as_ref().map(shown),
        after: after.as_ref().map(shown),
        sensitive: *sensitive,
    }
}

pub(super) fn problem(fault: &Diagnostic, places: &Places) -> Problem {
    Problem {
        severity: match fault.severity {
            diag::Severity::Error => Level::Error,
            diag::Severity::Warning => Level::Warning,
        },
        summary: fault.summary.to_owned(),
        detail: fault.detail.clone(),
        address: fault.address.as_ref().map(ToString::to_string),
        place: fault.subject.and_then(|span| places.of(span)),
    }
}
