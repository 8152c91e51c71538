//! Tests failures during configuration: named, whether the line may have run, and no further line sent.

use std::time::Duration;

use gamctl::simulator::fault::{At, Fault, FaultOrder};
use gamctl::simulator::gam::{FirmwareProfile, Gam};
use gamctl::simulator::server::{State, Twin};
use gamctl::transport::ssh::{Session, SshError, SshOperation, SshTimeouts};

use super::writing::{configure, has, line, open_fence, typed_since, writer};
use super::{LONG, is_left_alone, login, printed, short_timeouts, timeouts, twin};

const STRUCK: &str = "ghn subscriber 1 vid 105";
const NEXT: &str = "ghn subscriber 1 vid 106";

/// The result of two lines, the first of which met the fault.
struct Struck {
    twin: Twin,
    /// The error of the first line, or of the one after it.
    error: Option<SshError>,
    typed: Vec<String>,
}

/// Sends two lines to a twin with this fault at the first of them.
async fn struck(fault: Fault, timeouts: SshTimeouts) -> Struck {
    let twin = twin().await;
    let mut session = writer(&twin, timeouts).await;
    twin.set_fault(FaultOrder::new(fault).matching(STRUCK));
    let before = twin.lines().len();
    let error = configure(&mut session, &[STRUCK, NEXT]).await.err();
    if error.is_some() {
        // Nobody is there any more, although the session still is.
        is_left_alone(&twin).await;
        assert!(session.save().await.is_err());
    }
    let typed = typed_since(&twin, before);
    Struck { twin, error, typed }
}

/// Returns the error of a failed line, which was received once and nothing after it.
async fn error_of(fault: Fault) -> (SshError, Twin) {
    let Struck { twin, error, typed } = struck(fault, short_timeouts()).await;
    let error = error.unwrap();
    assert_eq!(typed, ["configure terminal", STRUCK], "{error}");
    assert!(error.may_have_run(), "{error}");
    assert_eq!(error.exchange().unwrap().line, STRUCK);
    assert!(error.to_string().contains(STRUCK), "{error}");
    (error, twin)
}

