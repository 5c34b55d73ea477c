//! `*.sealtest.hcl` files: `variables` and `run` blocks.

use super::{Decoder, refactor::target_of};
use crate::config::expr::{Attribute, Block, Body, Expr, ExprKind};
use crate::config::{Expected, TestCommand, TestFile, TestOptions, TestRun};
use crate::diag::{Diagnostics, Span, did_you_mean};
use std::collections::BTreeMap;
use std::sync::Arc;

const BLOCKS: [&str; 2] = ["run", "variables"];
/// Blocks that stand in for what Terraform's providers would find.
const OVERRIDES: [&str; 3] = ["override_data", "override_module", "override_resource"];
const NO_OVERRIDES: &str = "Nothing is overridden in tests: resources and data sources are those \
                            of the sandbox. Remove the block.";

/// What a file of tests declares.
pub(in crate::config) fn test_file(body: Body, diagnostics: &mut Diagnostics) -> TestFile {
    let mut file = TestFile::default();
    let mut variables = None;
    let mut names: BTreeMap<Arc<str>, Span> = BTreeMap::new();
    let decoder = &mut Decoder { diagnostics };
    for attribute in &body.attributes {
        let detail = format!(
            "{:?} stands outside of any block. A file of tests has the blocks `variables` and \
             `run`.",
            attribute.name.text
        );
        decoder.error("Unexpected attribute", detail, attribute.name.span);
    }
    for block in body.blocks {
        match &*block.kind.text {
            "variables" => decoder.values_block(block, &mut variables, &mut file.variables),
            "run" => {
                let Some(run) = decoder.run(block) else { continue };
                match names.get(&run.name.text) {
                    Some(first) => {
                        let what = format!("The run {:?}", run.name.text);
                        decoder.twice(&what, run.name.span, *first);
                    }
                    None => {
                        names.insert(Arc::clone(&run.name.text), run.name.span);
                        file.runs.push(run);
                    }
                }
            }
            other => {
                let detail = match other {
                    "provider" | "mock_provider" => {
                        "A file of tests has no providers: the sandbox stands in for AWS in every \
                         test, with the settings of the configuration's own providers. Remove the \
                         block."
                            .to_owned()
                    }
                    other if OVERRIDES.contains(&other) => NO_OVERRIDES.to_owned(),
                    "test" => "Files are run one after another, and so are their runs: there is \
                               nothing to set. Remove the block."
                        .to_owned(),
                    _ => format!(
                        "A file of tests has no block {other:?}.{} Known are {}.",
                        did_you_mean(other, BLOCKS),
                        BLOCKS.join(", ")
                    ),
                };
                decoder.error("Unsupported block", detail, block.kind.span);
            }
        }
    }
    file
}

