//! What a guest must not do, as the lab's peers and trackers notice it.

use std::fmt;

/// A breach of a guest's manners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offence {
    /// Sent `interested`.
    Interested,
    /// Asked for content.
    Request,
    /// Sent content.
    Piece,
    /// Claimed to have a piece, or all.
    ClaimedPieces,
    /// Said `upload_only`.
    UploadOnly,
    /// Sent HAVE_NONE to one that does not know the Fast extension.
    FastToOldClient,
    /// Sent keep-alives so fast that the client took them for a flood.
    KeepAliveFlood,
    /// Sent frames that are none.
    BrokenFrame,
    /// Told a peer of others more than once in a minute.
    HastyGossip,
    /// Told a peer of itself.
    ToldOfItself,
    /// Came back to one address and port within five seconds.
    Hurried,
    /// Told a tracker `completed`.
    AnnouncedCompletion,
    /// Told a tracker that nothing is left.
    AnnouncedAsSeed,
    /// Announced more often than the tracker's `min interval` allows.
    AnnouncedTooOften,
}

impl Offence {
    /// Its name in tables.
    pub const fn label(self) -> &'static str {
        match self {
            Offence::Interested => "interested",
            Offence::Request => "request",
            Offence::Piece => "piece",
            Offence::ClaimedPieces => "claimed_pieces",
            Offence::UploadOnly => "upload_only",
            Offence::FastToOldClient => "fast_to_old_client",
            Offence::KeepAliveFlood => "keep_alive_flood",
            Offence::BrokenFrame => "broken_frame",
            Offence::HastyGossip => "hasty_gossip",
            Offence::ToldOfItself => "told_of_itself",
            Offence::Hurried => "hurried",
            Offence::AnnouncedCompletion => "announced_completion",
            Offence::AnnouncedAsSeed => "announced_as_seed",
            Offence::AnnouncedTooOften => "announced_too_often",
        }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}