async fn survives(fault: Fault) {
    let Struck { twin, error, typed } = struck(fault, timeouts()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(typed, ["configure terminal", STRUCK, NEXT, "end"]);
    assert!(printed(&twin).iter().any(|line| line.contains("vid 106")));
}

macro_rules! fails {
    ($name:ident: $fault:expr => $($expected:tt)+) => {
        #[tokio::test]
        async fn $name() {
            let (error, _twin) = error_of($fault).await;
            assert!(matches!(error.because(), $($expected)+), "{error} ({error:?})");
        }
    };
}

fn prompt(text: &str) -> Fault {
    Fault::SshPrompt {
        prompt: text.to_owned(),
    }
}

fn log_line(text: &str) -> Fault {
    Fault::SshLogLine {
        text: text.to_owned(),
    }
}

fn question(text: &str) -> Fault {
    Fault::SshQuestion {
        text: text.to_owned(),
    }
}

fails!(an_error_that_nobody_knows: Fault::SshError { text: "% Internal error 0x00000007".to_owned() } => SshError::Declined { .. });
fails!(an_answer_that_nobody_knows: Fault::SshError { text: "done".to_owned() } => SshError::Unexpected { .. });
fails!(a_message_that_is_none: log_line("stray words") => SshError::Unexpected { .. });
fails!(a_prompt_of_another: prompt("ROUTER(config)# ") => SshError::Unexpected { .. });
fails!(a_prompt_of_another_mode: prompt("GAM-4-CX# ") => SshError::Unexpected { .. });
fails!(a_prompt_of_an_unknown_mode: prompt("GAM-4-CX(config-x)# ") => SshError::Unexpected { .. });
fails!(a_prompt_that_is_none: prompt("ready: ") => SshError::TimedOut { operation: SshOperation::Configuring, .. });
fails!(a_question_that_nobody_expects: question("Are you sure (y/n)? ") => SshError::Question { .. });
fails!(a_question_of_another_kind: question("Proceed? [confirm]") => SshError::Question { .. });
fails!(a_question_that_does_not_look_like_one: question("Password: ") => SshError::TimedOut { .. });
fails!(a_line_that_takes_too_long: Fault::SshSlowLine { millis: 5000 } => SshError::TimedOut { operation: SshOperation::Configuring, .. });
fails!(a_connection_that_is_gone_before_the_line: Fault::SshDrop { at: At::Before } => SshError::Closed { operation: SshOperation::Configuring, .. });
fails!(a_connection_that_is_gone_in_the_middle: Fault::SshDrop { at: At::MidReply } => SshError::Closed { .. });
fails!(a_reboot_instead_of_the_line: Fault::Reboot { at: At::Before } => SshError::Closed { .. });
fails!(a_reboot_in_the_middle: Fault::Reboot { at: At::MidReply } => SshError::Closed { .. });
fails!(a_factory_reset_in_the_middle: Fault::FactoryReset { at: At::MidReply } => SshError::Closed { .. });
fails!(a_box_in_the_place_of_another: Fault::ReplaceHardware { seed: 99 } => SshError::Closed { .. });
fails!(another_firmware: Fault::ChangeFirmware { firmware: FirmwareProfile::default() } => SshError::Closed { .. });
fails!(somebody_who_renames_the_device_meanwhile: Fault::OtherEdit { line: "hostname other".to_owned() } => SshError::Unexpected { .. });

#[tokio::test]
async fn a_question_is_never_answered() {
    let (_, twin) = error_of(question("Reset everything (y/n)? ")).await;
    assert!(has(
        &twin,
        "ghn subscriber 1 name \"apt-101\" vid 101 endpoint 1 bw-profile 2 poe disable"
    ));
    assert!(twin.lines().iter().all(|line| line.line != "y"));
}

#[tokio::test]
async fn an_error_is_quoted_without_what_it_does_to_a_terminal() {
    let text = "% Denied for \u{1b}[31madmin, password hunter2".to_owned();
    let (error, _twin) = error_of(Fault::SshError { text }).await;
    let said = error.to_string();
    assert!(said.contains("% Denied for admin, password ***"), "{said}");
    let exchange = format!("{:?}", error.exchange());
    assert!(
        !exchange.contains("hunter2") && !exchange.contains("u{1b}"),
        "{exchange}"
    );
}

#[tokio::test]
async fn failures_after_the_reply_appear_at_the_next_line() {
    for fault in [
        Fault::SshDrop { at: At::After },
        Fault::Reboot { at: At::After },
        Fault::FactoryReset { at: At::After },
    ] {
        let Struck { error, typed, .. } = struck(fault, short_timeouts()).await;
        let error = error.unwrap();
        assert!(
            matches!(error.because(), SshError::Closed { .. }),
            "{error}"
        );
        assert_eq!(typed, ["configure terminal", STRUCK], "{error}");
        let failed = &error.exchange().unwrap().line;
        assert!(failed == STRUCK || failed == NEXT, "{error}");
    }
}

#[tokio::test]
async fn output_in_any_pieces_is_the_same() {
    survives(Fault::SshTrickle {}).await;
    survives(Fault::SshOnePiece {}).await;
    survives(Fault::SshSlowLine { millis: 700 }).await;
}

#[tokio::test]
async fn messages_break_in_and_are_noted() {
    for text in [
        "%LINK-3-UPDOWN: Interface 10GigabitEthernet 1/1, changed state to up",
        "*** Message from line 0: back at five (y/n)",
    ] {
        let twin = twin().await;
        let mut session = writer(&twin, timeouts()).await;
        twin.set_fault(log_line(text));
        let lines = ["interface 10GigabitEthernet 1/1", "exit", "hostname oak"];
        let exchanges = configure(&mut session, &lines).await.unwrap();
        assert_eq!(exchanges.len(), 5);
        assert!(
            exchanges.iter().all(|one| one.reply == [text]),
            "{exchanges:?}"
        );
        let saved = session.save().await.unwrap();
        assert!(saved.exchange.reply.contains(&text.to_owned()), "{saved:?}");
        session.close().await;
    }
}

#[tokio::test]
async fn edits_of_another_user_are_not_part_of_our_reply() {
    survives(Fault::OtherEdit {
        line: "ghn port 2 name \"somebody else\"".to_owned(),
    })
    .await;
}

/// A false success cannot be detected by the reply, only by the look afterwards: such lines count as accepted, without
/// effect.
#[tokio::test]
async fn a_lie_looks_like_the_truth() {
    for fault in [Fault::SshIgnore {}, Fault::SshHideError {}] {
        let twin = twin().await;
        let mut session = writer(&twin, timeouts()).await;
        twin.set_fault(FaultOrder::new(fault).matching("bw-profile 9"));
        let before = printed(&twin);
        configure(&mut session, &["ghn subscriber 1 bw-profile 9"])
            .await
            .unwrap();
        assert_eq!(printed(&twin), before);
    }
}

async fn error_on(text: &str, fault: Fault) -> (SshError, Twin) {
    let twin = twin().await;
    let mut session = writer(&twin, short_timeouts()).await;
    twin.set_fault(match fault {
        // These wait for a save and for no line.
        Fault::SaveFails {} | Fault::SaveCrashes {} => FaultOrder::new(fault),
        fault => FaultOrder::new(fault).matching(text),
    });
    let before = twin.lines().len();
    let error = match configure(&mut session, &["ghn port 2 name \"b\""]).await {
        Err(error) => error,
        Ok(_) => session.save().await.unwrap_err(),
    };
    is_left_alone(&twin).await;
    assert_eq!(
        typed_since(&twin, before).last().map(String::as_str),
        Some(text)
    );
    assert!(error.may_have_run(), "{error}");
    assert_eq!(error.exchange().unwrap().line, text);
    (error, twin)
}

#[tokio::test]
async fn configuration_mode_is_entered_and_left_for_sure() {
    for text in ["configure terminal", "end"] {
        let (error, _twin) = error_on(text, Fault::SshIgnore {}).await;
        assert!(
            matches!(error.because(), SshError::Unexpected { .. }),
            "{error}"
        );
        let refused = "% Configuration is locked by another session".to_owned();
        let (error, _twin) = error_on(text, Fault::SshError { text: refused }).await;
        assert!(
            matches!(error.because(), SshError::Declined { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("locked by another"), "{error}");
        let (error, _twin) = error_on(text, question("Kick out the other (y/n)? ")).await;
        assert!(
            matches!(error.because(), SshError::Question { .. }),
            "{error}"
        );
    }
}

const SAVE: &str = "copy running-config startup-config";

async fn save_error(fault: Fault) -> SshError {
    let (error, twin) = error_on(SAVE, fault).await;
    let is_saved = |gam: &Gam| {
        let saved = gam.startup();
        saved.is_some_and(|saved| saved.configuration == *gam.running())
    };
    // A box that went down has nothing but what was saved.
    let has_port = has(&twin, "ghn port 2 name \"b\"");
    assert!(!twin.gam(is_saved) || !has_port, "{error}");
    error
}

#[tokio::test]
async fn a_failed_save_is_an_error() {
    let error = save_error(Fault::SaveFails {}).await;
    assert!(
        matches!(error.because(), SshError::Declined { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("no space left on flash"),
        "{error}"
    );
    let error = save_error(Fault::SaveCrashes {}).await;
    assert!(
        matches!(
            error.because(),
            SshError::Closed {
                operation: SshOperation::Saving,
                ..
            }
        ),
        "{error}"
    );
    let error = save_error(Fault::SshIgnore {}).await;
    assert!(
        matches!(error.because(), SshError::Unexpected { .. }),
        "{error}"
    );
    let error = save_error(question("Overwrite startup-config (y/n)? ")).await;
    assert!(
        matches!(
            error.because(),
            SshError::Question {
                operation: SshOperation::Saving,
                ..
            }
        ),
        "{error}"
    );
    let error = save_error(Fault::SshDrop { at: At::Before }).await;
    assert!(
        matches!(error.because(), SshError::Closed { .. }),
        "{error}"
    );
    let text = "% Permission denied".to_owned();
    let error = save_error(Fault::SshError { text }).await;
    assert!(
        matches!(error.because(), SshError::Declined { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_save_that_never_ends_is_given_up() {
    let mut settings = super::settings();
    settings.save_time = Duration::from_secs(3600);
    let twin = super::started(settings).await;
    let timeouts = SshTimeouts {
        saving: Duration::from_secs(1),
        ..timeouts()
    };
    let mut session = writer(&twin, timeouts).await;
    let error = session.save().await.unwrap_err();
    assert!(
        matches!(
            error.because(),
            SshError::TimedOut {
                operation: SshOperation::Saving,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error.to_string().contains("Building configuration"),
        "{error}"
    );
    assert!(error.may_have_run());
}

#[tokio::test]
async fn output_between_two_lines_must_be_a_message() {
    // Somebody renames the device between two lines: it shows at the next one, whose effect is not known then.
    let twin = twin().await;
    let mut session = writer(&twin, short_timeouts()).await;
    session.configure_begin().await.unwrap();
    twin.edit_line("hostname other");
    let error = session.line(&line(STRUCK)).await.unwrap_err();
    assert!(
        matches!(error.because(), SshError::Unexpected { .. }),
        "{error}"
    );
    assert!(error.may_have_run(), "{error}");
    // And a device that goes down between two lines got no line.
    let mut session = Session::open_to_write(&login(&twin), short_timeouts(), &open_fence())
        .await
        .unwrap();
    session.configure_begin().await.unwrap();
    twin.reboot();
    is_left_alone(&twin).await;
    let before = twin.lines().len();
    let error = session.line(&line(STRUCK)).await.unwrap_err();
    assert!(
        matches!(error.because(), SshError::Closed { .. }),
        "{error}"
    );
    assert_eq!(twin.lines().len(), before);
    let is_up = |state: &State| state.is_up;
    twin.wait_until(is_up, LONG).await.unwrap();
}
