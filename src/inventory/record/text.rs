//! Reads texts as names, addresses, lists and words.

use super::field::{FieldType, Shape, holds_a_key, secret, wrong_type};
use super::finding::FileFindings;
use super::rules::{
    BAD_ADDRESS, BAD_DATE, BAD_MAC, BAD_NAME, BAD_PIN, BAD_VLAN_LIST, TOO_LONG, UNKNOWN_MODEL,
    UNKNOWN_WORD, UNSAFE_TEXT,
};
use super::secret::looks_like_a_key;
use crate::inventory::suggest;
use crate::inventory::tree::{Item, Span};
use crate::model::billing::{BillingName, BillingRecordId};
use crate::model::{
    Address, AddressError, CredentialsName, Day, DayError, Description, DeviceName, DeviceState,
    EndpointName, GamModel, HostKey, Hostname, LabelKey, MacAddress, MacAddressError, NameError,
    NameProblem, PinError, PlainText, Poe, PortMode, PortName, ProfileName, Rule, Serial,
    ServicePlanId, SiteName, SubscriberId, SubscriberModel, SubscriberName, SubscriberState,
    SyncedKey, SystemText, TextError, UnknownModel, VlanMode, VlanSet, VlanSetError,
};

/// An error of a type's constructor, with the rule it breaks and what helps.
pub(in crate::inventory) trait TextProblem: std::fmt::Display {
    fn rule(&self) -> &'static Rule;

    fn hint(&self, _text: &str) -> Option<String> {
        None
    }

    /// Returns what is wrong, to be read after "cannot be used".
    fn why(&self) -> String {
        self.to_string()
    }
}

impl TextProblem for TextError {
    fn rule(&self) -> &'static Rule {
        match self {
            Self::Character { .. } => &UNSAFE_TEXT,
            Self::TooLong { .. } => &TOO_LONG,
            Self::Empty | Self::OuterSpace | Self::DoubleSpace => &BAD_NAME,
        }
    }

    fn hint(&self, _text: &str) -> Option<String> {
        Some(match self {
            Self::Character { .. } => "take the character out".to_owned(),
            Self::TooLong { max, .. } => format!("shorten it to {max} characters"),
            Self::Empty => "give it a text, or leave the key out".to_owned(),
            Self::OuterSpace => "take the space out".to_owned(),
            Self::DoubleSpace => "leave one space".to_owned(),
        })
    }
}

impl TextProblem for NameError {
    fn why(&self) -> String {
        self.problem.to_string()
    }

    fn rule(&self) -> &'static Rule {
        match &self.problem {
            NameProblem::Text(error) => error.rule(),
            NameProblem::Start(_) | NameProblem::Character { .. }
                if self.problem.hazard().is_some() =>
            {
                &UNSAFE_TEXT
            }
            NameProblem::Start(_) | NameProblem::Character { .. } => &BAD_NAME,
        }
    }

    fn hint(&self, text: &str) -> Option<String> {
        match &self.problem {
            NameProblem::Text(error) => error.hint(text),
            NameProblem::Start(_) | NameProblem::Character { .. } => Some(format!(
                "a {} such as `{}` is fine",
                self.what,
                example(self.what)
            )),
        }
    }
}

/// Returns a name of this kind; a host name has no underscore.
fn example(what: &str) -> &'static str {
    match what {
        Hostname::WHAT => "north-12-a",
        _ => "north-12_a",
    }
}

macro_rules! text_problem {
    ($error:ty, $rule:expr, $hint:expr) => {
        impl TextProblem for $error {
            fn rule(&self) -> &'static Rule {
                $rule
            }

            fn hint(&self, text: &str) -> Option<String> {
                let hint: fn(&str) -> Option<String> = $hint;
                hint(text)
            }
        }
    };
}

text_problem!(MacAddressError, &BAD_MAC, |_| Some(
    "it is printed on the endpoint's label".to_owned()
));
text_problem!(AddressError, &BAD_ADDRESS, |_| Some(
    "write the IP address: a name may lead to another device later".to_owned()
));
text_problem!(PinError, &BAD_PIN, |_| Some(
    "leave it out until you have read it from the device".to_owned()
));
text_problem!(DayError, &BAD_DATE, |_| Some(
    "write year, month and day, such as `\"2027-03-01\"`".to_owned()
));
text_problem!(VlanSetError, &BAD_VLAN_LIST, |_| Some(
    "write VLANs and ranges with commas between them, such as `\"3,10-13\"`".to_owned()
));
text_problem!(UnknownModel, &UNKNOWN_MODEL, |text| {
    let known: Vec<_> = GamModel::ALL.iter().map(|model| model.as_str()).collect();
    suggest::hint(text, &known)
        .or_else(|| Some("`gamctl schema devices` lists the models".to_owned()))
});

