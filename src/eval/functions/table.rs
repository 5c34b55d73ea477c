//! The one list of functions.

use super::{CallError, Context, Depth, Function, ParamType, Parameter};
use super::{collection, conversion, encoding, files, format, numeric, sets, string};
use crate::value::Value;

/// All functions, in ascending order of their names.
pub static FUNCTIONS: &[Function] = &[
    Function::new(
        "abs",
        &[required("num", ParamType::Number)],
        ParamType::Number,
        "The magnitude of a number.",
        numeric::abs,
    ),
    Function::new(
        "alltrue",
        &[required("list", ParamType::ListOfBool)],
        ParamType::Bool,
        "Whether all elements are true.",
        collection::alltrue,
    )
    .unknown(Depth::Top),
    Function::new(
        "anytrue",
        &[required("list", ParamType::ListOfBool)],
        ParamType::Bool,
        "Whether any element is true.",
        collection::anytrue,
    )
    .unknown(Depth::Top),
    Function::new(
        "can",
        &[nullable("expression", ParamType::Any)],
        ParamType::Bool,
        "Whether an expression has a value.",
        special,
    )
    .special(),
    Function::new(
        "ceil",
        &[required("num", ParamType::Number)],
        ParamType::Number,
        "The closest whole number that is not below a number.",
        numeric::ceil,
    ),
    Function::new(
        "chomp",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text without line ends at its end.",
        string::chomp,
    ),
    Function::new(
        "chunklist",
        &[required("list", ParamType::ListOfAny), required("size", ParamType::Number)],
        ParamType::ListOfAny,
        "A list in pieces of a size.",
        collection::chunklist,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "coalesce",
        &[nullable("value", ParamType::Any)],
        ParamType::Any,
        "The first argument that is neither null nor an empty text.",
        collection::coalesce,
    )
    .variadic(nullable("values", ParamType::Any))
    .unknown(Depth::Raw)
    .marks(Depth::Top),
    Function::new(
        "coalescelist",
        &[nullable("list", ParamType::Any)],
        ParamType::Any,
        "The first list that is not empty.",
        collection::coalescelist,
    )
    .variadic(nullable("lists", ParamType::Any))
    .unknown(Depth::Raw)
    .marks(Depth::Top),
    Function::new(
        "compact",
        &[required("list", ParamType::ListOfString)],
        ParamType::ListOfString,
        "A list of texts without null and empty ones.",
        string::compact,
    ),
    Function::new(
        "concat",
        &[required("seq", ParamType::Any)],
        ParamType::Any,
        "The elements of all lists in one.",
        collection::concat,
    )
    .variadic(required("seqs", ParamType::Any))
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "contains",
        &[required("list", ParamType::Any), required("value", ParamType::Any)],
        ParamType::Bool,
        "Whether a value is an element of a list.",
        collection::contains,
    )
    .unknown(Depth::Top),
    Function::new(
        "distinct",
        &[required("list", ParamType::ListOfAny)],
        ParamType::ListOfAny,
        "A list without repetitions.",
        collection::distinct,
    ),
    Function::new(
        "element",
        &[required("list", ParamType::Any), required("index", ParamType::Number)],
        ParamType::Any,
        "The element of a list at an index, counted round and round.",
        collection::element,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "endswith",
        &[required("str", ParamType::String), required("suffix", ParamType::String)],
        ParamType::Bool,
        "Whether a text ends with a suffix.",
        string::endswith,
    ),
    Function::new(
        "file",
        &[required("path", ParamType::String)],
        ParamType::String,
        "The content of a file.",
        files::file,
    ),
    Function::new(
        "fileexists",
        &[required("path", ParamType::String)],
        ParamType::Bool,
        "Whether there is a file at a path.",
        files::fileexists,
    ),
    Function::new(
        "flatten",
        &[required("list", ParamType::Any)],
        ParamType::Any,
        "A list with the elements of all lists within it in their place.",
        collection::flatten,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "floor",
        &[required("num", ParamType::Number)],
        ParamType::Number,
        "The closest whole number that is not above a number.",
        numeric::floor,
    ),
    Function::new(
        "format",
        &[required("format", ParamType::String)],
        ParamType::String,
        "A text with its verbs, such as %s and %d, replaced by the arguments.",
        format::format,
    )
    .variadic(nullable("args", ParamType::Any)),
    Function::new(
        "formatlist",
        &[required("format", ParamType::String)],
        ParamType::ListOfString,
        "A text for each element of the lists, as `format` makes it.",
        format::formatlist,
    )
    .variadic(nullable("args", ParamType::Any)),
    Function::new(
        "indent",
        &[required("spaces", ParamType::Number), required("str", ParamType::String)],
        ParamType::String,
        "A text with spaces before each line but the first.",
        string::indent,
    ),
    Function::new(
        "index",
        &[required("list", ParamType::Any), required("value", ParamType::Any)],
        ParamType::Number,
        "Where in a list a value first stands.",
        collection::index,
    ),
    Function::new(
        "issensitive",
        &[nullable("value", ParamType::Any)],
        ParamType::Bool,
        "Whether a value is never to be shown.",
        conversion::issensitive,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw),
    Function::new(
        "join",
        &[required("separator", ParamType::String), required("list", ParamType::ListOfString)],
        ParamType::String,
        "The texts of the lists with a separator between them.",
        string::join,
    )
    .variadic(required("lists", ParamType::ListOfString)),
    Function::new(
        "jsondecode",
        &[required("str", ParamType::String)],
        ParamType::Any,
        "The value that JSON describes.",
        encoding::jsondecode,
    ),
    Function::new(
        "jsonencode",
        &[nullable("val", ParamType::Any)],
        ParamType::String,
        "A value as JSON.",
        encoding::jsonencode,
    ),
    Function::new(
        "keys",
        &[required("map", ParamType::Any)],
        ParamType::Any,
        "The keys of a map in order.",
        collection::keys,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Top),
    Function::new(
        "length",
        &[required("value", ParamType::Any)],
        ParamType::Number,
        "How many elements a collection has, or characters a text.",
        collection::length,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Top),
    Function::new(
        "log",
        &[required("num", ParamType::Number), required("base", ParamType::Number)],
        ParamType::Number,
        "The logarithm of a number to a base.",
        numeric::log,
    ),
    Function::new(
        "lookup",
        &[required("map", ParamType::Any), required("key", ParamType::String)],
        ParamType::Any,
        "The entry of a map under a key, or a default.",
        collection::lookup,
    )
    .variadic(nullable("default", ParamType::Any))
    .at_most(3)
    .unknown(Depth::Raw)
    .marks(Depth::Top),
    Function::new(
        "lower",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text in small letters.",
        string::lower,
    ),
    Function::new(
        "matchkeys",
        &[
            required("values", ParamType::ListOfAny),
            required("keys", ParamType::ListOfAny),
            required("searchset", ParamType::ListOfAny),
        ],
        ParamType::ListOfAny,
        "The values whose keys are in a search set.",
        collection::matchkeys,
    ),
    Function::new(
        "max",
        &[required("number", ParamType::Number)],
        ParamType::Number,
        "The greatest of the numbers.",
        numeric::max,
    )
    .variadic(required("numbers", ParamType::Number)),
    Function::new(
        "merge",
        &[],
        ParamType::Any,
        "The entries of all maps in one; of equal keys the last counts.",
        collection::merge,
    )
    .variadic(nullable("maps", ParamType::Any))
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "min",
        &[required("number", ParamType::Number)],
        ParamType::Number,
        "The least of the numbers.",
        numeric::min,
    )
    .variadic(required("numbers", ParamType::Number)),
    Function::new(
        "nonsensitive",
        &[nullable("value", ParamType::Any)],
        ParamType::Any,
        "A value that may be shown, whatever it was.",
        conversion::nonsensitive,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw),
    Function::new(
        "one",
        &[required("list", ParamType::Any)],
        ParamType::Any,
        "The only element of a list, or null if it is empty.",
        collection::one_of,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "parseint",
        &[required("number", ParamType::Any), required("base", ParamType::Number)],
        ParamType::Number,
        "The whole number that a text spells in a base from 2 to 62.",
        numeric::parseint,
    ),
    Function::new(
        "pow",
        &[required("num", ParamType::Number), required("power", ParamType::Number)],
        ParamType::Number,
        "A number raised to a power.",
        numeric::pow,
    ),
    Function::new(
        "range",
        &[required("first", ParamType::Number)],
        ParamType::ListOfNumber,
        "The numbers from a start (or 0) to before a limit, in steps.",
        numeric::range,
    )
    .variadic(required("more", ParamType::Number))
    .at_most(3),
    Function::new(
        "replace",
        &[
            required("str", ParamType::String),
            required("substr", ParamType::String),
            required("replace", ParamType::String),
        ],
        ParamType::String,
        "A text with each occurrence of one part replaced by another.",
        string::replace,
    ),
    Function::new(
        "reverse",
        &[required("list", ParamType::Any)],
        ParamType::Any,
        "A list backwards.",
        collection::reverse,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "sensitive",
        &[nullable("value", ParamType::Any)],
        ParamType::Any,
        "A value that is never to be shown.",
        conversion::sensitive,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw),
    Function::new(
        "setintersection",
        &[required("set", ParamType::SetOfAny)],
        ParamType::SetOfAny,
        "The elements that all sets have.",
        sets::setintersection,
    )
    .variadic(required("sets", ParamType::SetOfAny)),
    Function::new(
        "setproduct",
        &[required("a", ParamType::Any), required("b", ParamType::Any)],
        ParamType::Any,
        "All combinations of an element of each set or list.",
        sets::setproduct,
    )
    .variadic(required("more", ParamType::Any)),
    Function::new(
        "setsubtract",
        &[required("a", ParamType::SetOfAny), required("b", ParamType::SetOfAny)],
        ParamType::SetOfAny,
        "The elements of one set that another does not have.",
        sets::setsubtract,
    ),
    Function::new(
        "setunion",
        &[required("set", ParamType::SetOfAny)],
        ParamType::SetOfAny,
        "The elements of any of the sets.",
        sets::setunion,
    )
    .variadic(required("sets", ParamType::SetOfAny)),
    Function::new(
        "signum",
        &[required("num", ParamType::Number)],
        ParamType::Number,
        "-1, 0 or 1: the sign of a whole number.",
        numeric::signum,
    ),
    Function::new(
        "slice",
        &[
            required("list", ParamType::Any),
            required("start_index", ParamType::Number),
            required("end_index", ParamType::Number),
        ],
        ParamType::Any,
        "The elements of a list from one index to before another.",
        collection::slice,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "sort",
        &[required("list", ParamType::ListOfString)],
        ParamType::ListOfString,
        "A list of texts in ascending order.",
        string::sort,
    ),
    Function::new(
        "split",
        &[required("separator", ParamType::String), required("str", ParamType::String)],
        ParamType::ListOfString,
        "The parts of a text between the separators.",
        string::split,
    ),
    Function::new(
        "startswith",
        &[required("str", ParamType::String), required("prefix", ParamType::String)],
        ParamType::Bool,
        "Whether a text begins with a prefix.",
        string::startswith,
    ),
    Function::new(
        "strcontains",
        &[required("str", ParamType::String), required("substr", ParamType::String)],
        ParamType::Bool,
        "Whether a text contains another.",
        string::strcontains,
    ),
    Function::new(
        "strrev",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text backwards.",
        string::strrev,
    ),
    Function::new(
        "substr",
        &[
            required("str", ParamType::String),
            required("offset", ParamType::Number),
            required("length", ParamType::Number),
        ],
        ParamType::String,
        "The part of a text from an offset on, of a length.",
        string::substr,
    ),
    Function::new(
        "sum",
        &[required("list", ParamType::Any)],
        ParamType::Number,
        "The sum of the numbers of a list.",
        numeric::sum,
    ),
    Function::new(
        "title",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text with the first letter of each word as a capital.",
        string::title,
    ),
    Function::new(
        "tobool",
        &[nullable("v", ParamType::Any)],
        ParamType::Bool,
        "A value as a bool.",
        conversion::tobool,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw),
    Function::new(
        "tolist",
        &[nullable("v", ParamType::Any)],
        ParamType::ListOfAny,
        "A value as a list.",
        conversion::tolist,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw),
    Function::new(
        "tomap",
        &[nullable("v", ParamType::Any)],
        ParamType::MapOfAny,
        "A value as a map.",
        conversion::tomap,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw),
    Function::new(
        "tonumber",
        &[nullable("v", ParamType::Any)],
        ParamType::Number,
        "A value as a number.",
        conversion::tonumber,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw),
    Function::new(
        "toset",
        &[nullable("v", ParamType::Any)],
        ParamType::SetOfAny,
        "A value as a set.",
        conversion::toset,
    )
    .unknown(Depth::Raw),
    Function::new(
        "tostring",
        &[nullable("v", ParamType::Any)],
        ParamType::String,
        "A value as a text.",
        conversion::tostring,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Raw),
    Function::new(
        "transpose",
        &[required("values", ParamType::MapOfListOfString)],
        ParamType::MapOfListOfString,
        "A map of lists with keys and elements swapped.",
        collection::transpose,
    ),
    Function::new(
        "trim",
        &[required("str", ParamType::String), required("cutset", ParamType::String)],
        ParamType::String,
        "A text without the given characters at its ends.",
        string::trim,
    ),
    Function::new(
        "trimprefix",
        &[required("str", ParamType::String), required("prefix", ParamType::String)],
        ParamType::String,
        "A text without a prefix.",
        string::trimprefix,
    ),
    Function::new(
        "trimspace",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text without white space at its ends.",
        string::trimspace,
    ),
    Function::new(
        "trimsuffix",
        &[required("str", ParamType::String), required("suffix", ParamType::String)],
        ParamType::String,
        "A text without a suffix.",
        string::trimsuffix,
    ),
    Function::new(
        "try",
        &[nullable("expression", ParamType::Any)],
        ParamType::Any,
        "The value of the first expression that has one.",
        special,
    )
    .variadic(nullable("expressions", ParamType::Any))
    .special(),
    Function::new(
        "upper",
        &[required("str", ParamType::String)],
        ParamType::String,
        "A text in capital letters.",
        string::upper,
    ),
    Function::new(
        "values",
        &[required("map", ParamType::Any)],
        ParamType::Any,
        "The values of a map in the order of their keys.",
        collection::values,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top),
    Function::new(
        "zipmap",
        &[required("keys", ParamType::ListOfString), required("values", ParamType::Any)],
        ParamType::Any,
        "A map of keys to the values at the same places.",
        collection::zipmap,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top),
];

