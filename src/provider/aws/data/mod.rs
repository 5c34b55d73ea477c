//! The data sources, asked of AWS.
//!
//! Owns which requests a question becomes, and what their answers are in our words. Which
//! arguments make sense, and what follows from a name alone, is `resource::data`'s.

mod bucket;
pub(super) mod kms;
mod list;
#[cfg(test)]
mod tests;

use super::Aws;
use super::account::Identity;
use super::connect::Connection;
use super::error::plain;
use crate::provider::{ErrorKind, ProviderError, Query};
use crate::resource::data::{self, DataSource};
use crate::value::{Type, Value, conceal};

/// What was found: attributes in any order.
type Found = Vec<(&'static str, Value)>;

/// Answers a question.
pub(super) async fn query(aws: &Aws, query: &Query) -> Result<Value, ProviderError> {
    let Some(source) = data::find(&query.ty) else {
        let detail = format!("There is no data source {:?}.", query.ty);
        return Err(plain(ErrorKind::Unsupported, "Unknown data source", detail));
    };
    let arguments = &query.arguments;
    check(source, arguments)?;
    let connection = aws.connection(&query.provider).await?;
    // What the SDK keeps while it waits is large, and each source has its own.
    let found = Box::pin(ask(connection, source, arguments)).await.map_err(|mut told| {
        // Services repeat what they were asked.
        told.detail = conceal(told.detail, &arguments.secrets());
        told
    })?;
    Ok(data::answer(source, arguments, found))
}

/// Refuses arguments that are wrong: names become parts of hosts and paths.
fn check(source: &dyn DataSource, arguments: &Value) -> Result<(), ProviderError> {
    let mut findings = source.validate(arguments).into_iter();
    let wrong = findings.find(|finding| finding.severity == crate::diag::Severity::Error);
    wrong.map_or(Ok(()), |finding| Err(plain(ErrorKind::Invalid, finding.summary, finding.detail)))
}

async fn ask(
    connection: &Connection,
    source: &dyn DataSource,
    arguments: &Value,
) -> Result<Found, ProviderError> {
    let name = source.name();
    match name {
        "aws_caller_identity" => Ok(identity(connection.identity().await?)),
        "aws_region" => Ok(data::Region::found(arguments, connection.region())),
        "aws_kms_key" => kms::key(connection, arguments).await,
        "aws_kms_alias" => kms::alias(connection, arguments).await,
        "aws_s3_bucket" => bucket::bucket(connection, arguments).await,
        "aws_s3_buckets" => list::buckets(connection, arguments).await,
        _ => {
            let detail = format!("AWS cannot be asked for {name}.");
            Err(plain(ErrorKind::Unsupported, "Unknown data source", detail))
        }
    }
}

fn identity(identity: &Identity) -> Found {
    let Identity { account, arn, user_id } = identity;
    vec![
        ("account_id", Value::from(account.as_str())),
        ("id", Value::from(account.as_str())),
        ("arn", text(arn.as_deref())),
        ("user_id", text(user_id.as_deref())),
    ]
}

/// A text, or null.
fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null(Type::String), Value::from)
}

/// The text of an argument that must be given.
fn required<'a>(arguments: &'a Value, name: &str) -> Result<&'a str, ProviderError> {
    arguments.get(name).and_then(Value::as_str).map(|text| &**text).ok_or_else(|| {
        let detail = format!("`{name}` is not known, and nothing can be asked without it.");
        plain(ErrorKind::Invalid, "Missing argument", detail)
    })
}

/// A point in time as RFC 3339 has it, in whole seconds.
pub(super) fn time(time: Option<&aws_smithy_types::DateTime>) -> Option<String> {
    use aws_smithy_types::date_time::Format;
    aws_smithy_types::DateTime::from_secs(time?.secs()).fmt(Format::DateTime).ok()
}
