//! What an expression refers to, known without evaluating it.

use crate::addr::ResourceAddr;
use crate::config::{Body, Config, Expr, ExprKind, Part, Repeat, Resource};
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The faults that come with a guess at what was meant; who makes more has another problem.
const MAX_HINTS: usize = 100;

/// Something that has a value, and that others may refer to or depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// `var.name`.
    Variable(Arc<str>),
    /// `local.name`.
    Local(Arc<str>),
    /// `provider`, by address.
    Provider(Arc<str>),
    /// `type.name`.
    Resource(ResourceAddr),
    /// `output`, which nothing refers to.
    Output(Arc<str>),
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "var.{name}"),
            Self::Local(name) => write!(f, "local.{name}"),
            Self::Provider(address) => write!(f, "provider.{address}"),
            Self::Resource(addr) => addr.fmt(f),
            Self::Output(name) => write!(f, "output.{name}"),
        }
    }
}

/// What the root of a reference may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Variable,
    Local,
    Each,
    Count,
    Path,
    Resource,
}

/// The names that are no resource types.
const ROOTS: [(&str, Root); 5] = [
    ("count", Root::Count),
    ("each", Root::Each),
    ("local", Root::Local),
    ("path", Root::Path),
    ("var", Root::Variable),
];

impl Root {
    pub(super) fn of(name: &str) -> Self {
        ROOTS.iter().find(|(root, _)| *root == name).map_or(Self::Resource, |(_, root)| *root)
    }
}

/// A reference as it stands in an expression: the first two names of `root.name…`.
#[derive(Clone, Debug)]
struct Mention {
    root: Arc<str>,
    name: Option<Arc<str>>,
    span: Span,
}

/// Finds every reference in `expr`, bound variables left out.
fn mentions(expr: &Expr, bound: &mut Vec<Arc<str>>, found: &mut Vec<Mention>) {
    match &expr.kind {
        ExprKind::Root(root) => {
            if !bound.contains(root) {
                found.push(Mention { root: Arc::clone(root), name: None, span: expr.span });
            }
        }
        ExprKind::Attr(source, name) => match &source.kind {
            ExprKind::Root(root) if !bound.contains(root) => found.push(Mention {
                root: Arc::clone(root),
                name: Some(Arc::clone(&name.text)),
                span: expr.span,
            }),
            _ => mentions(source, bound, found),
        },
        ExprKind::For(it) => {
            mentions(&it.collection, bound, found);
            let depth = bound.len();
            bound.extend(it.key_var.clone());
            bound.push(Arc::clone(&it.value_var));
            for inner in it.key.iter().chain([&it.value]).chain(&it.condition) {
                mentions(inner, bound, found);
            }
            bound.truncate(depth);
        }
        ExprKind::Template(parts) => part_mentions(parts, bound, found),
        _ => expr.children(&mut |child| mentions(child, bound, found)),
    }
}

fn part_mentions(parts: &[Part], bound: &mut Vec<Arc<str>>, found: &mut Vec<Mention>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Value(expr) => mentions(expr, bound, found),
            Part::If(it) => {
                mentions(&it.condition, bound, found);
                part_mentions(&it.then, bound, found);
                part_mentions(&it.otherwise, bound, found);
            }
            Part::For(it) => {
                mentions(&it.collection, bound, found);
                let depth = bound.len();
                bound.extend(it.key_var.clone());
                bound.push(Arc::clone(&it.value_var));
                part_mentions(&it.body, bound, found);
                bound.truncate(depth);
            }
        }
    }
}

fn all(expr: &Expr) -> Vec<Mention> {
    let mut found = Vec::new();
    mentions(expr, &mut Vec::new(), &mut found);
    found
}

fn body_exprs<'a>(body: &'a Body, visit: &mut dyn FnMut(&'a Expr)) {
    for attribute in &body.attributes {
        visit(&attribute.expr);
    }
    for block in &body.blocks {
        body_exprs(&block.body, visit);
    }
}

/// An edge of the graph: `from` needs `to` for what stands at `span`.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Who needs.
    pub from: Node,
    /// What is needed.
    pub to: Node,
    /// The reference.
    pub span: Span,
}

