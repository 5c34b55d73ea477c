//! The commands about the state, and the state as they and every other command leave it.

use super::Machine;
use crate::model::world::{Algorithm, Fate, Recorded, Records, Settings, TYPE};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The state as the next run finds it.
pub(super) struct Found {
    pub(super) serial: Option<u64>,
    pub(super) records: Records,
    /// By bucket: what may have been written.
    pub(super) unfinished: BTreeMap<String, BTreeSet<Settings>>,
}

impl Machine {
    pub(in crate::model) fn rename(&mut self, from: &str, to: &str) {
        let (old, new) = (format!("{TYPE}.{from}"), format!("{TYPE}.{to}"));
        let records = &mut self.known.records;
        let fine = records.contains_key(from) && !records.contains_key(to);
        if fine && let Some(it) = records.remove(from) {
            records.insert(to.to_owned(), it);
        }
        drop(self.looking(&["state", "mv", &old, &new]).status(i32::from(!fine)));
    }

    pub(in crate::model) fn give_up(&mut self, name: &str) {
        let removed = self.known.records.remove(name);
        let address = format!("{TYPE}.{name}");
        drop(self.looking(&["state", "rm", &address]).status(i32::from(removed.is_none())));
        self.forget();
    }

    /// What was given up is managed no more.
    fn forget(&mut self) {
        let kept = self.known.buckets();
        let ours = &self.known.ours;
        self.managed.retain(|it| kept.contains(it) || ours.contains_key(it));
    }

    pub(in crate::model) fn pull(&mut self) {
        let ran = self.looking(&["state", "pull"]);
        if let Some(serial) = self.serial {
            let ran = ran.status(0);
            let (there, records) = read(&ran.json());
            assert_eq!((there, &records), (serial, &self.known.records));
            self.pulled = Some((serial, records, ran.stdout));
        }
    }

    pub(in crate::model) fn push(&mut self, force: bool) {
        let Some((serial, records, text)) = self.pulled.clone() else { return };
        self.dir.write("pulled.json", text);
        let same = Some(serial) == self.serial && records == self.known.records;
        let arguments: &[&str] = if force {
            &["state", "push", "-force", "pulled.json"]
        } else {
            &["state", "push", "pulled.json"]
        };
        let ran = self.looking(arguments);
        if force || same {
            drop(ran.status(0));
            self.known.records = records;
            self.forget();
        } else {
            drop(ran.status(1));
        }
    }

    /// Puts the version so many back in force.
    pub(in crate::model) fn restore(&mut self, back: usize, force: bool) {
        let listed = self.looking(&["state", "history", "-json"]).status(0).json();
        let kept: Vec<u64> = listed["versions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["serial"].as_u64().unwrap())
            .collect();
        let Some(serial) = kept.get(back % kept.len().max(1)).copied() else { return };
        let text = serial.to_string();
        let mut arguments = vec!["state", "restore", &text];
        arguments.extend(force.then_some("-force"));
        let ran = self.looking(&arguments);
        // A version may have been written and replaced within one command.
        let content = match self.versions.get(&serial) {
            Some(records) => records.clone(),
            None => match self.home.kept(&self.dir, serial) {
                Some(text) => read(&serde_json::from_str(&text).unwrap()).1,
                None => return self.known.records = self.look().records,
            },
        };
        let buckets: BTreeSet<&String> = content.values().map(|it| &it.bucket).collect();
        let records = &self.known.records;
        let loses = records.values().any(|it| !buckets.contains(&it.bucket));
        let renames = records.keys().any(|it| !content.contains_key(it));
        if force || (!loses && !renames) {
            drop(ran.status(0));
        } else if loses {
            drop(ran.status(1));
            return;
        } else if ran.status != 0 {
            return;
        }
        self.known.records = content;
        self.forget();
    }

    /// The state as the next run finds it.
    pub(super) fn look(&self) -> Found {
        let found = self.home.look(&self.dir);
        let mut unfinished: BTreeMap<String, BTreeSet<Settings>> = BTreeMap::new();
        for intent in &found.unfinished {
            let intent = serde_json::to_value(intent).unwrap();
            let bucket = intent["identity"].as_str().unwrap().to_owned();
            let after = settings(&intent["after"]);
            let open = unfinished.entry(bucket).or_default();
            open.insert(after);
            open.extend((intent["writing"] == "reset").then(|| after.otherwise_blocked()));
        }
        match found.state {
            None => Found { serial: None, records: Records::new(), unfinished },
            Some(state) => {
                let json = serde_json::to_value(&state).unwrap();
                let (serial, records) = read(&json);
                Found { serial: Some(serial), records, unfinished }
            }
        }
    }
}

/// The serial and what is recorded, of a state that must be as its schema says.
pub(super) fn read(state: &Json) -> (u64, Records) {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let text = include_str!("../../../../state/schema.json");
        jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
    });
    let faults: Vec<String> = schema.iter_errors(state).map(|it| it.to_string()).collect();
    assert_eq!(faults, [""; 0], "{state:#}");
    let records = state["resources"].as_array().unwrap().iter().map(|it| {
        let address = it["address"].as_str().unwrap();
        let flag = |name: &str| it[name].as_bool().unwrap_or(false);
        let fate = match (flag("prevent_destroy"), flag("forget_on_destroy")) {
            (true, _) => Fate::Prevent,
            (false, true) => Fate::Forget,
            (false, false) => Fate::Reset,
        };
        let bucket = it["identity"].as_str().unwrap().to_owned();
        let name = address.strip_prefix(TYPE).unwrap().trim_start_matches('.');
        (name.to_owned(), Recorded { bucket, values: settings(&it["values"]), fate })
    });
    (state["serial"].as_u64().unwrap(), records.collect())
}

/// Settings as the state and the journal have them.
fn settings(values: &Json) -> Settings {
    let rule = &values["rule"][0];
    let default = &rule["apply_server_side_encryption_by_default"][0];
    Settings {
        algorithm: default["sse_algorithm"].as_str().and_then(Algorithm::of).unwrap(),
        key: default["kms_master_key_id"].as_str().map(|key| key.ends_with('1')),
        bucket_key: rule["bucket_key_enabled"] == true,
        blocked: rule["blocked_encryption_types"].as_array().is_some_and(|it| !it.is_empty()),
    }
}
