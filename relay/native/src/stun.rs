//! Answers the checks by which a viewer keeps its consent alive (RFC 7675, RFC 8489): binding
//! requests that are authentic and change nothing. All others are the owner's to judge.

use std::net::{IpAddr, SocketAddr};

use ring::hmac;

/// Bytes of the longest answer that `Consent::answer` writes.
pub const MAX_ANSWER: usize = HEADER + 4 + 20 + INTEGRITY + FINGERPRINT;

const HEADER: usize = 20;
const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();
const REQUEST: [u8; 2] = [0x00, 0x01];
const SUCCESS: [u8; 2] = [0x01, 0x01];
pub(crate) const USERNAME_ATTRIBUTE: u16 = 0x0006;
pub(crate) const INTEGRITY_ATTRIBUTE: u16 = 0x0008;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
pub(crate) const FINGERPRINT_ATTRIBUTE: u16 = 0x8028;
pub(crate) const ICE_CONTROLLED: u16 = 0x8029;
const INTEGRITY: usize = 24;
const FINGERPRINT: usize = 8;
/// Section 14.7.
const FINGERPRINT_XOR: u32 = 0x5354_554E;

/// What a viewer's checks are known by.
pub struct Consent {
    username: Vec<u8>,
    key: hmac::Key,
}

impl Consent {
    /// `username` is our user name fragment, a colon, and the viewer's; `password` is ours.
    pub fn new(username: &[u8], password: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password);
        Self { username: username.to_vec(), key }
    }

    /// The answer to a check, if it is an authentic one of a controlling agent; its length.
    pub fn answer(
        &self,
        request: &[u8],
        from: SocketAddr,
        out: &mut [u8; MAX_ANSWER],
    ) -> Option<usize> {
        self.authenticate(request)?;
        let transaction: [u8; 12] = request[8..HEADER].try_into().ok()?;
        Some(self.reply(&transaction, from, out))
    }

    fn authenticate(&self, request: &[u8]) -> Option<()> {
        let head = request.get(..HEADER)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if head[..2] != REQUEST || head[4..8] != COOKIE || HEADER + length != request.len() {
            return None;
        }
        let (mut at, mut named, mut signed) = (HEADER, false, false);
        while at < request.len() {
            let head = request.get(at..at + 4)?;
            let kind = u16::from_be_bytes([head[0], head[1]]);
            let size = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let value = request.get(at + 4..at + 4 + size)?;
            match kind {
                FINGERPRINT_ATTRIBUTE => {
                    let last = at + FINGERPRINT == request.len();
                    let right = crc32(&request[..at]) ^ FINGERPRINT_XOR;
                    return (signed && named && last && value == right.to_be_bytes()).then_some(());
                }
                // Section 14.5: what follows it, but for the fingerprint, is not to be heeded.
                _ if signed => return None,
                USERNAME_ATTRIBUTE => named = value == self.username,
                // A conflict of roles, which is to be told.
                ICE_CONTROLLED => return None,
                INTEGRITY_ATTRIBUTE => {
                    // The length that was signed ends with this attribute.
                    let mut start = [0; HEADER];
                    start.copy_from_slice(&request[..HEADER]);
                    start[2..4].copy_from_slice(&((at + INTEGRITY - HEADER) as u16).to_be_bytes());
                    let text = [&start[..], &request[HEADER..at]].concat();
                    hmac::verify(&self.key, &text, value).ok()?;
                    signed = true;
                }
                _ => {}
            }
            at += 4 + size.next_multiple_of(4);
        }
        (signed && named && at == request.len()).then_some(())
    }

    fn reply(&self, transaction: &[u8; 12], from: SocketAddr, out: &mut [u8; MAX_ANSWER]) -> usize {
        let mut address = Vec::with_capacity(20);
        let port = from.port() ^ u16::from_be_bytes([COOKIE[0], COOKIE[1]]);
        address.extend_from_slice(&[0, if from.is_ipv4() { 1 } else { 2 }]);
        address.extend_from_slice(&port.to_be_bytes());
        let mask = COOKIE.iter().chain(transaction);
        match from.ip() {
            IpAddr::V4(ip) => address.extend(ip.octets().iter().zip(mask).map(|(a, b)| a ^ b)),
            IpAddr::V6(ip) => address.extend(ip.octets().iter().zip(mask).map(|(a, b)| a ^ b)),
        }
        out[..2].copy_from_slice(&SUCCESS);
        out[4..8].copy_from_slice(&COOKIE);
        out[8..HEADER].copy_from_slice(transaction);
        let mut end = attribute(out, HEADER, XOR_MAPPED_ADDRESS, &address);
        set_length(out, end + INTEGRITY);
        let tag = hmac::sign(&self.key, &out[..end]);
        end = attribute(out, end, INTEGRITY_ATTRIBUTE, tag.as_ref());
        set_length(out, end + FINGERPRINT);
        let sum = crc32(&out[..end]) ^ FINGERPRINT_XOR;
        attribute(out, end, FINGERPRINT_ATTRIBUTE, &sum.to_be_bytes())
    }
}

