//! The one list of functions, kept in a file for each category.

mod collection;
mod conversion;
mod encoding;
mod filesystem;
mod hash;
mod network;
mod numeric;
mod string;
mod time;

use super::{CallError, Category, Context, Depth, Function, ParamType, Parameter};
use crate::value::{Bounds, Value};
use std::sync::LazyLock;

/// All functions, in ascending order of their names.
pub static FUNCTIONS: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let groups = [
        (Category::Numeric, numeric::FUNCTIONS),
        (Category::String, string::FUNCTIONS),
        (Category::Collection, collection::FUNCTIONS),
        (Category::Encoding, encoding::FUNCTIONS),
        (Category::Files, filesystem::FUNCTIONS),
        (Category::Time, time::FUNCTIONS),
        (Category::Hash, hash::FUNCTIONS),
        (Category::Network, network::FUNCTIONS),
        (Category::Conversion, conversion::FUNCTIONS),
    ];
    let mut all: Vec<Function> = groups
        .into_iter()
        .flat_map(|(category, functions)| {
            functions.iter().map(move |function| Function { category, ..*function })
        })
        .collect();
    all.sort_by_key(|function| function.name);
    all
});

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
    pub(super) const fn new(
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
            category: Category::Numeric,
            result,
            most: usize::MAX,
            unknown: Depth::Deep,
            marks: Depth::Deep,
            typed: None,
            bounds: None,
            open_null: false,
            may_be_null: false,
            call,
        }
    }

    pub(super) const fn variadic(mut self, parameter: Parameter) -> Self {
        self.variadic = Some(parameter);
        self
    }

    pub(super) const fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    pub(super) const fn unknown(mut self, depth: Depth) -> Self {
        self.unknown = depth;
        self
    }

    pub(super) const fn marks(mut self, depth: Depth) -> Self {
        self.marks = depth;
        self
    }

    pub(super) const fn typed(mut self, typed: fn(&[Value]) -> super::typing::Typed) -> Self {
        self.typed = Some(typed);
        self
    }

    pub(super) const fn bounds(mut self, bounds: fn(&[Value]) -> Bounds) -> Self {
        self.bounds = Some(bounds);
        self
    }

    pub(super) const fn may_be_null(mut self) -> Self {
        self.may_be_null = true;
        self
    }

    pub(super) const fn open_null(mut self) -> Self {
        self.open_null = true;
        self
    }

    pub(super) const fn special(mut self) -> Self {
        self.special = true;
        self
    }
}

/// Stands in for what the evaluator carries out by itself.
fn special(_: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    Err(CallError::new("is carried out by the evaluator; this is a fault of this program"))
}
