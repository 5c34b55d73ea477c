//! The embedded sandbox as a stand-in for AWS: made from the configuration, served, and changed.

use super::SANDBOX_STORE;
use super::check::Checked;
use super::options::Setup;
use super::project::Project;
use crate::diag::Diagnostic;
use crate::eval::Evaluation;
use crate::provider::aws::{AssumeRole, Aws, Endpoints, Settings};
use crate::provider::{Provider as _, Target};
use crate::resource::{
    self, KeyRef,
    data::{self, Named},
};
use crate::sandbox::{self, KeyState, Sandbox, World};
use crate::value::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// How the embedded sandbox behaves.
#[derive(Clone, Debug, Default)]
pub struct SandboxOptions {
    /// Latency and faults.
    pub options: sandbox::Options,
    /// Its buckets, in the place of those that are kept beside the configuration.
    pub world: Option<World>,
}

fn sandbox_fault(error: &dyn std::error::Error) -> Diagnostic {
    Diagnostic::error("Cannot start the sandbox", format!("{error}."))
}

/// Opens the sandbox's buckets in the directory of the configuration.
fn open_world(dir: &Path) -> Result<World, Diagnostic> {
    World::open(&dir.join(SANDBOX_STORE)).map_err(|error| sandbox_fault(&error))
}

/// The sandbox's buckets as the options have them, or else those beside the configuration.
pub(super) fn world_of(dir: &Path, options: &SandboxOptions) -> Result<World, Diagnostic> {
    options.world.clone().map_or_else(|| open_world(dir), Ok)
}

pub(super) async fn start(world: World, options: &SandboxOptions) -> Result<Sandbox, Diagnostic> {
    Sandbox::start(world, options.options.clone()).await.map_err(|error| sandbox_fault(&error))
}

/// Makes every bucket and key in the sandbox that the configuration names, and counts the buckets.
pub(super) fn seed(
    world: &World,
    evaluation: &Evaluation,
    settings: &BTreeMap<Arc<str>, Settings>,
) -> Result<usize, Diagnostic> {
    let mut buckets = 0;
    let key_path =
        ["rule", "apply_server_side_encryption_by_default", "kms_master_key_id"].iter().collect();
    for instance in &evaluation.instances {
        let Some(ty) = resource::find(&instance.address.resource.ty) else { continue };
        let Some(name) = ty.identity(&instance.declared) else { continue };
        let Some(settings) = settings.get(&instance.provider) else { continue };
        // Where it is declared to be, or its name says that it is.
        let declared = instance.declared.get("region").and_then(Value::as_str);
        let place = resource::region_of_zone(&name).map(Arc::from).or_else(|| declared.cloned());
        let region = place.as_deref().unwrap_or_else(|| sandbox_region(settings));
        let account = sandbox_account(settings);
        let made =
            world.seed_bucket(&name, region, account).map_err(|error| sandbox_fault(&error))?;
        buckets += usize::from(made);
        if let Some(key) = resource::leaf(&instance.declared, &key_path).and_then(Value::as_str) {
            // A name that KMS could not have is left for S3 to refuse.
            let _made = world.seed_key(key, region, account);
        }
    }
    for instance in &evaluation.unread {
        let Some(source) = data::find(&instance.address.resource.ty) else { continue };
        let Some(settings) = settings.get(&instance.provider) else { continue };
        let (region, account) = (sandbox_region(settings), sandbox_account(settings));
        // A name that AWS could not have is left for it to refuse.
        match source.named(&instance.declared) {
            Some(Named::Bucket(name)) => {
                let made = world.seed_bucket(&name, region, account);
                buckets += usize::from(made.unwrap_or(false));
            }
            Some(Named::Key(name)) => {
                let _made = world.seed_key(&name, region, account);
            }
            None => {}
        }
    }
    Ok(buckets)
}

/// Adds what comes from around the configuration to the settings of the providers.
pub(super) fn prepare(
    settings: &mut BTreeMap<Arc<str>, Settings>,
    setup: &Setup,
    sandbox: Option<&Sandbox>,
) {
    for settings in settings.values_mut() {
        settings.ca_bundle_env.clone_from(&setup.ca_bundle);
        settings.max_retries = setup.max_retries.or(settings.max_retries);
        if let Some(sandbox) = sandbox {
            use_sandbox(settings, &sandbox.endpoint());
        }
    }
}

/// The Region of a provider in the sandbox, which never asks the environment.
fn sandbox_region(settings: &Settings) -> &str {
    settings.region.as_deref().unwrap_or("us-east-1")
}

/// The account of a provider in the sandbox: of the role that it takes, if it takes one.
fn sandbox_account(settings: &Settings) -> &str {
    settings
        .assume_role
        .as_ref()
        .and_then(|role| role.role_arn.split(':').nth(4))
        .unwrap_or(sandbox::DEFAULT_ACCOUNT)
}

/// Directs a provider to the sandbox.
fn use_sandbox(settings: &mut Settings, endpoint: &str) {
    settings.region = Some(sandbox_region(settings).to_owned());
    settings.endpoints = Endpoints::all_at(endpoint);
    settings.sandbox = true;
    settings.sandbox_account = Some(sandbox::DEFAULT_ACCOUNT.to_owned());
}

