//! Expressions to values, and a configuration to the instances that it declares.
//!
//! Owns references, scope, expressions, functions and variables. It is one pure function over
//! values; a value can be unknown or sensitive. What a function reads from a file comes through
//! [`functions::Files`].

mod decode;
mod expression;
pub mod functions;
mod reference;
mod size;
mod variable;

pub use self::decode::span_of;
pub use self::reference::{Edge, Node, dependencies};
pub use self::variable::{Given, GivenValue, Origin};

use self::expression::{Scope, World, capital, fault};
use self::functions::Context;
use self::reference::Root;
use crate::addr::{Address, InstanceKey, ResourceAddr};
use crate::config::{Config, Expr, Repeat, Resource};
use crate::diag::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::value::{Fields, Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most instances that one block may have; more is a slip, such as a wrong `range`.
const MAX_INSTANCES: usize = 1_000_000;

/// What evaluation works on.
pub struct Input<'a> {
    /// What the files declare.
    pub config: &'a Config,
    /// Everything that has a value, what is needed first.
    pub order: &'a [Node],
    /// The values of variables from outside, of higher precedence last.
    pub given: &'a [Given],
    /// A variable without a value is unknown instead of an error.
    pub lenient: bool,
    /// The schema of a resource type, if there is such a type.
    pub resource_schema: &'a dyn Fn(&str) -> Option<&'static Schema>,
    /// The names of the resource types.
    pub resource_types: &'a [&'static str],
    /// The schema of `provider "aws"`.
    pub provider_schema: &'static Schema,
    /// What references to a resource see, given what it declares.
    pub resolve: &'a dyn Fn(&Address, &Value) -> Value,
    /// What functions may ask of the outside world.
    pub context: Context<'a>,
    /// `path.module` and `path.root`, and `path.cwd`.
    pub paths: Paths<'a>,
}

/// The directories that expressions may name.
#[derive(Clone, Copy, Debug)]
pub struct Paths<'a> {
    /// The directory of the configuration, as the user named it.
    pub root: &'a str,
    /// The directory that the command was started in.
    pub cwd: &'a str,
}

/// What a configuration comes to.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// The settings of each `provider` block by address.
    pub providers: BTreeMap<Arc<str>, Value>,
    /// Every instance of every resource, in the order of addresses.
    pub instances: Vec<Instance>,
    /// The outputs whose values could be found; sensitive where declared so.
    pub outputs: BTreeMap<Arc<str>, Value>,
}

/// One instance of a resource, as declared.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its address.
    pub address: Address,
    /// Everything that its schema lets a configuration set; null where nothing is declared.
    pub declared: Value,
    /// The address of its provider.
    pub provider: Arc<str>,
}

/// Evaluates the configuration. Whatever fails is reported; what depends on it is left out
/// quietly, so that each fault is told once.
pub fn evaluate(input: &Input<'_>, diagnostics: &mut Diagnostics) -> Evaluation {
    let mut run = Run {
        input,
        values: Values::default(),
        referenced: reference::referenced_resources(input.config),
        repeated: None,
        sizes: size::Sizes::default(),
        result: Evaluation::default(),
    };
    let before = diagnostics.len();
    run.values.variables = variable::resolve(input, diagnostics);
    for node in input.order {
        run.node(node, diagnostics);
    }
    // A reference that leads nowhere was found statically, too, and told there.
    let mut found = diagnostics.split_off(before);
    let told: BTreeSet<_> = diagnostics.iter().filter_map(|fault| fault.subject).collect();
    found.retain(|fault| {
        fault.summary != expression::INVALID_REFERENCE
            || fault.subject.is_none_or(|span| !told.contains(&span))
    });
    diagnostics.append(&mut found);
    run.result.instances.sort_by(|a, b| a.address.cmp(&b.address));
    run.result
}

/// Evaluates an expression that refers to nothing.
fn evaluate_constant(expr: &Expr, context: &Context<'_>) -> Result<Value, Box<Diagnostic>> {
    struct Nothing<'a>(&'a Context<'a>);
    impl World for Nothing<'_> {
        fn lookup(&self, _: Root, _: &str, _: &str) -> Option<Value> {
            None
        }
        fn context(&self) -> &Context<'_> {
            self.0
        }
    }
    Scope::new(&Nothing(context)).eval(expr)
}

