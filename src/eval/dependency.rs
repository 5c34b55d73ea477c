//! Who needs whom in a configuration, and references that lead nowhere.

use super::reference::{
    Bound, Item, Mention, Node, ROOTS, Root, all, body_exprs, calls, mentions, repeat_expr,
};
use super::tree::{Module, ModulePath, Tree};
use crate::addr::{Mode, ResourceAddr};
use crate::config::{Attribute, Body, Condition, Expr, ExprKind, Repeat, Resource};
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean, did_you_mean_or_known};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The faults that come with a guess at what was meant; who makes more has another problem.
const MAX_HINTS: usize = 100;

/// Why a condition must refer to something.
pub const IDLE: &str = "The condition refers to nothing, so that it is the same whatever the \
                        configuration says. Refer to a resource, an output or any other value.";

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
pub fn dependencies(tree: &Tree<'_>, diagnostics: &mut Diagnostics) -> (Vec<Node>, Vec<Edge>) {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    // A module that is called many times is the same text: what is wrong in it is told once.
    let mut told = BTreeSet::new();
    for module in tree.modules() {
        let mut faults = Diagnostics::new();
        let mut finder = Finder { module, diagnostics: &mut faults, edges: &mut edges };
        finder.nodes(tree, &mut nodes);
        let key = |fault: &Diagnostic| (fault.subject, fault.detail.clone());
        faults.retain(|fault| fault.subject.is_none() || told.insert(key(fault)));
        diagnostics.append(&mut faults);
    }
    (nodes, edges)
}

/// Reports references of an expression that lead nowhere in a module; `bound` are further names
/// that it may use.
pub(super) fn check<'n>(
    module: &Module<'_>,
    expr: &Expr,
    bound: impl Iterator<Item = &'n str>,
    diagnostics: &mut Diagnostics,
) {
    let mut edges = Vec::new();
    let mut finder = Finder { module, diagnostics, edges: &mut edges };
    // Nothing has this name, so that nothing is taken for a reference to itself.
    let nobody = finder.node(Item::Import(usize::MAX));
    let mut bound = bound.map(Arc::from).collect();
    finder.expr_within(&nobody, expr, &mut bound, Given::NOTHING);
}

/// What an expression may use besides values that have names.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Given {
    /// `each`.
    each: bool,
    /// `count`.
    count: bool,
    /// `self`.
    own: bool,
}

impl Given {
    const NOTHING: Self = Self { each: false, count: false, own: false };

    fn by(repeat: &Repeat) -> Self {
        match repeat {
            Repeat::One => Self::NOTHING,
            Repeat::Count(_) => Self { count: true, ..Self::NOTHING },
            Repeat::ForEach(_) => Self { each: true, ..Self::NOTHING },
        }
    }
}

struct Finder<'a> {
    module: &'a Module<'a>,
    diagnostics: &'a mut Diagnostics,
    edges: &'a mut Vec<Edge>,
}

