//! Prints `show ghn discover`, `show ghn endpoint` and `show ghn maxsnr`.

use std::fmt::Write as _;

use super::{field, yes_no};
use crate::model::MacAddress;
use crate::simulator::gam::{
    Detected, Endpoint, EndpointState, ExpectedPort, Gam, Plugged, Refusal, Wire,
};
use crate::simulator::moment::{Moment, days_and_clock};

pub(crate) fn discovered(gam: &Gam) -> String {
    let mut text = String::from(
        "Port MACAddress        Configured IsUP\n-----------------------------------------\n",
    );
    for port in gam.running().ports.keys() {
        for (mac, _) in gam.heard_on(*port) {
            let configured = yes_no(gam.endpoint_by_mac(mac).is_some());
            let mac = mac.to_string().to_ascii_uppercase();
            let _ = writeln!(text, "{port:>3}   {mac} {configured:<10} yes");
        }
    }
    text
}

pub(crate) fn configuration(gam: &Gam, id: u16) -> Result<String, Refusal> {
    let endpoint = configured(gam, id)?;
    let mut text = format!("Endpoint {id}\n");
    field(&mut text, "Name", &endpoint.name);
    field(&mut text, "MAC", endpoint.mac);
    field(&mut text, "Description", &endpoint.description);
    match endpoint.port {
        ExpectedPort::Port(port) => field(&mut text, "Port", port),
        ExpectedPort::Auto => field(&mut text, "Port", "auto"),
        ExpectedPort::Unassigned => field(&mut text, "Port", "unassigned"),
    }
    field(
        &mut text,
        "Allow management access",
        yes_no(endpoint.allow_management_access),
    );
    Ok(text)
}

pub(crate) fn status(gam: &Gam, id: u16, detail: bool, now: Moment) -> Result<String, Refusal> {
    configured(gam, id)?;
    let detected = gam.detected_by_id(id).ok_or(Refusal::NoSuchEndpoint)?;
    let Some(plugged) = detected.plugged else {
        return Ok(format!(
            "Endpoint {id} is not detected\nEndpoint MAC: {}\n",
            detected.mac
        ));
    };
    let mut text = format!("Discovered Endpoint on G.hn port {}\n", plugged.port);
    let _ = writeln!(text, "Endpoint MAC: {}", detected.mac);
    if detected.state == EndpointState::QuarantinedWrongPort {
        text.push_str("Quarantined: wrong port\n");
    }
    field(&mut text, "Model", plugged.family.model());
    if detail {
        write_detail(&mut text, gam, &detected, plugged, now);
    }
    Ok(text)
}

fn write_detail(
    text: &mut String,
    gam: &Gam,
    detected: &Detected<'_>,
    plugged: &Plugged,
    now: Moment,
) {
    let (down, _) = gam.usage(detected.mac);
    field(text, "Serial no", &plugged.serial);
    field(text, "FW Version", &plugged.firmware);
    field(
        text,
        "Downstream Current Allocated Bandwidth",
        format_args!("{down} Mbps"),
    );
    field(
        text,
        "Upstream Max Allocatable Bandwidth",
        format_args!("{} Mbps", Wire::most(plugged.wire.up_phy)),
    );
    field(
        text,
        "Estimated Wire Length",
        format_args!("{} m", plugged.wire.meters),
    );
    field(text, "Uptime", days_and_clock(now.since(plugged.since)));
}

pub(crate) fn statistics(gam: &Gam, id: u16, now: Moment) -> Result<String, Refusal> {
    let endpoint = configured(gam, id)?;
    let traffic = gam.endpoint_traffic(endpoint.mac, now);
    let mut text = format!("Endpoint {id} Ethernet port 1\n");
    super::port::write_traffic(&mut text, traffic);
    Ok(text)
}

/// The highest of an endpoint's carriers in one direction.
pub(crate) fn max_snr(gam: &Gam, mac: MacAddress, upstream: bool) -> Result<String, Refusal> {
    let plugged = gam.heard(mac).ok_or(Refusal::InvalidEndpoint)?;
    let tenths = plugged.wire.snr_tenths
        - if upstream {
            plugged.wire.asymmetry() / 4
        } else {
            0
        };
    let direction = if upstream { "upstream" } else { "downstream" };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Endpoint {mac} max SNR {direction}: {}.{} dB",
        tenths / 10,
        tenths % 10
    );
    Ok(text)
}

fn configured(gam: &Gam, id: u16) -> Result<&Endpoint, Refusal> {
    gam.running()
        .endpoints
        .get(&id)
        .ok_or(Refusal::NoSuchEndpoint)
}
