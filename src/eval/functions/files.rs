//! Functions of files, which the caller provides, and of paths.

use super::glob::{Broken, Glob};
use super::{CallError, Context, FileKind, hash, nfc, text};
use crate::value::{Type, Value};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// Files and directories that one `fileset` looks at.
const MAX_ENTRIES: usize = 1_000_000;
/// Directories within each other that one `fileset` goes through.
const MAX_DEPTH: usize = 256;

fn one(args: &[Value]) -> Result<&str, CallError> {
    text(args.first().ok_or_else(CallError::misfit)?)
}

/// The content of the file that argument 0 names.
pub(super) fn read(args: &[Value], context: &Context<'_>) -> Result<Vec<u8>, CallError> {
    let path = expand(one(args)?, context)?;
    context.files.read(&path).map_err(|reason| {
        CallError::at(0, format!("cannot read {path:?}: {reason}")).hiding("cannot read the file")
    })
}

/// The same as text.
pub(super) fn read_text(args: &[Value], context: &Context<'_>) -> Result<String, CallError> {
    String::from_utf8(read(args, context)?).map_err(|_| {
        let instead = "use filebase64 for what is no text";
        let path = one(args).unwrap_or_default();
        CallError::at(0, format!("the content of {path:?} is not valid UTF-8; {instead}"))
            .hiding(format!("the content of the file is not valid UTF-8; {instead}"))
    })
}

/// The text of the template that argument 0 names; a byte order mark is no part of it.
pub(in crate::eval) fn template_text(
    args: &[Value],
    context: &Context<'_>,
) -> Result<String, CallError> {
    let text = read_text(args, context)?;
    Ok(super::normal(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }))
}

pub(super) fn file(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    read_text(args, context).map(nfc)
}

pub(super) fn filebase64(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    read(args, context).map(|bytes| hash::base64(&bytes))
}

pub(super) fn filebase64sha256(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    read(args, context).map(|bytes| hash::base64(&Sha256::digest(bytes)))
}

pub(super) fn filebase64sha512(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    read(args, context).map(|bytes| hash::base64(&Sha512::digest(bytes)))
}

pub(super) fn filemd5(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    read(args, context).map(|bytes| hash::hex(&Md5::digest(bytes)))
}

pub(super) fn filesha1(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    read(args, context).map(|bytes| hash::hex(&Sha1::digest(bytes)))
}

pub(super) fn filesha256(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    read(args, context).map(|bytes| hash::hex(&Sha256::digest(bytes)))
}

pub(super) fn filesha512(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    read(args, context).map(|bytes| hash::hex(&Sha512::digest(bytes)))
}

pub(super) fn fileexists(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    let path = expand(one(args)?, context)?;
    let fault = |what: &str| {
        CallError::at(0, format!("{path:?} {what}")).hiding(format!("the path {what}"))
    };
    match context
        .files
        .kind(&path)
        .map_err(|reason| fault(&format!("cannot be looked at: {reason}")))?
    {
        Some(FileKind::File) => Ok(Value::from(true)),
        Some(FileKind::BrokenLink) | None => Ok(Value::from(false)),
        Some(FileKind::Directory) => Err(fault("is a directory, not a file")),
        Some(FileKind::Other) => Err(fault("is not a regular file")),
    }
}

/// The steps of a path; nothing where it is the root or the directory itself.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|step| !step.is_empty())
}

