//! The reference page of a schema, so that it says what the schema says.

use super::{AttrType, Schema, Usage};
use std::fmt::{self, Write as _};

/// Writes what may stand in a block as Markdown, the blocks within it included. `title` heads it,
/// and `example` is shown first.
pub fn reference(title: &str, introduction: &str, example: &str, schema: &Schema) -> String {
    let mut page = format!("# {title}\n\n{introduction}\n\n```hcl\n{}\n```\n", example.trim());
    // Writing to a string cannot fail.
    let _infallible = write_schema(&mut page, "", schema);
    page
}

fn write_schema(page: &mut String, path: &str, schema: &Schema) -> fmt::Result {
    if path.is_empty() {
        write!(page, "\n## Attributes\n\n")?;
    } else {
        write!(page, "\n## `{path}`\n\n")?;
    }
    writeln!(page, "| name | type | | description |\n|---|---|---|---|")?;
    for attribute in schema.attributes {
        let ty = name(attribute.ty);
        let usage = match attribute.usage {
            Usage::Required => "required",
            Usage::Optional | Usage::OptionalComputed => "optional",
            Usage::Computed => "read only",
        };
        writeln!(
            page,
            "| `{}` | {ty} | {usage} | {} |",
            attribute.name,
            attribute.description.replace('|', "\\|")
        )?;
    }
    let path_of = |name: &str| {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    for block in schema.blocks {
        let usage = if block.required { "required" } else { "optional" };
        writeln!(page, "| `{}` | block | {usage} | {} |", block.name, block.description)?;
    }
    for block in schema.blocks {
        write_schema(page, &path_of(block.name), block.schema)?;
    }
    Ok(())
}

/// A type in words.
fn name(ty: AttrType) -> String {
    let several = |what: &str, element: AttrType| match element {
        AttrType::Bool | AttrType::Number | AttrType::String | AttrType::Object(_) => {
            format!("{what} of {}s", name(element))
        }
        AttrType::List(_) | AttrType::Set(_) | AttrType::Map(_) => {
            format!("{what} of {}", name(element))
        }
    };
    match ty {
        AttrType::Bool => "bool".to_owned(),
        AttrType::Number => "number".to_owned(),
        AttrType::String => "string".to_owned(),
        AttrType::List(element) => several("list", *element),
        AttrType::Set(element) => several("set", *element),
        AttrType::Map(element) => several("map", *element),
        AttrType::Object(_) => "object".to_owned(),
    }
}
