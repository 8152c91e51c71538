//! Tests what is written to Sonar: proved by a read, once, and nothing that bills.

use gamctl::billing::BillingProblem;
use gamctl::billing::OwnField;
use gamctl::billing::sonar::{
    ItemHealth, SonarClient, SonarLookups, SonarTicket, TicketPriority, WebhookState, WriteOutcome,
};
use gamctl::model::billing::{AccountId, BillingService, EquipmentId, TariffId, WrittenBack};
use serde_json::json;

use super::server::{Instance, NOW};

const MARKER: &str = "[gamctl 7f3a9c]";
const HOOK: &str = "https://gamctl.isp.example/hooks/billing/sonar/t0ken";

/// A service for whose tariff the fields are defined.
async fn service_of(client: &SonarClient) -> (BillingService, SonarLookups) {
    let (snapshot, lookups) = client.read_everything(NOW).await.unwrap();
    let mut services = snapshot.services.into_iter();
    let service = services.find(|service| {
        let tariff = service.tariff.as_ref().unwrap();
        lookups.own_field(tariff, OwnField::Place).is_some()
    });
    (service.unwrap(), lookups)
}

fn wanted() -> WrittenBack {
    WrittenBack {
        place: Some("maple-court-a/1".into()),
        vlan: Some("101".into()),
        state: Some("served".into()),
    }
}

async fn write(
    client: &SonarClient,
    service: &BillingService,
    wanted: &WrittenBack,
    lookups: &SonarLookups,
) -> Result<WriteOutcome, gamctl::billing::BillingError> {
    let tariff = service.tariff.as_ref().unwrap();
    client
        .write_back(&service.service, tariff, wanted, lookups)
        .await
}

#[tokio::test]
async fn place_vlan_and_state_are_written_once_and_read_again() {
    let instance = Instance::start(20).await;
    let client = instance.client();
    let (service, lookups) = service_of(&client).await;
    let proved = write(&client, &service, &wanted(), &lookups).await;
    assert_eq!(proved.unwrap(), WriteOutcome::Proved);
    let again = write(&client, &service, &wanted(), &lookups).await;
    assert_eq!(again.unwrap(), WriteOutcome::AlreadyThere);
    assert_eq!(instance.counter("writes"), json!(1));
    let (after, _) = client.read_everything(NOW).await.unwrap();
    let is_it = |one: &&BillingService| one.service == service.service;
    let read = after.services.iter().find(is_it).unwrap();
    assert_eq!(read.written_back, wanted());
    let without_vlan = WrittenBack {
        vlan: Some("".into()),
        ..WrittenBack::default()
    };
    let outcome = write(&client, &service, &without_vlan, &lookups).await;
    assert_eq!(outcome.unwrap(), WriteOutcome::Proved);
    let (after, _) = client.read_everything(NOW).await.unwrap();
    let read = after.services.iter().find(is_it).unwrap();
    let left = WrittenBack {
        vlan: None,
        ..wanted()
    };
    assert_eq!(read.written_back, left);
    assert_eq!(instance.counter("billing_mutations"), json!(0));
}

