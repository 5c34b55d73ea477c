//! Conversion of values to types, and the type that several have in common.

use super::{Fields, Number, Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a value does not convert to a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertError {
    /// Where in the value, from the outside in: `.name` or `[index]`. Empty for the value itself.
    pub path: String,
    /// What is wrong there: `string required`.
    pub reason: String,
}

impl std::fmt::Display for ConvertError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.path.trim_start_matches('.'), self.reason)
        }
    }
}

impl std::error::Error for ConvertError {}

impl ConvertError {
    fn new(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }

    fn within(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}

impl Value {
    /// Converts as the language does where a type is asked for: primitive values to and from
    /// strings, tuples and sets to lists, objects to maps, each element in turn.
    ///
    /// # Errors
    /// Says where in the value, and which type is required there.
    pub fn convert(&self, ty: &Type) -> Result<Self, ConvertError> {
        match (self, ty) {
            (value, Type::Any) => Ok(value.clone()),
            (Self::Sensitive(inner), ty) => Ok(inner.convert(ty)?.sensitive()),
            (Self::Null(_), ty) => Ok(Self::Null(ty.clone())),
            (Self::Unknown(from), ty) => {
                if convertible(from, ty) {
                    Ok(Self::Unknown(ty.clone()))
                } else {
                    Err(ConvertError::new(required(ty)))
                }
            }
            (Self::Bool(_), Type::Bool)
            | (Self::Number(_), Type::Number)
            | (Self::String(_), Type::String) => Ok(self.clone()),
            (Self::Bool(truth), Type::String) => {
                Ok(Self::from(if *truth { "true" } else { "false" }))
            }
            (Self::Number(number), Type::String) => Ok(Self::from(number.to_string())),
            (Self::String(text), Type::Bool) => match &**text {
                "true" | "1" => Ok(Self::Bool(true)),
                "false" | "0" => Ok(Self::Bool(false)),
                other if other.eq_ignore_ascii_case("true") => Err(ConvertError::new(
                    "a bool is required; to convert from string, use lowercase \"true\"",
                )),
                other if other.eq_ignore_ascii_case("false") => Err(ConvertError::new(
                    "a bool is required; to convert from string, use lowercase \"false\"",
                )),
                _ => Err(ConvertError::new("a bool is required")),
            },
            (Self::String(text), Type::Number) => text
                .parse::<Number>()
                .map(Self::Number)
                .map_err(|_| ConvertError::new("a number is required")),
            (Self::List(_) | Self::Set(_) | Self::Tuple(_), Type::List(element)) => {
                if let Self::List(list) = self
                    && list.element_type == **element
                {
                    return Ok(self.clone());
                }
                let (element_type, items) = self.convert_items(element)?;
                Ok(Self::list(element_type, items))
            }
            (Self::List(_) | Self::Set(_) | Self::Tuple(_), Type::Set(element)) => {
                let (element_type, items) = self.convert_items(element)?;
                Ok(Self::set(element_type, items))
            }
            (Self::List(_) | Self::Set(_) | Self::Tuple(_), Type::Tuple(types)) => {
                let items = self.as_items().unwrap_or_default();
                if items.len() != types.len() {
                    return Err(ConvertError::new(format!(
                        "a tuple of {} elements is required, not of {}",
                        types.len(),
                        items.len()
                    )));
                }
                let items = items
                    .iter()
                    .zip(types.iter())
                    .enumerate()
                    .map(|(n, (item, ty))| {
                        item.convert(ty).map_err(|error| error.within(&format!("[{n}]")))
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Self::tuple(items))
            }
            (Self::Map(map), Type::Map(element)) if map.element_type == **element => {
                Ok(self.clone())
            }
            (Self::Map(_) | Self::Object(_), Type::Map(element)) => {
                let fields = self.as_fields().cloned().unwrap_or_default();
                let common;
                let element = if **element == Type::Any {
                    common = fields.common_type().ok_or_else(|| {
                        ConvertError::new("all map elements must have the same type")
                    })?;
                    &common
                } else {
                    element
                };
                let fields = fields
                    .iter()
                    .map(|(name, value)| {
                        let value = value
                            .convert(element)
                            .map_err(|error| error.within(&format!("[{name:?}]")))?;
                        Ok((Arc::clone(name), value))
                    })
                    .collect::<Result<Vec<_>, ConvertError>>()?;
                Ok(Self::map(without_defaults(element), fields.into_iter().collect()))
            }
            (Self::Map(_) | Self::Object(_), Type::Object(attributes)) => {
                let fields = self.as_fields().cloned().unwrap_or_default();
                let fields = attributes
                    .iter()
                    .map(|(name, attribute)| {
                        let given = fields
                            .get(name)
                            .filter(|value| attribute.default.is_none() || !value.is_null());
                        let value = match (given, &attribute.default) {
                            (Some(value), _) => value
                                .convert(&attribute.ty)
                                .map_err(|error| error.within(&format!(".{name}")))?,
                            (None, Some(default)) => default
                                .convert(&attribute.ty)
                                .map_err(|error| error.within(&format!(".{name}")))?,
                            (None, None) if attribute.optional => {
                                Self::Null(without_defaults(&attribute.ty))
                            }
                            (None, None) => {
                                return Err(ConvertError::new(format!(
                                    "attribute {name:?} is required"
                                )));
                            }
                        };
                        Ok((Arc::clone(name), value))
                    })
                    .collect::<Result<Vec<_>, ConvertError>>()?;
                Ok(Self::Object(fields.into_iter().collect()))
            }
            (_, ty) => Err(ConvertError::new(required(ty))),
        }
    }

    /// Converts every element; for `any`, to the type that the elements have in common.
    fn convert_items(&self, element: &Type) -> Result<(Type, Vec<Self>), ConvertError> {
        let items = self.as_items().unwrap_or_default();
        let common;
        let element = if *element == Type::Any {
            common = match self {
                Self::List(elements) | Self::Set(elements) => elements.element_type.clone(),
                _ => unify(&items.iter().map(Self::ty).collect::<Vec<_>>()).ok_or_else(|| {
                    ConvertError::new("all list elements must have the same type")
                })?,
            };
            &common
        } else {
            element
        };
        let items = items
            .iter()
            .enumerate()
            .map(|(n, item)| item.convert(element).map_err(|e| e.within(&format!("[{n}]"))))
            .collect::<Result<Vec<_>, _>>()?;
        Ok((without_defaults(element), items))
    }
}

/// Names the type in the words of a message.
fn required(ty: &Type) -> String {
    match ty {
        Type::Any => "a value is required".into(),
        Type::Bool => "a bool is required".into(),
        Type::Number => "a number is required".into(),
        Type::String => "a string is required".into(),
        Type::List(_) | Type::Set(_) | Type::Map(_) => format!("{} required", ty.friendly()),
        Type::Tuple(_) => "a tuple is required".into(),
        Type::Object(_) => "an object is required".into(),
    }
}

/// The type that a value has after conversion to a constraint: nothing optional is left.
fn without_defaults(ty: &Type) -> Type {
    match ty {
        Type::Any | Type::Bool | Type::Number | Type::String => ty.clone(),
        Type::List(element) => Type::list(without_defaults(element)),
        Type::Set(element) => Type::set(without_defaults(element)),
        Type::Map(element) => Type::map(without_defaults(element)),
        Type::Tuple(items) => Type::Tuple(Arc::new(items.iter().map(without_defaults).collect())),
        Type::Object(attributes) => Type::object(
            attributes
                .iter()
                .map(|(name, attribute)| (Arc::clone(name), without_defaults(&attribute.ty))),
        ),
    }
}

/// Whether some value of one type may convert to the other.
fn convertible(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (Type::Any, _)
        | (_, Type::Any)
        | (Type::Bool, Type::Bool)
        | (Type::Number, Type::Number)
        | (Type::String, Type::Bool | Type::Number | Type::String)
        | (Type::Bool | Type::Number, Type::String)
        | (Type::Map(_) | Type::Object(_), Type::Object(_)) => true,
        (Type::List(from) | Type::Set(from), Type::List(to) | Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => convertible(from, to),
        (Type::List(from) | Type::Set(from), Type::Tuple(to)) => {
            to.iter().all(|to| convertible(from, to))
        }
        (Type::Tuple(from), Type::List(to) | Type::Set(to)) => {
            from.iter().all(|from| convertible(from, to))
        }
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to.iter()).all(|(a, b)| convertible(a, b))
        }
        (Type::Object(from), Type::Map(to)) => {
            from.values().all(|attribute| convertible(&attribute.ty, to))
        }
        _ => false,
    }
}

