//! Describes the types of the instance, from one table that both execution and introspection use.

mod definition;
mod introspection;
mod read;
mod relation;

pub(super) use definition::{
    Class, ColumnDef, FieldDef, InputDef, Link, Schema, Slot, Source, TypeDef, TypeKind,
};
pub(super) use introspection::{Meta, MetaValue};
