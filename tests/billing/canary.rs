//! Searches everything that the program and the service write for the people of the billing twins.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::time::{Duration, Instant};

use gamctl::history::Store;
use gamctl::simulator::billing::people::People;
use gamctl::simulator::billing::sonar::SonarSettings;
use serde_json::json;

use super::empty_twins::SEED;
use super::personal_data::{PersonalData, Searched};
use super::product::Product;
use super::write_back::Office;
use crate::crash::site::Running;
use crate::world::World;

const LONG: Duration = Duration::from_secs(90);

/// The VLAN of suspended subscribers.
const CAPTIVE: u16 = 4094;

const SERVICE: &str = "\n[sync]\nrun = true\n\n[serve]\nlisten = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\nlook = \"1s\"\n";
const POLICY: &str = "\n[reconcile]\ncommits = \"everything\"\n[waves]\nsettle = \"0s\"\n[lane.billing]\nauthors = [\"sync@isp.example\"]\n";

fn people(product: Product, sold: Range<u64>) -> PersonalData {
    let seed = match product {
        Product::Splynx => SEED,
        Product::Sonar => SonarSettings::default().seed,
    };
    PersonalData::of(&People::new(seed), sold)
}

#[test]
fn no_person_of_billing_is_in_git_store_logs_commits_or_metrics() {
    for product in Product::BOTH {
        let office = Office::new(product, 1, "\"place\", \"notes\"");
        let site = &office.site;
        for (file, more) in [("gamctl.toml", SERVICE), ("policy.toml", POLICY)] {
            let text = site.world.read(file);
            site.world.write(file, format!("{text}{more}"));
        }
        site.world.commit_all("the service");
        site.apply().exits(0);
        site.run(&["sync", "--commit"]).exits(0);
        // One of them waits for an endpoint, one has a tariff that is not mapped, one does not pay.
        let mac = "000ED81C0099";
        office.operate(json!({"do": "sell", "tariff": 31, "mac": mac}));
        office.operate(json!({"do": "sell", "tariff": 33, "mac": "000ED81C009A"}));
        office.operate(json!({"do": "block", "account": office.customers[0].account}));
        let metrics = served(&office);
        let words: [&[&str]; 6] = [
            &["sync", "write-back"],
            &["sync"],
            &["sync", "map"],
            &["sync", "list", "waiting"],
            &["sync", "explain", &office.customers[0].account.to_string()],
            &["status"],
        ];
        for arguments in words {
            site.run(arguments);
        }
        assert_eq!(office.notes(), 1, "{product:?}");

        let data = people(product, 0..3);
        let mut searched = Searched::default();
        assert!(metrics.contains("gamctl_billing_runs_total"), "{metrics}");
        data.search_in(&mut searched, "metrics", metrics.as_bytes());
        data.search_folder(&mut searched, site.world.root().parent().unwrap());
        data.search_folder(&mut searched, &site.state);
        let url = site.url();
        let store = data.search_store(&mut searched, url.path().unwrap());
        site.runtime.block_on(store);
        assert_eq!(searched.hits, [""; 0], "{product:?}");
        assert!(searched.places > 100, "{searched:?}");
        // The texts are those of the twin, which has sent them.
        let answer = customers(&office);
        let found = data.search(&answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            found.contains(&"name"),
            "{product:?}: {found:?} in {answer}"
        );
    }
}

