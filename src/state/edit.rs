//! Changes of the state that people ask for by name, as pure functions: what they come to, or why
//! they are refused.

use super::{Change, Recorded, StateFile};
use crate::addr::{Address, InstanceKey, ModuleStep, ParseAddressError, ResourceAddr, Target};
use crate::diag::{Diagnostic, did_you_mean, listed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many addresses a message names.
const NAMED: usize = 10;

/// What is to be changed, in an order in which no record is ever missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The changes.
    pub changes: Vec<Change>,
    /// The resources that they are about: from where, and to where if they move.
    pub about: Vec<(Address, Option<Address>)>,
}

fn target(text: &str) -> Result<Target, Diagnostic> {
    let invalid = |error: ParseAddressError| format!("{error}.");
    text.parse().map_err(|error| Diagnostic::error("Invalid address", invalid(error)))
}

fn nothing_there(state: &StateFile, text: &str) -> Diagnostic {
    let known: BTreeSet<String> = state
        .resources
        .keys()
        .take(10_000)
        .flat_map(|address| [address.to_string(), address.resource.to_string()])
        .collect();
    let hint = did_you_mean(text, known.iter().map(String::as_str));
    Diagnostic::error("Not in the state", format!("Nothing is recorded at {text}.{hint}"))
}

impl StateFile {
    /// Drops records; the buckets are left as they are.
    ///
    /// # Errors
    /// An address is none, or nothing is recorded there.
    pub fn remove(&self, addresses: &[String]) -> Result<Edit, Diagnostic> {
        let mut found = BTreeSet::new();
        for text in addresses {
            let target = target(text)?;
            let before = found.len();
            let covered = self.resources.keys().filter(|address| target.covers(address));
            let mut any = false;
            found.extend(covered.inspect(|_| any = true).cloned());
            if !any && found.len() == before {
                return Err(nothing_there(self, text));
            }
        }
        Ok(Edit {
            changes: found.iter().cloned().map(|address| Change::Remove { address }).collect(),
            about: found.into_iter().map(|address| (address, None)).collect(),
        })
    }

    /// Gives records other addresses: an instance, all instances of a block, or all of a module.
    ///
    /// # Errors
    /// An address is none, nothing is recorded at the first, something is at the second, or the two
    /// are not of one kind.
    pub fn rename(&self, from: &str, to: &str) -> Result<Edit, Diagnostic> {
        let (source, destination) = (target(from)?, target(to)?);
        let moved: Vec<(&Address, &Recorded)> =
            self.resources.iter().filter(|(address, _)| source.covers(address)).collect();
        if moved.is_empty() {
            return Err(nothing_there(self, from));
        }
        if source == destination {
            return Err(Diagnostic::error(
                "Nothing to move",
                format!("{to} is the address that it has already. Nothing was changed."),
            ));
        }
        let mut about = Vec::new();
        for (address, _) in &moved {
            let Some(new) = moved_to(&source, &destination, address, moved.len() == 1) else {
                return Err(Diagnostic::error(
                    "Impossible move",
                    format!(
                        "{from} cannot become {to}. A module moves to a module, a block to a block \
                         and an instance to an instance, of the same type."
                    ),
                ));
            };
            about.push(((*address).clone(), new));
        }
        let leaving: BTreeSet<&Address> = about.iter().map(|(old, _)| old).collect();
        for (_, new) in &about {
            if self.resources.contains_key(new) && !leaving.contains(new) {
                return Err(Diagnostic::error(
                    "Destination is taken",
                    format!(
                        "{new} is recorded already, and would be lost. Move it away first, or drop \
                         it: sealform state rm '{new}'."
                    ),
                ));
            }
        }
        let mut records: BTreeMap<Address, Recorded> =
            moved.iter().map(|(address, it)| ((*address).clone(), (*it).clone())).collect();
        let mut changed: BTreeMap<Address, Recorded> = about
            .iter()
            .filter_map(|(old, new)| Some((new.clone(), records.remove(old)?)))
            .collect();
        self.follow(&about, &mut changed);
        let mut changes: Vec<Change> = changed
            .iter()
            .map(|(address, it)| Change::Set { address: address.clone(), recorded: it.clone() })
            .collect();
        changes.extend(
            about
                .iter()
                .filter(|(old, _)| !changed.contains_key(old))
                .map(|(old, _)| Change::Remove { address: old.clone() }),
        );
        Ok(Edit { changes, about: about.into_iter().map(|(old, new)| (old, Some(new))).collect() })
    }

