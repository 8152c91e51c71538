//! Tests misbehaving SSH clients: their session slots are freed, and other clients are not affected.

use std::time::Duration;

use gamctl::simulator::fault::Fault;
use gamctl::simulator::server::State;
use russh::ChannelMsg;

use super::client::{Shell, login};
use super::{LONG, twin};

/// More than the twin's side of an unread channel holds.
const PIECES: usize = 100;

#[tokio::test]
async fn a_client_that_sends_keys_without_a_shell_leaves_no_trace() {
    let twin = twin().await;
    let handle = login(&twin).await;
    let channel = handle.channel_open_session().await.unwrap();
    for _ in 0..PIECES {
        channel.data_bytes(vec![b'x'; 10]).await.unwrap();
    }
    drop((channel, handle));
    twin.wait_until(State::is_idle, LONG).await.unwrap();
}

#[tokio::test]
async fn keys_sent_before_the_shell_opens_are_not_lost() {
    let twin = twin().await;
    let handle = login(&twin).await;
    let mut channel = handle.channel_open_session().await.unwrap();
    for _ in 0..PIECES {
        channel.data_bytes(b"!\r".to_vec()).await.unwrap();
    }
    channel.request_shell(false).await.unwrap();
    channel.data_bytes(b"exit\r".to_vec()).await.unwrap();
    while !matches!(channel.wait().await, Some(ChannelMsg::Close) | None) {}
    let lines: Vec<String> = twin.lines().into_iter().map(|line| line.line).collect();
    assert_eq!(lines.len(), PIECES + 1);
    assert_eq!(lines.last().unwrap(), "exit");
}

#[tokio::test]
async fn keys_after_the_end_of_input_are_ignored() {
    let twin = twin().await;
    let handle = login(&twin).await;
    let channel = handle.channel_open_session().await.unwrap();
    channel.eof().await.unwrap();
    for _ in 0..PIECES {
        // The twin may be faster than we are.
        let _sent = channel.data_bytes(vec![b'x'; 10]).await;
    }
    drop((channel, handle));
    twin.wait_until(State::is_idle, LONG).await.unwrap();
}

#[tokio::test]
async fn a_client_that_keeps_sending_when_all_lines_are_busy_is_disconnected() {
    let twin = twin().await;
    twin.set_fault(Fault::SshBusy {});
    let handle = login(&twin).await;
    let mut channel = handle.channel_open_session().await.unwrap();
    for _ in 0..PIECES {
        channel.data_bytes(vec![b'x'; 10]).await.unwrap();
    }
    channel.request_shell(false).await.unwrap();
    let mut said = Vec::new();
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Data { data }) => said.extend_from_slice(&data),
            Some(ChannelMsg::Close) | None => break,
            Some(_) => {}
        }
    }
    assert_eq!(said, b"% All lines are busy, try later\r\n");
    twin.wait_until(State::is_idle, LONG).await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_requests_a_shell_is_disconnected() {
    let twin = twin().await;
    let handle = login(&twin).await;
    let _channel = handle.channel_open_session().await.unwrap();
    let shell = Shell::open(&twin).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(121)).await;
    tokio::time::resume();
    let only_the_shell = |state: &State| !state.is_idle() && state.sessions() == 1;
    twin.wait_until(only_the_shell, LONG).await.unwrap();
    drop(shell);
    twin.wait_until(State::is_idle, LONG).await.unwrap();
    assert!(handle.is_closed());
}

#[tokio::test]
async fn keys_that_print_much_do_not_pile_up_where_output_comes_in_one_piece() {
    let twin = twin().await;
    twin.set_fault(Fault::SshOnePiece {});
    let mut shell = Shell::open(&twin).await;
    shell.enter("terminal length 0").await;
    shell.keys(&"?".repeat(20_000)).await;
    shell.keys("\x15exit\r").await;
    shell.rest().await;
    twin.wait_until(State::is_idle, LONG).await.unwrap();
}
