//! Little-endian fields over byte slices. The reader is total: beyond the end it answers `None`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

const ADDRESS_IPV4: u8 = 1;
const ADDRESS_IPV6: u8 = 2;

/// Takes fields off the front of a slice.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(field)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(|&[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().copied().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().copied().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().copied().map(u64::from_le_bytes)
    }

    /// An address: its type, four octets or eight groups, its port.
    pub(crate) fn address(&mut self) -> Option<SocketAddr> {
        match self.u8()? {
            ADDRESS_IPV4 => {
                let ip = Ipv4Addr::from(*self.array::<4>()?);
                Some(SocketAddr::from((ip, self.u16()?)))
            }
            ADDRESS_IPV6 => {
                let mut groups = [0; 8];
                for group in &mut groups {
                    *group = self.u16()?;
                }
                Some(SocketAddr::from((Ipv6Addr::from(groups), self.u16()?)))
            }
            _ => None,
        }
    }

    /// A counted list of 1 to 32 addresses.
    pub(crate) fn addresses(&mut self) -> Option<Vec<SocketAddr>> {
        let count =
            usize::try_from(self.u32()?).ok().filter(|count| (1..=super::TOKEN_ADDRESSES_MAX).contains(count))?;
        (0..count).map(|_| self.address()).collect()
    }
}

/// Appends an address in the form that [`Reader::address`] reads.
pub(crate) fn put_address(out: &mut Vec<u8>, address: SocketAddr) {
    match address {
        SocketAddr::V4(address) => {
            out.push(ADDRESS_IPV4);
            out.extend_from_slice(&address.ip().octets());
        }
        SocketAddr::V6(address) => {
            out.push(ADDRESS_IPV6);
            for group in address.ip().segments() {
                out.extend_from_slice(&group.to_le_bytes());
            }
        }
    }
    out.extend_from_slice(&address.port().to_le_bytes());
}

/// Appends a counted list of addresses.
pub(crate) fn put_addresses(out: &mut Vec<u8>, addresses: &[SocketAddr]) {
    out.extend_from_slice(&(addresses.len() as u32).to_le_bytes());
    for address in addresses {
        put_address(out, *address);
    }
}

/// The address without an IPv6 flow label and scope, which tokens cannot express and which would make equal addresses differ.
pub(crate) fn plain_address(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(_) => address,
        SocketAddr::V6(v6) => SocketAddr::V6(SocketAddrV6::new(*v6.ip(), v6.port(), 0, 0)),
    }
}
