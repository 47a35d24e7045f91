//! The seven packets on the wire (NETCODE 1.02, "Packet Structure"): one in the clear, the connection request, and six
//! that are sealed. This file turns bytes into them and back; what they mean is for `server` and `client`.
//!
//! Whatever can be told from size and prefix is told before a cipher runs.

use super::bytes::Reader;
use super::crypto::Cipher;
use super::limits::VERSION_INFO;
use super::{
    CHALLENGE_TOKEN_BYTES, ConnectToken, MAC_BYTES, PAYLOAD_PACKET_BYTES_MAX, PRIVATE_TOKEN_BYTES, REQUEST_BYTES,
    TOKEN_NONCE_BYTES,
};

/// Prefix of a connection request.
pub(crate) const REQUEST_PREFIX: u8 = 0;

/// The kinds of sealed packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Denied = 1,
    Challenge = 2,
    Response = 3,
    KeepAlive = 4,
    Payload = 5,
    Disconnect = 6,
}

impl Kind {
    fn parse(number: u8) -> Option<Self> {
        [Self::Denied, Self::Challenge, Self::Response, Self::KeepAlive, Self::Payload, Self::Disconnect]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }

    /// Whether a packet of this kind counts in the replay window. The others may repeat: their effect is the same each time.
    pub(crate) fn is_replay_protected(self) -> bool {
        matches!(self, Self::KeepAlive | Self::Payload | Self::Disconnect)
    }

    /// Whether a packet of this kind may have `size` bytes of data.
    fn allows(self, size: usize) -> bool {
        match self {
            Self::Denied | Self::Disconnect => size == 0,
            Self::Challenge | Self::Response => size == 8 + CHALLENGE_TOKEN_BYTES,
            Self::KeepAlive => size == 8,
            Self::Payload => (1..=PAYLOAD_PACKET_BYTES_MAX).contains(&size),
        }
    }
}

/// The opened content of a sealed packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    Denied,
    Challenge { sequence: u64, token: &'a [u8; CHALLENGE_TOKEN_BYTES] },
    Response { sequence: u64, token: &'a [u8; CHALLENGE_TOKEN_BYTES] },
    KeepAlive { index: u32, connections_max: u32 },
    Payload(&'a [u8]),
    Disconnect,
}

/// What a sealed packet shows before it is opened. Nothing in it can be trusted yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) sequence: u64,
    prefix: u8,
    length: usize,
}

/// Why a sealed packet was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenError {
    Unauthentic,
    Malformed,
}

impl Header {
    /// Reads the front of a sealed packet and checks its size against its kind.
    pub(crate) fn parse(datagram: &[u8]) -> Option<Self> {
        let (&prefix, rest) = datagram.split_first()?;
        let kind = Kind::parse(prefix & 0xf)?;
        let sequence_bytes = usize::from(prefix >> 4);
        if !(1..=8).contains(&sequence_bytes) {
            return None;
        }
        let low_bytes = rest.get(..sequence_bytes)?;
        let sequence = low_bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let data_size = rest.len().checked_sub(sequence_bytes + MAC_BYTES)?;
        kind.allows(data_size).then_some(Self { kind, sequence, prefix, length: 1 + sequence_bytes })
    }

    /// Opens the packet that this is the header of, in place.
    pub(crate) fn open<'a>(
        &self,
        datagram: &'a mut [u8],
        cipher: &Cipher,
        protocol_id: u64,
    ) -> Result<Packet<'a>, OpenError> {
        let sealed = datagram.get_mut(self.length..).ok_or(OpenError::Malformed)?;
        let data = cipher
            .open(self.sequence, &packet_associated_data(protocol_id, self.prefix), sealed)
            .map_err(|_| OpenError::Unauthentic)?;
        self.parse_data(data).ok_or(OpenError::Malformed)
    }

    fn parse_data<'a>(&self, data: &'a [u8]) -> Option<Packet<'a>> {
        let mut reader = Reader(data);
        Some(match self.kind {
            Kind::Denied => Packet::Denied,
            Kind::Challenge => Packet::Challenge { sequence: reader.u64()?, token: reader.array()? },
            Kind::Response => Packet::Response { sequence: reader.u64()?, token: reader.array()? },
            Kind::KeepAlive => Packet::KeepAlive { index: reader.u32()?, connections_max: reader.u32()? },
            Kind::Payload => Packet::Payload(data),
            Kind::Disconnect => Packet::Disconnect,
        })
    }
}

