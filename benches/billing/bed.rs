//! Runs GAM twins and the service in processes of their own on an inventory in git, which a billing twin has customers of.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use gamctl::history::{Store, StoreUrl, StoredLedger, Timeouts};
use gamctl::model::billing::BillingName;
use gamctl::model::{ConditionWord, DeviceName, MacAddress, RateLimit, SubscriberConfig};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::first_inventory::write_inventory;
use crate::running_twins::RunningTwins;
use crate::shop::{Plan, Shop, free_address};

const GAMCTL: &str = env!("CARGO_BIN_EXE_gamctl");

/// How often a state is asked for while it is waited for; the figures are no more exact than this.
const PAUSE: Duration = Duration::from_millis(50);

/// Nothing that is measured takes longer.
const LONGEST: Duration = Duration::from_secs(900);

const TIMEOUTS: Timeouts = Timeouts {
    open: Duration::from_secs(60),
    operation: Duration::from_secs(60),
};

/// The VLAN of suspended subscribers.
const CAPTIVE: u16 = 4094;

/// Endpoints on one port.
const PER_PORT: usize = 16;

/// A customer who is served from the beginning.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) account: u64,
    pub(crate) service: u64,
    pub(crate) device: usize,
    pub(crate) port: u8,
    pub(crate) mac: String,
    pub(crate) plan: Plan,
}

/// What differs between beds.
pub(crate) struct Wanted<'a> {
    pub(crate) devices: usize,
    /// Customers of each device.
    pub(crate) customers: usize,
    /// Of the devices.
    pub(crate) latency: &'a str,
    /// Further lines of `[serve]`, of the billing system, and of `policy.toml`.
    pub(crate) serve: &'a str,
    pub(crate) billing: &'a str,
    pub(crate) policy: &'a str,
    /// Everything is logged.
    pub(crate) logs: bool,
}

