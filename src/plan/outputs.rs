//! What becomes of the outputs.

use super::OutputChange;
use super::make::Inputs;
use crate::state::OutputState;
use crate::value::to_json;
use std::collections::{BTreeMap, BTreeSet};

/// The outputs to record, and which of them change.
pub(super) fn outputs(
    inputs: &Inputs<'_>,
    complete: bool,
) -> (BTreeMap<String, OutputState>, Vec<OutputChange>) {
    let recorded = inputs.recorded.map(|state| state.outputs.clone()).unwrap_or_default();
    if inputs.selection.is_partial() || !complete {
        return (recorded, Vec::new());
    }
    let after: BTreeMap<String, OutputState> = if inputs.destroy {
        BTreeMap::new()
    } else {
        let known = inputs.evaluation.outputs.iter().filter(|(_, value)| value.is_wholly_known());
        known
            .map(|(name, value)| {
                let output = OutputState { value: to_json(value), sensitive: value.is_sensitive() };
                (name.to_string(), output)
            })
            .collect()
    };
    let names: BTreeSet<&String> = recorded.keys().chain(after.keys()).collect();
    let changes = names
        .into_iter()
        .filter(|name| recorded.get(*name) != after.get(*name))
        .map(|name| {
            let (before, now) = (recorded.get(name), after.get(name));
            OutputChange {
                name: name.clone(),
                before: before.map(|output| output.value.clone()),
                after: now.map(|output| output.value.clone()),
                sensitive: before.into_iter().chain(now).any(|output| output.sensitive),
            }
        })
        .collect();
    (after, changes)
}
