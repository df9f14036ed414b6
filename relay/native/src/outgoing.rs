//! One viewer's track: what a shared frame becomes for this viewer.
//!
//! Sequence numbers and time stamps go on without a gap over rung and camera switches. A replayed
//! GOP is squeezed into the time before the next live frame: the viewer's decoder runs through it
//! at once and stands at the live edge, instead of playing late for ever.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ring::{Frame, Kind, Ring};
use crate::rtp::{abs_send_time, Extensions, Header};

/// Runs of sequence numbers that retransmission can reach back to.
const SEGMENTS: usize = 8;

/// One outgoing track, as negotiated.
#[derive(Clone, Debug)]
pub struct TrackParams {
    /// Sound or picture.
    pub kind: Kind,
    /// Of its packets.
    pub ssrc: u32,
    /// Of its packets.
    pub payload_type: u8,
    /// Of retransmissions.
    pub rtx_ssrc: u32,
    /// Of retransmissions; None: they repeat the packet itself.
    pub rtx_payload_type: Option<u8>,
    /// Header extensions.
    pub extensions: Extensions,
    /// Media description's identification.
    pub mid: Vec<u8>,
    /// Sequence number to begin with, below 2^15 so that SRTP's index begins at 0.
    pub first_sequence: u16,
    /// Added to RTP times.
    pub timestamp_offset: u32,
}

/// A run of sequence numbers that maps one-to-one onto a ring's packets.
#[derive(Clone, Copy, Default)]
struct Segment {
    stream: u32,
    first_sequence: u64,
    first_packet: u64,
    count: u64,
    /// Added to a live frame's time, or the time of a replay's first frame.
    base: i64,
    /// Ticks between a replay's frames; 0 for live frames.
    step: i64,
    first_frame: u64,
    /// Of a replay.
    sent: [u8; 3],
}

impl Segment {
    fn timestamp(&self, frame: &Frame) -> i64 {
        if self.step == 0 {
            self.base + frame.rtp_time
        } else {
            self.base + (frame.number - self.first_frame) as i64 * self.step
        }
    }
}

/// Where a packet of a frame goes in the viewer's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Sequence number of the frame's first packet, with the roll-over counter above it.
    pub sequence: u64,
    /// RTP time.
    pub timestamp: u32,
    /// abs-send-time, if it is not the frame's own.
    pub sent: Option<[u8; 3]>,
}

/// A packet to send again.
pub struct Again {
    /// The frame it belongs to.
    pub frame: Arc<Frame>,
    /// Its place in that.
    pub index: usize,
    /// SSRC-bound header: of the media, or of retransmissions.
    pub rtx: bool,
    /// Sequence number to send it with, with the roll-over counter above it.
    pub sequence: u64,
    /// The number it was sent with first.
    pub original: u16,
    /// RTP time.
    pub timestamp: u32,
    /// abs-send-time.
    pub sent: [u8; 3],
}

/// State of one outgoing track.
pub struct Outgoing {
    /// Sound or picture.
    pub kind: Kind,
    /// Header of the media.
    pub header: Header,
    /// Header of retransmissions.
    pub rtx: Option<Header>,
    sequence: u64,
    rtx_sequence: u64,
    offset: i64,
    last_timestamp: Option<i64>,
    segments: [Segment; SEGMENTS],
    used: usize,
    /// Packets sent, retransmissions aside.
    pub packets: u64,
    /// Bytes of payload in them.
    pub octets: u64,
}

impl Outgoing {
    /// A track of which nothing was sent yet.
    pub fn new(params: &TrackParams) -> Self {
        let header = |ssrc, payload| Header::new(ssrc, payload, params.extensions, &params.mid);
        Self {
            kind: params.kind,
            header: header(params.ssrc, params.payload_type),
            rtx: params.rtx_payload_type.map(|payload| header(params.rtx_ssrc, payload)),
            sequence: u64::from(params.first_sequence),
            rtx_sequence: u64::from(params.first_sequence),
            offset: i64::from(params.timestamp_offset),
            last_timestamp: None,
            segments: [Segment::default(); SEGMENTS],
            used: 0,
            packets: 0,
            octets: 0,
        }
    }

    /// Give a frame that has just been pushed its place; takes up its sequence numbers.
    pub fn live(&mut self, stream: u32, frame: &Frame) -> Place {
        let goes_on = self.used > 0 && {
            let segment = self.segments[0];
            segment.stream == stream
                && segment.step == 0
                && segment.first_packet + segment.count == frame.first
                && !self.behind(segment.timestamp(frame))
        };
        if !goes_on {
            let mut base = self.offset;
            if self.behind(base + frame.rtp_time) {
                base = self.last_timestamp.unwrap_or(0) + 1 - frame.rtp_time;
            }
            self.begin(stream, frame, base, 0, [0; 3]);
        }
        self.take(frame)
    }

