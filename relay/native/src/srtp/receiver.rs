//! Opens the SRTCP that viewers send: authentic, and each packet once.

use aes::cipher::StreamCipher;
use ring::{aead, hmac};

use super::{cm_cipher, gcm_nonce, Cipher, Profile, GCM_TAG, SHA1_TAG};

/// SSRCs that a viewer may report with; browsers have one or two.
const MAX_SOURCES: usize = 16;

/// One SSRC that a viewer reports with: each has a packet index of its own (RFC 3711 section 3.2.3).
struct Source {
    ssrc: u32,
    window: ReplayWindow,
    /// Whether it has said something since it last said goodbye.
    present: bool,
}

/// Opens the SRTCP that we receive; viewers send no media.
pub struct Receiver {
    rtcp: Cipher,
    sources: Vec<Source>,
}

impl Receiver {
    /// `master` is the master key followed by its salt, `profile.master_size()` bytes.
    ///
    /// # Panics
    /// If `master` has another size.
    pub fn new(profile: Profile, master: &[u8]) -> Self {
        assert_eq!(master.len(), profile.master_size());
        Self { rtcp: Cipher::new(profile, master, true), sources: Vec::new() }
    }

    /// Note that these have said goodbye; whether with that all have who have ever said anything.
    pub fn hear_goodbye(&mut self, ssrcs: &[u32]) -> bool {
        let mut any = false;
        for source in self.sources.iter_mut().filter(|source| ssrcs.contains(&source.ssrc)) {
            any |= std::mem::replace(&mut source.present, false);
        }
        any && self.sources.iter().all(|source| !source.present)
    }

    /// Whether an index of an SSRC was not seen yet, and may be.
    fn is_fresh(&self, ssrc: u32, index: u32) -> bool {
        match self.sources.iter().find(|source| source.ssrc == ssrc) {
            Some(source) => source.window.is_fresh(index),
            None => self.sources.len() < MAX_SOURCES,
        }
    }

    fn note(&mut self, ssrc: u32, index: u32) {
        let known = self.sources.iter().position(|source| source.ssrc == ssrc);
        let at = known.unwrap_or_else(|| {
            let window = ReplayWindow::default();
            self.sources.push(Source { ssrc, window, present: true });
            self.sources.len() - 1
        });
        self.sources[at].window.note(index);
        self.sources[at].present = true;
    }

    /// The compound packet in an SRTCP packet; None if it is truncated, not authentic or repeated.
    ///
    /// Nothing changes before the packet is known to be authentic.
    pub fn open_rtcp<'a>(&mut self, packet: &'a mut [u8]) -> Option<&'a [u8]> {
        let ssrc = u32::from_be_bytes(packet.get(4..8)?.try_into().ok()?);
        let (index, end) = match &self.rtcp {
            Cipher::Gcm { key, salt } => {
                if packet.len() < 8 + GCM_TAG + 4 {
                    return None;
                }
                let end = packet.len() - 4;
                let word = u32::from_be_bytes(packet[end..].try_into().ok()?);
                let index = word & 0x7FFF_FFFF;
                if word & 0x8000_0000 == 0 || !self.is_fresh(ssrc, index) {
                    return None; // unencrypted SRTCP is not what was agreed on
                }
                let mut aad = [0u8; 12];
                aad[..8].copy_from_slice(&packet[..8]);
                aad[8..].copy_from_slice(&packet[end..]);
                let nonce = gcm_nonce(salt, ssrc, u64::from(index));
                key.open_in_place(nonce, aead::Aad::from(aad), &mut packet[8..end]).ok()?;
                (index, end - GCM_TAG)
            }
            Cipher::Cm { key, salt, auth } => {
                if packet.len() < 8 + 4 + SHA1_TAG {
                    return None;
                }
                let (body, tag) = packet.split_at_mut(packet.len() - SHA1_TAG);
                let expected = hmac::sign(auth, body);
                if !same(&expected.as_ref()[..SHA1_TAG], tag) {
                    return None;
                }
                let end = body.len() - 4;
                let word = u32::from_be_bytes(body[end..].try_into().ok()?);
                let index = word & 0x7FFF_FFFF;
                if word & 0x8000_0000 == 0 || !self.is_fresh(ssrc, index) {
                    return None;
                }
                cm_cipher(key, salt, ssrc, u64::from(index)).apply_keystream(&mut body[8..end]);
                (index, end)
            }
        };
        self.note(ssrc, index);
        Some(&packet[..end])
    }
}

/// Compares in a time that does not depend on where the difference is.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// Which of the last 128 indices were seen (RFC 3711 section 3.3.2).
#[derive(Default)]
struct ReplayWindow {
    next: u32,
    seen: u128,
}

impl ReplayWindow {
    fn is_fresh(&self, index: u32) -> bool {
        if index >= self.next {
            return true;
        }
        let age = self.next - 1 - index;
        age < 128 && self.seen & (1 << age) == 0
    }

    fn note(&mut self, index: u32) {
        if index >= self.next {
            let shift = index + 1 - self.next;
            self.seen = if shift >= 128 { 0 } else { self.seen << shift };
            self.next = index + 1;
        }
        self.seen |= 1 << (self.next - 1 - index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_takes_late_packets_once() {
        let mut window = ReplayWindow::default();
        for index in [5, 3, 200, 150] {
            assert!(window.is_fresh(index));
            window.note(index);
            assert!(!window.is_fresh(index));
        }
        assert!(!window.is_fresh(4), "too old");
        assert!(window.is_fresh(151));
    }
}
