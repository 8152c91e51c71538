//! Converts values of variables and documents to the types that the schema asks for.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::error::GraphError;
use super::scalar::{Given, fits, invalid, leaf};
use crate::simulator::billing::sonar::graphql::{
    Argument, Literal, Position, TypeRef, Valued, VariableDefinition,
};
use crate::simulator::billing::sonar::schema::{InputDef, Schema, TypeDef, TypeKind};

/// The variables of an operation, and which of them are used.
pub(super) struct Coercion<'a> {
    schema: &'a Schema,
    declared: &'a [VariableDefinition],
    values: Map<String, Value>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Coercion<'a> {
    /// Checks the variables of a request against their definitions.
    pub(super) fn new(
        schema: &'a Schema,
        declared: &'a [VariableDefinition],
        given: &Map<String, Value>,
    ) -> Result<Self, Vec<GraphError>> {
        let mut coercion = Self {
            schema,
            declared: &[],
            values: Map::new(),
            used: RefCell::default(),
        };
        let mut errors = Vec::new();
        for variable in declared {
            match coercion.variable(variable, given) {
                Ok(Some(value)) => {
                    coercion.values.insert(variable.name.clone(), value);
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        coercion.declared = declared;
        match errors.is_empty() {
            true => Ok(coercion),
            false => Err(errors),
        }
    }

    fn variable(
        &self,
        variable: &VariableDefinition,
        given: &Map<String, Value>,
    ) -> Result<Option<Value>, GraphError> {
        let VariableDefinition {
            name,
            kind,
            default,
            at,
        } = variable;
        let error = |message: String| GraphError::at(message, *at);
        let Some(def) = self.schema.get(kind.name()) else {
            return Err(error(format!("Unknown type \"{}\".", kind.name())));
        };
        if matches!(def.kind, TypeKind::Object | TypeKind::Union) {
            return Err(error(format!(
                "Variable \"${name}\" cannot be non-input type \"{kind}\"."
            )));
        }
        match (given.get(name), default) {
            (Some(value), _) => {
                let coerced = self.coerce(kind, Given::Json(value), *at);
                coerced.map_err(|inner| {
                    error(format!(
                        "Variable \"${name}\" got invalid value; {}",
                        inner.message
                    ))
                })
            }
            (None, Some(default)) => self.coerce(kind, Given::Literal(default), *at),
            (None, None) if kind.is_required() => Err(error(format!(
                "Variable \"${name}\" of required type \"{kind}\" was not provided."
            ))),
            (None, None) => Ok(None),
        }
    }

    /// Returns an error for each variable that no argument used.
    pub(super) fn unused(&self) -> Vec<GraphError> {
        let used = self.used.borrow();
        self.declared
            .iter()
            .filter(|variable| !used.contains(&variable.name))
            .map(|variable| {
                let message = format!("Variable \"${}\" is never used.", variable.name);
                GraphError::at(message, variable.at)
            })
            .collect()
    }

    /// Returns the arguments of a field or a directive, defaults included.
    pub(super) fn arguments(
        &self,
        defined: &[InputDef],
        given: &[Argument],
        owner: &str,
        at: Position,
    ) -> (Map<String, Value>, Vec<GraphError>) {
        let mut values = Map::new();
        let mut errors = Vec::new();
        for argument in given {
            let Some(def) = defined.iter().find(|def| def.name == argument.name) else {
                let message = format!("Unknown argument \"{}\" on {owner}.", argument.name);
                errors.push(GraphError::at(message, argument.at));
                continue;
            };
            let has_default = def.default.is_some();
            match self.at_position(&def.kind, has_default, &argument.value) {
                Ok(Some(value)) => {
                    values.insert(argument.name.clone(), value);
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        for def in defined {
            let is_given = given.iter().any(|argument| argument.name == def.name);
            if let Some(default) = default_of(def).filter(|_| !values.contains_key(def.name)) {
                values.insert(def.name.to_owned(), default);
            } else if def.kind.is_required() && !is_given {
                let message = format!(
                    "Argument \"{}\" of type \"{}\" is required on {owner}, but it was not provided.",
                    def.name, def.kind
                );
                errors.push(GraphError::at(message, at));
            }
        }
        (values, errors)
    }

    fn at_position(
        &self,
        kind: &TypeRef,
        has_default: bool,
        value: &Valued,
    ) -> Result<Option<Value>, GraphError> {
        match kind {
            TypeRef::NonNull(inner) if has_default => {
                self.coerce(inner, Given::Literal(value), value.at)
            }
            kind => self.coerce(kind, Given::Literal(value), value.at),
        }
    }

    /// Returns the value as this type has it; `None` for a variable without a value.
    fn coerce(
        &self,
        kind: &TypeRef,
        given: Given<'_>,
        at: Position,
    ) -> Result<Option<Value>, GraphError> {
        if let Given::Literal(Valued {
            literal: Literal::Variable(name),
            at,
        }) = given
        {
            return self.use_variable(kind, name, *at);
        }
        let at = match given {
            Given::Literal(valued) => valued.at,
            Given::Json(_) => at,
        };
        let is_null = matches!(
            given,
            Given::Json(Value::Null)
                | Given::Literal(Valued {
                    literal: Literal::Null,
                    ..
                })
        );
        match kind {
            TypeRef::NonNull(_) if is_null => Err(GraphError::at(
                format!("Expected type {kind}, found null."),
                at,
            )),
            TypeRef::NonNull(inner) => self.coerce(inner, given, at),
            _ if is_null => Ok(Some(Value::Null)),
            TypeRef::List(inner) => self.list(inner, given, at).map(Some),
            TypeRef::Named(name) => match self.schema.get(name) {
                Some(def) if def.kind == TypeKind::Input => self.input(def, given, at).map(Some),
                Some(def) => leaf(def, given)
                    .map(Some)
                    .ok_or_else(|| invalid(name, given, at)),
                None => Err(invalid(name, given, at)),
            },
        }
    }

    fn use_variable(
        &self,
        kind: &TypeRef,
        name: &str,
        at: Position,
    ) -> Result<Option<Value>, GraphError> {
        self.used.borrow_mut().insert(name.to_owned());
        let Some(declared) = self.declared.iter().find(|variable| variable.name == name) else {
            return Err(GraphError::at(
                format!("Variable \"${name}\" is not defined."),
                at,
            ));
        };
        let has_default = declared.default.is_some();
        let fits = match (&declared.kind, kind) {
            (declared, TypeRef::NonNull(kind)) if !declared.is_required() => {
                has_default && fits(declared, kind)
            }
            (declared, kind) => fits(declared, kind),
        };
        if !fits {
            let message = format!(
                "Variable \"${name}\" of type \"{}\" used in position expecting type \"{kind}\".",
                declared.kind
            );
            return Err(GraphError::at(message, at));
        }
        match self.values.get(name) {
            Some(Value::Null) if kind.is_required() => Err(GraphError::at(
                format!("Expected type {kind}, found null."),
                at,
            )),
            value => Ok(value.cloned()),
        }
    }

    /// A single value where a list is expected is a list of one.
    fn list(&self, kind: &TypeRef, given: Given<'_>, at: Position) -> Result<Value, GraphError> {
        let element = |given: Given<'_>| -> Result<Value, GraphError> {
            let coerced = self.coerce(kind, given, at)?;
            Ok(coerced.unwrap_or(Value::Null))
        };
        let elements: Result<Vec<Value>, GraphError> = match given {
            Given::Json(Value::Array(list)) => list.iter().map(Given::Json).map(element).collect(),
            Given::Literal(Valued {
                literal: Literal::List(list),
                ..
            }) => list.iter().map(Given::Literal).map(element).collect(),
            single => element(single).map(|value| vec![value]),
        };
        elements.map(Value::Array)
    }

    fn input(&self, def: &TypeDef, given: Given<'_>, at: Position) -> Result<Value, GraphError> {
        let members: Vec<(&str, Given<'_>)> = match given {
            Given::Json(Value::Object(members)) => members
                .iter()
                .map(|(name, value)| (name.as_str(), Given::Json(value)))
                .collect(),
            Given::Literal(Valued {
                literal: Literal::Object(members),
                ..
            }) => members
                .iter()
                .map(|(name, value)| (name.as_str(), Given::Literal(value)))
                .collect(),
            other => return Err(invalid(&def.name, other, at)),
        };
        let mut values = Map::new();
        for (name, given) in members {
            let Some(member) = def.inputs.iter().find(|input| input.name == name) else {
                let message = format!("Field \"{name}\" is not defined by type \"{}\".", def.name);
                return Err(GraphError::at(message, at));
            };
            if let Some(value) = self.coerce(&member.kind, given, at)? {
                values.insert(name.to_owned(), value);
            }
        }
        for member in &def.inputs {
            if values.contains_key(member.name) {
                continue;
            }
            if let Some(default) = default_of(member) {
                values.insert(member.name.to_owned(), default);
            } else if member.kind.is_required() {
                let message = format!(
                    "Field \"{}.{}\" of required type \"{}\" was not provided.",
                    def.name, member.name, member.kind
                );
                return Err(GraphError::at(message, at));
            }
        }
        Ok(Value::Object(values))
    }
}

fn default_of(def: &InputDef) -> Option<Value> {
    def.default.and_then(|text| serde_json::from_str(text).ok())
}
