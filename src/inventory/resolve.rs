//! Resolves an inventory into the intended configuration of each device.

use std::collections::BTreeMap;

use super::assemble::{DeviceObject, Inventory, SubscriberObject};
use super::defaults::NetworkDefaults;
use super::parallel;
use super::text::{DeviceText, HoldText, PortText, SubscriberText, SuspensionHow, UplinkText};
use crate::model::{
    DeviceConfig, DeviceName, DeviceState, EndpointConfig, EndpointName, External, Hold,
    PortConfig, PortMode, ProfileConfig, ProfileName, RateLimit, ServicePlan, Speed, Subscriber,
    SubscriberConfig, SubscriberName, SubscriberState, SystemConfig, UplinkConfig, VlanId, VlanSet,
};

/// The intended configuration of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntendedDevice {
    pub name: DeviceName,
    pub state: DeviceState,
    pub config: DeviceConfig,
}

/// Returns what every device should look like, by name.
///
/// *Assumes* an inventory without errors: what an error leaves open is left out here.
pub fn resolve(inventory: &Inventory) -> Vec<IntendedDevice> {
    let context = Context::of(inventory);
    let numbers: Vec<usize> = (0..inventory.devices.len()).collect();
    let resolved = parallel::map_with(
        &numbers,
        || (),
        |(), number| {
            let position = inventory.devices.get(*number)?;
            let device = inventory.device_at(*position)?;
            let subscribers = inventory.member_positions(*number).iter();
            Some(context.device(
                device,
                subscribers.filter_map(|position| inventory.subscriber_at(*position)),
            ))
        },
    );
    let mut devices: Vec<_> = resolved.into_iter().flatten().collect();
    devices.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    devices
}

/// Returns what one device should look like.
pub fn resolve_device(inventory: &Inventory, name: &str) -> Option<IntendedDevice> {
    let device = inventory.device(name)?;
    Some(Context::of(inventory).device(device, inventory.subscribers_of(name)))
}

/// Returns a subscriber with its defaults filled in, where everything that must be given is.
pub fn complete_subscriber(object: &SubscriberObject) -> Option<Subscriber> {
    let SubscriberText {
        device,
        port,
        endpoint,
        service_plan,
        vlan,
        state,
        name,
        endpoint_name,
        description,
        tagged,
        remapped_vlan,
        allowed_vlans,
        port2_vlan,
        poe,
        protected,
        moved_from,
        external,
        hold,
        ..
    } = &object.text;
    let name = match name {
        Some(name) => name.clone(),
        None => SubscriberName::new(object.id.as_str()).ok()?,
    };
    let endpoint_name = match endpoint_name {
        Some(name) => name.clone(),
        None => EndpointName::new(name.as_str()).ok()?,
    };
    Some(Subscriber {
        id: object.id.clone(),
        device: device.clone()?,
        port: (*port)?,
        endpoint: *endpoint,
        service_plan: service_plan.clone()?,
        vlan: (*vlan)?,
        state: state.unwrap_or(SubscriberState::Active),
        name,
        endpoint_name,
        description: description.clone(),
        tagged: tagged.unwrap_or(false),
        remapped_vlan: *remapped_vlan,
        allowed_vlans: allowed_vlans.as_deref().cloned().unwrap_or_default(),
        port2_vlan: *port2_vlan,
        poe: *poe,
        protected: protected.unwrap_or(false),
        moved_from: moved_from.clone(),
        external: external.as_deref().and_then(|external| {
            Some(External {
                system: external.system.clone()?,
                account: external.account.clone()?,
                service: external.service.clone(),
            })
        }),
        hold: hold.as_deref().and_then(complete_hold).map(Box::new),
    })
}

fn complete_hold(text: &HoldText) -> Option<Hold> {
    Some(Hold {
        keys: text.keys.iter().flatten().copied().collect(),
        why: text.why.clone()?,
        until: text.until?,
    })
}

/// Returns every service plan with its defaults filled in, where its speed is clear.
pub fn complete_service_plans(inventory: &Inventory) -> BTreeMap<String, ServicePlan> {
    let defaults = inventory.defaults();
    inventory
        .service_plans()
        .filter_map(|object| {
            let text = &object.text;
            let speed = match (text.unthrottled, text.down, text.up) {
                (Some(true), _, _) => Speed::Unthrottled,
                (_, Some(down), Some(up)) => Speed::Limited {
                    down,
                    up,
                    headroom: text.headroom_percent.unwrap_or(defaults.headroom),
                },
                _ => return None,
            };
            let profile_name = match &text.profile_name {
                Some(name) => name.clone(),
                // An unthrottled plan has no profile, so a long id does no harm there.
                None => ProfileName::new(object.id.as_str())
                    .or_else(|_| ProfileName::new("unthrottled"))
                    .ok()?,
            };
            let plan = ServicePlan {
                id: object.id.clone(),
                speed,
                description: text.description.clone(),
                profile_name,
            };
            Some((object.id.as_str().to_owned(), plan))
        })
        .collect()
}

