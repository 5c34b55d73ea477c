//! Reading the files of a directory. The only place where the configuration is read.
#![expect(clippy::disallowed_methods, reason = "this is where the configuration is read")]

use crate::diag::{Diagnostic, Diagnostics, FileId, Sources};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the name of a configuration file ends with, in the native syntax and in JSON.
const CONFIG_SUFFIXES: [&str; 2] = [".seal.hcl", ".seal.hcl.json"];
/// The files of variable values that are read wherever they lie beside the configuration.
const VALUES_FILES: [&str; 2] = ["sealform.sealvars.hcl", "sealform.sealvars.json"];
/// What the name of a file of variable values ends with that is read without being named.
const AUTO_VALUES_SUFFIXES: [&str; 2] = [".auto.sealvars.hcl", ".auto.sealvars.json"];
/// What the name of a file of tests ends with, in the native syntax and in JSON.
const TEST_SUFFIXES: [&str; 2] = [".sealtest.hcl", ".sealtest.hcl.json"];

/// The summary of what is told of a directory without configuration files.
pub const NO_CONFIGURATION: &str = "No configuration";

/// The largest file that is read; spans count bytes in 32 bits, and nobody writes more by hand.
const MAX_BYTES: u64 = 1 << 30;

/// The files of one directory, each list in the order of names.
#[derive(Debug, Default)]
pub struct Directory {
    /// `*.seal.hcl` and `*.seal.hcl.json`.
    pub config: Vec<FileId>,
    /// `sealform.sealvars.hcl`, `sealform.sealvars.json`, then `*.auto.sealvars.hcl` and
    /// `*.auto.sealvars.json`.
    pub values: Vec<FileId>,
}

/// Reads the configuration and the values of a directory. Names in messages are relative to it.
pub fn directory(dir: &Path, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Directory {
    let mut found = Directory::default();
    let names = match list(dir) {
        Ok(names) => names,
        Err(error) => {
            let detail = match error.kind() {
                io::ErrorKind::NotFound => {
                    format!("There is no directory {}. Check --chdir.", dir.display())
                }
                _ => format!("{}: {error}.", dir.display()),
            };
            diagnostics.push(Diagnostic::error("Cannot read the directory", detail));
            return found;
        }
    };
    for name in names.iter().filter(|name| is_config(name)) {
        found.config.extend(listed(dir, name, name, sources, diagnostics));
    }
    let first = VALUES_FILES.iter().filter_map(|first| names.iter().find(|name| name == first));
    let is_auto = |name: &&String| AUTO_VALUES_SUFFIXES.iter().any(|end| name.ends_with(end));
    for name in first.chain(names.iter().filter(is_auto)) {
        found.values.extend(listed(dir, name, name, sources, diagnostics));
    }
    if found.config.is_empty() && diagnostics.is_empty() {
        let terraform = names
            .iter()
            .any(|name| Path::new(name).extension().is_some_and(|extension| extension == "tf"));
        let hint = if terraform {
            " It has `*.tf` files: a resource block for a bucket's encryption can be copied over \
             into a `*.seal.hcl` file unchanged."
        } else {
            ""
        };
        diagnostics.push(Diagnostic::error(
            NO_CONFIGURATION,
            format!(
                "{} has no {}.{hint} To start from one, run `sealform init`; `--chdir DIR` works in \
                 another directory.",
                display(dir),
                config_names(),
            ),
        ));
    }
    found
}

/// The directory of a called module: its files, and what tells it from every other directory.
#[derive(Debug)]
pub struct ModuleDirectory {
    /// The one way of naming the directory.
    pub canonical: PathBuf,
    /// `*.seal.hcl`.
    pub config: Vec<FileId>,
}

/// Reads the configuration of a called module, whose directory is known to the user as `name`.
///
/// # Errors
/// Says why there is none: a sentence.
pub fn module(
    dir: &Path,
    name: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<ModuleDirectory, String> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("There is no directory {name}."),
        _ => format!("{name}: {error}."),
    };
    let canonical = fs::canonicalize(dir).map_err(told)?;
    let names = list(dir).map_err(told)?;
    let mut config = Vec::new();
    for file_name in names.iter().filter(|name| is_config(name)) {
        let shown = format!("{name}/{file_name}");
        config.extend(listed(dir, file_name, &shown, sources, diagnostics));
    }
    if config.is_empty() {
        return Err(format!("The directory {name} has no {}.", config_names()));
    }
    Ok(ModuleDirectory { canonical, config })
}

