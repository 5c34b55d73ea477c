//! What is wrong, where, why and how to mend it. Drawing it is `render`'s.
//!
//! Owns [`Diagnostic`], [`Span`] and [`Sources`].

mod source;
mod suggest;

pub use self::source::{FileId, Position, Sources, Span};
pub use self::suggest::{did_you_mean, did_you_mean_or_all, did_you_mean_or_known, suggest};

use crate::addr::{Address, AttrPath};
use std::fmt::Display;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The command fails.
    Error,
    /// The command goes on.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing is wrong: constant, a few words, without a final stop.
    pub summary: &'static str,
    /// What, why, and how to mend it: sentences.
    pub detail: String,
    /// The source that it is about.
    pub subject: Option<Span>,
    /// The resource that it is about.
    pub address: Option<Address>,
    /// The attribute of the resource that it is about, where whoever found it does not know the source.
    pub attribute: Option<Box<AttrPath>>,
    /// The object whose condition does not hold: `var.x`, `output.x`, `check.x`, or the address of
    /// a block.
    pub condition_of: Option<String>,
    /// Other places of the source that matter, each with a word about it.
    pub related: Vec<(Span, String)>,
    /// The values that the source refers to: the reference as it is written, and what its value is,
    /// as in `is "logs"`. Nothing sensitive is among them.
    pub values: Vec<(String, String)>,
}

impl Diagnostic {
    /// An error.
    pub fn error(summary: &'static str, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary,
            detail: detail.into(),
            subject: None,
            address: None,
            attribute: None,
            condition_of: None,
            related: Vec::new(),
            values: Vec::new(),
        }
    }

    /// A warning.
    pub fn warning(summary: &'static str, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail) }
    }

    /// About this piece of source.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.subject = Some(span);
        self
    }

    /// About this piece of source, where there is one.
    #[must_use]
    pub fn at_maybe(mut self, span: Option<Span>) -> Self {
        self.subject = span;
        self
    }

    /// About this resource.
    #[must_use]
    pub fn of(mut self, address: &Address) -> Self {
        self.address = Some(address.clone());
        self
    }

    /// About this attribute of the resource, where there is one.
    #[must_use]
    pub fn of_attribute(mut self, attribute: Option<AttrPath>) -> Self {
        self.attribute = attribute.map(Box::new);
        self
    }

    /// With another place that matters.
    #[must_use]
    pub fn related(mut self, span: Span, note: impl Into<String>) -> Self {
        self.related.push((span, note.into()));
        self
    }

    /// Whether the command fails for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// All that was found wrong, in the order of finding.
pub type Diagnostics = Vec<Diagnostic>;

/// Whether any of them is an error.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// Puts diagnostics in the order of the source; those without a place come first.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|diagnostic| diagnostic.subject.map(|span| (span.file, span.start)));
}

/// The text with a capital letter, as a sentence begins.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The first `most` of a list, and how many more there are: `a, b and 3 more`.
pub fn listed<T: Display>(all: impl ExactSizeIterator<Item = T>, most: usize) -> String {
    let more = all.len().saturating_sub(most);
    let named: Vec<String> = all.take(most).map(|it| it.to_string()).collect();
    let named = named.join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_some_and_counts_the_rest() {
        for (length, told) in [(0, ""), (1, "0"), (2, "0, 1"), (3, "0, 1 and 1 more")] {
            assert_eq!(listed(0..length, 2), told);
        }
    }
}
