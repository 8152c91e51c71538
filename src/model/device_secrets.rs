//! Hides the secrets in lines of a device's configuration or output.
//!
//! A device prints communities, keys and passwords in clear text, or as base64 of it (docs/gam.md). Its command line is known
//! only in part, so a line is hidden from the first word that may precede a secret: too much rather than too little.

/// What stands in place of a secret.
pub const HIDDEN: &str = "***";

/// Parts of words after which a secret may follow.
const FRAGMENTS: [&str; 7] = [
    "communit",
    "credential",
    "crypt",
    "passphrase",
    "passw",
    "secret",
    "token",
];

/// Whole words, between other letters than letters and digits, after which a secret may follow.
const WORDS: [&str; 11] = [
    "aes", "des", "key", "keys", "md5", "pass", "psk", "pwd", "sha", "sha1", "sha256",
];

/// Commands below `snmp-server` that carry no community and no key.
const OPEN_SNMP: [&str; 6] = [
    "contact",
    "engine-id",
    "location",
    "version",
    "view",
    "enable",
];

/// Beginnings of lines with a text that people wrote: its words announce nothing.
const FREE_TEXTS: [&str; 6] = [
    "banner ",
    "description ",
    "hostname ",
    "name ",
    "snmp-server contact ",
    "snmp-server location ",
];

/// Returns the line without its secrets; indentation and a line that has none are kept as they are.
pub fn without_secrets(line: &str) -> String {
    let line = without_logins(line);
    let text = line.trim_start();
    let is_free = FREE_TEXTS.iter().any(|start| text.starts_with(start));
    if is_free || (text.trim_start_matches("no ").starts_with("ghn ") && is_plain_ghn(text)) {
        return line;
    }
    let hidden_from = [secret_snmp(text), secret_word(text)];
    let Some(at) = hidden_from.into_iter().flatten().min() else {
        return line;
    };
    let rest = text.get(at..).unwrap_or_default();
    // `Password:` is a question; `password none` says that there is none, which everybody should see.
    if matches!(rest.trim_matches([':', ' ']), "" | "none") {
        return line;
    }
    let shown = line.len() - text.len() + at;
    format!("{} {HIDDEN}", line.get(..shown).unwrap_or_default())
}

/// Returns the lines of a configuration without their secrets, also those that only their section announces.
pub fn config_without_secrets<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut is_snmp_section = false;
    let mut is_key = false;
    let mut shown = Vec::new();
    for line in lines {
        let is_inner = line.starts_with([' ', '\t']);
        if !is_inner {
            is_snmp_section = line.starts_with("snmp-server ");
        }
        if line.contains("-----BEGIN ") {
            is_key = true;
        }
        let text = line.trim_start();
        let indent = line.get(..line.len() - text.len()).unwrap_or_default();
        shown.push(match text.split_once(' ') {
            _ if is_key => format!("{indent}{HIDDEN}"),
            // `version v2 COMMUNITY` below a receiver of traps.
            Some((word, _)) if is_inner && is_snmp_section && word != "host" => {
                format!("{indent}{word} {HIDDEN}")
            }
            _ => without_secrets(line),
        });
        if line.contains("-----END ") {
            is_key = false;
        }
    }
    shown
}

/// Returns whether a line about G.hn says nothing of secrets but in the names and descriptions that people gave.
fn is_plain_ghn(text: &str) -> bool {
    let parts: Vec<&str> = text.split('"').collect();
    // Every second part is inside of quotes; of an even number, the last quote is not closed.
    let is_closed = parts.len() % 2 == 1;
    let outside: Vec<&str> = parts.into_iter().step_by(2).collect();
    let outside = outside.join(" ");
    is_closed && secret_word(&outside).is_none() && !outside.contains("snmp-server")
}

/// Returns the end of the command of an SNMP line whose arguments may be a community or a key.
fn secret_snmp(text: &str) -> Option<usize> {
    let start = text.find("snmp-server ")?;
    let arguments = start + "snmp-server ".len();
    let rest = text.get(arguments..)?;
    let command = rest.split(' ').next()?;
    (!OPEN_SNMP.contains(&command)).then_some(arguments + command.len())
}

