//! What is drawn, as it is drawn.

mod diagnostics;
mod explain;
mod fleets;
mod html;
mod human;
mod json;
mod junit;
mod prometheus;
mod properties;
mod samples;
mod sarif;
mod shown;
