//! The walk over everything that has a value, what is needed first, in every instance of its module.

use super::condition::{self, Kind};
use super::expression::{Scope, World, fault};
use super::functions::{self, Context};
use super::pattern::Pattern;
use super::place::{self, Place, Values};
use super::reference::{self, Item, Node, Root};
use super::repeat::{self, Repeated};
use super::tree::ModulePath;
use super::{Evaluation, FAILED, Input, Instance, decode, size, variable};
use crate::addr::{Address, InstanceKey, Mode, ResourceAddr};
use crate::config::{Output, Repeat, Resource, language};
use crate::diag::{Diagnostic, Diagnostics, Span};
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A configuration that is being evaluated.
pub(super) struct Run<'a> {
    input: &'a Input<'a>,
    /// Every instance of every module; the first is the root module.
    places: Vec<Place<'a>>,
    by_path: BTreeMap<&'a ModulePath, Vec<usize>>,
    /// The place that is evaluated now.
    pub(super) at: usize,
    /// Whatever is evaluated is kept for later, also what nothing refers to.
    keep_all: bool,
    /// By module: the resources that it refers to.
    referenced: BTreeMap<&'a ModulePath, BTreeSet<ResourceAddr>>,
    /// What `each` and `count` are in what is evaluated now.
    pub(super) repeated: Option<Repeated>,
    /// What `self` is in the condition that is evaluated now.
    own: Option<Value>,
    sizes: size::Sizes,
    pub(super) result: Evaluation,
}

/// The most instances of modules that a configuration may have; each has values of its own.
const MAX_PLACES: usize = 100_000;

impl<'a> Run<'a> {
    pub(super) fn new(input: &'a Input<'a>, keep_all: bool, diagnostics: &mut Diagnostics) -> Self {
        let mut run = Self {
            input,
            keep_all,
            places: Vec::new(),
            by_path: BTreeMap::new(),
            at: 0,
            referenced: BTreeMap::new(),
            repeated: None,
            own: None,
            sizes: size::Sizes::default(),
            result: Evaluation::default(),
        };
        for module in input.tree.modules() {
            run.referenced.insert(&module.path, reference::referenced_resources(module));
            if module.call.is_none() {
                let values = variable::resolve(module.config, input, diagnostics);
                run.add_place(Place::root(module, values));
            }
        }
        run
    }

    fn add_place(&mut self, place: Place<'a>) -> usize {
        let at = self.places.len();
        self.by_path.entry(&place.module.path).or_default().push(at);
        self.places.push(place);
        at
    }

