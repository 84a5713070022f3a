//! Identifies what can hold a secret, in four bytes.

use serde::{Deserialize, Serialize};

use crate::git::store::ObjectIndex;

/// What can hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// An object.
    Object(ObjectIndex),
    /// The name of a file or a directory, or a gitlink, by its number in the table of names.
    Name(u32),
}

/// A [`Container`] in four bytes: an audit holds millions of them. Objects come first in its order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(super) struct ContainerKey(u32);

impl ContainerKey {
    /// How many objects can have keys. An audit of more is refused.
    pub(super) const MAX_OBJECTS: usize = 1 << 31;

    /// The key of an object.
    pub(super) const fn object(object: ObjectIndex) -> Self {
        Self(object)
    }

    /// The key of a name. All bits are inverted, so that the highest one is set.
    pub(super) const fn name(name: u32) -> Self {
        Self(!name)
    }

    /// What it is the key of.
    pub(super) const fn container(self) -> Container {
        if (self.0 as usize) < Self::MAX_OBJECTS {
            Container::Object(self.0)
        } else {
            Container::Name(!self.0)
        }
    }

    /// Whether it is the key of an object with a lower index than `end`.
    pub(super) fn is_object_below(self, end: ObjectIndex) -> bool {
        matches!(self.container(), Container::Object(object) if object < end)
    }
}

/// How many objects and names have keys, for tables over all of these.
#[derive(Clone, Copy)]
pub(super) struct KeyCounts {
    pub(super) objects: usize,
    pub(super) names: usize,
}

impl KeyCounts {
    /// How many keys there are.
    pub(super) const fn all(self) -> usize {
        self.objects + self.names
    }

    /// The number of a key among all of them, in their order.
    pub(super) const fn number(self, key: ContainerKey) -> usize {
        match key.container() {
            Container::Object(object) => {
                debug_assert!((object as usize) < self.objects, "not one of these objects");
                object as usize
            }
            Container::Name(name) => {
                debug_assert!((name as usize) < self.names, "not one of these names");
                self.all() - 1 - name as usize
            }
        }
    }

    /// The key with a number.
    pub(super) fn key(self, number: usize) -> ContainerKey {
        // There are at most 2^31 objects, and more names do not fit into memory.
        let key = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        if number < self.objects {
            ContainerKey::object(key(number))
        } else {
            ContainerKey::name(key(self.all() - 1 - number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_objects_and_names_differ() {
        for number in [0, 1, (1 << 31) - 1] {
            let (object, name) = (ContainerKey::object(number), ContainerKey::name(number));
            assert_eq!(object.container(), Container::Object(number));
            assert_eq!(name.container(), Container::Name(number));
            assert!(object < name);
        }
        assert!(ContainerKey::object(4).is_object_below(5));
        assert!(!ContainerKey::object(5).is_object_below(5));
        assert!(!ContainerKey::name(0).is_object_below(u32::MAX));
    }

    #[test]
    fn keys_are_numbered_in_their_order() {
        let counts = KeyCounts {
            objects: 3,
            names: 2,
        };
        let keys: Vec<ContainerKey> = (0..counts.all()).map(|at| counts.key(at)).collect();
        assert!(keys.is_sorted());
        assert_eq!(keys[2], ContainerKey::object(2));
        assert_eq!(keys[3], ContainerKey::name(1));
        let numbers: Vec<usize> = keys.iter().map(|&key| counts.number(key)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }
}
