//! The KMS operations, in JSON 1.1.

use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde::{Deserialize, Serialize};

use super::key::{AWS_MANAGED_ALIAS, Key, KeyName, KeyReference, KeyState, arn};
use super::store::StoreError;
use super::wire::{Caller, Refusal, Reply};
use super::world::World;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    DescribeKey,
    CreateKey,
    ListAliases,
    CreateAlias,
    EnableKey,
    DisableKey,
    ScheduleKeyDeletion,
    /// Whatever else KMS can do.
    Unsupported,
}

impl Operation {
    const NAMED: [Self; 7] = [
        Self::DescribeKey,
        Self::CreateKey,
        Self::ListAliases,
        Self::CreateAlias,
        Self::EnableKey,
        Self::DisableKey,
        Self::ScheduleKeyDeletion,
    ];

    pub(super) fn of(headers: &HeaderMap) -> Self {
        let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let name = target.and_then(|target| target.strip_prefix("TrentService."));
        Self::NAMED
            .into_iter()
            .find(|operation| Some(operation.name()) == name)
            .unwrap_or(Self::Unsupported)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DescribeKey => "DescribeKey",
            Self::CreateKey => "CreateKey",
            Self::ListAliases => "ListAliases",
            Self::CreateAlias => "CreateAlias",
            Self::EnableKey => "EnableKey",
            Self::DisableKey => "DisableKey",
            Self::ScheduleKeyDeletion => "ScheduleKeyDeletion",
            Self::Unsupported => "Unsupported",
        }
    }
}

fn not_found(key: &str) -> Refusal {
    Refusal::new("NotFoundException", format!("Key '{key}' does not exist"))
}

