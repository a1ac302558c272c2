//! Texts that many rows share, each kept once under a number.

use std::collections::HashMap;
use std::sync::Arc;

use super::codec::{CodecError, Decoder, Encoder, Texts};

/// Most texts of one kind: strangers choose their client's name, and a liar
/// could choose another for every connection.
const MAX_TEXTS: usize = 100_000;
/// What stands for all texts past [`MAX_TEXTS`].
const OTHER: &str = "(other)";
/// Longest text, bytes; what goes beyond is cut off.
const MAX_TEXT_LEN_BYTES: usize = 255;

/// What a text is; each kind has numbers of its own. The codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum NameKind {
    /// Client and version as shown to people.
    Client = 1,
    /// Client name that identity rests on.
    Prefix = 2,
    /// Where an address is.
    Place = 3,
    /// Whose network an address is in.
    Network = 4,
    /// A tracker's URL, redacted.
    Tracker = 5,
    /// A client family's label.
    Family = 6,
    /// The label of a failure or an event.
    Label = 7,
    /// A gauge of the monitor.
    Gauge = 8,
}

impl NameKind {
    const ALL: [(NameKind, &'static str); 8] = [
        (NameKind::Client, "client"),
        (NameKind::Prefix, "client prefix"),
        (NameKind::Place, "place"),
        (NameKind::Network, "network"),
        (NameKind::Tracker, "tracker"),
        (NameKind::Family, "client family"),
        (NameKind::Label, "label"),
        (NameKind::Gauge, "gauge"),
    ];

    fn slot(self) -> usize {
        self as usize - 1
    }

    fn of_code(code: u8) -> Option<NameKind> {
        let mut all = NameKind::ALL.iter().map(|(kind, _)| *kind);
        all.find(|kind| *kind as u8 == code)
    }
}

/// All shared texts of a store. Number 0 is the empty text and never stored.
#[derive(Debug, Default)]
pub(super) struct Names {
    kinds: [OneKind; NameKind::ALL.len()],
    unsaved: Vec<(NameKind, u32)>,
    recent: Recent,
}

/// The texts of one kind, by number and by text.
#[derive(Debug, Default)]
struct OneKind {
    /// Texts from number 1 on; a gap is an empty one.
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

/// Texts that were written last, by where they lie in memory: rows share them, so most
/// are found without reading them.
#[derive(Debug, Default)]
struct Recent(Vec<Option<(Arc<str>, NameKind, u32)>>);

/// Binary logarithm of the number of texts in [`Recent`].
const RECENT_BITS: u32 = 12;

impl Recent {
    fn number(&self, kind: NameKind, text: &Arc<str>) -> Option<u32> {
        let (found, of, number) = self.0.get(Self::slot(text))?.as_ref()?;
        (Arc::ptr_eq(found, text) && *of == kind).then_some(*number)
    }

    /// As long as it is kept, nothing else can lie there.
    fn keep(&mut self, kind: NameKind, text: &Arc<str>, number: u32) {
        self.0.resize(1 << RECENT_BITS, None);
        self.0[Self::slot(text)] = Some((Arc::clone(text), kind, number));
    }

    fn slot(text: &Arc<str>) -> usize {
        // Fibonacci hashing: allocations lie in steps.
        let at = text.as_ptr() as u64;
        (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - RECENT_BITS)) as usize
    }
}

impl Names {
    /// Takes up an entry of the `names` tree.
    pub(super) fn restore(&mut self, key: &[u8], text: &[u8]) -> Result<(), CodecError> {
        let mut input = Decoder::new(key);
        let kind = input.code("kind of name", NameKind::of_code)?;
        let number = u32::from_be_bytes(input.array()?);
        input.finish()?;
        let text: Arc<str> = std::str::from_utf8(text)
            .map_err(|_| CodecError::NotUtf8 { offset: 0 })?
            .into();
        let index = number as usize;
        if index == 0 || index > MAX_TEXTS + 1 {
            return Err(CodecError::Overflow { offset: 1 });
        }
        let of_kind = &mut self.kinds[kind.slot()];
        if of_kind.texts.len() < index {
            of_kind.texts.resize(index, Arc::from(""));
        }
        of_kind.texts[index - 1] = text.clone();
        of_kind.numbers.insert(text, number);
        Ok(())
    }

    /// The number of a text, a new one if need be.
    pub(super) fn number(&mut self, kind: NameKind, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let text = shortened(text);
        let of_kind = &mut self.kinds[kind.slot()];
        if let Some(number) = of_kind.numbers.get(text) {
            return *number;
        }
        if of_kind.texts.len() >= MAX_TEXTS && text != OTHER {
            return self.number(kind, OTHER);
        }
        let text: Arc<str> = text.into();
        of_kind.texts.push(text.clone());
        let number = of_kind.texts.len() as u32;
        of_kind.numbers.insert(text, number);
        self.unsaved.push((kind, number));
        number
    }

