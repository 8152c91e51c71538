//! Defines a GAM's answers to well-formed lines that it refuses.

/// A semantic error of the G.hn agent (docs/gam.md); the command line prints it after `% `.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    #[error("Invalid port")]
    InvalidPort,
    #[error("Invalid endpoint")]
    InvalidEndpoint,
    #[error("Invalid subscriber")]
    InvalidSubscriber,
    #[error("Non-existing subscriber")]
    NoSuchSubscriber,
    #[error("Non-existing endpoint")]
    NoSuchEndpoint,
    #[error("Non-existing profile")]
    NoSuchProfile,
    #[error("Endpoint is already assigned to another subscriber")]
    EndpointTaken,
    #[error("Invalid or non-unique subscriber name")]
    SubscriberName,
    #[error("Invalid or non-unique endpoint name")]
    EndpointName,
    #[error("Invalid or non-unique profile name")]
    ProfileName,
    #[error("Invalid or non-unique port name")]
    PortName,
    #[error("Invalid downstream bandwidth")]
    Downstream,
    #[error("Invalid upstream bandwidth")]
    Upstream,
    #[error("Invalid data VLAN")]
    DataVlan,
    #[error("Invalid remapped VLAN")]
    RemappedVlan,
    #[error("Invalid port #2 VLAN id")]
    Port2Vlan,
    #[error("VLAN cannot be the same as port #2 VLAN")]
    SameAsPort2Vlan,
    #[error("Too many allowed tagged VLANs")]
    TooManyAllowedVlans,
    #[error("Invalid allowed tagged VLAN")]
    AllowedVlan,
    #[error("Invalid or non-unique endpoint MAC")]
    EndpointMac,
    #[error("Maximum number of endpoints reached for the system")]
    TooManyEndpoints,
    #[error("Maximum number of profiles reached for the system")]
    TooManyProfiles,
    #[error("Maximum number of endpoints reached for that port")]
    PortFull,
    #[error("Invalid port mode")]
    PortMode,
    /// Assumed, both the refusal and its words.
    #[error("Profile is in use by a subscriber")]
    ProfileInUse,
    /// Assumed, as above.
    #[error("Endpoint is in use by a subscriber")]
    EndpointInUse,
    /// Assumed, as above.
    #[error("Default profile cannot be removed")]
    DefaultProfile,
    /// Assumed: a quotation mark could not be printed in the running-config.
    #[error("Invalid description")]
    Description,
    /// Assumed, words and all.
    #[error("Invalid host name")]
    Hostname,
    #[error("Device not in a valid state")]
    NotInAValidState,
}
