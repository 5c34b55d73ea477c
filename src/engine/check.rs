//! Everything that the configuration alone tells.

use super::files::DirectoryFiles;
use super::project::Project;
use crate::addr::Address;
use crate::config::IgnoreChanges;
use crate::diag::{self, Diagnostic, Diagnostics, Severity, did_you_mean};
use crate::eval::{self, Evaluation, Input, Instance, Paths, functions::Context, span_of};
use crate::provider::aws;
use crate::resource;
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether every variable must have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// A variable without a value is unknown: `validate`.
    Lenient,
    /// A variable without a value is an error.
    Strict,
}

/// A configuration, evaluated and looked over.
#[derive(Debug)]
pub struct Checked {
    /// What it comes to.
    pub evaluation: Evaluation,
    /// The settings of each provider that is used, by address.
    pub providers: BTreeMap<Arc<str>, aws::Settings>,
}

impl Project {
    /// Evaluates the configuration and reports all that it alone tells to be wrong.
    pub fn check(&self, strictness: Strictness, diagnostics: &mut Diagnostics) -> Checked {
        let evaluation = self.evaluate(strictness, &|_| None, diagnostics);
        let providers = self.providers(&evaluation, diagnostics);
        self.validate(&evaluation, &providers, diagnostics);
        diag::sort(diagnostics);
        Checked { evaluation, providers }
    }

    /// Evaluates the configuration; `live` gives the live settings of an instance where they are
    /// known.
    pub(super) fn evaluate(
        &self,
        strictness: Strictness,
        live: &dyn Fn(&Address) -> Option<Value>,
        diagnostics: &mut Diagnostics,
    ) -> Evaluation {
        let names: Vec<&'static str> = resource::TYPES.iter().map(|ty| ty.name()).collect();
        let dir = self.dir.display().to_string();
        let cwd = self.cwd.display().to_string();
        let files = DirectoryFiles(&self.dir);
        // A second evaluation, with what is live, is to see the random values of the first.
        self.host.rewind();
        let input = Input {
            config: &self.config,
            order: &self.order,
            given: &self.given,
            lenient: strictness == Strictness::Lenient,
            resource_schema: &|ty| resource::find(ty).map(resource::ResourceType::schema),
            resource_types: &names,
            provider_schema: &aws::SCHEMA,
            resolve: &|address, declared| {
                resource::find(&address.resource.ty)
                    .map_or(Value::NULL, |ty| ty.resolved(declared, live(address).as_ref()))
            },
            context: Context { files: &files, host: &self.host },
            paths: Paths { root: &dir, cwd: &cwd },
        };
        eval::evaluate(&input, diagnostics)
    }

    /// Reads the settings of every provider; of the default one also where it has no block.
    fn providers(
        &self,
        evaluation: &Evaluation,
        diagnostics: &mut Diagnostics,
    ) -> BTreeMap<Arc<str>, aws::Settings> {
        let mut providers = BTreeMap::new();
        for (address, settings) in &evaluation.providers {
            match aws::Settings::from_value(settings) {
                Ok(settings) => {
                    providers.insert(Arc::clone(address), settings);
                }
                Err(faults) => {
                    let block = self.config.providers.get(address);
                    for (path, detail) in faults {
                        let span = block
                            .map(|block| span_of(&block.body, &path).unwrap_or(block.name.span));
                        diagnostics.push(
                            Diagnostic::error("Invalid provider settings", detail).at_maybe(span),
                        );
                    }
                }
            }
        }
        if !self.config.providers.contains_key("aws") {
            providers.insert("aws".into(), aws::Settings::default());
        }
        providers
    }

    /// Reports what is wrong with each instance, and buckets that two instances declare.
    fn validate(
        &self,
        evaluation: &Evaluation,
        providers: &BTreeMap<Arc<str>, aws::Settings>,
        diagnostics: &mut Diagnostics,
    ) {
        for block in self.config.resources.values() {
            let Some(ty) = resource::find(&block.addr.ty) else { continue };
            let IgnoreChanges::Paths(paths) = &block.lifecycle.ignore_changes else { continue };
            for (path, span) in paths.iter().filter(|(path, _)| !ty.schema().has(path.steps())) {
                let hint = did_you_mean(&path.to_string(), ty.schema().names());
                let detail = format!("The resource has no attribute `{path}`.{hint}");
                diagnostics.push(Diagnostic::error("Unknown attribute", detail).at(*span));
            }
        }
        let mut seen: BTreeMap<(Option<&str>, Arc<str>), &Instance> = BTreeMap::new();
        for instance in &evaluation.instances {
            let address = &instance.address;
            let Some(ty) = resource::find(&address.resource.ty) else { continue };
            let Some(block) = self.config.resources.get(&address.resource) else { continue };
            for finding in ty.validate(&instance.declared) {
                let span = span_of(&block.body, &finding.path).unwrap_or(block.header);
                let found = match finding.severity {
                    Severity::Error => Diagnostic::error(finding.summary, finding.detail),
                    Severity::Warning => Diagnostic::warning(finding.summary, finding.detail),
                };
                diagnostics.push(found.at(span).of(address));
            }
            let Some(bucket) = ty.identity(&instance.declared) else { continue };
            // The same name at another endpoint is another bucket.
            let endpoint =
                providers.get(&instance.provider).and_then(|it| it.endpoints.s3.as_deref());
            let Some(first) = seen.insert((endpoint, Arc::clone(&bucket)), instance) else {
                continue;
            };
            let bucket_path = ["bucket"].iter().collect();
            let place = |instance: &Instance| {
                let block = self.config.resources.get(&instance.address.resource)?;
                Some(span_of(&block.body, &bucket_path).unwrap_or(block.header))
            };
            let mut fault = Diagnostic::error(
                "Two resources for one bucket",
                format!(
                    "{} and {address} both declare the bucket {bucket:?}. A bucket has one \
                     configuration, and each would undo the other. Remove one of the two.",
                    first.address
                ),
            )
            .of(address)
            .at_maybe(place(instance));
            if let Some(span) = place(first)
                && first.address.resource != address.resource
            {
                fault = fault.related(span, "the bucket is declared here, too");
            }
            diagnostics.push(fault);
        }
    }
}
