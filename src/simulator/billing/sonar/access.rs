//! Checks tokens, and limits the requests of each token in a minute.

use serde_json::{Map, Value, json};

use crate::simulator::base64;
use crate::simulator::gam::chance::draw;

/// Requests of one token in a minute.
pub(super) const REQUESTS_PER_MINUTE: u64 = 400;

/// When every token was made, in seconds since 1970: a twin that is started again has the same token.
const ISSUED: u64 = 1_767_225_600;

/// The tokens of one user.
pub(super) struct Access {
    tokens: Vec<Token>,
    limit: u64,
}

struct Token {
    text: String,
    minute: u64,
    requests: u64,
}

/// The reason why a request is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    UnknownToken,
    TooMany,
}

impl Access {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            tokens: Vec::new(),
            limit,
        }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Makes a token; it is shown once.
    pub(super) fn add_token(&mut self, seed: u64, expires: Option<u64>) -> String {
        let number = u64::try_from(self.tokens.len()).unwrap_or(u64::MAX);
        let text = token(seed, number, expires);
        self.tokens.push(Token {
            text: text.clone(),
            minute: 0,
            requests: 0,
        });
        text
    }

    /// Counts a request by the value of its `authorization` header.
    pub(super) fn count(&mut self, authorization: Option<&str>, now: u64) -> Result<(), Denied> {
        let given = authorization.and_then(|value| value.strip_prefix("Bearer "));
        let mut known = self.tokens.iter_mut();
        let token = known
            .find(|token| Some(token.text.as_str()) == given)
            .ok_or(Denied::UnknownToken)?;
        if token.minute != now / 60 {
            token.minute = now / 60;
            token.requests = 0;
        }
        token.requests += 1;
        match token.requests > self.limit {
            true => Err(Denied::TooMany),
            false => Ok(()),
        }
    }
}

/// Returns three parts as a JWT has them; the signature is invented.
fn token(seed: u64, number: u64, expires: Option<u64>) -> String {
    let part = |octets: &[u8]| {
        let text = base64::encode(octets);
        text.trim_end_matches('=')
            .replace('+', "-")
            .replace('/', "_")
    };
    let head = json!({"typ": "JWT", "alg": "RS256"});
    let mut claims: Map<String, Value> = [
        ("aud", json!("1")),
        (
            "jti",
            json!(format!("{:016x}", draw(seed, "token id", number))),
        ),
        ("iat", json!(ISSUED)),
        ("nbf", json!(ISSUED)),
        ("sub", json!("1")),
        ("scopes", json!([])),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if let Some(expires) = expires {
        claims.insert("exp".to_owned(), json!(expires));
    }
    let signature: Vec<u8> = (0..32)
        .flat_map(|word| draw(seed, "token signature", number * 32 + word).to_be_bytes())
        .collect();
    format!(
        "{}.{}.{}",
        part(head.to_string().as_bytes()),
        part(Value::Object(claims).to_string().as_bytes()),
        part(&signature)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_looks_like_a_jwt_and_may_end() {
        let mut access = Access::new(400);
        let token = access.add_token(1, Some(2000));
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        let padded = format!("{}{}", parts[1], "=".repeat((4 - parts[1].len() % 4) % 4));
        let claims = base64::decode(&padded.replace('-', "+").replace('_', "/")).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["exp"], json!(2000));
    }

    #[test]
    fn each_token_has_so_many_requests_in_a_minute() {
        let mut access = Access::new(2);
        let tokens = [access.add_token(1, None), access.add_token(1, None)];
        let [first, second] = tokens.map(|token| format!("Bearer {token}"));
        assert_eq!(access.count(Some(&first), 60), Ok(()));
        assert_eq!(access.count(Some(&first), 61), Ok(()));
        assert_eq!(access.count(Some(&first), 119), Err(Denied::TooMany));
        assert_eq!(access.count(Some(&second), 119), Ok(()));
        assert_eq!(access.count(Some(&first), 120), Ok(()));
        for wrong in [None, Some("Bearer x"), first.strip_prefix("Bearer ")] {
            assert_eq!(access.count(wrong, 120), Err(Denied::UnknownToken));
        }
    }
}
