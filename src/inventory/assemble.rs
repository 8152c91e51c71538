//! Indexes the objects of all files, and groups subscribers by device.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::FileKind;
use super::locate::{FileSlot, Pointer};
use super::parse::{Content, Object};
use super::text::{
    BillingText, CredentialsText, DeviceText, NetworkText, PolicyText, ServicePlanText,
    SubscriberText,
};
use crate::model::billing::BillingName;
use crate::model::{CredentialsName, DeviceName, SecretName, ServicePlanId, SubscriberId};

/// The position of an object: its file, and its number in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::inventory) struct ObjectPosition {
    pub file: u32,
    pub number: u32,
}

impl ObjectPosition {
    fn of(file: usize, number: usize) -> Self {
        // Both are limited to far less when files are read.
        Self {
            file: u32::try_from(file).unwrap_or(u32::MAX),
            number: u32::try_from(number).unwrap_or(u32::MAX),
        }
    }

    fn indices(self) -> (usize, usize) {
        (to_index(self.file), to_index(self.number))
    }
}

fn to_index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub type DeviceObject = Object<DeviceName, DeviceText>;
pub type SubscriberObject = Object<SubscriberId, SubscriberText>;
pub type ServicePlanObject = Object<ServicePlanId, ServicePlanText>;
pub type CredentialsObject = Object<CredentialsName, CredentialsText>;
pub type BillingObject = Object<BillingName, BillingText>;

/// An inventory as it is written, indexed.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Sorted by path.
    pub(in crate::inventory) files: Vec<FileSlot>,
    /// The commit it was read from, where it came from git.
    pub(in crate::inventory) commit: Option<String>,
    /// Kinds of which a file could not be read whole: what is missing there is not known to be missing.
    pub(in crate::inventory) partial: Vec<FileKind>,
    pub(in crate::inventory) networks: Vec<u32>,
    pub(in crate::inventory) policies: Vec<u32>,
    pub(in crate::inventory) service_plans: Vec<ObjectPosition>,
    pub(in crate::inventory) credentials: Vec<ObjectPosition>,
    pub(in crate::inventory) billing: Vec<ObjectPosition>,
    /// In the order of the files.
    pub(in crate::inventory) devices: Vec<ObjectPosition>,
    pub(in crate::inventory) subscribers: Vec<ObjectPosition>,
    /// First definitions by name.
    device_index: HashMap<DeviceName, u32>,
    plan_index: HashMap<ServicePlanId, ObjectPosition>,
    credentials_index: HashMap<CredentialsName, ObjectPosition>,
    billing_index: HashMap<BillingName, ObjectPosition>,
    /// Subscribers of `devices[n]` are `members[starts[n]..starts[n + 1]]`.
    starts: Vec<usize>,
    members: Vec<ObjectPosition>,
    /// Subscribers whose device does not exist.
    pub(in crate::inventory) without_device: Vec<ObjectPosition>,
}

impl Inventory {
    /// Puts files together; `files` are sorted by path.
    pub(in crate::inventory) fn of(
        files: Vec<FileSlot>,
        commit: Option<String>,
        missing: Vec<FileKind>,
    ) -> Self {
        let mut inventory = Self {
            commit,
            partial: missing,
            device_index: HashMap::new(),
            plan_index: HashMap::new(),
            credentials_index: HashMap::new(),
            billing_index: HashMap::new(),
            ..Self::default()
        };
        for (index, slot) in files.iter().enumerate() {
            inventory.take(index, slot);
        }
        inventory.files = files;
        inventory.group();
        inventory
    }

    fn take(&mut self, index: usize, slot: &FileSlot) {
        let positions =
            |count: usize| (0..count).map(move |number| ObjectPosition::of(index, number));
        let file = ObjectPosition::of(index, 0).file;
        let kind = match &slot.parsed.content {
            Content::Network(_) => {
                self.networks.push(file);
                FileKind::Network
            }
            Content::Policy(_) => {
                self.policies.push(file);
                FileKind::Policy
            }
            Content::ServicePlans(list) => {
                for (object, position) in list.iter().zip(positions(list.len())) {
                    self.service_plans.push(position);
                    self.plan_index.entry(object.id.clone()).or_insert(position);
                }
                FileKind::ServicePlans
            }
            Content::Credentials(list) => {
                for (object, position) in list.iter().zip(positions(list.len())) {
                    self.credentials.push(position);
                    self.credentials_index
                        .entry(object.id.clone())
                        .or_insert(position);
                }
                FileKind::Credentials
            }
            Content::Billing(list) => {
                for (object, position) in list.iter().zip(positions(list.len())) {
                    self.billing.push(position);
                    self.billing_index
                        .entry(object.id.clone())
                        .or_insert(position);
                }
                FileKind::Billing
            }
            Content::Devices(list) => {
                for (object, position) in list.iter().zip(positions(list.len())) {
                    let number = ObjectPosition::of(self.devices.len(), 0).file;
                    self.devices.push(position);
                    self.device_index.entry(object.id.clone()).or_insert(number);
                }
                FileKind::Devices
            }
            Content::Subscribers(list) => {
                self.subscribers.extend(positions(list.len()));
                FileKind::Subscribers
            }
        };
        let unread = slot.parsed.unread_objects.iter().copied();
        for kind in unread.chain(slot.parsed.is_partial.then_some(kind)) {
            if !self.partial.contains(&kind) {
                self.partial.push(kind);
            }
        }
    }

