//! `notify` blocks, evaluated and looked over: who is told of a run, of what, and where.

use super::check::Strictness;
use super::project::Project;
use crate::config::Notify;
use crate::diag::{Diagnostic, Diagnostics, Span, did_you_mean, has_errors};
use crate::eval::{self, Evaluation};
use crate::provider::{Undelivered, Webhook};
use crate::report::{Occasion, Severity, Shape};
use crate::value::{Type, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long sending may take where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A `notify` block: who is told of a run.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its label.
    pub name: Arc<str>,
    /// What is told.
    pub on: BTreeSet<Occasion>,
    /// How bad drift must be to be told.
    pub least: Severity,
    /// The shape of messages.
    pub shape: Shape,
    /// Where it stands.
    span: Span,
    /// Where messages go; none where that could not be found out.
    webhook: Option<Webhook>,
}

impl Notice {
    /// Sends a message.
    ///
    /// # Errors
    /// Says why it was not taken: a warning.
    pub async fn send(&self, document: &str) -> Result<(), Diagnostic> {
        let Some(webhook) = &self.webhook else {
            return Err(self.unsent(
                "its `url` or its `headers` have no value in this run. A run that carries out a \
                 saved plan takes no `-var`: give the value by the environment, as \
                 SEALFORM_VAR_name, or by a file that is read by itself",
            ));
        };
        webhook.post(document).await.map_err(|Undelivered { why, attempts }| {
            let times = if attempts == 1 { "once".into() } else { format!("{attempts} times") };
            self.unsent(&format!("the webhook {why} (tried {times})"))
        })
    }

    /// Why a message was not sent.
    pub fn unsent(&self, why: &str) -> Diagnostic {
        let detail = format!(
            "The message of the notification {:?} was not sent: {why}. The run itself is not \
             affected.",
            self.name
        );
        Diagnostic::warning("Notification not sent", detail).at(self.span)
    }
}

