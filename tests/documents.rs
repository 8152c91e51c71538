//! Documents that are generated from the code, pinned so that they cannot go stale.

use gamctl::inventory::{FileKind, json_schema, key_reference, rule_reference};

use crate::golden::assert_golden;

#[test]
fn the_inventory_reference_says_what_the_types_say() {
    assert_golden("docs/inventory.md", &key_reference());
}

#[test]
fn the_findings_reference_has_every_rule() {
    assert_golden("docs/findings.md", &rule_reference());
}

#[test]
fn the_published_schemas_are_what_the_program_prints() {
    for kind in FileKind::ALL {
        assert_golden(&format!("schema/inventory/{kind}.json"), &json_schema(kind));
    }
}
