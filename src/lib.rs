//! Sealform keeps the default encryption of S3 buckets as declared in files.

pub mod addr;
pub mod diag;
pub mod eval;
pub mod sandbox;
pub mod value;
