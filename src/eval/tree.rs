//! The modules of a configuration: the root module and, by every way of calls, those below it.

use crate::config::{Config, ModuleCall};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The names of the calls that lead from the root module to another; empty for the root module.
pub type ModulePath = Arc<[Arc<str>]>;

/// The most modules that a configuration may have, by way of all calls: calls of calls multiply.
const MAX_MODULES: usize = 10_000;

/// A module as one way of calls leads to it.
#[derive(Debug)]
pub struct Module<'a> {
    /// The way.
    pub path: ModulePath,
    /// What the module declares.
    pub config: &'a Config,
    /// The call that leads to it; none for the root module.
    pub call: Option<&'a ModuleCall>,
    /// By the module's own name for a provider: the address of the root module's.
    pub providers: BTreeMap<Arc<str>, Arc<str>>,
    /// The addresses of the providers that the root module declares.
    pub declared: Arc<BTreeSet<Arc<str>>>,
}

/// Every module by its way, callers before what they call.
#[derive(Debug)]
pub struct Tree<'a> {
    modules: Vec<Module<'a>>,
    by_path: BTreeMap<ModulePath, usize>,
}

impl<'a> Tree<'a> {
    /// Follows all calls from the root module. Providers that a call hands on and does not have are
    /// reported.
    pub fn new(root: &'a Config, diagnostics: &mut Diagnostics) -> Self {
        let declared: Arc<BTreeSet<Arc<str>>> = Arc::new(root.providers.keys().cloned().collect());
        let names = declared.iter().cloned().chain([Arc::from("aws")]);
        let mut modules = vec![Module {
            path: Arc::default(),
            config: root,
            call: None,
            providers: names.map(|name| (Arc::clone(&name), name)).collect(),
            declared: Arc::clone(&declared),
        }];
        let mut told = BTreeSet::new();
        let mut at = 0;
        while let Some(module) = modules.get(at) {
            let mut children = Vec::new();
            for (name, call) in &module.config.modules {
                let mut providers: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
                // The default provider is handed on by itself, one with an alias by name only.
                if let Some(default) = module.providers.get("aws") {
                    providers.insert("aws".into(), Arc::clone(default));
                }
                for (inside, here) in &call.providers {
                    match module.providers.get(&here.text) {
                        Some(address) => {
                            providers.insert(Arc::clone(&inside.text), Arc::clone(address));
                        }
                        None if told.insert(here.span) => {
                            let known = module.providers.keys().map(|key| &**key);
                            let hint = did_you_mean(&here.text, known);
                            let detail =
                                format!("There is no provider {} to hand on.{hint}", here.text);
                            diagnostics
                                .push(Diagnostic::error("Unknown provider", detail).at(here.span));
                        }
                        None => {}
                    }
                }
                children.push(Module {
                    path: module.path.iter().cloned().chain([Arc::clone(name)]).collect(),
                    config: &call.config,
                    call: Some(call),
                    providers,
                    declared: Arc::clone(&declared),
                });
            }
            at += 1;
            if modules.len() + children.len() > MAX_MODULES {
                let span = children.first().and_then(|child| child.call).map(|call| call.header);
                let detail = format!(
                    "Calls of calls lead to more than {MAX_MODULES} modules. Repeat a module with \
                     `for_each` instead."
                );
                diagnostics.push(Diagnostic::error("Too many modules", detail).at_maybe(span));
                break;
            }
            modules.append(&mut children);
        }
        let paths = modules.iter().enumerate();
        let by_path = paths.map(|(at, module)| (Arc::clone(&module.path), at)).collect();
        Self { modules, by_path }
    }

    /// Every module, callers before what they call; the first is the root module.
    pub fn modules(&self) -> impl Iterator<Item = &Module<'a>> {
        self.modules.iter()
    }

    /// The module at the end of a way of calls.
    pub fn get(&self, path: &ModulePath) -> Option<&Module<'a>> {
        self.modules.get(*self.by_path.get(path)?)
    }

    /// The module that a call leads to.
    pub fn child(&self, module: &Module<'_>, call: &Arc<str>) -> Option<&Module<'a>> {
        self.get(&module.path.iter().cloned().chain([Arc::clone(call)]).collect())
    }
}
