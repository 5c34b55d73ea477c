//! A directory's configuration, parsed and put in order.

use super::{VERSION, backend, modules, version};
use crate::addr::{Mode, ResourceAddr};
use crate::config::{self, Config, load};
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources};
use crate::eval::functions::Host;
use crate::eval::{self, Edge, Given, GivenValue, Node, Origin, Tree};
use crate::graph;
use crate::provider::aws;
use crate::report::Silence;
use crate::resource;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a command is asked to work on.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The directory of the configuration, as the user named it.
    pub dir: PathBuf,
    /// The current directory, for `path.cwd`.
    pub cwd: PathBuf,
    /// The home directory, for `pathexpand`.
    pub home: Option<PathBuf>,
    /// When the run began, for `timestamp`.
    pub now: Timestamp,
    /// What the run's random values come from, for `uuid` and `bcrypt`.
    pub seed: [u8; 16],
    /// `SEALFORM_WORKSPACE`: the workspace, in the place of the one that was selected.
    pub workspace: Option<String>,
    /// `SEALFORM_VAR_name` in the environment: name and text.
    pub environment: Vec<(String, String)>,
    /// The names for which there is a `TF_VAR_name` in the environment, which is not read.
    pub terraform: Vec<String>,
    /// Whether Terraform would read values from a file in the directory, which is not read.
    pub tfvars: bool,
    /// `--var` and `--var-file`, in the order of the command line.
    pub variables: Vec<VariableSource>,
}

/// A flag that gives values to variables.
#[derive(Clone, Debug)]
pub enum VariableSource {
    /// `--var name=text`.
    Flag(String),
    /// `--var-file path`.
    File(PathBuf),
}

/// A directory's configuration, parsed and put in order.
#[derive(Debug)]
pub struct Project {
    /// Every text that was read.
    pub sources: Sources,
    /// What the files declare.
    pub config: Config,
    /// Everything that has a value.
    pub nodes: Vec<Node>,
    /// Who needs whom.
    pub edges: Vec<Edge>,
    /// What is needed first.
    pub order: Vec<Node>,
    /// Which blocks each block refers to.
    pub dependencies: BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>>,
    /// The values of variables from outside, of higher precedence last.
    pub given: Vec<Given>,
    /// The directory of the configuration.
    pub dir: PathBuf,
    /// The current directory.
    pub cwd: PathBuf,
    /// The workspace that is meant.
    pub workspace: Arc<str>,
    /// What functions may ask of the run.
    pub host: Host,
}

impl Project {
    /// Reads a directory. Whatever is wrong with any file is reported; what could be read is there
    /// all the same, so that its faults are told too.
    pub fn load(request: &Request, diagnostics: &mut Diagnostics) -> Self {
        let mut sources = Sources::default();
        let files = load::directory(&request.dir, &mut sources, diagnostics);
        let config = config::parse(&sources, &files.config, &is_block, diagnostics);
        let (dirs, host) = ((&*request.dir, &*request.cwd), host_of(request));
        let mut project = Self::of(config, sources, dirs, host, diagnostics);
        project.give(request, &files, diagnostics);
        project
    }

    /// Reads a directory for where its state is, and which providers there are. What is wrong with the
    /// rest is no obstacle and is not told, nor is it that there is no configuration.
    pub fn load_for_state(request: &Request, diagnostics: &mut Diagnostics) -> Self {
        let mut sources = Sources::default();
        let mut found = Diagnostics::new();
        let files = load::directory(&request.dir, &mut sources, &mut found);
        found.retain(|fault| fault.summary != load::NO_CONFIGURATION);
        // What cannot be read may say it.
        let unread = found.len();
        let config = config::parse(&sources, &files.config, &is_block, &mut found);
        let Config { settings, providers, hidden, .. } = config;
        let doubts = &settings.doubts;
        let is_in_doubt = |fault: &Diagnostic| fault.subject.is_some_and(|at| doubts.contains(&at));
        let told = found.into_iter().enumerate();
        let told = told.filter(|(at, fault)| *at < unread || is_in_doubt(fault));
        diagnostics.extend(told.map(|(_, fault)| fault));
        let config = Config { settings, providers, hidden, ..Config::default() };
        let (dirs, host) = ((&*request.dir, &*request.cwd), host_of(request));
        Self::of(config, sources, dirs, host, &mut Diagnostics::new())
    }

    /// A project of a directory whose configuration does not matter.
    pub fn bare(request: &Request) -> Self {
        let dirs = (request.dir.as_path(), request.cwd.as_path());
        let host = Host::new(request.now, request.seed);
        Self::of(Config::default(), Sources::default(), dirs, host, &mut Diagnostics::new())
    }

