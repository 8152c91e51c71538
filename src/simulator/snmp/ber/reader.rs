//! Reads BER from a datagram without copying; checks every length.

use super::super::{Oid, Value};
use super::{MOST_ARCS, Malformed, tag};

/// The unread bytes; every length is checked against them, so no claim leads to an allocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// The position of `rest` in the datagram: a digest is computed over a message with a hole (RFC 3414 §6.3.2).
    position: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            position: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Checks that nothing follows.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        self.position += length;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        self.take(1)?.first().copied().ok_or(Malformed)
    }

    /// Reads a length: one byte, or up to four after a byte that counts them. The indefinite form, 0x80, is forbidden
    /// (RFC 3417 §8).
    fn length(&mut self) -> Result<usize, Malformed> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(usize::from(first));
        }
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return Err(Malformed);
        }
        let bytes = self.take(count)?;
        Ok(bytes
            .iter()
            .fold(0, |length, byte| (length << 8) | usize::from(*byte)))
    }

    /// Reads the next element: its tag and its content.
    pub(crate) fn element(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let tag = self.byte()?;
        let length = self.length()?;
        Ok((tag, self.take(length)?))
    }

    /// Reads the content of an element with this tag.
    pub(crate) fn content(&mut self, expected: u8) -> Result<&'a [u8], Malformed> {
        match self.element()? {
            (tag, content) if tag == expected => Ok(content),
            _ => Err(Malformed),
        }
    }

    /// Reads an element with this tag that contains further elements.
    pub(crate) fn nested(&mut self, expected: u8) -> Result<Self, Malformed> {
        let content = self.content(expected)?;
        Ok(Self {
            rest: content,
            position: self.position - content.len(),
        })
    }

    pub(crate) fn integer(&mut self) -> Result<i32, Malformed> {
        number(self.content(tag::INTEGER)?)
    }

    /// Reads one variable binding (RFC 3416 §3).
    pub(crate) fn binding(&mut self) -> Result<(Oid, Value), Malformed> {
        let mut binding = self.nested(tag::SEQUENCE)?;
        let name = oid(binding.content(tag::OBJECT_ID)?)?;
        let (tag, content) = binding.element()?;
        binding.finish()?;
        Ok((name, Value::read(tag, content)?))
    }
}

/// Reads a signed number; nine bytes hold a `Counter64` and its sign. Superfluous bytes are accepted, because old
/// managers send them.
fn number<T: TryFrom<i128>>(content: &[u8]) -> Result<T, Malformed> {
    let first = *content.first().ok_or(Malformed)?;
    if content.len() > 9 {
        return Err(Malformed);
    }
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    let number = content
        .iter()
        .fold(sign, |number: i128, byte| (number << 8) | i128::from(*byte));
    T::try_from(number).map_err(|_| Malformed)
}

fn oid(content: &[u8]) -> Result<Oid, Malformed> {
    let mut arcs = Vec::with_capacity(content.len().min(MOST_ARCS) + 1);
    let mut arc: u64 = 0;
    let mut is_inside = false;
    for byte in content {
        // X.690 §8.19.2: an arc takes as few bytes as it can.
        if !is_inside && *byte == 0x80 {
            return Err(Malformed);
        }
        arc = (arc << 7) | u64::from(byte & 0x7f);
        is_inside = byte & 0x80 != 0;
        if arc > u64::from(u32::MAX) {
            return Err(Malformed);
        }
        if is_inside {
            continue;
        }
        let complete = u32::try_from(arc).map_err(|_| Malformed)?;
        if arcs.is_empty() {
            // X.690 §8.19.4: the first two arcs share a number.
            let first = (complete / 40).min(2);
            arcs.push(first);
            arcs.push(complete - first * 40);
        } else {
            arcs.push(complete);
        }
        if arcs.len() > MOST_ARCS {
            return Err(Malformed);
        }
        arc = 0;
    }
    if is_inside {
        return Err(Malformed);
    }
    if arcs.is_empty() {
        // A name without bytes stands for 0.0, the beginning of everything.
        arcs.extend([0, 0]);
    }
    Ok(Oid(arcs))
}

