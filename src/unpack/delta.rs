//! Applies the deltas of git for packs and bundles, and reports the spans that they copy, which the
//! audit carries its hits over with; see gitformat-pack(5), "Deltified representation".

use crate::text::Copied;

/// Why a delta cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum DeltaError {
    /// It ends in the middle of a number or an instruction.
    #[error("truncated delta")]
    Truncated,
    /// It declares another size for its base.
    #[error("delta's base size does not match its base object")]
    BaseSizeMismatch,
    /// It copies bytes that its base does not have.
    #[error("delta copies past the end of its base")]
    CopyOutOfRange,
    /// Its instructions make an object of another size than it declares.
    #[error("delta makes an object of another size than it declares")]
    SizeMismatch,
    /// It holds an instruction that no version of git writes.
    #[error("unknown delta instruction")]
    UnknownInstruction,
}

/// A delta, its header parsed.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'d> {
    instructions: &'d [u8],
    /// The declared size of the object that it makes, in bytes.
    pub size: usize,
}

#[derive(Clone, Copy)]
enum Instruction<'d> {
    /// Never empty: an encoded length of zero means 64 KiB.
    Copy {
        from: usize,
        len: usize,
    },
    Insert(&'d [u8]),
}

impl<'d> Delta<'d> {
    /// Parses the header of a delta whose base is `base_len` bytes long.
    ///
    /// # Errors
    /// If it is truncated, or declares another size for its base.
    pub fn parse(delta: &'d [u8], base_len: usize) -> Result<Self, DeltaError> {
        let mut rest = delta;
        if read_size(&mut rest)? != base_len {
            return Err(DeltaError::BaseSizeMismatch);
        }
        let size = read_size(&mut rest)?;
        Ok(Self {
            instructions: rest,
            size,
        })
    }

    /// Makes the `object` from `base`, and lists the spans `copied` from there, in the order of the
    /// object; spans that are adjacent in both are joined. The object never gets longer than the
    /// declared size.
    ///
    /// # Errors
    /// If an instruction is unknown or truncated, copies past the end of `base`, or the object does
    /// not have the declared size.
    pub fn apply(
        &self,
        base: &[u8],
        object: &mut Vec<u8>,
        copied: &mut Vec<Copied>,
    ) -> Result<(), DeltaError> {
        object.clear();
        copied.clear();
        // Do not trust the declared size for allocation: reserve what one copy of the base and of
        // the instructions would need, and grow if there is more.
        object.reserve(self.size.min(base.len() + self.instructions.len()));
        let mut rest = self.instructions;
        while !rest.is_empty() {
            let instruction = read_instruction(&mut rest)?;
            let bytes = match instruction {
                Instruction::Insert(bytes) => bytes,
                Instruction::Copy { from, len } => base
                    .get(from..from.saturating_add(len))
                    .ok_or(DeltaError::CopyOutOfRange)?,
            };
            if bytes.len() > self.size - object.len() {
                return Err(DeltaError::SizeMismatch);
            }
            if let Instruction::Copy { from, len } = instruction {
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
            Err(DeltaError::SizeMismatch)
        }
    }
}

fn read_byte(rest: &mut &[u8]) -> Result<u8, DeltaError> {
    let (&byte, more) = rest.split_first().ok_or(DeltaError::Truncated)?;
    *rest = more;
    Ok(byte)
}

/// Reads a size: seven bits a byte, the lowest first; the highest bit of each byte says whether
/// more follow.
fn read_size(rest: &mut &[u8]) -> Result<usize, DeltaError> {
    let mut value: usize = 0;
    let mut shift = 0;
    loop {
        let byte = read_byte(rest)?;
        let bits = usize::from(byte & 0x7f);
        // No object has a size that cannot be addressed.
        if shift >= usize::BITS || (bits << shift) >> shift != bits {
            return Err(DeltaError::SizeMismatch);
        }
        value |= bits << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

fn read_instruction<'d>(rest: &mut &'d [u8]) -> Result<Instruction<'d>, DeltaError> {
    let op = read_byte(rest)?;
    if op == 0 {
        return Err(DeltaError::UnknownInstruction);
    }
    if op & 0x80 == 0 {
        let (bytes, more) = rest
            .split_at_checked(usize::from(op))
            .ok_or(DeltaError::Truncated)?;
        *rest = more;
        return Ok(Instruction::Insert(bytes));
    }
    let from = read_operand(rest, op & 0x0f)?;
    let len = match read_operand(rest, op >> 4 & 0x07)? {
        0 => 0x10000,
        len => len,
    };
    Ok(Instruction::Copy { from, len })
}

/// Reads an operand of a copy, the lowest byte first: the bits of `present` say which of its bytes
/// follow, the others are zero.
fn read_operand(rest: &mut &[u8], present: u8) -> Result<usize, DeltaError> {
    let mut value = 0;
    for place in 0..4 {
        if present & (1 << place) != 0 {
            value |= usize::from(read_byte(rest)?) << (8 * place);
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Copies `4..8` and `8..10` of the base, inserts `xy`, and copies `0..2`.
    const DELTA: &[u8] = &[10, 10, 0x91, 4, 4, 0x91, 8, 2, 2, b'x', b'y', 0x90, 2];

    #[test]
    fn applies_a_delta_and_reports_the_copied_spans() {
        let base = b"0123456789";
        let delta = Delta::parse(DELTA, base.len()).unwrap();
        let (mut object, mut copied) = (Vec::new(), Vec::new());
        delta.apply(base, &mut object, &mut copied).unwrap();
        assert_eq!(object, b"456789xy01");
        let spans: Vec<_> = copied.iter().map(|c| (c.from, c.to, c.len)).collect();
        assert_eq!(spans, [(4, 0, 6), (0, 8, 2)]);
        assert_eq!(delta.size, 10);
    }

    #[test]
    fn a_delta_that_does_not_fit_its_base_or_its_sizes_is_an_error() {
        let base = b"0123456789";
        let parse = |delta: &[u8]| {
            let (mut object, mut copied) = (Vec::new(), Vec::new());
            Delta::parse(delta, base.len())?
                .apply(base, &mut object, &mut copied)
                .map(|()| object.len())
        };
        for (delta, error) in [
            (&DELTA[..DELTA.len() - 1], DeltaError::Truncated),
            (&[11, 0], DeltaError::BaseSizeMismatch),
            (&[10, 4, 0x91, 8, 4], DeltaError::CopyOutOfRange),
            // Shorter and longer than declared.
            (&[10, 5, 0x91, 4, 4], DeltaError::SizeMismatch),
            (&[10, 3, 0x91, 4, 4], DeltaError::SizeMismatch),
            (&[10, 1, 0], DeltaError::UnknownInstruction),
            (&[0xff; 12], DeltaError::SizeMismatch),
            (&[], DeltaError::Truncated),
        ] {
            assert_eq!(parse(delta), Err(error), "{delta:?}");
        }
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
