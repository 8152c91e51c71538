//! Tests lanes: authors and signers, each form of permission, and the sentence of a refusal.

use proptest::prelude::*;

use super::*;
use crate::inventory::FileKind;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn lane(name: &str, authors: &[&str], signers: &[&str], may: &[&str]) -> Lane {
    Lane::new(
        name,
        &texts(authors),
        &texts(signers),
        &texts(may),
        LaneLimits::new(),
    )
    .unwrap()
}

fn helpdesk() -> Lanes {
    let may = [
        "subscriber.state",
        "subscriber.description",
        "device.labels",
        "subscriber+",
    ];
    Lanes {
        lanes: vec![lane(
            "helpdesk",
            &["helpdesk@example.net", "*@help.example.net"],
            &["desk"],
            &may,
        )],
        others: OtherAuthors::Everything,
    }
}

fn by(author: &str, signer: Option<&str>) -> CommitIdentity {
    CommitIdentity {
        author: author.to_owned(),
        signer: signer.map(str::to_owned),
    }
}

fn in_file(file: &str, change: InventoryChange) -> ChangedKey {
    ChangedKey {
        file: file.to_owned(),
        change,
    }
}

fn key(kind: FileKind, key: &str) -> ChangedKey {
    let change = InventoryChange::Key {
        kind,
        id: "acct-1".to_owned(),
        key: key.to_owned(),
    };
    in_file(&format!("{kind}/maple.toml"), change)
}

fn added() -> ChangedKey {
    let id = "acct-2".to_owned();
    in_file(
        "subscribers.toml",
        InventoryChange::Added {
            kind: FileKind::Subscribers,
            id,
        },
    )
}

fn removed() -> ChangedKey {
    let id = "acct-2".to_owned();
    in_file(
        "subscribers.toml",
        InventoryChange::Removed {
            kind: FileKind::Subscribers,
            id,
        },
    )
}

#[test]
fn an_author_in_a_lane_may_change_only_what_it_lists() {
    let author = by("helpdesk@example.net", None);
    let allowed = [
        key(FileKind::Subscribers, "state"),
        key(FileKind::Devices, "labels.tier"),
        added(),
    ];
    let within = helpdesk().check(&author, &allowed).unwrap();
    assert_eq!(within.lane.as_deref(), Some("helpdesk"));
    let denied = [
        key(FileKind::Subscribers, "vlan"),
        key(FileKind::Subscribers, "states"),
        key(FileKind::Devices, "state"),
        removed(),
        in_file("policy.toml", InventoryChange::File),
        in_file(".github/workflows/ci.yml", InventoryChange::File),
    ];
    let mut changes = allowed.to_vec();
    changes.extend(denied.clone());
    let refused = helpdesk().check(&author, &changes).unwrap_err();
    assert_eq!(refused.outside, denied);
    assert_eq!(
        refused.to_string(),
        "helpdesk@example.net may not change this in lane `helpdesk`: `vlan` of subscriber acct-1 in \
         `subscribers/maple.toml`, `states` of subscriber acct-1 in `subscribers/maple.toml`, `state` of device acct-1 in \
         `devices/maple.toml` and 3 more"
    );
}

#[test]
fn an_author_in_no_lane_may_change_everything_unless_others_may_change_nothing() {
    let changes = [
        key(FileKind::Subscribers, "vlan"),
        in_file("policy.toml", InventoryChange::File),
    ];
    let author = by("boss@example.net", None);
    assert_eq!(
        helpdesk().check(&author, &changes),
        Ok(WithinLane { lane: None })
    );
    let closed = Lanes {
        others: OtherAuthors::Nothing,
        ..helpdesk()
    };
    assert_eq!(
        closed.check(&author, &changes).unwrap_err().outside,
        changes
    );
    assert_eq!(
        closed.check(&author, &[removed()]).unwrap_err().to_string(),
        "boss@example.net is in no lane and may change nothing: removed subscriber acct-2 in `subscribers.toml`"
    );
}

#[test]
fn a_signer_in_a_lane_stays_in_it_under_another_author() {
    let changes = [key(FileKind::Subscribers, "vlan")];
    let forged = by("boss@example.net", Some("desk"));
    assert!(helpdesk().check(&forged, &changes).is_err());
    let mut lanes = helpdesk();
    lanes.lanes.push(lane(
        "vlans",
        &["vlans@example.net"],
        &[],
        &["subscriber.vlan"],
    ));
    assert!(
        lanes
            .check(&by("vlans@example.net", None), &changes)
            .is_ok()
    );
    assert!(
        lanes
            .check(&by("vlans@example.net", Some("desk")), &changes)
            .is_err()
    );
    let reviewed = by("helpdesk@example.net", Some("boss"));
    assert!(
        lanes.check(&reviewed, &changes).is_err(),
        "a signer in no lane leaves the author's"
    );
}