/// The answer of a KMS that is overloaded, or else broken.
pub(super) fn failure(overload: bool) -> Reply {
    let refusal = if overload {
        let message = "You have exceeded the rate at which you may call KMS. Reduce the frequency \
                       of your calls.";
        Refusal::new("ThrottlingException", message.to_owned())
    } else {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let message = "The request was rejected because an internal exception occurred.";
        Refusal { status, code: "KMSInternalException", message: message.to_owned() }
    };
    refusal.reply()
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, code: "KMSInternalException", message: error.to_string() }
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::new("SerializationException", error.to_string())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyRequest {
    key_id: String,
    pending_window_in_days: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateKeyRequest {
    #[serde(default)]
    description: String,
    key_spec: Option<String>,
    key_usage: Option<String>,
    #[serde(default)]
    multi_region: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateAliasRequest {
    alias_name: String,
    target_key_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListAliasesRequest {
    key_id: Option<String>,
    limit: Option<usize>,
    marker: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyDocument {
    key_metadata: KeyMetadata,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyMetadata {
    #[serde(rename = "AWSAccountId")]
    account: String,
    key_id: String,
    arn: String,
    creation_date: i64,
    enabled: bool,
    description: String,
    key_usage: String,
    key_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<i64>,
    origin: &'static str,
    key_manager: &'static str,
    customer_master_key_spec: String,
    key_spec: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_algorithms: Option<[&'static str; 1]>,
    multi_region: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_region_configuration: Option<MultiRegionConfiguration>,
}

/// A multi-Region key is the primary one here, and has no replicas.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRegionConfiguration {
    multi_region_key_type: &'static str,
    primary_key: MultiRegionKey,
    replica_keys: [MultiRegionKey; 0],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MultiRegionKey {
    arn: String,
    region: String,
}

impl From<&Key> for KeyDocument {
    fn from(key: &Key) -> Self {
        Self {
            key_metadata: KeyMetadata {
                account: key.account.clone(),
                key_id: key.id.clone(),
                arn: key.arn(),
                creation_date: key.created,
                enabled: key.state == KeyState::Enabled,
                description: key.description.clone(),
                key_usage: key.usage.clone(),
                key_state: key.state.name(),
                deletion_date: key.deletion,
                origin: "AWS_KMS",
                key_manager: if key.aws_managed { "AWS" } else { "CUSTOMER" },
                customer_master_key_spec: key.spec.clone(),
                key_spec: key.spec.clone(),
                encryption_algorithms: key.is_symmetric().then_some(["SYMMETRIC_DEFAULT"]),
                multi_region: key.is_multi_region(),
                multi_region_configuration: key.is_multi_region().then(|| {
                    let (arn, region) = (key.arn(), key.region.clone());
                    MultiRegionConfiguration {
                        multi_region_key_type: "PRIMARY",
                        primary_key: MultiRegionKey { arn, region },
                        replica_keys: [],
                    }
                }),
            },
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasList {
    aliases: Vec<AliasEntry>,
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasEntry {
    alias_name: String,
    alias_arn: String,
    target_key_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeletionDocument {
    key_id: String,
    deletion_date: Option<i64>,
    key_state: &'static str,
    pending_window_in_days: i64,
}

/// Carries out one request.
pub(super) fn handle(
    world: &World,
    operation: Operation,
    caller: Caller<'_>,
    body: &[u8],
) -> Reply {
    match carry_out(world, operation, caller, body) {
        Ok(body) => Reply::json(StatusCode::OK, body),
        Err(refusal) => refusal.reply(),
    }
}

fn carry_out(
    world: &World,
    operation: Operation,
    caller: Caller<'_>,
    body: &[u8],
) -> Result<String, Refusal> {
    match operation {
        Operation::DescribeKey => {
            let request: KeyRequest = serde_json::from_slice(body)?;
            let key = describe(world, caller, &request.key_id)?;
            Ok(serde_json::to_string(&KeyDocument::from(&key))?)
        }
        Operation::CreateKey => create_key(world, caller, serde_json::from_slice(body)?),
        Operation::ListAliases => list_aliases(world, caller, serde_json::from_slice(body)?),
        Operation::CreateAlias => create_alias(world, caller, &serde_json::from_slice(body)?),
        Operation::EnableKey => change_state(world, caller, body, KeyState::Enabled),
        Operation::DisableKey => change_state(world, caller, body, KeyState::Disabled),
        Operation::ScheduleKeyDeletion => {
            change_state(world, caller, body, KeyState::PendingDeletion)
        }
        Operation::Unsupported => Err(Refusal::new(
            "UnknownOperationException",
            "The sandbox does not know this operation.".to_owned(),
        )),
    }
}

/// The key that a text names, as far as the caller may see it.
fn describe(world: &World, caller: Caller<'_>, text: &str) -> Result<Key, Refusal> {
    let account = caller.account();
    let reference = KeyReference::parse(text, caller.region, account)
        .ok_or_else(|| Refusal::new("NotFoundException", format!("Invalid keyId '{text}'")))?;
    if reference.region != caller.region {
        let message = format!("Invalid arn {}", reference.region);
        return Err(Refusal::new("NotFoundException", message));
    }
    let key = world.key(&reference);
    let denied = key.as_ref().map_or(reference.account != account, |key| key.denied);
    if denied {
        let message = format!(
            "User: {} is not authorized to perform: kms:DescribeKey on resource: {text} because the resource does not \
             exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly \
             denies access",
            arn("iam", "", account, "user/sandbox")
        );
        return Err(Refusal::new("AccessDeniedException", message));
    }
    if let Some(key) = key {
        return Ok(Key::clone(&key));
    }
    Err(match &reference.name {
        KeyName::Id(id) => not_found(&arn("kms", caller.region, account, &format!("key/{id}"))),
        KeyName::Alias(alias) => {
            let alias = arn("kms", caller.region, account, alias);
            Refusal::new("NotFoundException", format!("Alias {alias} is not found."))
        }
    })
}

fn create_key(
    world: &World,
    caller: Caller<'_>,
    request: CreateKeyRequest,
) -> Result<String, Refusal> {
    let uuid = uuid::Uuid::new_v4();
    // A multi-Region key is told by its id.
    let id = if request.multi_region { format!("mrk-{}", uuid.simple()) } else { uuid.to_string() };
    let mut key = Key::new(&id, caller.region, caller.account());
    key.description = request.description;
    key.spec = request.key_spec.unwrap_or(key.spec);
    key.usage = request.key_usage.unwrap_or(key.usage);
    let key = world.create_key(key)?;
    Ok(serde_json::to_string(&KeyDocument::from(&*key))?)
}

fn create_alias(
    world: &World,
    caller: Caller<'_>,
    request: &CreateAliasRequest,
) -> Result<String, Refusal> {
    let account = caller.account();
    let reference = |text| KeyReference::parse(text, caller.region, account);
    let alias = reference(&request.alias_name)
        .filter(|reference| matches!(&reference.name, KeyName::Alias(name) if *name == request.alias_name))
        .filter(|_| !request.alias_name.starts_with("alias/aws/"))
        .ok_or_else(|| {
            let message = format!("'{}' cannot be made an alias", request.alias_name);
            Refusal::new("InvalidAliasNameException", message)
        })?;
    if world.key(&alias).is_some() {
        let alias = arn("kms", caller.region, account, &request.alias_name);
        let message = format!("An alias with the name {alias} already exists");
        return Err(Refusal::new("AlreadyExistsException", message));
    }
    let target = reference(&request.target_key_id)
        .filter(|target| target.region == caller.region && target.account == account)
        .filter(|target| matches!(target.name, KeyName::Id(_)))
        .ok_or_else(|| not_found(&request.target_key_id))?;
    world
        .update_key(&target, |key| {
            key.aliases.insert(request.alias_name.clone());
        })?
        .ok_or_else(|| not_found(&request.target_key_id))?;
    Ok(String::new())
}

fn list_aliases(
    world: &World,
    caller: Caller<'_>,
    request: ListAliasesRequest,
) -> Result<String, Refusal> {
    let account = caller.account();
    let wanted =
        request.key_id.map(|text| describe(world, caller, &text)).transpose()?.map(|key| key.id);
    let limit = request.limit.unwrap_or(50).clamp(1, 100);
    let after = request.marker.unwrap_or_default();
    let mut aliases: Vec<_> = world
        .aliases(caller.region, account)
        .into_iter()
        .map(|(alias, key)| (alias, key.id.clone()))
        .chain(aws_managed_alias(world, caller))
        .filter(|(alias, id)| *alias > after && wanted.as_ref().is_none_or(|wanted| wanted == id))
        .map(|(alias, id)| AliasEntry {
            alias_arn: arn("kms", caller.region, account, &alias),
            alias_name: alias,
            target_key_id: id,
        })
        .collect();
    aliases.sort_by(|one, other| one.alias_name.cmp(&other.alias_name));
    let truncated = aliases.len() > limit;
    aliases.truncate(limit);
    let next_marker = aliases.last().filter(|_| truncated).map(|entry| entry.alias_name.clone());
    Ok(serde_json::to_string(&AliasList { aliases, truncated, next_marker })?)
}

/// The alias that nobody made.
fn aws_managed_alias(world: &World, caller: Caller<'_>) -> Option<(String, String)> {
    let alias = AWS_MANAGED_ALIAS;
    let reference = KeyReference::parse(alias, caller.region, caller.account())?;
    world.key(&reference).map(|key| (alias.to_owned(), key.id.clone()))
}

fn change_state(
    world: &World,
    caller: Caller<'_>,
    body: &[u8],
    state: KeyState,
) -> Result<String, Refusal> {
    const DAY: i64 = 86_400;
    let request: KeyRequest = serde_json::from_slice(body)?;
    let days = request.pending_window_in_days.unwrap_or(30).clamp(7, 30);
    let reference = KeyReference::parse(&request.key_id, caller.region, caller.account())
        .filter(|reference| reference.account == caller.account())
        .ok_or_else(|| not_found(&request.key_id))?;
    let key = world
        .update_key(&reference, |key| {
            key.state = state;
            key.deletion = (state == KeyState::PendingDeletion)
                .then(|| jiff::Timestamp::now().as_second() + days * DAY);
        })?
        .ok_or_else(|| not_found(&request.key_id))?;
    if state != KeyState::PendingDeletion {
        return Ok(String::new());
    }
    Ok(serde_json::to_string(&DeletionDocument {
        key_id: key.arn(),
        deletion_date: key.deletion,
        key_state: key.state.name(),
        pending_window_in_days: days,
    })?)
}
