//! Answers `__schema` and `__type`, one field at a time, because types refer to each other.

use serde_json::{Value, json};

use super::definition::{FieldDef, InputDef, Schema, TypeDef, TypeKind};
use crate::simulator::billing::sonar::graphql::TypeRef;

/// One object of introspection.
#[derive(Debug, Clone)]
pub(crate) enum Meta<'s> {
    Schema,
    Type(TypeRef),
    Field(&'s FieldDef),
    Input(&'s InputDef),
    EnumValue(&'s str),
    /// `skip` or `include`, which have one argument.
    Directive(&'static str),
    Condition,
}

/// The value of one field of such an object.
pub(crate) enum MetaValue<'s> {
    Plain(Value),
    One(Meta<'s>),
    Many(Vec<Meta<'s>>),
}

impl Schema {
    /// Returns the value of a field of an object of introspection.
    pub(crate) fn meta<'s>(&'s self, of: &Meta<'s>, field: &str) -> MetaValue<'s> {
        match of {
            Meta::Schema => self.meta_of_schema(field),
            Meta::Type(kind) => self.meta_of_type(kind, field),
            Meta::Field(def) => match field {
                "name" => MetaValue::Plain(json!(def.name)),
                "type" => MetaValue::One(Meta::Type(def.kind.clone())),
                "args" => MetaValue::Many(def.arguments.iter().map(Meta::Input).collect()),
                other => nothing(other),
            },
            Meta::Input(def) => input(def, field),
            Meta::EnumValue(name) => match field {
                "name" => MetaValue::Plain(json!(name)),
                other => nothing(other),
            },
            Meta::Directive(name) => match field {
                "name" => MetaValue::Plain(json!(name)),
                "locations" => {
                    MetaValue::Plain(json!(["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"]))
                }
                "isRepeatable" => MetaValue::Plain(json!(false)),
                "args" => MetaValue::Many(vec![Meta::Condition]),
                other => nothing(other),
            },
            Meta::Condition => input(&condition(), field),
        }
    }

    fn meta_of_schema<'s>(&'s self, field: &str) -> MetaValue<'s> {
        let named = |name: &str| Meta::Type(TypeRef::Named(name.to_owned()));
        match field {
            "types" => MetaValue::Many(self.types.keys().map(|name| named(name)).collect()),
            "queryType" => MetaValue::One(named("Query")),
            "mutationType" => MetaValue::One(named("Mutation")),
            "directives" => MetaValue::Many(
                ["skip", "include"]
                    .into_iter()
                    .map(Meta::Directive)
                    .collect(),
            ),
            other => nothing(other),
        }
    }

    fn meta_of_type<'s>(&'s self, kind: &TypeRef, field: &str) -> MetaValue<'s> {
        let name = match kind {
            TypeRef::Named(name) => name,
            TypeRef::List(inner) | TypeRef::NonNull(inner) => {
                return match field {
                    "kind" if kind.is_required() => MetaValue::Plain(json!("NON_NULL")),
                    "kind" => MetaValue::Plain(json!("LIST")),
                    "ofType" => MetaValue::One(Meta::Type((**inner).clone())),
                    _ => MetaValue::Plain(Value::Null),
                };
            }
        };
        match self.get(name) {
            Some(def) => named_type(def, field),
            None => MetaValue::Plain(Value::Null),
        }
    }
}

fn named_type<'s>(def: &'s TypeDef, field: &str) -> MetaValue<'s> {
    let (is_object, is_input) = (def.kind == TypeKind::Object, def.kind == TypeKind::Input);
    match field {
        "kind" => MetaValue::Plain(json!(match def.kind {
            TypeKind::Scalar => "SCALAR",
            TypeKind::Object => "OBJECT",
            TypeKind::Union => "UNION",
            TypeKind::Enum => "ENUM",
            TypeKind::Input => "INPUT_OBJECT",
        })),
        "name" => MetaValue::Plain(json!(def.name)),
        "fields" if is_object => {
            let listed = |field: &&FieldDef| !field.name.starts_with("__");
            MetaValue::Many(def.fields.iter().filter(listed).map(Meta::Field).collect())
        }
        "interfaces" if is_object => MetaValue::Many(Vec::new()),
        "possibleTypes" if def.kind == TypeKind::Union => {
            let named = |name: &&str| Meta::Type(TypeRef::Named((*name).to_owned()));
            MetaValue::Many(def.members.iter().map(named).collect())
        }
        "enumValues" if def.kind == TypeKind::Enum => {
            let value = |name: &&'s str| Meta::EnumValue(name);
            MetaValue::Many(def.values.iter().map(value).collect())
        }
        "inputFields" if is_input => MetaValue::Many(def.inputs.iter().map(Meta::Input).collect()),
        _ => MetaValue::Plain(Value::Null),
    }
}

fn input<'s>(def: &InputDef, field: &str) -> MetaValue<'s> {
    match field {
        "name" => MetaValue::Plain(json!(def.name)),
        "type" => MetaValue::One(Meta::Type(def.kind.clone())),
        "defaultValue" => MetaValue::Plain(json!(def.default)),
        other => nothing(other),
    }
}

fn nothing<'s>(field: &str) -> MetaValue<'s> {
    match field {
        "isDeprecated" => MetaValue::Plain(json!(false)),
        _ => MetaValue::Plain(Value::Null),
    }
}

/// The argument of both directives.
fn condition() -> InputDef {
    InputDef {
        name: "if",
        kind: TypeRef::NonNull(Box::new(TypeRef::Named("Boolean".to_owned()))),
        default: None,
    }
}
