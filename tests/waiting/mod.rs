//! Runs the program against devices that are silent, busy or leased: who is waited for, how long, and what is said of it.

mod audit;
mod doctor;
mod factory_new;
mod interrupts;
mod leases;
mod silent;

use std::net::UdpSocket;
use std::process::Command;

use gamctl::simulator::fault::{Fault, FaultOrder};

use crate::crash::site::{Flat, Running, Said, Site, device};
use crate::crash::two::is_at_line;

/// Devices that never answer: requests are received and dropped.
pub(crate) struct Silent {
    _sockets: Vec<UdpSocket>,
}

/// Adds this many silent devices, `pine-0` and so on, to the inventory of a site.
pub(crate) fn add_silent(site: &Site, devices: usize) -> Silent {
    let mut text = String::new();
    let mut sockets = Vec::new();
    for number in 0..devices {
        // No two devices share an address.
        let ip = format!("127.0.77.{}", number + 1);
        let socket = UdpSocket::bind((ip.as_str(), 0)).unwrap();
        let snmp = socket.local_addr().unwrap().port();
        text.push_str(&format!(
            "[device.pine-{number}]\nmodel = \"GAM-4-CX\"\naddress = \"{ip}:1/{snmp}\"\ntest_bed = true\n\n"
        ));
        sockets.push(socket);
    }
    site.world.write("devices/pines.toml", text);
    site.world.commit_all("pines");
    Silent { _sockets: sockets }
}

/// A site, and a run that is writing to its only device.
pub(crate) fn busy(lines_take: u64) -> (Site, Running) {
    let mut site = Site::with(1);
    site.intend(
        (1..=4)
            .map(|number| Flat::new(number, 0, "home-100"))
            .collect(),
    );
    let slow = FaultOrder::new(Fault::SshSlowLine { millis: lines_take });
    site.twin(0).set_fault(slow.matching("ghn"));
    let running = site.start(&["apply", "--yes"], None);
    is_at_line(&site, site.twin(0), 2);
    (site, running)
}

impl Site {
    /// Runs the program on a terminal, and returns everything that is drawn there.
    pub(crate) fn on_terminal(&self, arguments: &[&str]) -> Said {
        let (program, _) = self.command(arguments);
        let mut command = Command::new("script");
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let line = format!("{} {}", env!("CARGO_BIN_EXE_gamctl"), arguments.join(" "));
        let output = command
            .args(["-qec", &line, "/dev/null"])
            .env("TERM", "xterm")
            .current_dir(self.world.root())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        Said {
            status: output.status,
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
        }
    }
}

fn oak(number: usize) -> String {
    device(number).to_string()
}
