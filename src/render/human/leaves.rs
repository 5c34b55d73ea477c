//! What changes within one object, leaf by leaf; what does not is folded and counted.

use super::super::canvas::{Canvas, SENSITIVE, Tint, clean, columns, counted, inline};
use crate::addr::AttrPath;
use crate::plan::Change;
use crate::value::Value;
use std::sync::Arc;

/// The column at which what is within an object begins.
const MARGIN: usize = 6;
/// How much further in a block is.
const INDENT: usize = 4;

/// A leaf as it is drawn.
pub(super) struct Leaf {
    pub(super) symbol: &'static str,
    pub(super) tint: Tint,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Leaf {
    /// An attribute that is absent before comes (`+`), one that is absent after goes (`-`).
    pub(super) fn of(change: &Change) -> Self {
        let Change { path: _, before, after, sensitive } = change;
        let hidden = *sensitive
            || [before, after].iter().any(|value| value.any(&|part| part.is_sensitive()));
        let text = |value: &Value| if hidden { SENSITIVE.to_owned() } else { inline(value) };
        match (before.is_null(), after.is_null()) {
            (true, false) => {
                Self { symbol: "+", tint: Tint::Good, before: None, after: Some(text(after)) }
            }
            (false, true) => {
                Self { symbol: "-", tint: Tint::Bad, before: Some(text(before)), after: None }
            }
            (true, true) | (false, false) => Self {
                symbol: "~",
                tint: Tint::Changed,
                before: (!hidden).then(|| text(before)),
                after: Some(text(after)),
            },
        }
    }
}

/// A block that is being drawn.
struct Open<'a> {
    /// The path of the block.
    path: &'a [Arc<str>],
    /// How wide the widest name of a changed attribute in it is.
    names: usize,
}

/// Draws `changes`; `settings` are those before and after, as far as they are known.
pub(super) fn draw(
    canvas: &mut Canvas,
    changes: &[Change],
    settings: [Option<&Value>; 2],
    width: usize,
) {
    if changes.is_empty() {
        return;
    }
    let mut open = vec![Open { path: &[], names: widest(changes, &[]) }];
    for (n, change) in changes.iter().enumerate() {
        let steps = change.path.steps();
        let Some((name, blocks)) = steps.split_last() else { continue };
        while open.last().is_some_and(|block| !blocks.starts_with(block.path)) {
            close(canvas, &mut open, changes, settings);
        }
        while let Some(next) = blocks.get(..open.len()) {
            canvas.spaces(MARGIN + INDENT * (next.len() - 1));
            canvas.clean(next.last().map_or("", |name| name)).push(" {\n");
            let rest = changes.get(n..).unwrap_or_default();
            open.push(Open { path: next, names: widest(rest, next) });
        }
        let names = open.last().map_or(0, |block| block.names);
        line(canvas, name, names, blocks.len(), &Leaf::of(change), width);
    }
    while !open.is_empty() {
        close(canvas, &mut open, changes, settings);
    }
}

fn widest(changes: &[Change], block: &[Arc<str>]) -> usize {
    changes
        .iter()
        .map(|change| change.path.steps())
        .take_while(|steps| steps.starts_with(block))
        .filter(|steps| steps.len() == block.len() + 1)
        .filter_map(|steps| steps.last())
        .map(|name| columns(name))
        .max()
        .unwrap_or(0)
}

/// One changed attribute. Two values that do not fit beside each other stand one above the other.
fn line(canvas: &mut Canvas, name: &str, names: usize, depth: usize, leaf: &Leaf, width: usize) {
    let name = clean(name);
    canvas.push("  ").tinted(leaf.tint, leaf.symbol).spaces(MARGIN - 3 + INDENT * depth);
    canvas.push(&name).spaces(names.saturating_sub(columns(&name))).push(" = ");
    let column = MARGIN + INDENT * depth + names.max(columns(&name));
    match (&leaf.before, &leaf.after) {
        (Some(before), Some(after)) => {
            canvas.tinted(Tint::Bad, before);
            if column + 3 + columns(before) + 4 + columns(after) <= width {
                canvas.push(" -> ");
            } else {
                canvas.line().spaces(column).push("-> ");
            }
            canvas.tinted(Tint::Good, after);
        }
        (Some(before), None) => {
            canvas.tinted(Tint::Bad, before);
        }
        (None, Some(after)) => {
            canvas.tinted(Tint::Good, after);
        }
        (None, None) => {}
    }
    canvas.line();
}

fn close(
    canvas: &mut Canvas,
    open: &mut Vec<Open<'_>>,
    changes: &[Change],
    settings: [Option<&Value>; 2],
) {
    let Some(block) = open.pop() else { return };
    let depth = block.path.len();
    let (attributes, blocks) = unchanged(block.path, changes, settings);
    for (count, one, many) in [
        (attributes, "unchanged attribute", "unchanged attributes"),
        (blocks, "unchanged block", "unchanged blocks"),
    ] {
        if count > 0 {
            let note = format!("# {} hidden", counted(count, one, many));
            canvas.spaces(MARGIN + INDENT * depth).tinted(Tint::Dim, note).line();
        }
    }
    if depth > 0 {
        canvas.spaces(MARGIN + INDENT * (depth - 1)).push("}\n");
    }
}

/// How many attributes and blocks of a block do not change.
fn unchanged(
    path: &[Arc<str>],
    changes: &[Change],
    settings: [Option<&Value>; 2],
) -> (usize, usize) {
    let path: AttrPath = path.iter().collect();
    let within: Vec<&AttrPath> =
        changes.iter().map(|change| &change.path).filter(|it| path.covers(it)).collect();
    let [before, after] = settings.map(|settings| {
        path.steps().iter().try_fold(settings?, |object, step| block(object.get(step)?))
    });
    let (mut attributes, mut blocks) = (0, 0);
    let mut count = |name: &Arc<str>, value: &Value| {
        let changes = within.iter().any(|it| it.steps().get(path.steps().len()) == Some(name));
        if changes || value.is_null() {
        } else if block(value).is_some() {
            blocks += 1;
        } else {
            attributes += 1;
        }
    };
    let fields = |object: Option<&Value>| object.and_then(Value::as_fields).cloned();
    let (before, after) = (fields(before).unwrap_or_default(), fields(after).unwrap_or_default());
    after.iter().for_each(|(name, value)| count(name, value));
    before
        .iter()
        .filter(|(name, _)| after.get(name).is_none_or(Value::is_null))
        .for_each(|(name, value)| count(name, value));
    (attributes, blocks)
}

/// The object of a block: settings hold a block as a list of one object.
pub(super) fn block(value: &Value) -> Option<&Value> {
    match value.as_items()? {
        [one] if one.as_fields().is_some() => Some(one),
        _ => None,
    }
}
