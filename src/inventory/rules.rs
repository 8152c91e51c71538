//! Declares rules of validation: id, severity and examples are beside the code that finds violations.

/// Declares rules as statics, and `RULES` with all of them.
///
/// The doc comment is the rule's "why" in the reference. An example file called `$` is a shell script
/// that runs in a git work tree holding the small good inventory, for what a text cannot show.
macro_rules! rules {
    ($(
        $(#[doc = $why:literal])+
        $name:ident = $id:literal, $severity:ident, $summary:literal,
        wrong: [$(($wrong_path:literal, $wrong_text:literal)),* $(,)?],
        right: [$(($right_path:literal, $right_text:literal)),* $(,)?];
    )*) => {
        $(
            $(#[doc = $why])+
            pub(in crate::inventory) static $name: $crate::model::Rule = $crate::model::Rule {
                id: $id,
                severity: $crate::model::Severity::$severity,
                summary: $summary,
                why: concat!($($why),+),
                wrong: &[$(($wrong_path, $wrong_text)),*],
                right: &[$(($right_path, $right_text)),*],
            };
        )*

        /// Every rule of this file.
        pub(in crate::inventory) static RULES: &[&$crate::model::Rule] = &[$(&$name),*];
    };
}
pub(in crate::inventory) use rules;
