//! Declares the settings of the service: the repository that it follows, its listeners, and how often it reads devices.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::model::SecretName;
use crate::model::billing::BillingAddress;

/// The repository that the service follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct GitSettings {
    /// A URL or a local path; left out: the repository of the inventory.
    pub url: Option<String>,
    /// Left out: `main`.
    pub branch: Option<String>,
    /// The inventory's folder in the repository; left out: its root, or that of the local inventory.
    #[serde(deserialize_with = "folder_within")]
    pub folder: Option<PathBuf>,
    /// A file of allowed signers; left out: signatures are not required.
    pub signers: Option<PathBuf>,
    /// The host keys of the git server.
    pub known_hosts: Option<PathBuf>,
    /// The private key for ssh.
    pub ssh_key: Option<PathBuf>,
    /// The certificate authority of the git server, for https.
    pub ca_file: Option<PathBuf>,
    /// The login for https.
    pub login: Option<LoginSettings>,
    /// The secret that the forge signs its webhooks with, or sends as a token.
    pub webhook: Option<NamedSecret>,
    /// The time between two fetches.
    #[serde(deserialize_with = "maybe_duration")]
    pub every: Option<Duration>,
    /// The folder of the settings, at which a relative path in `url` begins.
    #[serde(skip)]
    pub home: PathBuf,
}

/// The sync with billing systems.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct SyncSettings {
    /// The service syncs the billing systems of the inventory.
    pub run: bool,
    /// The address under which billing systems reach the service; left out: no webhook can be registered.
    #[serde(deserialize_with = "maybe_public_url")]
    pub public_url: Option<BillingAddress>,
}

/// The traces of runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct TelemetrySettings {
    /// The address of a collector that accepts OTLP over HTTP; left out: no traces.
    pub otlp: Option<String>,
}

/// A secret that is named and not written here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSecret {
    pub secret: SecretName,
}

impl<'de> Deserialize<'de> for NamedSecret {
    /// Reads a table with the name. The error never contains what is written: it may be the secret itself.
    fn deserialize<D: Deserializer<'de>>(written: D) -> Result<Self, D::Error> {
        let wrong = || {
            serde::de::Error::custom(
                "the secret is not written here; name it, as in `{ secret = \"git-hook\" }`",
            )
        };
        let written = toml::Value::deserialize(written).map_err(|_| wrong())?;
        let table = written.as_table().filter(|table| table.len() == 1);
        let name = table.and_then(|table| table.get("secret"));
        let name = name.and_then(toml::Value::as_str).ok_or_else(wrong)?;
        let secret = SecretName::new(name).map_err(|_| wrong())?;
        Ok(Self { secret })
    }
}

/// A login for https.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table such as `{ user = \"gamctl\", password = { secret = \"git\" } }`"
)]
pub struct LoginSettings {
    pub user: String,
    /// A password or a token.
    pub password: NamedSecret,
}

/// The service itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub struct ServeSettings {
    /// The address for webhooks and health checks.
    pub listen: SocketAddr,
    /// The address for metrics; `false` turns them off.
    #[serde(deserialize_with = "address_or_off")]
    pub metrics: Option<SocketAddr>,
    /// The reverse proxies in front of it, which end TLS.
    pub trusted_proxies: Vec<IpAddr>,
    #[serde(deserialize_with = "duration")]
    pub probe: Duration,
    #[serde(deserialize_with = "duration")]
    pub poll: Duration,
    #[serde(deserialize_with = "duration")]
    pub look: Duration,
    /// SNMP requests to all devices together.
    pub requests_per_second: u32,
    /// The time between two heartbeats; shorter for tests only.
    #[serde(deserialize_with = "duration")]
    pub heartbeat: Duration,
    /// An instance without a heartbeat for so long is dead for the others; shorter for tests only.
    #[serde(deserialize_with = "duration")]
    pub dead: Duration,
}

/// The listeners are on loopback: without a proxy that ends TLS, nothing leaves the host.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9080);

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            listen: LISTEN,
            metrics: Some(METRICS),
            trusted_proxies: Vec::new(),
            probe: Duration::from_secs(60),
            poll: Duration::from_secs(5 * 60),
            look: Duration::from_secs(15 * 60),
            requests_per_second: 2000,
            heartbeat: Duration::from_secs(5),
            // Four heartbeats: a busy machine misses one or two.
            dead: Duration::from_secs(20),
        }
    }
}

/// The bounds of the intervals: shorter ones load the devices, longer ones hide what happens.
const BOUNDS: [(&str, Duration, Duration); 3] = [
    ("probe", Duration::from_secs(1), Duration::from_secs(600)),
    ("poll", Duration::from_secs(1), Duration::from_secs(1800)),
    ("look", Duration::from_secs(1), Duration::from_secs(3600)),
];

