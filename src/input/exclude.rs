//! Files of addresses that are to be left alone: one entry a line.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::protocol::exclusions::{AddressRange, ExclusionError, Exclusions, parse_line};

use super::Origin;

/// The longest file: the largest lists in use have 40 MB.
const FILE_BYTES: u64 = 256 << 20;

/// Mistakes that are told of one file: more of them mean that it is no list.
const MISTAKES: usize = 10;

/// Why a file of exclusions cannot be gone by.
#[derive(Debug)]
pub struct BadExclusion {
    /// The file, and the line in it.
    pub origin: Origin,
    /// What is wrong.
    pub reason: ExcludeReason,
}

/// What is wrong with a file of exclusions.
#[derive(Debug, thiserror::Error)]
pub enum ExcludeReason {
    /// It cannot be read.
    #[error("cannot be read ({0}); check the path and its permissions")]
    Unreadable(#[from] io::Error),
    /// More bytes than any list has.
    #[error("longer than {} MiB; is it another file?", FILE_BYTES >> 20)]
    TooLong,
    /// Packed, or something else.
    #[error("not a list in plain text; unpack it first")]
    NotText,
    /// A line that names no addresses.
    #[error(transparent)]
    Line(#[from] ExclusionError),
    /// There are more of these.
    #[error("more lines of this kind follow")]
    More,
}

impl ExcludeReason {
    /// The stable name in logs and counters.
    pub const fn label(&self) -> &'static str {
        match self {
            ExcludeReason::Unreadable(_) => "unreadable",
            ExcludeReason::TooLong => "too_long",
            ExcludeReason::NotText => "not_text",
            ExcludeReason::Line(error) => error.label(),
            ExcludeReason::More => "more",
        }
    }
}

/// `exclude.txt:3: not an address; …`: where, what, how to mend.
impl fmt::Display for BadExclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.reason)
    }
}

/// Reads files of exclusions.
///
/// # Errors
/// Everything that is wrong with them: whoever is to be left alone must not be
/// contacted because of a slip of the pen.
pub fn read_exclusions(files: &[PathBuf]) -> Result<Exclusions, Vec<BadExclusion>> {
    let (mut ranges, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        let mut mistakes = Vec::new();
        if let Err(reason) = read(file, &mut ranges, &mut mistakes) {
            mistakes.push((None, reason));
        }
        wrong.extend(mistakes.into_iter().map(|(line, reason)| BadExclusion {
            origin: Origin {
                file: file.clone(),
                line,
            },
            reason,
        }));
    }
    match wrong.is_empty() {
        true => Ok(ranges.into_iter().collect()),
        false => Err(wrong),
    }
}

fn read(
    file: &Path,
    ranges: &mut Vec<AddressRange>,
    mistakes: &mut Vec<(Option<usize>, ExcludeReason)>,
) -> Result<(), ExcludeReason> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(ExcludeReason::TooLong);
    }
    if bytes.contains(&0) {
        return Err(ExcludeReason::NotText);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        // Names in such lists are of any encoding; addresses are ASCII.
        match parse_line(&String::from_utf8_lossy(line)) {
            Ok(range) => ranges.extend(range),
            Err(_) if mistakes.len() == MISTAKES => return Err(ExcludeReason::More),
            Err(error) => mistakes.push((Some(number), error.into())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[&[u8]]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let files = texts.iter().enumerate().map(|(number, text)| {
            let file = folder.path().join(format!("{number}.txt"));
            std::fs::write(&file, text).unwrap();
            file
        });
        let files = files.collect();
        (folder, files)
    }

    #[test]
    fn reads_all_files_as_one_list() {
        let texts = [
            &b"\xef\xbb\xbf# ours\r\n192.0.2.7\r\n\r\n"[..],
            b"caf\xe9:198.51.100.0-198.51.100.9\n2001:db8::/32",
        ];
        let (_folder, files) = files(&texts);
        let found = read_exclusions(&files).unwrap();
        assert_eq!(found.entries(), 3);
        for ip in ["192.0.2.7", "198.51.100.5", "2001:db8::1"] {
            assert!(found.contains(ip.parse().unwrap()), "{ip}");
        }
        assert_eq!(read_exclusions(&[]).unwrap(), Exclusions::default());
    }

    #[test]
    fn names_every_bad_line() {
        let (folder, files) = files(&[b"192.0.2.7\n192.0.2\n\n192.0.2.0/33", b"PK\0", b""]);
        let wrong = read_exclusions(&files).unwrap_err();
        let lines: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        let at = |name: &str| folder.path().join(name).display().to_string();
        assert_eq!(
            lines,
            [
                at(
                    "0.txt:2: not an address, network or range; write such as 192.0.2.7, 192.0.2.0/24 or 192.0.2.1-192.0.2.9"
                ),
                at(
                    "0.txt:4: a network of more than 32 bits; write such as 192.0.2.0/24 or 2001:db8::/32"
                ),
                at("1.txt: not a list in plain text; unpack it first"),
            ]
        );
        let missing = read_exclusions(&[folder.path().join("none")]).unwrap_err();
        assert_eq!(missing[0].reason.label(), "unreadable");
    }

    #[test]
    fn does_not_tell_of_each_line_of_something_else() {
        let (_folder, files) = files(&["a letter\n".repeat(1_000).as_bytes()]);
        let wrong = read_exclusions(&files).unwrap_err();
        assert_eq!(wrong.len(), MISTAKES + 1);
        assert_eq!(wrong[MISTAKES].reason.label(), "more");
    }
}
