//! In which order things are evaluated and done.
//!
//! Owns sorting and cycles. *petgraph* lives here, and its index types never leave.

use crate::addr::ResourceAddr;
use crate::diag::{Diagnostic, Diagnostics};
use crate::eval::{Edge, Node};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_map};

/// The most members of a cycle that are shown.
const MAX_SHOWN: usize = 20;

/// Sorts `nodes` so that whatever is needed comes first. A cycle is reported as the chain of
/// references that closes it, and its members are left out.
pub fn order(nodes: &[Node], edges: &[Edge], diagnostics: &mut Diagnostics) -> Vec<Node> {
    let mut graph: DiGraph<&Node, &Edge> = DiGraph::with_capacity(nodes.len(), edges.len());
    let index: BTreeMap<&Node, NodeIndex> =
        nodes.iter().map(|node| (node, graph.add_node(node))).collect();
    for edge in edges {
        if let (Some(from), Some(to)) = (index.get(&edge.from), index.get(&edge.to)) {
            graph.add_edge(*from, *to, edge);
        }
    }
    // Strongly connected components come with what is needed first, which is the order sought.
    // Kosaraju's algorithm keeps its own stack; a chain of 100,000 locals overflows Tarjan's.
    let mut order = Vec::with_capacity(nodes.len());
    for component in petgraph::algo::kosaraju_scc(&graph) {
        match component.as_slice() {
            [one] if graph.find_edge(*one, *one).is_none() => {
                order.extend(graph.node_weight(*one).map(|node| (*node).clone()));
            }
            members => diagnostics.extend(cycle(&graph, members)),
        }
    }
    order
}

/// Describes one cycle among `members`, which all reach each other.
fn cycle(graph: &DiGraph<&Node, &Edge>, members: &[NodeIndex]) -> Option<Diagnostic> {
    use petgraph::visit::EdgeRef as _;
    let start = *members.iter().min_by_key(|index| graph.node_weight(**index))?;
    let inside: BTreeSet<NodeIndex> = members.iter().copied().collect();
    // From the start, walk the shortest way back to it; each node remembers whence it was reached.
    let mut came_by: BTreeMap<NodeIndex, (NodeIndex, &Edge)> = BTreeMap::new();
    let mut frontier = VecDeque::from([start]);
    let mut closing = None;
    'search: while let Some(at) = frontier.pop_front() {
        for edge in graph.edges(at) {
            let target = edge.target();
            if target == start {
                closing = Some((at, *edge.weight()));
                break 'search;
            }
            if inside.contains(&target)
                && let btree_map::Entry::Vacant(unseen) = came_by.entry(target)
            {
                unseen.insert((at, *edge.weight()));
                frontier.push_back(target);
            }
        }
    }
    let (last, closing) = closing?;
    let mut chain = vec![closing];
    let mut at = last;
    while at != start {
        let (before, edge) = *came_by.get(&at)?;
        chain.push(edge);
        at = before;
    }
    chain.reverse();
    // Of a long chain the beginning and the end tell enough; nobody reads a thousand names.
    let names: Vec<String> = match chain.as_slice() {
        [first @ .., last] if first.len() >= MAX_SHOWN => first
            .iter()
            .take(MAX_SHOWN)
            .map(|edge| edge.from.to_string())
            .chain([format!("… {} more …", chain.len() - MAX_SHOWN - 1), last.from.to_string()])
            .collect(),
        all => all.iter().map(|edge| edge.from.to_string()).collect(),
    };
    let detail = match names.as_slice() {
        [one] => format!("{one} refers to itself, so its value never ends. Remove the reference."),
        all => format!(
            "{} → {}: each needs the next, so none can come first. Break the chain at one of the \
             references.",
            all.join(" → "),
            all.first()?
        ),
    };
    let mut diagnostic = Diagnostic::error("Cycle", detail);
    for (n, edge) in chain.iter().take(MAX_SHOWN).enumerate() {
        if n == 0 {
            diagnostic = diagnostic.at(edge.span);
        } else {
            diagnostic = diagnostic.related(edge.span, format!("{} needs {}", edge.from, edge.to));
        }
    }
    Some(diagnostic)
}

