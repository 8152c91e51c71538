//! The values of a change as the words of a line, with what each field may hold.

use super::RenderError;
use super::line::Line;
use crate::model::{
    Description, EndpointName, PortAssignment, PortName, ProfileName, SubscriberName, VlanSet,
};
use crate::plan::{Change, Field, Object, Value};

/// What a change makes of one field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) change: &'a Change,
    pub(super) field: Field,
    pub(super) to: Option<&'a Value>,
}

impl<'a> Given<'a> {
    pub(super) fn value(self) -> Result<&'a Value, RenderError> {
        self.to.ok_or_else(|| RenderError::CannotBeTaken {
            object: self.change.object.clone(),
            field: self.field,
        })
    }

    pub(super) fn wrong_value(self) -> RenderError {
        RenderError::WrongValue {
            object: self.change.object.clone(),
            field: self.field,
        }
    }

    pub(super) fn wrong_field(self) -> RenderError {
        RenderError::WrongField {
            object: self.change.object.clone(),
            field: self.field,
        }
    }

    pub(super) fn unsafe_text(self, why: &'static str) -> RenderError {
        RenderError::Text {
            object: self.change.object.clone(),
            field: self.field,
            why,
        }
    }

    pub(super) fn text(self) -> Result<&'a str, RenderError> {
        match self.value()? {
            Value::Text(text) => Ok(text),
            Value::Mac(_)
            | Value::Speed(_)
            | Value::Flag(_)
            | Value::Vlan(_)
            | Value::Vlans(_)
            | Value::Port(_)
            | Value::Mode(_)
            | Value::Poe(_)
            | Value::Endpoint { .. }
            | Value::Profile { .. }
            | Value::Unthrottled => Err(self.wrong_value()),
        }
    }

    pub(super) fn flag(self) -> Result<bool, RenderError> {
        let Value::Flag(flag) = self.value()? else {
            return Err(self.wrong_value());
        };
        Ok(*flag)
    }

    /// Adds `name "…"`.
    pub(super) fn name(self, line: &mut Line) -> Result<(), RenderError> {
        let most = match self.change.object {
            Object::Port(_) => PortName::MAX,
            Object::Profile(_) => ProfileName::MAX,
            Object::Endpoint(_) => EndpointName::MAX,
            Object::Subscriber(_) => SubscriberName::MAX,
            Object::System | Object::Uplink(_) => return Err(self.wrong_field()),
        };
        let name = self.text()?;
        if name.is_empty() || name.starts_with(' ') || name.ends_with(' ') {
            return Err(self.unsafe_text("a name is not empty and has no outer space"));
        }
        line.word("name")
            .quoted(name, most)
            .map_err(|why| self.unsafe_text(why))?;
        Ok(())
    }

    /// Adds `description "…"`; an empty one takes it away (assumed, docs/gam.md).
    pub(super) fn description(self, line: &mut Line) -> Result<(), RenderError> {
        let text = match self.to {
            Some(_) => self.text()?,
            None => "",
        };
        line.word("description")
            .quoted(text, Description::MAX)
            .map_err(|why| self.unsafe_text(why))?;
        Ok(())
    }

    pub(super) fn speed(self, line: &mut Line, word: &'static str) -> Result<(), RenderError> {
        let Value::Speed(speed) = self.value()? else {
            return Err(self.wrong_value());
        };
        line.word(word).number(speed.get());
        Ok(())
    }

    pub(super) fn mac(self, line: &mut Line) -> Result<(), RenderError> {
        let Value::Mac(mac) = self.value()? else {
            return Err(self.wrong_value());
        };
        line.word("mac-address")
            .bare(&mac.to_string())
            .map_err(|why| self.unsafe_text(why))?;
        Ok(())
    }

    pub(super) fn port(self, line: &mut Line) -> Result<(), RenderError> {
        let Value::Port(port) = self.value()? else {
            return Err(self.wrong_value());
        };
        line.word("port");
        match port {
            PortAssignment::Port(number) => line.number(number.get()),
            PortAssignment::Auto => line.word("auto"),
            PortAssignment::Unassigned => line.word("unassigned"),
        };
        Ok(())
    }

    /// Adds a VLAN, or `none` where it is taken away.
    pub(super) fn vlan_or_none(
        self,
        line: &mut Line,
        word: &'static str,
    ) -> Result<(), RenderError> {
        line.word(word);
        match self.to {
            None => line.word("none"),
            Some(Value::Vlan(vlan)) => line.number(vlan.get()),
            Some(_) => return Err(self.wrong_value()),
        };
        Ok(())
    }

    /// Adds a list of VLANs, or `none` where it is empty or taken away.
    pub(super) fn vlans(self, line: &mut Line) -> Result<(), RenderError> {
        match self.to {
            None => line.word("none"),
            Some(Value::Vlans(vlans)) if vlans.is_empty() => line.word("none"),
            Some(Value::Vlans(vlans)) => self.list(line, vlans)?,
            Some(_) => return Err(self.wrong_value()),
        };
        Ok(())
    }

    fn list<'line>(
        self,
        line: &'line mut Line,
        vlans: &VlanSet,
    ) -> Result<&'line mut Line, RenderError> {
        line.bare(&vlans.to_string())
            .map_err(|why| self.unsafe_text(why))
    }
}
