//! `import` blocks: which object belongs to which address.

use super::Import;
use super::expression::{Fault, Scope, fault};
use super::repeat::{self, Repeated};
use super::run::Run;
use crate::addr::{Address, InstanceKey, Target};
use crate::config::{self, Expr, ExprKind};
use crate::diag::{Diagnostics, Span};
use crate::value::{Type, Value};
use std::fmt::Write as _;
use std::sync::Arc;

impl Run<'_> {
    pub(super) fn import(&mut self, import: &config::Import, diagnostics: &mut Diagnostics) {
        let keys = match &import.for_each {
            None => Ok(vec![Repeated { key: InstanceKey::None, value: Value::NULL }]),
            Some(expr) => {
                Scope::new(self).eval(expr).and_then(|value| repeat::for_each_import(&value, expr))
            }
        };
        let keys = match keys {
            Ok(keys) => keys,
            Err(fault) => {
                if fault.summary != repeat::UNKNOWN || self.result.unread.is_empty() {
                    diagnostics.push(*fault);
                }
                return;
            }
        };
        for repeated in keys {
            self.repeated = Some(repeated);
            let scope = Scope::new(self);
            let found = address(&scope, &import.to)
                .and_then(|address| Ok((address, text(&scope, &import.id)?)));
            self.repeated = None;
            match found {
                Ok((address, Some(id))) => {
                    self.result.imports.push(Import { address, id, span: import.to.span });
                }
                // It hangs on what has not been read yet.
                Ok((_, None)) => {}
                Err(fault) => diagnostics.push(*fault),
            }
        }
    }
}

fn text(scope: &Scope<'_>, expr: &Expr) -> Result<Option<Arc<str>>, Fault> {
    let value = scope.eval(expr)?;
    let value = value.convert(&Type::String).map_err(|error| {
        fault("Wrong type", format!("The id names the object: {error}."), expr.span)
    })?;
    match value {
        Value::Unknown(..) => Ok(None),
        Value::String(text) if text.is_empty() => {
            Err(fault("Invalid id", "The id names the object: it cannot be empty.", expr.span))
        }
        Value::String(text) => Ok(Some(text)),
        Value::Null(_) => {
            Err(fault("Invalid id", "The id names the object: it cannot be null.", expr.span))
        }
        _ => Err(fault(
            "Invalid id",
            "The id is shown, and this is sensitive. Open it with `nonsensitive(…)` if it may be \
             shown.",
            expr.span,
        )),
    }
}

/// The address that an expression spells, with its indexes evaluated.
fn address(scope: &Scope<'_>, expr: &Expr) -> Result<Address, Fault> {
    let mut spelled = String::new();
    match expr.literal_str() {
        Some(text) => spelled.push_str(text),
        None => spell(scope, expr, &mut spelled)?,
    }
    match spelled.strip_prefix("resource.").unwrap_or(&spelled).parse() {
        Ok(Target::Instance(address)) => Ok(address),
        Ok(Target::Resource(resource)) => Ok(resource.instance(InstanceKey::None)),
        Ok(Target::Module(_)) | Err(_) => Err(no_address(expr.span)),
    }
}

fn no_address(span: Span) -> Fault {
    let detail = "Write the address of a resource: `type.name`, or `type.name[each.key]`.";
    fault("Invalid address", detail, span)
}

fn spell(scope: &Scope<'_>, expr: &Expr, out: &mut String) -> Result<(), Fault> {
    match &expr.kind {
        ExprKind::Root(name) => out.push_str(name),
        ExprKind::Attr(source, name) => {
            spell(scope, source, out)?;
            out.push('.');
            out.push_str(&name.text);
        }
        ExprKind::Index(both) => {
            spell(scope, &both[0], out)?;
            let key = match scope.eval(&both[1])? {
                Value::String(name) => InstanceKey::Name(name),
                Value::Number(number) => match number.as_usize() {
                    Some(index) => InstanceKey::Index(index as u64),
                    None => return Err(no_address(both[1].span)),
                },
                _ => return Err(no_address(both[1].span)),
            };
            // Writing to a string cannot fail.
            let _infallible = write!(out, "{key}");
        }
        _ => return Err(no_address(expr.span)),
    }
    Ok(())
}
