//! What KMS says of the keys that settings name: `DescribeKey`, once for each name and run.
//!
//! What is answered never repeats the name: it may be one that must not be shown.

use super::connect::Connection;
use super::data::kms::refusal;
use super::data::time;
use super::error::said;
use crate::provider::ErrorKind;
use crate::resource::{Key, KeyAnswer, KeyName, KeyRef};
use aws_sdk_kms::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_kms::operation::describe_key::DescribeKeyError;
use aws_sdk_kms::types::KeyMetadata;
use aws_sdk_s3::config::http::HttpResponse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// By Region and name.
type Cells = BTreeMap<(Arc<str>, Arc<str>), Cell>;

/// What was answered, or is being asked.
type Cell = Arc<OnceCell<KeyAnswer>>;

/// The keys that were asked for.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<Cells>);

impl Asked {
    fn cell(&self, region: Arc<str>, name: Arc<str>) -> Cell {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry((region, name)).or_default())
    }
}

/// What KMS says of a key. Whoever asks for one that is being asked for waits for that answer.
pub(super) async fn key(connection: &Connection, name: &KeyName) -> KeyAnswer {
    // An ARN says where its key is; S3 wants that to be the bucket's Region, and KMS to be asked there.
    let region = arn_part(&name.name, 3).map_or_else(|| Arc::clone(&name.region), Arc::from);
    let cell = connection.asked().cell(Arc::clone(&region), Arc::clone(&name.name));
    cell.get_or_init(|| Box::pin(describe(connection, &region, &name.name))).await.clone()
}

async fn describe(connection: &Connection, region: &Arc<str>, name: &str) -> KeyAnswer {
    if connection.is_elsewhere_without_kms() {
        return KeyAnswer::Untold(
            "S3 is not that of AWS, and nothing says where its KMS is: set `kms` in `endpoints` of \
             the provider, or `preflight = false`."
                .to_owned(),
        );
    }
    let place = connection.kms_place(region);
    match connection.kms(region).describe_key().key_id(name).send().await {
        Ok(answer) => match answer.key_metadata.as_ref().and_then(|it| found(it, region)) {
            Some(key) => KeyAnswer::Found(key),
            None => KeyAnswer::Untold(format!(
                "{place} answers DescribeKey without a key. Check the endpoint."
            )),
        },
        Err(error) => untold(&error, name, region, &place),
    }
}

fn found(key: &KeyMetadata, region: &Arc<str>) -> Option<Key> {
    let arn = key.arn.as_deref()?;
    let text = |text: Option<&str>| Arc::<str>::from(text.unwrap_or_default());
    #[expect(
        deprecated,
        reason = "some stores know only the element that the other one came to replace"
    )]
    let old_spec = key.customer_master_key_spec.as_ref().map(AsRef::as_ref);
    Some(Key {
        account: text(key.aws_account_id.as_deref().or_else(|| arn_part(arn, 4))),
        region: arn_part(arn, 3).map_or_else(|| Arc::clone(region), Arc::from),
        arn: Arc::from(arn),
        state: match key.key_state.as_ref() {
            Some(state) => Arc::from(state.as_str()),
            // A store that tells only this.
            None => Arc::from(if key.enabled { "Enabled" } else { "Disabled" }),
        },
        deletion_date: time(key.deletion_date.as_ref()).map(Arc::from),
        usage: text(key.key_usage.as_ref().map(AsRef::as_ref)),
        spec: text(key.key_spec.as_ref().map(AsRef::as_ref).or(old_spec)),
        aws_managed: key.key_manager.as_ref().is_some_and(|it| it.as_str() == "AWS"),
    })
}

/// A part of an ARN, counted from 0.
fn arn_part(text: &str, at: usize) -> Option<&str> {
    text.starts_with("arn:").then(|| text.split(':').nth(at)).flatten().filter(|it| !it.is_empty())
}

/// What a refusal tells.
fn untold(
    error: &SdkError<DescribeKeyError, HttpResponse>,
    name: &str,
    region: &str,
    place: &str,
) -> KeyAnswer {
    let told = refusal(error, name, place, region);
    let is_alias = name.contains("alias/");
    let said = said(error.code(), error.message().map(|text| without_name(text, name)).as_deref());
    let (is_missing, why) = match told.kind {
        ErrorKind::NotFound if KeyRef::parse(name).is_some_and(|key| key.is_aws_managed()) => (
            false,
            format!(
                "AWS makes its key for S3, alias/aws/s3, when an account first uses it in a \
                 Region, and this one has not been made in {region} yet. There is nothing to mend: \
                 S3 will have it made."
            ),
        ),
        ErrorKind::NotFound if is_alias => (
            true,
            format!(
                "There is no such alias at {place}: an alias belongs to one Region of one account. \
             Correct its name, or name the key by its ARN."
            ),
        ),
        ErrorKind::NotFound => (
            true,
            format!(
                "There is no such key at {place}. Correct the name; a key of another account is named \
             by its ARN."
            ),
        ),
        ErrorKind::Invalid => {
            (true, format!("KMS does not take this for the name of a key. {said}"))
        }
        ErrorKind::Denied => (
            false,
            format!(
                "The credentials may not do kms:DescribeKey on it: neither the key's policy nor one of \
             the caller allows it, or there is no such key in another account. Allow it, or set \
             `preflight = false` in the provider. {said}"
            ),
        ),
        ErrorKind::Credentials | ErrorKind::Outage => (false, told.detail),
        ErrorKind::Unreachable => {
            (false, format!("{} Or set `preflight = false` in the provider.", told.detail))
        }
        ErrorKind::Unsupported => (
            false,
            format!(
                "{place} does not support DescribeKey. Set `preflight = false` in the provider. {said}"
            ),
        ),
        ErrorKind::Throttled => (
            false,
            format!(
                "{place} asked to slow down, and still did after all repetitions of DescribeKey. Raise \
             `max_retries`. {said}"
            ),
        ),
        ErrorKind::Configuration => {
            (false, format!("The account has not switched {place} on. {said}"))
        }
        ErrorKind::Conflict | ErrorKind::Other => (
            false,
            format!(
                "DescribeKey failed at {place}, all repetitions included. Try again later. {said}"
            ),
        ),
    };
    let why = why.trim_end().to_owned();
    if is_missing { KeyAnswer::Missing(why) } else { KeyAnswer::Untold(why) }
}

/// What a service says, without the name that it was asked for.
fn without_name(text: &str, name: &str) -> String {
    let bare = name.rsplit_once(":key/").map_or(name, |(_, id)| id);
    let bare = bare.rsplit_once(":alias/").map_or(bare, |(_, alias)| alias);
    let bare = bare.strip_prefix("alias/").unwrap_or(bare);
    if bare.is_empty() {
        text.to_owned()
    } else {
        text.replace(name, "the key").replace(bare, "…")
    }
}
