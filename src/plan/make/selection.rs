//! What of the fleet is looked at.

use crate::addr::{Address, ResourceAddr, Target};
use crate::eval::Instance;
use std::collections::{BTreeMap, BTreeSet};

/// `--target` and `--exclude`.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these and what they depend on; all where there are none.
    pub targets: Vec<Target>,
    /// Not these.
    pub excludes: Vec<Target>,
}

impl Selection {
    /// Whether anything is left out.
    pub fn is_partial(&self) -> bool {
        !self.targets.is_empty() || !self.excludes.is_empty()
    }

    /// The blocks that targeted ones depend on, by way of others too.
    pub fn needed_blocks(
        &self,
        dependencies: &BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>>,
        instances: &[Instance],
    ) -> BTreeSet<ResourceAddr> {
        let mut needed = BTreeSet::new();
        if self.targets.is_empty() {
            return needed;
        }
        let mut open: Vec<ResourceAddr> = instances
            .iter()
            .filter(|instance| self.targets.iter().any(|it| it.covers(&instance.address)))
            .map(|instance| instance.address.resource.block())
            .collect();
        open.dedup();
        while let Some(block) = open.pop() {
            for dependency in dependencies.get(&block).into_iter().flatten() {
                if needed.insert(dependency.clone()) {
                    open.push(dependency.clone());
                }
            }
        }
        needed
    }

    /// Whether an instance is looked at.
    pub fn includes(&self, address: &Address, needed: &BTreeSet<ResourceAddr>) -> bool {
        let targeted = self.targets.is_empty()
            || self.targets.iter().any(|target| target.covers(address))
            || (!needed.is_empty() && needed.contains(&address.resource.block()));
        targeted && !self.excludes.iter().any(|target| target.covers(address))
    }
}