/// Serves the sandbox until it is interrupted; `ready` is given its endpoint. Gives how many
/// requests were answered, by operation.
///
/// # Errors
/// The store or the port cannot be used.
pub async fn serve_sandbox(
    project: &Project,
    checked: &Checked,
    options: &SandboxOptions,
    ready: impl FnOnce(&str),
) -> Result<BTreeMap<&'static str, u64>, Diagnostic> {
    let world = open_world(&project.dir)?;
    seed(&world, &checked.evaluation, &checked.providers)?;
    let sandbox = start(world, options).await?;
    ready(&sandbox.endpoint());
    let _pressed = tokio::signal::ctrl_c().await;
    let requests = sandbox.requests();
    sandbox.stop().await;
    Ok(requests)
}

/// Puts settings on a bucket in the sandbox, through the same requests as anybody's; and elements of
/// its rule, as XML, that no version knows yet.
///
/// # Errors
/// The store cannot be used, the bucket is not declared, or the sandbox refuses the settings.
pub async fn change_in_sandbox(
    project: &Project,
    checked: &Checked,
    bucket: &str,
    settings: &Value,
    elements: Option<&str>,
) -> Result<(), Diagnostic> {
    let declared = checked.evaluation.instances.iter().find_map(|instance| {
        let ty = resource::find(&instance.address.resource.ty)?;
        let identity = ty.identity(&instance.declared)?;
        (*identity == *bucket).then_some((instance, identity))
    });
    let Some((instance, identity)) = declared else {
        return Err(Diagnostic::error(
            "Unknown bucket",
            format!("The configuration declares no bucket {bucket:?}."),
        ));
    };
    let world = open_world(&project.dir)?;
    seed(&world, &checked.evaluation, &checked.providers)?;
    let sandbox = start(world.clone(), &SandboxOptions::default()).await?;
    let mut providers = checked.providers.clone();
    for provider in providers.values_mut() {
        use_sandbox(provider, &sandbox.endpoint());
        // The trail tells that it was somebody else.
        provider.assume_role = Some(AssumeRole {
            role_arn: format!("arn:aws:iam::{}:role/outside", sandbox_account(provider)),
            session_name: Some("somebody".to_owned()),
            external_id: None,
        });
    }
    let target = Target {
        ty: Arc::clone(&instance.address.resource.ty),
        provider: Arc::clone(&instance.provider),
        identity,
        request: Value::NULL,
    };
    let aws = Aws::new(providers);
    let written = aws.write(&target, settings).await;
    sandbox.stop().await;
    written?;
    if let Some(elements) = elements {
        world.add_elements(bucket, elements).map_err(|error| sandbox_fault(&error))?;
    }
    Ok(())
}

/// What a key in the sandbox is to be.
#[derive(Clone, Debug)]
pub struct KeyChange {
    /// Its id, its ARN, or an alias.
    pub name: String,
    /// Its Region, where the name is no ARN; that of the provider `aws` where nothing is said.
    pub region: Option<String>,
    /// Its account, where the name is no ARN; that of the provider `aws` where nothing is said.
    pub account: Option<String>,
    /// Whether it can be used; none where there is to be no such key.
    pub state: Option<KeyState>,
    /// `KeySpec`.
    pub spec: String,
    /// `KeyUsage`.
    pub usage: String,
}

/// Makes a key in the sandbox, changes one, or takes one away. Gives whether it was made.
///
/// # Errors
/// The store cannot be used, KMS could not have a key of this name there, or it is one that AWS
/// manages.
pub fn key_in_sandbox(
    project: &Project,
    checked: &Checked,
    key: &KeyChange,
) -> Result<bool, Diagnostic> {
    if let Some(fault) = key_fault(key) {
        return Err(fault);
    }
    let world = open_world(&project.dir)?;
    let fallback = Settings::default();
    let settings = checked.providers.get("aws").unwrap_or(&fallback);
    let region = key.region.as_deref().unwrap_or_else(|| sandbox_region(settings));
    let account = key.account.as_deref().unwrap_or_else(|| sandbox_account(settings));
    let change = || {
        let made = world.seed_key(&key.name, region, account)?;
        let changed = match key.state {
            None => world.remove_key(&key.name, region, account)?,
            Some(state) => {
                world.set_key_state(&key.name, region, account, state)?
                    && world.set_key_spec(&key.name, region, account, &key.spec, &key.usage)?
            }
        };
        Ok(changed.then_some(made))
    };
    let changed = change().map_err(|error: sandbox::StoreError| sandbox_fault(&error))?;
    changed.ok_or_else(|| {
        let detail = format!(
            "AWS manages the key {:?}, which is there, enabled and symmetric. Name one of your own.",
            key.name
        );
        Diagnostic::error("Key of AWS", detail)
    })
}

/// What is wrong with a key that is asked for, if KMS could not have it.
fn key_fault(key: &KeyChange) -> Option<Diagnostic> {
    let fault = |summary, detail: String| Some(Diagnostic::error(summary, detail));
    if let Err(why) = KeyRef::read(&key.name) {
        let detail = format!("{:?} does not name a key of KMS: it {why}.", key.name);
        return fault("Invalid KMS key", detail);
    }
    if let Some(region) = key.region.as_deref().filter(|it| !data::has_form_of_region(it)) {
        let detail = format!(
            "{region:?} is not the name of a Region: one looks like eu-west-1.{}",
            data::region_hint(region)
        );
        return fault("Invalid Region", detail);
    }
    if let Some(account) = key.account.as_deref().filter(|it| !resource::is_account(it)) {
        let detail = format!("{account:?} is not an account: an account id has 12 digits.");
        return fault("Invalid account id", detail);
    }
    None
}