/// Everything that has a value, and who needs whom. References to what is not there are reported.
pub fn dependencies(config: &Config, diagnostics: &mut Diagnostics) -> (Vec<Node>, Vec<Edge>) {
    let mut finder = Finder { config, diagnostics, edges: Vec::new() };
    let mut nodes = Vec::new();
    for (name, variable) in &config.variables {
        let node = Node::Variable(Arc::clone(name));
        if let Some(default) = &variable.default {
            finder.constant(default);
        }
        for validation in &variable.validations {
            for expr in [&validation.condition, &validation.error_message] {
                finder.expr(&node, expr, Repetition::None);
            }
        }
        nodes.push(node);
    }
    for (name, local) in &config.locals {
        let node = Node::Local(Arc::clone(name));
        finder.expr(&node, &local.expr, Repetition::None);
        nodes.push(node);
    }
    for (address, provider) in &config.providers {
        let node = Node::Provider(Arc::clone(address));
        body_exprs(&provider.body, &mut |expr| finder.expr(&node, expr, Repetition::None));
        nodes.push(node);
    }
    for (addr, resource) in &config.resources {
        nodes.push(Node::Resource(addr.clone()));
        finder.resource(resource);
    }
    for (name, output) in &config.outputs {
        let node = Node::Output(Arc::clone(name));
        for expr in output.depends_on.iter().chain([&output.value]) {
            finder.expr(&node, expr, Repetition::None);
        }
        nodes.push(node);
    }
    (nodes, finder.edges)
}

/// The resources that some expression refers to for their values.
pub(super) fn referenced_resources(config: &Config) -> BTreeSet<ResourceAddr> {
    let mut found = BTreeSet::new();
    let mut visit = |expr: &Expr| {
        for mention in all(expr) {
            if let (Root::Resource, Some(name)) = (Root::of(&mention.root), &mention.name) {
                found.insert(ResourceAddr::managed(&mention.root, name));
            }
        }
    };
    config.locals.values().for_each(|local| visit(&local.expr));
    config.outputs.values().for_each(|output| visit(&output.value));
    for provider in config.providers.values() {
        body_exprs(&provider.body, &mut visit);
    }
    for resource in config.resources.values() {
        body_exprs(&resource.body, &mut visit);
        match &resource.repeat {
            Repeat::One => {}
            Repeat::Count(expr) | Repeat::ForEach(expr) => visit(expr),
        }
    }
    for variable in config.variables.values() {
        for validation in &variable.validations {
            visit(&validation.condition);
            visit(&validation.error_message);
        }
    }
    found
}

/// What of `each` and `count` an expression may use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repetition {
    None,
    Count,
    ForEach,
}

struct Finder<'a> {
    config: &'a Config,
    diagnostics: &'a mut Diagnostics,
    edges: Vec<Edge>,
}

