//! Reading inventories from directories and git, and committing to them.

mod commit;
mod damaged;
mod directory;
mod git;
mod hostile;
mod limits;
mod property;
mod proposal;
mod revision;
mod rewritten;
mod work_tree;
