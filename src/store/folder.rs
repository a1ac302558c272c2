//! A run's folder: what lies in it, and that only its owner can read it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use crate::moment::Moment;
use crate::protocol::info_hash::InfoHash;
use crate::protocol::limits;
use crate::protocol::metainfo::Metainfo;

/// Mode of folders.
const PRIVATE_FOLDER: u32 = 0o700;
/// Mode of files.
pub(super) const PRIVATE_FILE: u32 = 0o600;
/// Length of the secret: a blake3 key.
const SECRET_LEN_BYTES: usize = 32;

/// The folder of one run.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`, which is made if there is none.
    ///
    /// A new or empty folder, or one that holds a store, becomes private; a
    /// folder with somebody's other files in it keeps its mode (what we put
    /// there is private in any case).
    pub(super) fn create(path: &Path) -> Result<Folder, StoreError> {
        private_umask();
        if is_sled(path) {
            return Err(StoreError::InsideAStore(path.into()));
        }
        let folder = Folder { path: path.into() };
        if !path.exists() {
            let mut builder = DirBuilder::new();
            let built = builder.recursive(true).mode(PRIVATE_FOLDER).create(path);
            built.map_err(StoreError::io(path))?;
            sync_folder(path.parent().unwrap_or(Path::new("/")))?;
        }
        let mut entries = fs::read_dir(path).map_err(StoreError::io(path))?;
        if entries.next().is_none() || folder.holds_store() {
            restrict(path, PRIVATE_FOLDER)?;
        }
        Ok(folder)
    }

    /// The folder of a store that exists. Its sled folder serves too.
    pub(super) fn find(path: &Path) -> Result<Folder, StoreError> {
        private_umask();
        let folder = Folder { path: path.into() };
        if folder.holds_store() {
            return Ok(folder);
        }
        if is_sled(path) {
            // `..` and not the parent: the path may be `.`.
            let above = Folder {
                path: fs::canonicalize(path)
                    .map_err(StoreError::io(path))?
                    .parent()
                    .map_or_else(|| path.into(), Path::to_path_buf),
            };
            if above.holds_store() {
                return Ok(above);
            }
        }
        // A folder that we may not look into is no answer.
        let looked = fs::metadata(path).and_then(|it| match it.is_dir() {
            true => fs::read_dir(path).map(drop),
            false => Ok(()),
        });
        match looked {
            Ok(()) => Err(StoreError::NotAStore(path.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(StoreError::Missing(path.into()))
            }
            Err(error) => Err(StoreError::io(path)(error)),
        }
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The sled folder.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join("store")
    }

    /// The journal of completions.
    pub(super) fn journal(&self) -> PathBuf {
        self.path.join("completions.journal")
    }

    /// The key of the identity hashes.
    fn secret_file(&self) -> PathBuf {
        self.path.join("secret")
    }

    /// Whether a store was begun here.
    pub(super) fn holds_store(&self) -> bool {
        self.journal().is_file() || is_sled(&self.database())
    }

    /// Whether there is a database (if not, there may still be a journal).
    pub(super) fn holds_database(&self) -> bool {
        is_sled(&self.database())
    }

    /// The secret, if it is there.
    pub(super) fn secret(&self) -> Result<Option<[u8; SECRET_LEN_BYTES]>, StoreError> {
        let path = self.secret_file();
        let mut secret = [0; SECRET_LEN_BYTES];
        let read = File::open(&path).and_then(|mut file| file.read_exact(&mut secret));
        match read {
            Ok(()) => Ok(Some(secret)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // Shorter than a secret: none that any row was written with.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(StoreError::io(path)(error)),
        }
    }

    /// A new secret, durable before the first row is written with it.
    pub(super) fn create_secret(&self) -> Result<[u8; SECRET_LEN_BYTES], StoreError> {
        let path = self.secret_file();
        let mut secret = [0; SECRET_LEN_BYTES];
        getrandom::fill(&mut secret)
            .map_err(io::Error::other)
            .map_err(StoreError::io(&path))?;
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(PRIVATE_FILE)
                .open(&path)?;
            file.write_all(&secret)?;
            file.sync_all()
        };
        write().map_err(StoreError::io(&path))?;
        restrict(&path, PRIVATE_FILE)?;
        sync_folder(&self.path)?;
        Ok(secret)
    }

    /// Makes private what is ours, whoever made it.
    pub(super) fn restrict(&self) -> Result<(), StoreError> {
        restrict(&self.journal(), PRIVATE_FILE)?;
        restrict(&self.secret_file(), PRIVATE_FILE)?;
        // That of an earlier run, or of a copy of it.
        let log = self.path.join("bta.log");
        if log.is_file() {
            restrict(&log, PRIVATE_FILE)?;
        }
        restrict_all(&self.database())
    }

    /// The torrent file made of the metadata that peers gave.
    fn metadata_file(&self, info_hash: &InfoHash) -> PathBuf {
        self.metadata_folder().join(format!("{info_hash}.torrent"))
    }

    fn metadata_folder(&self) -> PathBuf {
        self.path.join("metadata")
    }

    /// Keeps an info dictionary as a torrent file without trackers, durably.
    pub(super) fn keep_metadata(
        &self,
        info_hash: &InfoHash,
        info: &[u8],
    ) -> Result<(), StoreError> {
        let (folder, path) = (self.metadata_folder(), self.metadata_file(info_hash));
        if !folder.is_dir() {
            let built = DirBuilder::new().mode(PRIVATE_FOLDER).create(&folder);
            built.map_err(StoreError::io(&folder))?;
            sync_folder(&self.path)?;
        }
        let partial = path.with_extension("partial");
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true);
        let written = options
            .mode(PRIVATE_FILE)
            .open(&partial)
            .and_then(|mut file| {
                file.write_all(&Metainfo::file_of(info))?;
                file.sync_all()
            });
        written.map_err(StoreError::io(&partial))?;
        fs::rename(&partial, &path).map_err(StoreError::io(&path))?;
        sync_folder(&folder)
    }

    /// What was kept of a torrent; at most what a torrent file may have.
    pub(super) fn metadata(&self, info_hash: &InfoHash) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.metadata_file(info_hash);
        let mut bytes = Vec::new();
        let most = limits::TORRENT_FILE_BYTES as u64;
        let read = File::open(&path).and_then(|file| file.take(most).read_to_end(&mut bytes));
        match read {
            Ok(_) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(&path)(error)),
        }
    }

    /// Sets a damaged database aside, to `store.damaged-<time>`.
    pub(super) fn set_database_aside(&self, now: Moment) -> Result<PathBuf, StoreError> {
        let time: String = now.to_string().chars().filter(|it| *it != ':').collect();
        let mut aside = self.path.join(format!("store.damaged-{time}"));
        let mut copy = 1;
        while aside.exists() {
            copy += 1;
            aside = self.path.join(format!("store.damaged-{time}-{copy}"));
        }
        fs::rename(self.database(), &aside).map_err(StoreError::io(&aside))?;
        sync_folder(&self.path)?;
        Ok(aside)
    }

    /// Makes the names of new files durable.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        sync_folder(&self.path)
    }
}