    /// Groups subscribers by device in two passes: count, then fill.
    fn group(&mut self) {
        let mut homes = Vec::with_capacity(self.subscribers.len());
        let mut counts = vec![0usize; self.devices.len() + 1];
        let mut without_device = Vec::new();
        // Subscribers of a device are nearly always next to each other.
        let mut last: Option<(&DeviceName, Option<u32>)> = None;
        for position in &self.subscribers {
            let device = self
                .subscriber_at(*position)
                .and_then(|object| object.text.device.as_ref());
            let home = match (device, last) {
                (None, _) => None,
                (Some(name), Some((before, home))) if before == name => home,
                (Some(name), _) => {
                    let home = self.device_index.get(name).copied();
                    last = Some((name, home));
                    home
                }
            };
            match (home, device) {
                (Some(home), _) => {
                    if let Some(count) = counts.get_mut(to_index(home) + 1) {
                        *count += 1;
                    }
                }
                (None, Some(_)) => without_device.push(*position),
                (None, None) => {}
            }
            homes.push(home);
        }
        let mut total = 0;
        for count in &mut counts {
            total += *count;
            *count = total;
        }
        let mut next = counts.clone();
        let mut members = vec![ObjectPosition { file: 0, number: 0 }; total];
        for (position, home) in self.subscribers.iter().zip(homes) {
            let Some(home) = home else { continue };
            let at = next.get_mut(to_index(home));
            if let Some(at) = at
                && let Some(member) = members.get_mut(*at)
            {
                *member = *position;
                *at += 1;
            }
        }
        self.starts = counts;
        self.members = members;
        self.without_device = without_device;
    }

    fn content(&self, position: ObjectPosition) -> Option<(&Content, usize)> {
        let (file, number) = position.indices();
        Some((&self.files.get(file)?.parsed.content, number))
    }

    pub(in crate::inventory) fn subscriber_at(
        &self,
        position: ObjectPosition,
    ) -> Option<&SubscriberObject> {
        match self.content(position)? {
            (Content::Subscribers(list), number) => list.get(number),
            _ => None,
        }
    }

    pub(in crate::inventory) fn device_at(
        &self,
        position: ObjectPosition,
    ) -> Option<&DeviceObject> {
        match self.content(position)? {
            (Content::Devices(list), number) => list.get(number),
            _ => None,
        }
    }

    pub(in crate::inventory) fn service_plan_at(
        &self,
        position: ObjectPosition,
    ) -> Option<&ServicePlanObject> {
        match self.content(position)? {
            (Content::ServicePlans(list), number) => list.get(number),
            _ => None,
        }
    }

    pub(in crate::inventory) fn credentials_at(
        &self,
        position: ObjectPosition,
    ) -> Option<&CredentialsObject> {
        match self.content(position)? {
            (Content::Credentials(list), number) => list.get(number),
            _ => None,
        }
    }

    pub(in crate::inventory) fn billing_at(
        &self,
        position: ObjectPosition,
    ) -> Option<&BillingObject> {
        match self.content(position)? {
            (Content::Billing(list), number) => list.get(number),
            _ => None,
        }
    }

    /// Returns `network.toml`, where there is one.
    pub fn network(&self) -> Option<&NetworkText> {
        let file = ObjectPosition {
            file: *self.networks.first()?,
            number: 0,
        };
        match self.content(file)? {
            (Content::Network(network), _) => Some(network),
            _ => None,
        }
    }

    /// Returns `policy.toml`, where there is one.
    pub fn policy(&self) -> Option<&PolicyText> {
        let file = ObjectPosition {
            file: *self.policies.first()?,
            number: 0,
        };
        match self.content(file)? {
            (Content::Policy(policy), _) => Some(policy),
            _ => None,
        }
    }

