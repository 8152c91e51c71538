//! Writes BER into one growing list of bytes.

use super::super::Value;
use super::{MOST_ARCS, Unencodable, tag};

/// The bytes written so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

/// An element without its length yet.
#[derive(Debug, Clone, Copy)]
#[must_use = "what is opened is closed"]
pub(crate) struct Open {
    length_at: usize,
}

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Appends encoded bytes.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Starts an element of unknown length; one byte is reserved for the length.
    pub(crate) fn open(&mut self, tag: u8) -> Open {
        self.bytes.push(tag);
        self.bytes.push(0);
        Open {
            length_at: self.bytes.len() - 1,
        }
    }

    /// Ends an element. If the length needs more than a byte, the content moves; for a datagram this is cheaper than
    /// counting first.
    pub(crate) fn close(&mut self, open: Open) {
        let at = open.length_at;
        let length = self.bytes.len().saturating_sub(at + 1);
        match u8::try_from(length) {
            Ok(short @ ..0x80) => {
                if let Some(place) = self.bytes.get_mut(at) {
                    *place = short;
                }
            }
            _ => {
                let (bytes, count) = long_length(length);
                let bytes = bytes.into_iter().take(count);
                drop(self.bytes.splice(at..=at, bytes));
            }
        }
    }

    fn length(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(short @ ..0x80) => self.bytes.push(short),
            _ => {
                let (bytes, count) = long_length(length);
                self.bytes.extend(bytes.into_iter().take(count));
            }
        }
    }

    pub(crate) fn octets(&mut self, tag: u8, content: &[u8]) {
        self.bytes.push(tag);
        self.length(content.len());
        self.bytes.extend_from_slice(content);
    }

    pub(crate) fn integer(&mut self, number: i32) {
        self.signed(tag::INTEGER, number);
    }

    fn signed(&mut self, tag: u8, number: i32) {
        let bytes = number.to_be_bytes();
        // X.690 §8.3.2: as few bytes as keep the sign.
        let fill = if number < 0 { 0xff } else { 0 };
        let mut content = &bytes[..];
        while let [first, second, ..] = content {
            if *first != fill || (second ^ fill) & 0x80 != 0 {
                break;
            }
            content = content.split_at(1).1;
        }
        self.octets(tag, content);
    }

    pub(crate) fn unsigned(&mut self, tag: u8, number: u64) {
        let bytes = number.to_be_bytes();
        let zeros = usize::try_from(number.leading_zeros() / 8).unwrap_or_default();
        let content = bytes.get(zeros.min(7)..).unwrap_or_default();
        let has_sign_bit = content.first().is_some_and(|first| first & 0x80 != 0);
        self.bytes.push(tag);
        self.length(content.len() + usize::from(has_sign_bit));
        if has_sign_bit {
            self.bytes.push(0);
        }
        self.bytes.extend_from_slice(content);
    }

    pub(crate) fn oid(&mut self, arcs: &[u32]) -> Result<(), Unencodable> {
        // A name of no or one arc is one with zeros after it, as `snmpwalk .1` asks for.
        let (first, second, rest) = match arcs {
            [] => (0, 0, &[][..]),
            [first] => (*first, 0, &[][..]),
            [first, second, rest @ ..] => (*first, *second, rest),
        };
        if first > 2 || (first < 2 && second > 39) || arcs.len() > MOST_ARCS {
            return Err(Unencodable);
        }
        let both = second.checked_add(first * 40).ok_or(Unencodable)?;
        let open = self.open(tag::OBJECT_ID);
        self.arc(both);
        for arc in rest {
            self.arc(*arc);
        }
        self.close(open);
        Ok(())
    }

    #[inline]
    fn arc(&mut self, arc: u32) {
        for shift in [28, 21, 14, 7] {
            if arc >> shift != 0 {
                self.bytes.push(0x80 | low_seven(arc >> shift));
            }
        }
        self.bytes.push(low_seven(arc));
    }

    pub(crate) fn value(&mut self, value: &Value) -> Result<(), Unencodable> {
        match value {
            Value::Null => self.octets(tag::NULL, &[]),
            Value::Integer(number) => self.signed(tag::INTEGER, *number),
            Value::OctetString(bytes) => self.octets(tag::OCTET_STRING, bytes),
            Value::ObjectId(oid) => self.oid(oid.arcs())?,
            Value::IpAddress(bytes) => self.octets(tag::IP_ADDRESS, bytes),
            Value::Counter32(number) => self.unsigned(tag::COUNTER32, u64::from(*number)),
            Value::Gauge32(number) => self.unsigned(tag::GAUGE32, u64::from(*number)),
            Value::TimeTicks(number) => self.unsigned(tag::TIME_TICKS, u64::from(*number)),
            Value::Counter64(number) => self.unsigned(tag::COUNTER64, *number),
            Value::NoSuchObject => self.octets(tag::NO_SUCH_OBJECT, &[]),
            Value::NoSuchInstance => self.octets(tag::NO_SUCH_INSTANCE, &[]),
            Value::EndOfMibView => self.octets(tag::END_OF_MIB_VIEW, &[]),
        }
        Ok(())
    }

    /// Writes one variable binding, or nothing at all.
    pub(crate) fn binding(&mut self, name: &[u32], value: &Value) -> Result<(), Unencodable> {
        let before = self.len();
        let open = self.open(tag::SEQUENCE);
        let written = self.oid(name).and_then(|()| self.value(value));
        if written.is_err() {
            self.truncate(before);
            return written;
        }
        self.close(open);
        Ok(())
    }
}

