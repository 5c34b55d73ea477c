//! What is known of a value that is not known yet, beyond its type.
//!
//! It is knowledge only, and never seen: to know nothing is always right, to claim what may turn out
//! otherwise never is.

use super::{Fields, Number, Type, Value, is_composed};
use std::cmp::Ordering;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{canonical_combining_class, compose};
use unicode_segmentation::UnicodeSegmentation as _;

/// Within what bounds a value lies that is not known yet. The default knows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Whether it will not be null.
    pub never_null: bool,
    /// What it begins with, if it is a text.
    pub prefix: String,
    /// What it is at least: a number, or how many elements a list, set or map has.
    pub least: Option<Number>,
    /// What it is at most.
    pub most: Option<Number>,
}

impl Bounds {
    /// A text that begins with `text`, whatever follows: the last character counts only if nothing
    /// that follows can become a part of it.
    pub fn beginning(text: &str) -> Self {
        let composed;
        let text = if is_composed(text) {
            text
        } else {
            composed = text.nfc().collect::<String>();
            &composed
        };
        // Behind a line end, Terraform looks only for what an accent could join.
        let alone = |at: &usize| text.get(..*at).is_some_and(|line| !line.ends_with('\r'));
        let line = text.match_indices('\n').map(|(at, _)| at).find(alone);
        let end = line.filter(|_| !text.ends_with(takes_accents)).unwrap_or_else(|| safe_end(text));
        Self { prefix: text.get(..end).unwrap_or_default().to_owned(), ..Self::default() }
    }

    /// A number, or how many elements there are, from `least` to `most`.
    pub fn between(least: impl Into<Number>, most: impl Into<Number>) -> Self {
        Self { least: Some(least.into()), most: Some(most.into()), ..Self::default() }
    }

    /// The same bounds of a value that will not be null.
    #[must_use]
    pub fn never_null(self) -> Self {
        Self { never_null: true, ..self }
    }

    /// The bounds of what is one of two values, nobody knows yet which.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let end = |a: Option<Number>, b: Option<Number>, wanted: Ordering| {
            let (a, b) = (a?, b?);
            Some(if a.compare(&b) == wanted { a } else { b })
        };
        Self {
            never_null: self.never_null && other.never_null,
            prefix: String::new(),
            least: end(self.least, other.least, Ordering::Less),
            most: end(self.most, other.most, Ordering::Greater),
        }
    }

    /// The bounds that are left when a value of one type is converted to another one.
    #[must_use]
    pub(super) fn converted(self, from: &Type, to: &Type) -> Self {
        if from == to {
            return self;
        }
        let counted = |least: usize, most: usize| (Some(least.into()), Some(most.into()));
        let (least, most) = match (from, to) {
            (Type::Object(attributes), Type::Map(_)) => counted(attributes.len(), attributes.len()),
            (Type::Tuple(types), Type::List(_)) => counted(types.len(), types.len()),
            // Elements may turn out equal.
            (Type::Tuple(types), Type::Set(_)) => counted(types.len().min(1), types.len()),
            (Type::List(_) | Type::Set(_), Type::Set(_)) => {
                (self.least.map(|least| least.min(1_usize.into())), self.most)
            }
            (Type::List(_) | Type::Set(_), Type::List(_)) | (Type::Map(_), Type::Map(_)) => {
                (self.least, self.most)
            }
            _ => (None, None),
        };
        Self { never_null: self.never_null, prefix: String::new(), least, most }
    }

    /// Whether what lies within these bounds cannot be equal to `value`.
    pub fn exclude(&self, value: &Value) -> bool {
        match value {
            Value::Null(_) => self.never_null,
            Value::String(text) => !text.starts_with(&self.prefix),
            _ => value.measure(true).is_some_and(|(least, most)| {
                let over = |bound: &Number| least.compare(bound).is_gt();
                let under = |bound: &Number| most.compare(bound).is_lt();
                self.most.as_ref().is_some_and(over) || self.least.as_ref().is_some_and(under)
            }),
        }
    }

    /// The only value of a type within these bounds, if there is no other one; of a list, the one
    /// whose elements alone are not known.
    fn only(&self, ty: &Type) -> Option<Value> {
        let (least, most) = (self.least.as_ref()?, self.most.as_ref()?);
        if !self.never_null || least != most {
            return None;
        }
        let unknown = |element: &Arc<Type>, count| vec![Value::unknown((**element).clone()); count];
        match (ty, least.as_usize()) {
            (Type::Number, _) => Some(Value::Number(least.clone())),
            (Type::List(element), Some(count)) => {
                Some(Value::list((**element).clone(), unknown(element, count)))
            }
            (Type::Set(element), Some(count @ (0 | 1))) => {
                Some(Value::set((**element).clone(), unknown(element, count)))
            }
            (Type::Map(element), Some(0)) => {
                Some(Value::map((**element).clone(), Fields::default()))
            }
            _ => None,
        }
    }
}

/// Where the last character begins that could become another one with what follows, or the end.
fn safe_end(text: &str) -> usize {
    const WHOLE: &str = "-_:;/\\,.(){}[]|?!~ \t@#$%^&*+\"'";
    match text.grapheme_indices(true).next_back() {
        Some((at, last)) if !WHOLE.contains(last) => at,
        _ => text.len(),
    }
}

