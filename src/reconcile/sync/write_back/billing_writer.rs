//! Carries out one write of the outbox with the client of its product; returns what a read showed.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::{CompactString, ToCompactString, format_compact};

use super::text::MarkedWrite;
use crate::billing::sonar::{
    ItemHealth, SonarClient, SonarLookups, SonarTicket, TicketPriority, WriteOutcome,
};
use crate::billing::splynx::{
    AccessLink, MarkedText, ServiceFields, SplynxClient, SplynxFields, WriteResult,
};
use crate::billing::{BillingError, OwnField, Priority};
use crate::history::{SERVICE_GONE, TicketStep};
use crate::inventory::{Inventory, device_externals};
use crate::model::billing::{
    BillingName, BillingService, EquipmentId, PlaceHint, TariffId, WrittenBack,
};
use crate::model::{DeviceName, PortNumber};
use crate::reconcile::sync::client::BillingClient;
use crate::sync::WriteBackField;

/// A client that is ready to write: it knows which of gamctl's own fields are defined.
pub(super) struct BillingWriter<'a> {
    target: Target<'a>,
    /// The ids of devices in the billing system.
    devices: BTreeMap<DeviceName, CompactString>,
}

enum Target<'a> {
    Sonar {
        client: &'a SonarClient,
        lookups: SonarLookups,
    },
    Splynx {
        client: &'a SplynxClient,
        fields: ServiceFields,
    },
}

/// The result of a write, as a read shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WriteEnd {
    Done,
    /// It was accepted and did not take effect, or it may be sent later.
    NotDone(CompactString),
    /// It makes no sense to send it again.
    Refused(CompactString),
}

/// The values of a write to gamctl's own fields.
pub(super) type FieldValues = BTreeMap<WriteBackField, CompactString>;

impl<'a> BillingWriter<'a> {
    /// Asks which fields are defined. It is asked before each run that writes: a person may remove a field at any time.
    pub(super) async fn open(
        client: &'a BillingClient,
        inventory: &Inventory,
        system: &BillingName,
    ) -> Result<Self, BillingError> {
        let externals = device_externals(inventory).into_iter();
        let externals = externals.filter(|(_, external)| external.system == *system);
        let devices = externals.map(|(device, external)| (device, external.device.as_str().into()));
        let target = match client {
            BillingClient::Sonar(client) => Target::Sonar {
                client,
                lookups: client.read_lookups(Priority::WriteBack).await?,
            },
            BillingClient::Splynx(client) => Target::Splynx {
                client,
                fields: client.service_fields().await?,
            },
        };
        Ok(Self {
            target,
            devices: devices.collect(),
        })
    }

    /// Returns those of the fields that are not defined for services of a tariff.
    pub(super) fn undefined(
        &self,
        tariff: Option<&TariffId>,
        values: &FieldValues,
    ) -> BTreeSet<&'static str> {
        let fields = values.keys().map(|field| own_field(*field));
        let undefined = fields.filter(|field| match &self.target {
            Target::Sonar { lookups, .. } => {
                tariff.is_none_or(|tariff| lookups.own_field(tariff, *field).is_none())
            }
            Target::Splynx { fields, .. } => fields.undefined.contains(&field.as_str()),
        });
        undefined.map(OwnField::as_str).collect()
    }

    /// Returns the tariff for whose services a field is defined; `None` where it is defined for all services.
    pub(super) fn defined_for<'t>(&self, tariff: Option<&'t TariffId>) -> Option<&'t TariffId> {
        tariff.filter(|_| matches!(self.target, Target::Sonar { .. }))
    }

    /// Returns a place as billing's own fields have it; `None` if billing does not have the device, or no such fields.
    pub(super) fn native(&self, place: &(DeviceName, PortNumber)) -> Option<PlaceHint> {
        let (device, port) = place;
        match &self.target {
            Target::Splynx { fields, .. } if fields.access_device && fields.port_id => {
                Some(PlaceHint {
                    device: self.devices.get(device)?.clone(),
                    port: Some(port.to_compact_string()),
                })
            }
            // Sonar has no link from a service to a device.
            Target::Splynx { .. } | Target::Sonar { .. } => None,
        }
    }

    /// Writes gamctl's own fields, and the place into billing's where those are empty or have what gamctl wrote last.
    pub(super) async fn fields(
        &self,
        service: &BillingService,
        values: &FieldValues,
        native: Option<&PlaceHint>,
        written: Option<&PlaceHint>,
    ) -> Result<WriteEnd, BillingError> {
        let value = |field| values.get(&field).cloned();
        let (place, vlan, state) = (
            value(WriteBackField::Place),
            value(WriteBackField::Vlan),
            value(WriteBackField::State),
        );
        match &self.target {
            Target::Sonar { client, lookups } => {
                let Some(tariff) = &service.tariff else {
                    return Ok(WriteEnd::NotDone("no-tariff".into()));
                };
                let wanted = WrittenBack { place, vlan, state };
                let outcome = client.write_back(&service.service, tariff, &wanted, lookups);
                Ok(sonar_end(&outcome.await?))
            }
            Target::Splynx { client, .. } => {
                let link = |hint: &PlaceHint| (hint.device.clone(), port_of(hint));
                let access = native.map(|native| {
                    let (device, port) = link(native);
                    AccessLink {
                        device,
                        port,
                        written: written.map(link),
                    }
                });
                let fields = SplynxFields {
                    place,
                    vlan,
                    state,
                    access,
                };
                let (account, service) = (&service.account, &service.service);
                let result = client.write_service(account, service, &fields).await?;
                Ok(match result {
                    WriteResult::Proved => WriteEnd::Done,
                    WriteResult::NotTaken { fields } => {
                        WriteEnd::NotDone(format_compact!("not-taken {}", fields.join(" ")))
                    }
                    WriteResult::ServiceGone => WriteEnd::Refused(SERVICE_GONE.into()),
                })
            }
        }
    }

    /// Writes a note, unless one with its marker is there.
    pub(super) async fn note(&self, note: &MarkedWrite) -> Result<WriteEnd, BillingError> {
        let MarkedWrite {
            account,
            marker,
            title,
            text,
            ..
        } = note;
        match &self.target {
            Target::Sonar { client, .. } => {
                let message = format!("{title}: {text}");
                client.add_note(account, marker, &message).await?;
            }
            Target::Splynx { client, .. } => client.add_note(account, &marked_text(note)).await?,
        }
        Ok(WriteEnd::Done)
    }

    /// Opens a ticket, unless an open one with its marker is there; or finds it by the marker and writes to it.
    pub(super) async fn ticket(
        &self,
        ticket: &MarkedWrite,
        step: TicketStep,
    ) -> Result<WriteEnd, BillingError> {
        match &self.target {
            Target::Sonar { client, .. } => sonar_ticket(client, ticket, step).await?,
            Target::Splynx { client, .. } => splynx_ticket(client, ticket, step).await?,
        }
        Ok(WriteEnd::Done)
    }

    /// Writes the health of an item.
    pub(super) async fn health(
        &self,
        item: &EquipmentId,
        status: &str,
    ) -> Result<WriteEnd, BillingError> {
        let Target::Sonar { client, .. } = &self.target else {
            return Ok(WriteEnd::Refused("not-supported".into()));
        };
        let healths = [ItemHealth::Good, ItemHealth::Warning, ItemHealth::Down];
        let health = healths.into_iter().find(|health| health.word() == status);
        if health.is_none() {
            return Ok(WriteEnd::Refused("unknown-status".into()));
        }
        Ok(sonar_end(&client.write_health(item, health).await?))
    }
}

