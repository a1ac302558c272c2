//! Addresses that are never contacted, by anyone's word, as people and the lists that
//! they exchange write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::address::canonical_ip;

/// From this level on a row of an `ipfilter.dat` permits what it names.
const PERMITTED_FROM: u32 = 128;

/// A set of addresses. Asking it costs one binary search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    v4: Vec<(Ipv4Addr, Ipv4Addr)>,
    v6: Vec<(Ipv6Addr, Ipv6Addr)>,
    entries: usize,
}

/// Addresses of one family, from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRange {
    /// IPv4.
    V4(Ipv4Addr, Ipv4Addr),
    /// IPv6.
    V6(Ipv6Addr, Ipv6Addr),
}

/// Why a line names no addresses, and how to mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExclusionError {
    /// Nothing that is known.
    #[error(
        "not an address, network or range; write such as 192.0.2.7, 192.0.2.0/24 or 192.0.2.1-192.0.2.9"
    )]
    Unknown,
    /// More bits than an address has.
    #[error("a network of more than {0} bits; write such as 192.0.2.0/24 or 2001:db8::/32")]
    Bits(u8),
    /// The last address lies before the first one.
    #[error("the range ends before it begins; write the lower address first")]
    Backwards,
    /// From one family to the other.
    #[error("a range from one address family to the other; write one line for each")]
    Families,
}

impl ExclusionError {
    /// The stable name in logs and counters.
    pub const fn label(&self) -> &'static str {
        match self {
            ExclusionError::Unknown => "unknown",
            ExclusionError::Bits(_) => "bits",
            ExclusionError::Backwards => "backwards",
            ExclusionError::Families => "families",
        }
    }
}

impl Exclusions {
    /// Whether `ip`, or the IPv4 address that it maps, is among them.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match canonical_ip(ip) {
            IpAddr::V4(ip) => contains(&self.v4, ip),
            IpAddr::V6(ip) => contains(&self.v6, ip),
        }
    }

    /// How many ranges it was made of.
    pub fn entries(&self) -> usize {
        self.entries
    }
}

impl FromIterator<AddressRange> for Exclusions {
    fn from_iter<T: IntoIterator<Item = AddressRange>>(ranges: T) -> Self {
        let mut found = Exclusions::default();
        for range in ranges {
            found.entries += 1;
            match range {
                AddressRange::V4(first, last) => found.v4.push((first, last)),
                AddressRange::V6(first, last) => found.v6.push((first, last)),
            }
        }
        merge(&mut found.v4);
        merge(&mut found.v6);
        found
    }
}

/// Sorts ranges and makes one of those that overlap.
fn merge<T: Ord + Copy>(ranges: &mut Vec<(T, T)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, before| {
        let overlap = next.0 <= before.1;
        if overlap {
            before.1 = before.1.max(next.1);
        }
        overlap
    });
    ranges.shrink_to_fit();
}

fn contains<T: Ord + Copy>(ranges: &[(T, T)], ip: T) -> bool {
    let behind = ranges.partition_point(|(first, _)| *first <= ip);
    let before = behind.checked_sub(1).and_then(|it| ranges.get(it));
    before.is_some_and(|(_, last)| ip <= *last)
}

/// What one line of a list names; nothing, if it is empty, a comment, or permits what
/// it names.
///
/// Read are addresses, networks (`192.0.2.0/24`) and ranges (`192.0.2.1-192.0.2.9`),
/// each with a comment behind `#` if need be; rows of eMule's `ipfilter.dat`
/// (`range , level , name`) and of PeerGuardian's text lists (`name:range`).
///
/// # Errors
/// It is none of these.
pub fn parse_line(line: &str) -> Result<Option<AddressRange>, ExclusionError> {
    let plain = line.split('#').next().unwrap_or_default().trim();
    if plain.is_empty() {
        return Ok(None);
    }
    let refused = match plain.parse() {
        Ok(range) => return Ok(Some(range)),
        Err(refused) => refused,
    };
    let mut fields = line.split(',').map(str::trim);
    if let (Some(Ok(range)), Some(Ok(level))) = (
        fields.next().map(AddressRange::from_str),
        fields.next().map(u32::from_str),
    ) {
        return Ok((level < PERMITTED_FROM).then_some(range));
    }
    let named = line.rsplit_once(':').map(|(_, range)| range.parse());
    match named {
        Some(Ok(range)) => Ok(Some(range)),
        _ => Err(refused),
    }
}

impl FromStr for AddressRange {
    type Err = ExclusionError;

