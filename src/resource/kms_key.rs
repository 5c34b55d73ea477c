//! How a KMS key may be named, and when two names mean one key.

/// A name of a KMS key: an id, an alias, or the ARN of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRef<'a> {
    /// Where the key is, where the name is an ARN.
    pub scope: Option<KeyScope<'a>>,
    /// `alias/…`, or the id.
    pub name: &'a str,
}

/// Where a key is, as its ARN says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyScope<'a> {
    /// The partition, such as `aws` or `aws-cn`.
    pub partition: &'a str,
    /// The Region.
    pub region: &'a str,
    /// The 12 digits of the account.
    pub account: &'a str,
}

/// The alias of the key that AWS manages for S3, which stands where no key is named.
pub(super) const AWS_MANAGED: &str = "alias/aws/s3";

impl<'a> KeyRef<'a> {
    /// Reads a name; nothing where it has the form of none.
    pub fn parse(text: &'a str) -> Option<Self> {
        Self::read(text).ok()
    }

    /// Reads a name.
    ///
    /// # Errors
    /// Why the text has the form of none, as the rest of a sentence that begins with it.
    pub fn read(text: &'a str) -> Result<Self, String> {
        if let Some(arn) = text.strip_prefix("arn:") {
            return read_arn(arn);
        }
        let name = text;
        let fault = if name.starts_with("alias/") {
            alias_fault(name)
        } else if is_id(name) {
            None
        } else {
            Some(stray(name))
        };
        fault.map_or(Ok(Self { scope: None, name }), Err)
    }

    /// Whether the name is that of the key that AWS manages for S3.
    pub fn is_aws_managed(&self) -> bool {
        self.name == AWS_MANAGED
    }

    /// Whether it names an alias, not a key itself.
    pub fn is_alias(&self) -> bool {
        self.name.starts_with("alias/")
    }

    /// Whether it is the id of a multi-Region key.
    pub fn is_multi_region(&self) -> bool {
        self.name.starts_with("mrk-")
    }

    /// Whether both name one key, as far as their spelling tells: a name without Region and
    /// account means those of whoever asks, and is taken for those of the other.
    pub fn same(&self, other: &KeyRef<'_>) -> bool {
        let one_scope = match (self.scope, other.scope) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        one_scope && self.name == other.name
    }
}

/// Reads what stands behind `arn:`.
fn read_arn(arn: &str) -> Result<KeyRef<'_>, String> {
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    let Ok([partition, service, region, account, resource]) = <[&str; 5]>::try_from(parts) else {
        return Err("is cut short: the ARN of a key is arn:aws:kms:REGION:ACCOUNT:key/ID".into());
    };
    let fault = if !partition.starts_with("aws") {
        Some(format!("has the partition {partition:?}, and those of AWS begin with `aws`"))
    } else if service != "kms" {
        Some(format!("is an ARN of {service:?}, not of KMS"))
    } else if !is_region(region) {
        Some(format!("names the Region {region:?}, which does not look like one"))
    } else if let Some(right) = partition_of(region).filter(|right| *right != partition) {
        Some(format!("has the partition {partition:?}, and {region} belongs to {right:?}"))
    } else if !is_account(account) {
        Some(format!("names the account {account:?}, and an account id has 12 digits"))
    } else {
        None
    };
    if let Some(fault) = fault {
        return Err(fault);
    }
    let name = match resource.strip_prefix("key/") {
        Some(id) if is_id(id) => id,
        Some(id) => {
            return Err(format!("ends with {id:?}, and the id of a key is a UUID or mrk-…"));
        }
        None if resource.starts_with("alias/") => match alias_fault(resource) {
            None => resource,
            Some(fault) => return Err(fault),
        },
        None => return Err("ends with neither key/ID nor alias/NAME".into()),
    };
    Ok(KeyRef { scope: Some(KeyScope { partition, region, account }), name })
}

/// Whether a text is the id of an account: 12 digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// How a text that is not the id of an account may have come to be one, as the end of a message: as
/// a number it has lost the zeros that it began with, of which there are a few.
pub fn account_hint(text: &str) -> &'static str {
    let is_short_number = (9..12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if is_short_number {
        " A number loses the zeros that it begins with: write it in quotes, with all of its digits."
    } else {
        ""
    }
}

/// Whether a text has the form of a Region: `eu-west-1`.
pub(super) fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    parts.next().is_some_and(|area| !area.is_empty())
        && text.rsplit('-').next().is_some_and(|number| number.parse::<u8>().is_ok())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The partition of a Region, where its name tells.
fn partition_of(region: &str) -> Option<&'static str> {
    match region {
        _ if region.starts_with("cn-") => Some("aws-cn"),
        _ if region.starts_with("us-gov-") => Some("aws-us-gov"),
        _ if region.contains("-iso") || region.starts_with("eusc-") => None,
        _ => Some("aws"),
    }
}

