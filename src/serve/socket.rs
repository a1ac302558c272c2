//! `bta.sock` in a run's folder, however long the folder's path is.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Its name.
const NAME: &str = "bta.sock";
/// The longest path of a Unix socket, bytes: `sun_path` without its final zero.
const MAX_PATH_LEN_BYTES: usize = 107;
/// Read and written by its owner alone.
const PRIVATE: u32 = 0o600;

/// Where it is.
pub(super) fn path(run_dir: &Path) -> PathBuf {
    run_dir.join(NAME)
}

/// The number of a socket's file, by which it is told from another's.
pub(super) fn inode(path: &Path) -> Option<u64> {
    fs::symlink_metadata(path).ok().map(|found| found.ino())
}

/// Listens there. To be called by who holds the store of this folder: a socket
/// that is there already was left by a bta that was killed.
pub(super) fn listen(run_dir: &Path) -> io::Result<UnixListener> {
    let path = path(run_dir);
    match fs::symlink_metadata(&path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(&path)?,
        // Somebody's file is not ours to remove; listening will fail.
        Ok(_) | Err(_) => {}
    }
    let listener = at(run_dir, |path| UnixListener::bind(path))?;
    fs::set_permissions(&path, Permissions::from_mode(PRIVATE))?;
    Ok(listener)
}

/// Connects to it.
pub(super) fn connect(run_dir: &Path) -> io::Result<UnixStream> {
    at(run_dir, |path| UnixStream::connect(path))
}

/// A folder whose path is too long for the socket's address has a short one as
/// long as it is open.
fn at<T>(run_dir: &Path, run: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let direct = path(run_dir);
    if direct.as_os_str().len() <= MAX_PATH_LEN_BYTES {
        return run(&direct);
    }
    let folder = File::open(run_dir)?;
    run(&path(Path::new(&format!(
        "/proc/self/fd/{}",
        folder.as_raw_fd()
    ))))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn is_reached(run_dir: &Path) {
        let listener = listen(run_dir).unwrap();
        let mut asking = connect(run_dir).unwrap();
        asking.write_all(b"?").unwrap();
        let mut asked = [0];
        listener.accept().unwrap().0.read_exact(&mut asked).unwrap();
        assert_eq!(&asked, b"?");
        let mode = fs::metadata(path(run_dir)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, PRIVATE);
    }

    #[test]
    fn is_reached_at_a_path_of_any_length() {
        let folder = tempfile::tempdir().unwrap();
        is_reached(folder.path());
        let mut long = folder.path().to_owned();
        for _ in 0..10 {
            long.push("a folder with a name that is long but not too long");
            fs::create_dir(&long).unwrap();
            is_reached(&long);
        }
        assert!(long.as_os_str().len() > 400);
    }

    #[test]
    fn takes_the_place_of_a_socket_that_nobody_listens_at_any_more() {
        let folder = tempfile::tempdir().unwrap();
        drop(listen(folder.path()).unwrap());
        let error = connect(folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        is_reached(folder.path());
    }

    #[test]
    fn leaves_a_file_of_that_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), "mine").unwrap();
        assert!(listen(folder.path()).is_err());
        assert_eq!(fs::read(path(folder.path())).unwrap(), b"mine");
    }
}