impl Finder<'_> {
    fn node(&self, item: Item) -> Node {
        Node { module: Arc::clone(&self.module.path), item }
    }

    /// Adds everything that the module declares, and what each of it needs.
    fn nodes(&mut self, tree: &Tree<'_>, nodes: &mut Vec<Node>) {
        let from = nodes.len();
        let config = self.module.config;
        for (name, variable) in &config.variables {
            let node = self.node(Item::Variable(Arc::clone(name)));
            if let Some(default) = &variable.default {
                self.default(default);
            }
            for validation in &variable.validations {
                self.validation(name, &validation.condition);
            }
            self.conditions(&node, &variable.validations, Given::NOTHING);
            nodes.push(node);
        }
        for (name, local) in &config.locals {
            let node = self.node(Item::Local(Arc::clone(name)));
            self.expr(&node, &local.expr, Given::NOTHING);
            nodes.push(node);
        }
        for (address, provider) in &config.providers {
            let node = self.node(Item::Provider(Arc::clone(address)));
            self.body(&node, &provider.body, Given::NOTHING);
            nodes.push(node);
        }
        for (addr, resource) in &config.resources {
            let node = self.node(Item::Resource(addr.clone()));
            self.resource(&node, resource);
            nodes.push(node);
        }
        for (name, call) in &config.modules {
            let node = self.node(Item::Call(Arc::clone(name)));
            if let Some(repeat) = repeat_expr(&call.repeat) {
                self.expr(&node, repeat, Given::NOTHING);
            }
            self.depends_on(&node, &call.depends_on);
            nodes.push(node);
            if let Some(child) = tree.child(self.module, name) {
                self.arguments(child, &call.arguments, Given::by(&call.repeat), call.header);
            }
        }
        for (name, output) in &config.outputs {
            let node = self.node(Item::Output(Arc::clone(name)));
            self.depends_on(&node, &output.depends_on);
            self.expr(&node, &output.value, Given::NOTHING);
            self.conditions(&node, &output.preconditions, Given::NOTHING);
            nodes.push(node);
        }
        for (name, check) in &config.checks {
            let node = self.node(Item::Check(Arc::clone(name)));
            self.conditions(&node, &check.asserts, Given::NOTHING);
            nodes.push(node);
        }
        for (number, import) in config.imports.iter().enumerate() {
            let node = self.node(Item::Import(number));
            if let Some(for_each) = &import.for_each {
                self.expr(&node, for_each, Given::NOTHING);
            }
            let given = Given { each: import.for_each.is_some(), ..Given::NOTHING };
            self.expr(&node, &import.id, given);
            // The address itself is no reference; the keys in it may be.
            let mut to = &import.to;
            loop {
                match &to.kind {
                    ExprKind::Attr(source, _) => to = source,
                    ExprKind::Index(both) => {
                        self.expr(&node, &both[1], given);
                        to = &both[0];
                    }
                    _ => break,
                }
            }
            nodes.push(node);
        }
        for (name, notify) in &config.notifications {
            let node = self.node(Item::Notify(Arc::clone(name)));
            for expr in [Some(&notify.url), notify.headers.as_ref()].into_iter().flatten() {
                self.expr(&node, expr, Given::NOTHING);
            }
            nodes.push(node);
        }
        // Nothing in a module has a value before it is known which instances the module has.
        if let Some(call) = self.module.call {
            let parent = self.module.path.split_last().map(|(_, parent)| Arc::from(parent));
            let to = Node {
                module: parent.unwrap_or_default(),
                item: Item::Call(Arc::clone(&call.name.text)),
            };
            for node in nodes.iter().skip(from) {
                self.edges.push(Edge { from: node.clone(), to: to.clone(), span: call.header });
            }
        }
    }

    /// The values that a call gives to the variables of the called module.
    fn arguments(
        &mut self,
        child: &Module<'_>,
        arguments: &[Attribute],
        given: Given,
        header: Span,
    ) {
        let variables = &child.config.variables;
        for argument in arguments {
            let name = &argument.name.text;
            if !variables.contains_key(name) {
                let hint = self.hint(name, variables.keys().map(|key| &**key));
                let detail = format!("The module has no variable {name:?}.{hint}");
                self.report("Unknown variable", detail, argument.name.span);
            }
            let item = Item::Variable(Arc::clone(name));
            let node = Node { module: Arc::clone(&child.path), item };
            self.expr(&node, &argument.expr, given);
        }
        let named: BTreeSet<&str> = arguments.iter().map(|argument| &*argument.name.text).collect();
        for (name, variable) in variables {
            if variable.default.is_none() && !named.contains(&**name) {
                let what = variable.description.as_deref().unwrap_or_default();
                let detail = format!(
                    "The module needs a value for its variable {name:?}: write `{name} = …`. {what}"
                );
                self.report("Missing variable", detail.trim_end(), header);
            }
        }
    }

    fn depends_on(&mut self, node: &Node, depends_on: &[Expr]) {
        for expr in depends_on {
            if all(expr).is_empty() {
                let detail = "A dependency is a reference without quotes: `type.name`, `var.x`.";
                self.report("Invalid dependency", detail, expr.span);
            } else if let Some(whole) = self.attribute_of(expr) {
                let detail = format!(
                    "A dependency is something whole, not an attribute of it: write `{whole}`."
                );
                self.report("Invalid dependency", detail, expr.span);
            }
            self.expr(node, expr, Given::NOTHING);
        }
    }

    /// What a reference takes a part of, if it does.
    fn attribute_of(&self, expr: &Expr) -> Option<String> {
        let ExprKind::Attr(source, _) = &expr.kind else { return None };
        match all(expr).as_slice() {
            [mention] if source.span.end >= mention.span.end => {
                let names = [Some(&mention.root), mention.name.as_ref(), mention.member.as_ref()];
                let names: Vec<&str> = names.into_iter().flatten().map(|name| &**name).collect();
                Some(names.join("."))
            }
            _ => None,
        }
    }

    fn body(&mut self, node: &Node, body: &Body, given: Given) {
        body_exprs(body, &mut Vec::new(), &mut |expr, bound| {
            self.expr_within(node, expr, bound, given);
        });
    }

    fn resource(&mut self, node: &Node, resource: &Resource) {
        let given = Given::by(&resource.repeat);
        if let Some(repeat) = repeat_expr(&resource.repeat) {
            self.expr(node, repeat, Given::NOTHING);
        }
        self.depends_on(node, &resource.depends_on);
        self.body(node, &resource.body, given);
        let lifecycle = &resource.lifecycle;
        self.conditions(node, &lifecycle.preconditions, given);
        self.conditions(node, &lifecycle.postconditions, Given { own: true, ..given });
        let name = resource.provider.as_ref().map_or("aws", |name| &name.text);
        let span = resource.provider.as_ref().map_or(resource.header, |name| name.span);
        match self.module.providers.get(name) {
            Some(address) => {
                // The default provider needs no block.
                if self.module.declared.contains(address) {
                    let item = Item::Provider(Arc::clone(address));
                    let to = Node { module: Arc::default(), item };
                    self.edges.push(Edge { from: node.clone(), to, span });
                }
            }
            None => {
                let known = self.module.providers.keys().map(|key| &**key);
                let hint = self.hint(name, known);
                let detail = if self.module.call.is_some() {
                    format!(
                        "The call of this module does not hand it a provider {name}.{hint} Write \
                         `providers = {{ {name} = … }}` there."
                    )
                } else {
                    format!("There is no `provider` block for {name}.{hint}")
                };
                self.report("Unknown provider", detail, span);
            }
        }
    }

    /// What must hold: each condition refers to something, or it would check nothing.
    fn conditions(&mut self, node: &Node, conditions: &[Condition], given: Given) {
        for condition in conditions {
            let is_validation = matches!(node.item, Item::Variable(_));
            if !is_validation && all(&condition.condition).is_empty() {
                self.report("Invalid condition", IDLE, condition.condition.span);
            }
            self.expr(node, &condition.condition, given);
            self.expr(node, &condition.error_message, given);
        }
    }

    /// A validation checks the variable that it stands in.
    fn validation(&mut self, name: &Arc<str>, condition: &Expr) {
        let is_it =
            |it: &Mention| Root::of(&it.root) == Root::Variable && it.name.as_ref() == Some(name);
        if !all(condition).iter().any(is_it) {
            let detail = format!(
                "The condition says nothing of the value: it does not refer to `var.{name}`. Write \
                 what must hold of it, such as `length(var.{name}) > 3`."
            );
            self.report("Invalid condition", detail, condition.span);
        }
    }

    /// A default is written out: whoever reads it sees what it is.
    fn default(&mut self, expr: &Expr) {
        let mut called = Vec::new();
        calls(expr, &mut called);
        for (function, span) in called {
            let detail = format!(
                "A default cannot call a function. Write its value out, or call `{}` in `locals`.",
                function.text
            );
            self.report("Not a constant", detail, span);
        }
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

    fn expr(&mut self, from: &Node, expr: &Expr, given: Given) {
        self.expr_within(from, expr, &mut Vec::new(), given);
    }

    fn expr_within(&mut self, from: &Node, expr: &Expr, bound: &mut Bound, given: Given) {
        let mut found = Vec::new();
        mentions(expr, bound, &mut found);
        for mention in found {
            self.mention(from, &mention, given);
        }
    }

    fn mention(&mut self, from: &Node, mention: &Mention, given: Given) {
        let config = self.module.config;
        let root = Root::of(&mention.root);
        let Some(name) = &mention.name else {
            return self.alone(root, mention, given);
        };
        let item = match root {
            Root::Variable => {
                if !config.variables.contains_key(name) {
                    let known = config.variables.keys().map(|key| &**key);
                    let hint = self.hint(name, known);
                    let detail = format!(
                        "There is no variable {name:?}.{hint} Declare it with \
                         `variable {name:?} {{ }}`."
                    );
                    return self.undeclared(name, "Unknown variable", detail, mention.span);
                }
                Item::Variable(Arc::clone(name))
            }
            Root::Local => {
                if !config.locals.contains_key(name) {
                    let hint = self.hint(name, config.locals.keys().map(|key| &**key));
                    let detail = format!("There is no local value {name:?}.{hint}");
                    return self.undeclared(name, "Unknown local value", detail, mention.span);
                }
                Item::Local(Arc::clone(name))
            }
            Root::Each => {
                if !given.each {
                    let detail = "`each` has a value only within a block that has `for_each`.";
                    return self.report("Invalid reference", detail, mention.span);
                }
                return self.one_of("each", name, &["key", "value"], mention.span);
            }
            Root::Count => {
                if !given.count {
                    let detail = "`count` has a value only within a block that has `count`.";
                    return self.report("Invalid reference", detail, mention.span);
                }
                return self.one_of("count", name, &["index"], mention.span);
            }
            Root::Path => {
                return self.one_of("path", name, &["cwd", "module", "root"], mention.span);
            }
            Root::Tool => {
                return self.one_of(&mention.root, name, &["workspace"], mention.span);
            }
            Root::Own => {
                if !given.own {
                    let detail = "`self` is the resource itself, in a `postcondition` only.";
                    self.report("Invalid reference", detail, mention.span);
                }
                return;
            }
            Root::Module => return self.module_mention(from, mention, name),
            Root::Data | Root::Resource => match self.resource_mention(root, mention, name) {
                Some(addr) => Item::Resource(addr),
                None => return,
            },
        };
        let to = self.node(item);
        // A variable's validation refers to the variable itself.
        if to != *from || !matches!(to.item, Item::Variable(_)) {
            self.edges.push(Edge { from: from.clone(), to, span: mention.span });
        }
    }

    /// A root without anything behind it, which is a value of its own for `self` only.
    fn alone(&mut self, root: Root, mention: &Mention, given: Given) {
        if root == Root::Own && given.own {
            return;
        }
        let detail = if root == Root::Resource {
            let known = ROOTS
                .iter()
                .map(|(root, _)| *root)
                .chain(self.module.config.resources.keys().map(|addr| &*addr.ty));
            format!(
                "{:?} is not a value. Put text in double quotes; refer to values as \
                 `var.name`, `local.name` or `type.name`.{}",
                mention.root,
                self.hint(&mention.root, known)
            )
        } else {
            let name = match root {
                Root::Path => "module",
                Root::Each => "key",
                Root::Count => "index",
                Root::Tool => "workspace",
                Root::Data => "type.name",
                Root::Variable | Root::Local | Root::Module | Root::Own | Root::Resource => "name",
            };
            format!(
                "{:?} alone is not a value: name what of it, as in `{}.{name}`.",
                mention.root, mention.root
            )
        };
        self.report("Invalid reference", detail, mention.span);
    }

    /// The resource or data source that is meant; nothing where there is none, which is reported.
    fn resource_mention(
        &mut self,
        root: Root,
        mention: &Mention,
        name: &Arc<str>,
    ) -> Option<ResourceAddr> {
        let config = self.module.config;
        let (addr, kind) = match (root, &mention.member) {
            (Root::Data, Some(member)) => (ResourceAddr::data(name, member), "data source"),
            (Root::Data, None) => {
                let detail =
                    format!("A data source is named by its type and its name: `data.{name}.name`.");
                self.report("Invalid reference", detail, mention.span);
                return None;
            }
            _ => (ResourceAddr::managed(&mention.root, name), "resource"),
        };
        if !config.resources.contains_key(&addr) {
            let text = addr.to_string();
            let known: Vec<String> = if self.hints() {
                config.resources.keys().map(ToString::to_string).collect()
            } else {
                Vec::new()
            };
            let known = || known.iter().map(String::as_str);
            let is_of_another = addr.mode == Mode::Managed
                && addr.ty.starts_with("aws_")
                && config.resources.keys().all(|it| it.ty != addr.ty)
                && did_you_mean(&text, known()).is_empty();
            let hint = if is_of_another { of_another(&addr) } else { self.hint(&text, known()) };
            let detail = format!("There is no {kind} {text}.{hint}");
            self.undeclared(&addr.name, "Unknown resource", detail, mention.span);
            return None;
        }
        Some(addr)
    }

    /// `module.name` needs all its outputs, `module.name.output` that one.
    fn module_mention(&mut self, from: &Node, mention: &Mention, name: &Arc<str>) {
        let config = self.module.config;
        let Some(call) = config.modules.get(name) else {
            let hint = self.hint(name, config.modules.keys().map(|key| &**key));
            let detail = format!("There is no module {name:?} here.{hint}");
            return self.undeclared(name, "Unknown module", detail, mention.span);
        };
        let outputs = &call.config.outputs;
        let path: ModulePath = self.module.path.iter().cloned().chain([Arc::clone(name)]).collect();
        let needed: Vec<&Arc<str>> = match &mention.member {
            None => outputs.keys().collect(),
            Some(member) => match outputs.get_key_value(member) {
                Some((output, _)) => vec![output],
                // An instance that is named as an attribute: of which there are, is not known yet.
                None if matches!(call.repeat, Repeat::ForEach(_)) => outputs.keys().collect(),
                None => {
                    let hint = self.hint(member, outputs.keys().map(|key| &**key));
                    let detail = format!("The module {name:?} has no output {member:?}.{hint}");
                    return self.report("Unknown output", detail, mention.span);
                }
            },
        };
        let call = self.node(Item::Call(Arc::clone(name)));
        let outputs = needed.into_iter().map(|output| Node {
            module: Arc::clone(&path),
            item: Item::Output(Arc::clone(output)),
        });
        let edges =
            outputs.chain([call]).map(|to| Edge { from: from.clone(), to, span: mention.span });
        self.edges.extend(edges);
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

    /// Reports what is not declared, unless it may be where the syntax is wrong: that is told.
    fn undeclared(&mut self, name: &str, summary: &'static str, detail: String, span: Span) {
        if !self.module.config.lost.contains(name) {
            self.report(summary, detail, span);
        }
    }

    fn hint<'n>(
        &self,
        given: &str,
        known: impl IntoIterator<Item = &'n str, IntoIter: Clone>,
    ) -> String {
        if self.hints() { did_you_mean_or_known(given, known) } else { String::new() }
    }

    fn report(&mut self, summary: &'static str, detail: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
    }
}

/// How to refer to what another tool manages, as blocks do that come from there.
fn of_another(addr: &ResourceAddr) -> String {
    let ResourceAddr { ty, name, .. } = addr;
    format!(
        " What another tool manages is no resource here: write its name or its ARN out, or read it \
         with a block `data {ty:?} {name:?}` and refer to it as `data.{addr}`."
    )
}
