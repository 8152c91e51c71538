//! BER, as far as SNMP uses it: a writer, and a strict reader on top of the crate snmp2.

use snmp2::AsnReader;

/// The reason why bytes are not a valid answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(pub(super) String);

impl Malformed {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// The limit of RFC 2578.
const MOST_ARCS: usize = 128;

/// Writes from the last byte to the first: then the length of each element is known when its header is written.
#[derive(Default)]
pub(super) struct Writer {
    backwards: Vec<u8>,
}

impl Writer {
    /// Returns the number of bytes written: a mark for `close`, and the position of a byte counted from the end.
    pub(super) fn len(&self) -> usize {
        self.backwards.len()
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.backwards.extend(bytes.iter().rev());
    }

    /// Writes the header in front of everything written since `mark`.
    pub(super) fn close(&mut self, tag: u8, mark: usize) {
        let length = self.len() - mark;
        if let Ok(short) = u8::try_from(length)
            && short < 0x80
        {
            self.backwards.push(short);
        } else {
            let before = self.len();
            let mut rest = length;
            while rest > 0 {
                self.backwards.push(low_byte(rest));
                rest >>= 8;
            }
            let octets = low_byte(self.len() - before);
            self.backwards.push(0x80 | octets);
        }
        self.backwards.push(tag);
    }

    pub(super) fn octets(&mut self, bytes: &[u8]) {
        let mark = self.len();
        self.raw(bytes);
        self.close(OCTETS, mark);
    }

    pub(super) fn integer(&mut self, value: i64) {
        let mark = self.len();
        let bytes = value.to_be_bytes();
        // Leading octets that only repeat the sign are left out.
        let mut content = bytes.as_slice();
        while let [first, rest @ ..] = content
            && let Some(next) = rest.first()
            && ((*first == 0 && *next < 0x80) || (*first == 0xff && *next >= 0x80))
        {
            content = rest;
        }
        self.raw(content);
        self.close(INTEGER, mark);
    }

    /// Writes an identifier of at least two arcs.
    pub(super) fn oid(&mut self, arcs: &[u32]) {
        let mark = self.len();
        let (head, tail) = arcs.split_at_checked(2).unwrap_or((arcs, &[]));
        for arc in tail.iter().rev() {
            self.arc(u64::from(*arc));
        }
        let first = head.first().map_or(0, |arc| u64::from(*arc));
        let second = head.get(1).map_or(0, |arc| u64::from(*arc));
        self.arc(first * 40 + second);
        self.close(OID, mark);
    }

    fn arc(&mut self, mut arc: u64) {
        let mut more = 0;
        loop {
            self.backwards.push(more | low_byte_of(arc & 0x7f));
            arc >>= 7;
            if arc == 0 {
                return;
            }
            more = 0x80;
        }
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.backwards.reverse();
        self.backwards
    }
}

fn low_byte(number: usize) -> u8 {
    u8::try_from(number & 0xff).unwrap_or_default()
}

fn low_byte_of(number: u64) -> u8 {
    u8::try_from(number & 0xff).unwrap_or_default()
}

/// Reads one element after the other. Errors name the expected element by the argument `what`.
pub(super) struct Reader<'a> {
    whole: &'a [u8],
    inner: AsnReader<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            whole: bytes,
            inner: AsnReader::from_bytes(bytes),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inner.bytes_left() == 0
    }

    /// Returns the type of the next element.
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.inner.peek_byte().ok()
    }

    pub(super) fn take(&mut self, tag: u8, what: &str) -> Result<&'a [u8], Malformed> {
        self.inner
            .read_raw(tag)
            .map_err(|error| Malformed(format!("{what} cannot be read: {error}")))
    }

    pub(super) fn any(&mut self, what: &str) -> Result<(u8, &'a [u8]), Malformed> {
        let tag = self
            .peek()
            .ok_or_else(|| Malformed(format!("{what} is missing")))?;
        Ok((tag, self.take(tag, what)?))
    }

    /// Reads an INTEGER of 32 bits, the only size in SNMP.
    pub(super) fn integer(&mut self, what: &str) -> Result<i32, Malformed> {
        integer(self.take(INTEGER, what)?)
            .ok_or_else(|| Malformed(format!("{what} is not an integer of 32 bits")))
    }

    /// Returns all bytes that are left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.whole
            .get(self.whole.len() - self.inner.bytes_left()..)
            .unwrap_or_default()
    }

    pub(super) fn end(&self, what: &str) -> Result<(), Malformed> {
        if self.is_empty() {
            Ok(())
        } else {
            let left = self.inner.bytes_left();
            Err(Malformed(format!("{left} bytes follow {what}")))
        }
    }
}

