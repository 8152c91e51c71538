//! Checks webhooks of a forge: a signature over the raw body, or a token; the body itself is never used.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secrets::Secret;

/// The longest body of a webhook; forges send some kilobytes.
pub(super) const MAX_BODY_BYTES: usize = 64 << 10;

/// The parts of a webhook that count.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hook<'a> {
    /// `X-Hub-Signature-256` of GitHub, Gitea and Forgejo: `sha256=` and the digits.
    pub(super) signature: Option<&'a [u8]>,
    /// `X-Gitea-Signature`, `X-Forgejo-Signature`: the digits alone.
    pub(super) bare_signature: Option<&'a [u8]>,
    /// `X-Gitlab-Token`.
    pub(super) token: Option<&'a [u8]>,
    pub(super) body: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HookVerdict {
    Genuine,
    /// It has a signature or a token, and it is wrong.
    Forged,
    Unsigned,
    TooLarge,
}

/// Judges a webhook before anything of its body is read.
pub(super) fn judge(hook: Hook<'_>, secret: &Secret) -> HookVerdict {
    if hook.body.len() > MAX_BODY_BYTES {
        return HookVerdict::TooLarge;
    }
    let signature = match (hook.signature, hook.bare_signature) {
        (Some(prefixed), _) => match prefixed.strip_prefix(b"sha256=") {
            Some(digits) => Some(digits),
            None => return HookVerdict::Forged,
        },
        (None, bare) => bare,
    };
    match (signature, hook.token) {
        (Some(digits), _) => signed(digits, hook.body, secret),
        (None, Some(token)) => same_token(token, secret),
        (None, None) => HookVerdict::Unsigned,
    }
}

fn signed(digits: &[u8], body: &[u8], secret: &Secret) -> HookVerdict {
    let (Some(octets), Ok(mut mac)) = (
        octets(digits),
        Hmac::<Sha256>::new_from_slice(secret.reveal()),
    ) else {
        return HookVerdict::Forged;
    };
    mac.update(body);
    // Compares in constant time.
    match mac.verify_slice(&octets) {
        Ok(()) => HookVerdict::Genuine,
        Err(_) => HookVerdict::Forged,
    }
}

/// Compares a token by the digests of both, so that the time says nothing about the secret.
pub(super) fn same_token(token: &[u8], secret: &Secret) -> HookVerdict {
    let tag = |message: &[u8]| {
        let mac = Hmac::<Sha256>::new_from_slice(secret.reveal()).ok()?;
        Some(mac.chain_update(message))
    };
    let (Some(given), Some(expected)) = (tag(token), tag(secret.reveal())) else {
        return HookVerdict::Forged;
    };
    let expected = expected.finalize().into_bytes();
    match given.verify_slice(&expected) {
        Ok(()) => HookVerdict::Genuine,
        Err(_) => HookVerdict::Forged,
    }
}

/// Reads 32 octets from hexadecimal digits.
fn octets(digits: &[u8]) -> Option<[u8; 32]> {
    let mut octets = [0; 32];
    if digits.len() != 2 * octets.len() {
        return None;
    }
    for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
        let text = std::str::from_utf8(pair).ok()?;
        if !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *octet = u8::from_str_radix(text, 16).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of GitHub's documentation of `X-Hub-Signature-256`.
    const SIGNATURE: &[u8] =
        b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_signature_over_the_raw_body_is_genuine() {
        let github = secret("It's a Secret to Everybody");
        let hook = Hook {
            signature: Some(SIGNATURE),
            body: b"Hello, World!",
            ..Hook::default()
        };
        assert_eq!(judge(hook, &github), HookVerdict::Genuine);
        assert_eq!(judge(hook, &secret("another")), HookVerdict::Forged);
        let changed = Hook {
            body: b"Hello, World?",
            ..hook
        };
        assert_eq!(judge(changed, &github), HookVerdict::Forged);
        let bare = Hook {
            signature: None,
            bare_signature: SIGNATURE.strip_prefix(b"sha256="),
            ..hook
        };
        assert_eq!(judge(bare, &github), HookVerdict::Genuine);
    }

    #[test]
    fn a_token_must_be_the_secret() {
        let hook = |token| Hook {
            token: Some(token),
            ..Hook::default()
        };
        assert_eq!(
            judge(hook(b"s3cret"), &secret("s3cret")),
            HookVerdict::Genuine
        );
        for wrong in [&b""[..], b"s3cre", b"s3cret ", b"S3CRET"] {
            assert_eq!(judge(hook(wrong), &secret("s3cret")), HookVerdict::Forged);
        }
    }

    #[test]
    fn a_hook_without_proof_or_too_large_is_refused() {
        assert_eq!(judge(Hook::default(), &secret("x")), HookVerdict::Unsigned);
        let large = vec![b' '; MAX_BODY_BYTES + 1];
        let hook = Hook {
            token: Some(b"x"),
            body: &large,
            ..Hook::default()
        };
        assert_eq!(judge(hook, &secret("x")), HookVerdict::TooLarge);
    }

    #[test]
    fn a_wrong_signature_is_not_saved_by_a_right_token() {
        let hook = Hook {
            signature: Some(b"sha256=00"),
            token: Some(b"x"),
            ..Hook::default()
        };
        assert_eq!(judge(hook, &secret("x")), HookVerdict::Forged);
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic_or_genuine(header in proptest::collection::vec(any::<u8>(), 0..100), is_bare: bool) {
            let mut hook = Hook { body: b"{}", ..Hook::default() };
            match is_bare {
                true => hook.bare_signature = Some(&header),
                false => hook.signature = Some(&header),
            }
            prop_assert_eq!(judge(hook, &secret("x")), HookVerdict::Forged);
        }
    }
}
