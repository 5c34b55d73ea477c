//! For people: text that is read in a terminal or in the log of a build.

mod consent;
mod drift;
mod leaves;
mod outcome;
mod outputs;
mod plan;
mod progress;
mod show;
mod testing;

pub use self::consent::consent;
pub use self::drift::{drift, watched};
pub use self::outcome::outcome;
pub use self::outputs::outputs;
pub use self::plan::{plan, plan_knowing};
pub use self::progress::Progress;
pub use self::show::{resource, state};
pub use self::testing::{test_event, tested};
