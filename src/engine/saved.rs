//! What a saved plan was made from, and whether that is still so.

use super::project::Project;
use super::run::Run;
use crate::config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::eval::GivenValue;
use crate::plan::{Action, Origin, Plan, digest};
use crate::provider::{Provider as _, Query};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Project {
    /// What a plan of this configuration is made from.
    pub fn origin(&self) -> Origin {
        // The digest of what is sensitive would tell it to whoever tries all there is.
        let open = self.given.iter().filter(|given| {
            self.config.variables.get(&given.name).is_some_and(|variable| !variable.sensitive)
        });
        let mut values: Vec<&str> = Vec::new();
        for given in open {
            values.push(&given.name);
            values.push(match &given.value {
                GivenValue::Expr(expr) => self.sources.slice(expr.span),
                GivenValue::Text(text) => text,
                GivenValue::Value(_, span) => self.sources.slice(*span),
            });
        }
        let texts = self.sources.texts().filter(|(name, _)| config::is_configuration(name));
        Origin {
            configuration: digest(texts.flat_map(|(name, text)| [name, text])),
            variables: digest(values.into_iter()),
            circumstances: serde_json::Value::Null,
        }
    }
}

impl Run {
    /// Adds to a plan that is to be saved in which world it was made. Whoever carries it out must work
    /// in the same one.
    pub async fn complete(&self, plan: &mut Plan) {
        let accounts = self.accounts(plan).await;
        plan.accounts.extend(accounts);
        plan.unfinished = self.digest_of_unfinished();
    }

    fn digest_of_unfinished(&self) -> Option<String> {
        let texts: Vec<String> =
            self.unfinished.iter().filter_map(|it| serde_json::to_string(it).ok()).collect();
        (!texts.is_empty()).then(|| digest(texts.iter().map(String::as_str)))
    }

    /// The account of each provider that a plan's steps need, as far as STS tells.
    async fn accounts(&self, plan: &Plan) -> BTreeMap<Arc<str>, String> {
        let mut accounts = BTreeMap::new();
        for provider in needed(plan) {
            if self.provider.connect(provider).await.is_err() {
                continue;
            }
            let query = Query {
                ty: "aws_caller_identity".into(),
                provider: Arc::clone(provider),
                arguments: Value::object(Vec::<(&str, Value)>::new()),
            };
            let Ok(identity) = self.provider.query(&query).await else { continue };
            if let Some(account) = identity.get("account_id").and_then(Value::as_str) {
                accounts.insert(Arc::clone(provider), account.to_string());
            }
        }
        accounts
    }

    /// Reports what is not as it was when a plan was saved.
    pub async fn check_origin(
        &self,
        project: &Project,
        plan: &Plan,
        origin: &Origin,
        diagnostics: &mut Diagnostics,
    ) {
        if project.origin().configuration != origin.configuration {
            diagnostics.push(Diagnostic::warning(
                "Changed configuration",
                "The files have changed since the plan was made. The plan is carried out as it \
                 was shown; plan again to have what the files say now.",
            ));
        }
        if self.digest_of_unfinished() != plan.unfinished {
            // What it took for settled may be so no more, though nothing was recorded since.
            let detail = "Since the plan was made, a run has ended while it wrote, and does not \
                          know whether it has. Plan again.";
            diagnostics.push(Diagnostic::error("Saved plan is stale", detail));
        }
        let now = self.accounts(plan).await;
        for provider in needed(plan) {
            let Some(then) = plan.accounts.get(provider) else { continue };
            match now.get(provider) {
                Some(account) if account != then => {
                    let detail = format!(
                        "The plan was made in the account {then}, and the credentials of the \
                         provider {provider} now are of {account}. Use those of the plan, or plan \
                         again."
                    );
                    diagnostics.push(Diagnostic::error("Plan of another account", detail));
                }
                None => {
                    let detail = format!(
                        "The plan was made in the account {then}, and it cannot be found out \
                         whose the credentials of the provider {provider} are now."
                    );
                    diagnostics.push(Diagnostic::warning("Unknown account", detail));
                }
                Some(_) => {}
            }
        }
    }
}

/// The providers that a plan's steps need.
fn needed(plan: &Plan) -> BTreeSet<&Arc<str>> {
    let acted = plan.steps.iter().filter(|step| step.action != Action::NoOp);
    acted.map(|step| &step.provider).collect()
}
