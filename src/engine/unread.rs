//! What a run could not read, as errors: each told, none hiding the others.

use super::options::PlanOptions;
use super::project::Project;
use super::readings::{Datum, Reading, Readings};
use super::run::Run;
use crate::addr::Address;
use crate::diag::{Diagnostic, Diagnostics};
use crate::eval::{Evaluation, span_of};
use crate::resource;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Run {
    /// Reports every data source that could not be read; tells whether all were.
    pub(super) fn report_unread(
        &self,
        project: &Project,
        evaluation: &Evaluation,
        world: &Readings,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let span =
            |address: &Address| project.config.block(&address.resource).map(|block| block.header);
        for (address, datum) in &world.data {
            if let Datum::Failed(error) = datum {
                diagnostics.push(error.clone().of(address).at_maybe(span(address)));
            }
        }
        let unread = world.data.values().any(|it| !matches!(it, Datum::Value(_)));
        if unread {
            return false;
        }
        for instance in &evaluation.unread {
            let address = &instance.address;
            let detail = format!(
                "{address} cannot be read: what it asks for depends on a value that could not be \
                 found."
            );
            diagnostics.push(
                Diagnostic::error("Unreadable data source", detail)
                    .of(address)
                    .at_maybe(span(address)),
            );
        }
        evaluation.unread.is_empty()
    }

    /// Reports every provider and every object that could not be read.
    pub(super) fn report_failures(
        &self,
        project: &Project,
        evaluation: &Evaluation,
        options: &PlanOptions,
        world: &Readings,
        diagnostics: &mut Diagnostics,
    ) {
        for (address, error) in &world.broken {
            let span = project
                .config
                .providers
                .get(address)
                .map(|block| block.alias.as_ref().map_or(block.name.span, |alias| alias.span));
            diagnostics.push(error.clone().at_maybe(span));
        }
        let needed = options.selection.needed_blocks(&project.dependencies, &evaluation.instances);
        let mut told: BTreeSet<(&str, Arc<str>)> = BTreeSet::new();
        for instance in &evaluation.instances {
            let address = &instance.address;
            let Some(ty) = resource::find(&address.resource.ty) else { continue };
            if !options.selection.includes(address, &needed) {
                continue;
            }
            let block = project.config.block(&address.resource);
            let span = block.map(|block| {
                span_of(&block.body, &["bucket"].iter().collect()).unwrap_or(block.header)
            });
            let Some(identity) = ty.identity(&instance.declared) else {
                diagnostics.push(
                    Diagnostic::error(
                        "Unknown bucket",
                        format!(
                            "The bucket of {address} depends on a value that could not be found."
                        ),
                    )
                    .of(address)
                    .at_maybe(span),
                );
                continue;
            };
            match world.get(&instance.provider, &identity) {
                // A bucket that is gone needs no reset.
                Some(Reading::Gone(error)) if !options.destroy => {
                    diagnostics.push(error.clone().of(address).at_maybe(span));
                }
                Some(Reading::Failed(error)) => {
                    diagnostics.push(error.clone().of(address).at_maybe(span));
                }
                other => diagnostics.extend(given_up(other, address)),
            }
            told.insert((&instance.provider, identity));
        }
        for (address, recorded) in self.state.iter().flat_map(|state| &state.resources) {
            let identity: Arc<str> = Arc::from(recorded.identity.as_str());
            if !options.selection.includes(address, &needed)
                || told.contains(&(recorded.provider.as_str(), Arc::clone(&identity)))
            {
                continue;
            }
            match world.get(&recorded.provider, &identity) {
                Some(Reading::Failed(error)) => {
                    let mut error = error.clone();
                    // What its block said of its owner is not known any more where it was sensitive,
                    // or an earlier version recorded it.
                    error.detail += &format!(
                        " It is recorded as {address}, which is not declared any more: put the \
                         resource back as it was and use `destroy -target`, or drop the record by \
                         `state rm`."
                    );
                    diagnostics.push(error.of(address));
                }
                other => diagnostics.extend(given_up(other, address)),
            }
        }
    }
}

/// What is told of an object whose service was given up: it is about all that the service has, and not
/// about what stands in the source.
fn given_up(reading: Option<&Reading>, address: &Address) -> Option<Diagnostic> {
    match reading? {
        Reading::GivenUp(error) => Some(error.clone().of(address)),
        Reading::Gone(_)
        | Reading::Failed(_)
        | Reading::Settings(_)
        | Reading::Remembered(_)
        | Reading::NoProvider => None,
    }
}
