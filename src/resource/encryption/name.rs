//! How buckets may be named.

/// What ends the name of a directory bucket: `base--zone--x-s3`.
const DIRECTORY: &str = "--x-s3";

/// Whether the name is that of a directory bucket.
pub fn is_directory_bucket(name: &str) -> bool {
    name.ends_with(DIRECTORY)
}

/// Beginnings of names that S3 keeps for itself.
const PREFIXES: [&str; 2] = ["xn--", "sthree-"];
const PREFIXED: &str = "the name begins with `xn--` or `sthree-`, which S3 keeps for itself";
/// Ends of names that S3 keeps for itself, and what they are names of.
const SUFFIXES: [(&str, &str); 5] = [
    ("-s3alias", "the name ends as the alias of an access point does; name the bucket itself"),
    (
        "--xa-s3",
        "the name ends as that of an access point of a directory bucket does, which has no \
         encryption of its own; name the bucket itself, which ends with `--x-s3`",
    ),
    ("--ol-s3", "the name ends as the alias of an Object Lambda access point does"),
    (".mrap", "the name ends as the alias of a Multi-Region Access Point does"),
    ("--table-s3", "the name ends as that of an S3 table bucket does, whose encryption is its own"),
];

/// What is wrong with the name of a bucket, if S3 would never have made one of that name (S3,
/// "Bucket naming rules").
pub(in crate::resource) fn bucket_name_fault(name: &str) -> Option<&'static str> {
    let alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if name.starts_with("arn:") {
        Some("this is an ARN; give the name of the bucket alone")
    } else if name.starts_with("s3://") {
        Some("this is a URL; give the name of the bucket alone")
    } else if is_directory_bucket(name) {
        directory_name_fault(name)
    } else if name.len() < 3 || name.len() > 255 {
        Some("the name of a bucket has 3 to 63 characters")
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)) {
        Some("the name of a bucket is made of lower-case letters, digits, dots and dashes")
    } else if !alphanumeric(name.chars().next()) || !alphanumeric(name.chars().next_back()) {
        Some("the name of a bucket begins and ends with a letter or a digit")
    } else if name.contains("..") {
        Some("the name of a bucket has no two dots beside each other")
    } else if is_ip_address(name) {
        Some("the name of a bucket does not have the form of an IP address")
    } else if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        Some(PREFIXED)
    } else {
        SUFFIXES.iter().find(|(suffix, _)| name.ends_with(suffix)).map(|(_, why)| *why)
    }
}

/// What is unusual about a name: buckets from before March 2018 in us-east-1 may have up to 255
/// characters, capitals and underscores.
pub(super) fn bucket_name_doubt(name: &str) -> Option<&'static str> {
    if name.len() > 63 {
        Some("has more than 63 characters")
    } else if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Some("has capitals")
    } else if name.contains('_') {
        Some("has underscores")
    } else {
        None
    }
}

/// What is wrong with the name of a directory bucket.
fn directory_name_fault(name: &str) -> Option<&'static str> {
    let stem = name.strip_suffix(DIRECTORY).unwrap_or(name);
    let parts = stem.rsplit_once("--").filter(|(base, _)| !base.is_empty());
    let Some((base, zone)) = parts else {
        return Some("the name of a directory bucket is base--zone--x-s3, as logs--usw2-az1--x-s3");
    };
    let first = base.chars().next();
    if name.len() > 63 {
        Some("the name of a bucket has 3 to 63 characters")
    } else if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        Some("the name of a directory bucket is made of lower-case letters, digits and dashes")
    } else if !first.is_some_and(|c| c.is_ascii_alphanumeric()) {
        Some("the name of a bucket begins and ends with a letter or a digit")
    } else if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        Some(PREFIXED)
    } else if !is_zone_id(zone) {
        Some("what stands before `--x-s3` is to be the id of a zone, such as usw2-az1")
    } else {
        None
    }
}

/// Whether a text has the form of a zone's id: `usw2-az1`, or of a Local Zone, `usw2-lax1-az1`.
fn is_zone_id(text: &str) -> bool {
    let Some((place, number)) = text.rsplit_once("-az") else { return false };
    place.starts_with(|c: char| c.is_ascii_lowercase())
        && place.ends_with(|c: char| c.is_ascii_digit())
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
}

/// The Region of a directory bucket by the zone in its name, `base--ZONE--x-s3`: a zone's id begins
/// with the Region in short, `usw2-az1` with us-west-2. Nothing where it is not shortened so.
pub fn region_of_zone(bucket: &str) -> Option<String> {
    let (_, zone) = bucket.strip_suffix(DIRECTORY)?.rsplit_once("--")?;
    let short = zone.split('-').next()?;
    let area = short.get(..2)?;
    let number = short.get(short.len().checked_sub(1)?..)?;
    let direction = match short.get(2..short.len().checked_sub(1)?)? {
        "n" => "north",
        "s" => "south",
        "e" => "east",
        "w" => "west",
        "c" => "central",
        "ne" => "northeast",
        "nw" => "northwest",
        "se" => "southeast",
        "sw" => "southwest",
        "ge" => "gov-east",
        "gw" => "gov-west",
        _ => return None,
    };
    let known =
        area.bytes().all(|b| b.is_ascii_lowercase()) && number.bytes().all(|b| b.is_ascii_digit());
    known.then(|| format!("{area}-{direction}-{number}"))
}

