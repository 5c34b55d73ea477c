//! `aws_kms_key` and `aws_kms_alias`: KMS, `DescribeKey`.

use super::{Found, required, text, time};
use crate::diag::suggest;
use crate::provider::aws::connect::Connection;
use crate::provider::aws::error::{credentials_mend, said, without_answer};
use crate::provider::aws::retry::asks_to_slow_down;
use crate::provider::{ErrorKind, ProviderError};
use crate::resource::data::{self, DataSource as _};
use crate::value::{Type, Value};
use aws_sdk_kms::error::SdkError;
use aws_sdk_kms::operation::RequestId as _;
use aws_sdk_kms::operation::describe_key::DescribeKeyError;
use aws_sdk_kms::types::{KeyMetadata, MultiRegionKey};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::ProvideErrorMetadata as _;

/// Pages of aliases that are looked through for one that was meant. The largest page has 100.
const PAGES: usize = 10;

pub(super) async fn key(
    connection: &Connection,
    arguments: &Value,
) -> Result<Found, ProviderError> {
    let name = required(arguments, "key_id")?;
    let tokens = arguments.get("grant_tokens").and_then(Value::as_items).unwrap_or_default();
    let tokens = tokens.iter().filter_map(|token| token.as_str().map(ToString::to_string));
    let tokens = Some(tokens.collect::<Vec<_>>()).filter(|tokens| !tokens.is_empty());
    let key = describe(connection, name, tokens).await?;
    Ok(attributes(&key))
}

pub(super) async fn alias(
    connection: &Connection,
    arguments: &Value,
) -> Result<Found, ProviderError> {
    let name = required(arguments, "name")?;
    let key = describe(connection, name, None).await?;
    let target = key.arn.as_deref();
    // An alias is always where its key is.
    let place = target.and_then(|arn| arn.rsplit_once(":key/")).map(|(place, _)| place);
    let arn = place.map(|place| format!("{place}:{name}"));
    Ok(vec![
        ("arn", text(arn.as_deref())),
        ("id", text(arn.as_deref())),
        ("target_key_arn", text(target)),
        ("target_key_id", Value::from(key.key_id.as_str())),
    ])
}

async fn describe(
    connection: &Connection,
    name: &str,
    grant_tokens: Option<Vec<String>>,
) -> Result<KeyMetadata, ProviderError> {
    let request = connection
        .kms(connection.region())
        .describe_key()
        .key_id(name)
        .set_grant_tokens(grant_tokens);
    let place = connection.kms_place(connection.region());
    let error = match request.send().await {
        Ok(answer) => {
            return answer.key_metadata.ok_or_else(|| ProviderError {
                kind: ErrorKind::Other,
                summary: "Answer not understood",
                detail: format!(
                    "{place} answers DescribeKey for {name:?} without a key. Check the endpoint."
                ),
                code: None,
                request_id: None,
                attribute: None,
            });
        }
        Err(error) => error,
    };
    let mut told = refusal(&error, name, &place, connection.region());
    if told.kind == ErrorKind::NotFound
        && name.starts_with("alias/")
        && let Some(meant) = similar_alias(connection, name).await
    {
        told.detail = format!("{} Did you mean {meant:?}?", told.detail);
    }
    Err(told)
}

