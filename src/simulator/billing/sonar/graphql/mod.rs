//! Parses GraphQL requests: tokens, documents and types, each with its line and column.
//!
//! Two crates were looked at. One compiles C for its stack guard, the other has no position of an argument, which the
//! errors of the real system have. What a request may contain is small.

mod document;
mod parser;
mod tokens;

pub(super) use document::{
    Argument, Directive, Document, Field, Fragment, Literal, OperationDefinition, OperationKind,
    Position, Selection, SyntaxError, TypeRef, Valued, VariableDefinition,
};
pub(super) use parser::parse;
