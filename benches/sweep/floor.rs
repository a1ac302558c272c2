//! The floor: the least that visits can cost in tokio, in a process of its own.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use bta::net::limits::raise_descriptor_limit;
use bta::protocol::info_hash::InfoHash;
use futures_util::StreamExt;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::own_cpu_time;
use crate::crowd::Crowd;

const ROLE: &str = "--play-floor";

/// What a sweep by the floor came to.
pub(crate) struct Floor {
    /// Peers that told what they hold.
    pub visited: usize,
    /// What that took of processors.
    pub cpu: Duration,
}

/// Visits a whole crowd, so many at a time.
pub(crate) fn run(crowd: &Crowd, concurrency: usize) -> Floor {
    let list = crowd.folder().join("addresses");
    let addresses: Vec<_> = crowd.addresses().map(|it| it.to_string()).collect();
    std::fs::write(&list, addresses.join("\n")).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .arg(ROLE)
        .arg(list)
        .arg(concurrency.to_string())
        .arg(crowd.info_hash.to_string())
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let (visited, micros) = output.trim().split_once(' ').unwrap();
    Floor {
        visited: visited.parse().unwrap(),
        cpu: Duration::from_micros(micros.parse().unwrap()),
    }
}

/// Plays the floor if this process was started for that; returns when it was.
pub(crate) fn played() -> bool {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.first().is_none_or(|it| it != ROLE) {
        return false;
    }
    raise_descriptor_limit().unwrap();
    let list = std::fs::read_to_string(&arguments[1]).unwrap();
    let addresses: Vec<SocketAddr> = list.lines().map(|it| it.parse().unwrap()).collect();
    let info_hash: InfoHash = arguments[3].parse().unwrap();
    let concurrency = arguments[2].parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let before = own_cpu_time();
    let visited = tokio::task::LocalSet::new().block_on(&runtime, async {
        let visits = addresses
            .into_iter()
            .map(|it| tokio::task::spawn_local(visit(it, info_hash)));
        stream::iter(visits)
            .buffer_unordered(concurrency)
            .filter(|it| std::future::ready(matches!(it, Ok(Ok(())))))
            .count()
            .await
    });
    let cpu = (own_cpu_time() - before).total();
    println!("{visited} {}", cpu.as_micros());
    true
}

/// Dials, shakes hands, reads up to what the peer holds, and closes.
async fn visit(address: SocketAddr, info_hash: InfoHash) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut ours = Vec::with_capacity(68);
    ours.extend_from_slice(b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04");
    ours.extend_from_slice(&info_hash.0);
    ours.extend_from_slice(b"-FL0000-floor0000000");
    socket.write_all(&ours).await?;
    let mut buffer = [0; 2048];
    let mut length = 0;
    loop {
        match socket.read(&mut buffer[length..]).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => length += read,
        }
        if length > 68 && told_pieces(&buffer[68..length]) {
            return Ok(());
        }
    }
}

/// Whether a message that tells what the peer holds is there as a whole.
fn told_pieces(mut messages: &[u8]) -> bool {
    while let Some((head, rest)) = messages.split_first_chunk() {
        let Some((message, rest)) = rest.split_at_checked(u32::from_be_bytes(*head) as usize)
        else {
            return false;
        };
        if matches!(message.first(), Some(5 | 14 | 15)) {
            return true;
        }
        messages = rest;
    }
    false
}
