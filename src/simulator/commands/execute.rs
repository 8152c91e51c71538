//! Runs the commands of EXEC mode on a simulated device.

use compact_str::CompactString;

use super::given::number;
use super::load::merge;
use super::running_config::running_config;
use super::session::Outcome;
use super::show;
use super::subscriber;
use super::syntax::Command;
use crate::model::MacAddress;
use crate::simulator::gam::{Configuration, Gam, Refusal};
use crate::simulator::grammar::Arguments;
use crate::simulator::moment::Moment;

/// The result of a command of EXEC mode.
pub(super) enum Answer {
    Text(String),
    Refused(Refusal),
    /// Prints, and a longer operation follows.
    Ends(String, Outcome),
    /// Changes only the session itself.
    Session(Action),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Close,
    Configure,
    Enable,
    Disable,
    Length(u16),
    Width(u16),
    History,
}

/// Runs one command of EXEC mode.
pub(super) fn execute(command: Command, given: &Arguments, gam: &mut Gam, now: Moment) -> Answer {
    match command {
        Command::Exit | Command::Logout => Answer::Session(Action::Close),
        Command::Enable => Answer::Session(Action::Enable),
        Command::Disable => Answer::Session(Action::Disable),
        Command::ConfigureTerminal => Answer::Session(Action::Configure),
        Command::TerminalLength => {
            Answer::Session(Action::Length(number(given, "lines").unwrap_or(0)))
        }
        Command::TerminalWidth => {
            Answer::Session(Action::Width(number(given, "columns").unwrap_or(0)))
        }
        Command::ShowHistory => Answer::Session(Action::History),
        Command::SaveRunning => {
            Answer::Ends("Building configuration...\n".to_owned(), Outcome::Save)
        }
        Command::Reload => Answer::Ends("% Rebooting system...\n".to_owned(), Outcome::Reload),
        Command::FirmwareSwap => Answer::Ends(
            "% Swapping active and alternate image, rebooting...\n".to_owned(),
            Outcome::SwapFirmware,
        ),
        Command::FirmwareUpgrade => upgrade(given.text("url").unwrap_or_default(), gam),
        Command::ReloadDefaults => {
            gam.replace_running(Configuration::factory(gam.hardware()), now);
            Answer::Text("% Reloading defaults. Please stand by.\n".to_owned())
        }
        Command::LoadStartup => load_startup(gam, now),
        Command::RebootEndpoint => with_endpoint(given, gam, |gam, mac| {
            gam.reboot_endpoint(mac, now);
        }),
        Command::UpgradeEndpoint => with_endpoint(given, gam, |gam, mac| {
            gam.upgrade_endpoint(mac, now);
        }),
        Command::ClearEndpointStatistics => with_endpoint(given, gam, |gam, mac| {
            gam.clear_endpoint_statistics(mac, now);
        }),
        _ => match shown(command, given, gam, now) {
            Ok(text) => Answer::Text(text),
            Err(refusal) => Answer::Refused(refusal),
        },
    }
}

fn shown(command: Command, given: &Arguments, gam: &Gam, now: Moment) -> Result<String, Refusal> {
    let id = number(given, "id").unwrap_or(0);
    let port = number(given, "number").unwrap_or(0);
    match command {
        Command::ShowVersion => Ok(show::version(gam, now)),
        Command::ShowRunningConfig => Ok(filtered(&running_config(gam), given)),
        Command::ShowDiscovered => Ok(show::discovered(gam)),
        Command::ShowEndpoint if given.has("configuration") => {
            show::endpoint_configuration(gam, id)
        }
        Command::ShowEndpoint if given.has("statistics") => show::endpoint_statistics(gam, id, now),
        Command::ShowEndpoint => show::endpoint_status(gam, id, given.has("detail"), now),
        Command::ShowSubscriber => subscriber::show(gam, id),
        Command::ShowProfile => show::profile(gam, id),
        Command::ShowPort if given.has("configuration") => show::port_configuration(gam, port),
        Command::ShowPort if given.has("statistics") => show::port_statistics(gam, port, now),
        Command::ShowPort => show::port_status(gam, port, given.has("detail")),
        Command::ShowAlarms if given.has("log") => Ok(show::alarm_log(gam)),
        Command::ShowAlarms => Ok(show::active_alarms(gam)),
        Command::ShowMaxSnr => {
            let mac = given.mac("mac").ok_or(Refusal::InvalidEndpoint)?;
            show::max_snr(gam, mac, given.has("upstream"))
        }
        _ => Err(Refusal::NotInAValidState),
    }
}

/// Returns the lines that pass `| include`, `| exclude` or `| begin`.
fn filtered(text: &str, given: &Arguments) -> String {
    let Some(pattern) = given.text("pattern") else {
        return format!("Building configuration...\n{text}");
    };
    let pattern = pattern.trim();
    let mut has_begun = false;
    let mut lines = String::new();
    for line in text.lines() {
        let found = line.contains(pattern);
        has_begun |= found;
        let keep = if given.has("include") {
            found
        } else if given.has("exclude") {
            !found
        } else {
            has_begun
        };
        if keep {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    lines
}

/// Runs the startup-config on top of the running-config, as the ICLI does: lines are added, none is removed.
fn load_startup(gam: &mut Gam, now: Moment) -> Answer {
    let Some(saved) = gam.startup() else {
        return Answer::Text("% Error: flash:startup-config: No such file\n".to_owned());
    };
    let text = super::running_config::text_of(gam, &saved.configuration);
    let mut running = gam.running().clone();
    let rejected = merge(&text, &mut running, gam.hardware());
    gam.replace_running(running, now);
    Answer::Text(
        rejected
            .iter()
            .map(|line| format!("% {}\n", line.reason))
            .collect(),
    )
}

/// Installs an image: it overwrites the inactive one, becomes the active one and starts.
fn upgrade(url: &str, gam: &mut Gam) -> Answer {
    let scheme = url.split("://").next().unwrap_or_default();
    let file = url.rsplit('/').next().unwrap_or_default();
    if !["tftp", "ftp", "http", "https"].contains(&scheme) || file.is_empty() {
        return Answer::Text("% Invalid URL\n".to_owned());
    }
    let version = file.rsplit_once('.').map_or(file, |(name, _)| name);
    gam.install_image(CompactString::from(version));
    Answer::Ends(
        format!("Downloading {file}...\nProgramming image...\n% Rebooting system...\n"),
        Outcome::SwapFirmware,
    )
}

/// Runs an action on an endpoint given by number or address.
fn with_endpoint(
    given: &Arguments,
    gam: &mut Gam,
    act: impl FnOnce(&mut Gam, MacAddress),
) -> Answer {
    let mac = match (given.mac("mac"), number::<u16>(given, "id")) {
        (Some(mac), _) => Some(mac),
        (None, Some(id)) => gam
            .running()
            .endpoints
            .get(&id)
            .map(|endpoint| endpoint.mac),
        (None, None) => None,
    };
    match mac {
        Some(mac) if gam.heard(mac).is_some() => {
            act(gam, mac);
            Answer::Text(String::new())
        }
        Some(_) => Answer::Refused(Refusal::InvalidEndpoint),
        None => Answer::Refused(Refusal::NoSuchEndpoint),
    }
}