/// The alias that was most likely meant. Only a help: what goes wrong here goes unsaid.
async fn similar_alias(connection: &Connection, name: &str) -> Option<String> {
    let client = connection.kms(connection.region());
    let mut pages = client.list_aliases().limit(100).into_paginator().send();
    let mut names = Vec::new();
    for _ in 0..PAGES {
        let Some(Ok(page)) = pages.next().await else { break };
        names.extend(page.aliases.into_iter().flatten().filter_map(|alias| alias.alias_name));
    }
    suggest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// What DescribeKey failed with.
pub(in crate::provider::aws) fn refusal(
    error: &SdkError<DescribeKeyError, HttpResponse>,
    name: &str,
    place: &str,
    region: &str,
) -> ProviderError {
    if let Some(found) = without_answer(error, place, "KMS") {
        return found;
    }
    let code = error.code();
    let status = error.raw_response().map(|response| response.status().as_u16());
    let said = said(code, error.message());
    let (kind, summary, detail) = match code.unwrap_or_default() {
        code if let Some(mend) = credentials_mend(code) => {
            (ErrorKind::Credentials, "Invalid credentials", format!("{said} {mend}"))
        }
        "NotFoundException" if let Some(other) = other_region(name, region) => (
            ErrorKind::NotFound,
            "Key not found",
            format!(
                "{name:?} is in {other}, and the provider works in {region}. Ask a provider whose \
                 `region` is {other}."
            ),
        ),
        "NotFoundException" if name.contains("alias/") => (
            ErrorKind::NotFound,
            "Alias not found",
            format!(
                "There is no alias {name:?} at {place}. Correct the name, or ask a provider of the \
                 alias's Region."
            ),
        ),
        "NotFoundException" => (
            ErrorKind::NotFound,
            "Key not found",
            format!(
                "There is no key {name:?} at {place}. Correct it, or ask a provider of the key's \
                 Region. A key of another account is named by its ARN."
            ),
        ),
        "AccessDeniedException" | "AccessDenied" => (
            ErrorKind::Denied,
            "Access denied",
            format!(
                "The credentials may not do kms:DescribeKey on the key {name:?}: neither the \
                 key's policy nor one of the caller allows it, or there is no such key in another \
                 account. {said}"
            ),
        ),
        "InvalidArnException" | "ValidationException" | "InvalidGrantTokenException" => (
            ErrorKind::Invalid,
            "Request refused",
            format!("DescribeKey for {name:?} is not accepted. {said}"),
        ),
        "OptInRequired" | "SubscriptionRequiredException" => (
            ErrorKind::Configuration,
            "Region not enabled",
            format!("The account has not switched {place} on. {said}"),
        ),
        "UnknownOperationException" | "NotImplemented" | "UnsupportedOperationException" => (
            ErrorKind::Unsupported,
            "Operation not supported",
            format!("{place} does not support DescribeKey. {said}"),
        ),
        _ if asks_to_slow_down(code, status) => (
            ErrorKind::Throttled,
            "Too many requests",
            format!(
                "{place} asked to slow down, and still did after all repetitions of DescribeKey \
                 for {name:?}. {said} Raise `max_retries`."
            ),
        ),
        _ if status.is_some_and(|status| status >= 500) => (
            ErrorKind::Other,
            "Service failure",
            format!(
                "DescribeKey for {name:?} failed at {place}, all repetitions included. {said} Try \
                 again later."
            ),
        ),
        _ => (
            ErrorKind::Other,
            "Request failed",
            format!("DescribeKey for {name:?} failed at {place}. {said}"),
        ),
    };
    ProviderError {
        kind,
        summary,
        detail: detail.trim_end().to_owned(),
        code: code.map(str::to_owned),
        request_id: error.request_id().map(str::to_owned),
        attribute: None,
    }
}

/// A word that the SDK has an enum for.
fn word<T: AsRef<str>>(word: Option<&T>) -> Option<&str> {
    word.map(AsRef::as_ref)
}

/// The Region that an ARN names, if it is another one.
fn other_region<'a>(name: &'a str, region: &str) -> Option<&'a str> {
    let arn = name.strip_prefix("arn:")?;
    arn.split(':').nth(2).filter(|there| *there != region)
}

/// The attributes of a key.
fn attributes(key: &KeyMetadata) -> Found {
    let spec = word(key.key_spec.as_ref());
    #[expect(
        deprecated,
        reason = "the attribute is the element that the other one came to replace"
    )]
    let old_spec = word(key.customer_master_key_spec.as_ref());
    let multi_region = key.multi_region_configuration.as_ref().map(|together| {
        let kind = word(together.multi_region_key_type.as_ref());
        Value::object([
            ("multi_region_key_type", text(kind)),
            ("primary_key", regional(together.primary_key.as_slice())),
            ("replica_keys", regional(together.replica_keys.as_deref().unwrap_or_default())),
        ])
    });
    let external = key
        .xks_key_configuration
        .as_ref()
        .map(|external| Value::object([("id", text(external.id.as_deref()))]));
    // Some stores tell it in the ARN only.
    let account = key.aws_account_id.as_deref().or_else(|| key.arn.as_deref()?.split(':').nth(4));
    // Empty, not null, where there is none: so it is in the Terraform AWS provider.
    let empty = |value: Option<&str>| Value::from(value.unwrap_or_default());
    let days = key.pending_deletion_window_in_days.unwrap_or_default();
    vec![
        ("id", Value::from(key.key_id.as_str())),
        ("arn", text(key.arn.as_deref())),
        ("aws_account_id", text(account)),
        ("cloud_hsm_cluster_id", empty(key.cloud_hsm_cluster_id.as_deref())),
        ("creation_date", text(time(key.creation_date.as_ref()).as_deref())),
        ("custom_key_store_id", empty(key.custom_key_store_id.as_deref())),
        ("customer_master_key_spec", text(old_spec.or(spec))),
        ("deletion_date", text(time(key.deletion_date.as_ref()).as_deref())),
        ("description", empty(key.description.as_deref())),
        ("enabled", Value::Bool(key.enabled)),
        ("expiration_model", empty(word(key.expiration_model.as_ref()))),
        ("key_manager", text(word(key.key_manager.as_ref()))),
        ("key_spec", text(spec.or(old_spec))),
        ("key_state", text(word(key.key_state.as_ref()))),
        ("key_usage", text(word(key.key_usage.as_ref()))),
        ("multi_region", Value::Bool(key.multi_region.unwrap_or(false))),
        ("multi_region_configuration", listed("multi_region_configuration", multi_region)),
        ("origin", text(word(key.origin.as_ref()))),
        ("pending_deletion_window_in_days", Value::from(i64::from(days))),
        ("valid_to", text(time(key.valid_to.as_ref()).as_deref())),
        ("xks_key_configuration", listed("xks_key_configuration", external)),
    ]
}

