//! Tests SNMPv3: discovery, authentication, time and privacy, and reports to unknown senders.

use std::time::Duration;

use super::super::message::{Envelope, Header, Scoped, Secured, scoped};
use super::super::privacy::{self, Clock};
use super::super::user::Keys;
use super::super::{Authentication, Privacy, SecurityLevel};
use super::*;

/// The counters of `usmStats` and others.
const UNSUPPORTED_LEVEL: &str = "1.3.6.1.6.3.15.1.1.1.0";
const NOT_IN_TIME: &str = "1.3.6.1.6.3.15.1.1.2.0";
const UNKNOWN_USER: &str = "1.3.6.1.6.3.15.1.1.3.0";
const UNKNOWN_ENGINE: &str = "1.3.6.1.6.3.15.1.1.4.0";
const WRONG_DIGEST: &str = "1.3.6.1.6.3.15.1.1.5.0";
const UNDECRYPTABLE: &str = "1.3.6.1.6.3.15.1.1.6.0";
const UNKNOWN_HANDLER: &str = "1.3.6.1.6.3.11.2.1.3.0";
const UNKNOWN_CONTEXT: &str = "1.3.6.1.6.3.12.1.5.0";

fn private(authentication: Authentication, privacy: Privacy, password: &str) -> User {
    User::private(
        "gamctl",
        Access::Write,
        (authentication, password),
        (privacy, "otherpassword"),
    )
    .unwrap()
}

fn usual() -> User {
    private(Authentication::Sha1, Privacy::Aes, "maplesyrup")
}

/// A manager's state and requested level.
struct Manager {
    user: User,
    name: &'static str,
    level: SecurityLevel,
    engine_id: Vec<u8>,
    context_engine: Vec<u8>,
    context: &'static [u8],
    clock: Clock,
    is_reportable: bool,
    max_size: usize,
    kind: Kind,
    bindings: Vec<(Oid, Value)>,
}

/// A received message.
#[derive(Debug)]
struct Letter {
    kind: Kind,
    level: SecurityLevel,
    clock: Clock,
    engine_id: Vec<u8>,
    said: Said,
    size: usize,
}

impl Letter {
    /// Returns the counter in a report.
    fn reported(&self) -> &str {
        assert_eq!(self.kind, Kind::Report);
        let [(name, Value::Counter32(1))] = self.said.bindings.as_slice() else {
            panic!("{:?}", self.said);
        };
        let names = [
            UNSUPPORTED_LEVEL,
            NOT_IN_TIME,
            UNKNOWN_USER,
            UNKNOWN_ENGINE,
            WRONG_DIGEST,
            UNDECRYPTABLE,
            UNKNOWN_HANDLER,
            UNKNOWN_CONTEXT,
        ];
        let name = name.to_string();
        names.into_iter().find(|known| **known == name).unwrap()
    }
}

impl Manager {
    /// Returns a manager that knows the engine already.
    fn new(user: User) -> Self {
        let engine_id = agent(vec![]).engine_id().as_bytes().to_vec();
        Self {
            level: user.level(),
            user,
            name: "gamctl",
            context_engine: engine_id.clone(),
            engine_id,
            context: b"",
            clock: Clock { boots: 7, time: 0 },
            is_reportable: true,
            max_size: 65_507,
            kind: Kind::Get,
            bindings: asking(&[NAME]),
        }
    }

    fn keys(&self) -> Keys {
        let engine = EngineId::new(&self.engine_id);
        engine.map_or_else(|_| Keys::default(), |engine| self.user.keys(&engine))
    }

    fn datagram(&self) -> Vec<u8> {
        let reply = Reply {
            status: ErrorStatus::NoError,
            index: 0,
            bindings: content(&self.bindings),
        };
        let envelope = Envelope {
            id: 99,
            max_size: self.max_size,
            level: self.level,
            is_reportable: self.is_reportable,
            engine_id: &self.engine_id,
            clock: self.clock,
            user: self.name.as_bytes(),
            keys: &self.keys(),
            counter: 12,
        };
        let scoped = scoped(&self.context_engine, self.context, self.kind, 4711, &reply);
        envelope.seal(scoped).unwrap()
    }

    fn read(&self, answer: &[u8]) -> Letter {
        let mut message = Reader::new(answer).nested(tag::SEQUENCE).unwrap();
        assert_eq!(message.integer(), Ok(3));
        let header = Header::read(&mut message).unwrap();
        assert_eq!((header.id, header.is_reportable()), (99, false));
        let level = header.level().unwrap();
        let secured = Secured::read(&mut message, level == SecurityLevel::AuthPriv).unwrap();
        assert_eq!(secured.user, self.name.as_bytes());
        assert_eq!(
            secured.digest.len(),
            if level > SecurityLevel::NoAuthNoPriv {
                12
            } else {
                0
            }
        );
        let plain = (level == SecurityLevel::AuthPriv).then(|| {
            let (privacy, key) = self.keys().privacy.unwrap();
            let salt = secured.salt.try_into().unwrap();
            privacy::decrypt(privacy, &key, secured.clock, salt, secured.data.rest()).unwrap()
        });
        let scoped = match &plain {
            Some(plain) => Scoped::read_decrypted(plain).unwrap(),
            None => Scoped::read(secured.data).unwrap(),
        };
        Letter {
            kind: scoped.pdu.kind,
            level,
            clock: secured.clock,
            engine_id: secured.engine_id.to_vec(),
            said: scoped.pdu.into(),
            size: answer.len(),
        }
    }

