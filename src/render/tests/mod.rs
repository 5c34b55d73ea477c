//! What is drawn, as it is drawn.

mod diagnostics;
mod explain;
mod github;
mod human;
mod json;
mod json_lines;
mod markdown;
mod properties;
mod reports;
mod samples;
mod shown;
