//! The reference: what is declared, recorded and live, as plain maps, and what each command must
//! make of them. It is written from the README, and calls nothing of what is tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

pub(super) const TYPE: &str = "aws_s3_bucket_server_side_encryption_configuration";
/// The names that a resource may have here: blocks, and instances of one block.
pub(super) const NAMES: [&str; 5] = ["a", "b", "c", "f[\"x\"]", "f[\"y\"]"];
pub(super) const BUCKETS: [&str; 4] = ["acme-app", "acme-audit", "acme-data", "acme-logs"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Algorithm {
    S3,
    Kms,
    Dsse,
}

impl Algorithm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::S3 => "AES256",
            Self::Kms => "aws:kms",
            Self::Dsse => "aws:kms:dsse",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::S3, Self::Kms, Self::Dsse].into_iter().find(|it| it.name() == name)
    }
}

/// What a bucket is encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Settings {
    pub(super) algorithm: Algorithm,
    /// One of two keys of the customer's own.
    pub(super) key: Option<bool>,
    pub(super) bucket_key: bool,
    /// Whether SSE-C is blocked.
    pub(super) blocked: bool,
}

/// The attributes, each by the last part of its path.
const ATTRIBUTES: [&str; 4] =
    ["sse_algorithm", "kms_master_key_id", "bucket_key_enabled", "blocked_encryption_types"];
/// The one that may be left open.
const OPEN: &str = ATTRIBUTES[3];

impl Settings {
    /// What S3 sets by itself.
    pub(super) const NEW: Self =
        Self { algorithm: Algorithm::S3, key: None, bucket_key: false, blocked: false };

    /// What a reset leaves: what is blocked stays.
    pub(super) fn reset(self) -> Self {
        Self { blocked: self.blocked, ..Self::NEW }
    }

    /// The same, with SSE-C blocked where it was not, or the other way round.
    pub(super) fn otherwise_blocked(self) -> Self {
        Self { blocked: !self.blocked, ..self }
    }

    pub(super) fn key_arn(self) -> Option<String> {
        let key = u8::from(self.key?);
        Some(format!(
            "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-00000000000{key}"
        ))
    }

    fn differs(self, other: Self, attribute: &str) -> bool {
        match attribute {
            "sse_algorithm" => self.algorithm != other.algorithm,
            "kms_master_key_id" => self.key != other.key,
            "bucket_key_enabled" => self.bucket_key != other.bucket_key,
            _ => self.blocked != other.blocked,
        }
    }
}

/// What is to become of a bucket whose resource goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Reset,
    Forget,
    Prevent,
}

/// What the files say of a resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Declared {
    pub(super) bucket: String,
    pub(super) algorithm: Algorithm,
    pub(super) key: Option<bool>,
    pub(super) bucket_key: bool,
    /// Left open where it is none.
    pub(super) blocked: Option<bool>,
    pub(super) fate: Fate,
    /// An `import` block names the bucket, too.
    pub(super) import: bool,
}

impl Declared {
    /// What the bucket is to be, given what it is.
    fn wanted(&self, live: Settings) -> Settings {
        Settings {
            algorithm: self.algorithm,
            key: self.key,
            bucket_key: self.bucket_key,
            blocked: self.blocked.unwrap_or(live.blocked),
        }
    }
}

/// The configuration. Names are without the type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Files {
    pub(super) declared: BTreeMap<String, Declared>,
    /// `moved` blocks: from, to.
    pub(super) moved: BTreeMap<String, String>,
    /// `removed` blocks, which leave the bucket as it is.
    pub(super) removed: BTreeSet<String>,
}

impl Files {
    pub(super) fn set(&mut self, name: &str, declared: Declared) {
        self.moved.remove(name);
        self.removed.remove(name);
        let fate = if name.starts_with("f[") { Fate::Reset } else { declared.fate };
        self.declared.insert(name.to_owned(), Declared { fate, ..declared });
    }

    pub(super) fn remove(&mut self, name: &str, told: bool) {
        self.declared.remove(name);
        // Such a block names no single instance.
        if told && !name.contains('[') {
            self.removed.insert(name.to_owned());
        }
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, told: bool) {
        if let Some(declared) = self.declared.remove(from) {
            self.set(to, declared);
            if told {
                self.moved.insert(from.to_owned(), to.to_owned());
            }
        }
    }