    /// Lets what refers to blocks that are now called otherwise refer to them by their new names.
    fn follow(&self, about: &[(Address, Address)], changed: &mut BTreeMap<Address, Recorded>) {
        let leaving: BTreeSet<&Address> = about.iter().map(|(old, _)| old).collect();
        let staying: BTreeSet<ResourceAddr> = self
            .resources
            .keys()
            .filter(|address| !leaving.contains(address))
            .map(|address| address.resource.block())
            .collect();
        let renamed: BTreeMap<ResourceAddr, ResourceAddr> = about
            .iter()
            .map(|(old, new)| (old.resource.block(), new.resource.block()))
            .filter(|(old, new)| old != new && !staying.contains(old))
            .collect();
        let update = |recorded: &Recorded| {
            let refers = |it: &Address| renamed.contains_key(&it.resource.block());
            recorded.depends_on.iter().any(refers).then(|| {
                let mut depends_on: Vec<Address> = recorded
                    .depends_on
                    .iter()
                    .map(|it| match renamed.get(&it.resource.block()) {
                        Some(new) => new.instance(it.key.clone()),
                        None => it.clone(),
                    })
                    .collect();
                depends_on.sort();
                depends_on.dedup();
                Recorded { depends_on, ..recorded.clone() }
            })
        };
        for recorded in changed.values_mut() {
            if let Some(updated) = update(recorded) {
                *recorded = updated;
            }
        }
        for (address, recorded) in &self.resources {
            if !leaving.contains(address)
                && let Some(updated) = update(recorded)
            {
                changed.insert(address.clone(), updated);
            }
        }
    }

    /// Records that buckets are managed by another provider.
    ///
    /// # Errors
    /// Nothing is recorded of the first, or both are the same.
    pub fn replace_provider(&self, from: &str, to: &str) -> Result<Edit, Diagnostic> {
        if from == to {
            return Err(Diagnostic::error(
                "Nothing to replace",
                format!("{from} and {to} are the same provider. Nothing was changed."),
            ));
        }
        let concerned = self.resources.iter().filter(|(_, recorded)| recorded.provider == from);
        let mut edit = Edit { changes: Vec::new(), about: Vec::new() };
        for (address, recorded) in concerned {
            let recorded = Recorded { provider: to.to_owned(), ..recorded.clone() };
            edit.changes.push(Change::Set { address: address.clone(), recorded });
            edit.about.push((address.clone(), None));
        }
        if edit.about.is_empty() {
            let known: BTreeSet<&str> =
                self.resources.values().map(|it| it.provider.as_str()).collect();
            let hint = did_you_mean(from, known);
            return Err(Diagnostic::error(
                "Not in the state",
                format!("Nothing is recorded of the provider {from}.{hint}"),
            ));
        }
        Ok(edit)
    }

    /// Why another content must not take the place of this one unless somebody insists.
    pub fn objection(&self, other: &Self) -> Option<Diagnostic> {
        if self.lineage != other.lineage {
            return Some(Diagnostic::error(
                "State of another lineage",
                format!(
                    "The state that is there has lineage {}, the new one {}: they are not versions \
                     of one state. --force puts it in its place all the same.",
                    self.lineage, other.lineage
                ),
            ));
        }
        if self.serial > other.serial || (self.serial == other.serial && self != other) {
            return Some(Diagnostic::error(
                "State is older",
                format!(
                    "The state that is there has serial {}, the new one {}: something was recorded \
                     in between. --force puts it in its place all the same.",
                    self.serial, other.serial
                ),
            ));
        }
        self.lost_in(other)
    }

