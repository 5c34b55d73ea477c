//! What is wrong with what is declared, as the live world tells: where the bucket is, what it is
//! encrypted with already, and what KMS says of the keys.

use super::name::is_directory_bucket;
use super::{KEY, Rule};
use crate::diag::Severity;
use crate::resource::kms_key::KeyRef;
use crate::resource::{Facts, Finding, Key, KeyAnswer};
use crate::value::Value;

pub(super) fn look_over(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let text = |name: &str| facts.declared.get(name).and_then(Value::as_str).map(|it| &**it);
    if let (Some(wanted), Some(region)) = (text("region"), facts.region)
        && wanted != region
    {
        findings.push(Finding {
            severity: Severity::Error,
            path: ["region"].iter().collect(),
            summary: "Bucket in another Region",
            detail: format!(
                "`region` says {wanted:?}, and the bucket is in {region}. Correct one of \
                 the two; without `region`, the bucket is followed to where it is."
            ),
        });
    }
    let desired = Rule::of(facts.desired);
    let directory = text("bucket").is_some_and(is_directory_bucket);
    if directory {
        findings.extend(directory_faults(facts, &desired));
    }
    if let Some(name) = desired.key.filter(|_| desired.uses_kms())
        && let Some(answer) = (facts.key)(name)
    {
        let secret = crate::resource::leaf(facts.desired, &KEY.iter().collect())
            .is_some_and(Value::is_sensitive);
        let name = if secret { "(sensitive)" } else { name };
        let found = match answer {
            KeyAnswer::Found(key) => {
                // The name as it is declared, and the key that it stands for.
                let plain = secret || *key.arn == *name;
                let it =
                    if plain { format!("{name:?}") } else { format!("{name:?} ({})", key.arn) };
                let by_arn =
                    desired.key.and_then(KeyRef::parse).is_some_and(|it| it.scope.is_some());
                let owner = text("expected_bucket_owner").map(|owner| (owner, by_arn));
                faults(&it, key, facts.region, owner)
            }
            KeyAnswer::Missing(why) => vec![(
                Severity::Error,
                "KMS key not found",
                format!(
                    "KMS has no key {name:?}{}: {} S3 would accept it, and every upload would \
                     fail.",
                    facts.region.map(|it| format!(" in {it}")).unwrap_or_default(),
                    stopped(why)
                ),
            )],
            // Told once for all of them, by whoever makes the plan.
            KeyAnswer::Untold(_) => Vec::new(),
        };
        findings.extend(found.into_iter().map(|(severity, summary, detail)| Finding {
            severity,
            path: KEY.iter().collect(),
            summary,
            detail,
        }));
    }
    findings
}

/// A text with a stop at its end.
fn stopped(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// What a directory bucket refuses because of what it has been encrypted with, or because of what
/// is ignored.
fn directory_faults(facts: &Facts<'_>, desired: &Rule<'_>) -> Option<Finding> {
    let finding = |summary, detail| {
        Some(Finding { severity: Severity::Error, path: KEY.iter().collect(), summary, detail })
    };
    if !desired.uses_kms() {
        return None;
    }
    let Some(wanted) = desired.key else {
        let detail = "A directory bucket with aws:kms needs a key of your own. None is left once \
                      `ignore_changes` is heeded: do not ignore the key.";
        return finding("Missing KMS key", detail.to_owned());
    };
    let live = Rule::of(facts.live);
    let recorded = facts.recorded.map(Rule::of);
    let first = live.own_key(facts.names);
    let first = first.or_else(|| recorded.and_then(|rule| rule.own_key(facts.names)))?;
    if facts.names.same(Some(first), Some(wanted)) {
        return None;
    }
    let hidden = [facts.live, facts.desired].iter().any(|it| it.any(&Value::is_sensitive));
    let (first, wanted) = if hidden { ("(sensitive)", "(sensitive)") } else { (first, wanted) };
    finding(
        "Second key of a directory bucket",
        format!(
            "A directory bucket has one customer managed key for its whole lifetime, and this one \
             has had {first}. S3 refuses {wanted}. Name the first key, or make another bucket."
        ),
    )
}

/// What makes a key useless or doubtful for a bucket, so that S3 would accept it and every upload
/// would fail.
///
/// `owner` is that of the bucket, and whether the key is named by an ARN.
fn faults(
    it: &str,
    key: &Key,
    region: Option<&str>,
    owner: Option<(&str, bool)>,
) -> Vec<(Severity, &'static str, String)> {
    let Key { arn, account, region: key_region, state, deletion_date, usage, spec, aws_managed: _ } =
        key;
    let mut found = Vec::new();
    let mut wrong = |summary, detail: String| {
        let end = "S3 would accept it, and every upload would fail.";
        found.push((Severity::Error, summary, format!("{detail} {end}")));
    };
    match &**state {
        "Enabled" => {}
        "PendingDeletion" => {
            let when = deletion_date.as_deref().map(|it| format!(" on {it}")).unwrap_or_default();
            let detail = format!(
                "{it} is to be deleted{when}, and cannot be used any more. What is encrypted \
                 with it is lost with it: cancel the deletion in KMS if anything is."
            );
            wrong("KMS key pending deletion", detail);
        }
        "Disabled" => {
            wrong("KMS key disabled", format!("{it} is disabled. Enable it in KMS."));
        }
        state => {
            let detail = format!("{it} is in the state {state}; only an enabled key encrypts.");
            wrong("KMS key not usable", detail);
        }
    }
    if **usage != *"ENCRYPT_DECRYPT" {
        let detail = format!("{it} is for {usage}. S3 takes keys for ENCRYPT_DECRYPT only.");
        wrong("KMS key of another use", detail);
    } else if **spec != *"SYMMETRIC_DEFAULT" {
        let detail = format!("{it} is a key of the kind {spec}. S3 takes symmetric keys only.");
        wrong("KMS key not symmetric", detail);
    }
    if let Some(region) = region.filter(|region| *region != &**key_region) {
        let replica = KeyRef::parse(arn).is_some_and(|key| key.name.starts_with("mrk-"));
        let mend = if replica {
            "It is a multi-Region key: name its replica there."
        } else {
            "Name a key of the bucket's Region."
        };
        let detail = format!("{it} is in {key_region}, and the bucket in {region}. {mend}");
        wrong("KMS key in another Region", detail);
    }
    if let Some((owner, by_arn)) = owner.filter(|(owner, _)| *owner != &**account) {
        if by_arn {
            let detail = format!(
                "{it} belongs to account {account}, and the bucket to {owner}. Its key policy must \
                 let the bucket's account use it, or uploads fail."
            );
            found.push((Severity::Warning, "KMS key of another account", detail));
        } else {
            let detail = format!(
                "{it} belongs to account {account}, and the bucket to {owner}: a name without an \
                 account is looked up in that of whoever writes an object, so that objects get \
                 another key, or are not written at all. Give the ARN of the key."
            );
            found.push((Severity::Error, "KMS key of another account", detail));
        }
    }
    found
}