/// Reads the tests in a directory and in the directory `tests` within it, in the order of names.
pub fn tests(
    dir: &Path,
    tests: &Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<FileId> {
    let mut names = Vec::new();
    let places = [(None, dir.to_owned()), (Some(tests), dir.join(tests))];
    let is_same = canonical(dir) == canonical(&dir.join(tests));
    for (within, at) in places.into_iter().take(if is_same { 1 } else { 2 }) {
        // Where there is no directory of tests, there are none.
        let found = list(&at).unwrap_or_default();
        let is_test = |name: &String| TEST_SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
        names.extend(found.into_iter().filter(is_test).map(|name| match within {
            None => name,
            Some(within) => within.join(name).display().to_string(),
        }));
    }
    names.sort();
    names.iter().filter_map(|name| listed(dir, name, name, sources, diagnostics)).collect()
}

/// The one way of naming a directory; the name itself where it has none.
pub fn canonical(dir: &Path) -> PathBuf {
    fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned())
}

/// Whether the directory holds a configuration.
pub fn has_config(dir: &Path) -> io::Result<bool> {
    Ok(list(dir)?.iter().any(|name| is_config(name)))
}

/// What configuration files are called, for messages.
fn config_names() -> String {
    format!("{} file", CONFIG_SUFFIXES.map(|suffix| format!("`*{suffix}`")).join(" or "))
}

fn is_config(name: &str) -> bool {
    CONFIG_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

fn display(dir: &Path) -> String {
    if dir == Path::new(".") {
        "This directory".to_owned()
    } else {
        format!("The directory {}", dir.display())
    }
}

/// The names of what is no directory in a directory, in order; hidden ones and editors' backups left
/// out.
fn list(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') || name.starts_with('#');
        if !hidden && !name.ends_with('~') && !entry.path().is_dir() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Reads a file that was found by its name in a directory. Something else of such a name is told: it
/// is there for a reason, and a pipe would be waited for without end.
fn listed(
    dir: &Path,
    name: &str,
    shown: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<FileId> {
    let path = dir.join(name);
    let what = match fs::metadata(&path) {
        Ok(about) if !about.is_file() => "is a pipe, a socket or a device, and no file",
        Err(error) if error.kind() == io::ErrorKind::NotFound => "is a link that leads nowhere",
        Ok(_) | Err(_) => return file(&path, shown, sources, diagnostics),
    };
    let detail = format!("{shown} {what}. Remove it, or give it another name.");
    diagnostics.push(Diagnostic::error("Cannot read the file", detail));
    None
}

/// Reads one file under the name that the user knows it by.
pub fn file(
    path: &Path,
    name: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<FileId> {
    let text = text(path, name, diagnostics)?;
    // A byte order mark is white space to people and an error to the parser.
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    Some(sources.add(name, text))
}

/// The text of one file as it is, under the name that the user knows it by.
pub fn text(path: &Path, name: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let fault = |detail: String| Diagnostic::error("Cannot read the file", detail);
    let bytes = match fs::metadata(path)
        .and_then(|about| if about.len() > MAX_BYTES { Ok(None) } else { fs::read(path).map(Some) })
    {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            diagnostics.push(fault(format!("{name} is larger than 1 GiB.")));
            return None;
        }
        Err(error) => {
            diagnostics.push(fault(match error.kind() {
                io::ErrorKind::NotFound => format!("There is no file {name}."),
                _ => format!("{name}: {error}."),
            }));
            return None;
        }
    };
    utf8(bytes, name, diagnostics)
}

/// The text that bytes are, which came from what the user knows by this name.
pub fn utf8(bytes: Vec<u8>, name: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1;
            diagnostics.push(Diagnostic::error(
                "Invalid UTF-8",
                format!(
                    "{name}, line {line}: byte {at} of the file does not belong to any character. \
                     Save the file as UTF-8."
                ),
            ));
            None
        }
    }
}

/// Reads a file that the configuration names with `file(…)`, relative to its directory.
pub fn read_relative(dir: &Path, name: &str) -> Result<Vec<u8>, String> {
    let path: PathBuf = dir.join(name);
    match fs::metadata(&path) {
        Ok(about) if about.len() > MAX_BYTES => Err(format!("{name:?} is larger than 1 GiB")),
        Ok(about) if about.is_dir() => Err(format!("{name:?} is a directory")),
        Ok(_) => fs::read(&path).map_err(|error| format!("{name:?}: {error}")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("there is no file {name:?}"))
        }
        Err(error) => Err(format!("{name:?}: {error}")),
    }
}

/// What is at a path that the configuration names, links followed, and whether it is there at all.
pub fn look_relative(dir: &Path, name: &str) -> io::Result<Option<fs::FileType>> {
    let path = dir.join(name);
    match fs::metadata(&path) {
        Ok(about) => Ok(Some(about.file_type())),
        // A link that leads nowhere is there, too.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(fs::symlink_metadata(&path).ok().map(|about| about.file_type()))
        }
        Err(error) => Err(error),
    }
}

/// The names in a directory that the configuration names, in order; those that are no Unicode are
/// left out.
pub fn list_relative(dir: &Path, name: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir.join(name))? {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// The one path of a directory, by whatever path the configuration names it.
pub fn identity_relative(dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(name);
    path.canonicalize().unwrap_or(path)
}
