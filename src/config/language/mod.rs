//! The language's own blocks, as one table: what each is for, its labels, its arguments, and what
//! else may stand in it.
//!
//! The JSON syntax reads from it what is a block, what is an argument, and how an argument is
//! written; `explain` prints it. The attributes of providers and resource types are not here: their
//! schemas have them. Here is what a row is and where one is found; the rows are in a file for each
//! kind of matter.

mod backend;
mod changes;
mod objects;
mod testing;
mod values;
mod watching;

pub use self::testing::TEST_BLOCKS;

pub(super) use self::objects::DYNAMIC;

use self::backend::SEALFORM;
use self::changes::{IMPORT, MOVED, REMOVED};
use self::objects::{DATA, MODULE, PROVIDER, RESOURCE};
use self::values::{LOCALS, OUTPUT, VARIABLE};
use self::watching::{CHECK, NOTIFY, SUPPRESS};

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
pub(super) fn find_in(
    blocks: &[&'static LanguageBlock],
    kind: &str,
) -> Option<&'static LanguageBlock> {
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
