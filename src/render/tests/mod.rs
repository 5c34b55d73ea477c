//! What is drawn, as it is drawn.

mod diagnostics;
mod explain;
mod fleets;
mod github;
mod html;
mod human;
mod json;
mod json_lines;
mod junit;
mod markdown;
mod notify;
mod prometheus;
mod properties;
mod reports;
mod samples;
mod sarif;
mod shown;
mod terms;
mod unseen;
