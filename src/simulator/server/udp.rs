//! Serves SNMP over UDP, with the delays, losses and wrong sources that faults demand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use compact_str::format_compact;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::agent_queue::AgentQueue;
use super::state::{Shared, State};
use crate::model::MacAddress;
use crate::simulator::fault::DatagramPlan;
use crate::simulator::gam::{Edit, EndpointOptions, ExpectedPort, SubscriberOptions, chance};
use crate::simulator::mib::Mib;
use crate::simulator::moment::Moment;

/// The longest accepted request; a SET of a whole list of VLANs has 700 bytes.
const LONGEST_REQUEST: usize = 8192;

/// The highest number of delayed answers; a flood beyond it is lost.
const MOST_WAITING: usize = 256;

/// After computing for longer than this, other tasks run first.
const LONG: Duration = Duration::from_micros(500);

/// The longest time that an answer waits for others to be reordered with.
const REORDER_WAIT: Duration = Duration::from_millis(50);

/// An answer and its destination.
#[derive(Clone)]
struct Answer {
    datagram: Vec<u8>,
    to: SocketAddr,
    is_from_elsewhere: bool,
    copies: u16,
    delay: Duration,
}

/// Answers held back by faults.
#[derive(Default)]
struct Held {
    late: Option<Answer>,
    pile: Vec<Answer>,
    /// The time at which collected answers are sent, however few they are.
    until: Option<Instant>,
}

