//! The STS operations: form in, XML out.

use hyper::StatusCode;
use hyper::header::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::key::arn;
use super::wire::{Caller, Reply, assumed_access_key, value};
use super::xml;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    GetCallerIdentity,
    AssumeRole,
    /// Whatever else STS can do.
    Unsupported,
}

impl Operation {
    pub(super) fn of(form: &str) -> Self {
        match value(form, "Action").as_deref() {
            Some("GetCallerIdentity") => Self::GetCallerIdentity,
            Some("AssumeRole") => Self::AssumeRole,
            Some(_) | None => Self::Unsupported,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::AssumeRole => "AssumeRole",
            Self::Unsupported => "Unsupported",
        }
    }
}

/// Session tokens begin with this, and go on with `ROLE/SESSION`: nothing about a session is kept here.
const TOKEN_PREFIX: &str = "sandbox-session:";

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }
}

/// The answer of an STS that is overloaded, or else broken.
pub(super) fn failure(overload: bool, request_id: &str) -> Reply {
    let refusal = if overload {
        Refusal::new("Throttling", "Rate exceeded")
    } else {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let message = "The request processing has failed because of an unknown error.";
        Refusal { status, ..Refusal::new("InternalFailure", message) }
    };
    refused(&refusal, request_id).map_or_else(|_| broken(), reply)
}

fn refused(
    refusal: &Refusal,
    request_id: &str,
) -> Result<(StatusCode, String), quick_xml::SeError> {
    let Refusal { status, code, message } = refusal;
    let error = xml::StsError { blame: "Sender", code, message };
    let document = xml::StsErrorDocument { namespace: xml::STS_NAMESPACE, error, request_id };
    Ok((*status, xml::write("ErrorResponse", &document)?))
}

fn reply((status, body): (StatusCode, String)) -> Reply {
    Reply { content_type: "text/xml", ..Reply::xml(status, body) }
}

fn broken() -> Reply {
    Reply::empty(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Carries out one request.
pub(super) fn handle(
    operation: Operation,
    caller: Caller<'_>,
    headers: &HeaderMap,
    form: &str,
    request_id: &str,
) -> Reply {
    let result = match operation {
        Operation::GetCallerIdentity => Ok(caller_identity(caller, headers)),
        Operation::AssumeRole => assume_role(form),
        Operation::Unsupported => {
            Err(Refusal::new("InvalidAction", "The sandbox does not know this action."))
        }
    };
    let namespace = xml::STS_NAMESPACE;
    let written = match result {
        Ok(result) => {
            let root = match &result {
                xml::StsResult::GetCallerIdentityResult(_) => "GetCallerIdentityResponse",
                xml::StsResult::AssumeRoleResult(_) => "AssumeRoleResponse",
            };
            let metadata = xml::StsMetadata { request_id };
            let document = xml::StsDocument { namespace, result, metadata };
            xml::write(root, &document).map(|body| (StatusCode::OK, body))
        }
        Err(refusal) => refused(&refusal, request_id),
    };
    written.map_or_else(|_| broken(), reply)
}

/// Whose credentials a request is signed with.
pub(super) fn caller_arn(caller: Caller<'_>, headers: &HeaderMap) -> String {
    let account = caller.account();
    let session = headers
        .get("x-amz-security-token")
        .and_then(|token| token.to_str().ok())
        .and_then(|token| token.strip_prefix(TOKEN_PREFIX));
    match session {
        Some(session) => arn("sts", "", account, &format!("assumed-role/{session}")),
        None => arn("iam", "", account, "user/sandbox"),
    }
}

fn caller_identity(caller: Caller<'_>, headers: &HeaderMap) -> xml::StsResult {
    let account = caller.account();
    let user_id = format!("AIDA{account}SEAL");
    xml::StsResult::GetCallerIdentityResult(xml::CallerIdentity {
        arn: caller_arn(caller, headers),
        user_id,
        account: account.to_owned(),
    })
}

fn assume_role(form: &str) -> Result<xml::StsResult, Refusal> {
    let required = |name| {
        value(form, name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Refusal::new("ValidationError", format!("{name} must not be null")))
    };
    let role_arn = required("RoleArn")?;
    let session = required("RoleSessionName")?;
    let Some((account, role)) = read_role(&role_arn) else {
        return Err(Refusal::new("ValidationError", format!("{role_arn} is invalid")));
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_=,.@-".contains(&byte);
    if !(2..=64).contains(&session.len()) || !session.bytes().all(allowed) {
        let message = format!("'{session}' at 'roleSessionName' failed to satisfy constraint");
        return Err(Refusal::new("ValidationError", message));
    }
    let seconds = match value(form, "DurationSeconds") {
        None => 3600,
        Some(text) => {
            text.parse::<i64>().ok().filter(|seconds| (900..=43_200).contains(seconds)).ok_or_else(
                || Refusal::new("ValidationError", "DurationSeconds must be 900 to 43200"),
            )?
        }
    };
    let expiration = Timestamp::now()
        .checked_add(SignedDuration::from_secs(seconds))
        .map_err(|error| Refusal::new("ValidationError", error.to_string()))?;
    Ok(xml::StsResult::AssumeRoleResult(xml::AssumedRole {
        assumed_role_user: xml::AssumedRoleUser {
            assumed_role_id: format!("AROA{account}SEAL:{session}"),
            arn: arn("sts", "", account, &format!("assumed-role/{role}/{session}")),
        },
        credentials: xml::Credentials {
            access_key_id: assumed_access_key(account),
            secret_access_key: "sandbox".to_owned(),
            session_token: format!("{TOKEN_PREFIX}{role}/{session}"),
            expiration: format!("{expiration:.0}"),
        },
    }))
}

/// The account and the name, without its path, in `arn:aws:iam::ACCOUNT:role/path/NAME`.
fn read_role(role_arn: &str) -> Option<(&str, &str)> {
    let mut parts = role_arn.splitn(6, ':');
    let (scheme, _partition, service, region) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (account, resource) = (parts.next()?, parts.next()?);
    let (_, role) =
        resource.strip_prefix("role/").map(|path| path.rsplit_once('/').unwrap_or(("", path)))?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (scheme == "arn" && service == "iam" && region.is_empty() && is_account && !role.is_empty())
        .then_some((account, role))
}
