//! Values of the configuration language, their types, and the conversions between them.
//!
//! Owns [`Value`], which can be unknown (not decided yet) or sensitive (never to be shown), [`Type`],
//! and [`Number`]. It never evaluates an expression and never reads anything.
//!
//! ```
//! use sealform::value::{Type, Value};
//!
//! let five = Value::from("5").convert(&Type::Number).unwrap();
//! assert_eq!(five, Value::from(5));
//! ```

mod bounds;
mod convert;
mod json;
mod number;
mod quote;
mod secret;
mod set;
mod ty;
mod unify;

pub use self::bounds::Bounds;
pub use self::convert::ConvertError;
pub use self::json::{from_json, to_json};
pub use self::number::Number;
pub use self::quote::{is_harmful, quote, visible_json, write_quote};
pub use self::secret::conceal;
pub use self::ty::{ObjectAttribute, Type};
pub use self::unify::unify;

use std::cmp::Ordering;
use std::sync::Arc;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// A value of the configuration language. Cloning is cheap: what is large is shared.
#[derive(Clone, Debug)]
pub enum Value {
    /// The absence of a value of the given type.
    Null(Type),
    /// A value that is not known yet, of the given type, and what is known of it all the same. Made
    /// with [`Value::unknown`] and [`Value::bounded`].
    Unknown(Type, Option<Arc<Bounds>>),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Unicode text.
    String(Arc<str>),
    /// A sequence whose elements have one type.
    List(Arc<Elements>),
    /// Distinct values of one type, kept in order; none of them is sensitive by itself.
    Set(Arc<Elements>),
    /// Values of one type under string keys.
    Map(Arc<Mapping>),
    /// A sequence whose elements have a type each.
    Tuple(Arc<[Self]>),
    /// Values of a type each under attribute names.
    Object(Fields),
    /// A value that must not be shown. Never nested directly in another.
    Sensitive(Arc<Self>),
}

/// The elements of a list or of a set, with the type that they share.
#[derive(Clone, Debug)]
pub struct Elements {
    /// The type of every element.
    pub element_type: Type,
    /// The elements, in order.
    pub items: Vec<Value>,
}

impl Elements {
    /// Whether a set may turn out to have fewer elements than it has now: one that is not known yet
    /// may be equal to another.
    pub fn may_shrink(&self) -> bool {
        self.items.len() > 1 && !self.items.iter().all(Value::is_wholly_known)
    }
}

/// The entries of a map, with the type that its values share.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The type of every value.
    pub element_type: Type,
    /// The entries.
    pub fields: Fields,
}

/// Named values in ascending order of their names; small in memory and cheap to share.
#[derive(Clone, Debug, Default)]
pub struct Fields(Arc<[(Arc<str>, Value)]>);

impl Fields {
    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        // Of a few names most differ in length already.
        const FEW: usize = 8;
        if self.0.len() <= FEW {
            return self.0.iter().find(|(key, _)| **key == *name).map(|(_, value)| value);
        }
        let at = self.0.binary_search_by(|(key, _)| (**key).cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Entries that the caller guarantees to be in ascending order of their names, each once.
    pub fn in_order(entries: impl IntoIterator<Item = (Arc<str>, Value)>) -> Self {
        let fields: Arc<[(Arc<str>, Value)]> = entries.into_iter().collect();
        debug_assert!(fields.is_sorted_by(|a, b| a.0 < b.0), "names are out of order");
        Self(fields)
    }

    /// The entries in ascending order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> + Clone {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The names in ascending order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values in ascending order of their names.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same entries with `name` set to `value`.
    #[must_use]
    pub fn with(&self, name: &str, value: Value) -> Self {
        self.iter()
            .map(|(key, old)| (Arc::clone(key), old.clone()))
            .chain([(Arc::from(name), value)])
            .collect()
    }
}

/// Collects entries in any order; of entries with one name the last wins.
impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let mut entries: Vec<(Arc<str>, Value)> =
            entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        // The sort is stable, so the last of equal names is the last that was given.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        Self(entries.into())
    }
}

