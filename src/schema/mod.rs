//! What attributes and blocks there are: their types, whether they must be given, and the words
//! that describe them.
//!
//! Owns the description of a block, from which decoding, messages and the reference are made. It
//! never looks at a value.

mod page;
mod reference;

pub use self::page::{Entry, Page, Section};
pub use self::reference::{reference, reference_section};

use crate::value::Type;

/// What may stand between the braces of a block.
#[derive(Debug)]
pub struct Schema {
    /// The attributes.
    pub attributes: &'static [Attribute],
    /// The blocks, each of which may occur at most once.
    pub blocks: &'static [NestedBlock],
}

/// An attribute of a block, or of an object.
#[derive(Debug, PartialEq, Eq)]
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
    /// `list(…)`.
    List(&'static Self),
    /// `set(…)`.
    Set(&'static Self),
    /// `map(…)`.
    Map(&'static Self),
    /// `object({…})`, of attributes in any order.
    Object(&'static [Attribute]),
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

    /// One that the configuration must give.
    pub const fn required(name: &'static str, ty: AttrType, description: &'static str) -> Self {
        Self::open(name, ty, Usage::Required, description)
    }

    /// One that the configuration may give, and that nothing stands in for.
    pub const fn optional(name: &'static str, ty: AttrType, description: &'static str) -> Self {
        Self::open(name, ty, Usage::Optional, description)
    }

    /// One that the live world gives.
    pub const fn computed(name: &'static str, ty: AttrType, description: &'static str) -> Self {
        Self::open(name, ty, Usage::Computed, description)
    }

    /// Whether the configuration may give it.
    pub const fn is_settable(&self) -> bool {
        !matches!(self.usage, Usage::Computed)
    }
}

impl AttrType {
    /// `list(string)`.
    pub const LIST_OF_STRING: Self = Self::List(&Self::String);
    /// `set(string)`.
    pub const SET_OF_STRING: Self = Self::Set(&Self::String);
    /// `map(string)`.
    pub const MAP_OF_STRING: Self = Self::Map(&Self::String);

    /// The type of the language.
    pub fn ty(self) -> Type {
        match self {
            Self::Bool => Type::Bool,
            Self::Number => Type::Number,
            Self::String => Type::String,
            Self::List(element) => Type::list(element.ty()),
            Self::Set(element) => Type::set(element.ty()),
            Self::Map(element) => Type::map(element.ty()),
            Self::Object(attributes) => object_type(attributes),
        }
    }

    /// The attributes of the objects that a value of this type is, or is made of.
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::Bool | Self::Number | Self::String => &[],
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.attributes(),
            Self::Object(attributes) => attributes,
        }
    }
}

fn object_type(attributes: &[Attribute]) -> Type {
    Type::object(attributes.iter().map(|attribute| (attribute.name, attribute.ty.ty())))
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

    /// The type of the object that a block becomes: its attributes, and each block as a list of
    /// objects.
    pub fn object_type(&self) -> Type {
        let attributes = self.attributes.iter().map(|it| (it.name, it.ty.ty()));
        let blocks = self.blocks.iter().map(|it| (it.name, Type::list(it.schema.object_type())));
        Type::object(attributes.chain(blocks))
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
        self.settable().chain(self.blocks.iter().map(|block| block.name))
    }

    /// The names of the attributes that a configuration may set.
    pub fn settable(&self) -> impl Iterator<Item = &'static str> {
        let attributes = self.attributes.iter().filter(|attribute| attribute.is_settable());
        attributes.map(|attribute| attribute.name)
    }
}
