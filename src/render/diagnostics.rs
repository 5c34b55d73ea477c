//! What is wrong, for people: the source with the place underlined, and what to do about it.

use super::canvas::{Canvas, Tint, clean, clean_lines, counted, number, wrap};
use super::window::Window;
use super::{LISTED, Style};
use crate::addr::Address;
use crate::diag::{Diagnostic, FileId, Position, Severity, Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::collections::{BTreeMap, BTreeSet};

/// How many resources one message names.
const NAMED: usize = 5;
/// How many places of the source one message shows.
const PLACES: usize = 4;

/// Diagnostics that differ in nothing but the resource and the place that they are about.
struct Message<'a> {
    diagnostic: &'a Diagnostic,
    /// Where it is said of further pieces of source.
    places: BTreeSet<Span>,
    addresses: Vec<&'a Address>,
    times: usize,
}

impl Message<'_> {
    fn has_source(&self) -> bool {
        self.diagnostic.subject.is_some() || !self.diagnostic.related.is_empty()
    }
}

/// Diagnostics as text for standard error, at most 50 of them, errors before warnings.
pub fn diagnostics(list: &[Diagnostic], sources: &Sources, style: &Style) -> String {
    let messages = grouped(list);
    let errors = messages.iter().filter(|it| it.diagnostic.is_error()).count();
    let mut room = [errors.min(LISTED), LISTED.saturating_sub(errors)];
    let mut left = [0, 0];
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width.max(40)).hyperlink(false);
    let mut out = String::new();
    for message in &messages {
        let kind = match message.diagnostic.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
        };
        match room.get_mut(kind) {
            Some(room) if *room > 0 => {
                *room -= 1;
                if message.has_source() {
                    draw(&mut out, message, sources, &renderer, style);
                } else {
                    draw_plain(&mut out, message, style);
                }
                out.push('\n');
            }
            Some(_) | None => {
                if let Some(left) = left.get_mut(kind) {
                    *left += message.times;
                }
            }
        }
    }
    let [errors, warnings] = left;
    let more: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, one)| format!("{} more {one}{}", number(count), plural(count)))
        .collect();
    if !more.is_empty() {
        out.push_str("… and ");
        out.push_str(&more.join(" and "));
        out.push('\n');
    }
    out
}

/// Warnings as Terraform sums them up: each kind once, with its first place.
pub fn compact_warnings(list: &[Diagnostic], sources: &Sources) -> String {
    let mut kinds: BTreeMap<&str, (usize, &Diagnostic)> = BTreeMap::new();
    for warning in list {
        kinds.entry(warning.summary).or_insert((0, warning)).0 += 1;
    }
    let mut out = "Warnings:\n\n".to_owned();
    for (summary, (count, first)) in kinds {
        let place = match (first.subject, &first.address) {
            (Some(span), _) => {
                let Position { line, .. } = sources.position(span);
                Some(format!("on {} line {line}", clean(sources.name(span.file))))
            }
            (None, address) => address.as_ref().map(|it| format!("with {}", clean(it.to_string()))),
        };
        let more = (count > 1).then(|| format!("(and {} more)", number(count - 1)));
        out.push_str(&format!("- {summary}\n"));
        let about: Vec<String> = place.into_iter().chain(more).collect();
        if !about.is_empty() {
            out.push_str(&format!("  {}\n", about.join(" ")));
        }
    }
    out.push_str("\nWithout -compact-warnings they are told in full.\n");
    out
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// In the order of the first of each.
fn grouped(list: &[Diagnostic]) -> Vec<Message<'_>> {
    let mut messages: Vec<Message<'_>> = Vec::new();
    let mut known = BTreeMap::new();
    for diagnostic in list {
        let Diagnostic { severity, summary, detail, subject, related, address, values, .. } =
            diagnostic;
        // With and without a place, it is drawn in two ways.
        let key = (*severity, *summary, detail, subject.is_some(), related, values);
        let at = *known.entry(key).or_insert_with(|| {
            let (places, addresses) = (BTreeSet::new(), Vec::new());
            messages.push(Message { diagnostic, places, addresses, times: 0 });
            messages.len() - 1
        });
        if let Some(message) = messages.get_mut(at) {
            message.times += 1;
            message.addresses.extend(address);
            message.places.extend(subject.filter(|_| *subject != message.diagnostic.subject));
        }
    }
    messages
}

