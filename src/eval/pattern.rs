//! A body that many instances evaluate: what no instance can make differ is evaluated once, and what
//! comes out the same as for the instance before is shared with it.
//!
//! It comes to the same objects and the same faults as [`decode::body`], which says what they are.

use super::decode::{self, Dynamic};
use super::expression::Scope;
use crate::config::{Attribute, Block, Body, Expr, ExprKind};
use crate::diag::Diagnostics;
use crate::schema::{self, NestedBlock, Schema, Usage};
use crate::value::{Fields, Type, Value};
use std::sync::Arc;

/// The longest text that is compared with that of the instance before.
const LONGEST: usize = 256;

/// The functions that give another value each time, or call some that do.
const RESTLESS: [&str; 4] = ["bcrypt", "templatefile", "templatestring", "uuid"];

/// What a body comes to for one instance after the other.
pub(super) struct Pattern<'a> {
    /// What each name stands for, in ascending order of names.
    slots: Vec<(Arc<str>, Slot<'a>)>,
    /// Whether it is a block within a body: a list of one object.
    nested: bool,
    /// The values that differed for the last instance.
    seen: Vec<Value>,
    /// What that instance came to.
    last: Option<Value>,
}

/// What a name stands for.
enum Slot<'a> {
    /// The same for all.
    Fixed(Value),
    /// An attribute that each evaluates.
    Attribute(&'static schema::Attribute, &'a Attribute, Type),
    /// The one block of its kind, which each evaluates.
    Block(Pattern<'a>),
    /// Blocks that are made by `dynamic`.
    Made(&'static NestedBlock, &'a Body),
}

impl<'a> Pattern<'a> {
    /// Evaluates what is the same for all instances. What fails is left to the instances, which
    /// tell whose fault it is.
    pub(super) fn new(scope: &Scope<'_>, body: &'a Body, schema: &'static Schema) -> Self {
        let settable = schema.attributes.iter().filter(|it| it.usage != Usage::Computed);
        let attributes = settable.map(|attribute| {
            let ty = attribute.ty.ty();
            let Some(given) = body.attribute(attribute.name) else {
                return (attribute.name, Slot::Fixed(Value::Null(ty)));
            };
            let mut faults = Diagnostics::new();
            let value = is_fixed(&given.expr)
                .then(|| decode::attribute(scope, attribute, given, &ty, &mut faults))
                .flatten();
            let slot = value.map_or(Slot::Attribute(attribute, given, ty), Slot::Fixed);
            (attribute.name, slot)
        });
        let blocks = schema.blocks.iter().map(|nested| {
            let slot = Self::block(scope, body, nested);
            (nested.name, slot)
        });
        let mut slots: Vec<(Arc<str>, Slot<'a>)> =
            attributes.chain(blocks).map(|(name, slot)| (name.into(), slot)).collect();
        slots.sort_by(|a, b| a.0.cmp(&b.0));
        Self { slots, nested: false, seen: Vec::new(), last: None }
    }

    fn block(scope: &Scope<'_>, body: &'a Body, nested: &'static NestedBlock) -> Slot<'a> {
        let is_made = |block: &Block| {
            Dynamic::of(block).is_some_and(|dynamic| &*dynamic.kind.text == nested.name)
        };
        let made = body.blocks.iter().any(is_made);
        let mut alike =
            body.blocks.iter().filter(|it| &*it.kind.text == nested.name || is_made(it));
        if alike.all(|block| is_fixed_body(&block.body)) {
            let mut faults = Diagnostics::new();
            let value = decode::blocks(scope, body, nested, &mut faults);
            if let Some(value) = value.filter(|_| faults.is_empty()) {
                return Slot::Fixed(value);
            }
        }
        match body.blocks(nested.name).next() {
            Some(block) if !made => {
                Slot::Block(Self { nested: true, ..Self::new(scope, &block.body, nested.schema) })
            }
            Some(_) | None => Slot::Made(nested, body),
        }
    }

    /// What the body comes to for the instance that `scope` knows.
    pub(super) fn instance(
        &mut self,
        scope: &Scope<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let mut whole = true;
        let mut same = self.last.is_some();
        let mut place = 0;
        for (_, slot) in &mut self.slots {
            let value = match slot {
                Slot::Fixed(_) => continue,
                Slot::Attribute(attribute, given, ty) => {
                    decode::attribute(scope, attribute, given, ty, diagnostics)
                }
                Slot::Block(pattern) => pattern.instance(scope, diagnostics),
                Slot::Made(nested, body) => decode::blocks(scope, body, nested, diagnostics),
            };
            whole &= value.is_some();
            let value = value.unwrap_or(Value::NULL);
            match self.seen.get_mut(place) {
                Some(seen) => {
                    same = same && is_same(seen, &value);
                    *seen = value;
                }
                None => self.seen.push(value),
            }
            place += 1;
        }
        if !whole {
            self.last = None;
            return None;
        }
        if !same {
            self.last = Some(self.made());
        }
        self.last.clone()
    }

    /// Puts together what the last instance came to.
    fn made(&self) -> Value {
        let mut seen = self.seen.iter();
        let fields = self.slots.iter().map(|(name, slot)| {
            let value = match slot {
                Slot::Fixed(value) => Some(value),
                Slot::Attribute(..) | Slot::Block(_) | Slot::Made(..) => seen.next(),
            };
            (Arc::clone(name), value.cloned().unwrap_or(Value::NULL))
        });
        let object = Value::Object(Fields::in_order(fields));
        if self.nested { Value::list(Type::Any, vec![object]) } else { object }
    }
}

/// Whether two values are the same in everything, as far as that is seen at a glance.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Arc::ptr_eq(a, b) || (a.len() <= LONGEST && a == b),
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Sensitive(a), Value::Sensitive(b)) => Arc::ptr_eq(a, b),
        (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

fn is_fixed_body(body: &Body) -> bool {
    body.attributes.iter().all(|attribute| is_fixed(&attribute.expr))
        && body.blocks.iter().all(|block| is_fixed_body(&block.body))
}

/// Whether an expression has the same value for every instance of its block.
fn is_fixed(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Root(name) if ["each", "count", "self"].contains(&&**name) => return false,
        ExprKind::Call(call) => {
            let name = &*call.name.text;
            if RESTLESS.contains(&name.strip_prefix("core::").unwrap_or(name)) {
                return false;
            }
        }
        _ => {}
    }
    let mut fixed = true;
    expr.children(&mut |child| fixed = fixed && is_fixed(child));
    fixed
}