impl Value {
    /// A null whose type nothing has decided.
    pub const NULL: Self = Self::Null(Type::Any);

    /// A value of a type, of which nothing else is known yet.
    pub const fn unknown(ty: Type) -> Self {
        Self::Unknown(ty, None)
    }

    /// A list of `items`, which the caller guarantees to be of `element_type`.
    pub fn list(element_type: Type, items: Vec<Self>) -> Self {
        Self::List(Arc::new(Elements { element_type, items }))
    }

    /// A set of `items`, which the caller guarantees to be of `element_type`: in order, without
    /// repetitions. Where one must not be shown, the set must not.
    pub fn set(element_type: Type, mut items: Vec<Self>) -> Self {
        let secret = items.iter().any(|item| item.any(&Self::is_sensitive));
        if secret {
            items = items.iter().map(|item| item.reveal_deep().0).collect();
        }
        set::arrange(&element_type, &mut items);
        Self::Set(Arc::new(Elements { element_type, items })).sensitive_if(secret)
    }

    /// A map of `fields`, whose values the caller guarantees to be of `element_type`.
    pub fn map(element_type: Type, fields: Fields) -> Self {
        Self::Map(Arc::new(Mapping { element_type, fields }))
    }

    /// A tuple of `items`.
    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(items.into())
    }

    /// An object of `fields`.
    pub fn object<K: Into<Arc<str>>>(fields: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(fields.into_iter().collect())
    }

    /// The type of this value. Costs a walk over tuples and objects.
    pub fn ty(&self) -> Type {
        match self {
            Self::Null(ty) | Self::Unknown(ty, _) => ty.clone(),
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(list) => Type::list(list.element_type.clone()),
            Self::Set(set) => Type::set(set.element_type.clone()),
            Self::Map(map) => Type::map(map.element_type.clone()),
            Self::Tuple(items) => Type::Tuple(Arc::new(items.iter().map(Self::ty).collect())),
            Self::Object(fields) => {
                Type::object(fields.iter().map(|(name, value)| (Arc::clone(name), value.ty())))
            }
            Self::Sensitive(inner) => inner.ty(),
        }
    }

    /// This value, never to be shown.
    #[must_use]
    pub fn sensitive(self) -> Self {
        match self {
            Self::Sensitive(_) => self,
            open => Self::Sensitive(Arc::new(open)),
        }
    }

    /// This value, sensitive if `yes`.
    #[must_use]
    pub fn sensitive_if(self, yes: bool) -> Self {
        if yes { self.sensitive() } else { self }
    }

    /// Whether the value itself, its parts aside, must not be shown.
    pub fn is_sensitive(&self) -> bool {
        matches!(self, Self::Sensitive(_))
    }

    /// The value without its own mark of sensitivity; parts keep theirs.
    pub fn reveal(&self) -> &Self {
        match self {
            Self::Sensitive(inner) => inner,
            open => open,
        }
    }

    /// The value without any mark of sensitivity, and whether there was one anywhere.
    pub fn reveal_deep(&self) -> (Self, bool) {
        let all = |items: &[Self]| {
            let mut marked = false;
            let items = items
                .iter()
                .map(|item| {
                    let (item, mark) = item.reveal_deep();
                    marked |= mark;
                    item
                })
                .collect::<Vec<_>>();
            (items, marked)
        };
        if !self.any(&|value| value.is_sensitive()) {
            return (self.clone(), false);
        }
        match self {
            Self::Sensitive(inner) => (inner.reveal_deep().0, true),
            Self::List(list) => {
                let (items, marked) = all(&list.items);
                (Self::list(list.element_type.clone(), items), marked)
            }
            Self::Set(set) => {
                let (items, marked) = all(&set.items);
                (Self::set(set.element_type.clone(), items), marked)
            }
            Self::Tuple(items) => {
                let (items, marked) = all(items);
                (Self::tuple(items), marked)
            }
            Self::Map(map) => {
                let (fields, marked) = map.fields.reveal_deep();
                (Self::map(map.element_type.clone(), fields), marked)
            }
            Self::Object(fields) => {
                let (fields, marked) = fields.reveal_deep();
                (Self::Object(fields), marked)
            }
            Self::Null(_)
            | Self::Unknown(..)
            | Self::Bool(_)
            | Self::Number(_)
            | Self::String(_) => (self.clone(), false),
        }
    }

    /// The parts that must not be shown, by the names that lead to them; the elements of a list
    /// share one name.
    pub fn sensitive_paths(&self) -> Vec<Vec<Arc<str>>> {
        fn walk(value: &Value, path: &mut Vec<Arc<str>>, found: &mut Vec<Vec<Arc<str>>>) {
            if value.is_sensitive() {
                if found.last() != Some(path) {
                    found.push(path.clone());
                }
            } else if let Some(fields) = value.as_fields() {
                for (name, value) in fields.iter() {
                    path.push(Arc::clone(name));
                    walk(value, path, found);
                    path.pop();
                }
            } else {
                value.as_items().into_iter().flatten().for_each(|item| walk(item, path, found));
            }
        }
        let mut found = Vec::new();
        walk(self, &mut Vec::new(), &mut found);
        found
    }

    /// The same value with the parts that `path` leads to never to be shown: what
    /// [`Self::sensitive_paths`] told of a value before it went through JSON.
    #[must_use]
    pub fn mark_at(&self, path: &[Arc<str>]) -> Self {
        let Some((first, rest)) = path.split_first() else { return self.clone().sensitive() };
        match self {
            Self::Object(fields) => match fields.get(first) {
                Some(value) => Self::Object(fields.with(first, value.mark_at(rest))),
                None => self.clone(),
            },
            Self::Tuple(items) => {
                Self::Tuple(items.iter().map(|item| item.mark_at(path)).collect())
            }
            Self::List(list) => {
                let items = list.items.iter().map(|item| item.mark_at(path)).collect();
                Self::list(list.element_type.clone(), items)
            }
            // Values that were JSON have no others within.
            _ => self.clone(),
        }
    }

    /// Whether `test` holds for this value or for any part of it.
    pub fn any(&self, test: &impl Fn(&Self) -> bool) -> bool {
        test(self)
            || match self {
                Self::List(elements) | Self::Set(elements) => {
                    elements.items.iter().any(|item| item.any(test))
                }
                Self::Tuple(items) => items.iter().any(|item| item.any(test)),
                Self::Map(map) => map.fields.values().any(|item| item.any(test)),
                Self::Object(fields) => fields.values().any(|item| item.any(test)),
                Self::Sensitive(inner) => inner.any(test),
                Self::Null(_)
                | Self::Unknown(..)
                | Self::Bool(_)
                | Self::Number(_)
                | Self::String(_) => false,
            }
    }

    /// Whether the value and all its parts are known.
    pub fn is_wholly_known(&self) -> bool {
        !self.any(&|value| matches!(value, Self::Unknown(..)))
    }

    /// Whether the value itself is unknown.
    pub fn is_unknown(&self) -> bool {
        matches!(self.reveal(), Self::Unknown(..))
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self.reveal(), Self::Null(_))
    }

    /// The text of a string, sensitive or not.
    pub fn as_str(&self) -> Option<&Arc<str>> {
        match self.reveal() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a boolean, sensitive or not.
    pub fn as_bool(&self) -> Option<bool> {
        match self.reveal() {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number, sensitive or not.
    pub fn as_number(&self) -> Option<&Number> {
        match self.reveal() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements of a list, set or tuple, sensitive or not.
    pub fn as_items(&self) -> Option<&[Self]> {
        match self.reveal() {
            Self::List(elements) | Self::Set(elements) => Some(&elements.items),
            Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a map or object, sensitive or not.
    pub fn as_fields(&self) -> Option<&Fields> {
        match self.reveal() {
            Self::Map(map) => Some(&map.fields),
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Where the parts of this value lie, if it has parts: values that share them agree.
    pub fn shared_place(&self) -> Option<usize> {
        match self.reveal() {
            Self::List(elements) | Self::Set(elements) => Some(Arc::as_ptr(elements).addr()),
            Self::Map(map) => Some(Arc::as_ptr(map).addr()),
            Self::Tuple(items) => Some(Arc::as_ptr(items).addr()),
            Self::Object(fields) => Some(Arc::as_ptr(&fields.0).addr()),
            _ => None,
        }
    }

    /// The attribute `name` of an object or the entry `name` of a map.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_fields()?.get(name)
    }

    /// The place of this kind of value in the order of kinds.
    fn rank(&self) -> u8 {
        match self {
            Self::Null(_) => 0,
            Self::Unknown(..) => 1,
            Self::Bool(_) => 2,
            Self::Number(_) => 3,
            Self::String(_) => 4,
            Self::List(_) => 5,
            Self::Set(_) => 6,
            Self::Map(_) => 7,
            Self::Tuple(_) => 8,
            Self::Object(_) => 9,
            Self::Sensitive(_) => 10,
        }
    }
}

impl Fields {
    fn reveal_deep(&self) -> (Self, bool) {
        let mut marked = false;
        let fields = self
            .iter()
            .map(|(name, value)| {
                let (value, mark) = value.reveal_deep();
                marked |= mark;
                (Arc::clone(name), value)
            })
            .collect();
        (fields, marked)
    }
}

/// A total order: of kinds first, then of values; all nulls are equal, and all unknown values.
impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) | (Self::Set(a), Self::Set(b)) => a.items.cmp(&b.items),
            (Self::Map(a), Self::Map(b)) => a.fields.cmp(&b.fields),
            (Self::Tuple(a), Self::Tuple(b)) => a.cmp(b),
            (Self::Object(a), Self::Object(b)) => a.cmp(b),
            (Self::Sensitive(a), Self::Sensitive(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl Ord for Fields {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Fields {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fields {}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Number::from(number))
    }
}

/// A text is kept in one of the forms that Unicode has for it, in which a letter and its accent are
/// one character where there is such a one: texts that look the same are equal.
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(if is_composed(text) {
            Arc::from(text)
        } else {
            Arc::from(text.nfc().collect::<String>())
        })
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        if is_composed(&text) { Self::String(text) } else { Self::from(&*text) }
    }
}

fn is_composed(text: &str) -> bool {
    text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_fields_with_one_name_the_last_wins() {
        let fields: Fields = [("b", Value::from(1)), ("a", Value::from(2)), ("b", Value::from(3))]
            .into_iter()
            .collect();
        assert_eq!(fields.keys().map(|key| &**key).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(fields.get("b"), Some(&Value::from(3)));
    }

    #[test]
    fn texts_that_look_the_same_are_equal() {
        assert_eq!(Value::from("e\u{301}"), Value::from("\u{e9}"));
        assert_eq!(Value::from(Arc::<str>::from("e\u{301}")), Value::from("\u{e9}"));
    }

    #[test]
    fn a_value_is_three_words() {
        assert!(size_of::<Value>() <= 24, "{} bytes", size_of::<Value>());
    }

    #[test]
    fn revealing_a_nested_value_finds_the_mark() {
        let value = Value::tuple(vec![Value::from("open"), Value::from("shut").sensitive()]);
        let (open, marked) = value.reveal_deep();
        assert!(marked);
        assert_eq!(open, Value::tuple(vec![Value::from("open"), Value::from("shut")]));
    }
}