    fn ask(&self, agent: &mut Agent, now: Moment) -> Option<Letter> {
        let answer = agent.answer(&self.datagram(), &mut objects(), now)?;
        Some(self.read(&answer))
    }

    /// Asks a new agent that has the usual user.
    fn ask_usual(&self) -> Option<Letter> {
        self.ask(&mut agent(vec![usual()]), booted())
    }
}

/// Returns the first message of every manager.
pub(super) fn discovery() -> Vec<u8> {
    Manager {
        name: "",
        level: SecurityLevel::NoAuthNoPriv,
        engine_id: vec![],
        clock: Clock { boots: 0, time: 0 },
        bindings: vec![],
        ..Manager::new(usual())
    }
    .datagram()
}

#[test]
fn a_manager_finds_out_whom_it_talks_to_what_time_it_is_and_asks() {
    for (authentication, privacy) in [
        (Authentication::Md5, Privacy::Des),
        (Authentication::Md5, Privacy::Aes),
        (Authentication::Sha1, Privacy::Des),
        (Authentication::Sha1, Privacy::Aes),
    ] {
        let user = private(authentication, privacy, "maplesyrup");
        let mut agent = agent(vec![user.clone()]);
        let now = booted().after(Duration::from_secs(5000));
        let mut manager = Manager {
            name: "",
            level: SecurityLevel::NoAuthNoPriv,
            engine_id: vec![],
            clock: Clock { boots: 0, time: 0 },
            bindings: vec![],
            ..Manager::new(user)
        };
        let letter = manager.ask(&mut agent, now).unwrap();
        assert_eq!(letter.reported(), UNKNOWN_ENGINE);
        assert_eq!(letter.level, SecurityLevel::NoAuthNoPriv);
        assert_eq!(letter.engine_id, agent.engine_id().as_bytes());

        manager.engine_id = letter.engine_id;
        manager.name = "gamctl";
        manager.level = SecurityLevel::AuthPriv;
        manager.bindings = asking(&[NAME]);
        let letter = manager.ask(&mut agent, now).unwrap();
        assert_eq!(letter.reported(), NOT_IN_TIME);
        assert_eq!(letter.level, SecurityLevel::AuthNoPriv);
        assert_eq!((letter.clock.boots, letter.clock.time), (7, 5000));

        manager.clock = letter.clock;
        let letter = manager.ask(&mut agent, now).unwrap();
        assert_eq!(letter.kind, Kind::Response);
        assert_eq!(letter.level, SecurityLevel::AuthPriv);
        assert_eq!(letter.said.values(), [Value::text("gam")]);
    }
}

#[test]
fn a_question_is_signed_over_all_of_it() {
    let user = usual();
    let manager = Manager {
        level: SecurityLevel::AuthPriv,
        ..Manager::new(user.clone())
    };
    let mut agent = agent(vec![user]);
    let datagram = manager.datagram();
    for place in 0..datagram.len() {
        let mut damaged = datagram.clone();
        damaged[place] ^= 0x01;
        let answer = agent.answer(&damaged, &mut objects(), booted());
        if let Some(answer) = answer {
            let mut message = Reader::new(&answer).nested(tag::SEQUENCE).unwrap();
            message.integer().unwrap();
            let header = Header::read(&mut message).unwrap();
            assert_eq!(header.level(), Some(SecurityLevel::NoAuthNoPriv), "{place}");
        }
    }
    assert!(agent.counters().wrong_digests > 50);
}

#[test]
fn the_same_question_is_never_encrypted_alike() {
    let manager = Manager::new(usual());
    let mut agent = agent(vec![usual()]);
    let mut answer = || agent.answer(&manager.datagram(), &mut objects(), booted());
    assert_ne!(answer().unwrap(), answer().unwrap());
}

#[test]
fn unknown_wrong_and_untimely_senders_get_reports() {
    let stranger = Manager {
        name: "stranger",
        ..Manager::new(usual())
    };
    assert_eq!(stranger.ask_usual().unwrap().reported(), UNKNOWN_USER);

    let wrong = Manager::new(private(
        Authentication::Sha1,
        Privacy::Aes,
        "treacle pudding",
    ));
    let letter = wrong.ask_usual().unwrap();
    assert_eq!(letter.reported(), WRONG_DIGEST);
    assert_eq!(letter.level, SecurityLevel::NoAuthNoPriv);

    let weak = User::new("gamctl", Access::Read);
    let letter = Manager::new(usual()).ask(&mut agent(vec![weak]), booted());
    assert_eq!(letter.unwrap().reported(), UNSUPPORTED_LEVEL);

    let elsewhere = Manager {
        engine_id: vec![1; 12],
        ..Manager::new(usual())
    };
    assert_eq!(elsewhere.ask_usual().unwrap().reported(), UNKNOWN_ENGINE);

    let des = private(Authentication::Sha1, Privacy::Des, "maplesyrup");
    let letter = Manager::new(usual()).ask(&mut agent(vec![des]), booted());
    // What AES made is seldom a number of whole DES blocks; here it is not.
    assert_eq!(letter.unwrap().reported(), UNDECRYPTABLE);
}

