//! The language's own blocks, as one table: what each is for, its labels, its arguments, and what
//! else may stand in it.
//!
//! The JSON syntax reads from it what is a block, what is an argument, and how an argument is
//! written; `explain` prints it. The attributes of providers and resource types are not here: their
//! schemas have them.

mod backend;
mod testing;

pub use self::testing::TEST_BLOCKS;

use self::backend::BACKEND;

/// A block of the language.
#[derive(Debug)]
pub struct LanguageBlock {
    /// What kind of block it is: the word that it begins with.
    pub kind: &'static str,
    /// What its labels say.
    pub labels: &'static [&'static str],
    /// What it is for: one paragraph.
    pub description: &'static str,
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// The blocks of the language within it.
    pub blocks: &'static [&'static Self],
    /// What else it may hold.
    pub rest: Rest,
}

/// An argument of a block of the language.
#[derive(Debug)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What its value is, in a few words.
    pub value: &'static str,
    /// How its value is written.
    pub form: Form,
    /// Whether it must be given.
    pub required: bool,
    /// What it is for: a sentence or two.
    pub description: &'static str,
}

/// How the value of an argument is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Any expression. In JSON, a string is a template.
    Expression,
    /// Written out. In JSON, a string is text as it is.
    Constant,
    /// Names of things, not their values; alone, in a list or in a map. In JSON, a string is the
    /// name.
    Reference,
}

/// What a block may hold beside its own arguments and blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// Any `name = value`.
    Values,
    /// What the schema says that the first label names.
    Schema,
    /// What the block holds that the label of `dynamic` names.
    Generated,
}

impl LanguageBlock {
    /// The argument of this name.
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }

    /// The block of the language of this kind within it.
    pub fn block(&self, kind: &str) -> Option<&'static Self> {
        self.blocks.iter().copied().find(|block| block.kind == kind)
    }
}

/// The block of this kind that stands outside of any other in a configuration.
pub fn find(kind: &str) -> Option<&'static LanguageBlock> {
    find_in(BLOCKS, kind)
}

