//! Functions of lists, sets, maps and objects.

use super::super::{Depth, Function, ParamType};
use super::super::{collection, sets, string, typing};
use super::{nullable, required};

pub(super) const FUNCTIONS: &[Function] = &[
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
        "chunklist",
        &[required("list", ParamType::ListOfAny), required("size", ParamType::Number)],
        ParamType::ListOfAny,
        "A list in pieces of a size.",
        collection::chunklist,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top)
    .typed(typing::chunks_type),
    Function::new(
        "coalesce",
        &[nullable("value", ParamType::Any)],
        ParamType::Any,
        "The first argument that is neither null nor an empty text.",
        collection::coalesce,
    )
    .variadic(nullable("values", ParamType::Any))
    .unknown(Depth::Raw),
    Function::new(
        "coalescelist",
        &[nullable("list", ParamType::Any)],
        ParamType::Any,
        "The first list that is not empty.",
        collection::coalescelist,
    )
    .variadic(nullable("lists", ParamType::Any))
    .unknown(Depth::Raw),
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
    .marks(Depth::Top)
    .typed(typing::joined_type),
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
    )
    .typed(typing::same_type),
    Function::new(
        "element",
        &[required("list", ParamType::Any), required("index", ParamType::Number)],
        ParamType::Any,
        "The element of a list at an index, counted round and round.",
        collection::element,
    )
    .unknown(Depth::Raw)
    .marks(Depth::Top)
    .may_be_null(),
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
        "index",
        &[required("list", ParamType::Any), required("value", ParamType::Any)],
        ParamType::Number,
        "Where in a list a value first stands.",
        collection::index,
    )
    .unknown(Depth::Top),
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
        "lookup",
        &[required("map", ParamType::Any), required("key", ParamType::String)],
        ParamType::Any,
        "The entry of a map under a key, or a default.",
        collection::lookup,
    )
    .variadic(nullable("default", ParamType::Any))
    .at_most(3)
    .unknown(Depth::Raw)
    .marks(Depth::Raw)
    .may_be_null(),
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
    )
    .unknown(Depth::Top)
    .typed(typing::matched_type),
    Function::new(
        "merge",
        &[],
        ParamType::Any,
        "The entries of all maps in one; of equal keys the last counts.",
        collection::merge,
    )
    .variadic(nullable("maps", ParamType::Any))
    .unknown(Depth::Top)
    .marks(Depth::Top)
    .typed(typing::merged_type),
    Function::new(
        "one",
        &[required("list", ParamType::Any)],
        ParamType::Any,
        "The only element of a list, or null if it is empty.",
        collection::one_of,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top)
    .typed(typing::only_type)
    .may_be_null(),
    Function::new(
        "reverse",
        &[required("list", ParamType::Any)],
        ParamType::Any,
        "A list backwards.",
        collection::reverse,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top)
    .typed(typing::reversed_type),
    Function::new(
        "setintersection",
        &[required("set", ParamType::SetOfAny)],
        ParamType::SetOfAny,
        "The elements that all sets have.",
        sets::setintersection,
    )
    .variadic(required("sets", ParamType::SetOfAny))
    .typed(typing::common_type),
    Function::new(
        "setproduct",
        &[required("a", ParamType::Any), required("b", ParamType::Any)],
        ParamType::Any,
        "All combinations of an element of each set or list.",
        sets::setproduct,
    )
    .variadic(required("more", ParamType::Any))
    .unknown(Depth::Top)
    .marks(Depth::Top)
    .typed(typing::product_type)
    .bounds(sets::product_bounds),
    Function::new(
        "setsubtract",
        &[required("a", ParamType::SetOfAny), required("b", ParamType::SetOfAny)],
        ParamType::SetOfAny,
        "The elements of one set that another does not have.",
        sets::setsubtract,
    )
    .typed(typing::common_type),
    Function::new(
        "setunion",
        &[required("set", ParamType::SetOfAny)],
        ParamType::SetOfAny,
        "The elements of any of the sets.",
        sets::setunion,
    )
    .variadic(required("sets", ParamType::SetOfAny))
    .unknown(Depth::Top)
    .typed(typing::common_type),
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
    .marks(Depth::Top)
    .typed(typing::slice_type),
    Function::new(
        "sort",
        &[required("list", ParamType::ListOfString)],
        ParamType::ListOfString,
        "A list of texts in ascending order.",
        string::sort,
    )
    .unknown(Depth::Top),
    Function::new(
        "transpose",
        &[required("values", ParamType::MapOfListOfString)],
        ParamType::MapOfListOfString,
        "A map of lists with keys and elements swapped.",
        collection::transpose,
    ),
    Function::new(
        "values",
        &[required("map", ParamType::Any)],
        ParamType::Any,
        "The values of a map in the order of their keys.",
        collection::values,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top)
    .typed(typing::values_type),
    Function::new(
        "zipmap",
        &[required("keys", ParamType::ListOfString), required("values", ParamType::Any)],
        ParamType::Any,
        "A map of keys to the values at the same places.",
        collection::zipmap,
    )
    .unknown(Depth::Top)
    .marks(Depth::Top)
    .typed(typing::zipped_type),
];
