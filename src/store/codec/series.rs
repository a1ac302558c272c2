//! Rows that pile up over time.

use std::sync::Arc;
use std::time::Duration;

use super::{CodecError, Decoder, Encoder, Row, Texts};
use crate::store::names::NameKind;
use crate::store::records::{
    AnnounceRow, EventRow, Failure, HearsayRow, NodesAsked, OutcomeRow, SampleRow, ScrapeAnswer,
    ScrapeRow, SourceCounts, SourceRow, TrackerAnswer,
};
use crate::swarm::address_state::{AddressCounts, AddressState};
use crate::swarm::counted::Counted;
use crate::swarm::facts::{Outcome, Source, TorrentNumber};

/// First byte of a result.
const ANSWER: u8 = 0;
/// First byte of a result: a failure follows.
const FAILURE: u8 = 1;
/// First byte of a result: what the DHT answered.
const NODES: u8 = 2;

impl Row for AnnounceRow {
    const VERSION: u8 = 1;

    fn write(&self, texts: &mut dyn Texts, out: &mut Encoder) {
        write_asked(&self.tracker, self.duration, texts, out);
        out.moment(self.at);
        match &self.result {
            Ok(answer) => {
                out.byte(answer.nodes.map_or(ANSWER, |_| NODES));
                out.number(answer.peers);
                write_figures([answer.seeders, answer.leechers, answer.downloaded], out);
                out.optional(answer.interval.map(millis));
                if let Some(nodes) = answer.nodes {
                    out.number(nodes.asked);
                    out.number(nodes.answered);
                }
            }
            Err(failure) => write_failure(failure, texts, out),
        }
    }

    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let (tracker, duration) = read_asked(texts, input)?;
        let at = input.moment()?;
        let result = read_result(texts, input, |kind, input| {
            let peers = input.number()?;
            let [seeders, leechers, downloaded] = read_figures(input)?;
            Ok(TrackerAnswer {
                peers,
                seeders,
                leechers,
                downloaded,
                interval: input.optional()?.map(Duration::from_millis),
                nodes: match kind {
                    NODES => Some(NodesAsked {
                        asked: input.number()?,
                        answered: input.number()?,
                    }),
                    _ => None,
                },
            })
        })?;
        Ok(AnnounceRow {
            at,
            tracker,
            duration,
            result,
        })
    }
}

impl Row for ScrapeRow {
    const VERSION: u8 = 1;

    fn write(&self, texts: &mut dyn Texts, out: &mut Encoder) {
        write_asked(&self.tracker, self.duration, texts, out);
        out.moment(self.at);
        match &self.result {
            Ok(answer) => {
                out.byte(ANSWER);
                write_figures([answer.seeders, answer.leechers, answer.downloaded], out);
            }
            Err(failure) => write_failure(failure, texts, out),
        }
    }

    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let (tracker, duration) = read_asked(texts, input)?;
        let at = input.moment()?;
        let result = read_result(texts, input, |_, input| {
            let [seeders, leechers, downloaded] = read_figures(input)?;
            Ok(ScrapeAnswer {
                seeders,
                leechers,
                downloaded,
            })
        })?;
        Ok(ScrapeRow {
            at,
            tracker,
            duration,
            result,
        })
    }
}

impl Row for OutcomeRow {
    const VERSION: u8 = 1;

    fn write(&self, texts: &mut dyn Texts, out: &mut Encoder) {
        out.number(self.hour);
        out.byte(self.counted.code());
        texts.put(NameKind::Family, &self.family, out);
        out.byte(self.outcome.code());
        out.number(self.count);
    }

    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(OutcomeRow {
            hour: input.number()?,
            counted: input.code("counted", Counted::from_code)?,
            family: texts.take(NameKind::Family, input)?,
            outcome: input.code("outcome", Outcome::from_code)?,
            count: input.number()?,
        })
    }
}

impl Row for SourceRow {
    const VERSION: u8 = 3;

