//! Files to a typed [`Config`], every node with its span.
//!
//! Owns reading the files, parsing them, in the native syntax and in JSON, and the language's own
//! blocks (`variable`, `locals`, `output`, `provider`, `resource`, `data`, `module`, `check`,
//! `moved`, `removed`, `import`, `suppress`, `notify`, `sealform`). It reports every fault of every
//! file, evaluates nothing, and does not know the attributes of any provider or resource type. The
//! grammars live in `syntax` and `json`; files are read in `load` only, and written in `files` only,
//! when `format` has put them in form.

mod context;
mod decode;
mod expr;
pub mod files;
pub mod format;
mod json;
pub mod language;
pub mod load;
mod secret;
pub mod syntax;
mod testing;
mod types;
pub(crate) mod unknown;

pub use self::context::with_contexts;
pub(crate) use self::decode::backend_arguments;
pub use self::expr::{
    Attribute, BinaryOp, Block, Body, Call, Expr, ExprKind, For, ForPart, IfPart, Name, Part,
    UnaryOp,
};
pub use self::testing::{Expected, TestCommand, TestFile, TestOptions, TestRun};

use self::secret::Secrets;
use crate::addr::{AttrPath, ResourceAddr, Target};
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span};
use crate::value::{Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What the files of one module declare: of the root module, whose calls lead to the others.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The module's directory, relative to that of the root module and written with `/`; `.` for
    /// the root module itself.
    pub dir: Arc<str>,
    /// The `sealform` block.
    pub settings: Settings,
    /// The `provider` blocks by address: `aws`, `aws.eu`.
    pub providers: BTreeMap<Arc<str>, Provider>,
    /// The `variable` blocks.
    pub variables: BTreeMap<Arc<str>, Variable>,
    /// The entries of all `locals` blocks.
    pub locals: BTreeMap<Arc<str>, Attribute>,
    /// The `output` blocks.
    pub outputs: BTreeMap<Arc<str>, Output>,
    /// The `resource` and `data` blocks, by addresses within this module.
    pub resources: BTreeMap<ResourceAddr, Resource>,
    /// The `module` blocks.
    pub modules: BTreeMap<Arc<str>, ModuleCall>,
    /// The `check` blocks.
    pub checks: BTreeMap<Arc<str>, Check>,
    /// The `moved` blocks.
    pub moved: Vec<Moved>,
    /// The `removed` blocks.
    pub removed: Vec<Removed>,
    /// The `import` blocks.
    pub imports: Vec<Import>,
    /// `suppress` blocks, by name.
    pub suppressions: BTreeMap<Arc<str>, Suppress>,
    /// `notify` blocks, by name.
    pub notifications: BTreeMap<Arc<str>, Notify>,
    /// Where something is written out that nobody may be shown.
    pub hidden: Vec<Span>,
    /// Names that stand in what syntax errors have damaged, as if they were declared there. Whether
    /// they are is not known, so that nobody is told they are not.
    pub lost: BTreeSet<Arc<str>>,
}

/// A `notify` block. Which words `format`, `on` and `min_severity` may be is not known here.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Its label.
    pub name: Name,
    /// What begins it.
    pub header: Span,
    /// Where messages go. Nothing of its value may be shown.
    pub url: Expr,
    /// What goes along with each message, which may not be shown either.
    pub headers: Option<Expr>,
    /// In which shape messages are.
    pub format: Option<(Arc<str>, Span)>,
    /// What they tell of.
    pub on: Option<Vec<(Arc<str>, Span)>>,
    /// How bad drift must be.
    pub min_severity: Option<(Arc<str>, Span)>,
    /// How long sending one may take in all.
    pub timeout: Option<Duration>,
}

/// A `suppress` block.
#[derive(Clone, Debug)]
pub struct Suppress {
    /// Its label.
    pub name: Name,
    /// What begins it.
    pub header: Span,
    /// Instances, blocks and modules that it is about.
    pub addresses: Vec<Target>,
    /// Patterns of names of buckets that it is about.
    pub buckets: Vec<Arc<str>>,
    /// Attributes that it is about; all where there are none.
    pub attributes: Vec<AttrPath>,
    /// Why.
    pub reason: Arc<str>,
    /// The last day on which it holds.
    pub expires: Option<jiff::civil::Date>,
}

impl Config {
    /// The block that an address is an instance of, in this module or in one that it calls.
    pub fn block(&self, addr: &ResourceAddr) -> Option<&Resource> {
        if addr.module.is_empty() {
            return self.resources.get(addr);
        }
        let mut config = self;
        for step in &*addr.module {
            config = &config.modules.get(&step.name)?.config;
        }
        config.resources.get(&addr.within_module())
    }
}

