//! What silences known drift, until a day.

use super::make::problem;
use super::places::Places;
use super::{Command, Item, Report, Suppression, Whose};
use crate::addr::{Address, AttrPath, InstanceKey, ModuleStep, Target};
use crate::diag::{Diagnostic, Sources, Span};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A `suppress` block.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Its label.
    pub name: Arc<str>,
    /// Instances, blocks and modules that it is about.
    pub addresses: Vec<Target>,
    /// Names of buckets that it is about; `*` stands for any text, `?` for one character.
    pub buckets: Vec<Arc<str>>,
    /// Attributes that it is about, as whole paths or by their name alone; all where there are none.
    pub attributes: Vec<AttrPath>,
    /// Why.
    pub reason: Arc<str>,
    /// The last day on which it holds, in UTC.
    pub expires: Option<Date>,
    /// Where it stands.
    pub span: Span,
}

/// A `suppress` block, ready to be asked about many instances.
struct Ready<'a> {
    silence: &'a Silence,
    names: BTreeSet<String>,
    buckets: BTreeSet<&'a str>,
    globs: Vec<&'a str>,
    used: bool,
}

impl<'a> Ready<'a> {
    fn new(silence: &'a Silence) -> Self {
        let is_glob = |text: &&str| text.contains(['*', '?']);
        let (globs, buckets): (Vec<&str>, Vec<&str>) =
            silence.buckets.iter().map(|it| &**it).partition(is_glob);
        Self {
            silence,
            names: silence.addresses.iter().map(ToString::to_string).collect(),
            buckets: buckets.into_iter().collect(),
            globs,
            used: false,
        }
    }

    /// Whether it is about an instance; `names` are those of all that it is part of.
    fn is_about(&self, names: &[String], bucket: &str) -> bool {
        names.iter().any(|name| self.names.contains(name))
            || self.buckets.contains(bucket)
            || self.globs.iter().any(|glob| fits(glob, bucket))
    }

    fn covers(&self, path: &AttrPath) -> bool {
        let attributes = &self.silence.attributes;
        attributes.is_empty()
            || attributes.iter().any(|it| match it.steps() {
                [name] => path.steps().last() == Some(name) || it.covers(path),
                _ => it.covers(path),
            })
    }
}

/// What silences the drift of instances, by their addresses.
pub type Suppressed = BTreeMap<String, Suppression>;

impl Report {
    /// What silences the drift of which instance.
    pub fn suppressed(&self) -> Suppressed {
        let silent = self.resources.iter().filter_map(|item| {
            let by = item.suppressed.as_ref().filter(|_| item.drifts())?;
            Some((item.address.clone(), by.clone()))
        });
        silent.collect()
    }

    /// Silences drift that is known, from the day on which this is asked. An instance is silent where
    /// all its drift is; where only a part is, a report of drift notes it. Gives back warnings: of what has expired, and, where the `whole` fleet was
    /// looked at, of what silences nothing.
    pub fn silence(&mut self, silences: &[Silence], today: Date, whole: bool) -> Vec<Diagnostic> {
        let holds = |it: &&Silence| it.expires.is_none_or(|day| today <= day);
        let mut ready: Vec<Ready<'_>> = silences.iter().filter(holds).map(Ready::new).collect();
        for item in &mut self.resources {
            if item.drifts() {
                let coverage = Coverage::of(item, &mut ready);
                item.suppressed = coverage.suppression();
                item.notes.extend(coverage.note().filter(|_| self.command == Command::Drift));
            }
        }
        let mut warnings = Vec::new();
        for silence in silences.iter().filter(|it| !holds(it)) {
            let day = silence.expires.map(|day| day.to_string()).unwrap_or_default();
            let detail = format!(
                "The suppression {:?} expired on {day} and silences nothing any more. Remove \
                 it, or give it another day.",
                silence.name
            );
            warnings.push(Diagnostic::warning("Expired suppression", detail).at(silence.span));
        }
        for ready in ready.iter().filter(|it| whole && !it.used) {
            let detail = format!(
                "The suppression {:?} silences nothing: what it is about has not changed outside. \
                 Remove it.",
                ready.silence.name
            );
            warnings.push(Diagnostic::warning("Unused suppression", detail).at(ready.silence.span));
        }
        self.tally_again();
        warnings
    }

