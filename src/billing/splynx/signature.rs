//! Signs requests to Splynx and reads the tokens that it issues.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::HeaderValue;
use sha2::Sha256;

use super::super::json::{self, Record, ShapeError};
use super::query::encoded;
use super::settings::SplynxLogin;
use crate::secrets::Secret;

/// A token is renewed this long before it ends.
const RENEWED_BEFORE: u64 = 5;

/// The bounds of a token's life by our clock, whatever the server's clock makes of it.
const LIFE: (u64, u64) = (60, 30 * 60);

/// Key, nonce and signature of one request.
pub(super) struct Signed {
    pub(super) key: String,
    pub(super) nonce: u64,
    pub(super) signature: String,
}

/// Signs a nonce; `None` if the key is not text.
pub(super) fn sign(login: &SplynxLogin, nonce: u64) -> Option<Signed> {
    let key = std::str::from_utf8(login.key.reveal()).ok()?.to_owned();
    let mac = Hmac::<Sha256>::new_from_slice(login.secret.reveal()).ok()?;
    let mac = mac.chain_update(nonce.to_string()).chain_update(&key);
    let tag = mac.finalize().into_bytes();
    let signature = tag.iter().map(|byte| format!("{byte:02X}")).collect();
    Some(Signed {
        key,
        nonce,
        signature,
    })
}

impl Signed {
    /// Returns the header of a request with its own signature.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let Self {
            key,
            nonce,
            signature,
        } = self;
        let key = encoded(key);
        splynx_header(&format!("key={key}&nonce={nonce}&signature={signature}"))
    }

    /// Returns the body of a request for a token.
    pub(super) fn body(&self) -> Vec<u8> {
        let body = serde_json::json!({
            "auth_type": "api_key",
            "key": self.key,
            "nonce": self.nonce,
            "signature": self.signature,
        });
        body.to_string().into_bytes()
    }
}

fn splynx_header(inside: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Splynx-EA ({inside})")).ok()
}

/// Returns the header with key and secret in clear text.
pub(super) fn basic_header(login: &SplynxLogin) -> Option<HeaderValue> {
    let both = [login.key.reveal(), b":", login.secret.reveal()].concat();
    HeaderValue::from_str(&format!("Basic {}", base64(&both))).ok()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| {
            bits << 8 | u32::from(chunk.get(at).copied().unwrap_or_default())
        });
        for at in 0..4u32 {
            let digit = usize::try_from(bits >> (18 - 6 * at) & 63).ok();
            let digit = digit.and_then(|digit| DIGITS.get(digit)).copied();
            let is_padding = usize::try_from(at).is_ok_and(|at| at > chunk.len());
            text.push(match digit.filter(|_| !is_padding) {
                Some(digit) => char::from(digit),
                None => '=',
            });
        }
    }
    text
}

/// The tokens of one login.
pub(super) struct Tokens {
    access: Secret,
    refresh: Secret,
    /// From now.
    pub(super) life: Duration,
}

impl Tokens {
    /// Reads the answer to a login or a renewal; `now` is in seconds since 1970.
    pub(super) fn read(body: &[u8], now: u64) -> Result<Self, Option<ShapeError>> {
        let value = json::parse(body, |key| key == "permissions").map_err(|_| None)?;
        let record = Record::of(&value, "").map_err(Some)?;
        let access = record.word("access_token").map_err(Some)?;
        let refresh = record.word("refresh_token").map_err(Some)?;
        let ends = record.count("access_token_expiration").map_err(Some)?;
        let (least, most) = LIFE;
        let life = ends.saturating_sub(now).clamp(least, most) - RENEWED_BEFORE;
        Ok(Self {
            access: Secret::new(access.as_bytes().to_vec()),
            refresh: Secret::new(refresh.as_bytes().to_vec()),
            life: Duration::from_secs(life),
        })
    }

    /// Returns the renewal token, encoded for the path of a URL.
    pub(super) fn refresh_path(&self) -> String {
        encoded(&String::from_utf8_lossy(self.refresh.reveal()))
    }

    pub(super) fn header(&self) -> Option<HeaderValue> {
        let token = std::str::from_utf8(self.access.reveal()).ok()?;
        splynx_header(&format!("access_token={}", encoded(token)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::LoginWay;
    use super::*;

    fn login(key: &str) -> SplynxLogin {
        SplynxLogin {
            how: LoginWay::Token,
            key: Secret::new(key.as_bytes().to_vec()),
            secret: Secret::new(b"s3cret".to_vec()),
        }
    }

    #[test]
    fn a_signature_covers_the_nonce_and_the_key_in_this_order() {
        let signed = sign(&login("k1"), 176_463_360_000).unwrap();
        // HMAC-SHA256 of "176463360000k1" under "s3cret", computed with another program.
        assert_eq!(
            signed.signature,
            "2D874DD3C6E0E4AB14B5E3BA284AAC781DF15DDD12DD1C7546D90502916BA18D"
        );
        let header = signed.header().unwrap();
        let header = header.to_str().unwrap();
        assert!(
            header.starts_with("Splynx-EA (key=k1&nonce=176463360000&signature="),
            "{header}"
        );
        assert!(header.ends_with(')'));
        let body: serde_json::Value = serde_json::from_slice(&signed.body()).unwrap();
        assert_eq!(body["auth_type"], "api_key");
        assert_eq!(body["nonce"], 176_463_360_000_u64);
    }

    #[test]
    fn the_inside_of_the_header_is_encoded() {
        let signed = sign(&login("a&b=)"), 1).unwrap();
        let header = signed.header().unwrap();
        assert!(
            header
                .to_str()
                .unwrap()
                .starts_with("Splynx-EA (key=a%26b%3D%29&nonce=1&")
        );
    }

    #[test]
    fn basic_login_is_key_and_secret_in_base64() {
        for (key, text) in [
            ("k", "Basic azpzM2NyZXQ="),
            ("ke", "Basic a2U6czNjcmV0"),
            ("key", "Basic a2V5OnMzY3JldA=="),
        ] {
            assert_eq!(basic_header(&login(key)).unwrap(), text);
        }
    }

    #[test]
    fn a_token_lives_at_most_as_long_as_tokens_do() {
        let tokens = |ends: u64| {
            let body = format!(
                "{{\"access_token\":\"5f0c\",\"access_token_expiration\":{ends},\"refresh_token\":\"9ad2\",\"permissions\":[]}}"
            );
            Tokens::read(body.as_bytes(), 1_000_000).unwrap()
        };
        assert_eq!(tokens(1_001_800).life.as_secs(), 1795);
        // The server's clock is an hour ahead, or an hour behind.
        assert_eq!(tokens(1_005_400).life.as_secs(), 1795);
        assert_eq!(tokens(998_200).life.as_secs(), 55);
        let header = tokens(1_001_800).header().unwrap();
        assert_eq!(header, "Splynx-EA (access_token=5f0c)");
    }

    #[test]
    fn permissions_in_any_form_are_ignored() {
        for permissions in ["[]", "[1]", "{\"a\":{\"b\":1}}"] {
            let body = format!(
                "{{\"access_token\":\"a\",\"access_token_expiration\":\"9\",\"refresh_token\":\"b\",\"permissions\":{permissions}}}"
            );
            assert!(Tokens::read(body.as_bytes(), 0).is_ok());
        }
        assert!(Tokens::read(b"<html>", 0).is_err_and(|error| error.is_none()));
        assert!(Tokens::read(b"{\"access_token\":\"\"}", 0).is_err_and(|error| error.is_some()));
    }
}
