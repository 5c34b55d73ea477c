//! Which backend keeps the state, and which workspace is meant: what the configuration says, what
//! `init` was given beside it, and what it recorded.
//!
//! ```text
//! .sealform/environment   the workspace that was selected
//! .sealform/backend.json  the backend as `init` left it
//! .sealform/remote/…      copies of states that are kept elsewhere
//! ```

#![expect(clippy::disallowed_methods, reason = "this is the shell around the files of `init`")]

use super::DEFAULT_STATE;
use super::migration;
use super::options::Setup;
use super::project::Project;
use super::workspaces::{check_name, unknown_workspace};
use crate::config::{self, BackendArgument};
use crate::diag::{Diagnostic, did_you_mean};
use crate::event::Reporter;
use crate::state::s3::{S3, Settings};
use crate::state::{Backend, DEFAULT_WORKSPACE, Local, StateError, write_atomically};
use crate::value::{Value, from_json, to_json};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory of what belongs to one checkout, relative to that of the configuration.
const DATA: &str = ".sealform";
/// The state of the sandbox where the configuration keeps its state elsewhere.
const SANDBOX_STATE: &str = "state/sandbox.state.json";

/// A backend with all that it is given, wherever that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Declared {
    kind: Arc<str>,
    arguments: BTreeMap<Arc<str>, Value>,
}

/// The arguments that say where a state is. All others say how it is spoken to.
const PLACE: [&str; 6] = ["path", "bucket", "key", "workspace_key_prefix", "endpoint", "endpoints"];

impl Declared {
    /// Whether the states of this one are not those of another.
    fn is_elsewhere(&self, other: &Self) -> bool {
        let differs = |name: &&str| self.arguments.get(*name) != other.arguments.get(*name);
        self.kind != other.kind || PLACE.iter().any(differs)
    }
}

/// What `init` recorded.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    kind: Arc<str>,
    /// All that the backend is given.
    arguments: BTreeMap<Arc<str>, Json>,
    /// What of it `-backend-config` said.
    given: BTreeMap<Arc<str>, Json>,
}

/// What `init` is asked for.
#[derive(Clone, Debug, Default)]
pub struct Init {
    /// `-backend-config`, in the order of the command line.
    pub given: Vec<String>,
    /// `-migrate-state`.
    pub migrate: bool,
    /// `-reconfigure`.
    pub reconfigure: bool,
    /// `-force-copy`: whatever is at the new place is overwritten.
    pub force_copy: bool,
}

/// What `init` has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Initialised {
    /// There was nothing to do.
    Nothing,
    /// The backend is used from now on.
    Configured {
        /// Where the state is.
        place: String,
    },
    /// The states were copied to another place.
    Migrated {
        /// Where they were.
        from: String,
        /// Where they are.
        to: String,
        /// The workspaces whose states were copied.
        workspaces: Vec<String>,
    },
}

pub(super) fn fault(summary: &'static str, detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error(summary, detail)
}

pub(super) fn told(error: &StateError) -> Diagnostic {
    error.diagnostic()
}

/// The workspace that was selected in a directory.
pub(super) fn selected(dir: &Path) -> Arc<str> {
    let text = std::fs::read_to_string(dir.join(DATA).join("environment")).unwrap_or_default();
    match text.trim() {
        "" => DEFAULT_WORKSPACE.into(),
        name => name.into(),
    }
}

impl Project {
    fn data(&self, name: &str) -> PathBuf {
        self.dir.join(DATA).join(name)
    }

    /// Makes the directory of what is this checkout's own and never belongs into version control.
    fn make_data(&self) -> std::io::Result<()> {
        let directory = self.dir.join(DATA);
        let ignored = directory.join(".gitignore");
        std::fs::create_dir_all(&directory)?;
        if ignored.exists() { Ok(()) } else { std::fs::write(&ignored, "*\n") }
    }

    pub(super) fn write_data(&self, name: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
        self.make_data().map_err(|error| {
            fault("Cannot write", format!("{}: {error}.", self.dir.join(DATA).display()))
        })?;
        write_atomically(&self.data(name), bytes)
            .map_err(|error| fault("Cannot write", error.to_string()))
    }

