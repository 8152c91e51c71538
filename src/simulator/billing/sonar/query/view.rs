//! Defines what a request sees of the instance, and the ways in which an answer can be wrong.

use std::collections::BTreeSet;

/// Rows on a page without `paginator` (assumed).
const DEFAULT_PAGE: usize = 25;

/// The settings of one request; the default is a healthy instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Rows of a connection without `paginator`.
    pub default_page: usize,
    /// Rows of a connection inside another one without `paginator`.
    pub nested_page: usize,
    /// Added to every `total_count` of a root query.
    pub total_off_by: usize,
    /// An account moves from the second page to the first before this request.
    pub account_slips: bool,
    /// Connections whose `page_info` fails.
    pub page_info_fails: BTreeSet<String>,
    /// Root queries that return nothing.
    pub empty: BTreeSet<String>,
    /// Root queries and mutations that the user has no permission for.
    pub forbidden: BTreeSet<String>,
    /// Accounts that the user may not see, by a column and its value.
    pub hidden_accounts: Vec<(String, u64)>,
    /// Fields that are null, by type and name.
    pub null_fields: BTreeSet<(String, String)>,
    /// Fields that have another value, by type and name.
    pub other_values: Vec<(String, String, String)>,
    pub ids_as_numbers: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            default_page: DEFAULT_PAGE,
            nested_page: DEFAULT_PAGE,
            total_off_by: 0,
            account_slips: false,
            page_info_fails: BTreeSet::new(),
            empty: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            hidden_accounts: Vec::new(),
            null_fields: BTreeSet::new(),
            other_values: Vec::new(),
            ids_as_numbers: false,
        }
    }
}
