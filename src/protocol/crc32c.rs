//! CRC-32C (Castagnoli), of a few bytes: names of DHT nodes (BEP 42) and the priority of
//! peers (BEP 40) are made with it.

const POLYNOMIAL: u32 = 0x82f6_3b78;

/// The checksum.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            0 => crc >> 1,
            _ => crc >> 1 ^ POLYNOMIAL,
        })
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
