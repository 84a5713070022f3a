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

    /// A number for hash tables.
    pub(super) const fn bits(self) -> u32 {
        self.0
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
}