/// The type that all of `types` convert to, if there is one; `any` for none at all.
pub fn unify(types: &[Type]) -> Option<Type> {
    let mut known = types.iter().filter(|ty| **ty != Type::Any);
    let Some(first) = known.next() else {
        return Some(Type::Any);
    };
    let mut common = first.clone();
    for ty in known {
        common = unify_two(&common, ty)?;
    }
    Some(common)
}

fn unify_two(a: &Type, b: &Type) -> Option<Type> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (Type::Any, other) | (other, Type::Any) => Some(other.clone()),
        (Type::String, Type::Bool | Type::Number) | (Type::Bool | Type::Number, Type::String) => {
            Some(Type::String)
        }
        (Type::List(a), Type::List(b)) => unify_two(a, b).map(Type::list),
        (Type::Set(a), Type::Set(b)) => unify_two(a, b).map(Type::set),
        (Type::List(a), Type::Set(b)) | (Type::Set(a), Type::List(b)) => {
            unify_two(a, b).map(Type::list)
        }
        (Type::Map(a), Type::Map(b)) => unify_two(a, b).map(Type::map),
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            let items: Option<Vec<_>> =
                a.iter().zip(b.iter()).map(|(a, b)| unify_two(a, b)).collect();
            items.map(|items| Type::Tuple(Arc::new(items)))
        }
        (Type::Tuple(a), Type::Tuple(b)) => {
            let all: Vec<_> = a.iter().chain(b.iter()).cloned().collect();
            unify(&all).map(Type::list)
        }
        (Type::Tuple(items), Type::List(element)) | (Type::List(element), Type::Tuple(items)) => {
            let all: Vec<_> = items.iter().chain([&**element]).cloned().collect();
            unify(&all).map(Type::list)
        }
        (Type::Tuple(items), Type::Set(element)) | (Type::Set(element), Type::Tuple(items)) => {
            let all: Vec<_> = items.iter().chain([&**element]).cloned().collect();
            unify(&all).map(Type::set)
        }
        (Type::Object(a), Type::Object(b)) => {
            let same_names = a.len() == b.len() && a.keys().eq(b.keys());
            if same_names {
                let attributes: Option<BTreeMap<_, _>> = a
                    .iter()
                    .map(|(name, attribute)| {
                        let ty = unify_two(&attribute.ty, &b.get(name)?.ty)?;
                        Some((Arc::clone(name), ty))
                    })
                    .collect();
                return attributes.map(Type::object);
            }
            let all: Vec<_> = a.values().chain(b.values()).map(|x| x.ty.clone()).collect();
            unify(&all).map(Type::map)
        }
        (Type::Object(attributes), Type::Map(element))
        | (Type::Map(element), Type::Object(attributes)) => {
            let all: Vec<_> =
                attributes.values().map(|x| &x.ty).chain([&**element]).cloned().collect();
            unify(&all).map(Type::map)
        }
        _ => None,
    }
}

