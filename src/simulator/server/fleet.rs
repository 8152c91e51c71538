//! Holds many twins in one process, by device name.

use std::collections::BTreeMap;

use super::Twin;

/// Twins by the names of the devices that they simulate.
#[derive(Debug, Default)]
pub struct Fleet {
    twins: BTreeMap<String, Twin>,
}

impl Fleet {
    /// Adds a twin; returns a replaced one of the same name.
    pub fn add(&mut self, name: &str, twin: Twin) -> Option<Twin> {
        self.twins.insert(name.to_owned(), twin)
    }

    pub fn get(&self, name: &str) -> Option<&Twin> {
        self.twins.get(name)
    }

    pub fn twins(&self) -> impl Iterator<Item = (&str, &Twin)> {
        self.twins.iter().map(|(name, twin)| (name.as_str(), twin))
    }

    pub fn len(&self) -> usize {
        self.twins.len()
    }

    pub fn is_empty(&self) -> bool {
        self.twins.is_empty()
    }

    /// Stops all twins, and returns when every socket is closed.
    pub async fn stop(self) {
        let mut stopping: tokio::task::JoinSet<()> =
            self.twins.into_values().map(Twin::stop).collect();
        while stopping.join_next().await.is_some() {}
    }
}
