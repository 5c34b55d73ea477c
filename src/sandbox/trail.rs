//! `CloudTrail`, of which `LookupEvents` is enough to learn who changed a bucket, in JSON 1.1.
//!
//! Owns the events: each call that puts or deletes a bucket's encryption leaves one with the bucket,
//! refused ones too. As at AWS, who asks sees what was done in their account or to its buckets, in one
//! Region, newest first, two requests a second. Unlike at AWS, an event is there at once (unless a
//! test asks for a delay), only the last twenty of a bucket are kept, and they go with the bucket.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hyper::StatusCode;
use hyper::header::{HeaderMap, USER_AGENT};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::bucket::{Bucket, Encryption};
use super::key::arn;
use super::s3;
use super::sts;
use super::wire::{Caller, Refusal, Reply};
use super::world::World;

/// So many events of one bucket are kept.
const KEPT: usize = 20;

/// So many characters of a `User-Agent` are kept.
const LONGEST_AGENT: usize = 1_000;

/// `MaxResults` at most, and where nothing is said.
const PAGE: usize = 50;

/// How far back a look-up goes.
const DAYS: i64 = 90;

/// Look-ups a second, for an account in a Region.
const RATE: f64 = 2.0;

/// A call on a bucket's encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Event {
    /// Microseconds since the epoch; no two events of a world have the same.
    at: i64,
    name: String,
    /// The caller's.
    account: String,
    arn: String,
    access_key: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    agent: String,
    /// Why it was refused, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What a Put left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrote: Option<Encryption>,
}

impl Event {
    /// The event of a call that is being carried out; [`Bucket::note`] gives it its time.
    pub(super) fn of(call: &s3::Call<'_>, wrote: Option<&Encryption>, error: Option<&str>) -> Self {
        let agent = call.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Self {
            at: 0,
            name: call.operation.name().to_owned(),
            account: call.caller.account().to_owned(),
            arn: sts::caller_arn(call.caller, call.headers),
            access_key: call.caller.access_key.to_owned(),
            agent: agent.unwrap_or_default().chars().take(LONGEST_AGENT).collect(),
            error: error.map(str::to_owned),
            wrote: wrote.cloned(),
        }
    }

    pub(super) fn at(&self) -> i64 {
        self.at
    }

    fn second(&self) -> i64 {
        self.at.div_euclid(1_000_000)
    }

    /// The event as the log gives it out: a document within a document.
    fn document(&self, bucket: &Bucket) -> Json {
        let express = bucket.is_directory();
        let source = if express { "s3express.amazonaws.com" } else { "s3.amazonaws.com" };
        let (region, id) = (&bucket.region, format!("{:032x}", self.at));
        let time = Timestamp::from_second(self.second()).unwrap_or_default();
        let (resource_type, resource_arn) = if express {
            let name = format!("bucket/{}", bucket.name);
            ("AWS::S3Express::DirectoryBucket", arn("s3express", region, &bucket.account, &name))
        } else {
            ("AWS::S3::Bucket", arn("s3", "", "", &bucket.name))
        };
        let mut parameters = json!({
            "bucketName": bucket.name,
            "Host": "127.0.0.1",
            "encryption": "",
        });
        if let Some(Encryption { algorithm, key, bucket_key, .. }) = &self.wrote {
            let mut default = json!({ "SSEAlgorithm": algorithm.name() });
            if let Some(key) = key {
                default["KMSMasterKeyID"] = key.as_str().into();
            }
            parameters["ServerSideEncryptionConfiguration"] = json!({
                "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
                "Rule": {
                    "ApplyServerSideEncryptionByDefault": default,
                    "BucketKeyEnabled": bucket_key,
                },
            });
        }
        let (_, name) = self.arn.rsplit_once('/').unwrap_or(("", &self.arn));
        let is_session = self.arn.contains(":assumed-role/");
        let mut record = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": if is_session { "AssumedRole" } else { "IAMUser" },
                "arn": self.arn,
                "accountId": self.account,
                "accessKeyId": self.access_key,
            },
            "eventTime": time.to_string(),
            "eventSource": source,
            "eventName": self.name,
            "awsRegion": region,
            // It listens on loopback only.
            "sourceIPAddress": "127.0.0.1",
            "userAgent": format!("[{}]", self.agent),
            "requestParameters": parameters,
            "responseElements": null,
            "eventID": id,
            "readOnly": false,
            "resources": [{
                "accountId": bucket.account, "type": resource_type, "ARN": resource_arn,
            }],
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": bucket.account,
            "eventCategory": "Management",
        });
        if let Some(code) = &self.error {
            record["errorCode"] = code.as_str().into();
        }
        json!({
            "EventId": id,
            "EventName": self.name,
            "ReadOnly": "false",
            "AccessKeyId": self.access_key,
            "EventTime": self.second(),
            "EventSource": source,
            "Username": name,
            "Resources": [{ "ResourceType": resource_type, "ResourceName": bucket.name }],
            "CloudTrailEvent": record.to_string(),
        })
    }
}

