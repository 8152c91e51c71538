//! The login: by password, else by the one question that asks for it.

use russh::MethodKind;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};

use super::knock::{Judge, explained};
use super::quote::visible;
use super::{Doing, Login, SshError};

/// Far more rounds of questions than a device has; some end with a round without any.
const MOST_ROUNDS: usize = 4;

/// Logs in. The host key was judged before.
pub(super) async fn authenticate(
    handle: &mut Handle<Judge>,
    login: &Login,
) -> Result<(), SshError> {
    let password = typable(login)?;
    let failed = |error| explained(login, Doing::LoggingIn, error);
    let answer = handle.authenticate_password(&login.user, password).await;
    let remaining = match answer.map_err(failed)? {
        AuthResult::Success => return Ok(()),
        AuthResult::Failure {
            remaining_methods, ..
        } => remaining_methods,
    };
    let refused = || SshError::LoginRefused {
        address: login.address,
        user: visible(&login.user),
    };
    if !remaining.contains(&MethodKind::KeyboardInteractive) {
        return Err(refused());
    }
    let start = handle.authenticate_keyboard_interactive_start(&login.user, None);
    let mut reply = start.await.map_err(failed)?;
    for _ in 0..MOST_ROUNDS {
        let prompts = match reply {
            KeyboardInteractiveAuthResponse::Success => return Ok(()),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Err(refused()),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
        };
        let answers = match prompts.as_slice() {
            [] => Vec::new(),
            [prompt] if !prompt.echo => vec![password.to_owned()],
            // A password is not an answer to what would be shown, or to a choice of a new one.
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

/// Returns the password as text: bytes that are none cannot be sent as a password at all.
fn typable(login: &Login) -> Result<&str, SshError> {
    std::str::from_utf8(login.password.reveal()).map_err(|_| SshError::PasswordNotTypable {
        address: login.address,
    })
}
