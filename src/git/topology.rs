//! Orders the nodes of a graph, so that history can be gone through from parents to children.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The nodes `0..count`, each after every node with an edge `(before, after)` to it; of nodes that
/// could come next, the one with the smallest key. Nodes on a circle, and those after one, are left
/// out: no valid repository has a circle.
#[must_use]
pub fn topological_order<K: Ord>(
    count: usize,
    edges: &[(u32, u32)],
    key: impl Fn(u32) -> K,
) -> Vec<u32> {
    // The edges of node `n` are `targets[starts[n]..starts[n + 1]]`.
    let mut starts = vec![0_u32; count + 1];
    let mut waiting = vec![0_u32; count];
    for &(before, after) in edges {
        starts[before as usize + 1] += 1;
        waiting[after as usize] += 1;
    }
    for node in 0..count {
        starts[node + 1] += starts[node];
    }
    let mut free = starts.clone();
    let mut targets = vec![0_u32; edges.len()];
    for &(before, after) in edges {
        let place = &mut free[before as usize];
        targets[*place as usize] = after;
        *place += 1;
    }
    let mut ready: BinaryHeap<_> = (0_u32..)
        .zip(&waiting)
        .filter(|(_, waiting)| **waiting == 0)
        .map(|(node, _)| Reverse((key(node), node)))
        .collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse((_, node))) = ready.pop() {
        order.push(node);
        let range = starts[node as usize] as usize..starts[node as usize + 1] as usize;
        for &after in &targets[range] {
            waiting[after as usize] -= 1;
            if waiting[after as usize] == 0 {
                ready.push(Reverse((key(after), after)));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first_and_then_the_smallest_key() {
        let edges = [(3, 1), (3, 2), (1, 0), (2, 0)];
        assert_eq!(topological_order(5, &edges, |node| node), [3, 1, 2, 0, 4]);
        assert_eq!(
            topological_order(5, &edges, |node| 9 - node),
            [4, 3, 2, 1, 0]
        );
        assert_eq!(topological_order(0, &[], |node| node), [0_u32; 0]);
    }

    #[test]
    fn nodes_on_a_circle_are_left_out() {
        assert_eq!(
            topological_order(4, &[(0, 1), (1, 0), (1, 2)], |node| node),
            [3]
        );
    }
}
