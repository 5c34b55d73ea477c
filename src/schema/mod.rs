//! What attributes and blocks there are: their types, whether they must be given, and the words
//! that describe them.
//!
//! Owns the description of a block, from which decoding, messages and the reference are made. It
//! never looks at a value.

mod reference;

pub use self::reference::reference;

use crate::value::Type;

/// What may stand between the braces of a block.
#[derive(Debug)]
pub struct Schema {
    /// The attributes.
    pub attributes: &'static [Attribute],
    /// The blocks, each of which may occur at most once.
    pub blocks: &'static [NestedBlock],
}

/// An attribute of a block.
#[derive(Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What its value must be.
    pub ty: AttrType,
    /// Who gives its value.
    pub usage: Usage,
    /// Its value is never shown.
    pub sensitive: bool,
    /// What it is for: a sentence or two.
    pub description: &'static str,
}

/// The type of an attribute, in a form that a constant can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttrType {
    /// `bool`.
    Bool,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// `set(string)`.
    SetOfString,
}

impl Attribute {
    /// An attribute whose value may be shown.
    pub const fn open(
        name: &'static str,
        ty: AttrType,
        usage: Usage,
        description: &'static str,
    ) -> Self {
        Self { name, ty, usage, sensitive: false, description }
    }
}

impl AttrType {
    /// The type of the language.
    pub fn ty(self) -> Type {
        match self {
            Self::Bool => Type::Bool,
            Self::Number => Type::Number,
            Self::String => Type::String,
            Self::SetOfString => Type::set(Type::String),
        }
    }
}

/// Who gives an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// The configuration must.
    Required,
    /// The configuration may; nothing stands in for it.
    Optional,
    /// The configuration may; the live world gives it otherwise.
    OptionalComputed,
    /// The live world does; the configuration may not.
    Computed,
}

/// A block within a block.
#[derive(Debug)]
pub struct NestedBlock {
    /// Its name.
    pub name: &'static str,
    /// What may stand in it.
    pub schema: &'static Schema,
    /// Whether it must occur.
    pub required: bool,
    /// What it is for: a sentence or two.
    pub description: &'static str,
}

impl Schema {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The block of this name.
    pub fn block(&self, name: &str) -> Option<&'static NestedBlock> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// Whether the names of `path` lead to an attribute or block.
    pub fn has(&self, path: &[std::sync::Arc<str>]) -> bool {
        match path {
            [] => false,
            [last] => self.attribute(last).is_some() || self.block(last).is_some(),
            [first, rest @ ..] => self.block(first).is_some_and(|block| block.schema.has(rest)),
        }
    }

    /// The names of the attributes and blocks that a configuration may set.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let attributes = self
            .attributes
            .iter()
            .filter(|attribute| attribute.usage != Usage::Computed)
            .map(|attribute| attribute.name);
        attributes.chain(self.blocks.iter().map(|block| block.name))
    }
}
