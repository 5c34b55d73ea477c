//! What is drawn, as it is drawn.

mod diagnostics;
mod explain;
mod human;
mod json;
mod properties;
mod samples;
mod shown;
