//! Checks the three ways in: Basic, a signature per request, and tokens bound to an address and a User-Agent.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::brackets::{Node, parse};
use super::refusal::Refusal;
use crate::simulator::base64;
use crate::simulator::billing::HttpRequest;
use crate::simulator::gam::chance;

/// The life of an access token.
const ACCESS_SECONDS: u64 = 30 * 60;

/// The life of a refresh token, counted from the end of its access token.
const REFRESH_SECONDS: u64 = 365 * 86_400;

/// The oldest token is dropped for a further one.
const MOST_TOKENS: usize = 100;

/// An API key, as a person makes it under *Administration*.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ApiKey {
    pub(super) key: String,
    pub(super) secret: String,
    /// The switch *Unsecure access*, which allows Basic.
    pub(super) is_unsecure: bool,
    /// The switch *check nonce*.
    pub(super) checks_nonce: bool,
    pub(super) is_revoked: bool,
    /// The addresses that may use it; none is all.
    pub(super) allowed: Vec<IpAddr>,
}

/// A pair of tokens.
#[derive(Clone)]
struct Token {
    access: String,
    access_until: u64,
    refresh: String,
    refresh_until: u64,
    from: IpAddr,
    agent: String,
    /// The reason for which it is refused from now on.
    spoilt: Option<Refusal>,
}

/// The API key with its tokens and its last nonce.
pub(super) struct Access {
    pub(super) key: ApiKey,
    last_nonce: u64,
    tokens: Vec<Token>,
    seed: u64,
    issued: u64,
}

impl Access {
    pub(super) fn new(key: ApiKey, seed: u64) -> Self {
        Self {
            key,
            last_nonce: 0,
            tokens: Vec::new(),
            seed,
            issued: 0,
        }
    }