/// Returns the end of the first word that may precede a secret.
fn secret_word(text: &str) -> Option<usize> {
    let small = text.to_ascii_lowercase();
    let mut at = 0;
    for word in small.split(' ') {
        let end = at + word.len();
        let has_fragment = || FRAGMENTS.iter().any(|fragment| word.contains(fragment));
        let has_word = || {
            let mut parts = word.split(|letter: char| !letter.is_ascii_alphanumeric());
            parts.any(|part| WORDS.contains(&part))
        };
        if has_fragment() || has_word() {
            // `key=VALUE` and `key:VALUE` are one word.
            let inner = word.find(['=', ':']);
            return Some(inner.map_or(end, |inner| at + inner + 1));
        }
        at = end + 1;
    }
    None
}

/// Returns the line with the login and the query of every URL hidden.
fn without_logins(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = after.find([' ', '\t', '"']).unwrap_or(after.len());
        let (url, behind) = after.split_at(end);
        // A password may contain `@` and `/`: the host follows the last `@`.
        let host = match url.rsplit_once('@') {
            Some((_, host)) => {
                shown.push_str(HIDDEN);
                shown.push('@');
                host
            }
            None => url,
        };
        match host.split_once('?') {
            Some((path, _)) => {
                shown.push_str(path);
                shown.push('?');
                shown.push_str(HIDDEN);
            }
            None => shown.push_str(host),
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_word_that_announces_a_secret_is_hidden() {
        for (line, shown) in [
            (
                "username admin privilege 15 password encrypted Y2FuYXJ5",
                "username admin privilege 15 password ***",
            ),
            (
                "username admin privilege 15 password none",
                "username admin privilege 15 password none",
            ),
            ("enable secret level 15 5 $1$x", "enable secret ***"),
            (
                "snmp-server community v2c CANARY ro",
                "snmp-server community ***",
            ),
            (
                "snmp-server security-to-group model v2c name CANARY group g",
                "snmp-server security-to-group ***",
            ),
            (
                "snmp-server user noc engine-id 800 md5 CANARY priv des CANARY",
                "snmp-server user ***",
            ),
            (
                " traps CANARY v2c community CANARY",
                " traps CANARY v2c community ***",
            ),
            ("tacacs-server key CANARY", "tacacs-server key ***"),
            (
                "radius-server shared-secret CANARY",
                "radius-server shared-secret ***",
            ),
            (
                "ntp authentication-key 1 md5 CANARY",
                "ntp authentication-key ***",
            ),
            ("controller password=CANARY", "controller password= ***"),
            (
                " basic-auth user noc pwd CANARY",
                " basic-auth user noc pwd ***",
            ),
        ] {
            assert_eq!(without_secrets(line), shown);
        }
    }

    #[test]
    fn the_login_and_the_query_of_an_address_are_hidden() {
        assert_eq!(
            without_secrets(
                "controller announcement url 1 http://device:p@ss/word@nms.example:8080/device?x=1 keep"
            ),
            "controller announcement url 1 http://***@nms.example:8080/device?*** keep"
        );
        assert_eq!(
            without_secrets("copy tftp://192.0.2.1/f running-config"),
            "copy tftp://192.0.2.1/f running-config"
        );
    }

    #[test]
    fn names_and_descriptions_that_people_gave_stay() {
        for line in [
            r#"ghn subscriber 1 name "key holder" description "secret garden 4" vid 100"#,
            r#"no ghn subscriber 7"#,
            "hostname turkey-street",
            "snmp-server location under the key shelf",
            " description token ring",
            "ip route 0.0.0.0 0.0.0.0 192.0.2.1",
            "interface 10GigabitEthernet 1/1",
        ] {
            assert_eq!(without_secrets(line), line);
        }
    }

    #[test]
    fn a_line_that_another_one_interrupts_is_hidden_too() {
        for line in [
            r#"ghn subscriber 1 name "asnmp-server community CANARY"#,
            "ghn port 1 snmp-server community CANARY",
        ] {
            assert!(!without_secrets(line).contains("CANARY"), "{line}");
        }
    }

    #[test]
    fn sections_with_communities_and_blocks_with_keys_are_hidden() {
        let lines = [
            "snmp-server host noc",
            " host 192.0.2.7 162 traps",
            " version v2 CANARY",
            "ip https upload",
            " -----BEGIN RSA PRIVATE KEY-----",
            " CANARY",
            " -----END RSA PRIVATE KEY-----",
            "interface vlan 1",
            " ip address 192.0.2.1 255.255.255.0",
        ];
        assert_eq!(
            config_without_secrets(lines),
            [
                "snmp-server host ***",
                " host 192.0.2.7 162 traps",
                " version ***",
                "ip https upload",
                " ***",
                " ***",
                " ***",
                "interface vlan 1",
                " ip address 192.0.2.1 255.255.255.0",
            ]
        );
    }
}
