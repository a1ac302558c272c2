//! Trees of keys and values, wherever they come from: a database at rest, what
//! the journal adds to it, or a snapshot of a running crawler.

use std::collections::BTreeMap;
use std::iter::Peekable;

use super::error::StoreError;

/// The trees of a store, in the order in which they are written: no row comes
/// before what it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// Shared texts.
    Names,
    /// Torrents.
    Torrents,
    /// Peers.
    Peers,
    /// Rises to the threshold.
    Completions,
    /// Announces.
    Announces,
    /// Scrapes.
    Scrapes,
    /// How attempts ended.
    Outcomes,
    /// What sources of addresses brought.
    Sources,
    /// What others said of peers.
    Hearsay,
    /// What a reader of the figures should know.
    Events,
    /// The monitor's samples.
    Samples,
    /// Facts about the run.
    Meta,
}

impl Tree {
    /// All of them, in the order of writing.
    pub const ALL: [Tree; 12] = [
        Tree::Names,
        Tree::Torrents,
        Tree::Peers,
        Tree::Completions,
        Tree::Announces,
        Tree::Scrapes,
        Tree::Outcomes,
        Tree::Sources,
        Tree::Hearsay,
        Tree::Events,
        Tree::Samples,
        Tree::Meta,
    ];

    /// Its name in the database.
    pub const fn label(self) -> &'static str {
        match self {
            Tree::Names => "names",
            Tree::Torrents => "torrents",
            Tree::Peers => "peers",
            Tree::Completions => "completions",
            Tree::Announces => "announces",
            Tree::Scrapes => "scrapes",
            Tree::Outcomes => "outcomes",
            Tree::Sources => "sources",
            Tree::Hearsay => "hearsay",
            Tree::Events => "events",
            Tree::Samples => "samples",
            Tree::Meta => "meta",
        }
    }

    /// Whether its keys begin with a torrent's number.
    pub(super) const fn is_by_torrent(self) -> bool {
        !matches!(
            self,
            Tree::Names | Tree::Events | Tree::Samples | Tree::Meta
        )
    }
}

/// Key and value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// Entries in the order of their keys.
pub type Scan<'a> = Box<dyn Iterator<Item = Result<Entry, StoreError>> + 'a>;

/// Somewhere to read trees from.
pub trait Shelf: Send + Sync {
    /// The value of one key.
    ///
    /// # Errors
    /// The source fails.
    fn value(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// All entries whose keys begin with `prefix`.
    fn scan(&self, tree: Tree, prefix: &[u8]) -> Scan<'_>;
}

impl<S: Shelf + ?Sized> Shelf for &S {
    fn value(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).value(tree, key)
    }

    fn scan(&self, tree: Tree, prefix: &[u8]) -> Scan<'_> {
        (**self).scan(tree, prefix)
    }
}

impl<S: Shelf + ?Sized> Shelf for Box<S> {
    fn value(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).value(tree, key)
    }

    fn scan(&self, tree: Tree, prefix: &[u8]) -> Scan<'_> {
        (**self).scan(tree, prefix)
    }
}

/// Entries to be written.
pub(super) type Puts = BTreeMap<(Tree, Vec<u8>), Vec<u8>>;

/// A shelf with entries laid over it.
pub(super) struct Overlay<S> {
    pub(super) base: S,
    pub(super) puts: Puts,
}

impl<S: Shelf> Overlay<S> {
    pub(super) fn new(base: S) -> Self {
        Overlay {
            base,
            puts: Puts::new(),
        }
    }

    pub(super) fn put(&mut self, tree: Tree, key: Vec<u8>, value: Vec<u8>) {
        self.puts.insert((tree, key), value);
    }
}

impl<S: Shelf> Shelf for Overlay<S> {
    fn value(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.puts.get(&(tree, key.to_vec())) {
            Some(value) => Ok(Some(value.clone())),
            None => self.base.value(tree, key),
        }
    }

    fn scan(&self, tree: Tree, prefix: &[u8]) -> Scan<'_> {
        let from = (tree, prefix.to_vec());
        let wanted = prefix.to_vec();
        let over = self
            .puts
            .range(from..)
            .take_while(move |((of, key), _)| *of == tree && key.starts_with(&wanted))
            .map(|((_, key), value)| (key.clone(), value.clone()));
        Box::new(Merge {
            base: self.base.scan(tree, prefix).peekable(),
            over: over.peekable(),
        })
    }
}

/// Two scans in the order of their keys; of equal keys the upper one's value.
struct Merge<B: Iterator, O: Iterator> {
    base: Peekable<B>,
    over: Peekable<O>,
}

impl<B, O> Iterator for Merge<B, O>
where
    B: Iterator<Item = Result<Entry, StoreError>>,
    O: Iterator<Item = Entry>,
{
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (Some(Ok((below, _))), Some((above, _))) = (self.base.peek(), self.over.peek()) else {
            // An error below comes first, lest it be missed.
            return self.base.next().or_else(|| self.over.next().map(Ok));
        };
        if below < above {
            return self.base.next();
        }
        if below == above {
            self.base.next();
        }
        self.over.next().map(Ok)
    }
}

/// Where there is no database.
pub(super) struct Bare;

impl Shelf for Bare {
    fn value(&self, _: Tree, _: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn scan(&self, _: Tree, _: &[u8]) -> Scan<'_> {
        Box::new(std::iter::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(base: impl Shelf, entries: &[(&str, &str)]) -> Overlay<impl Shelf> {
        let mut overlay = Overlay::new(base);
        for (key, value) in entries {
            overlay.put(Tree::Peers, key.as_bytes().into(), value.as_bytes().into());
        }
        overlay
    }

    #[test]
    fn lays_entries_over_others_in_the_order_of_keys() {
        let below = over(Bare, &[("a1", "old"), ("a3", "kept"), ("b", "other")]);
        let mut both = over(below, &[("a1", "new"), ("a2", "added"), ("a4", "last")]);
        both.put(Tree::Names, b"a0".into(), b"another tree".into());
        let found: Vec<_> = both
            .scan(Tree::Peers, b"a")
            .map(|entry| entry.unwrap())
            .map(|(key, value)| [key, value].map(|it| String::from_utf8(it).unwrap()))
            .collect();
        let expected = [
            ["a1", "new"],
            ["a2", "added"],
            ["a3", "kept"],
            ["a4", "last"],
        ];
        assert_eq!(found, expected);
        assert_eq!(both.value(Tree::Peers, b"a1").unwrap().unwrap(), b"new");
        assert_eq!(both.value(Tree::Peers, b"b").unwrap().unwrap(), b"other");
        assert_eq!(both.value(Tree::Peers, b"c").unwrap(), None);
    }

    #[test]
    fn an_error_below_is_not_missed() {
        struct Broken;
        impl Shelf for Broken {
            fn value(&self, _: Tree, _: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
                Err(StoreError::Missing("broken".into()))
            }
            fn scan(&self, _: Tree, _: &[u8]) -> Scan<'_> {
                Box::new(std::iter::once(Err(StoreError::Missing("broken".into()))))
            }
        }
        let broken = over(Broken, &[("a", "above")]);
        let found: Vec<_> = broken.scan(Tree::Peers, b"").collect();
        assert!(found[0].is_err());
        assert!(found[1].is_ok());
    }
}
