//! Tests reading under SSH faults: the complete text or a named error, never a partial configuration.

use gamctl::simulator::fault::{At, Fault, FaultOrder, Stage};
use gamctl::simulator::server::{State, Twin};
use gamctl::transport::ssh::{Command, Session, SshError, SshOperation};

use super::{LONG, is_left_alone, login, printed, running_config, short_timeouts, timeouts, twin};

async fn with(order: impl Into<FaultOrder>) -> Twin {
    let twin = twin().await;
    twin.set_fault(order);
    twin
}

/// Reads from a twin with this fault and returns the error.
async fn error_with(order: impl Into<FaultOrder>) -> SshError {
    let twin = with(order).await;
    let read = running_config(&login(&twin), short_timeouts()).await;
    let error = read.unwrap_err();
    twin.clear_faults();
    // And nothing is left behind that keeps the next one out.
    is_left_alone(&twin).await;
    let is_up = |state: &State| state.is_up;
    twin.wait_until(is_up, LONG).await.unwrap();
    let lines = running_config(&login(&twin), timeouts()).await.unwrap();
    assert_eq!(lines, printed(&twin));
    error
}

/// Reads successfully from a twin with this fault.
async fn survives(order: impl Into<FaultOrder>) {
    let twin = with(order).await;
    let lines = running_config(&login(&twin), timeouts()).await.unwrap();
    assert_eq!(lines, printed(&twin));
}

fn on_show(fault: Fault) -> FaultOrder {
    FaultOrder::new(fault).matching("show running-config")
}

macro_rules! fails {
    ($name:ident: $fault:expr => $($expected:tt)+) => {
        #[tokio::test]
        async fn $name() {
            let error = error_with($fault).await;
            assert!(matches!(error, $($expected)+), "{error} ({error:?})");
        }
    };
}

fails!(a_refused_connection: Fault::SshRefuse {} => SshError::Connect { .. });
fails!(a_reset_connection: Fault::SshReset {} => SshError::Closed { operation: SshOperation::Agreeing, .. });
fails!(silence_after_the_connection: Fault::SshStall { stage: Stage::Tcp } => SshError::TimedOut { operation: SshOperation::Agreeing, .. });
fails!(silence_after_the_version: Fault::SshStall { stage: Stage::Identification } => SshError::TimedOut { operation: SshOperation::Agreeing, .. });
fails!(silence_among_the_keys: Fault::SshStall { stage: Stage::Kex } => SshError::TimedOut { operation: SshOperation::Agreeing, .. });
fails!(silence_at_the_login: Fault::SshStall { stage: Stage::Auth } => SshError::TimedOut { operation: SshOperation::LoggingIn, .. });
fails!(silence_instead_of_a_shell: Fault::SshStall { stage: Stage::Shell } => SshError::TimedOut { .. });
fails!(silence_instead_of_a_prompt: Fault::SshStall { stage: Stage::Prompt } => SshError::TimedOut { operation: SshOperation::WaitingForPrompt, .. });
fails!(a_right_password_that_is_refused: Fault::SshAuthFail {} => SshError::LoginRefused { .. });
fails!(a_connection_that_is_gone_before_the_line: on_show(Fault::SshDrop { at: At::Before }) => SshError::Closed { operation: SshOperation::Reading(Command::ShowRunningConfig), .. });
fails!(a_connection_that_is_gone_in_the_middle: on_show(Fault::SshDrop { at: At::MidReply }) => SshError::Closed { operation: SshOperation::Reading(Command::ShowRunningConfig), .. });
fails!(a_question_that_nobody_expects: on_show(Fault::SshQuestion { text: "Are you sure (y/n)? ".to_owned() }) => SshError::Question { .. });
fails!(an_error_that_nobody_knows: on_show(Fault::SshError { text: "% Internal error 0x00000007".to_owned() }) => SshError::Refused { .. });
fails!(a_line_without_effect: on_show(Fault::SshIgnore {}) => SshError::Incomplete { .. });
fails!(a_reboot_in_the_middle: on_show(Fault::Reboot { at: At::MidReply }) => SshError::Closed { .. });

#[tokio::test]
async fn a_device_without_a_free_session_reports_it() {
    let error = error_with(Fault::SshBusy {}).await;
    let SshError::Closed { said, .. } = &error else {
        panic!("{error}");
    };
    assert!(said.contains("busy"), "{error}");
}

#[tokio::test]
async fn a_refusal_is_quoted_with_what_was_asked() {
    let text = "% Permission denied for \u{1b}[31madmin".to_owned();
    let error = error_with(on_show(Fault::SshError { text }))
        .await
        .to_string();
    assert!(error.contains("`show running-config`"), "{error}");
    assert!(error.contains("% Permission denied for admin"), "{error}");
}

#[tokio::test]
async fn a_connection_that_is_gone_behind_the_reply_may_have_brought_it() {
    let twin = with(on_show(Fault::SshDrop { at: At::After })).await;
    match running_config(&login(&twin), short_timeouts()).await {
        Ok(lines) => assert_eq!(lines, printed(&twin)),
        Err(error) => assert!(matches!(error, SshError::Closed { .. }), "{error}"),
    }
}

