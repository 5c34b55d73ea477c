//! Data sources at the level of the provider, against any endpoint that speaks S3, KMS and STS:
//! the same questions on our sandbox and on emulators that we did not write.

use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, IndexDocument, Tag, Tagging,
    WebsiteConfiguration,
};
use sealform::provider::aws::{Aws, Endpoints, Settings};
use sealform::provider::{ErrorKind, Provider as _, ProviderError, Query};
use sealform::resource::data;
use sealform::sandbox::{Options, Sandbox, World};
use sealform::value::{Fields, Type, Value};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";

fn credentials() -> Credentials {
    Credentials::new(ACCOUNT, "test", None, None, "test")
}

fn s3(url: &str, region: &'static str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(region))
        .credentials_provider(credentials())
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

fn kms(url: &str) -> aws_sdk_kms::Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(REGION))
        .credentials_provider(credentials())
        .build();
    aws_sdk_kms::Client::from_conf(config)
}

/// Buckets, each with its Region and its tags. The names are those of this process: an emulator
/// may outlive a failed run.
async fn make_buckets(url: &str) -> String {
    let prefix = format!("ds-{}-", std::process::id());
    for (name, region, team) in [
        ("one", "us-east-1", Some("blue")),
        ("two", "us-east-1", Some("red")),
        ("far", "eu-west-1", Some("blue")),
        ("bare", "us-east-1", None),
    ] {
        let client = s3(url, region);
        let bucket = format!("{prefix}{name}");
        let place = (region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region))
                .build()
        });
        let made = client.create_bucket().bucket(&bucket);
        made.set_create_bucket_configuration(place).send().await.unwrap();
        if let Some(team) = team {
            let tag = Tag::builder().key("team").value(team).build().unwrap();
            let tagging = Tagging::builder().tag_set(tag).build().unwrap();
            client.put_bucket_tagging().bucket(bucket).tagging(tagging).send().await.unwrap();
        }
    }
    prefix
}

/// The provider at this endpoint.
struct Asked(Aws);

impl Asked {
    fn at(url: &str) -> Self {
        let settings = Settings {
            region: Some(REGION.to_owned()),
            endpoints: Endpoints::all_at(url),
            // Credentials that are made up, and nothing from the environment.
            sandbox: true,
            sandbox_account: Some(ACCOUNT.to_owned()),
            max_retries: Some(1),
            ..Settings::default()
        };
        Self(Aws::new([("aws".into(), settings)].into()))
    }

    async fn ask(&self, ty: &str, given: &[(&str, Value)]) -> Result<Value, ProviderError> {
        let schema = data::find(ty).unwrap().schema();
        let given: Fields = given.iter().cloned().collect();
        let arguments = schema.attributes.iter().filter(|it| it.is_settable()).map(|it| {
            let value = given.get(it.name).cloned();
            (it.name, value.unwrap_or_else(|| Value::Null(it.ty.ty())))
        });
        let arguments = Value::object(arguments);
        let answer =
            self.0.query(&Query { ty: ty.into(), provider: "aws".into(), arguments }).await;
        if let Ok(answer) = &answer {
            assert_eq!(answer.ty(), schema.object_type(), "{ty}");
        }
        answer
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).unwrap().as_str().unwrap_or_else(|| panic!("{name} of {value:?}"))
}

async fn suite(url: &str) {
    let asked = Asked::at(url);
    let caller = asked.ask("aws_caller_identity", &[]).await.unwrap();
    assert_eq!(text(&caller, "account_id"), ACCOUNT);
    assert!(text(&caller, "arn").contains(ACCOUNT));
    Box::pin(about_keys(url, &asked)).await;
    Box::pin(about_buckets(url, &asked)).await;
}