impl Bucket {
    /// Keeps an event, later than all that the world has.
    pub(super) fn note(&mut self, event: Event, at: i64) {
        self.events.push(Event { at, ..event });
        let over = self.events.len().saturating_sub(KEPT);
        self.events.drain(..over);
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    LookupEvents,
    /// Whatever else `CloudTrail` can do.
    Unsupported,
}

impl Operation {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.rsplit_once("CloudTrail_20131101.")) {
            Some((_, "LookupEvents")) => Self::LookupEvents,
            Some(_) | None => Self::Unsupported,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LookupEvents => "LookupEvents",
            Self::Unsupported => "Unsupported",
        }
    }
}

/// How many look-ups are left in the second that runs, by account and Region.
#[derive(Debug, Default)]
pub(super) struct Quota(Mutex<BTreeMap<(String, String), (f64, Instant)>>);

impl Quota {
    /// Whether one more is allowed.
    fn allows(&self, caller: Caller<'_>) -> bool {
        let now = Instant::now();
        let place = (caller.account().to_owned(), caller.region.to_owned());
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = left.entry(place).or_insert((RATE, now));
        *tokens = (*tokens + now.duration_since(*since).as_secs_f64() * RATE).min(RATE);
        *since = now;
        let allowed = *tokens >= 1.0;
        if allowed {
            *tokens -= 1.0;
        }
        allowed
    }
}

