//! The blocks of files of tests.

use super::{CONDITION, ERROR_MESSAGE, Form, LanguageBlock, Rest, optional, required};

/// The blocks that stand outside of any other in a file of tests.
pub static TEST_BLOCKS: &[&LanguageBlock] = &[&RUN, &VARIABLES];

static RUN: LanguageBlock = LanguageBlock {
    kind: "run",
    labels: &["name"],
    description: "A step of a test, in a *.sealtest.hcl file: applies the configuration on a sandbox, \
                  or only plans, and looks at what it came to.",
    arguments: &[
        optional(
            "command",
            "apply or plan",
            Form::Reference,
            "What is done before the assertions: apply where nothing is said.",
        ),
        optional(
            "expect_failures",
            "list of references",
            Form::Reference,
            "What must fail: [var.x, output.y, check.z, type.name, module.m]. Whatever else fails is \
             an error.",
        ),
        optional(
            "state_key",
            "string",
            Form::Constant,
            "The name of the state that the run works on. Runs of one module share one where nothing \
             is said.",
        ),
    ],
    blocks: &[&VARIABLES, &ASSERT, &MODULE, &PLAN_OPTIONS],
    rest: Rest::Nothing,
};

static VARIABLES: LanguageBlock = LanguageBlock {
    kind: "variables",
    labels: &[],
    description: "The values of variables in tests: beside the runs for all of them, in a run for \
                  that one. They come before values from anywhere else.",
    arguments: &[],
    blocks: &[],
    rest: Rest::Values,
};

static ASSERT: LanguageBlock = LanguageBlock {
    kind: "assert",
    labels: &[],
    description: "What must hold after the run. It sees what the root module sees, and the outputs \
                  as output.name and run.name.output.",
    arguments: &[CONDITION, ERROR_MESSAGE],
    blocks: &[],
    rest: Rest::Nothing,
};

static MODULE: LanguageBlock = LanguageBlock {
    kind: "module",
    labels: &[],
    description: "Another module that is run instead of the configuration.",
    arguments: &[required(
        "source",
        "string",
        Form::Constant,
        "Its directory: one that begins with ./ or ../ is relative to the configuration's.",
    )],
    blocks: &[],
    rest: Rest::Nothing,
};

static PLAN_OPTIONS: LanguageBlock = LanguageBlock {
    kind: "plan_options",
    labels: &[],
    description: "How a run plans.",
    arguments: &[
        optional(
            "mode",
            "normal or destroy",
            Form::Reference,
            "With destroy, everything is reset: normal where nothing is said.",
        ),
        optional(
            "refresh",
            "bool",
            Form::Constant,
            "Whether what is live is read first: true where nothing is said.",
        ),
        optional(
            "target",
            "list of addresses",
            Form::Reference,
            "What is planned: everything where nothing is said.",
        ),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};
