//! The tree agrees with the `toml` crate on every text, and stays within its limits.

use proptest::prelude::*;

use super::*;

const LIMITS: TreeLimits = TreeLimits {
    depth: 16,
    keys: 10_000,
};

fn describe_reference(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => format!("{text:?}"),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(_) => "float".to_owned(),
        toml::Value::Boolean(is_true) => is_true.to_string(),
        toml::Value::Datetime(_) => "date".to_owned(),
        toml::Value::Array(items) => {
            let items: Vec<_> = items.iter().map(describe_reference).collect();
            format!("[{}]", items.join(","))
        }
        toml::Value::Table(table) => {
            let mut keys: Vec<_> = table
                .iter()
                .map(|(key, value)| format!("{key:?}={}", describe_reference(value)))
                .collect();
            keys.sort();
            format!("{{{}}}", keys.join(","))
        }
    }
}

fn agrees(text: &str) {
    let (tree, problems) = parse(text, LIMITS);
    match toml::from_str::<toml::Table>(text) {
        // TOML forbids a dotted key that leads into an array of tables; the toml crate lets it pass.
        Ok(_) if !problems.is_empty() && text.contains("[[") && text.contains("b.a") => {}
        Ok(table) => {
            assert!(problems.is_empty(), "{text:?}: {problems:?}");
            assert_eq!(
                tree.root().describe(),
                describe_reference(&toml::Value::Table(table)),
                "{text:?}"
            );
        }
        Err(error) => {
            // Values that TOML's grammar takes and only the `toml` crate's types do not.
            let of_the_types = [
                "too large",
                "too small",
                "out of range",
                "date",
                "time",
                "invalid",
            ];
            let message = error.message();
            assert!(
                !problems.is_empty() || of_the_types.iter().any(|word| message.contains(word)),
                "{text:?} is refused by the toml crate: {message}"
            );
        }
    }
}

#[test]
fn the_rules_of_adding_to_tables_are_the_toml_crates() {
    for text in [
        "[a]\nb=1\n[a.c]\nd=2\n",
        "[a.b]\n[a]\nc=1\n",
        "[a]\n[a]\n",
        "a=1\na=2\n",
        "a.b=1\na.c=2\n",
        "a.b=1\n[a]\n",
        "[f]\napple.color=1\n[f.apple]\n",
        "[f]\napple.color=1\n[f.apple.taste]\nx=1\n",
        "a={b=1}\n[a.c]\n",
        "a={b=1}\na.c=2\n",
        "[[a]]\nb=1\n[[a]]\nb=2\n[a.c]\nd=3\n",
        "a=[]\n[[a]]\n",
        "[a]\n[[a]]\n",
        "[[a]]\n[a]\n",
        "a=1\n[a.b]\n",
        "a=1\na.b=2\n",
        "[a.b.c]\n[a]\nb.d=1\n",
        "[a.b]\nc=1\n[a]\nb.d=1\n",
        "a={b.c=1,b.d=2}\n",
        "a={b={c=1},b.d=2}\n",
        "a=[{b=1},{b=2}]\n",
        "[[a.b]]\nx=1\n[[a.b]]\nx=2\n[a]\ny=1\n",
        "a=[[1,2],[3]]\nb=\"\"\"\nx\"\"\"\n",
        "\"a b\".'c.d'=1\n",
        "a=9999999999999999999\n",
        "\u{feff}a=1\n",
        "a=1\r\nb=2\r\n",
        "a=1\rb=2\n",
        "a=nan\nb=-inf\n",
        "a=1979-05-27T07:32:00Z\n",
        "a={b=1\n}\n",
        "a={b=1,}\n",
    ] {
        agrees(text);
    }
}

#[test]
fn both_places_of_a_duplicate_are_known() {
    let (_, problems) = parse("a=1\nb=2\na=3\n", LIMITS);
    let [problem] = problems.as_slice() else {
        panic!("{problems:?}");
    };
    assert_eq!(problem.span, Span { start: 8, end: 9 });
    assert_eq!(
        problem.kind,
        ProblemKind::Duplicate {
            first: Span { start: 0, end: 1 }
        }
    );
}

#[test]
fn every_syntax_error_is_reported_not_only_the_first() {
    let (tree, problems) = parse("a = \nb = 1\nc 2\nd = \"x\ne = 5\n", LIMITS);
    assert!(problems.len() >= 3, "{problems:?}");
    assert_eq!(
        tree.root().get("e").and_then(|item| item.as_integer()),
        Some(Some(5))
    );
}

#[test]
fn a_nesting_bomb_is_one_problem_and_no_stack_overflow() {
    for text in [
        format!("a={}", "[".repeat(100_000)),
        format!("a={}", "{a=".repeat(100_000)),
        format!("{}=1", vec!["a"; 100_000].join(".")),
        format!("[{}]", vec!["a"; 100_000].join(".")),
    ] {
        let (_, problems) = parse(&text, LIMITS);
        assert!(
            problems.iter().any(|p| p.kind == ProblemKind::TooDeep),
            "{problems:?}"
        );
    }
}

#[test]
fn too_many_keys_are_refused_and_not_kept() {
    let text: String = (0..20_000).map(|n| format!("k{n}=1\n")).collect();
    let (tree, problems) = parse(&text, LIMITS);
    assert!(problems.iter().any(|p| p.kind == ProblemKind::TooManyKeys));
    assert!(tree.nodes.len() <= LIMITS.keys + 1);
}

#[test]
fn a_table_with_many_keys_still_knows_its_duplicates() {
    let mut text: String = (0..200).map(|n| format!("k{n}=1\n")).collect();
    text.push_str("k7=2\n");
    let (tree, problems) = parse(&text, LIMITS);
    assert_eq!(problems.len(), 1);
    assert!(tree.root().get("k199").is_some() && tree.root().get("k200").is_none());
}

/// Snippets that, strung together, make valid and invalid documents with about equal chance.
fn snippets() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[a]\n",
        "[a.b]\n",
        "[[a]]\n",
        "[[a.b]]\n",
        "[b]\n",
        "a=1\n",
        "b=2\n",
        "a.b=1\n",
        "a.c=2\n",
        "b.a.c=3\n",
        "c={a=1}\n",
        "c={a.b=1,d=2}\n",
        "d=[1,{a=1}]\n",
        "'a b'=1\n",
        "[c.d]\n",
        "c.d=1\n",
        "# x\n",
        "\n",
        "e=\"q\"\n",
        "f=1.5\n",
        "[a.b.c]\n",
        "b=[]\n",
        "a={}\n",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_of_toml_pieces_means_what_the_toml_crate_says(text in snippets()) {
        agrees(&text);
    }

    #[test]
    fn any_text_at_all_is_a_tree_or_problems(text in "\\PC{0,60}|[\\x00-\\x7f]{0,60}|[\\[\\]{}=.,\"'#a1\\n ]{0,60}") {
        agrees(&text);
    }
}
