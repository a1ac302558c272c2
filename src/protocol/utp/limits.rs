//! Every bound and waiting time of uTP, with its reason.

use std::time::Duration;

/// Payload of one packet of ours. With the headers of uTP, UDP and IPv6 it fits the
/// smallest path that IPv6 allows (1,280 bytes): no path needs to be measured.
pub const PAYLOAD_BYTES: usize = 1_200;

/// Bytes that a connection keeps for its reader, and as many out of order: what a
/// peer says to a silent guest, a bitfield or a piece of metadata, fits at once.
pub const RECEIVE_BYTES: usize = 32 << 10;

/// Packets that may come ahead of a missing one. As many as two words of a selective
/// acknowledgement tell of.
pub const AHEAD: u16 = 64;

/// Bytes that wait to be sent; a writer waits when they are reached.
pub const SEND_BYTES: usize = 16 << 10;

/// Packets under way without acknowledgement at the start, and at most. A guest sends
/// some hundred bytes at a time: this is far below what a delay-based window (LEDBAT,
/// which BEP 29 asks for) would grow to, and nothing that could fill a queue.
pub const WINDOW: std::ops::RangeInclusive<u8> = 2..=8;

/// Packets kept until they are acknowledged, those included that came ahead of a missing
/// one: who never acknowledges that one makes us keep no more.
pub const UNACKNOWLEDGED: usize = 64;

/// Until the round trip is known (as RFC 6298), and the least and longest wait for an
/// acknowledgement. The longest is short, so that a session that a cut of the network
/// has silenced goes on soon after it.
pub const FIRST_TIMEOUT: Duration = Duration::from_secs(1);
/// The least wait for an acknowledgement, as in other clients.
pub const LEAST_TIMEOUT: Duration = Duration::from_millis(500);
/// The longest wait for an acknowledgement.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(15);

/// A peer that answers nothing for so long is gone. TCP gives up after a quarter of an
/// hour; a cut of the network for a minute must not end a session.
pub const GIVE_UP: Duration = Duration::from_secs(120);

/// A connection that nobody holds any longer is forgotten after this, whether its last
/// bytes were acknowledged or not.
pub const LINGER: Duration = Duration::from_secs(15);

/// A connection that was quiet for so long is kept warm: a packet that the other side
/// must answer holds the mapping in the address translators between (libutp: 29 s).
pub const QUIET: Duration = Duration::from_secs(29);

/// Who spoke last and has been quiet for so long is asked whether it is still there:
/// libtorrent gives a stream up without a word.
pub const FALLEN_SILENT: Duration = Duration::from_secs(10);

/// Nothing was asked yet after this: it is, to learn whether such questions are answered.
pub const FIRST_QUESTION: Duration = Duration::from_secs(3);

/// Between two questions whether somebody is there, while there is no answer.
pub const QUESTIONS_APART: Duration = Duration::from_secs(3);

/// Who leaves so many questions in a row without an answer, while others are heard at
/// the same socket, is gone. At a loss of a tenth in each direction one in 4,000 rows of
/// this length is bad luck.
pub const QUESTIONS: u8 = 5;

/// When further SYNs are sent, after the first; each time with another connection id,
/// because an acceptor whose answer was lost ignores a repeated one.
pub const SYN_AFTER: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(7),
];

/// A SYN that has no answer after this (from the first) has failed, if the caller has
/// waited so long.
pub const CONNECT: Duration = Duration::from_secs(20);

/// Connections at one socket, at which those who knock are refused. Those that we dial
/// are bounded by the sessions' slots.
pub const CONNECTIONS: usize = 4_096;

/// Packets that may be lost or overtaken right after the handshake of one who knocks:
/// the first of them to arrive is still recognised.
pub const FIRST_PACKETS: u16 = 4;
