//! Resolves the access to a device: its address, and its credentials with the values of secrets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::inventory::text::{self, SnmpText, SnmpVersion};
use crate::inventory::{CredentialsObject, DeviceObject, Inventory};
use crate::model::{Address, CredentialsName, DeviceName, HostKey, NotObserved, SecretName, chain};
use crate::observe::CommandLine;
use crate::secrets::{Secret, SecretError, Secrets};
use crate::transport::snmp::{
    Access, Auth, AuthProtocol, Privacy, PrivacyProtocol, SILENCE, Turns,
};
use crate::transport::ssh::{Login, SshTimeouts};

/// Everything needed to reach a device.
#[derive(Debug, Clone)]
pub struct DeviceAccess {
    pub snmp: SocketAddr,
    pub access: Access,
    /// A look needs it only if SNMP does not report the configuration; missing parts are reported there.
    pub command_line: CommandLine,
    /// Time until the device is given up if it does not answer at all.
    pub silence: Duration,
    /// What was learned about the speed of the device, for as long as this or a clone of it lives.
    pub turns: Turns,
}

impl DeviceAccess {
    /// Returns the access with another time until the device is given up.
    pub fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        if let CommandLine::Login(_, timeouts) = &mut self.command_line {
            timeouts.connect = silence;
        }
        self
    }
}

/// The access to each device, or the reason that there is none.
pub type Accesses = BTreeMap<DeviceName, Result<DeviceAccess, NotObserved>>;

/// The reason that a device has no usable access.
#[derive(Debug, thiserror::Error)]
pub enum DeviceAccessError {
    #[error("it has no address in the inventory; add `address`")]
    NoAddress,
    #[error("there are no credentials `{0}` in the inventory")]
    NoCredentials(String),
    #[error("the credentials `{0}` are incomplete")]
    Incomplete(String),
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl From<DeviceAccessError> for NotObserved {
    fn from(error: DeviceAccessError) -> Self {
        match error {
            DeviceAccessError::NoAddress => Self::NoAddress,
            DeviceAccessError::NoCredentials(name) => Self::NoCredentials { name },
            DeviceAccessError::Incomplete(name) => Self::IncompleteCredentials { name },
            DeviceAccessError::Secret(error) => Self::NoSecret {
                error: chain(&error),
            },
        }
    }
}

/// Returns the access to a device.
pub fn device_access(
    inventory: &Inventory,
    device: &DeviceObject,
    secrets: &Secrets,
) -> Result<DeviceAccess, DeviceAccessError> {
    let address = device.text.address.ok_or(DeviceAccessError::NoAddress)?;
    let host_key = device.text.host_key.clone();
    match &device.text.credentials {
        Some(name) => access_at(inventory, address, name, host_key, secrets),
        None => {
            let name = CredentialsName::new("default");
            let name = name.map_err(|_| DeviceAccessError::NoCredentials("default".to_owned()))?;
            access_at(inventory, address, &name, host_key, secrets)
        }
    }
}

/// Returns the access to an address with these credentials.
pub fn access_at(
    inventory: &Inventory,
    address: Address,
    name: &CredentialsName,
    host_key: Option<HostKey>,
    secrets: &Secrets,
) -> Result<DeviceAccess, DeviceAccessError> {
    let credentials = credentials_of(inventory, name.as_str())?;
    let access = access_of(credentials, secrets)?;
    Ok(DeviceAccess {
        snmp: SocketAddr::new(address.ip, address.snmp_port),
        access,
        command_line: command_line(address, host_key, credentials, secrets),
        silence: SILENCE,
        turns: Turns::default(),
    })
}

fn command_line(
    address: Address,
    host_key: Option<HostKey>,
    credentials: &CredentialsObject,
    secrets: &Secrets,
) -> CommandLine {
    let given = credentials.text.ssh.as_ref().and_then(|ssh| {
        let password = ssh.password.as_ref().map(|password| &password.0);
        let key = ssh.key.as_ref().map(|key| &key.0);
        let has_login = password.is_some() || key.is_some();
        has_login.then_some((ssh, ssh.user.as_ref()?, password, key))
    });
    let Some((ssh, user, password, key)) = given else {
        return CommandLine::None(format!(
            "the credentials `{}` have no SSH part",
            credentials.id
        ));
    };
    let value = |name: Option<&SecretName>| name.map(|name| secrets.get(name)).transpose();
    let (password, private_key) = match (value(password), value(key)) {
        (Ok(password), Ok(key)) => (password, key),
        (Err(error), _) | (_, Err(error)) => return CommandLine::None(error.to_string()),
    };
    let login = Login {
        address: SocketAddr::new(address.ip, address.ssh_port),
        user: user.as_str().to_owned(),
        // With an empty one, only the key is tried.
        password: password.unwrap_or_else(|| Secret::new(Vec::new())),
        private_key,
        legacy_algorithms: ssh.legacy_algorithms.unwrap_or(false),
        host_key,
    };
    CommandLine::Login(Box::new(login), SshTimeouts::default())
}

fn credentials_of<'a>(
    inventory: &'a Inventory,
    name: &str,
) -> Result<&'a CredentialsObject, DeviceAccessError> {
    let mut all = inventory.credentials();
    all.find(|credentials| credentials.id.as_str() == name)
        .ok_or_else(|| DeviceAccessError::NoCredentials(name.to_owned()))
}

/// Returns the SNMP access of these credentials.
pub fn access_of(
    credentials: &CredentialsObject,
    secrets: &Secrets,
) -> Result<Access, DeviceAccessError> {
    let incomplete = || DeviceAccessError::Incomplete(credentials.id.to_string());
    let snmp = credentials.text.snmp.as_ref().ok_or_else(incomplete)?;
    access(snmp, secrets, &incomplete)
}

fn access(
    snmp: &SnmpText,
    secrets: &Secrets,
    incomplete: &impl Fn() -> DeviceAccessError,
) -> Result<Access, DeviceAccessError> {
    let value = |name: &SecretName| -> Result<Secret, DeviceAccessError> { Ok(secrets.get(name)?) };
    match snmp.version.ok_or_else(incomplete)? {
        SnmpVersion::V2c => {
            let community = snmp.community.as_ref().ok_or_else(incomplete)?;
            Ok(Access::V2c {
                community: value(&community.0)?,
            })
        }
        SnmpVersion::V3 => {
            let auth = match &snmp.auth {
                None => None,
                Some(auth) => {
                    let secret = auth.secret.as_ref().ok_or_else(incomplete)?;
                    Some(Auth {
                        protocol: match auth.protocol.ok_or_else(incomplete)? {
                            text::AuthProtocol::Md5 => AuthProtocol::Md5,
                            text::AuthProtocol::Sha => AuthProtocol::Sha1,
                        },
                        password: value(&secret.0)?,
                    })
                }
            };
            let privacy = match &snmp.privacy {
                None => None,
                Some(privacy) => {
                    let secret = privacy.secret.as_ref().ok_or_else(incomplete)?;
                    Some(Privacy {
                        protocol: match privacy.protocol.ok_or_else(incomplete)? {
                            text::PrivacyProtocol::Des => PrivacyProtocol::Des,
                            text::PrivacyProtocol::Aes => PrivacyProtocol::Aes128,
                        },
                        password: value(&secret.0)?,
                    })
                }
            };
            let user = snmp.user.as_ref().ok_or_else(incomplete)?;
            Ok(Access::V3 {
                user: user.as_str().to_owned(),
                auth,
                privacy,
            })
        }
    }
}
