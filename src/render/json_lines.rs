//! For a program that watches: one JSON object a line, as things happen.
//!
//! Owns the lines, which `src/report/events.schema.json` describes; those that Terraform has, too,
//! have its names and shape. What is sensitive is never in one. The clock is the caller's.

use super::canvas::{clean, counted, number};
use super::json;
use crate::addr::{Address, InstanceKey};
use crate::diag::{Diagnostic, Severity, Sources};
use crate::event::{Event, Reporter};
use crate::plan::{Action, Change, OutputChange, Plan, Reason, Step};
use crate::report::{Class, Command, Item, Report, Status, Verdict};
use crate::value::{Value, to_json, visible_json};
use serde_json::{Map, Value as Json, json};
use std::io;

/// The version of the lines: another first number means that readers must be changed.
pub const FORMAT_VERSION: &str = "1.0";
/// So many lines at most tell how far the reading is.
const READS: usize = 20;

/// How much a line matters.
#[derive(Clone, Copy, Debug)]
enum Level {
    Info,
    Warn,
    Error,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Writes what happens to `W`, a line each; the first tells the versions.
#[derive(Debug)]
pub struct Lines<W: io::Write, C: FnMut() -> String> {
    out: W,
    clock: C,
    /// After how many objects the next line about the reading is due.
    next_read: usize,
}

impl<W: io::Write, C: FnMut() -> String> Lines<W, C> {
    /// Writes to `out`, and writes the line with the versions at once. `clock` says what time it is:
    /// RFC 3339.
    pub fn new(out: W, clock: C) -> Self {
        let mut lines = Self { out, clock, next_read: 0 };
        let version = env!("CARGO_PKG_VERSION");
        lines.write(
            Level::Info,
            "version",
            &format!("Sealform {version}"),
            json!({ "format_version": FORMAT_VERSION, "sealform_version": version }),
        );
        lines
    }

    /// The writer, when all is over.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// What was found wrong, each in the shape of `plan -json`.
    pub fn diagnostics(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        let Json::Array(shapes) = json::diagnostics(diagnostics, sources) else { return };
        for (diagnostic, shape) in diagnostics.iter().zip(shapes) {
            let (level, word) = match diagnostic.severity {
                Severity::Error => (Level::Error, "Error"),
                Severity::Warning => (Level::Warn, "Warning"),
            };
            let message = format!("{word}: {}", diagnostic.summary);
            self.write(level, "diagnostic", &message, json!({ "diagnostic": shape }));
        }
    }

    /// What is not as it should be, an instance each, as the report has it: with whose it is, how
    /// bad, and who did it.
    pub fn findings(&mut self, report: &Report) {
        // What apply has done is mended.
        let open = |it: &&Item| it.class != Class::Unchanged && it.status != Some(Status::Done);
        for item in report.resources.iter().filter(open) {
            let (level, what) = match item.class {
                Class::Pending | Class::Drift | Class::Both
                    if item.status == Some(Status::Failed) =>
                {
                    (Level::Error, "Failed")
                }
                Class::Error => (Level::Error, "Could not be found out"),
                Class::Drift | Class::Both if item.suppressed.is_some() => {
                    (Level::Info, "Changed outside, suppressed")
                }
                Class::Drift | Class::Both => (Level::Warn, "Changed outside"),
                Class::Pending | Class::Unchanged => (Level::Info, "Changes pending"),
            };
            let message = format!("{}: {what}", clean(&item.address));
            self.write(level, "finding", &message, json!({ "finding": item }));
        }
    }

    /// What it all came to: the last line.
    pub fn outcome(&mut self, report: &Report) {
        let level = match report.verdict {
            Verdict::Clean | Verdict::Pending => Level::Info,
            Verdict::Drift => Level::Warn,
            Verdict::Error => Level::Error,
        };
        let mut body = json!({
            "command": report.command,
            "verdict": report.verdict,
            "summary": report.summary,
            "started": report.started,
            "seconds": report.seconds,
        });
        if let (Some(share), Json::Object(fields)) = (report.share, &mut body) {
            fields.insert("share".to_owned(), json!(share));
        }
        self.write(level, "outcome", &summary(report), body);
    }

    /// Writes one line.
    fn write(&mut self, level: Level, kind: &str, message: &str, body: Json) {
        let mut fields = Map::new();
        fields.insert("@level".to_owned(), level.word().into());
        fields.insert("@message".to_owned(), message.into());
        fields.insert("@module".to_owned(), "sealform.ui".into());
        fields.insert("@timestamp".to_owned(), (self.clock)().into());
        fields.insert("type".to_owned(), kind.into());
        if let Json::Object(body) = body {
            fields.extend(body);
        }
        let line = visible_json(format!("{}\n", Json::Object(fields)));
        // That nobody reads any more is no reason to stop.
        let _unread = self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush()).is_err();
    }

