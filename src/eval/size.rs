//! Bounds how large and how deep the values of locals grow.
//!
//! A value shares its parts, so that a few lines, each naming the last one twice, make one that no
//! walk would ever come to the end of; and ten thousand lines, each wrapping the last one, make one
//! too deep to walk at all. Both are refused where they arise.

use crate::value::Value;
use std::collections::BTreeMap;

/// The deepest value that is let through; JSON is read to 128 levels.
const MAX_DEPTH: usize = 256;
/// The most parts of a value that is let through: a hundred thousand buckets of a hundred each.
const MAX_PARTS: usize = 10_000_000;

/// Why a value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    Depth,
    Parts,
}

impl Excess {
    pub(super) fn detail(self) -> String {
        match self {
            Self::Depth => format!("The value has more than {MAX_DEPTH} values within each other."),
            Self::Parts => format!("The value has more than {MAX_PARTS} parts."),
        }
    }
}

#[derive(Clone, Copy)]
struct Size {
    depth: usize,
    parts: usize,
}

/// What is known of the sizes of values. What is shared is measured once.
#[derive(Default)]
pub(super) struct Sizes {
    /// By where the parts lie in memory.
    known: BTreeMap<usize, Size>,
    /// Everything measured, so that no place in memory comes to mean another value.
    kept: Vec<Value>,
}

impl Sizes {
    /// Refuses a value that is too large or too deep. Costs a walk over what is new in it.
    pub(super) fn check(&mut self, value: &Value) -> Result<(), Excess> {
        let size = self.measure(value);
        if value.shared_place().is_some() {
            self.kept.push(value.clone());
        }
        if size.depth > MAX_DEPTH {
            Err(Excess::Depth)
        } else if size.parts > MAX_PARTS {
            Err(Excess::Parts)
        } else {
            Ok(())
        }
    }

    /// Recursive, to the depth of one expression on top of values that were let through.
    fn measure(&mut self, value: &Value) -> Size {
        let Some(place) = value.shared_place() else { return Size { depth: 0, parts: 1 } };
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        let mut size = Size { depth: 0, parts: 1 };
        let fields = value.as_fields().into_iter().flat_map(crate::value::Fields::values);
        for part in value.as_items().into_iter().flatten().chain(fields) {
            let part = self.measure(part);
            size.depth = size.depth.max(part.depth + 1);
            size.parts = size.parts.saturating_add(part.parts);
        }
        self.known.insert(place, size);
        size
    }
}
