//! The plan as a file: versioned JSON.

use super::Plan;
use serde::{Deserialize, Serialize};

/// The version of the format that this tool writes, and the only one that it reads.
pub const VERSION: u64 = 1;

/// Why a file is not a plan that can be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is not a plan at all.
    #[error("it is not a plan that `sealform plan --out` wrote: {0}")]
    NotAPlan(serde_json::Error),
    /// A newer tool wrote it.
    #[error("its format has version {0}, and this tool reads version {VERSION}; plan again")]
    Version(u64),
}

#[derive(Deserialize)]
struct Sniff {
    sealform_plan: u64,
}

#[derive(Serialize)]
struct Document<'a> {
    sealform_plan: u64,
    #[serde(flatten)]
    plan: &'a Plan,
}

impl Plan {
    /// Reads a plan file. The version is looked at before anything else.
    ///
    /// # Errors
    /// The bytes are not a plan, or one of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PlanFileError> {
        let sniff: Sniff = serde_json::from_slice(bytes).map_err(PlanFileError::NotAPlan)?;
        if sniff.sealform_plan != VERSION {
            return Err(PlanFileError::Version(sniff.sealform_plan));
        }
        let mut document: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(bytes).map_err(PlanFileError::NotAPlan)?;
        document.remove("sealform_plan");
        let mut plan: Self =
            serde_json::from_value(document.into()).map_err(PlanFileError::NotAPlan)?;
        for step in &mut plan.steps {
            if let Some(after) = &mut step.after {
                for path in &step.sensitive {
                    *after = after.mark_at(path.steps());
                }
            }
        }
        Ok(plan)
    }

    /// The plan as a file's bytes.
    ///
    /// # Errors
    /// None that a plan made by this tool can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes =
            serde_json::to_vec_pretty(&Document { sealform_plan: VERSION, plan: self })?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
