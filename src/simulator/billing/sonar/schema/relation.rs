//! Derives what relations bring with them: fields, connections, unions, arguments.

use std::sync::Arc;

use super::definition::{
    ColumnDef, FieldDef, InputDef, Link, Schema, Slot, Source, TypeDef, TypeKind,
};
use crate::simulator::billing::sonar::graphql::TypeRef;

/// The fields that every stored object has.
pub(super) const COMMON: &[(&str, &str, Slot)] = &[
    ("id", "Int64Bit!", Slot::Id),
    ("sonar_unique_id", "ID!", Slot::UniqueId),
    ("created_at", "Datetime!", Slot::CreatedAt),
    ("updated_at", "Datetime!", Slot::UpdatedAt),
    ("_version", "String!", Slot::Version),
];

/// The arguments of connections and relations besides those for equality.
const FILTERS: &[(&str, &str)] = &[
    ("search", "[Search]"),
    ("general_search", "String"),
    ("reverse_relation_filters", "[ReverseRelationFilter]"),
];

/// The arguments of connections only.
const PAGES: &[(&str, &str)] = &[
    ("paginator", "Paginator"),
    ("sorter", "[Sorter]"),
    ("aggregation", "[Aggregator]"),
];

/// Returns the field of a line that is a relation; `None` if it leads nowhere.
pub(super) fn relation(
    words: &[&'static str],
    table: &str,
    schema: &mut Schema,
) -> Option<FieldDef> {
    let own = schema.types.get(table)?;
    let is_table = |name: &str| schema.types.get(name).is_some_and(|found| found.is_table);
    let has = |name: &str, column: &str| {
        schema
            .types
            .get(name)
            .is_some_and(|found| found.column(column).is_some())
    };
    let (name, kind, source) = match *words {
        [name, ">", target, column] if is_table(target) => {
            let column = own.column(column)?;
            (name, named(target), Source::ToOne { target, column })
        }
        [name, "<", target, column] if has(target, column) => {
            (name, named(target), Source::HasOne { target, column })
        }
        [name, "*", target, column] if has(target, column) => {
            let link = Link::Column(column);
            (name, connection(target), Source::ToMany { target, link })
        }
        [name, "*", target, "@", prefix] if has(target, &format!("{prefix}_id")) => {
            let link = Link::Owner {
                kind: format!("{prefix}_type"),
                id: format!("{prefix}_id"),
            };
            (name, connection(target), Source::ToMany { target, link })
        }
        [name, "*", target, "through", through, own, other]
            if has(through, own) && has(through, other) && is_table(target) =>
        {
            let link = Link::Through {
                table: through,
                own,
                other,
            };
            (name, connection(target), Source::ToMany { target, link })
        }
        [name, "@", union, prefix] => {
            let kind = own.column(&format!("{prefix}_type"))?;
            let id = own.column(&format!("{prefix}_id"))?;
            let possible = own.columns.get(kind)?.kind.name().to_owned();
            add_union(union, &possible, schema);
            (name, named(union), Source::OneOf { kind, id })
        }
        _ => return None,
    };
    Some(FieldDef {
        name,
        kind,
        arguments: Arc::default(),
        source,
    })
}

/// Adds a union of the tables that an enum names.
fn add_union(name: &str, possible: &str, schema: &mut Schema) {
    let Some(possible) = schema.types.get(possible) else {
        return;
    };
    let members = possible
        .values
        .iter()
        .copied()
        .filter(|member| {
            schema
                .types
                .get(*member)
                .is_some_and(|found| found.is_table)
        })
        .collect();
    let made = TypeDef {
        members,
        ..object(name, TypeKind::Union, Vec::new())
    };
    schema.types.insert(name.to_owned(), made);
}

/// Adds the connection of a table, and the root query for it.
pub(super) fn add_connection(table: &'static str, root: &'static str, schema: &mut Schema) {
    let name = format!("{table}Connection");
    let list = TypeRef::NonNull(Box::new(TypeRef::List(Box::new(named(table)))));
    let aggregations = TypeRef::NonNull(Box::new(TypeRef::List(Box::new(named("Aggregation")))));
    let field = |name, kind, source| FieldDef {
        name,
        kind,
        arguments: Arc::default(),
        source,
    };
    let fields = vec![
        field("entities", list, Source::Entities),
        field("page_info", required("PageInfo"), Source::PageInfo),
        field("aggregations", aggregations, Source::Aggregations),
    ];
    schema
        .types
        .insert(name.clone(), object(&name, TypeKind::Object, fields));
    if let Some(query) = schema.types.get_mut("Query") {
        query
            .fields
            .push(field(root, TypeRef::Named(name), Source::Root(table)));
    }
}

/// Gives relations and roots the arguments of the table they lead to.
pub(super) fn add_arguments(name: &str, schema: &mut Schema) {
    let Some(mut made) = schema.types.remove(name) else {
        return;
    };
    for field in &mut made.fields {
        let (target, is_list) = match &field.source {
            Source::ToOne { target, .. } | Source::HasOne { target, .. } => (*target, false),
            Source::ToMany { target, .. } | Source::Root(target) => (*target, true),
            _ => continue,
        };
        let own = (target == name).then_some(&made.columns);
        let columns = own.or_else(|| schema.types.get(target).map(|found| &found.columns));
        field.arguments = Arc::new(arguments(target, columns, is_list));
    }
    schema.types.insert(name.to_owned(), made);
}

fn arguments(target: &str, columns: Option<&Vec<ColumnDef>>, is_list: bool) -> Vec<InputDef> {
    let argument = |name, kind: &TypeRef| InputDef {
        name,
        kind: kind.nullable().clone(),
        default: None,
    };
    let read = |(name, kind): &(&'static str, &str)| InputDef {
        name,
        kind: TypeRef::read(kind).unwrap_or_else(|| named("String")),
        default: None,
    };
    let common = COMMON.iter().map(|(name, kind, _)| (*name, *kind));
    let mut found: Vec<InputDef> = common
        .map(|(name, kind)| read(&(name, kind.trim_end_matches('!'))))
        .collect();
    let stored = columns.into_iter().flatten();
    found.extend(stored.map(|column| argument(column.name, &column.kind)));
    found.extend(FILTERS.iter().map(read));
    if is_list {
        found.extend(PAGES.iter().map(read));
        if target == "Account" {
            found.push(read(&("include_archived", "Boolean")));
        }
    }
    found
}

fn object(name: &str, kind: TypeKind, fields: Vec<FieldDef>) -> TypeDef {
    TypeDef {
        name: name.to_owned(),
        kind,
        fields,
        inputs: Vec::new(),
        values: Vec::new(),
        members: Vec::new(),
        columns: Vec::new(),
        is_table: false,
    }
}

fn named(name: &str) -> TypeRef {
    TypeRef::Named(name.to_owned())
}

pub(super) fn required(name: &str) -> TypeRef {
    TypeRef::NonNull(Box::new(named(name)))
}

fn connection(target: &str) -> TypeRef {
    TypeRef::Named(format!("{target}Connection"))
}
