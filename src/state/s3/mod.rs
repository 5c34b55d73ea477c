//! The state as an object on S3.

mod lease;
