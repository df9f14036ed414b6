//! How frames come to their viewers, in made-up time.

use super::*;
use crate::ring::Ring;
use crate::srtp::Profile;
use crate::testing::{params, payloads, ssrc, viewer, Memory};

/// Seconds between frames.
const INTERVAL: f64 = 0.04;

struct Hall {
    ring: Ring,
    stream: Stream,
    viewers: Viewers,
    batch: Batch<Memory>,
    began: Instant,
    frames: u32,
}

impl Hall {
    fn new(count: u32) -> Self {
        let mut hall = Self {
            ring: Ring::new(1, Kind::Video, true),
            stream: Stream::new(1, 1, Kind::Video),
            viewers: Viewers::default(),
            batch: Batch::new(Memory::default(), true),
            began: Instant::now(),
            frames: 0,
        };
        for id in 0..count {
            hall.add(id);
        }
        hall
    }

    /// A viewer comes, who is to follow the stream.
    fn add(&mut self, id: u32) {
        let mut viewer = viewer(Profile::Gcm128, &[params(Kind::Video, 2 * id, Some(97))]);
        let track = viewer.track(Kind::Video, &mut self.batch);
        track.unwrap().0.next_stream = Some(1);
        self.viewers.insert(id, viewer);
        self.stream.add(id, self.viewers.place(id).unwrap());
    }

    /// A frame comes, so many seconds after the beginning.
    fn push(&mut self, packets: usize, keyframe: bool, at: f64) {
        let pts = (f64::from(self.frames) * INTERVAL * 90_000.0) as i64;
        self.frames += 1;
        let frame = self.ring.push(payloads(packets), pts, 0, keyframe, at);
        self.stream.push(frame, keyframe, self.began + Duration::from_secs_f64(at));
    }

    /// Serve all that is due then; how many packets each viewer is sent by that, in the order
    /// of their turns.
    fn serve(&mut self, at: f64) -> Vec<(u32, usize)> {
        let now = self.began + Duration::from_secs_f64(at);
        let mut left = Vec::new();
        while self.stream.serve(now, &mut self.viewers, &mut self.batch, &mut left) {}
        self.batch.flush();
        let mut found: Vec<(u32, usize)> = Vec::new();
        for packet in std::mem::take(&mut self.batch.kernel.0) {
            let viewer = ssrc(&packet) / 2;
            match found.iter_mut().find(|(known, _)| *known == viewer) {
                Some((_, count)) => *count += 1,
                None => found.push((viewer, 1)),
            }
        }
        found
    }
}

#[test]
fn slices_of_a_large_frame_are_small_and_all_out_within_half_an_interval() {
    for packets in [6, 8, 9, 23, 100] {
        let mut hall = Hall::new(3);
        hall.push(1, true, 0.0);
        assert_eq!(hall.serve(0.0).len(), 3);
        hall.push(packets, true, INTERVAL);
        assert_eq!(hall.serve(INTERVAL - 1e-6), []);
        let (mut sent, mut times) = ([0; 3], Vec::new());
        for tick in 0..=400 {
            let at = f64::from(tick) * INTERVAL / 2.0 / 400.0;
            let slice = hall.serve(INTERVAL + at + 1e-9);
            if slice.is_empty() {
                continue;
            }
            times.push(at);
            for (viewer, count) in slice {
                assert!(count <= 5, "{count} packets for one viewer at once");
                sent[viewer as usize] += count;
            }
        }
        assert_eq!(sent, [packets; 3], "by half of the time to the next frame");
        assert_eq!(times.len(), packets.div_ceil(5));
        let least = (INTERVAL / 2.0 / times.len() as f64).min(1e-3) * 0.9;
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= least), "{times:?}");
        assert_eq!(hall.stream.due(), None);
    }
}

#[test]
fn each_turn_has_its_time_where_packets_are_not_sent_again_as_they_are() {
    for rtx in [Some(97), None] {
        let mut hall = Hall::new(100);
        for id in 0..100 {
            let mut viewer = viewer(Profile::Gcm128, &[params(Kind::Video, 2 * id, rtx)]);
            viewer.track(Kind::Video, &mut hall.batch).unwrap().0.next_stream = Some(1);
            hall.viewers.insert(id, viewer);
        }
        hall.push(3, true, 0.0);
        let mut left = Vec::new();
        for turn in 1..=2 {
            hall.batch.stamp = [turn; 3];
            hall.stream.serve(hall.began, &mut hall.viewers, &mut hall.batch, &mut left);
        }
        hall.batch.flush();
        let stamps: Vec<[u8; 3]> =
            hall.batch.kernel.0.iter().map(|p| [p[17], p[18], p[19]]).collect();
        let expected = match rtx {
            Some(_) => [[[1; 3]; TURN * 3].as_slice(), &[[2; 3]; 36 * 3]].concat(),
            None => vec![crate::rtp::abs_send_time(0.0); 300],
        };
        assert_eq!(stamps, expected);
    }
}

