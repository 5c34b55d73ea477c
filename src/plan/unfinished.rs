//! What runs that ended before their time left half done, told from what somebody else changed.

use crate::diag::{Diagnostic, listed};
use crate::resource::{KeyNames, ResourceType};
use crate::state::{Holder, Intent, Writing};
use crate::value::Value;
use std::collections::BTreeMap;

/// How many buckets a message names.
const NAMED: usize = 10;

/// What was intended and never settled, by provider and object.
pub struct Unfinished<'a>(BTreeMap<(&'a str, &'a str), Vec<&'a Intent>>);

impl<'a> Unfinished<'a> {
    /// What the journal tells of runs that ended before their time.
    pub fn new(intents: &'a [Intent]) -> Self {
        let mut found: BTreeMap<_, Vec<&Intent>> = BTreeMap::new();
        for intent in intents {
            found.entry((&*intent.provider, &*intent.identity)).or_default().push(intent);
        }
        Self(found)
    }

    /// Whether the settings that are live are such as one of our own runs may have left. What a run
    /// found is no such thing: where an earlier one of ours had not written it, somebody else had.
    pub fn explains(
        &self,
        ty: &dyn ResourceType,
        (provider, identity): (&str, &str),
        live: &Value,
        keys: &KeyNames,
    ) -> bool {
        let intents = self.0.get(&(provider, identity)).map_or(&[][..], Vec::as_slice);
        let same = |a: &Value, b: &Value| ty.differences(a, b, keys).is_empty();
        intents.iter().any(|intent| {
            let reset =
                || intent.writing == Writing::Reset && same(live, &ty.reset(identity, live));
            intent.may_have_written(live, same) || reset()
        })
    }

    /// What to tell of it: one message for each run.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let mut runs: BTreeMap<(Option<String>, bool), Vec<&str>> = BTreeMap::new();
        for intent in self.0.values().flatten() {
            let run = intent.run.as_ref().map(Holder::to_string);
            runs.entry((run, intent.under_way)).or_default().push(&intent.identity);
        }
        let told = runs.into_iter().map(|((run, under_way), mut buckets)| {
            buckets.sort_unstable();
            buckets.dedup();
            let run = run.unwrap_or_else(|| "A run without the lock".to_owned());
            let named = listed(buckets.iter().map(|bucket| format!("{bucket:?}")), NAMED);
            if under_way {
                return Diagnostic::warning(
                    "Another run is under way",
                    format!(
                        "{run} writes these buckets, or is about to: {named}. Where they are as it \
                         leaves them, that is not shown as changed outside. What is told of them \
                         here may be otherwise soon: look again when that run has ended."
                    ),
                );
            }
            Diagnostic::warning(
                "Earlier run was stopped",
                format!(
                    "{run} ended while it wrote these buckets, and does not know whether it has: \
                     {named}. Where they now are as it was to leave them, that is not shown as \
                     changed outside. The next apply brings them to what is declared and settles \
                     this."
                ),
            )
        });
        told.collect()
    }
}