/// Runs the service, with everything logged, until the customer who did not pay is suspended; returns its metrics.
fn served(office: &Office) -> String {
    let site = &office.site;
    let log = site.world.beside("serve.log");
    let (mut command, said) = site.command(&[
        "serve",
        "--log",
        "json",
        "--log-file",
        log.to_str().unwrap(),
    ]);
    let child = command.env("GAMCTL_LOG", "debug").spawn().unwrap();
    let mut running = Running::of(child, said.clone());
    running.has_said("gamctl serve is ready: http://");
    let (store, end) = (site.store(), Instant::now() + LONG);
    while !is_suspended(office, &store) {
        let log = || fs::read_to_string(&log).unwrap_or_default();
        assert!(Instant::now() < end, "never suspended:\n{}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
    let said = fs::read_to_string(said).unwrap();
    let (_, address) = said.split_once("metrics at http://").unwrap();
    let end = address.find(|sign: char| !"0123456789.:".contains(sign));
    let address: SocketAddr = address[..end.unwrap_or(address.len())].parse().unwrap();
    let page = ask(address, "GET /metrics HTTP/1.1", "", "");
    running.signal("-TERM");
    assert!(running.child.wait().unwrap().success());
    String::from_utf8(page).unwrap()
}

/// Returns whether the device was verified with the suspended customer.
fn is_suspended(office: &Office, store: &Store) -> bool {
    let runtime = &office.site.runtime;
    let ledgers = runtime.block_on(store.ledgers()).unwrap();
    let ledgers = ledgers.values();
    let mut subscribers = ledgers.flat_map(|one| one.ledger.verified.subscribers.values());
    subscribers.any(|one| one.vlan.get() == CAPTIVE)
}

/// Returns what the twin answers about all customers.
fn customers(office: &Office) -> Vec<u8> {
    let address = office.server.address();
    match office.product {
        Product::Splynx => {
            office.operate(json!({"do": "edit", "path": "key/unsecure", "value": true}));
            let path = "GET /api/2.0/admin/customers/customer HTTP/1.1";
            // `a-key` and its secret.
            let login = "Authorization: Basic YS1rZXk6Y2FuYXJ5LXNlY3JldA==\r\n";
            ask(address, path, login, "")
        }
        Product::Sonar => {
            let token = fs::read_to_string(office.site.secrets().join("sonar-token")).unwrap();
            let headers =
                format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
            let query = json!({"query": "{ accounts { entities { name } } }"}).to_string();
            ask(address, "POST /api/graphql HTTP/1.1", &headers, &query)
        }
    }
}

/// Sends a request, and returns the whole answer.
fn ask(address: SocketAddr, line: &str, headers: &str, body: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(stream, "{line}\r\nHost: test\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn a_planted_person_is_found_wherever_it_is_written() {
    let people = People::new(1);
    let data = PersonalData::of(&people, 0..300);
    // A name that JSON and an address of the web write in another way.
    let person = (0..300).map(|number| people.person(number));
    let mut with_accent = person.filter(|person| !person.given.is_ascii());
    let person = with_accent.next().unwrap();
    let name = format!("{} {}", person.given, person.family);

    let world = World::empty();
    world.write("notes.txt", format!("paid by {}", person.phone));
    let json = format!(r#"{{"name":"{}"}}"#, escaped(&name));
    world.write("answer.json", json);
    world.write(
        "log.txt",
        format!("GET /?mail={}", person.email.replace('@', "%40")),
    );
    world.commit_all(&format!("a line for {}", name.to_ascii_uppercase()));
    world.git(&["rm", "-q", "notes.txt", "answer.json"]);
    world.git(&["commit", "-q", "-m", "nothing"]);
    world.git(&["gc", "-q"]);
    let mut searched = Searched::default();
    data.search_folder(&mut searched, world.root());
    let has = |place: &str, what: &str| {
        let mut hits = searched.hits.iter();
        hits.any(|hit| hit.contains(place) && hit.ends_with(what))
    };
    // Only objects have what was removed.
    assert!(has("object", ": phone number"), "{:?}", searched.hits);
    assert!(has("object", ": name"), "{:?}", searched.hits);
    assert!(has("log.txt", ": mail address"), "{:?}", searched.hits);
    assert!(!searched.hits.iter().any(|hit| hit.contains(&person.family)));

    let file = world.beside("store.db");
    let mut searched = Searched::default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut connection = options.create_if_missing(true).connect().await.unwrap();
        connection
            .execute("create table kept (line text)")
            .await
            .unwrap();
        // Longer than a page.
        let street = &person.building.street;
        let line = format!("{}{street}, {}", "x".repeat(9_000), person.unit);
        let insert = sqlx::query("insert into kept values ($1)").bind(line);
        connection.execute(insert).await.unwrap();
        connection.close().await.unwrap();
        data.search_store(&mut searched, &file).await;
    });
    assert_eq!(searched.hits, ["kept.line: address", "kept.line: street"]);
    assert_eq!(
        data.search(b"nothing about anyone: acct-1042, maple-a/7"),
        [""; 0]
    );
}

/// Writes a text as JSON with ASCII alone.
fn escaped(text: &str) -> String {
    let signs = text.chars().map(|sign| match sign.is_ascii() {
        true => sign.to_string(),
        false => format!("\\u{:04X}", u32::from(sign)),
    });
    signs.collect()
}
