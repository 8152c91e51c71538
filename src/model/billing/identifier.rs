//! Defines the ids that billing systems give to their records, as checked text.
//!
//! Sonar and Splynx number their records, and both send numbers here and strings there. An id is therefore text, and only
//! characters that are safe in a file, a commit and on a terminal are accepted.

use crate::model::name::name;

name! {
    /// The inventory's name for a billing system, such as `splynx`.
    BillingName, "billing system name", check_id, 63, "._-"
}
name! {
    /// The id of an account in a billing system.
    AccountId, "account id", check_id, 63, "._-"
}
name! {
    /// The id of a service within an account.
    ServiceId, "service id", check_id, 63, "._-"
}
name! {
    /// The id of a tariff in a billing system.
    TariffId, "tariff id", check_id, 63, "._-"
}
name! {
    /// The id of an item of equipment in a billing system.
    EquipmentId, "equipment id", check_id, 63, "._-"
}
name! {
    /// The id of a location in a billing system: a site, a building or an anchor address.
    LocationId, "location id", check_id, 63, "._-"
}
name! {
    /// The kind and id of a group of accounts that can vanish as a whole, such as `partner.1`.
    GroupId, "group id", check_id, 63, "._-"
}
name! {
    /// The id of any other record in a billing system, such as a model of equipment, a partner or an access device.
    BillingRecordId, "billing record id", check_id, 63, "._-"
}