    /// Adds what was found wrong once the report was there.
    pub fn warn(&mut self, found: &[Diagnostic], sources: &Sources) {
        let places = Places::new(sources, found.iter().filter_map(|it| it.subject));
        self.diagnostics.extend(found.iter().map(|it| problem(it, &places)));
        self.tally_again();
    }
}

/// How much of the drift of an instance is known.
struct Coverage<'a> {
    /// The blocks that cover any of it, each once, in the order of what they cover.
    by: Vec<&'a Silence>,
    /// How many attributes have drifted.
    total: usize,
    /// The names of those that no block covers.
    open: Vec<String>,
}

impl<'a> Coverage<'a> {
    fn of(item: &Item, ready: &mut [Ready<'a>]) -> Self {
        let names = item.address.parse().map_or_else(|_| Vec::new(), |address| names(&address));
        let mut about: Vec<&mut Ready<'a>> =
            ready.iter_mut().filter(|it| it.is_about(&names, &item.bucket)).collect();
        let mut coverage = Self { by: Vec::new(), total: 0, open: Vec::new() };
        for difference in item.differences.iter().filter(|it| it.whose != Whose::Pending) {
            coverage.total += 1;
            let path: AttrPath = difference.path.split('.').collect();
            match about.iter_mut().find(|it| it.covers(&path)) {
                Some(used) => {
                    used.used = true;
                    if !coverage.by.iter().any(|it| std::ptr::eq(*it, used.silence)) {
                        coverage.by.push(used.silence);
                    }
                }
                None => coverage.open.extend(path.steps().last().map(ToString::to_string)),
            }
        }
        coverage
    }

    /// What silences all of it.
    fn suppression(&self) -> Option<Suppression> {
        let Silence { name, reason, expires, .. } = self.by.first()?;
        self.open.is_empty().then(|| Suppression {
            name: name.to_string(),
            reason: reason.to_string(),
            expires: expires.map(|day| day.to_string()),
        })
    }

    /// That only a part of it is covered, so that nothing is silent.
    fn note(&self) -> Option<String> {
        if self.open.is_empty() {
            return None;
        }
        let names: Vec<String> = self.by.iter().map(|it| format!("{:?}", it.name)).collect();
        let (cover, leave) = match names.as_slice() {
            [] => return None,
            [one] => (format!("the suppression {one} covers"), "it leaves out"),
            all => (format!("the suppressions {} cover", all.join(", ")), "they leave out"),
        };
        let covered = self.total - self.open.len();
        Some(format!(
            "{cover} {covered} of {} changes of the bucket, so that none is suppressed; {leave} {}",
            self.total,
            self.open.join(", ")
        ))
    }
}

/// The instance, its block, and the modules around it, with keys and without.
fn names(address: &Address) -> Vec<String> {
    let mut names = vec![address.to_string(), address.resource.to_string()];
    let module = &address.resource.module;
    for length in 1..=module.len() {
        let Some(steps) = module.get(..length) else { continue };
        names.push(Target::Module(steps.into()).to_string());
        let open = steps.iter().map(|it| ModuleStep { key: InstanceKey::None, ..it.clone() });
        names.push(Target::Module(open.collect()).to_string());
    }
    names
}

/// Whether a text fits a pattern in which `*` stands for any text and `?` for one character.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and how much of the text it holds so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(it) if *it == '?' || it == c => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, held)) = star else { return false };
                star = Some((at, held + 1));
                p = at + 1;
                t = held + 1;
            }
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_people_expect() {
        let rows = [
            ("logs", "logs", true),
            ("logs", "logs2", false),
            ("*", "", true),
            ("*", "anything", true),
            ("acme-*", "acme-logs", true),
            ("acme-*", "acm-logs", false),
            ("*-logs", "a-logs-logs", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?ogs", "logs", true),
            ("?ogs", "ogs", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
        assert!(!fits(&"a*".repeat(200), &"a".repeat(100)), "in no time");
    }
}