/// A `module` block: a call of the module in another directory.
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// Its name.
    pub name: Name,
    /// Its kind and label.
    pub header: Span,
    /// `source`: the directory, relative to that of the calling module.
    pub source: (Arc<str>, Span),
    /// How many instances it has.
    pub repeat: Repeat,
    /// `providers`: the names that the called module knows providers by, and the caller's names.
    pub providers: Vec<(Name, Name)>,
    /// `depends_on`.
    pub depends_on: Vec<Expr>,
    /// The values of the module's variables.
    pub arguments: Vec<Attribute>,
    /// What the called module declares; empty where it could not be read.
    pub config: Arc<Config>,
}

/// A `check` block.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name.
    pub name: Name,
    /// What must hold.
    pub asserts: Vec<Condition>,
}

/// Something that must hold: a `validation`, `precondition`, `postcondition` or `assert` block.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What must hold.
    pub condition: Expr,
    /// What to say where it does not.
    pub error_message: Expr,
}

/// A `moved` block.
#[derive(Clone, Debug)]
pub struct Moved {
    /// What it was called, within this module.
    pub from: Target,
    /// What it is called now, within this module.
    pub to: Target,
    /// The block.
    pub span: Span,
}

/// A `removed` block.
#[derive(Clone, Debug)]
pub struct Removed {
    /// What is not declared any more, within this module.
    pub from: Target,
    /// Whether it is reset, or only forgotten.
    pub destroy: bool,
    /// The `from`.
    pub span: Span,
}

/// An `import` block.
#[derive(Clone, Debug)]
pub struct Import {
    /// The address that takes the object: an expression whose indexes are evaluated.
    pub to: Expr,
    /// What names the live object: the bucket's name.
    pub id: Expr,
    /// `for_each`.
    pub for_each: Option<Expr>,
}

/// The `sealform` block.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `required_version`: constraints on the version of this tool.
    pub required_version: Option<(Arc<str>, Span)>,
    /// The `backend` block.
    pub backend: Option<Backend>,
    /// Where something is wrong with what says where the state is, or may be meant to.
    pub doubts: BTreeSet<Span>,
}

/// The `backend` block of `sealform`.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its kind: `local` or `s3`.
    pub kind: Name,
    /// What it is given, by name. Nothing of it refers to anything.
    pub arguments: BTreeMap<Arc<str>, BackendArgument>,
}

/// An argument of a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendArgument {
    /// Its value.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

/// A `provider` block.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name: `aws`.
    pub name: Name,
    /// `alias`.
    pub alias: Option<Name>,
    /// The rest of its attributes and blocks.
    pub body: Body,
}

/// A `variable` block.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Name,
    /// What a value must be.
    pub ty: Type,
    /// No `type` is declared: text from the environment or a flag is the value itself.
    pub untyped: bool,
    /// The value where none is given.
    pub default: Option<Expr>,
    /// What it is for.
    pub description: Option<Arc<str>>,
    /// Its value is never shown.
    pub sensitive: bool,
    /// It may be null; true where nothing is said.
    pub nullable: bool,
    /// What must hold of a value.
    pub validations: Vec<Condition>,
    /// Something in the block is wrong, and was told: that a value is missing may come of it.
    pub faulty: bool,
}

/// An `output` block.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// What it is for.
    pub description: Option<Arc<str>>,
    /// Its value is never shown.
    pub sensitive: bool,
    /// What must be done first.
    pub depends_on: Vec<Expr>,
    /// What must hold before it is evaluated.
    pub preconditions: Vec<Condition>,
}

/// A `resource` or `data` block.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its address.
    pub addr: ResourceAddr,
    /// Its kind and labels.
    pub header: Span,
    /// How many instances it has.
    pub repeat: Repeat,
    /// `provider`: the address of the provider, such as `aws.eu`; the default one is `aws`.
    pub provider: Option<Name>,
    /// `depends_on`.
    pub depends_on: Vec<Expr>,
    /// The `lifecycle` block.
    pub lifecycle: Lifecycle,
    /// `timeouts`.
    pub timeouts: Timeouts,
    /// The rest of its attributes and blocks.
    pub body: Body,
}

/// How many instances a resource has.
#[derive(Clone, Debug)]
pub enum Repeat {
    /// One.
    One,
    /// `count`.
    Count(Expr),
    /// `for_each`.
    ForEach(Expr),
}

