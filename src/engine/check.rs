//! Everything that the configuration alone tells.

use super::files::ModuleFiles;
use super::notify::Notice;
use super::project::Project;
use crate::addr::{Address, AttrPath, ResourceAddr};
use crate::config::{IgnoreChanges, Resource};
use crate::diag::{self, Diagnostic, Diagnostics, Severity, Span, did_you_mean};
use crate::eval::{self, Evaluation, Input, Instance, Session, Tree, functions::Context, span_of};
use crate::provider::aws;
use crate::resource::{self, Finding};
use crate::schema::Schema;
use crate::value::{Value, conceal};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Who is told of a run.
    pub notices: Vec<Notice>,
}

/// What is known of the live world.
pub(super) trait Known {
    /// The live settings of an instance.
    fn live(&self, address: &Address) -> Option<Value>;

    /// What a data source was found to be; unknown where it could not be read.
    fn data(&self, address: &Address) -> Option<Value>;
}

/// Nothing has been read.
pub(super) struct Nothing;

impl Known for Nothing {
    fn live(&self, _: &Address) -> Option<Value> {
        None
    }

    fn data(&self, _: &Address) -> Option<Value> {
        None
    }
}

impl Project {
    /// Evaluates the configuration and reports all that it alone tells to be wrong.
    pub fn check(&self, strictness: Strictness, diagnostics: &mut Diagnostics) -> Checked {
        let evaluation = self.evaluate(strictness, &Nothing, diagnostics);
        let providers = self.providers(&evaluation, diagnostics);
        self.validate(&evaluation, &providers, diagnostics);
        let notices = self.notices(&evaluation, strictness, diagnostics);
        diag::sort(diagnostics);
        Checked { evaluation, providers, notices }
    }

    /// Evaluates the configuration with what is known of the live world, and reports what has not
    /// been reported yet.
    pub(super) fn check_again(
        &self,
        known: &dyn Known,
        providers: &BTreeMap<Arc<str>, aws::Settings>,
        diagnostics: &mut Diagnostics,
    ) -> Evaluation {
        let mut found = Diagnostics::new();
        let evaluation = self.evaluate(Strictness::Strict, known, &mut found);
        self.validate(&evaluation, providers, &mut found);
        add_news(diagnostics, found);
        evaluation
    }

    /// Evaluates the configuration with what is known of the live world.
    pub(super) fn evaluate(
        &self,
        strictness: Strictness,
        known: &dyn Known,
        diagnostics: &mut Diagnostics,
    ) -> Evaluation {
        self.with_input(strictness, known, |input| eval::evaluate(input, diagnostics))
    }