/// Copies a database that cannot be opened where it lies.
pub(super) fn copy_database(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(to).map_err(StoreError::io(to))?;
    for entry in fs::read_dir(from).map_err(StoreError::io(from))? {
        let entry = entry.map_err(StoreError::io(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_database(&source, &target)?;
        } else {
            fs::copy(&source, &target).map_err(StoreError::io(&source))?;
            restrict(&target, PRIVATE_FILE)?;
        }
    }
    Ok(())
}

/// Files that this process makes from now on are its owner's alone. sled makes
/// files at any time, and has no setting for their mode.
fn private_umask() {
    use rustix::fs::Mode;
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

fn is_sled(path: &Path) -> bool {
    path.join("db").is_file() && path.join("conf").is_file()
}

fn restrict(path: &Path, mode: u32) -> Result<(), StoreError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(StoreError::io(path))
}

fn restrict_all(path: &Path) -> Result<(), StoreError> {
    let found = fs::symlink_metadata(path).map_err(StoreError::io(path))?;
    if found.is_symlink() {
        return Ok(());
    }
    if !found.is_dir() {
        return restrict(path, PRIVATE_FILE);
    }
    restrict(path, PRIVATE_FOLDER)?;
    for entry in fs::read_dir(path).map_err(StoreError::io(path))? {
        restrict_all(&entry.map_err(StoreError::io(path))?.path())?;
    }
    Ok(())
}

fn sync_folder(path: &Path) -> Result<(), StoreError> {
    // The parent of a bare name is the empty path.
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io(path))
}
