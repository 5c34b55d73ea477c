//! What became of addresses and objects: `moved`, `removed` and `import`.

use super::{Form, LanguageBlock, PROVIDER_OF, Rest, optional, required};

pub(super) static MOVED: LanguageBlock = LanguageBlock {
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

pub(super) static REMOVED: LanguageBlock = LanguageBlock {
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

pub(super) static IMPORT: LanguageBlock = LanguageBlock {
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