/// Whether the character becomes another one, or a part of one, with an accent behind it.
fn takes_accents(c: char) -> bool {
    canonical_combining_class(c) != 0
        || std::iter::once(c).nfd().nth(1).is_some()
        || ('\u{300}'..='\u{345}').any(|accent| compose(c, accent).is_some())
}

impl Value {
    /// A value of a type that is not known yet but lies within bounds; the value itself, if there
    /// is only one within them. Of what can be of any type, nothing is known.
    pub fn bounded(ty: Type, bounds: Bounds) -> Self {
        if ty == Type::Any || bounds == Bounds::default() {
            return Self::unknown(ty);
        }
        bounds.only(&ty).unwrap_or_else(|| Self::Unknown(ty, Some(Arc::new(bounds))))
    }

    /// Within what bounds the value lies, known or not, sensitive or not. What a known text begins
    /// with is not told.
    pub fn bounds(&self) -> Bounds {
        match self.reveal() {
            Self::Unknown(_, bounds) => bounds.as_deref().cloned().unwrap_or_default(),
            Self::Null(_) => Bounds::default(),
            open => match open.measure(false) {
                Some((least, most)) => Bounds::between(least, most).never_null(),
                None => Bounds::default().never_null(),
            },
        }
    }

    /// The same value; if it is not known yet, one that will not be null.
    #[must_use]
    pub fn never_null(self) -> Self {
        match self {
            Self::Unknown(ty, bounds) if !bounds.as_ref().is_some_and(|it| it.never_null) => {
                let bounds = bounds.as_deref().cloned().unwrap_or_default();
                Self::bounded(ty, bounds.never_null())
            }
            Self::Sensitive(inner) if inner.is_unknown() => {
                (*inner).clone().never_null().sensitive()
            }
            other => other,
        }
    }

    /// Whether the value is not null and will not be.
    pub fn is_never_null(&self) -> bool {
        match self.reveal() {
            Self::Unknown(_, bounds) => bounds.as_ref().is_some_and(|it| it.never_null),
            open => !open.is_null(),
        }
    }

    /// A number, or how many elements there are, at least and at most. Of a set of which some may be
    /// equal that is told only if asked for.
    fn measure(&self, roughly: bool) -> Option<(Number, Number)> {
        let exactly = |count: usize| Some((count.into(), count.into()));
        match self {
            Self::Number(number) => Some((number.clone(), number.clone())),
            Self::Set(set) if set.may_shrink() => {
                roughly.then(|| (1_usize.into(), set.items.len().into()))
            }
            Self::List(elements) | Self::Set(elements) => exactly(elements.items.len()),
            Self::Map(map) => exactly(map.fields.len()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_what_may_become_another_character() {
        let rows = [
            ("ab-", "ab-"),
            ("abc", "ab"),
            ("ab=", "ab"),
            ("a1", "a"),
            ("日本", "日"),
            ("a😶\u{200d}", "a"),
            ("e\u{301}-", "\u{e9}-"),
            ("e\u{301}", ""),
            ("one\ntwo ", "one"),
            ("one\ntwo", "one\ntw"),
            ("one\ntwo=", "one\ntwo"),
            ("one\n\u{e9}", "one\n"),
            ("one\r\n- ", "one\r\n- "),
            ("\n", ""),
            ("", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(Bounds::beginning(text).prefix, expected, "{text:?}");
        }
    }

    #[test]
    fn of_two_branches_the_wider_bounds_hold() {
        let three = Bounds::between(3_usize, 5_usize).never_null();
        let four = Bounds::between(4_usize, 4_usize).never_null();
        assert_eq!(three.clone().or(four), three);
        let open = Bounds { never_null: true, ..Bounds::default() };
        assert_eq!(three.clone().or(open.clone()), open);
        assert_eq!(three.or(Bounds::default()), Bounds::default());
    }

    #[test]
    fn bounds_that_leave_one_value_are_that_value() {
        let exactly = |count: usize| Bounds::between(count, count);
        assert_eq!(Value::bounded(Type::Number, exactly(2).never_null()), Value::from(2));
        assert!(Value::bounded(Type::Number, exactly(2)).is_unknown(), "it may be null");
        let list = Value::bounded(Type::list(Type::String), exactly(2).never_null());
        assert_eq!(list.as_items().map(<[Value]>::len), Some(2));
        let map = |count| Value::bounded(Type::map(Type::String), exactly(count).never_null());
        assert!(map(1).is_unknown(), "nobody knows the key");
        assert_eq!(map(0), Value::map(Type::String, Fields::default()));
        let set = |count| Value::bounded(Type::set(Type::String), exactly(count).never_null());
        assert_eq!(set(1).as_items().map(<[Value]>::len), Some(1));
        assert!(set(2).is_unknown());
    }

    #[test]
    fn of_what_may_be_of_any_type_nothing_is_known() {
        assert!(!Value::unknown(Type::Any).never_null().is_never_null());
        assert!(Value::unknown(Type::Bool).sensitive().never_null().is_never_null());
    }
}
