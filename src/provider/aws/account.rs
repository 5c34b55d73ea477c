//! Whose credentials a provider has: which accounts may be worked on, and which account is expected
//! to own a bucket.
//!
//! Owns the one `GetCallerIdentity` of a provider, and what hangs on its answer.

use super::connect::Connection;
use super::error::{of_sts, plain};
use super::settings::Settings;
use crate::provider::{ErrorKind, ProviderError};

/// Whose credentials a provider has (STS, `GetCallerIdentity`).
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) account: String,
    pub(super) arn: Option<String>,
    pub(super) user_id: Option<String>,
}

/// Whether buckets are expected to belong to the account of the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnerCheck {
    /// They are, and there is no work without knowing the account.
    Must,
    /// They are, if the account can be found out: the endpoints are not those of AWS.
    May,
    /// Nothing is expected.
    Off,
}

impl OwnerCheck {
    /// What the settings ask for. Where they say nothing, a store that is not AWS may go without an
    /// STS: the account is asked for there only if an endpoint is given for that, too. Else AWS would
    /// be asked about credentials that are not its own.
    pub(super) fn of(settings: &Settings, s3: Option<&str>, sts: Option<&str>) -> Self {
        let elsewhere = |url: Option<&str>| url.is_some_and(|url| !is_aws(url));
        match settings.owner_check {
            Some(true) => Self::Must,
            None if settings.sandbox || !elsewhere(s3) => Self::Must,
            None if elsewhere(sts) => Self::May,
            Some(false) | None => Self::Off,
        }
    }
}

/// Whether a URL is one of AWS's own, such as that of an interface endpoint.
pub(super) fn is_aws(url: &str) -> bool {
    let host = url.parse::<hyper::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let host = host.unwrap_or_default().to_ascii_lowercase();
    [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazonaws.eu",
        ".api.aws",
        ".api.amazonwebservices.com.cn",
    ]
    .iter()
    .any(|suffix| host.ends_with(suffix))
}

/// Refuses an account that must not be worked on.
pub(super) async fn check(
    connection: &Connection,
    settings: &Settings,
) -> Result<(), ProviderError> {
    let Settings { allowed_account_ids: allowed, forbidden_account_ids: forbidden, .. } = settings;
    if allowed.is_empty() && forbidden.is_empty() {
        return Ok(());
    }
    let Identity { account, .. } = connection.identity().await?;
    let why = if !allowed.is_empty() && !allowed.contains(account) {
        let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
        format!(
            "`allowed_account_ids` allows {}. Use other credentials, or allow the account.",
            allowed.join(", ")
        )
    } else if forbidden.contains(account) {
        "`forbidden_account_ids` forbids it. Use other credentials.".to_owned()
    } else {
        return Ok(());
    };
    let detail = format!("The credentials are those of the account {account}, and {why}");
    Err(plain(ErrorKind::Configuration, "Account not allowed", detail))
}

/// The account that is expected to own a bucket for which nothing else is declared.
pub(super) async fn owner(connection: &Connection) -> Result<Option<&str>, ProviderError> {
    match connection.owner_check() {
        OwnerCheck::Off => Ok(None),
        OwnerCheck::May => Ok(connection.identity().await.ok().map(|it| it.account.as_str())),
        OwnerCheck::Must => match connection.identity().await {
            Ok(identity) => Ok(Some(&identity.account)),
            Err(mut told) => {
                told.detail.push_str(
                    " The account is asked for since every request names it as the owner that is \
                     expected of the bucket; `owner_check = false` in the provider goes without.",
                );
                Err(told)
            }
        },
    }
}

/// Asks STS.
pub(super) async fn ask(
    client: aws_sdk_sts::Client,
    place: &str,
) -> Result<Identity, ProviderError> {
    let answer = client.get_caller_identity().send().await.map_err(|error| {
        of_sts(&error, "The account of the credentials cannot be found out.", place)
    })?;
    let account = answer.account.ok_or_else(|| {
        let detail = "STS answers GetCallerIdentity without an account. Check the endpoint.";
        plain(ErrorKind::Other, "Answer not understood", detail.to_owned())
    })?;
    Ok(Identity { account, arn: answer.arn, user_id: answer.user_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stores_that_are_not_aws_go_without() {
        use OwnerCheck::{May, Must, Off};
        let store = Some("http://minio:9000");
        let vpce = Some("https://bucket.vpce-1-2.s3.eu-west-1.vpce.amazonaws.com");
        let china = Some("https://s3.cn-north-1.amazonaws.com.cn");
        let fake = Some("https://amazonaws.com.example.org");
        for (declared, s3, sts, expected) in [
            (None, None, None, Must),
            (None, None, store, Must),
            (None, vpce, None, Must),
            (None, china, None, Must),
            (None, store, None, Off),
            (None, fake, None, Off),
            (None, store, vpce, Off),
            (None, store, store, May),
            (Some(true), store, None, Must),
            (Some(false), None, None, Off),
        ] {
            let settings = Settings { owner_check: declared, ..Settings::default() };
            assert_eq!(OwnerCheck::of(&settings, s3, sts), expected, "{declared:?} {s3:?} {sts:?}");
        }
        let settings = Settings { sandbox: true, ..Settings::default() };
        assert_eq!(OwnerCheck::of(&settings, store, store), Must);
    }
}
