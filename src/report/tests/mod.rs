//! Reports of plans that the language, a state and a world made by hand come to.

mod documents;
mod silence;
mod truth;

use super::{Command, Facts, Report};
use crate::addr::ResourceAddr;
use crate::config::{self, Config};
use crate::diag::{Diagnostics, Sources};
use crate::eval::{self, Evaluation, Input, Tree};
use crate::graph;
use crate::plan::{Inputs, Live, Plan, Selection, make};
use crate::resource::{self, BucketEncryption, Keys, Observed, ResourceType as _};
use crate::state::StateFile;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

/// A configuration, what is recorded, and what is live by the name of the bucket.
struct Case {
    sources: Sources,
    config: Config,
    evaluation: Evaluation,
    dependencies: BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>>,
    recorded: StateFile,
    live: BTreeMap<String, Value>,
}

impl Case {
    fn new(text: &str) -> Self {
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
        let recorded = StateFile::new("lineage".into(), "0.0.0");
        let live = BTreeMap::new();
        Self { sources, config, evaluation, dependencies, recorded, live }
    }

    fn live(mut self, bucket: &str, settings: Value) -> Self {
        self.live.insert(bucket.to_owned(), settings);
        self
    }

    /// Records a bucket at an address, as an apply that found it to be so.
    fn recorded(mut self, name: &str, bucket: &str, settings: Value) -> Self {
        let recorded = crate::state::Recorded {
            identity: bucket.to_owned(),
            provider: "aws".to_owned(),
            region: None,
            values: settings,
            depends_on: Vec::new(),
            prevent_destroy: false,
            forget_on_destroy: false,
        };
        self.recorded.resources.insert(format!("{TYPE}.{name}").parse().unwrap(), recorded);
        self
    }

    fn plan(&self) -> (Plan, Diagnostics) {
        let mut faults = Diagnostics::new();
        let live = |_: &str, bucket: &str| {
            let live = self.live.get(bucket).cloned();
            live.map_or(Live::Gone, |live| Live::Settings(Observed::of(live)))
        };
        let inputs = Inputs {
            config: &self.config,
            evaluation: &self.evaluation,
            dependencies: &self.dependencies,
            recorded: Some(&self.recorded),
            live: &live,
            keys: &Keys::default(),
            accounts: &BTreeMap::new(),
            unfinished: &[],
            selection: &Selection::default(),
            destroy: false,
            providers: BTreeMap::new(),
            tool_version: "0.0.0",
        };
        (make(&inputs, &mut faults), faults)
    }

    fn with_facts<T>(
        &self,
        command: Command,
        faults: &Diagnostics,
        f: impl FnOnce(&Facts<'_>) -> T,
    ) -> T {
        f(&Facts {
            command,
            version: "0.0.0",
            directory: ".",
            started: Some("2026-11-21T12:00:00Z"),
            seconds: Some(0.5),
            share: None,
            block: &|address| {
                self.config.block(&address.resource).map(|it| it.header.to(it.body.span))
            },
            sources: &self.sources,
            diagnostics: faults,
        })
    }

    fn report(&self, command: Command) -> Report {
        let (plan, faults) = self.plan();
        self.with_facts(command, &faults, |facts| Report::of_plan(&plan, facts))
    }
}

/// A block whose rule has these attributes.
fn block(name: &str, bucket: &str, default: &str, rule: &str, more: &str) -> String {
    format!(
        "resource \"{TYPE}\" \"{name}\" {{\n  bucket = \"{bucket}\"\n  rule {{\n    \
         apply_server_side_encryption_by_default {{\n      {default}\n    }}\n    {rule}\n  \
         }}\n  {more}\n}}\n"
    )
}

fn settings(algorithm: &str, key: Option<&str>, bucket_key: bool, blocked: &[&str]) -> Value {
    BucketEncryption::live(algorithm, key, bucket_key, blocked.iter().map(|it| (*it).to_owned()))
}
