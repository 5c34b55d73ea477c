//! The objects of buckets: their bytes and as much of their headers as those who keep a state there
//! rely on. They live as long as the world does, and are in no store file.
//!
//! Writing is conditional as S3's is: `If-None-Match: *` writes only where there is no object,
//! `If-Match` only in the place of the version that it names. A world can be told not to know this, as
//! some stores that resemble S3 do not: they write all the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use jiff::Timestamp;
use md5::{Digest as _, Md5};

use super::bucket::Encryption;
use super::s3::{Call, Refusal, authorized};
use super::wire::{Reply, value};
use super::world::World;
use super::xml;

/// The longest object that is taken.
pub(super) const LONGEST: usize = 256 * 1024 * 1024;

const ENCRYPTION: HeaderName = HeaderName::from_static("x-amz-server-side-encryption");
const KEY: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-aws-kms-key-id");

/// All objects, by bucket and key.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    objects: BTreeMap<(String, String), Object>,
    conditions_ignored: bool,
    removals_unconditional: bool,
}

#[derive(Debug, Clone)]
struct Object {
    body: String,
    tag: String,
    modified: Timestamp,
    algorithm: String,
    key: Option<String>,
}

impl Objects {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Has conditions of writing ignored from now on, as stores do that do not know them.
    pub fn ignore_conditions(&self) {
        self.objects().kept().conditions_ignored = true;
    }

    /// Has conditions of removing ignored from now on, as stores do that know those of writing only.
    pub fn remove_unconditionally(&self) {
        self.objects().kept().removals_unconditional = true;
    }

    /// The text of an object, if there is one.
    pub fn object(&self, bucket: &str, key: &str) -> Option<String> {
        let place = (bucket.to_owned(), key.to_owned());
        self.objects().kept().objects.get(&place).map(|object| object.body.clone())
    }

    /// How an object is encrypted: the algorithm, and the key if one was named.
    pub fn object_encryption(&self, bucket: &str, key: &str) -> Option<(String, Option<String>)> {
        let place = (bucket.to_owned(), key.to_owned());
        let kept = self.objects().kept();
        let object = kept.objects.get(&place)?;
        Some((object.algorithm.clone(), object.key.clone()))
    }

    /// Puts an object there, as somebody else would; nothing checks whether there is such a bucket.
    pub fn put_object(&self, bucket: &str, key: &str, body: &str) {
        let place = (bucket.to_owned(), key.to_owned());
        let object = Object::new(body.to_owned(), "AES256".to_owned(), None);
        self.objects().kept().objects.insert(place, object);
    }

    /// The keys of a bucket's objects, in order.
    pub fn object_keys(&self, bucket: &str) -> Vec<String> {
        let kept = self.objects().kept();
        let keys = kept.objects.keys().filter(|(of, _)| of == bucket);
        keys.map(|(_, key)| key.clone()).collect()
    }
}

impl Object {
    fn new(body: String, algorithm: String, key: Option<String>) -> Self {
        let tag = format!("\"{:032x}\"", u128::from_be_bytes(Md5::digest(&body).into()));
        Self { tag, body, modified: Timestamp::now(), algorithm, key }
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let modified = self.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let pairs = [
            (hyper::header::ETAG, Some(self.tag.clone())),
            (hyper::header::LAST_MODIFIED, Some(modified)),
            (ENCRYPTION, Some(self.algorithm.clone())),
            (KEY, self.key.clone()),
        ];
        let pairs = pairs.into_iter().filter_map(|(name, text)| Some((name, text?)));
        pairs.filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?))).collect()
    }
}

fn no_such_key() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
}

fn condition_failed() -> Refusal {
    let message = "At least one of the pre-conditions you specified did not hold";
    Refusal::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message)
}

fn place(call: &Call<'_>) -> (String, String) {
    (call.bucket.to_owned(), call.key.to_owned())
}

