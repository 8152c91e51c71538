//! Holds the queries that read Sonar, and leaves out what an instance does not have.

use serde_json::{Value, json};

use super::page_walk::Page;
use crate::model::billing::AccountId;

/// The features of an instance, asked for at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SonarFeatures {
    /// `UninventoriedMacAddress.account_service_id`; older instances bind the address to the account only.
    pub uninventoried_service: bool,
    /// `page_info` of root queries; where it fails, nothing is proved complete.
    pub root_totals: bool,
    /// `page_info` of the lists inside of records.
    pub nested_totals: bool,
}

impl SonarFeatures {
    /// An instance of which nothing is known: without fields that may not be there, with all totals.
    pub const UNKNOWN: Self = Self {
        uninventoried_service: false,
        root_totals: true,
        nested_totals: true,
    };

    /// Returns what is left to try where a query with totals fails, the most useful first.
    pub(super) fn with_fewer_totals(self) -> impl Iterator<Item = Self> {
        let fewer = [(true, false), (false, true), (false, false)];
        fewer
            .into_iter()
            .filter(move |(root, nested)| {
                (self.root_totals || !root) && (self.nested_totals || !nested)
            })
            .map(move |(root_totals, nested_totals)| Self {
                root_totals,
                nested_totals,
                ..self
            })
            .filter(move |fewer| *fewer != self)
    }
}

/// A query with its variables. Neither is ever shown: variables may have personal data.
#[derive(Clone)]
pub(super) struct Query {
    /// For errors: the root that is asked for.
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) variables: Value,
}

impl Query {
    /// Returns the body of the request.
    pub(super) fn body(&self) -> Vec<u8> {
        json!({"query": self.text, "variables": self.variables})
            .to_string()
            .into_bytes()
    }
}

pub(super) const ROOT_TOTALS: &str = "page_info { page total_pages total_count records_per_page }";
const NESTED_TOTALS: &str = "page_info { total_count }";

/// Fills a text: `%root` and `%nested` are totals, `%uninventoried` is a field of newer instances.
pub(super) fn fill(text: &str, features: SonarFeatures) -> String {
    let when = |is_there: bool, text: &'static str| if is_there { text } else { "" };
    text.replace("%root", when(features.root_totals, ROOT_TOTALS))
        .replace("%nested", when(features.nested_totals, NESTED_TOTALS))
        .replace(
            "%uninventoried",
            when(features.uninventoried_service, "account_service_id"),
        )
}

