//! The command line as the store keeps it.

use std::ffi::OsString;

use crate::protocol::magnet::Magnet;

/// The command line as it is kept in the store; what stands in it are options and
/// paths, no secrets: of a magnet link, whose trackers may have passkeys, no more than
/// its info-hash.
pub(super) fn command_line(args: &[OsString]) -> String {
    let words: Vec<_> = args
        .iter()
        .map(|it| redacted(&it.to_string_lossy()))
        .collect();
    words.join(" ")
}

fn redacted(word: &str) -> String {
    // `--input=` of a configuration file, or bare.
    let Some(at) = word.to_ascii_lowercase().find("magnet:") else {
        return word.to_owned();
    };
    let (before, link) = word.split_at(at);
    match Magnet::parse(link) {
        Ok(magnet) => format!("{before}{}", Magnet::nameless(magnet.hashes())),
        Err(_) => format!("{before}magnet:"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_kept_without_passkeys() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        let link = format!("MAGNET:?tr=http://t.example/passkey/&xt=urn:btih:{hash}");
        let words = ["bta", &link, "magnet:?tr=passkey", "list.txt"].map(OsString::from);
        let expected = format!("bta magnet:?xt=urn:btih:{hash} magnet: list.txt");
        assert_eq!(command_line(&words), expected);
    }
}
