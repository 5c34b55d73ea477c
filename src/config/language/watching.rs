//! What is looked out for, and who is told: `check`, `suppress` and `notify`.

use super::objects::DATA;
use super::{CONDITION, ERROR_MESSAGE, Form, LanguageBlock, Rest, optional, required};

pub(super) static CHECK: LanguageBlock = LanguageBlock {
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

pub(super) static SUPPRESS: LanguageBlock = LanguageBlock {
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

pub(super) static NOTIFY: LanguageBlock = LanguageBlock {
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
