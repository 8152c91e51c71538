//! Escapes texts for Markdown, and links the commits in them to their pages on a forge.

use crate::model::Forge;

/// The word before the commit of a reason, `commit 0123456789ab by …`.
const COMMIT: &str = "commit ";
/// The digits of a commit's id in a reason.
const ID_LENGTH: usize = 12;

/// Ends a word for the forges, which notify the person behind `@name` even if the `@` is escaped.
const NO_MENTION: &str = "@<!-- -->";

/// Returns a text that Markdown shows as it is: names from devices must not become links, images, headings or mentions.
pub(super) fn escaped_markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '@' => shown.push_str(NO_MENTION),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' | '&' => {
                shown.push('\\');
                shown.push(character);
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// Returns an escaped text in which `commit 0123456789ab` links to that commit.
///
/// Such words in a name or a subject become a link to the same repository as well, as the forges themselves do it.
pub(super) fn with_linked_commits(text: &str, forge: Option<&Forge>) -> String {
    let Some(forge) = forge else {
        return escaped_markdown(text);
    };
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(COMMIT) {
        shown.push_str(&escaped_markdown(before));
        shown.push_str(COMMIT);
        rest = after;
        if let Some((id, after)) = leading_id(after) {
            shown.push_str(&format!("[{id}]({})", forge.commit(id)));
            rest = after;
        }
    }
    shown + &escaped_markdown(rest)
}

/// Splits a text behind the commit's id that it begins with.
fn leading_id(text: &str) -> Option<(&str, &str)> {
    let (id, after) = text.split_at_checked(ID_LENGTH)?;
    let is_id = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_whole = !after.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    (is_id && is_whole).then_some((id, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CiJob;

    #[test]
    fn a_commit_in_a_reason_is_a_link_and_everything_else_is_escaped() {
        let variable = |name: &str| match name {
            "GITHUB_ACTIONS" => Some("true".to_owned()),
            "GITHUB_SERVER_URL" => Some("https://github.com".to_owned()),
            "GITHUB_REPOSITORY" => Some("example/network".to_owned()),
            _ => None,
        };
        let forge = CiJob::of(&variable).unwrap().forge.unwrap();
        let shown = |text: &str| with_linked_commits(text, Some(&forge));
        assert_eq!(
            shown("drift; wanted by commit 0123456789ab by Ann <a@b>, x.toml:7: [x]"),
            "drift; wanted by commit [0123456789ab](https://github.com/example/network/commit/0123456789ab) by Ann \
             \\<a@<!-- -->b\\>, x.toml:7: \\[x\\]"
        );
        for text in [
            "commit 0123456789",
            "commit 0123456789abc",
            "commit ](http://evil)x",
            "commit",
        ] {
            assert_eq!(shown(text), escaped_markdown(text));
        }
        assert_eq!(
            with_linked_commits("commit 0123456789ab", None),
            "commit 0123456789ab"
        );
    }
}
