//! Which nodes decide, and how far an event is from matching.

use super::blueprint::Part;
use super::data::{Node, NodeKind};
use super::evaluate::Scene;
use super::words::{self, Phrase};

/// See [`Node::distance`].
pub fn distance(node: &Node, wanted: bool) -> Option<u32> {
    if node.holds() == Some(wanted) {
        return Some(0);
    }
    let parts = || node.children.iter().map(|child| distance(child, wanted));
    match (node.kind, wanted) {
        (NodeKind::Constant, _) => None,
        (NodeKind::Not, _) => node.children.first().map_or(Some(1), |child| distance(child, !wanted)),
        // Also where the children are not shown.
        _ if node.children.is_empty() || node.kind == NodeKind::Test => Some(1),
        (NodeKind::Or, true) | (NodeKind::And | NodeKind::Filter, false) => parts().flatten().min(),
        _ => parts().try_fold(0u32, |sum, part| Some(sum.saturating_add(part?))),
    }
}

/// How many tests the smallest set has that decides the condition.
fn size(node: &Node) -> usize {
    if node.kind == NodeKind::Constant {
        return 0;
    }
    if node.kind == NodeKind::Test || node.children.is_empty() {
        return 1;
    }
    match one_decides(node) {
        Some(truth) => node.children.iter().filter(|child| child.holds() == Some(truth)).map(size).min().unwrap_or(1),
        None => node.children.iter().filter(|child| child.holds() == node_truth(node, child)).map(size).sum(),
    }
}

/// The truth of which one child is enough to decide the condition; `None` when it takes all of them.
fn one_decides(node: &Node) -> Option<bool> {
    match (node.kind, node.holds()) {
        (NodeKind::Or, Some(true)) => Some(true),
        (NodeKind::And | NodeKind::Filter, Some(false)) => Some(false),
        _ => None,
    }
}

/// What a child must be to have a part in the truth of a node for which it takes all of them: of an undecided condition
/// only what is undecided.
fn node_truth(node: &Node, child: &Node) -> Option<bool> {
    if node.holds().is_none() { None } else { child.holds() }
}

/// Marks the smallest set of nodes that decides, and puts its tests in words.
///
/// `fine`: whether the filter holds, so that the outcomes of these tests are what the rule wants.
pub fn mark(scene: &Scene<'_>, part: &Part<'_>, node: &mut Node, fine: bool, phrases: &mut Vec<Phrase>) {
    node.decides = true;
    if let Some(test) = &part.test {
        let passes = node.holds().map(|holds| holds != test.negated);
        match passes {
            Some(passes) => phrases.push(words::phrase(test, node, passes, fine, scene.near_miss(test, node))),
            None => phrases.push(words::itself(node, fine)),
        }
        return;
    }
    if part.children.is_empty() {
        // The constant `true` says nothing about an event.
        if node.kind != NodeKind::Constant || !fine {
            phrases.push(words::itself(node, fine));
        }
        return;
    }
    let chosen: Vec<usize> = match one_decides(node) {
        Some(truth) => {
            let able = node.children.iter().enumerate().filter(|(_, child)| child.holds() == Some(truth));
            able.min_by_key(|(_, child)| size(child)).map(|(at, _)| at).into_iter().collect()
        }
        None => {
            let children = node.children.iter().enumerate();
            children.filter(|(_, child)| child.holds() == node_truth(node, child)).map(|(at, _)| at).collect()
        }
    };
    let mut told: Vec<((u32, bool), Vec<Phrase>)> = Vec::new();
    for at in chosen {
        if let (Some(part), Some(child)) = (part.children.get(at), node.children.get_mut(at)) {
            let mut phrases = Vec::new();
            mark(scene, part, child, fine, &mut phrases);
            // Of alternatives that all fail the nearest is named first.
            let far = (child.distance(true).unwrap_or(u32::MAX), !phrases.iter().any(Phrase::is_near_miss));
            let first = node.kind == NodeKind::Or && !fine && told.first().is_some_and(|(first, _)| far < *first);
            told.insert(if first { 0 } else { told.len() }, (far, phrases));
        }
    }
    phrases.extend(told.into_iter().flat_map(|(_, phrases)| phrases));
}
