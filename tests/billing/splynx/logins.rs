//! Tests the three ways in, and sessions that end in the middle.

use gamctl::billing::{BillingProblem, Unauthorized};

use super::*;

#[tokio::test]
async fn a_token_is_used_for_all_requests() {
    let stage = Stage::new(10).await;
    assert!(snapshot(&stage.client()).await.proof.is_complete());
    assert_eq!(stage.counted("requests", "POST auth/tokens"), 1);
    assert!(stage.counted("logins", "token") > 5);
    assert_eq!(
        stage.counted("logins", "basic") + stage.counted("logins", "signature"),
        0
    );
}

#[tokio::test]
async fn signed_requests_have_numbers_that_only_grow() {
    let stage = Stage::new(10).await;
    let client = Arc::new(stage.client_with(|settings| settings.login.how = LoginWay::Signature));
    let accounts: Vec<_> = snapshot(&client)
        .await
        .accounts
        .into_keys()
        .take(6)
        .collect();
    // At the same time: a number that arrives after a higher one would be refused.
    let readings: Vec<_> = accounts
        .into_iter()
        .map(|account| {
            let client = Arc::clone(&client);
            tokio::spawn(async move {
                client
                    .read_accounts(&BTreeSet::from([account]), Priority::Hint)
                    .await
            })
        })
        .collect();
    for reading in readings {
        reading.await.unwrap().unwrap();
    }
    assert_eq!(stage.counted("logins", "token"), 0);
    assert_eq!(stage.server.counters()["refused"], json!({}));
    assert_eq!(
        stage.server.counters()["most_at_once"],
        1,
        "one after the other"
    );
}

#[tokio::test]
async fn basic_login_needs_the_tick_and_names_it() {
    let stage = Stage::new(10).await;
    let client = stage.client_with(|settings| settings.login.how = LoginWay::Basic);
    let refused = error(&client).await;
    let problem = BillingProblem::Unauthorized(Unauthorized::UnsecureAccess);
    assert_eq!(refused.problem, problem);
    assert!(refused.to_string().contains("`Unsecure access`"));
    stage.edit("key/unsecure", &json!(true));
    assert!(snapshot(&client).await.proof.is_complete());
    assert_eq!(stage.counted("logins", "token"), 0);
}

#[tokio::test]
async fn a_session_that_ends_is_begun_again_within_the_request() {
    let stage = Stage::new(10).await;
    let client = stage.client();
    let usual = content(&snapshot(&client).await);
    for kind in [
        "ip-changed",
        "user-agent-changed",
        "token-banned",
        "token-expired",
        "unauthorized",
    ] {
        for after in 0..8 {
            stage.faults(&format!("kind = \"{kind}\"\nafter = {after}"));
            assert_eq!(
                content(&snapshot(&client).await),
                usual,
                "{kind} after {after}"
            );
        }
    }
}

#[tokio::test]
async fn a_session_that_always_ends_is_an_error_and_not_a_loop() {
    let stage = Stage::new(10).await;
    let client = stage.client();
    stage.faults("kind = \"ip-changed\"\ntimes = 1000");
    let before = stage.server.counters()["requests_total"].as_u64().unwrap();
    let ended = error(&client).await;
    assert_eq!(
        ended.problem,
        BillingProblem::Unauthorized(Unauthorized::SessionEnds)
    );
    let after = stage.server.counters()["requests_total"].as_u64().unwrap();
    assert!(after - before < 10, "{}", after - before);
}

#[tokio::test]
async fn a_revoked_key_and_a_wrong_secret_are_named() {
    let stage = Stage::new(10).await;
    let client = stage.client();
    assert!(snapshot(&client).await.proof.is_complete());
    stage.edit("key/revoked", &json!(true));
    let revoked = error(&client).await;
    assert!(
        matches!(revoked.problem, BillingProblem::Unauthorized(_)),
        "{revoked}"
    );
    assert!(!revoked.retry_helps());
    stage.edit("key/revoked", &json!(false));
    let wrong =
        stage.client_with(|settings| settings.login.secret = Secret::new(b"canary-wrong".to_vec()));
    let refused = error(&wrong).await;
    assert_eq!(
        refused.problem,
        BillingProblem::Unauthorized(Unauthorized::Signature)
    );
    for text in [
        revoked.to_string(),
        refused.to_string(),
        format!("{refused:?}"),
    ] {
        assert!(!text.contains("canary") && !text.contains(KEY), "{text}");
    }
}

#[tokio::test]
async fn requests_at_the_same_time_log_in_once() {
    let stage = Stage::new(10).await;
    let client = Arc::new(stage.client());
    let checks: Vec<_> = (0..6)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.locations().await })
        })
        .collect();
    for check in checks {
        check.await.unwrap().unwrap();
    }
    assert_eq!(stage.counted("requests", "POST auth/tokens"), 1);
    assert_eq!(stage.counted("requests", "GET auth/tokens"), 0);
}

#[tokio::test]
async fn an_old_token_is_renewed_and_not_asked_for_again() {
    let stage = Stage::new(10).await;
    let client = stage.client();
    let usual = content(&snapshot(&client).await);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31 * 60)).await;
    tokio::time::resume();
    assert_eq!(content(&snapshot(&client).await), usual);
    assert_eq!(stage.counted("requests", "POST auth/tokens"), 1);
    assert_eq!(
        stage.counted("requests", "GET auth/tokens"),
        1,
        "{}",
        stage.server.counters()
    );
}
