//! What clients call themselves: by the conventions of the peer id, and in `v`.
//!
//! Sources: BEP 20 for the Azureus, Shadow and Mainline styles; see `programs` for
//! the lists of programs.

mod odd;
mod programs;
mod version;

use std::borrow::Cow;

use super::family::Family;
use super::handshake::PeerId;
use programs::{AZUREUS, MAINLINE, ODD, Program, SHADOW, UNFRAMED, WORDS};

/// What stands for a client of which nothing is known.
pub const UNKNOWN: &str = "unknown";

/// The part of a peer id that names program and version: `-TR3000-`,
/// `M7-10-5--`, `S58B--`. Empty if the peer id follows no known convention;
/// random characters never show up in it.
///
/// Identity rests on it: two sessions with another prefix are never of one peer.
/// What [`client_name`] knows beyond it must not come in here.
pub fn client_prefix(peer_id: &PeerId) -> String {
    let id = &peer_id.0;
    let len = azureus_len(id)
        .or_else(|| mainline_len(id))
        .or_else(|| shadow_len(id))
        .unwrap_or(0);
    String::from_utf8_lossy(&id[..len]).into_owned()
}

/// What to call the client in a report: its own words (`v`) if it has any, else
/// what its peer id says ("Transmission 3.00"), else nothing.
///
/// Its own words come first, because clients of one engine often keep the engine's
/// peer id, and because `v` has the whole version. The exception: words that name
/// the engine alone ("libtorrent/1.2.19") where the peer id names a program on it.
/// Either may be a lie; nothing that is counted rests on them.
pub fn client_name(peer_id: &PeerId, v: Option<&str>) -> String {
    let says_something = |v: &&str| v.contains(char::is_alphanumeric);
    let by_id = || named(peer_id);
    match v.map(str::trim).filter(says_something) {
        Some(v) if family_of_name(v) == Some(Family::Libtorrent) => by_id()
            .filter(|named| named.name != "libtorrent")
            .map_or_else(|| v.to_owned(), |named| named.to_string()),
        Some(v) => v.to_owned(),
        None => by_id().map_or_else(|| client_prefix(peer_id), |named| named.to_string()),
    }
}

/// Program and version in a text that [`client_name`] made: one spelling a program,
/// whoever wrote it. [`UNKNOWN`] for no text.
///
/// "qBittorrent/4.5.2" and "qBittorrent 4.5.2" are ("qBittorrent", "4.5.2").
pub fn program(client: &str) -> (Cow<'_, str>, &str) {
    if client.is_empty() {
        return (Cow::Borrowed(UNKNOWN), "");
    }
    // A code that nobody knows: `-XX1234-`.
    if client.len() == 8 && client.is_ascii() && client.starts_with('-') && client.ends_with('-') {
        return (Cow::Borrowed(&client[..3]), &client[3..7]);
    }
    let start = version_start(client).unwrap_or(client.len());
    let rest = &client[start..];
    let end = rest.find(|it: char| it.is_whitespace() || ";,()_".contains(it));
    let version = &rest[..end.unwrap_or(rest.len())];
    let name = client[..start].trim_end_matches(['v', 'V']);
    let name = name.trim_end_matches([' ', '/', '-', '(']);
    match word_of(client).filter(|(word, ..)| ends_there(client, word)) {
        Some((_, known, _)) => (Cow::Borrowed(known), version),
        None if name.is_empty() => (Cow::Borrowed(client), ""),
        None => (Cow::Borrowed(name), version),
    }
}

pub(super) fn family_of_id(peer_id: &PeerId) -> Option<Family> {
    let id = &peer_id.0;
    if azureus_len(id).is_some() {
        return azureus(id).map(|it| it.family);
    }
    named(peer_id).map(|it| it.family)
}

pub(super) fn family_of_name(v: &str) -> Option<Family> {
    word_of(v).map(|(.., family)| *family)
}

fn word_of(v: &str) -> Option<&'static (&'static str, &'static str, Family)> {
    let v = v.to_lowercase();
    WORDS.iter().find(|(word, ..)| v.starts_with(word))
}

/// Whether a text that begins with a word goes on with another one.
fn ends_there(text: &str, word: &str) -> bool {
    let next = text.chars().nth(word.chars().count());
    next.is_none_or(|it| !it.is_alphabetic())
}

/// Where a text's version begins: at a digit behind a blank or a slash, or behind a
/// `v` that stands there.
fn version_start(text: &str) -> Option<usize> {
    let (mut before, mut earlier) = (' ', ' ');
    let parts = |it: char| matches!(it, ' ' | '/' | '-' | '(');
    for (at, it) in text.char_indices() {
        let begins = parts(before) || matches!(before, 'v' | 'V') && parts(earlier);
        if it.is_ascii_digit() && begins && at > 0 {
            return Some(at);
        }
        (earlier, before) = (before, it);
    }
    None
}