/// A setting of the service that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceSettingsError {
    #[error("`[serve] {key}` is {given:?}; it must be between {least:?} and {most:?}")]
    Interval {
        key: &'static str,
        given: Duration,
        least: Duration,
        most: Duration,
    },
    #[error(
        "`[serve] {key} = \"{address}\"` can be reached from other hosts without TLS; listen on 127.0.0.1, or name the proxy that ends TLS in `trusted_proxies`"
    )]
    Exposed {
        key: &'static str,
        address: SocketAddr,
    },
    #[error("`[serve] listen` and `metrics` are both {0}; give them different ports")]
    SameAddress(SocketAddr),
    #[error("`[serve] requests_per_second` is 0, so no device could be read")]
    NoRequests,
    #[error(
        "`[serve] dead` is {dead:?} and `heartbeat` is {heartbeat:?}; `dead` must be at least 2s and three heartbeats, or instances that live would be taken for dead"
    )]
    Heartbeat { heartbeat: Duration, dead: Duration },
}

impl ServeSettings {
    /// Lists everything that is wrong with the settings, so that all of it can be corrected at once.
    pub fn check(&self) -> Vec<ServiceSettingsError> {
        let mut wrong = Vec::new();
        let given = [self.probe, self.poll, self.look];
        for ((key, least, most), given) in BOUNDS.into_iter().zip(given) {
            if !(least..=most).contains(&given) {
                wrong.push(ServiceSettingsError::Interval {
                    key,
                    given,
                    least,
                    most,
                });
            }
        }
        let listeners = [("listen", Some(self.listen)), ("metrics", self.metrics)];
        for (key, address) in listeners {
            let Some(address) = address else { continue };
            if !address.ip().is_loopback() && self.trusted_proxies.is_empty() {
                wrong.push(ServiceSettingsError::Exposed { key, address });
            }
        }
        if self.metrics == Some(self.listen) && self.listen.port() != 0 {
            wrong.push(ServiceSettingsError::SameAddress(self.listen));
        }
        if self.requests_per_second == 0 {
            wrong.push(ServiceSettingsError::NoRequests);
        }
        // The store counts whole seconds.
        if self.heartbeat.is_zero()
            || self.dead < Duration::from_secs(2)
            || self.dead < self.heartbeat.saturating_mul(3)
        {
            wrong.push(ServiceSettingsError::Heartbeat {
                heartbeat: self.heartbeat,
                dead: self.dead,
            });
        }
        wrong
    }
}

impl GitSettings {
    /// Makes paths, which are relative to the folder of the settings, absolute: git runs in another folder.
    pub(super) fn resolve(&mut self, folder: &Path) {
        folder.clone_into(&mut self.home);
        for path in [
            &mut self.signers,
            &mut self.known_hosts,
            &mut self.ssh_key,
            &mut self.ca_file,
        ] {
            *path = path.take().map(|inner| {
                let inner = folder.join(inner);
                // Fails only for an empty path, and without a current folder.
                std::path::absolute(&inner).unwrap_or(inner)
            });
        }
    }

    /// Returns whether it names anything: only settings that the operator named may choose what devices follow.
    pub fn names_anything(&self) -> bool {
        let nothing = Self {
            home: self.home.clone(),
            ..Self::default()
        };
        *self != nothing
    }
}

/// Parses a duration such as `90s`, `5m` or `1h`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let after_digits = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number: u64 = text.strip_suffix(after_digits)?.parse().ok()?;
    let unit = match after_digits {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit).map(Duration::from_millis)
}

fn duration<'de, D: Deserializer<'de>>(written: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(written)?;
    parse_duration(&text).ok_or_else(|| {
        serde::de::Error::custom("invalid duration; write it as \"90s\", \"5m\" or \"1h\"")
    })
}

fn maybe_duration<'de, D: Deserializer<'de>>(written: D) -> Result<Option<Duration>, D::Error> {
    duration(written).map(Some)
}

/// Parses the public address of the service. The error has nothing of it: it may contain a password.
fn maybe_public_url<'de, D: Deserializer<'de>>(
    written: D,
) -> Result<Option<BillingAddress>, D::Error> {
    let text = String::deserialize(written)?;
    text.parse().map(Some).map_err(|why| {
        serde::de::Error::custom(format!(
            "invalid `public_url`: {why}; write it as \"https://gamctl.isp.example\""
        ))
    })
}

/// Parses a folder in a repository. A path from the root, or with `..`, would leave it.
fn folder_within<'de, D: Deserializer<'de>>(written: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(written)?;
    let mut folder = PathBuf::new();
    for part in Path::new(&text).components() {
        match part {
            Component::Normal(name) => folder.push(name),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::ParentDir => {
                return Err(serde::de::Error::custom(
                    "the folder is not within the repository; write it from the repository's root, as \"network\"",
                ));
            }
        }
    }
    Ok(Some(folder))
}

