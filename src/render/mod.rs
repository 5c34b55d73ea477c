//! Draws a plan, a state, diagnostics, a graph and the course of a run.
//!
//! Owns the formats: one file each. It decides nothing; all it does is to draw what `plan` decided
//! and `event` tells. Drawing gives text back; only [`human::Progress`] and [`json_lines::Lines`]
//! write, to the writer that they are given. What comes from outside is escaped, so that it can
//! neither steer a terminal nor end the markup around it.
//!
//! ```
//! use sealform::render::{Style, human};
//! use std::collections::BTreeMap;
//!
//! assert_eq!(human::outputs(&BTreeMap::new(), &Style::PLAIN), "");
//! ```

mod canvas;
pub mod console;
mod diagnostics;
pub mod diff;
pub mod explain;
mod finding;
pub mod github;
pub mod graph;
mod html;
pub mod human;
mod item_diff;
pub mod json;
pub mod json_lines;
mod junit;
pub mod markdown;
mod markup;
mod notify;
mod prometheus;
mod review;
mod sarif;
mod window;

#[cfg(test)]
mod tests;

pub use self::diagnostics::{compact_warnings, diagnostics};
pub use self::html::html;
pub use self::junit::junit;
pub use self::notify::{Message, notification};
pub use self::prometheus::prometheus;
pub use self::sarif::sarif;

/// A text from outside on one line, so that it cannot steer a terminal.
pub fn harmless(text: &str) -> String {
    canvas::clean(text)
}

/// A text from outside, so that it cannot steer a terminal, its lines kept.
pub fn harmless_lines(text: &str) -> String {
    canvas::clean_lines(text)
}

/// A JSON document, with what cannot be seen as escapes.
pub fn visible(json: String) -> String {
    crate::value::visible_json(json)
}

/// How text for people is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether with colours. The text is the same without.
    pub color: bool,
    /// One line an action.
    pub concise: bool,
    /// How many columns there are.
    pub width: usize,
}

impl Style {
    /// For a terminal that nothing is known of, or none.
    pub const PLAIN: Self = Self { color: false, concise: false, width: 80 };
}

impl Default for Style {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// At most so many of one kind are listed where a list only sums up.
const LISTED: usize = 50;
