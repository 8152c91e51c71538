//! Logs in over SSH by private key, by password, or by answering a single password question.

use std::sync::Arc;

use russh::MethodKind;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::{
    Error as KeyError, HashAlg, PrivateKey, PrivateKeyWithHashAlg, decode_secret_key,
};

use super::handshake::{HostKeyVerifier, explained};
use super::quote::visible;
use super::{Login, SshError, SshOperation, wire_log};

/// More rounds of questions than any device asks; some devices end with an empty round.
const MOST_ROUNDS: usize = 4;

/// Logs in; the host key is verified at this point.
pub(super) async fn authenticate(
    handle: &mut Handle<HostKeyVerifier>,
    login: &Login,
) -> Result<(), SshError> {
    let password = typable(login)?;
    let key = private_key(login)?;
    let with = match (&key, password.is_empty()) {
        (None, _) => "password",
        (Some(_), true) => "private key",
        (Some(_), false) => "private key, and the password",
    };
    let refused = || SshError::LoginRefused {
        address: login.address,
        user: visible(&login.user),
        with,
    };
    if let Some(key) = key {
        if by_key(handle, login, key).await? {
            wire_log::logged_in(login, "private key");
            return Ok(());
        }
        if password.is_empty() {
            return Err(refused());
        }
    }
    let failed = |error| explained(login, SshOperation::LoggingIn, error);
    let answer = handle.authenticate_password(&login.user, password).await;
    let remaining = match answer.map_err(failed)? {
        AuthResult::Success => {
            wire_log::logged_in(login, "password");
            return Ok(());
        }
        AuthResult::Failure {
            remaining_methods, ..
        } => remaining_methods,
    };
    if !remaining.contains(&MethodKind::KeyboardInteractive) {
        return Err(refused());
    }
    let start = handle.authenticate_keyboard_interactive_start(&login.user, None);
    let mut reply = start.await.map_err(failed)?;
    for _ in 0..MOST_ROUNDS {
        let prompts = match reply {
            KeyboardInteractiveAuthResponse::Success => {
                wire_log::logged_in(login, "password, as the answer to a question");
                return Ok(());
            }
            KeyboardInteractiveAuthResponse::Failure { .. } => return Err(refused()),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
        };
        let answers = match prompts.as_slice() {
            [] => Vec::new(),
            [prompt] if !prompt.echo => vec![password.to_owned()],
            // Never send the password to a question with echo, or to one for a new password.
            [prompt, ..] => {
                return Err(SshError::LoginQuestion {
                    address: login.address,
                    question: visible(&prompt.prompt).chars().take(80).collect(),
                });
            }
        };
        let respond = handle.authenticate_keyboard_interactive_respond(answers);
        reply = respond.await.map_err(failed)?;
    }
    Err(refused())
}

/// Logs in by private key; returns whether that was enough.
async fn by_key(
    handle: &mut Handle<HostKeyVerifier>,
    login: &Login,
    key: PrivateKey,
) -> Result<bool, SshError> {
    let failed = |error| explained(login, SshOperation::LoggingIn, error);
    let hash = if key.algorithm().is_rsa() {
        let known = handle.best_supported_rsa_hash().await.map_err(failed)?;
        let is_old = login.legacy_algorithms;
        // A device that does not list its algorithms gets SHA-2, which all current ones support.
        known.flatten().or((!is_old).then_some(HashAlg::Sha256))
    } else {
        None
    };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    let answer = handle.authenticate_publickey(&login.user, key).await;
    Ok(matches!(answer.map_err(failed)?, AuthResult::Success))
}

fn private_key(login: &Login) -> Result<Option<PrivateKey>, SshError> {
    let Some(pem) = &login.private_key else {
        return Ok(None);
    };
    let unusable = |why| SshError::PrivateKey {
        address: login.address,
        why,
    };
    let pem = std::str::from_utf8(pem.reveal()).map_err(|_| unusable("it is not text"))?;
    match decode_secret_key(pem, None) {
        Ok(key) => Ok(Some(key)),
        Err(KeyError::KeyIsEncrypted) => Err(unusable("it is protected by a passphrase")),
        Err(_) => Err(unusable("it is not a private key in OpenSSH's PEM format")),
    }
}

/// Returns the password as text: SSH cannot send other bytes as a password.
fn typable(login: &Login) -> Result<&str, SshError> {
    std::str::from_utf8(login.password.reveal()).map_err(|_| SshError::PasswordNotTypable {
        address: login.address,
    })
}
