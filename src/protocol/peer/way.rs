//! In which ways a peer can be spoken to.

use std::fmt;

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// uTP (BEP 29), over UDP.
    Utp,
}

/// What the bytes are wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrapping {
    /// Nothing: the handshake of BEP 3 comes first.
    Plain,
    /// Message stream encryption (MSE/PE): its handshake comes first, and RC4 or
    /// nothing after it, as the two agree.
    Encrypted,
}

/// One way to dial, or to be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Way {
    /// What carries the bytes.
    pub transport: Transport,
    /// What they are wrapped in.
    pub wrapping: Wrapping,
}

/// Which wrappings are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encryption {
    /// Both, so that each peer is met in the one that it speaks.
    #[default]
    Prefer,
    /// Encrypted connections only.
    Require,
    /// Plain connections only.
    Off,
}

impl Way {
    /// The way of 2001.
    pub const PLAIN_TCP: Way = Way {
        transport: Transport::Tcp,
        wrapping: Wrapping::Plain,
    };

    /// All of them, in the order of their codes.
    pub const ALL: [Way; 4] = [
        Way::PLAIN_TCP,
        Way {
            transport: Transport::Tcp,
            wrapping: Wrapping::Encrypted,
        },
        Way {
            transport: Transport::Utp,
            wrapping: Wrapping::Plain,
        },
        Way {
            transport: Transport::Utp,
            wrapping: Wrapping::Encrypted,
        },
    ];

    /// The stable name in counters and exports.
    pub const fn label(self) -> &'static str {
        match (self.transport, self.wrapping) {
            (Transport::Tcp, Wrapping::Plain) => "tcp",
            (Transport::Tcp, Wrapping::Encrypted) => "tcp_encrypted",
            (Transport::Utp, Wrapping::Plain) => "utp",
            (Transport::Utp, Wrapping::Encrypted) => "utp_encrypted",
        }
    }

    /// The stable number in the store.
    pub const fn code(self) -> u8 {
        self.transport as u8 * 2 + self.wrapping as u8
    }

    /// From the stable number in the store.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl Encryption {
    /// Whether connections of this kind are made and taken.
    pub const fn permits(self, wrapping: Wrapping) -> bool {
        matches!(
            (self, wrapping),
            (Encryption::Prefer, _)
                | (Encryption::Require, Wrapping::Encrypted)
                | (Encryption::Off, Wrapping::Plain)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable_and_labels_unique() {
        for (index, way) in Way::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(way.code()), index);
            assert_eq!(Way::from_code(way.code()), Some(way));
            let same = Way::ALL.iter().filter(|it| it.label() == way.label());
            assert_eq!(same.count(), 1);
        }
        assert_eq!(Way::from_code(4), None);
    }

    #[test]
    fn the_user_decides_what_is_used() {
        let permitted = |it: Encryption| {
            [Wrapping::Plain, Wrapping::Encrypted].map(|wrapping| it.permits(wrapping))
        };
        assert_eq!(permitted(Encryption::Prefer), [true, true]);
        assert_eq!(permitted(Encryption::Require), [false, true]);
        assert_eq!(permitted(Encryption::Off), [true, false]);
    }
}
