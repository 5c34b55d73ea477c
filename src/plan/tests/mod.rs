//! Plans of configurations in the language itself, over worlds and states made by hand; the tests of
//! reports make theirs by these, too.

mod properties;
mod table;
mod terms;
mod unfinished;

use super::{Action, Inputs, Live, Plan, Selection, make};
use crate::addr::{Address, ResourceAddr};
use crate::config::{self, Config};
use crate::diag::{Diagnostics, Sources};
use crate::eval::{self, Evaluation, Input, Tree};
use crate::graph;
use crate::resource::{self, BucketEncryption, Keys, Observed, UnknownElement};
use crate::state::{Intent, StateFile};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

/// A configuration, evaluated.
pub(crate) struct Project {
    pub(crate) sources: Sources,
    pub(crate) config: Config,
    evaluation: Evaluation,
    dependencies: BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>>,
}

impl Project {
    pub(crate) fn new(text: &str) -> Self {
        let mut faults = Diagnostics::new();
        let mut sources = Sources::default();
        let file = sources.add("main.seal.hcl", text);
        let config = config::parse(&sources, &[file], &|_| false, &mut faults);
        let tree = Tree::new(&config, &mut faults);
        let (nodes, edges) = eval::dependencies(&tree, &mut faults);
        let order = graph::order(&nodes, &edges, &mut faults);
        let dependencies = graph::resource_dependencies(&order, &edges);
        let input = Input {
            tree: &tree,
            order: &order,
            given: &[],
            lenient: false,
            resource_schema: &resource::schema,
            resource_types: &resource::names,
            provider_schema: &crate::provider::aws::SCHEMA,
            resolve: &|_, declared| BucketEncryption.resolved(declared, None),
            data: &|_, _| Value::NULL,
            contexts: &BTreeMap::new(),
            cwd: ".",
        };
        let evaluation = eval::evaluate(&input, &mut faults);
        assert!(faults.is_empty(), "{faults:#?} in\n{text}");
        Self { sources, config, evaluation, dependencies }
    }
}

use crate::resource::ResourceType as _;

/// What is live and what is recorded.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// By provider and bucket; what is not here is gone.
    live: BTreeMap<(String, String), Live>,
    pub(crate) recorded: StateFile,
    /// What runs that were killed were about to write.
    unfinished: Vec<Intent>,
}

/// What is planned, beyond the world and the configuration.
#[derive(Clone, Default)]
pub(crate) struct Options {
    selection: Selection,
    destroy: bool,
    keys: Keys,
    accounts: BTreeMap<Arc<str>, Arc<str>>,
    providers: BTreeMap<Arc<str>, serde_json::Value>,
}

fn options(targets: &[&str], excludes: &[&str], destroy: bool) -> Options {
    let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let selection = Selection { targets: parse(targets), excludes: parse(excludes) };
    Options { selection, destroy, ..Options::default() }
}

impl World {
    /// A world with these buckets, and nothing recorded.
    pub(crate) fn of<'a>(buckets: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        let live = buckets
            .into_iter()
            .map(|(name, settings)| {
                (("aws".to_owned(), name.to_owned()), Live::Settings(Observed::of(settings)))
            })
            .collect();
        let recorded = StateFile::new("lineage".into(), "0.0.0");
        Self { live, recorded, unfinished: Vec::new() }
    }

    fn set(&mut self, bucket: &str, live: Live) {
        self.live.insert(("aws".to_owned(), bucket.to_owned()), live);
    }

    pub(crate) fn set_settings(&mut self, bucket: &str, settings: Value) {
        self.set(bucket, Live::Settings(Observed::of(settings)));
    }

    /// Gives a bucket an element that this version does not know.
    pub(crate) fn set_unknown(&mut self, bucket: &str, settings: Value) {
        let element = UnknownElement { path: "Rule.NewThing".into(), content: "1".into() };
        let observed = Observed { unknown: vec![element], ..Observed::of(settings) };
        self.set(bucket, Live::Settings(observed));
    }

    pub(crate) fn plan_with(&self, project: &Project, options: &Options) -> (Plan, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let live = |provider: &str, bucket: &str| {
            let key = (provider.to_owned(), bucket.to_owned());
            self.live.get(&key).cloned().unwrap_or(Live::Gone)
        };
        let plan = make(
            &Inputs {
                config: &project.config,
                evaluation: &project.evaluation,
                dependencies: &project.dependencies,
                recorded: Some(&self.recorded),
                unfinished: &self.unfinished,
                live: &live,
                keys: &options.keys,
                accounts: &options.accounts,
                selection: &options.selection,
                destroy: options.destroy,
                providers: options.providers.clone(),
                tool_version: "0.0.0",
            },
            &mut diagnostics,
        );
        (plan, diagnostics)
    }

    /// The plan, which is to find nothing wrong.
    #[track_caller]
    fn plan(&self, project: &Project) -> Plan {
        let (plan, diagnostics) = self.plan_with(project, &Options::default());
        assert!(diagnostics.is_empty() && plan.unplanned.is_empty(), "{diagnostics:#?}");
        plan
    }

    /// Does what the steps say, in their order: as `apply` does it when nothing goes wrong.
    fn carry_out(&mut self, plan: &Plan) {
        for step in &plan.steps {
            let key = (step.provider.to_string(), step.identity.to_string());
            if let (Action::Update | Action::Reset, Some(after)) = (step.action, &step.after) {
                self.live.insert(key, Live::Settings(Observed::of(after.clone())));
            }
            if step.action != Action::NoOp || step.record {
                for change in step.changes_of(&self.recorded) {
                    change.apply_to(&mut self.recorded);
                }
            }
        }
        if !plan.output_changes.is_empty() {
            self.recorded.outputs.clone_from(&plan.outputs);
        }
        // What is recorded is read back from a file the next time.
        self.recorded = StateFile::parse(&self.recorded.print().unwrap()).unwrap();
    }

    /// Plans and does it, to have something recorded.
    #[track_caller]
    fn applied(mut self, project: &Project) -> Self {
        let plan = self.plan(project);
        self.carry_out(&plan);
        self
    }
}

fn address(text: &str) -> Address {
    format!("{TYPE}.{text}").parse().unwrap()
}

/// The settings of a bucket that nobody configured.
fn fresh() -> Value {
    live("AES256")
}

fn live(algorithm: &str) -> Value {
    BucketEncryption::live(algorithm, None, false, ["SSE-C".to_owned()])
}

/// A block with an algorithm, and whatever else.
fn block(name: &str, bucket: &str, algorithm: &str, more: &str) -> String {
    format!(
        "resource \"{TYPE}\" \"{name}\" {{\n  bucket = {bucket}\n  rule {{\n    \
         apply_server_side_encryption_by_default {{\n      sse_algorithm = \"{algorithm}\"\n    \
         }}\n  }}\n{more}\n}}\n"
    )
}

/// Each step in one line: the action, the address without its type, the bucket, the reason.
fn summary(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|step| {
            let address = step.address.to_string().replace(&format!("{TYPE}."), "");
            let reason = match &step.reason {
                None => String::new(),
                Some(reason) => format!(" {reason:?}").replace(TYPE, ""),
            };
            format!("{} {address} {}{reason}", step.action.word(), step.identity)
        })
        .collect()
}

fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