/// A parameter that null must not stand for.
const fn required(name: &'static str, ty: ParamType) -> Parameter {
    Parameter { name, ty, allow_null: false }
}

/// A parameter that null may stand for.
const fn nullable(name: &'static str, ty: ParamType) -> Parameter {
    Parameter { name, ty, allow_null: true }
}

impl Function {
    /// A function that sees nothing unknown and no mark of sensitivity.
    const fn new(
        name: &'static str,
        parameters: &'static [Parameter],
        result: ParamType,
        description: &'static str,
        call: fn(&[Value], &Context<'_>) -> Result<Value, CallError>,
    ) -> Self {
        Self {
            name,
            parameters,
            variadic: None,
            description,
            special: false,
            result,
            most: usize::MAX,
            unknown: Depth::Deep,
            marks: Depth::Deep,
            call,
        }
    }

    const fn variadic(mut self, parameter: Parameter) -> Self {
        self.variadic = Some(parameter);
        self
    }

    const fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    const fn unknown(mut self, depth: Depth) -> Self {
        self.unknown = depth;
        self
    }

    const fn marks(mut self, depth: Depth) -> Self {
        self.marks = depth;
        self
    }

    const fn special(mut self) -> Self {
        self.special = true;
        self
    }
}

/// Stands in for what the evaluator carries out by itself.
fn special(_: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Err(CallError::new("is carried out by the evaluator; this is a fault of this program"))
}
