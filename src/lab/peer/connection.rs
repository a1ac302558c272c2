//! One connection of a peer, over a real link.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::doors::Dialler;
use super::ending::Ending;
use super::life::World;
use super::session::Session;
use super::wire::Wire;
use super::{Plan, Reach};
use crate::lab::witness::Via;
use crate::moment::Moment;
use crate::net::BoxLink;
use crate::protocol::peer::{Encryption, PeerId, Wrapping};

/// Opening a connection, and agreeing on encryption.
const DIAL_WAIT: Duration = Duration::from_secs(10);
/// Sending what is left when a connection ends.
pub(super) const FAREWELL: Duration = Duration::from_millis(500);

/// The guests that are connected to one peer.
pub(super) type Present = Arc<Mutex<Vec<PeerId>>>;

/// One connection, moved along.
pub(super) struct Connection {
    world: Arc<World>,
    plan: Arc<Plan>,
    present: Present,
    session: Session,
    wire: Wire,
    /// Whether the guest opened it, and when.
    contact: Option<(Via, Moment)>,
    /// What it entered into `present`.
    guest: Option<PeerId>,
    told: Option<u32>,
}

impl Connection {
    pub(super) fn new(
        world: &Arc<World>,
        plan: &Arc<Plan>,
        present: &Present,
        session: Session,
    ) -> Self {
        Connection {
            world: world.clone(),
            plan: plan.clone(),
            present: present.clone(),
            session,
            wire: Wire::default(),
            contact: None,
            guest: None,
            told: None,
        }
    }

    /// Serves a connection that a guest has opened.
    pub(super) async fn accepted(mut self, mut link: BoxLink, via: Via) {
        self.contact = Some((via, self.world.clock.now()));
        let heeds = self.plan.encryption != Encryption::Off && self.plan.reach != Reach::Mute;
        if heeds {
            let answer = Wire::answer(&mut link, &self.plan);
            match tokio::time::timeout(self.world.pace.of(DIAL_WAIT), answer).await {
                Ok(Ok(wire)) => self.wire = wire,
                _ => return,
            }
        }
        self.run(link).await;
    }

    /// Connects to a guest, in one way or the other.
    pub(super) async fn dial(mut self, dialler: Dialler, guest: SocketAddr) {
        for wrapping in [Wrapping::Encrypted, Wrapping::Plain] {
            if self.plan.encryption.permits(wrapping) {
                let wait = self.world.pace.of(DIAL_WAIT);
                let opening = self.open(&dialler, guest, wrapping);
                if let Ok(Ok((link, wire))) = tokio::time::timeout(wait, opening).await {
                    self.wire = wire;
                    return self.run(link).await;
                }
            }
        }
    }

    async fn open(
        &mut self,
        dialler: &Dialler,
        guest: SocketAddr,
        wrapping: Wrapping,
    ) -> io::Result<(BoxLink, Wire)> {
        let mut link = dialler.connect(&self.plan, guest).await?;
        let wire = match wrapping {
            Wrapping::Plain => Wire::default(),
            Wrapping::Encrypted => Wire::encrypt(&mut link, &self.plan, &mut self.session).await?,
        };
        Ok((link, wire))
    }

    async fn run(mut self, mut link: BoxLink) {
        let ending = self.exchange(&mut link).await;
        self.report();
        if !matches!(ending, Ending::ByGuest | Ending::Duplicate) {
            let farewell = async {
                link.write_all(self.wire.transmit(&mut self.session))
                    .await?;
                link.shutdown().await
            };
            // The peer is going: nobody is left to be told of an error.
            let _ = tokio::time::timeout(FAREWELL, farewell).await;
        }
    }

    async fn exchange(&mut self, link: &mut BoxLink) -> Ending {
        let (mut reader, mut writer) = tokio::io::split(link);
        let mut buffer = [0; 1024];
        let ahead = self.wire.take_ahead();
        let began = self.session.handle_input(self.world.clock.now(), &ahead);
        if let Err(ending) = began.and_then(|()| self.recognise()) {
            return ending;
        }
        loop {
            let due = self.world.clock.instant(self.session.poll_timeout());
            let waiting = self.wire.transmit(&mut self.session);
            let step = tokio::select! {
                sent = writer.write(waiting), if !waiting.is_empty() => match sent {
                    Ok(len) if len > 0 => {
                        self.wire.transmitted(len);
                        Ok(())
                    }
                    _ => Err(Ending::ByGuest),
                },
                read = reader.read(&mut buffer) => match read {
                    Ok(len) if len > 0 => {
                        let now = self.world.clock.now();
                        self.wire.lift(&mut buffer[..len]);
                        self.session.handle_input(now, &buffer[..len])
                    }
                    _ => Err(Ending::ByGuest),
                },
                () = tokio::time::sleep_until(due) => {
                    let now = self.world.clock.now();
                    self.gossip(now);
                    self.session.handle_timeout(now)
                }
            };
            if let Err(ending) = step.and_then(|()| self.recognise()) {
                return ending;
            }
            self.report();
        }
    }

    /// Tells the session of those that nobody else would name.
    fn gossip(&mut self, now: Moment) {
        if self.session.will_gossip(now) {
            let info_hash = &self.plan.torrent.info_hash;
            let mut present = self.world.gossip.present(info_hash);
            present.remove(&self.plan.address);
            for number in present.values() {
                self.world.witness.announced(*number, now);
            }
            self.session.meet(present.into_keys().collect());
        }
    }

    /// One connection to each guest: the newer one goes.
    fn recognise(&mut self) -> Result<(), Ending> {
        let Some(guest) = self.session.guest_id().filter(|_| self.guest.is_none()) else {
            return Ok(());
        };
        let witness = &self.world.witness;
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.contains(&guest) {
            return Err(Ending::Duplicate);
        }
        // Whoever is turned away may try the other ways of the same contact at once.
        if let Some((via, at)) = self.contact.take() {
            witness.contacted(self.plan.number, via, at);
        }
        present.push(guest);
        self.guest = Some(guest);
        witness.met(self.plan.number, self.world.clock.now());
        Ok(())
    }

    fn report(&mut self) {
        let offences = self.session.take_offences();
        if !offences.is_empty() {
            self.world.witness.offended(&offences);
        }
        let rumours = self.session.rumours.take();
        if !rumours.is_empty() {
            self.world.witness.gossiped(rumours);
        }
        let told = self.session.told();
        if told != self.told && self.guest.is_some() {
            self.told = told;
            let below = told.is_none_or(|it| it < self.plan.torrent.threshold);
            let now = self.world.clock.now();
            self.world.witness.told(self.plan.number, below, now);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(guest) = self.guest {
            let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
            present.retain(|it| *it != guest);
        }
    }
}
