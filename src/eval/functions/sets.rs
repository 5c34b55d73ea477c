//! Functions of sets, and of all combinations.

use super::typing::{common_type, product_type, sets_clash};
use super::{CallError, Context, MAX_GENERATED, convert, element_type, items};
use crate::value::{Bounds, Elements, Number, Type, Value, unify};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The arguments as sets of the one type that their elements have in common.
fn common(args: &[Value]) -> Result<(Type, Vec<Arc<Elements>>), CallError> {
    let ty = common_type(args)?;
    let sets = args
        .iter()
        .map(|arg| match arg.convert(&ty) {
            Ok(Value::Set(set)) => Ok(set),
            _ => Err(sets_clash()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let Type::Set(common) = ty else { return Err(CallError::misfit()) };
    // Where one is open, the others are what they are: sets of different types do not mix.
    let is_open = |set: &Arc<Elements>| set.element_type == Type::Any;
    if *common == Type::Any && !sets.iter().all(is_open) {
        return Err(sets_clash());
    }
    Ok(((*common).clone(), sets))
}

/// What is not known may be equal to nothing, and so is an element of its own.
pub(super) fn setunion(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let (ty, sets) = common(args)?;
    Ok(Value::set(ty, sets.iter().flat_map(|set| set.items.iter().cloned()).collect()))
}

pub(super) fn setintersection(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let (ty, sets) = common(args)?;
    let [first, others @ ..] = &*sets else { return Err(CallError::misfit()) };
    let others: Vec<BTreeSet<&Value>> =
        others.iter().map(|set| set.items.iter().collect()).collect();
    let shared = |item: &&Value| others.iter().all(|set| set.contains(item));
    Ok(Value::set(ty, first.items.iter().filter(shared).cloned().collect()))
}

pub(super) fn setsubtract(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let (ty, sets) = common(args)?;
    let [from, without] = &*sets else { return Err(CallError::misfit()) };
    let without: BTreeSet<&Value> = without.items.iter().collect();
    let kept = from.items.iter().filter(|item| !without.contains(item));
    Ok(Value::set(ty, kept.cloned().collect()))
}

/// The type of what argument `n` gives to each row.
fn row_type(n: usize, arg: &Value) -> Result<Type, CallError> {
    match arg {
        Value::Tuple(items) if items.is_empty() => Ok(Type::Any),
        Value::Tuple(items) => unify(&items.iter().map(Value::ty).collect::<Vec<_>>())
            .ok_or_else(|| CallError::at(n, "list of any single type required")),
        other => Ok(element_type(&convert(n, other, Type::list(Type::Any))?)),
    }
}

/// How many combinations there are at least and at most, if they are not too many to count.
pub(super) fn product_bounds(args: &[Value]) -> Bounds {
    const MOST_ELEMENTS: usize = 1_024;
    const MOST_COMBINATIONS: usize = 2_048;
    let mut least = 1;
    let mut most = 1;
    for arg in args {
        let (fewest, all) = match arg.ty() {
            Type::Tuple(types) => (types.len(), Some(types.len())),
            _ => {
                let bounds = arg.bounds();
                let count = |bound: Option<Number>| bound.as_ref().and_then(Number::as_usize);
                (count(bounds.least).unwrap_or(0), count(bounds.most))
            }
        };
        let Some(all) = all.filter(|all| *all <= MOST_ELEMENTS) else { return Bounds::default() };
        // Equal combinations are one in a set, but one there is.
        least = least.min(fewest);
        most *= all;
        if most > MOST_COMBINATIONS {
            return Bounds::default();
        }
    }
    Bounds::between(least, most)
}

pub(super) fn setproduct(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let any_set = args.iter().any(|arg| matches!(arg, Value::Set(_)));
    let types = args.iter().enumerate().map(|(n, arg)| row_type(n, arg));
    let types = types.collect::<Result<Vec<_>, _>>()?;
    if args.iter().any(|arg| matches!(arg, Value::Set(set) if set.may_shrink())) {
        return Ok(Value::unknown(product_type(args)?));
    }
    if args.iter().any(|arg| arg.as_items().is_some_and(<[Value]>::is_empty)) {
        // No row is made, so that no element need convert.
        let row = Type::Tuple(Arc::new(types));
        let none = Vec::new();
        return Ok(if any_set { Value::set(row, none) } else { Value::list(row, none) });
    }
    let mut lists = Vec::with_capacity(args.len());
    for (n, arg) in args.iter().enumerate() {
        lists.push(convert(n, arg, Type::list(Type::Any))?);
    }
    let element = Type::Tuple(Arc::new(lists.iter().map(element_type).collect()));
    let lists = lists.iter().map(items).collect::<Result<Vec<_>, _>>()?;
    let count = lists.iter().fold(1, |count: usize, list| count.saturating_mul(list.len()));
    if count > MAX_GENERATED || count.saturating_mul(lists.len()) > 4 * MAX_GENERATED {
        return Err(CallError::new("would build more than 1,000,000 combinations"));
    }
    let mut rows: Vec<Value> = Vec::with_capacity(count);
    for n in 0..count {
        // The last argument turns fastest: the digits of `n` with a base for each argument.
        let mut rest = n;
        let mut row: Vec<Value> = lists
            .iter()
            .rev()
            .filter_map(|list| {
                let digit = rest % list.len();
                rest /= list.len();
                list.get(digit).cloned()
            })
            .collect();
        row.reverse();
        rows.push(Value::tuple(row));
    }
    Ok(if any_set { Value::set(element, rows) } else { Value::list(element, rows) })
}
