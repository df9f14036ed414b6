//! Replays by a made-up clock, into a home router's link: 4 Mb/s, and a queue of 64 KB.

use super::*;
use crate::srtp::Profile;
use crate::testing::{params, payloads, viewer, Memory};
use crate::viewer::Viewer;

const FPS: usize = 30;
const KEYFRAME: usize = 45;
const PICTURE: usize = 8;
const LINK: f64 = 500_000.0;
const QUEUE: f64 = 64_000.0;
const UNIX: f64 = 1.79e9;
const LEAD: f64 = 0.001;

/// A stream of GOPs of `gop` frames, some 2.7 Mb/s on their way, and a viewer who joins.
struct Join {
    ring: Ring,
    viewer: Viewer,
    batch: Batch<Memory>,
    began: Instant,
    gop: usize,
    frames: usize,
    /// When packets went out, in seconds, and themselves.
    sent: Vec<(f64, Vec<u8>)>,
}

impl Join {
    fn new(gop: usize, rtx: Option<u8>) -> Self {
        Self {
            ring: Ring::new(1, Kind::Video, true),
            viewer: viewer(Profile::Gcm128, &[params(Kind::Video, 10, rtx)]),
            batch: Batch::new(Memory::default(), true),
            began: Instant::now(),
            gop,
            frames: 0,
            sent: Vec::new(),
        }
    }

    fn instant(&self, at: f64) -> Instant {
        self.began + Duration::from_secs_f64(at)
    }

    /// When the next frame comes.
    fn next_frame(&self) -> f64 {
        self.frames as f64 / FPS as f64
    }

    fn push(&mut self) {
        let (at, keyframe) = (self.next_frame(), self.frames.is_multiple_of(self.gop));
        let unit = payloads(if keyframe { KEYFRAME } else { PICTURE });
        let frame = self.ring.push(unit, (at * 90_000.0) as i64, 0, keyframe, UNIX + at);
        self.frames += 1;
        let (stream, limit) = ((1, self.ring.id), usize::MAX);
        self.viewer.send_frame(Kind::Video, stream, &frame, keyframe, limit, &mut self.batch);
        // Slice by slice, as `fanout::Stream` does.
        self.collect(|index| frame.sent_at(index) - UNIX);
    }

    fn collect(&mut self, at: impl Fn(usize) -> f64) {
        self.batch.flush();
        let packets = self.batch.kernel.0.drain(..).enumerate();
        self.sent.extend(packets.map(|(index, packet)| (at(index), packet)));
    }

    /// Join at the time `at`, go on until the replay is over; how long that took.
    fn join(&mut self, at: f64, estimate: Option<u64>) -> f64 {
        while self.next_frame() <= at {
            self.push();
        }
        let times = (UNIX + at, self.instant(at));
        let (track, mut outlet) = self.viewer.track(Kind::Video, &mut self.batch).unwrap();
        track.follow(1, &mut outlet);
        assert!(track.begin_chase(1, &self.ring, times, estimate, &mut outlet));
        let mut due = Some(times.1);
        while let Some(then) = due {
            let now = then.duration_since(self.began).as_secs_f64();
            if self.next_frame() < now {
                self.push();
                continue;
            }
            due = self.viewer.chase(&self.ring, then, &mut self.batch);
            self.collect(|_| now);
            if due.is_none() {
                return now - at;
            }
        }
        unreachable!()
    }

    /// How many packets the link drops.
    fn dropped(&self) -> usize {
        let (mut queued, mut last, mut dropped) = (0.0, 0.0, 0);
        for (at, packet) in &self.sent {
            queued = f64::max(queued - (at - last) * LINK, 0.0);
            last = *at;
            let size = packet.len() as f64 + 28.0;
            if queued + size > QUEUE {
                dropped += 1;
            } else {
                queued += size;
            }
        }
        dropped
    }
}

fn timestamp(packet: &[u8]) -> u32 {
    u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]])
}

#[test]
fn a_join_loses_hardly_anything_and_catches_up_at_any_phase_of_the_gop() {
    for (gop, lost, most) in [(30, 0, 0.9), (60, 5, 1.7)] {
        for phase in 0..gop {
            let mut join = Join::new(gop, Some(97));
            let at = (gop + phase) as f64 / FPS as f64 + LEAD;
            let took = join.join(at, None);
            for _ in 0..gop {
                join.push();
            }
            assert!(join.dropped() <= lost, "phase {phase} of {gop}: {} lost", join.dropped());
            assert!(took < most, "phase {phase} of {gop}: {took} s");
            let first = timestamp(&join.sent[0].1);
            let keyframe: Vec<_> =
                join.sent.iter().filter(|(_, packet)| timestamp(packet) == first).collect();
            assert_eq!(keyframe.len(), KEYFRAME);
            let seen = keyframe[KEYFRAME - 1].0 - at;
            assert!(seen < 0.012, "the first picture after {seen} s");
        }
    }
}

#[test]
fn a_viewer_that_is_known_to_receive_more_catches_up_sooner() {
    let took = |estimate| Join::new(60, Some(97)).join(2.0 + 0.8, estimate);
    assert!(took(Some(20_000_000)) < 0.2);
    assert!(took(Some(20_000_000)) < took(None));
    assert!(took(None) < took(Some(1)));
}

#[test]
fn packets_say_when_they_were_sent_and_no_time_goes_back() {
    let mut join = Join::new(30, None);
    join.join(1.55, None);
    for _ in 0..5 {
        join.push();
    }
    let stamp = |packet: &[u8]| u32::from_be_bytes([0, packet[17], packet[18], packet[19]]);
    let time = |at: f64| {
        let [a, b, c] = crate::rtp::abs_send_time(UNIX + at);
        u32::from_be_bytes([0, a, b, c])
    };
    assert!(join.sent.len() > 300);
    for (at, packet) in &join.sent {
        assert!(stamp(packet).abs_diff(time(*at)) <= 1, "at {at}");
    }
    let stamps: Vec<u32> = join.sent.iter().map(|(_, packet)| stamp(packet)).collect();
    assert!(stamps.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) & 0xFF_FFFF < 1 << 20));
}

#[test]
fn a_keyframe_that_comes_meanwhile_is_gone_on_with() {
    let mut join = Join::new(30, Some(97));
    let took = join.join(1.0 + 0.9, None);
    assert!(took > 0.1, "it came while the replay was under way");
    let frames = join.sent.iter().filter(|(_, packet)| packet[1] & 0x80 != 0).count();
    assert!(frames < 20, "{frames} of 28, and the new ones");
    let sequences = join.sent.iter().map(|(_, p)| u16::from_be_bytes([p[2], p[3]]));
    let sequences: Vec<u16> = sequences.collect();
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)));
}

#[test]
fn a_late_replay_does_not_come_all_at_once() {
    let mut join = Join::new(30, Some(97));
    for _ in 0..60 {
        join.push();
    }
    let at = join.next_frame();
    let times = (UNIX + at, join.instant(at));
    let (track, mut outlet) = join.viewer.track(Kind::Video, &mut join.batch).unwrap();
    track.follow(1, &mut outlet);
    track.begin_chase(1, &join.ring, times, None, &mut outlet);
    let late = join.instant(at + 0.5);
    assert!(join.viewer.chase(&join.ring, late, &mut join.batch).unwrap() < late);
    join.collect(|_| at);
    assert_eq!(join.sent.len(), CHASE_PACKETS);
}
