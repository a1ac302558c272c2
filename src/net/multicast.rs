//! Datagrams to and from everybody in a group, on each interface.

use std::io;
use std::net::SocketAddr;

use super::Datagrams;

/// Membership in a multicast group; what is sent comes back, too.
#[derive(Debug)]
pub struct Multicast {
    group: SocketAddr,
    ear: Datagrams,
    /// One an interface.
    mouths: Vec<Datagrams>,
}

impl Multicast {
    pub(super) fn new(group: SocketAddr, ear: Datagrams, mouths: Vec<Datagrams>) -> Self {
        Multicast { group, ear, mouths }
    }

    /// On how many interfaces.
    pub fn interfaces(&self) -> usize {
        self.mouths.len()
    }

    /// Sends one datagram on each interface, as far as they take it.
    pub async fn send(&self, bytes: &[u8]) {
        for mouth in &self.mouths {
            // What cannot be sent is lost, as on any network.
            let _ = mouth.send_to(bytes, self.group).await;
        }
    }

    /// The next datagram, and who sent it; what does not fit is cut off.
    ///
    /// # Errors
    /// As the machine's; it may be called again after any.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.ear.recv_from(buffer).await
    }
}
