//! Outputs: their values, and how they change.

use super::super::Style;
use super::super::canvas::{
    Canvas, SENSITIVE, Tint, clean, clean_lines, columns, counted, inline, inline_within, key,
};
use crate::plan::OutputChange;
use crate::state::OutputState;
use crate::value::{Fields, Value, from_json};
use serde_json::Value as Json;
use similar::{ChangeTag, TextDiff};
use std::collections::{BTreeMap, BTreeSet};

/// Texts of more lines than this, both together, are not compared line by line.
const COMPARED: usize = 10_000;
/// How many lines that are the same are shown around those that differ.
const CONTEXT: usize = 3;

/// Outputs as `name = value`.
pub fn outputs(outputs: &BTreeMap<String, OutputState>, style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    let names = outputs.keys().map(|name| columns(name)).max().unwrap_or(0);
    for (name, OutputState { value, sensitive }) in outputs {
        let name = clean(name);
        canvas.push(&name).spaces(names.saturating_sub(columns(&name))).push(" = ");
        if *sensitive {
            canvas.push(SENSITIVE);
        } else {
            value_lines(&mut canvas, &value_of(value), 0, names + 3, style.width);
        }
        canvas.line();
    }
    canvas.finish()
}

/// Values from JSON; a number that is out of range stays the text that it is.
fn value_of(json: &Json) -> Value {
    from_json(json).unwrap_or_else(|| Value::from(json.to_string()))
}

/// A value from `column` on: on one line where it fits, over several otherwise. What is within it
/// is further in than `indent`.
pub(super) fn value_lines(
    canvas: &mut Canvas,
    value: &Value,
    indent: usize,
    column: usize,
    width: usize,
) {
    if let Some(lines) = heredoc(value) {
        canvas.push("<<-EOT\n");
        for line in lines.lines() {
            canvas.spaces(indent + 2).push(line).line();
        }
        canvas.spaces(indent).push("EOT");
        return;
    }
    let scalar = value.as_items().is_none() && value.as_fields().is_none();
    if scalar {
        canvas.push(&inline(value));
        return;
    }
    let room = width.saturating_sub(column).max(20);
    if !value.any(&|part| heredoc(part).is_some())
        && let Some(text) = inline_within(value, room)
    {
        canvas.push(&text);
        return;
    }
    let inner = indent + 2;
    if let Some(items) = value.as_items() {
        canvas.push("[\n");
        for item in items {
            canvas.spaces(inner);
            value_lines(canvas, item, inner, inner, width);
            canvas.push(",\n");
        }
        canvas.spaces(indent).push("]");
    } else if let Some(fields) = value.as_fields() {
        canvas.push("{\n");
        let names: Vec<String> = fields.keys().map(|name| key(name)).collect();
        let widest = names.iter().map(|name| columns(name)).max().unwrap_or(0);
        for (name, item) in names.iter().zip(fields.values()) {
            canvas.spaces(inner).push(name).spaces(widest - columns(name)).push(" = ");
            value_lines(canvas, item, inner, inner + widest + 3, width);
            canvas.line();
        }
        canvas.spaces(indent).push("}");
    }
}

/// The text of a string of several lines.
fn heredoc(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim_end_matches('\n').contains('\n') => {
            Some(clean_lines(text))
        }
        _ => None,
    }
}

/// The outputs that change.
pub(super) fn changes(canvas: &mut Canvas, changes: &[OutputChange], style: &Style) {
    let names = changes.iter().map(|change| columns(&change.name)).max().unwrap_or(0);
    let width = style.width;
    for OutputChange { name, before, after, sensitive } in changes {
        let name = clean(name);
        let padding = names.saturating_sub(columns(&name));
        let mut entry = Entry { canvas: &mut *canvas, name: &name, padding, indent: 2, width };
        match (before, after) {
            (None, None) => {}
            (before, after) if *sensitive => {
                let (symbol, tint) = match (before, after) {
                    (None, _) => ("+", Tint::Good),
                    (_, None) => ("-", Tint::Bad),
                    (Some(_), Some(_)) => ("~", Tint::Changed),
                };
                entry.start(symbol, tint).push(SENSITIVE).line();
            }
            (None, Some(after)) => entry.whole("+", Tint::Good, &value_of(after)),
            (Some(before), None) => entry.whole("-", Tint::Bad, &value_of(before)),
            (Some(before), Some(after)) => entry.change(&value_of(before), &value_of(after)),
        }
    }
}

