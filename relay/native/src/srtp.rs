//! SRTP and SRTCP of one session (RFC 3711, RFC 7714): AEAD-AES-GCM and AES-CM with HMAC-SHA1-80.
//!
//! Nonces come from counters only: SSRC and packet index. Whoever calls `protect` with an index a
//! second time must pass the same packet.

use aes::cipher::{KeyIvInit, StreamCipher};
use ring::{aead, hmac};

use crate::viewers::prefetch;

pub use receiver::Receiver;

mod receiver;

type Aes128Ctr = ctr::Ctr128BE<aes::Aes128>;
type Aes256Ctr = ctr::Ctr128BE<aes::Aes256>;

/// Bytes of an AEAD tag (RFC 7714 section 13.2).
pub const GCM_TAG: usize = 16;
/// Bytes of an HMAC-SHA1-80 tag (RFC 3711 section 5.2).
pub const SHA1_TAG: usize = 10;

/// A protection profile (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `AEAD_AES_128_GCM`.
    Gcm128,
    /// `AEAD_AES_256_GCM`.
    Gcm256,
    /// `AES128_CM_SHA1_80`.
    CmSha1,
}

impl Profile {
    /// The profile of that IANA name, without `SRTP_`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "AEAD_AES_128_GCM" => Some(Self::Gcm128),
            "AEAD_AES_256_GCM" => Some(Self::Gcm256),
            "AES128_CM_SHA1_80" => Some(Self::CmSha1),
            _ => None,
        }
    }

    fn key_size(self) -> usize {
        if self == Self::Gcm256 {
            32
        } else {
            16
        }
    }

    fn salt_size(self) -> usize {
        if self == Self::CmSha1 {
            14
        } else {
            12
        }
    }

    /// Bytes of master key and master salt.
    pub fn master_size(self) -> usize {
        self.key_size() + self.salt_size()
    }

    /// Bytes of the tag on an SRTP packet.
    pub fn tag_size(self) -> usize {
        if self == Self::CmSha1 {
            SHA1_TAG
        } else {
            GCM_TAG
        }
    }
}

/// Key derivation labels (RFC 3711 section 4.3.2).
#[derive(Clone, Copy)]
enum Label {
    RtpKey = 0,
    RtpAuth = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpAuth = 4,
    RtcpSalt = 5,
}

/// `size` bytes of keystream for `label`, at a key derivation rate of zero (RFC 3711 section 4.3.1).
fn derive(profile: Profile, master: &[u8], label: Label, size: usize) -> Vec<u8> {
    let (key, salt) = master.split_at(profile.key_size());
    let mut iv = [0u8; 16];
    // GCM's salts are two bytes shorter, and stand at the same end (RFC 7714 section 11).
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label as u8;
    let mut out = vec![0u8; size];
    if profile == Profile::Gcm256 {
        Aes256Ctr::new_from_slices(key, &iv).expect("sizes are fixed").apply_keystream(&mut out);
    } else {
        Aes128Ctr::new_from_slices(key, &iv).expect("sizes are fixed").apply_keystream(&mut out);
    }
    out
}

/// The session keys of one direction, of RTP or RTCP.
// The AEAD key stands inline: one pointer less to follow for each packet.
#[allow(clippy::large_enum_variant)]
enum Cipher {
    Gcm { key: aead::LessSafeKey, salt: [u8; 12] },
    Cm { key: [u8; 16], salt: [u8; 14], auth: hmac::Key },
}

impl Cipher {
    fn new(profile: Profile, master: &[u8], rtcp: bool) -> Self {
        let (key, auth, salt) = if rtcp {
            (Label::RtcpKey, Label::RtcpAuth, Label::RtcpSalt)
        } else {
            (Label::RtpKey, Label::RtpAuth, Label::RtpSalt)
        };
        let key = derive(profile, master, key, profile.key_size());
        let salt = derive(profile, master, salt, profile.salt_size());
        if profile == Profile::CmSha1 {
            let auth = derive(profile, master, auth, 20);
            return Self::Cm {
                key: key.try_into().expect("sizes are fixed"),
                salt: salt.try_into().expect("sizes are fixed"),
                auth: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth),
            };
        }
        let algorithm =
            if profile == Profile::Gcm256 { &aead::AES_256_GCM } else { &aead::AES_128_GCM };
        let unbound = aead::UnboundKey::new(algorithm, &key).expect("sizes are fixed");
        Self::Gcm {
            key: aead::LessSafeKey::new(unbound),
            salt: salt.try_into().expect("sizes are fixed"),
        }
    }
}

