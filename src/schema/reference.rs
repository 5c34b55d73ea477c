//! The reference page of a schema, so that it says what the schema says.

use super::{AttrType, Attribute, Schema};
use std::fmt::{self, Write as _};

/// Writes what may stand in a block as Markdown, the blocks within it included. `title` heads it,
/// and `example` is shown first.
pub fn reference(title: &str, introduction: &str, example: &str, schema: &Schema) -> String {
    let heading = "\n## Attributes\n";
    page("#", title, introduction, example, heading, schema)
}

/// The same as a section of a page about several things.
pub fn reference_section(
    title: &str,
    introduction: &str,
    example: &str,
    schema: &Schema,
) -> String {
    page("##", title, introduction, example, "", schema)
}

fn page(
    level: &str,
    title: &str,
    introduction: &str,
    example: &str,
    heading: &str,
    schema: &Schema,
) -> String {
    let example = example.trim();
    let mut page =
        format!("{level} {title}\n\n{introduction}\n\n```hcl\n{example}\n```\n{heading}\n");
    // Writing to a string cannot fail.
    let _infallible = write_schema(&mut page, &format!("{level}#"), "", schema);
    page
}

fn write_schema(page: &mut String, level: &str, path: &str, schema: &Schema) -> fmt::Result {
    writeln!(page, "| name | type | | description |\n|---|---|---|---|")?;
    write_attributes(page, "", schema.attributes)?;
    for block in schema.blocks {
        let usage = if block.required { "required" } else { "optional" };
        writeln!(page, "| `{}` | block | {usage} | {} |", block.name, block.description)?;
    }
    for block in schema.blocks {
        let path =
            if path.is_empty() { block.name.to_owned() } else { format!("{path}.{}", block.name) };
        write!(page, "\n{level} `{path}`\n\n")?;
        write_schema(page, level, &path, block.schema)?;
    }
    Ok(())
}

/// A row each. What is in the objects of an attribute comes below it, with the path to it.
fn write_attributes(page: &mut String, path: &str, attributes: &[Attribute]) -> fmt::Result {
    for attribute in attributes {
        let (name, ty) = (attribute.name, type_name(attribute.ty));
        let usage = attribute.usage.word();
        let description = attribute.description.replace('|', "\\|");
        writeln!(page, "| `{path}{name}` | {ty} | {usage} | {description} |")?;
        let step = match attribute.ty {
            AttrType::List(_) | AttrType::Set(_) | AttrType::Map(_) => "[*].",
            AttrType::Bool | AttrType::Number | AttrType::String | AttrType::Object(_) => ".",
        };
        write_attributes(page, &format!("{path}{name}{step}"), attribute.ty.attributes())?;
    }
    Ok(())
}

/// A type in words.
pub(super) fn type_name(ty: AttrType) -> String {
    let several = |what: &str, element: AttrType| match element {
        AttrType::Bool | AttrType::Number | AttrType::String | AttrType::Object(_) => {
            format!("{what} of {}s", type_name(element))
        }
        AttrType::List(_) | AttrType::Set(_) | AttrType::Map(_) => {
            format!("{what} of {}", type_name(element))
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
