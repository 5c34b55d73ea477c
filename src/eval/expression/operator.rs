//! Operators and conditionals.

use super::{Fault, Marks, Outcome, Scope, capital, fault};
use crate::config::{BinaryOp, Expr, UnaryOp};
use crate::diag::{Diagnostic, Span};
use crate::value::{Bounds, ConvertError, Elements, Number, Type, Value, unify};

impl Scope<'_> {
    pub(super) fn conditional(&self, three: &[Expr; 3], span: Span) -> Outcome {
        let [condition, then, otherwise] = three;
        let [then, otherwise] = [self.outcome(then), self.outcome(otherwise)];
        let common = match branch_type(&then.value, &otherwise.value, span) {
            Ok(common) => common,
            Err(fault) => return Outcome::failed(fault, Type::Any),
        };
        let mut marks = Marks::default();
        let truth = match self.condition(condition, &mut marks) {
            Ok(truth) => truth,
            Err(fault) => return Outcome::failed(fault, common),
        };
        let values = [&then.value, &otherwise.value];
        marks.sensitive |= values.into_iter().any(Value::is_sensitive);
        let meets_collection = values.iter().any(|value| match value.reveal() {
            Value::List(_) | Value::Map(_) => true,
            Value::Null(ty) | Value::Unknown(ty, _) => matches!(ty, Type::List(_) | Type::Map(_)),
            _ => false,
        });
        // The branch that is not taken may fail: that is what the condition is for.
        let Outcome { value, fault } = match truth {
            Some(true) => then,
            Some(false) => otherwise,
            None => return marks.apply(undecided(values, common)).into(),
        };
        match convert_branch(&value, &common, meets_collection) {
            Ok(value) => Outcome { value: marks.apply(value), fault },
            Err(error) => {
                let detail = format!("{}.", capital(&error.to_string()));
                let mismatch = Diagnostic::error("Inconsistent conditional", detail).at(span);
                Outcome::failed(fault.unwrap_or_else(|| Box::new(mismatch)), common)
            }
        }
    }

    /// Whether the condition holds; nothing where it is unknown, whatever its type.
    pub(super) fn condition(&self, expr: &Expr, marks: &mut Marks) -> Result<Option<bool>, Fault> {
        let value = self.eval(expr)?;
        if value.is_unknown() {
            marks.sensitive |= value.is_sensitive();
            return Ok(None);
        }
        self.as_truth(&value, expr.span, marks)
    }

    pub(super) fn unary(&self, operator: UnaryOp, operand: &Expr) -> Result<Value, Fault> {
        let ty = unary_type(operator);
        let mut marks = Marks::default();
        let value = self.operand(operand, &ty, &mut marks)?;
        Ok(marks.apply(match value {
            Value::Bool(truth) => Value::Bool(!truth),
            Value::Number(number) => Value::Number(number.negate()),
            _ => Value::unknown(ty).never_null(),
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
                    None => Value::unknown(Type::Bool).never_null(),
                }
            }
            _ => {
                let left = self.operand(&both[0], &Type::Number, &mut marks)?;
                let right = self.operand(&both[1], &Type::Number, &mut marks)?;
                match (&left, &right) {
                    (Value::Number(left), Value::Number(right)) => {
                        arithmetic(operator, left, right).ok_or_else(|| {
                            let detail = if left.is_zero() && right.is_zero() {
                                "Zero divided by zero has no result."
                            } else {
                                "An operand is infinite, and the result could be any number."
                            };
                            fault("Invalid operation", detail, span)
                        })?
                    }
                    _ => match compared(operator, &left, &right) {
                        Some(truth) => Value::Bool(truth),
                        None => Value::unknown(binary_type(operator)).never_null(),
                    },
                }
            }
        };
        Ok(marks.apply(result))
    }

    /// `a || b` and `a && b`. Both sides are looked at, as Terraform does before its version 1.12.
    fn logic(&self, decisive: bool, both: &[Expr; 2], marks: &mut Marks) -> Result<Value, Fault> {
        let left = self.operand(&both[0], &Type::Bool, marks)?;
        let right = self.operand(&both[1], &Type::Bool, marks)?;
        Ok(match (left.as_bool(), right.as_bool()) {
            (Some(left), Some(right)) => {
                Value::Bool(if decisive { left || right } else { left && right })
            }
            _ => Value::unknown(Type::Bool).never_null(),
        })
    }
}