/// Write an attribute whose value needs no padding; returns where it ends.
fn attribute(out: &mut [u8], at: usize, kind: u16, value: &[u8]) -> usize {
    out[at..at + 2].copy_from_slice(&kind.to_be_bytes());
    out[at + 2..at + 4].copy_from_slice(&(value.len() as u16).to_be_bytes());
    out[at + 4..at + 4 + value.len()].copy_from_slice(value);
    at + 4 + value.len()
}

fn set_length(out: &mut [u8], end: usize) {
    out[2..4].copy_from_slice(&((end - HEADER) as u16).to_be_bytes());
}

/// CRC-32 of ISO 3309, as in section 14.7.
fn crc32(data: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let (mut value, mut bit) = (index as u32, 0);
            while bit < 8 {
                value = if value & 1 == 1 { value >> 1 ^ 0xEDB8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    !data.iter().fold(!0, |sum, byte| TABLE[((sum ^ u32::from(*byte)) & 0xFF) as usize] ^ sum >> 8)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// RFC 5769 section 2.1.
    const SAMPLE: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\
        \xfa\x87\xdf\xae\x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\
        \x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09evtj:h6vY\x20\x20\x20\
        \x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\
        \x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
    const PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

    fn from() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], 32853))
    }

    fn consent() -> Consent {
        Consent::new(b"evtj:h6vY", PASSWORD)
    }

    /// A check of a controlling agent, signed with `password`.
    pub(crate) fn check(username: &[u8], password: &[u8]) -> Vec<u8> {
        signed(&[(0x802A, &[1; 8]), (USERNAME_ATTRIBUTE, username)], password)
    }

    /// A request with these attributes, signed with `password`.
    pub(crate) fn signed(attributes: &[(u16, &[u8])], password: &[u8]) -> Vec<u8> {
        let mut out = [&REQUEST[..], &[0; 2], &COOKIE, &[7; 12]].concat();
        for (kind, value) in attributes {
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&(value.len() as u16).to_be_bytes());
            out.extend_from_slice(value);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password);
        let end = out.len() + INTEGRITY;
        set_length(&mut out, end);
        let tag = hmac::sign(&key, &out);
        out.extend_from_slice(&[0, 8, 0, 20]);
        out.extend_from_slice(tag.as_ref());
        let end = out.len() + FINGERPRINT;
        set_length(&mut out, end);
        let sum = crc32(&out) ^ FINGERPRINT_XOR;
        out.extend_from_slice(&[0x80, 0x28, 0, 4]);
        out.extend_from_slice(&sum.to_be_bytes());
        out
    }

    fn answer(consent: &Consent, request: &[u8]) -> Option<Vec<u8>> {
        let mut out = [0; MAX_ANSWER];
        let size = consent.answer(request, from(), &mut out)?;
        Some(out[..size].to_vec())
    }

    #[test]
    fn the_checksum_and_signature_of_rfc_5769_are_right() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        // It comes from a controlled agent, which is the owner's to answer: else it is authentic.
        assert_eq!(answer(&consent(), SAMPLE), None);
        let mut touched = SAMPLE.to_vec();
        touched[45] = 0x2A;
        assert_eq!(answer(&consent(), &touched), None);
        let text = [&[0, 1, 0, 0x50][..], &SAMPLE[4..76]].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, PASSWORD);
        hmac::verify(&key, &text, &SAMPLE[80..100]).unwrap();
    }

    #[test]
    fn a_check_is_answered_as_rfc_5769_says() {
        let found = answer(&consent(), &check(b"evtj:h6vY", PASSWORD)).unwrap();
        assert_eq!(found[..4], [1, 1, 0, 44]);
        // Section 2.2's address, whose mask does not depend on the transaction.
        assert_eq!(found[20..32], [0, 0x20, 0, 8, 0, 1, 0xA1, 0x47, 0xE1, 0x12, 0xA6, 0x43]);
        let mut signed = found[..32].to_vec();
        set_length(&mut signed, 32 + INTEGRITY);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, PASSWORD);
        hmac::verify(&key, &signed, &found[36..56]).unwrap();
        assert_eq!(found[60..], (crc32(&found[..56]) ^ FINGERPRINT_XOR).to_be_bytes());
    }

    #[test]
    fn others_are_the_owners() {
        let consent = consent();
        for (username, password) in
            [(&b"evtj:h6vZ"[..], PASSWORD), (b"evtj:h6vY", &b"wrong"[..]), (b"", PASSWORD)]
        {
            assert_eq!(answer(&consent, &check(username, password)), None);
        }
        let right = check(b"evtj:h6vY", PASSWORD);
        for at in 0..right.len() {
            let mut touched = right.clone();
            touched[at] ^= 1;
            assert_eq!(answer(&consent, &touched), None, "byte {at}");
            assert_eq!(answer(&consent, &right[..at]), None, "{at} bytes");
        }
    }
}
