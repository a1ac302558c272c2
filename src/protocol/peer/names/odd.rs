//! How programs with a peer id style of their own write their version.

use super::version;

/// Reads a version: from the whole peer id and what stands behind the program's word
/// in it. `None`: it is not that program's; an empty text: there is no version.
pub(super) type Version = fn(&[u8; 20], &[u8]) -> Option<String>;

/// The word alone.
pub(super) fn none(_: &[u8; 20], _: &[u8]) -> Option<String> {
    Some(String::new())
}

/// So many digits, a number each: `054` is 0.5.4.
pub(super) fn dotted<const N: usize>(_: &[u8; 20], rest: &[u8]) -> Option<String> {
    Some(version::dotted(&digits::<N>(rest)?))
}

/// So many digits, a number for two: `0193` is 1.93.
pub(super) fn pairs<const N: usize>(_: &[u8; 20], rest: &[u8]) -> Option<String> {
    let digits = digits::<N>(rest)?;
    let pairs = digits.chunks_exact(2).map(|it| it[0] * 10 + it[1]);
    Some(version::dotted(&pairs.collect::<Vec<_>>()))
}

/// So many digits that are the number of a build.
pub(super) fn build<const N: usize>(_: &[u8; 20], rest: &[u8]) -> Option<String> {
    digits::<N>(rest)?;
    Some(String::from_utf8_lossy(&rest[..N]).into_owned())
}

/// As people write it: `2.7.2`.
pub(super) fn written(_: &[u8; 20], rest: &[u8]) -> Option<String> {
    let is_part = |it: &&u8| it.is_ascii_digit() || **it == b'.';
    let part = rest.iter().take_while(is_part).count();
    let begins = rest.first().is_some_and(u8::is_ascii_digit);
    begins.then(|| String::from_utf8_lossy(&rest[..part]).into_owned())
}

/// Three digits, and dashes between: `1-1-3`.
pub(super) fn dashed(_: &[u8; 20], rest: &[u8]) -> Option<String> {
    let [a, b'-', b, b'-', c, ..] = rest else {
        return None;
    };
    let version = digits::<3>(&[*a, *b, *c])?;
    Some(version::dotted(&version))
}

/// Two bytes, whole number and hundredths.
pub(super) fn bitcomet(_: &[u8; 20], rest: &[u8]) -> Option<String> {
    Some(format!("{}.{:02}", rest.first()?, rest.get(1)?))
}

/// The same with `LORD` behind; from 1 on, tenths.
pub(super) fn bitlord(id: &[u8; 20], rest: &[u8]) -> Option<String> {
    rest[2..].starts_with(b"LORD").then_some(())?;
    match rest[0] {
        0 => bitcomet(id, rest),
        whole => Some(format!("{whole}.{}", rest[1])),
    }
}

/// `\0\3BS` is 3; the first one wrote no number.
pub(super) fn bitspirit(id: &[u8; 20], _: &[u8]) -> Option<String> {
    let known = id[0] == 0 && id[1] < 10;
    known.then(|| id[1].max(1).to_string())
}

/// Two bytes before the word, whole number and tenths; as numbers or as digits.
pub(super) fn rufus(id: &[u8; 20], _: &[u8]) -> Option<String> {
    let number = |it: u8| it.checked_sub(if it < b'0' { 0 } else { b'0' });
    let (whole, tenths) = (number(id[0])?, number(id[1])?);
    (whole < 10 && tenths < 100).then(|| format!("{whole}.{tenths}"))
}

fn digits<const N: usize>(rest: &[u8]) -> Option<Vec<u32>> {
    let digit = |it: &u8| it.is_ascii_digit().then(|| u32::from(it - b'0'));
    rest.get(..N)?.iter().map(digit).collect()
}
