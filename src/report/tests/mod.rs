//! Reports of plans that the language, a state and a world made by hand come to.

mod documents;
mod silence;
mod truth;

use super::{Command, Facts, Report};
use crate::diag::Diagnostics;
use crate::plan::Plan;
use crate::plan::tests::{Options, Project, World};
use crate::resource::BucketEncryption;
use crate::value::Value;

const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";

/// A configuration, what is recorded, and what is live.
struct Case {
    project: Project,
    world: World,
}

impl Case {
    fn new(text: &str) -> Self {
        Self { project: Project::new(text), world: World::of([]) }
    }

    fn live(mut self, bucket: &str, settings: Value) -> Self {
        self.world.set_settings(bucket, settings);
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
            owner: None,
        };
        let resources = &mut self.world.recorded.resources;
        resources.insert(format!("{TYPE}.{name}").parse().unwrap(), recorded);
        self
    }

    fn plan(&self) -> (Plan, Diagnostics) {
        self.world.plan_with(&self.project, &Options::default())
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
                let block = self.project.config.block(&address.resource)?;
                Some(block.header.to(block.body.span))
            },
            sources: &self.project.sources,
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
