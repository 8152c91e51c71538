//! Checks a document against the schema, and resolves it into a tree of fields with arguments.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::coerce::Coercion;
use super::error::GraphError;
use crate::simulator::billing::sonar::graphql::{
    Directive, Document, Field, Fragment, Literal, OperationDefinition, OperationKind, Position,
    Selection, TypeRef, Valued,
};
use crate::simulator::billing::sonar::schema::{
    FieldDef, InputDef, Schema, Source, TypeDef, TypeKind,
};

/// The most fields of one request, fragments resolved.
const MOST_FIELDS: usize = 5_000;

/// A field that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Planned<'s> {
    /// The name of the value in the answer.
    pub key: String,
    pub field: &'s FieldDef,
    pub arguments: Map<String, Value>,
    pub at: Position,
    /// By the type of the object: one for an object, all members for a union.
    pub inside: BTreeMap<String, Vec<Self>>,
}

/// An operation that can be carried out.
#[derive(Debug, Clone)]
pub(crate) struct Plan<'s> {
    pub kind: OperationKind,
    pub fields: Vec<Planned<'s>>,
}

impl Plan<'_> {
    pub(crate) fn is_write(&self) -> bool {
        self.kind == OperationKind::Mutation
    }

    /// Returns the root queries: the name of each, its page, and the rows of a page if they are given.
    pub(crate) fn pages(&self) -> Vec<(String, u64, u64)> {
        let roots = self.fields.iter();
        let roots = roots.filter(|planned| matches!(planned.field.source, Source::Root(_)));
        roots
            .map(|planned| {
                let number = |name: &str| {
                    let paginator = planned.arguments.get("paginator");
                    paginator.and_then(|paginator| paginator.get(name)?.as_u64())
                };
                (
                    planned.field.name.to_owned(),
                    number("page").unwrap_or(1),
                    number("records_per_page").unwrap_or(0),
                )
            })
            .collect()
    }
}

/// Chooses the operation and plans it; all errors of it are returned together.
pub(crate) fn plan<'s>(
    schema: &'s Schema,
    document: &Document,
    operation: Option<&str>,
    variables: &Map<String, Value>,
) -> Result<Plan<'s>, Vec<GraphError>> {
    let operation = choose(document, operation).map_err(|error| vec![error])?;
    let root = match operation.kind {
        OperationKind::Query => "Query",
        OperationKind::Mutation => "Mutation",
        OperationKind::Subscription => {
            let message = "Schema is not configured for subscriptions.";
            return Err(vec![GraphError::at(message, operation.at)]);
        }
    };
    let coercion = Coercion::new(schema, &operation.variables, variables)?;
    let mut planner = Planner {
        schema,
        document,
        coercion: &coercion,
        errors: Vec::new(),
        planned: 0,
    };
    let fields = planner.fields(root, root, &[operation.selections.as_slice()]);
    let mut errors = planner.errors;
    errors.extend(coercion.unused());
    // A fragment that is used twice reports its errors twice.
    let mut distinct: Vec<GraphError> = Vec::new();
    for error in errors {
        if !distinct.contains(&error) {
            distinct.push(error);
        }
    }
    match distinct.is_empty() {
        true => Ok(Plan {
            kind: operation.kind,
            fields,
        }),
        false => Err(distinct),
    }
}

fn choose<'d>(
    document: &'d Document,
    name: Option<&str>,
) -> Result<&'d OperationDefinition, GraphError> {
    match (document.operations.as_slice(), name) {
        ([], _) => Err(GraphError::new("Must provide an operation.")),
        ([only], None) => Ok(only),
        (_, None) => Err(GraphError::new(
            "Must provide operation name if query contains multiple operations.",
        )),
        (all, Some(name)) => all
            .iter()
            .find(|operation| operation.name.as_deref() == Some(name))
            .ok_or_else(|| GraphError::new(format!("Unknown operation named \"{name}\"."))),
    }
}

/// The fields of one object by the key of their value, in the order of the document.
type Collected<'d> = Vec<(&'d str, Vec<&'d Field>)>;

/// The named fragments of one object.
#[derive(Default)]
struct Spreads<'d> {
    /// Those whose fields are being collected.
    inside: Vec<&'d str>,
    /// Those that were collected: a second time adds nothing, and costs exponential time.
    done: BTreeSet<&'d str>,
}

struct Planner<'s, 'd> {
    schema: &'s Schema,
    document: &'d Document,
    coercion: &'d Coercion<'d>,
    errors: Vec<GraphError>,
    planned: usize,
}

impl<'s, 'd> Planner<'s, 'd> {
    fn error(&mut self, message: String, at: Position) {
        self.errors.push(GraphError::at(message, at));
    }

