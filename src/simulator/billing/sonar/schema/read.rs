//! Reads the table of types, and builds the schema from it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::definition::{
    Class, ColumnDef, FieldDef, InputDef, Schema, Slot, Source, TypeDef, TypeKind,
};
use super::relation::{COMMON, add_arguments, add_connection, relation, required};
use crate::simulator::billing::sonar::graphql::TypeRef;

const TABLE: &str = include_str!("schema.txt");

/// Read once: a process may run thousands of instances.
static CURRENT: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(read(TABLE).0));

impl Schema {
    /// Returns the schema of a current instance.
    pub(crate) fn current() -> Arc<Self> {
        Arc::clone(&CURRENT)
    }
}

/// A heading of the table and the lines below it.
struct Block {
    heading: Vec<&'static str>,
    lines: Vec<(usize, &'static str)>,
}

/// Returns the schema, and the numbers of lines that are not part of it.
fn read(text: &'static str) -> (Schema, Vec<usize>) {
    let mut unread = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            match blocks.last_mut() {
                Some(block) => block.lines.push((number + 1, line.trim())),
                None => unread.push(number + 1),
            }
        } else {
            blocks.push(Block {
                heading: line.split_whitespace().collect(),
                lines: Vec::new(),
            });
        }
    }
    let mut schema = Schema {
        types: BTreeMap::new(),
        tables: Vec::new(),
        typename: FieldDef {
            name: "__typename",
            kind: required("String"),
            arguments: Arc::default(),
            source: Source::Typename,
        },
    };
    for block in &blocks {
        read_block(block, &mut schema, &mut unread);
    }
    for block in &blocks {
        if let ["table", name, root] = *block.heading {
            schema.tables.push(name);
            read_relations(block, name, &mut schema, &mut unread);
            if root != "-" {
                add_connection(name, root, &mut schema);
            }
        }
    }
    for block in &blocks {
        if let ["table", name, _] = *block.heading {
            add_arguments(name, &mut schema);
        }
    }
    add_arguments("Query", &mut schema);
    (schema, unread)
}

fn read_block(block: &Block, schema: &mut Schema, unread: &mut Vec<usize>) {
    let Some((kind, name)) = block.heading.first().zip(block.heading.get(1)) else {
        return;
    };
    let mut made = TypeDef {
        name: (*name).to_owned(),
        kind: match *kind {
            "scalar" => TypeKind::Scalar,
            "enum" => TypeKind::Enum,
            "input" => TypeKind::Input,
            _ => TypeKind::Object,
        },
        fields: Vec::new(),
        inputs: Vec::new(),
        values: Vec::new(),
        members: Vec::new(),
        columns: Vec::new(),
        is_table: *kind == "table",
    };
    if made.kind == TypeKind::Enum {
        made.values = block.heading.iter().skip(2).copied().collect();
    }
    if made.is_table {
        made.fields = COMMON
            .iter()
            .map(|(name, kind, slot)| FieldDef {
                name,
                kind: TypeRef::read(kind).unwrap_or_else(|| required("String")),
                arguments: Arc::default(),
                source: Source::Stored(*slot),
            })
            .collect();
    }
    for (number, line) in &block.lines {
        let is_read = match made.kind {
            TypeKind::Input => input(line).map(|input| made.inputs.push(input)),
            _ if made.is_table => column(line, &mut made),
            _ => plain_field(line).map(|field| made.fields.push(field)),
        };
        // Relations are read when all tables are known.
        let is_relation = made.is_table && line.split_whitespace().count() > 2;
        if is_read.is_none() && !is_relation {
            unread.push(*number);
        }
    }
    schema.types.insert(made.name.clone(), made);
}

/// Reads `name Type`, or `name Type = default`.
fn input(line: &'static str) -> Option<InputDef> {
    let (line, default) = match line.split_once(" = ") {
        Some((line, default)) => (line, Some(default)),
        None => (line, None),
    };
    let (name, kind) = line.split_once(' ')?;
    Some(InputDef {
        name,
        kind: TypeRef::read(kind)?,
        default,
    })
}

