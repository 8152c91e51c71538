//! Explains the rules about places: where an endpoint is heard, ports, devices, VLANs.

use super::sync_rule::RuleFacts::Reason;
use super::sync_rule::SyncRule;

/// The rules about places.
pub(super) const RULES: &[SyncRule] = &[
    SyncRule {
        id: "not-heard",
        summary: "the endpoint of the service is heard on no device",
        means: "Until it is heard, there is no place to serve. An address that differs in one digit from an endpoint that is \
                heard may be a typing error. It is suggested, and never accepted by itself.",
        person: "Check that the endpoint has power and its wire, and that the MAC address in billing is that of the label.",
        facts: &[
            Reason(r#"{"not_heard":{"macs":["00:0e:d8:00:00:07"],"near":[]}}"#),
            Reason(
                r#"{"not_heard":{"macs":["00:0e:d8:00:00:07"],"near":[{"written":"00:0E:D8:00:00:07","heard":"00:0e:d8:00:00:17","at":{"device":"maple-a","port":7}}]}}"#,
            ),
        ],
    },
    SyncRule {
        id: "heard-unclearly",
        summary: "the endpoint was heard too shortly, too long ago, or without a port",
        means: "An endpoint must be heard on the same port in two looks, at least 30 seconds apart, and within the last 15 \
                minutes.",
        person: "Nothing: the next looks decide. Without `gamctl serve`, run `gamctl plan` twice.",
        facts: &[Reason(
            r#"{"heard_unclearly":{"mac":"00:0e:d8:00:00:07","at":{"device":"maple-a","port":7}}}"#,
        )],
    },
    SyncRule {
        id: "heard-elsewhere",
        summary: "the endpoint is heard at another site than billing's, or on several devices",
        means: "A label that was read wrongly must not connect the wrong flat. The endpoint is not activated until it is \
                heard in one place, at the site of the customer.",
        person: "Compare the label with the item in billing, and the building with the address of the customer. If the site \
                 is right, correct `sites` of the billing system.",
        facts: &[
            Reason(
                r#"{"heard_elsewhere":{"mac":"00:0e:d8:00:00:07","at":{"device":"oak-a","port":3},"expected":"maple-court"}}"#,
            ),
            Reason(
                r#"{"heard_twice":{"mac":"00:0e:d8:00:00:07","places":[{"device":"maple-a","port":7},{"device":"oak-a","port":3}]}}"#,
            ),
        ],
    },
    SyncRule {
        id: "two-endpoints-heard",
        summary: "several endpoints of one service are heard",
        means: "A service has one endpoint. The sync does not choose between two that could serve.",
        person: "Take the item back in billing that the customer does not use, or unplug its endpoint.",
        facts: &[Reason(
            r#"{"two_endpoints_heard":{"macs":["00:0e:d8:00:00:07","00:0e:d8:00:00:17"]}}"#,
        )],
    },
    SyncRule {
        id: "old-still-heard",
        summary: "a new endpoint is heard, and the one that it replaces is heard too",
        means: "A swap is made when the old endpoint is silent. As long as both answer, the customer keeps the old one.",
        person: "Unplug the old endpoint. If the new one belongs to another line, correct the item in billing.",
        facts: &[Reason(
            r#"{"old_still_heard":{"old":"00:0e:d8:00:00:07","new":"00:0e:d8:00:00:17"}}"#,
        )],
    },
    SyncRule {
        id: "endpoint-in-use",
        summary: "the endpoint is that of another subscriber",
        means: "It is taken from another subscriber only after the service of that one has ended.",
        person: "End the other service in billing, or correct `endpoint` of the subscriber that does not have it.",
        facts: &[Reason(
            r#"{"endpoint_in_use":{"mac":"00:0e:d8:00:00:07","subscriber":"acct-1017"}}"#,
        )],
    },
    SyncRule {
        id: "endpoint-unmanaged",
        summary: "the device has the endpoint configured, and the inventory does not",
        means: "Another person or program configured it on the device. The sync adds only endpoints that are new there.",
        person: "Import the line with `gamctl import`, then link it with `external`. Or remove it from the device.",
        facts: &[Reason(
            r#"{"endpoint_unmanaged":{"mac":"00:0e:d8:00:00:07","at":{"device":"maple-a","port":7}}}"#,
        )],
    },
    SyncRule {
        id: "port-taken",
        summary: "the copper port belongs to another subscriber",
        means: "A copper port serves one subscriber. The sentence shows whether the endpoint of the other one answers.",
        person: "If the other customer left, end the service in billing, or remove the subscriber. Otherwise find out which \
                 wire is on the port.",
        facts: &[Reason(
            r#"{"port_taken":{"at":{"device":"maple-a","port":7},"subscriber":"acct-1017","is_answering":true}}"#,
        )],
    },
    SyncRule {
        id: "place-claimed-twice",
        summary: "several new services are for one copper port",
        means: "There is no reason to prefer one of them, so none of them is added.",
        person: "Correct the place of one of them in billing.",
        facts: &[Reason(
            r#"{"place_claimed_twice":{"at":{"device":"maple-a","port":7},"services":["1042/7001","1077/7040"]}}"#,
        )],
    },
    SyncRule {
        id: "planned-elsewhere",
        summary: "billing plans a place at another site than the customer's",
        means: "The two fields of billing contradict each other.",
        person: "Correct the place or the location in billing, or `sites` of the billing system.",
        facts: &[Reason(
            r#"{"planned_elsewhere":{"at":{"device":"oak-a","port":3},"expected":"maple-court"}}"#,
        )],
    },
    SyncRule {
        id: "place-unknown",
        summary: "billing plans a place that the inventory does not have",
        means: "A place is the name of a device, or its id in billing (`external` of the device), and a port.",
        person: "Correct the field in billing, or add `external` to the device.",
        facts: &[Reason(
            r#"{"place_unknown":{"hint":{"device":"maple-z","port":"7"}}}"#,
        )],
    },
    SyncRule {
        id: "device-not-managed",
        summary: "the endpoint is heard or planned on a device that is not managed",
        means: "The sync adds subscribers only to devices with the state `managed`, and to ports that the model has.",
        person: "Set the state of the device when it is ready, or correct the port in billing.",
        facts: &[Reason(r#"{"device_not_managed":{"device":"maple-a"}}"#)],
    },
    SyncRule {
        id: "no-vlan-left",
        summary: "no VLAN is free for a new subscriber on the device",
        means: "A VLAN of `vlans.subscribers` is free if it passes every uplink, no subscriber has it in any role, the \
                latest look did not find it on the device, and it was not given up within `vlans.rest_days`.",
        person: "Extend the pool, or the VLANs of the uplinks. The service goes on by itself then.",
        facts: &[Reason(r#"{"no_vlan_left":{"device":"maple-a"}}"#)],
    },
    SyncRule {
        id: "vlan-taken",
        summary: "a move to another device would bring a VLAN that is in use there",
        means: "A VLAN is never changed after a subscriber was added, so the move cannot be made.",
        person: "Move the subscriber by a commit of your own, with another VLAN.",
        facts: &[Reason(
            r#"{"vlan_taken":{"at":{"device":"maple-b","port":7},"vlan":101}}"#,
        )],
    },
    SyncRule {
        id: "moved",
        summary: "the endpoint is heard on another port of its site",
        means: "With `moves = \"propose\"`, the default, the subscriber stays where it is and the move is listed. With \
                `moves = \"auto\"`, device and port follow the endpoint within the site.",
        person: "Change `device` and `port` of the subscriber, or put the wire back.",
        facts: &[Reason(
            r#"{"moved":{"from":{"device":"maple-a","port":7},"to":{"device":"maple-a","port":9}}}"#,
        )],
    },
    SyncRule {
        id: "moved-elsewhere",
        summary: "the endpoint is heard at another site than its subscriber's",
        means: "The customer took the endpoint along, or it was given to another one. The sync never moves a subscriber to \
                another site.",
        person: "Find out who has the endpoint. If the customer moved, change `device`, `port` and `vlan` by a commit of \
                 your own.",
        facts: &[Reason(
            r#"{"moved_elsewhere":{"from":{"device":"maple-a","port":7},"to":{"device":"oak-a","port":3}}}"#,
        )],
    },
];
