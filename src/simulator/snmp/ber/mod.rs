//! BER as SNMP uses it (RFC 3417 §8): definite lengths, and tags of one byte.

mod reader;
mod writer;

pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

/// The first byte of each encoded element.
pub(super) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OBJECT_ID: u8 = 0x06;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const IP_ADDRESS: u8 = 0x40;
    pub(crate) const COUNTER32: u8 = 0x41;
    pub(crate) const GAUGE32: u8 = 0x42;
    pub(crate) const TIME_TICKS: u8 = 0x43;
    pub(crate) const COUNTER64: u8 = 0x46;
    pub(crate) const NO_SUCH_OBJECT: u8 = 0x80;
    pub(crate) const NO_SUCH_INSTANCE: u8 = 0x81;
    pub(crate) const END_OF_MIB_VIEW: u8 = 0x82;
}

/// The highest number of arcs in a name (RFC 2578 §3.5).
pub(super) const MOST_ARCS: usize = 128;

/// The bytes are not valid SNMP; an agent counts them and stays silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not an SNMP message")]
pub(crate) struct Malformed;

/// A name that cannot be encoded: too long, or with invalid first arcs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name cannot be encoded")]
pub struct Unencodable;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Oid, Value};
    use super::*;

    fn oids() -> impl Strategy<Value = Oid> {
        let first = prop_oneof![
            (0..2_u32, 0..40_u32),
            (Just(2_u32), 0..=u32::MAX - 80),
            (Just(1_u32), Just(3_u32)),
        ];
        let rest = prop::collection::vec(
            prop_oneof![0..300_u32, any::<u32>(), Just(u32::MAX)],
            0..=126,
        );
        (first, rest).prop_map(|((first, second), rest)| Oid::new(&[first, second]).with(&rest))
    }

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::Integer),
            prop::collection::vec(any::<u8>(), 0..400).prop_map(Value::OctetString),
            oids().prop_map(Value::ObjectId),
            any::<[u8; 4]>().prop_map(Value::IpAddress),
            any::<u32>().prop_map(Value::Counter32),
            any::<u32>().prop_map(Value::Gauge32),
            any::<u32>().prop_map(Value::TimeTicks),
            any::<u64>().prop_map(Value::Counter64),
            Just(Value::NoSuchObject),
            Just(Value::NoSuchInstance),
            Just(Value::EndOfMibView),
        ]
    }

    proptest! {
        #[test]
        fn a_written_look_is_read_back(name in oids(), value in values()) {
            let mut writer = Writer::with_capacity(64);
            writer.binding(name.arcs(), &value).unwrap();
            let bytes = writer.into_bytes();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.binding(), Ok((name, value)));
            prop_assert_eq!(reader.finish(), Ok(()));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while let Ok((tag, content)) = reader.element() {
                drop(Value::read(tag, content));
                drop(Reader::new(content).binding());
            }
        }

        #[test]
        fn a_binding_that_is_cut_short_is_malformed(name in oids(), value in values(), keep in any::<prop::sample::Index>()) {
            let mut writer = Writer::with_capacity(64);
            writer.binding(name.arcs(), &value).unwrap();
            let mut bytes = writer.into_bytes();
            bytes.truncate(keep.index(bytes.len()));
            prop_assert_eq!(Reader::new(&bytes).binding(), Err(Malformed));
        }
    }
}
