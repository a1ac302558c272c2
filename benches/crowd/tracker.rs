//! The crowd's tracker: HTTP, one request a connection, a share of the peers at each URL.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use super::{PEERS_AN_URL, address};

/// Serves for ever, on a thread of its own; answers the port.
pub(super) fn serve(peers: usize, port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own_port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for caller in listener.incoming().flatten() {
            // Whoever hangs up has lost its answer.
            let _ = answer(&caller, peers, port);
        }
    });
    own_port
}

fn answer(mut caller: &TcpStream, peers: usize, port: u16) -> std::io::Result<()> {
    let mut lines = BufReader::new(caller).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let number = path.split('/').nth(1).and_then(|it| it.parse().ok());
    let body = match number {
        Some(number) if path.contains("/announce") => share(number, peers, port),
        _ => b"d5:filesdee".to_vec(),
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    caller.write_all(head.as_bytes())?;
    caller.write_all(&body)
}

/// The peers of one URL, in compact form.
fn share(number: usize, peers: usize, port: u16) -> Vec<u8> {
    let from = number.saturating_mul(PEERS_AN_URL).min(peers);
    let to = (from + PEERS_AN_URL).min(peers);
    let mut body = format!("d8:intervali1800e5:peers{}:", (to - from) * 6).into_bytes();
    for peer in from..to {
        body.extend_from_slice(&address(peer).octets());
        body.extend_from_slice(&port.to_be_bytes());
    }
    body.push(b'e');
    body
}
