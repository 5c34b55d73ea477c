//! Expressions to values, and a configuration to the instances that it declares.
//!
//! Owns references, scope, expressions, functions and variables. It is one pure function over
//! values; a value can be unknown or sensitive. What a function reads from a file comes through
//! [`functions::Files`].

mod assertion;
mod condition;
mod decode;
mod dependency;
mod expression;
pub mod functions;
mod import;
mod notify;
mod pattern;
mod place;
mod reference;
mod repeat;
mod run;
mod size;
mod tree;
mod variable;

pub use self::assertion::{Assertion, evaluate_alone, variables};
pub use self::decode::span_of;
pub use self::dependency::{Edge, IDLE, dependencies};
pub use self::reference::{Item, Node, roots};
pub use self::tree::{Module, ModulePath, Tree};
pub use self::variable::{Given, GivenValue, Origin};

use self::expression::{Scope, World};
use self::functions::Context;
use self::reference::Root;
use self::run::Run;
use crate::addr::{Address, Mode};
use crate::config::Expr;
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::schema::Schema;
use crate::value::{Type, Value};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What evaluation works on.
pub struct Input<'a> {
    /// The modules of the configuration.
    pub tree: &'a Tree<'a>,
    /// Everything that has a value, what is needed first.
    pub order: &'a [Node],
    /// The values of the root module's variables from outside, of higher precedence last.
    pub given: &'a [Given],
    /// A variable without a value is unknown instead of an error, and conditions are not held.
    pub lenient: bool,
    /// The schema of a resource type or data source, if there is one of this name.
    pub resource_schema: &'a dyn Fn(Mode, &str) -> Option<&'static Schema>,
    /// The names of the resource types or data sources.
    pub resource_types: &'a dyn Fn(Mode) -> Vec<&'static str>,
    /// The schema of `provider "aws"`.
    pub provider_schema: &'static Schema,
    /// What references to a resource see, given what it declares.
    pub resolve: &'a dyn Fn(&Address, &Value) -> Value,
    /// What a data source was found to be, given what it declares; while it has not been read,
    /// everything else is unknown.
    pub data: &'a dyn Fn(&Address, &Value) -> Value,
    /// What functions may ask of the outside world, by the directory of the module.
    pub contexts: &'a BTreeMap<Arc<str>, Context<'a>>,
    /// The directory that the command was started in: `path.cwd`.
    pub cwd: &'a str,
}

/// What a configuration comes to.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// The settings of each `provider` block by address.
    pub providers: BTreeMap<Arc<str>, Value>,
    /// Every instance of every resource, in the order of addresses.
    pub instances: Vec<Instance>,
    /// Every instance of every data source that has not been read, in the order of addresses. One
    /// that is not wholly known cannot be read yet.
    pub unread: Vec<Instance>,
    /// The outputs whose values could be found; sensitive where declared so.
    pub outputs: BTreeMap<Arc<str>, Value>,
    /// What the `import` blocks say.
    pub imports: Vec<Import>,
    /// Where the messages of each `notify` block go, as far as that could be found.
    pub webhooks: BTreeMap<Arc<str>, Webhook>,
}

/// One instance of a resource or data source, as declared.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its address.
    pub address: Address,
    /// Everything that its schema lets a configuration set; null where nothing is declared.
    pub declared: Value,
    /// The address of its provider.
    pub provider: Arc<str>,
}

/// An object that an `import` block says belongs to an address.
#[derive(Clone, Debug)]
pub struct Import {
    /// The address.
    pub address: Address,
    /// What names the object.
    pub id: Arc<str>,
    /// Where the block says so.
    pub span: Span,
}

/// Where the messages of a `notify` block go. Nothing of it may be shown.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The value of `url`.
    pub url: Value,
    /// The value of `headers`; null where there are none.
    pub headers: Value,
}

/// Evaluates the configuration. Whatever fails is reported; what depends on it is left out
/// quietly, so that each fault is told once.
pub fn evaluate(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Evaluation {
    evaluate_for(input, false, diagnostics).evaluation
}

/// Evaluates the configuration for expressions that come later and may refer to anything in the
/// root module.
pub fn session<'a>(input: &'a Input<'a>, diagnostics: &mut Diagnostics) -> Session<'a> {
    evaluate_for(input, true, diagnostics)
}

/// A configuration that has been evaluated, and what its expressions refer to.
pub struct Session<'a> {
    /// What the configuration comes to.
    pub evaluation: Evaluation,
    run: Run<'a>,
}

impl Session<'_> {
    /// The value of an expression in the root module; `bound` are further names that it may use.
    ///
    /// # Errors
    /// Every reference that leads nowhere, or why the expression has no value.
    pub fn eval(&self, expr: &Expr, bound: &[(&str, Value)]) -> Result<Value, Diagnostics> {
        let mut faults = Diagnostics::new();
        if let Some(place) = self.run.place() {
            dependency::check(place.module, expr, bound.iter().map(|(name, _)| *name), &mut faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let outer = Scope::new(&self.run);
        outer.bind(bound).eval(expr).map_err(|fault| vec![*fault])
    }
}

fn evaluate_for<'a>(
    input: &'a Input<'a>,
    keep_all: bool,
    diagnostics: &mut Diagnostics,
) -> Session<'a> {
    let before = diagnostics.len();
    let mut run = Run::new(input, keep_all, diagnostics);
    for node in input.order {
        run.everywhere(node, diagnostics);
    }
    // A reference that leads nowhere was found statically, too, and told there.
    let mut found = diagnostics.split_off(before);
    let told: BTreeSet<_> = diagnostics.iter().filter_map(|fault| fault.subject).collect();
    found.retain(|fault| {
        fault.summary != expression::INVALID_REFERENCE
            || fault.subject.is_none_or(|span| !told.contains(&span))
    });
    diagnostics.append(&mut found);
    let mut evaluation = std::mem::take(&mut run.result);
    evaluation.instances.sort_by(by_address);
    evaluation.unread.sort_by(by_address);
    run.at = 0;
    Session { evaluation, run }
}

/// The order of addresses. Those of one block share its name, so that only their keys are compared.
fn by_address(a: &Instance, b: &Instance) -> Ordering {
    let (of_a, of_b) = (&a.address.resource, &b.address.resource);
    if Arc::ptr_eq(&of_a.name, &of_b.name)
        && Arc::ptr_eq(&of_a.ty, &of_b.ty)
        && Arc::ptr_eq(&of_a.module, &of_b.module)
        && of_a.mode == of_b.mode
    {
        a.address.key.cmp(&b.address.key)
    } else {
        a.address.cmp(&b.address)
    }
}

/// Evaluates an expression that refers to nothing but what is bound.
fn evaluate_constant(
    expr: &Expr,
    bound: &[(&str, Value)],
    context: &Context<'_>,
) -> Result<Value, Box<Diagnostic>> {
    struct Nothing<'a>(&'a Context<'a>);
    impl World for Nothing<'_> {
        fn lookup(&self, _: Root, _: &str, _: &str) -> Option<Value> {
            None
        }
        fn context(&self) -> &Context<'_> {
            self.0
        }
    }
    let nothing = Nothing(context);
    Scope::new(&nothing).bind(bound).eval(expr)
}

/// What stands in for a value that could not be found, so that what needs it says nothing more.
const FAILED: Value = Value::unknown(Type::Any);

#[cfg(test)]
mod tests;
