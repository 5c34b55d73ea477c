//! `aws_caller_identity`: whose credentials are in use.

use super::{DataSource, Finding};
use crate::schema::{AttrType, Attribute, Schema};
use crate::value::Value;

/// Whose credentials a provider uses (STS, `GetCallerIdentity`).
///
/// | attribute | element |
/// |---|---|
/// | `account_id`, `id` | `Account` |
/// | `arn` | `Arn` |
/// | `user_id` | `UserId` |
#[derive(Debug)]
pub struct CallerIdentity;

static SCHEMA: Schema = Schema {
    attributes: &[
        Attribute::computed(
            "account_id",
            AttrType::String,
            "The 12-digit id of the account that the credentials belong to.",
        ),
        Attribute::computed(
            "arn",
            AttrType::String,
            "The ARN of who calls: a user, or the session of a role \
             (arn:aws:sts::111122223333:assumed-role/name/session).",
        ),
        Attribute::computed(
            "user_id",
            AttrType::String,
            "The unique id of who calls. For a session of a role: the role's id, a colon, and \
             the session's name.",
        ),
        Attribute::computed("id", AttrType::String, "The same as `account_id`."),
    ],
    blocks: &[],
};

impl DataSource for CallerIdentity {
    fn name(&self) -> &'static str {
        "aws_caller_identity"
    }

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn description(&self) -> &'static str {
        "Whose credentials a provider uses: the account, and the user or role. Asked of STS once \
         for a provider; everybody is allowed to."
    }

    fn example(&self) -> &'static str {
        r#"
data "aws_caller_identity" "current" {}

output "account" {
  value = data.aws_caller_identity.current.account_id
}
"#
    }

    fn validate(&self, _: &Value) -> Vec<Finding> {
        Vec::new()
    }
}
