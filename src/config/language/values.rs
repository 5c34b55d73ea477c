//! Names for values: `variable`, `locals` and `output`.

use super::objects::PRECONDITION;
use super::{CONDITION, DEPENDS_ON, ERROR_MESSAGE, Form, LanguageBlock, Rest, optional, required};

pub(super) static VARIABLE: LanguageBlock = LanguageBlock {
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

pub(super) static LOCALS: LanguageBlock = LanguageBlock {
    kind: "locals",
    labels: &[],
    description: "Names for values that are used more than once. Expressions refer to them as \
                  local.name. There may be many such blocks, in any file.",
    arguments: &[],
    blocks: &[],
    rest: Rest::Values,
};

pub(super) static OUTPUT: LanguageBlock = LanguageBlock {
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
