//! One stream's recent packets, packetised once and shared by all its viewers.
//!
//! Holds all frames since the last keyframe, which is what a joiner is shown first, and at least
//! the last second, which is what a viewer may ask for again. Bounded in packets: of a stream that
//! never sends a keyframe the oldest are dropped.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::pacing::{Slices, OVERHEAD};
use crate::rtp::{Payload, Payloads};

/// Frames younger than this are kept, in seconds.
const LEAST: f64 = 1.0;
/// Frames by which the time to the next one is guessed.
const RECENT: usize = 8;
/// Over at least so many seconds a stream's rate is measured.
const LEAST_SPAN: f64 = 0.5;
/// Packets kept at the most.
const MAX_PACKETS: u64 = 8192;

/// Sound or picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Opus, 48 kHz.
    Audio = 0,
    /// H.264, 90 kHz.
    Video = 1,
}

impl Kind {
    /// Ticks a second of its RTP clock.
    pub fn clock(self) -> i64 {
        match self {
            Self::Audio => 48_000,
            Self::Video => 90_000,
        }
    }
}

/// One access unit as RTP payloads.
#[derive(Debug)]
pub struct Frame {
    /// Counts the stream's frames.
    pub number: u64,
    /// Index of its first packet; counts the stream's packets.
    pub first: u64,
    /// Bytes of the stream before it, with what packets have beside their payload.
    pub first_byte: u64,
    /// Its packets.
    pub payloads: Payloads,
    /// Its time in the stream's clock, unwrapped.
    pub rtp_time: i64,
    /// When it was captured, µs since the epoch.
    pub captured_us: i64,
    /// When it is sent first, Unix seconds.
    pub sent: f64,
    /// Seconds between its slices.
    pub spacing: f64,
    /// Packets in a slice.
    pub per_slice: usize,
}

impl Frame {
    /// The number of its packets.
    pub fn count(&self) -> u64 {
        self.payloads.packets.len() as u64
    }

    /// Bytes of the stream before its packet `index`, as in `first_byte`.
    pub fn byte(&self, index: usize) -> u64 {
        let start = self
            .payloads
            .packets
            .get(index)
            .map_or(self.payloads.data.len(), |packet| packet.start as usize);
        self.first_byte + start as u64 + index as u64 * OVERHEAD
    }

    /// Bytes of the stream up to its end, as in `first_byte`.
    pub fn end_byte(&self) -> u64 {
        self.byte(self.payloads.packets.len())
    }

    /// When its packet `index` is sent: the same for every viewer, so that it can be repeated.
    pub fn sent_at(&self, index: usize) -> f64 {
        self.sent + (index / self.per_slice) as f64 * self.spacing
    }
}

/// The recent frames of one stream.
pub struct Ring {
    /// Unlike any other ring's, also of one that had the same number.
    pub id: u64,
    /// Sound or picture.
    pub kind: Kind,
    /// Whether large frames are spread.
    paced: bool,
    frames: VecDeque<Arc<Frame>>,
    next_number: u64,
    next_packet: u64,
    next_byte: u64,
    keyframe: Option<u64>,
}

impl Ring {
    /// An empty one.
    pub fn new(id: u64, kind: Kind, paced: bool) -> Self {
        Self {
            id,
            kind,
            paced,
            frames: VecDeque::new(),
            next_number: 0,
            next_packet: 0,
            next_byte: 0,
            keyframe: None,
        }
    }

    /// The newest frame.
    pub fn last(&self) -> Option<&Arc<Frame>> {
        self.frames.back()
    }

    /// The least time between recent frames, in the stream's clock; a guess before there are two.
    pub fn frame_ticks(&self) -> i64 {
        let recent = self.frames.iter().rev().take(RECENT);
        let steps = recent.clone().skip(1).zip(recent).map(|(a, b)| b.rtp_time - a.rtp_time);
        steps.min().unwrap_or(self.kind.clock() / 50).max(1)
    }

    /// Bytes a second of what is here, by its own clock.
    pub fn rate(&self) -> f64 {
        let (Some(first), Some(last)) = (self.frames.front(), self.frames.back()) else {
            return 0.0;
        };
        let ticks = last.rtp_time - first.rtp_time + self.frame_ticks();
        let seconds = ticks as f64 / self.kind.clock() as f64;
        (self.next_byte - first.first_byte) as f64 / seconds.max(LEAST_SPAN)
    }