    fn from_str(text: &str) -> Result<Self, ExclusionError> {
        if let Some((address, bits)) = text.split_once('/') {
            return network(parse_ip(address)?, bits.trim());
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        AddressRange::new(parse_ip(first)?, parse_ip(last)?)
    }
}

impl AddressRange {
    fn new(first: IpAddr, last: IpAddr) -> Result<Self, ExclusionError> {
        match (canonical_ip(first), canonical_ip(last)) {
            (first, last) if first.is_ipv4() == last.is_ipv4() && last < first => {
                Err(ExclusionError::Backwards)
            }
            (IpAddr::V4(first), IpAddr::V4(last)) => Ok(AddressRange::V4(first, last)),
            (IpAddr::V6(first), IpAddr::V6(last)) => Ok(AddressRange::V6(first, last)),
            _ => Err(ExclusionError::Families),
        }
    }
}

/// The network that an address is in; its other bits do not matter.
fn network(ip: IpAddr, bits: &str) -> Result<AddressRange, ExclusionError> {
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let bits: u8 = bits.parse().map_err(|_| ExclusionError::Unknown)?;
    if bits > most {
        return Err(ExclusionError::Bits(most));
    }
    match ip {
        IpAddr::V4(ip) => {
            let rest = u32::MAX.checked_shr(bits.into()).unwrap_or(0);
            let last = ip.to_bits() | rest;
            AddressRange::new(
                Ipv4Addr::from(last & !rest).into(),
                Ipv4Addr::from(last).into(),
            )
        }
        IpAddr::V6(ip) => {
            let rest = u128::MAX.checked_shr(bits.into()).unwrap_or(0);
            let last = ip.to_bits() | rest;
            AddressRange::new(
                Ipv6Addr::from(last & !rest).into(),
                Ipv6Addr::from(last).into(),
            )
        }
    }
}

/// An address; numbers of IPv4 may have leading zeros and are decimal, as lists have them.
fn parse_ip(text: &str) -> Result<IpAddr, ExclusionError> {
    let text = text.trim();
    if let Ok(ip) = text.parse() {
        return Ok(ip);
    }
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let digits = parts
            .next()
            .filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
        let number = digits
            .filter(|it| it.len() <= 3)
            .and_then(|it| it.parse().ok());
        *octet = number.ok_or(ExclusionError::Unknown)?;
    }
    match parts.next() {
        None => Ok(octets.into()),
        Some(_) => Err(ExclusionError::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn range(first: &str, last: &str) -> AddressRange {
        AddressRange::new(ip(first), ip(last)).unwrap()
    }

    #[test]
    fn reads_what_lists_have() {
        let lines = [
            ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
            (" 192.0.2.77/24 \r", "192.0.2.0", "192.0.2.255"),
            ("192.0.2.1 - 192.0.2.9 # them", "192.0.2.1", "192.0.2.9"),
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
            ("192.0.2.7/32", "192.0.2.7", "192.0.2.7"),
            (
                "2001:db8::/32",
                "2001:db8::",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            ),
            ("2001:db8::1-2001:db8::9", "2001:db8::1", "2001:db8::9"),
            ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.0/120", "192.0.2.0", "192.0.2.255"),
            (
                "001.009.096.105 - 001.009.096.109 , 000 , A, B",
                "1.9.96.105",
                "1.9.96.109",
            ),
            ("Some #1: org:1.2.4.0-1.2.4.255", "1.2.4.0", "1.2.4.255"),
        ];
        for (line, first, last) in lines {
            assert_eq!(parse_line(line), Ok(Some(range(first, last))), "{line}");
        }
        for line in [
            "",
            " \t",
            "# all",
            "  # 192.0.2.7",
            "1.2.3.4 - 1.2.3.5 , 200 , fine",
        ] {
            assert_eq!(parse_line(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn refuses_anything_else() {
        use ExclusionError::{Backwards, Bits, Families, Unknown};
        let lines = [
            ("example.org", Unknown),
            ("192.0.2", Unknown),
            ("192.0.2.256", Unknown),
            ("192.0.2.1.1", Unknown),
            ("192.0.2.0/", Unknown),
            ("192.0.2.0/-1", Unknown),
            ("192.0.2.1:6881", Unknown),
            ("192.0.2.0/33", Bits(32)),
            ("2001:db8::/129", Bits(128)),
            ("192.0.2.9-192.0.2.1", Backwards),
            ("192.0.2.1-2001:db8::1", Families),
            ("192.0.2.1 192.0.2.2", Unknown),
        ];
        for (line, error) in lines {
            assert_eq!(parse_line(line), Err(error), "{line}");
        }
    }

    #[test]
    fn knows_who_is_among_them() {
        let lines = [
            "10.0.0.0/8",
            "10.1.0.0/16",
            "192.0.2.9",
            "192.0.2.4-192.0.2.7",
            "2001:db8::/32",
        ];
        let ranges = lines.iter().filter_map(|it| parse_line(it).unwrap());
        let found: Exclusions = ranges.collect();
        assert_eq!(found.entries(), 5);
        for inside in [
            "10.0.0.0",
            "10.255.255.255",
            "192.0.2.4",
            "192.0.2.9",
            "::ffff:10.2.3.4",
            "2001:db8::1",
        ] {
            assert!(found.contains(ip(inside)), "{inside}");
        }
        for outside in [
            "9.255.255.255",
            "11.0.0.0",
            "192.0.2.8",
            "0.0.0.0",
            "::",
            "2001:db9::",
            "::10.0.0.1",
        ] {
            assert!(!found.contains(ip(outside)), "{outside}");
        }
        assert!(!Exclusions::default().contains(ip("10.0.0.1")));
    }

    proptest! {
        #[test]
        fn merging_changes_nothing(ranges in proptest::collection::vec((0_u8..64, 0_u8..64), 0..20), asked in 0_u8..64) {
            let address = |last: u8| Ipv4Addr::new(45, 0, 0, last);
            let ranges = ranges.iter().map(|(a, b)| (*a.min(b), *a.max(b)));
            let expected = ranges.clone().any(|(first, last)| (first..=last).contains(&asked));
            let found: Exclusions = ranges.map(|(a, b)| AddressRange::V4(address(a), address(b))).collect();
            prop_assert_eq!(found.contains(address(asked).into()), expected);
        }

        #[test]
        fn never_panics(line in "\\PC{0,60}|[0-9a-f:./, #-]{0,40}") {
            let _ = parse_line(&line);
        }
    }
}
