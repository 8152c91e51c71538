//! Reads when a personal access token of Sonar ends, without verifying it, to warn before that.

use serde_json::Value;

use crate::secrets::Secret;

/// The time before the end of a token at which a person is warned, in seconds.
pub const TOKEN_WARNING: i64 = 14 * 24 * 60 * 60;

/// The longest token that is looked into.
const MAX_BYTES: usize = 16 << 10;

/// The end of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenEnd {
    /// The token has no end, or is not one that can be read.
    NotKnown,
    /// Seconds since 1970.
    At { at: i64 },
}

impl TokenEnd {
    /// Reads the `exp` claim. Nothing is believed because of it: Sonar alone decides whether a token is good.
    pub fn of(token: &Secret) -> Self {
        let end = claims(token.reveal()).and_then(|claims| claims.get("exp")?.as_i64());
        end.map_or(Self::NotKnown, |at| Self::At { at })
    }

    /// Returns whether a person must make a new token soon: less than `TOKEN_WARNING` is left.
    pub fn is_near(self, now: i64) -> bool {
        match self {
            Self::NotKnown => false,
            Self::At { at } => at.saturating_sub(now) < TOKEN_WARNING,
        }
    }

    pub fn is_over(self, now: i64) -> bool {
        matches!(self, Self::At { at } if at <= now)
    }
}

/// Returns the claims of a JWT: the JSON in the second of three parts.
fn claims(token: &[u8]) -> Option<Value> {
    let token = std::str::from_utf8(token).ok()?;
    let mut parts = token.trim().split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    if claims.len() > MAX_BYTES {
        return None;
    }
    serde_json::from_slice(&base64url(claims)?).ok()
}

/// Decodes base64 in the alphabet of URLs, with or without padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u32, 0_u32);
    for sign in text.trim_end_matches('=').bytes() {
        let value = match sign {
            b'A'..=b'Z' => sign - b'A',
            b'a'..=b'z' => sign - b'a' + 26,
            b'0'..=b'9' => sign - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push(u8::try_from(bits >> count & 255).ok()?);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"aud":"1","exp":1795187000,"sub":"7"}`
    const WITH_END: &str =
        "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiIxIiwiZXhwIjoxNzk1MTg3MDAwLCJzdWIiOiI3In0.c2ln";
    /// `{"sub":"7"}`
    const WITHOUT_END: &str = "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiI3In0.c2ln";

    fn end(token: &str) -> TokenEnd {
        TokenEnd::of(&Secret::new(token.as_bytes().to_vec()))
    }

    #[test]
    fn the_end_of_a_token_is_its_exp_claim() {
        let end = end(WITH_END);
        assert_eq!(end, TokenEnd::At { at: 1_795_187_000 });
        assert!(!end.is_near(1_795_187_000 - TOKEN_WARNING));
        assert!(end.is_near(1_795_187_001 - TOKEN_WARNING));
        assert!(!end.is_over(1_795_186_999));
        assert!(end.is_over(1_795_187_000));
    }

    #[test]
    fn a_token_without_an_end_never_warns() {
        for token in [
            WITHOUT_END,
            "",
            "opaque",
            "a.b",
            "a.b.c.d",
            "a.!!.c",
            "a.eyJ.c",
            "a.eyJleHAiOiJzb29uIn0.c", // `{"exp":"soon"}`
        ] {
            assert_eq!(end(token), TokenEnd::NotKnown, "{token}");
            assert!(!end(token).is_near(i64::MAX));
        }
    }
}
