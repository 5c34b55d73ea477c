//! `notify` blocks: where messages go.

use super::expression::{INVALID_REFERENCE, Scope};
use super::{Run, Webhook};
use crate::config::{Expr, Notify};
use crate::diag::{Diagnostic, Diagnostics};
use crate::value::Value;
use std::sync::Arc;

impl Run<'_> {
    pub(super) fn notify(&mut self, notify: &Notify, diagnostics: &mut Diagnostics) {
        let url = self.secret(notify, "url", &notify.url, diagnostics);
        let headers = match &notify.headers {
            Some(headers) => self.secret(notify, "headers", headers, diagnostics),
            None => Some(Value::NULL),
        };
        if let (Some(url), Some(headers)) = (url, headers) {
            let webhook = Webhook { url, headers };
            self.result.webhooks.insert(Arc::clone(&notify.name.text), webhook);
        }
    }

    /// The value of an expression that may not be shown. What is wrong with it could show it.
    fn secret(
        &self,
        notify: &Notify,
        attribute: &str,
        expr: &Expr,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let fault = match Scope::new(self).eval(expr) {
            Ok(value) => return Some(value.sensitive()),
            Err(fault) => fault,
        };
        let detail = format!(
            "`{attribute}` of the notification {:?} has no value. What exactly is wrong could show \
             a secret and is kept back: evaluate the expression in `sealform console` to see it.",
            notify.name.text
        );
        // What is told of a reference elsewhere is told there, at its own place.
        let told = fault.subject.filter(|_| fault.summary == INVALID_REFERENCE);
        let place = told.unwrap_or(notify.header);
        diagnostics.push(Diagnostic::error(fault.summary, detail).at(place));
        None
    }
}
