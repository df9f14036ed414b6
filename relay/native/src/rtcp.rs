//! RTCP: feedback from viewers, reports to them (RFC 3550, RFC 3611, RFC 4585, RFC 5104).

/// What a viewer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Feedback {
    /// Packets it has not received.
    Nack {
        /// Of the stream they are missing from.
        ssrc: u32,
        /// Their sequence numbers.
        sequences: Vec<u16>,
    },
    /// PLI or FIR: it cannot decode.
    KeyframeRequest {
        /// Of the stream that it cannot decode.
        ssrc: u32,
    },
    /// REMB: how much it can receive, bits a second.
    Remb(u64),
    /// A report block.
    Report(Report),
    /// An XR receiver reference time (RFC 3611 section 4.4), which `delay_report` answers.
    ReceiverTime {
        /// Of who sends it.
        ssrc: u32,
        /// Middle 32 bits of its NTP time.
        time: u32,
    },
    /// BYE: SSRCs that have left.
    Goodbye(Vec<u32>),
}

/// A report block (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of the stream it speaks of.
    pub ssrc: u32,
    /// Packets lost since reception began; fewer than none where packets came twice.
    pub lost: i32,
    /// The highest sequence number received, with the count of its wraps above 16 bits.
    pub highest: u32,
    /// Interarrival jitter, in the stream's clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report; 0 for none.
    pub last_sr: u32,
    /// Time since that came, 1/65536 s.
    pub delay: u32,
}

/// As in the answer's SDP.
const CNAME: &[u8] = b"eva-relay";
/// Sequence numbers that are taken from one message.
const MAX_NACKS: usize = 1024;
/// A REMB can say more than 64 bits hold.
const MAX_BPS: u64 = i64::MAX as u64;

/// What a compound packet says, in order; None if it is malformed. Other kinds are left out.
pub fn parse(mut rest: &[u8]) -> Option<Vec<Feedback>> {
    let mut out = Vec::new();
    while !rest.is_empty() {
        let head: [u8; 4] = rest.get(..4)?.try_into().ok()?;
        if head[0] >> 6 != 2 {
            return None;
        }
        let size = 4 * (1 + usize::from(u16::from_be_bytes([head[2], head[3]])));
        let mut body = rest.get(4..size)?;
        rest = &rest[size..];
        if head[0] & 0x20 != 0 {
            let padding = usize::from(*body.last()?);
            if padding == 0 || padding > body.len() {
                return None;
            }
            body = &body[..body.len() - padding];
        }
        understand(head[1], head[0] & 0x1F, body, &mut out)?;
    }
    Some(out)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn understand(kind: u8, count: u8, body: &[u8], out: &mut Vec<Feedback>) -> Option<()> {
    match (kind, count) {
        (200, _) => reports(body.get(24..)?, count, out)?,
        (201, _) => reports(body.get(4..)?, count, out)?,
        (203, _) => {
            let sources = (0..usize::from(count)).map(|index| word(body, 4 * index));
            out.push(Feedback::Goodbye(sources.collect::<Option<_>>()?));
        }
        (207, _) => extended_report(body, out)?,
        (205 | 206, _) => {
            let ssrc = word(body, 4)?;
            payload_feedback(kind, count, ssrc, &body[8..], out);
        }
        _ => {}
    }
    Some(())
}

/// RFC 3611 section 2: blocks, each with its length in words.
fn extended_report(body: &[u8], out: &mut Vec<Feedback>) -> Option<()> {
    let ssrc = word(body, 0)?;
    let mut rest = &body[4..];
    while let [kind, _, high, low, ..] = *rest {
        let words = usize::from(u16::from_be_bytes([high, low]));
        let block = rest.get(4..4 * (1 + words))?;
        if kind == 4 && words == 2 {
            out.push(Feedback::ReceiverTime { ssrc, time: word(block, 2)? });
        }
        rest = &rest[4 * (1 + words)..];
    }
    Some(())
}

/// `ssrc` is the media source in the packet's head, `fci` what follows that (RFC 4585 section 6.1).
fn payload_feedback(kind: u8, format: u8, ssrc: u32, fci: &[u8], out: &mut Vec<Feedback>) {
    match (kind, format) {
        (205, 1) => {
            let pairs = fci.chunks_exact(4).map(|pair| [pair[0], pair[1], pair[2], pair[3]]);
            let sequences = pairs.flat_map(|[a, b, c, d]| {
                let (first, mask) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                let behind = (0..16).filter(move |bit| mask >> bit & 1 == 1);
                std::iter::once(first).chain(behind.map(move |bit| first.wrapping_add(bit + 1)))
            });
            out.push(Feedback::Nack { ssrc, sequences: sequences.take(MAX_NACKS).collect() });
        }
        (206, 1) => out.push(Feedback::KeyframeRequest { ssrc }),
        // Each entry names a stream; the one in the head is unused (RFC 5104 section 4.3.1).
        (206, 4) => out.extend(
            fci.chunks_exact(8)
                .filter_map(|entry| word(entry, 0))
                .map(|ssrc| Feedback::KeyframeRequest { ssrc }),
        ),
        (206, 15) if fci.starts_with(b"REMB") => {
            if let Some(packed) = word(fci, 4) {
                // Eighteen bits, shifted by 63 at the most.
                let mantissa = u128::from(packed & 0x3_FFFF);
                let bps = mantissa << (packed >> 18 & 0x3F);
                out.push(Feedback::Remb(u64::try_from(bps).unwrap_or(MAX_BPS).min(MAX_BPS)));
            }
        }
        _ => {}
    }
}

fn reports(blocks: &[u8], count: u8, out: &mut Vec<Feedback>) -> Option<()> {
    for index in 0..usize::from(count) {
        let block = blocks.get(24 * index..24 * (index + 1))?;
        out.push(Feedback::Report(Report {
            ssrc: word(block, 0)?,
            lost: word(block, 4)?.wrapping_shl(8).cast_signed() >> 8,
            highest: word(block, 8)?,
            jitter: word(block, 12)?,
            last_sr: word(block, 16)?,
            delay: word(block, 20)?,
        }));
    }
    Some(())
}

/// A sender report with its SDES CNAME (RFC 3550 sections 6.4.1 and 6.5.1).
pub fn sender_report(ssrc: u32, ntp: u64, rtp_time: u32, packets: u32, octets: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.extend_from_slice(&[0x80, 200, 0, 6]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&ntp.to_be_bytes());
    for value in [rtp_time, packets, octets] {
        out.extend_from_slice(&value.to_be_bytes());
    }
    describe(ssrc, &mut out);
    out
}

/// An XR packet with a DLRR block (RFC 3611 section 4.5), from which `receiver` knows its round
/// trip; `time` is that of its `ReceiverTime`, `delay` how long ago that came, 1/65536 s.
pub fn delay_report(ssrc: u32, receiver: u32, time: u32, delay: u32) -> Vec<u8> {
    let mut out = vec![0x80, 207, 0, 5];
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[5, 0, 0, 3]);
    for value in [receiver, time, delay] {
        out.extend_from_slice(&value.to_be_bytes());
    }
    out
}

