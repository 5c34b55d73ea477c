//! `moved`, `removed` and `import` blocks: what happens to what is recorded.

use super::Decoder;
use crate::addr::{InstanceKey, Mode, ModuleStep, ResourceAddr, Target};
use crate::config::expr::{Block, Expr, ExprKind};
use crate::config::{Import, Moved, Removed};
use crate::diag::{Diagnostic, Diagnostics};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What begins a reference to something else than a resource.
const NO_TYPES: [&str; 7] = ["count", "each", "local", "path", "self", "terraform", "var"];

impl Decoder<'_> {
    pub(super) fn moved(&mut self, block: &Block) -> Option<Moved> {
        let [] = self.labels(block, "moved { }")?;
        self.only("`moved`", &block.body, &["from", "to"], &[]);
        let from = self.required(block, "from");
        let to = self.required(block, "to");
        let (from, to) = (from?, to?);
        let (from_target, to_target) =
            (self.address(block, "from", &from), self.address(block, "to", &to));
        let (from_target, to_target) = (from_target?, to_target?);
        let modules = |target: &Target| matches!(target, Target::Module(_));
        if modules(&from_target) != modules(&to_target) {
            self.error(
                "Invalid move",
                "A module moves to a module, and a resource to a resource.",
                from.span,
            );
            return None;
        }
        Some(Moved { from: from_target, to: to_target, span: block.header() })
    }

    pub(super) fn removed(&mut self, block: &Block) -> Option<Removed> {
        let [] = self.labels(block, "removed { }")?;
        self.only("`removed`", &block.body, &["from"], &["lifecycle"]);
        let from = self.required(block, "from")?;
        let mut destroy = true;
        for lifecycle in block.body.blocks("lifecycle") {
            self.only("`lifecycle` here", &lifecycle.body, &["destroy"], &[]);
            destroy = self.truth(&lifecycle.body, "destroy").unwrap_or(true);
        }
        let target = self.address(block, "from", &from)?;
        if let Target::Instance(_) = target {
            self.error(
                "Invalid address",
                "`removed` names a whole block, without a key in brackets.",
                from.span,
            );
            return None;
        }
        Some(Removed { from: target, destroy, span: from.span })
    }

    pub(super) fn import(&mut self, block: &Block) -> Option<Import> {
        let [] = self.labels(block, "import { }")?;
        self.only("`import`", &block.body, &["for_each", "id", "provider", "to"], &[]);
        let to = self.required(block, "to");
        let id = self.required(block, "id");
        if let Some(to) = to.as_ref().filter(|to| to.literal_str().is_some()) {
            self.unquoted(block, "to", to)?;
        }
        let for_each = block.body.attribute("for_each").map(|attribute| attribute.expr.clone());
        Some(Import { to: to?, id: id?, for_each })
    }

    /// Reports an address that is written as text, unless it stands in JSON, where all is text.
    fn unquoted(&mut self, block: &Block, name: &str, expr: &Expr) -> Option<()> {
        let text = expr.literal_str()?;
        if block.body.attribute(name).is_some_and(|attribute| attribute.name.is_quoted()) {
            return Some(());
        }
        let detail = format!("An address is no text: write `{text}`, without quotes around it.");
        self.error("Invalid address", detail, expr.span);
        None
    }

    /// The address that an attribute of a block is.
    fn address(&mut self, block: &Block, name: &str, expr: &Expr) -> Option<Target> {
        if expr.literal_str().is_some() {
            self.unquoted(block, name, expr)?;
        }
        let target = self.target(expr)?;
        let resource = match &target {
            Target::Module(_) => return Some(target),
            Target::Resource(resource) => resource,
            Target::Instance(instance) => &instance.resource,
        };
        if NO_TYPES.contains(&&*resource.ty) {
            let detail = format!(
                "{target} is no resource. Write for example `type.name`, `type.name[\"key\"]` or \
                 `module.name`."
            );
            self.error("Invalid address", detail, expr.span);
            return None;
        }
        Some(target)
    }

    /// The address that is written as an expression, or as a string in JSON.
    pub(super) fn target(&mut self, expr: &Expr) -> Option<Target> {
        let target = match expr.literal_str() {
            Some(text) => text.parse().ok(),
            None => target_of(expr),
        };
        if target.is_none() {
            self.error(
                "Invalid address",
                "This is no address. Write for example `module.name`, `type.name` or \
                 `type.name[\"key\"]`, without a reference within the brackets.",
                expr.span,
            );
        }
        target
    }
}