    /// Checks the header of a request, and returns the way in.
    pub(super) fn check(
        &mut self,
        request: &HttpRequest,
        now: u64,
    ) -> Result<&'static str, Refusal> {
        let Some(header) = request.header("authorization") else {
            return Err(Refusal::MISSED_HEADER);
        };
        self.check_address(request.from)?;
        if let Some(encoded) = header.strip_prefix("Basic ") {
            self.basic(encoded.trim())?;
            return Ok("basic");
        }
        let inside = header.strip_prefix("Splynx-EA").map(str::trim);
        let inside = inside
            .and_then(|text| text.strip_prefix('(')?.strip_suffix(')'))
            .ok_or(Refusal::INVALID_TYPE)?;
        let fields = parse(inside);
        let text = |name: &str| fields.get(name).and_then(Node::text);
        match text("access_token") {
            Some(token) => self.token(token, request, now).map(|()| "token"),
            None => {
                let (Some(key), Some(nonce), Some(signature)) =
                    (text("key"), text("nonce"), text("signature"))
                else {
                    return Err(Refusal::UNAUTHORIZED);
                };
                self.signature(key, nonce, signature).map(|()| "signature")
            }
        }
    }

    fn check_address(&self, from: IpAddr) -> Result<(), Refusal> {
        let is_allowed = self.key.allowed.is_empty() || self.key.allowed.contains(&from);
        is_allowed.then_some(()).ok_or(Refusal::FORBIDDEN)
    }

    fn basic(&self, encoded: &str) -> Result<(), Refusal> {
        let pair = base64::decode(encoded).ok_or(Refusal::UNAUTHORIZED)?;
        let expected = format!("{}:{}", self.key.key, self.key.secret);
        if pair != expected.as_bytes() || self.key.is_revoked {
            return Err(Refusal::UNAUTHORIZED);
        }
        let is_allowed = self.key.is_unsecure;
        is_allowed.then_some(()).ok_or(Refusal::INVALID_TYPE)
    }

    fn signature(&mut self, key: &str, nonce: &str, signature: &str) -> Result<(), Refusal> {
        let number: u64 = nonce.parse().map_err(|_| Refusal::INVALID_SIGNATURE)?;
        if key != self.key.key || self.key.is_revoked {
            return Err(Refusal::INVALID_USER);
        }
        // Of the number, not of the text: `007` is signed as `7`.
        let expected = sign(&self.key.secret, &format!("{number}{key}"));
        if signature != expected {
            return Err(Refusal::INVALID_SIGNATURE);
        }
        if self.key.checks_nonce && number <= self.last_nonce {
            return Err(Refusal::INVALID_SIGNATURE);
        }
        self.last_nonce = self.last_nonce.max(number);
        Ok(())
    }

    fn token(&self, token: &str, request: &HttpRequest, now: u64) -> Result<(), Refusal> {
        if token.is_empty() {
            return Err(Refusal::EMPTY_TOKEN);
        }
        let found = self.tokens.iter().find(|one| one.access == token);
        // One that was renewed is not there any more.
        let found = found.ok_or(Refusal::EXPIRED_TOKEN)?;
        found.check(request)?;
        if self.key.is_revoked {
            return Err(Refusal::BANNED);
        }
        let is_valid = now < found.access_until;
        is_valid.then_some(()).ok_or(Refusal::EXPIRED_TOKEN)
    }

    /// Makes a pair of tokens for `POST admin/auth/tokens`.
    pub(super) fn log_in(&mut self, request: &HttpRequest, now: u64) -> Result<Value, Refusal> {
        self.check_address(request.from)?;
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|_| Refusal::BAD_REQUEST)?;
        let text = |name: &str| match body.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        match text("auth_type").as_str() {
            "api_key" => self.signature(&text("key"), &text("nonce"), &text("signature"))?,
            // There is no administrator with a password here.
            "admin" | "customer" => return Err(Refusal::INVALID_USER),
            _ => return Err(Refusal::INVALID_TYPE),
        }
        let mut pair = self.issue(request, now);
        if let Value::Object(fields) = &mut pair {
            fields.insert("permissions".to_owned(), json!([]));
        }
        Ok(pair)
    }

    /// Replaces a pair of tokens for `GET admin/auth/tokens/{refresh}`.
    pub(super) fn renew(
        &mut self,
        refresh: &str,
        request: &HttpRequest,
        now: u64,
    ) -> Result<Value, Refusal> {
        let place = self.tokens.iter().position(|one| one.refresh == refresh);
        let place = place.ok_or(Refusal::EXPIRED_REFRESH)?;
        let token = self.tokens.get(place).ok_or(Refusal::EXPIRED_REFRESH)?;
        token.check(request)?;
        if self.key.is_revoked {
            return Err(Refusal::BANNED);
        }
        if now >= token.refresh_until {
            return Err(Refusal::EXPIRED_REFRESH);
        }
        self.tokens.remove(place);
        Ok(self.issue(request, now))
    }

    /// Drops a pair of tokens for `DELETE admin/auth/tokens/{refresh}`.
    pub(super) fn log_out(&mut self, refresh: &str) -> Result<(), Refusal> {
        let before = self.tokens.len();
        self.tokens.retain(|one| one.refresh != refresh);
        let is_gone = self.tokens.len() < before;
        is_gone.then_some(()).ok_or(Refusal::EXPIRED_REFRESH)
    }

    fn issue(&mut self, request: &HttpRequest, now: u64) -> Value {
        self.issued += 1;
        let (issued, seed) = (self.issued, self.seed);
        let text = |purpose: &str| {
            let half = |part: u64| chance::draw(seed, purpose, issued * 2 + part);
            format!("{:016x}{:016x}", half(0), half(1))
        };
        let access_until = now.saturating_add(ACCESS_SECONDS);
        let token = Token {
            access: text("access token"),
            access_until,
            refresh: text("refresh token"),
            refresh_until: access_until.saturating_add(REFRESH_SECONDS),
            from: request.from,
            agent: agent(request),
            spoilt: None,
        };
        let pair = json!({
            "access_token": token.access,
            "access_token_expiration": token.access_until,
            "refresh_token": token.refresh,
            "refresh_token_expiration": token.refresh_until,
        });
        if self.tokens.len() >= MOST_TOKENS {
            self.tokens.remove(0);
        }
        self.tokens.push(token);
        pair
    }

    /// Refuses all present tokens from now on.
    pub(super) fn spoil(&mut self, reason: Refusal) {
        for token in &mut self.tokens {
            token.spoilt = Some(reason);
        }
    }
}

impl Token {
    /// Checks what the token is bound to.
    fn check(&self, request: &HttpRequest) -> Result<(), Refusal> {
        if let Some(reason) = self.spoilt {
            return Err(reason);
        }
        if self.from != request.from {
            return Err(Refusal::IP_CHANGED);
        }
        let is_same = self.agent == agent(request);
        is_same.then_some(()).ok_or(Refusal::AGENT_CHANGED)
    }
}

fn agent(request: &HttpRequest) -> String {
    request.header("user-agent").unwrap_or_default().to_owned()
}

