//! Amazon S3 through the AWS SDK.
