//! Parquet's hybrid of run lengths and packed bits, in which levels and dictionary indices are kept.

use super::{Fault, fault};

/// Widest number.
const WIDEST: u32 = 32;

/// Reads numbers of a fixed width.
#[derive(Debug)]
pub struct Hybrid {
    bytes: Vec<u8>,
    at: usize,
    width: u32,
    run: Run,
}

#[derive(Debug)]
enum Run {
    /// The same number so many times more.
    Same { value: u32, left: u64 },
    /// Numbers side by side; the next begins at this bit of `bytes[at..]`.
    Packed { bit: usize, left: u64 },
}

impl Hybrid {
    /// Numbers of `width` bits.
    pub fn new(bytes: Vec<u8>, width: u32) -> Result<Self, Fault> {
        if width > WIDEST {
            return fault(format!("numbers of {width} bits"));
        }
        Ok(Self {
            bytes,
            at: 0,
            width,
            run: Run::Same { value: 0, left: 0 },
        })
    }

    /// The next number.
    pub fn next(&mut self) -> Result<u32, Fault> {
        loop {
            match &mut self.run {
                Run::Same { value, left } if *left > 0 => {
                    *left -= 1;
                    return Ok(*value);
                }
                Run::Packed { bit, left } if *left > 0 => {
                    *left -= 1;
                    let first = *bit;
                    *bit += self.width as usize;
                    if *left == 0 {
                        let start = self.at;
                        self.at += bit.div_ceil(8);
                        return self.bits(start, first);
                    }
                    return self.bits(self.at, first);
                }
                _ => self.run = self.head()?,
            }
        }
    }

    fn bits(&self, start: usize, first: usize) -> Result<u32, Fault> {
        let mut value = 0_u64;
        let from = start + first / 8;
        let shift = first % 8;
        let count = (shift + self.width as usize).div_ceil(8);
        for (place, offset) in (0..count).enumerate() {
            let Some(byte) = self.bytes.get(from + offset) else {
                return fault("packed numbers end early");
            };
            value |= u64::from(*byte) << (8 * place);
        }
        Ok((value >> shift & ((1_u64 << self.width) - 1)) as u32)
    }

    fn head(&mut self) -> Result<Run, Fault> {
        let mut head = 0_u64;
        for place in 0.. {
            let byte = self.byte()?;
            head |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
            // Longer runs than 32 bits can count are in no page.
            if place == 4 {
                return fault("a run of numbers has no length");
            }
        }
        let count = head >> 1;
        if count == 0 {
            return fault("a run of no numbers");
        }
        if head & 1 == 1 {
            // Groups of eight. The last one may be cut off behind the numbers that are used, so its
            // bytes are asked for one by one.
            return Ok(Run::Packed {
                bit: 0,
                left: count.saturating_mul(8),
            });
        }
        let mut value = 0_u32;
        for place in 0..self.width.div_ceil(8) {
            value |= u32::from(self.byte()?) << (8 * place);
        }
        Ok(Run::Same { value, left: count })
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let Some(byte) = self.bytes.get(self.at) else {
            return fault("runs of numbers end early");
        };
        self.at += 1;
        Ok(*byte)
    }
}

/// Truth values, packed as numbers of one bit.
pub fn packed_bits(bits: &[bool]) -> Vec<u8> {
    let groups = bits.chunks(8);
    let mut head = (groups.len() as u64) << 1 | 1;
    let mut bytes = Vec::with_capacity(groups.len() + 5);
    while head >= 0x80 {
        bytes.push(head as u8 | 0x80);
        head >>= 7;
    }
    bytes.push(head as u8);
    bytes.extend(groups.map(|group| {
        group
            .iter()
            .rev()
            .fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit))
    }));
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn numbers(bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let mut hybrid = Hybrid::new(bytes.to_vec(), width).unwrap();
        (0..count).map(|_| hybrid.next().unwrap()).collect()
    }

    #[test]
    fn as_in_the_format_s_own_example() {
        // The numbers 0 to 7 in three bits each.
        let packed = [0x03, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(numbers(&packed, 3, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
        // Five times 700 in ten bits, then a packed group.
        let run = [0x0a, 0xbc, 0x02, 0x03, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(numbers(&run, 10, 7), [700, 700, 700, 700, 700, 1, 0]);
        // No bits at all: a dictionary with one entry.
        assert_eq!(numbers(&[0x06], 0, 3), [0, 0, 0]);
    }

    #[test]
    fn bits_come_back() {
        let bits: Vec<bool> = (0..1_003).map(|number| number % 3 == 0).collect();
        let found = numbers(&packed_bits(&bits), 1, bits.len());
        assert!(
            found
                .iter()
                .zip(&bits)
                .all(|(found, bit)| *found == u32::from(*bit))
        );
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for bytes in [&[][..], &[0x0a], &[0x03], &[0x00], &[0xff; 20]] {
            assert!(Hybrid::new(bytes.to_vec(), 9).unwrap().next().is_err());
        }
        assert!(Hybrid::new(Vec::new(), 33).is_err());
    }
}