#[tokio::test]
async fn output_in_any_pieces_is_the_same() {
    survives(Fault::SshTrickle {}).await;
    survives(Fault::SshOnePiece {}).await;
}

#[tokio::test]
async fn a_slow_line_is_waited_for() {
    survives(on_show(Fault::SshSlowLine { millis: 700 })).await;
}

#[tokio::test]
async fn a_message_that_breaks_in_once_is_read_around() {
    let text = "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up".to_owned();
    let twin = with(on_show(Fault::SshLogLine { text }).nth(1)).await;
    let lines = running_config(&login(&twin), timeouts()).await.unwrap();
    assert_eq!(lines, printed(&twin));
    let asked = twin.lines();
    let asked = asked
        .iter()
        .filter(|line| line.line == "show running-config");
    assert_eq!(asked.count(), 2, "it is asked for again");
}

#[tokio::test]
async fn messages_that_break_in_each_time_are_left_out_when_nothing_else_differs() {
    let text = "*** Message from line 0: back at five".to_owned();
    survives(on_show(Fault::SshLogLine { text })).await;
}

#[tokio::test]
async fn unknown_text_in_a_reply_is_not_dropped() {
    let twin = with(on_show(Fault::SshLogLine {
        text: "stray words".to_owned(),
    }))
    .await;
    let lines = running_config(&login(&twin), timeouts()).await.unwrap();
    assert!(
        lines.contains(&"stray words".to_owned()),
        "for the parser to judge"
    );
}

#[tokio::test]
async fn another_prompt_is_learnt_or_named() {
    for prompt in ["ROUTER# ", "GAM-4-CX(debug)# "] {
        let fault = Fault::SshPrompt {
            prompt: prompt.to_owned(),
        };
        let twin = with(on_show(fault)).await;
        match running_config(&login(&twin), short_timeouts()).await {
            Ok(lines) => assert_eq!(lines, printed(&twin)),
            Err(error) => assert!(matches!(error, SshError::TimedOut { .. }), "{error}"),
        }
    }
    let fault = Fault::SshPrompt {
        prompt: "ready: ".to_owned(),
    };
    let error = error_with(fault).await;
    let SshError::TimedOut { said, .. } = &error else {
        panic!("{error}");
    };
    assert!(said.ends_with("ready:"), "{error}");
}

#[tokio::test]
async fn the_pager_is_answered_where_it_cannot_be_switched_off() {
    let twin = twin().await;
    for id in 10..60 {
        let line = format!(
            "ghn endpoint {id} name \"endpoint number {id}\" mac-address 00:0e:d8:1c:96:{id:02x} port unassigned"
        );
        assert!(!twin.edit_line(&line).contains("% "));
    }
    for text in [
        "% Invalid word detected at '^' marker.",
        "% No such command",
    ] {
        let text = text.to_owned();
        twin.clear_faults();
        twin.set_fault(FaultOrder::new(Fault::SshError { text }).matching("terminal length"));
        let lines = running_config(&login(&twin), timeouts()).await.unwrap();
        assert_eq!(lines, printed(&twin));
    }
}

#[tokio::test]
async fn errors_that_are_hidden_hide_nothing_that_is_read() {
    survives(Fault::SshHideError {}).await;
}

#[tokio::test]
async fn edits_of_another_user_appear_in_the_reading() {
    for line in ["hostname somebody-else-was-here", "no ghn subscriber 1"] {
        let line = line.to_owned();
        survives(on_show(Fault::OtherEdit { line })).await;
    }
}

#[tokio::test]
async fn a_restarting_device_closes_the_session_and_is_never_half_read() {
    for at in [At::Before, At::MidReply, At::After] {
        for fault in [Fault::Reboot { at }, Fault::FactoryReset { at }] {
            let twin = with(on_show(fault)).await;
            let before = printed(&twin);
            match running_config(&login(&twin), short_timeouts()).await {
                Ok(lines) => assert_eq!((lines, at), (before, At::After)),
                Err(error) => assert!(matches!(error, SshError::Closed { .. }), "{error}"),
            }
        }
    }
}

#[tokio::test]
async fn a_replaced_device_gets_no_password() {
    let twin = with(on_show(Fault::ReplaceHardware { seed: 99 })).await;
    let login = login(&twin);
    let error = running_config(&login, short_timeouts()).await.unwrap_err();
    assert!(matches!(error, SshError::Closed { .. }), "{error}");
    let is_up = |state: &State| state.is_up && state.is_idle();
    twin.wait_until(is_up, LONG).await.unwrap();
    let attempts = |state: &State| state.counts.logins + state.counts.refused_logins;
    let before = twin.state(attempts);
    let error = Session::open(&login, timeouts()).await.unwrap_err();
    assert!(matches!(error, SshError::HostKeyChanged { .. }), "{error}");
    is_left_alone(&twin).await;
    assert_eq!(twin.state(attempts), before);
}

#[tokio::test]
async fn a_session_that_is_dropped_is_cut_off() {
    let twin = twin().await;
    let session = Session::open(&login(&twin), timeouts()).await.unwrap();
    assert_eq!(twin.sessions(), 1);
    drop(session);
    is_left_alone(&twin).await;
}
