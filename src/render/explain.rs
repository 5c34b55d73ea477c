//! Pages that explain something, for people.

use super::Style;
use super::canvas::{Canvas, Tint, clean_lines, columns, wrap};
use crate::schema::{Entry, Page, Section};

/// The widest that text is easy to read at.
const WIDEST: usize = 100;

/// Pages one below the other.
pub fn pages(pages: &[Page], style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    let width = style.width.clamp(40, WIDEST);
    for (n, page) in pages.iter().enumerate() {
        if n > 0 {
            canvas.line();
        }
        draw(&mut canvas, page, width);
    }
    canvas.finish()
}

fn draw(canvas: &mut Canvas, page: &Page, width: usize) {
    canvas.tinted(Tint::Strong, &page.title).line();
    text(canvas, 2, width, &page.kind, Some(Tint::Dim));
    if !page.text.is_empty() {
        canvas.line();
        text(canvas, 2, width, &page.text, None);
    }
    if !page.code.is_empty() {
        canvas.line();
        // Code is as wide as it is.
        for line in page.code.lines() {
            if !line.is_empty() {
                canvas.spaces(4).clean(line);
            }
            canvas.line();
        }
    }
    for section in page.sections.iter().filter(|section| !section.entries.is_empty()) {
        canvas.line().tinted(Tint::Strong, format_args!("{}:", section.title)).line();
        draw_section(canvas, section, width);
    }
}

fn draw_section(canvas: &mut Canvas, section: &Section, width: usize) {
    let is_name = |entry: &Entry| entry.text.is_empty() && entry.note.is_empty();
    let mut before: Option<&Entry> = None;
    for run in section.entries.chunk_by(|a, b| is_name(a) && is_name(b)) {
        match run {
            [entry] if !is_name(entry) => {
                // What there is more to say of stands apart.
                let noted = |entry: &Entry| !entry.note.is_empty();
                if before.is_some_and(|before| noted(before) || noted(entry)) {
                    canvas.line();
                }
                draw_entry(canvas, entry, width);
            }
            names => {
                let names: Vec<&str> = names.iter().map(|entry| entry.name.as_str()).collect();
                text(canvas, 2, width, &names.join(", "), None);
            }
        }
        before = run.last();
    }
}

fn draw_entry(canvas: &mut Canvas, entry: &Entry, width: usize) {
    let indent = 2 + 2 * entry.depth;
    canvas.spaces(indent).tinted(Tint::Strong, &entry.name);
    if !entry.note.is_empty() {
        let note = format!(" ({})", entry.note);
        if indent + columns(&entry.name) + columns(&note) <= width {
            canvas.tinted(Tint::Dim, note);
        } else {
            canvas.line();
            text(canvas, indent + 2, width, note.trim(), Some(Tint::Dim));
            text(canvas, indent + 2, width, &entry.text, None);
            return;
        }
    }
    canvas.line();
    text(canvas, indent + 2, width, &entry.text, None);
}

/// Lines of text with a margin.
fn text(canvas: &mut Canvas, margin: usize, width: usize, text: &str, tint: Option<Tint>) {
    for line in wrap(&clean_lines(text), width.saturating_sub(margin).max(20)) {
        if !line.is_empty() {
            canvas.spaces(margin);
            match tint {
                Some(tint) => canvas.tinted(tint, line),
                None => canvas.push(&line),
            };
        }
        canvas.line();
    }
}
