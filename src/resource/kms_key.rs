//! How a KMS key may be named, and when two names mean one key.

/// A name of a KMS key: an id, an alias, or the ARN of either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRef<'a> {
    /// The ARN's Region and account, where the name is an ARN.
    scope: Option<(&'a str, &'a str)>,
    /// `alias/…`, or the id.
    name: &'a str,
}

/// The alias of the key that AWS manages for S3, which stands where no key is named.
const AWS_MANAGED: &str = "alias/aws/s3";

impl<'a> KeyRef<'a> {
    /// Reads a name; nothing where it has the form of none.
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Some(arn) = text.strip_prefix("arn:") {
            let mut parts = arn.splitn(5, ':');
            let (partition, service) = (parts.next()?, parts.next()?);
            let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
            let account_is_right =
                account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
            if !partition.starts_with("aws")
                || service != "kms"
                || region.is_empty()
                || !account_is_right
            {
                return None;
            }
            let name = match resource.strip_prefix("key/") {
                Some(id) if is_id(id) => id,
                None if is_alias(resource) => resource,
                _ => return None,
            };
            return Some(Self { scope: Some((region, account)), name });
        }
        (is_id(text) || is_alias(text)).then_some(Self { scope: None, name: text })
    }

    /// Whether the name is that of the key that AWS manages for S3.
    pub fn is_aws_managed(&self) -> bool {
        self.name == AWS_MANAGED
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

/// `alias/` and 1 to 250 letters, digits, `/`, `_` and `-` (KMS, CreateAlias, `AliasName`).
fn is_alias(text: &str) -> bool {
    text.strip_prefix("alias/").is_some_and(|name| {
        !name.is_empty()
            && name.len() <= 250
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b))
    })
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
    fn what_names_no_key_is_refused() {
        for text in [
            "",
            "not-a-key",
            "alias/",
            "arn:aws:s3:::bucket",
            "arn:aws:kms:r:12:key/x",
            "arn:aws:kms:eu-west-1:111122223333:key/",
            "1234abcd",
        ] {
            assert_eq!(KeyRef::parse(text), None, "{text}");
        }
    }
}
