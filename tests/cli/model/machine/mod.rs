//! What is tested: the binary in a directory of its own, and what its commands must come to.

mod home;
mod states;

use self::home::Home;
use self::states::{Found, read};
use super::service::{Call, Request, Service, Strike, What};
use super::world::{Action, BUCKETS, Files, Known, Plan, Recorded, Records, Settings, Step, TYPE};
use crate::harness::{Dir, Ran};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

const PLAN: &str = "this.sealplan";
const APPLY: [&str; 4] = ["apply", "-auto-approve", "-allow-weakening", "-json"];

/// A plan that was saved.
struct Saved {
    /// The serial of the state that it was made from, if there was one.
    serial: Option<u64>,
    /// What was unfinished then.
    ours: BTreeMap<String, BTreeSet<Settings>>,
    plan: Plan,
}

pub(super) struct Machine {
    dir: Dir,
    home: Home,
    service: Service,
    files: Files,
    known: Known,
    /// What we have written or taken over, and not given up.
    managed: BTreeSet<String>,
    /// The serial of the state, if there is one.
    serial: Option<u64>,
    /// Every version that was ever in force.
    versions: BTreeMap<u64, Records>,
    saved: Option<Saved>,
    pulled: Option<(u64, Records, String)>,
}

impl Machine {
    /// With its state in a file.
    pub(super) fn new() -> Self {
        Self::at(Home::File)
    }

    /// With its state on S3.
    pub(super) fn on_s3() -> Self {
        Self::at(Home::on_s3())
    }

    fn at(home: Home) -> Self {
        let service = Service::start();
        for bucket in BUCKETS {
            service.inside().buckets.insert(bucket.to_owned(), Settings::NEW);
        }
        let dir = Dir::empty()
            .env("AWS_ACCESS_KEY_ID", "123456789012")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            // Where there is no configuration that says it.
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL_S3", &service.url)
            .env("USER", "eve")
            .env("HOSTNAME", "build");
        let provider = format!(
            "provider \"aws\" {{\n  region = \"us-east-1\"\n  preflight = false\n  owner_check = \
             false\n  max_retries = 0\n  endpoints {{\n    s3 = {0:?}\n    sts = {0:?}\n  }}\n}}\n",
            service.url
        );
        dir.write("provider.seal.hcl", provider + &home.block());
        let machine = Self {
            dir,
            home,
            service,
            files: Files::default(),
            known: Known::default(),
            managed: BTreeSet::new(),
            serial: None,
            versions: BTreeMap::new(),
            saved: None,
            pulled: None,
        };
        machine.write();
        machine
    }

    fn write(&self) {
        self.dir.write("main.seal.hcl", self.files.text());
    }

    pub(super) fn edit(&mut self, files: &Files) {
        self.files = files.clone();
        self.write();
    }

    /// Somebody else's change.
    pub(super) fn outside(&mut self, bucket: &str, settings: Option<Settings>) {
        let buckets = &mut self.service.inside().buckets;
        match settings {
            Some(settings) => {
                if let Some(there) = buckets.get_mut(bucket) {
                    *there = settings;
                }
            }
            None => {
                buckets.remove(bucket);
            }
        }
    }

    /// A bucket that was not there.
    pub(super) fn appear(&mut self, bucket: &str) {
        self.service.inside().buckets.entry(bucket.to_owned()).or_insert(Settings::NEW);
    }

    fn run(&self, arguments: &[&str], strike: Option<Strike>) -> Ran {
        self.service.expect(strike);
        let mut command = self.dir.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.service.client(child.id());
        let ran = Ran::of(child.wait_with_output().unwrap());
        if ran.status == -1 {
            self.home.unlock(&self.dir);
        }
        ran
    }

    fn live(&self) -> BTreeMap<String, Settings> {
        self.service.inside().buckets.clone()
    }

    fn log(&self) -> Vec<Request> {
        self.service.inside().log.clone()
    }

    fn writes(&self) -> Vec<Request> {
        self.log().into_iter().filter(|it| it.call != Call::Read).collect()
    }

    fn expected(&self, destroy: bool) -> Plan {
        self.known.plan(&self.files, &self.live(), destroy)
    }

