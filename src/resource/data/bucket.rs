//! `aws_s3_bucket`: where a bucket is.

use super::{DataSource, Finding, Named, regions, shown, wrong};
use crate::resource::{bucket_name_fault, is_directory_bucket};
use crate::schema::{AttrType, Attribute, Schema};
use crate::value::Value;
use std::sync::Arc;

/// A general purpose bucket (S3, `HeadBucket`, its header `x-amz-bucket-region`, and
/// `GetBucketWebsite`). All but the Region and whether there is a website follows from the name.
#[derive(Debug)]
pub struct Bucket;

static SCHEMA: Schema = Schema {
    attributes: &[
        Attribute::required("bucket", AttrType::String, "The name of the bucket."),
        Attribute::computed("id", AttrType::String, "The name of the bucket."),
        Attribute::computed("arn", AttrType::String, "The ARN of the bucket: arn:aws:s3:::name."),
        Attribute::computed(
            "region",
            AttrType::String,
            "The Region that the bucket is in, which need not be the provider's.",
        ),
        Attribute::computed(
            "bucket_region",
            AttrType::String,
            "The same as `region`, as later versions of the Terraform AWS provider call it.",
        ),
        Attribute::computed(
            "bucket_domain_name",
            AttrType::String,
            "The host of the bucket without a Region: name.s3.amazonaws.com.",
        ),
        Attribute::computed(
            "bucket_regional_domain_name",
            AttrType::String,
            "The host of the bucket in its Region: name.s3.eu-west-1.amazonaws.com. What \
             CloudFront wants as an origin.",
        ),
        Attribute::computed(
            "hosted_zone_id",
            AttrType::String,
            "The hosted zone of Route 53 for S3's websites in the bucket's Region. Null where \
             none is known here.",
        ),
        Attribute::computed(
            "website_endpoint",
            AttrType::String,
            "The host of the bucket's website. Null where it has none, or where \
             s3:GetBucketWebsite is not allowed.",
        ),
        Attribute::computed(
            "website_domain",
            AttrType::String,
            "The domain of the website's host, as an alias record of Route 53 wants it. Null \
             where `website_endpoint` is.",
        ),
    ],
    blocks: &[],
};

/// The ARN of a bucket in a Region of this name.
pub(super) fn arn(bucket: &str, region: &str) -> String {
    format!("arn:{}:s3:::{bucket}", regions::partition(region).arn)
}

/// The domain of S3's websites in a Region. The oldest Regions have a dash where others have a dot.
fn website_domain(region: &str) -> String {
    const WITH_DASH: [&str; 9] = [
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-west-1",
        "sa-east-1",
        "us-east-1",
        "us-gov-west-1",
        "us-west-1",
        "us-west-2",
    ];
    let mark = if WITH_DASH.contains(&region) { '-' } else { '.' };
    format!("s3-website{mark}{region}.{}", regions::partition(region).suffix)
}

impl Bucket {
    /// What there is to know of a bucket in this Region.
    pub fn found(bucket: &str, region: &str, has_website: bool) -> Vec<(&'static str, Value)> {
        let suffix = regions::partition(region).suffix;
        let text = |text: String| Value::from(text);
        let zone = regions::find(region).and_then(|region| region.hosted_zone);
        let mut found = vec![
            ("id", Value::from(bucket)),
            ("arn", text(arn(bucket, region))),
            ("region", Value::from(region)),
            ("bucket_region", Value::from(region)),
            ("bucket_domain_name", text(format!("{bucket}.s3.{suffix}"))),
            ("bucket_regional_domain_name", text(format!("{bucket}.s3.{region}.{suffix}"))),
        ];
        found.extend(zone.map(|zone| ("hosted_zone_id", Value::from(zone))));
        if has_website {
            let domain = website_domain(region);
            found.push(("website_endpoint", text(format!("{bucket}.{domain}"))));
            found.push(("website_domain", text(domain)));
        }
        found
    }
}

impl DataSource for Bucket {
    fn name(&self) -> &'static str {
        "aws_s3_bucket"
    }

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn description(&self) -> &'static str {
        "A general purpose bucket that exists, in whatever Region. Needs s3:ListBucket; \
         s3:GetBucketWebsite too where the website matters."
    }

    fn example(&self) -> &'static str {
        r#"
data "aws_s3_bucket" "logs" {
  bucket = "acme-logs"
}

output "where" {
  value = data.aws_s3_bucket.logs.region
}
"#
    }

    fn validate(&self, arguments: &Value) -> Vec<Finding> {
        let Some(value) = arguments.get("bucket") else { return Vec::new() };
        let Some(bucket) = value.as_str() else { return Vec::new() };
        let reason = bucket_name_fault(bucket).or_else(|| {
            is_directory_bucket(bucket)
                .then_some("this is a directory bucket; only general purpose buckets are read")
        });
        reason
            .map(|reason| format!("{}: {reason}.", shown(value)))
            .map(|detail| wrong("bucket", "Invalid bucket name", detail))
            .into_iter()
            .collect()
    }

    fn named(&self, arguments: &Value) -> Option<Named> {
        arguments.get("bucket")?.as_str().map(|bucket| Named::Bucket(Arc::clone(bucket)))
    }
}
