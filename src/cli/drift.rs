//! `sealform drift`.

use super::args::{Locking, Selecting, Variables, duration};
use super::formats::{Began, Outputs};
use super::listen::{self, Exposed};
use super::notify::{Notifier, Notifying};
use super::signals::{Decision, NOTHING, Signal, Signals, ended_by, stopped_after};
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostics, has_errors};
use crate::engine::{Asking, Blamed, Checked, Notice, Project, Recording, Run, Setup, Strictness};
use crate::event::Reporter;
use crate::plan::Plan;
use crate::render;
use crate::report::{Command, Report, Severity, Share, Verdict};
use crate::state::Local;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Compares what is live with the configuration and with what is recorded. Changes nothing, takes no
/// lock and needs permission to read only.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing differs; 1 an error, with whatever was found printed \
all the same; 2 drift: somebody else changed a bucket, and every bucket was read, even if one cannot \
be written as declared; 3 no drift, but changes are pending."
)]
pub(super) struct Args {
    #[command(flatten)]
    variables: Variables,
    #[command(flatten)]
    selecting: Selecting,
    /// Look only at drift at least this bad: low (more protection), medium, high (less protection).
    #[arg(long, value_name = "LEVEL", value_enum)]
    severity: Option<Level>,
    /// Look only at the K-th of N shares of the buckets, from 1, such as hash:2/8.
    #[arg(long, value_name = "hash:K/N", value_parser = share)]
    partition: Option<Share>,
    /// Compare with the state alone, wherever the backend keeps it: nothing else of the configuration
    /// counts. A file with a state may be named in its place.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true,
        default_missing_value = "", conflicts_with_all = ["flags", "files"],
        value_parser = OsStringValueParser::new().map(StateAt::from))]
    from_state: Option<StateAt>,
    /// Ask CloudTrail who made the drift that is found, and when. Needs cloudtrail:LookupEvents, takes
    /// a second or a few; at most a quarter of a minute, a second more for each bucket, and a minute.
    #[arg(long)]
    blame: bool,
    /// Record what is live, so that it is drift no more. Takes the lock and writes the state.
    #[arg(long)]
    record: bool,
    /// Look again and again, with so much time between, such as 10m, until a signal asks to stop.
    /// Prints only when the verdict changes; writes files each time.
    #[arg(long, value_name = "INTERVAL", value_parser = interval, conflicts_with = "record")]
    watch: Option<Duration>,
    /// With --watch: tell how it is at this address, such as 127.0.0.1:9464: /metrics, /healthz.
    #[arg(long, value_name = "ADDRESS", requires = "watch")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    locking: Locking,
    #[command(flatten)]
    counting: Counting,
    #[command(flatten)]
    notifying: Notifying,
    #[command(flatten)]
    outputs: Outputs,
}

/// Which state it is that is alone compared with.
#[derive(Clone, Debug)]
enum StateAt {
    /// Where the configuration keeps it.
    Backend,
    /// In this file.
    File(PathBuf),
}

impl From<OsString> for StateAt {
    fn from(file: OsString) -> Self {
        if file.is_empty() { Self::Backend } else { Self::File(file.into()) }
    }
}

/// What the exit status tells.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Counting {
    /// What the exit status tells besides errors: drift only, any difference, or never anything.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "any")]
    exit_code: Counts,
}

/// How long it may take at most to find out who made the drift.
const BLAME_LIMIT: Duration = Duration::from_mins(1);
/// How long it may take without any bucket: to connect, and once in vain.
const BLAME_BASE: Duration = Duration::from_secs(15);
/// How long one bucket may take: two requests at most, at the two a second that are answered.
const BLAME_EACH: Duration = Duration::from_secs(1);
/// With more buckets it takes so long that it is said before.
const MANY: usize = 50;
/// What takes longer is said while it does.
const SOON: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Counts {
    Drift,
    Any,
    Never,
}

impl Args {
    /// How long it may take to find out who made the drift of so many buckets: never so long that
    /// what was found is lost to `--timeout`.
    fn blame_limit(&self, began: Began, buckets: usize) -> Duration {
        let limit = blame_limit(buckets);
        // A watch has no end of its own.
        if self.watch.is_some() {
            return limit;
        }
        let left = self.selecting.timeout.as_secs_f64() - began.seconds();
        Duration::try_from_secs_f64(left / 2.0).unwrap_or_default().min(limit)
    }
}

