//! Decides how and when a target reaches its devices. Pure: facts and times in, decisions out.

pub mod condition;