    fn planned(&mut self, plan: &Plan) {
        for step in plan.drifted() {
            let change = json!({
                "resource": resource(step),
                "action": "update",
                "provider": &*step.provider,
                "drift": step.drift.iter().map(change).collect::<Vec<_>>(),
            });
            let message = format!("{}: Drift detected (update)", clean(&step.address));
            self.write(Level::Info, "resource_drift", &message, json!({ "change": change }));
        }
        for step in plan.steps.iter().filter(|step| step.is_shown()) {
            let level = if step.weakening.is_some() { Level::Warn } else { Level::Info };
            let message = format!("{}: Plan to {}", clean(&step.address), step.action.word());
            self.write(
                level,
                "planned_change",
                &message,
                json!({ "change": planned_change(step) }),
            );
        }
        if !plan.output_changes.is_empty() {
            let outputs: Map<_, _> = plan.output_changes.iter().map(output_change).collect();
            let message = format!("Outputs: {}", number(outputs.len()));
            self.write(Level::Info, "outputs", &message, json!({ "outputs": outputs }));
        }
        let parts: Vec<String> = Action::ALL
            .into_iter()
            .filter(|action| *action != Action::NoOp)
            .map(|action| format!("{} to {}", number(plan.count(action)), action.word()))
            .collect();
        let count = |action: Action| (action.word().to_owned(), Json::from(plan.count(action)));
        let mut changes: Map<String, Json> = Action::ALL.into_iter().map(count).collect();
        let drifted = plan.drifted().count();
        let weakening = plan.steps.iter().filter(|step| step.weakening.is_some()).count();
        let operation = if plan.destroy { "destroy" } else { "plan" };
        changes.insert("drifted".to_owned(), drifted.into());
        changes.insert("weakening".to_owned(), weakening.into());
        changes.insert("unplanned".to_owned(), plan.unplanned.len().into());
        changes.insert("operation".to_owned(), operation.into());
        let message = format!("Plan: {}.", parts.join(", "));
        self.write(Level::Info, "change_summary", &message, json!({ "changes": changes }));
    }

    /// A line about a step that is being carried out.
    fn hook(&mut self, level: Level, kind: &str, step: &Step, text: &str, more: Json) {
        let mut hook = json!({ "resource": resource(step), "action": step.action.word() });
        if let (Json::Object(fields), Json::Object(more)) = (&mut hook, more) {
            fields.extend(more);
        }
        let message = format!("{}: {text}", clean(&step.address));
        self.write(level, kind, &message, json!({ "hook": hook }));
    }
}

/// What a run came to, in one line: `Drift: 12 buckets checked, 2 changed outside`.
fn summary(report: &Report) -> String {
    let command = match report.command {
        Command::Plan => "Plan",
        Command::Apply => "Apply",
        Command::Drift => "Drift",
    };
    let sum = &report.summary;
    let applied = report.resources.iter().any(|item| item.status.is_some());
    let if_applied = |count: usize| if applied { count } else { 0 };
    // What an apply has mended differs no more; what it has not is counted by what befell it.
    let if_open = |count: usize| if applied { 0 } else { count };
    let undone = report.resources.iter().filter(|item| match item.status {
        Some(Status::Skipped | Status::Unknown | Status::Unrecorded) => true,
        Some(Status::Done | Status::Failed) | None => false,
    });
    let undone = undone.count();
    let counts = [
        (if_applied(sum.actions.update), "updated"),
        (if_applied(sum.actions.adopt), "adopted"),
        (if_applied(sum.actions.reset), "reset"),
        (if_applied(sum.actions.forget), "forgotten"),
        (if_open(sum.drifted), "changed outside"),
        (if_open(sum.pending), "with changes pending"),
        (if_open(sum.suppressed), "suppressed"),
        (undone, "not done"),
        (report.unread(), "not known"),
        (sum.errors.saturating_sub(report.unread()), "with an error"),
    ];
    let mut parts = vec![format!("{} checked", counted(sum.checked, "bucket", "buckets"))];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    parts.extend(counts.map(|(count, what)| format!("{} {what}", number(count))));
    match report.verdict {
        Verdict::Error if sum.errors + undone == 0 => parts.push("with errors".to_owned()),
        Verdict::Clean if parts.len() == 1 => parts.push("nothing differs".to_owned()),
        Verdict::Pending if parts.len() == 1 => parts.push("changes are pending".to_owned()),
        Verdict::Clean | Verdict::Pending | Verdict::Drift | Verdict::Error => {}
    }
    format!("{command}: {}", parts.join(", "))
}

/// A step as it is told before it is carried out.
fn planned_change(step: &Step) -> Json {
    let mut object = json!({
        "resource": resource(step),
        "action": step.action.word(),
        "provider": &*step.provider,
        "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
    });
    if let Some(why) = &step.reason {
        object["reason"] = reason(why).into();
    }
    if let Some(previous) = &step.previous {
        object["previous_resource"] = previous.to_string().into();
    }
    if let Some(id) = &step.import {
        object["importing"] = json!({ "id": &**id });
    }
    if let Some(why) = &step.weakening {
        object["weakening"] = why.as_str().into();
    }
    if !step.terms.notes.is_empty() {
        object["notes"] = json!(step.terms.notes);
    }
    if !step.terms.unknown.is_empty() {
        object["unknown"] = json!(step.terms.unknown);
    }
    object
}

