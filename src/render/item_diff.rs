//! What differs about one instance, as a diff: both values of each attribute, one above the other.

use super::canvas::{SENSITIVE, clean, columns, inline};
use super::finding::{is_restored, terms, writes};
use super::markup::capped;
use crate::report::{Difference, Item, OutputItem, Unknown, Whose};
use crate::value::{Value, from_json};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// More characters of a value are not shown.
const VALUE: usize = 1_000;

/// Whether somebody else made the difference, whoever made one besides.
pub(super) fn is_outside(whose: Whose) -> bool {
    match whose {
        Whose::Drift | Whose::Both => true,
        Whose::Pending => false,
    }
}

/// What differs, in lines that GitHub and GitLab colour by how they begin.
pub(super) fn diff(item: &Item) -> String {
    let mut out = String::new();
    let outside = item.differences.iter().filter(|it| is_outside(it.whose));
    let outside = leaves(outside, |it| [it.recorded.as_ref(), it.live.as_ref()]);
    if !outside.is_empty() || item.weakened.is_some() {
        out.push_str("@@ changed outside: recorded → live @@\n");
        tree(&mut out, &outside);
        if let Some(why) = &item.weakened {
            let protects = if is_restored(item) { "protected" } else { "protects" };
            out.push_str(&format!("! {protects} less: {}\n", clean(capped(why, VALUE))));
        }
    }
    if let Some(by) = &item.blame {
        let [who, when, event] = [&by.who, &by.when, &by.event].map(|it| clean(capped(it, 200)));
        out.push_str(&format!("# by {who} at {when} ({event})\n"));
    }
    if let Some(by) = &item.suppressed {
        let [name, reason] = [&by.name, &by.reason].map(|it| clean(capped(it, VALUE)));
        out.push_str(&format!("# suppressed by {name}: {reason}"));
        if let Some(until) = &by.expires {
            out.push_str(&format!(", until {}", clean(capped(until, 40))));
        }
        out.push('\n');
    }
    // What is adopted or forgotten stays as it is.
    let touched = match item.action.as_deref() {
        Some("no-op" | "adopt" | "forget") => Vec::new(),
        Some(_) | None => {
            leaves(item.differences.iter(), |it| [it.live.as_ref(), it.desired.as_ref()])
        }
    };
    let verb = item.action.as_deref().unwrap_or("update");
    let (what, wanted) = match (verb, item.status) {
        ("reset", _) => (verb, "live → SSE-S3"),
        ("update", _) => (verb, "live → declared"),
        (_, _) => (verb, ""),
    };
    let terms = terms(item);
    if !touched.is_empty()
        || item.weakening.is_some()
        || item.reason.is_some()
        || !terms.is_empty()
        || !item.unknown.is_empty()
    {
        if verb != "no-op" {
            out.push_str(&format!("@@ {}", clean(capped(what, 40))));
            if !touched.is_empty() && !wanted.is_empty() {
                out.push_str(&format!(": {wanted}"));
            }
            out.push_str(" @@\n");
        }
        if let Some(why) = &item.reason {
            out.push_str(&format!("# {}\n", clean(capped(why, VALUE))));
        }
        for line in terms {
            out.push_str(&format!("# {}\n", capped(&line, VALUE)));
        }
        tree(&mut out, &touched);
        for Unknown { path, content } in &item.unknown {
            let [path, content] = [path, content].map(|it| clean(capped(it, VALUE)));
            out.push_str(&if writes(item) {
                format!("- {path} {content}  # not known to this version, dropped\n")
            } else {
                format!("# {path} {content}: not known to this version, stays\n")
            });
        }
        if let Some(why) = &item.weakening {
            out.push_str(&format!("! weakens protection: {}\n", clean(capped(why, VALUE))));
        }
    }
    out
}

/// An attribute with its two values.
struct Leaf<'a> {
    /// The blocks around it.
    blocks: Vec<&'a str>,
    name: &'a str,
    before: Option<String>,
    after: Option<String>,
}

/// The attributes whose two values differ. What is null is not set.
fn leaves<'a>(
    differences: impl Iterator<Item = &'a Difference>,
    values: impl Fn(&'a Difference) -> [Option<&'a Json>; 2],
) -> Vec<Leaf<'a>> {
    differences
        .filter_map(|it| {
            let [before, after] = values(it).map(|value| value.filter(|value| !value.is_null()));
            let [before, after] = if it.sensitive {
                // What they are is not known here, nor whether they are set.
                [Some(SENSITIVE.to_owned()), Some(SENSITIVE.to_owned())]
            } else if before == after {
                return None;
            } else {
                [before.map(text), after.map(text)]
            };
            let mut blocks: Vec<&str> = it.path.split('.').collect();
            let is_name = |name: &&str| {
                !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            };
            let name = if blocks.len() <= 8 && blocks.iter().all(is_name) {
                blocks.pop().unwrap_or_default()
            } else {
                blocks.clear();
                &it.path
            };
            Some(Leaf { blocks, name, before, after })
        })
        .collect()
}

/// A value as an expression of the language.
fn text(json: &Json) -> String {
    let value = from_json(json).unwrap_or_else(|| Value::from(json.to_string()));
    clean(capped(&inline(&value), VALUE))
}

/// Attributes within their blocks, the names of one block aligned.
fn tree(out: &mut String, leaves: &[Leaf<'_>]) {
    let mut widths: BTreeMap<&[&str], usize> = BTreeMap::new();
    for leaf in leaves {
        let widest = widths.entry(&leaf.blocks).or_default();
        *widest = (*widest).max(columns(leaf.name)).min(60);
    }
    let line = |out: &mut String, sign: char, depth: usize, text: &str| {
        out.push(sign);
        out.push(' ');
        out.extend(std::iter::repeat_n(' ', 4 * depth));
        out.push_str(text);
        out.push('\n');
    };
    let mut open: &[&str] = &[];
    for leaf in leaves {
        let common = open.iter().zip(&leaf.blocks).take_while(|(a, b)| a == b).count();
        for depth in (common..open.len()).rev() {
            line(out, ' ', depth, "}");
        }
        for (depth, block) in leaf.blocks.iter().enumerate().skip(common) {
            line(out, ' ', depth, &format!("{block} {{"));
        }
        open = &leaf.blocks;
        let width = widths.get(open).copied().unwrap_or(0);
        let name = clean(capped(leaf.name, 200));
        for (sign, value) in [('-', &leaf.before), ('+', &leaf.after)] {
            if let Some(value) = value {
                line(out, sign, open.len(), &format!("{name:width$} = {value}"));
            }
        }
    }
    for depth in (0..open.len()).rev() {
        line(out, ' ', depth, "}");
    }
}

/// An output that changes, as lines of a diff.
pub(super) fn output(item: &OutputItem) -> String {
    let OutputItem { name, before, after, sensitive } = item;
    let name = clean(capped(name, 200));
    let mut out = String::new();
    for (sign, value) in [('-', before), ('+', after)] {
        if let Some(value) = value {
            let value = if *sensitive { SENSITIVE.to_owned() } else { text(value) };
            out.push_str(&format!("{sign} {name} = {value}\n"));
        }
    }
    if out.is_empty() { format!("! {name}\n") } else { out }
}
