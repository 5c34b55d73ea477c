//! The data sources, asked of AWS.

use super::Aws;
use super::error::plain;
use crate::provider::{ErrorKind, ProviderError, Query};
use crate::value::Value;

/// Answers a question.
pub(super) async fn query(aws: &Aws, query: &Query) -> Result<Value, ProviderError> {
    aws.connection(&query.provider).await?;
    let detail = format!("The data source {} cannot be read yet.", query.ty);
    Err(plain(ErrorKind::Unsupported, "Data source not supported", detail))
}