fn port_of(hint: &PlaceHint) -> CompactString {
    hint.port.clone().unwrap_or_default()
}

fn own_field(field: WriteBackField) -> OwnField {
    match field {
        WriteBackField::Place => OwnField::Place,
        WriteBackField::Vlan => OwnField::Vlan,
        WriteBackField::State => OwnField::State,
    }
}

fn sonar_end(outcome: &WriteOutcome) -> WriteEnd {
    match outcome {
        WriteOutcome::AlreadyThere | WriteOutcome::Proved => WriteEnd::Done,
        WriteOutcome::NotDone => WriteEnd::NotDone("not-taken".into()),
        WriteOutcome::NotDefined { .. } => WriteEnd::NotDone("not-defined".into()),
        WriteOutcome::NoObject => WriteEnd::Refused(SERVICE_GONE.into()),
        WriteOutcome::OthersChanged => WriteEnd::Refused("others-changed".into()),
    }
}

fn marked_text(write: &MarkedWrite) -> MarkedText {
    MarkedText {
        marker: write.marker.clone(),
        title: write.title.clone(),
        text: write.text.clone(),
    }
}

async fn sonar_ticket(
    client: &SonarClient,
    ticket: &MarkedWrite,
    step: TicketStep,
) -> Result<(), BillingError> {
    let (account, marker) = (&ticket.account, &ticket.marker);
    if step == TicketStep::Open {
        let open = SonarTicket {
            subject: &ticket.title,
            description: &ticket.text,
            priority: TicketPriority::Medium,
        };
        return client.open_ticket(account, marker, open).await.map(|_| ());
    }
    // A person may have closed it.
    let Some(id) = client.find_open_ticket(account, marker).await? else {
        return Ok(());
    };
    match step {
        TicketStep::Close => client.close_ticket(&id).await,
        TicketStep::Open | TicketStep::Comment => {
            client
                .comment_ticket(&id, &ticket.step_marker, &ticket.text)
                .await
        }
    }
}

async fn splynx_ticket(
    client: &SplynxClient,
    ticket: &MarkedWrite,
    step: TicketStep,
) -> Result<(), BillingError> {
    let text = marked_text(ticket);
    if step == TicketStep::Open {
        return client.open_ticket(&ticket.account, &text).await.map(|_| ());
    }
    let found = client.find_ticket(&ticket.account, &ticket.marker).await?;
    let Some(open) = found.filter(|found| !found.is_closed) else {
        return Ok(());
    };
    match step {
        TicketStep::Close => client.close_ticket(&open.id).await,
        TicketStep::Open | TicketStep::Comment => {
            let message = MarkedText {
                marker: ticket.step_marker.clone(),
                ..text
            };
            client.add_ticket_message(&open.id, &message).await
        }
    }
}
