//! Peers and completions.

use std::net::{IpAddr, SocketAddr};

use super::{CodecError, Decoder, Encoder, Row, Texts};
use crate::moment::Moment;
use crate::store::names::NameKind;
use crate::store::records::{CompletionRow, Ids, PeerRow};
use crate::swarm::facts::{
    Direction, Evidence, Observation, PeerNumber, PeerState, SessionLink, Source, Sources, Verdict,
};
use crate::swarm::presence::Presence;

/// Which of the optional fields follow, one bit each.
mod has {
    pub(super) const ENDPOINT: u8 = 1;
    pub(super) const FIRST: u8 = 1 << 1;
    pub(super) const LAST: u8 = 1 << 2;
    pub(super) const BELOW: u8 = 1 << 3;
    pub(super) const ADDRESS: u8 = 1 << 4;
    pub(super) const INCOMING: u8 = 1 << 5;
    pub(super) const MERGED: u8 = 1 << 6;
    pub(super) const NAMED_AT: u8 = 1 << 7;
}

fn bit(present: bool, bit: u8) -> u8 {
    if present { bit } else { 0 }
}

fn direction(has: u8) -> Direction {
    if has & has::INCOMING != 0 {
        Direction::Incoming
    } else {
        Direction::Outgoing
    }
}

impl Row for PeerRow {
    const VERSION: u8 = 2;

    fn write(&self, texts: &mut dyn Texts, out: &mut Encoder) {
        out.byte(
            bit(self.ids.endpoint.is_some(), has::ENDPOINT)
                | bit(self.first.is_some(), has::FIRST)
                | bit(self.last.is_some(), has::LAST)
                | bit(self.below.is_some(), has::BELOW)
                | bit(self.raw_address.is_some(), has::ADDRESS)
                | bit(self.direction == Direction::Incoming, has::INCOMING)
                | bit(self.merged_into.is_some(), has::MERGED)
                | has::NAMED_AT,
        );
        write_ids(&self.ids, out);
        out.moment(self.seen_at);
        for observation in [self.first, self.last, self.below].into_iter().flatten() {
            out.moment_near(observation.at, self.seen_at);
            out.number(observation.pieces);
        }
        out.number(self.best_speed);
        out.number(self.visits);
        out.byte(self.sources.bits());
        texts.put(NameKind::Client, &self.client, out);
        texts.put(NameKind::Prefix, &self.prefix, out);
        texts.put(NameKind::Place, &self.place, out);
        texts.put(NameKind::Network, &self.network, out);
        out.byte(self.state.code());
        out.byte(self.proof);
        out.byte(self.flags);
        if let Some(PeerNumber(number)) = self.merged_into {
            out.number(number);
        }
        write_address(self.raw_address, out);
        write_named_at(self.sources, self.seen_at, out);
        out.byte(self.presence.code());
    }

    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let mut row = Self::read_older(1, texts, input)?;
        row.presence = input.code("presence", Presence::from_code)?;
        Ok(row)
    }

    /// Version 1 ends before the presence.
    fn read_older(
        version: u8,
        texts: &dyn Texts,
        input: &mut Decoder<'_>,
    ) -> Result<Self, CodecError> {
        if version != 1 {
            return Err(CodecError::unknown_version(version));
        }
        let has = input.byte()?;
        let ids = read_ids(has, input)?;
        let seen_at = input.moment()?;
        let mut observation = |bit| read_observation(has & bit != 0, seen_at, input);
        let first = observation(has::FIRST)?;
        let last = observation(has::LAST)?;
        let below = observation(has::BELOW)?;
        let mut row = PeerRow {
            ids,
            first,
            last,
            below,
            best_speed: input.number()?,
            visits: input.number()?,
            sources: read_sources(input.byte()?),
            client: texts.take(NameKind::Client, input)?,
            prefix: texts.take(NameKind::Prefix, input)?,
            place: texts.take(NameKind::Place, input)?,
            network: texts.take(NameKind::Network, input)?,
            state: input.code("peer state", PeerState::from_code)?,
            presence: Presence::Untold,
            proof: input.byte()?,
            flags: input.byte()?,
            merged_into: match has & has::MERGED {
                0 => None,
                _ => Some(PeerNumber(input.number()?)),
            },
            seen_at,
            direction: direction(has),
            raw_address: read_address(has, input)?,
        };
        // The first rows of this version do not tell.
        if has & has::NAMED_AT != 0 {
            row.sources = read_named_at(row.sources, seen_at, input)?;
        }
        Ok(row)
    }
}

impl Row for CompletionRow {
    const VERSION: u8 = 1;

