//! Reading inventories from directories and git, and committing to them.

mod directory;
mod examples;
mod git;
mod hostile;
mod limits;
mod property;
mod revision;
mod world;