/// Returns HMAC-SHA256 in upper case.
fn sign(secret: &str, text: &str) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    let tag = mac.chain_update(text.as_bytes()).finalize().into_bytes();
    tag.iter().map(|octet| format!("{octet:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn access() -> Access {
        Access::new(
            ApiKey {
                key: "K".to_owned(),
                secret: "S".to_owned(),
                is_unsecure: false,
                checks_nonce: true,
                is_revoked: false,
                allowed: Vec::new(),
            },
            1,
        )
    }

    fn request(authorization: &str) -> HttpRequest {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![header("user-agent", "gamctl")];
        if !authorization.is_empty() {
            headers.push(header("authorization", authorization));
        }
        HttpRequest {
            method: "GET".to_owned(),
            path: String::new(),
            query: String::new(),
            headers,
            body: Vec::new(),
            from: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    fn signed(nonce: u64) -> String {
        let signature = sign("S", &format!("{nonce}K"));
        format!("Splynx-EA (signature={signature}&key=K&nonce={nonce})")
    }

    fn log_in(access: &mut Access, nonce: u64, now: u64) -> Value {
        let signature = sign("S", &format!("{nonce}K"));
        let body =
            json!({ "auth_type": "api_key", "key": "K", "nonce": nonce, "signature": signature });
        let request = HttpRequest {
            body: body.to_string().into_bytes(),
            ..request("")
        };
        access.log_in(&request, now).unwrap()
    }

    fn bearer(pair: &Value) -> HttpRequest {
        let token = pair["access_token"].as_str().unwrap();
        request(&format!("Splynx-EA (access_token={token})"))
    }

    #[test]
    fn the_signature_is_hmac_sha256_of_the_nonce_and_the_key_in_upper_case() {
        // Calculated with Python's `hmac`.
        assert_eq!(
            sign("secret", "1795183389key"),
            "7D74B599BB1B897AEA465D7BAB540E13571E005AB97CAD2DF9BFFF8478E43851"
        );
    }

    #[test]
    fn basic_needs_unsecure_access() {
        let mut access = access();
        let basic = request(&format!("Basic {}", base64::encode(b"K:S")));
        assert_eq!(access.check(&basic, 0), Err(Refusal::INVALID_TYPE));
        access.key.is_unsecure = true;
        assert_eq!(access.check(&basic, 0), Ok("basic"));
        let wrong = request(&format!("Basic {}", base64::encode(b"K:T")));
        assert_eq!(access.check(&wrong, 0), Err(Refusal::UNAUTHORIZED));
        assert_eq!(access.check(&request(""), 0), Err(Refusal::MISSED_HEADER));
        let bearer = request("Bearer abc");
        assert_eq!(access.check(&bearer, 0), Err(Refusal::INVALID_TYPE));
    }

    #[test]
    fn a_nonce_must_grow_where_it_is_checked() {
        let mut access = access();
        assert_eq!(access.check(&request(&signed(7)), 0), Ok("signature"));
        for nonce in [7, 6] {
            let again = access.check(&request(&signed(nonce)), 0);
            assert_eq!(again, Err(Refusal::INVALID_SIGNATURE));
        }
        assert_eq!(access.check(&request(&signed(8)), 0), Ok("signature"));
        access.key.checks_nonce = false;
        assert_eq!(access.check(&request(&signed(1)), 0), Ok("signature"));
        let lower = request(&signed(9).to_lowercase().replace("splynx-ea", "Splynx-EA"));
        assert!(access.check(&lower, 0).is_err());
    }

    #[test]
    fn a_token_lives_thirty_minutes_and_renewal_replaces_both() {
        let mut access = access();
        let pair = log_in(&mut access, 1, 100);
        assert_eq!(pair["access_token_expiration"], 1900);
        assert_eq!(pair["permissions"], json!([]));
        assert_eq!(access.check(&bearer(&pair), 1899), Ok("token"));
        let late = access.check(&bearer(&pair), 1900);
        assert_eq!(late, Err(Refusal::EXPIRED_TOKEN));
        let refresh = pair["refresh_token"].as_str().unwrap();
        let renewed = access.renew(refresh, &request(""), 2000).unwrap();
        assert!(renewed.get("permissions").is_none());
        assert_ne!(renewed["access_token"], pair["access_token"]);
        assert_ne!(renewed["refresh_token"], pair["refresh_token"]);
        assert_eq!(access.check(&bearer(&renewed), 2000), Ok("token"));
        let again = access.renew(refresh, &request(""), 2000);
        assert_eq!(again, Err(Refusal::EXPIRED_REFRESH));
        let refresh = renewed["refresh_token"].as_str().unwrap();
        assert_eq!(access.log_out(refresh), Ok(()));
        let gone = access.check(&bearer(&renewed), 2000);
        assert_eq!(gone, Err(Refusal::EXPIRED_TOKEN));
    }

    #[test]
    fn a_token_is_bound_to_its_address_and_its_user_agent() {
        let mut access = access();
        let pair = log_in(&mut access, 1, 0);
        let elsewhere = HttpRequest {
            from: "127.0.0.2".parse().unwrap(),
            ..bearer(&pair)
        };
        assert_eq!(access.check(&elsewhere, 0), Err(Refusal::IP_CHANGED));
        let mut other = bearer(&pair);
        other.headers[0].1 = "curl".to_owned();
        assert_eq!(access.check(&other, 0), Err(Refusal::AGENT_CHANGED));
        access.spoil(Refusal::BANNED);
        assert_eq!(access.check(&bearer(&pair), 0), Err(Refusal::BANNED));
        let pair = log_in(&mut access, 2, 0);
        assert_eq!(access.check(&bearer(&pair), 0), Ok("token"));
        access.key.is_revoked = true;
        assert_eq!(access.check(&bearer(&pair), 0), Err(Refusal::BANNED));
        assert_eq!(
            access.check(&request(&signed(9)), 0),
            Err(Refusal::INVALID_USER)
        );
        access.key.allowed = vec!["127.0.0.9".parse().unwrap()];
        assert_eq!(access.check(&bearer(&pair), 0), Err(Refusal::FORBIDDEN));
    }
}
