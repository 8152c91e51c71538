//! Prints `show version`.

use std::fmt::Write as _;

use crate::simulator::gam::{Gam, Image};
use crate::simulator::moment::{Moment, days_and_time};

pub(crate) fn version(gam: &Gam, now: Moment) -> String {
    let hardware = gam.hardware();
    let firmware = gam.firmware();
    let mut text = format!("{} GigaBit Ethernet Switch\n\n", hardware.model);
    let mut line = |label: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{label:<16} : {value}");
    };
    let mac = hardware.mac.to_string().replace(':', "-");
    line("MAC Address", &mac);
    line("Serial Number", &hardware.serial);
    line("System Contact", &gam.running().contact);
    line("System Name", &gam.running().hostname);
    line("System Location", &gam.running().location);
    line("System Time", &gam.device_time(now).iso());
    line("System Uptime", &days_and_time(gam.uptime(now)));
    text.push('\n');
    write_image(&mut text, "Active Image", &firmware.active, gam);
    write_image(&mut text, "Alternate Image", &firmware.alternative, gam);
    text
}

fn write_image(text: &mut String, title: &str, image: &Image, gam: &Gam) {
    let _ = writeln!(text, "{title}\n{}", "-".repeat(title.len()));
    let mut line = |label: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{label:<16} : {value}");
    };
    line(
        "Product",
        &format_args!("Positron {} Switch", gam.hardware().family()),
    );
    line("Software Version", &image.version);
    line("Build Date", &image.built);
    line("Code Revision", &image.code_revision);
    text.push('\n');
}
