//! Expressions to values.

mod call;
mod chain;
mod collection;
mod operator;
mod render;
mod template;

pub(in crate::eval) use self::operator::equal;
pub(in crate::eval) use crate::diag::capital;

use self::collection::{attribute, entries, index};
use self::operator::{binary_type, unary_type};
use super::functions::Context;
use super::reference::{ESCAPE, Root};
use crate::addr::quoted;
use crate::config::{Expr, ExprKind, Name, Part, Repeat};
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::value::{Type, Value};

/// Why an expression has no value.
pub(in crate::eval) type Fault = Box<Diagnostic>;

/// The summary of a fault that [`super::dependencies`] finds as well.
pub(in crate::eval) const INVALID_REFERENCE: &str = "Invalid reference";

/// The keys and values of a collection.
pub(in crate::eval) type Elements = Vec<(Value, Value)>;

/// What references lead to.
pub(in crate::eval) trait World {
    /// The value of `first.name`, such as `var.x` or `type.name`; of a data source, `first` is the
    /// type, too.
    fn lookup(&self, root: Root, first: &str, name: &str) -> Option<Value>;
    /// The value of `module.name[key].output`, or of `module.name.output` where the key is null.
    fn output(&self, _module: &str, _key: &Value, _output: &str) -> Option<Value> {
        None
    }
    /// How many instances the block has that is `first.name`: a resource, or a called module.
    fn repeat(&self, _first: &str, _name: &str) -> Option<&Repeat> {
        None
    }
    /// The value of `self`.
    fn own(&self) -> Option<&Value> {
        None
    }
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
    /// How often the repetitions around it evaluate what stands here.
    repetitions: usize,
}

/// The most often that repetitions within each other may evaluate what stands in the innermost.
const MAX_REPETITIONS: usize = 10_000_000;

impl<'a> Scope<'a> {
    /// The scope of an expression outside of any `for`.
    pub(in crate::eval) fn new(world: &'a dyn World) -> Self {
        Self { world, outer: None, bound: &[], splat_item: None, repetitions: 1 }
    }