fn column(line: &'static str, table: &mut TypeDef) -> Option<()> {
    let (name, kind) = line.split_once(' ')?;
    let kind = TypeRef::read(kind)?;
    table.fields.push(FieldDef {
        name,
        kind: kind.clone(),
        arguments: Arc::default(),
        source: Source::Stored(Slot::Column(table.columns.len())),
    });
    table.columns.push(ColumnDef {
        name,
        class: Class::of(kind.name()),
        kind,
    });
    Some(())
}

/// Reads `name Type` or `name(argument: Type, …) Type`.
fn plain_field(line: &'static str) -> Option<FieldDef> {
    let (name, arguments, kind) = match line.split_once('(') {
        None => {
            let (name, kind) = line.split_once(' ')?;
            (name, Vec::new(), kind)
        }
        Some((name, rest)) => {
            let (arguments, kind) = rest.split_once(") ")?;
            let arguments: Option<Vec<InputDef>> = arguments
                .split(", ")
                .map(|argument| {
                    let (name, rest) = argument.split_once(": ")?;
                    let (kind, default) = match rest.split_once(" = ") {
                        Some((kind, default)) => (kind, Some(default)),
                        None => (rest, None),
                    };
                    Some(InputDef {
                        name,
                        kind: TypeRef::read(kind)?,
                        default,
                    })
                })
                .collect();
            (name, arguments?, kind)
        }
    };
    Some(FieldDef {
        name,
        kind: TypeRef::read(kind)?,
        arguments: Arc::new(arguments),
        source: Source::Member,
    })
}

fn read_relations(
    block: &Block,
    table: &'static str,
    schema: &mut Schema,
    unread: &mut Vec<usize>,
) {
    for (number, line) in &block.lines {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        if words.len() < 3 {
            continue; // A column.
        }
        match relation(&words, table, schema) {
            Some(field) => {
                if let Some(table) = schema.types.get_mut(table) {
                    table.fields.push(field);
                }
            }
            None => unread.push(*number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_part_of_the_schema() {
        let (schema, unread) = read(TABLE);
        assert_eq!(unread, Vec::<usize>::new());
        let is_known = |kind: &TypeRef| schema.get(kind.name()).is_some();
        for found in schema.types.values() {
            for field in &found.fields {
                assert!(is_known(&field.kind), "{}.{}", found.name, field.name);
                let arguments = field.arguments.iter();
                assert!(arguments.clone().all(|argument| is_known(&argument.kind)));
            }
            assert!(found.inputs.iter().all(|input| is_known(&input.kind)));
        }
    }

    #[test]
    fn a_line_that_leads_nowhere_is_noticed() {
        let text = "enum E A\ntable A as\n  x Int64Bit\n  y > B x\n  z * A w\n  v\nobject Query\n";
        assert_eq!(read(text).1, [6, 4, 5]);
    }

    #[test]
    fn a_connection_has_an_argument_for_each_scalar_and_the_filters() {
        let schema = Schema::current();
        let names = |kind, field| -> Vec<&str> {
            let field = schema.field(kind, field).unwrap();
            field.arguments.iter().map(|one| one.name).collect()
        };
        for name in [
            "id",
            "updated_at",
            "is_delinquent",
            "search",
            "paginator",
            "include_archived",
        ] {
            assert!(names("Query", "accounts").contains(&name), "{name}");
        }
        assert!(!names("Query", "services").contains(&"include_archived"));
        assert!(names("Account", "addresses").contains(&"serviceable"));
        let one = names("AccountService", "service");
        assert!(one.contains(&"type") && !one.contains(&"paginator"));
        assert!(names("Query", "webhook_model_events").is_empty());
        assert_eq!(
            schema.get("Inventoryitemable").unwrap().members,
            [
                "User",
                "InventoryLocation",
                "Vehicle",
                "Address",
                "NetworkSite"
            ]
        );
    }
}
