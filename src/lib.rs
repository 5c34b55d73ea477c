//! Sealform keeps the default encryption of S3 buckets as declared in files.

pub mod addr;
pub mod apply;
pub mod config;
pub mod diag;
pub mod eval;
pub mod event;
pub mod graph;
pub mod plan;
pub mod provider;
pub mod refresh;
pub mod render;
pub mod resource;
pub mod sandbox;
pub mod schema;
pub mod state;
pub mod value;
