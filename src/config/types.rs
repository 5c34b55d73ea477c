//! Type expressions: `list(string)`, `object({ a = optional(string, "x") })`.

use super::expr::{Expr, ExprKind};
use crate::diag::{Diagnostic, did_you_mean};
use crate::value::{ObjectAttribute, Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

const NAMES: [&str; 9] =
    ["any", "bool", "list", "map", "number", "object", "set", "string", "tuple"];

/// Reads the type that an expression spells. As in Terraform's first versions, `list` and `map`
/// alone are of anything.
pub(super) fn parse(expr: &Expr) -> Result<Type, Box<Diagnostic>> {
    match &expr.kind {
        ExprKind::Root(name) if &**name == "list" => Ok(Type::list(Type::Any)),
        ExprKind::Root(name) if &**name == "map" => Ok(Type::map(Type::Any)),
        _ => constraint(expr),
    }
}

fn constraint(expr: &Expr) -> Result<Type, Box<Diagnostic>> {
    match &expr.kind {
        ExprKind::Root(name) => match &**name {
            "any" => Ok(Type::Any),
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            "list" | "set" | "map" => {
                let detail = format!("It says not what the {name} is of: write `{name}(any)`.");
                Err(invalid(&detail, expr))
            }
            other => Err(unknown(other, expr)),
        },
        ExprKind::Call(call) => match (&*call.name.text, call.arguments.as_slice()) {
            ("list", [element]) => Ok(Type::list(constraint(element)?)),
            ("set", [element]) => Ok(Type::set(constraint(element)?)),
            ("map", [element]) => Ok(Type::map(constraint(element)?)),
            ("tuple", [Expr { kind: ExprKind::Tuple(items), .. }]) => {
                let items = items.iter().map(constraint).collect::<Result<_, _>>()?;
                Ok(Type::Tuple(Arc::new(items)))
            }
            ("object", [Expr { kind: ExprKind::Object(entries), .. }]) => {
                let mut attributes = BTreeMap::new();
                for (key, ty) in entries {
                    let Some(name) = key.literal_str() else {
                        return Err(invalid("An attribute's name must be a plain name.", key));
                    };
                    if attributes.insert(Arc::clone(name), attribute(ty)?).is_some() {
                        return Err(invalid(&format!("There are two attributes {name:?}."), key));
                    }
                }
                Ok(Type::Object(Arc::new(attributes)))
            }
            ("optional", _) => {
                Err(invalid("`optional` marks an attribute of an `object` type only.", expr))
            }
            ("list" | "set" | "map" | "tuple" | "object", _) => Err(invalid(
                "Write `list(T)`, `set(T)`, `map(T)`, `tuple([T, …])` or `object({ name = T })`.",
                expr,
            )),
            (other, _) => Err(unknown(other, expr)),
        },
        _ => Err(invalid(
            "A type is a name like `string` or a constructor like `list(string)`, without quotes.",
            expr,
        )),
    }
}

fn attribute(expr: &Expr) -> Result<ObjectAttribute, Box<Diagnostic>> {
    let ExprKind::Call(call) = &expr.kind else {
        return Ok(ObjectAttribute { ty: constraint(expr)?, optional: false, default: None });
    };
    match (&*call.name.text, call.arguments.as_slice()) {
        ("optional", [ty]) => {
            Ok(ObjectAttribute { ty: constraint(ty)?, optional: true, default: None })
        }
        ("optional", [ty, default]) => {
            let ty = constraint(ty)?;
            let value = constant(default)
                .ok_or_else(|| invalid("The default must be written out: a constant.", default))?;
            let value = value.convert(&ty).map_err(|error| {
                invalid(&format!("The default does not conform to its type: {error}."), default)
            })?;
            Ok(ObjectAttribute { ty, optional: true, default: Some(value) })
        }
        ("optional", _) => Err(invalid("Write `optional(T)` or `optional(T, default)`.", expr)),
        _ => Ok(ObjectAttribute { ty: constraint(expr)?, optional: false, default: None }),
    }
}

/// The value of an expression that is written out, without references.
fn constant(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Literal(value) => Some(value.clone()),
        ExprKind::Tuple(items) => {
            items.iter().map(constant).collect::<Option<Vec<_>>>().map(Value::tuple)
        }
        ExprKind::Object(entries) => entries
            .iter()
            .map(|(key, value)| Some((Arc::clone(key.literal_str()?), constant(value)?)))
            .collect::<Option<Vec<_>>>()
            .map(Value::object),
        _ => None,
    }
}

fn invalid(detail: &str, expr: &Expr) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("Invalid type", detail).at(expr.span))
}

fn unknown(name: &str, expr: &Expr) -> Box<Diagnostic> {
    invalid(&format!("There is no type {name:?}.{}", did_you_mean(name, NAMES)), expr)
}
