//! The Regions of AWS: facts of the AWS General Reference.

/// A Region that is known here.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    /// What AWS calls it.
    pub(super) description: &'static str,
    /// The hosted zone of Route 53 that S3's websites in the Region belong to.
    pub(super) hosted_zone: Option<&'static str>,
}

const fn region(
    name: &'static str,
    description: &'static str,
    hosted_zone: Option<&'static str>,
) -> Known {
    Known { name, description, hosted_zone }
}

/// Every Region that is known here, in the order of names.
#[rustfmt::skip]
pub(super) static REGIONS: &[Known] = &[
    region("af-south-1", "Africa (Cape Town)", Some("Z83WF9RJE8B12")),
    region("ap-east-1", "Asia Pacific (Hong Kong)", Some("ZNB98KWMFR0R6")),
    region("ap-east-2", "Asia Pacific (Taipei)", Some("Z064739330DAH7WJVOO93")),
    region("ap-northeast-1", "Asia Pacific (Tokyo)", Some("Z2M4EHUR26P7ZW")),
    region("ap-northeast-2", "Asia Pacific (Seoul)", Some("Z3W03O7B5YMIYP")),
    region("ap-northeast-3", "Asia Pacific (Osaka)", Some("Z2YQB5RD63NC85")),
    region("ap-south-1", "Asia Pacific (Mumbai)", Some("Z11RGJOFQNVJUP")),
    region("ap-south-2", "Asia Pacific (Hyderabad)", Some("Z02976202B4EZMXIPMXF7")),
    region("ap-southeast-1", "Asia Pacific (Singapore)", Some("Z3O0J2DXBE1FTB")),
    region("ap-southeast-2", "Asia Pacific (Sydney)", Some("Z1WCIGYICN2BYD")),
    region("ap-southeast-3", "Asia Pacific (Jakarta)", Some("Z01846753K324LI26A3VV")),
    region("ap-southeast-4", "Asia Pacific (Melbourne)", Some("Z0312387243XT5FE14WFO")),
    region("ap-southeast-5", "Asia Pacific (Malaysia)", Some("Z08660063OXLMA7F1FJHU")),
    region("ap-southeast-7", "Asia Pacific (Thailand)", Some("Z0031014GXUMRZG6I14G")),
    region("ca-central-1", "Canada (Central)", Some("Z1QDHH18159H29")),
    region("ca-west-1", "Canada West (Calgary)", Some("Z03565811Z33SLEZTHOUL")),
    region("cn-north-1", "China (Beijing)", Some("Z5CN8UMXT92WN")),
    region("cn-northwest-1", "China (Ningxia)", Some("Z282HJ1KT0DH03")),
    region("eu-central-1", "Europe (Frankfurt)", Some("Z21DNDUVLTQW6Q")),
    region("eu-central-2", "Europe (Zurich)", Some("Z030506016YDQGETNASS")),
    region("eu-isoe-west-1", "EU ISOE West", None),
    region("eu-north-1", "Europe (Stockholm)", Some("Z3BAZG2TWCNX0D")),
    region("eu-south-1", "Europe (Milan)", Some("Z30OZKI7KPW7MI")),
    region("eu-south-2", "Europe (Spain)", Some("Z0081959F7139GRJC19J")),
    region("eu-west-1", "Europe (Ireland)", Some("Z1BKCTXD74EZPE")),
    region("eu-west-2", "Europe (London)", Some("Z3GKZC51ZF0DB4")),
    region("eu-west-3", "Europe (Paris)", Some("Z3R1K369G5AVDG")),
    region("il-central-1", "Israel (Tel Aviv)", Some("Z09640613K4A3MN55U7GU")),
    region("me-central-1", "Middle East (UAE)", Some("Z06143092I8HRXZRUZROF")),
    region("me-south-1", "Middle East (Bahrain)", Some("Z1MPMWCPA7YB62")),
    region("mx-central-1", "Mexico (Central)", Some("Z057606446ZNVQJJ8WOP")),
    region("sa-east-1", "South America (Sao Paulo)", Some("Z7KQH4QJS55SO")),
    region("us-east-1", "US East (N. Virginia)", Some("Z3AQBSTGFYJSTF")),
    region("us-east-2", "US East (Ohio)", Some("Z2O1EMRO9K5GLX")),
    region("us-gov-east-1", "AWS GovCloud (US-East)", Some("Z2NIFVYYW2VKV1")),
    region("us-gov-west-1", "AWS GovCloud (US-West)", Some("Z31GFT0UA1I2HV")),
    region("us-iso-east-1", "US ISO East", None),
    region("us-iso-west-1", "US ISO WEST", None),
    region("us-isob-east-1", "US ISOB East (Ohio)", None),
    region("us-isof-east-1", "US ISOF EAST", None),
    region("us-isof-south-1", "US ISOF SOUTH", None),
    region("us-west-1", "US West (N. California)", Some("Z2F56UZL2M1ACD")),
    region("us-west-2", "US West (Oregon)", Some("Z3BJ6K6RIION7M")),
];

