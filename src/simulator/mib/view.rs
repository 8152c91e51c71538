//! Offers a device's MIBs to the agent: one instance, the next one, or an all-or-nothing SET.

use super::OBJECTS;
use super::table::{Object, Turn, Write};
use crate::simulator::gam::Gam;
use crate::simulator::moment::Moment;
use crate::simulator::snmp::{ErrorStatus, Oid, SetRefused, Value, View};

/// One device at one time.
#[derive(Debug)]
pub struct Mib<'a> {
    pub gam: &'a mut Gam,
    pub now: Moment,
}

impl View for Mib<'_> {
    fn get(&self, oid: &[u32]) -> Value {
        match self.object_of(oid) {
            None => Value::NoSuchObject,
            Some((object, index)) if (object.rows.has)(self.gam, index) => {
                (object.read)(self.gam, index, self.now)
            }
            Some(_) => Value::NoSuchInstance,
        }
    }

    fn next(&self, after: &[u32]) -> Option<(Oid, Value)> {
        let following = OBJECTS.partition_point(|object| object.name.as_slice() <= after);
        // Either the object of the name has further rows, or the first row of a later object is next.
        let inside = self
            .object_of(after)
            .and_then(|(object, index)| self.row_after(object, index));
        inside.or_else(|| {
            OBJECTS
                .get(following..)?
                .iter()
                .filter(|object| object.is_on(self.gam))
                .find_map(|object| self.row_after(object, &[]))
        })
    }

    fn set(&mut self, bindings: &[(Oid, Value)]) -> Result<(), SetRefused> {
        let mut writes = Vec::with_capacity(bindings.len());
        for (position, (oid, value)) in bindings.iter().enumerate() {
            let (write, index) = self
                .check(oid.arcs(), value)
                .map_err(|status| refused(position, status))?;
            writes.push((position, write, index, value));
        }
        let before = self.gam.clone();
        for turn in [Turn::Setting, Turn::Trigger] {
            for (position, write, index, value) in &writes {
                if write.turn != turn {
                    continue;
                }
                if let Err(status) = (write.apply)(self.gam, index, value, self.now) {
                    *self.gam = before;
                    return Err(refused(*position, status));
                }
            }
        }
        Ok(())
    }
}

impl Mib<'_> {
    /// Returns the object of a name, and the arcs after the object's own name.
    fn object_of<'n>(&self, name: &'n [u32]) -> Option<(&'static Object, &'n [u32])> {
        let following = OBJECTS.partition_point(|object| object.name.as_slice() <= name);
        let object = OBJECTS.get(following.checked_sub(1)?)?;
        let index = name.strip_prefix(object.name.as_slice())?;
        object.is_on(self.gam).then_some((object, index))
    }

    fn row_after(&self, object: &Object, after: &[u32]) -> Option<(Oid, Value)> {
        let index = (object.rows.next)(self.gam, after)?;
        let value = (object.read)(self.gam, &index, self.now);
        Some((Oid::new(&object.name).with(&index), value))
    }

    /// Checks everything about one binding that can be checked before changes, in the order of RFC 3416 §4.2.5.
    fn check<'n>(
        &self,
        name: &'n [u32],
        value: &Value,
    ) -> Result<(&'static Write, &'n [u32]), ErrorStatus> {
        let (object, index) = self.object_of(name).ok_or(ErrorStatus::NotWritable)?;
        let write = object.write.as_ref().ok_or(ErrorStatus::NotWritable)?;
        write.syntax.check(value)?;
        if (object.rows.has)(self.gam, index) {
            Ok((write, index))
        } else {
            Err(ErrorStatus::NoCreation)
        }
    }
}

fn refused(position: usize, status: ErrorStatus) -> SetRefused {
    SetRefused {
        index: position + 1,
        status,
    }
}
