//! Outputs that do not take all that is written.

use std::io::{self, Write};

use super::run_to;
use super::store::{SMALL, filled};

/// A pipe whose reader takes so many bytes and goes.
struct Closing(usize);

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(bytes.len()) {
            Some(left) => self.0 = left,
            None => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let folder = filled(&SMALL);
    for command in ["summary", "peers", "outcomes"] {
        for format in ["table", "json", "jsonl", "csv"] {
            let words = format!("{command} --format {format} STORE");
            let mut err = Vec::new();
            let code = run_to(folder.path(), &words, &mut Closing(40), &mut err);
            let said = String::from_utf8(err).unwrap();
            assert_eq!((code, said.lines().count()), (0, 1), "{words}: {said}");
        }
    }
    // Any other failure is one.
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut err = Vec::new();
    assert_eq!(run_to(folder.path(), "peers STORE", &mut Full, &mut err), 1);
    let said = String::from_utf8(err).unwrap();
    assert!(said.contains("\nbta-dump: cannot write: "));
}