async fn about_keys(url: &str, asked: &Asked) {
    let client = kms(url);
    let alias = format!("alias/ds-{}", std::process::id());
    let made = client
        .create_key()
        .description("data sources")
        .key_usage(KeyUsageType::EncryptDecrypt)
        .key_spec(KeySpec::SymmetricDefault)
        .send()
        .await
        .unwrap();
    let id = made.key_metadata.unwrap().key_id;
    client.create_alias().alias_name(&alias).target_key_id(&id).send().await.unwrap();

    let key = asked.ask("aws_kms_key", &[("key_id", Value::from(id.as_str()))]).await.unwrap();
    let arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}");
    for (attribute, expected) in [
        ("id", &*id),
        ("arn", &arn),
        ("aws_account_id", ACCOUNT),
        ("description", "data sources"),
        ("key_manager", "CUSTOMER"),
        ("key_spec", "SYMMETRIC_DEFAULT"),
        ("customer_master_key_spec", "SYMMETRIC_DEFAULT"),
        ("key_state", "Enabled"),
        ("key_usage", "ENCRYPT_DECRYPT"),
        ("origin", "AWS_KMS"),
    ] {
        assert_eq!(text(&key, attribute), expected, "{attribute}");
    }
    assert_eq!(key.get("enabled"), Some(&Value::Bool(true)));
    assert!(text(&key, "creation_date").ends_with('Z'));
    for name in [arn.clone(), alias.clone(), format!("arn:aws:kms:{REGION}:{ACCOUNT}:{alias}")] {
        let same = asked.ask("aws_kms_key", &[("key_id", Value::from(name.as_str()))]).await;
        assert_eq!(text(&same.unwrap(), "arn"), arn, "{name}");
    }
    let found = asked.ask("aws_kms_alias", &[("name", Value::from(alias.as_str()))]).await.unwrap();
    assert_eq!(text(&found, "arn"), format!("arn:aws:kms:{REGION}:{ACCOUNT}:{alias}"));
    assert_eq!((text(&found, "target_key_id"), text(&found, "target_key_arn")), (&*id, &*arn));

    client.schedule_key_deletion().key_id(&id).send().await.unwrap();
    let gone = asked.ask("aws_kms_key", &[("key_id", Value::from(id.as_str()))]).await.unwrap();
    assert_eq!(text(&gone, "key_state"), "PendingDeletion");
    assert!(text(&gone, "deletion_date") > text(&gone, "creation_date"));

    for name in ["alias/never-made", "00000000-12ab-34cd-56ef-1234567890ab"] {
        let error = asked.ask("aws_kms_key", &[("key_id", Value::from(name))]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    }
}

async fn about_buckets(url: &str, asked: &Asked) {
    let prefix = make_buckets(url).await;
    let one = format!("{prefix}one");
    let bucket =
        asked.ask("aws_s3_bucket", &[("bucket", Value::from(one.as_str()))]).await.unwrap();
    assert_eq!(text(&bucket, "arn"), format!("arn:aws:s3:::{one}"));
    assert_eq!(text(&bucket, "region"), "us-east-1");
    assert_eq!(bucket.get("website_endpoint"), Some(&Value::Null(Type::String)));
    let index = IndexDocument::builder().suffix("index.html").build().unwrap();
    let website = WebsiteConfiguration::builder().index_document(index).build();
    let put = s3(url, REGION).put_bucket_website().bucket(&one).website_configuration(website);
    put.send().await.unwrap();
    let bucket =
        asked.ask("aws_s3_bucket", &[("bucket", Value::from(one.as_str()))]).await.unwrap();
    assert_eq!(text(&bucket, "website_domain"), "s3-website-us-east-1.amazonaws.com");
    let nowhere = Value::from(format!("{prefix}nowhere").as_str());
    let error = asked.ask("aws_s3_bucket", &[("bucket", nowhere)]).await.unwrap_err();
    assert_eq!((error.kind, error.summary), (ErrorKind::NotFound, "Bucket not found"));

    let names = async |more: &[(&str, Value)]| {
        let given: Vec<(&str, Value)> =
            [("prefix", Value::from(prefix.as_str()))].iter().chain(more).cloned().collect();
        let answer = asked.ask("aws_s3_buckets", &given).await.unwrap();
        let names = answer.get("names").unwrap().as_items().unwrap().iter();
        let names = names.map(|name| name.as_str().unwrap().trim_start_matches(&prefix).to_owned());
        (names.collect::<Vec<_>>(), answer)
    };
    let (all, answer) = names(&[]).await;
    assert_eq!(all, ["bare", "far", "one", "two"]);
    let regions = ["bare", "far", "one", "two"].map(|name| {
        let bucket = answer.get("buckets").unwrap().get(&format!("{prefix}{name}")).unwrap();
        assert!(text(bucket, "creation_date").ends_with('Z'));
        text(bucket, "region").to_owned()
    });
    assert_eq!(regions, ["us-east-1", "eu-west-1", "us-east-1", "us-east-1"]);
    let tags = Value::map(Type::String, [("team", Value::from("blue"))].into_iter().collect());
    let without = |name: &str| Value::set(Type::String, vec![Value::from(name)]);
    assert_eq!(names(&[("region", Value::from("eu-west-1"))]).await.0, ["far"]);
    assert_eq!(names(&[("name_regex", Value::from("(one|two)$"))]).await.0, ["one", "two"]);
    assert_eq!(names(&[("exclude", without("*-f*"))]).await.0, ["bare", "one", "two"]);
    assert_eq!(names(&[("tags", tags)]).await.0, ["far", "one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_sandbox() {
    let sandbox = Sandbox::start(World::in_memory(), Options::default()).await.unwrap();
    suite(&sandbox.endpoint()).await;
}

/// Answers as AWS does today.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ministack running at SEALFORM_TEST_MINISTACK; .ci/run starts it"]
async fn on_ministack() {
    suite(&crate::emulators::url("SEALFORM_TEST_MINISTACK")).await;
}

/// Answers as an old store: `ListBuckets` tells no Regions.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto running at SEALFORM_TEST_MOTO; .ci/run starts it"]
async fn on_moto() {
    suite(&crate::emulators::url("SEALFORM_TEST_MOTO")).await;
}
