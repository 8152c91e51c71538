//! Derives the logins of twins: users and protocols of the inventory, with substitutes for its secrets.

use std::collections::BTreeMap;

use anyhow::Context;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{PrivateKey, PublicKey};

use super::secret_value::secret_value;
use crate::inventory::Inventory;
use crate::inventory::text::{
    AuthProtocol, CredentialsText, PrivacyProtocol, SecretReference, SecretReferenceName, SnmpText,
    SnmpVersion,
};
use crate::model::SecretName;
use crate::simulator::gam::chance;
use crate::simulator::server::{Login, SnmpSettings};
use crate::simulator::snmp::{
    Access, Authentication, Community, Limits, PasswordTooShort, Privacy, User,
};

/// The logins of one twin.
#[derive(Debug, Clone)]
pub(super) struct TwinLogin {
    pub user: String,
    pub password: String,
    /// The public part of the private key that opens it.
    key: Option<PublicKey>,
    pub snmp: Snmp,
    /// Whether the inventory marks these devices as limited to old algorithms.
    pub legacy_ssh: bool,
    /// Settings of the agent; devices that share credentials share the keys derived from the passwords.
    agent: SnmpSettings,
}

/// The SNMP version and credentials of a twin.
#[derive(Debug, Clone)]
pub(super) enum Snmp {
    Community(String),
    User(SnmpUser),
}

/// A user of SNMPv3.
#[derive(Debug, Clone)]
pub(super) struct SnmpUser {
    pub name: String,
    pub auth: Option<(AuthProtocol, String)>,
    pub privacy: Option<(PrivacyProtocol, String)>,
}

/// All credentials of an inventory, by name.
#[derive(Debug)]
pub(super) struct Keyring {
    logins: BTreeMap<String, TwinLogin>,
    /// Every secret that they refer to, with its value on twins.
    pub secrets: BTreeMap<SecretName, String>,
}

impl Keyring {
    pub(super) fn of(inventory: &Inventory, seed: u64) -> anyhow::Result<Self> {
        let mut keyring = Self {
            logins: BTreeMap::new(),
            secrets: BTreeMap::new(),
        };
        for object in inventory.credentials() {
            let login = keyring
                .login(&object.text, seed)
                .with_context(|| format!("cannot use the credentials `{}` for twins", object.id))?;
            keyring.logins.insert(object.id.to_string(), login);
        }
        // Twins have no billing system, but a copy of the inventory is complete with a value for each secret.
        for object in inventory.billing() {
            for name in object.text.secrets() {
                keyring.value(name, seed);
            }
        }
        Ok(keyring)
    }

    pub(super) fn get(&self, credentials: &str) -> Option<&TwinLogin> {
        self.logins.get(credentials)
    }

    fn login(&mut self, text: &CredentialsText, seed: u64) -> anyhow::Result<TwinLogin> {
        let ssh = text.ssh.as_ref().context("`ssh` is missing")?;
        let user = ssh.user.as_ref().context("`ssh.user` is missing")?;
        let password = match &ssh.password {
            Some(SecretReference(password)) => self.value(password, seed),
            // A login by key alone: nobody knows this password.
            None => secret_value(seed, &SecretName::new("no-password")?),
        };
        let key = match &ssh.key {
            Some(SecretReference(name)) => Some(self.private_key(name, seed)?),
            None => None,
        };
        let snmp = text.snmp.as_ref().context("`snmp` is missing")?;
        let snmp = self.snmp(snmp, seed)?;
        let agent = agent(&snmp).context("invalid SNMP password")?;
        Ok(TwinLogin {
            user: user.as_str().to_owned(),
            password,
            key,
            snmp,
            legacy_ssh: ssh.legacy_algorithms.unwrap_or(false),
            agent,
        })
    }

