//! `resource` and `data` blocks, with what of them belongs to the language and not to the resource type.

use super::Decoder;
use crate::addr::{AttrPath, Mode, ResourceAddr};
use crate::config::expr::{Attribute, Block, Body, Expr, ExprKind, Name};
use crate::config::{IgnoreChanges, Lifecycle, Repeat, Resource, Timeouts};
use crate::diag::{Diagnostic, Span, did_you_mean};
use crate::value::{Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

impl Decoder<'_> {
    pub(super) fn resource(
        &mut self,
        mut block: Block,
        mode: Mode,
        resources: &mut BTreeMap<ResourceAddr, Resource>,
    ) {
        let usage = match mode {
            Mode::Managed => "resource \"type\" \"name\" { }",
            Mode::Data => "data \"type\" \"name\" { }",
        };
        let Some([ty, name]) = self.labels(&block, usage) else { return };
        let addr = match mode {
            Mode::Managed => ResourceAddr::managed(&ty.text, &name.text),
            Mode::Data => ResourceAddr::data(&ty.text, &name.text),
        };
        let header = block.header();
        let depends_on = self.depends_on(&block.body);
        let lifecycle = self.lifecycle(&block.body, mode);
        let mut count = None;
        let mut for_each = None;
        let mut provider = None;
        let attributes = std::mem::take(&mut block.body.attributes);
        for attribute in attributes {
            match &*attribute.name.text {
                "count" => count = Some(attribute),
                "for_each" => for_each = Some(attribute),
                "provider" => provider = self.provider_name(&attribute.expr),
                "depends_on" => {}
                _ => block.body.attributes.push(attribute),
            }
        }
        let timeouts = match mode {
            Mode::Managed => self.timeouts(&block.body),
            Mode::Data => Timeouts::default(),
        };
        block.body.blocks.retain(|inner| match &*inner.kind.text {
            "lifecycle" => false,
            "timeouts" => mode == Mode::Data,
            _ => true,
        });
        let repeat = self.repeat(count, for_each);
        if let Some(first) = resources.get(&addr) {
            self.twice(&format!("The resource {addr}"), header, first.header);
            return;
        }
        let resource = Resource {
            addr: addr.clone(),
            header,
            repeat,
            provider,
            depends_on,
            lifecycle,
            timeouts,
            body: block.body,
        };
        resources.insert(addr, resource);
    }

    /// How often a block is repeated.
    pub(super) fn repeat(
        &mut self,
        count: Option<Attribute>,
        for_each: Option<Attribute>,
    ) -> Repeat {
        match (count, for_each) {
            (None, None) => Repeat::One,
            (Some(count), None) => Repeat::Count(count.expr),
            (None, Some(for_each)) => Repeat::ForEach(for_each.expr),
            (Some(count), Some(for_each)) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        "Both count and for_each",
                        "A block has `count` or `for_each`, not both. Remove one of the two.",
                    )
                    .at(for_each.name.span)
                    .related(count.name.span, "`count` stands here"),
                );
                Repeat::ForEach(for_each.expr)
            }
        }
    }

    /// Reads `aws` or `aws.alias`.
    pub(super) fn provider_name(&mut self, expr: &Expr) -> Option<Name> {
        let text = match &expr.kind {
            ExprKind::Root(name) => Some(Arc::clone(name)),
            ExprKind::Attr(source, alias) => match &source.kind {
                ExprKind::Root(name) => Some(Arc::from(format!("{name}.{}", alias.text))),
                _ => None,
            },
            _ => expr.literal_str().cloned(),
        };
        if text.is_none() {
            self.error(
                "Invalid provider",
                "A provider is named as `aws` or, with an alias, as `aws.alias`.",
                expr.span,
            );
        }
        Some(Name { text: text?, span: expr.span })
    }

    fn lifecycle(&mut self, body: &Body, mode: Mode) -> Lifecycle {
        let mut lifecycle = Lifecycle::default();
        let mut first: Option<Span> = None;
        for block in body.blocks("lifecycle") {
            if let Some(first) = first {
                self.twice("A `lifecycle` block", block.kind.span, first);
                continue;
            }
            first = Some(block.kind.span);
            let mut known = block.body.clone();
            known.attributes.retain(|attribute| {
                let name = &*attribute.name.text;
                let needless = ["create_before_destroy", "replace_triggered_by"].contains(&name);
                if needless {
                    self.error(
                        "Unknown attribute",
                        format!(
                            "{name:?} has no meaning here: a bucket's encryption is changed in \
                             place, nothing is ever replaced. Remove it."
                        ),
                        attribute.name.span,
                    );
                }
                !needless
            });
            let attributes: &[&str] = match mode {
                Mode::Managed => &[
                    "allow_unknown_loss",
                    "allow_weakening",
                    "ignore_changes",
                    "on_destroy",
                    "prevent_destroy",
                ],
                Mode::Data => &[],
            };
            let blocks = ["postcondition", "precondition"];
            self.only("A `lifecycle` block", &known, attributes, &blocks);
            lifecycle.preconditions = self.conditions(&block.body, "precondition");
            lifecycle.postconditions = self.conditions(&block.body, "postcondition");
            let truth = |decoder: &mut Self, name: &str| {
                (mode == Mode::Managed).then(|| decoder.truth(&block.body, name)).flatten()
            };
            lifecycle.allow_weakening = truth(self, "allow_weakening").unwrap_or(false);
            lifecycle.allow_unknown_loss = truth(self, "allow_unknown_loss").unwrap_or(false);
            lifecycle.prevent_destroy = truth(self, "prevent_destroy").unwrap_or(false);
            self.on_destroy(&block.body, &mut lifecycle);
            if let Some(attribute) = block.body.attribute("ignore_changes") {
                lifecycle.ignore_changes = self.ignore_changes(&attribute.expr);
            }
        }
        lifecycle
    }

    fn on_destroy(&mut self, body: &Body, lifecycle: &mut Lifecycle) {
        let Some((what, span)) = self.text(body, "on_destroy") else { return };
        if &*what != "prevent" && lifecycle.prevent_destroy {
            let detail = format!(
                "`prevent_destroy` refuses what `on_destroy = {what:?}` asks for. Remove one of \
                 the two; `on_destroy = \"prevent\"` means the same as the former."
            );
            self.error("Contradicting settings", detail, span);
        }
        match &*what {
            "reset" => {}
            "forget" => lifecycle.forget_on_destroy = true,
            "prevent" => lifecycle.prevent_destroy = true,
            other => {
                let known = ["forget", "prevent", "reset"];
                let hint = did_you_mean(other, known);
                let detail = format!(
                    "`on_destroy` is \"reset\" (back to SSE-S3), \"forget\" (the bucket stays as \
                     it is) or \"prevent\" (refused), not {other:?}.{hint}"
                );
                self.error("Unsupported value", detail, span);
            }
        }
    }

    fn timeouts(&mut self, body: &Body) -> Timeouts {
        let mut timeouts = Timeouts::default();
        let mut first: Option<Span> = None;
        for block in body.blocks("timeouts") {
            if let Some(first) = first {
                self.twice("A `timeouts` block", block.kind.span, first);
                continue;
            }
            first = Some(block.kind.span);
            self.only("A `timeouts` block", &block.body, &["create", "delete", "update"], &[]);
            timeouts.create = self.duration(&block.body, "create");
            timeouts.update = self.duration(&block.body, "update");
            timeouts.delete = self.duration(&block.body, "delete");
        }
        timeouts
    }

    pub(super) fn duration(&mut self, body: &Body, name: &str) -> Option<Duration> {
        let attribute = body.attribute(name)?;
        if let ExprKind::Literal(value @ Value::Number(_)) = &attribute.expr.kind
            && let Ok(Value::String(number)) = value.convert(&Type::String)
        {
            let detail = format!(
                "A length of time is a text with a unit. Write {number} seconds as \"{number}s\", and \
                 minutes or hours as \"5m\" or \"1h30m\"."
            );
            self.error("Invalid duration", detail, attribute.expr.span);
            return None;
        }
        let (text, span) = self.text(body, name)?;
        let duration = duration(&text);
        if duration.is_none() {
            let detail = format!(
                "{text:?} is no length of time that can be waited for. Write it as \"90s\", \"5m\" \
                 or \"1h30m\"; a day is the longest."
            );
            self.error("Invalid duration", detail, span);
        }
        duration
    }

    fn ignore_changes(&mut self, expr: &Expr) -> IgnoreChanges {
        match &expr.kind {
            ExprKind::Root(all) if &**all == "all" => IgnoreChanges::All,
            ExprKind::Tuple(items) => {
                let mut paths = Vec::new();
                for item in items {
                    match attribute_path(item) {
                        Some(path) => paths.push((path, item.span)),
                        None => self.error(
                            "Invalid attribute path",
                            "Name an attribute of this resource, such as \
                             `rule[0].bucket_key_enabled`.",
                            item.span,
                        ),
                    }
                }
                IgnoreChanges::Paths(paths)
            }
            _ => {
                self.error(
                    "Invalid ignore_changes",
                    "`ignore_changes` is a list of attributes, `[rule[0].bucket_key_enabled]`, \
                     or the word `all`.",
                    expr.span,
                );
                IgnoreChanges::default()
            }
        }
    }
}

