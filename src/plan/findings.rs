//! What the live world tells to be wrong with what is declared or saved, each thing told once.

use super::{Action, Plan, Reason, Step};
use crate::addr::{Address, ResourceAddr};
use crate::config::Resource;
use crate::diag::{Diagnostic, Diagnostics, Severity, Span, listed};
use crate::eval::{Instance, span_of};
use crate::resource::{
    self, Facts, Finding, KeyAnswer, KeyName, Keys, ResourceType, UnknownElement,
};
use crate::value::{Fields, Value, conceal};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many names or elements a message lists at most.
const LISTED: usize = 5;

/// Collects what is found. What holds for a thousand instances of a block is one diagnostic.
#[derive(Default)]
pub(super) struct Findings<'a> {
    /// The diagnostics, in the order of finding, and for how many further instances each holds.
    found: Vec<(Diagnostic, usize)>,
    /// Where each is in the list, by block, summary and text.
    places: BTreeMap<(ResourceAddr, &'static str, String), usize>,
    /// What cannot be planned, and which of what was found is why.
    refused: Vec<(&'a Address, usize)>,
    /// Keys that KMS did not tell about, and why it did not for the first.
    untold: BTreeSet<Arc<str>>,
    untold_why: Option<String>,
    /// A step rests on an alias being compared by its spelling.
    doubtful: Vec<&'a Address>,
    /// Why KMS did not settle that, where it was asked.
    doubtful_why: Option<String>,
}

impl<'a> Findings<'a> {
    /// Takes note of what is wrong with one instance, whose bucket has these elements that this
    /// version does not know; `writes` would drop them. Tells whether it can be planned.
    pub(super) fn of(
        &mut self,
        ty: &dyn ResourceType,
        instance: &'a Instance,
        block: Option<&Resource>,
        facts: &Facts<'_>,
        (unknown, writes): (&[UnknownElement], bool),
    ) -> bool {
        let mut found = ty.look_over(facts);
        let allowed = block.is_some_and(|block| block.lifecycle.allow_unknown_loss);
        if !unknown.is_empty() && !allowed {
            found.push(unknown_settings(unknown, writes));
        }
        let untold = untold(ty, facts);
        // Most have nothing to tell.
        let doubtful = ty.is_doubtful(facts.live, facts.desired, facts.names);
        let quiet = found.is_empty() && untold.is_empty() && !doubtful;
        let secrets = if quiet { Vec::new() } else { instance.declared.secrets() };
        let mut fault = None;
        for finding in found {
            let severity = finding.severity;
            let detail = conceal(finding.detail, &secrets);
            let finding = Finding { detail, ..finding };
            let place = self.take(finding, &instance.address, block);
            if severity == Severity::Error {
                fault = fault.or(Some(place));
            }
        }
        self.refused.extend(fault.map(|place| (&instance.address, place)));
        for (name, why) in untold {
            let secret = secrets.contains(&name);
            self.not_told(if secret { "(sensitive)".into() } else { name }, why);
        }
        if doubtful {
            self.doubtful.push(&instance.address);
            if self.doubtful_why.is_none() {
                self.doubtful_why = unsettled(ty, facts, &secrets);
            }
        }
        fault.is_none()
    }

    /// Takes note of one thing, unless it holds for another instance of the block already. Tells
    /// which it is of what was found.
    fn take(&mut self, finding: Finding, address: &Address, block: Option<&Resource>) -> usize {
        let Finding { severity, path, summary, detail } = finding;
        let key = (address.resource.block(), summary, detail.clone());
        let place = *self.places.entry(key).or_insert(self.found.len());
        if let Some((_, further)) = self.found.get_mut(place) {
            *further += 1;
            return place;
        }
        let diagnostic = match severity {
            Severity::Error => Diagnostic::error(summary, detail),
            Severity::Warning => Diagnostic::warning(summary, detail),
        };
        let span = block.map(|block| span_of(&block.body, &path).unwrap_or(block.header));
        self.found.push((diagnostic.of(address).at_maybe(span), 0));
        place
    }

    /// Takes note of a key that KMS did not tell about.
    fn not_told(&mut self, name: Arc<str>, why: &str) {
        self.untold_why.get_or_insert_with(|| why.to_owned());
        self.untold.insert(name);
    }

    /// Reports all of it, each thing once. Gives back why each instance cannot be planned that
    /// cannot, be it told of that one or of another.
    pub(super) fn report(
        self,
        diagnostics: &mut Diagnostics,
    ) -> BTreeMap<Address, Arc<Diagnostic>> {
        let mut shared: BTreeMap<usize, Arc<Diagnostic>> = BTreeMap::new();
        let mut refusals = BTreeMap::new();
        for (address, place) in self.refused {
            let Some((found, _)) = self.found.get(place) else { continue };
            let why = shared.entry(place).or_insert_with(|| Arc::new(found.clone()));
            refusals.insert(address.clone(), Arc::clone(why));
        }
        for (mut diagnostic, further) in self.found {
            if further > 0 {
                let many = if further == 1 { "1 further instance" } else { "further instances" };
                let count = if further == 1 { String::new() } else { format!("{further} ") };
                diagnostic.detail += &format!(" The same holds for {count}{many} of the block.");
            }
            diagnostics.push(diagnostic);
        }
        let doubt = (!self.doubtful.is_empty()).then(|| {
            format!(
                " Names are compared by their spelling, which makes a difference for {}: an alias \
                 there may be the key that is live already.",
                listed(self.doubtful.iter(), 1)
            )
        });
        if let Some(why) = self.untold_why {
            let names = self.untold.iter().map(|name| format!("{name:?}"));
            // Most reasons say how to mend it.
            let mend = if why.contains("`preflight") {
                ""
            } else {
                " Mend that, or say `preflight = false` in the provider."
            };
            let why = match why.trim().trim_end_matches('.') {
                "" => String::new(),
                why => format!(": {why}"),
            };
            diagnostics.push(Diagnostic::warning(
                "KMS keys not looked at",
                format!(
                    "KMS did not tell about {}{why}. Whether uploads can be encrypted with \
                     them is not known.{}{mend}",
                    listed(names, LISTED),
                    doubt.unwrap_or_default()
                ),
            ));
        } else if let Some(doubt) = doubt {
            let detail = match self.doubtful_why {
                Some(why) => format!("{why}{doubt}"),
                None => format!(
                    "KMS was not asked which keys aliases point to.{doubt} With `preflight = true` \
                     in the provider and `kms:DescribeKey` it can be told."
                ),
            };
            diagnostics.push(Diagnostic::warning("Aliases compared by spelling", detail));
        }
        refusals
    }
}

/// The keys that are wanted and that KMS did not tell about, and why not.
fn untold<'a>(ty: &dyn ResourceType, facts: &Facts<'a>) -> Vec<(Arc<str>, &'a str)> {
    let names = ty.keys(facts.desired).into_iter();
    let untold = names.filter_map(|name| match (facts.key)(&name)? {
        KeyAnswer::Untold(why) => Some((name, why.as_str())),
        KeyAnswer::Found(_) | KeyAnswer::Missing(_) => None,
    });
    untold.collect()
}