/// The answer of a service that is overloaded, or else broken.
pub(super) fn failure(overload: bool) -> Reply {
    let refusal = if overload {
        Refusal::new("ThrottlingException", "Rate exceeded")
    } else {
        let message = "The request processing has failed because of an unknown error.";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Refusal { status, ..Refusal::new("InternalFailure", message) }
    };
    refusal.reply()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LookupRequest {
    #[serde(default)]
    lookup_attributes: Vec<Attribute>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: String,
    attribute_value: String,
}

/// Carries out one request.
pub(super) fn handle(
    world: &World,
    quota: &Quota,
    operation: Operation,
    caller: Caller<'_>,
    headers: &HeaderMap,
    body: &[u8],
) -> Reply {
    let answer = match operation {
        Operation::LookupEvents if world.is_trail_denied() => Err(Refusal::new(
            "AccessDeniedException",
            format!(
                "User: {} is not authorized to perform: cloudtrail:LookupEvents because no \
                 identity-based policy allows the cloudtrail:LookupEvents action",
                sts::caller_arn(caller, headers)
            ),
        )),
        Operation::LookupEvents if !quota.allows(caller) => return failure(true),
        Operation::LookupEvents => lookup(world, caller, body),
        Operation::Unsupported => Err(Refusal::new(
            "UnknownOperationException",
            "The sandbox does not know this operation.",
        )),
    };
    match answer {
        Ok(document) => Reply::json(StatusCode::OK, document.to_string()),
        Err(refusal) => refusal.reply(),
    }
}

fn lookup(world: &World, caller: Caller<'_>, body: &[u8]) -> Result<Json, Refusal> {
    let request: LookupRequest = serde_json::from_slice(body)
        .map_err(|error| Refusal::new("SerializationException", error.to_string()))?;
    let LookupRequest { lookup_attributes, start_time, end_time, max_results, next_token } =
        request;
    let attribute = match lookup_attributes.as_slice() {
        [] => None,
        [one] => Some(one),
        [_, _, ..] => {
            let message = "You can only specify one lookup attribute.";
            return Err(Refusal::new("InvalidLookupAttributesException", message));
        }
    };
    let limit = match max_results {
        None => PAGE,
        Some(max) => {
            usize::try_from(max).ok().filter(|max| (1..=PAGE).contains(max)).ok_or_else(|| {
                let message = "You must specify a value of MaxResults from 1 to 50.";
                Refusal::new("InvalidMaxResultsException", message)
            })?
        }
    };
    let before = match next_token {
        None => i64::MAX,
        Some(token) => token
            .parse()
            .map_err(|_| Refusal::new("InvalidNextTokenException", "The token is not valid."))?,
    };
    if start_time.zip(end_time).is_some_and(|(start, end)| start > end) {
        let message = "The end time must be after the start time.";
        return Err(Refusal::new("InvalidTimeRangeException", message));
    }
    let now = Timestamp::now();
    let oldest = now.as_second() - DAYS * 86_400;
    let newest =
        now.saturating_sub(world.trail_delay()).map_or(i64::MAX, Timestamp::as_microsecond);
    let in_time = |event: &Event| {
        let second = event.second();
        #[expect(clippy::cast_precision_loss, reason = "seconds of centuries are exact")]
        let exact = second as f64;
        second >= oldest
            && event.at <= newest
            && start_time.is_none_or(|start| exact >= start.floor())
            && end_time.is_none_or(|end| exact <= end)
    };
    let fits = |bucket: &Bucket, event: &Event| match attribute {
        None => Ok(true),
        Some(Attribute { attribute_key, attribute_value: value }) => match &**attribute_key {
            "EventName" => Ok(event.name == *value),
            "ResourceName" => Ok(bucket.name == *value),
            "AccessKeyId" => Ok(event.access_key == *value),
            "ReadOnly" => Ok(value == "false"),
            "EventId" | "EventSource" | "ResourceType" | "Username" => Err(Refusal::new(
                "UnsupportedOperationException",
                "The sandbox does not look up events by this attribute.",
            )),
            other => Err(Refusal::new(
                "InvalidLookupAttributesException",
                format!("{other} is no lookup attribute."),
            )),
        },
    };
    let account = caller.account();
    let buckets = world.list_buckets("", "", usize::MAX, |bucket| bucket.region == caller.region);
    let mut events = Vec::new();
    for bucket in &buckets {
        for event in &bucket.events {
            let is_told = event.account == account || bucket.account == account;
            if is_told && event.at < before && in_time(event) && fits(bucket, event)? {
                events.push((event, bucket));
            }
        }
    }
    events.sort_by_key(|(event, _)| std::cmp::Reverse(event.at));
    let more = events.len() > limit;
    events.truncate(limit);
    let mut document = json!({
        "Events": events.iter().map(|(event, bucket)| event.document(bucket)).collect::<Vec<_>>(),
    });
    if let Some((last, _)) = events.last().filter(|_| more) {
        document["NextToken"] = last.at.to_string().into();
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn the_third_lookup_within_a_second_is_too_many() {
        let quota = Quota::default();
        let from = |access_key, region| Caller { access_key, region, service: "cloudtrail" };
        let here = from("111111111111", "eu-west-1");
        let asked = |caller| quota.allows(caller);
        assert_eq!([asked(here), asked(here), asked(here)], [true, true, false]);
        // Each account and Region has its own.
        assert!(asked(from("222222222222", "eu-west-1")));
        assert!(asked(from("111111111111", "us-east-1")));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!([asked(here), asked(here)], [true, false]);
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!([asked(here), asked(here), asked(here)], [true, true, false]);
    }
}
