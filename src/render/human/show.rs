//! What is recorded, as blocks of the configuration language.

use super::super::Style;
use super::super::canvas::{Canvas, Tint, clean, columns, inline, key, literal};
use super::leaves::block;
use super::outputs::outputs;
use crate::addr::Address;
use crate::state::{Recorded, StateFile};
use crate::value::{Fields, Value};

/// All that is recorded.
pub fn state(state: &StateFile, style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    if state.is_empty() {
        canvas.push("Nothing is recorded.\n");
    }
    for (n, (address, recorded)) in state.resources.iter().enumerate() {
        if n > 0 {
            canvas.line();
        }
        draw(&mut canvas, address, recorded);
    }
    if !state.outputs.is_empty() {
        if !canvas.is_empty() {
            canvas.line();
        }
        canvas.tinted(Tint::Strong, "Outputs:").push("\n\n");
        canvas.push(&outputs(&state.outputs, style));
    }
    canvas.finish()
}

/// What is recorded of one resource.
pub fn resource(address: &Address, recorded: &Recorded, style: &Style) -> String {
    let mut canvas = Canvas::new(style.color);
    draw(&mut canvas, address, recorded);
    canvas.finish()
}

fn draw(canvas: &mut Canvas, address: &Address, recorded: &Recorded) {
    let Recorded {
        identity,
        provider,
        region,
        values,
        depends_on,
        prevent_destroy,
        forget_on_destroy,
        owner,
    } = recorded;
    canvas.tinted(Tint::Strong, format_args!("# {address}"));
    if let Some(region) = region {
        canvas.push(" in ").clean(region);
    }
    canvas.line();
    let resource = &address.resource;
    canvas.push("resource ").push(&literal(&resource.ty)).push(" ");
    canvas.push(&literal(&resource.name)).push(" {\n");
    let mut attributes = vec![("bucket", literal(identity))];
    if provider != "aws" {
        attributes.push(("provider", clean(provider)));
    }
    if let Some(owner) = owner {
        attributes.push(("expected_bucket_owner", literal(owner)));
    }
    if !depends_on.is_empty() {
        let blocks: Vec<String> = depends_on.iter().map(clean).collect();
        attributes.push(("depends_on", format!("[{}]", blocks.join(", "))));
    }
    aligned(canvas, &attributes, 2);
    body(canvas, values, 2);
    if *prevent_destroy {
        canvas.push("\n  lifecycle {\n    prevent_destroy = true\n  }\n");
    } else if *forget_on_destroy {
        canvas.push("\n  lifecycle {\n    on_destroy = \"forget\"\n  }\n");
    }
    canvas.push("}\n");
}

fn aligned<N: AsRef<str>>(canvas: &mut Canvas, attributes: &[(N, String)], indent: usize) {
    let widest = attributes.iter().map(|(name, _)| columns(name.as_ref())).max().unwrap_or(0);
    for (name, value) in attributes {
        let name = name.as_ref();
        canvas.spaces(indent).push(name).spaces(widest - columns(name)).push(" = ");
        canvas.push(value).line();
    }
}

/// Attributes, then blocks; what is absent is left out.
fn body(canvas: &mut Canvas, object: &Value, indent: usize) {
    let fields = || object.as_fields().into_iter().flat_map(Fields::iter);
    let attributes: Vec<(String, String)> = fields()
        .filter(|(_, value)| !value.is_null() && block(value).is_none())
        .map(|(name, value)| (key(name), inline(value)))
        .collect();
    aligned(canvas, &attributes, indent);
    let mut apart = indent == 2 || !attributes.is_empty();
    for (name, inner) in fields().filter_map(|(name, value)| Some((name, block(value)?))) {
        if apart {
            canvas.line();
        }
        canvas.spaces(indent).push(&key(name)).push(" {\n");
        body(canvas, inner, indent + 2);
        canvas.spaces(indent).push("}\n");
        apart = true;
    }
}
