//! Bencode written piece by piece. Who writes a dictionary keeps its keys in order.

/// Most messages fit: one allocation.
const USUAL_BYTES: usize = 512;

/// What is written so far.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Begins with what is bencode already.
    pub fn new(beginning: &[u8]) -> Self {
        let mut out = Vec::with_capacity(USUAL_BYTES);
        out.extend_from_slice(beginning);
        Writer(out)
    }

    /// Appends what is bencode already.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends a byte string.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.begin_bytes(bytes.len()).extend_from_slice(bytes);
    }

    /// Begins a byte string of so many bytes, which the caller appends.
    pub fn begin_bytes(&mut self, len: usize) -> &mut Vec<u8> {
        self.digits(len as u64);
        self.0.push(b':');
        &mut self.0
    }

    /// Appends an integer.
    pub fn int(&mut self, number: u64) {
        self.0.push(b'i');
        self.digits(number);
        self.0.push(b'e');
    }

    /// Appends a key and its byte string.
    pub fn entry(&mut self, key: &str, value: &[u8]) {
        self.bytes(key.as_bytes());
        self.bytes(value);
    }

    /// Appends a key and its integer.
    pub fn int_entry(&mut self, key: &str, value: u64) {
        self.bytes(key.as_bytes());
        self.int(value);
    }

    /// Ends with what is bencode already.
    pub fn end(mut self, ending: &[u8]) -> Vec<u8> {
        self.raw(ending);
        self.0
    }

    fn digits(&mut self, number: u64) {
        if number >= 10 {
            self.digits(number / 10);
        }
        self.0.push(b'0' + (number % 10) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_bep_3_shows() {
        let mut out = Writer::new(b"d");
        out.entry("cow", b"moo");
        out.bytes(b"spam");
        out.raw(b"l");
        out.begin_bytes(10).extend(*b"0123456789");
        out.int(0);
        out.raw(b"e");
        out.int_entry("to", u64::MAX);
        let expected = b"d3:cow3:moo4:spaml10:0123456789i0ee2:toi18446744073709551615ee";
        assert_eq!(out.end(b"e"), expected);
    }
}