/// Makes a type of a text, or reports why not; `subject` is what the text is called in the sentence.
pub(in crate::inventory) fn text<T, E: TextProblem>(
    text: &str,
    span: Span,
    subject: &str,
    make: impl Fn(&str) -> Result<T, E>,
    findings: &mut FileFindings,
) -> Option<T> {
    if looks_like_a_key(text) {
        secret(span, subject, findings);
        return None;
    }
    match make(text) {
        Ok(value) => Some(value),
        Err(error) => {
            findings
                .add(
                    error.rule(),
                    span,
                    format!("{subject} cannot be used: {}", error.why()),
                )
                .maybe_hint(error.hint(text));
            None
        }
    }
}

/// Reads a text and makes a type of it.
pub(in crate::inventory) fn read_text<T, E: TextProblem>(
    item: Item<'_, '_>,
    make: impl Fn(&str) -> Result<T, E>,
    findings: &mut FileFindings,
) -> Option<T> {
    let Some(value) = item.as_str() else {
        wrong_type(item, "text", findings);
        return None;
    };
    // Building the subject is worth it only for the few that are wrong.
    if !looks_like_a_key(value)
        && let Ok(value) = make(value)
    {
        return Some(value);
    }
    text(
        value,
        item.span(),
        &findings.named(item.key()),
        make,
        findings,
    )
}

macro_rules! text_field {
    ($type:ty, $make:expr, $what:expr, $pattern:expr, $max:expr, $example:literal) => {
        impl FieldType for $type {
            fn shape() -> Shape {
                Shape::Text {
                    what: $what,
                    pattern: $pattern,
                    max_length: $max,
                    example: $example,
                }
            }

            fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
                read_text(item, $make, findings)
            }
        }
    };
}

const ID: Option<&str> = Some("^[A-Za-z0-9][A-Za-z0-9._-]*$");
const LABEL: Option<&str> = Some("^[A-Za-z0-9][A-Za-z0-9._/-]*$");
/// Printable ASCII without `"`, `?` and `\`, and no space outside.
const DEVICE: Option<&str> = Some(r"^[!#->@-\[\]-~]([ !#->@-\[\]-~]*[!#->@-\[\]-~])?$");

text_field!(
    DeviceName,
    DeviceName::new,
    DeviceName::WHAT,
    ID,
    Some(DeviceName::MAX),
    "maple-court-a"
);
text_field!(
    SubscriberId,
    SubscriberId::new,
    SubscriberId::WHAT,
    ID,
    Some(SubscriberId::MAX),
    "acct-1042"
);
text_field!(
    ServicePlanId,
    ServicePlanId::new,
    ServicePlanId::WHAT,
    ID,
    Some(ServicePlanId::MAX),
    "home-100"
);
text_field!(
    CredentialsName,
    CredentialsName::new,
    CredentialsName::WHAT,
    ID,
    Some(CredentialsName::MAX),
    "default"
);
text_field!(
    SiteName,
    SiteName::new,
    SiteName::WHAT,
    ID,
    Some(SiteName::MAX),
    "maple-court"
);
text_field!(
    LabelKey,
    LabelKey::new,
    LabelKey::WHAT,
    LABEL,
    Some(LabelKey::MAX),
    "north"
);
text_field!(
    BillingName,
    BillingName::new,
    BillingName::WHAT,
    ID,
    Some(BillingName::MAX),
    "splynx"
);
text_field!(
    BillingRecordId,
    BillingRecordId::new,
    BillingRecordId::WHAT,
    ID,
    Some(BillingRecordId::MAX),
    "12"
);
text_field!(
    Hostname,
    Hostname::new,
    Hostname::WHAT,
    Some("^[A-Za-z0-9][A-Za-z0-9-]*$"),
    Some(Hostname::MAX),
    "maple-court-a"
);
text_field!(
    SubscriberName,
    SubscriberName::new,
    SubscriberName::WHAT,
    DEVICE,
    Some(SubscriberName::MAX),
    "apt-101"
);
text_field!(
    EndpointName,
    EndpointName::new,
    EndpointName::WHAT,
    DEVICE,
    Some(EndpointName::MAX),
    "apt-101"
);
text_field!(
    ProfileName,
    ProfileName::new,
    ProfileName::WHAT,
    DEVICE,
    Some(ProfileName::MAX),
    "home-100"
);
text_field!(
    PortName,
    PortName::new,
    PortName::WHAT,
    DEVICE,
    Some(PortName::MAX),
    "riser-a"
);
text_field!(
    Description,
    Description::new,
    "description on the device",
    DEVICE,
    Some(Description::MAX),
    "Home 100/100"
);
text_field!(
    SystemText,
    SystemText::new,
    "text on the device",
    DEVICE,
    Some(SystemText::MAX),
    "Basement, rack 2"
);
text_field!(
    PlainText,
    PlainText::new,
    "text",
    None,
    Some(PlainText::MAX),
    "1042"
);
text_field!(
    MacAddress,
    str::parse,
    "MAC address",
    Some("^[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}$|^[0-9A-Fa-f]{4}([.][0-9A-Fa-f]{4}){2}$"),
    None,
    "00:0e:d8:1c:95:08"
);
text_field!(
    Address,
    str::parse,
    "IP address, with `:SSH_PORT/SNMP_PORT` behind it on test beds",
    None,
    None,
    "10.20.0.11"
);
text_field!(
    Serial,
    Serial::new,
    "serial number",
    Some("^[A-Za-z0-9-]{1,32}$"),
    None,
    "01013599"
);
text_field!(
    HostKey,
    HostKey::new,
    "fingerprint of an SSH host key",
    Some("^SHA256:[A-Za-z0-9+/]{43}$"),
    None,
    "SHA256:uNiVztksCsDhcc0u9e8BrrJDbSRUl6Ja1gJIWzlDZ3E"
);
text_field!(
    VlanSet,
    str::parse,
    "VLANs and ranges",
    Some("^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$"),
    None,
    "3,10-13"
);