/// RFC 7714 sections 8.1 and 9.1: SSRC and index over the salt.
fn gcm_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> aead::Nonce {
    let mut nonce = *salt;
    for (byte, value) in nonce[2..6].iter_mut().zip(ssrc.to_be_bytes()) {
        *byte ^= value;
    }
    for (byte, value) in nonce[6..].iter_mut().zip(&index.to_be_bytes()[2..]) {
        *byte ^= value;
    }
    aead::Nonce::assume_unique_for_key(nonce)
}

/// RFC 3711 section 4.1.1: SSRC and index over the salt, the block counter at the end.
fn cm_cipher(key: &[u8; 16], salt: &[u8; 14], ssrc: u32, index: u64) -> Aes128Ctr {
    let mut iv = [0u8; 16];
    iv[..14].copy_from_slice(salt);
    for (byte, value) in iv[4..8].iter_mut().zip(ssrc.to_be_bytes()) {
        *byte ^= value;
    }
    for (byte, value) in iv[8..14].iter_mut().zip(&index.to_be_bytes()[2..]) {
        *byte ^= value;
    }
    Aes128Ctr::new_from_slices(key, &iv).expect("sizes are fixed")
}

/// Protects what we send.
pub struct Sender {
    rtp: Cipher,
    rtcp: Cipher,
    rtcp_index: u32,
    tag: usize,
}

impl Sender {
    /// `master` is the master key followed by its salt, `profile.master_size()` bytes.
    ///
    /// # Panics
    /// If `master` has another size.
    pub fn new(profile: Profile, master: &[u8]) -> Self {
        assert_eq!(master.len(), profile.master_size());
        Self {
            rtp: Cipher::new(profile, master, false),
            rtcp: Cipher::new(profile, master, true),
            rtcp_index: 0,
            tag: profile.tag_size(),
        }
    }

    /// Bytes of the tag on an SRTP packet.
    pub fn tag_size(&self) -> usize {
        self.tag
    }

    /// Media is about to be protected.
    #[inline]
    pub fn expect(&self) {
        prefetch(&self.rtp);
    }

    /// Protect an RTP packet in place.
    ///
    /// `packet` holds the header of `header` bytes, the payload, and room for the tag behind it.
    /// `index` is the packet's 48-bit index: roll-over counter and sequence number.
    ///
    /// # Panics
    /// If `packet` is shorter than header and tag.
    #[inline]
    pub fn protect(&self, packet: &mut [u8], header: usize, ssrc: u32, index: u64) {
        let (body, tag) = packet.split_at_mut(packet.len() - self.tag);
        match &self.rtp {
            Cipher::Gcm { key, salt } => {
                let (head, payload) = body.split_at_mut(header);
                let sealed = key
                    .seal_in_place_separate_tag(
                        gcm_nonce(salt, ssrc, index),
                        aead::Aad::from(&*head),
                        payload,
                    )
                    .expect("packets are short");
                tag.copy_from_slice(sealed.as_ref());
            }
            Cipher::Cm { key, salt, auth } => {
                cm_cipher(key, salt, ssrc, index).apply_keystream(&mut body[header..]);
                let mut context = hmac::Context::with_key(auth);
                context.update(body);
                context.update(&((index >> 16) as u32).to_be_bytes());
                tag.copy_from_slice(&context.sign().as_ref()[..SHA1_TAG]);
            }
        }
    }

