//! The `backend` block.

use super::Decoder;
use crate::config::language;
use crate::config::{Backend, BackendArgument, Block, Expr, ExprKind, Settings};
use crate::diag::did_you_mean;
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The kinds of backends.
pub(crate) const KINDS: [&str; 2] = ["local", "s3"];

/// What Terraform's `backend "s3"` has and this one has not: what there is in its place.
fn otherwise(name: &str) -> Option<&'static str> {
    let instead = match name {
        "dynamodb_table" | "dynamodb_endpoint" => {
            "The lock is an object beside the state, and needs no table: leave it away."
        }
        "force_path_style" => "It is `use_path_style` here.",
        "role_arn" | "external_id" | "session_name" => {
            "It stands in `assume_role = { role_arn = … }`."
        }
        "sts_endpoint" => "It stands in `endpoints = { sts = … }`.",
        "access_key" | "secret_key" | "token" => {
            "Credentials do not stand in a configuration: name a `profile`, or use the environment."
        }
        "skip_region_validation"
        | "skip_metadata_api_check"
        | "skip_requesting_account_id"
        | "skip_s3_checksum" => {
            "Nothing of the kind is done here that could be skipped: leave it away."
        }
        _ => return None,
    };
    Some(instead)
}

/// The arguments that a kind of backend has, of those in the table.
pub(crate) fn arguments(kind: &str) -> impl Iterator<Item = &'static str> {
    let is_local = kind == "local";
    let all = language::find("sealform").and_then(|block| block.block("backend"));
    let all = all.map_or(&[][..], |block| block.arguments);
    all.iter().map(|argument| argument.name).filter(move |name| is_local == (*name == "path"))
}

impl Decoder<'_> {
    pub(super) fn backend(&mut self, block: &Block, settings: &mut Settings) {
        let Some([kind]) = self.labels(block, "backend \"local\" { }") else { return };
        if !KINDS.contains(&&*kind.text) {
            let detail = format!(
                "There is no backend {:?}.{} Known are \"local\" and \"s3\".",
                kind.text,
                did_you_mean(&kind.text, KINDS)
            );
            self.error("Unknown backend", detail, kind.span);
            return;
        }
        if let Some(first) = &settings.backend {
            self.twice("A backend", kind.span, first.kind.span);
            return;
        }
        let known: Vec<&str> = arguments(&kind.text).collect();
        let elsewhere: Vec<&str> =
            KINDS.into_iter().filter(|other| **other != *kind.text).flat_map(arguments).collect();
        let mut found = BTreeMap::new();
        for attribute in &block.body.attributes {
            let name = &attribute.name;
            if elsewhere.contains(&&*name.text) {
                let detail = format!(
                    "The backend {:?} has no argument {:?}: it belongs to another kind of backend.",
                    kind.text, name.text
                );
                self.error("Argument of another backend", detail, name.span);
            } else if !known.contains(&&*name.text) {
                let hint = match otherwise(&name.text).filter(|_| &*kind.text == "s3") {
                    Some(instead) => format!(" {instead}"),
                    None => did_you_mean(&name.text, known.iter().copied()),
                };
                let detail =
                    format!("The backend {:?} has no attribute {:?}.{hint}", kind.text, name.text);
                self.error("Unknown attribute", detail, name.span);
            } else if let Some(value) = self.constant(&attribute.expr) {
                let argument = BackendArgument { value, span: attribute.expr.span };
                found.insert(Arc::clone(&name.text), argument);
            }
        }
        // What holds several things may be written as a block, too, as older configurations do.
        for inner in &block.body.blocks {
            let name = &inner.kind;
            if !["assume_role", "endpoints"].contains(&&*name.text) || !known.contains(&&*name.text)
            {
                let detail = format!("The backend {:?} has no block {:?}.", kind.text, name.text);
                self.error("Unknown block", detail, name.span);
                continue;
            }
            let fields: Vec<(Arc<str>, Value)> = inner
                .body
                .attributes
                .iter()
                .filter_map(|it| Some((Arc::clone(&it.name.text), self.constant(&it.expr)?)))
                .collect();
            let value = Value::object(fields);
            let argument = BackendArgument { value, span: name.span };
            found.insert(Arc::clone(&name.text), argument);
        }
        settings.backend = Some(Backend { kind, arguments: found });
    }

    /// The value of an expression that is written out: nothing can be evaluated before it is known
    /// where the state is.
    fn constant(&mut self, expr: &Expr) -> Option<Value> {
        match &expr.kind {
            ExprKind::Literal(value) => Some(value.clone()),
            ExprKind::Object(pairs) => {
                let mut fields: Vec<(Arc<str>, Value)> = Vec::new();
                for (key, value) in pairs {
                    let name = self.constant(key)?;
                    let Some(name) = name.as_str().cloned() else { continue };
                    fields.push((name, self.constant(value)?));
                }
                Some(Value::object(fields))
            }
            _ => {
                self.error(
                    "Not a constant",
                    "What a backend is given must be written out, without references. To give it \
                     from outside, use `sealform init -backend-config=NAME=VALUE`.",
                    expr.span,
                );
                None
            }
        }
    }
}
