//! The tags of buckets.

use std::collections::BTreeMap;

use hyper::StatusCode;

use super::bucket::Bucket;
use super::s3::{Call, Refusal, authorized, found, read_xml};
use super::wire::Reply;
use super::world::World;
use super::xml;

/// The most tags that a bucket may have.
const MOST: usize = 50;

pub(super) fn get(bucket: &Bucket) -> Result<Reply, Refusal> {
    if bucket.is_directory() {
        return Err(unsupported());
    }
    if bucket.tags.is_empty() {
        let message = "The TagSet does not exist";
        return Err(Refusal::new(StatusCode::NOT_FOUND, "NoSuchTagSet", message));
    }
    let tags = bucket.tags.iter();
    let document = xml::Tagging {
        namespace: Some(xml::S3_NAMESPACE.to_owned()),
        set: xml::TagSet {
            tags: tags
                .map(|(key, value)| xml::Tag { key: key.clone(), value: value.clone() })
                .collect(),
        },
    };
    Ok(Reply::xml(StatusCode::OK, xml::write("Tagging", &document)?))
}

pub(super) fn put(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    let bucket = authorized(world, call)?;
    if bucket.is_directory() {
        return Err(unsupported());
    }
    let xml::PutTaggingBody::Tagging(body) = read_xml(call.body)?;
    let tags = read(body)?;
    change(world, call, tags)
}

pub(super) fn delete(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    let bucket = authorized(world, call)?;
    if bucket.is_directory() {
        return Err(unsupported());
    }
    change(world, call, BTreeMap::new())
}

fn change(
    world: &World,
    call: &Call<'_>,
    tags: BTreeMap<String, String>,
) -> Result<Reply, Refusal> {
    found(world.update_bucket(call.bucket, |bucket| {
        bucket.tags = tags;
        Ok::<_, Refusal>(())
    })?)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn unsupported() -> Refusal {
    Refusal::not_implemented("Tags of directory buckets are another operation of another service.")
}

fn read(body: xml::Tagging) -> Result<BTreeMap<String, String>, Refusal> {
    let invalid = |message| Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidTag", message));
    if body.set.tags.len() > MOST {
        let message = "Bucket tag count cannot be greater than 50";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "BadRequest", message));
    }
    let mut tags = BTreeMap::new();
    for xml::Tag { key, value } in body.set.tags {
        if key.starts_with("aws:") {
            return invalid("System tags cannot be added/updated by requester");
        }
        if !(1..=128).contains(&key.chars().count()) {
            return invalid("The TagKey you have provided is invalid");
        }
        if value.chars().count() > 256 {
            return invalid("The TagValue you have provided is invalid");
        }
        if tags.insert(key, value).is_some() {
            return invalid("Cannot provide multiple Tags with the same key");
        }
    }
    Ok(tags)
}
