//! What is managed and looked up: `provider`, `resource`, `data` and `module`.

use super::{
    CONDITION, COUNT, DEPENDS_ON, ERROR_MESSAGE, FOR_EACH, Form, LanguageBlock, PROVIDER_OF, Rest,
    optional, required,
};

pub(super) static PROVIDER: LanguageBlock = LanguageBlock {
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

pub(super) static RESOURCE: LanguageBlock = LanguageBlock {
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

pub(super) static PRECONDITION: LanguageBlock = LanguageBlock {
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

pub(in crate::config) static DYNAMIC: LanguageBlock = LanguageBlock {
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

pub(super) static DATA: LanguageBlock = LanguageBlock {
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

pub(super) static MODULE: LanguageBlock = LanguageBlock {
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