pub(crate) struct Bed<'a> {
    folder: tempfile::TempDir,
    gams: RunningTwins,
    runtime: &'a Runtime,
    pub(crate) store: Store,
    serve: Option<Child>,
    listen: SocketAddr,
    pub(crate) metrics: SocketAddr,
    logs: bool,
    started: u32,
    pub(crate) served: Vec<Served>,
}

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<'a> Bed<'a> {
    /// Sells to the customers, and starts devices that serve them; the service is not started.
    pub(crate) fn start(wanted: &Wanted<'_>, shop: &Shop, runtime: &'a Runtime) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let served = first_customers(wanted, shop);
        let source = folder.path().join("source");
        write_inventory(&source, wanted, &served);
        let network = folder.path().join("network");
        let gams = RunningTwins::start(&source, &network, wanted.latency);
        let url = StoreUrl::sqlite(folder.path().join("gamctl.db"));
        let store = runtime.block_on(Store::open(&url, TIMEOUTS)).unwrap();
        let bed = Self {
            folder,
            gams,
            runtime,
            store,
            serve: None,
            listen: shop.listen,
            metrics: free_address(),
            logs: wanted.logs,
            started: 0,
            served,
        };
        bed.connect(wanted, shop);
        bed
    }

    /// Writes the settings of the service and of billing, and makes the repository that is followed.
    fn connect(&self, wanted: &Wanted<'_>, shop: &Shop) {
        let network = self.network();
        for (name, value) in shop.secrets() {
            let secret = self.secrets().join(name);
            fs::write(&secret, value).unwrap();
            fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let settings = fs::read_to_string(network.join("gamctl.toml")).unwrap();
        let settings = format!(
            "{}\n[git]\nurl = \"{}\"\nevery = \"1h\"\n\n[sync]\nrun = true\n\n[serve]\nlisten = \"{}\"\nmetrics = \"{}\"\n{}",
            settings
                .replace("path = \".\"", &format!("path = \"{}\"", network.display()))
                .replace(
                    "directory = \"secrets\"",
                    &format!("directory = \"{}\"", self.secrets().display())
                ),
            self.forge().display(),
            self.listen,
            self.metrics,
            wanted.serve
        );
        fs::write(self.folder.path().join("serve.toml"), settings).unwrap();
        let billing = shop.settings(wanted.billing);
        fs::write(network.join("billing.toml"), billing).unwrap();
        self.git(&["add", "billing.toml"]);
        self.git(&["commit", "-q", "-m", "connect billing"]);
        let forge = self.forge();
        let forge = forge.to_str().unwrap();
        self.git(&["clone", "-q", "--bare", ".", forge]);
        self.git(&["remote", "add", "forge", forge]);
        let adopted = self.gamctl(&["adopt"]);
        assert!(adopted.status.success(), "{adopted:?}");
    }

    /// Leaves the folder for those who look for the reason of a failure.
    pub(crate) fn keep_folder(&mut self) -> &Path {
        self.folder.disable_cleanup(true);
        self.folder.path()
    }

    /// Returns the folder with everything that was written.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn network(&self) -> PathBuf {
        self.folder.path().join("network")
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.network().join("secrets")
    }

    /// Returns the bare repository that the service follows and pushes to.
    pub(crate) fn forge(&self) -> PathBuf {
        self.folder.path().join("forge.git")
    }

    pub(crate) fn store_file(&self) -> PathBuf {
        self.folder.path().join("gamctl.db")
    }

    fn command(&self, state: &str) -> Command {
        let mut command = Command::new(GAMCTL);
        let url = StoreUrl::sqlite(self.store_file()).to_string();
        command
            .current_dir(self.network())
            .env("GAMCTL_CONFIG", self.folder.path().join("serve.toml"))
            .env("GAMCTL_STORE_URL", url)
            .env("GAMCTL_STATE", self.folder.path().join(state))
            .env("GAMCTL_WHO", "bench@noc")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    /// Runs a command in the clone of the engineers.
    pub(crate) fn gamctl(&self, arguments: &[&str]) -> Output {
        self.command("state").args(arguments).output().unwrap()
    }

    /// Runs git in the clone of the engineers; returns whether it succeeded, and its output.
    pub(crate) fn try_git(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@isp.example"])
            .args(arguments)
            .current_dir(self.network())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success(), text)
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let (is_done, text) = self.try_git(arguments);
        assert!(is_done, "git {arguments:?}: {text}");
        text
    }

    /// Starts the service and waits until it has read billing and every device once.
    pub(crate) fn serve(&mut self) {
        self.spawn();
        self.until("first sync", |bed| {
            bed.ask(async |store: &Store| store.sync_base(&system()).await.unwrap().is_some())
        });
        let devices = self.devices();
        self.until("first looks", |bed| {
            let statuses = bed.ask(async |store: &Store| store.device_statuses().await.unwrap());
            let good = statuses.values();
            let good = good.filter(|row| row.status.word == ConditionWord::Converged);
            good.count() == devices
        });
    }

    fn spawn(&mut self) {
        let said = self.folder.path().join("said");
        let file = File::options().append(true).create(true).open(said);
        let file = file.unwrap();
        let mut command = self.command("instance");
        command.arg("serve");
        if self.logs {
            let log = format!("serve-{}.log", self.started);
            command.args(["--log", "json", "--log-file"]);
            command.arg(self.folder.path().join(log));
            command.env("GAMCTL_LOG", "debug");
        }
        self.started += 1;
        let child = command
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn();
        self.serve = Some(child.unwrap());
    }

    /// Starts the service again, after it stopped in good order or was killed.
    pub(crate) fn restart(&mut self, is_killed: bool) {
        if let Some(serve) = &self.serve
            && !is_killed
        {
            let process = serve.id().to_string();
            let asked = Command::new("kill").args(["-TERM", &process]).status();
            assert!(asked.unwrap().success());
            let ended = self.serve.take().map(|mut serve| serve.wait().unwrap());
            assert!(ended.is_some());
        }
        self.stop();
        self.spawn();
    }

    fn devices(&self) -> usize {
        let devices = self.served.iter().map(|one| one.device + 1);
        devices.max().unwrap()
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut serve) = self.serve.take() {
            let _ended = serve.kill();
            let _gone = serve.wait();
        }
    }

    pub(crate) fn ask<T>(&self, question: impl AsyncFnOnce(&Store) -> T) -> T {
        self.runtime.block_on(question(&self.store))
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(crate) fn plug(&self, device: usize, mac: &str, port: u8) {
        let device = name(device);
        self.gams
            .ask(&json!({ "do": "plug", "device": device, "mac": mac, "port": port }));
    }

    pub(crate) fn unplug(&self, device: usize, mac: &str) {
        self.gams
            .ask(&json!({ "do": "unplug", "device": name(device), "mac": mac }));
    }

    pub(crate) fn device_fault(&self, device: usize, order: &Value) {
        self.gams
            .ask(&json!({ "do": "set-fault", "device": name(device), "order": order }));
    }

    pub(crate) fn clear_device_faults(&self, device: usize) {
        self.gams
            .ask(&json!({ "do": "clear-faults", "device": name(device), "id": null }));
    }

    /// Returns the verified configuration of every device.
    pub(crate) fn ledgers(&self) -> BTreeMap<DeviceName, StoredLedger> {
        self.ask(async |store: &Store| store.ledgers().await.unwrap())
    }

    /// Waits for something, and returns how long it took.
    pub(crate) fn until(&mut self, what: &str, mut is_so: impl FnMut(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !is_so(self) {
            let is_running = match &mut self.serve {
                Some(serve) => serve.try_wait().unwrap().is_none(),
                None => true,
            };
            assert!(
                began.elapsed() < LONGEST && is_running,
                "no {what}: {}",
                self.said()
            );
            std::thread::sleep(PAUSE);
        }
        began.elapsed()
    }

    /// Waits until two looks, half a minute apart, heard these endpoints.
    pub(crate) fn until_heard(&mut self, macs: &[(usize, String)]) {
        self.until("endpoint heard twice", |bed| {
            macs.iter().all(|(device, mac)| bed.is_heard(*device, mac))
        });
    }

    fn is_heard(&self, device: usize, mac: &str) -> bool {
        let (device, mac): (DeviceName, MacAddress) =
            (name(device).parse().unwrap(), mac.parse().unwrap());
        let look = self.ask(async |store: &Store| store.last_look_and_heard(&device).await);
        look.unwrap().is_some_and(|(look, heard)| {
            let since = heard.get(&mac);
            since.is_some_and(|since| since.looks >= 2 && since.first + 30 <= look.taken_at)
        })
    }

    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    /// Returns the page of metrics.
    pub(crate) fn metrics_page(&self) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.metrics).unwrap();
        let request = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }
}