/// How long it may take to find out who made the drift of so many buckets: a service that does not
/// answer at all is not waited for as long as one that has much to tell.
fn blame_limit(buckets: usize) -> Duration {
    let each = BLAME_EACH.saturating_mul(u32::try_from(buckets).unwrap_or(u32::MAX));
    BLAME_BASE.saturating_add(each).min(BLAME_LIMIT)
}

impl Counting {
    /// How a command ends that came to this.
    pub(super) fn exit(self, verdict: Verdict) -> Exit {
        match (verdict, self.exit_code) {
            (Verdict::Error, _) => Exit::Failure,
            (Verdict::Drift, Counts::Drift | Counts::Any) => Exit::Drift,
            (Verdict::Pending, Counts::Any) => Exit::Pending,
            (Verdict::Clean | Verdict::Drift | Verdict::Pending, _) => Exit::Success,
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Level {
    Low,
    Medium,
    High,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::High => Self::High,
        }
    }
}

/// Reads the time between two looks.
fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    if interval < Duration::from_secs(1) {
        return Err("it is at least 1s".to_owned());
    }
    Ok(interval)
}

/// Reads `hash:K/N`.
fn share(text: &str) -> Result<Share, String> {
    let wrong = || "write it as hash:K/N, with K from 1 to N".to_owned();
    let (part, of) =
        text.strip_prefix("hash:").and_then(|it| it.split_once('/')).ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
    let share = Share { part: number(part)?, of: number(of)? };
    if (1..=share.of).contains(&share.part) { Ok(share) } else { Err(wrong()) }
}

pub(super) fn run(global: &Global, args: &Args, ui: &mut Ui) -> Exit {
    ui.concise = args.outputs.concise;
    let Some(runtime) = super::runtime(ui) else { return Exit::Failure };
    if let Some(interval) = args.watch {
        return runtime.block_on(Box::pin(watch(global, args, interval, ui)));
    }
    let mut blamed = Blamed::default();
    let ready = Ready::new(global, args);
    let looked = runtime.block_on(async {
        let looking = Box::pin(round(&ready, args, &mut blamed, ui));
        let mut signals = Signals::new().within(args.selecting.timeout);
        signals.unless_decided(&ready.recording, looking).await
    });
    let (Round { report, diagnostics }, ended) = match looked {
        Ok(round) => (round, None),
        Err(signal) => (ready.ended_by(signal, args), Some(signal)),
    };
    let told = ready.recording.told();
    let Ready { project, notices, .. } = ready;
    let human = |style: &render::Style| render::human::drift(&report, false, style);
    let written = args.outputs.write(&project.dir, &report, &human, ui);
    args.outputs.end(&project.dir, &report, (&diagnostics, &project.sources), ui);
    // Who relies on being told learns that the time was over; of a signal knows who sent it.
    if let Some(signal) = ended.filter(|signal| *signal != Signal::Time) {
        return stopped_after(signal, told, ui);
    }
    ui.diagnostics(&diagnostics, &project.sources);
    runtime.block_on(async {
        let mut notifier = Notifier::new(global, args.notifying);
        notifier.tell(&project, &notices, &report, &mut Signals::new(), ui).await
    });
    // A name that is still looked up is not waited for.
    runtime.shutdown_background();
    if written { args.counting.exit(report.verdict) } else { Exit::Failure }
}

