//! Spreads the packets of large frames and of replays, so that shallow buffers on the way do not
//! drop them.

/// Frames of up to so many packets go out at once, keyframes aside: buffers that do not take these
/// would lose each of a stream's frames, and a second slice costs every viewer a second message.
const AT_ONCE: usize = 8;
/// Packets per viewer in a slice of a larger frame, or of a keyframe.
pub const PER_SLICE: usize = 5;
/// Seconds at the most from one to the next, some 50 Mb/s: half as fast would keep a keyframe's end
/// waiting longer, and save the queue of a home's link only a few kilobytes.
const SPACING: f64 = 0.001;

/// How a frame is cut up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slices {
    /// Packets per viewer in each.
    pub per_slice: usize,
    /// Seconds from one to the next.
    pub spacing: f64,
}

/// The slices of a frame of `packets` packets, the next of which comes `interval` seconds later.
///
/// All of them go out within half of that, and within a millisecond each.
pub fn plan(packets: usize, interval: f64, keyframe: bool) -> Slices {
    let at_once = if keyframe { PER_SLICE } else { AT_ONCE };
    if packets <= at_once {
        return Slices { per_slice: at_once, spacing: 0.0 };
    }
    let slices = packets.div_ceil(PER_SLICE);
    Slices { per_slice: PER_SLICE, spacing: SPACING.min(interval / 2.0 / slices as f64) }
}

/// Bytes that a packet has on its way beside its payload: IP, UDP, RTP and the tag.
pub const OVERHEAD: u64 = 72;
/// Bytes that go out in one go of a replay, some five packets.
const GO: u64 = 6_000;
/// Bytes of a keyframe that shallow buffers take at once, and bytes a second of those.
const BURST: u64 = 32_000;
const BURST_RATE: f32 = 12_500_000.0;
/// Bytes a second of the rest of the keyframe, with which the picture begins.
const KEYFRAME_RATE: f32 = 3_125_000.0;
/// By how much what follows is faster than the stream itself, where a path is not known: a link
/// that takes half as much again as the stream, with a queue of 64 KB, loses nothing of it. A GOP of
/// one second has caught up after 0.9 s at the latest, one of two after 1.7 s: by then there is a
/// newer keyframe to go on with.
const FASTER: f32 = 1.5;
/// The same at the least: else the replay would not catch up.
const HARDLY_FASTER: f32 = 1.25;
/// Bytes a second that a path which can show a picture takes.
const LEAST_RATE: f32 = 250_000.0;

/// How fast a replay goes out; fixed when it begins, so that each packet has one time.
///
/// Its keyframe comes as fast as buffers allow, for it is the first picture. What that was ahead of
/// the rate is made up for before the next frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Bytes of the keyframe.
    urgent: u32,
    /// Bytes a second of the rest.
    rate: f32,
}

impl Pace {
    /// The pace for a stream of so many bytes a second, and the keyframe's bytes at the front;
    /// `estimate` is what the viewer says it can receive, bits a second.
    pub fn new(keyframe: u64, stream: f64, estimate: Option<u64>) -> Self {
        let stream = stream as f32;
        let rate = match estimate {
            Some(bps) => (bps as f32 / 8.0).max(HARDLY_FASTER * stream),
            None => (FASTER * stream).max(LEAST_RATE),
        };
        Self { urgent: keyframe.min(u64::from(u32::MAX)) as u32, rate: rate.clamp(1.0, BURST_RATE) }
    }

    /// Whether there is one.
    pub fn is_set(&self) -> bool {
        self.rate > 0.0
    }

    /// The seconds after its begin when the packet that has so many bytes before it goes out.
    pub fn at(&self, before: u64) -> f64 {
        let before = before - before % GO;
        if before >= u64::from(self.urgent) {
            return before as f64 / f64::from(self.rate);
        }
        let burst = before.min(BURST);
        let rate = f64::from(KEYFRAME_RATE.max(self.rate));
        burst as f64 / f64::from(BURST_RATE) + (before - burst) as f64 / rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_frames_are_not_cut() {
        assert_eq!(plan(7, 1.0 / 30.0, false), Slices { per_slice: 8, spacing: 0.0 });
    }

    #[test]
    fn keyframes_are_cut_from_six_packets_on() {
        assert_eq!(plan(5, 0.04, true), Slices { per_slice: 5, spacing: 0.0 });
        for packets in 6..=8 {
            assert_eq!(plan(packets, 0.04, true), Slices { per_slice: 5, spacing: 0.001 });
        }
    }

    #[test]
    fn a_replays_keyframe_hurries_and_the_rest_makes_up_for_it() {
        let pace = Pace::new(90_000, 300_000.0, None);
        assert!(pace.at(31_999) < 0.0027);
        assert!(pace.at(89_999) < 0.022, "25 Mb/s");
        assert!((pace.at(90_000) - 90_000.0 / 450_000.0).abs() < 1e-6);
        assert!((pace.at(540_000) - pace.at(90_000) - 1.0).abs() < 1e-6, "1.5 times the stream");
    }

    #[test]
    fn packets_go_out_in_order_and_some_at_a_time() {
        for (stream, estimate) in [(0.0, None), (3e5, None), (3e5, Some(1)), (9e6, Some(u64::MAX))]
        {
            let pace = Pace::new(50_000, stream, estimate);
            let times: Vec<f64> = (0..400).map(|packet| pace.at(packet * 1200)).collect();
            assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
            let together = times.chunk_by(|a, b| b - a < 1e-9).map(<[f64]>::len).max();
            assert_eq!(together, Some(5));
        }
    }

    #[test]
    fn an_estimate_is_gone_by_unless_it_would_never_catch_up() {
        let seconds = |estimate| Pace::new(0, 300_000.0, estimate).at(600_000);
        assert!((seconds(Some(4_000_000)) - 1.2).abs() < 1e-3);
        assert!((seconds(Some(100_000)) - 1.6).abs() < 1e-3);
    }

    #[test]
    fn large_ones_take_half_an_interval_at_the_most() {
        assert_eq!(plan(50, 0.04, false), Slices { per_slice: 5, spacing: 0.001 });
        let slices = plan(200, 0.04, false);
        assert_eq!(slices.per_slice, 5);
        assert!((slices.spacing * 40.0 - 0.02).abs() < 1e-9);
    }
}