/// Answers requests until the twin is stopped.
pub(super) async fn serve(shared: Arc<Shared>, socket: Arc<UdpSocket>) {
    let mut buffer = vec![0; LONGEST_REQUEST + 1];
    let mut held = Held::default();
    let mut queue = AgentQueue::default();
    let mut waiting = JoinSet::new();
    loop {
        let until = held.until;
        let received = tokio::select! {
            biased;
            () = shared.stopped() => return,
            Some(_) = waiting.join_next() => continue,
            received = socket.recv_from(&mut buffer) => Some(received),
            () = at(until) => None,
        };
        let mut requests = Vec::new();
        let began = Instant::now();
        let answers = match received {
            None => held.take_pile(),
            // An ICMP error about a client that is gone. A series of them must not keep other clients waiting.
            Some(Err(_)) => {
                tokio::task::yield_now().await;
                continue;
            }
            Some(Ok((length, from))) => match buffer.get(..length) {
                Some(request) if length <= LONGEST_REQUEST => {
                    let needs = shared.settings.latency.snmp_cpu;
                    let answer = shared.change(|state, now| {
                        let turn = state.is_up.then(|| queue.enter(began, needs));
                        if turn == Some(None) {
                            state.counts.requests += 1;
                            state.counts.dropped += 1;
                            return None;
                        }
                        let mut answer = answer(state, request, from, now);
                        if let (Some((answer, _)), Some(Some(turn))) = (&mut answer, turn) {
                            answer.delay += turn;
                        }
                        requests = state.gam.take_requests();
                        answer
                    });
                    answer.map_or_else(Vec::new, |(answer, plan)| held.hold(answer, &plan))
                }
                _ => continue,
            },
        };
        for mut answer in answers {
            answer.delay += shared.settings.latency.snmp;
            if answer.delay.is_zero() {
                send(&socket, &answer).await;
            } else if waiting.len() < MOST_WAITING {
                let socket = Arc::clone(&socket);
                waiting.spawn(async move {
                    tokio::time::sleep(answer.delay).await;
                    send(&socket, &answer).await;
                });
            }
        }
        for request in requests {
            shared.fulfil(request);
        }
        if began.elapsed() > LONG {
            tokio::task::yield_now().await;
        }
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

fn answer(
    state: &mut State,
    request: &[u8],
    from: SocketAddr,
    now: Moment,
) -> Option<(Answer, DatagramPlan)> {
    state.counts.requests += 1;
    if !state.is_up {
        return None;
    }
    let drawn = chance::between(state.gam.seed(), "loss", state.counts.requests, 0, 99);
    let mut plan = state.faults.on_datagram(drawn);
    for (endpoint, subscriber) in &plan.appearing {
        appear(state, *endpoint, *subscriber, now);
    }
    if *state.agent.distortion() != plan.distortion {
        state.agent.distort(std::mem::take(&mut plan.distortion));
    }
    if plan.is_lost {
        return None;
    }
    let mut view = Mib {
        gam: &mut state.gam,
        now,
    };
    let datagram = state.agent.answer(request, &mut view, now)?;
    state.counts.answers += 1;
    let answer = Answer {
        datagram,
        to: from,
        is_from_elsewhere: plan.wrong_source_port,
        copies: plan.copies,
        delay: plan.delay,
    };
    Some((answer, plan))
}

/// Configures an endpoint, and a subscriber on it, as another user would during a walk.
fn appear(state: &mut State, endpoint: u16, subscriber: Option<u16>, now: Moment) {
    let [high, low] = endpoint.to_be_bytes();
    let edit = Edit::Endpoint {
        id: endpoint,
        options: EndpointOptions {
            name: Some(format_compact!("appeared-{endpoint}")),
            mac: MacAddress::new([0x00, 0x0e, 0xd8, 0xff, high, low]).ok(),
            port: Some(ExpectedPort::Unassigned),
            ..EndpointOptions::default()
        },
    };
    // If the device refuses the edit, nothing appears.
    let _refused = state.gam.edit(&edit, now);
    if let Some(subscriber) = subscriber {
        let edit = Edit::Subscriber {
            id: subscriber,
            options: SubscriberOptions {
                name: Some(format_compact!("appeared-{subscriber}")),
                endpoint: Some(Some(endpoint)),
                ..SubscriberOptions::default()
            },
        };
        let _refused = state.gam.edit(&edit, now);
    }
}

impl Held {
    /// Holds an answer back if needed, and returns the answers to send now.
    fn hold(&mut self, answer: Answer, plan: &DatagramPlan) -> Vec<Answer> {
        let mut out = Vec::new();
        let earlier = self.late.take();
        if plan.is_late {
            self.late = Some(answer);
        } else if let Some(among) = plan.reorder {
            self.pile.push(answer);
            if self.pile.len() >= usize::from(among).min(MOST_WAITING) {
                out = self.take_pile();
            } else {
                self.until = Some(Instant::now() + REORDER_WAIT);
            }
        } else {
            out.push(answer);
        }
        out.extend(earlier);
        out
    }

    fn take_pile(&mut self) -> Vec<Answer> {
        self.until = None;
        let mut pile = std::mem::take(&mut self.pile);
        pile.reverse();
        pile
    }
}

async fn send(socket: &UdpSocket, answer: &Answer) {
    let elsewhere = match answer.is_from_elsewhere {
        true => other_port(socket).await.ok(),
        false => None,
    };
    let socket = elsewhere.as_ref().unwrap_or(socket);
    for _ in 0..=answer.copies {
        // A failed send is a lost datagram, as on a real network.
        let _sent = socket.send_to(&answer.datagram, answer.to).await;
    }
}

async fn other_port(socket: &UdpSocket) -> std::io::Result<UdpSocket> {
    let ip = socket.local_addr()?.ip();
    UdpSocket::bind((ip, 0)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pile_that_waits_to_be_reordered_stays_small() {
        let plan = DatagramPlan {
            reorder: Some(u16::MAX),
            ..DatagramPlan::default()
        };
        let answer = Answer {
            datagram: Vec::new(),
            to: SocketAddr::from(([127, 0, 0, 1], 9)),
            is_from_elsewhere: false,
            copies: 0,
            delay: Duration::ZERO,
        };
        let mut held = Held::default();
        for _ in 1..MOST_WAITING {
            assert!(held.hold(answer.clone(), &plan).is_empty());
        }
        assert_eq!(held.hold(answer, &plan).len(), MOST_WAITING);
    }
}