/// The type of a conditional: null takes the type of the other branch, and where the type of one is
/// not known, that of the other says nothing.
fn branch_type(then: &Value, otherwise: &Value, span: Span) -> Result<Type, Fault> {
    let (a, b) = (then.ty(), otherwise.ty());
    if matches!(then, Value::Null(Type::Any)) {
        return Ok(b);
    }
    if matches!(otherwise, Value::Null(Type::Any)) {
        return Ok(a);
    }
    if a == Type::Any || b == Type::Any {
        return Ok(Type::Any);
    }
    unify(&[a.clone(), b.clone()]).ok_or_else(|| {
        // Names of attributes can be secret, too.
        let secret = |branch: &Value| branch.any(&Value::is_sensitive);
        let [a, b] = if secret(then) || secret(otherwise) {
            [a.friendly(), b.friendly()]
        } else {
            [a.to_string(), b.to_string()]
        };
        let detail = format!("The two results have no type in common: {a} and {b}.");
        fault("Inconsistent conditional", detail, span)
    })
}

/// The type of what an operator gives.
pub(super) fn unary_type(operator: UnaryOp) -> Type {
    match operator {
        UnaryOp::Not => Type::Bool,
        UnaryOp::Negate => Type::Number,
    }
}

/// The type of what an operator gives.
pub(super) fn binary_type(operator: BinaryOp) -> Type {
    match operator {
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => Type::Bool,
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder => Type::Number,
    }
}

/// What one of two branches is, when nobody knows yet which.
fn undecided(values: [&Value; 2], common: Type) -> Value {
    let [then, otherwise] = values;
    if then.is_null() && otherwise.is_null() {
        return Value::Null(common);
    }
    let bounds = then.bounds().or(otherwise.bounds());
    // Where one is converted, Terraform does not ask how large it is.
    let alike = [then, otherwise].into_iter().all(|it| it.ty() == common);
    let bounds =
        if alike { bounds } else { Bounds { never_null: bounds.never_null, ..Bounds::default() } };
    Value::bounded(common, bounds)
}

/// What a comparison comes to whose operands are not both known, if their bounds decide it.
fn compared(operator: BinaryOp, left: &Value, right: &Value) -> Option<bool> {
    let less = |a: &Value, b: &Value| {
        let (a, b) = (a.bounds(), b.bounds());
        let above = |least: Option<Number>, most: Option<Number>| {
            least.zip(most).is_some_and(|(least, most)| least.compare(&most).is_gt())
        };
        if above(b.least, a.most) {
            Some(true)
        } else if above(a.least, b.most) {
            Some(false)
        } else {
            None
        }
    };
    let or_equal = |less: Option<bool>| match less {
        Some(false) => equal(left, right),
        decided => decided,
    };
    match operator {
        BinaryOp::Less => less(left, right),
        BinaryOp::Greater => less(right, left),
        BinaryOp::LessOrEqual => or_equal(less(left, right)),
        BinaryOp::GreaterOrEqual => or_equal(less(right, left)),
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder => None,
    }
}

/// Converts the branch that is taken. A tuple that meets a list of which the type is open keeps its
/// elements as they are, and they must be of one type already; so must the attributes of an object
/// that meets a map.
fn convert_branch(
    taken: &Value,
    common: &Type,
    meets_collection: bool,
) -> Result<Value, ConvertError> {
    let types: Vec<Type> = match (taken.reveal(), common) {
        (Value::Tuple(items), Type::List(element)) if **element == Type::Any => {
            items.iter().map(Value::ty).collect()
        }
        (Value::Object(fields), Type::Map(element)) if **element == Type::Any => {
            // A null whose type nothing has decided is of any type.
            fields.values().map(Value::ty).filter(|ty| *ty != Type::Any).collect()
        }
        _ => Vec::new(),
    };
    if meets_collection && types.windows(2).any(|two| matches!(two, [a, b] if a != b)) {
        let reason = "all elements must have the same type".to_owned();
        return Err(ConvertError { path: String::new(), reason });
    }
    taken.convert(common)
}

