//! `suppress` blocks: which findings of `drift` are known.

use super::Decoder;
use super::resource::attribute_path;
use crate::addr::{AttrPath, Target};
use crate::config::expr::{Block, Body, Expr, ExprKind};
use crate::config::{Config, Suppress};
use crate::diag::Span;
use std::sync::Arc;

impl Decoder<'_> {
    pub(super) fn suppress(&mut self, block: &Block, config: &mut Config) {
        let Some([name]) = self.labels(block, "suppress \"name\" { }") else { return };
        let body = &block.body;
        let known = ["addresses", "attributes", "buckets", "expires", "reason"];
        self.only("`suppress`", body, &known, &[]);
        let addresses: Vec<Target> =
            self.listed(body, "addresses").into_iter().filter_map(|it| self.target(it)).collect();
        let buckets = self.texts(body, "buckets").into_iter().map(|(text, _)| text).collect();
        let attributes: Vec<AttrPath> = self
            .listed(body, "attributes")
            .into_iter()
            .filter_map(|item| {
                let path = attribute_path(item);
                if path.is_none() {
                    self.error(
                        "Invalid attribute path",
                        "Name an attribute, such as `rule[0].bucket_key_enabled` or, alone, \
                         `bucket_key_enabled`.",
                        item.span,
                    );
                }
                path
            })
            .collect();
        if body.attribute("addresses").is_none() && body.attribute("buckets").is_none() {
            self.error(
                "Missing attribute",
                "`suppress` needs `addresses` or `buckets`: what it is about.",
                block.header(),
            );
        }
        let _given = self.required(block, "reason");
        let reason = self.text(body, "reason").map(|(text, _)| text);
        let expires = self.text(body, "expires").and_then(|(text, span)| self.day(&text, span));
        let suppress = Suppress {
            addresses,
            buckets,
            attributes,
            reason: reason.unwrap_or_default(),
            expires,
            header: block.header(),
            name: name.clone(),
        };
        if let Some(first) = config.suppressions.get(&name.text) {
            self.twice(&format!("The suppression {:?}", name.text), name.span, first.name.span);
            return;
        }
        config.suppressions.insert(Arc::clone(&name.text), suppress);
    }

    /// The last day that a text names.
    fn day(&mut self, text: &str, span: Span) -> Option<jiff::civil::Date> {
        let day = text.parse::<jiff::civil::Date>().ok().filter(|day| day.to_string() == text);
        if day.is_none() {
            let detail = format!("{text:?} is no day. Write it as \"2026-12-31\".");
            self.error("Invalid date", detail, span);
        }
        day
    }

    /// The elements of a list that is written out.
    fn listed<'b>(&mut self, body: &'b Body, name: &str) -> Vec<&'b Expr> {
        let Some(attribute) = body.attribute(name) else { return Vec::new() };
        if let ExprKind::Tuple(items) = &attribute.expr.kind {
            return items.iter().collect();
        }
        let detail = format!("{name:?} must be a list that is written out: `[…]`.");
        self.error("Not a constant", detail, attribute.expr.span);
        Vec::new()
    }

    /// The texts of a list that is written out.
    pub(super) fn texts(&mut self, body: &Body, name: &str) -> Vec<(Arc<str>, Span)> {
        let mut texts = Vec::new();
        for item in self.listed(body, name) {
            match item.literal_str() {
                Some(text) => texts.push((Arc::clone(text), item.span)),
                None => {
                    let detail = format!("{name:?} is a list of strings that are written out.");
                    self.error("Not a constant", detail, item.span);
                }
            }
        }
        texts
    }
}
