//! IP addresses and ranges in CIDR notation.

use std::net::IpAddr;

/// An address as 128 bits; IPv4 as its mapped IPv6 address, as Lucene stores both.
pub type Address = u128;

/// The address, or `None`.
pub fn parse(text: &str) -> Option<Address> {
    text.parse().ok().map(bits)
}

fn bits(address: IpAddr) -> Address {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// All addresses that share the first bits with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    network: Address,
    mask: Address,
}

impl Range {
    /// `10.0.0.0/8`, `2001:db8::/32`, or a lone address. Host bits may be set, as in Elasticsearch.
    pub fn parse(text: &str) -> Option<Range> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (bits, width) = (bits(address), if address.is_ipv4() { 32 } else { 128 });
        let length: u32 = match length {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        if length > width {
            return None;
        }
        let mask = Address::MAX.checked_shl(width - length).unwrap_or(0);
        // An IPv4 range stays within the mapped addresses.
        let mask = if width == 32 { mask | Address::MAX << 32 } else { mask };
        Some(Range { network: bits & mask, mask })
    }

    pub fn contains(&self, address: Address) -> bool {
        address & self.mask == self.network
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_both_families() {
        for (range, address, expected) in [
            ("10.6.48.157/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("::/0", "2001:db9::", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.2", false),
        ] {
            let found = Range::parse(range).map(|r| r.contains(parse(address).expect("an address")));
            assert_eq!(found, Some(expected), "{range} {address}");
        }
        for broken in ["10.6.12/12", "10.0.0.0/33", "::/129", "x", "", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8"] {
            assert_eq!(Range::parse(broken), None, "{broken}");
        }
    }
}
