//! The language's own blocks: bodies to the types of [`Config`].

mod backend;
mod findings;
mod module;
mod notify;
mod refactor;
mod resource;
mod testing;

pub(crate) use self::backend::arguments as backend_arguments;

pub(super) use self::testing::test_file;

pub(in crate::config) use self::refactor::check_moves;

use super::expr::{Attribute, Block, Body, Expr, ExprKind, Name};
use super::{
    Check, Condition, Config, Output, Provider, Settings, Variable, language, types, unknown,
};
use crate::addr::Mode;
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean_or_all, suggest};
use crate::value::{Type, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

const BLOCKS: [&str; 14] = [
    "check", "data", "import", "locals", "module", "moved", "notify", "output", "provider",
    "removed", "resource", "sealform", "suppress", "variable",
];

/// The summary of what is declared twice.
pub(super) const TWICE: &str = "Declared twice";

/// What in a `module` block is no value of a variable, now or one day.
const RESERVED: [&str; 8] =
    ["count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"];

/// Adds what one file declares to `config`.
pub(in crate::config) fn file(body: Body, config: &mut Config, diagnostics: &mut Diagnostics) {
    for attribute in &body.attributes {
        let name = &attribute.name.text;
        let detail = if language::find(name).is_some() {
            format!("{name:?} is a block: write `{name} {{ … }}` without `=`.")
        } else {
            format!(
                "{name:?} stands outside of any block. Put it into `locals {{ }}` to name a value; \
                 values of variables belong in a `*.sealvars.hcl` file."
            )
        };
        let found = Diagnostic::error("Unexpected attribute", detail);
        diagnostics.push(found.at(attribute.name.span));
    }
    for block in body.blocks {
        let decoder = &mut Decoder { diagnostics };
        match &*block.kind.text {
            "sealform" => decoder.settings(&block, &mut config.settings),
            "provider" => decoder.provider(block, &mut config.providers),
            "variable" => decoder.variable(&block, &mut config.variables),
            "locals" => decoder.locals(block, &mut config.locals),
            "output" => decoder.output(&block, &mut config.outputs),
            "resource" => decoder.resource(block, Mode::Managed, &mut config.resources),
            "data" => decoder.resource(block, Mode::Data, &mut config.resources),
            "module" => decoder.module(block, &mut config.modules),
            "check" => decoder.check(block, config),
            "moved" => config.moved.extend(decoder.moved(&block)),
            "removed" => config.removed.extend(decoder.removed(&block)),
            "suppress" => decoder.suppress(&block, config),
            "notify" => decoder.notify(&block, config),
            "import" => config.imports.extend(decoder.import(&block)),
            other => {
                let detail = if other == "terraform" {
                    "Sealform's own settings stand in a `sealform` block.".to_owned()
                } else {
                    let hint = did_you_mean_or_all(other, &BLOCKS);
                    format!("There is no block {other:?}.{hint}")
                };
                decoder.error("Unsupported block", detail, block.kind.span);
                if other == "terraform" || suggest(other, BLOCKS) == Some("sealform") {
                    config.settings.doubts.insert(block.kind.span);
                }
            }
        }
    }
}

struct Decoder<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Decoder<'_> {
    fn error(&mut self, summary: &'static str, detail: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
    }

    /// Reports what cannot be written where it is referred to.
    fn is_name(&mut self, name: &Name) -> bool {
        let text = &*name.text;
        let sound = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if !sound {
            let detail = format!(
                "{text:?} cannot be referred to. A name is made of letters, digits, underscores \
                 and dashes, and begins with a letter or an underscore."
            );
            self.error("Invalid name", detail, name.span);
        }
        sound
    }

    /// Reports labels that are too many or too few; gives exactly `N` where they are right.
    fn labels<const N: usize>(&mut self, block: &Block, usage: &str) -> Option<[Name; N]> {
        if let Ok(labels) = <[Name; N]>::try_from(block.labels.clone()) {
            return labels.iter().all(|label| self.is_name(label)).then_some(labels);
        }
        self.error(
            "Wrong number of labels",
            format!("{:?} is written `{usage}`.", block.kind.text),
            block.header(),
        );
        None
    }

    /// Reports attributes and blocks that the block does not have.
    fn only(&mut self, what: &str, body: &Body, attributes: &[&str], blocks: &[&str]) {
        for attribute in &body.attributes {
            if !attributes.contains(&&*attribute.name.text) {
                let fault = unknown::attribute(what, &attribute.name, attributes, blocks);
                self.diagnostics.push(fault);
            }
        }
        for block in &body.blocks {
            if !blocks.contains(&&*block.kind.text) {
                self.diagnostics.push(unknown::block(what, &block.kind, attributes, blocks));
            }
        }
    }

    /// Reports blocks where any attributes may stand, and nothing else.
    fn values_only(&mut self, what: &str, body: &Body) {
        for Block { kind, .. } in &body.blocks {
            if language::find(&kind.text).is_some() {
                self.diagnostics.push(unknown::block(what, kind, &[], &[]));
                continue;
            }
            let detail = format!("{what} holds values: write `{} = {{ … }}`.", kind.text);
            self.error("Block instead of an attribute", detail, kind.span);
        }
    }

    /// The text of an attribute that must be written out.
    fn text(&mut self, body: &Body, name: &str) -> Option<(Arc<str>, Span)> {
        let attribute = body.attribute(name)?;
        // A number or a truth is a text as good as any, as everywhere.
        if let ExprKind::Literal(value) = &attribute.expr.kind
            && let Ok(Value::String(text)) = value.convert(&Type::String)
        {
            return Some((text, attribute.expr.span));
        }
        self.error(
            "Not a constant",
            format!("{name:?} must be a string that is written out, without references."),
            attribute.expr.span,
        );
        None
    }

    /// The truth of an attribute that must be written out.
    fn truth(&mut self, body: &Body, name: &str) -> Option<bool> {
        let attribute = body.attribute(name)?;
        if let ExprKind::Literal(value) = &attribute.expr.kind
            && let Ok(value) = value.convert(&Type::Bool)
            && let Some(truth) = value.as_bool()
        {
            return Some(truth);
        }
        self.error(
            "Not a constant",
            format!("{name:?} must be `true` or `false`, written out."),
            attribute.expr.span,
        );
        None
    }

    fn twice(&mut self, what: &str, again: Span, first: Span) {
        self.diagnostics.push(
            Diagnostic::error(
                TWICE,
                format!("{what} is already declared. Rename or remove one of the two."),
            )
            .at(again)
            .related(first, "first declared here"),
        );
    }

    fn settings(&mut self, block: &Block, settings: &mut Settings) {
        let before = self.diagnostics.len();
        self.settings_of(block, settings);
        let faults = self.diagnostics.iter().skip(before).filter_map(|fault| fault.subject);
        settings.doubts.extend(faults);
    }

    fn settings_of(&mut self, block: &Block, settings: &mut Settings) {
        let Some([]) = self.labels(block, "sealform { }") else { return };
        self.only("The `sealform` block", &block.body, &["required_version"], &["backend"]);
        if let Some(version) = self.text(&block.body, "required_version") {
            settings.required_version = Some(version);
        }
        for backend in block.body.blocks("backend") {
            self.backend(backend, settings);
        }
    }

    fn provider(&mut self, mut block: Block, providers: &mut BTreeMap<Arc<str>, Provider>) {
        let Some([name]) = self.labels(&block, "provider \"aws\" { }") else { return };
        if &*name.text != "aws" {
            self.error(
                "Unknown provider",
                format!("There is no provider {:?}. Known is \"aws\".", name.text),
                name.span,
            );
            return;
        }
        let alias = self.text(&block.body, "alias").map(|(text, span)| Name { text, span });
        if alias.as_ref().is_some_and(|alias| !self.is_name(alias)) {
            return;
        }
        block.body.attributes.retain(|attribute| &*attribute.name.text != "alias");
        let address: Arc<str> = match &alias {
            Some(alias) => format!("{}.{}", name.text, alias.text).into(),
            None => Arc::clone(&name.text),
        };
        let span = alias.as_ref().map_or(name.span, |alias| alias.span);
        if let Some(first) = providers.get(&address) {
            let first = first.alias.as_ref().map_or(first.name.span, |alias| alias.span);
            let what = match &alias {
                Some(_) => format!("The provider {address}"),
                None => format!("The provider {address} without an `alias`"),
            };
            self.twice(&what, span, first);
            return;
        }
        providers.insert(address, Provider { name, alias, body: block.body });
    }

    fn variable(&mut self, block: &Block, variables: &mut BTreeMap<Arc<str>, Variable>) {
        let Some([name]) = self.labels(block, "variable \"name\" { }") else { return };
        if RESERVED.contains(&&*name.text) {
            let detail = format!(
                "A module's caller could not give a value to a variable {:?}: in a `module` block, \
                 that name means something else. Choose another.",
                name.text
            );
            self.error("Invalid name", detail, name.span);
        }
        let before = self.diagnostics.len();
        let body = &*self.without_ephemeral(&block.body);
        self.only(
            "A variable",
            body,
            &["default", "description", "nullable", "sensitive", "type"],
            &["validation"],
        );
        let ty = body.attribute("type").map_or(Type::Any, |attribute| {
            types::parse(attribute).unwrap_or_else(|fault| {
                self.diagnostics.push(*fault);
                Type::Any
            })
        });
        let variable = Variable {
            ty,
            untyped: body.attribute("type").is_none(),
            default: body.attribute("default").map(|attribute| attribute.expr.clone()),
            description: self.text(body, "description").map(|(text, _)| text),
            sensitive: self.truth(body, "sensitive").unwrap_or(false),
            nullable: self.truth(body, "nullable").unwrap_or(true),
            validations: self.conditions(body, "validation"),
            faulty: self.diagnostics.len() > before,
            name: name.clone(),
        };
        if let Some(first) = variables.get(&name.text) {
            self.twice(&format!("The variable {:?}", name.text), name.span, first.name.span);
            return;
        }
        variables.insert(Arc::clone(&name.text), variable);
    }

    /// The blocks of this kind that say what must hold.
    fn conditions(&mut self, body: &Body, kind: &str) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for block in body.blocks(kind) {
            if self.labels::<0>(block, &format!("{kind} {{ }}")).is_none() {
                continue;
            }
            let what = format!("`{kind}`");
            self.only(&what, &block.body, &["condition", "error_message"], &[]);
            let condition = self.required(block, "condition");
            let error_message = self.required(block, "error_message");
            if let (Some(condition), Some(error_message)) = (condition, error_message) {
                conditions.push(Condition { condition, error_message });
            }
        }
        conditions
    }

    fn check(&mut self, mut block: Block, config: &mut Config) {
        let Some([name]) = self.labels(&block, "check \"name\" { }") else { return };
        self.only("A check", &block.body, &[], &["assert", "data"]);
        let asserts = self.conditions(&block.body, "assert");
        if asserts.is_empty() && block.body.blocks("assert").next().is_none() {
            self.error("Missing block", "A check needs a block `assert { … }`.", block.header());
        }
        // What a check reads for itself is read as any other data source is.
        for inner in std::mem::take(&mut block.body.blocks) {
            if &*inner.kind.text == "data" {
                self.resource(inner, Mode::Data, &mut config.resources);
            }
        }
        if let Some(first) = config.checks.get(&name.text) {
            self.twice(&format!("The check {:?}", name.text), name.span, first.name.span);
            return;
        }
        config.checks.insert(Arc::clone(&name.text), Check { name, asserts });
    }

    fn required(&mut self, block: &Block, name: &str) -> Option<Expr> {
        let found = block.body.attribute(name).map(|attribute| attribute.expr.clone());
        // What was misspelt is told as that, and not as missing, too.
        let meant = || {
            let mut given = block.body.attributes.iter().map(|it| &*it.name.text);
            given.any(|given| suggest(given, [name]).is_some())
        };
        if found.is_none() && !meant() {
            self.error(
                "Missing attribute",
                format!("{:?} needs the attribute {name:?}.", block.kind.text),
                block.header(),
            );
        }
        found
    }

    fn locals(&mut self, block: Block, locals: &mut BTreeMap<Arc<str>, Attribute>) {
        let Some([]) = self.labels(&block, "locals { }") else { return };
        self.values_only("`locals`", &block.body);
        for attribute in block.body.attributes {
            if let Some(first) = locals.get(&attribute.name.text) {
                let what = format!("The local value {:?}", attribute.name.text);
                self.twice(&what, attribute.name.span, first.name.span);
                continue;
            }
            locals.insert(Arc::clone(&attribute.name.text), attribute);
        }
    }

    fn output(&mut self, block: &Block, outputs: &mut BTreeMap<Arc<str>, Output>) {
        let Some([name]) = self.labels(block, "output \"name\" { }") else { return };
        let body = self.without_ephemeral(&block.body);
        self.only(
            "An output",
            &body,
            &["depends_on", "description", "sensitive", "value"],
            &["precondition"],
        );
        let Some(value) = self.required(block, "value") else { return };
        let output = Output {
            value,
            description: self.text(&block.body, "description").map(|(text, _)| text),
            sensitive: self.truth(&block.body, "sensitive").unwrap_or(false),
            depends_on: self.depends_on(&block.body),
            preconditions: self.conditions(&block.body, "precondition"),
            name: name.clone(),
        };
        if let Some(first) = outputs.get(&name.text) {
            self.twice(&format!("The output {:?}", name.text), name.span, first.name.span);
            return;
        }
        outputs.insert(Arc::clone(&name.text), output);
    }

    /// The body without what marks a value that Terraform keeps out of state and plan: it is told.
    fn without_ephemeral<'b>(&mut self, body: &'b Body) -> Cow<'b, Body> {
        let is_it = |attribute: &Attribute| &*attribute.name.text == "ephemeral";
        let Some(attribute) = body.attributes.iter().find(|it| is_it(it)) else {
            return Cow::Borrowed(body);
        };
        let detail = "There are no ephemeral values here. Values of variables and local values are \
                      never recorded, only outputs and what resources say: write `sensitive = true`, \
                      which also keeps it from being shown.";
        self.error("Unknown attribute", detail, attribute.name.span);
        let mut known = body.clone();
        known.attributes.retain(|attribute| !is_it(attribute));
        Cow::Owned(known)
    }

    fn depends_on(&mut self, body: &Body) -> Vec<Expr> {
        let Some(attribute) = body.attribute("depends_on") else { return Vec::new() };
        match &attribute.expr.kind {
            ExprKind::Tuple(items) => items.to_vec(),
            _ => {
                self.error(
                    "Invalid dependency",
                    "`depends_on` is a list of references: `[type.name, var.x]`.",
                    attribute.expr.span,
                );
                Vec::new()
            }
        }
    }
}
