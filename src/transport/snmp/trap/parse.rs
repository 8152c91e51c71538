//! Parses traps of SNMPv1, v2c and v3 up to where their content begins; pure, never panics.

use super::super::ber::{self, Malformed, Reader};
use super::super::pdu::{notification, trap_bindings};
use super::super::usm::Sealed;

/// The longest datagram that is looked at; a trap of a GAM has some 600 octets.
pub(super) const LONGEST: usize = 4096;

const VERSION_1: i32 = 0;
const VERSION_2C: i32 = 1;
const VERSION_3: i32 = 3;

const TRAP_1: u8 = 0xa4;
/// `IpAddress`, in a trap of SNMPv1.
const ADDRESS: u8 = 0x40;
const TICKS: u8 = 0x43;

/// A trap, whose content nobody reads: it is only a hint that something changed.
#[derive(Debug)]
pub(in super::super) enum Trap<'a> {
    /// Of SNMPv1 or v2c: it proves nothing about its sender.
    Open,
    /// Of SNMP 3, to be verified with the keys of a user.
    Sealed(Sealed<'a>),
}

/// Parses a datagram.
///
/// # Errors
///
/// Fails if it is not a trap, or not a whole one.
pub(in super::super) fn trap(datagram: &[u8]) -> Result<Trap<'_>, Malformed> {
    if datagram.len() > LONGEST {
        return Err(Malformed::new("it is too long for a trap"));
    }
    let mut outer = Reader::new(datagram);
    let mut message = Reader::new(outer.take(ber::SEQUENCE, "the message")?);
    outer.end("the message")?;
    match message.integer("the version")? {
        version @ (VERSION_1 | VERSION_2C) => {
            message.take(ber::OCTETS, "the community")?;
            let pdu = message.rest();
            match version {
                VERSION_1 => first_version(pdu)?,
                _ => notification(pdu)?,
            }
            Ok(Trap::Open)
        }
        VERSION_3 => Ok(Trap::Sealed(Sealed::read(datagram)?)),
        _ => Err(Malformed::new("it has an unknown version")),
    }
}

/// Checks a trap of SNMPv1: enterprise, address, kind, time and bindings (RFC 1157 §4.1.6).
fn first_version(pdu: &[u8]) -> Result<(), Malformed> {
    let mut outer = Reader::new(pdu);
    let mut inner = Reader::new(outer.take(TRAP_1, "the trap")?);
    outer.end("the trap")?;
    let mut arcs = Vec::new();
    ber::arcs(inner.take(ber::OID, "the enterprise")?, &mut arcs)?;
    inner.take(ADDRESS, "the address")?;
    inner.integer("the generic number")?;
    inner.integer("the specific number")?;
    inner.take(TICKS, "the time")?;
    trap_bindings(inner.take(ber::SEQUENCE, "the list of bindings")?)?;
    inner.end("the list of bindings")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::ber::Writer;
    use super::super::super::pdu::{INFORM, MOST_TRAP_BINDINGS, TRAP_2};
    use super::*;

    fn close(mut writer: Writer, version: i32) -> Vec<u8> {
        writer.octets(b"public");
        writer.integer(i64::from(version));
        writer.close(ber::SEQUENCE, 0);
        writer.finish()
    }

    fn list(writer: &mut Writer, count: usize) {
        let whole = writer.len();
        for number in 0..count {
            let binding = writer.len();
            writer.integer(7);
            writer.oid(&[1, 3, 6, 1, u32::try_from(number).unwrap()]);
            writer.close(ber::SEQUENCE, binding);
        }
        writer.close(ber::SEQUENCE, whole);
    }

    fn second(tag: u8, count: usize) -> Vec<u8> {
        let mut writer = Writer::default();
        let whole = writer.len();
        list(&mut writer, count);
        for number in [0, 0, 77] {
            writer.integer(number);
        }
        writer.close(tag, whole);
        close(writer, VERSION_2C)
    }

    fn first() -> Vec<u8> {
        let mut writer = Writer::default();
        let whole = writer.len();
        list(&mut writer, 2);
        let ticks = writer.len();
        writer.raw(&[1, 2]);
        writer.close(TICKS, ticks);
        writer.integer(3);
        writer.integer(6);
        let address = writer.len();
        writer.raw(&[10, 0, 0, 1]);
        writer.close(ADDRESS, address);
        writer.oid(&[1, 3, 6, 1, 4, 1, 20_095]);
        writer.close(TRAP_1, whole);
        close(writer, VERSION_1)
    }

    #[test]
    fn traps_and_informs_are_traps_and_requests_and_answers_are_none() {
        for good in [first(), second(TRAP_2, 3), second(INFORM, 0)] {
            assert!(matches!(trap(&good), Ok(Trap::Open)));
        }
        for tag in [0xa0, 0xa2, 0xa3, 0xa5, 0xa8] {
            let why = trap(&second(tag, 1)).unwrap_err().to_string();
            assert!(why.contains("is not the type of a trap"), "{why}");
        }
        let many = trap(&second(TRAP_2, MOST_TRAP_BINDINGS + 1)).unwrap_err();
        assert!(many.to_string().contains("too many bindings"));
        let long = vec![0x30; LONGEST + 1];
        assert!(trap(&long).unwrap_err().to_string().contains("too long"));
    }

    #[test]
    fn a_trap_that_is_cut_off_anywhere_is_none() {
        for whole in [first(), second(TRAP_2, 3)] {
            for length in 0..whole.len() {
                assert!(trap(&whole[..length]).is_err(), "{length}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_trap_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _read = trap(&bytes).is_ok();
        }

        #[test]
        fn a_damaged_trap_is_a_trap_or_an_error(
            kind in 0..3_usize,
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            more in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let mut bytes = [first(), second(TRAP_2, 3), second(INFORM, 1)][kind].clone();
            for (place, byte) in more.into_iter().chain([(place, byte)]) {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let _read = trap(&bytes).is_ok();
        }
    }
}
