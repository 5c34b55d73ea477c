//! Type expressions: `list(string)`, `object({ a = optional(string, "x") })`.

use super::expr::{Attribute, BinaryOp, Expr, ExprKind, Part, UnaryOp};
use crate::diag::{Diagnostic, did_you_mean};
use crate::value::{Number, ObjectAttribute, Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

const NAMES: [&str; 9] =
    ["any", "bool", "list", "map", "number", "object", "set", "string", "tuple"];

/// Reads the type that an attribute spells. As in Terraform's first versions, `list` and `map` alone
/// are of anything.
pub(super) fn parse(attribute: &Attribute) -> Result<Type, Box<Diagnostic>> {
    let expr = &attribute.expr;
    match &expr.kind {
        // In JSON, the quotes around the whole are part of it.
        _ if !attribute.name.is_quoted() && is_bracketed(expr) => Err(bracketed(expr)),
        ExprKind::Root(name) if &**name == "list" => Ok(Type::list(Type::Any)),
        ExprKind::Root(name) if &**name == "map" => Ok(Type::map(Type::Any)),
        ExprKind::Literal(Value::String(text)) => {
            let rest = match &**text {
                "string" | "number" | "bool" | "any" => format!("write `{text}`"),
                "list" | "set" | "map" => format!("write `{text}(string)`"),
                _ => "write `string`, or `list(string)`".to_owned(),
            };
            Err(invalid(&format!("A type is no text: {rest}, without quotes."), expr))
        }
        _ => Reader { in_json: attribute.name.is_quoted() }.spelled(expr),
    }
}

/// Whether brackets stand around a name or a call, which no type needs.
fn is_bracketed(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Root(name) => name.is_ascii() && expr.span.size() != name.len(),
        ExprKind::Call(call) => expr.span.start != call.name.span.start,
        _ => false,
    }
}

fn bracketed(expr: &Expr) -> Box<Diagnostic> {
    invalid("A type stands without brackets around it. Remove them.", expr)
}

/// How a type is written that is made of others.
fn usage(name: &str) -> Option<&'static str> {
    match name {
        "list" => Some("list(T)"),
        "set" => Some("set(T)"),
        "map" => Some("map(T)"),
        "tuple" => Some("tuple([T, …])"),
        "object" => Some("object({ name = T, … })"),
        _ => None,
    }
}

/// Reads the types within a type.
#[derive(Clone, Copy)]
struct Reader {
    /// In a text of JSON a name may have escapes, and be longer there than it is.
    in_json: bool,
}

impl Reader {
    fn constraint(self, expr: &Expr) -> Result<Type, Box<Diagnostic>> {
        if !self.in_json && is_bracketed(expr) { Err(bracketed(expr)) } else { self.spelled(expr) }
    }

    fn spelled(self, expr: &Expr) -> Result<Type, Box<Diagnostic>> {
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
                ("list", [element]) => Ok(Type::list(self.constraint(element)?)),
                ("set", [element]) => Ok(Type::set(self.constraint(element)?)),
                ("map", [element]) => Ok(Type::map(self.constraint(element)?)),
                ("tuple", [Expr { kind: ExprKind::Tuple(items), .. }]) => {
                    let items =
                        items.iter().map(|item| self.constraint(item)).collect::<Result<_, _>>()?;
                    Ok(Type::Tuple(Arc::new(items)))
                }
                ("object", [Expr { kind: ExprKind::Object(entries), .. }]) => {
                    let mut attributes = BTreeMap::new();
                    for (key, ty) in entries {
                        let Some(name) = key.literal_str() else {
                            return Err(invalid("An attribute's name must be a plain name.", key));
                        };
                        if !self.in_json && name.is_ascii() && key.span.size() != name.len() {
                            let detail = format!(
                                "An attribute's name must be a plain name: write `{name}`, without \
                                 quotes."
                            );
                            return Err(invalid(&detail, key));
                        }
                        if attributes.insert(Arc::clone(name), self.attribute(ty)?).is_some() {
                            return Err(invalid(
                                &format!("There are two attributes {name:?}."),
                                key,
                            ));
                        }
                    }
                    Ok(Type::Object(Arc::new(attributes)))
                }
                (name, _) => Err(unknown(name, expr)),
            },
            _ => Err(invalid(
                "A type is a name like `string` or a constructor like `list(string)`, without quotes.",
                expr,
            )),
        }
    }

    fn attribute(self, expr: &Expr) -> Result<ObjectAttribute, Box<Diagnostic>> {
        let ExprKind::Call(call) = &expr.kind else {
            return Ok(ObjectAttribute {
                ty: self.constraint(expr)?,
                optional: false,
                default: None,
            });
        };
        match (&*call.name.text, call.arguments.as_slice()) {
            _ if !self.in_json && is_bracketed(expr) => Err(bracketed(expr)),
            ("optional", [ty]) => {
                Ok(ObjectAttribute { ty: self.constraint(ty)?, optional: true, default: None })
            }
            ("optional", [ty, default]) => {
                let ty = self.constraint(ty)?;
                let value = constant(default).ok_or_else(|| {
                    invalid("The default must be written out: a constant.", default)
                })?;
                let value = value.convert(&ty).map_err(|error| {
                    invalid(&format!("The default does not conform to its type: {error}."), default)
                })?;
                Ok(ObjectAttribute { ty, optional: true, default: Some(value) })
            }
            ("optional", _) => Err(invalid("Write `optional(T)` or `optional(T, default)`.", expr)),
            _ => Ok(ObjectAttribute { ty: self.constraint(expr)?, optional: false, default: None }),
        }
    }
}

