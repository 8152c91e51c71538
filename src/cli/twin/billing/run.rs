//! Starts a billing twin, prints its address, and runs it until a signal.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use super::ready::{BillingLogin, ReadyBilling};
use super::{BillingArguments, BillingKind, read_faults};
use crate::cli::clock;
use crate::cli::terminal::Terminal;
use crate::cli::twin::run::Stop;
use crate::cli::twin::secret_value::secret_value;
use crate::model::SecretName;
use crate::report::{DocumentKind, Exit};
use crate::simulator::billing::BillingTwin;
use crate::simulator::billing::sonar::{SonarSettings, SonarTwin};
use crate::simulator::billing::splynx::{HookSettings, Splynx, SplynxSettings};
use crate::simulator::server::{BillingServer, BillingServerSettings, Control};

/// The time that the twin gets to close its sockets.
const PATIENCE: Duration = Duration::from_secs(5);

pub(in crate::cli::twin) fn run(
    arguments: &BillingArguments,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    if !arguments.allow_remote {
        check_local(arguments)?;
    }
    let faults = match &arguments.faults {
        Some(path) => read_faults(path)?,
        None => Vec::new(),
    };
    let (mut twin, login, hook_secret) = twin(arguments)?;
    if !faults.is_empty() {
        let shown = arguments.faults.clone().unwrap_or_default();
        twin.set_faults(faults)
            .with_context(|| format!("cannot use the faults {}", shown.display()))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("failed to start the threads of the twin")?;
    runtime.block_on(serve(arguments, twin, login, hook_secret, terminal))
}

async fn serve(
    arguments: &BillingArguments,
    twin: Box<dyn BillingTwin>,
    login: BillingLogin,
    hook_secret: Option<String>,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    // Listen before anything starts, so that a signal always stops in good order.
    let mut stop = Stop::listen()?;
    let control = Control::bind(&control_path(arguments)).await?;
    let settings = BillingServerSettings {
        ip: arguments.listen,
        port: arguments.port,
        latency: Duration::from_millis(arguments.latency),
    };
    let server = Arc::new(BillingServer::start(twin, settings).await?);
    let ready = ReadyBilling {
        kind: arguments.kind.word(),
        address: format!("http://{}", server.address()),
        accounts: arguments.accounts,
        login,
        hook_secret,
        control: control.path().to_owned(),
    };
    let document = || DocumentKind::BillingTwin.document(&ready);
    let format = arguments.format.or_json(arguments.json);
    terminal.print(format, document, || ready.table(terminal.paint))?;
    terminal.say(&ready.next_steps());
    tokio::select! {
        () = control.serve_billing(Arc::clone(&server)) => {}
        () = stop.asked() => {}
    }
    drop(control);
    // A request in progress keeps the server alive; dropping the last reference stops it.
    if let Ok(server) = Arc::try_unwrap(server) {
        let _ended = tokio::time::timeout(PATIENCE, server.stop()).await;
    }
    Ok(Exit::Done)
}

/// A twin with its login and the secret of its webhooks.
type Made = (Box<dyn BillingTwin>, BillingLogin, Option<String>);

fn twin(arguments: &BillingArguments) -> anyhow::Result<Made> {
    let secret = |name: &str| -> anyhow::Result<String> {
        Ok(secret_value(arguments.seed, &SecretName::new(name)?))
    };
    let now = clock::seconds();
    match arguments.kind {
        BillingKind::Splynx => {
            let (key, key_secret) = (secret("splynx-key")?, secret("splynx-secret")?);
            let hook_secret = secret("splynx-hook")?;
            let hook = arguments.hook.clone().map(|url| HookSettings {
                url,
                secret: hook_secret.clone(),
            });
            let signed = hook.as_ref().map(|_| hook_secret);
            let settings = SplynxSettings {
                accounts: arguments.accounts,
                seed: arguments.seed,
                key: key.clone(),
                secret: key_secret.clone(),
                hook,
                minutes_ahead: 0,
                hostile_every: arguments.hostile,
            };
            let login = BillingLogin {
                key: Some(key),
                secret: Some(key_secret),
                token: None,
            };
            let splynx = Splynx::numbered(settings, arguments.first_account, now);
            Ok((Box::new(splynx), login, signed))
        }
        BillingKind::Sonar => {
            if arguments.hook.is_some() {
                bail!(
                    "webhooks of Sonar are set up over its API, with `createWebhookEndpoint`; leave out `--hook`"
                );
            }
            let settings = SonarSettings {
                accounts: arguments.accounts,
                first_account: arguments.first_account,
                seed: arguments.seed,
                hostile_every: arguments.hostile,
                ..SonarSettings::default()
            };
            let sonar = SonarTwin::new(settings, now);
            let login = BillingLogin {
                token: Some(sonar.token().to_owned()),
                ..BillingLogin::default()
            };
            Ok((Box::new(sonar), login, None))
        }
    }
}

/// Refuses addresses beyond this machine: the secrets of twins are not secret, and their customers look real.
fn check_local(arguments: &BillingArguments) -> anyhow::Result<()> {
    let listen = arguments.listen;
    if !listen.is_loopback() {
        bail!(
            "{listen} can be reached from other machines, and the keys of twins are not secret; listen on 127.0.0.1 or ::1, or add `--allow-remote`"
        );
    }
    let Some(url) = &arguments.hook else {
        return Ok(());
    };
    let is_local = host(url).is_some_and(|host| {
        let address = host.parse::<std::net::IpAddr>();
        address.map_or(host == "localhost", |address| address.is_loopback())
    });
    if !is_local {
        bail!(
            "webhooks go to http://127.0.0.1, ::1 or localhost only, not to `{url}`; give a receiver on this machine, or add `--allow-remote`"
        );
    }
    Ok(())
}

/// Returns the host of an `http://` address.
fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://")?;
    let authority = rest.split('/').next()?;
    match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next(),
        None => authority.split(':').next(),
    }
}

fn control_path(arguments: &BillingArguments) -> PathBuf {
    arguments.control.clone().unwrap_or_else(|| {
        let kind = arguments.kind.word();
        let name = format!("gamctl-billing-{kind}-{}.sock", std::process::id());
        std::env::temp_dir().join(name)
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::json;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: BillingArguments,
    }

    #[test]
    fn customers_are_numbered_from_the_first_account() {
        for kind in ["sonar", "splynx"] {
            let words = [
                "billing",
                "--kind",
                kind,
                "--accounts",
                "3",
                "--first-account",
            ];
            let line = Line::try_parse_from([&words[..], &["5001"]].concat()).unwrap();
            let (mut made, ..) = twin(&line.arguments).unwrap();
            let sell = serde_json::from_value(json!({"do": "sell", "tariff": 31})).unwrap();
            let sold = made.operate(&sell, clock::seconds()).unwrap();
            assert_eq!(sold["account"], 5004, "{kind}");
        }
    }

    #[test]
    fn the_host_of_a_receiver_is_found() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/hooks", Some("127.0.0.1")),
            ("http://[::1]:8080/hooks", Some("::1")),
            ("http://localhost/hooks", Some("localhost")),
            ("https://127.0.0.1/", None),
            ("127.0.0.1:8080", None),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}
