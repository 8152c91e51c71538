//! Declares `credentials.toml`: names of the secrets that open devices, never a secret.

use crate::inventory::record::{
    FieldType, FileFindings, SECRET_IN_INVENTORY, Shape, UNKNOWN_KEY, WRONG_TYPE,
    looks_like_a_secret, missing_key, record, words,
};
use crate::inventory::rules::rules;
use crate::inventory::tree::Item;
use crate::model::{PlainText, SecretName};

rules! {
    /// SNMP 1 and 2c are opened by a community, SNMP 3 by a user with authentication and, on top of that, privacy. SSH needs a
    /// password or a private key.
    INCOMPLETE_CREDENTIALS = "incomplete-credentials", Error, "credentials that do not fit the SNMP version, or no SSH login",
    wrong: [("credentials.toml", "[credentials.default]\nsnmp = { version = \"3\", community = { secret = \"gam-snmp\" } }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n")],
    right: [("credentials.toml", "[credentials.default]\nsnmp = { version = \"3\", user = \"gamctl\", auth = { protocol = \"sha\", secret = \"gam-auth\" }, priv = { protocol = \"aes\", secret = \"gam-priv\" } }\nssh = { user = \"admin\", password = { secret = \"gam-ssh\" } }\n")];
}

record! {
    /// Access to devices; every secret is a name, its value is kept elsewhere.
    CredentialsText {
        /// SNMP access, for reads.
        "snmp" => snmp: SnmpText, required;
        /// SSH access: for writes, and for reads that SNMP does not cover.
        "ssh" => ssh: SshText, required;
    }
}

impl CredentialsText {
    /// Returns the names of the secrets that these credentials need.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        let snmp = self.snmp.as_ref();
        let community = snmp.and_then(|snmp| Some(&snmp.community.as_ref()?.0));
        let auth = snmp.and_then(|snmp| Some(&snmp.auth.as_ref()?.secret.as_ref()?.0));
        let privacy = snmp.and_then(|snmp| Some(&snmp.privacy.as_ref()?.secret.as_ref()?.0));
        let ssh = self.ssh.as_ref();
        let password = ssh.and_then(|ssh| Some(&ssh.password.as_ref()?.0));
        let key = ssh.and_then(|ssh| Some(&ssh.key.as_ref()?.0));
        let all = [community, auth, privacy, password, key];
        all.into_iter().flatten()
    }
}

record! {
    /// SNMP access: gamctl reads devices with it.
    SnmpText {
        /// `2c` with a community, or `3` with a user.
        "version" => version: SnmpVersion, required;
        /// The community, for version 2c.
        "community" => community: SecretReference, optional;
        /// The user, for version 3.
        "user" => user: PlainText, optional;
        /// Authentication of the user, for version 3.
        "auth" => auth: AuthText, optional;
        /// Encryption of the traffic, for version 3.
        "priv" => privacy: PrivacyText, optional;
    }
}

record! {
    /// Authentication of an SNMP 3 user.
    AuthText {
        /// The hash.
        "protocol" => protocol: AuthProtocol, required;
        /// The name of the secret.
        "secret" => secret: SecretReferenceName, required;
    }
}

record! {
    /// Encryption of SNMP 3 traffic.
    PrivacyText {
        /// The cipher.
        "protocol" => protocol: PrivacyProtocol, required;
        /// The name of the secret.
        "secret" => secret: SecretReferenceName, required;
    }
}

record! {
    /// SSH access: gamctl writes to devices with it.
    SshText {
        /// The user; `admin` on a device as it leaves the factory.
        "user" => user: PlainText, required;
        /// The password; it also answers `enable`. Needed unless there is a `key`.
        "password" => password: SecretReference, optional;
        /// The private key in OpenSSH's PEM format, without a passphrase; it is tried before the password.
        "key" => key: SecretReference, optional;
        /// Whether the old algorithms of old firmware may be used.
        "legacy_algorithms" => legacy_algorithms: bool, default "false";
    }
}

words! {
    /// A version of SNMP that is taken for a device.
    SnmpVersion { V2c = "2c", V3 = "3" }
    /// The hash of an SNMP 3 user.
    AuthProtocol { Md5 = "md5", Sha = "sha" }
    /// The cipher of an SNMP 3 user.
    PrivacyProtocol { Des = "des", Aes = "aes" }
}

/// A secret by its name: `{ secret = "gam-snmp" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretReference(pub SecretName);