/// The shortest path that means the same as long as no step is a link.
fn clean(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for step in steps(path) {
        match step {
            "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if absolute => {}
            step => kept.push(step),
        }
    }
    match (absolute, kept.is_empty()) {
        (true, _) => format!("/{}", kept.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => kept.join("/"),
    }
}

/// A `~` in front is the home directory.
fn expand(path: &str, context: &Context<'_>) -> Result<String, CallError> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(path.to_owned()) };
    if !rest.is_empty() && !rest.starts_with('/') {
        let message = "names the home of another user; only that of one's own, ~/…, is known";
        return Err(CallError::at(0, message));
    }
    let home = context.host.home.as_deref().ok_or_else(|| {
        CallError::at(0, "names the home directory, and this run has none: HOME is not set")
    })?;
    let joined = format!("{home}{rest}");
    Ok(if rest.is_empty() { joined } else { clean(&joined) })
}

pub(super) fn pathexpand(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    expand(one(args)?, context).map(nfc)
}

pub(super) fn abspath(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    let path = one(args)?;
    if path.starts_with('/') {
        return Ok(nfc(clean(path)));
    }
    let cwd = &context.host.cwd;
    if !cwd.starts_with('/') {
        return Err(CallError::new("the directory that the command was started in is not known"));
    }
    Ok(nfc(clean(&format!("{cwd}/{path}"))))
}

pub(super) fn basename(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let path = one(args)?;
    let whole = if path.starts_with('/') { "/" } else { "." };
    Ok(Value::from(steps(path).last().unwrap_or(whole)))
}

pub(super) fn dirname(args: &[Value], _: &Context<'_>) -> Result<Value, CallError> {
    let path = one(args)?;
    Ok(Value::from(match path.rfind('/') {
        Some(at) => clean(path.get(..=at).unwrap_or_default()),
        None => ".".to_owned(),
    }))
}

/// One step of a pattern.
enum Step<'a> {
    /// A name as it is.
    Name(&'a str),
    /// `**`: any number of directories.
    Any,
    /// Names of a form.
    Glob(Glob),
}

/// The files whose paths have the form of a pattern.
pub(super) fn fileset(args: &[Value], context: &Context<'_>) -> Result<Value, CallError> {
    let [_, pattern] = args else { return Err(CallError::misfit()) };
    let pattern = text(pattern)?;
    let base = clean(&expand(one(args)?, context)?);
    // The pattern goes on from the directory, so that `..` in it leaves the directory.
    let mut path: Vec<Step<'_>> =
        steps(&base).filter(|step| *step != ".").map(Step::Name).collect();
    for step in steps(pattern) {
        match step {
            "." => {}
            ".." => match path.last() {
                None | Some(Step::Name("..")) => path.push(Step::Name("..")),
                Some(_) => {
                    path.pop();
                }
            },
            "**" => path.push(Step::Any),
            step if Glob::is_plain(step) => path.push(Step::Name(step)),
            step => path.push(Step::Glob(Glob::parse(step))),
        }
    }
    let mut walk = Walk {
        context,
        pattern,
        path: &path,
        looked_at: 0,
        found: Vec::new(),
        within: Vec::new(),
        depth: 0,
    };
    let root = if base.starts_with('/') { "/" } else { "" };
    walk.directory(root, &[0])?;
    let base: Vec<&str> = steps(&base).filter(|step| *step != ".").collect();
    let names = walk.found.iter().map(|found| nfc(relative(&base, found))).collect();
    Ok(Value::set(Type::String, names))
}

/// The path to `found` from the directory `base`.
fn relative(base: &[&str], found: &str) -> String {
    let found: Vec<&str> = steps(found).collect();
    let common = base.iter().zip(&found).take_while(|(a, b)| a == b).count();
    let up = base.iter().skip(common).map(|_| "..");
    let steps: Vec<&str> = up.chain(found.iter().skip(common).copied()).collect();
    if steps.is_empty() { ".".to_owned() } else { steps.join("/") }
}

/// A walk through directories. It goes into each once, with all the places of the pattern that the
/// path to it may have come to; so it costs what is there, whatever the pattern.
struct Walk<'a> {
    context: &'a Context<'a>,
    pattern: &'a str,
    path: &'a [Step<'a>],
    looked_at: usize,
    found: Vec<String>,
    /// The identities of the directories that `**` is within, so that no link leads it in circles.
    within: Vec<String>,
    depth: usize,
}