/// Reports moves that lead nowhere, in two directions, from two sides to one place, or in a circle.
pub(in crate::config) fn check_moves(moves: &[Moved], diagnostics: &mut Diagnostics) {
    let mut by_source: BTreeMap<String, &Moved> = BTreeMap::new();
    let mut by_end: BTreeMap<String, &Moved> = BTreeMap::new();
    for moved in moves {
        let from = moved.from.to_string();
        if moved.from == moved.to {
            let detail = format!("{from} is said to move to itself. Remove the block.");
            diagnostics.push(Diagnostic::error("Redundant move", detail).at(moved.span));
        } else if let Some(first) = by_source.get(&from).filter(|first| first.to != moved.to) {
            let detail = format!(
                "{from} is said to move to {} and to {}. Remove one of the two.",
                first.to, moved.to
            );
            let found = Diagnostic::error("Ambiguous move", detail).at(moved.span);
            diagnostics.push(found.related(first.span, "the other stands here"));
        } else {
            let end = moved.to.to_string();
            if let Some(first) = by_end.get(&end).filter(|first| first.from != moved.from) {
                let detail = format!(
                    "{} and {from} are both said to move to {end}, which can come from one only. \
                     Remove one of the two.",
                    first.from
                );
                let found = Diagnostic::error("Ambiguous move", detail).at(moved.span);
                diagnostics.push(found.related(first.span, "the other stands here"));
            } else {
                by_end.insert(end, moved);
            }
            by_source.insert(from, moved);
        }
    }
    let mut followed: BTreeSet<String> = BTreeSet::new();
    for (start, first) in &by_source {
        let mut way = BTreeSet::from([start.clone()]);
        let mut at = first.to.to_string();
        while followed.insert(at.clone()) {
            way.insert(at.clone());
            let Some(next) = by_source.get(&at) else { break };
            at = next.to.to_string();
            if way.contains(&at) {
                let detail = format!("Moves lead from {at} back to it. Remove one of them.");
                diagnostics.push(Diagnostic::error("Cyclic move", detail).at(next.span));
                break;
            }
        }
    }
}

/// A part of an address: a name with the key behind it.
type Step = (Arc<str>, InstanceKey);

pub(super) fn target_of(expr: &Expr) -> Option<Target> {
    let mut steps = Vec::new();
    collect(expr, &mut steps)?;
    let mut rest = match steps.as_slice() {
        // What may stand before the type of a resource.
        [(word, InstanceKey::None), rest @ ..] if &**word == "resource" && rest.len() == 2 => rest,
        all => all,
    };
    let mut module = Vec::new();
    while let [(word, InstanceKey::None), (name, key), more @ ..] = rest
        && &**word == "module"
    {
        module.push(ModuleStep { name: Arc::clone(name), key: key.clone() });
        rest = more;
    }
    let module: Arc<[ModuleStep]> = module.into();
    let mode = match rest {
        [(word, InstanceKey::None), more @ ..] if &**word == "data" => {
            rest = more;
            Mode::Data
        }
        _ => Mode::Managed,
    };
    match rest {
        [] if mode == Mode::Managed && !module.is_empty() => Some(Target::Module(module)),
        [(ty, InstanceKey::None), (name, key)] => {
            let resource =
                ResourceAddr { module, mode, ty: Arc::clone(ty), name: Arc::clone(name) };
            Some(match key {
                InstanceKey::None => Target::Resource(resource),
                key => Target::Instance(resource.instance(key.clone())),
            })
        }
        _ => None,
    }
}

fn collect(expr: &Expr, steps: &mut Vec<Step>) -> Option<()> {
    match &expr.kind {
        ExprKind::Root(name) => steps.push((Arc::clone(name), InstanceKey::None)),
        ExprKind::Attr(source, name) => {
            collect(source, steps)?;
            steps.push((Arc::clone(&name.text), InstanceKey::None));
        }
        ExprKind::Index(both) => {
            collect(&both[0], steps)?;
            let ExprKind::Literal(key) = &both[1].kind else { return None };
            let last = steps.last_mut().filter(|(_, key)| *key == InstanceKey::None)?;
            last.1 = instance_key(key)?;
        }
        _ => return None,
    }
    Some(())
}

/// The key of an instance that a value names.
fn instance_key(value: &Value) -> Option<InstanceKey> {
    match value {
        Value::String(name) => Some(InstanceKey::Name(Arc::clone(name))),
        Value::Number(number) => {
            number.as_i64().and_then(|it| u64::try_from(it).ok()).map(InstanceKey::Index)
        }
        _ => None,
    }
}
