//! The instances of modules, and the values that each holds.

use super::FAILED;
use super::repeat::Repeated;
use super::tree::Module;
use crate::addr::{InstanceKey, Mode, ModuleStep};
use crate::config::Repeat;
use crate::value::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Values by type, then by name.
pub(super) type ByType = BTreeMap<Arc<str>, BTreeMap<Arc<str>, Value>>;

/// The values of a module that are known so far.
#[derive(Default)]
pub(super) struct Values {
    pub(super) variables: BTreeMap<Arc<str>, Value>,
    pub(super) locals: BTreeMap<Arc<str>, Value>,
    pub(super) managed: ByType,
    pub(super) data: ByType,
    /// Of a called module.
    pub(super) outputs: BTreeMap<Arc<str>, Value>,
}

impl Values {
    pub(super) fn resources(&mut self, mode: Mode) -> &mut ByType {
        match mode {
            Mode::Managed => &mut self.managed,
            Mode::Data => &mut self.data,
        }
    }
}

/// One instance of a module.
pub(super) struct Place<'a> {
    pub(super) module: &'a Module<'a>,
    /// The way to it, with the key of each call.
    pub(super) steps: Arc<[ModuleStep]>,
    /// The place that calls it; the root module is its own.
    pub(super) parent: usize,
    /// Which instance of its call it is.
    pub(super) repeated: Repeated,
    pub(super) values: Values,
    /// By call: its instances in the order of their keys; nothing where they could not be found.
    pub(super) children: BTreeMap<Arc<str>, Option<Vec<(InstanceKey, usize)>>>,
    /// By call: all outputs of all its instances, once somebody has asked for them all.
    whole: RefCell<BTreeMap<Arc<str>, Value>>,
}

impl<'a> Place<'a> {
    /// The root module.
    pub(super) fn root(module: &'a Module<'a>, variables: BTreeMap<Arc<str>, Value>) -> Self {
        let repeated = Repeated { key: InstanceKey::None, value: Value::NULL };
        let values = Values { variables, ..Values::default() };
        Self { values, ..Self::called(module, 0, &Arc::default(), repeated).at_root() }
    }

    /// An instance of a called module; `steps` lead to who calls it.
    pub(super) fn called(
        module: &'a Module<'a>,
        parent: usize,
        steps: &Arc<[ModuleStep]>,
        repeated: Repeated,
    ) -> Self {
        let name = module.call.map(|call| Arc::clone(&call.name.text)).unwrap_or_default();
        let last = ModuleStep { name, key: repeated.key.clone() };
        Self {
            module,
            steps: steps.iter().cloned().chain([last]).collect(),
            parent,
            repeated,
            values: Values::default(),
            children: BTreeMap::new(),
            whole: RefCell::default(),
        }
    }

    fn at_root(self) -> Self {
        Self { steps: Arc::default(), ..self }
    }
}

/// What `module.name` is within a place: an object of outputs, or one for each instance. Whoever
/// refers to it comes after all its outputs.
pub(super) fn module_value(places: &[Place<'_>], place: &Place<'_>, name: &str) -> Value {
    if let Some(value) = place.whole.borrow().get(name) {
        return value.clone();
    }
    let call = place.module.config.modules.get_key_value(name);
    let (Some((name, call)), Some(Some(children))) = (call, place.children.get(name)) else {
        return FAILED;
    };
    let declared = &call.config.outputs;
    let instances = children.iter().filter_map(|(key, at)| {
        let outputs = &places.get(*at)?.values.outputs;
        let fields = declared
            .keys()
            .map(|output| (Arc::clone(output), outputs.get(output).cloned().unwrap_or(FAILED)));
        Some((key.clone(), Value::object(fields)))
    });
    let value = super::repeat::gather(&call.repeat, instances.collect());
    let of_none = matches!(call.repeat, Repeat::One) && children.is_empty();
    let value = if of_none { FAILED } else { value };
    place.whole.borrow_mut().insert(Arc::clone(name), value.clone());
    value
}