    fn snmp(&mut self, text: &SnmpText, seed: u64) -> anyhow::Result<Snmp> {
        match text.version.context("`snmp.version` is missing")? {
            SnmpVersion::V2c => {
                let SecretReference(community) = text
                    .community
                    .as_ref()
                    .context("`snmp.community` is missing")?;
                Ok(Snmp::Community(self.value(community, seed)))
            }
            SnmpVersion::V3 => {
                let user = text.user.as_ref().context("`snmp.user` is missing")?;
                let auth = text
                    .auth
                    .as_ref()
                    .and_then(|auth| Some((auth.protocol?, auth.secret.as_ref()?)));
                let privacy = text
                    .privacy
                    .as_ref()
                    .and_then(|privacy| Some((privacy.protocol?, privacy.secret.as_ref()?)));
                let mut value = |name: &SecretReferenceName| self.value(&name.0, seed);
                Ok(Snmp::User(SnmpUser {
                    name: user.as_str().to_owned(),
                    auth: auth.map(|(protocol, name)| (protocol, value(name))),
                    privacy: privacy.map(|(protocol, name)| (protocol, value(name))),
                }))
            }
        }
    }

    /// Returns the public part of the private key with this name, which follows from the seed.
    fn private_key(&mut self, name: &SecretName, seed: u64) -> anyhow::Result<PublicKey> {
        let mut bytes = [0; 32];
        for (index, part) in bytes.chunks_exact_mut(8).enumerate() {
            let drawn = chance::draw(seed, name.as_str(), u64::try_from(index)?);
            part.copy_from_slice(&drawn.to_be_bytes());
        }
        let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&bytes));
        let key = PrivateKey::new(pair, "twin")?;
        let pem = key.to_openssh(LineEnding::LF)?;
        self.secrets.insert(name.clone(), pem.to_string());
        Ok(key.public_key().clone())
    }

    fn value(&mut self, name: &SecretName, seed: u64) -> String {
        self.secrets
            .entry(name.clone())
            .or_insert_with(|| secret_value(seed, name))
            .clone()
    }
}

impl TwinLogin {
    pub(super) fn login(&self) -> Login {
        Login {
            user: self.user.clone(),
            password: self.password.clone(),
            authorized_keys: self.key.iter().cloned().collect(),
            ..Login::default()
        }
    }

    pub(super) fn agent(&self) -> SnmpSettings {
        self.agent.clone()
    }

    /// Returns the community of traps.
    pub(super) fn trap_community(&self) -> String {
        match &self.snmp {
            Snmp::Community(community) => community.clone(),
            Snmp::User(_) => "public".to_owned(),
        }
    }
}

/// Returns the settings of the agent: only the users or communities of the inventory may read and write.
fn agent(snmp: &Snmp) -> Result<SnmpSettings, PasswordTooShort> {
    let mut settings = SnmpSettings {
        communities: Vec::new(),
        users: Vec::new(),
        limits: Limits::default(),
    };
    match snmp {
        Snmp::Community(name) => settings.communities.push(Community {
            name: name.clone(),
            access: Access::Write,
        }),
        Snmp::User(user) => settings.users.push(agent_user(user)?),
    }
    Ok(settings)
}

fn agent_user(user: &SnmpUser) -> Result<User, PasswordTooShort> {
    let access = Access::Write;
    let auth = user.auth.as_ref().map(|(protocol, password)| {
        let protocol = match protocol {
            AuthProtocol::Md5 => Authentication::Md5,
            AuthProtocol::Sha => Authentication::Sha1,
        };
        (protocol, password.as_str())
    });
    let privacy = user.privacy.as_ref().map(|(protocol, password)| {
        let protocol = match protocol {
            PrivacyProtocol::Des => Privacy::Des,
            PrivacyProtocol::Aes => Privacy::Aes,
        };
        (protocol, password.as_str())
    });
    match (auth, privacy) {
        (Some(auth), Some(privacy)) => User::private(&user.name, access, auth, privacy),
        (Some((protocol, password)), None) => {
            User::authenticated(&user.name, access, protocol, password)
        }
        (None, _) => Ok(User::new(&user.name, access)),
    }
}