/// A BYE, behind the report and SDES CNAME that a compound packet has to have.
pub fn goodbye(ssrcs: &[u32]) -> Vec<u8> {
    let first = ssrcs.first().copied().unwrap_or(0);
    let mut out = vec![0x80, 201, 0, 1];
    out.extend_from_slice(&first.to_be_bytes());
    describe(first, &mut out);
    out.extend_from_slice(&[0x80 | ssrcs.len() as u8, 203, 0, ssrcs.len() as u8]);
    for ssrc in ssrcs {
        out.extend_from_slice(&ssrc.to_be_bytes());
    }
    out
}

/// An SDES packet with a CNAME.
fn describe(ssrc: u32, out: &mut Vec<u8>) {
    // The chunk ends with at least one zero, at a full word.
    let words = (4 + 2 + CNAME.len() + 1).div_ceil(4);
    let end = out.len() + 4 + 4 * words;
    out.extend_from_slice(&[0x81, 202, 0, words as u8]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[1, CNAME.len() as u8]);
    out.extend_from_slice(CNAME);
    out.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_what_chromium_sends() {
        let mut packet = vec![0x81, 201, 0, 7, 0, 0, 0, 1];
        packet.extend_from_slice(&7u32.to_be_bytes());
        packet.extend_from_slice(&[
            64, 0xFF, 0xFF, 0xFF, 0, 0, 0, 9, 0, 0, 0, 9, 1, 2, 3, 4, 0, 1, 0, 0,
        ]);
        packet.extend_from_slice(&[0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 7, 0xFF, 0xFE, 0, 3]);
        packet.extend_from_slice(&[0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 7]);
        packet.extend_from_slice(&[
            0x8F, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 1, 0x0B, 0xBD, 0x00,
            0, 0, 0, 7,
        ]);
        let report = Report {
            ssrc: 7,
            lost: -1,
            highest: 9,
            jitter: 9,
            last_sr: 0x0102_0304,
            delay: 65_536,
        };
        assert_eq!(
            parse(&packet).unwrap(),
            [
                Feedback::Report(report),
                Feedback::Nack { ssrc: 7, sequences: vec![0xFFFE, 0xFFFF, 0] },
                Feedback::KeyframeRequest { ssrc: 7 },
                Feedback::Remb(0x3_BD00 << 2),
            ]
        );
    }

    #[test]
    fn reports_and_goodbyes_parse() {
        assert_eq!(parse(&sender_report(1, 2, 3, 4, 5)).unwrap(), []);
        assert_eq!(parse(&goodbye(&[1, 2])).unwrap(), [Feedback::Goodbye(vec![1, 2])]);
    }
}