/// The name of a secret, where the table around it is a reference already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretReferenceName(pub SecretName);

const NAME_SHAPE: Shape = Shape::Text {
    what: "name of a secret",
    pattern: Some("^[A-Za-z0-9][A-Za-z0-9._/-]*$"),
    max_length: Some(SecretName::MAX),
    example: "gam-ssh",
};

impl FieldType for SecretReferenceName {
    fn shape() -> Shape {
        NAME_SHAPE
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        let Some(text) = item.as_str() else {
            if !item.is_broken() {
                findings.add(&WRONG_TYPE, item.span(), "the name of a secret is a text");
            }
            return None;
        };
        let name = SecretName::new(text)
            .ok()
            .filter(|_| !looks_like_a_secret(text));
        if name.is_none() {
            // Never with the text, and never with what is wrong about it: it may be the secret.
            findings
                .add(&SECRET_IN_INVENTORY, item.span(), "this is not the name of a secret, but perhaps a secret")
                .hint("give the secret a name such as `gam-ssh` and keep its value where `gamctl` finds it")
                .secret();
        }
        name.map(Self)
    }
}

impl FieldType for SecretReference {
    fn shape() -> Shape {
        Shape::Record(|| crate::inventory::record::RecordShape {
            what: "A secret by its name; its value is kept elsewhere.",
            fields: vec![crate::inventory::record::Field {
                key: "secret",
                doc: "The name of the secret.",
                is_required: true,
                default: None,
                shape: NAME_SHAPE,
            }],
        })
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if !item.is_table() {
            if !item.is_broken() {
                let key = item.key();
                findings
                    .add(&SECRET_IN_INVENTORY, item.span(), format!("`{key}` holds a value where the name of a secret belongs"))
                    .hint(format!("write `{key} = {{ secret = \"a-name\" }}`, and change the value if it was a real one"))
                    .secret();
            }
            return None;
        }
        let mut name = None;
        let mut is_there = false;
        for child in item.children() {
            if child.key() == "secret" {
                is_there = true;
                name = SecretReferenceName::read(child, findings);
            } else {
                findings
                    .add(
                        &UNKNOWN_KEY,
                        child.key_span(),
                        "only `secret` is a key here",
                    )
                    .secret();
            }
        }
        if !is_there {
            missing_key(item, "secret", findings);
        }
        name.map(|SecretReferenceName(name)| Self(name))
    }
}

/// Checks that what is given fits the SNMP version.
pub(in crate::inventory) fn check_credentials(
    credentials: &CredentialsText,
    item: Item<'_, '_>,
    findings: &mut FileFindings,
) {
    use crate::inventory::record::Fields;
    if let (Some(ssh), Some(ssh_item)) = (&credentials.ssh, item.get("ssh"))
        && ssh.is_absent("password")
        && ssh.is_absent("key")
    {
        findings
            .add(
                &INCOMPLETE_CREDENTIALS,
                ssh_item.key_span(),
                "the SSH part has neither `password` nor `key`",
            )
            .hint("name the secret: `password = { secret = \"gam-ssh\" }`, or `key` for a private key");
    }
    let (Some(snmp), Some(snmp_item)) = (&credentials.snmp, item.get("snmp")) else {
        return;
    };
    let Some(version) = snmp.version else { return };
    let mut add = |what: String| {
        findings
            .add(
                &INCOMPLETE_CREDENTIALS,
                snmp_item.key_span(),
                format!("the SNMP part {what}"),
            )
            .hint("version 2c takes `community`; version 3 takes `user`, `auth` and `priv`");
    };
    match version {
        SnmpVersion::V2c => {
            if snmp.is_absent("community") {
                add("is version 2c and has no `community`".to_owned());
            }
            for key in ["user", "auth", "priv"] {
                if !snmp.is_absent(key) {
                    add(format!(
                        "is version 2c and has `{key}`, which is version 3's"
                    ));
                }
            }
        }
        SnmpVersion::V3 => {
            if !snmp.is_absent("community") {
                add("is version 3 and has `community`, which is version 2c's".to_owned());
            } else if snmp.is_absent("user") {
                add("is version 3 and has no `user`".to_owned());
            } else if snmp.is_absent("auth") && !snmp.is_absent("priv") {
                add("has `priv` without `auth`: privacy needs authentication".to_owned());
            }
        }
    }
}