    /// A command that must not write to any bucket.
    fn looking(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments, None);
        assert_eq!(self.writes().len(), 0, "{arguments:?} has written");
        ran
    }

    pub(super) fn plan(&mut self) {
        let plan = self.expected(false);
        let ran = self.looking(&["plan", "-json"]).status(i32::from(!plan.is_sound()));
        compare(&ran.json(), &plan);
    }

    pub(super) fn drift(&mut self, record: bool) {
        let plan = self.expected(false);
        let arguments: &[&str] =
            if record { &["drift", "-json", "-record"] } else { &["drift", "-json"] };
        let status = match plan.verdict() {
            "clean" => 0,
            "error" => 1,
            "drift" => 2,
            _ => 3,
        };
        let ran = self.looking(arguments).status(status);
        compare(&ran.json(), &plan);
        if record {
            self.refreshed(&plan, false);
        }
    }

    /// Without the files, all that is not as recorded is somebody else's, but for our own half-done
    /// work.
    pub(super) fn drift_from_state(&mut self) {
        // It knows files only.
        if !self.home.is_a_file() {
            return;
        }
        let live = self.live();
        let told = self.looking(&["drift", "-from-state", "-json"]);
        if self.serial.is_none() {
            drop(told.status(1));
            return;
        }
        let mut gone = false;
        let mut drifted: BTreeSet<&str> = BTreeSet::new();
        for (name, recorded) in &self.known.records {
            let Some(live) = live.get(&recorded.bucket) else {
                gone = true;
                continue;
            };
            let ours = self.known.ours.get(&recorded.bucket).is_some_and(|it| it.contains(live));
            if recorded.values != *live && !ours {
                drifted.insert(name);
            }
        }
        let status = if gone { 1 } else { 2 * i32::from(!drifted.is_empty()) };
        let report = told.status(status).json();
        let told = report["resources"].as_array().unwrap().iter();
        let told: BTreeSet<&str> = told
            .filter(|it| it["class"] == "drift")
            .map(|it| it["address"].as_str().unwrap().trim_start_matches(TYPE).trim_matches('.'))
            .collect();
        assert_eq!(told, drifted, "{report:#}");
    }

    pub(super) fn refresh(&mut self) {
        let plan = self.expected(false);
        let fails = !plan.prevented.is_empty();
        // What is declared and not there is an error all the same.
        let status = i32::from(!plan.is_sound());
        drop(self.looking(&["refresh", "-json"]).status(status));
        if !fails {
            self.refreshed(&plan, true);
        }
    }

    /// What is live is recorded; what is gone is forgotten, if so asked.
    fn refreshed(&mut self, plan: &Plan, forget: bool) {
        let live = self.live();
        for step in &plan.steps {
            let name = step.previous.as_ref().unwrap_or(&step.name);
            let Some(recorded) = self.known.records.get_mut(name) else { continue };
            if recorded.bucket != step.bucket {
                continue;
            }
            if let Some(before) = step.before {
                recorded.values = before;
                self.known.ours.remove(&step.bucket);
            }
        }
        if forget {
            let gone = |it: &Recorded| !live.contains_key(&it.bucket);
            let lost: Vec<String> = self
                .known
                .records
                .iter()
                .filter(|(_, it)| gone(it))
                .map(|(name, _)| name.clone())
                .collect();
            for name in lost {
                if let Some(it) = self.known.records.remove(&name) {
                    self.managed.remove(&it.bucket);
                }
            }
        }
    }

    /// Plans and does it, in one command.
    pub(super) fn apply(&mut self, destroy: bool, strike: Option<Strike>, parallelism: usize) {
        let plan = self.expected(destroy);
        let parallelism = format!("-parallelism={parallelism}");
        let mut arguments = APPLY.to_vec();
        arguments.extend(destroy.then_some("-destroy"));
        arguments.push(&parallelism);
        let before = self.live();
        let ran = self.run(&arguments, strike);
        self.carried_out(&plan, &ran);
        if ran.status == 0 {
            self.settled();
            let empty = self.looking(&["plan", "-detailed-exitcode", "-json"]);
            if !destroy {
                // What is weakened and left open stays told, though there is nothing to do about it.
                let empty = empty.status(0).json();
                compare(&empty, &self.expected(false));
            }
            if destroy {
                assert_eq!(self.known.records, Records::new(), "destroy leaves nothing");
            }
        } else if !plan.is_sound() {
            assert_eq!(self.live(), before);
        }
    }

    /// Saves a plan.
    pub(super) fn save(&mut self) {
        let plan = self.expected(false);
        let out = format!("-out={PLAN}");
        let ran = self.looking(&["plan", &out]).status(i32::from(!plan.is_sound()));
        drop(ran);
        self.saved = plan.is_sound().then_some(Saved {
            serial: self.serial,
            ours: self.known.ours.clone(),
            plan,
        });
    }

    /// Does what a saved plan says, if it is not stale.
    pub(super) fn apply_saved(&mut self) {
        let Some(saved) = self.saved.take() else { return };
        let ran = self.run(&[&APPLY[..], &[PLAN]].concat(), None);
        let stale = saved.serial != self.serial || saved.ours != self.known.ours;
        // Another run may have been stopped at the same.
        let may_be = !self.known.ours.is_empty() && ran.stdout.contains("Saved plan is stale");
        if stale || may_be {
            assert_eq!(self.writes().len(), 0, "a plan that is stale is carried out");
            drop(ran.status(1).complains("Saved plan is stale"));
            return;
        }
        self.carried_out(&saved.plan, &ran);
    }

    /// Brings what is known up to what a run has done, and demands that it was what the plan said.
    fn carried_out(&mut self, plan: &Plan, ran: &Ran) {
        let told = format!("{:#?}\n{}\n{}\n{:#?}", plan, ran.stdout, ran.stderr, self.log());
        let log = self.log();
        // Whoever had ended before it was killed was not struck.
        let befell = |it: &Request| it.struck.filter(|it| !matches!(it, What::KillTold(_)));
        let struck = log.iter().position(|it| befell(it).is_some());
        let killed = ran.status == -1;
        let unwritten = unwritten(plan, &log, &told);
        if !plan.is_sound() {
            assert!(unwritten == plan.steps.iter().filter(|it| it.action.calls()).count());
            let stopped = struck.is_some_and(|at| log[at].struck == Some(What::Stop));
            assert!(ran.status == 1 || killed || (stopped && ran.status == 143), "{told}");
            return;
        }
        let planning = |at: usize| {
            let it = &log[at];
            it.call == Call::Read && !log[..at].iter().any(|earlier| earlier.bucket == it.bucket)
        };
        if killed {
            self.killed(plan, &log, &told);
            return;
        }
        // Reading failed before anything was done.
        if let Some(at) = struck
            && log[at].struck != Some(What::Stop)
            && planning(at)
        {
            assert!(self.writes().is_empty() && ran.status == 1, "{told}");
            return;
        }
        let stop = struck.filter(|at| log[*at].struck == Some(What::Stop));
        // A signal comes when it comes: before the plan, or while it is carried out.
        if stop.is_some_and(planning) && ran.stdout.is_empty() {
            assert!(self.writes().is_empty() && ran.status == 143, "{told}");
            return;
        }
        let report = ran.json();
        let status = statuses(&report);
        let mut failed: BTreeSet<&str> = BTreeSet::new();
        let mut complete = true;
        // A removal comes before what takes its name, and the last record of a bucket goes after the
        // step that has it now.
        let mut order: Vec<&Step> = plan.steps.iter().collect();
        order.sort_by_key(|it| match (it.action.removes(), follows(plan, it)) {
            (true, false) => 0,
            (false, _) => 1,
            (true, true) => 2,
        });
        let mut failed_buckets: BTreeSet<&str> = BTreeSet::new();
        for step in order {
            let key = (format!("{TYPE}.{}", step.name), step.bucket.clone());
            let word = status.get(&key).map_or("none", |it| it.as_str());
            let of_it = |it: &&Request| it.bucket == step.bucket;
            let write = log.iter().filter(of_it).find(|it| it.call != Call::Read);
            let hit = log
                .iter()
                .filter(of_it)
                .any(|it| befell(it).is_some_and(|what| what != What::Stop));
            // Somebody else was there between the plan and this: nothing is written.
            let moved = step.action.calls() && write.is_none() && self.differs(step);
            let expected = if step.action == Action::NoOp {
                "none"
            } else if (hit && step.action.calls()) || moved {
                "failed"
            } else if stop.is_some() && (write.is_none() || !step.action.calls()) {
                // What was not begun when it was asked to stop is not.
                if word == "done" && !step.action.calls() { "done" } else { "skipped" }
            } else if (!step.action.removes() && failed.contains(&*step.name))
                || (follows(plan, step) && failed_buckets.contains(&*step.bucket))
            {
                "skipped"
            } else {
                "done"
            };
            assert_eq!(word, expected, "{}\n{told}", step.name);
            match expected {
                "none" | "done" => {
                    assert!(!step.action.calls() || write.is_some_and(|it| it.effect), "{told}");
                    if expected == "done" || !self.differs(step) {
                        self.done(step);
                    }
                }
                "failed" => {
                    complete = false;
                    failed.insert(&step.name);
                    failed_buckets.insert(&step.bucket);
                    // Without an answer it is not known what became of it.
                    let unknown = write.is_some_and(|it| it.struck != Some(What::Denied));
                    if unknown {
                        self.known
                            .ours
                            .entry(step.bucket.clone())
                            .or_default()
                            .extend(step.leaves());
                        self.managed.insert(step.bucket.clone());
                    }
                }
                _ => {
                    complete = false;
                    failed_buckets.insert(&step.bucket);
                }
            }
        }
        self.give_way(plan);
        match ran.status {
            0 => assert!(complete, "{told}"),
            143 => assert!(stop.is_some(), "{told}"),
            status => assert!(status == 1 && !complete, "{told}"),
        }
    }

    /// Whether what a saved plan took for live is not any more.
    fn differs(&self, step: &Step) -> bool {
        self.live().get(&step.bucket).copied() != step.before
    }

    fn done(&mut self, step: &Step) {
        self.known.done(step);
        if step.record.is_some() {
            self.managed.insert(step.bucket.clone());
        } else if !step.goes_on {
            self.managed.remove(&step.bucket);
        }
    }

    /// Nobody knows how far a killed run has come: what it has left tells, and it is held to what
    /// the service knows.
    fn killed(&mut self, plan: &Plan, log: &[Request], told: &str) {
        let found = self.look();
        for step in &plan.steps {
            let effect =
                log.iter().any(|it| it.bucket == step.bucket && it.call != Call::Read && it.effect);
            let mut after = self.known.clone();
            after.done(step);
            let names = step.previous.iter().chain([&step.name]);
            let recorded = names.clone().all(|name| {
                let is = |it: &&Recorded| it.bucket == step.bucket;
                after.records.get(name).filter(is) == found.records.get(name).filter(is)
            });
            let open = found.unfinished.get(&step.bucket);
            let begun = open
                .filter(|_| step.action.calls())
                .is_some_and(|open| step.after.is_some_and(|after| open.contains(&after)));
            if step.action.calls() {
                let was = names
                    .clone()
                    .all(|name| after.records.get(name) == self.known.records.get(name));
                assert!(!recorded || was || effect, "{} is not done\n{told}", step.name);
                assert!(!effect || recorded || begun, "{} is forgotten\n{told}", step.name);
            }
            if recorded {
                self.known.records = after.records;
                if step.record.is_some() {
                    self.managed.insert(step.bucket.clone());
                } else if !step.goes_on {
                    self.managed.remove(&step.bucket);
                }
            }
            if open.is_none() && (recorded || !step.action.calls()) {
                self.known.ours.remove(&step.bucket);
            }
            if begun {
                self.known.ours.entry(step.bucket.clone()).or_default().extend(step.leaves());
                self.managed.insert(step.bucket.clone());
            }
        }
        self.give_way(plan);
    }

    /// Where buckets swap their names, a record cannot stay until the bucket has its new one.
    fn give_way(&mut self, plan: &Plan) {
        let kept = self.known.buckets();
        for step in plan.steps.iter().filter(|it| it.goes_on && !follows(plan, it)) {
            if !kept.contains(&step.bucket) && !self.known.ours.contains_key(&step.bucket) {
                self.managed.remove(&step.bucket);
            }
        }
    }

    /// What holds after every command.
    pub(super) fn settled(&mut self) {
        let Found { serial, records, unfinished } = self.look();
        assert_eq!(records, self.known.records, "what is recorded, and what should be");
        assert_eq!(unfinished, self.known.ours, "what is unfinished, and what should be");
        for bucket in &self.managed {
            let known = records.values().any(|it| it.bucket == *bucket);
            assert!(known || unfinished.contains_key(bucket), "{bucket} is forgotten");
        }
        match (self.serial, serial) {
            (Some(before), Some(now)) if before == now => {
                assert_eq!(self.versions[&now], records, "two versions of one serial");
            }
            (None, None) => {}
            (before, now) => assert!(before < now, "{before:?} before {now:?}"),
        }
        if let Some(serial) = serial {
            self.versions.insert(serial, records);
        }
        self.serial = serial;
        if let Some(text) = self.home.text(&self.dir) {
            // The bytes themselves are what the schema says.
            read(&serde_json::from_str(&text).unwrap());
        }
        self.home.is_tidy(&self.dir, self.known.ours.is_empty());
        assert!(!self.dir.exists("errored.state.json"));
    }
}