    /// The place that is evaluated now.
    pub(super) fn place(&self) -> Option<&Place<'a>> {
        self.places.get(self.at)
    }

    fn values(&mut self) -> Option<&mut Values> {
        self.places.get_mut(self.at).map(|place| &mut place.values)
    }

    /// Evaluates a node in every instance of its module.
    pub(super) fn everywhere(&mut self, node: &Node, diagnostics: &mut Diagnostics) {
        let count = self.by_path.get(&node.module).map_or(0, Vec::len);
        for nth in 0..count {
            let found = self.by_path.get(&node.module).and_then(|places| places.get(nth)).copied();
            let Some(at) = found else { continue };
            self.at = at;
            if count == 1 {
                let before = diagnostics.len();
                self.node(&node.item, diagnostics);
                diagnostics.iter_mut().skip(before).for_each(|fault| within(&node.module, fault));
                continue;
            }
            // Instances of one module most often share one fault, which is told once.
            let mut faults = Diagnostics::new();
            self.node(&node.item, &mut faults);
            for mut fault in faults {
                within(&node.module, &mut fault);
                condense(diagnostics, fault);
            }
        }
    }

    fn node(&mut self, item: &Item, diagnostics: &mut Diagnostics) {
        let Some(module) = self.place().map(|place| place.module) else { return };
        let config = module.config;
        match item {
            Item::Variable(name) => {
                let Some(variable) = config.variables.get(name) else { return };
                if module.call.is_some() {
                    let value = report(self.argument(variable), diagnostics);
                    let value = value.sensitive_if(variable.sensitive);
                    if let Some(values) = self.values() {
                        values.variables.insert(Arc::clone(name), value);
                    }
                }
                if !variable::validate(variable, &Scope::new(self), diagnostics) {
                    // What a refused value leads to is nobody's fault but its own.
                    if let Some(values) = self.values() {
                        values.variables.insert(Arc::clone(name), FAILED);
                    }
                }
            }
            Item::Local(name) => {
                let Some(local) = config.locals.get(name) else { return };
                let value = Scope::new(self).eval(&local.expr);
                let value = value.and_then(|value| self.sized(value, local.expr.span));
                let value = report(value, diagnostics);
                if let Some(values) = self.values() {
                    values.locals.insert(Arc::clone(name), value);
                }
            }
            Item::Provider(address) => {
                let Some(provider) = config.providers.get(address) else { return };
                let schema = self.input.provider_schema;
                let span = provider.name.span;
                let before = diagnostics.len();
                let own = language::find("provider");
                let what = "The provider \"aws\"";
                decode::check(&provider.body, schema, own, what, span, diagnostics);
                if diagnostics.len() > before {
                    return;
                }
                if let Some(settings) =
                    decode::body(&Scope::new(self), &provider.body, schema, diagnostics)
                {
                    self.result.providers.insert(Arc::clone(address), settings);
                }
            }
            Item::Resource(addr) => {
                let Some(resource) = config.resources.get(addr) else { return };
                let value = self.resource(resource, diagnostics).unwrap_or(FAILED);
                if let Some(values) = self.values() {
                    values
                        .resources(addr.mode)
                        .entry(Arc::clone(&addr.ty))
                        .or_default()
                        .insert(Arc::clone(&addr.name), value);
                }
            }
            Item::Call(name) => self.call(name, diagnostics),
            Item::Output(name) => {
                let Some(output) = config.outputs.get(name) else { return };
                if let Some(value) = self.output_value(output, diagnostics) {
                    if module.call.is_none() {
                        self.result.outputs.insert(Arc::clone(name), value);
                    } else if let Some(values) = self.values() {
                        values.outputs.insert(Arc::clone(name), value);
                    }
                }
            }
            Item::Check(name) => {
                let Some(check) = config.checks.get(name) else { return };
                let (kind, lenient) = (Kind::Assert { check: name }, self.input.lenient);
                condition::hold(&check.asserts, &kind, lenient, &Scope::new(self), diagnostics);
            }
            Item::Import(number) => {
                let Some(import) = config.imports.get(*number) else { return };
                self.import(import, diagnostics);
            }
            Item::Notify(name) => {
                let Some(notify) = config.notifications.get(name) else { return };
                self.notify(notify, diagnostics);
            }
        }
    }

    /// The value, unless it is too large or too deep to be walked through.
    fn sized(&mut self, value: Value, span: Span) -> Result<Value, Box<Diagnostic>> {
        let refused = |excess: size::Excess| fault("Value too large", excess.detail(), span);
        self.sizes.check(&value).map_err(refused).map(|()| value)
    }

    /// The value that a module's variable has: as the call gives it, or its default.
    fn argument(&mut self, variable: &crate::config::Variable) -> Result<Value, Box<Diagnostic>> {
        let place = self.place();
        let call = place.and_then(|place| place.module.call);
        let given = call.and_then(|call| {
            call.arguments.iter().find(|argument| argument.name.text == variable.name.text)
        });
        let Some(argument) = given else { return variable::of_call(variable, self.input) };
        let here = self.at;
        let (parent, repeated) =
            place.map_or((0, None), |place| (place.parent, Some(place.repeated.clone())));
        self.at = parent;
        self.repeated = repeated;
        let value = Scope::new(self).eval(&argument.expr);
        self.at = here;
        self.repeated = None;
        let value = self.sized(value?, argument.expr.span)?;
        variable::accept(&value, variable, argument.expr.span, self.input)
    }

    /// Makes the instances of a module.
    fn call(&mut self, name: &Arc<str>, diagnostics: &mut Diagnostics) {
        let Some(parent) = self.place() else { return };
        let (steps, module) = (Arc::clone(&parent.steps), parent.module);
        let Some(call) = module.config.modules.get(name) else { return };
        let Some(child) = self.input.tree.child(module, name) else { return };
        let at = self.at;
        let keys = self.keys(&call.repeat, diagnostics);
        let keys = keys.filter(|keys| {
            let fits = self.places.len() + keys.len() <= MAX_PLACES;
            if !fits {
                let detail = format!(
                    "With this, there are more than {MAX_PLACES} instances of modules. Repeat \
                     resources within a module instead."
                );
                diagnostics.push(Diagnostic::error("Too many instances", detail).at(call.header));
            }
            fits
        });
        let children = keys.map(|keys| {
            keys.into_iter()
                .map(|repeated| {
                    let key = repeated.key.clone();
                    let place = Place::called(child, at, &steps, repeated);
                    (key, self.add_place(place))
                })
                .collect()
        });
        if let Some(place) = self.places.get_mut(at) {
            place.children.insert(Arc::clone(name), children);
        }
    }

    fn output_value(&mut self, output: &Output, diagnostics: &mut Diagnostics) -> Option<Value> {
        let scope = Scope::new(self);
        let lenient = self.input.lenient;
        let name = format!("output.{}", output.name.text);
        let kind = Kind::Precondition { what: &name, block: &name };
        if !condition::hold(&output.preconditions, &kind, lenient, &scope, diagnostics) {
            return None;
        }
        let value = scope.eval(&output.value);
        match value.and_then(|value| self.sized(value, output.value.span)) {
            Ok(value) => {
                let is_root = self.place().is_some_and(|place| place.module.call.is_none());
                if is_root && !output.sensitive && value.any(&Value::is_sensitive) {
                    diagnostics.push(*fault(
                        "Sensitive output",
                        format!(
                            "The value of the output {:?} is sensitive. Say `sensitive = true`, \
                             or open it with `nonsensitive(…)`.",
                            output.name.text
                        ),
                        output.value.span,
                    ));
                    return None;
                }
                Some(value.sensitive_if(output.sensitive))
            }
            Err(fault) => {
                diagnostics.push(*fault);
                None
            }
        }
    }

    /// Evaluates the instances of a resource or data source; gives what references to it see.
    fn resource(&mut self, resource: &Resource, diagnostics: &mut Diagnostics) -> Option<Value> {
        let input = self.input;
        let mode = resource.addr.mode;
        let ty = &*resource.addr.ty;
        let Some(schema) = (input.resource_schema)(mode, ty) else {
            diagnostics.push(unknown_type(resource, input));
            return None;
        };
        let before = diagnostics.len();
        let (kind, what) = match mode {
            Mode::Managed => ("resource", format!("The resource {}", resource.addr)),
            Mode::Data => ("data", format!("The data source {}", resource.addr)),
        };
        let own = language::find(kind);
        decode::check(&resource.body, schema, own, &what, resource.header, diagnostics);
        // What is there is evaluated all the same, so that all its faults are told at once.
        let sound = diagnostics.len() == before;
        let keys = self.keys(&resource.repeat, diagnostics)?;
        let place = self.place()?;
        let name = resource.provider.as_ref().map_or("aws", |name| &name.text);
        // An unknown provider was reported with the references.
        let provider = place.module.providers.get(name).map_or_else(|| name.into(), Arc::clone);
        let addr = resource.addr.in_module(&place.steps);
        let referenced = mode == Mode::Data
            || self.keep_all
            || !resource.lifecycle.postconditions.is_empty()
            || self
                .referenced
                .get(&place.module.path)
                .is_some_and(|it| it.contains(&resource.addr));
        let mut pattern =
            (keys.len() > 1).then(|| Pattern::new(&Scope::new(self), &resource.body, schema));
        if mode == Mode::Managed {
            self.result.instances.reserve(keys.len());
        }
        let mut seen: Vec<(InstanceKey, Value)> = Vec::new();
        let mut failed = false;
        for repeated in keys {
            let address = addr.instance(repeated.key.clone());
            self.repeated = Some(repeated);
            let mut faults = Diagnostics::new();
            let scope = Scope::new(self);
            let declared = if self.preconditions(resource, &address, &mut faults) {
                match &mut pattern {
                    Some(pattern) => pattern.instance(&scope, &mut faults),
                    None => decode::body(&scope, &resource.body, schema, &mut faults),
                }
            } else {
                None
            };
            let value = declared.filter(|_| sound).and_then(|declared| {
                let value = referenced.then(|| match mode {
                    Mode::Managed => (input.resolve)(&address, &declared),
                    Mode::Data => (input.data)(&address, &declared),
                });
                let held = self.postconditions(resource, &address, value.as_ref(), &mut faults);
                held.then_some((declared, value))
            });
            self.repeated = None;
            for fault in faults {
                condense(diagnostics, fault.of(&address));
            }
            let Some((declared, value)) = value else {
                failed = true;
                continue;
            };
            let is_read = value.as_ref().is_some_and(Value::is_wholly_known);
            seen.extend(value.map(|value| (address.key.clone(), value)));
            let provider = Arc::clone(&provider);
            let instance = Instance { address, declared, provider };
            match mode {
                Mode::Managed => self.result.instances.push(instance),
                Mode::Data if is_read => {}
                Mode::Data => self.result.unread.push(instance),
            }
        }
        if failed || !sound {
            return None;
        }
        Some(repeat::gather(&resource.repeat, seen))
    }

    /// Whether the preconditions hold of the instance that `each` or `count` is set for.
    fn preconditions(
        &self,
        resource: &Resource,
        address: &Address,
        faults: &mut Diagnostics,
    ) -> bool {
        let conditions = &resource.lifecycle.preconditions;
        if conditions.is_empty() {
            return true;
        }
        let kind = Kind::Precondition { what: address, block: &address.resource.block() };
        condition::hold(conditions, &kind, self.input.lenient, &Scope::new(self), faults)
    }

    /// Whether the postconditions hold of what references to the instance see.
    fn postconditions(
        &mut self,
        resource: &Resource,
        address: &Address,
        value: Option<&Value>,
        faults: &mut Diagnostics,
    ) -> bool {
        let conditions = &resource.lifecycle.postconditions;
        if conditions.is_empty() {
            return true;
        }
        self.own = value.cloned();
        let kind = Kind::Postcondition { what: address, block: &address.resource.block() };
        let held =
            condition::hold(conditions, &kind, self.input.lenient, &Scope::new(self), faults);
        self.own = None;
        held
    }

    /// The instances that a block has.
    fn keys(&self, repeat: &Repeat, diagnostics: &mut Diagnostics) -> Option<Vec<Repeated>> {
        match repeat::keys(repeat, &Scope::new(self)) {
            Ok(keys) => Some(keys),
            Err(fault) => {
                // What could not be found has been reported where it stands, and what has not been
                // read yet will be.
                let told = self.input.lenient
                    || !self.result.unread.is_empty()
                    || crate::diag::has_errors(diagnostics);
                if fault.summary != repeat::UNKNOWN || !told {
                    diagnostics.push(*fault);
                }
                None
            }
        }
    }
}

