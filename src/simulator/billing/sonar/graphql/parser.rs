//! Parses a GraphQL document: operations, fragments, fields, arguments and values.

use super::document::{
    Argument, Directive, Document, Field, Fragment, Literal, OperationDefinition, OperationKind,
    Position, Selection, SyntaxError, TypeRef, Valued, VariableDefinition,
};
use super::tokens::{Token, TokenKind, tokens};

/// The deepest nesting of selections and values; a client needs a tenth of it.
const DEEPEST: usize = 100;

/// Parses the text of a request.
pub(crate) fn parse(text: &str) -> Result<Document, SyntaxError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let mut document = Document::default();
    loop {
        parser.definition(&mut document)?;
        if parser.kind() == &TokenKind::End {
            return Ok(document);
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

const END: &Token = &Token {
    kind: TokenKind::End,
    at: Position { line: 1, column: 1 },
};

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).unwrap_or(END)
    }

    fn kind(&self) -> &TokenKind {
        &self.peek().kind
    }

    fn at(&self) -> Position {
        self.peek().at
    }

    fn unexpected<T>(&self) -> Result<T, SyntaxError> {
        let found = match self.kind() {
            TokenKind::Sign(sign) => format!("\"{sign}\""),
            TokenKind::Spread => "\"...\"".to_owned(),
            TokenKind::Name(name) => format!("Name \"{name}\""),
            TokenKind::Int(number) => format!("Int \"{number}\""),
            TokenKind::Float(number) => format!("Float \"{number}\""),
            TokenKind::Text(_) => "String".to_owned(),
            TokenKind::End => "<EOF>".to_owned(),
        };
        Err(SyntaxError {
            problem: format!("Unexpected {found}"),
            at: self.at(),
        })
    }

    fn accept(&mut self, sign: char) -> bool {
        let is_next = self.kind() == &TokenKind::Sign(sign);
        self.next += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, sign: char) -> Result<(), SyntaxError> {
        match self.accept(sign) {
            true => Ok(()),
            false => self.unexpected(),
        }
    }

    fn name(&mut self) -> Result<String, SyntaxError> {
        let TokenKind::Name(name) = self.kind() else {
            return self.unexpected();
        };
        let name = name.clone();
        self.next += 1;
        Ok(name)
    }

    /// Runs a parser one level deeper.
    fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(SyntaxError {
                problem: "Too deep".to_owned(),
                at: self.at(),
            });
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn definition(&mut self, document: &mut Document) -> Result<(), SyntaxError> {
        let at = self.at();
        if self.kind() == &TokenKind::Sign('{') {
            document.operations.push(OperationDefinition {
                kind: OperationKind::Query,
                name: None,
                variables: Vec::new(),
                selections: self.selections()?,
                at,
            });
            return Ok(());
        }
        let word = match self.kind() {
            TokenKind::Name(word) => word.clone(),
            _ => return self.unexpected(),
        };
        let kind = match word.as_str() {
            "query" => OperationKind::Query,
            "mutation" => OperationKind::Mutation,
            "subscription" => OperationKind::Subscription,
            "fragment" => {
                self.next += 1;
                let name = self.name()?;
                let fragment = self.fragment(at)?;
                document.fragments.insert(name, fragment);
                return Ok(());
            }
            _ => return self.unexpected(),
        };
        self.next += 1;
        let name = match self.kind() {
            TokenKind::Name(_) => Some(self.name()?),
            _ => None,
        };
        let variables = self.variables()?;
        self.directives()?;
        document.operations.push(OperationDefinition {
            kind,
            name,
            variables,
            selections: self.selections()?,
            at,
        });
        Ok(())
    }

    /// Parses what follows the name of a fragment.
    fn fragment(&mut self, at: Position) -> Result<Fragment, SyntaxError> {
        if self.kind() != &TokenKind::Name("on".to_owned()) {
            return self.unexpected();
        }
        self.next += 1;
        Ok(Fragment {
            on: Some(self.name()?),
            directives: self.directives()?,
            selections: self.selections()?,
            at,
        })
    }

    fn variables(&mut self) -> Result<Vec<VariableDefinition>, SyntaxError> {
        let mut found = Vec::new();
        if !self.accept('(') {
            return Ok(found);
        }
        while !self.accept(')') {
            let at = self.at();
            self.expect('$')?;
            let name = self.name()?;
            self.expect(':')?;
            let kind = self.kind_of_variable()?;
            let default = match self.accept('=') {
                true => Some(self.value()?),
                false => None,
            };
            self.directives()?;
            found.push(VariableDefinition {
                name,
                kind,
                default,
                at,
            });
        }
        Ok(found)
    }

    fn kind_of_variable(&mut self) -> Result<TypeRef, SyntaxError> {
        let inner = if self.accept('[') {
            let inner = self.deeper(Self::kind_of_variable)?;
            self.expect(']')?;
            TypeRef::List(Box::new(inner))
        } else {
            TypeRef::Named(self.name()?)
        };
        Ok(match self.accept('!') {
            true => TypeRef::NonNull(Box::new(inner)),
            false => inner,
        })
    }

    fn directives(&mut self) -> Result<Vec<Directive>, SyntaxError> {
        let mut found = Vec::new();
        while self.kind() == &TokenKind::Sign('@') {
            let at = self.at();
            self.next += 1;
            found.push(Directive {
                name: self.name()?,
                arguments: self.arguments()?,
                at,
            });
        }
        Ok(found)
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, SyntaxError> {
        let mut found = Vec::new();
        if !self.accept('(') {
            return Ok(found);
        }
        loop {
            let at = self.at();
            let name = self.name()?;
            self.expect(':')?;
            let value = self.value()?;
            found.push(Argument { name, value, at });
            if self.accept(')') {
                return Ok(found);
            }
        }
    }

    fn selections(&mut self) -> Result<Vec<Selection>, SyntaxError> {
        self.expect('{')?;
        self.deeper(|parser| {
            let mut found = Vec::new();
            loop {
                found.push(parser.selection()?);
                if parser.accept('}') {
                    return Ok(found);
                }
            }
        })
    }

    fn selection(&mut self) -> Result<Selection, SyntaxError> {
        let at = self.at();
        if self.kind() != &TokenKind::Spread {
            return self.field(at).map(Selection::Field);
        }
        self.next += 1;
        match self.kind() {
            TokenKind::Name(word) if word == "on" => self.fragment(at).map(Selection::Inline),
            TokenKind::Name(_) => Ok(Selection::Spread {
                fragment: self.name()?,
                directives: self.directives()?,
                at,
            }),
            _ => Ok(Selection::Inline(Fragment {
                on: None,
                directives: self.directives()?,
                selections: self.selections()?,
                at,
            })),
        }
    }

    fn field(&mut self, at: Position) -> Result<Field, SyntaxError> {
        let first = self.name()?;
        let (alias, name) = match self.accept(':') {
            true => (Some(first), self.name()?),
            false => (None, first),
        };
        let arguments = self.arguments()?;
        let directives = self.directives()?;
        let selections = match self.kind() {
            TokenKind::Sign('{') => self.selections()?,
            _ => Vec::new(),
        };
        Ok(Field {
            alias,
            name,
            arguments,
            directives,
            selections,
            at,
        })
    }

    fn value(&mut self) -> Result<Valued, SyntaxError> {
        let at = self.at();
        let literal = match self.kind().clone() {
            TokenKind::Sign('$') => {
                self.next += 1;
                return Ok(Valued {
                    literal: Literal::Variable(self.name()?),
                    at,
                });
            }
            TokenKind::Sign('[') => {
                self.next += 1;
                return self.deeper(|parser| parser.list(at));
            }
            TokenKind::Sign('{') => {
                self.next += 1;
                return self.deeper(|parser| parser.object(at));
            }
            TokenKind::Int(number) => Literal::Int(number),
            TokenKind::Float(number) => Literal::Float(number),
            TokenKind::Text(text) => Literal::Text(text),
            TokenKind::Name(word) => match word.as_str() {
                "null" => Literal::Null,
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                _ => Literal::Enum(word),
            },
            TokenKind::Sign(_) | TokenKind::Spread | TokenKind::End => return self.unexpected(),
        };
        self.next += 1;
        Ok(Valued { literal, at })
    }

    fn list(&mut self, at: Position) -> Result<Valued, SyntaxError> {
        let mut elements = Vec::new();
        while !self.accept(']') {
            elements.push(self.value()?);
        }
        Ok(Valued {
            literal: Literal::List(elements),
            at,
        })
    }

    fn object(&mut self, at: Position) -> Result<Valued, SyntaxError> {
        let mut members = Vec::new();
        while !self.accept('}') {
            let name = self.name()?;
            self.expect(':')?;
            members.push((name, self.value()?));
        }
        Ok(Valued {
            literal: Literal::Object(members),
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_operations_fragments_and_positions() {
        let document = parse(
            "query A($id: Int64Bit!, $s: [Search] = []) {\n  a: accounts(id: $id, search: {exists: \"id\"}) @include(if: true) {\n    ...F ... on X { y } ... { z }\n  }\n}\nfragment F on AccountConnection { entities { id } }",
        )
        .unwrap();
        let operation = &document.operations[0];
        assert_eq!(operation.variables[1].kind.to_string(), "[Search]");
        let Selection::Field(field) = &operation.selections[0] else {
            panic!("{operation:?}");
        };
        assert_eq!((field.key(), field.name.as_str()), ("a", "accounts"));
        assert_eq!(
            field.arguments[1].at,
            Position {
                line: 2,
                column: 24
            }
        );
        assert_eq!(field.selections.len(), 3);
        assert!(document.fragments.contains_key("F"));
    }

    #[test]
    fn what_is_no_document_is_refused_at_its_place() {
        for text in [
            "",
            "{",
            "{}",
            "{ a( }",
            "{ a() }",
            "query",
            "fragment F { a }",
            "{ a } }",
            "{ a(b: $) }",
            "type A { b: Int }",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let error = parse("{\n a b: }").unwrap_err();
        assert_eq!(error.at, Position { line: 2, column: 7 });
        assert_eq!(error.to_string(), "Syntax Error: Unexpected \"}\"");
    }

    #[test]
    fn a_document_that_is_too_deep_is_refused() {
        let deep = |levels: usize| format!("{}{}", "{ a ".repeat(levels), "}".repeat(levels));
        assert!(parse(&deep(50)).is_ok());
        assert!(parse(&deep(100_000)).is_err());
    }
}
