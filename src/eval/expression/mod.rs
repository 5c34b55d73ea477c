//! Expressions to values.

mod call;
mod chain;
mod collection;
mod operator;
mod render;
mod template;

use self::collection::{attribute, index};
use super::functions::Context;
use super::reference::Root;
use crate::config::{Expr, ExprKind};
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::value::{Type, Value};

/// Why an expression has no value.
pub(in crate::eval) type Fault = Box<Diagnostic>;

/// The summary of a fault that [`super::dependencies`] finds as well.
pub(in crate::eval) const INVALID_REFERENCE: &str = "Invalid reference";

/// What references lead to.
pub(in crate::eval) trait World {
    /// The value of `root.name`, such as `var.x` or `type.name`.
    fn lookup(&self, root: Root, type_name: &str, name: &str) -> Option<Value>;
    /// What functions may ask of the outside world.
    fn context(&self) -> &Context<'_>;
    /// Whether this is the inside of a template, where no other template may be rendered.
    fn is_template(&self) -> bool {
        false
    }
}

/// The variables that are in scope, inside out, and the world behind them.
pub(in crate::eval) struct Scope<'a> {
    world: &'a dyn World,
    outer: Option<&'a Self>,
    bound: &'a [(&'a str, Value)],
    splat_item: Option<Value>,
}

impl<'a> Scope<'a> {
    /// The scope of an expression outside of any `for`.
    pub(in crate::eval) fn new(world: &'a dyn World) -> Self {
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
            if let Some((_, value)) = at.bound.iter().rev().find(|(bound, _)| *bound == name) {
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
    pub(in crate::eval) fn eval(&self, expr: &Expr) -> Result<Value, Fault> {
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
            ExprKind::Chain(first, rest) => self.chain(first, rest),
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
        fault(INVALID_REFERENCE, format!("There is no value {text:?} here.{hint}"), span)
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

pub(in crate::eval) fn fault(
    summary: &'static str,
    detail: impl Into<String>,
    span: Span,
) -> Fault {
    Box::new(Diagnostic::error(summary, detail).at(span))
}

/// The text with a capital letter, as a sentence begins.
pub(in crate::eval) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