    /// Returns the commit that the inventory was read from, where it came from git.
    pub fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// Returns the text of a file, for showing lines of it.
    pub fn text_of(&self, path: &str) -> Option<&str> {
        let at = self
            .files
            .binary_search_by(|slot| (*slot.path).cmp(path))
            .ok()?;
        let text = &*self.files.get(at)?.parsed.text;
        Some(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// Returns every file's path and text, in the order of the paths.
    pub fn texts(&self) -> impl Iterator<Item = (Arc<str>, Arc<str>)> {
        self.files
            .iter()
            .map(|slot| (Arc::clone(&slot.path), Arc::clone(&slot.parsed.text)))
    }

    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    pub fn devices(&self) -> impl Iterator<Item = &DeviceObject> {
        self.devices
            .iter()
            .filter_map(|position| self.device_at(*position))
    }

    pub fn subscribers(&self) -> impl Iterator<Item = &SubscriberObject> {
        self.subscribers
            .iter()
            .filter_map(|position| self.subscriber_at(*position))
    }

    pub fn service_plans(&self) -> impl Iterator<Item = &ServicePlanObject> {
        self.service_plans
            .iter()
            .filter_map(|position| self.service_plan_at(*position))
    }

    /// Returns the names of the credentials.
    pub fn credentials(&self) -> impl Iterator<Item = &CredentialsObject> {
        self.credentials
            .iter()
            .filter_map(|position| self.credentials_at(*position))
    }

    /// Returns the billing systems as they are written; `billing_systems` fills in their defaults.
    pub fn billing(&self) -> impl Iterator<Item = &BillingObject> {
        self.billing
            .iter()
            .filter_map(|position| self.billing_at(*position))
    }

    /// Returns the names of the secrets that the inventory refers to, and the object that does, each as often as it does.
    pub fn secret_uses(&self) -> impl Iterator<Item = (&SecretName, &str)> {
        let credentials = self.credentials().flat_map(|object| {
            let secrets = object.text.secrets();
            secrets.map(|name| (name, object.id.as_str()))
        });
        let billing = self.billing().flat_map(|object| {
            let secrets = object.text.secrets();
            secrets.map(|name| (name, object.id.as_str()))
        });
        credentials.chain(billing)
    }

    pub fn device(&self, name: &str) -> Option<&DeviceObject> {
        let number = *self.device_index.get(name)?;
        let position = self.devices.get(to_index(number))?;
        self.device_at(*position)
    }

    pub(in crate::inventory) fn device_position(&self, name: &str) -> Option<ObjectPosition> {
        let number = *self.device_index.get(name)?;
        self.devices.get(to_index(number)).copied()
    }

    pub fn service_plan(&self, id: &str) -> Option<&ServicePlanObject> {
        self.service_plan_at(*self.plan_index.get(id)?)
    }

    pub(in crate::inventory) fn service_plan_position(&self, id: &str) -> Option<ObjectPosition> {
        self.plan_index.get(id).copied()
    }

    pub(in crate::inventory) fn has_credentials(&self, name: &str) -> bool {
        self.credentials_index.contains_key(name)
    }

    pub(in crate::inventory) fn billing_position(&self, name: &str) -> Option<ObjectPosition> {
        self.billing_index.get(name).copied()
    }

    pub fn subscriber(&self, id: &str) -> Option<&SubscriberObject> {
        self.subscribers().find(|object| object.id.as_str() == id)
    }

    /// Returns the positions of the subscribers of the device at `number` in `devices`.
    pub(in crate::inventory) fn member_positions(&self, number: usize) -> &[ObjectPosition] {
        let (Some(start), Some(end)) = (self.starts.get(number), self.starts.get(number + 1))
        else {
            return &[];
        };
        self.members.get(*start..*end).unwrap_or_default()
    }

    /// Returns the subscribers of a device.
    pub fn subscribers_of(&self, device: &str) -> impl Iterator<Item = &SubscriberObject> {
        let number = self
            .device_index
            .get(device)
            .map(|number| to_index(*number));
        let positions = number.map_or(&[] as &[ObjectPosition], |number| {
            self.member_positions(number)
        });
        positions
            .iter()
            .filter_map(|position| self.subscriber_at(*position))
    }

    pub(in crate::inventory) fn is_partial(&self, kind: FileKind) -> bool {
        self.partial.contains(&kind)
    }

    /// Returns whether a part of the object's file could not be read: what it lacks may be in that part.
    pub(in crate::inventory) fn is_partial_at(&self, position: ObjectPosition) -> bool {
        self.files
            .get(position.indices().0)
            .is_some_and(|slot| slot.parsed.is_partial)
    }

    /// Returns the file of an object.
    pub(in crate::inventory) fn path_of(&self, position: ObjectPosition) -> Arc<str> {
        let slot = self.files.get(to_index(position.file));
        slot.map_or_else(|| Arc::from("."), |slot| Arc::clone(&slot.path))
    }

    pub(in crate::inventory) fn point_at_device(&self, position: ObjectPosition) -> Pointer {
        let id = self
            .device_at(position)
            .map_or("", |object| object.id.as_str());
        Pointer::to_object(position.file, "device", id)
    }

    pub(in crate::inventory) fn point_at_subscriber(&self, position: ObjectPosition) -> Pointer {
        let id = self
            .subscriber_at(position)
            .map_or("", |object| object.id.as_str());
        Pointer::to_object(position.file, "subscriber", id)
    }

    pub(in crate::inventory) fn point_at_service_plan(&self, position: ObjectPosition) -> Pointer {
        let id = self
            .service_plan_at(position)
            .map_or("", |object| object.id.as_str());
        Pointer::to_object(position.file, "service_plan", id)
    }

    pub(in crate::inventory) fn point_at_billing(&self, position: ObjectPosition) -> Pointer {
        let id = self
            .billing_at(position)
            .map_or("", |object| object.id.as_str());
        Pointer::to_object(position.file, "billing", id)
    }
}
