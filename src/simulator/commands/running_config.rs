//! Prints the running-config of a simulated GAM, in the form seen on a real device.

use std::fmt::Write as _;

use super::subscriber;
use crate::simulator::gam::{
    Configuration, DEFAULT_EXEC_TIMEOUT, Endpoint, ExpectedPort, GHN_NATIVE_VLAN, Gam, Interface,
    Profile, SwitchportMode, Uplink,
};

/// Returns the running-config as lines that a device of the same model accepts.
pub fn running_config(gam: &Gam) -> String {
    text_of(gam, gam.running())
}

/// Returns any configuration of this device as text.
pub fn text_of(gam: &Gam, configuration: &Configuration) -> String {
    // A full device has two lines of about a hundred characters for each of 384 subscribers.
    let mut text = String::with_capacity(2048 + 256 * configuration.endpoints.len());
    write_system(&mut text, gam, configuration);
    write_ghn(&mut text, gam, configuration);
    write_interfaces(&mut text, gam, configuration);
    text.push_str("end\n");
    text
}

/// Appends one formatted line; writing into a `String` cannot fail.
macro_rules! line {
    ($text:expr, $($format:tt)*) => {{
        let _ = writeln!($text, $($format)*);
    }};
}

fn write_system(text: &mut String, gam: &Gam, configuration: &Configuration) {
    line!(text, "hostname {}", configuration.hostname);
    let form = gam.hardware().assumptions.passwords;
    match configuration.password.shown(form) {
        None => line!(text, "username admin privilege 15 password none"),
        Some(shown) => {
            line!(
                text,
                "username admin privilege 15 password encrypted {shown}"
            );
        }
    }
    line!(text, "!");
    for route in &configuration.routes {
        line!(text, "ip route {route}");
    }
    if !configuration.contact.is_empty() {
        line!(text, "snmp-server contact {}", configuration.contact);
    }
    if !configuration.location.is_empty() {
        line!(text, "snmp-server location {}", configuration.location);
    }
    for line in &configuration.kept {
        line!(text, "{}", line.0);
    }
    line!(text, "!");
}

fn write_ghn(text: &mut String, gam: &Gam, configuration: &Configuration) {
    for (number, port) in &configuration.ports {
        let mut words = String::new();
        if !gam.hardware().is_coax() {
            let _ = write!(words, " mode {}", port.mode);
        }
        if !port.name.is_empty() {
            let _ = write!(words, " name \"{}\"", port.name);
        }
        if !words.is_empty() {
            line!(text, "ghn port {number}{words}");
        }
        if port.shutdown {
            line!(text, "ghn port {number} shutdown");
        }
    }
    for (id, profile) in &configuration.profiles {
        write_profile(text, *id, profile);
    }
    for (id, endpoint) in &configuration.endpoints {
        write_endpoint(text, *id, endpoint);
    }
    for (id, one) in &configuration.subscribers {
        subscriber::write(text, *id, one);
    }
    line!(text, "!");
}

fn write_profile(text: &mut String, id: u16, profile: &Profile) {
    let _ = write!(text, "ghn bw-profile {id} name \"{}\"", profile.name);
    write_description(text, &profile.description);
    let _ = write!(
        text,
        " rate-downstream {} rate-upstream {}",
        profile.down, profile.up
    );
    if let Some(level) = profile.service_limit_level {
        let _ = write!(text, " service-limit-level {level}");
    }
    text.push('\n');
}

fn write_endpoint(text: &mut String, id: u16, endpoint: &Endpoint) {
    let _ = write!(
        text,
        "ghn endpoint {id} name \"{}\" mac-address {}",
        endpoint.name, endpoint.mac
    );
    write_description(text, &endpoint.description);
    match endpoint.port {
        ExpectedPort::Port(port) => {
            let _ = write!(text, " port {port}");
        }
        ExpectedPort::Auto => text.push_str(" port auto"),
        // The factory default, so not printed [assumed].
        ExpectedPort::Unassigned => {}
    }
    if endpoint.allow_management_access {
        text.push_str(" allow-management-access");
    }
    text.push('\n');
}

fn write_description(text: &mut String, description: &str) {
    if !description.is_empty() {
        let _ = write!(text, " description \"{description}\"");
    }
}

fn write_interfaces(text: &mut String, gam: &Gam, configuration: &Configuration) {
    for interface in gam.hardware().interfaces() {
        match interface {
            Interface::Ghn(port) => {
                line!(text, "interface {}", interface.name());
                line!(text, " switchport hybrid native vlan {GHN_NATIVE_VLAN}");
                let members = configuration.vlans_on_port(port);
                line!(text, " switchport hybrid allowed vlan {members}");
                line!(text, " switchport mode hybrid");
                line!(text, "!");
            }
            // Not in the running-config of a real device (seen).
            Interface::Management => {}
            Interface::Uplink(number) => {
                if let Some(uplink) = configuration.uplinks.get(&number) {
                    line!(text, "interface {}", interface.name());
                    write_uplink(text, uplink);
                    line!(text, "!");
                }
            }
        }
    }
    let delivered = Configuration::factory(gam.hardware());
    for vlan in delivered.vlan_interfaces.keys() {
        if !configuration.vlan_interfaces.contains_key(vlan) {
            line!(text, "no interface vlan {vlan}");
            line!(text, "!");
        }
    }
    for (vlan, address) in &configuration.vlan_interfaces {
        line!(text, "interface vlan {vlan}");
        if !address.is_empty() {
            line!(text, " ip address {address}");
        }
        line!(text, "!");
    }
    if configuration.exec_timeout_minutes != DEFAULT_EXEC_TIMEOUT {
        line!(text, "line vty 0 15");
        line!(text, " exec-timeout {}", configuration.exec_timeout_minutes);
        line!(text, "!");
    }
}

fn write_uplink(text: &mut String, uplink: &Uplink) {
    let native = uplink.native;
    match uplink.mode {
        SwitchportMode::Access => line!(text, " switchport access vlan {native}"),
        SwitchportMode::Trunk | SwitchportMode::Hybrid => {
            let mode = uplink.mode.as_str();
            line!(text, " switchport {mode} native vlan {native}");
            if uplink.allowed.is_empty() {
                line!(text, " switchport {mode} allowed vlan none");
            } else {
                line!(text, " switchport {mode} allowed vlan {}", uplink.allowed);
            }
        }
    }
    line!(text, " switchport mode {}", uplink.mode.as_str());
    if uplink.shutdown {
        line!(text, " shutdown");
    }
}
