//! `sealform drift`.

use super::args::{Locking, Selecting, Variables, duration};
use super::formats::{Began, Outputs};
use super::listen::{self, Told};
use super::signals::{Signals, stopped};
use super::ui::Ui;
use super::{Exit, Global};
use crate::diag::{Diagnostics, has_errors};
use crate::engine::{DEFAULT_STATE, Project, Recording, Run, Setup, Strictness};
use crate::event::Reporter;
use crate::plan::Plan;
use crate::render;
use crate::report::{Command, Report, Severity, Share, Verdict};
use crate::state::Local;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Compares what is live with the configuration and with what is recorded. Changes nothing, takes no
/// lock and needs permission to read only.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing differs; 1 an error, with whatever was found printed \
all the same; 2 drift: somebody else changed a bucket; 3 no drift, but changes are pending."
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
    /// Compare with the state alone, without a configuration; another file than the usual may be
    /// named.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true,
        default_missing_value = DEFAULT_STATE, conflicts_with_all = ["flags", "files"])]
    from_state: Option<PathBuf>,
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
    outputs: Outputs,
}

/// What the exit status tells.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Counting {
    /// What the exit status tells besides errors: drift only, any difference, or never anything.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "any")]
    exit_code: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Counts {
    Drift,
    Any,
    Never,
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
    let looked = runtime.block_on(async {
        let looking = Box::pin(round(global, args, ui));
        Signals::new().within(args.selecting.timeout).unless(looking).await
    });
    let Round { report, project, diagnostics } = match looked {
        Ok(round) => round,
        Err(signal) => return stopped(signal, ui),
    };
    let human = |style: &render::Style| render::human::drift(&report, false, style);
    let written = args.outputs.write(&project.dir, &report, &human, ui);
    args.outputs.end(&project.dir, &report, (&diagnostics, &project.sources), ui);
    ui.diagnostics(&diagnostics, &project.sources);
    if written { args.counting.exit(report.verdict) } else { Exit::Failure }
}

/// Looks again and again until a signal asks to stop. Everything that a round has read is gone when it
/// ends, but for the verdict and the metrics.
async fn watch(global: &Global, args: &Args, interval: Duration, ui: &Ui) -> Exit {
    let mut signals = Signals::new();
    let told = Told::default();
    if let Some(address) = args.listen {
        match listen::serve(address, told.clone()).await {
            Ok(bound) => ui.note(&format!("Listening on http://{bound}: /metrics and /healthz.")),
            Err(error) => {
                ui.error("Cannot listen", &format!("{address}: {error}"));
                return Exit::Failure;
            }
        }
    }
    let mut last: Option<Verdict> = None;
    loop {
        let looked = tokio::select! {
            looked = Box::pin(round(global, args, ui)) => looked,
            _ = signals.next() => break,
        };
        let Round { report, project, diagnostics } = looked;
        let human = |style: &render::Style| render::human::drift(&report, false, style);
        if last.replace(report.verdict) != Some(report.verdict) {
            args.outputs.print(&report, &human, ui);
            ui.diagnostics(&diagnostics, &project.sources);
        }
        args.outputs.write_files(&project.dir, &report, &human, ui);
        if args.listen.is_some() {
            let metrics = render::prometheus(&report, told.metrics().as_deref());
            told.set(metrics, interval.saturating_mul(3).max(Duration::from_mins(1)));
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

/// What looking once came to.
struct Round {
    report: Report,
    project: Project,
    diagnostics: Diagnostics,
}

/// Reads everything, compares it and says what was found.
async fn round(global: &Global, args: &Args, ui: &Ui) -> Round {
    let began = Began::now();
    let mut diagnostics = Diagnostics::new();
    args.outputs.check(&mut diagnostics);
    let mut setup = args.selecting.setup(&args.locking, global, "drift", !args.record);
    setup.lock.enabled &= args.record;
    let request = args.variables.request(global);
    let project = match &args.from_state {
        Some(file) => {
            setup.state = Some(Local::new(request.dir.join(file)));
            Project::bare(&request)
        }
        None => Project::load(&request, &mut diagnostics),
    };
    let plan = Box::pin(look(&project, args, &setup, ui, &mut diagnostics)).await;
    let mut report = began.facts(Command::Drift, &project, &diagnostics, args.partition, |facts| {
        plan.map_or_else(|| Report::of_failure(facts), |plan| Report::of_plan(&plan, facts))
    });
    // What was not looked at, or not seen, is not known to be silent.
    let whole = report.verdict != Verdict::Error
        && args.partition.is_none()
        && args.from_state.is_none()
        && !args.selecting.is_partial();
    diagnostics.extend(began.silence(&mut report, &project, whole));
    if let Some(least) = args.severity {
        report.at_least(least.into());
    }
    Round { report, project, diagnostics }
}

async fn look(
    project: &Project,
    args: &Args,
    setup: &Setup,
    ui: &Ui,
    diagnostics: &mut Diagnostics,
) -> Option<Plan> {
    let mut options = args.selecting.options(false, true, diagnostics);
    options.share = args.partition;
    let mut shown = args.watch.is_none().then(|| args.outputs.telling(&project.dir, ui));
    let mut nobody = ();
    let progress: &mut dyn Reporter = match &mut shown {
        Some(shown) => shown,
        None => &mut nobody,
    };
    let (mut run, plan) = if args.from_state.is_some() {
        if has_errors(diagnostics) {
            return None;
        }
        let mut run = Run::open_state(project, setup, progress, diagnostics).await?;
        let plan = run.compare_with_state(project, &options, progress, diagnostics).await;
        (run, Some(plan))
    } else {
        let checked = project.check(Strictness::Strict, diagnostics);
        if has_errors(diagnostics) {
            return None;
        }
        let mut run = Run::open(project, &checked, setup, progress, diagnostics).await?;
        let plan = run.plan(project, &checked, &options, progress, diagnostics).await;
        (run, plan)
    };
    drop(shown);
    if let Some(plan) = plan.as_ref().filter(|_| args.record) {
        match run.record_live(plan, Recording::Present).await.map(|(recorded, _)| recorded.len()) {
            Ok(0) => {}
            Ok(1) => ui.note("Recorded 1 bucket as it is live."),
            Ok(many) => ui.note(&format!("Recorded {many} buckets as they are live.")),
            Err(error) => diagnostics.push(error.diagnostic()),
        }
    }
    run.close().await;
    plan
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
    fn exit_statuses_are_stable() {
        let code = |verdict, exit_code| Counting { exit_code }.exit(verdict).code();
        let all = [Verdict::Clean, Verdict::Error, Verdict::Drift, Verdict::Pending];
        assert_eq!(all.map(|it| code(it, Counts::Any)), [0, 1, 2, 3]);
        assert_eq!(all.map(|it| code(it, Counts::Drift)), [0, 1, 2, 0]);
        assert_eq!(all.map(|it| code(it, Counts::Never)), [0, 1, 0, 0]);
        assert_eq!(all.map(|it| code(it, Counts::Any)), all.map(Verdict::code));
    }
}
