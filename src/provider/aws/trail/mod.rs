//! Who changed a bucket's encryption, as `CloudTrail` tells it (`LookupEvents`).
//!
//! Owns the requests and their pace: the service bears two a second for an account in a Region, from
//! everybody together. That it cannot be asked, or does not tell, is never an error.

mod event;
mod search;

use self::event::Found;
use self::search::{Lookup, Search};
use super::connect::Connection;
use super::error::{credentials_mend, said, without_answer};
use super::retry::asks_to_slow_down;
use crate::provider::{Authors, Inquiry};
use aws_sdk_cloudtrail::config::http::HttpResponse;
use aws_sdk_cloudtrail::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsError;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// Between two requests to one Region of one account.
const PAUSE: Duration = Duration::from_millis(500);

/// Events on a page: as many as there can be.
const PAGE: i32 = 50;

/// Asks who changed objects last.
pub(super) async fn authors(connection: &Connection, inquiry: &Inquiry) -> Authors {
    let place = connection.trail_place(&inquiry.region);
    let mut search = Search::new(&inquiry.objects);
    let failure = if connection.is_elsewhere_without_trail() {
        Some(
            "S3 is not that of AWS, and nothing says where its CloudTrail is: set `cloudtrail` in \
             `endpoints` of the provider."
                .to_owned(),
        )
    } else {
        let reading = read(connection, inquiry, &mut search, &place);
        match tokio::time::timeout_at(inquiry.deadline, reading).await {
            Ok(read) => read.err(),
            Err(_) if search.has_begun() => Some(format!(
                "{place} did not tell all in time: it answers two requests a second, with fifty \
                 calls each."
            )),
            Err(_) => Some(format!("{place} did not answer in time.")),
        }
    };
    let (found, open) = search.end();
    let note = note(&open, &place, failure.as_deref());
    Authors { found, note }
}

/// Asks page by page until all is known.
async fn read(
    connection: &Connection,
    inquiry: &Inquiry,
    search: &mut Search<'_>,
    place: &str,
) -> Result<(), String> {
    let client = connection.trail(&inquiry.region);
    // The log tells of whole seconds.
    let until = DateTime::from_secs(inquiry.until.as_second().saturating_add(1));
    let mut turns = tokio::time::interval(PAUSE);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while let Some(lookup) = search.next() {
        let (key, value, token) = match &lookup {
            Lookup::Event { name, token } => (LookupAttributeKey::EventName, *name, token.clone()),
            Lookup::Bucket(bucket) => (LookupAttributeKey::ResourceName, &**bucket, None),
        };
        let attribute = LookupAttribute::builder()
            .attribute_key(key)
            .attribute_value(value)
            .build()
            .map_err(|error| format!("The request could not be made: {error}."))?;
        turns.tick().await;
        let page = client
            .lookup_events()
            .lookup_attributes(attribute)
            .end_time(until)
            .max_results(PAGE)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| refusal(&error, place))?;
        search.take(&lookup, page.events().iter().map(found), page.next_token());
    }
    Ok(())
}

fn found(event: &Event) -> Found<'_> {
    let is_bucket = |ty: &str| matches!(ty, "AWS::S3::Bucket" | "AWS::S3Express::DirectoryBucket");
    let mut buckets =
        event.resources().iter().filter(|it| it.resource_type().is_some_and(is_bucket));
    Found {
        name: event.event_name(),
        time: event.event_time().map(DateTime::secs),
        username: event.username(),
        resource: buckets.find_map(|it| it.resource_name()),
        record: event.cloud_trail_event(),
    }
}

/// Why it is not known of some, if there are any.
fn note(open: &[Arc<str>], place: &str, failure: Option<&str>) -> Option<String> {
    let first = open.first()?;
    let (those, so) = match open.len() {
        1 => (format!("the bucket {first:?}"), "as it is"),
        many => (format!("{many} buckets, such as {first:?},"), "as they are"),
    };
    Some(match failure {
        Some(why) => {
            format!("{why} So it is not known who changed {}.", those.trim_end_matches(','))
        }
        None => format!(
            "{place} tells of no call that left {those} {so}. It tells of a call some minutes after \
             it was made, and for 90 days, to the account of the caller and to that of the bucket. \
             Ask again in a quarter of an hour."
        ),
    })
}

/// Why a request failed.
fn refusal(error: &SdkError<LookupEventsError, HttpResponse>, place: &str) -> String {
    if let Some(told) = without_answer(error, place, "CloudTrail") {
        return told.detail;
    }
    let status = error.raw_response().map(|response| response.status().as_u16());
    let (code, said) = (error.code(), said(error.code(), error.message()));
    let text = match code {
        Some(code) if let Some(mend) = credentials_mend(code) => format!("{said} {mend}"),
        Some("AccessDeniedException" | "AccessDenied") => format!(
            "The credentials may not do cloudtrail:LookupEvents: no policy allows it, or one denies \
             it. {said}"
        ),
        _ if asks_to_slow_down(code, status) => format!(
            "{place} asked to slow down, and still did after all repetitions: it answers two \
             requests a second to all of an account together. {said}"
        ),
        Some("UnknownOperationException" | "UnsupportedOperationException") | None => {
            format!("{place} does not support LookupEvents. {said}")
        }
        Some(_) => format!("LookupEvents failed at {place}. {said}"),
    };
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_read_well() {
        let buckets: Vec<Arc<str>> = vec!["logs".into(), "tmp".into()];
        let place = "CloudTrail in eu-west-1";
        assert_eq!(note(&[], place, Some("Whatever.")), None);
        insta::assert_snapshot!(note(&buckets, place, None).unwrap(), @r#"CloudTrail in eu-west-1 tells of no call that left 2 buckets, such as "logs", as they are. It tells of a call some minutes after it was made, and for 90 days, to the account of the caller and to that of the bucket. Ask again in a quarter of an hour."#);
        insta::assert_snapshot!(note(&buckets[..1], place, Some("No.")).unwrap(), @r#"No. So it is not known who changed the bucket "logs"."#);
    }
}
