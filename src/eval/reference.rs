//! What an expression refers to, known without evaluating it.

use super::tree::{Module, ModulePath};
use crate::addr::{InstanceKey, Mode, ModuleStep, ResourceAddr};
use crate::config::{Body, Expr, ExprKind, Name, Part, Repeat};
use crate::diag::Span;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Something that has a value, and that others may refer to or depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// The module that declares it.
    pub module: ModulePath,
    /// What it is there.
    pub item: Item,
}

/// What a module declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// `var.name`.
    Variable(Arc<str>),
    /// `local.name`.
    Local(Arc<str>),
    /// `provider`, by address.
    Provider(Arc<str>),
    /// `type.name` or `data.type.name`, as its own module calls it.
    Resource(ResourceAddr),
    /// The instances of `module.name`.
    Call(Arc<str>),
    /// `output`, which the caller of the module refers to.
    Output(Arc<str>),
    /// `check`, which nothing refers to.
    Check(Arc<str>),
    /// The `import` block of this number.
    Import(usize),
    /// `notify`, which nothing refers to.
    Notify(Arc<str>),
}

impl Node {
    /// The address of the block, for one that is a managed resource.
    pub fn managed(&self) -> Option<ResourceAddr> {
        let Item::Resource(addr) = &self.item else { return None };
        if addr.mode != Mode::Managed {
            return None;
        }
        let steps = self.module.iter();
        let module = steps
            .map(|name| ModuleStep { name: Arc::clone(name), key: InstanceKey::None })
            .collect();
        Some(addr.in_module(&module))
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for name in &*self.module {
            write!(f, "module.{name}.")?;
        }
        match &self.item {
            Item::Variable(name) => write!(f, "var.{name}"),
            Item::Local(name) => write!(f, "local.{name}"),
            Item::Provider(address) => write!(f, "provider.{address}"),
            Item::Resource(addr) => addr.fmt(f),
            Item::Call(name) => write!(f, "module.{name}"),
            Item::Output(name) => write!(f, "output.{name}"),
            Item::Check(name) => write!(f, "check.{name}"),
            Item::Import(number) => write!(f, "import.{number}"),
            Item::Notify(name) => write!(f, "notify.{name}"),
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
    Module,
    Data,
    Own,
    Tool,
    Resource,
}

/// The names that are no resource types.
pub(super) const ROOTS: [(&str, Root); 10] = [
    ("count", Root::Count),
    ("data", Root::Data),
    ("each", Root::Each),
    ("local", Root::Local),
    ("module", Root::Module),
    ("path", Root::Path),
    ("sealform", Root::Tool),
    ("self", Root::Own),
    ("terraform", Root::Tool),
    ("var", Root::Variable),
];

/// What may stand before the type of a resource.
pub(super) const ESCAPE: &str = "resource";

impl Root {
    pub(super) fn of(name: &str) -> Self {
        ROOTS.iter().find(|(root, _)| *root == name).map_or(Self::Resource, |(_, root)| *root)
    }
}

/// A reference as it stands in an expression: the first names of `root.name.member…`.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    pub(super) root: Arc<str>,
    pub(super) name: Option<Arc<str>>,
    /// Of `data.type.name` the name, of `module.name.output` the output.
    pub(super) member: Option<Arc<str>>,
    pub(super) span: Span,
}

/// The names of the variables that expressions within another one bind.
pub(super) type Bound = Vec<Arc<str>>;

/// Takes `root.name` apart, if the root is none of the bound variables.
fn two_names<'e>(expr: &'e Expr, bound: &Bound) -> Option<(&'e Arc<str>, &'e Arc<str>)> {
    let ExprKind::Attr(source, name) = &expr.kind else { return None };
    match &source.kind {
        ExprKind::Root(root) if !bound.contains(root) => Some((root, &name.text)),
        _ => None,
    }
}

/// The type of `resource.type`, which says that what follows is no root of another kind.
fn escaped<'e>(expr: &'e Expr, bound: &Bound) -> Option<&'e Arc<str>> {
    let (root, ty) = two_names(expr, bound)?;
    (&**root == ESCAPE).then_some(ty)
}

