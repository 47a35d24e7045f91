//! Bit-packing: fields of any width, least significant bit first, one after the other without padding. A message ends with
//! the byte that holds its last bit; the bits above are zero, so every message has one form only.

use super::DecodeError;

/// Appends fields.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    /// All whole words.
    bytes: Vec<u8>,
    /// The bits after them, fewer than a word's, and how many they are.
    rest: u64,
    rest_bits: u32,
}

/// Bits that are gathered before they are written.
const WORD_BITS: u32 = u32::BITS;

impl BitWriter {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.rest, self.rest_bits) = (0, 0);
    }

    /// Appends the low `width` bits of `value`, at most 64.
    pub(super) fn put(&mut self, value: impl Into<u64>, width: u32) {
        let value: u64 = value.into();
        if width <= WORD_BITS {
            self.put_few(value, width);
        } else {
            self.put_few(value, WORD_BITS);
            self.put_few(value >> WORD_BITS, width - WORD_BITS);
        }
    }

    /// Appends at most a word.
    fn put_few(&mut self, value: u64, width: u32) {
        self.rest |= (value & ((1 << width) - 1)) << self.rest_bits;
        self.rest_bits += width;
        if self.rest_bits >= WORD_BITS {
            self.bytes.extend_from_slice(&(self.rest as u32).to_le_bytes());
            self.rest >>= WORD_BITS;
            self.rest_bits -= WORD_BITS;
        }
    }

    pub(super) fn put_bit(&mut self, bit: bool) {
        self.put_few(bit.into(), 1);
    }

    /// Appends a number in groups of seven bits, each led by whether another follows.
    pub(super) fn put_varint(&mut self, value: impl Into<u64>) {
        let mut rest: u64 = value.into();
        loop {
            let more = rest >> 7 != 0;
            self.put_few((rest & 0x7f) << 1 | u64::from(more), 8);
            if !more {
                return;
            }
            rest >>= 7;
        }
    }

    /// Appends a small number in few bits (Elias gamma of the number plus one): 0 takes one bit, 1 and 2 take three.
    pub(super) fn put_gap(&mut self, gap: u16) {
        let number = u32::from(gap) + 1;
        let width = number.ilog2();
        // The number's leading one is what ends the zeros; where it would stand itself is cut off.
        self.put(1 << width | u64::from(number) << (width + 1), 2 * width + 1);
    }

    /// Appends everything that another writer holds.
    pub(super) fn put_all(&mut self, other: &Self) {
        for word in other.bytes.as_chunks::<4>().0 {
            self.put_few(u32::from_le_bytes(*word).into(), WORD_BITS);
        }
        self.put_few(other.rest, other.rest_bits);
    }

    pub(super) fn bits(&self) -> usize {
        self.bytes.len() * 8 + self.rest_bits as usize
    }

    /// Takes back everything after the first `bits` bits.
    pub(super) fn truncate(&mut self, bits: usize) {
        if bits >= self.bits() {
            return;
        }
        let words = bits / WORD_BITS as usize * 4;
        if let Some(word) = self.bytes.get(words..).and_then(<[u8]>::first_chunk) {
            self.rest = u32::from_le_bytes(*word).into();
        }
        self.bytes.truncate(words);
        self.rest_bits = bits as u32 % WORD_BITS;
        self.rest &= (1 << self.rest_bits) - 1;
    }

    /// Fills the last byte with zeros and shows all bytes. Nothing is appended afterwards, unless all is cleared.
    pub(super) fn finish(&mut self) -> &[u8] {
        let bytes = self.rest_bits.div_ceil(u8::BITS) as usize;
        self.bytes.extend_from_slice(self.rest.to_le_bytes().get(..bytes).unwrap_or_default());
        (self.rest, self.rest_bits) = (0, 0);
        &self.bytes
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.finish();
        self.bytes
    }
}

