//! RTP payloads and headers: H.264 (RFC 6184) and Opus (RFC 7587).
//!
//! Fragments of one NAL unit are equally long but for the last, and header extensions never change
//! their length, because UDP GSO wants equal segments.

/// Bytes of RTP payload at the most: with headers, tag and RTX within IPv6's least MTU of 1280.
pub const MAX_PAYLOAD: usize = 1160;
/// Bytes of the longest header that `Header` makes.
pub const MAX_HEADER: usize = 12 + 4 + 4 + 4 + 17 + 3;

/// Bytes of an Opus packet of one frame, at the most (RFC 6716 section 3.2.1).
const MAX_AUDIO: usize = 1275;

const FU_A: u8 = 28;
const STAP_A: u8 = 24;

/// One packet's payload within its frame's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Where it begins.
    pub start: u32,
    /// How long it is.
    pub len: u16,
    /// Whether it ends its frame.
    pub marker: bool,
}

/// An access unit as RTP payloads, which stand one behind the other in `data`.
#[derive(Debug, Default)]
pub struct Payloads {
    /// The bytes of all payloads.
    pub data: Vec<u8>,
    /// Where each is.
    pub packets: Vec<Payload>,
}

impl Payloads {
    /// A single payload: an Opus packet, without the marker bit. Empty if it is none that can be.
    pub fn single(data: &[u8]) -> Self {
        let mut out = Self::default();
        if (1..=MAX_AUDIO).contains(&data.len()) {
            out.data.extend_from_slice(data);
            out.close(0, false);
        }
        out
    }

    /// The payloads of an Annex B access unit: STAP-A for runs of small NAL units, FU-A for large.
    ///
    /// NAL units of types that RFC 6184 uses for itself are left out: they would be misread.
    pub fn h264(access_unit: &[u8]) -> Self {
        let mut out = Self::default();
        out.data.reserve(access_unit.len() + access_unit.len() / MAX_PAYLOAD * 2 + 64);
        let mut small: Vec<&[u8]> = Vec::new();
        let mut size = 1;
        for nal in nal_units(access_unit).filter(|nal| (1..STAP_A).contains(&(nal[0] & 0x1F))) {
            if !small.is_empty() && size + 2 + nal.len() > MAX_PAYLOAD {
                out.aggregate(&small);
                small.clear();
                size = 1;
            }
            if nal.len() > MAX_PAYLOAD {
                out.fragment(nal);
            } else {
                small.push(nal);
                size += 2 + nal.len();
            }
        }
        if !small.is_empty() {
            out.aggregate(&small);
        }
        if let Some(last) = out.packets.last_mut() {
            last.marker = true;
        }
        out
    }

    fn aggregate(&mut self, nals: &[&[u8]]) {
        let start = self.data.len();
        if let [only] = nals {
            self.data.extend_from_slice(only);
        } else {
            // Section 5.7.1: F if any unit has it, and the highest NRI.
            let forbidden = nals.iter().map(|nal| nal[0] & 0x80).max().unwrap_or(0);
            let nri = nals.iter().map(|nal| nal[0] & 0x60).max().unwrap_or(0);
            self.data.push(forbidden | nri | STAP_A);
            for nal in nals {
                self.data.extend_from_slice(&(nal.len() as u16).to_be_bytes());
                self.data.extend_from_slice(nal);
            }
        }
        self.close(start, false);
    }

    fn fragment(&mut self, nal: &[u8]) {
        let (head, body) = (nal[0], &nal[1..]);
        let count = body.len().div_ceil(MAX_PAYLOAD - 2);
        let step = body.len().div_ceil(count);
        let last = body.len().div_ceil(step) - 1;
        for (index, part) in body.chunks(step).enumerate() {
            let start = self.data.len();
            let first_bit = if index == 0 { 0x80 } else { 0 };
            let last_bit = if index == last { 0x40 } else { 0 };
            self.data.push((head & 0xE0) | FU_A);
            self.data.push((head & 0x1F) | first_bit | last_bit);
            self.data.extend_from_slice(part);
            self.close(start, false);
        }
    }

    fn close(&mut self, start: usize, marker: bool) {
        let len = (self.data.len() - start) as u16;
        self.packets.push(Payload { start: start as u32, len, marker });
    }
}