/// A named value that comes, goes or changes.
struct Entry<'a> {
    canvas: &'a mut Canvas,
    name: &'a str,
    padding: usize,
    /// The column of its symbol.
    indent: usize,
    width: usize,
}

impl Entry<'_> {
    /// The column of its value.
    fn column(&self) -> usize {
        self.indent + 2 + columns(self.name) + self.padding + 3
    }

    fn start(&mut self, symbol: &str, tint: Tint) -> &mut Canvas {
        self.canvas.spaces(self.indent).tinted(tint, symbol).push(" ");
        self.canvas.push(self.name).spaces(self.padding).push(" = ")
    }

    fn whole(&mut self, symbol: &str, tint: Tint, value: &Value) {
        let (indent, column, width) = (self.indent + 2, self.column(), self.width);
        value_lines(self.start(symbol, tint), value, indent, column, width);
        self.canvas.line();
    }

    fn change(&mut self, before: &Value, after: &Value) {
        let text = |value: &Value| match value {
            Value::String(text) => Some(clean_lines(text)),
            _ => None,
        };
        if let (Some(old), Some(new)) = (text(before), text(after))
            && (heredoc(before).is_some() || heredoc(after).is_some())
        {
            self.text(&old, &new);
        } else if let (Some(old), Some(new)) = (before.as_fields(), after.as_fields()) {
            self.fields(old, new);
        } else if let (Some(old), Some(new)) = (before.as_items(), after.as_items()) {
            self.items(old, new);
        } else {
            let (old, new) = (inline(before), inline(after));
            let fits = self.column() + columns(&old) + 4 + columns(&new) <= self.width;
            let column = self.column();
            let canvas = self.start("~", Tint::Changed).tinted(Tint::Bad, old);
            if fits {
                canvas.push(" -> ");
            } else {
                canvas.line().spaces(column - 3).push("-> ");
            }
            canvas.tinted(Tint::Good, new).line();
        }
    }

    /// Two texts, line by line.
    fn text(&mut self, old: &str, new: &str) {
        let indent = self.indent + 4;
        self.start("~", Tint::Changed).push("<<-EOT\n");
        if old.lines().count() + new.lines().count() > COMPARED {
            let note = format!(
                "# {} instead of {}; too many to compare here",
                counted(new.lines().count(), "line", "lines"),
                counted(old.lines().count(), "line", "lines"),
            );
            self.canvas.spaces(indent + 2).tinted(Tint::Dim, note).line();
        } else {
            // The end of the last line is no line's difference.
            let terminated =
                |text: &str| if text.ends_with('\n') { text.into() } else { format!("{text}\n") };
            let (with_end, new_end) = (terminated(old), terminated(new));
            let diff = TextDiff::from_lines(&with_end, &new_end);
            self.groups(&diff, indent);
            if old.ends_with('\n') != new.ends_with('\n') {
                let what = if new.ends_with('\n') { "now ends" } else { "no longer ends" };
                let note = format!("# the last line {what} with a line break");
                self.canvas.spaces(indent + 2).tinted(Tint::Dim, note).line();
            }
        }
        self.canvas.spaces(self.indent + 2).push("EOT\n");
    }

    /// The lines that differ, and some around them.
    fn groups(&mut self, diff: &TextDiff<'_, '_, str>, indent: usize) {
        let mut shown = 0;
        let total = diff.old_len();
        for group in diff.grouped_ops(CONTEXT) {
            let start = group.first().map_or(0, |op| op.old_range().start);
            self.hidden(start.saturating_sub(shown), "line", indent);
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let line = change.value().trim_end_matches('\n');
                self.canvas.spaces(indent);
                match change.tag() {
                    ChangeTag::Equal => self.canvas.push("  ").push(line),
                    ChangeTag::Delete => self.canvas.tinted(Tint::Bad, format_args!("- {line}")),
                    ChangeTag::Insert => self.canvas.tinted(Tint::Good, format_args!("+ {line}")),
                };
                self.canvas.line();
            }
            shown = group.last().map_or(shown, |op| op.old_range().end);
        }
        self.hidden(total.saturating_sub(shown), "line", indent);
    }

    fn hidden(&mut self, count: usize, what: &str, indent: usize) {
        if count > 0 {
            let s = if count == 1 { "" } else { "s" };
            let count = super::super::canvas::number(count);
            let note = format!("# {count} unchanged {what}{s} hidden");
            self.canvas.spaces(indent + 2).tinted(Tint::Dim, note).line();
        }
    }

    /// Two maps or objects, entry by entry.
    fn fields(&mut self, old: &Fields, new: &Fields) {
        self.start("~", Tint::Changed).push("{\n");
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).map(|name| &**name).collect();
        let (same, differing): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| old.get(name) == new.get(name));
        let keys: Vec<String> = differing.iter().map(|name| key(name)).collect();
        let widest = keys.iter().map(|name| columns(name)).max().unwrap_or(0);
        let (indent, width) = (self.indent + 4, self.width);
        for (name, key) in differing.iter().zip(&keys) {
            let padding = widest - columns(key);
            let mut entry = Entry { canvas: self.canvas, name: key, padding, indent, width };
            match (old.get(name), new.get(name)) {
                (None, None) => {}
                (None, Some(after)) => entry.whole("+", Tint::Good, after),
                (Some(before), None) => entry.whole("-", Tint::Bad, before),
                (Some(before), Some(after)) => entry.change(before, after),
            }
        }
        self.hidden_entries(same.len(), indent);
        self.canvas.spaces(self.indent + 2).push("}\n");
    }

    fn hidden_entries(&mut self, count: usize, indent: usize) {
        if count > 0 {
            let note = counted(count, "unchanged entry", "unchanged entries");
            self.canvas
                .spaces(indent + 2)
                .tinted(Tint::Dim, format_args!("# {note} hidden"))
                .line();
        }
    }

    /// Two sequences, element by element.
    fn items(&mut self, old: &[Value], new: &[Value]) {
        let indent = self.indent + 4;
        self.start("~", Tint::Changed).push("[\n");
        if old.len() + new.len() > COMPARED {
            let note = format!(
                "# {} instead of {}; too many to compare here",
                counted(new.len(), "element", "elements"),
                counted(old.len(), "element", "elements"),
            );
            self.canvas.spaces(indent + 2).tinted(Tint::Dim, note).line();
        } else {
            let texts = |items: &[Value]| items.iter().map(inline).collect::<Vec<_>>();
            let (old, new) = (texts(old), texts(new));
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            let new: Vec<&str> = new.iter().map(String::as_str).collect();
            let diff = TextDiff::from_slices(&old, &new);
            let mut same = 0;
            for change in diff.iter_all_changes() {
                let (symbol, tint) = match change.tag() {
                    ChangeTag::Equal => {
                        same += 1;
                        continue;
                    }
                    ChangeTag::Delete => ("-", Tint::Bad),
                    ChangeTag::Insert => ("+", Tint::Good),
                };
                self.canvas.spaces(indent).tinted(tint, symbol).push(" ");
                self.canvas.push(change.value()).push(",\n");
            }
            self.hidden(same, "element", indent);
        }
        self.canvas.spaces(self.indent + 2).push("]\n");
    }
}