/// The values that are known so far.
#[derive(Default)]
struct Values {
    variables: BTreeMap<Arc<str>, Value>,
    locals: BTreeMap<Arc<str>, Value>,
    /// By type, then by name.
    resources: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Value>>,
}

struct Run<'a> {
    input: &'a Input<'a>,
    values: Values,
    referenced: BTreeSet<ResourceAddr>,
    /// What `each` and `count` are in the instance that is evaluated now.
    repeated: Option<Repeated>,
    sizes: size::Sizes,
    result: Evaluation,
}

/// What tells one instance of a block from another.
struct Repeated {
    key: InstanceKey,
    value: Value,
}

impl World for Run<'_> {
    fn lookup(&self, root: Root, type_name: &str, name: &str) -> Option<Value> {
        match root {
            // What has no value has been reported: as unknown, as part of a cycle, or as failed.
            Root::Variable => Some(self.values.variables.get(name).cloned().unwrap_or(FAILED)),
            Root::Local => Some(self.values.locals.get(name).cloned().unwrap_or(FAILED)),
            Root::Resource => {
                let found = self.values.resources.get(type_name).and_then(|it| it.get(name));
                Some(found.cloned().unwrap_or(FAILED))
            }
            Root::Each => match (&self.repeated.as_ref()?.key, name) {
                (InstanceKey::Name(key), "key") => Some(Value::String(Arc::clone(key))),
                (InstanceKey::Name(_), "value") => Some(self.repeated.as_ref()?.value.clone()),
                _ => None,
            },
            Root::Count => match (&self.repeated.as_ref()?.key, name) {
                (InstanceKey::Index(index), "index") => {
                    Some(Value::from(i64::try_from(*index).unwrap_or(i64::MAX)))
                }
                _ => None,
            },
            Root::Path => match name {
                "module" | "root" => Some(Value::from(self.input.paths.root)),
                "cwd" => Some(Value::from(self.input.paths.cwd)),
                _ => None,
            },
        }
    }

    fn context(&self) -> &Context<'_> {
        &self.input.context
    }
}

/// What stands in for a value that could not be found, so that what needs it says nothing more.
const FAILED: Value = Value::Unknown(Type::Any);

