//! Sealform keeps the default encryption of S3 buckets as declared in files.

pub mod sandbox;
