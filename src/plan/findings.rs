//! What the live world tells to be wrong with what is declared, each thing told once.

use crate::addr::{Address, ResourceAddr};
use crate::config::Resource;
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::eval::{Instance, span_of};
use crate::resource::{Facts, Finding, KeyAnswer, ResourceType, UnknownElement};
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
    /// Keys that KMS did not tell about, and why it did not for the first.
    untold: BTreeSet<Arc<str>>,
    untold_why: Option<String>,
    /// A step rests on an alias being compared by its spelling.
    doubtful: Vec<&'a Instance>,
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
        let untold: Vec<(Arc<str>, &str)> = ty
            .keys(facts.desired)
            .into_iter()
            .filter_map(|name| match (facts.key)(&name)? {
                KeyAnswer::Untold(why) => Some((name, why.as_str())),
                KeyAnswer::Found(_) | KeyAnswer::Missing(_) => None,
            })
            .collect();
        // Most have nothing to tell.
        let quiet = found.is_empty() && untold.is_empty();
        let secrets = if quiet { Vec::new() } else { instance.declared.secrets() };
        let mut fine = true;
        for Finding { severity, path, summary, mut detail } in found {
            for secret in &secrets {
                detail = detail.replace(&format!("{secret:?}"), "(sensitive)");
                detail = detail.replace(&**secret, "(sensitive)");
            }
            fine &= severity == Severity::Warning;
            let key = (instance.address.resource.block(), summary, detail.clone());
            let place = self.places.entry(key).or_insert(self.found.len());
            if let Some((_, further)) = self.found.get_mut(*place) {
                *further += 1;
                continue;
            }
            let diagnostic = match severity {
                Severity::Error => Diagnostic::error(summary, detail),
                Severity::Warning => Diagnostic::warning(summary, detail),
            };
            let span = block.map(|block| span_of(&block.body, &path).unwrap_or(block.header));
            self.found.push((diagnostic.of(&instance.address).at_maybe(span), 0));
        }
        for (name, why) in untold {
            self.untold_why.get_or_insert_with(|| why.to_owned());
            let secret = secrets.contains(&name);
            self.untold.insert(if secret { "(sensitive)".into() } else { name });
        }
        if ty.is_doubtful(facts.live, facts.desired, facts.names) {
            self.doubtful.push(instance);
        }
        fine
    }

    /// Reports all of it.
    pub(super) fn report(self, diagnostics: &mut Diagnostics) {
        for (mut diagnostic, further) in self.found {
            if further > 0 {
                let many = if further == 1 { "1 further instance" } else { "further instances" };
                let count = if further == 1 { String::new() } else { format!("{further} ") };
                diagnostic.detail += &format!(" The same holds for {count}{many} of the block.");
            }
            diagnostics.push(diagnostic);
        }
        let doubt = self.doubtful.first().map(|first| {
            let more = match self.doubtful.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(
                " Names are compared by their spelling, which makes a difference for {}{more}: an \
                 alias there may be the key that is live already.",
                first.address
            )
        });
        if let Some(why) = self.untold_why {
            let names: Vec<String> =
                self.untold.iter().take(LISTED).map(|name| format!("{name:?}")).collect();
            let more = match self.untold.len().saturating_sub(LISTED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let why = match why.trim().trim_end_matches('.') {
                "" => String::new(),
                why => format!(": {why}"),
            };
            diagnostics.push(Diagnostic::warning(
                "KMS keys not looked at",
                format!(
                    "KMS did not tell about {}{more}{why}. Whether uploads can be encrypted with \
                     them is not known.{} Allow `kms:DescribeKey`, or say `preflight = false` in \
                     the provider.",
                    names.join(", "),
                    doubt.unwrap_or_default()
                ),
            ));
        } else if let Some(doubt) = doubt {
            diagnostics.push(Diagnostic::warning(
                "Aliases compared by spelling",
                format!(
                    "KMS was not asked which keys aliases point to.{doubt} With `preflight = true` \
                     in the provider and `kms:DescribeKey` it can be told."
                ),
            ));
        }
    }
}

/// The bucket has what this version does not know, and a write would drop it.
fn unknown_settings(unknown: &[UnknownElement], writes: bool) -> Finding {
    let what = format!(
        "The bucket has settings that this version of Sealform does not know: {}.",
        listed(unknown)
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
            listed(unknown)
        ),
    )
    .of(address)
}

fn listed(unknown: &[UnknownElement]) -> String {
    let first: Vec<String> =
        unknown.iter().take(LISTED).map(|it| format!("{} ({})", it.path, it.content)).collect();
    match unknown.len().saturating_sub(LISTED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
