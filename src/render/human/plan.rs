//! A plan: what changed outside, what is to be done, and what that comes to.

use super::super::canvas::{Canvas, Tint, clean, counted, literal, number, wrap};
use super::super::{LISTED, Style};
use super::leaves::{self, Leaf};
use super::outputs;
use crate::plan::{Action, Change, Plan, Reason, Step};
use crate::report::{self, Suppressed, Suppression, Whose};

/// More steps than this are summed up by address at the end.
const SCREENFUL: usize = 20;
/// What an action takes back a bucket to, and by which request.
const BACK: &str = "back to SSE-S3 (DeleteBucketEncryption)";

/// A plan as text for standard output.
pub fn plan(plan: &Plan, style: &Style) -> String {
    plan_knowing(plan, &Suppressed::new(), style)
}

/// A plan of which some drift is known: that is told quietly, and what takes it back as any other step.
pub fn plan_knowing(plan: &Plan, known: &Suppressed, style: &Style) -> String {
    let mut page = Page { canvas: Canvas::new(style.color), known, style };
    page.drift(plan);
    page.actions(plan);
    if !plan.output_changes.is_empty() {
        page.section("Changes to Outputs:");
        outputs::changes(&mut page.canvas, &plan.output_changes, style);
    }
    let shown = plan.steps.iter().filter(|step| step.is_shown()).count();
    if shown > SCREENFUL && !style.concise {
        page.addresses(plan);
    }
    page.summary(plan);
    page.canvas.finish()
}

/// The symbol of an action.
fn symbol(action: Action) -> (&'static str, Tint) {
    match action {
        Action::Update => ("~", Tint::Changed),
        Action::Adopt => ("=", Tint::Noted),
        Action::Reset => ("-", Tint::Bad),
        Action::Forget => (".", Tint::Dim),
        Action::NoOp => (" ", Tint::Dim),
    }
}

/// The symbol of a step: one that only has another address has its own.
fn symbol_of(step: &Step) -> (&'static str, Tint) {
    if is_only_moved(step) { (">", Tint::Noted) } else { symbol(step.action) }
}

/// Whether nothing is done but to record the object under another address.
fn is_only_moved(step: &Step) -> bool {
    step.action == Action::NoOp && step.previous.is_some()
}

/// What an action does, in a word or two.
fn meaning(action: Action) -> &'static str {
    match action {
        Action::Update => "update",
        Action::Adopt => "adopt (record only)",
        Action::Reset => "reset (back to SSE-S3)",
        Action::Forget => "forget (drop the record)",
        Action::NoOp => "nothing",
    }
}

/// Why a step is taken, or what it comes to where that is not plain.
fn explanation(step: &Step) -> Option<String> {
    let end = match step.action {
        Action::Reset => BACK,
        Action::Forget => "only the record is dropped",
        Action::Adopt => return Some("already live as declared; will be recorded".to_owned()),
        Action::Update | Action::NoOp => return None,
    };
    Some(match &step.reason {
        None | Some(Reason::Destroy) => end.to_owned(),
        Some(Reason::Removed) => format!("removed by a block `removed`: {end}"),
        Some(Reason::OnDestroy) => format!("`on_destroy = \"forget\"`: {end}"),
        Some(Reason::NotInConfiguration) => format!("no longer in the configuration: {end}"),
        Some(Reason::IdentityChanged { to }) => {
            format!("the address now names the bucket {}; this one: {end}", literal(to))
        }
        Some(Reason::MovedTo { to }) => format!("now managed as {to}: {end}"),
        Some(Reason::Gone) => format!("the bucket is gone: {end}"),
        Some(Reason::AlreadyReset) => format!("already is as a reset would leave it: {end}"),
        Some(Reason::UnknownLeft) => {
            format!("as a reset would leave it, but for settings that are not known: {end}")
        }
    })
}

/// Who changed what an update changes back or on, where something is recorded to tell it by.
fn blame(step: &Step) -> Option<String> {
    if step.action != Action::Update || !step.known {
        return None;
    }
    let differences = report::whose(step);
    let all = |whose| differences.iter().all(|(_, it)| *it == whose);
    Some(if all(Whose::Pending) {
        "pending: the files have changed".to_owned()
    } else if all(Whose::Drift) {
        "drift: somebody else changed the bucket".to_owned()
    } else if all(Whose::Both) {
        "both: the files have changed, and somebody else changed the bucket".to_owned()
    } else {
        let each = differences.iter().map(|(path, whose)| {
            let name = path.rsplit('.').next().unwrap_or_default();
            let word = match whose {
                Whose::Pending => "pending",
                Whose::Drift => "drift",
                Whose::Both => "both",
            };
            format!("{name}: {word}")
        });
        each.collect::<Vec<_>>().join(", ")
    })
}

