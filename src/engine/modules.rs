//! The modules that a configuration calls, read from their directories.

use super::project::is_block;
use crate::config::{self, Config, load};
use crate::diag::{Diagnostic, Diagnostics, Sources};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The most calls that may lead from the root module to another.
const MAX_DEPTH: usize = 100;

/// Reads every module that `config`, of the root module in `root`, calls, and what those call.
pub(super) fn load(
    config: &mut Config,
    root: &Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    let way = vec![load::canonical(root)];
    let mut loader = Loader { root, sources, diagnostics, way, known: BTreeMap::new() };
    loader.calls(config);
}

struct Loader<'a> {
    root: &'a Path,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    /// The directories of the modules whose calls are being followed, the root module's first.
    way: Vec<PathBuf>,
    /// Modules that were read, by directory: one that is called twice is read once.
    known: BTreeMap<PathBuf, Arc<Config>>,
}

impl Loader<'_> {
    fn calls(&mut self, config: &mut Config) {
        for call in config.modules.values_mut() {
            let (source, span) = &call.source;
            let dir = joined(&config.dir, source);
            match self.module(&dir) {
                Ok(config) => call.config = config,
                Err((summary, detail)) => {
                    self.diagnostics.push(Diagnostic::error(summary, detail).at(*span));
                }
            }
        }
    }

    fn module(&mut self, dir: &str) -> Result<Arc<Config>, (&'static str, String)> {
        let path = self.root.join(dir);
        let canonical = load::canonical(&path);
        if let Some(config) = self.known.get(&canonical) {
            return Ok(Arc::clone(config));
        }
        if self.way.contains(&canonical) {
            let detail = format!("The module in {dir} calls itself, directly or by way of others.");
            return Err(("Module calls itself", detail));
        }
        if self.way.len() > MAX_DEPTH {
            let detail = format!("More than {MAX_DEPTH} calls lead to the module in {dir}.");
            return Err(("Too deep nesting", detail));
        }
        let found = load::module(&path, dir, self.sources, self.diagnostics)
            .map_err(|detail| ("Module not found", detail))?;
        let mut config = config::parse(self.sources, &found.config, &is_block, self.diagnostics);
        config.dir = dir.into();
        self.refuse_root_blocks(&config);
        self.way.push(found.canonical.clone());
        self.calls(&mut config);
        self.way.pop();
        let config = Arc::new(config);
        self.known.insert(found.canonical, Arc::clone(&config));
        Ok(config)
    }

    /// Reports what belongs in the root module only.
    fn refuse_root_blocks(&mut self, config: &Config) {
        for provider in config.providers.values() {
            let detail = "A module does not configure providers: it takes those of its caller, by \
                          `providers` in the call. Move the block to the root module.";
            self.diagnostics
                .push(Diagnostic::error("Provider in a module", detail).at(provider.name.span));
        }
        if let Some(backend) = &config.settings.backend {
            let detail = "Where the state is, the root module says. Remove the block.";
            self.diagnostics
                .push(Diagnostic::error("Backend in a module", detail).at(backend.kind.span));
        }
        for import in &config.imports {
            let detail = "Only the root module imports. Move the block there, with the module's \
                          address in `to`.";
            self.diagnostics
                .push(Diagnostic::error("Import in a module", detail).at(import.to.span));
        }
    }
}

/// The directory that `source` names within `dir`, written in the shortest way and with `/`.
pub(super) fn joined(dir: &str, source: &str) -> String {
    if Path::new(source).is_absolute() {
        return source.to_owned();
    }
    let mut parts: Vec<String> = Vec::new();
    let absolute = Path::new(dir).is_absolute();
    for component in Path::new(dir).join(source).components() {
        match component {
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            Component::ParentDir => match parts.last() {
                Some(last) if last != ".." => {
                    parts.pop();
                }
                _ => parts.push("..".to_owned()),
            },
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_relative_to_the_module_that_calls() {
        for (dir, source, expected) in [
            (".", "./a", "a"),
            (".", "./a/../b/", "b"),
            ("a", "./b", "a/b"),
            ("a", "../b", "b"),
            ("a", "..", "."),
            (".", "../../x", "../../x"),
            ("../x", "../y", "../y"),
            ("a", "/abs/m", "/abs/m"),
            ("/abs/m", "../n", "/abs/n"),
        ] {
            assert_eq!(joined(dir, source), expected, "{source} in {dir}");
        }
    }
}