    /// Evaluates the configuration with what is known of the live world, for expressions that come
    /// later.
    pub(super) fn in_session<T>(
        &self,
        strictness: Strictness,
        known: &dyn Known,
        diagnostics: &mut Diagnostics,
        use_it: impl FnOnce(&Session<'_>, &mut Diagnostics) -> T,
    ) -> T {
        self.with_input(strictness, known, |input| {
            use_it(&eval::session(input, diagnostics), diagnostics)
        })
    }

    /// Gathers what evaluation works on.
    pub(super) fn with_input<T>(
        &self,
        strictness: Strictness,
        known: &dyn Known,
        use_it: impl FnOnce(&Input<'_>) -> T,
    ) -> T {
        let tree = Tree::new(&self.config, &mut Diagnostics::new());
        let dirs: BTreeSet<&Arc<str>> = tree.modules().map(|module| &module.config.dir).collect();
        let files: Vec<(&Arc<str>, ModuleFiles)> =
            dirs.into_iter().map(|dir| (dir, ModuleFiles::new(&self.dir, dir))).collect();
        let contexts = files
            .iter()
            .map(|(dir, files)| (Arc::clone(dir), Context { files, host: &self.host }))
            .collect();
        let cwd = self.cwd.display().to_string();
        // A second evaluation, with what is live, is to see the random values of the first.
        self.host.rewind();
        let input = Input {
            tree: &tree,
            order: &self.order,
            given: &self.given,
            lenient: strictness == Strictness::Lenient,
            resource_schema: &resource::schema,
            resource_types: &resource::names,
            provider_schema: &aws::SCHEMA,
            resolve: &|address, declared| {
                resource::find(&address.resource.ty)
                    .map_or(Value::NULL, |ty| ty.resolved(declared, known.live(address).as_ref()))
            },
            data: &|address, declared| match known.data(address) {
                Some(value) => value,
                None => resource::data::find(&address.resource.ty)
                    .map_or(Value::NULL, |source| resource::data::pending(source, declared)),
            },
            contexts: &contexts,
            cwd: &cwd,
        };
        use_it(&input)
    }

    /// Reads the settings of every provider; of the default one also where it has no block.
    fn providers(
        &self,
        evaluation: &Evaluation,
        diagnostics: &mut Diagnostics,
    ) -> BTreeMap<Arc<str>, aws::Settings> {
        let mut providers = BTreeMap::new();
        let place = |address: &Arc<str>, path: &AttrPath| {
            let block = self.config.providers.get(address)?;
            Some(span_of(&block.body, path).unwrap_or(block.name.span))
        };
        for (address, settings) in &evaluation.providers {
            match aws::Settings::from_value(settings) {
                Ok(read) => {
                    if let Some((path, detail)) = read.doubt() {
                        let detail = conceal(detail, &settings.secrets());
                        let doubt = Diagnostic::warning("Unknown Region", detail);
                        diagnostics.push(doubt.at_maybe(place(address, &path)));
                    }
                    providers.insert(Arc::clone(address), read);
                }
                Err(faults) => {
                    for (path, detail) in faults {
                        let detail = conceal(detail, &settings.secrets());
                        let fault = Diagnostic::error("Invalid provider settings", detail);
                        diagnostics.push(fault.at_maybe(place(address, &path)));
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
        self.validate_paths(diagnostics);
        for instance in &evaluation.unread {
            let address = &instance.address;
            let source = resource::data::find(&address.resource.ty);
            let block = self.config.block(&address.resource);
            if let (Some(source), Some(block)) = (source, block) {
                let found = source.validate(&instance.declared);
                diagnostics.extend(found.into_iter().map(|it| diagnostic(it, block).of(address)));
            }
        }
        let named = self.validate_instances(&evaluation.instances, providers, diagnostics);
        self.validate_buckets(named, &evaluation.instances, diagnostics);
    }

    /// Reports attributes that are to be ignored or suppressed, and that there are not.
    fn validate_paths(&self, diagnostics: &mut Diagnostics) {
        let tree = Tree::new(&self.config, &mut Diagnostics::new());
        let mut checked = BTreeSet::new();
        let blocks = tree.modules().flat_map(|module| module.config.resources.values());
        // A module that is called twice is one text.
        for block in blocks.filter(|block| checked.insert(block.header)) {
            let Some(ty) = resource::find(&block.addr.ty) else { continue };
            let IgnoreChanges::Paths(paths) = &block.lifecycle.ignore_changes else { continue };
            for (path, span) in paths.iter().filter(|(path, _)| !ty.schema().has(path.steps())) {
                let hint = did_you_mean(&path.to_string(), ty.schema().names());
                let detail = format!("The resource has no attribute `{path}`.{hint}");
                diagnostics.push(Diagnostic::error("Unknown attribute", detail).at(*span));
            }
        }
        for block in self.config.suppressions.values() {
            for path in block.attributes.iter().filter(|path| !is_of_any_type(path)) {
                let names = resource::TYPES.iter().flat_map(|ty| leaf_names(ty.schema()));
                let names: Vec<String> = names.map(|name| name.to_string()).collect();
                let hint = did_you_mean(&path.to_string(), names.iter().map(String::as_str));
                let detail = format!("No resource has an attribute `{path}`.{hint}");
                diagnostics.push(Diagnostic::error("Unknown attribute", detail).at(block.header));
            }
        }
    }

    /// Reports what is wrong with each instance. Gives the buckets that they name.
    fn validate_instances<'p>(
        &self,
        instances: &[Instance],
        providers: &'p BTreeMap<Arc<str>, aws::Settings>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Named<'p>> {
        // What is only a warning is told once for all instances of a block: where it stands, and
        // for how many further ones it holds.
        let mut warned: BTreeMap<(Span, &'static str), (usize, usize)> = BTreeMap::new();
        let mut named = Vec::new();
        let mut block: Option<(&ResourceAddr, &Resource)> = None;
        for (nth, instance) in instances.iter().enumerate() {
            let address = &instance.address;
            let Some(ty) = resource::find(&address.resource.ty) else { continue };
            // The instances of one block stand together.
            if block.is_none_or(|(addr, _)| *addr != address.resource) {
                block = self.config.block(&address.resource).map(|it| (&address.resource, it));
            }
            let Some((_, block)) = block else { continue };
            for mut it in ty.validate(&instance.declared) {
                if it.severity == Severity::Warning
                    && let Some((_, further)) = warned.get_mut(&(block.header, it.summary))
                {
                    *further += 1;
                    continue;
                }
                it.detail = conceal(it.detail, &instance.declared.secrets());
                if it.severity == Severity::Warning {
                    warned.insert((block.header, it.summary), (diagnostics.len(), 0));
                }
                diagnostics.push(diagnostic(it, block).of(address));
            }
            if instance.declared.get("bucket").is_some_and(Value::is_sensitive) {
                let span = span_of(&block.body, &["bucket"].iter().collect());
                diagnostics.push(
                    Diagnostic::error(
                        "Sensitive bucket name",
                        "The name of a bucket is shown wherever the bucket is told of, so that it \
                         cannot be sensitive. Open it with `nonsensitive(…)` if it may be shown.",
                    )
                    .at(span.unwrap_or(block.header))
                    .of(address),
                );
                continue;
            }
            let Some(bucket) = ty.identity(&instance.declared) else { continue };
            let endpoint =
                providers.get(&instance.provider).and_then(|it| it.endpoints.s3.as_deref());
            named.push(Named { endpoint, bucket, nth });
        }
        for (at, further) in warned.into_values().filter(|(_, further)| *further > 0) {
            if let Some(diagnostic) = diagnostics.get_mut(at) {
                let holds =
                    if further == 1 { "1 further instance is" } else { "further instances are" };
                let count = if further == 1 { String::new() } else { format!("{further} ") };
                diagnostic.detail += &format!(" {count}{holds} like that.");
            }
        }
        named
    }

    /// Reports buckets that two instances declare.
    fn validate_buckets(
        &self,
        mut named: Vec<Named<'_>>,
        instances: &[Instance],
        diagnostics: &mut Diagnostics,
    ) {
        // Most often the names are in order as the keys are, so that this is one look at each.
        named.sort();
        let alike = named.windows(2).filter_map(|pair| match pair {
            [first, second]
                if (first.endpoint, &first.bucket) == (second.endpoint, &second.bucket) =>
            {
                Some((second.nth, first))
            }
            _ => None,
        });
        let twice: BTreeMap<usize, &Named<'_>> = alike.collect();
        for (second, Named { bucket, nth: first, .. }) in twice {
            if let (Some(first), Some(second)) = (instances.get(*first), instances.get(second)) {
                diagnostics.push(self.two_for_one(bucket, first, second));
            }
        }
    }

    /// The fault of two instances that declare one bucket.
    fn two_for_one(&self, bucket: &str, first: &Instance, second: &Instance) -> Diagnostic {
        let bucket_path = ["bucket"].iter().collect();
        let place = |instance: &Instance| {
            let block = self.config.block(&instance.address.resource)?;
            Some(span_of(&block.body, &bucket_path).unwrap_or(block.header))
        };
        let address = &second.address;
        let fault = Diagnostic::error(
            "Two resources for one bucket",
            format!(
                "{} and {address} both declare the bucket {bucket:?}. A bucket has one \
                 configuration, and each would undo the other. Remove one of the two.",
                first.address
            ),
        )
        .of(address)
        .at_maybe(place(second));
        match place(first) {
            Some(span) if first.address.resource != address.resource => {
                fault.related(span, "the bucket is declared here, too")
            }
            Some(_) | None => fault,
        }
    }
}

/// A bucket as an instance names it: the same name at another endpoint is another bucket.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Named<'a> {
    endpoint: Option<&'a str>,
    bucket: Arc<str>,
    /// Which instance it is.
    nth: usize,
}

/// Adds what was found to what has been told, where it says anything new.
fn add_news(told: &mut Diagnostics, found: Diagnostics) {
    // A warning about a block counts its instances, of which there may be more by now.
    let key = |it: &Diagnostic| {
        let address = it.address.clone().filter(|_| !it.is_error());
        address.map(|address| (it.summary, it.subject, address))
    };
    let mut warnings = BTreeMap::new();
    for (at, it) in told.iter().enumerate() {
        if let Some(key) = key(it) {
            warnings.entry(key).or_insert(at);
        }
    }
    let mut known: BTreeSet<Diagnostic> = told.iter().cloned().collect();
    for fault in found {
        let before = key(&fault).and_then(|key| told.get_mut(*warnings.get(&key)?));
        if let Some(before) = before {
            *before = fault;
        } else if known.insert(fault.clone()) {
            told.push(fault);
        }
    }
}

/// The names of the attributes at the ends of all paths.
fn leaf_names(schema: &Schema) -> impl Iterator<Item = Arc<str>> {
    let leaves = resource::leaves(schema, &Value::NULL).into_iter();
    leaves.filter_map(|(path, _)| path.steps().last().cloned())
}

/// Whether a resource type has the attribute: by its whole path, or by its name alone.
fn is_of_any_type(path: &AttrPath) -> bool {
    resource::TYPES.iter().any(|ty| {
        let named = || match path.steps() {
            [name] => leaf_names(ty.schema()).any(|leaf| leaf == *name),
            _ => false,
        };
        ty.schema().has(path.steps()) || named()
    })
}

/// A finding at the attribute that it is about.
fn diagnostic(finding: Finding, block: &Resource) -> Diagnostic {
    let Finding { severity, path, summary, detail } = finding;
    let found = match severity {
        Severity::Error => Diagnostic::error(summary, detail),
        Severity::Warning => Diagnostic::warning(summary, detail),
    };
    found.at(span_of(&block.body, &path).unwrap_or(block.header))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::InstanceKey;

    #[test]
    fn what_is_found_again_is_told_once_however_much_it_is() {
        let address = ResourceAddr::managed("type", "name").instance(InstanceKey::None);
        let error = |n: usize| Diagnostic::error("Wrong", format!("The value {n} is wrong."));
        let warning = |text: &str| Diagnostic::warning("Odd", text).of(&address);
        let mut told: Diagnostics = (0..20_000).map(error).collect();
        told.push(warning("1 instance is like that."));
        let mut found: Diagnostics = (10_000..30_000).map(error).collect();
        found.insert(0, warning("2 instances are like that."));
        found.push(error(29_999));
        add_news(&mut told, found);
        assert_eq!(told.len(), 30_001);
        assert_eq!(told[20_000], warning("2 instances are like that."));
        assert_eq!(told[30_000], error(29_999));
    }
}