    /// Reads the module in the directory `name`, relative to that of this configuration, as a
    /// configuration by itself, which is given no values of variables. Its texts go to `sources`.
    ///
    /// # Errors
    /// Says why there is none: a sentence.
    pub(super) fn load_module(
        &self,
        name: &str,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self, String> {
        let dir = self.dir.join(name);
        let found = load::module(&dir, &modules::joined(".", name), sources, diagnostics)?;
        let config = config::parse(sources, &found.config, &is_block, diagnostics);
        let all = std::mem::take(sources);
        let mut project = Self::of(config, all, (&dir, &self.cwd), self.host.anew(), diagnostics);
        *sources = std::mem::take(&mut project.sources);
        Ok(project)
    }

    /// Reads what a configuration in `dir` calls, and puts it all in order.
    fn of(
        mut config: Config,
        mut sources: Sources,
        (dir, cwd): (&Path, &Path),
        host: Host,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        config.dir = ".".into();
        modules::load(&mut config, dir, &mut sources, diagnostics);
        check_version(&config, diagnostics);
        let tree = Tree::new(&config, diagnostics);
        for module in tree.modules().filter(|module| module.call.is_some()) {
            check_version(module.config, diagnostics);
            for suppress in module.config.suppressions.values() {
                let detail = "A block `suppress` stands in the root module, whose people read the \
                              reports. Move it there; what is in a module is named as \
                              `module.NAME`, or by the names of its buckets.";
                diagnostics.push(Diagnostic::error("Misplaced block", detail).at(suppress.header));
            }
            for notify in module.config.notifications.values() {
                let detail = "A block `notify` stands in the root module: it tells of whole runs.";
                diagnostics.push(Diagnostic::error("Misplaced block", detail).at(notify.header));
            }
        }
        // From here on nothing that is drawn shows it.
        sources.hide(tree.modules().flat_map(|module| module.config.hidden.iter().copied()));
        let (nodes, edges) = eval::dependencies(&tree, diagnostics);
        let order = graph::order(&nodes, &edges, diagnostics);
        let dependencies = graph::resource_dependencies(&order, &edges);
        Self {
            sources,
            config,
            nodes,
            edges,
            order,
            dependencies,
            given: Vec::new(),
            dir: dir.to_owned(),
            cwd: cwd.to_owned(),
            workspace: host.workspace().into(),
            host,
        }
    }

    /// Points a fault at the attribute of the file that it is about, where it tells which that is.
    pub fn locate(&self, fault: &mut Diagnostic) {
        let (Some(address), Some(attribute)) = (&fault.address, &fault.attribute) else { return };
        if let Some(block) = self.config.block(&address.resource) {
            let place = eval::span_of(&block.body, attribute);
            fault.subject = fault.subject.or(Some(place.unwrap_or(block.header)));
        }
    }

    /// What silences known drift.
    pub fn silences(&self) -> Vec<Silence> {
        let blocks = self.config.suppressions.values();
        blocks
            .map(|block| Silence {
                name: Arc::clone(&block.name.text),
                addresses: block.addresses.clone(),
                buckets: block.buckets.clone(),
                attributes: block.attributes.clone(),
                reason: Arc::clone(&block.reason),
                expires: block.expires,
                span: block.header,
            })
            .collect()
    }

    /// Collects the values of variables, of the lowest precedence first.
    fn give(&mut self, request: &Request, files: &load::Directory, diagnostics: &mut Diagnostics) {
        for (name, text) in &request.environment {
            let shown = format!("SEALFORM_VAR_{name}");
            self.give_text(name, text, Origin::Environment, &shown, diagnostics);
        }
        for file in &files.values {
            self.give_file(*file, diagnostics);
        }
        for source in &request.variables {
            match source {
                VariableSource::File(path) => {
                    // As in Terraform, the path is relative to the directory of the configuration.
                    let shown = path.display().to_string();
                    let path = self.dir.join(path);
                    let file = load::file(&path, &shown, &mut self.sources, diagnostics);
                    if let Some(file) = file {
                        self.give_file(file, diagnostics);
                    }
                }
                VariableSource::Flag(text) => match text.split_once('=') {
                    Some((name, value)) => {
                        let shown = format!("--var {name}");
                        self.give_text(name.trim(), value, Origin::Flag, &shown, diagnostics);
                    }
                    None => diagnostics.push(Diagnostic::error(
                        "Invalid --var",
                        format!("{text:?} has no `=`. Write `--var name=value`."),
                    )),
                },
            }
        }
        self.hide_values();
        diagnostics.extend(self.not_read(request));
    }

    /// Warns of values that Terraform would read, for variables that are given none.
    fn not_read(&self, request: &Request) -> Option<Diagnostic> {
        let is_given = |name: &str| self.given.iter().any(|given| *given.name == *name);
        let declared = &self.config.variables;
        let mut names: Vec<&String> = request.terraform.iter().collect();
        names.retain(|name| declared.contains_key(name.as_str()) && !is_given(name));
        names.sort();
        let detail = match names.as_slice() {
            [name, more @ ..] => {
                let and = match more.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!(
                    "TF_VAR_{name}{and} in the environment is not read: what is meant for Sealform \
                     is named SEALFORM_VAR_{name}."
                )
            }
            [] => {
                let missing = |(name, variable): (&Arc<str>, &config::Variable)| {
                    variable.default.is_none() && !is_given(name)
                };
                let misses = request.tfvars && declared.iter().any(missing);
                misses.then(|| {
                    "terraform.tfvars is not read: name it in `-var-file`, or call it \
                     sealform.sealvars.hcl."
                        .to_owned()
                })?
            }
        };
        Some(Diagnostic::warning("Values of Terraform's", detail))
    }

    /// Has nothing show what a file gives to a sensitive variable, or to one that is not declared: it
    /// may be sensitive under the name that was meant.
    fn hide_values(&mut self) {
        let variables = &self.config.variables;
        let is_open = |name: &str| variables.get(name).is_some_and(|it| !it.sensitive);
        let secret = self.given.iter().filter(|it| !is_open(&it.name));
        let secret = secret.filter_map(|it| match (it.origin, &it.value) {
            (Origin::File, GivenValue::Expr(expr)) => Some(expr.span),
            (Origin::File | Origin::Environment | Origin::Flag | Origin::Test, _) => None,
        });
        self.sources.hide(secret.collect::<Vec<_>>());
    }

    fn give_file(&mut self, file: FileId, diagnostics: &mut Diagnostics) {
        let before = diagnostics.len();
        let mut values = config::parse_values(&mut self.sources, file, diagnostics);
        // Where a fault hides what is a name and what is a value, a name that nothing declares may be
        // the piece of a secret.
        if diagnostics.len() > before {
            values.retain(|it| self.config.variables.contains_key(&it.name.text));
        }
        self.given.extend(values.into_iter().map(|attribute| Given {
            name: attribute.name.text,
            origin: Origin::File,
            value: GivenValue::Expr(attribute.expr),
        }));
    }

    /// Takes text for a variable: the value itself where the variable's type is primitive, an
    /// expression elsewhere.
    fn give_text(
        &mut self,
        name: &str,
        text: &str,
        origin: Origin,
        shown: &str,
        diagnostics: &mut Diagnostics,
    ) {
        use crate::value::Type;
        let is_text = self.config.variables.get(name).is_none_or(|variable| {
            variable.untyped || matches!(variable.ty, Type::Bool | Type::Number | Type::String)
        });
        let value = if is_text {
            GivenValue::Text(Arc::from(text))
        } else {
            let file = self.sources.add(shown, text);
            let sensitive = self.config.variables.get(name).is_some_and(|it| it.sensitive);
            match config::parse_value(&mut self.sources, file, sensitive, diagnostics) {
                Some(expr) => GivenValue::Expr(expr),
                None => return,
            }
        };
        self.given.push(Given { name: Arc::from(name), origin, value });
    }
}

/// What functions may ask of a run.
fn host_of(request: &Request) -> Host {
    let home = request.home.as_ref().map(|home| home.display().to_string());
    let host = Host::new(request.now, request.seed).within(request.cwd.display().to_string(), home);
    host.in_workspace(&match &request.workspace {
        Some(name) => name.as_str().into(),
        None => backend::selected(&request.dir),
    })
}

/// Whether a schema has a block at a path such as `["resource", type, "rule"]`.
pub(super) fn is_block(path: &[&str]) -> bool {
    let [kind, name, first, rest @ ..] = path else { return false };
    let schema = match *kind {
        "resource" => resource::schema(Mode::Managed, name),
        "data" => resource::schema(Mode::Data, name),
        "provider" if *name == "aws" => Some(&aws::SCHEMA),
        _ => None,
    };
    let block = schema.and_then(|schema| schema.block(first));
    rest.iter().fold(block, |block, name| block?.schema.block(name)).is_some()
}

/// Refuses a configuration that asks for another version of this tool.
fn check_version(config: &Config, diagnostics: &mut Diagnostics) {
    let Some((constraint, span)) = &config.settings.required_version else { return };
    match version::meets(VERSION, constraint) {
        Ok(true) => {}
        Ok(false) => diagnostics.push(
            Diagnostic::error(
                "Unsuitable version",
                format!(
                    "The configuration asks for Sealform {constraint}, and this is {VERSION}. \
                     Install another version, or change `required_version`."
                ),
            )
            .at(*span),
        ),
        Err(part) => diagnostics.push(
            Diagnostic::error(
                "Invalid version constraint",
                format!(
                    "{part:?} is no constraint. Write for example `>= 0.1, < 2.0` or `~> 1.2`."
                ),
            )
            .at(*span),
        ),
    }
}
