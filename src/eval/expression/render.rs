//! `templatefile` and `templatestring`: templates that see nothing but the variables they are given.

use super::{Fault, Scope, World, fault};
use crate::config::{self, Call, Expr, ExprKind, Part};
use crate::diag::{Diagnostic, Diagnostics, Sources, Span};
use crate::eval::functions::{CallError, Context, Function, template_text};
use crate::eval::reference::Root;
use crate::value::{Fields, Type, Value};
use std::collections::BTreeMap;

/// The world within a template: there is nothing but what is bound.
struct Inside<'a>(&'a Context<'a>);

impl World for Inside<'_> {
    fn lookup(&self, _: Root, _: &str, _: &str) -> Option<Value> {
        None
    }

    fn context(&self) -> &Context<'_> {
        self.0
    }

    fn is_template(&self) -> bool {
        true
    }
}

/// Where the text of a template is from.
struct Origin<'a> {
    /// What to call it in messages.
    name: &'a str,
    /// Nothing of it may be shown.
    secret: bool,
}

impl Scope<'_> {
    /// Renders a template; `arguments` are those of the call, which stands at `span`.
    pub(super) fn render(
        &self,
        function: &Function,
        call: &Call,
        arguments: &[Value],
        span: Span,
    ) -> Result<Value, Fault> {
        let refuse = |error: CallError| self.refuse(function, call, &error);
        let is_file = function.name == "templatefile";
        if self.world.is_template() {
            let detail = format!(
                "A template cannot call `{}`. Render the inner template outside and hand it in as \
                 a variable.",
                function.name
            );
            return Err(fault("Invalid function call", detail, span));
        }
        // As in Terraform, what is not known yet is met before what is wrong with the rest.
        let undecided = |template: &Value, variables: &Value| {
            let marked = template.is_sensitive() || variables.is_sensitive();
            let open = is_file || variables.ty() == Type::Any;
            let ty = if open { Type::Any } else { Type::String };
            Value::unknown(ty).never_null().sensitive_if(marked)
        };
        if !is_file
            && let [template, variables] = arguments
            && (variables.is_unknown() || (template.is_unknown() && !variables.is_null()))
        {
            if !variables.is_unknown() {
                check_template(call).map_err(refuse)?;
            }
            return Ok(undecided(template, variables));
        }
        let prepared = function.prepare(arguments.to_vec()).map_err(refuse)?;
        let [source, variables] = prepared.as_slice() else {
            return Err(refuse(CallError::misfit()));
        };
        if !is_file {
            check_template(call).map_err(refuse)?;
        }
        if source.is_unknown() || variables.is_unknown() {
            return Ok(undecided(source, variables));
        }
        let marked = source.is_sensitive() || variables.is_sensitive();
        let given = arguments.first().map_or(Type::Any, Value::ty);
        let plain = match source.reveal() {
            Value::String(text) if is_file || given == Type::String => text,
            _ => return Err(refuse(CallError::at(0, "must be a text"))),
        };
        let open = variables.reveal();
        let fields = match open {
            Value::Map(_) | Value::Object(_) => open.as_fields().cloned().unwrap_or_default(),
            _ => return Err(refuse(CallError::at(1, "must be a map or object of variables"))),
        };
        if let Some(name) = fields.keys().find(|name| !is_identifier(name)) {
            let rule = "letters, digits, _ and -, a letter or _ first";
            let message = format!("has the name {name:?}, and a variable is named with {rule}");
            let discreet = format!("has a name that is not made of {rule}");
            let message = if variables.is_sensitive() { discreet } else { message };
            return Err(refuse(CallError::at(1, message)));
        }
        let (text, name) = if is_file {
            let file = [source.reveal().clone()];
            let text = template_text(&file, self.world.context()).map_err(|error| {
                refuse(if source.is_sensitive() { error.discreet() } else { error })
            })?;
            (text, format!("{:?}", &**plain))
        } else {
            (plain.to_string(), "of this call".to_owned())
        };
        let hidden = source.is_sensitive() || any_sensitive(&fields) || variables.is_sensitive();
        let origin = Origin { name: &name, secret: hidden };
        let value = self.render_text(&text, &origin, &fields, span)?;
        let value = if is_file {
            value
        } else {
            value.convert(&Type::String).map(Value::never_null).map_err(|_| {
                let detail =
                    format!("The template comes to a {}, which is no text.", value.ty().friendly());
                fault("Invalid function call", detail, span)
            })?
        };
        Ok(value.sensitive_if(marked))
    }

    fn render_text(
        &self,
        text: &str,
        origin: &Origin<'_>,
        variables: &Fields,
        span: Span,
    ) -> Result<Value, Fault> {
        let mut sources = Sources::default();
        let file = sources.add("template", text);
        let tell = |sources: &Sources, found: &Diagnostic| {
            let place = found.subject.map_or_else(String::new, |at| {
                let at = sources.position(at);
                format!(", line {}, column {}", at.line, at.column)
            });
            let detail = match (origin.secret, &*found.detail) {
                (true, _) => "It has a fault; what it is would show something sensitive.",
                (false, detail) => detail,
            };
            let name = if origin.secret { "" } else { origin.name };
            let between = if name.is_empty() { "" } else { " " };
            fault(found.summary, format!("In the template{between}{name}{place}: {detail}"), span)
        };
        let mut diagnostics = Diagnostics::new();
        let parsed = config::parse_template(&sources, file, &mut diagnostics);
        if let Some(first) = diagnostics.iter().find(|found| found.is_error()) {
            return Err(tell(&sources, first));
        }
        let Some(expr) = parsed else {
            return Err(fault("Invalid function call", "The template cannot be read.", span));
        };
        let bound: Vec<(&str, Value)> =
            variables.iter().map(|(name, value)| (&**name, value.clone())).collect();
        // A variable that is missing is told even where it would not be needed this time.
        let mut names = Names { bound: BTreeMap::new(), free: None };
        for (name, _) in &bound {
            names.bind(name);
        }
        names.expr(&expr);
        let inside = Inside(self.world.context());
        if let Some((name, at)) = names.free {
            let known = bound.iter().map(|(name, _)| *name);
            let hint = crate::diag::did_you_mean(name, known);
            let detail = format!("No variable {name:?} is given to it.{hint}");
            return Err(tell(&sources, &fault("Unknown variable", detail, at)));
        }
        let value = Scope {
            world: &inside,
            outer: None,
            bound: &bound,
            splat_item: None,
            repetitions: self.repetitions,
        }
        .eval(&expr)
        .map_err(|inner| tell(&sources, &inner))?;
        if value.is_null() {
            let detail = "It comes to null, and a template must come to something.";
            return Err(tell(&sources, &fault("Null in a template", detail, expr.span)));
        }
        Ok(value)
    }
}

