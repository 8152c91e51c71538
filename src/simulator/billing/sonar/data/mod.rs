//! Keeps the rows of an instance in memory, and fills them with invented customers.

mod cell;
mod customer;
mod database;
mod lookup;
mod seed;

pub(super) use cell::{Cell, date_of, datetime_of, datetime_text, mac_of};
pub(super) use customer::{
    Create, NewAddress, add_account, add_address, add_item, add_service, date_at,
};
pub(super) use database::{Change, Database, Row};
pub(super) use lookup::{
    ACTIVE, COMPANIES, ENDPOINT_MODEL, INACTIVE, LEAD, PAUSED, STOREROOM, USER,
};
pub(super) use seed::{SeedSettings, seed};