impl Finder<'_> {
    fn resource(&mut self, resource: &Resource) {
        let node = Node::Resource(resource.addr.clone());
        let repetition = match &resource.repeat {
            Repeat::One => Repetition::None,
            Repeat::Count(expr) => {
                self.expr(&node, expr, Repetition::None);
                Repetition::Count
            }
            Repeat::ForEach(expr) => {
                self.expr(&node, expr, Repetition::None);
                Repetition::ForEach
            }
        };
        for expr in &resource.depends_on {
            if all(expr).is_empty() {
                let detail = "A dependency is a reference without quotes: `type.name`, `var.x`.";
                self.report("Invalid dependency", detail, expr.span);
            }
            self.expr(&node, expr, Repetition::None);
        }
        body_exprs(&resource.body, &mut |expr| self.expr(&node, expr, repetition));
        match &resource.provider {
            // The default provider needs no block.
            Some(name)
                if !self.config.providers.contains_key(&name.text) && &*name.text == "aws" => {}
            Some(name) if !self.config.providers.contains_key(&name.text) => {
                let hint = self.hint(&name.text, self.config.providers.keys().map(|key| &**key));
                let detail = format!("There is no `provider` block for {}.{hint}", name.text);
                self.report("Unknown provider", detail, name.span);
            }
            Some(name) => self.edges.push(Edge {
                from: node,
                to: Node::Provider(Arc::clone(&name.text)),
                span: name.span,
            }),
            None if self.config.providers.contains_key("aws") => self.edges.push(Edge {
                from: node,
                to: Node::Provider("aws".into()),
                span: resource.header,
            }),
            None => {}
        }
    }

    fn constant(&mut self, expr: &Expr) {
        for mention in all(expr) {
            self.diagnostics.push(
                Diagnostic::error(
                    "Not a constant",
                    "A default cannot refer to anything. Leave it out and use `coalesce` in \
                     `locals`.",
                )
                .at(mention.span),
            );
        }
    }

    fn expr(&mut self, from: &Node, expr: &Expr, repetition: Repetition) {
        for mention in all(expr) {
            self.mention(from, &mention, repetition);
        }
    }

    fn mention(&mut self, from: &Node, mention: &Mention, repetition: Repetition) {
        let config = self.config;
        let root = Root::of(&mention.root);
        let Some(name) = &mention.name else {
            let detail = if root == Root::Resource {
                let known = ROOTS
                    .iter()
                    .map(|(root, _)| *root)
                    .chain(config.resources.keys().map(|addr| &*addr.ty));
                format!(
                    "{:?} is not a value. Put text in double quotes; refer to values as \
                     `var.name`, `local.name` or `type.name`.{}",
                    mention.root,
                    self.hint(&mention.root, known)
                )
            } else {
                format!(
                    "{:?} alone is not a value: name what of it, as in `{}.name`.",
                    mention.root, mention.root
                )
            };
            return self.report("Invalid reference", detail, mention.span);
        };
        let to = match root {
            Root::Variable => {
                if !config.variables.contains_key(name) {
                    let known = config.variables.keys().map(|key| &**key);
                    let hint = self.hint(name, known);
                    let detail = format!(
                        "There is no variable {name:?}.{hint} Declare it with \
                         `variable {name:?} {{ }}`."
                    );
                    return self.report("Unknown variable", detail, mention.span);
                }
                Node::Variable(Arc::clone(name))
            }
            Root::Local => {
                if !config.locals.contains_key(name) {
                    let hint = self.hint(name, config.locals.keys().map(|key| &**key));
                    let detail = format!("There is no local value {name:?}.{hint}");
                    return self.report("Unknown local value", detail, mention.span);
                }
                Node::Local(Arc::clone(name))
            }
            Root::Each => {
                if repetition != Repetition::ForEach {
                    let detail = "`each` has a value only within a block that has `for_each`.";
                    return self.report("Invalid reference", detail, mention.span);
                }
                return self.one_of("each", name, &["key", "value"], mention.span);
            }
            Root::Count => {
                if repetition != Repetition::Count {
                    let detail = "`count` has a value only within a block that has `count`.";
                    return self.report("Invalid reference", detail, mention.span);
                }
                return self.one_of("count", name, &["index"], mention.span);
            }
            Root::Path => {
                return self.one_of("path", name, &["cwd", "module", "root"], mention.span);
            }
            Root::Resource => {
                let addr = ResourceAddr::managed(&mention.root, name);
                if !config.resources.contains_key(&addr) {
                    let text = addr.to_string();
                    let known: Vec<String> = if self.hints() {
                        config.resources.keys().map(ToString::to_string).collect()
                    } else {
                        Vec::new()
                    };
                    let hint = self.hint(&text, known.iter().map(String::as_str));
                    let detail = format!("There is no resource {text}.{hint}");
                    return self.report("Unknown resource", detail, mention.span);
                }
                Node::Resource(addr)
            }
        };
        // A variable's validation refers to the variable itself.
        if to != *from || !matches!(to, Node::Variable(_)) {
            self.edges.push(Edge { from: from.clone(), to, span: mention.span });
        }
    }

    fn one_of(&mut self, root: &str, name: &str, known: &[&str], span: Span) {
        if !known.contains(&name) {
            let all = known.iter().map(|it| format!("`{root}.{it}`")).collect::<Vec<_>>();
            let detail = format!("There is no `{root}.{name}`. There is {}.", all.join(", "));
            self.report("Invalid reference", detail, span);
        }
    }

    /// Whether a hint is worth its cost, which is a look at every name that there is.
    fn hints(&self) -> bool {
        self.diagnostics.len() < MAX_HINTS
    }

    fn hint<'n>(&self, given: &str, known: impl IntoIterator<Item = &'n str>) -> String {
        if self.hints() { did_you_mean(given, known) } else { String::new() }
    }

    fn report(&mut self, summary: &'static str, detail: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
    }
}
