//! Sealform keeps the default encryption of S3 buckets as declared in files.

pub mod addr;
pub mod config;
pub mod diag;
pub mod eval;
pub mod graph;
pub mod provider;
pub mod resource;
pub mod sandbox;
pub mod schema;
pub mod state;
pub mod value;
