//! The embedded S3, KMS and STS endpoint behind `--sandbox`.
