//! Operators and conditionals.

use super::{Fault, Marks, Scope, capital, fault};
use crate::config::{BinaryOp, Expr, UnaryOp};
use crate::diag::Span;
use crate::value::{Number, Type, Value, unify};

impl Scope<'_> {
    pub(super) fn conditional(&self, three: &[Expr; 3], span: Span) -> Result<Value, Fault> {
        let mut marks = Marks::default();
        let truth = self.truth(&three[0], &mut marks)?;
        let then = self.eval(&three[1]);
        let otherwise = self.eval(&three[2]);
        // The branch that is not taken may fail: that is what the condition is for.
        let (taken, other) = match truth {
            Some(true) => (then?, otherwise.ok()),
            Some(false) => (otherwise?, then.ok()),
            None => {
                let secret = |value: &Result<Value, Fault>| {
                    value.as_ref().is_ok_and(|value| value.any(&Value::is_sensitive))
                };
                marks.sensitive |= secret(&then) || secret(&otherwise);
                // One that fails may be the one that will not be taken.
                let common = match (then, otherwise) {
                    (Ok(then), Ok(otherwise)) => unify(&[then.ty(), otherwise.ty()]),
                    (Ok(one), Err(_)) | (Err(_), Ok(one)) => Some(one.ty()),
                    (Err(fault), Err(_)) => return Err(fault),
                };
                return Ok(marks.apply(Value::Unknown(common.unwrap_or(Type::Any))));
            }
        };
        let Some(other) = other else { return Ok(marks.apply(taken)) };
        let Some(common) = branch_type(&taken, &other) else {
            let detail = format!(
                "The two results have no type in common: {} and {}.",
                taken.ty(),
                other.ty()
            );
            return Err(fault("Inconsistent conditional", detail, span));
        };
        let taken = taken.convert(&common).map_err(|error| {
            fault("Inconsistent conditional", format!("{}.", capital(&error.to_string())), span)
        })?;
        Ok(marks.apply(taken))
    }

    pub(super) fn unary(&self, operator: UnaryOp, operand: &Expr) -> Result<Value, Fault> {
        let ty = match operator {
            UnaryOp::Not => Type::Bool,
            UnaryOp::Negate => Type::Number,
        };
        let mut marks = Marks::default();
        let value = self.operand(operand, &ty, &mut marks)?;
        Ok(marks.apply(match value {
            Value::Bool(truth) => Value::Bool(!truth),
            Value::Number(number) => Value::Number(number.negate()),
            _ => Value::Unknown(ty),
        }))
    }

    /// An operand as `ty`: known or unknown, never null.
    fn operand(&self, expr: &Expr, ty: &Type, marks: &mut Marks) -> Result<Value, Fault> {
        let value = self.eval(expr)?;
        let value = marks.open(&value);
        if value.is_null() {
            return Err(fault("Null operand", "An operand cannot be null.", expr.span));
        }
        value.convert(ty).map_err(|_| {
            let detail = format!(
                "The operand must be a {}, not a {}.",
                ty.friendly(),
                value.ty().friendly()
            );
            fault("Wrong type", detail, expr.span)
        })
    }

    pub(super) fn binary(
        &self,
        operator: BinaryOp,
        both: &[Expr; 2],
        span: Span,
    ) -> Result<Value, Fault> {
        let mut marks = Marks::default();
        let result = match operator {
            BinaryOp::Or | BinaryOp::And => {
                self.logic(operator == BinaryOp::Or, both, &mut marks)?
            }
            BinaryOp::Equal | BinaryOp::NotEqual => {
                let left = self.eval(&both[0])?;
                let right = self.eval(&both[1])?;
                let (left, right) = (marks.open_deep(&left), marks.open_deep(&right));
                match equal(&left, &right) {
                    Some(same) => Value::Bool(same == (operator == BinaryOp::Equal)),
                    None => Value::Unknown(Type::Bool),
                }
            }
            _ => {
                let left = self.operand(&both[0], &Type::Number, &mut marks)?;
                let right = self.operand(&both[1], &Type::Number, &mut marks)?;
                match (&left, &right) {
                    (Value::Number(left), Value::Number(right)) => {
                        arithmetic(operator, left, right).ok_or_else(|| {
                            let detail = if right.is_zero() {
                                "Division by zero has no result."
                            } else {
                                "The result has more than 4096 digits."
                            };
                            fault("Invalid operation", detail, span)
                        })?
                    }
                    _ => Value::Unknown(match operator {
                        BinaryOp::Less
                        | BinaryOp::LessOrEqual
                        | BinaryOp::Greater
                        | BinaryOp::GreaterOrEqual => Type::Bool,
                        _ => Type::Number,
                    }),
                }
            }
        };
        Ok(marks.apply(result))
    }

    /// `a || b` and `a && b`: the right side is looked at only where the left does not decide.
    fn logic(&self, decisive: bool, both: &[Expr; 2], marks: &mut Marks) -> Result<Value, Fault> {
        let left = self.operand(&both[0], &Type::Bool, marks)?;
        if left.as_bool() == Some(decisive) {
            return Ok(left);
        }
        let right = self.operand(&both[1], &Type::Bool, marks)?;
        Ok(match (left.as_bool(), right.as_bool()) {
            (_, Some(right)) if right == decisive => Value::Bool(decisive),
            (Some(_), Some(_)) => Value::Bool(!decisive),
            _ => Value::Unknown(Type::Bool),
        })
    }
}

/// The type of a conditional: null takes the type of the other branch.
fn branch_type(a: &Value, b: &Value) -> Option<Type> {
    match (a.reveal(), b.reveal()) {
        (Value::Null(Type::Any), _) => Some(b.ty()),
        (_, Value::Null(Type::Any)) => Some(a.ty()),
        _ => unify(&[a.ty(), b.ty()]),
    }
}

/// Whether two values are equal; nothing where that is not known.
fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::Null(_), other) | (other, Value::Null(_)) => Some(other.is_null()),
        _ if !a.is_wholly_known() || !b.is_wholly_known() => None,
        // Values of two types are never equal: not `1` and `"1"`, nor nulls within.
        _ => Some(a == b && a.ty() == b.ty()),
    }
}

fn arithmetic(operator: BinaryOp, left: &Number, right: &Number) -> Option<Value> {
    Some(match operator {
        BinaryOp::Less => Value::Bool(left < right),
        BinaryOp::LessOrEqual => Value::Bool(left <= right),
        BinaryOp::Greater => Value::Bool(left > right),
        BinaryOp::GreaterOrEqual => Value::Bool(left >= right),
        BinaryOp::Add => Value::Number(left.add(right)?),
        BinaryOp::Subtract => Value::Number(left.subtract(right)?),
        BinaryOp::Multiply => Value::Number(left.multiply(right)?),
        BinaryOp::Divide => Value::Number(left.divide(right)?),
        BinaryOp::Remainder => Value::Number(left.remainder(right)?),
        BinaryOp::Or | BinaryOp::And | BinaryOp::Equal | BinaryOp::NotEqual => return None,
    })
}