#[tokio::test]
async fn a_write_that_changed_nothing_is_not_believed() {
    let instance = Instance::start(20).await;
    let client = instance.client();
    let (service, lookups) = service_of(&client).await;
    instance.faults("[[fault]]\nkind = \"write-ignored\"");
    let outcome = write(&client, &service, &wanted(), &lookups).await;
    assert_eq!(outcome.unwrap(), WriteOutcome::NotDone);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_proved_by_a_read() {
    let instance = Instance::start(20).await;
    let client = instance.client();
    let (service, lookups) = service_of(&client).await;
    for kind in ["answer-lost", "half-answer"] {
        let value = WrittenBack {
            state: Some(kind.into()),
            ..wanted()
        };
        // Only the mutation meets the fault: the reads before and after it are requests too.
        let after = match kind {
            "answer-lost" => "",
            _ => "after = 1\ntimes = 1\n",
        };
        instance.faults(&format!("[[fault]]\nkind = \"{kind}\"\n{after}"));
        let outcome = write(&client, &service, &value, &lookups).await;
        assert_eq!(outcome.unwrap(), WriteOutcome::Proved, "{kind}");
    }
    assert_eq!(instance.counter("writes"), json!(2));
}

#[tokio::test]
async fn a_refused_write_is_an_error() {
    let instance = Instance::start(20).await;
    let client = instance.client();
    let (service, lookups) = service_of(&client).await;
    instance.faults("[[fault]]\nkind = \"write-refused\"");
    let error = write(&client, &service, &wanted(), &lookups)
        .await
        .unwrap_err();
    assert!(
        matches!(error.problem, BillingProblem::Refused { status: 200, .. }),
        "{error}"
    );
    assert_eq!(error.request, "updateAccountService");
}

#[tokio::test]
async fn a_field_that_is_not_defined_is_named_and_can_be_defined() {
    let instance = Instance::start(20).await;
    let client = instance.client();
    let (mut service, lookups) = service_of(&client).await;
    let tariff = TariffId::new("35").unwrap();
    service.tariff = Some(tariff.clone());
    let outcome = write(&client, &service, &wanted(), &lookups).await;
    let fields = OwnField::ALL.to_vec();
    assert_eq!(outcome.unwrap(), WriteOutcome::NotDefined { fields });
    assert_eq!(instance.counter("writes"), json!(0));
    for field in OwnField::ALL {
        client.define_own_field(&tariff, field).await.unwrap();
    }
    let lookups = client
        .read_lookups(gamctl::billing::Priority::WriteBack)
        .await
        .unwrap();
    assert!(
        OwnField::ALL
            .iter()
            .all(|field| lookups.own_field(&tariff, *field).is_some())
    );
}

#[tokio::test]
async fn a_service_that_is_gone_is_not_written() {
    let instance = Instance::start(20).await;
    let client = instance.client();
    let (mut service, lookups) = service_of(&client).await;
    for id in ["4000000000", "not-a-number"] {
        service.service = gamctl::model::billing::ServiceId::new(id).unwrap();
        let outcome = write(&client, &service, &wanted(), &lookups).await;
        match id {
            "4000000000" => assert_eq!(outcome.unwrap(), WriteOutcome::NoObject),
            _ => assert!(matches!(
                outcome.unwrap_err().problem,
                BillingProblem::Rejected { .. }
            )),
        }
    }
    assert_eq!(instance.counter("writes"), json!(0));
}

#[tokio::test]
async fn a_note_is_written_once_even_if_its_answer_is_lost() {
    let instance = Instance::start(5).await;
    let client = instance.client();
    let account = AccountId::new("1001").unwrap();
    instance.faults("[[fault]]\nkind = \"answer-lost\"\ntimes = 1");
    let message = "activated at maple-court-a/1, \"quoted\" \\ {braces} \u{202e}";
    let first = client.add_note(&account, MARKER, message).await.unwrap();
    assert!(!first.was_there);
    let again = client.add_note(&account, MARKER, message).await.unwrap();
    assert!(again.was_there);
    assert_eq!(first.id, again.id);
    let other = client
        .add_note(&account, "[gamctl 000001]", message)
        .await
        .unwrap();
    assert_ne!(first.id, other.id);
    let stored = instance
        .twin()
        .stored("notes", first.id.parse().unwrap(), "message");
    assert_eq!(stored, json!(format!("{message}\n{MARKER}")));
    assert_eq!(instance.ids("notes", |_, _| true).len(), 2);
    assert_eq!(instance.counter("billing_mutations"), json!(0));
}

#[tokio::test]
async fn a_ticket_is_open_once_and_again_after_it_was_closed() {
    let instance = Instance::start(5).await;
    let client = instance.client();
    let account = AccountId::new("1001").unwrap();
    let ticket = SonarTicket {
        subject: "Endpoint is not heard",
        description: "gamctl waits for it",
        priority: TicketPriority::Low,
    };
    let first = client.open_ticket(&account, MARKER, ticket).await.unwrap();
    let again = client.open_ticket(&account, MARKER, ticket).await.unwrap();
    assert_eq!((first.was_there, again.was_there), (false, true));
    assert_eq!(first.id, again.id);
    for text in ["still waiting", "sent once more"] {
        let comment = client.comment_ticket(&first.id, "[gamctl c0ffee]", text);
        comment.await.unwrap();
    }
    client.close_ticket(&first.id).await.unwrap();
    assert_eq!(
        client.find_open_ticket(&account, MARKER).await.unwrap(),
        None
    );
    let later = client.open_ticket(&account, MARKER, ticket).await.unwrap();
    assert_ne!(first.id, later.id);
    assert_eq!(instance.ids("ticket_comments", |_, _| true).len(), 1);
}

#[tokio::test]
async fn the_health_of_an_item_is_set_and_removed() {
    let instance = Instance::start(5).await;
    let client = instance.client();
    let item = instance.ids("inventory_items", |_, _| true)[0];
    let item = EquipmentId::new(&item.to_string()).unwrap();
    for (health, outcome) in [
        (Some(ItemHealth::Down), WriteOutcome::Proved),
        (Some(ItemHealth::Down), WriteOutcome::AlreadyThere),
        (None, WriteOutcome::Proved),
    ] {
        assert_eq!(client.write_health(&item, health).await.unwrap(), outcome);
    }
    let none = EquipmentId::new("4000000000").unwrap();
    let outcome = client.write_health(&none, None).await.unwrap();
    assert_eq!(outcome, WriteOutcome::NoObject);
}

#[tokio::test]
async fn a_webhook_is_registered_once_and_tested() {
    let instance = Instance::start(5).await;
    let client = instance.client();
    assert_eq!(
        client.webhook_state(HOOK).await.unwrap(),
        WebhookState::Missing
    );
    let endpoint = client.register_webhook(HOOK).await.unwrap();
    assert_eq!(client.register_webhook(HOOK).await.unwrap(), endpoint);
    let state = client.webhook_state(HOOK).await.unwrap();
    assert_eq!(
        state,
        WebhookState::Enabled {
            endpoint: endpoint.clone()
        }
    );
    assert_eq!(instance.ids("webhook_endpoints", |_, _| true).len(), 1);
    // No server has answered it yet.
    let test = client.test_webhook(&endpoint).await.unwrap();
    assert!(!test.is_success);
    let plain = client
        .register_webhook("http://gamctl.isp.example/hooks/t0ken")
        .await
        .unwrap_err();
    assert!(!plain.to_string().contains("t0ken"), "{plain}");
}
