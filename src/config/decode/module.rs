//! `module` blocks.

use super::Decoder;
use crate::config::expr::{Block, ExprKind, Name};
use crate::config::{Config, ModuleCall};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Decoder<'_> {
    pub(super) fn module(&mut self, block: Block, modules: &mut BTreeMap<Arc<str>, ModuleCall>) {
        let Some([name]) = self.labels(&block, "module \"name\" { }") else { return };
        let header = block.header();
        for inner in &block.body.blocks {
            self.error(
                "Unknown block",
                format!(
                    "A module has no block {:?}. The values of its variables are attributes.",
                    inner.kind.text
                ),
                inner.kind.span,
            );
        }
        let source = self.module_source(&block);
        let depends_on = self.depends_on(&block.body);
        let mut count = None;
        let mut for_each = None;
        let mut providers = Vec::new();
        let mut arguments = Vec::new();
        for attribute in block.body.attributes {
            match &*attribute.name.text {
                "source" | "depends_on" => {}
                "count" => count = Some(attribute),
                "for_each" => for_each = Some(attribute),
                "providers" => providers = self.provider_map(&attribute.expr),
                "version" => self.error(
                    "Unknown attribute",
                    "Modules come from local directories only, which have no versions. Remove \
                     `version`.",
                    attribute.name.span,
                ),
                _ => arguments.push(attribute),
            }
        }
        let repeat = self.repeat(count, for_each);
        let Some(source) = source else { return };
        if let Some(first) = modules.get(&name.text) {
            self.twice(&format!("The module {:?}", name.text), name.span, first.name.span);
            return;
        }
        let key = Arc::clone(&name.text);
        let config = Arc::new(Config::default());
        let call =
            ModuleCall { name, header, source, repeat, providers, depends_on, arguments, config };
        modules.insert(key, call);
    }

    /// The directory of the module.
    pub(super) fn module_source(&mut self, block: &Block) -> Option<(Arc<str>, crate::diag::Span)> {
        self.required(block, "source")?;
        let (source, span) = self.text(&block.body, "source")?;
        let local = ["./", "../", "/"].iter().any(|start| source.starts_with(start))
            || matches!(&*source, "." | "..");
        if local {
            return Some((source, span));
        }
        self.error(
            "Unsupported module source",
            format!(
                "{source:?} is not a local directory. Modules are read from local directories \
                 only, written as `./name` or `../name`: check a remote one out beside this one."
            ),
            span,
        );
        None
    }

    /// `{ aws = aws.eu }`
    fn provider_map(&mut self, expr: &crate::config::Expr) -> Vec<(Name, Name)> {
        let ExprKind::Object(entries) = &expr.kind else {
            self.error(
                "Invalid providers",
                "`providers` maps the module's names to those here: `{ aws = aws.eu }`.",
                expr.span,
            );
            return Vec::new();
        };
        let mut providers = Vec::new();
        for (key, value) in entries {
            if let (Some(inside), Some(here)) = (self.provider_name(key), self.provider_name(value))
            {
                providers.push((inside, here));
            }
        }
        providers
    }
}
