//! Renders secrets by name: the source of each, its users and its problem; never a value.

use serde::Serialize;

use super::{Align, Exit, Paint, Table, counted, visible};

/// One secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SecretLine {
    pub name: String,
    /// Its sources: the first one is used; the others have it as well.
    pub places: Vec<String>,
    /// The credentials that refer to it.
    pub used_by: Vec<String>,
    /// The reason that it cannot be used, if that was tried; it is not counted for an unused secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl SecretLine {
    fn is_missing(&self) -> bool {
        self.places.is_empty() && !self.used_by.is_empty()
    }

    fn is_in_the_way(&self) -> bool {
        self.problem.is_some() && !self.used_by.is_empty()
    }
}

/// Renders the secrets as a table; with problems and warnings below if they were checked.
pub fn secret_table(lines: &[SecretLine], is_checked: bool, paint: Paint) -> String {
    let mut columns = vec![
        ("SECRET", Align::Left),
        ("FROM", Align::Left),
        ("USED BY", Align::Left),
    ];
    if is_checked {
        columns.push(("STATE", Align::Left));
    }
    let mut table = Table::new(columns);
    for line in lines {
        let from = match line.places.as_slice() {
            [] => "MISSING".to_owned(),
            places => places.join(", then "),
        };
        let used_by = match line.used_by.as_slice() {
            [] => "none".to_owned(),
            users => users.join(", "),
        };
        let mut row = vec![line.name.clone(), from, used_by];
        if is_checked {
            let state = match (&line.problem, line.warnings.is_empty()) {
                (Some(_), _) => "problem",
                (None, false) => "warning",
                (None, true) => "ok",
            };
            row.push(state.to_owned());
        }
        table.push(row);
    }
    let mut text = table.render(paint);
    for line in lines {
        for reason in line.problem.iter().chain(&line.warnings) {
            text.push_str(&format!("\n{}: {}\n", visible(&line.name), visible(reason)));
        }
    }
    text
}

/// Renders the verdict in a sentence.
pub fn secret_verdict(lines: &[SecretLine], is_checked: bool) -> String {
    let used = lines.iter().filter(|line| !line.used_by.is_empty()).count();
    let mut parts = vec![format!("{} needed", counted(used, "secret"))];
    let mut add = |what: &str, is_meant: &dyn Fn(&SecretLine) -> bool| {
        let number = lines.iter().filter(|line| is_meant(line)).count();
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    };
    if is_checked {
        add("cannot be used", &SecretLine::is_in_the_way);
    } else {
        add("missing", &SecretLine::is_missing);
    }
    add("that no object refers to", &|line| line.used_by.is_empty());
    format!("{}.", parts.join(", "))
}

/// Returns the exit code: whether every needed secret can be used.
pub fn secret_exit(lines: &[SecretLine]) -> Exit {
    if lines.iter().any(SecretLine::is_in_the_way) {
        Exit::Failed
    } else {
        Exit::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, places: &[&str], used_by: &[&str]) -> SecretLine {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        SecretLine {
            name: name.to_owned(),
            places: texts(places),
            used_by: texts(used_by),
            ..SecretLine::default()
        }
    }

    #[test]
    fn a_list_says_where_each_comes_from_and_who_needs_it() {
        let lines = [
            line("a", &["the environment", "sealed"], &["default", "core"]),
            line("b", &[], &["default"]),
            line("c", &["sealed"], &[]),
        ];
        assert_eq!(
            secret_table(&lines, false, Paint::Plain),
            "SECRET  FROM                          USED BY\n\
             a       the environment, then sealed  default, core\n\
             b       MISSING                       default\n\
             c       sealed                        none\n"
        );
        assert_eq!(
            secret_verdict(&lines, false),
            "2 secrets needed, 1 missing, 1 that no object refers to."
        );
    }

    #[test]
    fn only_needed_secrets_decide_the_exit_code() {
        let broken = |used_by: &[&str]| SecretLine {
            problem: Some("it is damaged\u{1b}".to_owned()),
            ..line("a", &["sealed"], used_by)
        };
        assert_eq!(secret_exit(&[broken(&[])]), Exit::Done);
        assert_eq!(secret_exit(&[broken(&["default"])]), Exit::Failed);
        let text = secret_table(&[broken(&["default"])], true, Paint::Plain);
        assert!(
            text.ends_with("problem\n\na: it is damaged\\u{1b}\n"),
            "{text}"
        );
        let warned = SecretLine {
            warnings: vec!["others may read it".to_owned()],
            ..line("a", &["file"], &["default"])
        };
        assert_eq!(secret_exit(std::slice::from_ref(&warned)), Exit::Done);
        assert!(secret_table(&[warned], true, Paint::Plain).contains("warning\n\na: others"));
    }
}
