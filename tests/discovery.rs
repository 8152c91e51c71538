//! Sweeps over twins and over addresses where nobody is.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gamctl::discovery::{Response, Sweep, SweepTarget, addresses, sweep};
use gamctl::inventory::source::Limits;
use gamctl::inventory::{GOOD_INVENTORY, read_texts};
use gamctl::model::{Address, CredentialsName, GamModel};
use gamctl::reconcile::import::{ImportAccess, ImportTarget, find};
use gamctl::secrets::{Secret, SecretSources, Secrets};
use gamctl::simulator::fault::Fault;
use gamctl::simulator::gam::{Build, FirmwareProfile, Hardware};
use gamctl::simulator::server::{Twin, TwinSettings};
use gamctl::simulator::snmp::{Access as Rights, User};
use gamctl::transport::snmp::{Access, Auth, AuthProtocol, SnmpOptions};

fn settings(model: GamModel, seed: u64) -> TwinSettings {
    TwinSettings::new(Build {
        hardware: Hardware::of(model, seed),
        firmware: FirmwareProfile::default(),
        seed,
        configuration: None,
    })
}

async fn twin(model: GamModel, seed: u64) -> Twin {
    Twin::start(settings(model, seed)).await.unwrap()
}

fn address(twin: &Twin) -> Address {
    Address {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ssh_port: twin.ssh_address().port(),
        snmp_port: twin.snmp_address().port(),
    }
}

fn community(name: &str, value: &str) -> (CredentialsName, Access) {
    let community = Secret::new(value.as_bytes().to_vec());
    (
        CredentialsName::new(name).unwrap(),
        Access::V2c { community },
    )
}

fn how(credentials: Vec<(CredentialsName, Access)>, per_second: u32) -> Sweep {
    Sweep {
        credentials,
        per_second,
        snmp_options: SnmpOptions {
            timeout: Duration::from_millis(400),
            retries: 2,
            ..SnmpOptions::default()
        },
    }
}

fn all(addresses: Vec<Address>, credentials: usize) -> Vec<SweepTarget> {
    let asked = addresses.into_iter().map(|address| SweepTarget {
        address,
        credentials: (0..credentials).collect(),
    });
    asked.collect()
}

#[tokio::test]
async fn twins_are_found_among_the_silent_with_the_credentials_that_open_them() {
    let (small, large) = (
        twin(GamModel::Gam4Cx, 1).await,
        twin(GamModel::Gam24M, 2).await,
    );
    let silent = twin(GamModel::Gam8Mx, 3).await;
    silent.set_fault(Fault::SnmpSilence {});
    // Nobody listens there, and the network says so.
    let nobody: Address = "127.0.0.1:1/1".parse().unwrap();
    let asked = vec![address(&small), address(&large), address(&silent), nobody];
    let credentials = vec![community("wrong", "wrong"), community("right", "public")];
    let mut done = 0;
    let heard = sweep(all(asked, 2), how(credentials, 1000), |_| done += 1).await;
    assert_eq!(done, 4);
    assert_eq!(heard.len(), 2, "{heard:?}");
    for twin in [&small, &large] {
        let found = heard.iter().find(|heard| heard.address() == address(twin));
        let Some(Response::Answer(answer)) = found else {
            panic!("{heard:?}");
        };
        assert_eq!(answer.credentials.as_str(), "right");
        assert_eq!(
            answer.identity.serial.as_ref().unwrap().as_str(),
            twin.serial()
        );
        let (mac, model) = twin.gam(|gam| (gam.hardware().mac, gam.hardware().model));
        assert_eq!(
            (answer.identity.mac, answer.identity.model),
            (Some(mac), Some(model))
        );
    }
}

#[tokio::test]
async fn a_device_that_rejects_the_user_is_present() {
    let mut settings = settings(GamModel::Gam4Cx, 4);
    settings.snmp.users = vec![User::new("somebody", Rights::Read)];
    let twin = Twin::start(settings).await.unwrap();
    let stranger = Access::V3 {
        user: "stranger".to_owned(),
        auth: Some(Auth {
            protocol: AuthProtocol::Sha1,
            password: Secret::new(b"long enough a password".to_vec()),
        }),
        privacy: None,
    };
    let credentials = vec![
        (CredentialsName::new("outdoor").unwrap(), stranger),
        community("wrong", "wrong"),
    ];
    let heard = sweep(all(vec![address(&twin)], 2), how(credentials, 1000), |_| ()).await;
    let [Response::Closed { reason, .. }] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert!(reason.contains("`stranger`"), "{reason}");
}

#[tokio::test]
async fn no_more_are_asked_in_a_second_than_was_said() {
    let addresses = addresses(["127.0.0.1-127.0.0.11:1/1"]).unwrap();
    let began = Instant::now();
    let credentials = vec![community("default", "public")];
    let heard = sweep(all(addresses, 1), how(credentials, 20), |_| ()).await;
    assert!(heard.is_empty());
    // Eleven of them, a twentieth of a second apart.
    assert!(began.elapsed() >= Duration::from_millis(490));
}

#[tokio::test]
async fn an_import_looks_only_where_a_gam_answers_in_a_range() {
    let found_twin = twin(GamModel::Gam4Cx, 5).await;
    let silent = twin(GamModel::Gam4Cx, 6).await;
    silent.set_fault(Fault::SnmpSilence {});
    let texts = GOOD_INVENTORY.iter();
    let texts = texts.map(|(path, text)| (Arc::from(*path), Arc::from(*text)));
    let reading = read_texts(&texts.collect(), &Limits::default());
    let value = |text: &str| Secret::new(text.as_bytes().to_vec());
    let secrets = Secrets::of(SecretSources {
        environment: BTreeMap::from([
            ("GAMCTL_SECRET_GAM_SNMP".to_owned(), value("public")),
            ("GAMCTL_SECRET_GAM_SSH".to_owned(), value("public")),
        ]),
        ..SecretSources::default()
    });
    let access = ImportAccess {
        credentials: vec![CredentialsName::new("default").unwrap()],
        per_second: 100,
        accepts_host_keys: false,
        clock: || 1_700_000_000,
        silence: Duration::from_secs(5),
    };
    let closed_port: Address = "127.0.0.1:1/1".parse().unwrap();
    let all = [closed_port, address(&silent), address(&found_twin)];
    let in_range = all.map(ImportTarget::InRange).to_vec();
    let finds = find(in_range, &reading.inventory, &secrets, &access)
        .await
        .unwrap();
    assert_eq!(
        (finds.silent, finds.unobservable.len()),
        (2, 0),
        "{finds:?}"
    );
    assert_eq!(finds.found.len(), 1);
    assert_eq!(finds.found[0].address, Some(address(&found_twin)));
    // One request and its retry: a look would ask more often, and log in.
    let counts = silent.state(|state| state.counts);
    assert_eq!((counts.requests, counts.connections), (2, 0));
    // An address that was named must answer.
    let named = vec![ImportTarget::Address(closed_port)];
    let finds = find(named, &reading.inventory, &secrets, &access)
        .await
        .unwrap();
    assert_eq!(
        (finds.silent, finds.unobservable.len()),
        (0, 1),
        "{finds:?}"
    );
}