    /// Plans the fields of an object of the type `object`, selected where `kind` is expected.
    fn fields(&mut self, kind: &str, object: &str, sets: &[&'d [Selection]]) -> Vec<Planned<'s>> {
        let mut collected = Collected::new();
        let mut spreads = Spreads::default();
        for set in sets {
            self.collect((kind, object), set, &mut spreads, &mut collected);
        }
        let fields = collected.into_iter();
        fields
            .filter_map(|(key, same)| self.field(object, key, &same))
            .collect()
    }

    fn collect(
        &mut self,
        (kind, object): (&str, &str),
        selections: &'d [Selection],
        spreads: &mut Spreads<'d>,
        into: &mut Collected<'d>,
    ) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    if self.schema.field(kind, &field.name).is_none() {
                        let message =
                            format!("Cannot query field \"{}\" on type \"{kind}\".", field.name);
                        self.error(message, field.at);
                    } else if self.is_included(&field.directives) {
                        match into.iter_mut().find(|(key, _)| *key == field.key()) {
                            Some((_, same)) => same.push(field),
                            None => into.push((field.key(), vec![field])),
                        }
                    }
                }
                Selection::Inline(fragment) => {
                    self.spread((kind, object), fragment, spreads, into);
                }
                Selection::Spread {
                    fragment,
                    directives,
                    at,
                } => {
                    let Some(found) = self.document.fragments.get(fragment) else {
                        self.error(format!("Unknown fragment \"{fragment}\"."), *at);
                        continue;
                    };
                    if spreads.inside.contains(&fragment.as_str()) {
                        let message =
                            format!("Cannot spread fragment \"{fragment}\" within itself.");
                        self.error(message, *at);
                    } else if self.is_included(directives) && spreads.done.insert(fragment.as_str())
                    {
                        spreads.inside.push(fragment);
                        self.spread((kind, object), found, spreads, into);
                        spreads.inside.pop();
                    }
                }
            }
        }
    }

    fn spread(
        &mut self,
        (kind, object): (&str, &str),
        fragment: &'d Fragment,
        spreads: &mut Spreads<'d>,
        into: &mut Collected<'d>,
    ) {
        if !self.is_included(&fragment.directives) {
            return;
        }
        let on = fragment.on.as_deref().unwrap_or(kind);
        let Some(def) = self.schema.get(on) else {
            self.error(format!("Unknown type \"{on}\"."), fragment.at);
            return;
        };
        let possible = |def: &TypeDef, name: &str| def.name == name || def.members.contains(&name);
        let expected = self.schema.get(kind);
        let can_be = expected.is_some_and(|kind| possible(kind, on) || possible(def, &kind.name));
        if !can_be {
            let message = format!(
                "Fragment cannot be spread here as objects of type \"{kind}\" can never be of type \"{on}\"."
            );
            self.error(message, fragment.at);
        } else if possible(def, object) {
            self.collect((on, object), &fragment.selections, spreads, into);
        }
    }

    fn is_included(&mut self, directives: &[Directive]) -> bool {
        let condition = InputDef {
            name: "if",
            kind: TypeRef::NonNull(Box::new(TypeRef::Named("Boolean".to_owned()))),
            default: None,
        };
        let mut is_included = true;
        for directive in directives {
            let wanted = match directive.name.as_str() {
                "include" => true,
                "skip" => false,
                other => {
                    self.error(format!("Unknown directive \"@{other}\"."), directive.at);
                    continue;
                }
            };
            let (values, errors) = self.coercion.arguments(
                std::slice::from_ref(&condition),
                &directive.arguments,
                &format!("directive \"@{}\"", directive.name),
                directive.at,
            );
            self.errors.extend(errors);
            is_included &= values.get("if").and_then(Value::as_bool) == Some(wanted);
        }
        is_included
    }

    fn field(&mut self, object: &str, key: &str, same: &[&'d Field]) -> Option<Planned<'s>> {
        let first = *same.first()?;
        let def = self.schema.field(object, &first.name)?;
        self.planned += 1;
        if self.planned > MOST_FIELDS {
            if self.planned == MOST_FIELDS + 1 {
                self.error("The query is too large.".to_owned(), first.at);
            }
            return None;
        }
        let differs = |other: &&&Field| other.name != first.name || !same_arguments(other, first);
        if let Some(other) = same.iter().find(differs) {
            let message = format!(
                "Fields \"{key}\" conflict because they differ. Use different aliases on the fields to fetch both if this was intentional."
            );
            self.error(message, other.at);
            return None;
        }
        let owner = format!("field \"{}\" of type \"{object}\"", def.name);
        let (arguments, errors) =
            self.coercion
                .arguments(&def.arguments, &first.arguments, &owner, first.at);
        self.errors.extend(errors);
        let sets: Vec<&'d [Selection]> = same
            .iter()
            .map(|field| field.selections.as_slice())
            .collect();
        let kind = self.schema.get(def.kind.name())?;
        let is_empty = sets.iter().all(|set| set.is_empty());
        let problem = match (kind.is_leaf(), is_empty) {
            (true, false) => format!(
                "Field \"{}\" must not have a selection since type \"{}\" has no subfields.",
                def.name, def.kind
            ),
            (false, true) => format!(
                "Field \"{}\" of type \"{}\" must have a selection of subfields. Did you mean \"{} {{ ... }}\"?",
                def.name, def.kind, def.name
            ),
            _ => String::new(),
        };
        if !problem.is_empty() {
            self.error(problem, first.at);
            return None;
        }
        let mut inside = BTreeMap::new();
        match kind.kind {
            TypeKind::Union => {
                for member in &kind.members {
                    let fields = self.fields(&kind.name, member, &sets);
                    inside.insert((*member).to_owned(), fields);
                }
            }
            TypeKind::Object => {
                let fields = self.fields(&kind.name, &kind.name, &sets);
                inside.insert(kind.name.clone(), fields);
            }
            _ => {}
        }
        Some(Planned {
            key: key.to_owned(),
            field: def,
            arguments,
            at: first.at,
            inside,
        })
    }
}

fn same_arguments(one: &Field, other: &Field) -> bool {
    let values = |field: &Field| -> BTreeMap<String, String> {
        field
            .arguments
            .iter()
            .map(|argument| (argument.name.clone(), without_positions(&argument.value)))
            .collect()
    };
    values(one) == values(other)
}

/// Returns a value as text that does not depend on where it is in the document.
fn without_positions(value: &Valued) -> String {
    match &value.literal {
        Literal::List(list) => {
            let parts: Vec<String> = list.iter().map(without_positions).collect();
            format!("[{}]", parts.join(","))
        }
        Literal::Object(members) => {
            let parts: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name}:{}", without_positions(value)))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        other => format!("{other:?}"),
    }
}