    /// Says of which resources another content does not have the bucket, under whatever address.
    pub fn lost_in(&self, other: &Self) -> Option<Diagnostic> {
        let object = |it: &Recorded| (it.identity.clone(), it.provider.clone());
        let there: BTreeSet<(String, String)> = other.resources.values().map(object).collect();
        let is_there = |address: &Address, it: &Recorded| {
            // Its provider may have been given another name.
            let here = other.resources.get(address);
            here.is_some_and(|here| here.identity == it.identity) || there.contains(&object(it))
        };
        let lost: Vec<String> = self
            .resources
            .iter()
            .filter(|(address, it)| !is_there(address, it))
            .map(|(address, _)| address.to_string())
            .collect();
        if lost.is_empty() {
            return None;
        }
        Some(Diagnostic::error(
            "State lacks resources",
            format!(
                "The new state does not have the buckets of {}, which would not be managed \
                 any more. If that is meant, say --force.",
                listed(lost.iter(), NAMED)
            ),
        ))
    }
}

/// What an address becomes where `source` becomes `destination`.
fn moved_to(
    source: &Target,
    destination: &Target,
    address: &Address,
    alone: bool,
) -> Option<Address> {
    let kind = |it: &Address| (it.resource.mode, Arc::clone(&it.resource.ty));
    let of_type = |new: Address| (kind(&new) == kind(address)).then_some(new);
    match (source, destination) {
        (Target::Module(from), Target::Module(to)) => {
            let rest = address.resource.module.get(from.len()..)?;
            // A module with keys that was named without them keeps them.
            let kept = address.resource.module.get(..from.len())?;
            let keyed = from.iter().zip(kept).any(|(from, is)| from.key != is.key);
            let mut steps: Vec<ModuleStep> = to.to_vec();
            if keyed {
                let (last, was) = (steps.last_mut()?, kept.last()?);
                last.key = was.key.clone();
            }
            steps.extend(rest.iter().cloned());
            let module: Arc<[ModuleStep]> = steps.into();
            Some(address.resource.in_module(&module).instance(address.key.clone()))
        }
        (Target::Resource(_), Target::Resource(to)) => of_type(to.instance(address.key.clone())),
        (Target::Resource(_) | Target::Instance(_), Target::Instance(to)) => {
            let fits = alone && (address.key == InstanceKey::None || source_is_one(source));
            fits.then(|| to.clone()).and_then(of_type)
        }
        (Target::Instance(_), Target::Resource(to)) => of_type(to.instance(InstanceKey::None)),
        (Target::Module(_), Target::Resource(_) | Target::Instance(_))
        | (Target::Resource(_) | Target::Instance(_), Target::Module(_)) => None,
    }
}

