//! Applies an edit of a bandwidth profile by the rules of the device.

use compact_str::CompactString;

use super::HIGHEST_PROFILE;
use crate::simulator::gam::edit::ProfileOptions;
use crate::simulator::gam::text::{check_description, check_length, is_name};
use crate::simulator::gam::{
    Configuration, DEFAULT_PROFILE, Hardware, Profile, Refusal, RemovalInUse, Subscriber,
};

/// The slowest limiter in Mbps, the twin's own number (docs/gam.md).
const SLOWEST_LIMITER: u32 = 10;

pub(super) fn set_profile(
    configuration: &mut Configuration,
    hardware: &Hardware,
    id: u16,
    options: &ProfileOptions,
) -> Result<(), Refusal> {
    if !(1..=HIGHEST_PROFILE).contains(&id) {
        return Err(Refusal::TooManyProfiles);
    }
    let fastest = hardware.fastest_limiter();
    let mut profile = match configuration.profiles.get(&id) {
        Some(profile) => profile.clone(),
        None => Profile {
            name: options.name.clone().ok_or(Refusal::ProfileName)?,
            description: CompactString::default(),
            down: fastest,
            up: fastest,
            service_limit_level: None,
        },
    };
    if let Some(name) = &options.name {
        profile.name.clone_from(name);
    }
    if let Some(description) = &options.description {
        profile.description.clone_from(description);
    }
    let possible = |rate: u32| (SLOWEST_LIMITER..=fastest).contains(&rate);
    if let Some(down) = options.down {
        if !possible(down) {
            return Err(Refusal::Downstream);
        }
        profile.down = down;
    }
    if let Some(up) = options.up {
        if !possible(up) {
            return Err(Refusal::Upstream);
        }
        profile.up = up;
    }
    if let Some(level) = options.service_limit_level {
        profile.service_limit_level = Some(level);
    }
    check_description(&profile.description)?;
    check_length(hardware, options.description.as_ref())?;
    let taken = configuration
        .profiles
        .iter()
        .any(|(other, with)| *other != id && with.name == profile.name);
    if taken || !is_name(&profile.name) {
        return Err(Refusal::ProfileName);
    }
    configuration.profiles.insert(id, profile);
    Ok(())
}

pub(super) fn remove_profile(
    configuration: &mut Configuration,
    hardware: &Hardware,
    id: u16,
) -> Result<(), Refusal> {
    if id == DEFAULT_PROFILE {
        return Err(Refusal::DefaultProfile);
    }
    if !configuration.profiles.contains_key(&id) {
        return Err(Refusal::NoSuchProfile);
    }
    let uses = |subscriber: &Subscriber| subscriber.profile == Some(id);
    if configuration.subscribers.values().any(uses) {
        match hardware.assumptions.removal {
            RemovalInUse::Refused => return Err(Refusal::ProfileInUse),
            RemovalInUse::Detached => {
                let users = configuration.subscribers.values_mut();
                for user in users.filter(|user| user.profile == Some(id)) {
                    user.profile = None;
                }
            }
            RemovalInUse::ServiceGone => configuration.subscribers.retain(|_, user| !uses(user)),
        }
    }
    configuration.profiles.remove(&id);
    Ok(())
}