    /// The files as text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut instances = String::new();
        for (name, it) in &self.declared {
            let settings = it.wanted(Settings::NEW);
            let key = settings.key_arn().map_or("null".to_owned(), |key| format!("{key:?}"));
            let blocked = match it.blocked {
                None => "null",
                Some(true) => "[\"SSE-C\"]",
                Some(false) => "[\"NONE\"]",
            };
            if let Some(each) = name.strip_prefix("f[").and_then(|it| it.strip_suffix(']')) {
                writeln!(
                    instances,
                    "    {each} = {{ bucket = {:?}, algorithm = {:?}, key = {key}, bucket_key = {}, \
                     blocked = {blocked} }}",
                    it.bucket,
                    it.algorithm.name(),
                    it.bucket_key
                )
                .unwrap();
            } else {
                let fate = match it.fate {
                    Fate::Reset => "reset",
                    Fate::Forget => "forget",
                    Fate::Prevent => "prevent",
                };
                let algorithm = format!("{:?}", it.algorithm.name());
                let bucket_key = it.bucket_key.to_string();
                let more = format!("  lifecycle {{\n    on_destroy = {fate:?}\n  }}\n");
                let bucket = format!("{:?}", it.bucket);
                text += &block(name, &more, [&bucket, &algorithm, &key, &bucket_key, blocked]);
            }
            if it.import {
                let bucket = &it.bucket;
                writeln!(text, "import {{\n  to = {TYPE}.{name}\n  id = {bucket:?}\n}}").unwrap();
            }
        }
        if !instances.is_empty() {
            let each = format!("  for_each = {{\n{instances}  }}\n");
            let values = ["bucket", "algorithm", "key", "bucket_key", "blocked"]
                .map(|name| format!("each.value.{name}"));
            text += &block("f", &each, values.each_ref().map(String::as_str));
        }
        for (from, to) in &self.moved {
            writeln!(text, "moved {{\n  from = {TYPE}.{from}\n  to = {TYPE}.{to}\n}}").unwrap();
        }
        for name in &self.removed {
            writeln!(
                text,
                "removed {{\n  from = {TYPE}.{name}\n  lifecycle {{\n    destroy = false\n  }}\n}}"
            )
            .unwrap();
        }
        text
    }
}

fn block(
    name: &str,
    more: &str,
    [bucket, algorithm, key, bucket_key, blocked]: [&str; 5],
) -> String {
    format!(
        "resource \"{TYPE}\" \"{name}\" {{\n{more}  bucket = {bucket}\n  rule {{\n    \
         apply_server_side_encryption_by_default {{\n      sse_algorithm = {algorithm}\n      \
         kms_master_key_id = {key}\n    }}\n    bucket_key_enabled = {bucket_key}\n    \
         blocked_encryption_types = {blocked}\n  }}\n}}\n"
    )
}

/// What is recorded of a resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recorded {
    pub(super) bucket: String,
    pub(super) values: Settings,
    pub(super) fate: Fate,
}

pub(super) type Records = BTreeMap<String, Recorded>;
pub(super) type Live = BTreeMap<String, Settings>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    NoOp,
    Adopt,
    Update,
    Reset,
    Forget,
}

impl Action {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NoOp => "no-op",
            Self::Adopt => "adopt",
            Self::Update => "update",
            Self::Reset => "reset",
            Self::Forget => "forget",
        }
    }

    pub(super) fn calls(self) -> bool {
        matches!(self, Self::Update | Self::Reset)
    }

    pub(super) fn removes(self) -> bool {
        matches!(self, Self::Reset | Self::Forget)
    }
}

/// What is to be done about one bucket.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) name: String,
    /// The name that it is recorded under, where that is another one.
    pub(super) previous: Option<String>,
    pub(super) bucket: String,
    pub(super) action: Action,
    pub(super) before: Option<Settings>,
    pub(super) after: Option<Settings>,
    /// What is recorded afterwards.
    pub(super) record: Option<Recorded>,
    /// The bucket goes on under another name.
    pub(super) goes_on: bool,
    /// Whose what differs is, by attribute.
    pub(super) whose: BTreeMap<&'static str, &'static str>,
    /// All of it in one word.
    pub(super) class: &'static str,
}

