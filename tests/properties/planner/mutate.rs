//! One change of an intention, as people and billing systems make them.

use std::collections::BTreeMap;

use gamctl::model::{
    DeviceConfig, GamModel, MacAddress, ProfileName, RateLimit, SubscriberName, UplinkConfig,
    UplinkNumber,
};

use super::super::dice::Dice;
use super::case::{allowed_vlans, free_port, mac, profile, rate, service_vlan, text, uplink_vlans};

type Renamed = BTreeMap<SubscriberName, SubscriberName>;

/// Changes one thing; what is valid stays so.
pub(super) fn once(
    dice: &mut Dice,
    model: GamModel,
    config: &mut DeviceConfig,
    renamed: &mut Renamed,
) {
    match dice.below(20) {
        0..=3 => service(dice, config),
        4 => profile_rates(dice, config),
        5 => rename_profile(dice, config),
        6 => rename_subscriber(dice, config, renamed),
        7 => rotate_names(dice, config),
        8 => rotate_endpoints(dice, config),
        9 => rotate_ports(dice, config),
        10 => rotate_endpoint_names(dice, config),
        11 => swap_cpe(dice, config),
        12 => move_endpoint(dice, model, config),
        13 => remove(dice, config),
        14 => add(dice, model, config),
        15 => new_profile(dice, config),
        16 => drop_profile(dice, config),
        17 => rotate_services(dice, config),
        18 => rotate_port_names(dice, config),
        _ => uplink(dice, config),
    }
}

fn chosen<K: Clone>(dice: &mut Dice, keys: impl Iterator<Item = K>) -> Option<K> {
    let keys: Vec<K> = keys.collect();
    let at = dice.position(keys.len())?;
    Some(keys[at].clone())
}

/// Returns some keys, at least two where there are.
fn several<K: Clone>(dice: &mut Dice, keys: impl Iterator<Item = K>) -> Vec<K> {
    let mut keys: Vec<K> = keys.collect();
    dice.shuffle(&mut keys);
    keys.truncate(2 + dice.below(3));
    keys
}

fn service(dice: &mut Dice, config: &mut DeviceConfig) {
    let new_rate = rate(dice, config);
    let Some(name) = chosen(dice, config.subscribers.keys().cloned()) else {
        return;
    };
    let Some(one) = config.subscribers.get_mut(&name) else {
        return;
    };
    match dice.below(7) {
        0 => one.rate = new_rate,
        1 => one.vlan = service_vlan(dice),
        2 => one.tagged = !one.tagged,
        3 => one.description = dice.once_in(2).then(|| text(dice)),
        4 => one.endpoint = None,
        5 => one.allowed_vlans = allowed_vlans(dice),
        _ => one.port2_vlan = None,
    }
}

fn profile_rates(dice: &mut Dice, config: &mut DeviceConfig) {
    let Some(name) = chosen(dice, config.profiles.keys().cloned()) else {
        return;
    };
    config.profiles.insert(name, profile(dice, None));
}

fn rename_profile(dice: &mut Dice, config: &mut DeviceConfig) {
    let Some(name) = chosen(dice, config.profiles.keys().cloned()) else {
        return;
    };
    let new = ProfileName::new(&format!("p{}", 20 + dice.below(9))).unwrap();
    if config.profiles.contains_key(&new) {
        return;
    }
    let Some(one) = config.profiles.remove(&name) else {
        return;
    };
    config.profiles.insert(new.clone(), one);
    for subscriber in config.subscribers.values_mut() {
        if subscriber.rate == RateLimit::Profile(name.clone()) {
            subscriber.rate = RateLimit::Profile(new.clone());
        }
    }
}

fn rename_subscriber(dice: &mut Dice, config: &mut DeviceConfig, renamed: &mut Renamed) {
    let Some(name) = chosen(dice, config.subscribers.keys().cloned()) else {
        return;
    };
    let new = SubscriberName::new(&format!("s{}", 50 + dice.below(20))).unwrap();
    if config.subscribers.contains_key(&new) {
        return;
    }
    if let Some(one) = config.subscribers.remove(&name) {
        config.subscribers.insert(new.clone(), one);
        if dice.once_in(2) {
            renamed.insert(new, name);
        }
    }
}

/// Everybody gets the name of the next one, and keeps all else.
fn rotate_names(dice: &mut Dice, config: &mut DeviceConfig) {
    let names = several(dice, config.subscribers.keys().cloned());
    let ones: Vec<_> = names
        .iter()
        .filter_map(|name| config.subscribers.remove(name))
        .collect();
    for (name, one) in names.iter().cycle().skip(1).zip(ones) {
        config.subscribers.insert(name.clone(), one);
    }
}

fn rotate_endpoints(dice: &mut Dice, config: &mut DeviceConfig) {
    let names = several(dice, config.subscribers.keys().cloned());
    let endpoints: Vec<Option<MacAddress>> = names
        .iter()
        .map(|name| config.subscribers[name].endpoint)
        .collect();
    for (name, endpoint) in names.iter().cycle().skip(1).zip(endpoints) {
        if let Some(one) = config.subscribers.get_mut(name) {
            one.endpoint = endpoint;
        }
    }
}

/// VLAN and rate move on to the next subscriber.
fn rotate_services(dice: &mut Dice, config: &mut DeviceConfig) {
    let names = several(dice, config.subscribers.keys().cloned());
    let services: Vec<_> = names
        .iter()
        .map(|name| {
            let one = &config.subscribers[name];
            (one.vlan, one.rate.clone())
        })
        .collect();
    for (name, (vlan, rate)) in names.iter().cycle().skip(1).zip(services) {
        if let Some(one) = config.subscribers.get_mut(name) {
            one.vlan = vlan;
            one.rate = rate;
        }
    }
}

