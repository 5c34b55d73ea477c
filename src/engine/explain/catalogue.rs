//! Everything that can be explained, each with its path and its page: read from schemas, the table of
//! the language and that of functions, which say all that is said here.

use crate::config::language::{self, Argument, LanguageBlock, Rest};
use crate::eval::functions::FUNCTIONS;
use crate::provider::aws;
use crate::resource;
use crate::schema::{Attribute, Entry, Page, Schema, Section};

/// Something that can be explained.
pub(super) struct Item {
    /// The path to it.
    pub(super) path: String,
    /// What it is within: the path without the last name.
    pub(super) within: String,
    /// What is told of it; its kind without what it is within.
    pub(super) page: Page,
}

/// Everything that can be explained.
pub(super) fn items() -> Vec<Item> {
    let mut items = Vec::new();
    for ty in resource::TYPES {
        let beside = beside("resource");
        let page = page_of(ty.name(), "resource type", ty.description(), ty.example());
        add_schema(page, ty.schema(), beside, &mut items);
    }
    for source in resource::data::SOURCES {
        let title = format!("data.{}", source.name());
        let page = page_of(&title, "data source", source.description(), source.example());
        add_schema(page, source.schema(), beside("data"), &mut items);
    }
    let page = page_of("provider.aws", "provider", aws::DESCRIPTION, aws::EXAMPLE);
    add_schema(page, &aws::SCHEMA, beside("provider"), &mut items);
    for block in language::BLOCKS.iter().chain(language::TEST_BLOCKS) {
        add_block(block, "", &mut items);
    }
    for function in FUNCTIONS.iter() {
        let page = page_of(function.name, "function", function.description, &function.signature());
        items.push(Item { path: function.name.to_owned(), within: String::new(), page });
    }
    items
}

fn page_of(title: &str, kind: &str, text: &str, code: &str) -> Page {
    Page {
        title: title.to_owned(),
        kind: kind.to_owned(),
        text: text.to_owned(),
        code: code.trim().to_owned(),
        sections: Vec::new(),
    }
}

/// What every block of a kind may hold beside what its schema says.
fn beside(kind: &str) -> Option<Section> {
    let block = language::find(kind)?;
    let names = block.arguments.iter().map(|it| it.name);
    let names = names.chain(block.blocks.iter().map(|it| it.kind));
    let entry = |name: &str| Entry { name: name.to_owned(), ..Entry::default() };
    Some(Section {
        title: format!("As in every {kind} block"),
        entries: names.map(entry).collect(),
    })
}

/// Adds something that has a schema, and all that is within it.
fn add_schema(mut page: Page, schema: &Schema, beside: Option<Section>, items: &mut Vec<Item>) {
    let path = page.title.clone();
    page.sections.push(Section { title: "Attributes".to_owned(), entries: schema.entries() });
    page.sections.extend(beside);
    items.push(Item { path: path.clone(), within: String::new(), page });
    add_within(&path, schema, items);
}

fn add_within(within: &str, schema: &Schema, items: &mut Vec<Item>) {
    add_attributes(within, schema.attributes, items);
    for block in schema.blocks {
        let path = format!("{within}.{}", block.name);
        let mut page = page_of(&path, &block.note(), block.description, "");
        page.sections
            .push(Section { title: "Attributes".to_owned(), entries: block.schema.entries() });
        items.push(Item { path: path.clone(), within: within.to_owned(), page });
        add_within(&path, block.schema, items);
    }
}

fn add_attributes(within: &str, attributes: &[Attribute], items: &mut Vec<Item>) {
    for attribute in attributes {
        let path = format!("{within}.{}", attribute.name);
        let mut page = page_of(&path, &attribute.note(), attribute.description, "");
        let entries = attribute.entries();
        if !entries.is_empty() {
            page.sections.push(Section { title: "Attributes".to_owned(), entries });
        }
        items.push(Item { path: path.clone(), within: within.to_owned(), page });
        add_attributes(&path, attribute.ty.attributes(), items);
    }
}

/// Adds a block of the language, and all that is within it.
fn add_block(block: &'static LanguageBlock, within: &str, items: &mut Vec<Item>) {
    let path =
        if within.is_empty() { block.kind.to_owned() } else { format!("{within}.{}", block.kind) };
    let labels = block.labels.iter().map(|label| format!(" \"{}\"", label.to_uppercase()));
    let code = format!("{}{} {{ … }}", block.kind, labels.collect::<String>());
    let note = |argument: &Argument| {
        format!("{}, {}", argument.value, if argument.required { "required" } else { "optional" })
    };
    let mut page = page_of(block.kind, "block", block.description, &code);
    page.title.clone_from(&path);
    let mut entries: Vec<Entry> = block
        .arguments
        .iter()
        .map(|it| Entry {
            depth: 0,
            name: it.name.to_owned(),
            note: note(it),
            text: it.description.to_owned(),
        })
        .collect();
    // What else it may hold: how it is written, how often, and what it is.
    let rest = match (block.kind, block.rest) {
        (_, Rest::Nothing) => None,
        ("module", Rest::Values) => {
            Some(("name = value", "any number", "The value of a variable of the module."))
        }
        (_, Rest::Values) => Some(("name = value", "any number", "A name for any expression.")),
        ("provider", Rest::Schema) => Some(("…", "the provider's own", "See provider.aws.")),
        ("data", Rest::Schema) => Some(("…", "the type's own", "See data.TYPE.")),
        (_, Rest::Schema) => Some(("…", "the type's own", "See TYPE.")),
        (_, Rest::Generated) => {
            Some(("…", "the block's own", "What the block holds that the label of dynamic names."))
        }
    };
    entries.extend(block.blocks.iter().map(|inner| Entry {
        depth: 0,
        name: inner.kind.to_owned(),
        note: "block, optional".to_owned(),
        text: first_sentence(inner.description),
    }));
    entries.extend(rest.map(|(name, note, text)| Entry {
        depth: 0,
        name: name.to_owned(),
        note: note.to_owned(),
        text: text.to_owned(),
    }));
    page.sections.push(Section { title: "Arguments and blocks".to_owned(), entries });
    items.push(Item { path: path.clone(), within: within.to_owned(), page });
    for argument in block.arguments {
        let name = format!("{path}.{}", argument.name);
        let page = page_of(&name, &note(argument), argument.description, "");
        items.push(Item { path: name, within: path.clone(), page });
    }
    for inner in block.blocks {
        // One that may stand outside is the same there.
        if !stands_outside(inner) {
            add_block(inner, &path, items);
        }
    }
}

/// Whether a block may stand outside of any other.
pub(super) fn stands_outside(block: &'static LanguageBlock) -> bool {
    language::find_anywhere(block.kind).is_some_and(|outside| std::ptr::eq(outside, block))
}

/// A text up to the end of its first sentence.
pub(super) fn first_sentence(text: &str) -> String {
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    text.get(..end).unwrap_or(text).to_owned()
}