/// The value of an expression that is written out, without references and calls: constants, and what
/// operators, conditions and texts make of them.
fn constant(expr: &Expr) -> Option<Value> {
    let truth = |expr| constant(expr)?.convert(&Type::Bool).ok()?.as_bool();
    match &expr.kind {
        ExprKind::Literal(value) => Some(value.clone()),
        ExprKind::Tuple(items) => {
            items.iter().map(constant).collect::<Option<Vec<_>>>().map(Value::tuple)
        }
        ExprKind::Object(entries) => entries
            .iter()
            .map(|(key, value)| Some((Arc::clone(text(key)?.as_str()?), constant(value)?)))
            .collect::<Option<Vec<_>>>()
            .map(Value::object),
        ExprKind::Template(parts) => {
            let mut whole = String::new();
            for part in parts {
                match part {
                    Part::Text(part) => whole.push_str(part),
                    Part::Value(expr) => whole.push_str(text(expr)?.as_str()?),
                    Part::If(_) | Part::For(_) => return None,
                }
            }
            Some(Value::from(whole.as_str()))
        }
        ExprKind::Conditional(three) => {
            let [condition, then, otherwise] = &**three;
            let (then, otherwise) = (constant(then)?, constant(otherwise)?);
            Some(if truth(condition)? { then } else { otherwise })
        }
        ExprKind::Unary(UnaryOp::Negate, operand) => Some(Value::Number(number(operand)?.negate())),
        ExprKind::Unary(UnaryOp::Not, operand) => Some(Value::Bool(!truth(operand)?)),
        ExprKind::Binary(BinaryOp::And, both) => {
            Some(Value::Bool(truth(&both[0])? & truth(&both[1])?))
        }
        ExprKind::Binary(BinaryOp::Or, both) => {
            Some(Value::Bool(truth(&both[0])? | truth(&both[1])?))
        }
        ExprKind::Binary(operator, both) => {
            let (left, right) = (number(&both[0])?, number(&both[1])?);
            let order = left.compare(&right);
            let result = match operator {
                BinaryOp::Add => left.add(&right),
                BinaryOp::Subtract => left.subtract(&right),
                BinaryOp::Multiply => left.multiply(&right),
                BinaryOp::Divide => left.divide(&right),
                BinaryOp::Remainder => left.remainder(&right),
                BinaryOp::Less => return Some(Value::Bool(order.is_lt())),
                BinaryOp::LessOrEqual => return Some(Value::Bool(order.is_le())),
                BinaryOp::Greater => return Some(Value::Bool(order.is_gt())),
                BinaryOp::GreaterOrEqual => return Some(Value::Bool(order.is_ge())),
                BinaryOp::Or | BinaryOp::And | BinaryOp::Equal | BinaryOp::NotEqual => None,
            };
            result.map(Value::Number)
        }
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<Number> {
    constant(expr)?.convert(&Type::Number).ok()?.as_number().cloned()
}

fn text(expr: &Expr) -> Option<Value> {
    constant(expr)?.convert(&Type::String).ok()
}

fn invalid(detail: &str, expr: &Expr) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("Invalid type", detail).at(expr.span))
}

/// What is wrong with a word that is no type where it stands, or not as it stands.
fn unknown(name: &str, expr: &Expr) -> Box<Diagnostic> {
    let detail = match name {
        "any" | "bool" | "number" | "string" => {
            format!("`{name}` is of nothing: write it without brackets behind it.")
        }
        "optional" => "`optional` marks an attribute of an `object` type only, as in \
                       `object({ name = optional(string) })`."
            .to_owned(),
        _ => match usage(name) {
            Some(usage) => format!("This type is written `{usage}`."),
            None => format!("There is no type {name:?}.{}", did_you_mean(name, NAMES)),
        },
    };
    invalid(&detail, expr)
}
