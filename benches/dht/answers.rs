//! How many questions a node answers that is asked more than it can answer, by another
//! process; beside the floor, a bare loop that sends as many bytes for each question.

use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::process::{Child, Command};
use std::time::Duration;

use bta::clock::Clock;
use bta::moment::Moment;
use bta::protocol::address::IpFamily;
use bta::protocol::dht::krpc::{self, Body, Query, Want};
use bta::protocol::dht::{Node, NodeId, Transmit, limits};
use bta::protocol::info_hash::InfoHash;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::net::UdpSocket;
use tokio::time;

use crate::common::{self, CpuTime, RUNS, Spread, Table};
use crate::ours::Ours;

/// Who asks has so many sockets, and on each so many questions without an answer: what the
/// node's socket can hold.
const SOCKETS: u8 = 16;
const WINDOW: usize = 8;

/// Different questions on each socket, asked over and over; a multiple of [`WINDOW`].
const QUESTIONS: usize = 512;

/// So much time passes a datagram, in the node's eyes: it answers a hundred questions a
/// second, and few of one sender. Its timers stand still.
const PASSES: Duration = Duration::from_millis(20);

/// Who asks gives an answer up after that time, and gives up altogether after the other.
const LOST: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_secs(30);

/// One run.
struct Answered {
    number: u64,
    wall: Duration,
    cpu: CpuTime,
}

/// Who answers.
enum Answerer<'a> {
    Bare(Vec<u8>),
    Node(&'a mut Node, Moment),
}

impl Answerer<'_> {
    fn answer(&mut self, from: SocketAddr, bytes: &[u8], out: &mut Vec<Transmit>) {
        match self {
            Answerer::Bare(answer) => out.push(Transmit {
                to: from,
                bytes: answer.clone(),
            }),
            Answerer::Node(node, now) => {
                *now = *now + PASSES;
                node.handle_datagram(*now, from, bytes);
                out.extend(std::iter::from_fn(|| node.poll_transmit()));
            }
        }
    }
}

pub(crate) async fn measure(clock: Clock, mut ours: Ours) {
    let mut rng = SmallRng::seed_from_u64(crate::SEED);
    let mut node = Answerer::Node(&mut ours.node, clock.now());
    let mut one = Vec::new();
    let from = SocketAddr::from(([127, 2, 0, 0], 6_881));
    node.answer(from, &question(NodeId([7; 20]), &mut rng), &mut one);
    let one = one.into_iter().find(|it| it.to == from).unwrap().bytes;
    let Body::Answer(heard) = krpc::read(&one).unwrap().body else {
        panic!("no answer");
    };
    assert_eq!(heard.nodes.len(), limits::K);
    let size = one.len();
    let mut bare = Answerer::Bare(one);
    let (mut of_bare, mut of_node) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        of_bare.push(saturate(&mut bare).await);
        of_node.push(saturate(&mut node).await);
    }
    let title = format!("get_peers, answered in {size} bytes");
    let columns = [
        &title,
        "answers/s",
        "CPU µs an answer",
        "user µs",
        "system µs",
        "of a core, %",
    ];
    let mut table = Table::new(columns);
    for (by, runs) in [("bare loop", of_bare), ("bta's node", of_node)] {
        let spread = |figure: fn(&Answered) -> f64| -> String {
            runs.iter().map(figure).collect::<Spread>().to_string()
        };
        table.row([
            by.to_owned(),
            spread(|it| it.number as f64 / it.wall.as_secs_f64()),
            spread(|it| micros(it.cpu.total()) / it.number as f64),
            spread(|it| micros(it.cpu.user) / it.number as f64),
            spread(|it| micros(it.cpu.system) / it.number as f64),
            spread(|it| 100.0 * it.cpu.total().as_secs_f64() / it.wall.as_secs_f64()),
        ]);
    }
    table.print();
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

async fn saturate(answerer: &mut Answerer<'_>) -> Answered {
    let (warm, long) = match common::is_quick() {
        true => (Duration::from_millis(50), Duration::from_millis(200)),
        false => (Duration::from_millis(500), Duration::from_secs(4)),
    };
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut asks = Asks(asks(socket.local_addr().unwrap()));
    let mut number = 0;
    time::timeout(warm, serve(&socket, answerer, &mut number))
        .await
        .unwrap_err();
    number = 0;
    let (began, before) = (common::now(), common::own_cpu_time());
    time::timeout(long, serve(&socket, answerer, &mut number))
        .await
        .unwrap_err();
    let (wall, cpu) = (began.elapsed(), common::own_cpu_time() - before);
    asks.0.kill().unwrap();
    asks.0.wait().unwrap();
    assert!(number > 0, "nothing was answered");
    Answered { number, wall, cpu }
}

async fn serve(socket: &UdpSocket, answerer: &mut Answerer<'_>, number: &mut u64) {
    let (mut buffer, mut out) = ([0; limits::DATAGRAM_BYTES], Vec::new());
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        answerer.answer(from, &buffer[..length], &mut out);
        for transmit in out.drain(..) {
            *number += u64::from(transmit.to == from);
            // Who was asked back may be gone.
            let _ = socket.send_to(&transmit.bytes, transmit.to).await;
        }
    }
}

/// The other process; it ends with the measurement, however that ends.
struct Asks(Child);

impl Drop for Asks {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

fn asks(node: SocketAddr) -> Child {
    let program = std::env::current_exe().unwrap();
    let node = node.to_string();
    Command::new(program)
        .args(["--ask", &node])
        .spawn()
        .unwrap()
}

/// Asks the node on all sockets in turn; on each as many questions again as were answered.
pub(crate) fn ask(node: SocketAddr) {
    let mut rng = SmallRng::seed_from_u64(crate::SEED);
    let open = |host| {
        let socket = StdSocket::bind((std::net::Ipv4Addr::new(127, 2, 0, host), 0)).unwrap();
        socket.connect(node).unwrap();
        socket.set_read_timeout(Some(LOST)).unwrap();
        socket
    };
    let sockets: Vec<_> = (1..=SOCKETS).map(open).collect();
    let questions = sockets.iter().map(|_| {
        let id = NodeId::random(&mut rng);
        (0..QUESTIONS).map(|_| question(id, &mut rng)).collect()
    });
    let questions: Vec<Vec<_>> = questions.collect();
    let mut buffer = [0; limits::DATAGRAM_BYTES];
    let began = common::now();
    let (mut open, mut at) = (vec![0; sockets.len()], 0);
    while began.elapsed() < LIMIT {
        let window = at..at + WINDOW;
        for ((socket, open), questions) in sockets.iter().zip(&mut open).zip(&questions) {
            while *open > 0 && socket.recv(&mut buffer).is_ok() {
                *open -= 1;
            }
            for question in &questions[window.clone()] {
                // A node that is gone refuses.
                let _ = socket.send(question);
            }
            *open = WINDOW;
        }
        at = window.end % QUESTIONS;
    }
}

fn question(id: NodeId, rng: &mut SmallRng) -> Vec<u8> {
    let query = Query::GetPeers(InfoHash(rng.random()), Want::default());
    krpc::write_query(&rng.random::<[u8; 4]>(), id, IpFamily::V4, &query, false)
}