/// Accounts with all that hangs on them. Only fields that are used: each further one can fail the whole query.
const ACCOUNTS: &str = "
query Accounts($page: Paginator!, $top: Paginator!, $deep: Paginator!, $search: [Search],
  $archived: Boolean, $data: [ReverseRelationFilter]) {
  accounts(paginator: $page, search: $search, include_archived: $archived,
    sorter: [{attribute: \"id\", direction: ASC}]) {
    %root
    entities {
      id name is_delinquent archived_at activation_date company_id account_type_id
      account_status { id activates_account }
      custom_field_data(paginator: $deep) { %nested entities { custom_field_id value } }
      account_services(reverse_relation_filters: $data, paginator: $top) {
        %nested
        entities { id
          service { id type }
          service_metadata_values(paginator: $deep) { %nested entities { service_metadata_id value } } } }
      addresses(serviceable: true, type: PHYSICAL, paginator: $top) {
        %nested
        entities { id line1 line2 city subdivision zip is_anchor anchor_address_id
          anchor_address { addressable_type addressable_id }
          custom_field_data(paginator: $deep) { %nested entities { custom_field_id value } }
          inventory_items(paginator: $deep) {
            %nested
            entities { id account_service_id status inventory_model_id
              inventory_model_field_data(paginator: $deep) {
                %nested
                entities { value inventory_model_field { type primary } } } } } } }
      uninventoried_mac_addresses(paginator: $top) { %nested entities { id mac_address %uninventoried } }
    }
  }
}";

/// The entries of lists inside of a page of accounts; a list that has more is read with its account alone.
const NESTED_SIZE: u32 = 100;

/// The entries of the inner lists where an account is read alone.
const DEEP_SIZE: u32 = 1000;

/// The accounts that are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'a> {
    Everything,
    /// Archived ones too, so that they are found to be archived.
    These(&'a [AccountId]),
}

/// Makes the query of a page of accounts.
pub(super) fn accounts(asked: Asked<'_>, page: Page, features: SonarFeatures) -> Query {
    let (search, archived) = match asked {
        Asked::Everything => (None, false),
        Asked::These(accounts) => (Some(ids_are(accounts.iter().map(AccountId::as_str))), true),
    };
    accounts_query(
        search,
        archived,
        page,
        [NESTED_SIZE, NESTED_SIZE],
        1,
        features,
    )
}

/// Makes the query of one account alone, with a page of its lists.
pub(super) fn one_account(account: &AccountId, list_page: u32, features: SonarFeatures) -> Query {
    let search = ids_are([account.as_str()]);
    let page = Page { number: 1, size: 1 };
    let sizes = [NESTED_SIZE, DEEP_SIZE];
    accounts_query(Some(search), true, page, sizes, list_page, features)
}

fn accounts_query(
    search: Option<Value>,
    archived: bool,
    page: Page,
    [top, deep]: [u32; 2],
    list_page: u32,
    features: SonarFeatures,
) -> Query {
    let mut variables = json!({
        "page": paginator(page),
        "top": {"page": list_page, "records_per_page": top},
        "deep": {"page": 1, "records_per_page": deep},
        "archived": archived,
        "data": [{"relation": "service", "search": [{"string_fields": [equals("type", "DATA")]}]}],
    });
    // A search for nothing in particular is left out: whether an empty one means all or none is not documented.
    if let (Some(search), Some(variables)) = (search, variables.as_object_mut()) {
        variables.insert("search".to_owned(), search);
    }
    Query {
        name: "accounts",
        text: fill(ACCOUNTS, features),
        variables,
    }
}

pub(super) fn paginator(page: Page) -> Value {
    json!({"page": page.number, "records_per_page": page.size})
}

/// Makes a condition on a text; without the last key, parts of words would match.
pub(super) fn equals(attribute: &str, value: &str) -> Value {
    json!({"attribute": attribute, "search_value": value, "match": true, "partial_matching": false})
}

/// Makes a search for any of these ids: elements of the list are alternatives, what is within one is not.
///
/// Ids that are not numbers are not ids of Sonar, and are left out.
pub(super) fn ids_are<'a>(ids: impl IntoIterator<Item = &'a str>) -> Value {
    let numbers = ids.into_iter().filter_map(|id| id.parse::<u64>().ok());
    let any = numbers.map(
        |id| json!({"integer_fields": [{"attribute": "id", "search_value": id, "operator": "EQ"}]}),
    );
    any.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: SonarFeatures = SonarFeatures {
        uninventoried_service: true,
        ..SonarFeatures::UNKNOWN
    };

    fn page() -> Page {
        Page {
            number: 3,
            size: 100,
        }
    }

    #[test]
    fn a_query_is_one_text_whatever_is_asked_for_and_values_are_variables() {
        let ids = [AccountId::new("1042").unwrap()];
        let all = accounts(Asked::Everything, page(), FULL);
        let some = accounts(Asked::These(&ids), page(), FULL);
        assert_eq!(all.text, some.text);
        assert_eq!(
            all.variables["page"],
            json!({"page": 3, "records_per_page": 100})
        );
        assert_eq!(all.variables["archived"], json!(false));
        assert_eq!(all.variables.get("search"), None);
        assert_eq!(some.variables["archived"], json!(true));
        assert_eq!(
            some.variables["search"][0]["integer_fields"][0]["search_value"],
            json!(1042)
        );
    }

    #[test]
    fn alternatives_are_elements_of_their_own() {
        let search = ids_are(["7", "8", "not a number"]);
        let elements = search.as_array().unwrap();
        assert_eq!(elements.len(), 2);
        for element in elements {
            assert_eq!(element["integer_fields"].as_array().unwrap().len(), 1);
        }
        assert_eq!(equals("type", "DATA")["partial_matching"], json!(false));
    }

    #[test]
    fn every_list_has_a_paginator_and_a_total() {
        let text = accounts(Asked::Everything, page(), FULL).text;
        let lists = text.matches("entities {").count();
        assert_eq!(text.matches("paginator: $").count(), lists);
        assert_eq!(text.matches("total_count").count(), lists);
        assert!(!text.contains('%'));
    }

    #[test]
    fn what_an_instance_does_not_have_is_left_out() {
        let ask = |features| accounts(Asked::Everything, page(), features).text;
        assert!(ask(FULL).contains("mac_address account_service_id"));
        assert!(!ask(SonarFeatures::UNKNOWN).contains("mac_address account_service_id"));
        let none = SonarFeatures {
            root_totals: false,
            nested_totals: false,
            ..FULL
        };
        assert!(!ask(none).contains("page_info"));
    }

    #[test]
    fn fewer_totals_are_tried_from_the_most_useful_on() {
        let totals = |features: SonarFeatures| {
            let fewer = features.with_fewer_totals();
            let fewer = fewer.map(|fewer| (fewer.root_totals, fewer.nested_totals));
            fewer.collect::<Vec<_>>()
        };
        assert_eq!(totals(FULL), [(true, false), (false, true), (false, false)]);
        let no_root = SonarFeatures {
            root_totals: false,
            ..FULL
        };
        assert_eq!(totals(no_root), [(false, false)]);
        let none = SonarFeatures {
            nested_totals: false,
            ..no_root
        };
        assert_eq!(totals(none), []);
    }

    #[test]
    fn braces_match_in_every_query() {
        let text = accounts(Asked::Everything, page(), FULL).text;
        assert_eq!(text.matches('{').count(), text.matches('}').count());
        assert_eq!(text.matches('(').count(), text.matches(')').count());
    }
}