#[test]
fn an_author_matches_in_any_case_and_by_pattern() {
    let changes = [removed()];
    for author in ["Helpdesk@Example.NET", "anna@help.example.net"] {
        assert!(
            helpdesk().check(&by(author, None), &changes).is_err(),
            "{author}"
        );
    }
    for author in ["helpdesk@example.net.evil", "anna@example.net", ""] {
        assert!(
            helpdesk().check(&by(author, None), &changes).is_ok(),
            "{author}"
        );
    }
}

#[test]
fn policy_and_credentials_are_in_a_lane_only_if_it_names_them() {
    let author = by("a@b", None);
    let policy = [in_file("policy.toml", InventoryChange::File)];
    let credentials = [key(FileKind::Credentials, "user")];
    let with = |may: &[&str]| Lanes {
        lanes: vec![lane("x", &["a@b"], &[], may)],
        others: OtherAuthors::Everything,
    };
    assert!(with(&["policy.toml"]).check(&author, &policy).is_ok());
    assert!(with(&["policy.toml"]).check(&author, &credentials).is_err());
    assert!(
        with(&["credentials.user"])
            .check(&author, &credentials)
            .is_ok()
    );
    assert!(
        with(&["subscriber.user", "subscriber+"])
            .check(&author, &credentials)
            .is_err()
    );
}

#[test]
fn an_object_in_a_file_of_another_kind_is_outside() {
    let hidden = in_file("policy.toml", key(FileKind::Subscribers, "state").change);
    assert!(
        helpdesk()
            .check(&by("helpdesk@example.net", None), &[hidden])
            .is_err()
    );
}

#[test]
fn a_misspelled_permission_is_refused() {
    for word in [
        "",
        "subscriber",
        "subscriber.",
        "subscribers.state",
        ".state",
        "+",
        "policy.limits",
        "subscriber .x",
        "a..b",
    ] {
        assert!(Permission::parse(word).is_err(), "{word}");
    }
    assert_eq!(
        Permission::parse("service_plan+"),
        Ok(Permission::Add(FileKind::ServicePlans))
    );
    let without_members = Lane::new("x", &[], &[], &[], LaneLimits::new());
    assert_eq!(
        without_members.unwrap_err(),
        LaneError::NoMembers("x".to_owned())
    );
}

const WORDS: [&str; 7] = [
    "subscriber.state",
    "subscriber.vlan",
    "device.labels",
    "subscriber+",
    "subscriber-",
    "policy.toml",
    "credentials.user",
];

fn any_change() -> impl Strategy<Value = ChangedKey> {
    let kinds = prop::sample::select(vec![
        FileKind::Subscribers,
        FileKind::Devices,
        FileKind::Credentials,
    ]);
    let keys = prop::sample::select(vec!["state", "vlan", "labels", "labels.tier", "user"]);
    prop_oneof![
        (kinds, keys).prop_map(|(kind, name)| key(kind, name)),
        Just(added()),
        Just(removed()),
        Just(in_file("policy.toml", InventoryChange::File)),
        Just(in_file("README.md", InventoryChange::File)),
    ]
}

fn any_words() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(WORDS.to_vec(), 0..=WORDS.len())
}

proptest! {
    #[test]
    fn a_commit_is_within_its_lane_if_and_only_if_each_change_is(
        words in any_words(), changes in prop::collection::vec(any_change(), 0..6),
    ) {
        let lanes = Lanes { lanes: vec![lane("x", &["a@b"], &[], &words)], others: OtherAuthors::Everything };
        let check = |changes: &[ChangedKey]| lanes.check(&by("a@b", None), changes);
        let outside: Vec<ChangedKey> = changes.iter().filter(|one| check(std::slice::from_ref(one)).is_err()).cloned().collect();
        let found = check(&changes).err().map(|refused| refused.outside).unwrap_or_default();
        prop_assert_eq!(found, outside);
    }

    #[test]
    fn each_permission_more_allows_more_and_never_less(
        words in any_words(), more in any_words(), change in any_change(),
    ) {
        let with = |words: &[&str]| {
            let lanes = Lanes { lanes: vec![lane("x", &["a@b"], &[], words)], others: OtherAuthors::Everything };
            lanes.check(&by("a@b", None), std::slice::from_ref(&change)).is_ok()
        };
        let both = [words.clone(), more].concat();
        prop_assert!(!with(&words) || with(&both));
        prop_assert!(!with(&[]), "a lane without permissions allows nothing");
    }
}
