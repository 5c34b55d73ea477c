//! What `--target` and `--exclude` name, held against what there is.

use crate::addr::{Address, InstanceKey, ModuleStep, ResourceAddr, Target};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean, has_errors, listed, suggest};
use std::collections::BTreeSet;

/// So many instances of a block are named.
const NAMED: usize = 8;
/// So many blocks are, whose addresses are longer.
const BLOCKS: usize = 3;

/// Reports targets that name nothing, which most often are misspelled.
pub(super) fn check_targets<'a>(
    targets: impl Iterator<Item = &'a Target>,
    known: &BTreeSet<&Address>,
    diagnostics: &mut Diagnostics,
) {
    if has_errors(diagnostics) {
        return;
    }
    for target in targets {
        if known.iter().any(|address| target.covers(address)) {
            continue;
        }
        let hint = match target {
            Target::Module(_) => module_meant(target, known),
            Target::Resource(block) => block_meant(block, &InstanceKey::None, known),
            Target::Instance(address) => instance_meant(address, known),
        };
        diagnostics.push(Diagnostic::error(
            "Unknown target",
            format!("{target} is neither in the configuration nor in the state.{hint}"),
        ));
    }
}

/// The module, with or without keys, that has nearly this name.
fn module_meant(target: &Target, known: &BTreeSet<&Address>) -> String {
    let modules: BTreeSet<&[ModuleStep]> =
        known.iter().map(|address| &*address.resource.module).collect();
    let mut names = BTreeSet::new();
    for module in modules {
        for length in 1..=module.len() {
            let Some(steps) = module.get(..length) else { continue };
            names.insert(Target::Module(steps.into()).to_string());
            let open = steps.iter().map(|it| ModuleStep { key: InstanceKey::None, ..it.clone() });
            names.insert(Target::Module(open.collect()).to_string());
        }
    }
    did_you_mean(&target.to_string(), names.iter().map(String::as_str))
}

/// The block that has this name and another type, or nearly this name; with the key where it has such
/// an instance. Otherwise those that there are. The type is most of an address, so that by whole
/// addresses all would be similar.
fn block_meant(block: &ResourceAddr, key: &InstanceKey, known: &BTreeSet<&Address>) -> String {
    let blocks: BTreeSet<&ResourceAddr> = known.iter().map(|address| &address.resource).collect();
    let near = || blocks.iter().filter(|it| it.module == block.module);
    let namesake = || near().find(|it| it.name == block.name);
    let alike = || {
        let same = || near().filter(|it| (it.mode, &it.ty) == (block.mode, &block.ty));
        let name = suggest(&block.name, same().map(|it| &*it.name))?;
        same().find(|it| &*it.name == name)
    };
    let Some(meant) = namesake().or_else(alike) else {
        return match near().collect::<Vec<_>>().as_slice() {
            [] => String::new(),
            [one] => format!(" There is {one}."),
            all => format!(" There are {}.", listed(all.iter(), BLOCKS)),
        };
    };
    let instance = meant.instance(key.clone());
    if known.contains(&instance) {
        suggestion(&instance.to_string())
    } else {
        suggestion(&meant.to_string())
    }
}

/// The instance of the same block that has nearly this key, or else those that there are.
fn instance_meant(address: &Address, known: &BTreeSet<&Address>) -> String {
    let Address { resource, key } = address;
    let first = resource.instance(InstanceKey::None);
    let keys: Vec<&InstanceKey> = known
        .range::<Address, _>(&first..)
        .take_while(|it| it.resource == *resource)
        .map(|it| &it.key)
        .collect();
    match keys.as_slice() {
        [] => block_meant(resource, key, known),
        [InstanceKey::None] => suggestion(&resource.to_string()),
        all => match key_meant(key, all) {
            Some(key) => suggestion(&resource.instance(key).to_string()),
            None => format!(" {resource} has the instances {}.", listed(all.iter(), NAMED)),
        },
    }
}

/// The key that is written in nearly the same way. A number is not more like one than another.
fn key_meant(key: &InstanceKey, all: &[&InstanceKey]) -> Option<InstanceKey> {
    let other = match key {
        InstanceKey::None => return None,
        InstanceKey::Index(index) => InstanceKey::Name(index.to_string().into()),
        InstanceKey::Name(name) => {
            let names = all.iter().filter_map(|it| match it {
                InstanceKey::Name(name) => Some(&**name),
                InstanceKey::None | InstanceKey::Index(_) => None,
            });
            match suggest(name, names) {
                Some(name) => return Some(InstanceKey::Name(name.into())),
                None => InstanceKey::Index(name.parse().ok()?),
            }
        }
    };
    all.contains(&&other).then_some(other)
}

/// That this was meant, so that it can be pasted into a shell.
fn suggestion(name: &str) -> String {
    did_you_mean(name, [name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_named_and_otherwise_what_there_is() {
        let known = [
            "a_long_type.logs[\"eu-west\"]",
            "a_long_type.logs[\"us-east\"]",
            "a_long_type.many[0]",
            "a_long_type.many[1]",
            "a_long_type.many[2]",
            "a_long_type.one",
            "module.team[\"x\"].a_long_type.data",
        ]
        .map(|it| it.parse::<Address>().unwrap());
        let known: BTreeSet<&Address> = known.iter().collect();
        for (target, hint) in [
            ("a_long_type.logs[\"eu-wset\"]", " Did you mean 'a_long_type.logs[\"eu-west\"]'?"),
            (
                "a_long_type.logs[\"ap\"]",
                " a_long_type.logs has the instances [\"eu-west\"], [\"us-east\"].",
            ),
            (
                "a_long_type.logs[0]",
                " a_long_type.logs has the instances [\"eu-west\"], [\"us-east\"].",
            ),
            ("a_long_type.many[3]", " a_long_type.many has the instances [0], [1], [2]."),
            ("a_long_type.many[\"1\"]", " Did you mean \"a_long_type.many[1]\"?"),
            ("a_long_type.one[0]", " Did you mean \"a_long_type.one\"?"),
            ("a_long_type.lgos[\"us-east\"]", " Did you mean 'a_long_type.logs[\"us-east\"]'?"),
            ("a_long_type.lgos[\"ap\"]", " Did you mean \"a_long_type.logs\"?"),
            ("a_type.logs", " Did you mean \"a_long_type.logs\"?"),
            (
                "a_long_type.archive",
                " There are a_long_type.logs, a_long_type.many, a_long_type.one.",
            ),
            (
                "module.team[\"x\"].a_long_type.logs",
                " There is module.team[\"x\"].a_long_type.data.",
            ),
            ("module.network.a_long_type.logs", ""),
            ("module.taem", " Did you mean \"module.team\"?"),
            ("module.network", ""),
        ] {
            let mut told = Diagnostics::new();
            check_targets([target.parse().unwrap()].iter(), &known, &mut told);
            let start = format!("{target} is neither in the configuration nor in the state.");
            assert_eq!(told[0].detail, start + hint);
        }
        let mut told = Diagnostics::new();
        let there = ["module.team", "a_long_type.logs", "a_long_type.many[2]"];
        check_targets(there.map(|it| it.parse().unwrap()).iter(), &known, &mut told);
        assert_eq!(told, []);
    }
}