/// The block of this kind among several.
pub fn find_in(blocks: &[&'static LanguageBlock], kind: &str) -> Option<&'static LanguageBlock> {
    blocks.iter().copied().find(|block| block.kind == kind)
}

/// The block of this kind that stands outside of any other, in a configuration or in a file of
/// tests.
pub fn find_anywhere(kind: &str) -> Option<&'static LanguageBlock> {
    find(kind).or_else(|| find_in(TEST_BLOCKS, kind))
}

const fn required(
    name: &'static str,
    value: &'static str,
    form: Form,
    description: &'static str,
) -> Argument {
    Argument { name, value, form, required: true, description }
}

const fn optional(
    name: &'static str,
    value: &'static str,
    form: Form,
    description: &'static str,
) -> Argument {
    Argument { required: false, ..required(name, value, form, description) }
}

/// The blocks that stand outside of any other in a configuration, in the order in which people meet
/// them.
pub static BLOCKS: &[&LanguageBlock] = &[
    &RESOURCE, &DATA, &PROVIDER, &VARIABLE, &LOCALS, &OUTPUT, &MODULE, &CHECK, &MOVED, &REMOVED,
    &IMPORT, &SUPPRESS, &NOTIFY, &SEALFORM,
];

const COUNT: Argument = optional(
    "count",
    "whole number",
    Form::Expression,
    "How many instances there are. They are told apart by index, name[0], and see it as count.index.",
);
const FOR_EACH: Argument = optional(
    "for_each",
    "map or set of strings",
    Form::Expression,
    "One instance for each element. They are told apart by key, name[\"key\"], and see the element \
     as each.key and each.value.",
);
const DEPENDS_ON: Argument = optional(
    "depends_on",
    "list of references",
    Form::Reference,
    "What must be done first, where no expression refers to it anyway.",
);
const PROVIDER_OF: Argument = optional(
    "provider",
    "reference",
    Form::Reference,
    "The provider that it belongs to: aws, or aws.alias where several are configured.",
);
const CONDITION: Argument = required(
    "condition",
    "bool",
    Form::Expression,
    "What must hold: an expression that is true or false.",
);
const ERROR_MESSAGE: Argument =
    required("error_message", "string", Form::Expression, "What to say where it does not hold.");

static SEALFORM: LanguageBlock = LanguageBlock {
    kind: "sealform",
    labels: &[],
    description: "Settings of Sealform itself: which versions may work on this configuration, and \
                  where its state is kept.",
    arguments: &[optional(
        "required_version",
        "string",
        Form::Constant,
        "Constraints on the version of Sealform, such as \">= 0.1, < 2.0\" or \"~> 1.2\".",
    )],
    blocks: &[&BACKEND],
    rest: Rest::Nothing,
};

static PROVIDER: LanguageBlock = LanguageBlock {
    kind: "provider",
    labels: &["name"],
    description: "Which account and Region, and how its services are spoken to. Several blocks of \
                  one provider are told apart by alias. What may be set beside it is the \
                  provider's own: see explain provider.aws.",
    arguments: &[optional(
        "alias",
        "string",
        Form::Constant,
        "The name of this one among several: resources say provider = aws.alias.",
    )],
    blocks: &[],
    rest: Rest::Schema,
};

static VARIABLE: LanguageBlock = LanguageBlock {
    kind: "variable",
    labels: &["name"],
    description: "A value that is given from outside: by -var, -var-file, a file of values, or the \
                  environment as SEALFORM_VAR_name. Expressions refer to it as var.name.",
    arguments: &[
        optional(
            "type",
            "type",
            Form::Reference,
            "What a value must be: string, number, bool, any, or list(…), set(…), map(…), \
             object({ … }), tuple([ … ]) of these. Values are converted to it.",
        ),
        optional(
            "default",
            "constant",
            Form::Constant,
            "The value where none is given. Without it, one must be given.",
        ),
        optional("description", "string", Form::Constant, "What the variable is for."),
        optional(
            "sensitive",
            "bool",
            Form::Constant,
            "Whether its value, and what is made of it, is never shown.",
        ),
        optional(
            "nullable",
            "bool",
            Form::Constant,
            "Whether it may be null; true where nothing is said. With false, null stands for the \
             default.",
        ),
    ],
    blocks: &[&VALIDATION],
    rest: Rest::Nothing,
};

static VALIDATION: LanguageBlock = LanguageBlock {
    kind: "validation",
    labels: &[],
    description: "What must hold of a variable's value, beyond its type. Checked before anything \
                  is read or changed.",
    arguments: &[CONDITION, ERROR_MESSAGE],
    blocks: &[],
    rest: Rest::Nothing,
};

static LOCALS: LanguageBlock = LanguageBlock {
    kind: "locals",
    labels: &[],
    description: "Names for values that are used more than once. Expressions refer to them as \
                  local.name. There may be many such blocks, in any file.",
    arguments: &[],
    blocks: &[],
    rest: Rest::Values,
};

static OUTPUT: LanguageBlock = LanguageBlock {
    kind: "output",
    labels: &["name"],
    description: "A value that is told to the outside: shown after an apply, kept in the state, \
                  printed by the command output; of a module, what its caller sees as \
                  module.name.output.",
    arguments: &[
        required("value", "any", Form::Expression, "The value."),
        optional("description", "string", Form::Constant, "What the value is."),
        optional("sensitive", "bool", Form::Constant, "Whether the value is never shown."),
        DEPENDS_ON,
    ],
    blocks: &[&PRECONDITION],
    rest: Rest::Nothing,
};

static RESOURCE: LanguageBlock = LanguageBlock {
    kind: "resource",
    labels: &["type", "name"],
    description: "Something that is kept as declared. What may be set of it is its type's own: see \
                  explain TYPE. Expressions refer to it as type.name.attribute.",
    arguments: &[COUNT, FOR_EACH, PROVIDER_OF, DEPENDS_ON],
    blocks: &[&RESOURCE_LIFECYCLE, &TIMEOUTS, &DYNAMIC],
    rest: Rest::Schema,
};

static RESOURCE_LIFECYCLE: LanguageBlock = LanguageBlock {
    kind: "lifecycle",
    labels: &[],
    description: "How a resource is treated. Nothing is ever replaced here, so that Terraform's \
                  create_before_destroy and replace_triggered_by have no meaning.",
    arguments: &[
        optional(
            "prevent_destroy",
            "bool",
            Form::Constant,
            "Whether to refuse every plan that would reset the bucket: because it is destroyed, or \
             because its block is gone or names another bucket. It is recorded, and holds when the \
             block is gone. A `removed` block with `destroy = false` lets the bucket go all the same, \
             as it is.",
        ),
        optional(
            "ignore_changes",
            "list of attributes, or all",
            Form::Reference,
            "Attributes that are left as they are live, such as [rule[0].bucket_key_enabled].",
        ),
        optional(
            "on_destroy",
            "string",
            Form::Constant,
            "What becomes of the bucket when the resource is destroyed or leaves the configuration: \
             \"reset\" (back to SSE-S3, as where nothing is said), \"forget\" (it stays as it is), or \
             \"prevent\" (as prevent_destroy). It is recorded, and holds when the block is gone.",
        ),
        optional(
            "allow_weakening",
            "bool",
            Form::Constant,
            "Whether apply may protect new objects less than now without being told so by \
             -allow-weakening or by a word at its prompt; those of buckets that the block leaves, too.",
        ),
        optional(
            "allow_unknown_loss",
            "bool",
            Form::Constant,
            "Whether a write may drop settings of the bucket that this version does not know. A \
             write replaces all settings, so that it is refused otherwise.",
        ),
    ],
    blocks: &[&PRECONDITION, &POSTCONDITION],
    rest: Rest::Nothing,
};

static TIMEOUTS: LanguageBlock = LanguageBlock {
    kind: "timeouts",
    labels: &[],
    description: "How long S3 may take to show what was written, such as \"90s\" or \"5m\"; a minute \
                  where nothing is said.",
    arguments: &[
        optional("create", "string", Form::Constant, "For the first write to a bucket."),
        optional("update", "string", Form::Constant, "For every other write."),
        optional("delete", "string", Form::Constant, "For a reset, while the block is there."),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};

static PRECONDITION: LanguageBlock = LanguageBlock {
    kind: "precondition",
    labels: &[],
    description: "What must hold before what it stands in is worked on; checked while planning.",
    arguments: &[CONDITION, ERROR_MESSAGE],
    blocks: &[],
    rest: Rest::Nothing,
};

static POSTCONDITION: LanguageBlock = LanguageBlock {
    kind: "postcondition",
    labels: &[],
    description: "What must hold of the result, which the condition sees as self.",
    arguments: &[CONDITION, ERROR_MESSAGE],
    blocks: &[],
    rest: Rest::Nothing,
};

pub(super) static DYNAMIC: LanguageBlock = LanguageBlock {
    kind: "dynamic",
    labels: &["block"],
    description: "A block of a resource, data source or provider, once for each element of a \
                  collection. The label says which block.",
    arguments: &[
        required("for_each", "collection", Form::Expression, "One block for each element."),
        optional(
            "iterator",
            "name",
            Form::Reference,
            "The name by which content sees the element: name.key and name.value. The label where \
             nothing is said.",
        ),
        optional(
            "labels",
            "list of strings",
            Form::Expression,
            "The labels of each block, where it has any.",
        ),
    ],
    blocks: &[&CONTENT],
    rest: Rest::Nothing,
};

static CONTENT: LanguageBlock = LanguageBlock {
    kind: "content",
    labels: &[],
    description: "What stands in each of the blocks that a dynamic block makes.",
    arguments: &[],
    blocks: &[],
    rest: Rest::Generated,
};

static DATA: LanguageBlock = LanguageBlock {
    kind: "data",
    labels: &["type", "name"],
    description: "Something that is looked up and never changed. What may be asked of it is its \
                  type's own: see explain data.TYPE. Expressions refer to it as \
                  data.type.name.attribute.",
    arguments: &[COUNT, FOR_EACH, PROVIDER_OF, DEPENDS_ON],
    blocks: &[&DATA_LIFECYCLE, &DYNAMIC],
    rest: Rest::Schema,
};

static DATA_LIFECYCLE: LanguageBlock = LanguageBlock {
    kind: "lifecycle",
    labels: &[],
    description: "What must hold before and after something is looked up.",
    arguments: &[],
    blocks: &[&PRECONDITION, &POSTCONDITION],
    rest: Rest::Nothing,
};

static MODULE: LanguageBlock = LanguageBlock {
    kind: "module",
    labels: &["name"],
    description: "A directory of configuration that is used as one thing. Every other argument \
                  gives a value to one of its variables; its outputs are module.name.output.",
    arguments: &[
        required(
            "source",
            "string",
            Form::Constant,
            "The directory: one that begins with ./ or ../ is relative to this configuration's.",
        ),
        COUNT,
        FOR_EACH,
        optional(
            "providers",
            "map of references",
            Form::Reference,
            "Which of this configuration's providers the module sees under which name. The default \
             ones are handed on where nothing is said.",
        ),
        DEPENDS_ON,
    ],
    blocks: &[],
    rest: Rest::Values,
};

static CHECK: LanguageBlock = LanguageBlock {
    kind: "check",
    labels: &["name"],
    description: "Something to be assured of at each plan and apply. One that does not hold is a \
                  warning and stops nothing.",
    arguments: &[],
    blocks: &[&DATA, &ASSERT],
    rest: Rest::Nothing,
};

static ASSERT: LanguageBlock = LanguageBlock {
    kind: "assert",
    labels: &[],
    description: "What a check looks for.",
    arguments: &[CONDITION, ERROR_MESSAGE],
    blocks: &[],
    rest: Rest::Nothing,
};

static MOVED: LanguageBlock = LanguageBlock {
    kind: "moved",
    labels: &[],
    description: "A resource or module has another address now: what is recorded under the old one \
                  is taken over, and nothing is reset.",
    arguments: &[
        required("from", "address", Form::Reference, "The address that it had."),
        required("to", "address", Form::Reference, "The address that it has."),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};

static REMOVED: LanguageBlock = LanguageBlock {
    kind: "removed",
    labels: &[],
    description: "A resource or module has left the configuration, and this says what becomes of \
                  what it managed.",
    arguments: &[required("from", "address", Form::Reference, "The address that it had.")],
    blocks: &[&REMOVED_LIFECYCLE],
    rest: Rest::Nothing,
};

static REMOVED_LIFECYCLE: LanguageBlock = LanguageBlock {
    kind: "lifecycle",
    labels: &[],
    description: "What becomes of what has been removed.",
    arguments: &[required(
        "destroy",
        "bool",
        Form::Constant,
        "With false, it is forgotten and stays as it is; with true, it is reset.",
    )],
    blocks: &[],
    rest: Rest::Nothing,
};

static SUPPRESS: LanguageBlock = LanguageBlock {
    kind: "suppress",
    labels: &["name"],
    description: "Drift that is known: drift tells of it and does not count it, until a day. It \
                  silences reports and nothing else: a plan takes the change back all the same, and \
                  names the block. One that has expired or silences nothing is a \
                  warning. It stands in the root module, also for what is in others.",
    arguments: &[
        optional(
            "addresses",
            "list of addresses",
            Form::Reference,
            "Instances, resources and modules that it is about.",
        ),
        optional(
            "buckets",
            "list of strings",
            Form::Constant,
            "Names of buckets that it is about; * stands for any text, ? for one character. \
             addresses or buckets must be given.",
        ),
        optional(
            "attributes",
            "list of attributes",
            Form::Reference,
            "Attributes that it is about, such as [bucket_key_enabled]; all where nothing is said.",
        ),
        required("reason", "string", Form::Constant, "Why it is known."),
        optional(
            "expires",
            "string",
            Form::Constant,
            "The last day on which it holds, in UTC: \"2026-12-31\".",
        ),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};

static NOTIFY: LanguageBlock = LanguageBlock {
    kind: "notify",
    labels: &["name"],
    description: "A webhook that is told what drift found and what apply did: one message a run. A \
                  failure to send it is a warning. plan sends nothing, and neither does any run \
                  with -no-notify or -sandbox. It stands in the root module.",
    arguments: &[
        required(
            "url",
            "string",
            Form::Expression,
            "Where messages are posted: https://…, or http://…. It is never shown, whether it comes \
             from a sensitive variable or not. It must be known before anything is read. With null, \
             the block tells nobody; with an empty text neither, and each run warns of it.",
        ),
        optional(
            "format",
            "string",
            Form::Constant,
            "The shape of messages: \"slack\", \"teams\" (a workflow that takes Adaptive Cards) or \
             \"json\" (a document of one schema, as where nothing is said).",
        ),
        optional(
            "on",
            "list of strings",
            Form::Constant,
            "What is told. Of drift: \"drift\"; \"pending\" (no drift, but the files have changed); \
             \"clean\" (nothing differs); \"recovered\" (with -watch: nothing differs any more, \
             after this block had told that something did). Of apply: \"applied\" (something was \
             done). Of both: \"error\". [\"drift\", \"error\", \"recovered\"] where nothing is said.",
        ),
        optional(
            "min_severity",
            "string",
            Form::Constant,
            "How bad drift must be to be told: \"low\" (any, as where nothing is said), \"medium\" or \
             \"high\" (new objects are protected less).",
        ),
        optional(
            "headers",
            "map of strings",
            Form::Expression,
            "HTTP headers that go along with each message, such as { Authorization = … }. They are \
             never shown.",
        ),
        optional(
            "timeout",
            "string",
            Form::Constant,
            "How long sending a message may take, repetitions included: \"10s\" where nothing is \
             said, \"2m\" at most.",
        ),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};

static IMPORT: LanguageBlock = LanguageBlock {
    kind: "import",
    labels: &[],
    description: "Something that exists already is to be managed at an address from now on.",
    arguments: &[
        required("to", "address", Form::Reference, "The address of the instance."),
        required("id", "string", Form::Expression, "What exists: of a bucket, its name."),
        optional(
            "for_each",
            "map, list or set of strings",
            Form::Expression,
            "One import for each element; to and id see it as each.key and each.value. Of a list, the \
             keys are the indexes.",
        ),
        PROVIDER_OF,
    ],
    blocks: &[],
    rest: Rest::Nothing,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{parse, parse_test};
    use crate::diag::{Diagnostics, Sources};
    use std::fmt::Write as _;

    fn write(block: &LanguageBlock, text: &mut String) {
        text.push_str(block.kind);
        for label in block.labels {
            text.push_str(if *label == "kind" { " \"local\"" } else { " \"aws\"" });
        }
        text.push_str(" {\n");
        for argument in block.arguments {
            writeln!(text, "{} = 1", argument.name).unwrap();
        }
        for inner in block.blocks {
            write(inner, text);
        }
        text.push_str("}\n");
    }

    /// The decoder of each block knows what the table says that the block has.
    #[test]
    fn the_table_says_nothing_that_is_not_so() {
        let of_tests = TEST_BLOCKS.iter().map(|block| (block, true));
        for (block, is_test) in BLOCKS.iter().map(|block| (block, false)).chain(of_tests) {
            let mut text = String::new();
            write(block, &mut text);
            let mut sources = Sources::default();
            let file = sources.add("main.seal.hcl", text.as_str());
            let mut faults = Diagnostics::new();
            if is_test {
                parse_test(&sources, file, &mut faults);
            } else {
                parse(&sources, &[file], &|_| false, &mut faults);
            }
            let unknown = ["Unknown attribute", "Unknown block", "Unsupported block"];
            faults.retain(|fault| unknown.contains(&fault.summary));
            assert_eq!(faults, [], "{text}");
        }
    }
}
