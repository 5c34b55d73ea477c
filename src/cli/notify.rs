//! Who is told of a run by a webhook.

use super::Global;
use super::signals::{Signal, Signals};
use super::ui::Ui;
use crate::engine::{Notice, Project};
use crate::render::{self, Message};
use crate::report::{Notified, Report};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Silences notifications as `--no-notify` does: what is set and not empty.
const SILENCE: &str = "SEALFORM_NO_NOTIFY";

/// Whether notifications are sent.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Notifying {
    /// Send no notifications, whatever `notify` blocks say. The same as setting `SEALFORM_NO_NOTIFY=1`
    /// in the environment; with --sandbox none are sent anyway.
    #[arg(long)]
    no_notify: bool,
}

/// Sends what `notify` blocks ask for, and remembers it for runs that follow each other.
#[derive(Debug)]
pub(super) struct Notifier {
    is_silent: bool,
    told: BTreeMap<Arc<str>, Notified>,
}

impl Notifier {
    pub(super) fn new(global: &Global, notifying: Notifying) -> Self {
        // What happens in a sandbox is nobody else's concern.
        let is_silent = notifying.no_notify
            || global.sandbox
            || std::env::var_os(SILENCE).is_some_and(|value| !value.is_empty());
        Self { is_silent, told: BTreeMap::new() }
    }

    /// Sends the messages that a run gives occasion to, all at once, and waits until each has been
    /// taken or given up. The first signal gives up all, and is given back. What was not taken is a
    /// warning, and nothing else.
    pub(super) async fn tell(
        &mut self,
        project: &Project,
        notices: &[Notice],
        report: &Report,
        signals: &mut Signals,
        ui: &Ui,
    ) -> Option<Signal> {
        if self.is_silent || notices.is_empty() {
            return None;
        }
        // Without what `.` adds.
        let directory: PathBuf = project.cwd.join(&project.dir).components().collect();
        let directory = directory.display().to_string();
        let mut sending = JoinSet::new();
        let mut waiting = BTreeMap::new();
        for notice in notices {
            let told = self.told.entry(Arc::clone(&notice.name)).or_default();
            let Some((occasion, seen)) = told.next(report, notice.least) else { continue };
            if !notice.on.contains(&occasion) {
                told.note(&seen, false);
                continue;
            }
            let document = render::notification(
                notice.shape,
                &Message {
                    name: &notice.name,
                    occasion,
                    directory: &directory,
                    workspace: &project.workspace,
                    least: notice.least,
                    report: &seen,
                },
            );
            let webhook = notice.clone();
            sending.spawn(async move {
                let sent = webhook.send(&document).await;
                (webhook.name, sent)
            });
            waiting.insert(Arc::clone(&notice.name), (notice, seen));
        }
        let mut unsent = Vec::new();
        let all = async {
            while let Some(sent) = sending.join_next().await {
                // A task that broke down is told of below.
                let Ok((name, sent)) = sent else { continue };
                let Some((_, seen)) = waiting.remove(&name) else { continue };
                let told = self.told.entry(name).or_default();
                match sent {
                    Ok(()) => told.note(&seen, true),
                    Err(why) if told.fail(&seen) => unsent.push(why),
                    Err(_) => {}
                }
            }
        };
        let stopped = signals.unless(Box::pin(all)).await.err();
        unsent.extend(waiting.into_values().map(|(notice, _)| notice.unsent("it was cut short")));
        ui.diagnostics(&unsent, &project.sources);
        stopped
    }
}
