//! Which types convert to which, and the type that several have in common.
//!
//! Rules of types alone: no value is looked at. They are those of Terraform, also where they look
//! odd: of a list of numbers and a set of texts the common type is the list, and a text that is no
//! number is found to be wrong only when it is converted.

use super::convert::{ConvertError, required, without_defaults};
use super::{ObjectAttribute, Type};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Different types of different kinds that are compared with each other.
const MAX_COMPARED: usize = 1000;

/// The type that all of `types` convert to, if there is one; `any` for none at all.
pub fn unify(types: &[Type]) -> Option<Type> {
    // What there is a hundred thousand times over is looked at once.
    let mut seen = BTreeSet::new();
    let types: Vec<&Type> = match types {
        [] => return Some(Type::Any),
        [first, rest @ ..] if rest.iter().all(|ty| ty == first) => return Some(first.clone()),
        _ => types.iter().filter(|ty| seen.insert(*ty)).collect(),
    };
    let any = types.contains(&&Type::Any);
    let count = |kind: fn(&Type) -> bool| types.iter().filter(|ty| kind(ty)).count();
    let only = |count: usize| count > 0 && count + usize::from(any) == types.len();
    let maps = count(|ty| matches!(ty, Type::Map(_)));
    let objects = count(|ty| matches!(ty, Type::Object(_)));
    let lists = count(|ty| matches!(ty, Type::List(_)));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let tuples = count(|ty| matches!(ty, Type::Tuple(_)));
    if [maps, lists, sets, objects, tuples].into_iter().any(only) {
        // Of what is of any type, nothing says which of these it will be.
        return if any {
            Some(Type::Any)
        } else if objects > 0 {
            unify_objects(&types)
        } else if tuples > 0 {
            unify_tuples(&types)
        } else {
            unify_collections(&types)
        };
    }
    if objects > 0 && tuples > 0 {
        return None;
    }
    // An object beside a map is meant as a map, and a tuple beside a list as a list.
    if maps > 0
        && only(maps + objects)
        && let Some(Type::Map(element)) =
            instead(&types, objects_to_map, |ty| matches!(ty, Type::Object(_)))
    {
        return Some(Type::Map(element));
    }
    if lists > 0
        && only(lists + tuples)
        && let Some(Type::List(element)) =
            instead(&types, tuples_to_list, |ty| matches!(ty, Type::Tuple(_)))
    {
        return Some(Type::List(element));
    }
    if types.len() > MAX_COMPARED {
        return None;
    }
    let wanted = by_preference(&types).into_iter();
    wanted.filter_map(|n| types.get(n)).find(|to| all_convert(&types, to)).map(|ty| (*ty).clone())
}

fn all_convert(types: &[&Type], to: &Type) -> bool {
    types.iter().all(|from| convertible(from, to))
}

/// The common type when `common` of those that are of a kind stands in for each of them.
fn instead(
    types: &[&Type],
    common: fn(&[&Type]) -> Option<Type>,
    kind: fn(&Type) -> bool,
) -> Option<Type> {
    let some: Vec<&Type> = types.iter().copied().filter(|ty| kind(ty)).collect();
    let common = common(&some)?;
    let all = types.iter().filter(|ty| !kind(ty)).copied().chain([&common]).cloned();
    unify(&all.collect::<Vec<_>>())
}

/// Of lists, of sets or of maps.
fn unify_collections(types: &[&Type]) -> Option<Type> {
    let elements = types.iter().filter_map(|ty| match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => Some((**element).clone()),
        Type::Any | Type::Bool | Type::Number | Type::String | Type::Tuple(_) | Type::Object(_) => {
            None
        }
    });
    let element = unify(&elements.collect::<Vec<_>>())?;
    let common = match types.first()? {
        Type::List(_) => Type::list(element),
        Type::Set(_) => Type::set(element),
        _ => Type::map(element),
    };
    all_convert(types, &common).then_some(common)
}

/// Attribute by attribute where all have the same names, as a map elsewhere.
fn unify_objects(types: &[&Type]) -> Option<Type> {
    let objects: Vec<_> = types.iter().filter_map(|ty| attributes(ty)).collect();
    let (first, rest) = objects.split_first()?;
    if !rest.iter().all(|other| other.keys().eq(first.keys())) {
        return objects_to_map(types);
    }
    let mut common = BTreeMap::new();
    for name in first.keys() {
        let across = objects.iter().filter_map(|object| object.get(name)).map(|it| it.ty.clone());
        let ty = unify(&across.collect::<Vec<_>>())?;
        common.insert(Arc::clone(name), ty);
    }
    let common = Type::object(common);
    if all_convert(types, &common) { Some(common) } else { objects_to_map(types) }
}

fn attributes(ty: &Type) -> Option<&BTreeMap<Arc<str>, ObjectAttribute>> {
    match ty {
        Type::Object(attributes) => Some(attributes),
        Type::Any
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_)
        | Type::Tuple(_) => None,
    }
}

