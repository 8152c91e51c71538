//! The words of the model: what is printed reads back, any text is taken or refused without a panic, and what is taken keeps its promise.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::net::IpAddr;
use std::str::FromStr;

use gamctl::model::billing::BillingAddress;
use gamctl::model::{
    Address, CredentialsName, Day, Description, DeviceConfig, DeviceName, EndpointConfig,
    EndpointName, GamModel, Headroom, HeldText, HostKey, Hostname, LabelKey, MacAddress, Mbps,
    PlainText, Poe, PortAssignment, PortConfig, PortMode, PortName, PortNumber, ProfileConfig,
    ProfileName, RateLimit, SecretName, Serial, ServicePlanId, SiteName, Slot, SubscriberConfig,
    SubscriberId, SubscriberName, SystemConfig, SystemText, UplinkConfig, UplinkNumber, VlanId,
    VlanRange, VlanSet, natural_order,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tried;

/// Text that is nearly right: what devices take, with what they do not take mixed in.
fn near() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,70}",
        "[A-Za-z0-9][A-Za-z0-9._/-]{0,65}",
        "[0-9a-fA-F:.-]{10,20}",
        "[0-9, -]{0,30}",
        "\\[?[0-9a-f:.]{0,20}\\]?[:0-9/]{0,12}",
        "(SHA256:)?[A-Za-z0-9+/]{42,44}",
        "GAM-[0-9]{1,2}-[A-Z]{1,4}(-[A-Z])?",
        "\\PC{0,40}",
        any::<String>(),
        "[ -~]{0,20}[\"?\\\\\n\r\t\u{7f}\u{85}\u{a0}\u{200b}\u{202e}é\u{2028}\u{feff}][ -~]{0,20}",
    ]
}

fn there_and_back<T: Display + FromStr + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError>
where
    T::Err: Debug,
{
    prop_assert_eq!(&value.to_string().parse::<T>().unwrap(), value);
    Ok(())
}

fn through_json_and_toml<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    value: &T,
) -> Result<(), TestCaseError> {
    let json = serde_json::to_string(value).unwrap();
    let read = serde_json::from_str::<T>(&json).map_err(|error| format!("{error}: {json}"));
    prop_assert_eq!(read.as_ref(), Ok(value));
    let toml = toml::to_string_pretty(value).unwrap();
    let read = toml::from_str::<T>(&toml).map_err(|error| format!("{error}: {toml}"));
    prop_assert_eq!(read.as_ref(), Ok(value));
    Ok(())
}

/// Returns whether a device can be sent a text: printable ASCII that its command line takes as itself.
fn is_safe_on_a_device(text: &str, max: usize) -> bool {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && !b"?\"\\".contains(&byte);
    (1..=max).contains(&text.len()) && text.bytes().all(is_plain) && text.trim() == text
}

fn is_id(text: &str, max: usize, extra: &str) -> bool {
    (1..=max).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
}

/// Checks that a type takes a text if and only if `is_good`, and then keeps it and lets it through serde.
macro_rules! takes {
    ($type:ty, $text:expr, $is_good:expr) => {{
        let made = <$type>::new($text);
        prop_assert_eq!(made.is_ok(), $is_good, "{}: {:?}", stringify!($type), $text);
        let json = serde_json::to_string($text).unwrap();
        prop_assert_eq!(serde_json::from_str::<$type>(&json).is_ok(), $is_good);
        if let Ok(made) = made {
            prop_assert_eq!(made.as_str(), $text);
            prop_assert_eq!(serde_json::to_string(&made).unwrap(), json);
        }
    }};
}

fn vlan() -> impl Strategy<Value = VlanId> {
    prop_oneof![1..=4095u16, 1..=8u16, 4088..=4095u16].prop_map(|id| VlanId::new(id).unwrap())
}

fn vlan_set() -> impl Strategy<Value = VlanSet> {
    vec((vlan(), vlan()), 0..8).prop_map(|ends| {
        VlanSet::from_ranges(ends.into_iter().map(|(a, b)| VlanRange {
            first: a.min(b),
            last: a.max(b),
        }))
    })
}

fn port() -> impl Strategy<Value = PortAssignment> {
    let number =
        (1..=24u8).prop_map(|number| PortAssignment::Port(PortNumber::new(number).unwrap()));
    prop_oneof![
        number,
        Just(PortAssignment::Auto),
        Just(PortAssignment::Unassigned)
    ]
}

fn mac() -> impl Strategy<Value = MacAddress> {
    any::<[u8; 6]>().prop_filter_map("one station's", |octets| MacAddress::new(octets).ok())
}

fn device_text(max: usize) -> impl Strategy<Value = String> {
    vec("[!#->@-\\[\\]-~]", 1..=max).prop_map(|letters| letters.concat())
}

