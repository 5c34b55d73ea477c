//! `sealform sandbox`.

use super::args::Variables;
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostics, Sources, has_errors};
use crate::engine::{
    KeyChange, Project, SandboxOptions, Strictness, change_in_sandbox, key_in_sandbox,
    serve_sandbox,
};
use crate::resource::BucketEncryption;
use crate::sandbox::{FaultKind, Faults, KeyState, Options};
use clap::Subcommand;
use std::time::Duration;

/// Serves the embedded S3, KMS, STS and CloudTrail alone until it is interrupted, with the buckets
/// that --sandbox uses; or changes a bucket there, as somebody outside of Sealform would.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// The port on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 4566)]
    port: u16,
    /// Hold every answer back for so many milliseconds.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Make some requests fail: 503, 500, reset (the connection is cut) or stall (no answer).
    #[arg(long, value_name = "KIND")]
    fault: Option<FaultKind>,
    /// The share of requests that fail, from 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, requires = "fault")]
    fault_rate: f64,
    /// Which requests fail: the same seed, the same requests.
    #[arg(long, default_value_t = 0, requires = "fault")]
    seed: u64,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put an encryption on a bucket in the sandbox, as somebody outside of Sealform would.
    Change(Change),
    /// Make a KMS key in the sandbox, change one, or take one away.
    Key(Wanted),
}

#[derive(Debug, clap::Args)]
struct Change {
    /// The bucket.
    bucket: String,
    /// AES256, aws:kms or aws:kms:dsse.
    #[arg(long, default_value = "AES256")]
    sse_algorithm: String,
    /// The key, with aws:kms and aws:kms:dsse.
    #[arg(long, value_name = "KEY")]
    kms_master_key_id: Option<String>,
    /// Whether a Bucket Key is used.
    #[arg(long)]
    bucket_key_enabled: bool,
    /// An encryption type to block, such as SSE-C. May be repeated.
    #[arg(long, value_name = "TYPE")]
    blocked_encryption_type: Vec<String>,
    /// XML that stands in the rule as well, as if S3 had learnt something new.
    #[arg(long, value_name = "XML")]
    elements: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Wanted {
    /// Its id, its ARN, or an alias.
    key: String,
    /// Its Region, where the name is no ARN.
    #[arg(long)]
    region: Option<String>,
    /// Its account, where the name is no ARN.
    #[arg(long)]
    account: Option<String>,
    /// Whether it can be used.
    #[arg(long, value_name = "STATE", default_value = "Enabled")]
    key_state: State,
    /// What kind of key it is, such as `RSA_2048` or `HMAC_256`.
    #[arg(long, value_name = "SPEC", default_value = "SYMMETRIC_DEFAULT")]
    key_spec: String,
    /// What it is for, such as `SIGN_VERIFY` or `GENERATE_VERIFY_MAC`.
    #[arg(long, value_name = "USAGE", default_value = "ENCRYPT_DECRYPT")]
    key_usage: String,
}

/// The states of a key, in the words of KMS; and that there is none.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "PascalCase")]
enum State {
    Enabled,
    Disabled,
    PendingDeletion,
    /// There is no such key, whatever the configuration names
    Missing,
}

impl Wanted {
    fn change(&self) -> KeyChange {
        KeyChange {
            name: self.key.clone(),
            region: self.region.clone(),
            account: self.account.clone(),
            state: match self.key_state {
                State::Enabled => Some(KeyState::Enabled),
                State::Disabled => Some(KeyState::Disabled),
                State::PendingDeletion => Some(KeyState::PendingDeletion),
                State::Missing => None,
            },
            spec: self.key_spec.clone(),
            usage: self.key_usage.clone(),
        }
    }
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    let mut diagnostics = Diagnostics::new();
    let project = Project::load(&Variables::default().request(global), &mut diagnostics);
    let checked = project.check(Strictness::Strict, &mut diagnostics);
    if let Some(Command::Key(key)) = &args.command {
        return match key_in_sandbox(&project, &checked, &key.change()) {
            Ok(made) => {
                let name = &key.key;
                ui.out(&if matches!(key.key_state, State::Missing) {
                    format!("There is no key {name} in the sandbox now.\n")
                } else if made {
                    format!("Made the key {name} in the sandbox.\n")
                } else {
                    format!("Changed the key {name} in the sandbox.\n")
                });
                Exit::Success
            }
            Err(fault) => {
                ui.diagnostics(&[fault], &Sources::default());
                Exit::Failure
            }
        };
    }
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    if let Some(Command::Change(change)) = &args.command {
        if has_errors(&diagnostics) {
            ui.diagnostics(&diagnostics, &project.sources);
            return Exit::Failure;
        }
        let settings = BucketEncryption::live(
            &change.sse_algorithm,
            change.kms_master_key_id.as_deref(),
            change.bucket_key_enabled,
            change.blocked_encryption_type.iter().cloned(),
        );
        return match runtime.block_on(change_in_sandbox(
            &project,
            &checked,
            &change.bucket,
            &settings,
            change.elements.as_deref(),
        )) {
            Ok(()) => {
                ui.out(&format!("Changed the encryption of {} in the sandbox.\n", change.bucket));
                Exit::Success
            }
            Err(fault) => {
                ui.diagnostics(&[fault], &Sources::default());
                Exit::Failure
            }
        };
    }
    // Without a configuration that can be evaluated it serves what it has.
    if has_errors(&diagnostics) {
        ui.diagnostics(&diagnostics, &project.sources);
        ui.note("There is no valid configuration here: no buckets are made from it.");
    }
    let options = SandboxOptions {
        options: Options {
            port: args.port,
            latency: Duration::from_millis(args.latency_ms),
            faults: args.fault.map(|kind| Faults { kind, rate: args.fault_rate, seed: args.seed }),
        },
        world: None,
    };
    let result = runtime.block_on(serve_sandbox(&project, &checked, &options, |endpoint| {
        ui.out(&format!(
            "Serving S3, KMS, STS and CloudTrail at {endpoint}. Stop with Ctrl-C. To use it:\n\n  \
             export AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID=123456789012 \
             AWS_SECRET_ACCESS_KEY=sandbox AWS_REGION=us-east-1\n"
        ));
    }));
    match result {
        Ok(requests) => {
            for (operation, count) in requests {
                ui.out(&format!("{operation} {count}\n"));
            }
            Exit::Success
        }
        Err(fault) => {
            ui.diagnostics(&[fault], &Sources::default());
            Exit::Failure
        }
    }
}
