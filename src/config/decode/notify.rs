//! `notify` blocks: who is told what a run found.

use super::Decoder;
use crate::config::expr::{Block, Body, Expr, ExprKind};
use crate::config::secret::PLAIN;
use crate::config::{Config, Notify};
use crate::diag::Span;
use std::sync::Arc;
use std::time::Duration;

/// The longest time that a run may wait for a webhook.
const LONGEST: Duration = Duration::from_mins(2);
/// The shortest within which anything can be sent and repeated.
const SHORTEST: Duration = Duration::from_secs(1);

impl Decoder<'_> {
    pub(super) fn notify(&mut self, block: &Block, config: &mut Config) {
        let body = &block.body;
        hide(body, &mut config.hidden);
        let Some([name]) = self.labels(block, "notify \"name\" { }") else { return };
        let known = ["format", "headers", "min_severity", "on", "timeout", "url"];
        self.only("`notify`", body, &known, &[]);
        let format = self.text(body, "format");
        let on = body.attribute("on").map(|_| self.texts(body, "on"));
        let min_severity = self.text(body, "min_severity");
        let timeout = self.duration(body, "timeout");
        if let (Some(time), Some(attribute)) = (timeout, body.attribute("timeout"))
            && !(SHORTEST..=LONGEST).contains(&time)
        {
            let detail =
                "Sending a message may take from \"1s\" to \"2m\": every run waits for it.";
            self.error("Invalid duration", detail, attribute.expr.span);
        }
        let Some(url) = self.required(block, "url") else { return };
        if let Some(first) = config.notifications.get(&name.text) {
            self.twice(&format!("The notification {:?}", name.text), name.span, first.name.span);
            return;
        }
        let notify = Notify {
            header: block.header(),
            url,
            headers: body.attribute("headers").map(|attribute| attribute.expr.clone()),
            format,
            on,
            min_severity,
            timeout,
            name: name.clone(),
        };
        config.notifications.insert(Arc::clone(&name.text), notify);
    }
}

/// Notes where a secret may be written out: anywhere but in what is known to be none, so that nothing
/// shows the value of a misspelt `url`, of a second one, or of `headers` written as a block.
fn hide(body: &Body, hidden: &mut Vec<Span>) {
    let mut open = vec![body];
    while let Some(body) = open.pop() {
        let secret = body.attributes.iter().filter(|it| !PLAIN.contains(&&*it.name.text));
        let secret = secret.map(|attribute| &attribute.expr).filter(|expr| has_text(expr));
        hidden.extend(secret.map(|expr| expr.span));
        open.extend(body.blocks.iter().map(|block| &block.body));
    }
}

/// Whether any text is written out in an expression.
fn has_text(expr: &Expr) -> bool {
    if expr.literal_str().is_some() || matches!(expr.kind, ExprKind::Template(_)) {
        return true;
    }
    let mut found = false;
    expr.children(&mut |child| found = found || has_text(child));
    found
}