#[test]
fn a_message_is_good_for_150_seconds_and_one_boot() {
    let manager = Manager::new(usual());
    let mut agent = agent(vec![usual()]);
    let at = |seconds| booted().after(Duration::from_secs(seconds));
    let letter = manager.ask(&mut agent, at(150)).unwrap();
    assert_eq!(letter.kind, Kind::Response);
    let letter = manager.ask(&mut agent, at(151)).unwrap();
    assert_eq!(letter.reported(), NOT_IN_TIME);
    assert_eq!(agent.counters().not_in_time_windows, 1);
    let mut restarted = agent_after(8, at(200), vec![usual()]);
    let letter = manager.ask(&mut restarted, at(200)).unwrap();
    assert_eq!(letter.reported(), NOT_IN_TIME);
    assert_eq!((letter.clock.boots, letter.clock.time), (8, 0));
}

#[test]
fn a_sender_without_the_reportable_flag_gets_no_report_but_is_counted() {
    let manager = Manager {
        name: "stranger",
        is_reportable: false,
        ..Manager::new(usual())
    };
    let mut agent = agent(vec![usual()]);
    assert!(manager.ask(&mut agent, booted()).is_none());
    assert_eq!(agent.counters().unknown_user_names, 1);
}

#[test]
fn a_user_speaks_as_safely_as_they_can_or_is_refused() {
    for level in [SecurityLevel::NoAuthNoPriv, SecurityLevel::AuthNoPriv] {
        let manager = Manager {
            level,
            ..Manager::new(usual())
        };
        let letter = manager.ask_usual().unwrap();
        assert_eq!((letter.kind, letter.level), (Kind::Response, level));
        assert_eq!((letter.said.status, letter.said.index), (16, 0));
        assert_eq!(letter.said.bindings, asking(&[NAME]));
    }
}

#[test]
fn only_a_user_who_may_write_does() {
    for (access, status) in [(Access::Read, 6), (Access::Write, 0)] {
        let user = User::authenticated("gamctl", access, Authentication::Md5, "maplesyrup");
        let user = user.unwrap();
        let manager = Manager {
            kind: Kind::Set,
            bindings: vec![(Oid::new(NAME), Value::text("oak"))],
            ..Manager::new(user.clone())
        };
        let letter = manager.ask(&mut agent(vec![user]), booted()).unwrap();
        assert_eq!(letter.said.status, status);
    }
}

#[test]
fn another_engine_behind_this_one_or_a_context_is_not_known() {
    let proxied = Manager {
        context_engine: vec![9; 9],
        ..Manager::new(usual())
    };
    let letter = proxied.ask_usual().unwrap();
    assert_eq!(letter.reported(), UNKNOWN_HANDLER);
    assert_eq!(letter.level, SecurityLevel::AuthPriv);
    let context = Manager {
        context: b"vlan-7",
        ..Manager::new(usual())
    };
    assert_eq!(context.ask_usual().unwrap().reported(), UNKNOWN_CONTEXT);
    let response = Manager {
        kind: Kind::Response,
        ..Manager::new(usual())
    };
    assert!(response.ask_usual().is_none());
}

#[test]
fn an_answer_is_not_longer_than_the_manager_accepts() {
    for max_size in [484, 600, 1472, 65_507] {
        for user in [
            private(Authentication::Md5, Privacy::Des, "maplesyrup"),
            usual(),
        ] {
            let manager = Manager {
                max_size,
                bindings: asking(&[NAME; 30]),
                ..Manager::new(user.clone())
            };
            let letter = manager.ask(&mut agent(vec![user]), booted()).unwrap();
            assert!(letter.size <= max_size);
            let status = if max_size < 700 { 1 } else { 0 };
            assert_eq!(letter.said.status, status, "{max_size}");
        }
    }
}

#[test]
fn messages_of_other_security_models_are_dropped() {
    let mut agent = agent(vec![usual()]);
    let plain = discovery();
    // id, largest size, flags, model: the bytes of the header.
    let model = plain
        .windows(6)
        .position(|bytes| bytes == [4, 1, 4, 2, 1, 3]);
    let model = model.unwrap();
    for (place, byte) in [(5, 2), (2, 2), (2, 6)] {
        let mut other = plain.clone();
        other[model + place] = byte;
        assert_eq!(agent.answer(&other, &mut objects(), booted()), None);
    }
    let counters = agent.counters();
    assert_eq!(counters.unknown_security_models, 1);
    assert_eq!(counters.invalid_messages, 2);
    let nobody = super::agent(vec![]).answer(&plain, &mut objects(), booted());
    assert_eq!(nobody, None);
}