impl World for Run<'_> {
    fn lookup(&self, root: Root, first: &str, name: &str) -> Option<Value> {
        let place = self.place()?;
        let values = &place.values;
        match root {
            // What has no value has been reported: as unknown, as part of a cycle, or as failed.
            Root::Variable => Some(values.variables.get(name).cloned().unwrap_or(FAILED)),
            Root::Local => Some(values.locals.get(name).cloned().unwrap_or(FAILED)),
            Root::Resource => {
                let found = values.managed.get(first).and_then(|it| it.get(name));
                Some(found.cloned().unwrap_or(FAILED))
            }
            Root::Data => {
                let found = values.data.get(first).and_then(|it| it.get(name));
                Some(found.cloned().unwrap_or(FAILED))
            }
            Root::Module => Some(place::module_value(&self.places, place, name)),
            Root::Each => match (&self.repeated.as_ref()?.key, name) {
                (InstanceKey::Name(key), "key") => Some(Value::String(Arc::clone(key))),
                // Only an `import` is repeated for the elements of a list.
                (InstanceKey::Index(index), "key") => {
                    Some(Value::from(i64::try_from(*index).unwrap_or(i64::MAX)))
                }
                (InstanceKey::Name(_) | InstanceKey::Index(_), "value") => {
                    Some(self.repeated.as_ref()?.value.clone())
                }
                _ => None,
            },
            Root::Count => match (&self.repeated.as_ref()?.key, name) {
                (InstanceKey::Index(index), "index") => {
                    Some(Value::from(i64::try_from(*index).unwrap_or(i64::MAX)))
                }
                _ => None,
            },
            Root::Path => match name {
                "module" => Some(Value::from(&*place.module.config.dir)),
                "root" => Some(Value::from(".")),
                "cwd" => Some(Value::from(self.input.cwd)),
                _ => None,
            },
            Root::Tool => {
                let workspace =
                    self.input.contexts.values().next().map_or("default", |it| it.host.workspace());
                (name == "workspace").then(|| Value::from(workspace))
            }
            Root::Own => None,
        }
    }

    fn output(&self, module: &str, key: &Value, output: &str) -> Option<Value> {
        let place = self.place()?;
        let key = match key {
            Value::String(name) => InstanceKey::Name(Arc::clone(name)),
            Value::Number(number) => InstanceKey::Index(number.as_usize()? as u64),
            Value::Null(_) => InstanceKey::None,
            _ => return None,
        };
        let children = place.children.get(module)?.as_ref()?;
        let at = children.binary_search_by(|(it, _)| it.cmp(&key)).ok()?;
        let child = self.places.get(children.get(at)?.1)?;
        Some(child.values.outputs.get(output).cloned().unwrap_or(FAILED))
    }

    fn repeat(&self, first: &str, name: &str) -> Option<&Repeat> {
        let config = self.place()?.module.config;
        if Root::of(first) == Root::Module {
            return config.modules.get(name).map(|call| &call.repeat);
        }
        config.resources.get(&ResourceAddr::managed(first, name)).map(|block| &block.repeat)
    }

    fn own(&self) -> Option<&Value> {
        // Where there is none, that has been reported.
        static NOBODY: Value = FAILED;
        self.own.as_ref().or(Some(&NOBODY))
    }

    fn context(&self) -> &Context<'_> {
        let dir = self.place().map_or("", |place| &place.module.config.dir);
        self.input.contexts.get(dir).unwrap_or(&functions::NOWHERE)
    }
}