    pub(in crate::eval) fn bind(&'a self, bound: &'a [(&'a str, Value)]) -> Self {
        Scope {
            world: self.world,
            outer: Some(self),
            bound,
            splat_item: None,
            repetitions: self.repetitions,
        }
    }

    fn splat(&'a self, item: Value) -> Self {
        Scope {
            world: self.world,
            outer: Some(self),
            bound: &[],
            splat_item: Some(item),
            repetitions: self.repetitions,
        }
    }

    /// How often something is evaluated in all that this repeats `count` times.
    fn repetitions(&self, count: usize, span: Span) -> Result<usize, Fault> {
        let total = self.repetitions.saturating_mul(count.max(1));
        if total <= MAX_REPETITIONS {
            return Ok(total);
        }
        let detail = format!(
            "Together with what it stands in, this repeats more than {MAX_REPETITIONS} times."
        );
        Err(fault("Too many repetitions", detail, span))
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

    /// Whether a name is that of a root, and no variable that something here binds.
    fn is_root(&self, expr: &Expr, root: Root) -> bool {
        matches!(&expr.kind, ExprKind::Root(name) if Root::of(name) == root)
            && matches!(&expr.kind, ExprKind::Root(name) if self.local(name).is_none())
    }

    /// Whether it is the word that may stand before the type of a resource.
    fn is_escape(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, ExprKind::Root(name) if &**name == ESCAPE && self.local(name).is_none())
    }

    /// The value of an expression.
    pub(in crate::eval) fn eval(&self, expr: &Expr) -> Result<Value, Fault> {
        let Outcome { value, fault } = self.outcome(expr);
        fault.map_or(Ok(value), Err)
    }

    /// The value of an expression and, where it fails, what is known of it all the same.
    fn outcome(&self, expr: &Expr) -> Outcome {
        let mut outcome = self.plain(expr);
        if let Some(fault) = &mut outcome.fault
            // The innermost expression that refers to something tells what it refers to: there,
            // the variables that it binds are still in scope.
            && fault.values.is_empty()
        {
            self.tell_values(expr, fault);
        }
        outcome
    }

    fn plain(&self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Literal(value) => value.clone().into(),
            ExprKind::Template(parts) => match &**parts {
                // A lone interpolation passes its value through, whatever its type.
                [Part::Value(only)] => self.outcome(only),
                parts => self.template(parts),
            },
            ExprKind::Tuple(items) => {
                let mut first = None;
                let items = items.iter().map(|item| self.outcome(item).keep(&mut first)).collect();
                Outcome { value: Value::tuple(items), fault: first }
            }
            ExprKind::Object(entries) => self.object(entries),
            ExprKind::Root(name) => Outcome::of(self.root(name, expr.span), Type::Any),
            ExprKind::SplatItem => self.item().cloned().unwrap_or(Value::NULL).into(),
            ExprKind::Attr(source, name) => match self.reference(source, name, expr.span) {
                Some(result) => Outcome::of(result, Type::Any),
                None => self.source(source).and_then(|it| {
                    attribute(it, name, expr.span)
                        .map_err(|fault| self.with_key(source, name, fault))
                }),
            },
            ExprKind::Index(both) => {
                let mut first = None;
                let source = self.source(&both[0]).keep(&mut first);
                let key = self.outcome(&both[1]).keep(&mut first);
                Outcome { value: source, fault: first }.and_then(|source| {
                    index(source, &key, both[1].span)
                        .map_err(|fault| self.without_key(&both[0], fault))
                })
            }
            ExprKind::Splat(both) => self.splat_all(&both[0], &both[1]),
            ExprKind::Call(call) => Outcome::of(self.call(call, expr.span), Type::Any),
            ExprKind::Conditional(three) => self.conditional(three, expr.span),
            ExprKind::For(it) => self.for_expr(it),
            ExprKind::Unary(operator, operand) => {
                Outcome::of(self.unary(*operator, operand), unary_type(*operator))
            }
            ExprKind::Binary(operator, both) => {
                Outcome::of(self.binary(*operator, both, expr.span), binary_type(*operator))
            }
            ExprKind::Chain(first, rest) => {
                let ty = rest.last().map_or(Type::Any, |(operator, _)| binary_type(*operator));
                Outcome::of(self.chain(first, rest), ty)
            }
        }
    }

    /// What an attribute or an element is taken of. Where that is a path itself, the whole of it tells
    /// what it refers to: if each of its prefixes did, each would try all prefixes of its own.
    fn source(&self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Root(_) | ExprKind::Attr(..) | ExprKind::Index(_) => self.plain(expr),
            _ => self.outcome(expr),
        }
    }

    /// A bare name.
    fn root(&self, name: &str, span: Span) -> Result<Value, Fault> {
        match self.local(name) {
            Some(value) => Ok(value.clone()),
            None if Root::of(name) == Root::Own => {
                let own = self.world.own().cloned();
                own.ok_or_else(|| self.unknown_name(name, None, span))
            }
            None => Err(self.unknown_name(name, None, span)),
        }
    }

    /// `source.name`, where both together name a value.
    fn reference(&self, source: &Expr, name: &Name, span: Span) -> Option<Result<Value, Fault>> {
        let found = |value: Option<Value>, root: &str, name: &str| {
            Some(value.ok_or_else(|| self.unknown_name(root, Some(name), span)))
        };
        match &source.kind {
            ExprKind::Root(root) if self.local(root).is_none() && Root::of(root) != Root::Own => {
                found(self.world.lookup(Root::of(root), root, &name.text), root, &name.text)
            }
            ExprKind::Attr(outer, ty) if self.is_escape(outer) => {
                found(self.world.lookup(Root::Resource, &ty.text, &name.text), &ty.text, &name.text)
            }
            ExprKind::Attr(outer, first) if self.is_root(outer, Root::Data) => {
                let value = self.world.lookup(Root::Data, &first.text, &name.text);
                found(value, "data", &first.text)
            }
            // One output is taken by itself: others may depend on what is evaluated now.
            ExprKind::Attr(outer, module) if self.is_root(outer, Root::Module) => {
                self.world.output(&module.text, &Value::NULL, &name.text).map(Ok)
            }
            ExprKind::Index(both) => {
                let ExprKind::Attr(outer, module) = &both[0].kind else { return None };
                if !self.is_root(outer, Root::Module) {
                    return None;
                }
                match self.eval(&both[1]) {
                    Ok(key) => self
                        .world
                        .output(&module.text, key.reveal(), &name.text)
                        .map(|value| Ok(value.sensitive_if(key.is_sensitive()))),
                    Err(fault) => Some(Err(fault)),
                }
            }
            _ => None,
        }
    }

