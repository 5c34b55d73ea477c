//! What a `*.sealtest.hcl` file declares.

use super::{Attribute, Condition, Name};
use crate::addr::Target;
use crate::diag::Span;
use std::sync::Arc;

/// A file of tests.
#[derive(Clone, Debug, Default)]
pub struct TestFile {
    /// The `variables` block: values that all runs have.
    pub variables: Vec<Attribute>,
    /// The `run` blocks, in their order.
    pub runs: Vec<TestRun>,
}

/// A `run` block.
#[derive(Clone, Debug)]
pub struct TestRun {
    /// Its name.
    pub name: Name,
    /// Its kind and label.
    pub header: Span,
    /// `command`.
    pub command: TestCommand,
    /// The `variables` block: values that this run has.
    pub variables: Vec<Attribute>,
    /// `module`: the directory of the module that is run instead, relative to that of the
    /// configuration.
    pub module: Option<(Arc<str>, Span)>,
    /// `state_key`: the name of the state that the run works on; the module's own one by itself.
    pub state_key: Option<Arc<str>>,
    /// `plan_options`.
    pub options: TestOptions,
    /// The `assert` blocks.
    pub asserts: Vec<Condition>,
    /// `expect_failures`.
    pub expected: Vec<Expected>,
}

/// What a run does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TestCommand {
    /// It plans.
    Plan,
    /// It plans and applies.
    #[default]
    Apply,
}

/// The `plan_options` block of a run.
#[derive(Clone, Debug)]
pub struct TestOptions {
    /// `mode = destroy`.
    pub destroy: bool,
    /// `refresh`.
    pub refresh: bool,
    /// `target`.
    pub targets: Vec<Target>,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self { destroy: false, refresh: true, targets: Vec::new() }
    }
}

/// An object whose condition is expected not to hold.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What it is: `var.x`, `output.x`, `check.x`, `module.x`, or the address of a block or of an
    /// instance.
    pub object: String,
    /// Where it is named.
    pub span: Span,
}

impl Expected {
    /// Whether `object` is the one that is named, or within the module that is named.
    pub fn covers(&self, object: &str) -> bool {
        object.strip_prefix(&*self.object).is_some_and(|rest| {
            rest.is_empty() || (self.is_module() && rest.starts_with(['.', '[']))
        })
    }

    fn is_module(&self) -> bool {
        self.object.starts_with("module.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    #[test]
    fn what_is_expected_covers_itself_and_what_is_in_it() {
        let file = Sources::default().add("x", "");
        let span = Span { file, start: 0, end: 0 };
        for (expected, object, covered) in [
            ("var.a", "var.a", true),
            ("var.a", "var.ab", false),
            ("var.a", "module.m.var.a", false),
            ("t.a", "t.a", true),
            ("t.a", "t.a[0]", false),
            ("t.a[0]", "t.a[0]", true),
            ("module.m", "module.m.var.a", true),
            ("module.m", "module.m[\"k\"].t.a", true),
            ("module.m", "module.mm.t.a", false),
            ("module.m.t.a", "module.m.t.a", true),
        ] {
            let it = Expected { object: expected.to_owned(), span };
            assert_eq!(it.covers(object), covered, "{expected} and {object}");
        }
    }
}
