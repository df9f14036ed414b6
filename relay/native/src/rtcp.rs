//! RTCP: feedback from viewers, reports to them (RFC 3550, RFC 4585, RFC 5104).

/// What a viewer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Feedback {
    /// Packets it has not received.
    Nack {
        /// Of the stream they are missing from.
        ssrc: u32,
        /// Pairs of a sequence number and a bit mask of the sixteen behind it.
        pairs: Vec<(u16, u16)>,
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
    /// BYE.
    Goodbye,
}

/// A report block (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of the stream it speaks of.
    pub ssrc: u32,
    /// Share of packets lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Interarrival jitter, in the stream's clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report; 0 for none.
    pub last_sr: u32,
    /// Time since that came, 1/65536 s.
    pub delay: u32,
}

const MAX_NACK_PAIRS: usize = 64;

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
        (203, _) => out.push(Feedback::Goodbye),
        (205, 1) => {
            let ssrc = word(body, 4)?;
            let pairs = body[8..]
                .chunks_exact(4)
                .take(MAX_NACK_PAIRS)
                .map(|p| (u16::from_be_bytes([p[0], p[1]]), u16::from_be_bytes([p[2], p[3]])))
                .collect();
            out.push(Feedback::Nack { ssrc, pairs });
        }
        (206, 1) => out.push(Feedback::KeyframeRequest { ssrc: word(body, 4)? }),
        (206, 4) => {
            // Each entry names a stream; the one in the header is unused (RFC 5104 section 4.3.1).
            for entry in body.get(8..)?.chunks_exact(8) {
                out.push(Feedback::KeyframeRequest { ssrc: word(entry, 0)? });
            }
        }
        (206, 15) if body.get(8..12) == Some(b"REMB") => {
            let packed = word(body, 12)?;
            let exponent = packed >> 18 & 0x3F;
            let mantissa = u64::from(packed & 0x3_FFFF);
            out.push(Feedback::Remb(mantissa.checked_shl(exponent).unwrap_or(u64::MAX)));
        }
        _ => {}
    }
    Some(())
}

fn reports(blocks: &[u8], count: u8, out: &mut Vec<Feedback>) -> Option<()> {
    for index in 0..usize::from(count) {
        let block = blocks.get(24 * index..24 * (index + 1))?;
        out.push(Feedback::Report(Report {
            ssrc: word(block, 0)?,
            fraction_lost: block[4],
            jitter: word(block, 12)?,
            last_sr: word(block, 16)?,
            delay: word(block, 20)?,
        }));
    }
    Some(())
}

/// A sender report with its SDES CNAME (RFC 3550 sections 6.4.1 and 6.5.1).
pub fn sender_report(
    ssrc: u32,
    ntp: u64,
    rtp_time: u32,
    packets: u32,
    octets: u32,
    cname: &[u8],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.extend_from_slice(&[0x80, 200, 0, 6]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&ntp.to_be_bytes());
    for value in [rtp_time, packets, octets] {
        out.extend_from_slice(&value.to_be_bytes());
    }
    let chunk = 4 + 2 + cname.len() + 1;
    let words = chunk.div_ceil(4);
    out.extend_from_slice(&[0x81, 202, 0, words as u8]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[1, cname.len() as u8]);
    out.extend_from_slice(cname);
    out.resize(28 + 4 + 4 * words, 0);
    out
}

/// A BYE behind the empty receiver report that a compound packet has to begin with.
pub fn goodbye(ssrcs: &[u32]) -> Vec<u8> {
    let mut out = vec![0x80, 201, 0, 1];
    out.extend_from_slice(&ssrcs.first().copied().unwrap_or(0).to_be_bytes());
    out.extend_from_slice(&[0x80 | ssrcs.len() as u8, 203, 0, ssrcs.len() as u8]);
    for ssrc in ssrcs {
        out.extend_from_slice(&ssrc.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn understands_what_chromium_sends() {
        let mut packet = vec![0x81, 201, 0, 7, 0, 0, 0, 1];
        packet.extend_from_slice(&7u32.to_be_bytes());
        packet.extend_from_slice(&[64, 0, 0, 3, 0, 0, 1, 0, 0, 0, 0, 9, 1, 2, 3, 4, 0, 1, 0, 0]);
        packet.extend_from_slice(&[0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 7, 0xFF, 0xFE, 0, 3]);
        packet.extend_from_slice(&[0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 7]);
        packet.extend_from_slice(&[
            0x8F, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 1, 0x0B, 0xBD, 0x00,
            0, 0, 0, 7,
        ]);
        let report =
            Report { ssrc: 7, fraction_lost: 64, jitter: 9, last_sr: 0x0102_0304, delay: 65_536 };
        assert_eq!(
            parse(&packet).unwrap(),
            [
                Feedback::Report(report),
                Feedback::Nack { ssrc: 7, pairs: vec![(0xFFFE, 3)] },
                Feedback::KeyframeRequest { ssrc: 7 },
                Feedback::Remb(0x3_BD00 << 2),
            ]
        );
    }

    #[test]
    fn reports_and_goodbyes_parse() {
        assert_eq!(parse(&sender_report(1, 2, 3, 4, 5, b"eva-relay")).unwrap(), []);
        assert_eq!(parse(&goodbye(&[1, 2])).unwrap(), [Feedback::Goodbye]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200_000))]

        #[test]
        fn no_bytes_upset_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn nor_do_bytes_that_look_like_rtcp(
            kind in 200u8..207, count in 0u8..32, words in 0u8..12,
            body in proptest::collection::vec(any::<u8>(), 48),
        ) {
            let mut packet = vec![0x80 | count, kind, 0, words];
            packet.extend_from_slice(&body[..4 * words as usize]);
            let _ = parse(&packet);
        }
    }
}
