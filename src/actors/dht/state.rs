//! The table between two runs: a file that only its owner reads, for it holds
//! addresses.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::protocol::address::IpFamily;
use crate::protocol::dht::saved::{FILE_BYTES, Saved};

/// The table of the run before; none where there is none of use.
pub(super) fn load(path: &Path, family: IpFamily) -> Option<Saved> {
    let mut bytes = Vec::new();
    let file = File::open(of(path, family)).ok()?;
    file.take(FILE_BYTES as u64).read_to_end(&mut bytes).ok()?;
    Saved::read(&bytes, family)
}

/// Puts the table in the place of the old one.
pub(super) fn save(path: &Path, family: IpFamily, saved: &Saved) -> io::Result<()> {
    let path = of(path, family);
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
    }
    // Another run may write at the same time: the last one wins, as a whole.
    let new = with_suffix(&path, &format!(".{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&new)?.write_all(&saved.write(family))?;
    fs::rename(&new, &path)
}

/// Each family has a file of its own.
fn of(path: &Path, family: IpFamily) -> PathBuf {
    match family {
        IpFamily::V4 => path.to_owned(),
        IpFamily::V6 => with_suffix(path, "6"),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use crate::protocol::dht::{Contact, NodeId};

    use super::*;

    #[test]
    fn each_family_finds_its_own_again_and_nobody_else_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache/bta/dht");
        for (family, address) in [(IpFamily::V4, "1.2.3.4:5"), (IpFamily::V6, "[2001::1]:5")] {
            assert_eq!(load(&path, family), None);
            let contact = Contact {
                id: NodeId([1; 20]),
                address: address.parse().unwrap(),
            };
            let saved = Saved {
                id: NodeId([2; 20]),
                nodes: vec![contact],
            };
            save(&path, family, &saved).unwrap();
            save(&path, family, &saved).unwrap();
            assert_eq!(load(&path, family), Some(saved));
            let mode = fs::metadata(of(&path, family))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
    }
}