/// Why KMS, which was asked, did not tell whether two names are those of one key.
fn unsettled(ty: &dyn ResourceType, facts: &Facts<'_>, secrets: &[Arc<str>]) -> Option<String> {
    let names = ty.keys(facts.live).into_iter().chain(ty.keys(facts.desired));
    let mut found = names.filter_map(|name| match (facts.key)(&name)? {
        KeyAnswer::Missing(why) | KeyAnswer::Untold(why) => Some((name, why)),
        KeyAnswer::Found(_) => None,
    });
    let (name, why) = found.next()?;
    let name = if secrets.contains(&name) { "(sensitive)".into() } else { format!("{name:?}") };
    Some(format!("KMS did not tell which key {name} is: {}", why.trim()))
}

/// The keys that a plan's steps write, each once.
pub fn written_keys(plan: &Plan) -> BTreeSet<KeyName> {
    let keys = writes(plan).flat_map(|(step, ty, _, after)| {
        ty.keys(after).into_iter().filter_map(|name| key_of(step, name))
    });
    keys.collect()
}

/// Looks once more at the keys that a saved plan writes, with what KMS says of them now and whose
/// the providers' credentials are. What is wrong is an error, and so is an alias that has come to
/// point to another key: it is not what was looked at when the plan was made.
pub fn look_again(
    plan: &Plan,
    keys: &Keys,
    accounts: &BTreeMap<Arc<str>, Arc<str>>,
    diagnostics: &mut Diagnostics,
) {
    let mut findings = Findings::default();
    for (step, ty, before, after) in writes(plan) {
        let answer = |name: &str| keys.get(&key_of(step, Arc::from(name))?);
        let fields: Fields = step.request.as_fields().cloned().unwrap_or_default();
        let declared = Value::Object(fields.with("bucket", Value::from(&*step.identity)));
        let facts = Facts {
            declared: &declared,
            desired: after,
            live: before,
            recorded: None,
            region: step.region.as_deref(),
            account: accounts.get(&step.provider).map(|it| &**it),
            names: &step.terms.keys,
            key: &answer,
        };
        let moved = ty.keys(after).into_iter().filter_map(|name| moved_alias(step, &name, &facts));
        for finding in ty.look_over(&facts).into_iter().chain(moved) {
            findings.take(finding, &step.address, None);
        }
        for (name, why) in untold(ty, &facts) {
            findings.not_told(name, why);
        }
    }
    findings.report(diagnostics);
}

/// The steps of a plan that write settings, each with its type, and what is live and wanted.
fn writes(plan: &Plan) -> impl Iterator<Item = (&Step, &'static dyn ResourceType, &Value, &Value)> {
    plan.steps.iter().filter(|step| step.action == Action::Update).filter_map(|step| {
        let ty = resource::find(&step.address.resource.ty)?;
        Some((step, ty, step.before.as_ref()?, step.after.as_ref()?))
    })
}