/// The NAL units of an Annex B byte stream, without start codes or trailing zeros.
pub fn nal_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(stream);
    std::iter::from_fn(move || loop {
        let from = rest?;
        let found = find_start_code(from);
        let nal = &from[..found.unwrap_or(from.len())];
        rest = found.map(|at| &from[at + 3..]);
        let used = nal.iter().rposition(|byte| *byte != 0);
        if let Some(last) = used {
            return Some(&nal[..=last]);
        }
    })
}

fn after_start_code(stream: &[u8]) -> Option<&[u8]> {
    find_start_code(stream).map(|at| &stream[at + 3..])
}

/// Where the next `00 00 01` is; looks at every third byte while it is large.
fn find_start_code(stream: &[u8]) -> Option<usize> {
    let mut at = 2;
    while at < stream.len() {
        match stream[at] {
            0 => at += 1,
            1 if stream[at - 1] == 0 && stream[at - 2] == 0 => return Some(at - 2),
            _ => at += 3,
        }
    }
    None
}

/// Ids of the negotiated header extensions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extensions {
    /// abs-send-time.
    pub abs_send_time: Option<u8>,
    /// playout-delay.
    pub playout_delay: Option<u8>,
    /// sdes:mid (RFC 9143).
    pub mid: Option<u8>,
    /// Whether the picture waits for the sound that goes with it.
    pub waits: bool,
}

/// Least and greatest playout delay, 12 bits each, in 10 ms: show frames once they are decoded.
const AT_ONCE: [u8; 3] = [0; 3];
/// The same where sound goes with the picture: 60 ms to 4 s. Browsers play sound about 60 ms after
/// it has come. Where it comes later they hold the picture back for longer, which a greatest delay
/// of 0 forbids.
const WITH_SOUND: [u8; 3] = [0x00, 0x61, 0x90];

/// The RTP header of one outgoing stream; all its packets' headers have the same length.
#[derive(Clone)]
pub struct Header {
    bytes: [u8; MAX_HEADER],
    len: u8,
    time_at: u8,
    payload_type: u8,
    /// Its SSRC.
    pub ssrc: u32,
}

impl Header {
    /// A header with one-byte extensions (RFC 8285 section 4.2).
    pub fn new(ssrc: u32, payload_type: u8, extensions: Extensions, mid: &[u8]) -> Self {
        let mut ext = Vec::with_capacity(MAX_HEADER);
        let mut time_at = 0;
        if let Some(id) = extensions.abs_send_time {
            ext.push(id << 4 | 2);
            time_at = 17;
            ext.extend_from_slice(&[0; 3]);
        }
        if let Some(id) = extensions.playout_delay {
            ext.push(id << 4 | 2);
            ext.extend_from_slice(if extensions.waits { &WITH_SOUND } else { &AT_ONCE });
        }
        if let (Some(id), 1..=16) = (extensions.mid, mid.len()) {
            ext.push(id << 4 | (mid.len() as u8 - 1));
            ext.extend_from_slice(mid);
        }
        ext.resize(ext.len().next_multiple_of(4), 0);
        let mut bytes = [0u8; MAX_HEADER];
        bytes[0] = 0x80;
        bytes[8..12].copy_from_slice(&ssrc.to_be_bytes());
        let mut len = 12;
        if !ext.is_empty() {
            bytes[0] = 0x90;
            bytes[12..14].copy_from_slice(&[0xBE, 0xDE]);
            bytes[14..16].copy_from_slice(&((ext.len() / 4) as u16).to_be_bytes());
            bytes[16..16 + ext.len()].copy_from_slice(&ext);
            len = 16 + ext.len();
        }
        Self { bytes, len: len as u8, time_at, payload_type, ssrc }
    }

    /// Its length in bytes.
    #[inline]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Write one packet's header to the front of `out`.
    #[inline]
    pub fn write(
        &self,
        out: &mut [u8],
        sequence: u16,
        timestamp: u32,
        marker: bool,
        sent: [u8; 3],
    ) {
        let len = self.len();
        out[..len].copy_from_slice(&self.bytes[..len]);
        out[1] = self.payload_type | u8::from(marker) << 7;
        out[2..4].copy_from_slice(&sequence.to_be_bytes());
        out[4..8].copy_from_slice(&timestamp.to_be_bytes());
        let at = self.time_at as usize;
        if at != 0 {
            out[at..at + 3].copy_from_slice(&sent);
        }
    }
}

