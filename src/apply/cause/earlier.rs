//! Reads causes that earlier versions stored as text, and writes and reads refusals.
//!
//! Earlier versions stored one sentence in place of facts: `because`, `failure`, an item of `left` or of `remarks`. It
//! is read as the variant `Earlier`, which keeps that sentence.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A cause that an earlier version stored as a sentence.
pub(in crate::apply) trait Earlier {
    fn earlier(text: String) -> Self;
}

impl<T: Earlier> Earlier for Box<T> {
    fn earlier(text: String) -> Self {
        Self::new(T::earlier(text))
    }
}

/// Reads facts, or the sentence that an earlier version stored in their place.
pub(in crate::apply) fn facts_or_text<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Earlier,
{
    struct Either<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de> + Earlier> Visitor<'de> for Either<T> {
        type Value = T;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("the facts of a cause, or its text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            Ok(T::earlier(text.to_owned()))
        }

        fn visit_map<A: MapAccess<'de>>(self, facts: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(facts))
        }
    }

    from.deserialize_any(Either(PhantomData))
}

/// Reads as `facts_or_text`, with `None` for an absent value.
pub(in crate::apply) fn maybe_facts_or_text<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Earlier,
{
    let found: Option<Either<T>> = Option::deserialize(from)?;
    Ok(found.map(|Either(found)| found))
}

/// Reads as `facts_or_text`, for each item of a list.
pub(in crate::apply) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Earlier,
{
    let found: Vec<Either<T>> = Vec::deserialize(from)?;
    Ok(found.into_iter().map(|Either(found)| found).collect())
}

struct Either<T>(T);

impl<'de, T: Deserialize<'de> + Earlier> Deserialize<'de> for Either<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        facts_or_text(from).map(Self)
    }
}

/// Reads and writes a refusal: `refusal` now, `rule`, `because` and `hint` in earlier versions.
pub(in crate::apply) mod refusal {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::Refusal;

    #[derive(Serialize, Deserialize)]
    struct Stored<R> {
        #[serde(default = "none", skip_serializing_if = "Option::is_none")]
        refusal: Option<R>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    }

    fn none<R>() -> Option<R> {
        None
    }

    pub(in crate::apply) fn serialize<S: Serializer>(
        refusal: &Refusal,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let stored = Stored {
            refusal: Some(refusal),
            rule: None,
            because: None,
            hint: None,
        };
        stored.serialize(to)
    }

    pub(in crate::apply) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Refusal, D::Error> {
        let stored: Stored<Refusal> = Stored::deserialize(from)?;
        if let Some(refusal) = stored.refusal {
            return Ok(refusal);
        }
        Ok(Refusal::Earlier {
            rule: stored.rule.ok_or_else(|| D::Error::missing_field("rule"))?,
            because: stored.because.unwrap_or_default(),
            hint: stored.hint.unwrap_or_default(),
        })
    }
}