impl Walk<'_> {
    /// Looks through the directory `dir`, at the places `at` of the pattern.
    fn directory(&mut self, dir: &str, at: &[usize]) -> Result<(), CallError> {
        // `**` may also stand for no directory at all.
        let mut places = std::collections::BTreeSet::new();
        for place in at {
            let mut place = *place;
            places.insert(place);
            while matches!(self.path.get(place), Some(Step::Any)) {
                place += 1;
                places.insert(place);
            }
        }
        let step = |place: &usize| self.path.get(*place).map(|step| (*place, step));
        let open: Vec<_> = places.iter().filter_map(step).collect();
        let only_names = open.iter().all(|(_, step)| matches!(step, Step::Name(_)));
        let names: Vec<String> = if only_names {
            open.iter()
                .filter_map(|(_, step)| match step {
                    Step::Name(name) => Some((*name).to_owned()),
                    Step::Any | Step::Glob(_) => None,
                })
                .collect()
        } else {
            let listed = if dir.is_empty() { "." } else { dir };
            self.context.files.list(listed).map_err(|reason| unreadable(listed, &reason))?
        };
        let ends_open = matches!(self.path.last(), Some(Step::Any));
        for name in names {
            let mut next = Vec::new();
            for (place, step) in &open {
                match step {
                    Step::Name(wanted) if *wanted == name => next.push(place + 1),
                    Step::Glob(glob) if self.matches(glob, &name)? => next.push(place + 1),
                    Step::Any => next.push(*place),
                    Step::Name(_) | Step::Glob(_) => {}
                }
            }
            if next.is_empty() {
                continue;
            }
            self.looked_at += 1;
            if self.looked_at > MAX_ENTRIES {
                let message = format!("would look at more than {MAX_ENTRIES} files");
                return Err(CallError::new(message));
            }
            let path = match dir {
                "" | "/" => format!("{dir}{name}"),
                dir => format!("{dir}/{name}"),
            };
            let kind =
                self.context.files.kind(&path).map_err(|reason| unreadable(&path, &reason))?;
            // `**` at the end stands for files, too.
            let last = self.path.len().wrapping_sub(1);
            let whole = next.contains(&self.path.len()) || (ends_open && places.contains(&last));
            match kind {
                Some(FileKind::Directory) => self.enter(&path, &next)?,
                Some(FileKind::File) if whole => self.found.push(path),
                Some(FileKind::BrokenLink) if whole && !ends_open => {
                    return Err(unreadable(&path, "it is a link that leads nowhere"));
                }
                Some(FileKind::File | FileKind::BrokenLink | FileKind::Other) | None => {}
            }
        }
        Ok(())
    }

    fn matches(&self, glob: &Glob, name: &str) -> Result<bool, CallError> {
        glob.matches(name).map_err(|Broken| {
            let what = "is no pattern: a bracket, a brace or a backslash is left open";
            CallError::at(1, format!("{:?} {what}", self.pattern)).hiding(what)
        })
    }

    fn enter(&mut self, path: &str, at: &[usize]) -> Result<(), CallError> {
        if self.depth >= MAX_DEPTH {
            let message =
                format!("would go through more than {MAX_DEPTH} directories within each other");
            return Err(CallError::new(message));
        }
        let endless = at.iter().any(|place| matches!(self.path.get(*place), Some(Step::Any)));
        if endless {
            let identity = self.context.files.identity(path);
            if self.within.contains(&identity) {
                return Ok(());
            }
            self.within.push(identity);
        }
        self.depth += 1;
        self.directory(path, at)?;
        self.depth -= 1;
        if endless {
            self.within.pop();
        }
        Ok(())
    }
}

fn unreadable(path: &str, reason: &str) -> CallError {
    CallError::at(0, format!("cannot look at {path:?}: {reason}"))
        .hiding("a file or directory cannot be looked at")
}
