//! What is said on the socket. All numbers are big-endian.
//!
//! ```text
//! request   "bta-dump", version (2), trees (2): bit n asks for the tree of code n
//! hello     "bta-live", version (2), answer (1)
//! chunk     code of the tree (1), length (4), entries (see store::chunk)
//! end       ff: all was sent; fe: the store was closed before that
//! ```
//!
//! One request a connection. A hello with another answer than [`Answer::Here`]
//! ends it.

use crate::store::Tree;

/// Version of the socket's language: of requests, chunks and codes of trees.
pub(super) const VERSION: u16 = 1;
/// Length of a request.
pub(super) const REQUEST_LEN_BYTES: usize = 12;
/// Length of a hello.
pub(super) const HELLO_LEN_BYTES: usize = 11;
/// Length of what stands before the entries of a chunk.
pub(super) const HEAD_LEN_BYTES: usize = 5;
/// All was sent.
pub(super) const END: u8 = 0xff;
/// The store was closed before all was sent.
pub(super) const CUT: u8 = 0xfe;

const REQUEST: &[u8; 8] = b"bta-dump";
const HELLO: &[u8; 8] = b"bta-live";

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Answer {
    /// Rows follow.
    Here = 0,
    /// As many ask already as are answered at a time.
    Full = 1,
    /// The request is of another version.
    OtherVersion = 2,
}

/// Who says another version than ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// A bta of this version.
    Version(u16),
    /// No bta.
    Unknown,
}

/// A request for trees.
pub(super) fn request(trees: &[Tree]) -> [u8; REQUEST_LEN_BYTES] {
    let asked = trees.iter().fold(0u16, |asked, tree| asked | bit(*tree));
    let mut bytes = [0; REQUEST_LEN_BYTES];
    bytes[..8].copy_from_slice(REQUEST);
    bytes[8..10].copy_from_slice(&VERSION.to_be_bytes());
    bytes[10..].copy_from_slice(&asked.to_be_bytes());
    bytes
}

/// The trees of a request, in the order in which they are to be sent: the names
/// that rows refer to come last.
pub(super) fn asked(request: &[u8; REQUEST_LEN_BYTES]) -> Result<Vec<Tree>, Stranger> {
    check(request, REQUEST)?;
    let asked = u16::from_be_bytes([request[10], request[11]]);
    let trees = Tree::ALL.into_iter().rev();
    Ok(trees.filter(|tree| asked & bit(*tree) != 0).collect())
}

/// A hello.
pub(super) fn hello(answer: Answer) -> [u8; HELLO_LEN_BYTES] {
    let mut bytes = [0; HELLO_LEN_BYTES];
    bytes[..8].copy_from_slice(HELLO);
    bytes[8..10].copy_from_slice(&VERSION.to_be_bytes());
    bytes[10] = answer as u8;
    bytes
}

/// What a hello answers.
pub(super) fn answer(hello: &[u8; HELLO_LEN_BYTES]) -> Result<Answer, Stranger> {
    check(hello, HELLO)?;
    let all = [Answer::Here, Answer::Full, Answer::OtherVersion];
    let found = all.into_iter().find(|it| *it as u8 == hello[10]);
    found.ok_or(Stranger::Unknown)
}

/// What stands before a chunk's entries.
pub(super) fn head(tree: Tree, entries: &[u8]) -> [u8; HEAD_LEN_BYTES] {
    // A chunk is one entry longer than its bound at most.
    let len = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let mut bytes = [0; HEAD_LEN_BYTES];
    bytes[0] = tree as u8;
    bytes[1..].copy_from_slice(&len.to_be_bytes());
    bytes
}

/// The tree of this code.
pub(super) fn tree(code: u8) -> Option<Tree> {
    Tree::ALL.into_iter().find(|tree| *tree as u8 == code)
}

fn bit(tree: Tree) -> u16 {
    1 << tree as u16
}

fn check(bytes: &[u8], magic: &[u8; 8]) -> Result<(), Stranger> {
    if bytes[..8] != magic[..] {
        return Err(Stranger::Unknown);
    }
    match u16::from_be_bytes([bytes[8], bytes[9]]) {
        VERSION => Ok(()),
        other => Err(Stranger::Version(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_lies_as_documented() {
        let bytes = request(&[Tree::Names, Tree::Meta, Tree::Peers]);
        assert_eq!(&bytes, b"bta-dump\0\x01\x08\x05");
        let trees = asked(&bytes).unwrap();
        assert_eq!(trees, [Tree::Meta, Tree::Peers, Tree::Names]);
    }

    #[test]
    fn a_hello_lies_as_documented() {
        let bytes = hello(Answer::Full);
        assert_eq!(&bytes, b"bta-live\0\x01\x01");
        assert_eq!(answer(&bytes), Ok(Answer::Full));
    }

    #[test]
    fn tells_other_versions_from_other_programs() {
        let mut other = request(&[]);
        other[9] = 9;
        assert_eq!(asked(&other), Err(Stranger::Version(9)));
        other[0] = b'B';
        assert_eq!(asked(&other), Err(Stranger::Unknown));
        let mut other = hello(Answer::OtherVersion);
        other[9] = 9;
        assert_eq!(answer(&other), Err(Stranger::Version(9)));
        assert_eq!(answer(b"HTTP/1.1 20"), Err(Stranger::Unknown));
    }

    #[test]
    fn every_tree_has_its_code() {
        for of in Tree::ALL {
            assert_eq!(tree(head(of, b"four")[0]), Some(of));
            assert_eq!(&head(of, b"four")[1..], [0, 0, 0, 4]);
        }
        assert_eq!((tree(END), tree(CUT)), (None, None));
    }
}
