//! What is told of one thing, as data: for whoever draws it.

use super::reference::type_name;
use super::{Attribute, NestedBlock, Schema, Usage};

/// What is told of one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What it is called.
    pub title: String,
    /// What kind of thing it is, in a few words.
    pub kind: String,
    /// What it is for: sentences.
    pub text: String,
    /// How it is written; empty where that is plain.
    pub code: String,
    /// What it is made of.
    pub sections: Vec<Section>,
}

/// What is told of several things of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// What they are.
    pub title: String,
    /// Each of them.
    pub entries: Vec<Entry>,
}

/// What is told of one thing among several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// How many of the entries before it it is within.
    pub depth: usize,
    /// What it is called.
    pub name: String,
    /// What kind of value it has, and who gives it, in a few words.
    pub note: String,
    /// What it is for: a sentence or two.
    pub text: String,
}

impl Schema {
    /// An entry for each attribute and block, and for what is within them.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.add_entries(0, &mut entries);
        entries
    }

    fn add_entries(&self, depth: usize, entries: &mut Vec<Entry>) {
        add_attributes(self.attributes, depth, entries);
        for block in self.blocks {
            entries.push(Entry {
                depth,
                name: block.name.to_owned(),
                note: block.note(),
                text: block.description.to_owned(),
            });
            block.schema.add_entries(depth + 1, entries);
        }
    }
}

fn add_attributes(attributes: &[Attribute], depth: usize, entries: &mut Vec<Entry>) {
    for attribute in attributes {
        entries.push(Entry {
            depth,
            name: attribute.name.to_owned(),
            note: attribute.note(),
            text: attribute.description.to_owned(),
        });
        add_attributes(attribute.ty.attributes(), depth + 1, entries);
    }
}

impl Attribute {
    /// Its type and who gives it: `string, optional`.
    pub fn note(&self) -> String {
        let usage = self.usage.word();
        let sensitive = if self.sensitive { ", sensitive" } else { "" };
        format!("{}, {usage}{sensitive}", type_name(self.ty))
    }

    /// An entry for each attribute of the objects that its value is, or is made of.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        add_attributes(self.ty.attributes(), 0, &mut entries);
        entries
    }
}

impl NestedBlock {
    /// `block, required`.
    pub fn note(&self) -> String {
        format!("block, {}", if self.required { "required" } else { "optional" })
    }
}

impl Usage {
    /// Who gives it, in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional | Self::OptionalComputed => "optional",
            Self::Computed => "read only",
        }
    }
}