    /// The keys and values of a collection that decides how often something is repeated; nothing
    /// where it is unknown.
    pub(in crate::eval) fn elements(&self, expr: &Expr) -> Result<Option<Elements>, Fault> {
        match self.eval(expr)? {
            Value::Sensitive(_) => Err(fault(
                "Sensitive for_each",
                "A sensitive value cannot decide how many blocks there are: their number is shown.",
                expr.span,
            )),
            Value::Unknown(..) => Ok(None),
            open => entries(&open, expr.span),
        }
    }

    /// The block that an expression names as a whole, and how many instances it has.
    fn block<'e>(&self, expr: &'e Expr) -> Option<((&'e str, &'e str), &Repeat)> {
        let ExprKind::Attr(outer, name) = &expr.kind else { return None };
        let ExprKind::Root(first) = &outer.kind else { return None };
        let is_block = self.is_root(outer, Root::Resource) || self.is_root(outer, Root::Module);
        let repeat = self.world.repeat(first, &name.text).filter(|_| is_block)?;
        Some(((first, &name.text), repeat))
    }

    /// The fault of `source.name`, with the mend where `source` is a block of many instances.
    fn with_key(&self, source: &Expr, name: &Name, mut fault: Fault) -> Fault {
        if let Some(((ty, block), Repeat::ForEach(_))) = self.block(source) {
            let (block, name) = (format!("{ty}.{block}"), &name.text);
            fault.detail.push_str(&format!(
                " The block has `for_each`: write `{block}[\"key\"].{name}` for one of its instances, \
                 and `values({block})[*].{name}` for all."
            ));
        }
        fault
    }

    /// The fault of `source[key]`, with the mend where `source` is a block of one instance.
    fn without_key(&self, source: &Expr, mut fault: Fault) -> Fault {
        if let Some(((ty, block), Repeat::One)) = self.block(source) {
            fault.detail.push_str(&format!(
                " The block has neither `count` nor `for_each`: write `{ty}.{block}`, without an \
                 index."
            ));
        }
        fault
    }

    /// Adds the values of what an expression refers to, as far as they may be shown.
    pub(in crate::eval) fn tell_values(&self, expr: &Expr, fault: &mut Diagnostic) {
        const MOST: usize = 5;
        match &expr.kind {
            // A list or object is too much to tell of; what is at fault stands within it.
            ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::Literal(_) => return,
            _ if fault.values.len() == MOST => return,
            _ => {}
        }
        if let Some(name) = path_text(expr)
            && let Outcome { value, fault: None } = self.plain(expr)
        {
            if !fault.values.iter().any(|(known, _)| *known == name) {
                fault.values.push((name, statement(&value)));
            }
            return;
        }
        // The variables that these bind have no values out here.
        match &expr.kind {
            ExprKind::For(it) => self.tell_values(&it.collection, fault),
            ExprKind::Splat(both) => self.tell_values(&both[0], fault),
            _ => expr.children(&mut |child| self.tell_values(child, fault)),
        }
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

    /// Whether a condition holds; nothing where it is unknown.
    fn as_truth(
        &self,
        value: &Value,
        span: Span,
        marks: &mut Marks,
    ) -> Result<Option<bool>, Fault> {
        if value.is_null() {
            let detail = "A condition must be true or false, not null.";
            return Err(fault("Null condition", detail, span));
        }
        let value = value.convert(&Type::Bool).map_err(|_| {
            let what = article(&value.ty().friendly());
            let detail = format!("A condition must be true or false, and this is {what}.");
            fault("Wrong type", detail, span)
        })?;
        Ok(marks.open(&value).as_bool())
    }
}