/// Looks again and again until a signal asks to stop. Everything that a round has read is gone when it
/// ends, but for the verdict, the metrics and who made the drift.
async fn watch(global: &Global, args: &Args, interval: Duration, ui: &Ui) -> Exit {
    let mut signals = Signals::new();
    let told = Exposed::default();
    if let Some(address) = args.listen {
        match listen::serve(address, told.clone()).await {
            Ok(bound) => ui.note(&format!("Listening on http://{bound}: /metrics and /healthz.")),
            Err(error) => {
                ui.error("Cannot listen", &format!("{address}: {error}"));
                return Exit::Failure;
            }
        }
    }
    let mut notifier = Notifier::new(global, args.notifying);
    let mut last: Option<Verdict> = None;
    let mut blamed = Blamed::default();
    loop {
        let ready = Ready::new(global, args);
        let looked = tokio::select! {
            looked = Box::pin(round(&ready, args, &mut blamed, ui)) => looked,
            _ = signals.next() => break,
        };
        let Round { report, diagnostics } = looked;
        let Ready { project, notices, .. } = ready;
        let human = |style: &render::Style| render::human::watched(&report, style);
        if last.replace(report.verdict) != Some(report.verdict) {
            args.outputs.print(&report, &human, ui);
            ui.diagnostics(&diagnostics, &project.sources);
        }
        args.outputs.write_files(&project.dir, &report, &human, ui);
        if args.listen.is_some() {
            let metrics = render::prometheus(&report, told.metrics().as_deref());
            told.set(metrics, interval.saturating_mul(3).max(Duration::from_mins(1)));
        }
        if notifier.tell(&project, &notices, &report, &mut signals, ui).await.is_some() {
            break;
        }
        // Many that were started at once do not ask at once for ever.
        let pause = interval.mul_f64(0.9 + 0.2 * fastrand::f64());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = signals.next() => break,
        }
    }
    ui.note("Stopped.");
    Exit::Success
}

/// What a look begins with: the configuration as it is now, looked over, and who is told of the rest.
struct Ready {
    began: Began,
    setup: Setup,
    project: Project,
    /// Nothing where the state alone is looked at.
    checked: Option<Checked>,
    notices: Vec<Notice>,
    diagnostics: Diagnostics,
    /// How far `--record` is.
    recording: Decision,
}

impl Ready {
    fn new(global: &Global, args: &Args) -> Self {
        let began = Began::now();
        let mut diagnostics = Diagnostics::new();
        args.outputs.check(&mut diagnostics);
        let mut setup = args.selecting.setup(&args.locking, global, "drift", !args.record);
        setup.lock.enabled &= args.record;
        let request = args.variables.request(global);
        let (project, checked) = match &args.from_state {
            Some(StateAt::File(file)) => {
                setup.state = Some(Local::new(request.dir.join(file)));
                (Project::bare(&request), None)
            }
            Some(StateAt::Backend) => (Project::load_for_state(&request, &mut diagnostics), None),
            None => {
                let project = Project::load(&request, &mut diagnostics);
                let checked = project.check(Strictness::Strict, &mut diagnostics);
                (project, Some(checked))
            }
        };
        let notices = checked.as_ref().map(|it| it.notices.clone()).unwrap_or_default();
        let recording = Decision::default();
        Self { began, setup, project, checked, notices, diagnostics, recording }
    }

    /// What a look came to that did not end by itself.
    fn ended_by(&self, signal: Signal, args: &Args) -> Round {
        let mut diagnostics = self.diagnostics.clone();
        diagnostics.push(ended_by(signal, self.recording.told()));
        let (project, share) = (&self.project, args.partition);
        let facts = Report::of_failure;
        let report = self.began.facts(Command::Drift, project, &diagnostics, share, facts);
        Round { report, diagnostics }
    }
}

/// What looking once came to.
struct Round {
    report: Report,
    diagnostics: Diagnostics,
}

