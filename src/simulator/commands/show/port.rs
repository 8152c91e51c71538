//! Prints `show ghn port`.

use std::fmt::Write as _;

use super::{field, yes_no};
use crate::simulator::gam::{Gam, Interface, Port, Refusal, Traffic};
use crate::simulator::moment::Moment;

pub(crate) fn configuration(gam: &Gam, number: u8) -> Result<String, Refusal> {
    let port = configured(gam, number)?;
    let mut text = format!("G.hn port {number}\n");
    field(&mut text, "Name", &port.name);
    field(&mut text, "Mode", port.mode);
    field(&mut text, "Admin state", state(port));
    Ok(text)
}

pub(crate) fn status(gam: &Gam, number: u8, detail: bool) -> Result<String, Refusal> {
    let port = configured(gam, number)?;
    let interface = Interface::Ghn(number);
    let mut text = format!("G.hn port {number}\n");
    field(&mut text, "Admin state", state(port));
    field(&mut text, "Link up", yes_no(gam.link(interface)));
    field(&mut text, "MAC", gam.hardware().interface_mac(interface));
    let heard: Vec<_> = gam.heard_on(number).collect();
    field(&mut text, "Endpoints", heard.len());
    if detail {
        for (mac, plugged) in heard {
            let wire = plugged.wire;
            let _ = writeln!(
                text,
                "  {mac} {:<8} {:>4} m  downstream {:>4} Mbps  upstream {:>4} Mbps",
                plugged.family.model(),
                wire.meters,
                wire.down_phy,
                wire.up_phy
            );
        }
    }
    Ok(text)
}

pub(crate) fn statistics(gam: &Gam, number: u8, now: Moment) -> Result<String, Refusal> {
    configured(gam, number)?;
    let mut text = format!("G.hn port {number}\n");
    write_traffic(
        &mut text,
        gam.interface_traffic(Interface::Ghn(number), now),
    );
    Ok(text)
}

pub(super) fn write_traffic(text: &mut String, traffic: Traffic) {
    field(text, "Rx Bytes", traffic.received_bytes);
    field(text, "Tx Bytes", traffic.sent_bytes);
    field(text, "Rx Packets", traffic.received_packets);
    field(text, "Tx Packets", traffic.sent_packets);
    field(text, "Rx Errors", traffic.received_errors);
}

fn state(port: &Port) -> &'static str {
    if port.shutdown { "shutdown" } else { "enabled" }
}

fn configured(gam: &Gam, number: u8) -> Result<&Port, Refusal> {
    gam.running().ports.get(&number).ok_or(Refusal::InvalidPort)
}