    fn write(&self, texts: &mut dyn Texts, out: &mut Encoder) {
        out.byte(
            bit(self.ids.endpoint.is_some(), has::ENDPOINT)
                | bit(self.raw_address.is_some(), has::ADDRESS)
                | bit(self.direction == Direction::Incoming, has::INCOMING),
        );
        out.byte(self.verdict.code());
        out.byte(self.evidence.code());
        out.byte(self.link.code());
        out.byte(self.source.code());
        write_ids(&self.ids, out);
        out.moment(self.at);
        out.moment_near(self.below_at, self.at);
        out.moment_near(self.first_seen, self.at);
        out.number(self.first_pieces);
        out.number(self.below_pieces);
        out.number(self.pieces);
        out.number(self.total_pieces);
        texts.put(NameKind::Client, &self.client, out);
        texts.put(NameKind::Prefix, &self.prefix, out);
        write_address(self.raw_address, out);
    }

    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let has = input.byte()?;
        let verdict = input.code("verdict", Verdict::from_code)?;
        let evidence = input.code("evidence", Evidence::from_code)?;
        let link = input.code("session link", SessionLink::from_code)?;
        let source = input.code("source", Source::from_code)?;
        let ids = read_ids(has, input)?;
        let at = input.moment()?;
        Ok(CompletionRow {
            verdict,
            at,
            below_at: input.moment_near(at)?,
            evidence,
            link,
            first_seen: input.moment_near(at)?,
            first_pieces: input.number()?,
            below_pieces: input.number()?,
            pieces: input.number()?,
            total_pieces: input.number()?,
            client: texts.take(NameKind::Client, input)?,
            prefix: texts.take(NameKind::Prefix, input)?,
            source,
            direction: direction(has),
            ids,
            raw_address: read_address(has, input)?,
        })
    }
}

fn write_ids(ids: &Ids, out: &mut Encoder) {
    if let Some(endpoint) = ids.endpoint {
        out.hash(endpoint);
    }
    out.hash(ids.peer_id);
    out.hash(ids.address);
}

fn read_ids(has: u8, input: &mut Decoder<'_>) -> Result<Ids, CodecError> {
    let endpoint = match has & has::ENDPOINT {
        0 => None,
        _ => Some(input.hash()?),
    };
    Ok(Ids {
        endpoint,
        peer_id: input.hash()?,
        address: input.hash()?,
    })
}

fn read_observation(
    present: bool,
    seen_at: Moment,
    input: &mut Decoder<'_>,
) -> Result<Option<Observation>, CodecError> {
    if !present {
        return Ok(None);
    }
    Ok(Some(Observation {
        at: input.moment_near(seen_at)?,
        pieces: input.number()?,
    }))
}

fn read_sources(bits: u8) -> Sources {
    let named = Source::ALL.iter().filter(|it| bits & (1 << it.code()) != 0);
    named.fold(Sources::default(), |all, it| all.with_some_time(*it))
}

/// When each source of the set named it first, in seconds before `seen_at` (zigzag) and
/// one more; 0 where nobody knows.
fn write_named_at(sources: Sources, seen_at: Moment, out: &mut Encoder) {
    for source in sources.iter() {
        let before = sources.first_at(source).map(|at| {
            let before = seconds(seen_at).wrapping_sub(seconds(at)) as i64;
            ((before << 1) ^ (before >> 63)) as u64
        });
        out.optional(before);
    }
}

fn read_named_at(
    mut sources: Sources,
    seen_at: Moment,
    input: &mut Decoder<'_>,
) -> Result<Sources, CodecError> {
    for source in sources.iter() {
        let Some(zigzag) = input.optional::<u64>()? else {
            continue;
        };
        let before = (zigzag >> 1) ^ (zigzag & 1).wrapping_neg();
        let second = seconds(seen_at).wrapping_sub(before);
        let at = Moment::from_millis(second.saturating_mul(1000));
        sources = sources.with(source, at);
    }
    Ok(sources)
}

fn seconds(moment: Moment) -> u64 {
    moment.as_millis() / 1000
}

/// Family (4 or 6), address, port big-endian.
fn write_address(address: Option<SocketAddr>, out: &mut Encoder) {
    let Some(address) = address else { return };
    match address.ip() {
        IpAddr::V4(ip) => {
            out.byte(4);
            out.raw(&ip.octets());
        }
        IpAddr::V6(ip) => {
            out.byte(6);
            out.raw(&ip.octets());
        }
    }
    out.raw(&address.port().to_be_bytes());
}

fn read_address(has: u8, input: &mut Decoder<'_>) -> Result<Option<SocketAddr>, CodecError> {
    if has & has::ADDRESS == 0 {
        return Ok(None);
    }
    let ip = match input.byte()? {
        4 => IpAddr::from(input.array::<4>()?),
        6 => IpAddr::from(input.array::<16>()?),
        code => {
            let field = "address family";
            let code = code.into();
            return Err(CodecError::UnknownCode { field, code });
        }
    };
    let port = u16::from_be_bytes(input.array()?);
    Ok(Some(SocketAddr::new(ip, port)))
}