/// Finds every reference in `expr`, bound variables left out.
pub(super) fn mentions(expr: &Expr, bound: &mut Bound, found: &mut Vec<Mention>) {
    match &expr.kind {
        ExprKind::Root(root) => {
            if !bound.contains(root) {
                let root = Arc::clone(root);
                found.push(Mention { root, name: None, member: None, span: expr.span });
            }
        }
        ExprKind::Attr(source, name) => {
            if let Some((root, name)) = two_names(expr, bound) {
                let (root, name) = (Arc::clone(root), Some(Arc::clone(name)));
                found.push(Mention { root, name, member: None, span: expr.span });
                return;
            }
            // `data.type.name`, `module.name.output` and `module.name[key].output`.
            let (source, key) = match &source.kind {
                ExprKind::Index(both) => (&both[0], Some(&both[1])),
                _ => (&**source, None),
            };
            match two_names(source, bound) {
                Some((root, second))
                    if Root::of(root) == Root::Module
                        || (Root::of(root) == Root::Data && key.is_none()) =>
                {
                    found.push(Mention {
                        root: Arc::clone(root),
                        name: Some(Arc::clone(second)),
                        member: Some(Arc::clone(&name.text)),
                        span: expr.span,
                    });
                }
                _ => match escaped(source, bound).filter(|_| key.is_none()) {
                    Some(ty) => found.push(Mention {
                        root: Arc::clone(ty),
                        name: Some(Arc::clone(&name.text)),
                        member: None,
                        span: expr.span,
                    }),
                    None => mentions(source, bound, found),
                },
            }
            if let Some(key) = key {
                mentions(key, bound, found);
            }
        }
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

fn part_mentions(parts: &[Part], bound: &mut Bound, found: &mut Vec<Mention>) {
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

/// Every reference in an expression.
pub(super) fn all(expr: &Expr) -> Vec<Mention> {
    let mut found = Vec::new();
    mentions(expr, &mut Vec::new(), &mut found);
    found
}

/// The root and, where there is one, the second name of every reference in an expression, with
/// where it stands.
pub fn roots(expr: &Expr) -> Vec<(Arc<str>, Option<Arc<str>>, Span)> {
    all(expr).into_iter().map(|mention| (mention.root, mention.name, mention.span)).collect()
}

/// Every function call in an expression, with where it stands.
pub(super) fn calls<'e>(expr: &'e Expr, found: &mut Vec<(&'e Name, Span)>) {
    if let ExprKind::Call(call) = &expr.kind {
        found.push((&call.name, expr.span));
    }
    expr.children(&mut |child| calls(child, found));
}

/// Visits every expression of a body with the variables that `dynamic` blocks around it bind.
pub(super) fn body_exprs<'a>(
    body: &'a Body,
    bound: &mut Bound,
    visit: &mut dyn FnMut(&'a Expr, &mut Bound),
) {
    for attribute in &body.attributes {
        visit(&attribute.expr, bound);
    }
    for block in &body.blocks {
        let Some(dynamic) = super::decode::Dynamic::of(block) else {
            body_exprs(&block.body, bound, visit);
            continue;
        };
        if let Some(for_each) = dynamic.for_each {
            visit(&for_each.expr, bound);
        }
        bound.push(dynamic.iterator);
        if let Some(labels) = dynamic.labels {
            visit(&labels.expr, bound);
        }
        if let Some(content) = dynamic.content {
            body_exprs(&content.body, bound, visit);
        }
        bound.pop();
    }
}

/// The resources of one module that some expression in it refers to for their values.
pub(super) fn referenced_resources(module: &Module<'_>) -> BTreeSet<ResourceAddr> {
    let config = module.config;
    let mut found = BTreeSet::new();
    let mut visit = |expr: &Expr, bound: &mut Bound| {
        let mut all = Vec::new();
        mentions(expr, bound, &mut all);
        for mention in all {
            if let (Root::Resource, Some(name)) = (Root::of(&mention.root), &mention.name) {
                found.insert(ResourceAddr::managed(&mention.root, name));
            }
        }
    };
    let bound = &mut Vec::new();
    config.locals.values().for_each(|local| visit(&local.expr, bound));
    for output in config.outputs.values() {
        visit(&output.value, bound);
        for condition in &output.preconditions {
            visit(&condition.condition, bound);
            visit(&condition.error_message, bound);
        }
    }
    for provider in config.providers.values() {
        body_exprs(&provider.body, bound, &mut visit);
    }
    for call in config.modules.values() {
        call.arguments.iter().for_each(|argument| visit(&argument.expr, bound));
        if let Some(repeat) = repeat_expr(&call.repeat) {
            visit(repeat, bound);
        }
    }
    for resource in config.resources.values() {
        body_exprs(&resource.body, bound, &mut visit);
        if let Some(repeat) = repeat_expr(&resource.repeat) {
            visit(repeat, bound);
        }
        let lifecycle = &resource.lifecycle;
        for condition in lifecycle.preconditions.iter().chain(&lifecycle.postconditions) {
            visit(&condition.condition, bound);
            visit(&condition.error_message, bound);
        }
    }
    let variables = config.variables.values().flat_map(|variable| &variable.validations);
    for condition in variables.chain(config.checks.values().flat_map(|check| &check.asserts)) {
        visit(&condition.condition, bound);
        visit(&condition.error_message, bound);
    }
    for notify in config.notifications.values() {
        visit(&notify.url, bound);
        notify.headers.iter().for_each(|headers| visit(headers, bound));
    }
    for import in &config.imports {
        for expr in [Some(&import.id), import.for_each.as_ref()].into_iter().flatten() {
            visit(expr, bound);
        }
    }
    found
}

/// The expression that tells how many instances there are.
pub(super) fn repeat_expr(repeat: &Repeat) -> Option<&Expr> {
    match repeat {
        Repeat::One => None,
        Repeat::Count(expr) | Repeat::ForEach(expr) => Some(expr),
    }
}
