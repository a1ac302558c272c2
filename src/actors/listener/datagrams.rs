//! Datagrams at the listening port: of the DHT, or of uTP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use actix::prelude::*;
use futures_util::stream;

use crate::actors::dht::Datagram;
use crate::net::Datagrams;
use crate::protocol::address::{IpFamily, canonical};
use crate::protocol::dht::limits;

use super::{ACCEPT_RETRY, Listener};

/// The first byte of every message of the DHT, a bencoded dictionary; no uTP header
/// begins so (type 6 is none).
const DICTIONARY: u8 = b'd';

/// A datagram that has come.
pub(super) struct Arriving {
    from: SocketAddr,
    bytes: Vec<u8>,
}

/// Datagrams as they come; of those that are longer than any of use to us there is one
/// byte too many, and the rest is cut off.
pub(super) fn arriving(socket: Arc<Datagrams>) -> impl futures_util::Stream<Item = Arriving> {
    stream::unfold(socket, |socket| async move {
        let mut buffer = [0; limits::DATAGRAM_BYTES + 1];
        let (read, from) = received(&socket, &mut buffer).await;
        let arriving = Arriving {
            from,
            bytes: buffer[..read].to_vec(),
        };
        Some((arriving, socket))
    })
}

async fn received(socket: &Datagrams, buffer: &mut [u8]) -> (usize, SocketAddr) {
    loop {
        let result: io::Result<_> = socket.recv_from(buffer).await;
        match result {
            Ok(received) => return received,
            Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}

impl StreamHandler<Arriving> for Listener {
    fn handle(&mut self, it: Arriving, _: &mut Self::Context) {
        let Arriving { from, bytes } = it;
        let from = canonical(from);
        self.signs.heard(self.clock.now(), from);
        // Of a stream nothing may be missing: one that is cut off is as good as lost.
        let is_whole = bytes.len() <= limits::DATAGRAM_BYTES;
        if !is_whole || self.admission.policy.excludes(from.ip()) {
            return;
        }
        if bytes.first() == Some(&DICTIONARY) {
            if let Some(dht) = self.dhts.get(&IpFamily::of(from.ip())) {
                // One that is lost is asked or answered again, as with any network.
                let _ = dht.try_send(Datagram { from, bytes });
            }
        } else {
            self.ports.utp.receive(from, &bytes);
        }
    }
}