/// The path that `a.b[0].c` or `"a.b.c"` names. Every block of a resource occurs at most once, so
/// that an index says nothing.
pub(super) fn attribute_path(expr: &Expr) -> Option<AttrPath> {
    match &expr.kind {
        ExprKind::Root(name) => Some(AttrPath::default().join(name)),
        ExprKind::Attr(source, name) => Some(attribute_path(source)?.join(&name.text)),
        ExprKind::Index(both) => attribute_path(&both[0]),
        _ => expr.literal_str().map(|text| text.split('.').collect()),
    }
}

/// Reads a length of time as Go writes it: `1h30m`, `1.5s`, `250ms`. At most a day.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at(end);
        let end = unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit.len());
        let (unit, further) = unit.split_at(end);
        let factor = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let seconds = number.parse::<f64>().ok()? * factor;
        sum = sum.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = further;
    }
    (!text.is_empty() && sum <= Duration::from_hours(24)).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_go() {
        for (text, seconds) in [
            ("2m", Some(120.0)),
            ("1h30m", Some(5400.0)),
            ("1.5s", Some(1.5)),
            ("250ms", Some(0.25)),
            ("0s", Some(0.0)),
            ("24h", Some(86400.0)),
            ("25h", None),
            ("", None),
            ("5", None),
            ("m", None),
            ("5 m", None),
            ("-5m", None),
            ("1.2.3s", None),
            ("five", None),
            ("1e3s", None),
            ("99999999999999999999999999h", None),
        ] {
            let expected = seconds.map(Duration::from_secs_f64);
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
