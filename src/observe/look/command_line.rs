//! Reads the configuration over SSH, for devices whose agent lacks the configuration tables.

use super::Target;
use crate::model::{DeviceName, GamModel, Identity, MacAddress, chain};
use crate::observe::running_config::{RunningConfig, parse};
use crate::transport::ssh::{Command, Login, Session, SshError, SshTimeouts};

/// The access to the CLI, if SNMP is not enough.
#[derive(Debug, Clone)]
pub enum CommandLine {
    Login(Box<Login>, SshTimeouts),
    /// There is no login, with the reason for the operator.
    None(String),
}

/// Returns the running-config, or the reason why it could not be read.
pub(super) async fn read(
    target: &Target<'_>,
    model: GamModel,
    identity: &Identity,
) -> Result<RunningConfig, String> {
    let (login, timeouts) = match &target.command_line {
        CommandLine::Login(login, timeouts) => (login, *timeouts),
        CommandLine::None(reason) => return Err(format!("it needs SSH: {reason}")),
    };
    let ConfigText { version, lines } = async {
        let session = Session::open(login, timeouts).await?;
        read_config_text(session).await
    }
    .await
    .map_err(|error: SshError| explained(target.device, &error))?;
    if let (Some(over_snmp), Some(over_ssh)) = (identity.mac, board_address(&version))
        && over_snmp != over_ssh
    {
        return Err(format!(
            "SSH reaches another device than SNMP: {over_ssh}, not {over_snmp}"
        ));
    }
    parse(&lines, model).map_err(|error| error.to_string())
}

/// Returns the reason, with the command that shows and pins a host key.
fn explained(device: &DeviceName, error: &SshError) -> String {
    let text = chain(error);
    match error {
        SshError::HostKeyUnknown { .. } => format!("{text}: `gamctl trust {device} --pin`"),
        SshError::HostKeyChanged { .. } => {
            format!("{text}: `gamctl trust {device} --pin --replace`")
        }
        _ => text,
    }
}

/// The replies of a device to `show version` and `show running-config`. Both may contain secrets.
#[derive(Clone)]
pub struct ConfigText {
    pub version: Vec<String>,
    pub lines: Vec<String>,
}

impl std::fmt::Debug for ConfigText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ConfigText({} lines)", self.lines.len())
    }
}

/// Reads both texts whole, and ends the session.
pub async fn read_config_text(mut session: Session) -> Result<ConfigText, SshError> {
    let version = session.read(Command::ShowVersion).await?;
    let lines = session.read(Command::ShowRunningConfig).await?;
    session.close().await;
    Ok(ConfigText { version, lines })
}

/// Returns the board's address from the reply to `show version`: `MAC Address : 00-0e-d8-13-03-38`.
pub fn board_address(version: &[String]) -> Option<MacAddress> {
    let line = version
        .iter()
        .find_map(|line| line.trim().strip_prefix("MAC Address"))?;
    line.trim().strip_prefix(':')?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boards_address_is_read_from_show_version() {
        let lines = [
            "",
            "MAC Address      : 00-0e-d8-13-03-38",
            "System Name : oak",
        ];
        let lines = lines.map(str::to_owned);
        assert_eq!(board_address(&lines), "00:0e:d8:13:03:38".parse().ok());
        assert_eq!(board_address(&[]), None);
    }
}