/// Whether what the request demands of the object that is there holds.
fn check(headers: &HeaderMap, there: Option<&Object>) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|it: &HeaderValue| it.to_str().ok());
    if let Some(wanted) = text(IF_NONE_MATCH) {
        let hit = there.is_some_and(|it| wanted == "*" || wanted == it.tag);
        if hit {
            return Err(condition_failed());
        }
    }
    if let Some(wanted) = text(IF_MATCH) {
        let there = there.ok_or_else(no_such_key)?;
        if wanted != "*" && wanted.trim_matches('"') != there.tag.trim_matches('"') {
            return Err(condition_failed());
        }
    }
    Ok(())
}

/// `GetObject` and, where the body is left away, `HeadObject`.
pub(super) fn get(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    drop(authorized(world, call)?);
    let kept = world.objects().kept();
    let object = kept.objects.get(&place(call)).ok_or_else(no_such_key)?;
    check(call.headers, Some(object))?;
    Ok(Reply {
        content_type: "application/octet-stream",
        headers: object.headers(),
        ..Reply::xml(StatusCode::OK, object.body.clone())
    })
}

/// `PutObject`.
pub(super) fn put(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    let bucket = authorized(world, call)?;
    let body = String::from_utf8(call.body.to_vec()).map_err(|_| {
        Refusal::not_implemented("The sandbox keeps objects that are text in UTF-8 only.")
    })?;
    let (algorithm, key) = encryption(call.headers, &bucket.encryption)?;
    let mut kept = world.objects().kept();
    if !kept.conditions_ignored {
        check(call.headers, kept.objects.get(&place(call)))?;
    }
    let object = Object::new(body, algorithm, key);
    let headers = object.headers();
    kept.objects.insert(place(call), object);
    Ok(Reply { headers, ..Reply::empty(StatusCode::OK) })
}

/// `DeleteObject`, which is content with there being none.
pub(super) fn delete(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    drop(authorized(world, call)?);
    let mut kept = world.objects().kept();
    if !kept.conditions_ignored && !kept.removals_unconditional {
        check(call.headers, kept.objects.get(&place(call)))?;
    }
    kept.objects.remove(&place(call));
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// `ListObjectsV2`, all in one page.
pub(super) fn list(world: &World, call: &Call<'_>) -> Result<Reply, Refusal> {
    drop(authorized(world, call)?);
    let prefix = value(call.query, "prefix").unwrap_or_default();
    let kept = world.objects().kept();
    let keys = kept
        .objects
        .keys()
        .filter(|(bucket, key)| bucket == call.bucket && key.starts_with(&*prefix));
    let contents: Vec<xml::ObjectElement<'_>> =
        keys.map(|(_, key)| xml::ObjectElement { key }).collect();
    let document = xml::ListObjectsDocument {
        namespace: xml::S3_NAMESPACE,
        name: call.bucket,
        prefix: &prefix,
        key_count: contents.len(),
        max_keys: 1000,
        is_truncated: false,
        contents,
    };
    Ok(Reply::xml(StatusCode::OK, xml::write("ListBucketResult", &document)?))
}

/// How an object is encrypted: as the request says, or as the bucket has it.
fn encryption(
    headers: &HeaderMap,
    of_bucket: &Encryption,
) -> Result<(String, Option<String>), Refusal> {
    let text = |name: HeaderName| headers.get(name).and_then(|it| it.to_str().ok());
    match (text(ENCRYPTION), text(KEY)) {
        (None, None) => Ok((of_bucket.algorithm.name().to_owned(), of_bucket.key.clone())),
        (Some(name @ ("aws:kms" | "aws:kms:dsse")), key) => {
            Ok((name.to_owned(), key.map(str::to_owned)))
        }
        (Some("AES256"), None) => Ok(("AES256".to_owned(), None)),
        (Some(_) | None, _) => {
            let message = "The encryption method specified is not supported";
            Err(Refusal::new(StatusCode::BAD_REQUEST, "InvalidArgument", message))
        }
    }
}
