//! The websites of buckets: that there is one, and its index document. Nothing is served.

use hyper::StatusCode;

use super::bucket::Bucket;
use super::s3::{Call, Refusal, authorized, found, read_xml};
use super::wire::Reply;
use super::world::World;
use super::xml;

pub(super) fn get(bucket: &Bucket) -> Result<Reply, Refusal> {
    let Some(suffix) = &bucket.website else {
        let message = "The specified bucket does not have a website configuration";
        return Err(Refusal::new(StatusCode::NOT_FOUND, "NoSuchWebsiteConfiguration", message));
    };
    let document = xml::WebsiteConfiguration {
        namespace: Some(xml::S3_NAMESPACE.to_owned()),
        index: xml::IndexDocument { suffix: suffix.clone() },
    };
    Ok(Reply::xml(StatusCode::OK, xml::write("WebsiteConfiguration", &document)?))
}

pub(super) fn put(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    authorized(world, call)?;
    let xml::PutWebsiteBody::WebsiteConfiguration(body) = read_xml(call.body)?;
    if body.index.suffix.is_empty() {
        return Err(Refusal::malformed());
    }
    change(world, call, Some(body.index.suffix), StatusCode::OK)
}

pub(super) fn delete(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    authorized(world, call)?;
    change(world, call, None, StatusCode::NO_CONTENT)
}

fn change(
    world: &World,
    call: &Call<'_>,
    website: Option<String>,
    status: StatusCode,
) -> Result<Reply, Refusal> {
    found(world.update_bucket(call.bucket, |bucket| {
        bucket.website = website;
        Ok::<_, Refusal>(())
    })?)?;
    Ok(Reply::empty(status))
}