    /// Begin a replay of the frames `gop` of a ring, to be sent at `now`.
    pub fn begin_replay(
        &mut self,
        stream: u32,
        ring: &Ring,
        first: &Frame,
        last: &Frame,
        now: f64,
    ) {
        let count = (last.number - first.number + 1) as i64;
        let step = (ring.frame_ticks() / (count + 1)).max(1);
        let mut base = self.offset + last.rtp_time + step;
        if self.behind(base) {
            base = self.last_timestamp.unwrap_or(0) + 1;
        }
        self.begin(stream, first, base, step, abs_send_time(now));
    }

    /// Give the next frame of a replay its place; takes up its sequence numbers.
    pub fn replayed(&mut self, frame: &Frame) -> Place {
        self.take(frame)
    }

    /// What to send for a 16-bit sequence number that was lost.
    ///
    /// Without RTX it is the same packet to the last byte, so that encrypting it again repeats a
    /// cipher text instead of using a nonce twice.
    pub fn again(&mut self, rings: &HashMap<u32, Ring>, lost: u16, now: f64) -> Option<Again> {
        let back = u64::from((self.sequence as u16).wrapping_sub(lost));
        let sequence = self.sequence.checked_sub(back)?;
        let segment = self.segments[..self.used].iter().find(|segment| {
            sequence >= segment.first_sequence && sequence < segment.first_sequence + segment.count
        })?;
        let packet = segment.first_packet + (sequence - segment.first_sequence);
        let (frame, index, _) = rings.get(&segment.stream)?.packet(packet)?;
        let place = Self::at(segment, frame);
        let rtx = self.rtx.is_some();
        let sent = if rtx {
            abs_send_time(now)
        } else {
            place.sent.unwrap_or_else(|| abs_send_time(frame.sent_at(index)))
        };
        let frame = Arc::clone(frame);
        if rtx {
            self.rtx_sequence += 1;
        }
        Some(Again {
            frame,
            index,
            rtx,
            sequence: if rtx { self.rtx_sequence } else { sequence },
            original: lost,
            timestamp: place.timestamp,
            sent,
        })
    }

    /// The packet sent `back` packets before the newest, to be sent again.
    pub fn recent(&mut self, rings: &HashMap<u32, Ring>, back: u16, now: f64) -> Option<Again> {
        self.again(rings, (self.sequence as u16).wrapping_sub(1).wrapping_sub(back), now)
    }

    /// This track's RTP time at the wall clock `now_us`; None before the first frame.
    pub fn rtp_time_at(&self, rings: &HashMap<u32, Ring>, now_us: i64) -> Option<u32> {
        let segment = self.segments[..self.used].first()?;
        let ring = rings.get(&segment.stream)?;
        let frame = ring.last()?;
        let base = if segment.step == 0 { segment.base } else { self.offset };
        let elapsed = (now_us - frame.captured_us) * self.kind.clock() / 1_000_000;
        Some((base + frame.rtp_time + elapsed) as u32)
    }

    fn behind(&self, timestamp: i64) -> bool {
        self.last_timestamp.is_some_and(|last| timestamp <= last)
    }

    fn begin(&mut self, stream: u32, frame: &Frame, base: i64, step: i64, sent: [u8; 3]) {
        self.segments.rotate_right(1);
        self.segments[0] = Segment {
            stream,
            first_sequence: self.sequence,
            first_packet: frame.first,
            count: 0,
            base,
            step,
            first_frame: frame.number,
            sent,
        };
        self.used = (self.used + 1).min(SEGMENTS);
    }

    fn take(&mut self, frame: &Frame) -> Place {
        let segment = &mut self.segments[0];
        segment.count += frame.count();
        let place = Self::at(segment, frame);
        self.last_timestamp = Some(segment.timestamp(frame));
        self.sequence += frame.count();
        self.packets += frame.count();
        self.octets += frame.payloads.data.len() as u64;
        place
    }

    fn at(segment: &Segment, frame: &Frame) -> Place {
        Place {
            sequence: segment.first_sequence + (frame.first - segment.first_packet),
            timestamp: segment.timestamp(frame) as u32,
            sent: (segment.step != 0).then_some(segment.sent),
        }
    }
}