impl Run<'_> {
    fn node(&mut self, node: &Node, diagnostics: &mut Diagnostics) {
        let config = self.input.config;
        match node {
            Node::Variable(name) => {
                if let Some(variable) = config.variables.get(name) {
                    variable::validate(variable, &Scope::new(self), diagnostics);
                }
            }
            Node::Local(name) => {
                let Some(local) = config.locals.get(name) else { return };
                let value = Scope::new(self).eval(&local.expr).and_then(|value| {
                    let checked = self.sizes.check(&value);
                    let refused = |excess: size::Excess| {
                        fault("Value too large", excess.detail(), local.expr.span)
                    };
                    checked.map_err(refused).map(|()| value)
                });
                let value = report(value, diagnostics);
                self.values.locals.insert(Arc::clone(name), value);
            }
            Node::Provider(address) => {
                let Some(provider) = config.providers.get(address) else { return };
                let schema = self.input.provider_schema;
                let span = provider.name.span;
                let before = diagnostics.len();
                decode::check(&provider.body, schema, "The provider \"aws\"", span, diagnostics);
                if diagnostics.len() > before {
                    return;
                }
                if let Some(settings) =
                    decode::body(&Scope::new(self), &provider.body, schema, diagnostics)
                {
                    self.result.providers.insert(Arc::clone(address), settings);
                }
            }
            Node::Resource(addr) => {
                let Some(resource) = config.resources.get(addr) else { return };
                let value = self.resource(resource, diagnostics).unwrap_or(FAILED);
                self.values
                    .resources
                    .entry(Arc::clone(&addr.ty))
                    .or_default()
                    .insert(Arc::clone(&addr.name), value);
            }
            Node::Output(name) => {
                let Some(output) = config.outputs.get(name) else { return };
                match Scope::new(self).eval(&output.value) {
                    Ok(value) => {
                        let hidden = value.any(&|part| part.is_sensitive());
                        if hidden && !output.sensitive {
                            diagnostics.push(*fault(
                                "Sensitive output",
                                format!(
                                    "The value of the output {name:?} is sensitive. Say \
                                     `sensitive = true`, or open it with `nonsensitive(…)`."
                                ),
                                output.value.span,
                            ));
                            return;
                        }
                        let value = value.sensitive_if(output.sensitive);
                        self.result.outputs.insert(Arc::clone(name), value);
                    }
                    Err(fault) => diagnostics.push(*fault),
                }
            }
        }
    }

    /// Evaluates the instances of a resource; gives what references to it see.
    fn resource(&mut self, resource: &Resource, diagnostics: &mut Diagnostics) -> Option<Value> {
        let input = self.input;
        let ty = &*resource.addr.ty;
        let Some(schema) = (input.resource_schema)(ty) else {
            let known = input.resource_types.iter().copied();
            let hint = crate::diag::did_you_mean(ty, known);
            diagnostics.push(*fault(
                "Unknown resource type",
                format!(
                    "There is no resource type {ty:?}.{hint} Known is {}.",
                    input.resource_types.join(", ")
                ),
                resource.header,
            ));
            return None;
        };
        let before = diagnostics.len();
        let what = format!("The resource {}", resource.addr);
        decode::check(&resource.body, schema, &what, resource.header, diagnostics);
        // What is there is evaluated all the same, so that all its faults are told at once.
        let sound = diagnostics.len() == before;
        let keys = self.keys(&resource.repeat, diagnostics);
        let provider: Arc<str> =
            resource.provider.as_ref().map_or_else(|| "aws".into(), |name| Arc::clone(&name.text));
        let referenced = self.referenced.contains(&resource.addr);
        let mut seen: Vec<(InstanceKey, Value)> = Vec::new();
        let mut failed = false;
        for repeated in keys? {
            let address = resource.addr.instance(repeated.key.clone());
            self.repeated = Some(repeated);
            let mut faults = Diagnostics::new();
            let declared = decode::body(&Scope::new(self), &resource.body, schema, &mut faults);
            self.repeated = None;
            let Some(declared) = declared else {
                failed = true;
                // Most often all instances share one fault, which is told once.
                for fault in faults {
                    let told = diagnostics.iter().skip(before).any(|known| {
                        known.subject == fault.subject && known.detail == fault.detail
                    });
                    if !told && diagnostics.len() < before + 20 {
                        diagnostics.push(fault.of(&address));
                    }
                }
                continue;
            };
            if !sound {
                continue;
            }
            if referenced {
                seen.push((address.key.clone(), (input.resolve)(&address, &declared)));
            }
            self.result.instances.push(Instance {
                address,
                declared,
                provider: Arc::clone(&provider),
            });
        }
        if failed || !sound {
            return None;
        }
        Some(match &resource.repeat {
            Repeat::One => seen.pop().map_or(FAILED, |(_, value)| value),
            Repeat::Count(_) => Value::tuple(seen.into_iter().map(|(_, value)| value).collect()),
            Repeat::ForEach(_) => Value::Object(
                seen.into_iter()
                    .filter_map(|(key, value)| match key {
                        InstanceKey::Name(name) => Some((name, value)),
                        InstanceKey::None | InstanceKey::Index(_) => None,
                    })
                    .collect::<Fields>(),
            ),
        })
    }

    /// The instances that a block has.
    fn keys(&self, repeat: &Repeat, diagnostics: &mut Diagnostics) -> Option<Vec<Repeated>> {
        let (expr, result) = match repeat {
            Repeat::One => {
                return Some(vec![Repeated { key: InstanceKey::None, value: Value::NULL }]);
            }
            Repeat::Count(expr) => {
                (expr, Scope::new(self).eval(expr).and_then(|it| count(&it, expr)))
            }
            Repeat::ForEach(expr) => {
                (expr, Scope::new(self).eval(expr).and_then(|it| for_each(&it, expr)))
            }
        };
        match result {
            Ok(keys) if keys.len() > MAX_INSTANCES => {
                let detail = format!(
                    "{} instances are more than the {MAX_INSTANCES} that one block may have.",
                    keys.len()
                );
                diagnostics.push(*fault("Too many instances", detail, expr.span));
                None
            }
            Ok(keys) => Some(keys),
            Err(fault) => {
                // What could not be found has been reported where it stands.
                let told = self.input.lenient || crate::diag::has_errors(diagnostics);
                if fault.summary != UNKNOWN_REPEAT || !told {
                    diagnostics.push(*fault);
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;

const UNKNOWN_REPEAT: &str = "Unknown number of instances";

fn unknown_repeat(what: &str, expr: &Expr) -> Box<Diagnostic> {
    fault(
        UNKNOWN_REPEAT,
        format!(
            "{what} must be known before anything is read. Name buckets by variables or \
                 literals."
        ),
        expr.span,
    )
}

fn count(value: &Value, expr: &Expr) -> Result<Vec<Repeated>, Box<Diagnostic>> {
    if value.is_sensitive() {
        let detail = "A sensitive value cannot decide how many instances there are: their number \
                      is shown.";
        return Err(fault("Sensitive count", detail, expr.span));
    }
    if value.is_unknown() {
        return Err(unknown_repeat("`count`", expr));
    }
    let number = value.convert(&Type::Number).map_err(|error| {
        fault("Wrong type", format!("{}.", capital(&error.to_string())), expr.span)
    })?;
    let count = number
        .as_number()
        .and_then(crate::value::Number::as_usize)
        .ok_or_else(|| fault("Invalid count", "`count` is a whole number from 0.", expr.span))?;
    if count > MAX_INSTANCES {
        let detail =
            format!("{count} instances are more than the {MAX_INSTANCES} that one block may have.");
        return Err(fault("Too many instances", detail, expr.span));
    }
    Ok((0..count as u64)
        .map(|index| Repeated { key: InstanceKey::Index(index), value: Value::NULL })
        .collect())
}

fn for_each(value: &Value, expr: &Expr) -> Result<Vec<Repeated>, Box<Diagnostic>> {
    let invalid = |detail: &str| Err(fault("Invalid for_each", detail, expr.span));
    match value {
        Value::Sensitive(_) => invalid(
            "A sensitive value cannot name instances: their keys are shown. Open it with \
             `nonsensitive(…)` if it may be shown.",
        ),
        Value::Unknown(_) => Err(unknown_repeat("`for_each`", expr)),
        Value::Null(_) => invalid("`for_each` cannot be null. Use `{}` for no instance."),
        Value::Map(_) | Value::Object(_) => Ok(value
            .as_fields()
            .into_iter()
            .flat_map(Fields::iter)
            .map(|(key, value)| Repeated {
                key: InstanceKey::Name(Arc::clone(key)),
                value: value.clone(),
            })
            .collect()),
        Value::Set(set) => set
            .items
            .iter()
            .map(|item| match item {
                Value::String(key) => {
                    Ok(Repeated { key: InstanceKey::Name(Arc::clone(key)), value: item.clone() })
                }
                Value::Unknown(_) => Err(unknown_repeat("Every element of `for_each`", expr)),
                _ => Err(fault(
                    "Invalid for_each",
                    "Every element of the set must be a string: it is the key of an instance.",
                    expr.span,
                )),
            })
            .collect(),
        Value::List(_) | Value::Tuple(_) => invalid(
            "`for_each` takes a map or a set of strings, whose elements have keys of their own. \
             Write `toset(…)` around a list of strings.",
        ),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            invalid("`for_each` takes a map or a set of strings.")
        }
    }
}

fn report(value: Result<Value, Box<Diagnostic>>, diagnostics: &mut Diagnostics) -> Value {
    value.unwrap_or_else(|fault| {
        diagnostics.push(*fault);
        FAILED
    })
}
