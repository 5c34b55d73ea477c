//! `resource` and `data` blocks, with what of them belongs to the language and not to the resource type.

use super::Decoder;
use crate::addr::{AttrPath, Mode, ResourceAddr};
use crate::config::expr::{Attribute, Block, Body, Expr, ExprKind, Name};
use crate::config::{IgnoreChanges, Lifecycle, Repeat, Resource};
use crate::diag::{Diagnostic, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

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
        block.body.blocks.retain(|inner| &*inner.kind.text != "lifecycle");
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
                Mode::Managed => &["ignore_changes", "prevent_destroy"],
                Mode::Data => &[],
            };
            let blocks = ["postcondition", "precondition"];
            self.only("A `lifecycle` block", &known, attributes, &blocks);
            lifecycle.preconditions = self.conditions(&block.body, "precondition");
            lifecycle.postconditions = self.conditions(&block.body, "postcondition");
            lifecycle.prevent_destroy = self.truth(&block.body, "prevent_destroy").unwrap_or(false);
            if let Some(attribute) = block.body.attribute("ignore_changes") {
                lifecycle.ignore_changes = self.ignore_changes(&attribute.expr);
            }
        }
        lifecycle
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
