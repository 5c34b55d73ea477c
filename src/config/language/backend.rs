//! Settings of Sealform itself: `sealform`, and `backend` within it.

use super::{Form, LanguageBlock, Rest, optional};

pub(super) static SEALFORM: LanguageBlock = LanguageBlock {
    kind: "sealform",
    labels: &[],
    description: "Settings of Sealform itself: which versions may work on this configuration, and \
                  where its state is kept.",
    arguments: &[optional(
        "required_version",
        "string",
        Form::Constant,
        "Constraints on the version of Sealform, such as \">= 0.1, < 2.0\" or \"~> 1.2\".",
    )],
    blocks: &[&BACKEND],
    rest: Rest::Nothing,
};

static BACKEND: LanguageBlock = LanguageBlock {
    kind: "backend",
    labels: &["kind"],
    description: "Where the state is kept. The kind \"local\" is a file beside the configuration, \
                  \"s3\" an object that many machines share: replaced only in the place of the \
                  version that was read, under a lock with a lease. Values are written out; others \
                  are given by init -backend-config.",
    arguments: &[
        optional(
            "path",
            "string",
            Form::Constant,
            "local: the state file, relative to the directory of the configuration. \
         state/sealform.state.json where nothing is said.",
        ),
        optional(
            "bucket",
            "string",
            Form::Constant,
            "s3: the bucket. Switch versioning on in it, and keep it out of what it manages.",
        ),
        optional(
            "key",
            "string",
            Form::Constant,
            "s3: the key of the object. The lock and the journal are beside it, with .lock and \
         .journal.",
        ),
        optional(
            "region",
            "string",
            Form::Constant,
            "s3: the Region of the bucket. AWS_REGION or the profile where nothing is said.",
        ),
        optional(
            "profile",
            "string",
            Form::Constant,
            "s3: the profile of the shared AWS files whose credentials are used.",
        ),
        optional(
            "assume_role",
            "object",
            Form::Constant,
            "s3: the role to act in: { role_arn, session_name, external_id }.",
        ),
        optional(
            "endpoints",
            "object",
            Form::Constant,
            "s3: where the services are, if not at AWS: { s3, sts }.",
        ),
        optional("endpoint", "string", Form::Constant, "s3: the same as endpoints.s3."),
        optional(
            "use_path_style",
            "bool",
            Form::Constant,
            "s3: whether the bucket stands in the path of a URL (true where nothing is said) or \
         in its host.",
        ),
        optional(
            "encrypt",
            "bool",
            Form::Constant,
            "s3: whether to ask for server-side encryption: true where nothing is said. With \
         false, the bucket decides.",
        ),
        optional(
            "kms_key_id",
            "string",
            Form::Constant,
            "s3: the KMS key to encrypt with. SSE-S3 where nothing is said.",
        ),
        optional(
            "use_lockfile",
            "bool",
            Form::Constant,
            "s3: whether a run takes the lock: true where nothing is said. With false, the \
         version of the object alone keeps two runs from overwriting each other.",
        ),
        optional(
            "lock_lease",
            "number",
            Form::Constant,
            "s3: for how many seconds the lock holds without being renewed, from 3 to 3600. 60 \
         where nothing is said.",
        ),
        optional(
            "workspace_key_prefix",
            "string",
            Form::Constant,
            "s3: what the keys of the states of other workspaces begin with. env: where nothing \
         is said.",
        ),
        optional(
            "max_retries",
            "number",
            Form::Constant,
            "s3: how often a request is repeated that failed in passing. 7 where nothing is said.",
        ),
        optional(
            "custom_ca_bundle",
            "string",
            Form::Constant,
            "s3: a file of certificates to trust instead of the system's.",
        ),
        optional(
            "insecure",
            "bool",
            Form::Constant,
            "s3: whether to accept any certificate: for trying things only.",
        ),
        optional(
            "skip_credentials_validation",
            "bool",
            Form::Constant,
            "s3: whether to go without looking for credentials before the first request.",
        ),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};