/// Returns the long form of a length and its number of bytes; longer datagrams are never sent.
fn long_length(length: usize) -> ([u8; 4], usize) {
    let [.., high, middle, low] = length.to_be_bytes();
    match length {
        0..=0xff => ([0x81, low, 0, 0], 2),
        0x100..=0xffff => ([0x82, middle, low, 0], 3),
        _ => ([0x83, high, middle, low], 4),
    }
}

fn low_seven(number: u32) -> u8 {
    let [.., low] = number.to_be_bytes();
    low & 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Value) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.value(value).unwrap();
        writer.into_bytes()
    }

    #[test]
    fn numbers_take_as_few_bytes_as_keep_their_sign() {
        for (number, content) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0, 0x80]),
            (-1, &[0xff]),
            (-128, &[0x80]),
            (-129, &[0xff, 0x7f]),
            (i32::MIN, &[0x80, 0, 0, 0]),
            (i32::MAX, &[0x7f, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(&written(&Value::Integer(number))[2..], content, "{number}");
        }
        assert_eq!(
            written(&Value::Gauge32(u32::MAX)),
            [0x42, 5, 0, 0xff, 0xff, 0xff, 0xff]
        );
        assert_eq!(written(&Value::Counter64(u64::MAX)).len(), 2 + 9);
        assert_eq!(written(&Value::TimeTicks(0)), [0x43, 1, 0]);
    }

    #[test]
    fn a_long_content_gets_a_long_length() {
        for (length, header) in [
            (127, &[0x04, 0x7f][..]),
            (128, &[0x04, 0x81, 0x80]),
            (256, &[0x04, 0x82, 1, 0]),
            (70_000, &[0x04, 0x83, 1, 0x11, 0x70]),
        ] {
            let mut writer = Writer::default();
            let open = writer.open(0x04);
            writer.raw(&vec![7; length]);
            writer.close(open);
            let bytes = writer.into_bytes();
            assert_eq!(&bytes[..header.len()], header);
            assert_eq!(bytes, written(&Value::OctetString(vec![7; length])));
        }
    }

    #[test]
    fn a_name_that_cannot_be_written_leaves_nothing_behind() {
        let mut writer = Writer::default();
        for name in [&[3, 1][..], &[1, 40], &[2, u32::MAX], &[1; 129]] {
            assert_eq!(writer.binding(name, &Value::Null), Err(Unencodable));
        }
        assert_eq!(writer.len(), 0);
        writer.oid(&[1]).unwrap();
        assert_eq!(writer.into_bytes(), [6, 1, 40]);
    }
}
