//! In which Regions buckets are: learnt in bulk, remembered, followed.
//!
//! Owns the memory of a provider's run about where its buckets are, the pages of `ListBuckets`, and
//! the repetition of a request in the Region that S3 names.

use super::connect::Connection;
use super::error::{Call, Operation, of_call};
use crate::provider::ProviderError;
use crate::resource::is_directory_bucket;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::Bucket;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Buckets on a page (S3, `ListBuckets`, `MaxBuckets`: up to 10,000).
const PAGE: i32 = 1000;

/// Attempts at a page of a list that only helps.
const ATTEMPTS: u32 = 3;

/// How long a bucket is waited for that was told of a moment ago and is not there yet.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
];

/// Where buckets are, as far as is known.
#[derive(Debug, Default)]
pub(super) struct Places {
    known: Mutex<BTreeMap<Arc<str>, Place>>,
    listed: OnceCell<()>,
}

#[derive(Debug)]
struct Place {
    region: Arc<str>,
    /// Whether S3 has spoken of the bucket in this run.
    told: bool,
}

impl Places {
    /// The Region that the bucket is in, as far as is known.
    pub(super) fn get(&self, bucket: &str) -> Option<Arc<str>> {
        self.lock().get(bucket).map(|place| Arc::clone(&place.region))
    }

    /// S3 has said where the bucket is.
    pub(super) fn told(&self, bucket: &str, region: Arc<str>) {
        self.lock().insert(Arc::from(bucket), Place { region, told: true });
    }

    /// The bucket was there in an earlier run. What S3 said since counts for more.
    fn was(&self, bucket: &Arc<str>, region: &Arc<str>) {
        if is_region(region) {
            let place = || Place { region: Arc::clone(region), told: false };
            self.lock().entry(Arc::clone(bucket)).or_insert_with(place);
        }
    }

    fn is_told(&self, bucket: &str) -> bool {
        self.lock().get(bucket).is_some_and(|place| place.told)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Arc<str>, Place>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a text may be a Region: it becomes part of a host's name.
fn is_region(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(allowed)
}

/// Takes over what is remembered of objects, and lists the account's buckets where something is not
/// known, once in a run. Without the permission, or at a store without that operation, the requests
/// that follow find out where each bucket is.
pub(super) async fn locate(connection: &Connection, objects: &[(Arc<str>, Option<Arc<str>>)]) {
    let places = connection.places();
    for (bucket, region) in objects {
        if let Some(region) = region {
            places.was(bucket, region);
        }
    }
    // Directory buckets are not in the list, and their names tell.
    let open: BTreeSet<&str> = objects
        .iter()
        .map(|(bucket, _)| &**bucket)
        .filter(|bucket| !is_directory_bucket(bucket) && places.get(bucket).is_none())
        .collect();
    if !open.is_empty() {
        places.listed.get_or_init(|| Box::pin(learn(connection, open))).await;
    }
}

/// Lists buckets until it is known where all of `open` are.
async fn learn(connection: &Connection, mut open: BTreeSet<&str>) {
    let prefix = common_prefix(&open).to_owned();
    let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
    let list = List { prefix, region: None, attempts: Some(ATTEMPTS) };
    // Only a help: what is refused is found out otherwise.
    let _refused = pages(connection, connection.region(), &list, |page| {
        for bucket in page {
            if let Some(name) = bucket.name {
                open.remove(&*name);
            }
        }
        if open.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await;
}

/// The longest text that all names begin with: that of the first and the last.
fn common_prefix<'a>(names: &BTreeSet<&'a str>) -> &'a str {
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return "" };
    let same = first.char_indices().zip(last.chars()).find(|((_, a), b)| a != b);
    let end = same.map_or(first.len().min(last.len()), |((at, _), _)| at);
    first.get(..end).unwrap_or_default()
}

/// Which buckets are listed.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) prefix: Option<String>,
    /// S3 takes it at the endpoint of that Region only.
    pub(super) region: Option<String>,
    /// How often a page is tried; as often as any request where nothing is said.
    pub(super) attempts: Option<u32>,
}

