//! One viewer's track: what a shared frame becomes for this viewer.
//!
//! Sequence numbers and time stamps go on without a gap over rung and camera switches. A replayed
//! GOP is squeezed into the time before the next live frame: the viewer's decoder runs through it
//! at once and stands at the live edge, instead of playing late for ever.
//!
//! Time stamps are the frames' own plus `home`, which stays as it is for as long as they go on as
//! the clock does. Where they do not, because another camera's clock is another or a stream has
//! begun anew, `home` moves so that the viewer sees no jump: one that shows a frame by its time
//! stamp would stand still, or race, for as long.

use std::collections::HashMap;
use std::sync::Arc;

use ring::rand::SecureRandom;

use crate::pacing::Pace;
use crate::ring::{Frame, Kind, Ring};
use crate::rtp::{abs_send_time, Extensions, Header};

/// Runs of sequence numbers that retransmission can reach back to.
const SEGMENTS: usize = 8;
/// Seconds that a frame of the same stream may come too early before its clock has jumped.
const SLACK: f64 = 1.0;
/// The same for the first frame of another stream; for rungs of one camera it is near 0.
const SWITCH_SLACK: f64 = 0.1;
/// Seconds that frames may come late, and those after them in time again.
const MAX_LATE: f64 = 10.0;

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

/// When a replay's packets, and those of the frames in its wake, are sent.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Course {
    /// When it begins, Unix seconds. Without a pace: before when nothing is sent.
    pub began: f64,
    /// Bytes of the stream before it.
    pub first_byte: u64,
    /// How fast it goes.
    pub pace: Pace,
}

impl Course {
    /// The seconds after its begin when packet `index` of a frame goes out.
    pub fn at(&self, frame: &Frame, index: usize) -> f64 {
        self.pace.at(frame.byte(index).saturating_sub(self.first_byte))
    }
}

/// A run of sequence numbers that maps one-to-one onto a ring's packets.
#[derive(Clone, Copy, Default)]
struct Segment {
    stream: u32,
    count: u32,
    ring: u64,
    first_sequence: u64,
    first_packet: u64,
    /// Added to a live frame's time, or the time of a replay's first frame.
    base: i64,
    /// Ticks between a replay's frames; 0 for live frames.
    step: i64,
    first_frame: u64,
    course: Course,
}

impl Segment {
    /// When a packet of the frame is sent: the same each time it is asked, so that the packet can
    /// be repeated.
    fn sent_at(&self, frame: &Frame, index: usize) -> f64 {
        if self.course.pace.is_set() {
            self.course.began + self.course.at(frame, index)
        } else {
            frame.sent_at(index).max(self.course.began)
        }
    }

    fn has(&self, sequence: u64) -> bool {
        (self.first_sequence..self.first_sequence + u64::from(self.count)).contains(&sequence)
    }

    fn timestamp(&self, frame: &Frame) -> i64 {
        if self.step == 0 {
            self.base + frame.rtp_time
        } else {
            self.base + (frame.number - self.first_frame) as i64 * self.step
        }
    }
}

/// Where a frame's packets go in the viewer's stream.
#[derive(Clone, Copy)]
pub struct Place {
    /// Sequence number of the frame's first packet, with the roll-over counter above it.
    pub sequence: u64,
    /// RTP time.
    pub timestamp: u32,
    segment: Segment,
}