/// Reads everything, compares it and says what was found.
async fn round(ready: &Ready, args: &Args, blamed: &mut Blamed, ui: &Ui) -> Round {
    let Ready { began, project, .. } = ready;
    let mut diagnostics = ready.diagnostics.clone();
    let (run, plan) = Box::pin(look(ready, args, ui, &mut diagnostics)).await;
    let read = jiff::Timestamp::now();
    let mut report = began.facts(Command::Drift, project, &diagnostics, args.partition, |facts| {
        let failure = || Report::of_failure(facts);
        plan.as_ref().map_or_else(failure, |plan| Report::of_plan(plan, facts))
    });
    // What was not looked at, or not seen, is not known to be silent.
    let whole = report.verdict != Verdict::Error
        && args.partition.is_none()
        && args.from_state.is_none()
        && !args.selecting.is_partial();
    diagnostics.extend(began.silence(&mut report, project, whole));
    if let Some(least) = args.severity {
        report.at_least(least.into());
    }
    if let (Some(run), Some(plan), true) = (&run, &plan, args.blame) {
        let drifted = report.summary.drifted;
        let limit = args.blame_limit(*began, drifted);
        let asking = Asking { until: read, deadline: tokio::time::Instant::now() + limit };
        let soon = if drifted > MANY { Duration::ZERO } else { SOON };
        let limit = limit.as_secs().max(1);
        let text =
            format!("Asking CloudTrail who made the drift. It may take up to {limit} seconds.");
        let notes = {
            let mut answer = Box::pin(run.blame(plan, &mut report, asking, blamed));
            tokio::select! {
                biased;
                notes = &mut answer => notes,
                () = tokio::time::sleep(soon), if args.watch.is_none() => {
                    ui.note(&text);
                    answer.await
                }
            }
        };
        report.warn(&notes, &project.sources);
        report.seconds = Some(began.seconds());
        diagnostics.extend(notes);
    }
    if let Some(run) = run {
        diagnostics.extend(run.close().await);
    }
    Round { report, diagnostics }
}

/// Reads and compares. The run, where one was begun, is still open.
async fn look(
    Ready { project, setup, checked, recording, .. }: &Ready,
    args: &Args,
    ui: &Ui,
    diagnostics: &mut Diagnostics,
) -> (Option<Run>, Option<Plan>) {
    let mut options = args.selecting.options(false, true, diagnostics);
    options.share = args.partition;
    let mut shown = args.watch.is_none().then(|| args.outputs.telling(&project.dir, ui));
    let mut nobody = ();
    let progress: &mut dyn Reporter = match &mut shown {
        Some(shown) => shown,
        None => &mut nobody,
    };
    if has_errors(diagnostics) {
        return (None, None);
    }
    let (mut run, plan) = if let Some(checked) = checked {
        let opened = Run::open(project, checked, setup, progress, diagnostics).await;
        let Some(mut run) = opened else { return (None, None) };
        let plan = run.plan(project, checked, &options, progress, diagnostics).await;
        (run, plan)
    } else {
        let opened = Run::open_state(project, setup, progress, diagnostics).await;
        let Some(mut run) = opened else { return (None, None) };
        let plan = run.compare_with_state(project, &options, progress, diagnostics).await;
        (run, Some(plan))
    };
    drop(shown);
    if let Some(plan) = plan.as_ref().filter(|_| args.record) {
        recording.make();
        let told = match run.record_live(plan, Recording::Present).await {
            Ok((recorded, _)) if recorded.is_empty() => NOTHING,
            Ok((recorded, _)) => {
                ui.note(&match recorded.len() {
                    1 => "Recorded 1 bucket as it is live.".to_owned(),
                    many => format!("Recorded {many} buckets as they are live."),
                });
                "What is live was recorded before."
            }
            Err(error) => {
                diagnostics.push(error.diagnostic());
                "What is live could not be recorded."
            }
        };
        recording.settle(told);
    }
    (Some(run), plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_from_one() {
        assert_eq!(share("hash:2/8"), Ok(Share { part: 2, of: 8 }));
        for text in
            ["", "2/8", "hash:0/8", "hash:9/8", "hash:1/0", "hash:1", "hash:-1/2", "hash:a/b"]
        {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn who_it_was_is_asked_for_longer_where_there_is_more_to_tell() {
        for (buckets, seconds) in [(0, 15), (1, 16), (40, 55), (45, 60), (usize::MAX, 60)] {
            assert_eq!(blame_limit(buckets), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn exit_statuses_are_stable() {
        let code = |verdict, exit_code| Counting { exit_code }.exit(verdict).code();
        let all = [Verdict::Clean, Verdict::Error, Verdict::Drift, Verdict::Pending];
        assert_eq!(all.map(|it| code(it, Counts::Any)), [0, 1, 2, 3]);
        assert_eq!(all.map(|it| code(it, Counts::Drift)), [0, 1, 2, 0]);
        assert_eq!(all.map(|it| code(it, Counts::Never)), [0, 1, 0, 0]);
        assert_eq!(all.map(|it| code(it, Counts::Any)), all.map(Verdict::code));
    }
}
