//! Tags and websites of buckets.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{Tag, Tagging};

use super::super::DEFAULT_ACCOUNT;
use super::{REGION, Raw, s3, start, world};

fn document(tags: &[(&str, &str)]) -> String {
    let tags: String = tags
        .iter()
        .map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"))
        .collect();
    format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
}

#[tokio::test]
async fn tags_are_replaced_and_removed_as_a_whole() {
    let world = world();
    let sandbox = start(&world).await;
    let client = s3(&sandbox, DEFAULT_ACCOUNT, REGION);
    let tags = async || {
        let answer = client.get_bucket_tagging().bucket("logs").send().await;
        answer
            .map(|answer| {
                let pair = |tag: &Tag| format!("{}={}", tag.key(), tag.value());
                answer.tag_set().iter().map(pair).collect::<Vec<_>>()
            })
            .map_err(|error| error.code().unwrap().to_owned())
    };
    assert_eq!(tags().await, Err("NoSuchTagSet".to_owned()));
    for wanted in [vec![("b", "2 & <3>"), ("a", "")], vec![("c", "ü")]] {
        let set = wanted.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build());
        let set = set.collect::<Result<Vec<_>, _>>().unwrap();
        let tagging = Tagging::builder().set_tag_set(Some(set)).build().unwrap();
        client.put_bucket_tagging().bucket("logs").tagging(tagging).send().await.unwrap();
        let mut expected: Vec<_> =
            wanted.iter().map(|(key, value)| format!("{key}={value}")).collect();
        expected.sort();
        assert_eq!(tags().await, Ok(expected));
    }
    assert!(world.tag_bucket("logs", [("d", "4")]).unwrap());
    assert_eq!(tags().await, Ok(vec!["d=4".to_owned()]));
    assert!(!world.tag_bucket("nowhere", [("d", "4")]).unwrap());
    client.delete_bucket_tagging().bucket("logs").send().await.unwrap();
    assert_eq!(tags().await, Err("NoSuchTagSet".to_owned()));
}

#[tokio::test]
async fn tags_that_s3_refuses_are_refused() {
    let world = world();
    let sandbox = start(&world).await;
    let (long, longer) = ("k".repeat(129), "v".repeat(257));
    let keys: Vec<String> = (0..51).map(|number| number.to_string()).collect();
    let many: Vec<_> = keys.iter().map(|key| (key.as_str(), "")).collect();
    for (tags, code) in [
        (&[("a", "1"), ("a", "2")][..], "InvalidTag"),
        (&[("aws:a", "1")], "InvalidTag"),
        (&[("", "1")], "InvalidTag"),
        (&[(&*long, "1")], "InvalidTag"),
        (&[("a", &*longer)], "InvalidTag"),
        (&many, "BadRequest"),
    ] {
        let put = Raw::new("PUT", "/logs?tagging").body(&document(tags));
        assert_eq!(put.send(&sandbox).await.outcome(), (400, code), "{tags:?}");
    }
    for body in ["", "<Tagging/>", "<TagSet/>", "<Tagging><TagSet><Tog/></TagSet></Tagging>"] {
        let put = Raw::new("PUT", "/logs?tagging").body(body);
        assert_eq!(put.send(&sandbox).await.outcome(), (400, "MalformedXML"), "{body}");
    }
    let get = Raw::new("GET", "/logs?tagging");
    assert_eq!(get.clone().send(&sandbox).await.outcome(), (404, "NoSuchTagSet"));
    assert!(world.deny_bucket("logs").unwrap());
    assert_eq!(get.send(&sandbox).await.outcome(), (403, "AccessDenied"));
}

#[tokio::test]
async fn a_website_is_kept_by_its_index_document() {
    let sandbox = start(&world()).await;
    let get = Raw::new("GET", "/logs?website");
    let none = (404, "NoSuchWebsiteConfiguration");
    assert_eq!(get.clone().send(&sandbox).await.outcome(), none);
    let body = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
                </WebsiteConfiguration>";
    assert_eq!(Raw::new("PUT", "/logs?website").body(body).send(&sandbox).await.status, 200);
    assert_eq!(get.clone().send(&sandbox).await.element("Suffix"), Some("index.html"));
    assert_eq!(Raw::new("DELETE", "/logs?website").send(&sandbox).await.status, 204);
    assert_eq!(get.send(&sandbox).await.outcome(), none);
}