/// Takes fields off the front.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    bits: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, bits: 0 }
    }

    /// The next `width` bits, at most 64.
    pub(super) fn take(&mut self, width: u32) -> Result<u64, DecodeError> {
        if width > WORD_BITS {
            return Ok(self.take_few(WORD_BITS)? | self.take_few(width - WORD_BITS)? << WORD_BITS);
        }
        self.take_few(width)
    }

    /// At most a word.
    fn take_few(&mut self, width: u32) -> Result<u64, DecodeError> {
        let end = self.bits + width as usize;
        if end > self.bytes.len() * 8 {
            return Err(DecodeError::Truncated);
        }
        let rest = self.bytes.get(self.bits / 8..).unwrap_or_default();
        let word = match (rest.first_chunk(), self.bytes.last_chunk()) {
            (Some(word), _) => u64::from_le_bytes(*word),
            // The last bytes, without those of them that were read.
            (None, Some(last)) => u64::from_le_bytes(*last).checked_shr(u64::BITS - 8 * rest.len() as u32).unwrap_or(0),
            (None, None) => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        let value = word >> (self.bits % 8) & ((1 << width) - 1);
        self.bits = end;
        Ok(value)
    }

    pub(super) fn take_bit(&mut self) -> Result<bool, DecodeError> {
        self.take(1).map(|bit| bit == 1)
    }

    pub(super) fn take_u8(&mut self) -> Result<u8, DecodeError> {
        self.take(8).map(|value| value as u8)
    }

    pub(super) fn take_u16(&mut self) -> Result<u16, DecodeError> {
        self.take(16).map(|value| value as u16)
    }

    pub(super) fn take_u32(&mut self) -> Result<u32, DecodeError> {
        self.take(32).map(|value| value as u32)
    }

    pub(super) fn take_varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let bits = self.take(8)?;
            let (more, group) = (bits & 1 == 1, bits >> 1);
            if shift == 63 && group > 1 {
                break;
            }
            value |= group << shift;
            if !more {
                return Ok(value);
            }
        }
        Err(DecodeError::OutOfRange("variable-length number"))
    }

    pub(super) fn take_varint_u16(&mut self) -> Result<u16, DecodeError> {
        u16::try_from(self.take_varint()?).map_err(|_| DecodeError::OutOfRange("variable-length number"))
    }

    pub(super) fn take_varint_u32(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.take_varint()?).map_err(|_| DecodeError::OutOfRange("variable-length number"))
    }

    pub(super) fn take_gap(&mut self) -> Result<u16, DecodeError> {
        let mut width = 0;
        while !self.take_bit()? {
            width += 1;
            if width > 16 {
                return Err(DecodeError::OutOfRange("gap"));
            }
        }
        let number = 1 << width | self.take(width)?;
        u16::try_from(number - 1).map_err(|_| DecodeError::OutOfRange("gap"))
    }

    /// Checks that the message ends here.
    pub(super) fn finish(mut self) -> Result<(), DecodeError> {
        let padding = (8 - self.bits % 8) % 8;
        if self.take(padding as u32)? != 0 || self.bits != self.bytes.len() * 8 {
            return Err(DecodeError::Trailing);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_come_back(
            fields in prop::collection::vec((any::<u64>(), 0u32..=64, any::<u64>(), any::<u16>()), 0..40),
            shift in (any::<u64>(), 0u32..=9),
        ) {
            let mut writer = BitWriter::default();
            for (value, width, number, gap) in &fields {
                writer.put(*value, *width);
                writer.put_varint(*number);
                writer.put_gap(*gap);
            }
            let keep = writer.bits();
            writer.put(u64::MAX, 13);
            writer.truncate(keep);
            let mut copy = BitWriter::default();
            copy.put(shift.0, shift.1);
            copy.put_all(&writer);
            prop_assert_eq!(copy.bits(), keep + shift.1 as usize);
            let copied = copy.into_bytes();
            let bytes = writer.into_bytes();
            let (mut reader, mut other) = (BitReader::new(&copied), BitReader::new(&bytes));
            prop_assert_eq!(reader.take(shift.1), Ok(shift.0 & ((1 << shift.1) - 1)));
            for _ in 0..keep {
                prop_assert_eq!(reader.take(1), other.take(1));
            }
            prop_assert!(reader.finish().is_ok());
            let mut reader = BitReader::new(&bytes);
            for (value, width, number, gap) in fields {
                let mask = u64::MAX.checked_shr(64 - width).unwrap_or(0);
                prop_assert_eq!(reader.take(width).unwrap(), value & mask);
                prop_assert_eq!(reader.take_varint().unwrap(), number);
                prop_assert_eq!(reader.take_gap().unwrap(), gap);
            }
            prop_assert!(reader.finish().is_ok());
        }

        #[test]
        fn garbage_ends_every_reading(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = BitReader::new(&bytes);
            while reader.take_gap().is_ok() && reader.take_varint().is_ok() {}
        }
    }

    #[test]
    fn a_gap_of_nothing_takes_one_bit() {
        for (gap, bits) in [(0, 1), (1, 3), (2, 3), (3, 5), (u16::MAX, 33)] {
            let mut writer = BitWriter::default();
            writer.put_gap(gap);
            assert_eq!(writer.bits(), bits);
        }
    }

    #[test]
    fn a_gap_is_sixteen_bits_at_most() {
        let read = |number: u64, zeros: u32| {
            let mut writer = BitWriter::default();
            writer.put(1_u64 << zeros | number << (zeros + 1), 64);
            let bytes = writer.into_bytes();
            BitReader::new(&bytes).take_gap()
        };
        assert_eq!((read(0, 16), read(1, 1)), (Ok(u16::MAX), Ok(2)));
        for (number, zeros) in [(1, 16), (0, 17), (0, 40)] {
            assert_eq!(read(number, zeros), Err(DecodeError::OutOfRange("gap")), "{number} after {zeros} zeros");
        }
    }

    #[test]
    fn a_varint_is_sixty_four_bits_at_most() {
        let read = |last: u8| BitReader::new(&[[0xff; 9].as_slice(), &[last]].concat()).take_varint();
        // A group's lowest bit says whether another one follows.
        assert_eq!((read(1 << 1), read(0)), (Ok(u64::MAX), Ok(u64::MAX >> 1)));
        for last in [2 << 1, 0x7f << 1, 1] {
            assert_eq!(read(last), Err(DecodeError::OutOfRange("variable-length number")), "{last}");
        }
    }

    #[test]
    fn nothing_is_left_of_what_was_cleared() {
        let mut writer = BitWriter::default();
        writer.put(u64::MAX, 45);
        writer.clear();
        assert_eq!(writer.bits(), 0);
        writer.put(5_u64, 3);
        assert_eq!(writer.finish(), [5]);
    }

    #[test]
    fn what_follows_the_end_is_refused() {
        assert_eq!(BitReader::new(&[0]).finish(), Err(DecodeError::Trailing));
        let mut reader = BitReader::new(&[0b10]);
        assert_eq!(reader.take(1), Ok(0));
        assert_eq!(reader.finish(), Err(DecodeError::Trailing));
    }
}