/// Whether two values are equal; nothing where that is not known. Values of two types never are:
/// not `1` and `"1"`, nor nulls within.
pub(in crate::eval) fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Unknown(..), Value::Unknown(..)) => None,
        (Value::Unknown(_, Some(bounds)), other) | (other, Value::Unknown(_, Some(bounds)))
            if bounds.exclude(other) =>
        {
            Some(false)
        }
        (Value::Unknown(ty, _), other) | (other, Value::Unknown(ty, _)) => {
            if other.is_null() || fits(&other.ty(), ty) { None } else { Some(false) }
        }
        (Value::Null(_), other) | (other, Value::Null(_)) => Some(other.is_null()),
        _ => {
            let (left, right) = (a.ty(), b.ty());
            let open = |part: &Value| matches!(part, Value::Unknown(ty, _) if ty.has_any());
            if [a, b].iter().any(|it| it.any(&open)) {
                return if fits(&left, &right) || fits(&right, &left) { None } else { Some(false) };
            }
            if left == right { equal_parts(a, b) } else { Some(false) }
        }
    }
}

/// Whether two values of one type are equal.
fn equal_parts(a: &Value, b: &Value) -> Option<bool> {
    let all = |pairs: &mut dyn Iterator<Item = (&Value, &Value)>| {
        for (a, b) in pairs {
            // The first that is unknown or differs decides.
            if !equal_parts(a, b)? {
                return Some(false);
            }
        }
        Some(true)
    };
    match (a, b) {
        (Value::Unknown(_, Some(bounds)), other) | (other, Value::Unknown(_, Some(bounds)))
            if bounds.exclude(other) =>
        {
            Some(false)
        }
        (Value::Unknown(..), _) | (_, Value::Unknown(..)) => None,
        (Value::Set(a), Value::Set(b)) => {
            let unknown = |set: &Elements| set.items.iter().any(Value::is_unknown);
            if unknown(a) || unknown(b) { None } else { Some(a.items == b.items) }
        }
        (Value::List(a), Value::List(b)) => {
            if a.items.len() != b.items.len() {
                return Some(false);
            }
            all(&mut a.items.iter().zip(&b.items))
        }
        (Value::Tuple(a), Value::Tuple(b)) => all(&mut a.iter().zip(b.iter())),
        (Value::Object(a), Value::Object(b)) => all(&mut a.values().zip(b.values())),
        (Value::Map(a), Value::Map(b)) => {
            if !a.fields.keys().eq(b.fields.keys()) {
                return Some(false);
            }
            all(&mut a.fields.values().zip(b.fields.values()))
        }
        _ => Some(a == b),
    }
}

/// Whether a type is another one once every `any` in that is filled in.
fn fits(ty: &Type, other: &Type) -> bool {
    match (ty, other) {
        (_, Type::Any) => true,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => fits(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| fits(a, b))
        }
        (Type::Object(a), Type::Object(b)) => {
            a.keys().eq(b.keys()) && a.values().zip(b.values()).all(|(a, b)| fits(&a.ty, &b.ty))
        }
        _ => ty == other,
    }
}

fn arithmetic(operator: BinaryOp, left: &Number, right: &Number) -> Option<Value> {
    let order = || left.compare(right);
    Some(match operator {
        BinaryOp::Less => Value::Bool(order().is_lt()),
        BinaryOp::LessOrEqual => Value::Bool(order().is_lt() || left == right),
        BinaryOp::Greater => Value::Bool(order().is_gt()),
        BinaryOp::GreaterOrEqual => Value::Bool(order().is_gt() || left == right),
        BinaryOp::Add => Value::Number(left.add(right)?),
        BinaryOp::Subtract => Value::Number(left.subtract(right)?),
        BinaryOp::Multiply => Value::Number(left.multiply(right)?),
        BinaryOp::Divide => Value::Number(left.divide(right)?),
        BinaryOp::Remainder => Value::Number(left.remainder(right)?),
        BinaryOp::Or | BinaryOp::And | BinaryOp::Equal | BinaryOp::NotEqual => return None,
    })
}
