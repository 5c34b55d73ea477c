//! Conversion of values to types.
//!
//! Whether one type converts to another is decided first, by the types alone; then each value may
//! still be one that does not, such as a text that is no number. What takes a type from its elements
//! (`list(any)`, as `tolist` asks for) finds it with [`unify`].

use super::unify::{check, fill, unify};
use super::{Fields, Number, Type, Value};
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
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }

    pub(super) fn within(mut self, step: &str) -> Self {
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
        if self.is_plainly(ty) {
            return Ok(self.clone());
        }
        check(&self.ty(), ty)?;
        self.convert_checked(ty)
    }

    /// Whether the value needs no conversion, as far as that is seen at a glance.
    pub fn is_plainly(&self, ty: &Type) -> bool {
        match (self.reveal(), ty) {
            (_, Type::Any)
            | (Self::Bool(_), Type::Bool)
            | (Self::Number(_), Type::Number)
            | (Self::String(_), Type::String) => true,
            (Self::List(list), Type::List(element)) | (Self::Set(list), Type::Set(element)) => {
                **element != Type::Any && list.element_type == **element
            }
            (Self::Map(map), Type::Map(element)) => {
                **element != Type::Any && map.element_type == **element
            }
            _ => false,
        }
    }

    /// Converts a value of a type that is known to convert.
    fn convert_checked(&self, ty: &Type) -> Result<Self, ConvertError> {
        if self.is_plainly(ty) {
            return Ok(self.clone());
        }
        match (self, ty) {
            (Self::Sensitive(inner), ty) => Ok(inner.convert_checked(ty)?.sensitive()),
            (Self::Null(from), ty) => Ok(Self::Null(fill(from, &without_defaults(ty)))),
            (Self::Unknown(from, bounds), ty) => {
                let to = fill(from, &without_defaults(ty));
                let bounds = bounds.as_deref().cloned().unwrap_or_default().converted(from, &to);
                Ok(Self::bounded(to, bounds))
            }
            (Self::Bool(truth), Type::String) => {
                Ok(Self::from(if *truth { "true" } else { "false" }))
            }
            (Self::Number(number), Type::String) if number.has_text() => {
                Ok(Self::from(number.to_string()))
            }
            (Self::Number(_), Type::String) => Err(ConvertError::new(
                "a string is required; a number of more than 100,000 digits is not written as one",
            )),
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
            (Self::Set(set), Type::List(_)) if set.may_shrink() => {
                // Nobody knows yet how many elements are left when equal ones are one.
                Ok(Self::unknown(Type::list(set.element_type.clone())))
            }
            (Self::List(_) | Self::Set(_) | Self::Tuple(_), Type::List(element)) => {
                let (element, items) = self.convert_items(element, true)?;
                Ok(Self::list(element, items))
            }
            (Self::List(_) | Self::Set(_) | Self::Tuple(_), Type::Set(element)) => {
                let (element, items) = self.convert_items(element, false)?;
                Ok(Self::set(element, items))
            }
            (Self::Tuple(items), Type::Tuple(types)) => {
                let pairs = items.iter().zip(types.iter()).enumerate();
                let items = pairs.map(|(n, (item, ty))| item.convert_at(ty, || format!("[{n}]")));
                Ok(Self::tuple(items.collect::<Result<_, _>>()?))
            }
            (Self::Map(_) | Self::Object(_), Type::Map(element)) => {
                let (element, fields) = self.convert_fields(element)?;
                Ok(Self::map(element, fields))
            }
            (Self::Map(_) | Self::Object(_), Type::Object(attributes)) => {
                let fields = self.as_fields();
                let fields = attributes.iter().map(|(name, attribute)| {
                    let given = fields.and_then(|fields| fields.get(name));
                    let given =
                        given.filter(|value| attribute.default.is_none() || !value.is_null());
                    let step = || format!(".{name}");
                    let value = match given.or(attribute.default.as_ref()) {
                        // What a map has for an optional attribute may not convert after all.
                        Some(value) if attribute.optional => {
                            value.convert(&attribute.ty).map_err(|error| error.within(&step()))?
                        }
                        Some(value) => value.convert_at(&attribute.ty, step)?,
                        None if attribute.optional => Self::Null(without_defaults(&attribute.ty)),
                        None => {
                            let reason = format!("attribute {name:?} is required");
                            return Err(ConvertError::new(reason));
                        }
                    };
                    Ok((Arc::clone(name), value))
                });
                Ok(Self::Object(fields.collect::<Result<Vec<_>, _>>()?.into_iter().collect()))
            }
            (_, ty) => Err(ConvertError::new(required(ty))),
        }
    }

    /// Converts a part.
    fn convert_at(&self, ty: &Type, step: impl Fn() -> String) -> Result<Self, ConvertError> {
        self.convert_checked(ty).map_err(|error| error.within(&step()))
    }

    /// Converts every element to `element` or, for `any`, to the type that they have in common;
    /// gives the type that they all have then.
    fn convert_items(
        &self,
        element: &Type,
        in_order: bool,
    ) -> Result<(Type, Vec<Self>), ConvertError> {
        let items = self.as_items().unwrap_or_default();
        let common = match (self, element) {
            (Self::Tuple(items), Type::Any) => {
                unify(&items.iter().map(Self::ty).collect::<Vec<_>>()).unwrap_or(Type::Any)
            }
            // Nothing says more of the elements of an empty list than its own type.
            (Self::List(list) | Self::Set(list), Type::Any) => list.element_type.clone(),
            _ => element.clone(),
        };
        let items = items
            .iter()
            .enumerate()
            .map(|(n, item)| item.convert_at(&common, || format!("[{n}]")))
            .collect::<Result<Vec<_>, _>>()?;
        let exact = without_defaults(&common);
        if items.is_empty() || !exact.has_any() {
            return Ok((exact, items));
        }
        // Where `any` is within, each element has filled it in for itself.
        let mut types: Vec<Type> = items.iter().map(Self::ty).collect();
        if in_order && matches!(self, Self::Tuple(_)) {
            let ty = unify(&types).ok_or_else(|| no_common_type("list"))?;
            let items =
                items.iter().map(|item| item.convert(&ty)).collect::<Result<Vec<_>, _>>()?;
            types = items.iter().map(Self::ty).collect();
            return same_type(&types)
                .map(|ty| (ty.clone(), of_type(items, &ty)))
                .ok_or_else(|| no_common_type("list"));
        }
        let noun = if in_order { "list" } else { "set" };
        same_type(&types)
            .map(|ty| (ty.clone(), of_type(items, &ty)))
            .ok_or_else(|| no_common_type(noun))
    }

    /// Converts every value of a map or an object, as [`Self::convert_items`] does elements.
    fn convert_fields(&self, element: &Type) -> Result<(Type, Fields), ConvertError> {
        let empty = Fields::default();
        let fields = self.as_fields().unwrap_or(&empty);
        let common = match (self, element) {
            (Self::Object(_), Type::Any) => fields.common_type().unwrap_or(Type::Any),
            (Self::Map(map), Type::Any) => map.element_type.clone(),
            _ => element.clone(),
        };
        let convert = |fields: &Fields, ty: &Type| {
            let each = fields.iter().map(|(name, value)| {
                let value = value.convert_at(ty, || format!("[{name:?}]"))?;
                Ok((Arc::clone(name), value))
            });
            Ok::<Fields, ConvertError>(each.collect::<Result<Vec<_>, _>>()?.into_iter().collect())
        };
        let mut fields = convert(fields, &common)?;
        let exact = without_defaults(&common);
        if fields.is_empty() || !exact.has_any() {
            return Ok((exact, fields));
        }
        if matches!(common, Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Object(_)) {
            let ty = fields.common_type().ok_or_else(|| no_common_type("map"))?;
            fields = convert(&fields, &ty)?;
        }
        let types: Vec<Type> = fields.values().map(Self::ty).collect();
        let ty = same_type(&types).ok_or_else(|| no_common_type("map"))?;
        let names = fields.keys().cloned().collect::<Vec<_>>();
        let values = of_type(fields.values().cloned().collect(), &ty);
        Ok((ty, names.into_iter().zip(values).collect()))
    }
}

fn no_common_type(noun: &str) -> ConvertError {
    ConvertError::new(format!("all {noun} elements must have the same type"))
}

/// The one type of all values, but for those of which nothing is known.
fn same_type(types: &[Type]) -> Option<Type> {
    let mut known = types.iter().filter(|ty| **ty != Type::Any);
    let first = known.next().unwrap_or(&Type::Any);
    known.all(|ty| ty == first).then(|| first.clone())
}

/// The values, with the type that they now have where nothing was known of one.
fn of_type(items: Vec<Value>, ty: &Type) -> Vec<Value> {
    fn typed(item: Value, ty: &Type) -> Value {
        match item {
            Value::Null(Type::Any) => Value::Null(ty.clone()),
            Value::Unknown(Type::Any, _) => Value::unknown(ty.clone()),
            Value::Sensitive(inner) => typed((*inner).clone(), ty).sensitive(),
            other => other,
        }
    }
    items.into_iter().map(|item| typed(item, ty)).collect()
}

/// Names the type in the words of a message.
pub(super) fn required(ty: &Type) -> String {
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
pub(super) fn without_defaults(ty: &Type) -> Type {
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
    use std::collections::BTreeMap;

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