    /// Keep a frame; `pts` is on the 90 kHz timeline.
    pub fn push(
        &mut self,
        payloads: Payloads,
        pts: i64,
        captured_us: i64,
        keyframe: bool,
        sent: f64,
    ) -> Arc<Frame> {
        let rtp_time = match self.kind {
            Kind::Video => pts,
            Kind::Audio => at_48_khz(pts),
        };
        let packets = payloads.packets.len();
        let slices = if self.paced {
            crate::pacing::plan(packets, self.frame_seconds(rtp_time), keyframe)
        } else {
            Slices { per_slice: packets, spacing: 0.0 }
        };
        let frame = Arc::new(Frame {
            number: self.next_number,
            first: self.next_packet,
            first_byte: self.next_byte,
            payloads,
            rtp_time,
            captured_us,
            sent,
            spacing: slices.spacing,
            per_slice: slices.per_slice,
        });
        self.next_number += 1;
        self.next_packet += frame.count();
        self.next_byte = frame.end_byte();
        if keyframe && self.kind == Kind::Video {
            self.keyframe = Some(frame.number);
        }
        self.frames.push_back(Arc::clone(&frame));
        self.trim(sent);
        frame
    }

    fn frame_seconds(&self, rtp_time: i64) -> f64 {
        let Some(last) = self.frames.back() else {
            return 0.02;
        };
        let ticks = (rtp_time - last.rtp_time).clamp(0, self.kind.clock() / 5);
        ticks as f64 / self.kind.clock() as f64
    }

    /// The frame of that number, if it is still here.
    pub fn frame(&self, number: u64) -> Option<&Arc<Frame>> {
        let first = self.frames.front()?.number;
        self.frames.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// The packet of that index, its frame and its place in it, if it is still here.
    pub fn packet(&self, index: u64) -> Option<(&Arc<Frame>, usize, Payload)> {
        let at = self.frames.partition_point(|frame| frame.first + frame.count() <= index);
        let frame = self.frames.get(at)?;
        let place = usize::try_from(index.checked_sub(frame.first)?).ok()?;
        Some((frame, place, *frame.payloads.packets.get(place)?))
    }

    /// The numbers of the frames from the last keyframe on; None if that is not here.
    pub fn gop(&self) -> Option<std::ops::RangeInclusive<u64>> {
        let keyframe = self.keyframe?;
        self.frame(keyframe)?;
        Some(keyframe..=self.frames.back()?.number)
    }

    fn trim(&mut self, now: f64) {
        while self.frames.len() > 1 {
            let oldest = &self.frames[0];
            let needed = self.keyframe.is_some_and(|keyframe| oldest.number >= keyframe);
            let fresh = oldest.sent > now - LEAST;
            if (needed || fresh) && self.next_packet - oldest.first <= MAX_PACKETS {
                return;
            }
            self.frames.pop_front();
        }
    }
}

/// 48 kHz from 90 kHz, rounding half up as `timebase.rescale` does.
fn at_48_khz(pts: i64) -> i64 {
    // 8/15 of it; a product of the clocks does not fit 64 bits for times since 1970.
    (i128::from(pts) * 16 + 15).div_euclid(30) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(ring: &mut Ring, packets: usize, keyframe: bool, now: f64) -> Arc<Frame> {
        let mut payloads = Payloads::default();
        for _ in 0..packets {
            payloads.packets.push(Payload { start: 0, len: 1, marker: false });
        }
        payloads.data.push(0);
        ring.push(payloads, (now * 90_000.0) as i64, 0, keyframe, now)
    }

    #[test]
    fn sound_has_its_own_clock() {
        let cases = [
            (0, 0),
            (1, 1),
            (-1, -1),
            (15, 8),
            (90_000, 48_000),
            (i64::MAX, i64::MAX / 15 * 8 + 4),
        ];
        for (pts, expected) in cases {
            assert_eq!(at_48_khz(pts), expected);
        }
    }

    #[test]
    fn keeps_the_gop_and_a_second() {
        let mut ring = Ring::new(1, Kind::Video, true);
        for index in 0..300 {
            push(&mut ring, 3, index % 150 == 0, f64::from(index) / 30.0);
        }
        assert_eq!(ring.gop(), Some(150..=299));
        assert!(ring.packet(149 * 3).is_none());
        let (frame, place, _) = ring.packet(200 * 3 + 2).unwrap();
        assert_eq!((frame.number, place), (200, 2));
        push(&mut ring, 3, true, 10.0);
        assert_eq!(ring.gop(), Some(300..=300));
        assert!(ring.frame(271).is_some(), "the last second stays");
        assert!(ring.frame(269).is_none());
    }

    #[test]
    fn is_bounded_without_keyframes() {
        let mut ring = Ring::new(1, Kind::Video, true);
        push(&mut ring, 10, true, 0.0);
        for _ in 0..5000 {
            push(&mut ring, 10, false, 0.0);
        }
        assert!(ring.frames.len() as u64 * 10 <= MAX_PACKETS);
        assert_eq!(ring.gop(), None);
    }
}