impl Place {
    /// abs-send-time of the frame's packet `index`.
    #[inline]
    pub fn sent(&self, frame: &Frame, index: usize) -> [u8; 3] {
        abs_send_time(self.segment.sent_at(frame, index))
    }
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
    /// The next packet's, with the count of its wraps above 16 bits.
    pub sequence: u64,
    rtx_sequence: u64,
    home: i64,
    /// The last frame's time stamp by `home`, and when it was sent.
    reference: Option<(i64, f64)>,
    /// How late that was, by the frames before it, in seconds.
    late: f64,
    /// How often `home` has moved: sender reports from before do not hold any more.
    pub jumps: u32,
    last_timestamp: Option<i64>,
    /// When the last packet of a replay was sent, Unix seconds.
    replayed: f64,
    segments: [Segment; SEGMENTS],
    used: usize,
    /// Packets before this one are not sent again.
    oldest: u64,
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
            rtx_sequence: u64::from(first_of_retransmissions()),
            home: i64::from(params.timestamp_offset),
            reference: None,
            late: 0.0,
            jumps: 0,
            last_timestamp: None,
            replayed: 0.0,
            segments: [Segment::default(); SEGMENTS],
            used: 0,
            oldest: 0,
            packets: 0,
            octets: 0,
        }
    }

    /// Give a frame that keeps its time stamp its place; takes up its sequence numbers. `course` is
    /// that of the replay in whose wake it is sent.
    pub fn live(&mut self, stream: u32, ring: u64, frame: &Frame, course: Option<Course>) -> Place {
        let natural = self.place(ring, frame);
        let segment = self.segments[0];
        let goes_on = self.used > 0
            && segment.ring == ring
            && segment.step == 0
            && course.map_or(!segment.course.pace.is_set(), |course| segment.course == course)
            && segment.first_packet + u64::from(segment.count) == frame.first;
        let base = match self.last_timestamp {
            // A replay took longer than the frame before this one.
            Some(last) if natural <= last => {
                let base = last + 1 - frame.rtp_time;
                if goes_on {
                    base.max(segment.base)
                } else {
                    base
                }
            }
            _ => self.home,
        };
        if !goes_on || segment.base != base {
            // Frames that came during a replay are sent after it.
            let live = Course { began: self.replayed, ..Course::default() };
            self.begin((stream, ring), frame, base, 0, course.unwrap_or(live));
        }
        self.take(frame)
    }

    /// The frame's time stamp by `home`, which is moved first if the clock has jumped.
    fn place(&mut self, ring: u64, frame: &Frame) -> i64 {
        let clock = self.kind.clock() as f64;
        let mut natural = self.home + frame.rtp_time;
        if let Some((then, at)) = self.reference {
            let elapsed = frame.sent - at;
            let early = (natural - then) as f64 / clock - elapsed;
            let jumped = if self.used > 0 && self.segments[0].ring != ring {
                early < -SWITCH_SLACK || early > self.late + SWITCH_SLACK
            } else {
                natural < then || early > self.late + SLACK
            };
            if jumped {
                natural = then + (elapsed.max(0.0) * clock).round_ties_even() as i64;
                self.home = natural - frame.rtp_time;
                self.jumps = self.jumps.wrapping_add(1);
            } else {
                self.late = (self.late - early).clamp(0.0, MAX_LATE);
            }
        }
        self.reference = Some((natural, frame.sent));
        natural
    }

    /// Begin a replay of the frames `first` to `last` of a ring.
    pub fn begin_replay(
        &mut self,
        stream: u32,
        ring: &Ring,
        first: &Frame,
        last: &Frame,
        course: Course,
    ) {
        let count = (last.number - first.number + 1) as i64;
        let step = (ring.frame_ticks() / (count + 1)).max(1);
        let natural = self.place(ring.id, last) + step;
        let base = self.last_timestamp.map_or(natural, |sent| natural.max(sent + 1));
        self.begin((stream, ring.id), first, base, step, course);
    }

    /// Give the next frame of a replay its place; takes up its sequence numbers.
    pub fn replayed(&mut self, frame: &Frame) -> Place {
        self.take(frame)
    }

    /// What to send for a 16-bit sequence number that was lost; none for numbers from `unsent` on,
    /// which are taken, but whose packets are still to be sent first.
    ///
    /// Without RTX it is the same packet to the last byte, so that encrypting it again repeats a
    /// cipher text instead of using a nonce twice.
    pub fn again(
        &mut self,
        rings: &HashMap<u32, Ring>,
        lost: u16,
        unsent: Option<u64>,
        now: f64,
    ) -> Option<Again> {
        let back = u64::from((self.sequence as u16).wrapping_sub(lost));
        let sequence = self.sequence.checked_sub(back)?;
        if sequence < self.oldest || unsent.is_some_and(|first| sequence >= first) {
            return None;
        }
        let segment = self.segments[..self.used].iter().find(|segment| segment.has(sequence))?;
        let packet = segment.first_packet + (sequence - segment.first_sequence);
        let ring = rings.get(&segment.stream).filter(|ring| ring.id == segment.ring)?;
        let (frame, index, _) = ring.packet(packet)?;
        let place = Self::at(segment, frame);
        let rtx = self.rtx.is_some();
        let sent = if rtx { abs_send_time(now) } else { place.sent(frame, index) };
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

    /// Send nothing again of what was sent so far.
    pub fn let_go(&mut self) {
        self.oldest = self.sequence;
    }

    /// The packet sent `back` packets before the newest, to be sent again.
    pub fn recent(
        &mut self,
        rings: &HashMap<u32, Ring>,
        back: u16,
        unsent: Option<u64>,
        now: f64,
    ) -> Option<Again> {
        let newest = (unsent.unwrap_or(self.sequence) as u16).wrapping_sub(1);
        self.again(rings, newest.wrapping_sub(back), unsent, now)
    }

    /// This track's RTP time at the wall clock `now_us`; None before the first frame.
    pub fn rtp_time_at(&self, rings: &HashMap<u32, Ring>, now_us: i64) -> Option<u32> {
        let segment = self.segments[..self.used].first()?;
        let ring = rings.get(&segment.stream).filter(|ring| ring.id == segment.ring)?;
        let frame = ring.last()?;
        let base = if segment.step == 0 { segment.base } else { self.home };
        // Camera clocks may be years off: the product does not always fit 64 bits.
        let elapsed = i128::from(now_us) - i128::from(frame.captured_us);
        let ticks = (elapsed * i128::from(self.kind.clock())).div_euclid(1_000_000);
        Some((i128::from(base + frame.rtp_time) + ticks) as u32)
    }

    fn begin(
        &mut self,
        (stream, ring): (u32, u64),
        frame: &Frame,
        base: i64,
        step: i64,
        course: Course,
    ) {
        self.segments.rotate_right(1);
        self.segments[0] = Segment {
            stream,
            ring,
            first_sequence: self.sequence,
            first_packet: frame.first,
            count: 0,
            base,
            step,
            first_frame: frame.number,
            course,
        };
        self.used = (self.used + 1).min(SEGMENTS);
    }

    fn take(&mut self, frame: &Frame) -> Place {
        let segment = &mut self.segments[0];
        segment.count += frame.count() as u32;
        let place = Self::at(segment, frame);
        if segment.course.pace.is_set() {
            self.replayed = segment.sent_at(frame, frame.payloads.packets.len().saturating_sub(1));
        }
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
            segment: *segment,
        }
    }
}

/// RFC 3550 section 5.1: unpredictable; below 2^15 so that SRTP's index begins at 0.
fn first_of_retransmissions() -> u16 {
    let mut bytes = [0; 2];
    // Without the system's randomness there were no keys either.
    let _ = ring::rand::SystemRandom::new().fill(&mut bytes);
    u16::from_be_bytes(bytes) >> 1
}
