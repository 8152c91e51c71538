//! Tests write-back, comments and tickets: read back, sent once, and never anything that bills.

use gamctl::billing::BillingProblem;
use gamctl::billing::splynx::{AccessLink, MarkedText, SplynxFields, WriteResult};
use gamctl::model::billing::ServiceId;

use super::*;

fn fields(vlan: &str) -> SplynxFields {
    SplynxFields {
        place: Some("maple-court-a/1".into()),
        vlan: Some(vlan.into()),
        state: Some("served".into()),
        access: None,
    }
}

fn note() -> MarkedText {
    MarkedText {
        marker: "[gamctl 7f3a9c]".into(),
        title: "gamctl".into(),
        text: "Served on maple-court-a, port 1.".to_owned(),
    }
}

/// A stage with one served service.
struct Service {
    stage: Stage,
    client: SplynxClient,
    account: AccountId,
    service: ServiceId,
}

impl Service {
    async fn new() -> Self {
        let stage = Stage::new(10).await;
        let client = stage.client();
        let before = snapshot(&client).await;
        let one = served(&before);
        Self {
            account: one.account.clone(),
            service: one.service.clone(),
            stage,
            client,
        }
    }

    async fn write(&self, fields: &SplynxFields) -> Result<WriteResult, BillingError> {
        self.client
            .write_service(&self.account, &self.service, fields)
            .await
    }

    async fn vlan(&self) -> Option<String> {
        let read = account(&self.client, number(&self.account)).await;
        let service = read
            .services
            .into_iter()
            .find(|one| one.service == self.service);
        service.unwrap().written_back.vlan.map(String::from)
    }

    fn bills(&self) -> Value {
        self.stage.server.counters()["bills"].clone()
    }

    fn puts(&self) -> u64 {
        let counters = self.stage.server.counters();
        let writes = counters["writes"].as_object().unwrap().clone();
        let puts = writes.iter().filter(|(kind, _)| kind.starts_with("PUT "));
        puts.map(|(_, count)| count.as_u64().unwrap()).sum()
    }
}

#[tokio::test]
async fn fields_are_written_and_read_back_and_nothing_bills() {
    let one = Service::new().await;
    assert_eq!(one.write(&fields("101")).await, Ok(WriteResult::Proved));
    assert_eq!(one.vlan().await.as_deref(), Some("101"));
    let link = |port: &str, written: Option<(&str, &str)>| SplynxFields {
        access: Some(AccessLink {
            device: "12".into(),
            port: port.into(),
            written: written.map(|(device, port)| (device.into(), port.into())),
        }),
        ..SplynxFields::default()
    };
    assert_eq!(one.write(&link("1", None)).await, Ok(WriteResult::Proved));
    assert_eq!(
        one.write(&link("2", Some(("12", "1")))).await,
        Ok(WriteResult::Proved)
    );
    let puts = one.puts();
    // The same again, and a link that is not ours: nothing is sent.
    assert_eq!(
        one.write(&link("2", Some(("12", "1")))).await,
        Ok(WriteResult::Proved)
    );
    assert_eq!(one.write(&link("9", None)).await, Ok(WriteResult::Proved));
    assert_eq!(one.puts(), puts);
    assert_eq!(one.bills(), json!({}));
    let hint = account(&one.client, number(&one.account)).await.services[0]
        .place_hint
        .clone()
        .unwrap();
    assert_eq!(
        (hint.device.as_str(), hint.port.as_deref()),
        ("12", Some("2"))
    );
}

#[tokio::test]
async fn a_put_that_changes_nothing_is_noticed() {
    let one = Service::new().await;
    one.stage.faults("kind = \"put-ignored\"");
    let not_taken = |fields: &[&'static str]| {
        Ok(WriteResult::NotTaken {
            fields: fields.to_vec(),
        })
    };
    assert_eq!(
        one.write(&fields("101")).await,
        not_taken(&["gam_place", "gam_vlan", "gam_state"])
    );
    assert_eq!(one.write(&fields("101")).await, Ok(WriteResult::Proved));
    one.stage.faults("kind = \"fields-undefined\"");
    assert_eq!(one.write(&fields("102")).await, not_taken(&["gam_vlan"]));
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_decided_by_a_read() {
    let one = Service::new().await;
    one.stage.faults("kind = \"answer-lost\"");
    assert_eq!(one.write(&fields("101")).await, Ok(WriteResult::Proved));
    assert_eq!(one.puts(), 1);
    one.stage
        .faults("kind = \"server-error\"\nmethod = \"put\"\ntimes = 1");
    let failed = one.write(&fields("102")).await.unwrap_err();
    assert!(
        matches!(failed.problem, BillingProblem::Refused { status: 500, .. }),
        "{failed:?}"
    );
    assert_eq!(one.vlan().await.as_deref(), Some("101"));
}

#[tokio::test]
async fn a_refused_write_names_the_field_in_every_form_and_language() {
    let one = Service::new().await;
    for form in ["attribute", "field", "list", "object"] {
        one.stage.faults(&format!(
            "kind = \"write-refused\"\nfield = \"port_id\"\n[[fault]]\nkind = \"validation\"\nform = \"{form}\"\nfrench = true"
        ));
        let refused = one.write(&fields("101")).await.unwrap_err();
        let field = matches!(form, "attribute" | "field").then(|| "port_id".into());
        assert_eq!(
            refused.problem,
            BillingProblem::Rejected { field },
            "{form}"
        );
        assert!(!refused.to_string().contains("valide"), "{refused}");
    }
}

#[tokio::test]
async fn a_service_that_is_gone_is_not_written() {
    let one = Service::new().await;
    one.stage
        .edit(&format!("services/{}", one.service), &Value::Null);
    let access = Some(AccessLink {
        device: "12".into(),
        port: "1".into(),
        written: None,
    });
    let with_link = SplynxFields {
        access,
        ..fields("101")
    };
    assert_eq!(one.write(&with_link).await, Ok(WriteResult::ServiceGone));
}

#[tokio::test]
async fn a_note_is_added_once() {
    let one = Service::new().await;
    one.stage.faults("kind = \"answer-lost\"");
    one.client.add_note(&one.account, &note()).await.unwrap();
    one.client.add_note(&one.account, &note()).await.unwrap();
    assert!(
        one.client
            .has_note(&one.account, "[gamctl 7f3a9c]")
            .await
            .unwrap()
    );
    assert!(
        !one.client
            .has_note(&one.account, "[gamctl 000000]")
            .await
            .unwrap()
    );
    assert_eq!(
        one.stage.counted("writes", "POST customers/customer-notes"),
        1
    );
    assert_eq!(one.bills(), json!({}));
}

#[tokio::test]
async fn a_ticket_is_opened_once_and_closed() {
    let one = Service::new().await;
    let id = one.client.open_ticket(&one.account, &note()).await.unwrap();
    assert_eq!(
        one.client.open_ticket(&one.account, &note()).await.as_ref(),
        Ok(&id)
    );
    assert_eq!(one.stage.counted("writes", "POST support/tickets"), 1);
    assert_eq!(
        one.stage.counted("writes", "POST support/ticket-messages"),
        1
    );
    one.client.close_ticket(&id).await.unwrap();
    let found = one
        .client
        .find_ticket(&one.account, "[gamctl 7f3a9c]")
        .await
        .unwrap()
        .unwrap();
    assert!(found.is_closed && found.id == id);
    let again = one.client.open_ticket(&one.account, &note()).await.unwrap();
    assert_ne!(again, id);
}
