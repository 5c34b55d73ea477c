//! The graph of what needs what, for Graphviz and for Mermaid.

use super::canvas::clean;
use crate::eval::{Edge, Item, Node};
use std::collections::{BTreeMap, BTreeSet};

/// Nodes and edges in order, each once; an edge's ends are nodes.
fn sorted<'a>(
    nodes: &'a [Node],
    edges: &'a [Edge],
) -> (BTreeSet<&'a Node>, BTreeSet<(&'a Node, &'a Node)>) {
    let edges: BTreeSet<_> = edges.iter().map(|edge| (&edge.from, &edge.to)).collect();
    let ends = edges.iter().flat_map(|(from, to)| [*from, *to]);
    let nodes = nodes.iter().chain(ends).collect();
    (nodes, edges)
}

/// The graph in the language of Graphviz. An arrow leads from who needs to what is needed.
pub fn dot(nodes: &[Node], edges: &[Edge]) -> String {
    let (nodes, edges) = sorted(nodes, edges);
    let label = |node: &Node| clean(node).replace('\\', "\\\\").replace('"', "\\\"");
    let mut out = "digraph {\n  rankdir = \"LR\"\n  node [fontname = \"sans-serif\"]\n".to_owned();
    for node in nodes {
        let shape = match &node.item {
            Item::Variable(_) | Item::Local(_) => "note",
            Item::Provider(_) => "component",
            Item::Resource(_) => "box",
            Item::Call(_) => "folder",
            Item::Output(_) => "cds",
            Item::Check(_) | Item::Import(_) | Item::Notify(_) => "octagon",
        };
        out.push_str(&["  \"", &label(node), "\" [shape = ", shape, "]\n"].concat());
    }
    for (from, to) in edges {
        out.push_str(&["  \"", &label(from), "\" -> \"", &label(to), "\"\n"].concat());
    }
    out.push_str("}\n");
    out
}

/// The graph in the language of Mermaid. An arrow leads from who needs to what is needed.
pub fn mermaid(nodes: &[Node], edges: &[Edge]) -> String {
    let (nodes, edges) = sorted(nodes, edges);
    let ids: BTreeMap<&Node, String> =
        nodes.iter().enumerate().map(|(n, node)| (*node, format!("n{n}"))).collect();
    let mut out = "flowchart LR\n".to_owned();
    for (node, id) in &ids {
        let (open, close) = match &node.item {
            Item::Variable(_) | Item::Local(_) => ("(\"", "\")"),
            Item::Provider(_) | Item::Check(_) | Item::Import(_) | Item::Notify(_) => {
                ("{{\"", "\"}}")
            }
            Item::Resource(_) => ("[\"", "\"]"),
            Item::Call(_) => ("[[\"", "\"]]"),
            Item::Output(_) => ("([\"", "\"])"),
        };
        out.push_str(&["  ", id, open, &mermaid_label(node), close, "\n"].concat());
    }
    for (from, to) in edges {
        if let (Some(from), Some(to)) = (ids.get(from), ids.get(to)) {
            out.push_str(&["  ", from, " --> ", to, "\n"].concat());
        }
    }
    out
}

/// Mermaid reads `#name;` and `#number;` in a label as a character, and the rest as HTML or
/// Markdown.
fn mermaid_label(node: &Node) -> String {
    let mut out = String::new();
    for c in clean(node).chars() {
        if c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ' | '[' | ']') {
            out.push(c);
        } else {
            out.push_str(&["#", &u32::from(c).to_string(), ";"].concat());
        }
    }
    out
}