fn address_or_off<'de, D: Deserializer<'de>>(written: D) -> Result<Option<SocketAddr>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "an address such as \"127.0.0.1:9080\", or false"
    )]
    enum Written {
        Address(SocketAddr),
        Flag(bool),
    }
    match Written::deserialize(written)? {
        Written::Address(address) => Ok(Some(address)),
        Written::Flag(false) => Ok(None),
        Written::Flag(true) => Err(serde::de::Error::custom(
            "`true` names no address; write it as \"127.0.0.1:9080\"",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(text: &str) -> Result<ServeSettings, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn without_settings_the_service_listens_on_loopback_only() {
        let default = serve("").unwrap();
        assert_eq!(default, ServeSettings::default());
        assert!(default.check().is_empty());
        assert!(default.listen.ip().is_loopback());
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        let odd = "listen = \"0.0.0.0:80\"\nmetrics = \"0.0.0.0:80\"\nprobe = \"0s\"\nlook = \"2h\"\nrequests_per_second = 0\n";
        let wrong = serve(odd).unwrap().check();
        assert_eq!(wrong.len(), 6, "{wrong:?}");
        let behind = format!("{odd}trusted_proxies = [\"127.0.0.1\"]\n");
        assert_eq!(serve(&behind).unwrap().check().len(), 4);
    }

    #[test]
    fn an_instance_is_not_dead_before_it_missed_two_heartbeats() {
        let is_wrong = |text: &str| !serve(text).unwrap().check().is_empty();
        assert!(!is_wrong("heartbeat = \"500ms\"\ndead = \"2s\"\n"));
        assert!(is_wrong("heartbeat = \"5s\"\ndead = \"14s\"\n"));
        assert!(is_wrong("heartbeat = \"0s\"\n"));
        assert!(is_wrong("heartbeat = \"100ms\"\ndead = \"1s\"\n"));
    }

    #[test]
    fn the_files_of_git_are_absolute_because_git_runs_in_another_folder() {
        let here = std::env::current_dir().unwrap();
        let mut git: GitSettings =
            toml::from_str("known_hosts = \"known_hosts\"\nssh_key = \"/run/key\"\n").unwrap();
        git.resolve(Path::new(""));
        assert_eq!(git.known_hosts, Some(here.join("known_hosts")));
        assert_eq!(git.ssh_key, Some(PathBuf::from("/run/key")));
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        for odd in ["", "5", "m", "5 m", "-5m", "5w", "99999999999999999999h"] {
            assert_eq!(parse_duration(odd), None, "{odd}");
        }
        let error = serve("look = \"often\"").unwrap_err();
        assert!(error.contains("\"5m\""), "{error}");
    }

    #[test]
    fn a_folder_stays_within_the_repository() {
        let folder = |text: &str| toml::from_str::<GitSettings>(text).map(|git| git.folder);
        for (text, expected) in [("network", "network"), ("./a//b/", "a/b"), (".", "")] {
            let parsed = folder(&format!("folder = \"{text}\""));
            assert_eq!(parsed.unwrap(), Some(PathBuf::from(expected)), "{text}");
        }
        for text in ["/srv/network", "..", "a/../../b"] {
            let error = folder(&format!("folder = \"{text}\"")).unwrap_err();
            assert!(error.message().contains("not within"), "{error}");
        }
    }

    #[test]
    fn a_login_names_its_password_and_does_not_contain_it() {
        let login = "login = { user = \"gamctl\", password = { secret = \"git\" } }";
        let git: GitSettings = toml::from_str(login).unwrap();
        assert_eq!(git.login.unwrap().password.secret.as_str(), "git");
        let written = "login = { user = \"gamctl\", password = \"hunter2\" }";
        let error = toml::from_str::<GitSettings>(written).unwrap_err();
        assert!(error.message().contains("{ secret = "), "{error}");
        assert!(!error.message().contains("hunter2"), "{error}");
    }

    #[test]
    fn the_public_address_is_https_and_its_errors_do_not_repeat_it() {
        let sync = |url: &str| toml::from_str::<SyncSettings>(&format!("public_url = \"{url}\""));
        let read = sync("https://gamctl.isp.example/noc/").unwrap();
        assert_eq!(
            read.public_url.unwrap().as_str(),
            "https://gamctl.isp.example/noc"
        );
        assert!(sync("http://127.0.0.1:8080").is_ok(), "for twins");
        for (url, why) in [
            ("gamctl.isp.example", "https://"),
            ("http://gamctl.isp.example", "plain http"),
            ("https://ada:hunter2@gamctl.isp.example", "a password"),
            ("https://gamctl.isp.example/?x=1", "a query"),
        ] {
            let error = sync(url).unwrap_err();
            assert!(error.message().contains(why), "{url}: {error}");
            assert!(!error.message().contains("hunter2"), "{error}");
        }
        assert!(toml::from_str::<SyncSettings>("run = true").unwrap().run);
    }

    #[test]
    fn only_settings_that_were_written_count_as_named() {
        let mut git = GitSettings::default();
        git.resolve(Path::new("/etc"));
        assert!(!git.names_anything());
        git.branch = Some("main".to_owned());
        assert!(git.names_anything());
    }

    #[test]
    fn metrics_can_be_turned_off_but_not_on_without_an_address() {
        assert_eq!(serve("metrics = false").unwrap().metrics, None);
        let error = serve("metrics = true").unwrap_err();
        assert!(error.contains("names no address"), "{error}");
    }
}