fn objects_to_map(types: &[&Type]) -> Option<Type> {
    let all = types.iter().filter_map(|ty| attributes(ty)).flat_map(BTreeMap::values);
    let all: Vec<Type> = all.map(|attribute| attribute.ty.clone()).collect();
    // Where there is no attribute at all, nothing says what the map would be of.
    let common = (!all.is_empty()).then(|| unify(&all)).flatten().map(Type::map)?;
    all_convert(types, &common).then_some(common)
}

/// Element by element where all have the same length, as a list elsewhere.
fn unify_tuples(types: &[&Type]) -> Option<Type> {
    let tuples: Vec<&[Type]> = types.iter().filter_map(|ty| elements(ty)).collect();
    let (first, rest) = tuples.split_first()?;
    if !rest.iter().all(|other| other.len() == first.len()) {
        return tuples_to_list(types);
    }
    let mut common = Vec::with_capacity(first.len());
    for n in 0..first.len() {
        let across = tuples.iter().filter_map(|tuple| tuple.get(n)).cloned();
        common.push(unify(&across.collect::<Vec<_>>())?);
    }
    let common = Type::Tuple(Arc::new(common));
    if all_convert(types, &common) { Some(common) } else { tuples_to_list(types) }
}

fn elements(ty: &Type) -> Option<&[Type]> {
    match ty {
        Type::Tuple(elements) => Some(elements),
        Type::Any
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_)
        | Type::Object(_) => None,
    }
}

fn tuples_to_list(types: &[&Type]) -> Option<Type> {
    let all: Vec<Type> = types.iter().filter_map(|ty| elements(ty)).flatten().cloned().collect();
    let common = (!all.is_empty()).then(|| unify(&all)).flatten().map(Type::list)?;
    all_convert(types, &common).then_some(common)
}

/// The places of types, those first that are more general than others; as they stand otherwise.
fn by_preference(types: &[&Type]) -> Vec<usize> {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    let mut above = vec![0_usize; types.len()];
    for (n, a) in types.iter().enumerate() {
        for (m, b) in types.iter().enumerate().skip(n + 1) {
            let (general, special) = match generality(a, b) {
                Ordering::Less => (n, m),
                Ordering::Greater => (m, n),
                Ordering::Equal => continue,
            };
            if let (Some(below), Some(above)) = (below.get_mut(general), above.get_mut(special)) {
                below.push(special);
                *above += 1;
            }
        }
    }
    let free = above.iter().enumerate().filter(|(_, above)| **above == 0);
    let mut queue: VecDeque<usize> = free.map(|(n, _)| n).collect();
    let mut order = Vec::with_capacity(types.len());
    while let Some(next) = queue.pop_front() {
        order.push(next);
        for special in below.get(next).into_iter().flatten() {
            if let Some(above) = above.get_mut(*special) {
                *above -= 1;
                if *above == 0 {
                    queue.push_back(*special);
                }
            }
        }
    }
    order
}

/// Less where the first type is the more general one, equal where neither is.
fn generality(a: &Type, b: &Type) -> Ordering {
    match (a, b) {
        (Type::Any, Type::Any) => Ordering::Equal,
        // Anything may stand for `any`, so that the others decide.
        (_, Type::Any)
        | (Type::String, Type::Bool | Type::Number)
        | (Type::List(_), Type::Set(_) | Type::Tuple(_))
        | (Type::Tuple(_), Type::Set(_))
        | (Type::Map(_), Type::Object(_)) => Ordering::Less,
        (Type::Any, _)
        | (Type::Bool | Type::Number, Type::String)
        | (Type::Set(_) | Type::Tuple(_), Type::List(_))
        | (Type::Set(_), Type::Tuple(_))
        | (Type::Object(_), Type::Map(_)) => Ordering::Greater,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => generality(a, b),
        (Type::Object(a), Type::Object(b)) if a.keys().eq(b.keys()) => {
            agreed(a.values().zip(b.values()).map(|(a, b)| generality(&a.ty, &b.ty)))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            agreed(a.iter().zip(b.iter()).map(|(a, b)| generality(a, b)))
        }
        _ => Ordering::Equal,
    }
}

/// What all parts say that say anything; equal where they differ.
fn agreed(parts: impl Iterator<Item = Ordering>) -> Ordering {
    let mut all = Ordering::Equal;
    for part in parts.filter(|part| part.is_ne()) {
        if all == part.reverse() {
            return Ordering::Equal;
        }
        all = part;
    }
    all
}

/// Whether some value of one type may convert to the other.
fn convertible(from: &Type, to: &Type) -> bool {
    check(from, to).is_ok()
}

