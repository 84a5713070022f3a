//! Stores a list of values for each object or commit in two allocations, and their places in lists.

/// Marks a number without a place in a table of places.
pub(in crate::audit) const NO_PLACE: u32 = u32::MAX;

/// The place of a number in a table of places, unless it has none.
pub(in crate::audit) fn place_at(places: &[u32], number: usize) -> Option<u32> {
    let place = places.get(number).copied();
    place.filter(|&place| place != NO_PLACE)
}

/// A list of values for each number, with fewer than 2^32 values in all.
pub(in crate::audit) struct Lists<T> {
    /// Where in `values` the list of each number begins; one more than there are numbers.
    starts: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy + Default> Lists<T> {
    /// Lists for the numbers below `count`. Each of `items` is a number and a value of its list;
    /// the values of a list keep their order.
    pub(in crate::audit) fn new(
        count: usize,
        items: impl Iterator<Item = (usize, T)> + Clone,
    ) -> Self {
        // Counted two places further on, so that after the sums `starts[n + 1]` is the next free
        // place of list `n`. When all values are placed, it is the start of list `n + 1`.
        let mut starts = vec![0_u32; count + 2];
        let mut total = 0;
        for (number, _) in items.clone() {
            starts[number + 2] += 1;
            total += 1;
        }
        for at in 2..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut values = vec![T::default(); total];
        for (number, value) in items {
            let free = &mut starts[number + 1];
            values[*free as usize] = value;
            *free += 1;
        }
        starts.pop();
        Self { starts, values }
    }

    /// The list of a number.
    pub(in crate::audit) fn of(&self, number: usize) -> &[T] {
        &self.values[self.starts[number] as usize..self.starts[number + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_listed_by_number_in_their_order() {
        let items = [(3, 'a'), (0, 'b'), (3, 'c'), (1, 'd'), (3, 'e')];
        let lists = Lists::new(5, items.into_iter());
        let all: Vec<String> = (0..5).map(|at| lists.of(at).iter().collect()).collect();
        assert_eq!(all, ["b", "d", "", "ace", ""]);
        assert!(Lists::<u32>::new(1, [].into_iter()).of(0).is_empty());
    }
}