fn rate() -> impl Strategy<Value = Mbps> {
    (1..=100_000u32).prop_map(|rate| Mbps::new(rate).unwrap())
}

fn slot() -> impl Strategy<Value = Option<Slot>> {
    option::of(any::<u16>().prop_map(Slot))
}

fn description() -> impl Strategy<Value = Option<HeldText>> {
    option::of("\\PC{1,255}".prop_map(|text| HeldText::new(&text).unwrap()))
}

fn profile_name() -> impl Strategy<Value = ProfileName> {
    device_text(31).prop_map(|text| ProfileName::new(&text).unwrap())
}

fn subscriber() -> impl Strategy<Value = SubscriberConfig> {
    let limit = prop_oneof![
        Just(RateLimit::Unthrottled),
        profile_name().prop_map(RateLimit::Profile)
    ];
    let poe = option::of(prop::sample::select(Poe::ALL));
    let vlans = (vlan(), option::of(vlan()), vlan_set(), option::of(vlan()));
    (
        slot(),
        description(),
        option::of(mac()),
        limit,
        vlans,
        any::<bool>(),
        poe,
    )
        .prop_map(
            |(
                slot,
                description,
                endpoint,
                rate,
                (vlan, remapped_vlan, allowed_vlans, port2_vlan),
                tagged,
                poe,
            )| {
                SubscriberConfig {
                    slot,
                    description,
                    endpoint,
                    rate,
                    vlan,
                    tagged,
                    remapped_vlan,
                    allowed_vlans,
                    port2_vlan,
                    poe,
                }
            },
        )
}

fn system() -> impl Strategy<Value = SystemConfig> {
    let text = || option::of("\\PC{1,255}".prop_map(|text| HeldText::new(&text).unwrap()));
    let hostname =
        option::of("[A-Za-z0-9][A-Za-z0-9-]{0,44}".prop_map(|name| HeldText::new(&name).unwrap()));
    (hostname, text(), text()).prop_map(|(hostname, location, contact)| SystemConfig {
        hostname,
        location,
        contact,
    })
}

fn device_config() -> impl Strategy<Value = DeviceConfig> {
    let uplink = option::of(vlan_set()).prop_map(|allowed_vlans| UplinkConfig { allowed_vlans });
    let uplinks = btree_map(
        (1..=2u8).prop_map(|number| UplinkNumber::new(number).unwrap()),
        uplink,
        0..3,
    );
    let name = option::of(device_text(31).prop_map(|name| HeldText::new(&name).unwrap()));
    let mode = option::of(prop::sample::select(PortMode::ALL.as_slice()));
    let port_config =
        (name, option::of(any::<bool>()), mode).prop_map(|(name, enabled, mode)| PortConfig {
            name,
            enabled,
            mode,
        });
    let ports = btree_map(
        (1..=24u8).prop_map(|number| PortNumber::new(number).unwrap()),
        port_config,
        0..4,
    );
    let profile =
        (slot(), description(), rate(), rate()).prop_map(|(slot, description, down, up)| {
            ProfileConfig {
                slot,
                description,
                down,
                up,
            }
        });
    let endpoint =
        (slot(), device_text(31), port()).prop_map(|(slot, name, port)| EndpointConfig {
            slot,
            name: EndpointName::new(&name).unwrap(),
            port,
        });
    let subscriber_name = device_text(31).prop_map(|name| SubscriberName::new(&name).unwrap());
    (
        system(),
        uplinks,
        ports,
        btree_map(profile_name(), profile, 0..3),
        btree_map(mac(), endpoint, 0..4),
        btree_map(subscriber_name, subscriber(), 0..4),
    )
        .prop_map(
            |(system, uplinks, ports, profiles, endpoints, subscribers)| DeviceConfig {
                system,
                uplinks,
                ports,
                profiles,
                endpoints,
                subscribers,
            },
        )
}

/// Reads a set of VLANs the slow way: nothing where it is not one.
fn naive_vlans(text: &str) -> Option<BTreeSet<u16>> {
    let number = |text: &str| {
        let text = text.trim();
        let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        is_number
            .then(|| text.parse::<u64>().ok())
            .flatten()
            .filter(|id| (1..=4095).contains(id))
    };
    let mut vlans = BTreeSet::new();
    for entry in text.split(',') {
        let (first, last) = entry.split_once('-').unwrap_or((entry, entry));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return None;
        }
        vlans.extend((first..=last).map(|id| u16::try_from(id).unwrap()));
    }
    Some(vlans)
}