/// Holds a type to another that its values are to be converted to.
///
/// # Errors
/// Says where there is no conversion, and what is required there.
pub(super) fn check(from: &Type, to: &Type) -> Result<(), ConvertError> {
    let every = |types: &[Type], to: &Type| {
        let mut types = types.iter().enumerate();
        types.try_for_each(|(n, from)| check(from, to).map_err(|it| it.within(&format!("[{n}]"))))
    };
    match (from, to) {
        (Type::Any, _)
        | (_, Type::Any)
        | (Type::Bool, Type::Bool | Type::String)
        | (Type::Number, Type::Number | Type::String)
        | (Type::String, Type::Bool | Type::Number | Type::String) => Ok(()),
        (Type::List(from) | Type::Set(from), Type::List(to) | Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => {
            check(from, to).map_err(|error| ConvertError { path: String::new(), ..error })
        }
        (Type::Tuple(types), Type::List(element) | Type::Set(element)) => {
            if **element != Type::Any || types.is_empty() {
                return every(types, element);
            }
            let common =
                unify(types).filter(|ty| *ty != Type::Any || types.iter().all(|it| it == ty));
            let common = common
                .ok_or_else(|| ConvertError::new("all list elements must have the same type"))?;
            every(types, &common)
        }
        (Type::Tuple(from), Type::Tuple(to)) => {
            if from.len() != to.len() {
                return Err(ConvertError::new(format!(
                    "a tuple of {} elements is required, not of {}",
                    to.len(),
                    from.len()
                )));
            }
            let mut pairs = from.iter().zip(to.iter()).enumerate();
            pairs.try_for_each(|(n, (a, b))| check(a, b).map_err(|it| it.within(&format!("[{n}]"))))
        }
        (Type::Object(from), Type::Map(element)) => {
            let common;
            let element = if **element == Type::Any {
                let types: Vec<_> = from.values().map(|attribute| attribute.ty.clone()).collect();
                common = unify(&types)
                    .ok_or_else(|| ConvertError::new("all map elements must have the same type"))?;
                &common
            } else {
                &**element
            };
            from.iter().try_for_each(|(name, attribute)| {
                check(&attribute.ty, element).map_err(|it| it.within(&format!("[{name:?}]")))
            })
        }
        (Type::Object(from), Type::Object(to)) => {
            to.iter().try_for_each(|(name, attribute)| match from.get(name) {
                Some(given) => {
                    check(&given.ty, &attribute.ty).map_err(|it| it.within(&format!(".{name}")))
                }
                None if attribute.optional => Ok(()),
                None => Err(ConvertError::new(format!("attribute {name:?} is required"))),
            })
        }
        (Type::Map(element), Type::Object(to)) => {
            let mut needed = to.iter().filter(|(_, attribute)| !attribute.optional);
            needed.try_for_each(|(name, attribute)| {
                check(element, &attribute.ty).map_err(|it| it.within(&format!(".{name}")))
            })
        }
        _ => Err(ConvertError::new(required(to))),
    }
}

/// The type `to` with every `any` within replaced by what stands there in `from`, which converts to
/// it: what a value without parts to look at has after conversion.
pub(super) fn fill(from: &Type, to: &Type) -> Type {
    let common = |types: Vec<Type>| unify(&types).unwrap_or(Type::Any);
    match (from, to) {
        (Type::Any, _) => to.clone(),
        (_, Type::Any) => without_defaults(from),
        (Type::Map(from), Type::Map(to)) => Type::map(fill(from, to)),
        (Type::Object(from), Type::Map(to)) => {
            let types = from.values().map(|attribute| attribute.ty.clone()).collect();
            Type::map(fill(&common(types), to))
        }
        (Type::Set(from) | Type::List(from), Type::Set(to)) => Type::set(fill(from, to)),
        (Type::Tuple(from), Type::Set(to)) => Type::set(fill(&common(from.to_vec()), to)),
        (Type::Set(from) | Type::List(from), Type::List(to)) => Type::list(fill(from, to)),
        (Type::Tuple(from), Type::List(to)) => Type::list(fill(&common(from.to_vec()), to)),
        (Type::Tuple(from), Type::Tuple(to)) => {
            let pairs = from.iter().zip(to.iter());
            Type::Tuple(Arc::new(pairs.map(|(from, to)| fill(from, to)).collect()))
        }
        (Type::Object(from), Type::Object(to)) => {
            Type::object(to.iter().map(|(name, attribute)| {
                let given = from.get(name).map_or(&Type::Any, |given| &given.ty);
                (Arc::clone(name), fill(given, &attribute.ty))
            }))
        }
        (Type::Map(from), Type::Object(to)) => Type::object(
            to.iter().map(|(name, attribute)| (Arc::clone(name), fill(from, &attribute.ty))),
        ),
        _ => to.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_types_take_no_longer_than_they_are() {
        let object = |n: usize| Type::object([(format!("a{n}"), Type::Number)]);
        let objects: Vec<Type> = (0..20_000).map(object).collect();
        assert_eq!(unify(&objects), Some(Type::map(Type::Number)));
        let mut mixed = objects;
        mixed.push(Type::map(Type::String));
        assert_eq!(unify(&mixed), Some(Type::map(Type::String)));
        mixed.push(Type::String);
        assert_eq!(unify(&mixed), None);
        let tuple = |n: usize| Type::Tuple(Arc::new(vec![Type::Bool; n % 100]));
        assert_eq!(
            unify(&(0..20_000).map(tuple).collect::<Vec<_>>()),
            Some(Type::list(Type::Bool))
        );
    }
}