/// The `lifecycle` block of a resource.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Neither resets nor forgets: `prevent_destroy`, or `on_destroy = "prevent"`.
    pub prevent_destroy: bool,
    /// `on_destroy = "forget"`: what would be reset is forgotten and stays as it is.
    pub forget_on_destroy: bool,
    /// What protects new data less needs no further word.
    pub allow_weakening: bool,
    /// A write may drop what this version does not know.
    pub allow_unknown_loss: bool,
    /// Attributes that are left as they are live.
    pub ignore_changes: IgnoreChanges,
    /// What must hold before an instance is evaluated.
    pub preconditions: Vec<Condition>,
    /// What must hold of an instance, which is called `self`.
    pub postconditions: Vec<Condition>,
}

/// The `timeouts` block of a resource: how long the service may take to show what was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// For the first write.
    pub create: Option<Duration>,
    /// For every other.
    pub update: Option<Duration>,
    /// For a reset.
    pub delete: Option<Duration>,
}

/// `ignore_changes`.
#[derive(Clone, Debug)]
pub enum IgnoreChanges {
    /// `all`.
    All,
    /// These.
    Paths(Vec<(AttrPath, Span)>),
}

impl Default for IgnoreChanges {
    fn default() -> Self {
        Self::Paths(Vec::new())
    }
}

impl IgnoreChanges {
    /// Whether changes of the attribute at `path` are ignored.
    pub fn covers(&self, path: &AttrPath) -> bool {
        match self {
            Self::All => true,
            Self::Paths(paths) => paths.iter().any(|(ignored, _)| ignored.covers(path)),
        }
    }
}

/// Parses the files of one directory as one configuration; those named `*.json` in the JSON syntax.
///
/// `is_block` says whether the schemas have a block at a path such as `["resource", type, "rule"]`:
/// JSON alone does not tell an argument from a block.
pub fn parse(
    sources: &Sources,
    files: &[FileId],
    is_block: &dyn Fn(&[&str]) -> bool,
    diagnostics: &mut Diagnostics,
) -> Config {
    let mut config = Config::default();
    for file in files {
        let text = sources.text(*file);
        let (before, is_json) = (diagnostics.len(), is_json(sources, *file));
        let parsed = if is_json {
            json::parse(text, *file, language::BLOCKS, is_block, diagnostics)
        } else {
            syntax::parse_file(text, *file, diagnostics)
        };
        let told = diagnostics.len();
        // What was lost of such a file may be the very block.
        if text.contains("backend") {
            let faults = diagnostics.iter().skip(before).filter_map(|fault| fault.subject);
            config.settings.doubts.extend(faults);
        }
        decode::file(parsed.body, &mut config, diagnostics);
        if is_override(sources.name(*file)) {
            for fault in diagnostics.iter_mut().skip(told) {
                if fault.summary == decode::TWICE {
                    fault.detail += " Files are not laid over others here, whatever they are \
                                     called: let a variable say what differs.";
                }
            }
        }
        config.lost.extend(lost_names(text, &parsed.damaged));
        forget_followers(diagnostics, told, parsed.damaged);
        if let Some(faults) = diagnostics.get_mut(before..).filter(|_| told > before) {
            let pieces = secret::within(text, Secrets::Blocks, is_json);
            config.hidden.extend(secret::hide(text, *file, pieces, faults));
        }
    }
    decode::check_moves(&config.moved, diagnostics);
    config
}