impl Project {
    /// Who is told of a run. What is wrong with a block is reported; one that is not wrong is there,
    /// whatever is wrong elsewhere, so that somebody can be told of that, too.
    pub(super) fn notices(
        &self,
        evaluation: &Evaluation,
        strictness: Strictness,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Notice> {
        let told = has_errors(diagnostics);
        let mut notices = Vec::new();
        for notify in self.config.notifications.values() {
            let mut faults = Diagnostics::new();
            let evaluated = evaluation.webhooks.get(&notify.name.text);
            // Who has no URL, such as everybody but the nightly run, tells nobody.
            let is_empty = evaluated.is_some_and(|it| is_empty(&it.url));
            if is_empty {
                faults.push(without_url(notify));
            }
            let is_off = is_empty || evaluated.is_some_and(|it| it.url.is_null());
            let webhook =
                evaluated.filter(|_| !is_off).and_then(|it| webhook(notify, it, &mut faults));
            // What is unknown has been reported where it comes from, if anything has.
            let is_missing = webhook.is_none() && !is_off && !told && !has_errors(&faults);
            if is_missing && strictness == Strictness::Strict {
                faults.push(unknown(notify));
            }
            let notice = notice(notify, webhook, &mut faults);
            if !is_off && !has_errors(&faults) {
                notices.push(notice);
            }
            diagnostics.append(&mut faults);
        }
        notices
    }

    /// Who is told of a run that carries out a saved plan: values that nobody gives are unknown.
    pub fn notices_alone(&self) -> Vec<Notice> {
        if self.config.notifications.is_empty() {
            return Vec::new();
        }
        self.check(Strictness::Lenient, &mut Diagnostics::new()).notices
    }
}

fn notice(notify: &Notify, webhook: Option<Webhook>, faults: &mut Diagnostics) -> Notice {
    let on: BTreeSet<Occasion> = match &notify.on {
        None => Occasion::DEFAULT.into(),
        Some(words) => {
            if words.is_empty() {
                let detail = "A notification on nothing tells nobody anything. Name what it tells \
                              of, or remove the block; -no-notify silences all blocks for one run.";
                faults.push(Diagnostic::error("Nothing to notify of", detail).at(notify.header));
            }
            let known = Occasion::ALL.map(|it| (it.word(), it));
            words.iter().filter_map(|word| one_of("on", word, &known, faults)).collect()
        }
    };
    let severities = Severity::ALL.map(|it| (it.word(), it));
    let least = notify.min_severity.as_ref();
    let least = least.and_then(|word| one_of("min_severity", word, &severities, faults));
    let shapes = Shape::ALL.map(|it| (it.word(), it));
    let shape = notify.format.as_ref();
    let shape = shape.and_then(|word| one_of("format", word, &shapes, faults));
    Notice {
        name: Arc::clone(&notify.name.text),
        on,
        least: least.unwrap_or(Severity::Low),
        shape: shape.unwrap_or_default(),
        span: notify.header,
        webhook,
    }
}

/// What a word stands for.
fn one_of<T: Copy>(
    attribute: &str,
    (word, span): &(Arc<str>, Span),
    known: &[(&str, T)],
    faults: &mut Diagnostics,
) -> Option<T> {
    let found = known.iter().find(|(name, _)| *name == &**word).map(|(_, meant)| *meant);
    if found.is_none() {
        let words: Vec<String> = known.iter().map(|(name, _)| format!("{name:?}")).collect();
        let hint = did_you_mean(word, known.iter().map(|(name, _)| *name));
        let detail =
            format!("`{attribute}` knows no {word:?}.{hint} Known are {}.", words.join(", "));
        faults.push(Diagnostic::error("Unsupported value", detail).at(*span));
    }
    found
}

/// The webhook that values name; none where they are not known.
fn webhook(
    notify: &Notify,
    evaluated: &eval::Webhook,
    faults: &mut Diagnostics,
) -> Option<Webhook> {
    let name = &notify.name.text;
    let at_url = notify.url.span;
    let at_headers = notify.headers.as_ref().map_or(notify.header, |headers| headers.span);
    let mut refuse = |why: &str, at: Span| {
        let detail = format!("The notification {name:?} cannot be sent. {why}");
        faults.push(Diagnostic::error("Invalid webhook", detail).at(at));
        None
    };
    // The marks are off from here on: nothing of the values is told.
    let url = evaluated.url.reveal_deep().0;
    let headers = evaluated.headers.reveal_deep().0;
    if !url.is_wholly_known() || !headers.is_wholly_known() {
        return None;
    }
    let Some(url) = url.convert(&Type::String).ok().and_then(|url| url.as_str().cloned()) else {
        return refuse("Its `url` is no text.", at_url);
    };
    let texts = match headers {
        Value::Null(_) => Some(Vec::new()),
        headers => headers.convert(&Type::map(Type::String)).ok().and_then(|headers| {
            let pairs = headers.as_fields()?.iter();
            pairs.map(|(name, value)| Some((Arc::clone(name), value.as_str()?.clone()))).collect()
        }),
    };
    let Some(texts) = texts else {
        return refuse("Its `headers` are no map of texts.", at_headers);
    };
    let pairs: Vec<(&str, &str)> = texts.iter().map(|(name, value)| (&**name, &**value)).collect();
    let timeout = notify.timeout.unwrap_or(TIMEOUT);
    // Alone, so that what is wrong with the headers is told where they stand.
    if let Err(why) = Webhook::new(&url, &[], timeout) {
        return refuse(why, at_url);
    }
    match Webhook::new(&url, &pairs, timeout) {
        Ok(webhook) => {
            if webhook.is_in_the_open() {
                let detail = format!(
                    "Messages of the notification {name:?} go to another machine over http: whoever \
                     is on the way reads them and the URL, which is all that it takes to send others. \
                     Use https."
                );
                faults.push(Diagnostic::warning("Webhook without TLS", detail).at(at_url));
            }
            Some(webhook)
        }
        Err(why) => refuse(why, at_headers),
    }
}

/// Whether a URL is an empty text, such as a job has whose secret is not set.
fn is_empty(url: &Value) -> bool {
    url.reveal_deep().0.as_str().is_some_and(|url| url.trim().is_empty())
}

/// What is told of a notification whose URL is empty: a run that has no secret does its work.
fn without_url(notify: &Notify) -> Diagnostic {
    let detail = format!(
        "The `url` of the notification {:?} is empty, so that this run tells nobody; a secret that \
         is not set may be the cause. Give it a URL, or null where it is right that nobody is told.",
        notify.name.text
    );
    Diagnostic::warning("Notification without a URL", detail).at(notify.url.span)
}

/// The fault of a webhook that is not known when it must be.
fn unknown(notify: &Notify) -> Diagnostic {
    let detail = format!(
        "The notification {:?} cannot be sent: its `url` or its `headers` depend on something that \
         is read from AWS, and somebody must be told where just that fails. Refer to variables and \
         local values only; with null, the block tells nobody.",
        notify.name.text
    );
    Diagnostic::error("Unknown webhook", detail).at(notify.header)
}
