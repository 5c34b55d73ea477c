//! `aws_s3_buckets`: S3, `ListBuckets`, page by page, and what it does not tell bucket by bucket.

use super::bucket::refusal;
use super::{Found, time};
use crate::provider::aws::account;
use crate::provider::aws::connect::Connection;
use crate::provider::aws::error::Operation;
use crate::provider::aws::locate::{List, pages};
use crate::provider::{ErrorKind, Pace, ProviderError};
use crate::resource::data::{Buckets, Listed, Selection};
use crate::value::Value;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::Tag;
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::task::JoinSet;

/// The most requests about single buckets at once.
const AT_ONCE: usize = 64;

pub(super) async fn buckets(
    connection: &Connection,
    arguments: &Value,
) -> Result<Found, ProviderError> {
    let selection = Selection::of(arguments);
    // S3 takes `BucketRegion` at the endpoint of that Region only.
    let region: Arc<str> =
        selection.region().map_or_else(|| Arc::clone(connection.region()), Arc::from);
    let mut candidates = list(connection, &selection, &region).await?;
    find_regions(connection, &mut candidates, &region).await?;
    candidates.retain(|bucket| {
        bucket.region.as_deref().is_some_and(|region| selection.takes_region(region))
    });
    let kept = with_tags(connection, candidates, &selection, &region).await?;
    let listed = kept.into_iter().map(|Candidate { name, region, creation_date }| Listed {
        name,
        region: region.as_deref().unwrap_or_default().to_owned(),
        creation_date,
    });
    Ok(Buckets::found(&listed.collect::<Vec<_>>()).into())
}

/// A bucket whose name is asked for.
#[derive(Clone, Debug)]
struct Candidate {
    name: String,
    /// Not told by every store.
    region: Option<Arc<str>>,
    creation_date: Option<String>,
}

/// All pages of the list.
async fn list(
    connection: &Connection,
    selection: &Selection,
    region: &Arc<str>,
) -> Result<Vec<Candidate>, ProviderError> {
    let list = List {
        prefix: selection.prefix().map(str::to_owned),
        region: selection.region().map(str::to_owned),
        attempts: None,
    };
    let mut found = Vec::new();
    pages(connection, region, &list, |page| {
        for bucket in page {
            // Some stores know no parameter of the paged form.
            let Some(name) = bucket.name.filter(|name| selection.takes_name(name)) else {
                continue;
            };
            let creation_date = time(bucket.creation_date.as_ref());
            let region = bucket.bucket_region.filter(|region| !region.is_empty()).map(Arc::from);
            found.push(Candidate { name, region, creation_date });
        }
        ControlFlow::Continue(())
    })
    .await?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    Ok(found)
}

/// Finds out the Regions that the list does not tell. A bucket that is gone by now drops out.
async fn find_regions(
    connection: &Connection,
    candidates: &mut [Candidate],
    here: &Arc<str>,
) -> Result<(), ProviderError> {
    let place = connection.place(here);
    let client = connection.client(here);
    let open: Vec<String> =
        candidates.iter().filter(|it| it.region.is_none()).map(|it| it.name.clone()).collect();
    if open.is_empty() {
        return Ok(());
    }
    let owner = account::owner(connection).await?.map(str::to_owned);
    let answers = each(connection, open, |name| {
        let (client, place, here) = (client.clone(), place.clone(), Arc::clone(here));
        let owner = owner.clone();
        async move { region_of(&client, &name, owner, &place, here).await }
    })
    .await;
    let mut answers = answers.into_iter();
    for candidate in candidates.iter_mut().filter(|it| it.region.is_none()) {
        match answers.next() {
            Some(Ok(region)) => candidate.region = Some(region),
            Some(Err(told)) if told.kind == ErrorKind::NotFound => {}
            Some(Err(told)) => return Err(told),
            None => {}
        }
    }
    Ok(())
}