/// A list of at most one object, of the type that the schema gives to the attribute.
fn listed(name: &str, object: Option<Value>) -> Value {
    let ty = data::KmsKey.schema().attribute(name).map_or(Type::Any, |it| it.ty.ty());
    let element = if let Type::List(element) = ty { Type::clone(&element) } else { Type::Any };
    Value::list(element, object.into_iter().collect())
}

/// Keys in their Regions.
fn regional(keys: &[MultiRegionKey]) -> Value {
    let element = Type::object([("arn", Type::String), ("region", Type::String)]);
    let object = |key: &MultiRegionKey| {
        let (arn, region) = (text(key.arn.as_deref()), text(key.region.as_deref()));
        Value::object([("arn", arn), ("region", region)])
    };
    Value::list(element, keys.iter().map(object).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_kms::primitives::DateTime;
    use aws_sdk_kms::types::{
        ExpirationModelType, MultiRegionConfiguration, MultiRegionKeyType, OriginType,
        XksKeyConfigurationType,
    };

    /// What the embedded endpoint has no keys for.
    #[test]
    fn every_element_of_a_key_has_its_attribute() {
        let at = |region: &str| {
            let arn = format!("arn:aws:kms:{region}:111122223333:key/mrk-1");
            MultiRegionKey::builder().arn(arn).region(region).build()
        };
        let together = MultiRegionConfiguration::builder()
            .multi_region_key_type(MultiRegionKeyType::Replica)
            .primary_key(at("eu-west-1"))
            .replica_keys(at("us-east-1"))
            .replica_keys(at("us-west-2"))
            .build();
        let key = KeyMetadata::builder()
            .key_id("mrk-1")
            .creation_date(DateTime::from_secs_f64(1_775_044_800.987))
            .valid_to(DateTime::from_secs(1_806_580_800))
            .origin(OriginType::External)
            .expiration_model(ExpirationModelType::KeyMaterialExpires)
            .cloud_hsm_cluster_id("cluster-1")
            .custom_key_store_id("cks-1")
            .multi_region(true)
            .multi_region_configuration(together)
            .pending_deletion_window_in_days(7)
            .xks_key_configuration(XksKeyConfigurationType::builder().id("xks-1").build())
            .build()
            .unwrap();
        let answer = data::answer(&data::KmsKey, &Value::NULL, attributes(&key));
        assert_eq!(answer.ty(), data::KmsKey.schema().object_type());
        insta::assert_snapshot!(crate::value::to_json(&answer), @r#"{"arn":null,"aws_account_id":null,"cloud_hsm_cluster_id":"cluster-1","creation_date":"2026-04-01T12:00:00Z","custom_key_store_id":"cks-1","customer_master_key_spec":null,"deletion_date":null,"description":"","enabled":false,"expiration_model":"KEY_MATERIAL_EXPIRES","grant_tokens":null,"id":"mrk-1","key_id":null,"key_manager":null,"key_spec":null,"key_state":null,"key_usage":null,"multi_region":true,"multi_region_configuration":[{"multi_region_key_type":"REPLICA","primary_key":[{"arn":"arn:aws:kms:eu-west-1:111122223333:key/mrk-1","region":"eu-west-1"}],"replica_keys":[{"arn":"arn:aws:kms:us-east-1:111122223333:key/mrk-1","region":"us-east-1"},{"arn":"arn:aws:kms:us-west-2:111122223333:key/mrk-1","region":"us-west-2"}]}],"origin":"EXTERNAL","pending_deletion_window_in_days":7,"valid_to":"2027-04-01T12:00:00Z","xks_key_configuration":[{"id":"xks-1"}]}"#);
    }
}