/// Reads the content of an INTEGER; `None` when it does not fit 32 bits.
pub(super) fn integer(content: &[u8]) -> Option<i32> {
    let (first, _) = content.split_first()?;
    if content.len() > 8 {
        return None;
    }
    let start = if *first >= 0x80 { -1 } else { 0 };
    let value = content
        .iter()
        .fold(start, |value: i64, byte| (value << 8) | i64::from(*byte));
    i32::try_from(value).ok()
}

/// Reads the content of an unsigned number; `None` when it is negative or longer than 64 bits.
pub(super) fn unsigned(content: &[u8]) -> Option<u64> {
    let bytes = match content {
        [] => return None,
        [0, rest @ ..] => rest,
        [first, ..] if *first >= 0x80 => return None,
        all => all,
    };
    (bytes.len() <= 8).then(|| {
        bytes
            .iter()
            .fold(0, |value, byte| (value << 8) | u64::from(*byte))
    })
}

/// Reads the content of an OBJECT IDENTIFIER into `arcs`, after clearing it.
pub(super) fn arcs(content: &[u8], arcs: &mut Vec<u32>) -> Result<(), Malformed> {
    arcs.clear();
    let wrong = |why: &str| Malformed(format!("a name cannot be read: {why}"));
    let mut arc: u64 = 0;
    let mut is_within = false;
    for byte in content {
        if !is_within && *byte == 0x80 {
            return Err(wrong("an arc begins with padding"));
        }
        arc = (arc << 7) | u64::from(byte & 0x7f);
        if arc > u64::from(u32::MAX) + 80 {
            return Err(wrong("an arc is larger than 32 bits"));
        }
        is_within = byte & 0x80 != 0;
        if is_within {
            continue;
        }
        if arcs.is_empty() {
            let first = (arc / 40).min(2);
            arcs.push(u32::try_from(first).unwrap_or_default());
            arc -= first * 40;
        }
        arcs.push(u32::try_from(arc).map_err(|_| wrong("an arc is larger than 32 bits"))?);
        arc = 0;
    }
    if is_within {
        return Err(wrong("it ends within an arc"));
    }
    if arcs.is_empty() {
        return Err(wrong("it is empty"));
    }
    if arcs.len() > MOST_ARCS {
        return Err(wrong("it has more than 128 arcs"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_that_is_written_is_read_again(second in 0..40_u32, tail in prop::collection::vec(any::<u32>(), 0..126)) {
            let name = [&[1, second], tail.as_slice()].concat();
            let mut writer = Writer::default();
            writer.oid(&name);
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            let mut read = Vec::new();
            arcs(reader.take(OID, "").unwrap(), &mut read).unwrap();
            prop_assert_eq!(read, name);
            prop_assert!(reader.end("").is_ok());
        }

        #[test]
        fn an_integer_that_is_written_is_read_again_and_is_as_short_as_can_be(value in any::<i32>()) {
            let mut writer = Writer::default();
            writer.integer(i64::from(value));
            let bytes = writer.finish();
            prop_assert_eq!(Reader::new(&bytes).integer("").unwrap(), value);
            let bits = 33 - value.unsigned_abs().leading_zeros();
            prop_assert!(bytes.len() <= 2 + usize::try_from(bits.div_ceil(8)).unwrap());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut name = Vec::new();
            if arcs(&bytes, &mut name).is_ok() {
                let mut writer = Writer::default();
                writer.oid(&name);
                prop_assert!(writer.finish().ends_with(&bytes));
            }
            let mut reader = Reader::new(&bytes);
            while let Ok((_, content)) = reader.any("") {
                prop_assert!(content.len() < bytes.len());
            }
        }
    }

    #[test]
    fn lengths_are_of_as_many_bytes_as_they_need() {
        for (length, header) in [
            (127, vec![4, 127]),
            (128, vec![4, 0x81, 128]),
            (256, vec![4, 0x82, 1, 0]),
            (65_536, vec![4, 0x83, 1, 0, 0]),
        ] {
            let mut writer = Writer::default();
            writer.octets(&vec![7; length]);
            let bytes = writer.finish();
            assert_eq!(bytes[..header.len()], header);
            assert_eq!(Reader::new(&bytes).take(OCTETS, "").unwrap().len(), length);
        }
    }
}
