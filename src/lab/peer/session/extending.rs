//! What a connection says in the extension protocol (BEP 10): hello, metadata,
//! gossip.

use super::{Session, rumours};
use crate::lab::conduct::Offence;
use crate::lab::peer::ending::Ending;
use crate::lab::peer::gossiping::Gossiping;
use crate::lab::peer::{Fate, Metadata};
use crate::protocol::peer::extended::ExtensionIds;
use crate::protocol::peer::{ExtendedHello, Message, MetadataMessage};

/// The number under which the peer takes metadata exchange.
pub(super) const METADATA: u8 = 2;

impl Session {
    pub(super) fn hear_hello(&mut self, payload: &[u8]) -> Result<(), Ending> {
        let Ok(hello) = ExtendedHello::decode(payload) else {
            self.offences.push(Offence::BrokenFrame);
            return Err(Ending::Broken);
        };
        self.ut_metadata = hello.ids.ut_metadata;
        if let (Some(id), None) = (hello.ids.ut_pex, &self.gossiping) {
            self.gossiping = Some(Gossiping::new(id, self.pace, self.now));
        }
        let words = self.plan.client.habits().libtorrent_words;
        if words {
            self.upload_only = hello.ids.upload_only;
            if let Some(telling) = &mut self.telling {
                telling.donthave = hello.ids.lt_donthave;
            }
        }
        if hello.upload_only == Some(true) {
            self.offences.push(Offence::UploadOnly);
            if words && self.complete() {
                return Err(Ending::Redundant);
            }
        }
        Ok(())
    }

    /// Gives a part of the info dictionary to who asks for it.
    pub(super) fn answer_metadata(&mut self, payload: &[u8]) {
        let (Some(id), Some(MetadataMessage::Request(piece))) =
            (self.ut_metadata, MetadataMessage::decode(payload))
        else {
            return;
        };
        let manner = self.plan.metadata;
        let given = self.plan.torrent.info_piece(self.now, piece);
        let answer = match given.filter(|_| manner != Metadata::Refused) {
            Some(bytes) => MetadataMessage::Data {
                piece,
                total_bytes: self.plan.torrent.info_len_bytes() as u32,
                bytes: match manner {
                    Metadata::Invented => bytes.iter().map(|byte| !byte).collect(),
                    _ => bytes.to_vec(),
                },
            },
            None => MetadataMessage::Reject(piece),
        };
        let payload = &answer.encode();
        self.say(Message::Extended { id, payload });
    }

    /// Tells of other peers what is due.
    pub(super) fn gossip(&mut self) {
        let gossiping = self.gossiping.as_mut();
        if let Some((id, payload)) = gossiping.and_then(|it| it.tell(self.now, &self.neighbours)) {
            self.say(Message::Extended {
                id,
                payload: &payload,
            });
        }
    }

    pub(super) fn say_hello(&mut self) {
        let habits = self.plan.client.habits();
        let words = habits.libtorrent_words;
        let partial = self.plan.fate == Fate::PartialSeed;
        let whole = self.complete() && !self.plan.super_seeds(self.now);
        let hello = ExtendedHello {
            v: habits.version.map(str::to_owned),
            p: Some(self.plan.address.port()),
            reqq: Some(250),
            upload_only: (partial || words && whole).then_some(true),
            metadata_size: u32::try_from(self.plan.torrent.info_len_bytes()).ok(),
            ids: ExtensionIds {
                ut_pex: Some(rumours::ID),
                ut_metadata: Some(METADATA),
                upload_only: words.then_some(3),
                lt_donthave: words.then_some(7),
                ..ExtensionIds::default()
            },
            ..ExtendedHello::default()
        };
        let payload = &hello.encode();
        self.say(Message::Extended { id: 0, payload });
    }
}