fn source_is_one(source: &Target) -> bool {
    matches!(source, Target::Instance(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn state(addresses: &[&str]) -> StateFile {
        let mut state = StateFile::new("lineage".into(), "0.1.0");
        for (n, address) in addresses.iter().enumerate() {
            let recorded = Recorded {
                identity: format!("bucket-{n}"),
                provider: "aws".into(),
                region: None,
                values: Value::object([("bucket", Value::from(*address))]),
                depends_on: vec![],
                prevent_destroy: false,
                forget_on_destroy: false,
                owner: None,
            };
            state.resources.insert(address.parse().unwrap(), recorded);
        }
        state
    }

    fn after(state: &StateFile, edit: Edit) -> StateFile {
        let mut state = state.clone();
        for change in edit.changes {
            change.apply_to(&mut state);
        }
        state
    }

    fn names(state: &StateFile) -> Vec<String> {
        state.resources.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn records_move_as_terraforms_do() {
        let rows: [(&[&str], &str, &str, &[&str]); 9] = [
            (&["t.a", "t.c"], "t.a", "t.b", &["t.b", "t.c"]),
            (&["t.a[0]", "t.a[1]"], "t.a", "t.b", &["t.b[0]", "t.b[1]"]),
            (&["t.a"], "t.a", "t.a[0]", &["t.a[0]"]),
            (&["t.a"], "t.a", "t.b[\"x\"]", &["t.b[\"x\"]"]),
            (&["t.a[0]", "t.a[1]"], "t.a[0]", "t.b", &["t.a[1]", "t.b"]),
            (&["t.a[0]"], "t.a[0]", "t.a[\"x\"]", &["t.a[\"x\"]"]),
            (&["t.a"], "t.a", "module.m.t.a", &["module.m.t.a"]),
            (
                &["module.m.t.a", "module.m.module.n.t.a", "t.a"],
                "module.m",
                "module.o[\"x\"]",
                &["t.a", "module.o[\"x\"].t.a", "module.o[\"x\"].module.n.t.a"],
            ),
            (
                &["module.m[0].t.a", "module.m[1].t.a"],
                "module.m",
                "module.o",
                &["module.o[0].t.a", "module.o[1].t.a"],
            ),
        ];
        for (addresses, from, to, expected) in rows {
            let state = state(addresses);
            let moved = after(&state, state.rename(from, to).unwrap());
            assert_eq!(names(&moved), expected, "{from} to {to}");
            let buckets = |state: &StateFile| -> BTreeSet<String> {
                state.resources.values().map(|it| it.identity.clone()).collect()
            };
            assert_eq!(buckets(&moved), buckets(&state), "nothing is lost");
        }
    }

    #[test]
    fn a_move_that_would_lose_something_is_refused() {
        let state = state(&["t.a", "t.b", "u.c", "t.d[0]", "t.d[1]"]);
        for (from, to, summary) in [
            ("t.a", "t.b", "Destination is taken"),
            ("t.a", "t.a", "Nothing to move"),
            ("t.d", "t.d", "Nothing to move"),
            ("t.x", "t.y", "Not in the state"),
            ("t.a", "u.a", "Impossible move"),
            ("t.a", "data.t.x", "Impossible move"),
            ("t.a", "data.t.x[0]", "Impossible move"),
            ("t.d", "t.e[0]", "Impossible move"),
            ("t.a", "module.m", "Impossible move"),
            ("module.m", "t.a", "Not in the state"),
            ("t.", "t.b", "Invalid address"),
        ] {
            assert_eq!(state.rename(from, to).unwrap_err().summary, summary, "{from} to {to}");
        }
    }

    #[test]
    fn what_refers_to_a_moved_block_follows_it() {
        let mut state = state(&["t.a", "t.b"]);
        let b = state.resources.get_mut(&"t.b".parse().unwrap()).unwrap();
        b.depends_on = vec!["t.a".parse().unwrap()];
        let moved = after(&state, state.rename("t.a", "t.z").unwrap());
        assert_eq!(moved.resources[&"t.b".parse().unwrap()].depends_on, ["t.z".parse().unwrap()]);
    }

    #[test]
    fn records_are_dropped_by_instance_block_or_module() {
        let state = state(&["t.a[0]", "t.a[1]", "module.m.t.a", "t.b"]);
        let left = |addresses: &[&str]| {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            names(&after(&state, state.remove(&addresses).unwrap()))
        };
        assert_eq!(left(&["t.a[0]", "t.a[0]"]), ["t.a[1]", "t.b", "module.m.t.a"]);
        assert_eq!(left(&["t.a", "module.m"]), ["t.b"]);
        let error = state.remove(&["t.b".into(), "t.c".into()]).unwrap_err();
        assert_eq!(error.summary, "Not in the state");
        let error = state.replace_provider("aws", "aws").unwrap_err();
        assert_eq!(error.summary, "Nothing to replace");
    }

    #[test]
    fn a_state_gives_way_only_to_its_own_next_version() {
        let here = StateFile { serial: 7, ..state(&["t.a"]) };
        let version = |serial, addresses: &[&str]| StateFile { serial, ..state(addresses) };
        let objection = |other: StateFile| here.objection(&other).map(|it| it.summary);
        assert_eq!(objection(version(8, &["t.a", "t.b"])), None);
        assert_eq!(objection(here.clone()), None);
        assert_eq!(objection(version(6, &["t.a"])), Some("State is older"));
        assert_eq!(objection(version(7, &["t.a", "t.b"])), Some("State is older"));
        assert_eq!(objection(version(8, &["t.b"])), None, "its bucket is recorded there");
        assert_eq!(objection(version(8, &[])), Some("State lacks resources"));
        let mut another = version(8, &["t.a"]);
        another.resources.values_mut().for_each(|it| it.identity = "another".into());
        assert_eq!(objection(another), Some("State lacks resources"));
        let other = StateFile { lineage: "other".into(), ..version(8, &["t.a"]) };
        assert_eq!(objection(other), Some("State of another lineage"));
    }
}