/// Which resources each resource refers to, directly or by way of locals and providers.
pub fn resource_dependencies(
    order: &[Node],
    edges: &[Edge],
) -> BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>> {
    let mut needs: BTreeMap<&Node, Vec<&Node>> = BTreeMap::new();
    for edge in edges {
        needs.entry(&edge.from).or_default().push(&edge.to);
    }
    // What a node that is no resource leads to; what is needed comes first in the order.
    let mut reach: BTreeMap<&Node, BTreeSet<ResourceAddr>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for node in order {
        let mut all = BTreeSet::new();
        for needed in needs.get(node).into_iter().flatten() {
            match needed.managed() {
                Some(addr) => {
                    all.insert(addr);
                }
                None => all.extend(reach.get(needed).into_iter().flatten().cloned()),
            }
        }
        match node.managed() {
            Some(addr) => {
                found.insert(addr, all);
            }
            None if all.is_empty() => {}
            None => {
                reach.insert(node, all);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{FileId, Sources, Span};
    use crate::eval::{Item, ModulePath};

    fn span(file: FileId) -> Span {
        Span { file, start: 0, end: 1 }
    }

    fn local(name: &str) -> Node {
        Node { module: ModulePath::default(), item: Item::Local(name.into()) }
    }

    fn edge(from: &str, to: &str, file: FileId) -> Edge {
        Edge { from: local(from), to: local(to), span: span(file) }
    }

    #[test]
    fn what_is_needed_comes_first() {
        let file = Sources::default().add("t", "x");
        let nodes = [local("a"), local("b"), local("c")];
        let edges = [edge("a", "b", file), edge("b", "c", file)];
        let mut faults = Diagnostics::new();
        let order = order(&nodes, &edges, &mut faults);
        assert_eq!(order, [local("c"), local("b"), local("a")]);
        assert_eq!(faults, []);
    }

    #[test]
    fn a_cycle_is_told_as_its_chain() {
        let file = Sources::default().add("t", "x");
        let nodes = [local("a"), local("b"), local("c"), local("d")];
        let edges = [
            edge("a", "b", file),
            edge("b", "c", file),
            edge("c", "a", file),
            edge("d", "a", file),
        ];
        let mut faults = Diagnostics::new();
        let order = order(&nodes, &edges, &mut faults);
        assert_eq!(order, [local("d")]);
        assert!(faults[0].detail.starts_with("local.a → local.b → local.c → local.a:"));
        assert_eq!(faults[0].related.len(), 2);
    }

    #[test]
    fn a_chain_of_100000_does_not_overflow_the_stack() {
        let file = Sources::default().add("t", "x");
        let name = |n: usize| format!("n{n:06}");
        let nodes: Vec<Node> = (0..100_000).map(|n| local(&name(n))).collect();
        let edges: Vec<Edge> = (1..100_000).map(|n| edge(&name(n - 1), &name(n), file)).collect();
        assert_eq!(order(&nodes, &edges, &mut Diagnostics::new()).len(), 100_000);
    }

    #[test]
    fn a_cycle_of_100000_is_found_in_linear_time_and_told_in_short() {
        let file = Sources::default().add("t", "x");
        let name = |n: usize| format!("n{n:06}");
        let nodes: Vec<Node> = (0..100_000).map(|n| local(&name(n))).collect();
        let edges: Vec<Edge> =
            (0..100_000).map(|n| edge(&name(n), &name((n + 1) % 100_000), file)).collect();
        let mut faults = Diagnostics::new();
        assert_eq!(order(&nodes, &edges, &mut faults), []);
        let [fault] = faults.as_slice() else { panic!("{}", faults.len()) };
        assert!(
            fault
                .detail
                .contains("local.n000019 → … 99979 more … → local.n099999 → local.n000000:"),
            "{}",
            fault.detail
        );
        assert_eq!(fault.related.len(), MAX_SHOWN - 1);
    }

    #[test]
    fn a_node_that_needs_itself_is_a_cycle() {
        let file = Sources::default().add("t", "x");
        let mut faults = Diagnostics::new();
        let order = order(&[local("a"), local("b")], &[edge("a", "a", file)], &mut faults);
        assert_eq!(order, [local("b")]);
        assert!(faults[0].detail.starts_with("local.a refers to itself,"), "{}", faults[0].detail);
    }

    #[test]
    fn two_cycles_are_two_faults_and_the_shortest_way_round_is_told() {
        let file = Sources::default().add("t", "x");
        let nodes = ["a", "b", "c", "x", "y"].map(local);
        let edges = [
            edge("a", "b", file),
            edge("b", "c", file),
            edge("c", "a", file),
            edge("b", "a", file),
            edge("x", "y", file),
            edge("y", "x", file),
        ];
        let mut faults = Diagnostics::new();
        assert_eq!(order(&nodes, &edges, &mut faults), []);
        let mut told: Vec<&str> =
            faults.iter().map(|fault| fault.detail.split(':').next().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, ["local.a → local.b → local.a", "local.x → local.y → local.x"]);
    }
}