fn any_sensitive(fields: &Fields) -> bool {
    fields.values().any(|value| value.any(&|part| part.is_sensitive()))
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

/// Refuses a template that is not elsewhere.
fn check_template(call: &Call) -> Result<(), CallError> {
    if call.arguments.first().is_some_and(is_reference) {
        return Ok(());
    }
    let message = "must refer to a template that is elsewhere, such as local.greeting; what is \
                   written here is a template already";
    Err(CallError::at(0, message))
}

/// Whether an expression only says where a value is; what selects an element may be anything.
fn is_reference(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Root(_) => true,
        ExprKind::Attr(source, _) => is_reference(source),
        ExprKind::Index(both) | ExprKind::Splat(both) => is_reference(&both[0]),
        ExprKind::Literal(_)
        | ExprKind::Template(_)
        | ExprKind::Tuple(_)
        | ExprKind::Object(_)
        | ExprKind::SplatItem
        | ExprKind::Call(_)
        | ExprKind::Conditional(_)
        | ExprKind::For(_)
        | ExprKind::Unary(..)
        | ExprKind::Binary(..)
        | ExprKind::Chain(..) => false,
    }
}

/// A search for the first name that nothing binds.
struct Names<'a> {
    /// How often each name is bound.
    bound: BTreeMap<&'a str, usize>,
    free: Option<(&'a str, Span)>,
}

impl<'a> Names<'a> {
    fn bind(&mut self, name: &'a str) {
        *self.bound.entry(name).or_default() += 1;
    }

    fn unbind(&mut self, name: &str) {
        if let Some(times) = self.bound.get_mut(name) {
            *times = times.saturating_sub(1);
        }
    }

    fn within(&mut self, names: &[&'a str], look: impl FnOnce(&mut Self)) {
        for name in names {
            self.bind(name);
        }
        look(self);
        for name in names {
            self.unbind(name);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Root(name) => {
                let bound = self.bound.get(&**name).is_some_and(|times| *times > 0);
                if !bound && self.free.is_none() {
                    self.free = Some((name, expr.span));
                }
            }
            ExprKind::Template(parts) => self.parts(parts),
            ExprKind::For(it) => {
                self.expr(&it.collection);
                let names: Vec<&str> =
                    it.key_var.iter().chain([&it.value_var]).map(|name| &**name).collect();
                self.within(&names, |inner| {
                    it.key
                        .iter()
                        .chain([&it.value])
                        .chain(&it.condition)
                        .for_each(|part| inner.expr(part));
                });
            }
            ExprKind::Literal(_)
            | ExprKind::Tuple(_)
            | ExprKind::Object(_)
            | ExprKind::SplatItem
            | ExprKind::Attr(..)
            | ExprKind::Index(_)
            | ExprKind::Splat(_)
            | ExprKind::Call(_)
            | ExprKind::Conditional(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::Chain(..) => expr.children(&mut |child| self.expr(child)),
        }
    }

    fn parts(&mut self, parts: &'a [Part]) {
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Value(expr) => self.expr(expr),
                Part::If(it) => {
                    self.expr(&it.condition);
                    self.parts(&it.then);
                    self.parts(&it.otherwise);
                }
                Part::For(it) => {
                    self.expr(&it.collection);
                    let names: Vec<&str> =
                        it.key_var.iter().chain([&it.value_var]).map(|name| &**name).collect();
                    self.within(&names, |inner| inner.parts(&it.body));
                }
            }
        }
    }
}