    fn write(&self, _: &mut dyn Texts, out: &mut Encoder) {
        out.number(self.hour);
        out.byte(self.source.code());
        let it = &self.counts;
        for count in [
            it.received,
            it.new,
            it.duplicate,
            it.contacted,
            it.reached,
            it.confirmed,
            it.excluded,
        ] {
            out.number(count);
        }
        for state in AddressState::ALL {
            out.number(it.came_to.of(*state));
        }
    }

    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let mut row = Self::read_older(2, texts, input)?;
        for state in AddressState::ALL {
            row.counts.came_to.enter(*state, input.number()?);
        }
        Ok(row)
    }

    /// Version 2 ends before what came of the new ones, version 1 before what was
    /// excluded.
    fn read_older(version: u8, _: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        if !matches!(version, 1 | 2) {
            return Err(CodecError::unknown_version(version));
        }
        let mut row = SourceRow {
            hour: input.number()?,
            source: input.code("source", Source::from_code)?,
            counts: SourceCounts {
                received: input.number()?,
                new: input.number()?,
                duplicate: input.number()?,
                contacted: input.number()?,
                reached: input.number()?,
                confirmed: input.number()?,
                excluded: 0,
                came_to: AddressCounts::default(),
            },
        };
        if version == 2 {
            row.counts.excluded = input.number()?;
        }
        Ok(row)
    }
}

impl Row for HearsayRow {
    const VERSION: u8 = 1;

    fn write(&self, _: &mut dyn Texts, out: &mut Encoder) {
        out.moment(self.at);
        out.byte(self.source.code());
        out.byte(self.flags);
        out.optional(self.seed.map(u64::from));
    }

    fn read(_: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(HearsayRow {
            at: input.moment()?,
            source: input.code("source", Source::from_code)?,
            flags: input.byte()?,
            seed: input.optional::<u64>()?.map(|seed| seed != 0),
        })
    }
}

impl Row for EventRow {
    const VERSION: u8 = 1;

    fn write(&self, texts: &mut dyn Texts, out: &mut Encoder) {
        out.moment(self.at);
        texts.put(NameKind::Label, &self.kind, out);
        out.text(&self.text);
        out.optional(self.torrent.map(|torrent| torrent.0.into()));
    }

    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(EventRow {
            at: input.moment()?,
            kind: texts.take(NameKind::Label, input)?,
            text: input.text()?.into(),
            torrent: input.optional()?.map(TorrentNumber),
        })
    }
}

impl Row for SampleRow {
    const VERSION: u8 = 1;

    fn write(&self, texts: &mut dyn Texts, out: &mut Encoder) {
        out.moment(self.at);
        out.number(self.gauges.len() as u64);
        for (name, value) in &self.gauges {
            texts.put(NameKind::Gauge, name, out);
            out.number(*value);
        }
    }

    fn read(texts: &dyn Texts, input: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(SampleRow {
            at: input.moment()?,
            gauges: (0..input.number::<u32>()?)
                .map(|_| Ok((texts.take(NameKind::Gauge, input)?, input.number()?)))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn write_asked(tracker: &Arc<str>, duration: Duration, texts: &mut dyn Texts, out: &mut Encoder) {
    texts.put(NameKind::Tracker, tracker, out);
    out.number(millis(duration));
}

fn read_asked(
    texts: &dyn Texts,
    input: &mut Decoder<'_>,
) -> Result<(Arc<str>, Duration), CodecError> {
    let tracker = texts.take(NameKind::Tracker, input)?;
    Ok((tracker, Duration::from_millis(input.number()?)))
}

fn write_figures(figures: [Option<u32>; 3], out: &mut Encoder) {
    for figure in figures {
        out.optional(figure.map(u64::from));
    }
}

fn read_figures(input: &mut Decoder<'_>) -> Result<[Option<u32>; 3], CodecError> {
    Ok([input.optional()?, input.optional()?, input.optional()?])
}

fn write_failure(failure: &Failure, texts: &mut dyn Texts, out: &mut Encoder) {
    out.byte(FAILURE);
    texts.put(NameKind::Label, &failure.label, out);
    out.text(&failure.text);
}

fn read_result<T>(
    texts: &dyn Texts,
    input: &mut Decoder<'_>,
    answer: impl FnOnce(u8, &mut Decoder<'_>) -> Result<T, CodecError>,
) -> Result<Result<T, Failure>, CodecError> {
    match input.byte()? {
        kind @ (ANSWER | NODES) => answer(kind, input).map(Ok),
        FAILURE => Ok(Err(Failure {
            label: texts.take(NameKind::Label, input)?,
            text: input.text()?.into(),
        })),
        code => Err(CodecError::UnknownCode {
            field: "result",
            code: code.into(),
        }),
    }
}
