//! Sealform keeps the default encryption of S3 buckets as declared in files.
//!
//! The library is divided into rooms. Each owns something, and names only the rooms that the table
//! allows; `tests/architecture.rs` holds the source to it. Data goes down the table: files are
//! parsed (`config`), put in order (`graph`), evaluated (`eval`), compared with what is recorded
//! (`state`) and live (`refresh`), decided about (`plan`), shown (`render`) and done (`apply`).
//!
//! | room | owns | may name |
//! |---|---|---|
//! | `value` | values, types, conversions, numbers | – |
//! | `addr` | addresses and attribute paths | – |
//! | `diag` | diagnostics, spans, sources | `addr` |
//! | `schema` | what attributes and blocks there are | `value` |
//! | `config` | files to a typed configuration, every node with its span | `addr`, `diag`, `value` |
//! | `eval` | references, scope, expressions, functions, variables | `config`, `schema`, `addr`, `value`, `diag` |
//! | `graph` | order and cycles | `eval`, `addr`, `diag` |
//! | `resource` | the pure half of each resource type | `schema`, `addr`, `value`, `diag` |
//! | `state` | the state: its file, journal and lock, here and on S3 | `provider`, `addr`, `value`, `diag` |
//! | `plan` | the three-way comparison, plans, the plan file | `config`, `eval`, `resource`, `state`, `addr`, `value`, `diag` |
//! | `report` | what a run found, as one document | `plan`, `resource`, `event`, `addr`, `value`, `diag` |
//! | `event` | what happens, and who takes note of it | `plan`, `state`, `diag` |
//! | `provider` | the services: S3 through the AWS SDK, webhooks | `resource`, `schema`, `addr`, `value`, `diag` |
//! | `refresh` | reading what is live, many objects at once | `event`, `provider`, `resource`, `value` |
//! | `apply` | carrying out a plan | `event`, `plan`, `provider`, `resource`, `state`, `addr`, `value`, `diag` |
//! | `engine` | each command's work as a list of calls to rooms | `report`, `apply`, `refresh`, `provider`, `plan`, `event`, `state`, `resource`, `graph`, `eval`, `config`, `schema`, `sandbox`, `addr`, `value`, `diag` |
//! | `render` | plans, events, reports and diagnostics as text, JSON and graphs | `report`, `event`, `plan`, `state`, `eval`, `schema`, `addr`, `value`, `diag` |
//! | `sandbox` | the embedded S3, KMS, STS and `CloudTrail` | – |
//! | `cli` | flags, environment, clock, signals, terminal, exit codes | `engine`, `render`, `report`, `event`, `plan`, `state`, `resource`, `config`, `sandbox`, `addr`, `diag` |

pub mod addr;
pub mod apply;
pub mod cli;
pub mod config;
pub mod diag;
pub mod engine;
pub mod eval;
pub mod event;
pub mod graph;
pub mod plan;
pub mod provider;
pub mod refresh;
pub mod render;
pub mod report;
pub mod resource;
pub mod sandbox;
pub mod schema;
pub mod state;
pub mod value;