/// Whether a step drops a record and waits for the step that has the bucket now. It cannot where
/// another bucket takes its name.
fn follows(plan: &Plan, step: &Step) -> bool {
    let does = |it: &&Step| !it.action.removes() && it.action != Action::NoOp;
    let mut others = plan.steps.iter().filter(does);
    step.goes_on
        && !others.clone().any(|it| it.name == step.name)
        && others.any(|it| it.bucket == step.bucket)
}

/// Demands that what is written is what the plan said, once; gives how many of its writes are not.
fn unwritten(plan: &Plan, log: &[Request], told: &str) -> usize {
    let mut open: Vec<&Step> = plan.steps.iter().filter(|it| it.action.calls()).collect();
    for request in log.iter().filter(|it| it.call != Call::Read) {
        let call = |it: &Step| match it.action {
            Action::Update => it.after.map(Call::Write),
            _ => Some(Call::Reset),
        };
        let at = open
            .iter()
            .position(|it| it.bucket == request.bucket && call(it) == Some(request.call));
        let at = at.unwrap_or_else(|| panic!("unplanned: {request:?}\n{told}"));
        open.swap_remove(at);
    }
    open.len()
}

/// Holds a report to a plan.
fn compare(report: &Json, plan: &Plan) {
    let told = || format!("{plan:#?}\n{report:#}");
    assert_eq!(report["verdict"], plan.verdict(), "{}", told());
    if !plan.is_sound() {
        return;
    }
    let items = report["resources"].as_array().unwrap();
    assert_eq!(items.len(), plan.steps.len(), "{}", told());
    for step in &plan.steps {
        let address = format!("{TYPE}.{}", step.name);
        let item = items.iter().find(|it| it["address"] == address && it["bucket"] == step.bucket);
        let item = item.unwrap_or_else(|| panic!("no {address} in {}", told()));
        assert_eq!(item["action"], step.action.word(), "{address} {}", told());
        assert_eq!(item["class"], step.class, "{address} {}", told());
        let whose: BTreeMap<&str, &str> = item["differences"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| {
                let path = it["path"].as_str().unwrap();
                let name = path.rsplit('.').next().unwrap();
                (name, it["whose"].as_str().unwrap())
            })
            .collect();
        assert_eq!(whose, step.whose, "{address} {}", told());
    }
}

/// By address and bucket: what became of the step.
fn statuses(report: &Json) -> BTreeMap<(String, String), String> {
    let text = |it: &Json| it.as_str().map(str::to_owned);
    report["resources"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| {
            Some(((text(&it["address"])?, text(&it["bucket"])?), text(&it["status"])?))
        })
        .collect()
}
