//! Types of values and of variables.

use super::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The type of a value, or a constraint on one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Not decided: anything conforms.
    Any,
    /// Truth values.
    Bool,
    /// Numbers, whole or not.
    Number,
    /// Unicode text.
    String,
    /// `list(T)`.
    List(Arc<Self>),
    /// `set(T)`.
    Set(Arc<Self>),
    /// `map(T)`.
    Map(Arc<Self>),
    /// `tuple([T, …])`.
    Tuple(Arc<Vec<Self>>),
    /// `object({ name = T, … })`.
    Object(Arc<BTreeMap<Arc<str>, ObjectAttribute>>),
}

/// An attribute of an object type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectAttribute {
    /// What its value must be.
    pub ty: Type,
    /// `optional(T)`: the attribute may be left out.
    pub optional: bool,
    /// `optional(T, default)`: what stands in for one that is left out or null.
    pub default: Option<Value>,
}

impl Type {
    /// `list(element)`.
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    /// `set(element)`.
    pub fn set(element: Self) -> Self {
        Self::Set(Arc::new(element))
    }

    /// `map(element)`.
    pub fn map(element: Self) -> Self {
        Self::Map(Arc::new(element))
    }

    /// `object({…})` with required attributes.
    pub fn object<K: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(Arc::new(
            attributes
                .into_iter()
                .map(|(name, ty)| {
                    (name.into(), ObjectAttribute { ty, optional: false, default: None })
                })
                .collect(),
        ))
    }

    /// Whether it is `any`, or `any` is within it.
    pub fn has_any(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_any(),
            Self::Tuple(items) => items.iter().any(Self::has_any),
            Self::Object(attributes) => attributes.values().any(|it| it.ty.has_any()),
        }
    }

    /// The type as a noun for messages: `list of string`, `object`.
    pub fn friendly(&self) -> String {
        match self {
            Self::Any => "any value".into(),
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::String => "string".into(),
            Self::List(element) => format!("list of {}", element.friendly()),
            Self::Set(element) => format!("set of {}", element.friendly()),
            Self::Map(element) => format!("map of {}", element.friendly()),
            Self::Tuple(_) => "tuple".into(),
            Self::Object(_) => "object".into(),
        }
    }
}

/// Writes the type as the language spells it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(items) => {
                f.write_str("tuple([")?;
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("])")
            }
            Self::Object(attributes) => {
                f.write_str("object({")?;
                for (n, (name, attribute)) in attributes.iter().enumerate() {
                    if n > 0 {
                        f.write_str(", ")?;
                    }
                    if attribute.optional {
                        write!(f, "{name} = optional({})", attribute.ty)?;
                    } else {
                        write!(f, "{name} = {}", attribute.ty)?;
                    }
                }
                f.write_str("})")
            }
        }
    }
}