    fn record(&self) -> Result<Option<Record>, Diagnostic> {
        let path = self.data("backend.json");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let detail = format!("{}: {error}.", path.display());
                return Err(fault("Cannot read what init recorded", detail));
            }
        };
        let read = serde_json::from_slice(&bytes);
        read.ok().filter(|record: &Record| record.version == 1).map(Some).ok_or_else(|| {
            let detail = format!(
                "{} is damaged or of a newer version. Remove it and run `sealform init` again.",
                path.display()
            );
            fault("Cannot read what init recorded", detail)
        })
    }

    /// The backend that the configuration declares, with what was given from outside.
    fn declared(&self, given: &BTreeMap<Arc<str>, Value>) -> Declared {
        let backend = self.config.settings.backend.as_ref();
        let kind = backend.map_or_else(|| "local".into(), |it| Arc::clone(&it.kind.text));
        let mut arguments: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for (name, BackendArgument { value, .. }) in backend.iter().flat_map(|it| &it.arguments) {
            arguments.insert(Arc::clone(name), value.clone());
        }
        arguments.extend(given.iter().map(|(name, value)| (Arc::clone(name), value.clone())));
        Declared { kind, arguments }
    }

    /// The backend of a declaration, in a workspace.
    fn backend_of(
        &self,
        declared: &Declared,
        workspace: &str,
        setup: &Setup,
    ) -> Result<Backend, Diagnostic> {
        check_name(workspace)?;
        if &*declared.kind == "s3" {
            let mut settings = Settings::from_arguments(&declared.arguments).map_err(|faults| {
                let span = |name: &str| {
                    let backend = self.config.settings.backend.as_ref()?;
                    let argument = backend.arguments.get(name).map(|it| it.span);
                    Some(argument.unwrap_or(backend.kind.span))
                };
                let at = faults.first().and_then(|(name, _)| span(name));
                let lines = faults.iter().map(|(name, detail)| format!("{name}: {detail}"));
                fault("Invalid backend settings", lines.collect::<Vec<_>>().join("\n")).at_maybe(at)
            })?;
            settings.aws.ca_bundle_env.clone_from(&setup.ca_bundle);
            // Where that fails, whoever keeps a copy there says why.
            let _later = self.make_data();
            return Ok(Backend::S3(S3::new(settings, workspace, &self.data("remote"))));
        }
        let path = declared.arguments.get("path").and_then(|path| path.as_str().cloned());
        let path = self.dir.join(path.as_deref().unwrap_or(DEFAULT_STATE));
        Ok(Backend::Local(Local::new(in_workspace(&path, workspace))))
    }

    /// Where the state is: of the workspace that is meant.
    ///
    /// # Errors
    /// The backend cannot be used as it is declared, or it has changed since `init`.
    pub fn backend(&self, setup: &Setup) -> Result<Backend, Diagnostic> {
        self.backend_in(&self.workspace, setup)
    }

    /// As [`Project::backend`], of a workspace that somebody has made: a slip in its name would be a
    /// state of its own.
    ///
    /// # Errors
    /// The same, or nobody has made the workspace.
    pub async fn existing_backend(&self, setup: &Setup) -> Result<Backend, Diagnostic> {
        let backend = self.backend(setup)?;
        // Of a state that is elsewhere, the sandbox has one of its own.
        let is_own =
            setup.state.is_some() || (setup.sandbox.is_some() && !self.is_kept_in_a_file());
        if &*self.workspace == DEFAULT_WORKSPACE
            || is_own
            || backend.exists().await.map_err(|error| told(&error))?
        {
            return Ok(backend);
        }
        let all = self.workspaces(setup).await?;
        let mut fault = unknown_workspace(&self.workspace, &all);
        fault.detail.push_str(
            " Which one is meant is said by SEALFORM_WORKSPACE, or else by `sealform workspace select`.",
        );
        Err(fault)
    }

    fn is_kept_in_a_file(&self) -> bool {
        self.config.settings.backend.as_ref().is_none_or(|it| &*it.kind.text == "local")
    }

    /// As [`Project::backend`], in another workspace.
    ///
    /// # Errors
    /// The same.
    pub(super) fn backend_in(&self, workspace: &str, setup: &Setup) -> Result<Backend, Diagnostic> {
        if let Some(local) = &setup.state {
            let local = local.clone();
            let sandbox = setup.sandbox.is_some();
            return Ok(Backend::Local(if sandbox { local.for_sandbox() } else { local }));
        }
        let record = self.record()?;
        let given = record.as_ref().map(given_of).unwrap_or_default();
        let declared = self.declared(&given);
        let before =
            self.before(record.as_ref(), &declared).filter(|it| it.is_elsewhere(&declared));
        let is_file = |it: &Declared| &*it.kind == "local";
        if setup.sandbox.is_some() {
            check_name(workspace)?;
            if let Some(before) = before.as_ref().filter(|it| is_file(it) && is_file(&declared)) {
                return Err(self.has_changed(before));
            }
            // The sandbox's buckets are nobody else's business.
            return Ok(Backend::Local(if is_file(&declared) {
                match self.backend_of(&declared, workspace, setup)? {
                    Backend::Local(local) => local.for_sandbox(),
                    Backend::S3(_) => Local::new(self.dir.join(SANDBOX_STATE)).for_sandbox(),
                }
            } else {
                let path = in_workspace(&self.dir.join(SANDBOX_STATE), workspace);
                Local::new(path).for_sandbox()
            }));
        }
        if let Some(before) = before {
            return Err(self.has_changed(&before));
        }
        self.backend_of(&declared, workspace, setup)
    }

    /// The backend that was in use until now, if there was one.
    fn before(&self, record: Option<&Record>, declared: &Declared) -> Option<Declared> {
        if let Some(record) = record {
            return Some(recorded(record));
        }
        // A state file of one's own needs no `init`.
        let plain = Declared { kind: "local".into(), arguments: BTreeMap::new() };
        let exists = |path: &str| Local::new(self.dir.join(path)).exists();
        let path = declared.arguments.get("path").and_then(Value::as_str);
        let is_there = match &*declared.kind {
            "local" => path.is_none_or(|path| exists(path)),
            _ => false,
        };
        (!is_there && exists(DEFAULT_STATE)).then_some(plain)
    }

    fn has_changed(&self, before: &Declared) -> Diagnostic {
        let detail = format!(
            "The configuration says that the state is kept elsewhere than it was until now: it was \
             with the backend {:?}. `sealform init -migrate-state` copies it to the new place; \
             `sealform init -reconfigure` uses what is at the new place and leaves the old one.",
            before.kind
        );
        let span = self.config.settings.backend.as_ref().map(|backend| backend.kind.span);
        fault("Backend has changed", detail).at_maybe(span)
    }

    /// Takes note of the backend, and copies states to it where that is asked for. `decided` is called
    /// before anything is changed; until then it can be given up.
    ///
    /// # Errors
    /// The backend cannot be used, or something would be lost.
    pub async fn initialise(
        &self,
        init: &Init,
        setup: &Setup,
        reporter: &mut dyn Reporter,
        decided: &dyn Fn(),
    ) -> Result<Initialised, Diagnostic> {
        let record = self.record()?;
        let mut given = match &record {
            Some(record) if !init.reconfigure => given_of(record),
            Some(_) | None => BTreeMap::new(),
        };
        let kind = self.declared(&given).kind;
        for text in &init.given {
            self.give_backend(&kind, text, &mut given)?;
        }
        let declared = self.declared(&given);
        let new = self.backend_of(&declared, &self.workspace, setup)?;
        let before =
            self.before(record.as_ref(), &declared).filter(|it| it.is_elsewhere(&declared));
        let done = match before {
            Some(before) if init.migrate => {
                self.migrate((&before, &declared), init, setup, reporter, decided).await?
            }
            Some(before) if !init.reconfigure => return Err(self.has_changed(&before)),
            Some(_) | None => {
                let known = record.as_ref().is_some_and(|it| recorded(it) == declared)
                    && !init.reconfigure
                    && init.given.is_empty();
                if known || (record.is_none() && self.config.settings.backend.is_none()) {
                    return Ok(Initialised::Nothing);
                }
                // What is wrong with it is told now.
                new.look().await.map_err(|error| told(&error))?;
                Initialised::Configured { place: new.place() }
            }
        };
        decided();
        self.write_record(&declared, &given)?;
        Ok(done)
    }

    fn write_record(
        &self,
        declared: &Declared,
        given: &BTreeMap<Arc<str>, Value>,
    ) -> Result<(), Diagnostic> {
        let jsons = |values: &BTreeMap<Arc<str>, Value>| {
            values.iter().map(|(name, value)| (Arc::clone(name), to_json(value))).collect()
        };
        let record = Record {
            version: 1,
            kind: Arc::clone(&declared.kind),
            arguments: jsons(&declared.arguments),
            given: jsons(given),
        };
        let bytes = serde_json::to_vec_pretty(&record)
            .map_err(|error| fault("Cannot write", format!("{error}.")))?;
        self.write_data("backend.json", &bytes)
    }

    /// Takes note of a backend that is in use, as `init` does: where the configuration says another
    /// one later, the state is not left behind without a word.
    pub(super) fn note_backend(&self, setup: &Setup) {
        let is_own =
            setup.state.is_some() || (setup.sandbox.is_some() && !self.is_kept_in_a_file());
        // A file in the usual place is found without a note.
        if is_own || self.config.settings.backend.is_none() || !matches!(self.record(), Ok(None)) {
            return;
        }
        let given = BTreeMap::new();
        // Where nothing can be written, such as in a checkout of others, it goes without.
        let _best_effort = self.write_record(&self.declared(&given), &given);
    }

    /// Reads one `-backend-config`: `name=value`, or a file of such lines.
    fn give_backend(
        &self,
        kind: &str,
        text: &str,
        given: &mut BTreeMap<Arc<str>, Value>,
    ) -> Result<(), Diagnostic> {
        let known: Vec<&str> = config::backend_arguments(kind).collect();
        let mut take = |name: &str, value: Value| {
            if !known.contains(&name) {
                let hint = did_you_mean(name, known.iter().copied());
                let detail = format!("The backend {kind:?} has no argument {name:?}.{hint}");
                return Err(fault("Invalid -backend-config", detail));
            }
            given.insert(name.into(), value);
            Ok(())
        };
        if let Some((name, value)) = text.split_once('=') {
            return take(name.trim(), Value::from(value.trim()));
        }
        let path = self.dir.join(text);
        let content = std::fs::read_to_string(&path).map_err(|error| {
            let detail = format!(
                "{text:?} is neither `name=value` nor a file that can be read ({}: {error}).",
                path.display()
            );
            fault("Invalid -backend-config", detail)
        })?;
        let mut sources = crate::diag::Sources::default();
        let mut faults = Vec::new();
        let file = sources.add(text, content.as_str());
        let values = config::parse_values(&mut sources, file, &mut faults);
        if let Some(first) = faults.into_iter().next() {
            let detail = format!("{text}: {}", first.detail);
            return Err(fault("Invalid -backend-config", detail));
        }
        for attribute in values {
            let config::ExprKind::Literal(value) = attribute.expr.kind else {
                let detail = format!("{text}: {:?} must be written out.", attribute.name.text);
                return Err(fault("Invalid -backend-config", detail));
            };
            take(&attribute.name.text, value)?;
        }
        Ok(())
    }

    /// Copies the states of all workspaces from one backend to another. The old ones stay.
    async fn migrate(
        &self,
        (before, after): (&Declared, &Declared),
        init: &Init,
        setup: &Setup,
        reporter: &mut dyn Reporter,
        decided: &dyn Fn(),
    ) -> Result<Initialised, Diagnostic> {
        let old = self.backend_of(before, DEFAULT_WORKSPACE, setup)?;
        let new = self.backend_of(after, DEFAULT_WORKSPACE, setup)?;
        let mut workspaces = vec![DEFAULT_WORKSPACE.to_owned()];
        workspaces.extend(old.workspaces().await.map_err(|error| told(&error))?);
        let mut pairs = Vec::with_capacity(workspaces.len());
        for workspace in workspaces {
            let from = self.backend_of(before, &workspace, setup)?;
            pairs.push((from, self.backend_of(after, &workspace, setup)?, workspace));
        }
        let workspaces =
            migration::copy_all(&pairs, init.force_copy, setup, reporter, decided).await?;
        Ok(Initialised::Migrated { from: old.place(), to: new.place(), workspaces })
    }
}

fn values_of(jsons: &BTreeMap<Arc<str>, Json>) -> BTreeMap<Arc<str>, Value> {
    let pairs = jsons.iter();
    pairs.filter_map(|(name, json)| Some((Arc::clone(name), from_json(json)?))).collect()
}

fn recorded(record: &Record) -> Declared {
    Declared { kind: Arc::clone(&record.kind), arguments: values_of(&record.arguments) }
}

fn given_of(record: &Record) -> BTreeMap<Arc<str>, Value> {
    values_of(&record.given)
}

/// The state file of a workspace, given that of the default one.
fn in_workspace(path: &Path, workspace: &str) -> PathBuf {
    if workspace == DEFAULT_WORKSPACE {
        return path.to_owned();
    }
    crate::state::workspaces_of(path).join(workspace).join(path.file_name().unwrap_or_default())
}