/// The Region of a bucket by the header `x-amz-bucket-region`, which S3 sends with refusals too.
async fn region_of(
    client: &Client,
    name: &str,
    owner: Option<String>,
    place: &str,
    here: Arc<str>,
) -> Result<Arc<str>, ProviderError> {
    let request = client.head_bucket().bucket(name).set_expected_bucket_owner(owner.clone());
    let error = match request.send().await {
        Ok(answer) => {
            let told = answer.bucket_region.filter(|region| !region.is_empty());
            return Ok(told.map_or(here, Arc::from));
        }
        Err(error) => error,
    };
    let header =
        error.raw_response().and_then(|answer| answer.headers().get("x-amz-bucket-region"));
    header
        .map(Arc::from)
        .ok_or_else(|| refusal(&error, Operation::Head, name, owner.as_deref(), place))
}

/// Leaves out the buckets without the tags that are asked for.
async fn with_tags(
    connection: &Connection,
    candidates: Vec<Candidate>,
    selection: &Selection,
    here: &Arc<str>,
) -> Result<Vec<Candidate>, ProviderError> {
    if !selection.asks_for_tags() {
        return Ok(candidates);
    }
    let owner = account::owner(connection).await?.map(str::to_owned);
    let answers = each(connection, candidates.clone(), |candidate| {
        let owner = owner.clone();
        let region = candidate.region.unwrap_or_else(|| Arc::clone(here));
        let (client, place) = (connection.client(&region), connection.place(&region));
        async move { tags_of(&client, &candidate.name, owner, &place).await }
    })
    .await;
    let mut kept = Vec::new();
    let (mut first, mut others) = (None, 0);
    for (candidate, answer) in candidates.into_iter().zip(answers) {
        match answer {
            Ok(tags) => {
                if selection.takes_tags(tags.iter().map(|tag| (tag.key(), tag.value()))) {
                    kept.push(candidate);
                }
            }
            // Gone since the list was made.
            Err(told) if told.kind == ErrorKind::NotFound => {}
            Err(told) if first.is_none() => first = Some(told),
            Err(_) => others += 1,
        }
    }
    let Some(mut told) = first else { return Ok(kept) };
    if others > 0 {
        told.detail = format!("{} The same question failed for {others} more.", told.detail);
    }
    told.detail = format!("{} Or leave buckets out by `exclude`.", told.detail);
    Err(told)
}

async fn tags_of(
    client: &Client,
    name: &str,
    owner: Option<String>,
    place: &str,
) -> Result<Vec<Tag>, ProviderError> {
    let request = client.get_bucket_tagging().bucket(name);
    match request.set_expected_bucket_owner(owner.clone()).send().await {
        Ok(answer) => Ok(answer.tag_set),
        Err(error) if error.code() == Some("NoSuchTagSet") => Ok(Vec::new()),
        Err(error) => Err(refusal(&error, Operation::Tagging, name, owner.as_deref(), place)),
    }
}

/// Does a task for each item, as many at once as the service bears. The answers are in the order
/// of the items.
async fn each<I, T, F>(
    connection: &Connection,
    items: Vec<I>,
    task: impl Fn(I) -> F,
) -> Vec<Result<T, ProviderError>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, ProviderError>> + Send + 'static,
{
    let throttled = connection.throttled();
    let mut pace = Pace::new(AT_ONCE, throttled.count());
    let mut answers: Vec<Option<Result<T, ProviderError>>> = items.iter().map(|_| None).collect();
    let mut waiting = items.into_iter().enumerate();
    let mut running = JoinSet::new();
    loop {
        while running.len() < pace.allowed()
            && let Some((at, item)) = waiting.next()
        {
            let task = task(item);
            running.spawn(async move { (at, task.await) });
        }
        let Some(joined) = running.join_next().await else { break };
        pace.answered(throttled.count());
        if let Ok((at, answer)) = joined
            && let Some(slot) = answers.get_mut(at)
        {
            *slot = Some(answer);
        }
    }
    let broken = || Err(ProviderError::panicked("a bucket"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(broken)).collect()
}
