//! Addresses of resources and paths of attributes: how they are written, read and ordered.
//!
//! It never knows whether what an address names exists.
//!
//! ```
//! use sealform::addr::Address;
//!
//! let text = r#"module.eu["prod"].aws_s3_bucket_server_side_encryption_configuration.logs[3]"#;
//! let address: Address = text.parse().unwrap();
//! assert_eq!(address.to_string(), text);
//! ```

mod parse;
mod path;

pub use self::parse::ParseAddressError;
pub use self::path::AttrPath;

use std::fmt;
use std::sync::Arc;

/// Which instance of a block with `count` or `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum InstanceKey {
    /// The only instance of a block with neither.
    #[default]
    None,
    /// An instance by `count`, from 0.
    Index(u64),
    /// An instance by `for_each`.
    Name(Arc<str>),
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Name(name) => {
                f.write_str("[")?;
                write_quoted(f, name)?;
                f.write_str("]")
            }
        }
    }
}

/// Writes `text` as a string literal of the configuration language.
pub fn write_quoted(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '$' | '%' if rest.peek() == Some(&'{') => {
                f.write_char(c)?;
                f.write_char(c)?;
            }
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

/// `text` as a string literal of the configuration language.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    // Writing to a string cannot fail.
    let _infallible = write_quoted(&mut out, text);
    out
}

/// A call of a module: one step of the way from the root module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleStep {
    /// The name of the `module` block.
    pub name: Arc<str>,
    /// Which of its instances.
    pub key: InstanceKey,
}

/// Whether a resource is managed or only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// A `resource` block.
    Managed,
    /// A `data` block.
    Data,
}

/// The address of a `resource` or `data` block: all its instances.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceAddr {
    /// The way from the root module; empty for the root module itself.
    pub module: Arc<[ModuleStep]>,
    /// Managed or read.
    pub mode: Mode,
    /// The resource type.
    pub ty: Arc<str>,
    /// The name of the block.
    pub name: Arc<str>,
}

impl ResourceAddr {
    /// A managed resource of the root module.
    pub fn managed(ty: &str, name: &str) -> Self {
        Self { module: Arc::default(), mode: Mode::Managed, ty: ty.into(), name: name.into() }
    }

    /// A data source of the root module.
    pub fn data(ty: &str, name: &str) -> Self {
        Self { mode: Mode::Data, ..Self::managed(ty, name) }
    }

    /// The same block without the keys of the modules around it: what the configuration declares.
    #[must_use]
    pub fn block(&self) -> Self {
        if self.module.iter().all(|step| step.key == InstanceKey::None) {
            return self.clone();
        }
        let steps = self.module.iter();
        let module = steps
            .map(|step| ModuleStep { name: Arc::clone(&step.name), key: InstanceKey::None })
            .collect();
        Self { module, ..self.clone() }
    }

    /// The same resource as its own module calls it.
    #[must_use]
    pub fn within_module(&self) -> Self {
        Self { module: Arc::default(), ..self.clone() }
    }

    /// The same resource in a module.
    #[must_use]
    pub fn in_module(&self, module: &Arc<[ModuleStep]>) -> Self {
        Self { module: Arc::clone(module), ..self.clone() }
    }

    /// One instance of this resource.
    pub fn instance(&self, key: InstanceKey) -> Address {
        Address { resource: self.clone(), key }
    }
}

impl fmt::Display for ResourceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &*self.module {
            write!(f, "module.{}{}.", step.name, step.key)?;
        }
        if self.mode == Mode::Data {
            f.write_str("data.")?;
        }
        write!(f, "{}.{}", self.ty, self.name)
    }
}

/// The address of one instance of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The block.
    pub resource: ResourceAddr,
    /// Which of its instances.
    pub key: InstanceKey,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.resource, self.key)
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What `--target` and `--exclude` name: a module, a block, or one instance of either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everything below a module.
    Module(Arc<[ModuleStep]>),
    /// Every instance of a block.
    Resource(ResourceAddr),
    /// One instance.
    Instance(Address),
}

impl Target {
    /// Whether the target names `address`, alone or among others.
    pub fn covers(&self, address: &Address) -> bool {
        match self {
            Self::Module(steps) => {
                let module = &address.resource.module;
                steps.len() <= module.len()
                    && steps.iter().zip(module.iter()).all(|(step, of)| {
                        step.name == of.name
                            && (step.key == InstanceKey::None || step.key == of.key)
                    })
            }
            Self::Resource(resource) => *resource == address.resource,
            Self::Instance(instance) => instance == address,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(steps) => {
                for (n, step) in steps.iter().enumerate() {
                    if n > 0 {
                        f.write_str(".")?;
                    }
                    write!(f, "module.{}{}", step.name, step.key)?;
                }
                Ok(())
            }
            Self::Resource(resource) => resource.fmt(f),
            Self::Instance(instance) => instance.fmt(f),
        }
    }
}