struct Page<'a> {
    canvas: Canvas,
    /// What silences the drift of which instance.
    known: &'a Suppressed,
    style: &'a Style,
}

impl<'a> Page<'a> {
    /// The title of a section, apart from the one before.
    fn section(&mut self, title: &str) {
        if !self.canvas.is_empty() {
            self.canvas.line();
        }
        self.canvas.tinted(Tint::Strong, title).push("\n\n");
    }

    /// What silences the drift of an instance.
    fn silence(&self, step: &Step) -> Option<&'a Suppression> {
        if self.known.is_empty() || step.drift.is_empty() {
            return None;
        }
        self.known.get(&step.address.to_string())
    }

    fn drift(&mut self, plan: &Plan) {
        let (silent, loud): (Vec<&Step>, Vec<&Step>) =
            plan.drifted().partition(|step| self.silence(step).is_some());
        self.loud_drift(&loud);
        self.silent_drift(&silent);
    }

    fn silent_drift(&mut self, silent: &[&Step]) {
        if silent.is_empty() {
            return;
        }
        self.section("Changed outside of Sealform, and suppressed:");
        for step in silent.iter().take(LISTED) {
            let Some(Suppression { name, reason, expires }) = self.silence(step) else { continue };
            let until = expires.as_ref().map(|day| format!(" until {day}")).unwrap_or_default();
            let why = format!("{}{until}: {reason}", literal(name));
            if self.style.concise {
                self.concise(step, "~", Tint::Dim, &[]);
                self.canvas.push(": ").clean(why).line();
            } else {
                self.head(step, "~", Tint::Dim);
                self.wrapped(&why);
            }
        }
        self.more(silent.len());
    }

    fn more(&mut self, count: usize) {
        if count > LISTED {
            let more = number(count - LISTED);
            self.canvas.push("\n  … and ").push(&more).push(" more; all are in the JSON form\n");
        }
    }

    fn loud_drift(&mut self, loud: &[&Step]) {
        if loud.is_empty() {
            return;
        }
        self.section("Changed outside of Sealform since the last apply:");
        for (n, step) in loud.iter().copied().take(LISTED).enumerate() {
            if self.style.concise {
                self.concise(step, "~", Tint::Changed, &step.drift);
                self.canvas.line();
                continue;
            }
            if n > 0 {
                self.canvas.line();
            }
            self.head(step, "~", Tint::Changed);
            let live = step.before.as_ref();
            leaves::draw(&mut self.canvas, &step.drift, [live, live], self.style.width);
            if step.action == Action::NoOp {
                if step.recorded.is_none() {
                    self.comment("nothing to do about it");
                }
                for note in &step.terms.notes {
                    self.wrapped(note);
                }
            }
        }
        self.more(loud.len());
    }

    fn actions(&mut self, plan: &Plan) {
        let steps = || plan.steps.iter().filter(|step| step.is_shown());
        if steps().next().is_none() {
            return;
        }
        self.section(if plan.destroy {
            "Sealform will take back what it manages:"
        } else {
            "Sealform will perform the following actions:"
        });
        for (n, step) in steps().enumerate() {
            let (symbol, tint) = symbol_of(step);
            if self.style.concise {
                self.concise(step, symbol, tint, &step.changes);
                if let Some(previous) = &step.previous {
                    let moved = format_args!("# has moved from {previous}");
                    self.canvas.push("  ").tinted(Tint::Dim, moved);
                }
                match explanation(step) {
                    Some(why) if step.changes.is_empty() => {
                        self.canvas.push(": ").clean(why);
                    }
                    Some(_) | None => {}
                }
                if let Some(by) = self.taken_back(step) {
                    self.canvas.push("  ").tinted(Tint::Dim, format_args!("# {by}"));
                }
                if let Some(why) = &step.weakening {
                    self.canvas.push("  ").tinted(Tint::Bad, format_args!("! weakens: {why}"));
                }
                self.canvas.line();
                continue;
            }
            if n > 0 {
                self.canvas.line();
            }
            self.head(step, symbol, tint);
            if let Some(previous) = &step.previous {
                self.comment(&format!("has moved from {previous}"));
            }
            if step.import.is_some() {
                self.comment("imported: it will be managed from now on");
            }
            if let Some(why) = explanation(step).or_else(|| blame(step)) {
                self.comment(&why);
            }
            if let Some(by) = self.taken_back(step) {
                self.comment(&by);
            }
            let settings = [step.before.as_ref(), step.after.as_ref()];
            leaves::draw(&mut self.canvas, &step.changes, settings, self.style.width);
            self.unknown(step);
            if let Some(why) = &step.weakening {
                let why = clean(why);
                self.canvas.push("  ").tinted(Tint::Bad, format_args!("!   weakens: {why}")).line();
            }
            for note in &step.terms.notes {
                self.wrapped(note);
            }
        }
        self.canvas.line();
        self.legend(plan);
    }

    /// A silence is about reports: the step that takes the change back is there all the same.
    fn taken_back(&self, step: &Step) -> Option<String> {
        let Suppression { name, .. } = self.silence(step).filter(|_| step.calls())?;
        let name = literal(name);
        Some(format!("suppressed by {name}, which silences reports: this step takes it back"))
    }

    /// A text from outside as a comment, of as many lines as it needs.
    fn wrapped(&mut self, text: &str) {
        for line in wrap(&clean(text), self.style.width.saturating_sub(8).max(30)) {
            self.comment(&line);
        }
    }

    /// The symbols in use.
    fn legend(&mut self, plan: &Plan) {
        let used = Action::ALL.into_iter().filter(|action| *action != Action::NoOp);
        let mut symbols: Vec<String> = used
            .filter(|action| plan.steps.iter().any(|step| step.action == *action))
            .map(|action| format!("{} {}", symbol(action).0, meaning(action)))
            .collect();
        if plan.steps.iter().any(is_only_moved) {
            symbols.push("> move (record only)".to_owned());
        }
        if plan.steps.iter().any(|step| step.weakening.is_some()) {
            symbols.push("! weakens protection".to_owned());
        }
        let text = format!("Symbols: {}", symbols.join(", "));
        for line in wrap(&text, self.style.width) {
            self.canvas.tinted(Tint::Dim, line).line();
        }
    }

    /// The address, and below it the bucket: alike for all, so that the eye finds them.
    fn head(&mut self, step: &Step, symbol: &str, tint: Tint) {
        self.canvas.push("  ").tinted(tint, symbol).push(" ").tinted(Tint::Strong, &step.address);
        self.canvas.line().spaces(6).push("bucket ").push(&literal(&step.identity)).line();
    }

    /// What is live and not known to this version: a write drops it, and so does a reset.
    fn unknown(&mut self, step: &Step) {
        let drops = matches!(step.action, Action::Update | Action::Reset);
        for element in &step.terms.unknown {
            let (path, content) = (clean(&element.path), clean(&element.content));
            if drops {
                self.canvas.push("  ").tinted(Tint::Bad, "-").spaces(3).push(&path).push(" ");
                self.canvas.tinted(Tint::Bad, content);
                self.canvas.push("  ").tinted(Tint::Dim, "# not known to this version, dropped");
                self.canvas.line();
            } else {
                self.comment(&format!("{path} {content}: not known to this version, stays"));
            }
        }
    }

    fn comment(&mut self, text: &str) {
        self.canvas.spaces(6).tinted(Tint::Dim, format_args!("# {text}")).line();
    }

    /// A step on one line, of which the end is left open.
    fn concise(&mut self, step: &Step, symbol: &str, tint: Tint, changes: &[Change]) {
        self.canvas.tinted(tint, symbol).push(" ").tinted(Tint::Strong, &step.address);
        for (n, change) in changes.iter().enumerate() {
            let name = change.path.steps().last().map_or("", |name| name);
            self.canvas.push(if n == 0 { ": " } else { ", " }).clean(name);
            let leaf = Leaf::of(change);
            match (leaf.before, leaf.after) {
                (Some(before), Some(after)) => {
                    self.canvas.push(" ").tinted(Tint::Bad, before).push(" -> ");
                    self.canvas.tinted(Tint::Good, after);
                }
                (None, Some(value)) | (Some(value), None) => {
                    self.canvas.push(" ").tinted(leaf.tint, leaf.symbol).push(" ");
                    self.canvas.tinted(leaf.tint, value);
                }
                (None, None) => {}
            }
        }
    }

    /// The addresses by action, for a plan that is longer than a screen.
    fn addresses(&mut self, plan: &Plan) {
        self.section("Addresses by action:");
        for action in Action::ALL.into_iter().filter(|action| *action != Action::NoOp) {
            let (symbol, tint) = symbol(action);
            let steps = || plan.steps.iter().filter(|step| step.action == action);
            self.list(symbol, tint, action.word(), steps().count(), steps());
        }
        let weakening = || plan.steps.iter().filter(|step| step.weakening.is_some());
        self.list("!", Tint::Bad, "weakens protection", weakening().count(), weakening());
    }

    fn list<'s>(
        &mut self,
        symbol: &str,
        tint: Tint,
        title: &str,
        count: usize,
        steps: impl Iterator<Item = &'s Step>,
    ) {
        if count == 0 {
            return;
        }
        self.canvas.push("  ").tinted(tint, symbol).push(" ").push(title);
        self.canvas.push(" (").push(&number(count)).push(")\n");
        for step in steps.take(LISTED) {
            self.canvas.spaces(6).clean(&step.address).line();
        }
        if count > LISTED {
            self.canvas.spaces(6).push("… and ").push(&number(count - LISTED)).push(" more\n");
        }
    }

    /// What it all comes to.
    fn summary(&mut self, plan: &Plan) {
        if !self.canvas.is_empty() {
            self.canvas.line();
        }
        let unchanged = plan.count(Action::NoOp);
        if plan.is_empty() {
            let as_declared = match unchanged {
                0 if plan.left_out == 1 => {
                    "The only bucket is left out by -target and -exclude.".to_owned()
                }
                0 if plan.left_out > 1 => format!(
                    "All {} buckets are left out by -target and -exclude.",
                    number(plan.left_out)
                ),
                0 if plan.destroy => "Nothing is managed.".to_owned(),
                0 => "There is no bucket to look after.".to_owned(),
                1 => "1 bucket is encrypted as declared.".to_owned(),
                many => format!("{} buckets are encrypted as declared.", number(many)),
            };
            if plan.unplanned.is_empty() {
                self.canvas.tinted(Tint::Strong, "No changes.").push(" ").push(&as_declared);
            } else if unchanged == 0 {
                self.canvas.tinted(Tint::Strong, "Nothing could be planned.");
            } else {
                self.canvas.tinted(Tint::Strong, "No changes as far as could be planned.");
                self.canvas.push(" ").push(&as_declared);
            }
        } else {
            let mut parts: Vec<String> =
                [Action::Update, Action::Adopt, Action::Reset, Action::Forget]
                    .into_iter()
                    .map(|action| (plan.count(action), action))
                    .filter(|(count, _)| *count > 0)
                    .map(|(count, action)| format!("{} to {}", number(count), action.word()))
                    .collect();
            let moved = plan.steps.iter().filter(|step| step.previous.is_some()).count();
            if moved > 0 {
                parts.insert(0, format!("{} to move", number(moved)));
            }
            if !plan.output_changes.is_empty() {
                let count = plan.output_changes.len();
                parts.push(counted(count, "output to change", "outputs to change"));
            }
            self.canvas.tinted(Tint::Strong, "Plan:").push(" ").push(&parts.join(", ")).push(".");
            let unchanged = plan.steps.iter().filter(|step| !step.is_shown()).count();
            if unchanged > 0 {
                self.canvas.push(" ").push(&number(unchanged)).push(" unchanged.");
            }
        }
        let (silent, loud): (Vec<&Step>, Vec<&Step>) =
            plan.drifted().partition(|step| self.silence(step).is_some());
        for (drifted, what) in
            [(loud, " changed outside."), (silent, " changed outside and suppressed.")]
        {
            if !drifted.is_empty() {
                self.canvas.push(" ").push(&number(drifted.len())).push(what);
            }
        }
        let stale = plan.steps.iter().filter(|step| step.record && !step.is_shown()).count();
        if stale > 0 {
            let text = counted(stale, "record is out of date", "records are out of date");
            let them = if stale == 1 { "it" } else { "them" };
            self.canvas.push(" ").push(&text).push("; apply renews ").push(them).push(".");
        }
        let weakening = plan.steps.iter().filter(|step| step.weakening.is_some()).count();
        if weakening > 0 {
            let text = counted(weakening, "weakens protection.", "weaken protection.");
            self.canvas.push(" ").tinted(Tint::Bad, text);
        }
        if !plan.unplanned.is_empty() {
            let text = number(plan.unplanned.len());
            self.canvas.push(" ");
            self.canvas
                .tinted(Tint::Bad, format_args!("{text} could not be planned; see the errors."));
        }
        self.canvas.line();
    }
}