    /// Protect a compound RTCP packet (RFC 3711 section 3.4, RFC 7714 section 9).
    ///
    /// # Panics
    /// If it has less than 8 bytes.
    pub fn protect_rtcp(&mut self, mut packet: Vec<u8>) -> Vec<u8> {
        let ssrc = u32::from_be_bytes(packet[4..8].try_into().expect("8 bytes at the least"));
        self.rtcp_index = (self.rtcp_index + 1) & 0x7FFF_FFFF;
        let word = (self.rtcp_index | 0x8000_0000).to_be_bytes();
        match &self.rtcp {
            Cipher::Gcm { key, salt } => {
                let mut aad = [0u8; 12];
                aad[..8].copy_from_slice(&packet[..8]);
                aad[8..].copy_from_slice(&word);
                let nonce = gcm_nonce(salt, ssrc, u64::from(self.rtcp_index));
                let tag = key
                    .seal_in_place_separate_tag(nonce, aead::Aad::from(aad), &mut packet[8..])
                    .expect("packets are short");
                packet.extend_from_slice(tag.as_ref());
                packet.extend_from_slice(&word);
            }
            Cipher::Cm { key, salt, auth } => {
                cm_cipher(key, salt, ssrc, u64::from(self.rtcp_index))
                    .apply_keystream(&mut packet[8..]);
                packet.extend_from_slice(&word);
                let tag = hmac::sign(auth, &packet);
                packet.extend_from_slice(&tag.as_ref()[..SHA1_TAG]);
            }
        }
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7714 section 16.1.1 gives session keys; derivation is checked against RFC 3711 B.3.
    #[test]
    fn derives_the_keys_of_rfc_3711_appendix_b3() {
        let master = [
            0xE1, 0xF9, 0x7A, 0x0D, 0x3E, 0x01, 0x8B, 0xE0, 0xD6, 0x4F, 0xA3, 0x2C, 0x06, 0xDE,
            0x41, 0x39, 0x0E, 0xC6, 0x75, 0xAD, 0x49, 0x8A, 0xFE, 0xEB, 0xB6, 0x96, 0x0B, 0x3A,
            0xAB, 0xE6,
        ];
        let key = derive(Profile::CmSha1, &master, Label::RtpKey, 16);
        assert_eq!(
            key,
            [
                0xC6, 0x1E, 0x7A, 0x93, 0x74, 0x4F, 0x39, 0xEE, 0x10, 0x73, 0x4A, 0xFE, 0x3F, 0xF7,
                0xA0, 0x87
            ]
        );
        let salt = derive(Profile::CmSha1, &master, Label::RtpSalt, 14);
        assert_eq!(
            salt,
            [0x30, 0xCB, 0xBC, 0x08, 0x86, 0x3D, 0x8C, 0x85, 0xD4, 0x9D, 0xB3, 0x4A, 0x9A, 0xE1]
        );
    }

    /// RFC 7714 section 16.1.1.
    #[test]
    fn seals_the_packet_of_rfc_7714() {
        let key: Vec<u8> = (0..16).collect();
        let salt = [0x51, 0x75, 0x69, 0x64, 0x20, 0x70, 0x72, 0x6F, 0x20, 0x71, 0x75, 0x6F];
        let sender = Sender {
            rtp: Cipher::Gcm {
                key: aead::LessSafeKey::new(
                    aead::UnboundKey::new(&aead::AES_128_GCM, &key).unwrap(),
                ),
                salt,
            },
            rtcp: Cipher::new(Profile::Gcm128, &[0; 28], true),
            rtcp_index: 0,
            tag: GCM_TAG,
        };
        let mut packet =
            vec![0x80, 0x40, 0xF1, 0x7B, 0x80, 0x41, 0xF8, 0xD3, 0x55, 0x01, 0xA0, 0xB2];
        packet.extend_from_slice(b"Gallia est omnis divisa in partes tres");
        packet.resize(packet.len() + GCM_TAG, 0);
        sender.protect(&mut packet, 12, 0x5501_A0B2, 0xF17B);
        assert_eq!(packet[12..20], [0xF2, 0x4D, 0xE3, 0xA3, 0xFB, 0x34, 0xDE, 0x6C]);
        assert_eq!(packet[packet.len() - 4..], [0xE4, 0x39, 0x0C, 0xCE]);
    }

    #[test]
    fn rtcp_comes_back_once_and_only_untouched() {
        for profile in [Profile::Gcm128, Profile::Gcm256, Profile::CmSha1] {
            let master: Vec<u8> = (0..profile.master_size() as u8).collect();
            let mut sender = Sender::new(profile, &master);
            let mut receiver = Receiver::new(profile, &master);
            let plain: Vec<u8> = (0..40).collect();
            let sealed = sender.protect_rtcp(plain.clone());
            for at in 0..sealed.len() {
                let mut forged = sealed.clone();
                forged[at] ^= 1;
                assert!(receiver.open_rtcp(&mut forged).is_none(), "{profile:?} byte {at}");
            }
            assert_eq!(receiver.open_rtcp(&mut sealed.clone()), Some(&plain[..]));
            assert!(receiver.open_rtcp(&mut sealed.clone()).is_none());
        }
    }
}