fn draw(
    out: &mut String,
    message: &Message<'_>,
    sources: &Sources,
    renderer: &Renderer,
    style: &Style,
) {
    let Diagnostic { severity, summary, detail, subject, related, values, .. } = message.diagnostic;
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(clean(summary)));
    let also = message.places.iter().take(PLACES - 1);
    let spans = subject
        .iter()
        .map(|span| (*span, None, true))
        .chain(also.map(|span| (*span, Some("and here"), false)))
        .chain(related.iter().map(|(span, note)| (*span, Some(note.as_str()), false)));
    let mut places: Vec<Place<'_>> = Vec::new();
    for (span, label, primary) in spans {
        let window = Window::of(sources, span);
        let mark = Mark { span: window.span.clone(), at: span, label, primary };
        let near = places.iter_mut().filter(|place| place.file == span.file);
        match near.map(|place| (place.window.join(&window), place)).find(|(near, _)| *near) {
            Some((_, place)) => place.marks.push(mark),
            None => places.push(Place { file: span.file, window, marks: vec![mark] }),
        }
    }
    for place in &places {
        group = place.add_to(group, sources);
    }
    let room = style.width.saturating_sub(12).max(40);
    group = group.element(Level::NOTE.no_name().message(wrapped(detail, room)));
    if !values.is_empty() {
        let told: Vec<String> = values
            .iter()
            .map(|(reference, statement)| format!("{reference} {statement}"))
            .collect();
        group = group.element(Level::NOTE.no_name().message(wrapped(&told.join("\n"), room)));
    }
    let more = message.places.len().saturating_sub(PLACES - 1);
    if more > 0 {
        let places = counted(more, "further place", "further places");
        group = group.element(Level::NOTE.no_name().message(format!("and in {places}")));
    }
    if let Some(note) = about(message, subject.is_some()) {
        group = group.element(Level::NOTE.no_name().message(wrapped(&note, room)));
    }
    let mut text = renderer.render(&[group]);
    for (apparent, true_one) in places.iter().filter_map(|place| place.true_position(sources)) {
        text = text.replacen(&apparent, &true_one, 1);
    }
    out.push_str(&text);
    out.push('\n');
}

/// A message that has no source to show.
fn draw_plain(out: &mut String, message: &Message<'_>, style: &Style) {
    let Diagnostic { severity, summary, detail, .. } = message.diagnostic;
    let mut canvas = Canvas::new(style.color);
    match severity {
        Severity::Error => canvas.tinted(Tint::Bad, "error"),
        Severity::Warning => canvas.tinted(Tint::Changed, "warning"),
    };
    canvas.tinted(Tint::Strong, format_args!(": {summary}")).line();
    if let [address] = message.addresses.as_slice() {
        canvas.push(" --> ").clean(address).line();
    }
    let about = about(message, false);
    for text in [Some(detail), about.as_ref()].into_iter().flatten() {
        let lines = wrap(&clean_lines(text), style.width.saturating_sub(4).max(40));
        for (n, line) in lines.iter().enumerate() {
            canvas.push(if n == 0 { "  = " } else { "    " }).push(line).line();
        }
    }
    out.push_str(&canvas.finish());
}

fn wrapped(text: &str, width: usize) -> String {
    wrap(&clean_lines(text), width).join("\n")
}

/// Which resources a message is about, where that is not plain from it.
fn about(message: &Message<'_>, has_source: bool) -> Option<String> {
    match message.addresses.as_slice() {
        [] if message.times > 1 => Some(format!("{} times", number(message.times))),
        [] => None,
        [one] => {
            let one = one.to_string();
            let plain = !has_source || message.diagnostic.detail.contains(&one);
            (!plain).then(|| format!("for {one}"))
        }
        many => {
            let named: Vec<String> = many.iter().take(NAMED).map(ToString::to_string).collect();
            let count = counted(many.len(), "resource", "resources");
            let rest = many.len().saturating_sub(NAMED);
            let rest = if rest > 0 { format!(" and {} more", number(rest)) } else { String::new() };
            Some(format!("for {count}: {}{rest}", named.join(", ")))
        }
    }
}

/// What is underlined.
struct Mark<'a> {
    span: std::ops::Range<usize>,
    at: Span,
    label: Option<&'a str>,
    primary: bool,
}

/// Some lines of one text, with what is underlined there.
struct Place<'a> {
    file: FileId,
    window: Window,
    marks: Vec<Mark<'a>>,
}

impl Place<'_> {
    /// Where the place is according to its lines alone, and where it truly is: in a piece of a
    /// line, the column is not to be seen.
    fn true_position(&self, sources: &Sources) -> Option<(String, String)> {
        let mark = self.marks.first().filter(|_| !self.window.whole_lines)?;
        let Position { line, column, byte: _ } = sources.position(mark.at);
        let cut = self.window.range.start..mark.span.start;
        let apparent = sources.text(self.file).get(cut)?.chars().count() + 1;
        let name = clean(sources.name(self.file));
        Some((format!("> {name}:{line}:{apparent}"), format!("> {name}:{line}:{column}")))
    }

    fn add_to<'g>(&self, group: Group<'g>, sources: &'g Sources) -> Group<'g> {
        let text = sources.text(self.file).get(self.window.range.clone()).unwrap_or("");
        let from = u32::try_from(self.window.range.start).unwrap_or(u32::MAX);
        let line = sources.position(Span { file: self.file, start: from, end: from }).line;
        let name = clean(sources.name(self.file));
        let base = self.window.range.start;
        let marks = self.marks.iter().map(|mark| {
            let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let span = mark.span.start.saturating_sub(base)..mark.span.end.saturating_sub(base);
            kind.span(span).label(mark.label.map(clean))
        });
        let snippet = Snippet::source(text).line_start(line).annotations(marks);
        group.element(snippet.path(name))
    }
}
