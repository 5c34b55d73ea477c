//! Expressions to values.

use super::functions::{self, Context};
use super::reference::Root;
use crate::config::{BinaryOp, Call, Expr, ExprKind, For, Name, Part, UnaryOp};
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::value::{Fields, Number, Type, Value, unify};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why an expression has no value.
pub(super) type Fault = Box<Diagnostic>;

/// What references lead to.
pub(super) trait World {
    /// The value of `root.name`, such as `var.x` or `type.name`.
    fn lookup(&self, root: Root, type_name: &str, name: &str) -> Option<Value>;
    /// What functions may ask of the outside world.
    fn context(&self) -> &Context<'_>;
}

/// The variables that are in scope, inside out, and the world behind them.
pub(super) struct Scope<'a> {
    world: &'a dyn World,
    outer: Option<&'a Self>,
    bound: &'a [(&'a str, Value)],
    splat_item: Option<Value>,
}

impl<'a> Scope<'a> {
    /// The scope of an expression outside of any `for`.
    pub(super) fn new(world: &'a dyn World) -> Self {
        Self { world, outer: None, bound: &[], splat_item: None }
    }

    fn bind(&'a self, bound: &'a [(&'a str, Value)]) -> Self {
        Scope { world: self.world, outer: Some(self), bound, splat_item: None }
    }

    fn splat(&'a self, item: Value) -> Self {
        Scope { world: self.world, outer: Some(self), bound: &[], splat_item: Some(item) }
    }

    fn local(&self, name: &str) -> Option<&Value> {
        let mut scope = Some(self);
        while let Some(at) = scope {
            if let Some((_, value)) = at.bound.iter().find(|(bound, _)| *bound == name) {
                return Some(value);
            }
            scope = at.outer;
        }
        None
    }

    fn item(&self) -> Option<&Value> {
        let mut scope = Some(self);
        while let Some(at) = scope {
            if at.splat_item.is_some() {
                return at.splat_item.as_ref();
            }
            scope = at.outer;
        }
        None
    }

    /// The value of an expression.
    pub(super) fn eval(&self, expr: &Expr) -> Result<Value, Fault> {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Template(parts) => self.template(parts),
            ExprKind::Tuple(items) => {
                items.iter().map(|item| self.eval(item)).collect::<Result<_, _>>().map(Value::tuple)
            }
            ExprKind::Object(entries) => self.object(entries),
            ExprKind::Root(name) => {
                self.local(name).cloned().ok_or_else(|| self.unknown_name(name, None, expr.span))
            }
            ExprKind::SplatItem => Ok(self.item().cloned().unwrap_or(Value::NULL)),
            ExprKind::Attr(source, name) => {
                if let ExprKind::Root(root) = &source.kind
                    && self.local(root).is_none()
                {
                    return self
                        .world
                        .lookup(Root::of(root), root, &name.text)
                        .ok_or_else(|| self.unknown_name(root, Some(&name.text), expr.span));
                }
                let source = self.eval(source)?;
                attribute(&source, name, expr.span)
            }
            ExprKind::Index(both) => {
                let source = self.eval(&both[0])?;
                let key = self.eval(&both[1])?;
                index(&source, &key, both[1].span)
            }
            ExprKind::Splat(both) => self.splat_all(&both[0], &both[1]),
            ExprKind::Call(call) => self.call(call, expr.span),
            ExprKind::Conditional(three) => self.conditional(three, expr.span),
            ExprKind::For(it) => self.for_expr(it),
            ExprKind::Unary(operator, operand) => self.unary(*operator, operand),
            ExprKind::Binary(operator, both) => self.binary(*operator, both, expr.span),
        }
    }

    /// The value of an expression as `ty`.
    fn eval_as(&self, expr: &Expr, ty: &Type) -> Result<Value, Fault> {
        let value = self.eval(expr)?;
        value.convert(ty).map_err(|error| {
            fault("Wrong type", format!("{}.", capital(&error.to_string())), expr.span)
        })
    }

    fn unknown_name(&self, root: &str, name: Option<&str>, span: Span) -> Fault {
        let text = name.map_or_else(|| root.to_owned(), |name| format!("{root}.{name}"));
        let mut known = Vec::new();
        let mut scope = Some(self);
        while let Some(at) = scope {
            known.extend(at.bound.iter().map(|(name, _)| *name));
            scope = at.outer;
        }
        let hint = did_you_mean(root, known);
        fault("Invalid reference", format!("There is no value {text:?} here.{hint}"), span)
    }

    fn template(&self, parts: &[Part]) -> Result<Value, Fault> {
        // A lone interpolation passes its value through, whatever its type.
        if let [Part::Value(only)] = parts {
            return self.eval(only);
        }
        let mut out = String::new();
        let mut marks = Marks::default();
        self.template_into(parts, &mut out, &mut marks)?;
        Ok(marks.apply(if marks.unknown { Value::Unknown(Type::String) } else { Value::from(out) }))
    }

    fn template_into(
        &self,
        parts: &[Part],
        out: &mut String,
        marks: &mut Marks,
    ) -> Result<(), Fault> {
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value(expr) => {
                    let value = self.eval(expr)?;
                    let value = marks.open(&value);
                    if value.is_null() {
                        let detail = "The value is null and cannot be part of a text. Use \
                                      `coalesce` to put something in its place.";
                        return Err(fault("Null in a template", detail, expr.span));
                    }
                    let text = value.convert(&Type::String).map_err(|_| {
                        let detail = format!(
                            "A {} cannot be part of a text. Use `join` or `jsonencode`.",
                            value.ty().friendly()
                        );
                        fault("Wrong type", detail, expr.span)
                    })?;
                    match text.as_str() {
                        Some(text) => out.push_str(text),
                        None => marks.unknown = true,
                    }
                }
                Part::If(it) => {
                    let condition = self.truth(&it.condition, marks)?;
                    match condition {
                        Some(true) => self.template_into(&it.then, out, marks)?,
                        Some(false) => self.template_into(&it.otherwise, out, marks)?,
                        None => marks.unknown = true,
                    }
                }
                Part::For(it) => {
                    let collection = self.eval(&it.collection)?;
                    let collection = marks.open(&collection);
                    if collection.is_unknown() {
                        marks.unknown = true;
                        continue;
                    }
                    for (key, value) in entries(&collection, it.collection.span)? {
                        let bound = bindings(it.key_var.as_deref(), &it.value_var, key, value);
                        self.bind(&bound).template_into(&it.body, out, marks)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A condition; nothing where it is unknown.
    fn truth(&self, expr: &Expr, marks: &mut Marks) -> Result<Option<bool>, Fault> {
        let value = self.eval_as(expr, &Type::Bool)?;
        let value = marks.open(&value);
        match value {
            Value::Bool(truth) => Ok(Some(truth)),
            Value::Unknown(_) => Ok(None),
            _ => Err(fault(
                "Null condition",
                "A condition must be true or false, not null.",
                expr.span,
            )),
        }
    }

    fn object(&self, entries: &[(Expr, Expr)]) -> Result<Value, Fault> {
        let mut fields = Vec::with_capacity(entries.len());
        let mut marks = Marks::default();
        for (key, value) in entries {
            let name = self.key(key, &mut marks)?;
            let value = self.eval(value)?;
            match name {
                Some(name) => fields.push((name, value)),
                None => marks.unknown = true,
            }
        }
        Ok(marks.apply(if marks.unknown {
            Value::Unknown(Type::Any)
        } else {
            Value::object(fields)
        }))
    }

    /// A key of an object; nothing where it is unknown.
    fn key(&self, expr: &Expr, marks: &mut Marks) -> Result<Option<Arc<str>>, Fault> {
        // A key in parentheses may name any value; a bare one was lowered to a literal.
        let value = self.eval(expr)?;
        let value = marks.open(&value);
        if value.is_null() {
            return Err(fault("Null key", "A key of an object cannot be null.", expr.span));
        }
        let text = value.convert(&Type::String).map_err(|_| {
            let detail =
                format!("A key of an object must be a string, not a {}.", value.ty().friendly());
            fault("Wrong type", detail, expr.span)
        })?;
        Ok(text.as_str().cloned())
    }

    fn splat_all(&self, source: &Expr, each: &Expr) -> Result<Value, Fault> {
        let value = self.eval(source)?;
        let mut marks = Marks::default();
        let value = marks.open(&value);
        let run = |item: &Value| self.splat(item.clone()).eval(each);
        let result = match &value {
            Value::Null(_) => Value::tuple(Vec::new()),
            Value::Unknown(_) => Value::Unknown(Type::Any),
            Value::List(elements) | Value::Set(elements) => {
                let items = elements.items.iter().map(run).collect::<Result<Vec<_>, _>>()?;
                let types: Vec<Type> = items.iter().map(Value::ty).collect();
                match unify(&types) {
                    Some(ty) => Value::list(ty, items),
                    None => Value::tuple(items),
                }
            }
            Value::Tuple(items) => {
                Value::tuple(items.iter().map(run).collect::<Result<Vec<_>, _>>()?)
            }
            single => Value::tuple(vec![run(single)?]),
        };
        Ok(marks.apply(result))
    }

    fn call(&self, call: &Call, span: Span) -> Result<Value, Fault> {
        match &*call.name.text {
            "try" => return self.try_call(call, span),
            "can" => return self.can_call(call, span),
            _ => {}
        }
        let Some(function) = functions::find(&call.name.text) else {
            let known = functions::FUNCTIONS.iter().map(|function| function.name);
            let hint = did_you_mean(&call.name.text, known);
            let detail = format!("There is no function {:?}.{hint}", call.name.text);
            return Err(fault("Unknown function", detail, call.name.span));
        };
        let mut arguments =
            call.arguments.iter().map(|it| self.eval(it)).collect::<Result<Vec<_>, _>>()?;
        let mut marked = false;
        if call.expand
            && let Some(last) = arguments.pop()
        {
            marked = last.is_sensitive();
            match last.reveal() {
                Value::Unknown(_) => return Ok(Value::Unknown(Type::Any).sensitive_if(marked)),
                open => match open.as_items() {
                    Some(items) => arguments.extend(items.iter().cloned()),
                    None => {
                        let at = call.arguments.last().map_or(span, |argument| argument.span);
                        let detail = "What ends with `...` must be a list, a set or a tuple.";
                        return Err(fault("Wrong type", detail, at));
                    }
                },
            }
        }
        let result = function.call(&arguments, self.world.context()).map_err(|error| {
            let argument = error.argument.and_then(|n| {
                // An expanded argument stands where its list stands.
                call.arguments.get(n).or(call.arguments.last())
            });
            let at = argument.map_or(call.name.span, |argument| argument.span);
            let detail = format!("{}. It is {}.", capital(&error.message), function.signature());
            fault("Invalid function call", detail, at)
        })?;
        Ok(result.sensitive_if(marked))
    }

    /// `try(a, b, …)`: the first that has a value.
    fn try_call(&self, call: &Call, span: Span) -> Result<Value, Fault> {
        let mut last = None;
        for argument in &call.arguments {
            match self.eval(argument) {
                Ok(value) => return Ok(value),
                Err(fault) => last = Some(fault),
            }
        }
        Err(match last {
            Some(last) => fault(
                "Invalid function call",
                format!(
                    "None of the expressions given to `try` has a value; of the last: {}",
                    last.detail
                ),
                last.subject.unwrap_or(span),
            ),
            None => fault("Invalid function call", "`try` expects at least one argument.", span),
        })
    }

    /// `can(a)`: whether it has a value.
    fn can_call(&self, call: &Call, span: Span) -> Result<Value, Fault> {
        match call.arguments.as_slice() {
            [only] => Ok(match self.eval(only) {
                Ok(value) if value.is_wholly_known() => Value::Bool(true),
                Ok(_) => Value::Unknown(Type::Bool),
                Err(_) => Value::Bool(false),
            }),
            _ => Err(fault("Invalid function call", "`can` expects one argument.", span)),
        }
    }

    fn conditional(&self, three: &[Expr; 3], span: Span) -> Result<Value, Fault> {
        let mut marks = Marks::default();
        let truth = self.truth(&three[0], &mut marks)?;
        let then = self.eval(&three[1]);
        let otherwise = self.eval(&three[2]);
        // The branch that is not taken may fail: that is what the condition is for.
        let (taken, other) = match truth {
            Some(true) => (then?, otherwise.ok()),
            Some(false) => (otherwise?, then.ok()),
            None => {
                let common = unify(&[then?.ty(), otherwise?.ty()]);
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

    fn for_expr(&self, it: &For) -> Result<Value, Fault> {
        let collection = self.eval(&it.collection)?;
        let mut marks = Marks::default();
        let collection = marks.open(&collection);
        if collection.is_unknown() {
            return Ok(marks.apply(Value::Unknown(Type::Any)));
        }
        let mut items = Vec::new();
        let mut keyed: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        for (key, value) in entries(&collection, it.collection.span)? {
            let bound = bindings(it.key_var.as_deref(), &it.value_var, key, value);
            let scope = self.bind(&bound);
            if let Some(condition) = &it.condition {
                match scope.truth(condition, &mut marks)? {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        marks.unknown = true;
                        continue;
                    }
                }
            }
            let Some(key) = &it.key else {
                items.push(scope.eval(&it.value)?);
                continue;
            };
            let name = scope.key(key, &mut marks)?;
            let value = scope.eval(&it.value)?;
            let Some(name) = name else {
                marks.unknown = true;
                continue;
            };
            let values = keyed.entry(name).or_default();
            if !values.is_empty() && !it.group {
                let detail = format!(
                    "Two elements have the key {}. Make keys distinct, or collect values under \
                     one key with `...` behind the value.",
                    keyed_name(&scope.eval(key)?)
                );
                return Err(fault("Duplicate key", detail, key.span));
            }
            values.push(value);
        }
        Ok(marks.apply(if marks.unknown {
            Value::Unknown(Type::Any)
        } else if it.key.is_none() {
            Value::tuple(items)
        } else {
            Value::Object(
                keyed
                    .into_iter()
                    .map(|(name, mut values)| {
                        let value = if it.group {
                            Value::tuple(values)
                        } else {
                            values.pop().unwrap_or(Value::NULL)
                        };
                        (name, value)
                    })
                    .collect::<Fields>(),
            )
        }))
    }

    fn unary(&self, operator: UnaryOp, operand: &Expr) -> Result<Value, Fault> {
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

    fn binary(&self, operator: BinaryOp, both: &[Expr; 2], span: Span) -> Result<Value, Fault> {
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

/// What the operands of an expression pass on to its result.
#[derive(Default)]
struct Marks {
    sensitive: bool,
    unknown: bool,
}

impl Marks {
    /// The value without its own mark, which is noted.
    fn open(&mut self, value: &Value) -> Value {
        self.sensitive |= value.is_sensitive();
        value.reveal().clone()
    }

    /// The value without any mark; whether there was one is noted.
    fn open_deep(&mut self, value: &Value) -> Value {
        let (value, marked) = value.reveal_deep();
        self.sensitive |= marked;
        value
    }

    fn apply(&self, value: Value) -> Value {
        value.sensitive_if(self.sensitive)
    }
}

pub(super) fn fault(summary: &'static str, detail: impl Into<String>, span: Span) -> Fault {
    Box::new(Diagnostic::error(summary, detail).at(span))
}

/// The text with a capital letter, as a sentence begins.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn keyed_name(value: &Value) -> String {
    if value.is_sensitive() {
        return "(sensitive value)".to_owned();
    }
    match value.convert(&Type::String).ok().as_ref().and_then(Value::as_str) {
        Some(text) => format!("{text:?}"),
        None => "(unknown)".to_owned(),
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

fn bindings<'a>(
    key_var: Option<&'a str>,
    value_var: &'a str,
    key: Value,
    value: Value,
) -> Vec<(&'a str, Value)> {
    let mut bound = Vec::with_capacity(2);
    bound.extend(key_var.map(|name| (name, key)));
    bound.push((value_var, value));
    bound
}

/// The keys and values of a collection, in order.
fn entries(collection: &Value, span: Span) -> Result<Vec<(Value, Value)>, Fault> {
    if let Value::Set(set) = collection {
        return Ok(set.items.iter().map(|item| (item.clone(), item.clone())).collect());
    }
    if let Some(items) = collection.as_items() {
        let numbered = items.iter().enumerate();
        return Ok(numbered.map(|(n, it)| (Value::Number(Number::from(n)), it.clone())).collect());
    }
    if let Some(fields) = collection.as_fields() {
        return Ok(fields
            .iter()
            .map(|(name, value)| (Value::String(Arc::clone(name)), value.clone()))
            .collect());
    }
    let detail = if collection.is_null() {
        "A null value has no elements to run over.".to_owned()
    } else {
        format!("A {} has no elements to run over.", collection.ty().friendly())
    };
    Err(fault("Not a collection", detail, span))
}

fn attribute(source: &Value, name: &Name, span: Span) -> Result<Value, Fault> {
    let marked = source.is_sensitive();
    let result = match source.reveal() {
        Value::Unknown(_) => Some(Value::Unknown(Type::Any)),
        Value::Null(_) => {
            let detail = format!("The value is null and has no attribute {:?}.", name.text);
            return Err(fault("Attribute of null", detail, span));
        }
        open => match open.as_fields() {
            Some(fields) => match fields.get(&name.text) {
                Some(value) => Some(value.clone()),
                None => {
                    let hint = did_you_mean(&name.text, fields.keys().map(|key| &**key));
                    let detail = format!("There is no attribute {:?}.{hint}", name.text);
                    return Err(fault("Unknown attribute", detail, name.span));
                }
            },
            None => None,
        },
    };
    match result {
        Some(value) => Ok(value.sensitive_if(marked)),
        None => {
            let hint = if source.as_items().is_some() {
                format!(
                    " Take one of its elements, `[0].{}`, or of all, `[*].{}`.",
                    name.text, name.text
                )
            } else {
                String::new()
            };
            let detail = format!("A {} has no attributes.{hint}", source.ty().friendly());
            Err(fault("Unknown attribute", detail, name.span))
        }
    }
}

fn index(source: &Value, key: &Value, span: Span) -> Result<Value, Fault> {
    let marked = source.is_sensitive() || key.is_sensitive();
    let (source, key) = (source.reveal(), key.reveal());
    if source.is_unknown() || key.is_unknown() {
        return Ok(Value::Unknown(Type::Any).sensitive_if(marked));
    }
    if source.is_null() || key.is_null() {
        let what = if source.is_null() { "The value" } else { "The index" };
        return Err(fault("Invalid index", format!("{what} is null."), span));
    }
    if let Value::Set(_) = source {
        let detail = "The elements of a set have no index. Convert it with `tolist`.";
        return Err(fault("Invalid index", detail, span));
    }
    if let Some(items) = source.as_items() {
        let number = key.convert(&Type::Number).ok();
        let found = number
            .as_ref()
            .and_then(Value::as_number)
            .and_then(Number::as_usize)
            .and_then(|at| items.get(at));
        return found.cloned().map(|value| value.sensitive_if(marked)).ok_or_else(|| {
            let detail = match items.len() {
                0 => "There are no elements.".to_owned(),
                1 => "There is one element: the index must be 0.".to_owned(),
                n => format!("There are {n} elements: the index must be from 0 to {}.", n - 1),
            };
            fault("Invalid index", detail, span)
        });
    }
    if let Some(fields) = source.as_fields() {
        let text = key.convert(&Type::String).ok();
        let text = text.as_ref().and_then(Value::as_str);
        return match text {
            Some(name) => match fields.get(name) {
                Some(value) => Ok(value.clone().sensitive_if(marked)),
                None => {
                    let hint = did_you_mean(name, fields.keys().map(|key| &**key));
                    let detail = if marked {
                        "There is no element under this key.".to_owned()
                    } else {
                        format!("There is no element {name:?}.{hint}")
                    };
                    Err(fault("Invalid index", detail, span))
                }
            },
            None => Err(fault("Invalid index", "A key must be a string.", span)),
        };
    }
    let detail = format!("A {} has no elements.", source.ty().friendly());
    Err(fault("Invalid index", detail, span))
}

/// Whether two values are equal; nothing where that is not known.
fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
        (Value::Null(_), other) | (other, Value::Null(_)) => Some(other.is_null()),
        _ if !a.is_wholly_known() || !b.is_wholly_known() => None,
        _ => Some(a == b),
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