/// Parses a file of variable values: attributes only. One named `*.json` is in the JSON syntax. Of a
/// text with faults no value is shown from then on: it does not tell which of them are secrets.
pub fn parse_values(
    sources: &mut Sources,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Vec<Attribute> {
    let (text, is_json) = (sources.shared_text(file), is_json(sources, file));
    let mut faults = Diagnostics::new();
    let (attributes, blocks) = if is_json {
        (json::parse_values(&text, file, &mut faults), Vec::new())
    } else {
        let body = syntax::parse_file(&text, file, &mut faults).body;
        (body.attributes, body.blocks)
    };
    if !faults.is_empty() {
        let pieces = secret::within(&text, Secrets::Values, is_json);
        sources.hide(secret::hide(&text, file, pieces, &mut faults));
    }
    diagnostics.append(&mut faults);
    for block in &blocks {
        diagnostics.push(
            Diagnostic::error(
                "Unexpected block",
                "A file of variable values holds `name = value` only. Blocks belong in a \
                 `*.seal.hcl` file.",
            )
            .at(block.header()),
        );
    }
    attributes
}

/// Keeps the faults of a text that is only formatted from showing what may be secret: in `notify`
/// blocks, and all values of a file for variables.
pub fn hide_secrets(sources: &mut Sources, file: FileId, faults: &mut [Diagnostic]) {
    let (text, name) = (sources.shared_text(file), sources.name(file));
    let of_values = match files::SUFFIXES.iter().find(|suffix| name.ends_with(**suffix)) {
        Some(suffix) => *suffix == files::VALUES_SUFFIX,
        None => secret::is_of_values(&text),
    };
    let secrets = if of_values { Secrets::Values } else { Secrets::Blocks };
    let pieces = secret::within(&text, secrets, false);
    sources.hide(secret::hide(&text, file, pieces, faults));
}

/// Whether Terraform would lay a file of this name over the others.
fn is_override(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = last.split('.').next().unwrap_or(last);
    stem == "override" || stem.ends_with("_override")
}

fn is_json(sources: &Sources, file: FileId) -> bool {
    sources.name(file).strip_suffix(".json").is_some()
}

/// Parses a file of tests; one named `*.json` in the JSON syntax.
pub fn parse_test(sources: &Sources, file: FileId, diagnostics: &mut Diagnostics) -> TestFile {
    let text = sources.text(file);
    let parsed = if is_json(sources, file) {
        json::parse(text, file, language::TEST_BLOCKS, &|_| false, diagnostics)
    } else {
        syntax::parse_file(text, file, diagnostics)
    };
    let told = diagnostics.len();
    let tests = decode::test_file(parsed.body, diagnostics);
    forget_followers(diagnostics, told, parsed.damaged);
    tests
}

/// Parses one expression that stands alone, such as a line of the console.
pub fn parse_expr(sources: &Sources, file: FileId, diagnostics: &mut Diagnostics) -> Option<Expr> {
    syntax::parse_expr(sources.text(file), file, diagnostics)
}

/// Parses the text that a flag or the environment gives to a variable. What is given to a `sensitive`
/// one is never shown.
pub fn parse_value(
    sources: &mut Sources,
    file: FileId,
    sensitive: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Expr> {
    let mut faults = Diagnostics::new();
    let value = parse_expr(sources, file, &mut faults);
    if sensitive {
        let text = sources.shared_text(file);
        let whole = 0..text.len();
        sources.hide(secret::hide(&text, file, vec![whole], &mut faults));
    }
    diagnostics.append(&mut faults);
    value
}

/// Parses a text that is one template as a whole, such as a file of `templatefile`: without quotes
/// around it, and without escapes but `$${` and `%%{`.
pub fn parse_template(
    sources: &Sources,
    file: FileId,
    diagnostics: &mut Diagnostics,
) -> Option<Expr> {
    syntax::parse_template(sources.text(file), file, diagnostics)
}

/// The names behind which `=` stands or, in quotes, `{`, in what syntax errors have damaged.
fn lost_names(text: &str, damaged: &[Span]) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    let mut spans: Vec<(u32, u32)> = damaged.iter().map(|span| (span.start, span.end)).collect();
    spans.sort_unstable();
    let mut done = 0;
    for (start, end) in spans {
        // Of spans within each other, each byte is read once.
        let start = start.max(done);
        done = done.max(end);
        let part = text.get(start as usize..end as usize).unwrap_or("");
        let mut name = None;
        for token in syntax::Lexer::new(part).filter(|token| !token.kind.is_trivia()) {
            use syntax::TokenKind as K;
            match token.kind {
                K::Ident | K::QuotedText => name = Some(token.text(part)),
                K::CloseQuote => {}
                K::Equal | K::OpenBrace => names.extend(name.take().map(Arc::from)),
                _ => name = None,
            }
        }
    }
    names
}

/// Drops the faults from `told` on that lie in what syntax errors have damaged: they follow from
/// what is told already.
fn forget_followers(diagnostics: &mut Diagnostics, told: usize, mut damaged: Vec<Span>) {
    if damaged.is_empty() {
        return;
    }
    // Of spans in order, the one with the furthest end decides whether a place is within any.
    damaged.sort();
    let mut furthest = 0;
    for span in &mut damaged {
        furthest = furthest.max(span.end);
        span.end = furthest;
    }
    let mut found = diagnostics.split_off(told);
    found.retain(|fault| {
        fault.subject.is_none_or(|place| {
            let before = damaged.partition_point(|span| span.start <= place.start);
            let around = before.checked_sub(1).and_then(|n| damaged.get(n));
            around.is_none_or(|span| span.end < place.end)
        })
    });
    diagnostics.append(&mut found);
}

/// Whether a file of this name is configuration, and not values of variables.
pub fn is_configuration(name: &str) -> bool {
    name.ends_with(".seal.hcl") || name.ends_with(".seal.hcl.json")
}

#[cfg(test)]
mod tests;
