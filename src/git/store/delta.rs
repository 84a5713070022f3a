//! Deltas: an object written as stretches of another and what lies between them; see
//! gitformat-pack(5), "Deltified representation".

use crate::text::Copied;

/// What is wrong with a delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum DeltaError {
    /// It ends in the middle of a number or an instruction.
    #[error("the delta ends too early")]
    Truncated,
    /// The size that it gives for its base is not that of its base.
    #[error("the delta is not one of its base")]
    OtherBase,
    /// It copies from beyond the end of its base.
    #[error("the delta copies what its base does not have")]
    Outside,
    /// The size that it promises is not what its instructions make.
    #[error("the delta makes an object of another size than it says")]
    OtherSize,
    /// An instruction that no version of git writes.
    #[error("the delta holds an unknown instruction")]
    Unknown,
}

/// A delta of some object.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'d> {
    instructions: &'d [u8],
    /// Size of the object that it says it makes, in bytes.
    pub size: usize,
}

/// One instruction. A copy is never empty: a length of zero means 64 KiB.
#[derive(Clone, Copy)]
enum Step<'d> {
    Copy { from: usize, len: usize },
    Insert(&'d [u8]),
}

impl<'d> Delta<'d> {
    /// Reads the head of a delta of a base that is `base_len` bytes long.
    ///
    /// # Errors
    /// Where it is no such delta.
    pub fn parse(delta: &'d [u8], base_len: usize) -> Result<Self, DeltaError> {
        let mut rest = delta;
        if size(&mut rest)? != base_len {
            return Err(DeltaError::OtherBase);
        }
        let size = size(&mut rest)?;
        Ok(Self {
            instructions: rest,
            size,
        })
    }

    /// Makes the object from `base`, and says which stretches of it come from there: in the order
    /// of the object, those that follow on one another in both joined. The object is never longer
    /// than the delta says.
    ///
    /// # Errors
    /// Where an instruction is none, copies what is not there, or makes more or less than the delta
    /// says.
    pub fn apply(
        &self,
        base: &[u8],
        object: &mut Vec<u8>,
        copied: &mut Vec<Copied>,
    ) -> Result<(), DeltaError> {
        object.clear();
        copied.clear();
        // No more than the base and the delta could make by copying once: what is claimed beyond
        // that has to be shown.
        object.reserve(self.size.min(base.len() + self.instructions.len()));
        let mut rest = self.instructions;
        while !rest.is_empty() {
            let step = step(&mut rest)?;
            let bytes = match step {
                Step::Insert(bytes) => bytes,
                Step::Copy { from, len } => base
                    .get(from..from.saturating_add(len))
                    .ok_or(DeltaError::Outside)?,
            };
            if bytes.len() > self.size - object.len() {
                return Err(DeltaError::OtherSize);
            }
            if let Step::Copy { from, len } = step {
                let to = object.len();
                match copied.last_mut() {
                    Some(last) if last.source().end == from && last.target().end == to => {
                        last.len += len;
                    }
                    _ => copied.push(Copied { from, to, len }),
                }
            }
            object.extend_from_slice(bytes);
        }
        if object.len() == self.size {
            Ok(())
        } else {
            Err(DeltaError::OtherSize)
        }
    }
}

/// A size: seven bits a byte, the lowest first, the highest bit of each telling whether more
/// follow.
fn size(rest: &mut &[u8]) -> Result<usize, DeltaError> {
    let mut value: usize = 0;
    let mut shift = 0;
    loop {
        let (&byte, more) = rest.split_first().ok_or(DeltaError::Truncated)?;
        *rest = more;
        let bits = usize::from(byte & 0x7f);
        // A size beyond what can be addressed is no size of anything here.
        if shift >= usize::BITS || (bits << shift) >> shift != bits {
            return Err(DeltaError::OtherSize);
        }
        value |= bits << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

/// The next instruction.
fn step<'d>(rest: &mut &'d [u8]) -> Result<Step<'d>, DeltaError> {
    let (&op, more) = rest.split_first().ok_or(DeltaError::Truncated)?;
    *rest = more;
    if op & 0x80 == 0 {
        if op == 0 {
            return Err(DeltaError::Unknown);
        }
        let (bytes, more) = rest
            .split_at_checked(usize::from(op))
            .ok_or(DeltaError::Truncated)?;
        *rest = more;
        return Ok(Step::Insert(bytes));
    }
    // Bits 0 to 3 say which bytes of the offset follow, bits 4 to 6 which of the length; the others
    // are zero.
    let mut number = |bits: std::ops::Range<u32>| -> Result<usize, DeltaError> {
        let mut value = 0;
        for (place, bit) in bits.enumerate() {
            if op & (1 << bit) != 0 {
                let (&byte, more) = rest.split_first().ok_or(DeltaError::Truncated)?;
                *rest = more;
                value |= usize::from(byte) << (8 * place);
            }
        }
        Ok(value)
    };
    let (from, len) = (number(0..4)?, number(4..7)?);
    Ok(Step::Copy {
        from,
        len: if len == 0 { 0x10000 } else { len },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `base` made into an object by copying `4..8` and `8..10` and then `0..2`, with `xy` before
    /// the last.
    const DELTA: &[u8] = &[10, 10, 0x91, 4, 4, 0x91, 8, 2, 2, b'x', b'y', 0x90, 2];

    #[test]
    fn applies_and_says_what_was_copied() {
        let base = b"0123456789";
        let delta = Delta::parse(DELTA, base.len()).unwrap();
        let (mut object, mut copied) = (Vec::new(), Vec::new());
        delta.apply(base, &mut object, &mut copied).unwrap();
        assert_eq!(object, b"456789xy01");
        assert_eq!(
            copied,
            [
                Copied {
                    from: 4,
                    to: 0,
                    len: 6
                },
                Copied {
                    from: 0,
                    to: 8,
                    len: 2
                }
            ]
        );
        assert_eq!(delta.size, 10);
    }

    #[test]
    fn what_does_not_fit_together_is_an_error() {
        let base = b"0123456789";
        let parse = |delta: &[u8]| {
            let (mut object, mut copied) = (Vec::new(), Vec::new());
            Delta::parse(delta, base.len())?
                .apply(base, &mut object, &mut copied)
                .map(|()| object.len())
        };
        assert_eq!(parse(&DELTA[..DELTA.len() - 1]), Err(DeltaError::Truncated));
        assert_eq!(parse(&[11, 0]), Err(DeltaError::OtherBase));
        assert_eq!(parse(&[10, 4, 0x91, 8, 4]), Err(DeltaError::Outside));
        assert_eq!(
            parse(&[10, 5, 0x91, 4, 4]),
            Err(DeltaError::OtherSize),
            "less than it says"
        );
        assert_eq!(
            parse(&[10, 3, 0x91, 4, 4]),
            Err(DeltaError::OtherSize),
            "more than it says"
        );
        assert_eq!(parse(&[10, 1, 0]), Err(DeltaError::Unknown));
        assert_eq!(parse(&[0xff; 12]), Err(DeltaError::OtherSize));
        assert_eq!(parse(&[]), Err(DeltaError::Truncated));
    }

    #[test]
    fn a_length_of_zero_means_64_kib() {
        let base = vec![b'z'; 0x10000];
        let delta = Delta::parse(&[0x80, 0x80, 4, 0x80, 0x80, 4, 0x80], base.len()).unwrap();
        let (mut object, mut copied) = (Vec::new(), Vec::new());
        delta.apply(&base, &mut object, &mut copied).unwrap();
        assert_eq!(object, base);
    }
}