/// A key as a step names it, where a Region is known to ask in.
fn key_of(step: &Step, name: Arc<str>) -> Option<KeyName> {
    let (provider, region) = (Arc::clone(&step.provider), Arc::clone(step.region.as_ref()?));
    Some(KeyName { provider, region, name })
}

/// The fault of a name that meant another key when the plan was made.
fn moved_alias(step: &Step, name: &str, facts: &Facts<'_>) -> Option<Finding> {
    let KeyAnswer::Found(now) = (facts.key)(name)? else { return None };
    let then = step.terms.keys.points_to(name).filter(|then| **then != now.arn)?;
    let detail = format!(
        "{name:?} meant the key {then} when the plan was made, and means {} now. Plan again.",
        now.arn
    );
    Some(Finding {
        severity: Severity::Error,
        path: ["rule"].iter().collect(),
        summary: "Alias of another key now",
        detail,
    })
}

/// The bucket has what this version does not know, and a write would drop it.
fn unknown_settings(unknown: &[UnknownElement], writes: bool) -> Finding {
    let what = format!(
        "The bucket has settings that this version of Sealform does not know: {}.",
        elements(unknown)
    );
    let (severity, summary, rest) = if writes {
        (
            Severity::Error,
            "Unknown settings would be lost",
            "A write replaces all there is and would drop them. Use a newer version, or say \
             `lifecycle { allow_unknown_loss = true }`.",
        )
    } else {
        (
            Severity::Warning,
            "Unknown settings",
            "They are not compared with anything, and nothing is written now. Use a newer version.",
        )
    };
    Finding { severity, path: ["rule"].iter().collect(), summary, detail: format!("{what} {rest}") }
}

/// A reset would drop what this version does not know, of a bucket that nobody may declare any more.
pub(super) fn lost_by_reset(address: &Address, unknown: &[UnknownElement]) -> Diagnostic {
    Diagnostic::error(
        "Unknown settings would be lost",
        format!(
            "The bucket of {address} has settings that this version of Sealform does not know: {}. \
             A reset would drop them. Use a newer version; or forget the bucket by a `removed` \
             block with `lifecycle {{ destroy = false }}`; or put the resource back with \
             `lifecycle {{ allow_unknown_loss = true }}` and `destroy -target={address}`.",
            elements(unknown)
        ),
    )
    .of(address)
}

/// A record that another version of this tool made.
pub(super) fn unknown_type(address: &Address) -> Diagnostic {
    let detail = format!(
        "The state records {address}, and this version does not know its type. The record is kept as \
         it is, and nothing is done about it. Use the version that made it."
    );
    Diagnostic::warning("Unknown resource type", detail).of(address)
}

/// A plan would reset what is not to be reset.
pub(super) fn prevented_destroy(
    address: &Address,
    reason: &Reason,
    block: Option<&Resource>,
    removed: Option<Span>,
) -> Diagnostic {
    if let (Reason::NotInConfiguration, Some(from)) = (reason, removed) {
        // The address is told beside it, so that one block has one message.
        let detail = "It was applied with `prevent_destroy` (or `on_destroy = \"prevent\"`), which \
             a `removed` block does not lift, so that it is not reset. Put its block back and allow \
             it there (no `prevent_destroy`, no `on_destroy = \"prevent\"`), apply, and then remove \
             it again; or have it forgotten and the bucket left as it is, by `lifecycle { destroy = \
             false }` here.";
        return Diagnostic::error("Destroy prevented", detail).of(address).at(from);
    }
    let (why, mend) = match reason {
        Reason::Destroy => (
            "`destroy` would reset it",
            "Leave it out with `--exclude`, or allow it there (no `prevent_destroy`, no `on_destroy = \
             \"prevent\"`) and apply first",
        ),
        Reason::IdentityChanged { .. } => (
            "its `bucket` names another one now, so that the old one would be reset",
            "Name the old one again, or allow it (no `prevent_destroy`, no `on_destroy = \"prevent\"`)",
        ),
        Reason::NotInConfiguration
        | Reason::Removed
        | Reason::OnDestroy
        | Reason::MovedTo { .. }
        | Reason::Gone
        | Reason::AlreadyReset
        | Reason::UnknownLeft => (
            "it is not in the configuration any more, so that it would be reset",
            "Put it back; to let it go, allow it there (no `prevent_destroy`, no `on_destroy = \
             \"prevent\"`), apply, and then remove it; or have it forgotten and the bucket left as \
             it is, by a `removed` block with `lifecycle { destroy = false }`",
        ),
    };
    Diagnostic::error(
        "Destroy prevented",
        format!(
            "{address} has `prevent_destroy` (or `on_destroy = \"prevent\"`), and {why}. {mend}."
        ),
    )
    .of(address)
    .at_maybe(block.map(|block| block.header))
}

/// The elements, in a list.
pub(super) fn elements(unknown: &[UnknownElement]) -> String {
    listed(unknown.iter().map(|it| format!("{} ({})", it.path, it.content)), LISTED)
}