/// Names the module in the object whose condition does not hold. The address of a block has it.
fn within(module: &ModulePath, fault: &mut Diagnostic) {
    if let Some(object) = &mut fault.condition_of
        && ["var.", "output.", "check."].iter().any(|kind| object.starts_with(kind))
    {
        for name in module.iter().rev() {
            object.insert_str(0, &format!("module.{name}."));
        }
    }
}

/// Adds a fault, unless one just like it is there of another instance, or very many are.
fn condense(diagnostics: &mut Diagnostics, fault: Diagnostic) {
    const MOST: usize = 20;
    let alike = diagnostics.iter().rev().take(MOST);
    let mut alike = alike.filter(|known| known.subject == fault.subject);
    let told = alike.clone().any(|known| known.detail == fault.detail);
    if !told && alike.nth(MOST - 1).is_none() {
        diagnostics.push(fault);
    }
}

fn unknown_type(resource: &Resource, input: &Input<'_>) -> Diagnostic {
    let ResourceAddr { mode, ty, name, .. } = &resource.addr;
    let known = (input.resource_types)(*mode);
    let hint = crate::diag::did_you_mean_or_all(ty, &known);
    let (summary, noun) = match mode {
        Mode::Managed => ("Unknown resource type", "resource type"),
        Mode::Data => ("Unknown data source", "data source"),
    };
    let mut detail = format!("There is no {noun} {ty:?}.{hint}");
    if *mode == Mode::Managed && (input.resource_types)(Mode::Data).contains(&&**ty) {
        detail += &format!(
            " What another tool manages can only be read: take the block out, and write what names \
             it, such as its ARN, into what refers to it, or have a block `data {ty:?} {name:?}`."
        );
    }
    Diagnostic::error(summary, detail).at(resource.header)
}

fn report(value: Result<Value, Box<Diagnostic>>, diagnostics: &mut Diagnostics) -> Value {
    value.unwrap_or_else(|fault| {
        diagnostics.push(*fault);
        FAILED
    })
}
