//! How rows become bytes.

/// Bytes that are no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The row ends too early.
    #[error("it ends after {offset} bytes, in the middle of a field")]
    Truncated {
        /// Where it ends.
        offset: usize,
    },
    /// The row goes on after its last field.
    #[error("{extra} bytes too many after offset {offset}")]
    TooLong {
        /// Where it should end.
        offset: usize,
        /// How many bytes follow.
        extra: usize,
    },
    /// A number that does not fit its field.
    #[error("a number at offset {offset} does not fit its field")]
    Overflow {
        /// Where the number begins.
        offset: usize,
    },
    /// A code that this program does not know.
    #[error("unknown {field} {code}")]
    UnknownCode {
        /// What it should say.
        field: &'static str,
        /// What it says.
        code: u32,
    },
    /// A text that is not UTF-8.
    #[error("the text at offset {offset} is not UTF-8")]
    NotUtf8 {
        /// Where the text begins.
        offset: usize,
    },
}