proptest! {
    #![proptest_config(tried(256))]

    #[test]
    fn a_text_for_a_device_holds_nothing_that_its_command_line_misreads(text in near()) {
        takes!(Description, &*text, is_safe_on_a_device(&text, 63));
        takes!(SystemText, &*text, is_safe_on_a_device(&text, 127) && !text.contains("  "));
        takes!(SubscriberName, &*text, is_safe_on_a_device(&text, 31));
        takes!(EndpointName, &*text, is_safe_on_a_device(&text, 31));
        takes!(ProfileName, &*text, is_safe_on_a_device(&text, 31));
        takes!(PortName, &*text, is_safe_on_a_device(&text, 31));
    }

    #[test]
    fn an_id_is_short_and_of_its_alphabet(text in near()) {
        takes!(DeviceName, &*text, is_id(&text, 63, "._-"));
        takes!(SubscriberId, &*text, is_id(&text, 63, "._-"));
        takes!(ServicePlanId, &*text, is_id(&text, 63, "._-"));
        takes!(CredentialsName, &*text, is_id(&text, 63, "._-"));
        takes!(SiteName, &*text, is_id(&text, 63, "._-"));
        takes!(SecretName, &*text, is_id(&text, 63, "._-/"));
        takes!(LabelKey, &*text, is_id(&text, 63, "._-/"));
        takes!(Hostname, &*text, is_id(&text, 45, "-"));
        let is_serial = (1..=32).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        takes!(Serial, &*text, is_serial);
        let hash = text.strip_prefix("SHA256:").unwrap_or("");
        let is_key = hash.len() == 43
            && hash.chars().all(|c| c.is_ascii_alphanumeric() || "+/".contains(c))
            && hash.ends_with(|c| "AEIMQUYcgkosw048".contains(c));
        takes!(HostKey, &*text, is_key);
    }

    #[test]
    fn an_address_of_a_billing_system_reads_back_and_contains_no_login(
        text in prop_oneof![near(), "https?://[a-z0-9@:./?#\\[\\]-]{0,40}", "https?://(localhost|127[.]0[.]0[.]1|isp[.]example)(:[0-9]{1,6})?[a-z/]{0,9}"],
    ) {
        if let Ok(address) = text.parse::<BillingAddress>() {
            there_and_back(&address)?;
            let shown = address.to_string();
            prop_assert!(!shown.contains(['@', '?', '#', ' ', '\\']) && !shown.ends_with('/'));
            prop_assert_eq!(format!("{}{}", address.origin(), address.path()), &*shown);
            prop_assert!(shown.starts_with("https://") || address.is_plain());
            prop_assert!(!address.is_plain() || !shown.contains("isp"), "{}", shown);
        }
    }

    #[test]
    fn a_day_reads_back(text in prop_oneof![near(), "[0-9]{4}-[0-9]{2}-[0-9]{2}"]) {
        if let Ok(day) = text.parse::<Day>() {
            there_and_back(&day)?;
            prop_assert_eq!(day.to_string(), &*text);
            prop_assert_eq!(serde_json::to_string(&day).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn plain_text_moves_no_cursor_and_hides_nothing(text in near()) {
        if let Ok(plain) = PlainText::new(&text) {
            prop_assert_eq!(plain.as_str(), &*text);
            prop_assert!((1..=120).contains(&text.chars().count()));
            let is_harmless = |c: char| !c.is_control() && !"\u{200b}\u{202e}\u{2028}\u{feff}".contains(c);
            prop_assert!(text.chars().all(is_harmless));
        }
    }

    #[test]
    fn an_error_about_a_text_is_harmless_to_print(text in near()) {
        let errors = [
            Description::new(&text).err().map(|error| error.to_string()),
            PlainText::new(&text).err().map(|error| error.to_string()),
            DeviceName::new(&text).err().map(|error| error.to_string()),
            text.parse::<VlanSet>().err().map(|error| error.to_string()),
            text.parse::<Address>().err().map(|error| error.to_string()),
        ];
        for error in errors.iter().flatten() {
            let harm = error.chars().find(|c| gamctl::model::hazard_on_a_terminal(*c).is_some());
            prop_assert_eq!(harm, None, "{:?}", error);
        }
    }

    #[test]
    fn a_written_set_of_vlans_is_the_set_that_a_patient_person_reads(text in near()) {
        let read: Option<VlanSet> = text.parse().ok();
        let expected = naive_vlans(&text);
        prop_assert_eq!(read.is_some(), expected.is_some(), "{:?}", text);
        if let (Some(read), Some(expected)) = (read, expected) {
            prop_assert!(read.iter().map(VlanId::get).eq(expected));
            there_and_back(&read)?;
        }
    }

    #[test]
    fn a_set_of_vlans_behaves_like_a_set(left in vlan_set(), right in vlan_set(), probe in vlan()) {
        let model = |set: &VlanSet| set.iter().collect::<BTreeSet<VlanId>>();
        let (l, r) = (model(&left), model(&right));
        prop_assert_eq!(left.contains(probe), l.contains(&probe));
        prop_assert_eq!(left.is_empty(), l.is_empty());
        prop_assert_eq!(left.first_outside(&right), l.difference(&r).next().copied());
        prop_assert_eq!(left == right, l == r);
        prop_assert_eq!(&l.iter().copied().collect::<VlanSet>(), &left);
        let ranges = left.ranges();
        prop_assert_eq!(left.entries(), ranges.len());
        prop_assert!(ranges.windows(2).all(|pair| pair[0].last.get() + 1 < pair[1].first.get()));
        if !left.is_empty() {
            there_and_back(&left)?;
        }
    }

    #[test]
    fn an_address_reads_back_as_it_was_printed(text in near(), ip in any::<IpAddr>(), ssh in 1..=u16::MAX, snmp in 1..=u16::MAX, short in 0..3) {
        if let Ok(address) = text.parse::<Address>() {
            there_and_back(&address)?;
        }
        let (ssh_port, snmp_port) = match short { 0 => (22, 161), 1 => (ssh, 161), _ => (ssh, snmp) };
        let address = Address { ip, ssh_port, snmp_port };
        there_and_back(&address)?;
        prop_assert_eq!(Address::of(ip).has_default_ports(), true);
    }

    #[test]
    fn a_mac_address_has_one_printed_form(text in near(), mac in mac()) {
        if let Ok(read) = text.parse::<MacAddress>() {
            there_and_back(&read)?;
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            prop_assert_eq!(u64::from_str_radix(&digits, 16).unwrap(), read.to_u64());
        }
        there_and_back(&mac)?;
        prop_assert_eq!(mac.octets()[0] & 1, 0);
    }

    #[test]
    fn models_are_known_by_their_exact_name_alone(text in near(), model in prop::sample::select(GamModel::ALL.as_slice())) {
        let is_known = GamModel::ALL.iter().any(|model| model.as_str() == text);
        prop_assert_eq!(text.parse::<GamModel>().is_ok(), is_known);
        there_and_back(&model)?;
        prop_assert_eq!(GamModel::from_product_number(model.product_number()), Some(model));
    }

    #[test]
    fn numbers_stay_in_their_ranges(number in prop_oneof![any::<u32>(), 0..200_000u32, 0..60u32], vlan in any::<u16>()) {
        prop_assert_eq!(Mbps::new(number).is_ok(), (1..=100_000).contains(&number));
        prop_assert_eq!(Headroom::new(number).is_ok(), number <= 50);
        prop_assert_eq!(serde_json::from_str::<Mbps>(&number.to_string()).is_ok(), Mbps::new(number).is_ok());
        prop_assert_eq!(VlanId::new(vlan).is_ok(), (1..=4095).contains(&vlan));
        if let Ok(id) = VlanId::new(vlan) {
            let is_data = (3..=4093).contains(&vlan) && !(3840..=3842).contains(&vlan);
            prop_assert_eq!(id.check_data().is_ok(), is_data);
        }
    }

    #[test]
    fn a_limiter_is_never_below_the_promise_and_less_than_one_mbps_above_the_headroom(sold in rate(), percent in 0..=50u32) {
        let limiter = u64::from(Headroom::new(percent).unwrap().above(sold).get());
        let exact = u64::from(sold.get()) * u64::from(100 + percent);
        prop_assert!(limiter * 100 >= exact && limiter * 100 < exact + 100);
    }

    #[test]
    fn people_count_in_one_order(names in vec("[a-c0-2]{0,5}", 3)) {
        use std::cmp::Ordering::{Equal, Greater};
        let [a, b, c] = [&names[0], &names[1], &names[2]];
        prop_assert_eq!(natural_order(a, b), natural_order(b, a).reverse());
        prop_assert_eq!(natural_order(a, b) == Equal, a == b);
        if natural_order(a, b) != Greater && natural_order(b, c) != Greater {
            prop_assert_ne!(natural_order(a, c), Greater, "{} {} {}", a, b, c);
        }
    }

    #[test]
    fn an_assignment_prints_what_a_file_says(port in port()) {
        let json = serde_json::to_string(&port).unwrap();
        prop_assert_eq!(json.trim_matches('"'), port.to_string());
        prop_assert_eq!(serde_json::from_str::<PortAssignment>(&json).unwrap(), port);
    }
}

proptest! {
    #![proptest_config(tried(100))]

    #[test]
    fn a_device_configuration_survives_json_and_toml(config in device_config()) {
        through_json_and_toml(&config)?;
    }
}
