//! Defines the parts of a GraphQL request as values.

use std::collections::BTreeMap;
use std::fmt;

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Position {
    pub line: u32,
    pub column: u32,
}

/// A request that is not GraphQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Syntax Error: {problem}")]
pub(crate) struct SyntaxError {
    pub problem: String,
    pub at: Position,
}

/// A type as it is written: `[Search]`, `Int64Bit!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypeRef {
    Named(String),
    List(Box<Self>),
    NonNull(Box<Self>),
}

impl TypeRef {
    /// Reads a type; `None` if a bracket is missing or no name is in it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_suffix('!') {
            return match Self::read(inner)? {
                Self::NonNull(_) => None,
                inner => Some(Self::NonNull(Box::new(inner))),
            };
        }
        if let Some(inner) = text.strip_prefix('[') {
            return Some(Self::List(Box::new(Self::read(inner.strip_suffix(']')?)?)));
        }
        let is_name = !text.is_empty()
            && text
                .chars()
                .all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
        is_name.then(|| Self::Named(text.to_owned()))
    }

    /// Returns the name inside all brackets.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }

    pub(crate) fn is_required(&self) -> bool {
        matches!(self, Self::NonNull(_))
    }

    /// Returns the type without its outer `!`.
    pub(crate) fn nullable(&self) -> &Self {
        match self {
            Self::NonNull(inner) => inner,
            other => other,
        }
    }
}

impl fmt::Display for TypeRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => to.write_str(name),
            Self::List(inner) => write!(to, "[{inner}]"),
            Self::NonNull(inner) => write!(to, "{inner}!"),
        }
    }
}

/// A value as it is written in a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Variable(String),
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Enum(String),
    List(Vec<Valued>),
    Object(Vec<(String, Valued)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Valued {
    pub literal: Literal,
    pub at: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Argument {
    pub name: String,
    pub value: Valued,
    pub at: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Directive {
    pub name: String,
    pub arguments: Vec<Argument>,
    pub at: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub alias: Option<String>,
    pub name: String,
    pub arguments: Vec<Argument>,
    pub directives: Vec<Directive>,
    pub selections: Vec<Selection>,
    pub at: Position,
}

impl Field {
    /// Returns the name that the value has in the answer.
    pub(crate) fn key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Selection {
    Field(Field),
    Spread {
        fragment: String,
        directives: Vec<Directive>,
        at: Position,
    },
    Inline(Fragment),
}

/// A fragment, named or inline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fragment {
    /// The type of objects that it applies to; an inline one may leave it out.
    pub on: Option<String>,
    pub directives: Vec<Directive>,
    pub selections: Vec<Selection>,
    pub at: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VariableDefinition {
    pub name: String,
    pub kind: TypeRef,
    pub default: Option<Valued>,
    pub at: Position,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OperationDefinition {
    pub kind: OperationKind,
    pub name: Option<String>,
    pub variables: Vec<VariableDefinition>,
    pub selections: Vec<Selection>,
    pub at: Position,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Document {
    pub operations: Vec<OperationDefinition>,
    pub fragments: BTreeMap<String, Fragment>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_and_written_alike() {
        for text in ["Int", "Int64Bit!", "[Search]", "[X!]!"] {
            assert_eq!(TypeRef::read(text).unwrap().to_string(), text);
        }
        for text in ["", "[Int", "Int]", "Int!!", "!", "In t"] {
            assert_eq!(TypeRef::read(text), None, "{text}");
        }
    }
}
