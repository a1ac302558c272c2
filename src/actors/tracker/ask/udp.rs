//! One query over UDP.

use std::net::{IpAddr, SocketAddr};

use crate::moment::Moment;
use crate::protocol::tracker::TrackerError;
use crate::protocol::tracker::udp::{UdpClient, UdpReply};

use super::Asker;

/// The largest datagram that UDP can carry.
const DATAGRAM_BYTES: usize = 65_535;

impl Asker {
    /// Asks one address what `question` says.
    pub(super) async fn over_udp(
        &self,
        address: SocketAddr,
        question: impl FnOnce(&mut UdpClient, Moment),
    ) -> Result<UdpReply, TrackerError> {
        let any = match address {
            SocketAddr::V4(_) => IpAddr::from([0; 4]),
            SocketAddr::V6(_) => IpAddr::from([0; 16]),
        };
        let from = SocketAddr::new(self.own_address(address).unwrap_or(any), 0);
        let socket = self.network.datagrams(from).await;
        let socket = socket.map_err(|error| TrackerError::from(&error))?;
        // A connection id belongs to the socket that it was given to, and lives for a
        // minute: the next exchange needs another one anyway.
        let mut client = UdpClient::new(address, rand::random(), self.pace);
        question(&mut client, self.clock.now());
        let mut buffer = vec![0; DATAGRAM_BYTES];
        loop {
            while let Some(datagram) = client.poll_transmit() {
                let sent = socket.send_to(&datagram, client.tracker()).await;
                sent.map_err(|error| TrackerError::from(&error))?;
            }
            if let Some(reply) = client.poll_reply() {
                return reply;
            }
            let due = client.poll_timeout().ok_or(TrackerError::Timeout)?;
            tokio::select! {
                received = socket.recv_from(&mut buffer) => {
                    // An ICMP error about an earlier datagram is not final: the
                    // resend schedule decides.
                    if let Ok((len, from)) = received {
                        client.handle_datagram(self.clock.now(), from, &buffer[..len]);
                    }
                }
                () = tokio::time::sleep_until(self.clock.instant(due)) => {
                    client.handle_timeout(self.clock.now());
                }
            }
        }
    }
}