/// Returns the name of the billing system in the inventory.
pub(crate) fn system() -> BillingName {
    BillingName::new("isp").unwrap()
}

pub(crate) fn name(device: usize) -> String {
    format!("gam-{device:02}")
}

/// Returns the MAC address of an endpoint.
pub(crate) fn mac(number: usize) -> String {
    format!(
        "00:0e:d8:2a:{:02x}:{:02x}",
        (number >> 8) & 0xff,
        number & 0xff
    )
}

/// Returns the port of the nth endpoint of a device.
pub(crate) fn port(number: usize) -> u8 {
    u8::try_from(number / PER_PORT + 1).unwrap()
}

/// Returns the verified subscriber with this endpoint.
pub(crate) fn verified<'l>(
    ledgers: &'l BTreeMap<DeviceName, StoredLedger>,
    mac: &str,
) -> Option<&'l SubscriberConfig> {
    let mac: MacAddress = mac.parse().unwrap();
    let ledgers = ledgers.values();
    let mut subscribers = ledgers.flat_map(|one| one.ledger.verified.subscribers.values());
    subscribers.find(|subscriber| subscriber.endpoint == Some(mac))
}

/// Returns whether a subscriber reaches the internet.
pub(crate) fn is_served(subscriber: &SubscriberConfig) -> bool {
    subscriber.vlan.get() != CAPTIVE
}

pub(crate) fn has_rate(subscriber: &SubscriberConfig, rate: &RateLimit) -> bool {
    subscriber.rate == *rate
}

fn first_customers(wanted: &Wanted<'_>, shop: &Shop) -> Vec<Served> {
    shop.lose_webhooks();
    let all = 0..wanted.devices * wanted.customers;
    let served = all.map(|number| {
        let plan = match number % 3 {
            0 => Plan::Home500,
            _ => Plan::Home100,
        };
        let mac = mac(number);
        let sale = shop.sell(plan.tariff(shop.product), &mac);
        Served {
            account: sale.account,
            service: sale.service,
            device: number / wanted.customers,
            port: port(number % wanted.customers),
            mac,
            plan,
        }
    });
    let served = served.collect();
    shop.clear_faults();
    served
}
