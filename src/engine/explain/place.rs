//! What an address means in the configuration at hand.

use crate::addr::{Mode, ResourceAddr};
use crate::config::Config;
use crate::diag::Span;
use crate::engine::Project;
use crate::schema::Page;

/// A module of a project, and what an address names in it.
pub(super) struct Place<'a> {
    pub(super) project: &'a Project,
    config: &'a Config,
    /// The way to it, as addresses begin with it.
    pub(super) within: String,
    /// The names behind that.
    names: &'a [String],
}

impl<'a> Place<'a> {
    /// Goes where the names lead through modules; nowhere where there is no such module.
    pub(super) fn of(mut names: &'a [String], project: &'a Project) -> Option<Self> {
        let mut config = &project.config;
        let mut within = String::new();
        while let [module, name, rest @ ..] = names
            && module == "module"
            && !rest.is_empty()
        {
            config = &config.modules.get(name.as_str())?.config;
            within.push_str(&format!("module.{name}."));
            names = rest;
        }
        Some(Self { project, config, within, names })
    }

    /// A resource, data source or aliased provider: its address in the module, and its place.
    pub(super) fn declared_block(
        &self,
        kind: &str,
        ty: &str,
        name: &str,
    ) -> Option<(String, Span)> {
        let mut addr = ResourceAddr::managed(ty, name);
        match kind {
            "provider" => {
                let address = format!("{ty}.{name}");
                let block = self.config.providers.get(address.as_str())?;
                return Some((address, block.alias.as_ref().unwrap_or(&block.name).span));
            }
            "data" => addr.mode = Mode::Data,
            _ => {}
        }
        let block = self.config.resources.get(&addr)?;
        Some((addr.to_string(), block.header))
    }

    /// What the configuration itself tells of a variable, an output or a module.
    pub(super) fn declared_value(&self) -> Option<Page> {
        let Self { project, config, within, names } = self;
        let (kind, name) = match names {
            // As the caller of a module names its outputs.
            [name] if !within.is_empty() => ("output", name),
            [kind, name] => (kind.as_str(), name),
            _ => return None,
        };
        let (title, kind, text, span) = match kind {
            "var" => {
                let it = config.variables.get(name.as_str())?;
                let usage = if it.default.is_some() { "optional" } else { "required" };
                let sensitive = if it.sensitive { ", sensitive" } else { "" };
                let kind = format!("variable: {}, {usage}{sensitive}", it.ty);
                (format!("var.{name}"), kind, it.description.clone(), it.name.span)
            }
            "local" => {
                let it = config.locals.get(name.as_str())?;
                (format!("local.{name}"), "local value".to_owned(), None, it.name.span)
            }
            "output" => {
                let it = config.outputs.get(name.as_str())?;
                let sensitive = if it.sensitive { ": sensitive" } else { "" };
                let kind = format!("output{sensitive}");
                (format!("output.{name}"), kind, it.description.clone(), it.name.span)
            }
            "module" => {
                let it = config.modules.get(name.as_str())?;
                let kind = format!("module: {}", it.source.0);
                (format!("module.{name}"), kind, None, it.header)
            }
            _ => return None,
        };
        let text = text.as_deref().unwrap_or_default();
        let line = project.sources.position(span).line;
        let declared = format!("Declared in {}, line {line}.", project.sources.name(span.file));
        let text = format!("{text}\n\n{declared}").trim_start().to_owned();
        Some(Page { title: format!("{within}{title}"), kind, text, ..Page::default() })
    }
}

/// What the configuration declares that can be asked for.
pub(super) fn declared_names(project: &Project) -> Vec<String> {
    let config = &project.config;
    let resources = config.resources.keys().map(ToString::to_string);
    let variables = config.variables.keys().map(|name| format!("var.{name}"));
    let locals = config.locals.keys().map(|name| format!("local.{name}"));
    let outputs = config.outputs.keys().map(|name| format!("output.{name}"));
    resources.chain(variables).chain(locals).chain(outputs).take(10_000).collect()
}