impl Value {
    /// Reads a value; a type unknown to SNMP or absent from GAMs is malformed.
    pub(crate) fn read(tag: u8, content: &[u8]) -> Result<Self, Malformed> {
        let empty = |value: Self| {
            if content.is_empty() {
                Ok(value)
            } else {
                Err(Malformed)
            }
        };
        match tag {
            tag::INTEGER => number(content).map(Self::Integer),
            tag::OCTET_STRING => Ok(Self::OctetString(content.to_vec())),
            tag::OBJECT_ID => oid(content).map(Self::ObjectId),
            tag::IP_ADDRESS => content
                .try_into()
                .map(Self::IpAddress)
                .map_err(|_| Malformed),
            tag::COUNTER32 => number(content).map(Self::Counter32),
            tag::GAUGE32 => number(content).map(Self::Gauge32),
            tag::TIME_TICKS => number(content).map(Self::TimeTicks),
            tag::COUNTER64 => number(content).map(Self::Counter64),
            tag::NULL => empty(Self::Null),
            tag::NO_SUCH_OBJECT => empty(Self::NoSuchObject),
            tag::NO_SUCH_INSTANCE => empty(Self::NoSuchInstance),
            tag::END_OF_MIB_VIEW => empty(Self::EndOfMibView),
            _ => Err(Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_every_definite_form() {
        for bytes in [
            &[0x04, 0x01, 7][..],
            &[0x04, 0x81, 0x01, 7],
            &[0x04, 0x82, 0x00, 0x01, 7],
            &[0x04, 0x84, 0x00, 0x00, 0x00, 0x01, 7],
        ] {
            assert_eq!(Reader::new(bytes).content(0x04), Ok(&[7][..]), "{bytes:?}");
        }
    }

    #[test]
    fn lengths_that_are_indefinite_or_beyond_the_datagram_are_malformed() {
        for bytes in [
            &[0x30, 0x80, 0, 0][..],
            &[0x04, 0x85, 0, 0, 0, 0, 1, 7],
            &[0x04, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x04, 0x02, 7],
            &[0x04, 0x82, 0],
            &[0x04],
            &[],
        ] {
            assert_eq!(Reader::new(bytes).element(), Err(Malformed), "{bytes:?}");
        }
    }

    #[test]
    fn numbers_outside_their_type_are_malformed() {
        for (tag, content) in [
            (tag::INTEGER, &[0, 0x80, 0, 0, 0][..]),
            (tag::INTEGER, &[]),
            (tag::GAUGE32, &[0xff]),
            (tag::GAUGE32, &[1, 0, 0, 0, 0]),
            (tag::COUNTER64, &[1, 0, 0, 0, 0, 0, 0, 0, 0]),
            (tag::COUNTER64, &[0; 10]),
            (tag::IP_ADDRESS, &[1, 2, 3]),
            (tag::NULL, &[0]),
            (0x44, &[1]),
        ] {
            assert_eq!(Value::read(tag, content), Err(Malformed), "{content:?}");
        }
        assert_eq!(Value::read(tag::INTEGER, &[0, 0, 5]), Ok(Value::Integer(5)));
    }

    #[test]
    fn names_are_held_to_32_bits_and_128_arcs() {
        assert_eq!(oid(&[0x2b, 6, 1]), Ok(Oid::new(&[1, 3, 6, 1])));
        assert_eq!(oid(&[]), Ok(Oid::new(&[0, 0])));
        assert_eq!(
            oid(&[0x2b, 0x8f, 0xff, 0xff, 0xff, 0x7f]),
            Ok(Oid::new(&[1, 3, u32::MAX]))
        );
        assert_eq!(oid(&[0x2b, 0x90, 0x80, 0x80, 0x80, 0x00]), Err(Malformed));
        assert_eq!(oid(&[0x2b, 0x80, 1]), Err(Malformed));
        assert_eq!(oid(&[0x2b, 0x81]), Err(Malformed));
        assert!(oid(&[1; 127]).is_ok());
        assert_eq!(oid(&[1; 128]), Err(Malformed));
    }
}