/// What is wrong with a name that begins with `alias/`: 1 to 250 letters, digits, `/`, `_` and `-`
/// follow (KMS, CreateAlias, `AliasName`).
fn alias_fault(text: &str) -> Option<String> {
    let name = text.strip_prefix("alias/").unwrap_or_default();
    if name.is_empty() {
        Some("names no alias behind `alias/`".into())
    } else if name.len() > 250 {
        Some("is too long: an alias has 250 characters at most".into())
    } else {
        let stranger = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"/_-".contains(*c));
        stranger.map(|c| {
            format!("has {c:?} in it, and an alias is made of letters, digits, `/`, `_` and `-`")
        })
    }
}

/// What is wrong with a name that is no ARN, no alias and no id.
fn stray(text: &str) -> String {
    if text.is_empty() {
        "is empty".into()
    } else if text.starts_with("mrk-") {
        "begins as the id of a multi-Region key, which is `mrk-` and 32 hexadecimal digits".into()
    } else if text.starts_with("key/") {
        "is the end of an ARN; give the id alone, or the whole ARN".into()
    } else if alias_fault(&format!("alias/{text}")).is_none() {
        format!("is no id, which is a UUID. An alias is written \"alias/{text}\"")
    } else {
        "is no id, no ARN and no alias".into()
    }
}

/// A UUID, or `mrk-` and 32 hexadecimal digits for a multi-Region key (KMS, KeyMetadata, `KeyId`).
fn is_id(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("mrk-") {
        return digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    }
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether two names mean one key; no name means the key that AWS manages. A name in no known form
/// is equal to itself only.
pub(super) fn same_key(a: Option<&str>, b: Option<&str>) -> bool {
    let (a, b) = (a.unwrap_or(AWS_MANAGED), b.unwrap_or(AWS_MANAGED));
    a == b
        || match (KeyRef::parse(a), KeyRef::parse(b)) {
            (Some(a), Some(b)) => a.same(&b),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn names_of_one_key_are_equal_by_meaning() {
        let arn = format!("arn:aws:kms:eu-west-1:111122223333:key/{ID}");
        let other_account = format!("arn:aws:kms:eu-west-1:444455556666:key/{ID}");
        let alias_arn = "arn:aws:kms:eu-west-1:111122223333:alias/x";
        for (a, b, same) in [
            (Some(ID), Some(arn.as_str()), true),
            (Some("alias/x"), Some(alias_arn), true),
            (None, Some("alias/aws/s3"), true),
            (None, Some("arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"), true),
            (None, None, true),
            (Some(arn.as_str()), Some(other_account.as_str()), false),
            (Some("alias/x"), Some("alias/y"), false),
            (Some(ID), None, false),
            (Some("not-a-key"), Some("not-a-key"), true),
        ] {
            assert_eq!(same_key(a, b), same, "{a:?} {b:?}");
            assert_eq!(same_key(b, a), same, "{b:?} {a:?}");
        }
    }

    #[test]
    fn what_names_no_key_is_refused_and_why() {
        let scoped = |rest: &str| format!("arn:aws:kms:eu-west-1:111122223333:{rest}");
        for (text, why) in [
            (String::new(), "is empty"),
            ("not-a-key".into(), "An alias is written \"alias/not-a-key\""),
            ("1234abcd".into(), "is no id"),
            ("mrk-12".into(), "multi-Region"),
            (format!("key/{ID}"), "the whole ARN"),
            ("a b".into(), "no id, no ARN and no alias"),
            ("alias/".into(), "names no alias"),
            ("alias/a b".into(), "has ' ' in it"),
            (format!("alias/{}", "x".repeat(251)), "too long"),
            ("arn:aws:kms".into(), "cut short"),
            ("arn:aws:s3:::bucket".into(), "of \"s3\", not of KMS"),
            (format!("arn:gcp:kms:eu-west-1:111122223333:key/{ID}"), "partition"),
            (format!("arn:aws:kms::111122223333:key/{ID}"), "Region"),
            (format!("arn:aws:kms:europe:111122223333:key/{ID}"), "Region"),
            (format!("arn:aws:kms:cn-north-1:111122223333:key/{ID}"), "\"aws-cn\""),
            (format!("arn:aws-cn:kms:eu-west-1:111122223333:key/{ID}"), "\"aws\""),
            (format!("arn:aws:kms:eu-west-1:12:key/{ID}"), "12 digits"),
            (scoped("key/"), "UUID"),
            (scoped("key/x"), "UUID"),
            (scoped("grant/x"), "neither key/ID nor alias/NAME"),
            (scoped("alias/"), "names no alias"),
        ] {
            let fault = KeyRef::read(&text).unwrap_err();
            assert!(fault.contains(why), "{text}: {fault}");
        }
    }

    #[test]
    fn the_parts_of_an_arn_are_told_apart() {
        let arn = format!("arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/{ID}");
        let key = KeyRef::parse(&arn).unwrap();
        let scope =
            KeyScope { partition: "aws-us-gov", region: "us-gov-west-1", account: "111122223333" };
        assert_eq!((key.scope, key.name, key.is_alias()), (Some(scope), ID, false));
        let replica = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        assert_eq!(KeyRef::parse(replica).unwrap().name, "mrk-1234abcd12ab34cd56ef1234567890ab");
        assert!(KeyRef::parse("alias/team/logs_1-x").unwrap().is_alias());
    }
}