/// What a peer id says.
struct Named {
    name: &'static str,
    version: String,
    family: Family,
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        match self.version.as_str() {
            "" => Ok(()),
            version => write!(f, " {version}"),
        }
    }
}

fn named(peer_id: &PeerId) -> Option<Named> {
    let id = &peer_id.0;
    if azureus_len(id).is_some() {
        let it = azureus(id)?;
        return Some(it.named(&id[3..7]));
    }
    if let Some(len) = mainline_len(id)
        && let Some((start, name, family)) = mainline(id)
    {
        let version = String::from_utf8_lossy(&id[start.len()..len]).replace('-', ".");
        return Some(Named {
            name,
            version: version.trim_end_matches('.').to_owned(),
            family: *family,
        });
    }
    if let Some(len) = shadow_len(id) {
        let (_, name) = SHADOW.iter().find(|(letter, _)| *letter == id[0])?;
        let version: Vec<String> = shadow_digits(&id[1..len])
            .map(|it| it.to_string())
            .collect();
        return Some(Named {
            name,
            version: version.join("."),
            family: Family::Other,
        });
    }
    oddly_named(id).or_else(|| unframed(id))
}

fn oddly_named(id: &[u8; 20]) -> Option<Named> {
    ODD.iter().find_map(|it| {
        let rest = id[it.at..].strip_prefix(it.word)?;
        Some(Named {
            name: it.name,
            version: (it.version)(id, rest)?,
            family: it.family,
        })
    })
}

/// `-UT340-` and others: a known code, then characters of the version.
fn unframed(id: &[u8; 20]) -> Option<Named> {
    let code = id.strip_prefix(b"-")?;
    let it = UNFRAMED
        .iter()
        .find(|it| code.starts_with(it.code.as_bytes()))?;
    let version = &id[3..7];
    let len = version.iter().take_while(|it| it.is_ascii_alphanumeric());
    Some(it.named(&version[..len.count()]))
}

impl Program {
    fn named(&self, version: &[u8]) -> Named {
        Named {
            name: self.name,
            version: self.style.read(&String::from_utf8_lossy(version)),
            family: self.family,
        }
    }
}

fn azureus(id: &[u8; 20]) -> Option<&'static Program> {
    AZUREUS.iter().find(|it| it.code.as_bytes() == &id[1..3])
}

fn mainline(id: &[u8; 20]) -> Option<&'static (&'static str, &'static str, Family)> {
    MAINLINE
        .iter()
        .find(|(start, ..)| id.starts_with(start.as_bytes()))
}

/// `-TR3000-`: two letters of the program, four of the version.
fn azureus_len(id: &[u8; 20]) -> Option<usize> {
    let framed = id[0] == b'-' && id[7] == b'-';
    let inner = id[1..7]
        .iter()
        .all(|it| it.is_ascii_alphanumeric() || *it == b'.');
    (framed && inner).then_some(8)
}

/// `M7-10-5--`, `A2-1-36-0-`: a letter, then three or four numbers, each with a
/// dash behind it.
fn mainline_len(id: &[u8; 20]) -> Option<usize> {
    if !id[0].is_ascii_uppercase() {
        return None;
    }
    let (mut at, mut numbers) = (1, 0);
    while numbers < 4 {
        let digits = id[at..].iter().take_while(|it| it.is_ascii_digit()).count();
        if digits == 0 || digits > 3 || id.get(at + digits) != Some(&b'-') {
            break;
        }
        at += digits + 1;
        numbers += 1;
    }
    (numbers >= 3).then_some(at)
}

/// `S58B-----`: a letter, five of the version, padded with dashes, then three
/// dashes.
fn shadow_len(id: &[u8; 20]) -> Option<usize> {
    let known = SHADOW.iter().any(|(letter, _)| *letter == id[0]);
    let digits = shadow_digits(&id[1..6]).count();
    let padded = id[1 + digits..6].iter().all(|it| *it == b'-');
    (known && digits > 0 && padded && id[6..9] == *b"---").then_some(6)
}

/// A Shadow-style version: one number a character, in base 64.
fn shadow_digits(version: &[u8]) -> impl Iterator<Item = u8> + '_ {
    version.iter().map_while(|it| match it {
        b'0'..=b'9' => Some(it - b'0'),
        b'A'..=b'Z' => Some(it - b'A' + 10),
        b'a'..=b'z' => Some(it - b'a' + 36),
        b'.' => Some(62),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