impl FieldType for Day {
    fn shape() -> Shape {
        Shape::Text {
            what: "day",
            pattern: Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
            max_length: None,
            example: "2027-03-01",
        }
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        if item.is_date() {
            let subject = findings.named(item.key());
            let message = format!("{subject} is a date of TOML, not text");
            findings
                .add(&BAD_DATE, item.span(), message)
                .hint("write the day in quotes, such as `\"2027-03-01\"`");
            return None;
        }
        read_text(item, str::parse, findings)
    }
}

impl FieldType for GamModel {
    fn shape() -> Shape {
        Shape::OneOf(Self::ALL.iter().map(|model| model.as_str()).collect())
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        read_text(item, str::parse, findings)
    }
}

/// A type with a few known words.
pub(in crate::inventory) trait WordType: Copy + 'static {
    fn all() -> &'static [Self];
    fn word(self) -> &'static str;
}

impl<W: WordType> FieldType for W {
    fn shape() -> Shape {
        Shape::OneOf(W::all().iter().map(|word| word.word()).collect())
    }

    fn read(item: Item<'_, '_>, findings: &mut FileFindings) -> Option<Self> {
        let Some(word) = item.as_str() else {
            wrong_type(item, "text", findings);
            return None;
        };
        if holds_a_key(item, findings) {
            return None;
        }
        let found = W::all().iter().copied().find(|known| known.word() == word);
        if found.is_none() {
            let known: Vec<_> = W::all().iter().map(|word| word.word()).collect();
            let subject = findings.named(item.key());
            let shown = if findings.is_confidential {
                String::new()
            } else {
                format!(" \"{}\"", word.escape_debug().take(40).collect::<String>())
            };
            findings
                .add(
                    &UNKNOWN_WORD,
                    item.span(),
                    format!("{subject} cannot be{shown}"),
                )
                .maybe_hint(suggest::hint(word, &known));
        }
        found
    }
}

/// Declares a type for each list of words, with the word of each variant.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),* $(,)? })*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
            pub enum $name { $($(#[$variant_meta])* $variant),* }

            impl $crate::inventory::record::WordType for $name {
                fn all() -> &'static [Self] {
                    &[$(Self::$variant),*]
                }

                fn word(self) -> &'static str {
                    match self { $(Self::$variant => $word),* }
                }
            }
        )*
    };
}
pub(in crate::inventory) use words;

macro_rules! word_types {
    ($($type:ty: $all:expr;)*) => {
        $(impl WordType for $type {
            fn all() -> &'static [Self] {
                $all
            }

            fn word(self) -> &'static str {
                self.as_str()
            }
        })*
    };
}

word_types! {
    DeviceState: Self::ALL;
    SubscriberState: Self::ALL;
    SubscriberModel: Self::ALL;
    SyncedKey: Self::ALL;
    VlanMode: Self::ALL;
    Poe: Self::ALL;
    PortMode: &Self::ALL;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_a_hint_calls_fine_is_one_of_its_kind() {
        assert!(Hostname::new(example(Hostname::WHAT)).is_ok());
        assert!(Hostname::new("north-12_a").is_err());
        assert!(DeviceName::new(example(DeviceName::WHAT)).is_ok());
        let error = Hostname::new("oak_1").unwrap_err();
        let hint = error.hint("oak_1").unwrap();
        assert_eq!(hint, "a host name such as `north-12-a` is fine");
    }
}