/// The Region of this name.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    let at = REGIONS.binary_search_by(|region| region.name.cmp(name)).ok()?;
    REGIONS.get(at)
}

/// A partition: Regions that share accounts, ARNs and domain names.
#[derive(Debug)]
pub(super) struct Partition {
    /// What the names of its Regions begin with.
    prefix: &'static str,
    /// The second word of its ARNs.
    pub(super) arn: &'static str,
    /// The end of the host names of its services.
    pub(super) suffix: &'static str,
}

const AWS: Partition = Partition { prefix: "", arn: "aws", suffix: "amazonaws.com" };

/// The partitions beside the public one.
static PARTITIONS: &[Partition] = &[
    Partition { prefix: "cn-", arn: "aws-cn", suffix: "amazonaws.com.cn" },
    Partition { prefix: "us-gov-", arn: "aws-us-gov", suffix: "amazonaws.com" },
    Partition { prefix: "us-iso-", arn: "aws-iso", suffix: "c2s.ic.gov" },
    Partition { prefix: "us-isob-", arn: "aws-iso-b", suffix: "sc2s.sgov.gov" },
    Partition { prefix: "eu-isoe-", arn: "aws-iso-e", suffix: "cloud.adc-e.uk" },
    Partition { prefix: "us-isof-", arn: "aws-iso-f", suffix: "csp.hci.ic.gov" },
    Partition { prefix: "eusc-", arn: "aws-eusc", suffix: "amazonaws.eu" },
];

/// The partition that a Region of this name belongs to.
pub(super) fn partition(region: &str) -> &'static Partition {
    PARTITIONS.iter().find(|partition| region.starts_with(partition.prefix)).unwrap_or(&AWS)
}

/// Whether a Region could be called so: lower-case words, the last one a number.
pub(super) fn has_form(name: &str) -> bool {
    let words: Vec<&str> = name.split('-').collect();
    let (Some((number, words)), 3..=5) = (words.split_last(), words.len()) else { return false };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    words.iter().all(is_word) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// The host of the Region's EC2 endpoint.
pub(super) fn ec2_endpoint(region: &str) -> String {
    format!("ec2.{region}.{}", partition(region).suffix)
}

/// The Region whose EC2 endpoint has this host.
pub(super) fn of_endpoint(host: &str) -> Option<&str> {
    let region = host.strip_prefix("ec2.")?.split('.').next()?;
    (has_form(region) && ec2_endpoint(region) == host).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_found_by_its_name_and_by_its_endpoint() {
        for region in REGIONS {
            assert!(has_form(region.name), "{}", region.name);
            assert_eq!(find(region.name).unwrap().description, region.description);
            assert_eq!(of_endpoint(&ec2_endpoint(region.name)), Some(region.name));
        }
        assert!(REGIONS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn what_names_no_region_is_told_apart() {
        for name in ["", "-", "eu-west", "eu-west-1a", "Eu-west-1", "eu--1", "a-b-c-d-e-1", "1-2-3"]
        {
            assert!(!has_form(name), "{name}");
        }
        for name in ["eu-west-99", "eusc-de-east-1", "us-gov-west-7"] {
            assert!(has_form(name), "{name}");
        }
        assert_eq!(partition("us-isob-east-9").arn, "aws-iso-b");
        assert_eq!(of_endpoint("ec2.eu-west-1.amazonaws.com.cn"), None);
        assert_eq!(of_endpoint("s3.eu-west-1.amazonaws.com"), None);
    }
}