impl Decoder<'_> {
    /// A `variables` block, of which there is one at most.
    fn values_block(
        &mut self,
        block: Block,
        first: &mut Option<Span>,
        values: &mut Vec<Attribute>,
    ) {
        if self.labels::<0>(&block, "variables { }").is_none() {
            return;
        }
        if let Some(first) = *first {
            self.twice("A `variables` block", block.kind.span, first);
            return;
        }
        *first = Some(block.kind.span);
        self.values_only("`variables`", &block.body);
        *values = block.body.attributes;
    }

    fn run(&mut self, mut block: Block) -> Option<TestRun> {
        let [name] = self.labels(&block, "run \"name\" { }")?;
        let header = block.header();
        self.refuse_overrides(&mut block.body);
        self.only(
            "A run",
            &block.body,
            &["command", "expect_failures", "state_key"],
            &["assert", "module", "plan_options", "variables"],
        );
        let command = self.command(&block.body);
        let expected = self.expected(&block.body);
        let state_key = self.text(&block.body, "state_key").map(|(key, _)| key);
        let asserts = self.conditions(&block.body, "assert");
        let mut run = TestRun {
            name,
            header,
            command,
            variables: Vec::new(),
            module: None,
            state_key,
            options: TestOptions::default(),
            asserts,
            expected,
        };
        let (mut variables, mut module, mut options) = (None, None, None);
        for inner in block.body.blocks {
            match &*inner.kind.text {
                "variables" => self.values_block(inner, &mut variables, &mut run.variables),
                "module" if self.is_first(&inner, &mut module) => {
                    self.only("The `module` of a run", &inner.body, &["source"], &[]);
                    run.module = self.module_source(&inner);
                }
                "plan_options" if self.is_first(&inner, &mut options) => {
                    run.options = self.options(&inner);
                }
                // The others were reported, or are `assert`.
                _ => {}
            }
        }
        Some(run)
    }

    /// Takes out what Terraform has for its many providers, each with a word of its own.
    fn refuse_overrides(&mut self, body: &mut Body) {
        body.blocks.retain(|inner| {
            let is_override = OVERRIDES.contains(&&*inner.kind.text);
            if is_override {
                self.error("Unsupported block", NO_OVERRIDES, inner.kind.span);
            }
            !is_override
        });
        body.attributes.retain(|attribute| {
            let detail = match &*attribute.name.text {
                "providers" => {
                    "The sandbox stands in for AWS in every test, with the settings of the \
                     configuration's own providers. Remove `providers`."
                }
                "parallel" => "Runs are run one after another. Remove `parallel`.",
                _ => return true,
            };
            self.error("Unsupported attribute", detail, attribute.name.span);
            false
        });
    }

    /// Whether it is the first block of its kind, without labels. What is wrong is reported.
    fn is_first(&mut self, block: &Block, first: &mut Option<Span>) -> bool {
        let usage = format!("{} {{ }}", block.kind.text);
        if self.labels::<0>(block, &usage).is_none() {
            return false;
        }
        if let Some(first) = *first {
            self.twice(&format!("A `{}` block", block.kind.text), block.kind.span, first);
            return false;
        }
        *first = Some(block.kind.span);
        true
    }

    /// A word without quotes.
    fn word<'b>(&mut self, attribute: &'b Attribute, usage: &str) -> Option<&'b str> {
        if let ExprKind::Root(word) = &attribute.expr.kind {
            return Some(word);
        }
        self.error("Invalid keyword", format!("{usage}, without quotes."), attribute.expr.span);
        None
    }

    fn command(&mut self, body: &Body) -> TestCommand {
        const USAGE: &str = "`command` is `plan` or `apply`";
        let Some(attribute) = body.attribute("command") else { return TestCommand::default() };
        match self.word(attribute, USAGE) {
            None => TestCommand::default(),
            Some("plan") => TestCommand::Plan,
            Some("apply") => TestCommand::Apply,
            Some(other) => {
                let hint = did_you_mean(other, ["plan", "apply"]);
                self.error("Invalid keyword", format!("{USAGE}.{hint}"), attribute.expr.span);
                TestCommand::default()
            }
        }
    }

    fn options(&mut self, block: &Block) -> TestOptions {
        const USAGE: &str = "`mode` is `normal` or `destroy`";
        let mut options = TestOptions::default();
        let mut body = block.body.clone();
        body.attributes.retain(|attribute| {
            let is_replace = &*attribute.name.text == "replace";
            if is_replace {
                let detail = "\"replace\" has no meaning here: a bucket's encryption is changed in \
                              place, nothing is ever replaced. Remove it.";
                self.error("Unknown attribute", detail, attribute.name.span);
            }
            !is_replace
        });
        self.only("`plan_options`", &body, &["mode", "refresh", "target"], &[]);
        if let Some(attribute) = body.attribute("mode") {
            match self.word(attribute, USAGE) {
                None | Some("normal") => {}
                Some("destroy") => options.destroy = true,
                Some("refresh-only") => {
                    let detail = "There is no mode `refresh-only`: every plan shows what changed \
                                  outside.";
                    self.error("Unsupported mode", detail, attribute.expr.span);
                }
                Some(other) => {
                    let hint = did_you_mean(other, ["normal", "destroy"]);
                    self.error("Invalid keyword", format!("{USAGE}.{hint}"), attribute.expr.span);
                }
            }
        }
        options.refresh = self.truth(&body, "refresh").unwrap_or(true);
        if let Some(attribute) = body.attribute("target") {
            let usage = "`target` is a list of addresses: `[type.name, module.name]`.";
            for item in self.items(&attribute.expr, "Invalid target", usage) {
                options.targets.extend(self.target(item));
            }
        }
        options
    }

    fn items<'b>(&mut self, expr: &'b Expr, summary: &'static str, usage: &str) -> &'b [Expr] {
        if let ExprKind::Tuple(items) = &expr.kind {
            return items;
        }
        self.error(summary, usage, expr.span);
        &[]
    }

    fn expected(&mut self, body: &Body) -> Vec<Expected> {
        const SUMMARY: &str = "Invalid expected failure";
        const USAGE: &str = "`expect_failures` is a list of references to what has conditions: \
                             `[var.x, output.y, check.z, type.name, module.m]`.";
        let mut expected = Vec::new();
        let Some(attribute) = body.attribute("expect_failures") else { return expected };
        for item in self.items(&attribute.expr, SUMMARY, USAGE) {
            match object(item) {
                Some(object) => expected.push(Expected { object, span: item.span }),
                None => self.error(SUMMARY, USAGE, item.span),
            }
        }
        expected
    }
}

/// What has conditions: `var.x`, `output.x`, `check.x`, or an address.
fn object(expr: &Expr) -> Option<String> {
    if let ExprKind::Attr(source, name) = &expr.kind
        && let ExprKind::Root(root) = &source.kind
        && matches!(&**root, "var" | "output" | "check")
    {
        return Some(format!("{root}.{}", name.text));
    }
    target_of(expr).map(|target| target.to_string())
}
