//! `aws_region`: a Region, that of the provider where none is named.

use super::{DataSource, Finding, regions, shown, text, wrong};
use crate::addr::AttrPath;
use crate::diag::{Severity, did_you_mean};
use crate::schema::{AttrType, Attribute, Schema, Usage};
use crate::value::Value;

/// A Region. Nobody is asked: Regions are part of this program, as they are of every SDK.
#[derive(Debug)]
pub struct Region;

static SCHEMA: Schema = Schema {
    attributes: &[
        Attribute::open(
            "name",
            AttrType::String,
            Usage::OptionalComputed,
            "The name of the Region, such as eu-west-1. Where nothing is said: the provider's \
             Region.",
        ),
        Attribute::open(
            "region",
            AttrType::String,
            Usage::OptionalComputed,
            "The same as `name`, as later versions of the Terraform AWS provider call it.",
        ),
        Attribute::open(
            "endpoint",
            AttrType::String,
            Usage::OptionalComputed,
            "The host of the Region's EC2 endpoint, such as ec2.eu-west-1.amazonaws.com. A Region \
             may be named by it.",
        ),
        Attribute::computed(
            "description",
            AttrType::String,
            "What AWS calls the Region, such as Europe (Ireland). The name of the Region, where \
             it is younger than this program.",
        ),
        Attribute::computed("id", AttrType::String, "The same as `name`."),
    ],
    blocks: &[],
};

impl Region {
    /// What there is to know of the Region that the arguments name, or of `own`, the provider's.
    pub fn found(arguments: &Value, own: &str) -> Vec<(&'static str, Value)> {
        let by_endpoint = || regions::of_endpoint(text(arguments, "endpoint")?);
        let name = text(arguments, "name")
            .or_else(|| text(arguments, "region"))
            .or_else(by_endpoint)
            .unwrap_or(own);
        let description = regions::find(name).map_or(name, |region| region.description);
        vec![
            ("name", Value::from(name)),
            ("region", Value::from(name)),
            ("id", Value::from(name)),
            ("description", Value::from(description)),
            ("endpoint", Value::from(regions::ec2_endpoint(name).as_str())),
        ]
    }
}

impl DataSource for Region {
    fn name(&self) -> &'static str {
        "aws_region"
    }

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn description(&self) -> &'static str {
        "A Region: the provider's, or the one that is named. Nobody is asked."
    }

    fn example(&self) -> &'static str {
        r#"
data "aws_region" "current" {}

locals {
  place = data.aws_region.current.name
}
"#
    }

    fn validate(&self, arguments: &Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        for name in ["name", "region"] {
            findings.extend(arguments.get(name).and_then(|value| region_fault(name, value)));
        }
        let endpoint = arguments.get("endpoint").filter(|value| value.as_str().is_some());
        let at_endpoint = text(arguments, "endpoint").and_then(regions::of_endpoint);
        if let Some(endpoint) = endpoint
            && at_endpoint.is_none()
        {
            let detail = format!(
                "{} is not the EC2 endpoint of a Region: one looks like \
                 ec2.eu-west-1.amazonaws.com. Name the Region by `name` instead.",
                shown(endpoint)
            );
            findings.push(wrong("endpoint", "Unknown endpoint", detail));
        }
        let named = [
            ("name", text(arguments, "name")),
            ("region", text(arguments, "region")),
            ("endpoint", at_endpoint),
        ];
        let mut named = named.into_iter().filter_map(|(name, region)| Some((name, region?)));
        if let Some((first, region)) = named.next()
            && let Some((other, _)) = named.find(|(_, other)| *other != region)
        {
            let detail = format!(
                "`{first}` and `{other}` name two Regions. One of them is enough: remove the other."
            );
            findings.push(wrong(other, "Two Regions", detail));
        }
        findings
    }
}

/// Whether a Region of this name is known here.
pub fn is_known_region(region: &str) -> bool {
    regions::find(region).is_some()
}

/// Whether a Region could be called so, be it known here or not.
pub fn has_form_of_region(region: &str) -> bool {
    regions::has_form(region)
}

/// The Region that may be meant by a name, as the end of a message.
pub fn region_hint(region: &str) -> String {
    did_you_mean(region, regions::REGIONS.iter().map(|region| region.name))
}

/// What is wrong with the name of a Region. One that is not known may be younger than this
/// program.
pub(in crate::resource) fn region_fault(name: &str, value: &Value) -> Option<Finding> {
    let region = value.as_str()?;
    if is_known_region(region) {
        return None;
    }
    let hint = if value.is_sensitive() { String::new() } else { region_hint(region) };
    let shown = shown(value);
    if !regions::has_form(region) {
        let detail =
            format!("{shown} is not the name of a Region: one looks like eu-west-1.{hint}");
        return Some(wrong(name, "Invalid Region", detail));
    }
    let detail = format!(
        "{shown} is not among the Regions that are known here.{hint} If it is a new one, all is \
         well."
    );
    let path = AttrPath::from_iter([name]);
    Some(Finding { severity: Severity::Warning, path, summary: "Unknown Region", detail })
}
