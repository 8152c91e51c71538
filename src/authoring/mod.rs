//! Changes inventories: an author proposes a change, and the proposal is written to files or committed.
//!
//! `change_base` what a change builds on · `propose` the difference and the findings that it causes · `carry_out` writes it · `edit` the
//! changes of texts, on the statements of `layout` · `format` canonical order · `commit` to git · `replace` files in one step ·
//! `rename` new ids of subscribers from a list in `csv` · `virtuoso` subscribers from a list of VIRTUOSO, and such a list ·
//! `new_id` ids of new objects · `new_files` the files of a new inventory · `backup_repository` the running-configs of devices in a
//! repository of their own.

mod backup_repository;
mod carry_out;
mod change_base;
pub mod commit;
pub mod csv;
pub mod edit;
mod format;
mod layout;
pub mod new_files;
pub mod new_id;
mod propose;
pub mod rename;
mod replace;
pub mod virtuoso;

pub use backup_repository::{BackupAuthor, BackupRepository, BackupRepositoryError, KeptBackup};
pub use carry_out::{CarryOutError, Written};
pub use change_base::Base;
pub use format::{FormatError, format};
pub use propose::{Authorship, Change, Proposal, propose};
pub use replace::{Replacement, check_no_link, replace, replace_inside};