impl Fields {
    /// The type that all values have in common, if there is one.
    pub fn common_type(&self) -> Option<Type> {
        unify(&self.values().map(Value::ty).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::super::ObjectAttribute;
    use super::*;

    #[test]
    fn primitives_convert_as_the_language_says() {
        let rows: [(Value, Type, Result<Value, &str>); 8] = [
            (Value::from("5"), Type::Number, Ok(Value::from(5))),
            (Value::from(5), Type::String, Ok(Value::from("5"))),
            (Value::from("true"), Type::Bool, Ok(Value::from(true))),
            (Value::from("1"), Type::Bool, Ok(Value::from(true))),
            (Value::from(true), Type::String, Ok(Value::from("true"))),
            (Value::from(1), Type::Bool, Err("a bool is required")),
            (Value::from("x"), Type::Number, Err("a number is required")),
            (Value::tuple(vec![]), Type::String, Err("a string is required")),
        ];
        for (value, ty, expected) in rows {
            let got = value.convert(&ty).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{value:?} to {ty}");
        }
    }

    #[test]
    fn an_error_inside_names_its_place() {
        let value = Value::object([("a", Value::tuple(vec![Value::from("x")]))]);
        let ty = Type::object([("a", Type::list(Type::Number))]);
        assert_eq!(value.convert(&ty).unwrap_err().to_string(), "a[0]: a number is required");
    }

    #[test]
    fn a_default_stands_in_for_an_attribute_left_out() {
        let ty = Type::Object(Arc::new(BTreeMap::from([(
            Arc::from("a"),
            ObjectAttribute { ty: Type::String, optional: true, default: Some(Value::from("x")) },
        )])));
        let given = Value::object::<&str>([]);
        assert_eq!(given.convert(&ty).unwrap(), Value::object([("a", Value::from("x"))]));
    }

    #[test]
    fn a_tuple_of_mixed_primitives_becomes_a_list_of_strings() {
        let tuple = Value::tuple(vec![Value::from(1), Value::from("a")]);
        let list = tuple.convert(&Type::list(Type::Any)).unwrap();
        assert_eq!(list, Value::list(Type::String, vec![Value::from("1"), Value::from("a")]));
    }
}