/// Values that are the same for every device while resolving.
struct Context {
    defaults: NetworkDefaults,
    plans: foldhash::HashMap<String, ServicePlan>,
}

impl Context {
    fn of(inventory: &Inventory) -> Self {
        Self {
            defaults: inventory.defaults(),
            plans: complete_service_plans(inventory).into_iter().collect(),
        }
    }

    fn device<'a>(
        &self,
        device: &DeviceObject,
        subscribers: impl Iterator<Item = &'a SubscriberObject>,
    ) -> IntendedDevice {
        let state = device.text.state.unwrap_or(DeviceState::Managed);
        let mut config = DeviceConfig::default();
        // A retired device keeps its system settings and loses its owned objects.
        if state != DeviceState::Retired {
            own_settings(&device.text, &mut config);
            for subscriber in subscribers {
                self.serve(subscriber, &mut config);
            }
        }
        IntendedDevice {
            name: device.id.clone(),
            state,
            config,
        }
    }

    /// Adds a subscriber with its endpoint and its profile.
    fn serve(&self, object: &SubscriberObject, config: &mut DeviceConfig) {
        let Some(subscriber) = complete_subscriber(object) else {
            return;
        };
        let is_suspended = match subscriber.state {
            SubscriberState::Pending => return,
            SubscriberState::Active => false,
            SubscriberState::Suspended => true,
        };
        let how = is_suspended.then_some(self.defaults.suspension);
        let plan = match how {
            Some(SuspensionHow::Captive | SuspensionHow::Throttle) => {
                self.defaults.suspension_plan.as_ref()
            }
            Some(SuspensionHow::Detach) | None => Some(&subscriber.service_plan),
        };
        let Some(plan) = plan.and_then(|plan| self.plans.get(plan.as_str())) else {
            return;
        };
        let rate = limit(plan, config);
        if let Some(mac) = subscriber.endpoint {
            config.endpoints.insert(
                mac,
                EndpointConfig {
                    slot: None,
                    name: subscriber.endpoint_name,
                    port: subscriber.port,
                },
            );
        }
        let is_captive = how == Some(SuspensionHow::Captive);
        // The captive portal replaces every VLAN: a tagged or second-port service would go on unpaid otherwise.
        let served = SubscriberConfig {
            slot: None,
            description: subscriber.description.map(Into::into),
            endpoint: subscriber
                .endpoint
                .filter(|_| how != Some(SuspensionHow::Detach)),
            rate,
            vlan: if is_captive {
                VlanId::UNSERVED
            } else {
                subscriber.vlan
            },
            tagged: subscriber.tagged && !is_captive,
            remapped_vlan: subscriber.remapped_vlan.filter(|_| !is_captive),
            allowed_vlans: if is_captive {
                VlanSet::default()
            } else {
                subscriber.allowed_vlans
            },
            port2_vlan: subscriber.port2_vlan.filter(|_| !is_captive),
            poe: subscriber.poe,
        };
        config.subscribers.insert(subscriber.name, served);
    }
}

/// Returns the rate limit of a service plan, and makes sure that the device has its profile.
fn limit(plan: &ServicePlan, config: &mut DeviceConfig) -> RateLimit {
    let Some((down, up)) = plan.speed.limiter() else {
        return RateLimit::Unthrottled;
    };
    if !config.profiles.contains_key(&plan.profile_name) {
        let profile = ProfileConfig {
            slot: None,
            description: plan.description.clone().map(Into::into),
            down,
            up,
        };
        config.profiles.insert(plan.profile_name.clone(), profile);
    }
    RateLimit::Profile(plan.profile_name.clone())
}

fn own_settings(text: &DeviceText, config: &mut DeviceConfig) {
    config.system = SystemConfig {
        hostname: text.hostname.clone().map(Into::into),
        location: text.location.clone().map(Into::into),
        contact: text.contact.clone().map(Into::into),
    };
    for (number, uplink) in text.uplink.iter().flat_map(|uplinks| &uplinks.0) {
        let UplinkText { allowed_vlans, .. } = uplink;
        config.uplinks.insert(
            *number,
            UplinkConfig {
                allowed_vlans: allowed_vlans.clone(),
            },
        );
    }
    for (number, port) in text.port.iter().flat_map(|ports| &ports.0) {
        let PortText {
            name,
            enabled,
            mode,
            ..
        } = port;
        config.ports.insert(
            *number,
            PortConfig {
                name: name.clone().map(Into::into),
                enabled: *enabled,
                // Coax ports have no other mode, and no command says `coax` (docs/gam.md): nothing to intend.
                mode: mode.filter(|mode| *mode != PortMode::Coax),
            },
        );
    }
}