impl Step {
    /// What it may leave, if nobody knows whether it was done: whether a reset keeps what is blocked
    /// is for S3 to say.
    pub(super) fn leaves(&self) -> impl Iterator<Item = Settings> {
        let other = self.after.filter(|_| self.action == Action::Reset);
        self.after.into_iter().chain(other.map(Settings::otherwise_blocked))
    }
}

/// What a plan must say.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// What is declared and has no bucket.
    pub(super) gone: Vec<String>,
    /// What must not be reset.
    pub(super) prevented: Vec<String>,
}

impl Plan {
    /// Whether it may be carried out.
    pub(super) fn is_sound(&self) -> bool {
        self.gone.is_empty() && self.prevented.is_empty()
    }

    /// What the whole of it comes to, of a run that does nothing.
    pub(super) fn verdict(&self) -> &'static str {
        let any = |classes: &[&str]| self.steps.iter().any(|it| classes.contains(&it.class));
        if !self.is_sound() {
            "error"
        } else if any(&["drift", "both"]) {
            "drift"
        } else if any(&["pending"]) {
            "pending"
        } else {
            "clean"
        }
    }
}

/// What is recorded, and what our own runs that ended before their time may have left.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) records: Records,
    /// By bucket: what a run of ours was about to write, and nobody knows whether it has.
    pub(super) ours: BTreeMap<String, BTreeSet<Settings>>,
}