/// Asks for the buckets of the account, page by page, until there are no more or `take` has enough.
/// Where each is, is remembered, as far as the store tells.
pub(super) async fn pages(
    connection: &Connection,
    region: &Arc<str>,
    list: &List,
    mut take: impl FnMut(Vec<Bucket>) -> ControlFlow<()>,
) -> Result<(), ProviderError> {
    let client = connection.client(region);
    let place = connection.place(region);
    let mut token = None;
    loop {
        let mut request = client
            .list_buckets()
            .max_buckets(PAGE)
            .set_prefix(list.prefix.clone())
            .set_bucket_region(list.region.clone())
            .set_continuation_token(token.clone())
            .customize();
        if let Some(attempts) = list.attempts {
            let retries = RetryConfig::standard().with_max_attempts(attempts);
            let retries = aws_sdk_s3::Config::builder().retry_config(retries);
            request = request.config_override(retries);
        }
        let page = request.send().await.map_err(|error| {
            let call = Call { operation: Operation::List, bucket: "", owner: None, place: &place };
            of_call(&error, &call)
        })?;
        let buckets = page.buckets.unwrap_or_default();
        for bucket in &buckets {
            if let (Some(name), Some(region)) = (&bucket.name, &bucket.bucket_region)
                && is_region(region)
            {
                connection.places().told(name, Arc::from(region.as_str()));
            }
        }
        let next = page.continuation_token.filter(|next| !next.is_empty());
        if take(buckets).is_break() || next.is_none() {
            return Ok(());
        }
        if next == token {
            let detail = format!(
                "{place} gives the same page of the list of buckets again and again. Check the \
                 endpoint."
            );
            let kind = crate::provider::ErrorKind::Other;
            return Err(super::error::plain(kind, "Answer not understood", detail));
        }
        token = next;
    }
}

/// Sends a request to the bucket's Region. Where S3 answers that it is another one, that one is
/// remembered, and the request repeated there, once: the SDK follows no redirect. A bucket that S3
/// told of in this run is waited for, since it may be new. Gives the Region that answered.
pub(super) async fn to_bucket<T, E, F>(
    connection: &Connection,
    bucket: &str,
    call: impl Fn(Client) -> F + Send + Sync,
) -> (Arc<str>, Result<T, SdkError<E, HttpResponse>>)
where
    T: Send,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
{
    let told = connection.places().is_told(bucket);
    let mut pauses = PAUSES.into_iter().filter(|_| told);
    loop {
        let (region, answer) = once(connection, bucket, &call).await;
        let missing = answer.as_ref().err().is_some_and(|it| it.code() == Some("NoSuchBucket"));
        match pauses.next() {
            Some(pause) if missing => tokio::time::sleep(pause).await,
            Some(_) | None => return (region, answer),
        }
    }
}

async fn once<T, E, F>(
    connection: &Connection,
    bucket: &str,
    call: &(impl Fn(Client) -> F + Send + Sync),
) -> (Arc<str>, Result<T, SdkError<E, HttpResponse>>)
where
    T: Send,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
{
    let mut region = connection.region_of(bucket);
    let mut answer = call(connection.client(&region)).await;
    let Some(refusal) = answer.as_ref().err().filter(|it| is_redirect(it)) else {
        return (region, answer);
    };
    let there = match named_region(refusal) {
        Some(there) => Some(there),
        None => Box::pin(head(connection, bucket, &region)).await,
    };
    if let Some(there) = there.filter(|there| *there != region) {
        region = there;
        answer = call(connection.client(&region)).await;
        if !answer.as_ref().is_err_and(is_redirect) {
            connection.places().told(bucket, Arc::clone(&region));
        }
    }
    (region, answer)
}

/// Whether an answer says that the bucket is in another Region.
fn is_redirect<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(|response| response.status().as_u16());
    match (status, error.code()) {
        // An answer to HEAD has no code.
        (Some(301 | 307 | 308), _) | (Some(400), Some("AuthorizationHeaderMalformed") | None) => {
            true
        }
        _ => false,
    }
}

/// The Region that an answer names: by the header `x-amz-bucket-region`, or by the element `Region`
/// of the error, as `AuthorizationHeaderMalformed` does.
pub(super) fn named_region<E>(error: &SdkError<E, HttpResponse>) -> Option<Arc<str>> {
    let response = error.raw_response()?;
    let header = response.headers().get("x-amz-bucket-region");
    let body = response.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let element = || {
        let (_, rest) = body?.split_once("<Region>")?;
        rest.split_once("</Region>").map(|(region, _)| region)
    };
    header.or_else(element).filter(|region| is_region(region)).map(Arc::from)
}

/// The Region by `HeadBucket`, whose answer has the header even where it is a refusal.
async fn head(connection: &Connection, bucket: &str, here: &Arc<str>) -> Option<Arc<str>> {
    match connection.client(here).head_bucket().bucket(bucket).send().await {
        Ok(answer) => answer.bucket_region.filter(|region| is_region(region)).map(Arc::from),
        Err(error) => named_region(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_asked_for_by_what_they_share() {
        for (names, expected) in [
            (&["acme-logs", "acme-tmp", "acme"][..], "acme"),
            (&["acme-logs"], "acme-logs"),
            (&["a", "b"], ""),
            (&["grün", "gräu"], "gr"),
            (&[], ""),
        ] {
            assert_eq!(common_prefix(&names.iter().copied().collect()), expected);
        }
    }
}