#[test]
fn nobody_is_among_the_last_for_long() {
    let odd = [720, 990, 1320, 1980, 2640, 3960, 7919];
    for count in (1..600).chain(odd) {
        let (mut among, mut firsts) = (0, vec![0; count]);
        for round in 0..count {
            let first = round * stride(count) % count;
            firsts[first] += 1;
            let place = (count - first) % count;
            among = if place >= count - count.div_ceil(10) { among + 1 } else { 0 };
            assert!(among <= 2 || count < 5, "{count} viewers");
        }
        assert!(firsts.iter().all(|times| *times == 1), "{count} viewers");
    }
}

#[test]
fn another_viewer_comes_first_each_time() {
    let mut hall = Hall::new(7);
    let firsts: std::collections::HashSet<u32> = (0..7)
        .map(|frame| {
            hall.push(1, frame == 0, INTERVAL * f64::from(frame));
            hall.serve(INTERVAL * f64::from(frame) + 1e-9)[0].0
        })
        .collect();
    assert_eq!(firsts.len(), 7);
}

#[test]
fn an_ordinary_frame_goes_out_at_once() {
    let mut hall = Hall::new(3);
    hall.push(1, true, 0.0);
    hall.serve(0.0);
    hall.push(7, false, INTERVAL);
    assert!(hall.serve(INTERVAL + 1e-9).iter().all(|(_, count)| *count == 7));
    assert_eq!(hall.stream.due(), None);
}

#[test]
fn where_time_is_short_the_first_have_all_before_the_last_have_anything() {
    let mut hall = Hall::new(3 * TURN as u32);
    hall.push(1, true, 0.0);
    hall.serve(0.0);
    hall.push(15, true, INTERVAL);
    let mut left = Vec::new();
    let mut served = Vec::new();
    for step in 0..9 {
        let at = INTERVAL + 1.1e-3 * f64::from(step);
        let now = hall.began + Duration::from_secs_f64(at);
        assert!(hall.stream.serve(now, &mut hall.viewers, &mut hall.batch, &mut left));
        hall.batch.flush();
        let packets = std::mem::take(&mut hall.batch.kernel.0);
        assert_eq!(packets.len(), 5 * TURN);
        served.push(ssrc(&packets[0]) / 2);
    }
    assert!(served.chunks(3).all(|turn| turn == [turn[0]; 3]), "{served:?}");
    assert_eq!(hall.stream.due(), None);
}

#[test]
fn who_comes_during_a_keyframe_gets_all_of_it() {
    let mut hall = Hall::new(2);
    hall.push(12, true, 0.0);
    hall.serve(1e-6);
    hall.add(2);
    assert_eq!(hall.serve(0.5e-3), [(2, 5)]);
    assert_eq!(hall.serve(9e-3).iter().map(|(_, count)| count).sum::<usize>(), 3 * 7);
    assert_eq!(hall.stream.due(), None);
}

#[test]
fn frames_that_are_served_late_are_counted() {
    let mut hall = Hall::new(2);
    for (frame, late) in [0.0, 0.032, 0.034, 0.0].into_iter().enumerate() {
        let at = INTERVAL * frame as f64;
        hall.push(7, frame == 0, at);
        hall.serve(at + 1e-6);
        hall.serve(at + 2e-3);
        hall.push(7, false, at + 3e-3);
        assert_eq!(hall.serve(at + 3e-3 + late + 1e-6).len(), 2);
    }
    assert_eq!(hall.stream.take_served(), Served { frames: 8, late: 1 });
    assert_eq!(hall.stream.take_served(), Served::default());
}

#[test]
fn a_slice_that_is_late_does_not_make_the_next_one_late() {
    let mut hall = Hall::new(1);
    hall.push(1, true, 0.0);
    hall.serve(0.0);
    hall.push(15, true, INTERVAL);
    hall.serve(INTERVAL);
    let due = [1, 2].map(|slice| INTERVAL + f64::from(slice) * 1e-3);
    assert_eq!(hall.serve(due[1] - 1e-6), [(0, 5)], "one slice at a time");
    assert_eq!(hall.serve(due[1] + 1e-6), [(0, 5)]);
}