fn rotate_ports(dice: &mut Dice, config: &mut DeviceConfig) {
    let macs = several(dice, config.endpoints.keys().copied());
    let ports: Vec<_> = macs.iter().map(|mac| config.endpoints[mac].port).collect();
    for (mac, port) in macs.iter().cycle().skip(1).zip(ports) {
        if let Some(one) = config.endpoints.get_mut(mac) {
            one.port = port;
        }
    }
}

fn rotate_endpoint_names(dice: &mut Dice, config: &mut DeviceConfig) {
    let macs = several(dice, config.endpoints.keys().copied());
    let names: Vec<_> = macs
        .iter()
        .map(|mac| config.endpoints[mac].name.clone())
        .collect();
    for (mac, name) in macs.iter().cycle().skip(1).zip(names) {
        if let Some(one) = config.endpoints.get_mut(mac) {
            one.name = name;
        }
    }
}

fn rotate_port_names(dice: &mut Dice, config: &mut DeviceConfig) {
    let named = config.ports.iter().filter(|(_, port)| port.name.is_some());
    let numbers: Vec<_> = named.map(|(number, _)| *number).collect();
    let numbers = several(dice, numbers.into_iter());
    let names: Vec<_> = numbers
        .iter()
        .map(|number| config.ports[number].name.clone())
        .collect();
    for (number, name) in numbers.iter().cycle().skip(1).zip(names) {
        if let Some(port) = config.ports.get_mut(number) {
            port.name = name;
        }
    }
}

/// A CPE is replaced: another address, everything else as before.
fn swap_cpe(dice: &mut Dice, config: &mut DeviceConfig) {
    let Some(old) = chosen(dice, config.endpoints.keys().copied()) else {
        return;
    };
    let new = mac(60 + dice.below(20));
    if config.endpoints.contains_key(&new) {
        return;
    }
    let new_name = dice.once_in(3).then(|| format!("e{}", 60 + dice.below(20)));
    if new_name.as_ref().is_some_and(|name| has_name(config, name)) {
        return;
    }
    let Some(mut one) = config.endpoints.remove(&old) else {
        return;
    };
    if let Some(name) = new_name {
        one.name = name.parse().unwrap();
    }
    config.endpoints.insert(new, one);
    for subscriber in config.subscribers.values_mut() {
        if subscriber.endpoint == Some(old) {
            subscriber.endpoint = Some(new);
        }
    }
}

fn has_name(config: &DeviceConfig, name: &str) -> bool {
    let mut endpoints = config.endpoints.values();
    endpoints.any(|endpoint| endpoint.name.as_str() == name)
}

fn move_endpoint(dice: &mut Dice, model: GamModel, config: &mut DeviceConfig) {
    let Some(mac) = chosen(dice, config.endpoints.keys().copied()) else {
        return;
    };
    let port = free_port(dice, model, config, model.port_count());
    if let Some(one) = config.endpoints.get_mut(&mac) {
        one.port = port;
    }
}

fn remove(dice: &mut Dice, config: &mut DeviceConfig) {
    let Some(name) = chosen(dice, config.subscribers.keys().cloned()) else {
        return;
    };
    if let Some(one) = config.subscribers.remove(&name)
        && let Some(mac) = one.endpoint
        && !dice.once_in(3)
    {
        config.endpoints.remove(&mac);
    }
}

fn add(dice: &mut Dice, model: GamModel, config: &mut DeviceConfig) {
    let number = 30 + dice.below(30);
    let (new, name) = (mac(number), format!("n{number}"));
    if config.endpoints.contains_key(&new) || has_name(config, &name) {
        return;
    }
    let port = free_port(dice, model, config, model.port_count());
    let Some(template) = config.subscribers.values().next().cloned() else {
        return;
    };
    config.endpoints.insert(
        new,
        gamctl::model::EndpointConfig {
            slot: None,
            name: name.parse().unwrap(),
            port,
        },
    );
    let mut one = template;
    one.endpoint = Some(new);
    one.vlan = service_vlan(dice);
    config.subscribers.insert(name.parse().unwrap(), one);
}

fn new_profile(dice: &mut Dice, config: &mut DeviceConfig) {
    if config.profiles.len() >= 14 {
        return;
    }
    let name = ProfileName::new(&format!("p{}", 30 + dice.below(9))).unwrap();
    let new = profile(dice, None);
    config.profiles.insert(name.clone(), new);
    for one in config.subscribers.values_mut() {
        if dice.once_in(3) {
            one.rate = RateLimit::Profile(name.clone());
        }
    }
}

fn drop_profile(dice: &mut Dice, config: &mut DeviceConfig) {
    let Some(name) = chosen(dice, config.profiles.keys().cloned()) else {
        return;
    };
    config.profiles.remove(&name);
    let gone = RateLimit::Profile(name);
    let mut moved: Vec<_> = config.subscribers.keys().cloned().collect();
    moved.retain(|name| config.subscribers[name].rate == gone);
    for name in moved {
        let new = rate(dice, config);
        if let Some(one) = config.subscribers.get_mut(&name) {
            one.rate = new;
        }
    }
}

fn uplink(dice: &mut Dice, config: &mut DeviceConfig) {
    let allowed_vlans = Some(uplink_vlans(dice));
    config.uplinks.insert(
        UplinkNumber::new(1).unwrap(),
        UplinkConfig { allowed_vlans },
    );
}