impl Known {
    /// What a plan must come to.
    pub(super) fn plan(&self, files: &Files, live: &Live, destroy: bool) -> Plan {
        let mut plan = Plan::default();
        let kept = self.kept(files);
        let mut recorders: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, (recorded, _)) in &kept {
            recorders.entry(&recorded.bucket).or_insert(name);
        }
        let nobody = BTreeMap::new();
        let declared = if destroy { &nobody } else { &files.declared };
        for (name, wish) in declared {
            let here = kept.get(name).filter(|(it, _)| it.bucket == wish.bucket);
            let Some(live) = live.get(&wish.bucket).copied() else {
                plan.gone.push(name.clone());
                continue;
            };
            let wanted = wish.wanted(live);
            let action = match here {
                _ if wanted != live => Action::Update,
                Some(_) => Action::NoOp,
                None => Action::Adopt,
            };
            let previous = here.and_then(|(_, previous)| previous.clone());
            // What is left open is as it was recorded, had nobody changed it.
            let recorded = here.map(|(it, _)| it.values);
            let open = wish.blocked.is_none();
            let whose = self.whose(&wish.bucket, recorded, live, wanted, open);
            // What somebody else has weakened is not taken for right because nothing is declared.
            let stays = open && whose.contains_key(OPEN) && recorded.is_some_and(|it| it.blocked);
            // Of what is written to, the attributes tell, unless the files give it another name.
            let pending = action == Action::Adopt || previous.is_some();
            plan.steps.push(Step {
                name: name.clone(),
                previous,
                bucket: wish.bucket.clone(),
                action,
                before: Some(live),
                after: Some(wanted),
                record: Some(Recorded {
                    bucket: wish.bucket.clone(),
                    values: Settings { blocked: wanted.blocked || stays, ..wanted },
                    fate: wish.fate,
                }),
                goes_on: false,
                class: class(&whose, pending),
                whose,
            });
        }
        for (name, (recorded, previous)) in &kept {
            let here = declared.get(name);
            if here.is_some_and(|it| it.bucket == recorded.bucket) {
                continue;
            }
            let bucket = &recorded.bucket;
            let elsewhere = declared.values().any(|it| it.bucket == *bucket)
                || recorders.get(&**bucket) != Some(&&**name);
            // The block says what is to become of it for as long as there is one.
            let in_force = match files.declared.get(name) {
                Some(it) => it.fate,
                None if name.starts_with("f[")
                    && files.declared.keys().any(|it| it.starts_with("f[")) =>
                {
                    Fate::Reset
                }
                None => recorded.fate,
            };
            let told = here.is_none() && !destroy && files.removed.contains(name);
            let live = live.get(bucket).copied();
            let (action, before, after) = if elsewhere || told {
                (Action::Forget, None, None)
            } else if in_force == Fate::Prevent {
                plan.prevented.push(name.clone());
                continue;
            } else if in_force == Fate::Forget {
                (Action::Forget, None, None)
            } else {
                match live {
                    None => (Action::Forget, None, None),
                    Some(live) if live == live.reset() => (Action::Forget, Some(live), None),
                    Some(live) => (Action::Reset, Some(live), Some(live.reset())),
                }
            };
            let whose = match (before, after) {
                (Some(before), Some(after)) => {
                    self.whose(bucket, Some(recorded.values), before, after, false)
                }
                _ => BTreeMap::new(),
            };
            plan.steps.push(Step {
                name: name.clone(),
                previous: previous.clone(),
                bucket: bucket.clone(),
                action,
                before,
                after,
                record: None,
                goes_on: elsewhere,
                class: class(&whose, true),
                whose,
            });
        }
        plan
    }

    /// What is recorded, by the names that `moved` blocks give it, and the names that it had.
    fn kept(&self, files: &Files) -> BTreeMap<String, (&Recorded, Option<String>)> {
        let mut kept = BTreeMap::new();
        let mut moving = Vec::new();
        for (name, recorded) in &self.records {
            let mut now = name;
            while let Some(next) = files.moved.get(now) {
                now = next;
            }
            if now == name {
                kept.insert(name.clone(), (recorded, None));
            } else {
                moving.push((name, now, recorded));
            }
        }
        for (name, now, recorded) in moving {
            // What is taken is not given away.
            if kept.contains_key(now) {
                kept.insert(name.clone(), (recorded, None));
            } else {
                kept.insert(now.clone(), (recorded, Some(name.clone())));
            }
        }
        kept
    }

    /// Whose each difference is. `open` says that the files leave the one attribute open.
    fn whose(
        &self,
        bucket: &str,
        recorded: Option<Settings>,
        live: Settings,
        wanted: Settings,
        open: bool,
    ) -> BTreeMap<&'static str, &'static str> {
        // What we may have left ourselves is nobody else's doing.
        let ours = self.ours.get(bucket).is_some_and(|all| all.contains(&live));
        let recorded = recorded.filter(|_| !ours);
        let mut whose = BTreeMap::new();
        for attribute in ATTRIBUTES {
            let changed = recorded.filter(|it| it.differs(live, attribute));
            let word = match (live.differs(wanted, attribute), changed) {
                (false, Some(_)) if open && attribute == OPEN => "drift",
                (false, _) => continue,
                (true, None) => "pending",
                (true, Some(was)) if was.differs(wanted, attribute) => "both",
                (true, Some(_)) => "drift",
            };
            whose.insert(attribute, word);
        }
        whose
    }

    /// A step is done.
    pub(super) fn done(&mut self, step: &Step) {
        let has_it = |records: &Records, name: &str| {
            records.get(name).is_some_and(|it| it.bucket == step.bucket)
        };
        for name in
            step.previous.iter().chain([&step.name].into_iter().filter(|_| step.action.removes()))
        {
            if has_it(&self.records, name) {
                self.records.remove(name);
            }
        }
        if let Some(record) = &step.record {
            self.records.insert(step.name.clone(), record.clone());
        }
        // What goes on elsewhere is for the step there to bring to an end.
        if !step.goes_on {
            self.ours.remove(&step.bucket);
        }
    }

    pub(super) fn buckets(&self) -> BTreeSet<String> {
        self.records.values().map(|it| it.bucket.clone()).collect()
    }
}

fn class(whose: &BTreeMap<&'static str, &'static str>, pending: bool) -> &'static str {
    let any = |words: &[&str]| whose.values().any(|it| words.contains(it));
    match (pending || any(&["pending", "both"]), any(&["drift", "both"])) {
        (false, false) => "unchanged",
        (true, false) => "pending",
        (false, true) => "drift",
        (true, true) => "both",
    }
}