fn reason(reason: &Reason) -> &'static str {
    match reason {
        Reason::Removed => "removed",
        Reason::OnDestroy => "on-destroy",
        Reason::NotInConfiguration => "not-in-configuration",
        Reason::IdentityChanged { .. } => "identity-changed",
        Reason::MovedTo { .. } => "moved-to",
        Reason::Gone => "gone",
        Reason::AlreadyReset => "already-reset",
        Reason::UnknownLeft => "unknown-left",
        Reason::Destroy => "destroy",
    }
}

fn change(change: &Change) -> Json {
    let Change { path, before, after, sensitive } = change;
    let marked = |value: &Value| value.any(&|part| part.is_sensitive());
    let sensitive = *sensitive || marked(before) || marked(after);
    let shown = |value: &Value| if sensitive { Json::Null } else { to_json(value) };
    json!({
        "path": path.to_string(),
        "before": shown(before),
        "after": shown(after),
        "sensitive": sensitive,
    })
}

fn output_change(change: &OutputChange) -> (String, Json) {
    let OutputChange { name, before, after, sensitive } = change;
    let action = match (before, after) {
        (None, _) => "create",
        (Some(_), None) => "delete",
        (Some(_), Some(_)) => "update",
    };
    let shown = |value: &Option<Json>| value.clone().filter(|_| !sensitive).unwrap_or(Json::Null);
    let object = json!({
        "action": action,
        "before": shown(before),
        "after": shown(after),
        "sensitive": sensitive,
    });
    (name.clone(), object)
}

/// What a step is about, as Terraform tells it, with the bucket's name besides.
fn resource(step: &Step) -> Json {
    let Address { resource, key } = &step.address;
    let local = Address {
        resource: crate::addr::ResourceAddr { module: [].into(), ..resource.clone() },
        key: key.clone(),
    };
    let module: Vec<String> =
        resource.module.iter().map(|step| format!("module.{}{}", step.name, step.key)).collect();
    let key = match key {
        InstanceKey::None => Json::Null,
        InstanceKey::Index(index) => (*index).into(),
        InstanceKey::Name(name) => Json::from(&**name),
    };
    json!({
        "addr": step.address.to_string(),
        "module": module.join("."),
        "resource": local.to_string(),
        "resource_type": &*resource.ty,
        "resource_name": &*resource.name,
        "resource_key": key,
        "implied_provider": resource.ty.split('_').next().unwrap_or_default(),
        "bucket": &*step.identity,
    })
}

impl<W: io::Write, C: FnMut() -> String> Reporter for Lines<W, C> {
    fn report(&mut self, event: &Event<'_>) {
        match event {
            Event::Waiting { holder } => {
                let holder = holder.map(ToString::to_string);
                let by = holder.as_ref().map_or_else(|| "another run".to_owned(), clean);
                let message = format!("Waiting for the lock, which is held by {by}");
                self.write(Level::Info, "waiting", &message, json!({ "holder": holder }));
            }
            Event::Seeded { buckets } => {
                let message =
                    format!("The sandbox made {}", counted(*buckets, "bucket", "buckets"));
                self.write(Level::Info, "seeded", &message, json!({ "buckets": buckets }));
            }
            Event::Reading { total } => {
                self.next_read = total.div_ceil(READS).max(1);
                let message = format!("Reading {}", counted(*total, "bucket", "buckets"));
                self.write(Level::Info, "reading", &message, json!({ "total": total }));
            }
            Event::Read { done, total, unread: _ } => {
                if done != total && *done < self.next_read {
                    return;
                }
                self.next_read = done + total.div_ceil(READS).max(1);
                let message = format!("Read {} of {}", number(*done), number(*total));
                let body = json!({ "done": done, "total": total });
                self.write(Level::Info, "read", &message, body);
            }
            Event::Planned { plan } => self.planned(plan),
            Event::Applying { total } => {
                let message = format!("Applying {}", counted(*total, "step", "steps"));
                self.write(Level::Info, "applying", &message, json!({ "total": total }));
            }
            Event::Started { step } => {
                let text = format!("Beginning to {}", step.action.word());
                self.hook(Level::Info, "apply_start", step, &text, json!({}));
            }
            Event::Done { step, took } => {
                let text = format!("Done: {}", step.action.word());
                let more = json!({ "elapsed_seconds": took.as_secs_f64() });
                self.hook(Level::Info, "apply_complete", step, &text, more);
            }
            Event::Failed { step, diagnostic } => {
                let text = format!("Failed to {}: {}", step.action.word(), diagnostic.summary);
                let more = json!({ "summary": diagnostic.summary });
                self.hook(Level::Error, "apply_errored", step, &text, more);
            }
            Event::Cut { step } => {
                let text = "Cut: not known whether done";
                self.hook(Level::Warn, "apply_cut", step, text, json!({}));
            }
            Event::Skipped { step } => {
                self.hook(Level::Warn, "apply_skipped", step, "Not begun", json!({}));
            }
        }
    }
}
