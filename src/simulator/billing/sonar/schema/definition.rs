//! Defines types, fields, arguments and relations, and finds them by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::simulator::billing::sonar::graphql::TypeRef;

/// All types of an instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Schema {
    pub(super) types: BTreeMap<String, TypeDef>,
    pub(super) tables: Vec<&'static str>,
    /// The field `__typename`: every object has it, and introspection does not list it.
    pub(super) typename: FieldDef,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeKind {
    Scalar,
    Object,
    Union,
    Enum,
    Input,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TypeDef {
    pub name: String,
    pub kind: TypeKind,
    /// Of an object.
    pub fields: Vec<FieldDef>,
    /// Of an input.
    pub inputs: Vec<InputDef>,
    /// Of an enum.
    pub values: Vec<&'static str>,
    /// Of a union.
    pub members: Vec<&'static str>,
    /// The stored values of each object; empty without a table.
    pub columns: Vec<ColumnDef>,
    pub is_table: bool,
}

/// A stored value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnDef {
    pub name: &'static str,
    pub kind: TypeRef,
    pub class: Class,
}

/// The kind of a value, for comparing, sorting and searching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Integer,
    Float,
    Datetime,
    Date,
    Boolean,
    Address,
    Point,
    Text,
}

impl Class {
    pub(crate) fn of(scalar: &str) -> Self {
        match scalar {
            "Int64Bit" | "Int" => Self::Integer,
            "Float" => Self::Float,
            "Datetime" => Self::Datetime,
            "Date" => Self::Date,
            "Boolean" => Self::Boolean,
            "IP" | "SubnetScalar" | "IpRange" => Self::Address,
            "Geopoint" => Self::Point,
            _ => Self::Text,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldDef {
    pub name: &'static str,
    pub kind: TypeRef,
    pub arguments: Arc<Vec<InputDef>>,
    pub source: Source,
}

/// An argument, or a member of an input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InputDef {
    pub name: &'static str,
    pub kind: TypeRef,
    /// As JSON.
    pub default: Option<&'static str>,
}

/// The place of a stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Id,
    UniqueId,
    CreatedAt,
    UpdatedAt,
    Version,
    Column(usize),
}

/// The origin of the value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    Typename,
    Stored(Slot),
    /// The row whose id is in this column.
    ToOne {
        target: &'static str,
        column: usize,
    },
    /// The first row of another table that points here.
    HasOne {
        target: &'static str,
        column: &'static str,
    },
    /// A row of the table that one column names, by the id in the other one.
    OneOf {
        kind: usize,
        id: usize,
    },
    ToMany {
        target: &'static str,
        link: Link,
    },
    /// All rows of a table.
    Root(&'static str),
    Entities,
    PageInfo,
    Aggregations,
    /// By its name, from an object that is not a row.
    Member,
}

/// The columns by which rows of another table point at a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    Column(&'static str),
    Owner {
        kind: String,
        id: String,
    },
    Through {
        table: &'static str,
        own: &'static str,
        other: &'static str,
    },
}

impl Schema {
    pub(crate) fn get(&self, name: &str) -> Option<&TypeDef> {
        self.types.get(name)
    }

    /// Returns the names of all tables.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &'static str> {
        self.tables.iter().copied()
    }

    /// Returns the table with this name, or with this root query.
    pub(crate) fn table(&self, name: &str) -> Option<&'static str> {
        let is_root = |table: &&'static str| {
            let query = self.get("Query");
            let mut roots = query.into_iter().flat_map(|query| &query.fields);
            roots.any(|field| field.name == name && field.source == Source::Root(table))
        };
        let mut tables = self.tables.iter().copied();
        tables.find(|table| *table == name || is_root(table))
    }

    /// Returns a field that can be selected on a type, `__typename` included.
    pub(crate) fn field(&self, kind: &str, name: &str) -> Option<&FieldDef> {
        if name == "__typename" {
            return Some(&self.typename);
        }
        self.get(kind)?
            .fields
            .iter()
            .find(|field| field.name == name)
    }

    /// Returns where a table has a value, and how it is compared.
    pub(crate) fn slot(&self, table: &str, name: &str) -> Option<(Slot, Class)> {
        let field = self.field(table, name)?;
        match field.source {
            Source::Stored(slot) => Some((slot, Class::of(field.kind.name()))),
            _ => None,
        }
    }

    /// Removes a field and the arguments for it, as an older instance lacks them. Returns whether it was there.
    pub(crate) fn remove_field(&mut self, kind: &str, name: &str) -> bool {
        let Some(found) = self.types.get_mut(kind) else {
            return false;
        };
        let before = found.fields.len();
        found.fields.retain(|field| field.name != name);
        let is_removed = found.fields.len() < before;
        let fields = self.types.values_mut().flat_map(|def| &mut def.fields);
        for field in fields.filter(|field| field.source.target() == Some(kind)) {
            Arc::make_mut(&mut field.arguments).retain(|argument| argument.name != name);
        }
        is_removed
    }
}

impl Source {
    /// Returns the table that a relation leads to, if it is one.
    pub(crate) fn target(&self) -> Option<&'static str> {
        match self {
            Self::ToOne { target, .. } | Self::HasOne { target, .. } => Some(target),
            Self::ToMany { target, .. } | Self::Root(target) => Some(target),
            _ => None,
        }
    }
}

impl TypeDef {
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    pub(crate) fn is_leaf(&self) -> bool {
        matches!(self.kind, TypeKind::Scalar | TypeKind::Enum)
    }
}