/// A time in seconds as 6.18 fixed point; it wraps every 64 s.
pub fn abs_send_time(now: f64) -> [u8; 3] {
    let fixed = ((now * f64::from(1 << 18)) as u64 & 0xFF_FFFF) as u32;
    let bytes = fixed.to_be_bytes();
    [bytes[1], bytes[2], bytes[3]]
}

/// A Unix time in seconds as a 64-bit NTP time stamp (RFC 5905 section 6).
pub fn ntp(unix: f64) -> u64 {
    let whole = unix.floor();
    let fraction = ((unix - whole) * 4_294_967_296.0) as u64;
    ((whole as u64 + 2_208_988_800) << 32) + fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn join(nals: &[Vec<u8>]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat()).collect()
    }

    /// What a receiver makes of the payloads (RFC 6184 sections 5.6 to 5.8).
    fn depacketise(payloads: &Payloads) -> Vec<Vec<u8>> {
        let mut nals: Vec<Vec<u8>> = Vec::new();
        for packet in &payloads.packets {
            let data = &payloads.data[packet.start as usize..][..packet.len as usize];
            match data[0] & 0x1F {
                STAP_A => {
                    let mut rest = &data[1..];
                    while !rest.is_empty() {
                        let size = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
                        nals.push(rest[2..2 + size].to_vec());
                        rest = &rest[2 + size..];
                    }
                }
                FU_A => {
                    if data[1] & 0x80 != 0 {
                        nals.push(vec![(data[0] & 0xE0) | (data[1] & 0x1F)]);
                    }
                    nals.last_mut().unwrap().extend_from_slice(&data[2..]);
                }
                _ => nals.push(data.to_vec()),
            }
        }
        nals
    }

    fn nal() -> impl Strategy<Value = Vec<u8>> {
        // Header of an ordinary NAL unit, then bytes that need no emulation prevention.
        (1u8..24, 0u8..4, proptest::collection::vec(2u8..=255, 1..5000)).prop_map(
            |(kind, nri, body)| {
                let mut nal = vec![nri << 5 | kind];
                nal.extend(body);
                nal
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_access_unit_comes_back(nals in proptest::collection::vec(nal(), 1..8)) {
            let payloads = Payloads::h264(&join(&nals));
            prop_assert_eq!(depacketise(&payloads), nals);
            let last = payloads.packets.len() - 1;
            for (index, packet) in payloads.packets.iter().enumerate() {
                prop_assert!(usize::from(packet.len) <= MAX_PAYLOAD);
                prop_assert_eq!(packet.marker, index == last);
            }
        }

        #[test]
        fn fragments_are_equally_long(body in proptest::collection::vec(2u8..=255, 1161..60_000)) {
            let mut nal = vec![0x65];
            nal.extend(body);
            let payloads = Payloads::h264(&join(&[nal]));
            let (last, others) = payloads.packets.split_last().unwrap();
            prop_assert!(others.windows(2).all(|pair| pair[0].len == pair[1].len));
            prop_assert!(last.len <= others[0].len);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        #[test]
        fn no_bytes_upset_the_packetiser(bytes in proptest::collection::vec(0u8..4, 0..64)) {
            let payloads = Payloads::h264(&bytes);
            prop_assert!(payloads.packets.iter().all(|p| p.len > 0));
        }
    }

    #[test]
    fn headers_keep_their_length() {
        let mut all = Extensions {
            abs_send_time: Some(2),
            playout_delay: Some(5),
            mid: Some(9),
            waits: false,
        };
        let header = Header::new(0x0102_0304, 108, all, b"video");
        let mut out = [0u8; MAX_HEADER];
        header.write(&mut out, 0xABCD, 0x1122_3344, true, [7, 8, 9]);
        assert_eq!(
            out[..header.len()],
            [
                0x90, 0xEC, 0xAB, 0xCD, 0x11, 0x22, 0x33, 0x44, 1, 2, 3, 4, 0xBE, 0xDE, 0, 4, 0x22,
                7, 8, 9, 0x52, 0, 0, 0, 0x94, b'v', b'i', b'd', b'e', b'o', 0, 0,
            ]
        );
        all.waits = true;
        let header = Header::new(0x0102_0304, 108, all, b"video");
        header.write(&mut out, 0xABCD, 0x1122_3344, true, [7, 8, 9]);
        assert_eq!(out[20..24], [0x52, 0x00, 0x61, 0x90]);
        assert_eq!(Header::new(1, 96, Extensions::default(), b"0").len(), 12);
    }
}