impl Packet<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied => Kind::Denied,
            Self::Challenge { .. } => Kind::Challenge,
            Self::Response { .. } => Kind::Response,
            Self::KeepAlive { .. } => Kind::KeepAlive,
            Self::Payload(_) => Kind::Payload,
            Self::Disconnect => Kind::Disconnect,
        }
    }

    /// Appends the sealed packet to an empty buffer.
    pub(crate) fn seal(&self, sequence: u64, cipher: &Cipher, protocol_id: u64, out: &mut Vec<u8>) {
        let sequence_bytes = sequence_bytes(sequence);
        let prefix = self.kind() as u8 | sequence_bytes << 4;
        out.push(prefix);
        out.extend(sequence.to_le_bytes().iter().take(usize::from(sequence_bytes)));
        let start = out.len();
        match self {
            Self::Denied | Self::Disconnect => {}
            Self::Challenge { sequence, token } | Self::Response { sequence, token } => {
                out.extend_from_slice(&sequence.to_le_bytes());
                out.extend_from_slice(token.as_slice());
            }
            Self::KeepAlive { index, connections_max } => {
                out.extend_from_slice(&index.to_le_bytes());
                out.extend_from_slice(&connections_max.to_le_bytes());
            }
            Self::Payload(payload) => out.extend_from_slice(payload),
        }
        let data = out.get_mut(start..).unwrap_or_default();
        let code = cipher.seal(sequence, &packet_associated_data(protocol_id, prefix), data);
        out.extend_from_slice(&code);
    }
}

/// How many bytes a sequence number takes without its high zero bytes: 1 to 8.
fn sequence_bytes(sequence: u64) -> u8 {
    (1..8).find(|bytes| sequence >> (8 * bytes) == 0).unwrap_or(8)
}

fn packet_associated_data(protocol_id: u64, prefix: u8) -> [u8; 22] {
    let mut data = [prefix; 22];
    let (version, rest) = data.split_at_mut(VERSION_INFO.len());
    version.copy_from_slice(VERSION_INFO);
    if let Some(protocol) = rest.first_chunk_mut() {
        *protocol = protocol_id.to_le_bytes();
    }
    data
}

/// A connection request, not opened.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) protocol_id: u64,
    pub(crate) expire_s: u64,
    pub(crate) nonce: [u8; TOKEN_NONCE_BYTES],
    pub(crate) code: [u8; MAC_BYTES],
    pub(crate) sealed: &'a mut [u8; PRIVATE_TOKEN_BYTES],
}

impl<'a> Request<'a> {
    /// Reads a datagram that starts with [`REQUEST_PREFIX`].
    pub(crate) fn parse(datagram: &'a mut [u8]) -> Option<Self> {
        if datagram.len() != REQUEST_BYTES {
            return None;
        }
        let (front, sealed) = datagram.split_last_chunk_mut::<PRIVATE_TOKEN_BYTES>()?;
        let mut reader = Reader(front);
        if reader.u8()? != REQUEST_PREFIX || reader.array()? != VERSION_INFO {
            return None;
        }
        Some(Self {
            protocol_id: reader.u64()?,
            expire_s: reader.u64()?,
            nonce: *reader.array()?,
            code: *sealed.last_chunk()?,
            sealed,
        })
    }
}

/// Appends the connection request that shows `token`.
pub(crate) fn put_request(token: &ConnectToken, out: &mut Vec<u8>) {
    out.push(REQUEST_PREFIX);
    out.extend_from_slice(VERSION_INFO);
    out.extend_from_slice(&token.protocol_id.to_le_bytes());
    out.extend_from_slice(&token.expire_s.to_le_bytes());
    out.extend_from_slice(&token.nonce);
    out.extend_from_slice(token.private.as_slice());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NETCODE 1.02, "Replay Protection".
    #[test]
    fn three_kinds_are_protected_from_being_repeated() {
        let protected: Vec<u8> =
            (0..16).filter(|kind| Kind::parse(*kind).is_some_and(Kind::is_replay_protected)).collect();
        assert_eq!(protected, [4, 5, 6]);
    }

    #[test]
    fn sequence_numbers_take_as_few_bytes_as_they_need() {
        for (sequence, bytes) in
            [(0, 1), (255, 1), (256, 2), (1_000, 2), (1 << 56, 8), ((1 << 56) - 1, 7), (u64::MAX, 8)]
        {
            assert_eq!(sequence_bytes(sequence), bytes, "{sequence}");
            let cipher = Cipher::new(&[7; 32]);
            let mut datagram = Vec::new();
            Packet::Payload(b"x").seal(sequence, &cipher, 9, &mut datagram);
            let header = Header::parse(&datagram).unwrap();
            assert_eq!((header.sequence, header.kind), (sequence, Kind::Payload));
            assert_eq!(header.open(&mut datagram, &cipher, 9), Ok(Packet::Payload(b"x")));
        }
    }

    #[test]
    fn a_packet_opens_only_with_its_protocol_kind_and_key() {
        let cipher = Cipher::new(&[7; 32]);
        let mut sealed = Vec::new();
        Packet::Disconnect.seal(5, &cipher, 9, &mut sealed);
        let open = |mut datagram: Vec<u8>, cipher: &Cipher, protocol_id| {
            Header::parse(&datagram).unwrap().open(&mut datagram, cipher, protocol_id).map(|_| ())
        };
        assert_eq!(open(sealed.clone(), &cipher, 9), Ok(()));
        assert_eq!(open(sealed.clone(), &cipher, 8), Err(OpenError::Unauthentic));
        assert_eq!(open(sealed.clone(), &Cipher::new(&[8; 32]), 9), Err(OpenError::Unauthentic));
        sealed[0] = Kind::Denied as u8 | 1 << 4;
        assert_eq!(open(sealed, &cipher, 9), Err(OpenError::Unauthentic));
    }
}