/// What an expression comes to. Beside a fault stands what is known of the value that there would
/// be: of a failing sum, that it is a number. A conditional asks for the types of both branches,
/// and one of them may fail.
struct Outcome {
    value: Value,
    fault: Option<Fault>,
}

impl From<Value> for Outcome {
    fn from(value: Value) -> Self {
        Self { value, fault: None }
    }
}

impl Outcome {
    /// A value; of one that there is not, the type is known.
    fn of(result: Result<Value, Fault>, ty: Type) -> Self {
        result.map_or_else(|fault| Self::failed(fault, ty), Self::from)
    }

    fn failed(fault: Fault, ty: Type) -> Self {
        Self { value: Value::unknown(ty), fault: Some(fault) }
    }

    /// The value, whatever it is worth; a fault is kept if it is the first.
    fn keep(self, first: &mut Option<Fault>) -> Value {
        if first.is_none() {
            *first = self.fault;
        }
        self.value
    }

    /// What comes of the value. That it is worth less does not keep it from having parts.
    fn and_then(self, next: impl FnOnce(&Value) -> Result<Value, Fault>) -> Self {
        match (next(&self.value), self.fault) {
            (Ok(value), fault) => Self { value, fault },
            (Err(fault), first) => Self::failed(first.unwrap_or(fault), Type::Any),
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

/// A reference as it is written: names and literal keys behind a root.
fn path_text(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Root(name) => Some(name.to_string()),
        ExprKind::Attr(source, name) => Some(format!("{}.{}", path_text(source)?, name.text)),
        ExprKind::Index(both) => {
            let source = path_text(&both[0])?;
            match &both[1].kind {
                ExprKind::Literal(Value::String(key)) => Some(format!("{source}[{}]", quoted(key))),
                ExprKind::Literal(Value::Number(index)) => Some(format!("{source}[{index}]")),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A noun with its article.
pub(in crate::eval) fn article(noun: &str) -> String {
    match noun.chars().next() {
        _ if noun == "any value" => noun.to_owned(),
        Some('a' | 'e' | 'i' | 'o' | 'u') => format!("an {noun}"),
        Some(_) | None => format!("a {noun}"),
    }
}

/// What a value is, in a few words that follow a name.
fn statement(value: &Value) -> String {
    const LONGEST: usize = 60;
    let count = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        more => format!("{more} {noun}s"),
    };
    match value {
        Value::Sensitive(_) => "is sensitive".into(),
        Value::Null(_) => "is null".into(),
        Value::Unknown(..) => "is not known yet".into(),
        Value::Bool(truth) => format!("is {truth}"),
        Value::Number(number) => {
            let text = number.to_string();
            let long = text.len() > LONGEST;
            if long { "is a number of many digits".into() } else { format!("is {text}") }
        }
        Value::String(text) => match text.char_indices().nth(LONGEST) {
            None => format!("is {}", quoted(text)),
            Some((end, _)) => {
                format!("begins with {}", quoted(text.get(..end).unwrap_or_default()))
            }
        },
        Value::List(list) => format!(
            "is a list of {} with {}",
            list.element_type.friendly(),
            count(list.items.len(), "element")
        ),
        Value::Set(set) => format!(
            "is a set of {} with {}",
            set.element_type.friendly(),
            count(set.items.len(), "element")
        ),
        Value::Map(map) => format!(
            "is a map of {} with {}",
            map.element_type.friendly(),
            count(map.fields.len(), "element")
        ),
        Value::Tuple(items) => format!("is a tuple with {}", count(items.len(), "element")),
        Value::Object(fields) => format!("is an object with {}", count(fields.len(), "attribute")),
    }
}
