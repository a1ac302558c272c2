//! Why a peer closed a connection.

/// Why a peer closed a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Ending {
    /// It left, or closed all its connections.
    #[error("left")]
    Left,
    /// It lost pieces and was restarted.
    #[error("restarted")]
    Restarted,
    /// It has no room.
    #[error("full")]
    Full,
    /// It waited for a handshake in vain.
    #[error("no handshake")]
    NoHandshake,
    /// It had heard nothing for too long.
    #[error("silence")]
    Silence,
    /// It had enough of a guest that wants nothing.
    #[error("out of patience")]
    Impatience,
    /// Two of a kind: it is a seed, and the guest says `upload_only`.
    #[error("redundant")]
    Redundant,
    /// Keep-alives came too fast.
    #[error("flooded")]
    Flooded,
    /// It was asked for another torrent.
    #[error("wrong info-hash")]
    WrongInfoHash,
    /// What came is not the protocol.
    #[error("broken protocol")]
    Broken,
    /// It has another connection to the same peer.
    #[error("duplicate")]
    Duplicate,
    /// The other side closed.
    #[error("closed by the guest")]
    ByGuest,
}
