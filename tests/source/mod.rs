//! Reading inventories from directories and git, and committing to them.

mod commit;
mod directory;
mod git;
mod hostile;
mod limits;
mod property;
mod revision;
mod work_tree;