    /// Keys and values for the `names` tree that were not reported saved yet.
    pub(super) fn unsaved(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + '_ {
        self.unsaved.iter().filter_map(|&(kind, number)| {
            let text = self.text(kind, number)?;
            let mut key = vec![kind as u8];
            key.extend_from_slice(&number.to_be_bytes());
            Some((key, text.as_bytes().to_vec()))
        })
    }

    /// All that [`Names::unsaved`] named is durable.
    pub(super) fn saved(&mut self) {
        self.unsaved.clear();
    }

    fn text(&self, kind: NameKind, number: u32) -> Option<Arc<str>> {
        let Some(index) = (number as usize).checked_sub(1) else {
            return Some(Arc::from(""));
        };
        self.kinds[kind.slot()].texts.get(index).cloned()
    }
}

impl Texts for Names {
    fn put(&mut self, kind: NameKind, text: &Arc<str>, out: &mut Encoder) {
        let number = self.recent.number(kind, text).unwrap_or_else(|| {
            let number = self.number(kind, text);
            self.recent.keep(kind, text, number);
            number
        });
        out.number(number);
    }

    fn take(&self, kind: NameKind, input: &mut Decoder<'_>) -> Result<Arc<str>, CodecError> {
        let number = input.number()?;
        self.text(kind, number).ok_or(CodecError::UnknownCode {
            field: NameKind::ALL[kind.slot()].1,
            code: number,
        })
    }
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT_LEN_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_text_once_and_kinds_apart() {
        let mut names = Names::default();
        let number = names.number(NameKind::Client, "Transmission 3.00");
        assert_eq!(number, names.number(NameKind::Client, "Transmission 3.00"));
        assert_ne!(number, names.number(NameKind::Client, "Transmission 4.00"));
        assert_eq!(1, names.number(NameKind::Prefix, "-TR"));
        assert_eq!(0, names.number(NameKind::Prefix, ""));
        assert_eq!(names.unsaved().count(), 3);
    }

    #[test]
    fn restores_what_was_saved() {
        let mut names = Names::default();
        let number = names.number(NameKind::Tracker, "udp://tracker.example:6969");
        let mut restored = Names::default();
        for (key, text) in names.unsaved() {
            restored.restore(&key, &text).unwrap();
        }
        assert_eq!(restored.unsaved().count(), 0);
        let again = restored.number(NameKind::Tracker, "udp://tracker.example:6969");
        assert_eq!(again, number);
        names.saved();
        assert_eq!(names.unsaved().count(), 0);
    }

    #[test]
    fn finds_texts_wherever_they_lie() {
        let mut names = Names::default();
        let mut put = |kind, text: &Arc<str>| {
            let mut out = Encoder::default();
            names.put(kind, text, &mut out);
            out.bytes
        };
        let texts: Vec<Arc<str>> = (0..10_000).map(|it| it.to_string().into()).collect();
        for (index, text) in texts.iter().enumerate() {
            let mut expected = Encoder::default();
            expected.number(index as u64 + 1);
            assert_eq!(put(NameKind::Client, text), expected.bytes);
        }
        let last = &texts[9_999];
        assert_eq!(put(NameKind::Prefix, last), [1], "another kind");
        assert_eq!(put(NameKind::Prefix, last), [1]);
        let elsewhere: Arc<str> = "0".into();
        assert_eq!(put(NameKind::Client, &elsewhere), [1]);
        assert_eq!(put(NameKind::Client, &texts[0]), [1]);
        assert_eq!(put(NameKind::Client, &"".into()), [0]);
    }

    #[test]
    fn refuses_entries_that_it_never_wrote() {
        let mut names = Names::default();
        let entry = |kind: u8, number: u32| [&[kind][..], &number.to_be_bytes()].concat();
        assert!(names.restore(&entry(1, 1), b"fine").is_ok());
        assert!(names.restore(&entry(99, 1), b"kind").is_err());
        assert!(names.restore(&entry(1, 0), b"zero").is_err());
        assert!(names.restore(&entry(1, u32::MAX), b"huge").is_err());
        assert!(names.restore(&entry(1, 2), b"\xff").is_err());
        assert!(names.restore(b"", b"empty").is_err());
    }

    #[test]
    fn bounds_what_strangers_can_fill() {
        let mut names = Names::default();
        for index in 0..MAX_TEXTS + 5 {
            names.number(NameKind::Client, &index.to_string());
        }
        let other = names.number(NameKind::Client, "one more");
        assert_eq!(&*names.text(NameKind::Client, other).unwrap(), OTHER);
        assert_eq!(names.kinds[0].texts.len(), MAX_TEXTS + 1);
        let long = names.number(NameKind::Place, &"ä".repeat(200));
        let kept = names.text(NameKind::Place, long).unwrap();
        assert_eq!(kept.len(), MAX_TEXT_LEN_BYTES - 1);
    }
}