/// Whether a text has the form of an IP address: four numbers.
fn is_ip_address(text: &str) -> bool {
    let parts = text.split('.');
    parts.clone().count() == 4
        && parts
            .into_iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_general_purpose_buckets() {
        for name in ["abc", "my-logs", "my.logs.2024", "1.2.3", "a1.2.3.4", &"x".repeat(63)] {
            assert_eq!(bucket_name_fault(name), None, "{name}");
            assert_eq!(bucket_name_doubt(name), None, "{name}");
        }
        for (name, why) in [
            ("arn:aws:s3:::logs", "ARN"),
            ("s3://logs", "URL"),
            ("", "3 to 63"),
            ("ab", "3 to 63"),
            (&"x".repeat(256), "3 to 63"),
            ("my logs", "made of"),
            ("bücket", "made of"),
            ("-logs", "begins and ends"),
            ("logs-", "begins and ends"),
            (".logs", "begins and ends"),
            ("my..logs", "two dots"),
            ("192.168.5.4", "IP address"),
            ("xn--logs", "xn--"),
            ("sthree-logs", "sthree-"),
            ("sthree-configurator", "sthree-"),
            ("logs-s3alias", "access point"),
            ("logs--ol-s3", "Object Lambda"),
            ("logs.mrap", "Multi-Region"),
            ("logs--table-s3", "table bucket"),
        ] {
            let fault = bucket_name_fault(name);
            assert!(fault.is_some_and(|fault| fault.contains(why)), "{name}: {fault:?}");
        }
    }

    #[test]
    fn names_of_old_buckets_are_doubted_and_not_refused() {
        for (name, why) in
            [("MyLogs", "capitals"), ("my_logs", "underscores"), (&"x".repeat(64), "63")]
        {
            assert_eq!(bucket_name_fault(name), None, "{name}");
            assert!(bucket_name_doubt(name).is_some_and(|doubt| doubt.contains(why)), "{name}");
        }
    }

    #[test]
    fn names_of_directory_buckets() {
        for name in ["logs--usw2-az1--x-s3", "a--b--use1-az10--x-s3", "logs--usw2-lax1-az1--x-s3"] {
            assert!(is_directory_bucket(name));
            assert_eq!(bucket_name_fault(name), None, "{name}");
        }
        for (name, why) in [
            ("logs--usw2-az1--xa-s3", "access point of a directory bucket"),
            ("logs--x-s3", "base--zone"),
            ("--x-s3", "base--zone"),
            ("--usw2-az1--x-s3", "base--zone"),
            ("logs--here--x-s3", "zone"),
            ("logs--usw2-az--x-s3", "zone"),
            ("Logs--usw2-az1--x-s3", "lower-case"),
            ("my.logs--usw2-az1--x-s3", "lower-case"),
            ("-logs--usw2-az1--x-s3", "begins"),
            ("xn--logs--usw2-az1--x-s3", "xn--"),
            ("sthree-logs--usw2-az1--x-s3", "sthree-"),
            (&format!("{}--usw2-az1--x-s3", "x".repeat(60)), "3 to 63"),
        ] {
            let fault = bucket_name_fault(name);
            assert!(fault.is_some_and(|fault| fault.contains(why)), "{name}: {fault:?}");
        }
    }

    #[test]
    fn a_zone_tells_its_region() {
        for (bucket, expected) in [
            ("fast--euw1-az1--x-s3", Some("eu-west-1")),
            ("a--b--usw2-az1--x-s3", Some("us-west-2")),
            ("logs--use1-az4--x-s3", Some("us-east-1")),
            ("logs--eun1-az1--x-s3", Some("eu-north-1")),
            ("logs--apne1-az4--x-s3", Some("ap-northeast-1")),
            ("logs--aps1-az3--x-s3", Some("ap-south-1")),
            ("logs--cac1-az1--x-s3", Some("ca-central-1")),
            ("logs--usgw1-az1--x-s3", Some("us-gov-west-1")),
            ("logs--usw2-lax1-az1--x-s3", Some("us-west-2")),
            ("logs--mars--x-s3", None),
            ("logs--é--x-s3", None),
            ("--x-s3", None),
            ("logs", None),
        ] {
            assert_eq!(region_of_zone(bucket).as_deref(), expected, "{bucket}");
        }
    }
}
