//! A stream's followers, and its frames on their way to them: slice by slice, turn by turn.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::{Batch, Kernel};
use crate::ring::{Frame, Kind};
use crate::viewers::Viewers;

/// Frames that wait at the most, half a second of them; then video is dropped up to a keyframe.
const MAX_WAITING: usize = 16;
/// Viewers served before the socket is looked at again.
const TURN: usize = 64;
/// By how much of all viewers the first one moves from frame to frame: the golden section, after
/// which whoever was among the last is so next after the longest time.
const STRIDE: f64 = 0.618_034;

/// By how many of `count` viewers that is, so that each comes first once in `count` frames.
fn stride(count: usize) -> usize {
    let near = (count as f64 * STRIDE) as usize;
    (near..=count).find(|stride| greatest_common_divisor(*stride, count) == 1).unwrap_or(1)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// A viewer by its number, and where it is.
#[derive(Clone, Copy)]
struct Slot {
    viewer: u32,
    place: usize,
}

struct Job {
    frame: Arc<Frame>,
    /// Whether viewers may come over to the stream with it.
    entry: bool,
    /// Packets of it that every viewer gets in this slice.
    limit: usize,
    /// The slot that is served next, and how many there were served.
    slot: usize,
    served: usize,
    began: Instant,
    due: Instant,
}

/// See the module.
pub struct Stream {
    id: u32,
    ring: u64,
    kind: Kind,
    /// Viewers that follow it or are to; a hole where one left during a frame, so that turns stay
    /// in place.
    slots: Vec<Option<Slot>>,
    jobs: VecDeque<Job>,
    rounds: usize,
    wants_keyframe: bool,
}

impl Stream {
    /// A stream that nobody follows.
    pub fn new(id: u32, ring: u64, kind: Kind) -> Self {
        Self {
            id,
            ring,
            kind,
            slots: Vec::new(),
            jobs: VecDeque::new(),
            rounds: 0,
            wants_keyframe: false,
        }
    }

    /// Sound or picture.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Add a viewer, which is at `place`; harmless if it is there.
    pub fn add(&mut self, viewer: u32, place: usize) {
        if self.find(viewer).is_none() {
            self.slots.push(Some(Slot { viewer, place }));
        }
    }

    fn find(&mut self, viewer: u32) -> Option<&mut Option<Slot>> {
        self.slots.iter_mut().find(|slot| slot.is_some_and(|slot| slot.viewer == viewer))
    }

    /// Take a viewer out; harmless if it is not there.
    pub fn remove(&mut self, viewer: u32) {
        if self.jobs.is_empty() {
            self.slots.retain(|slot| slot.is_some_and(|slot| slot.viewer != viewer));
        } else if let Some(slot) = self.find(viewer) {
            *slot = None;
        }
    }

    /// Its viewers.
    pub fn followers(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.iter().flatten().map(|slot| slot.viewer)
    }

    /// Places of viewers, holes included.
    pub fn places(&self) -> usize {
        self.slots.len()
    }

    /// Let a frame wait for its turn, and say how many that waited were dropped for it; None if it
    /// has to be dropped itself.
    pub fn push(&mut self, frame: Arc<Frame>, keyframe: bool, now: Instant) -> Option<u64> {
        if self.slots.is_empty() {
            // Whoever comes is sent what the ring has: what a stream begins with does not queue.
            self.wants_keyframe = false;
            return Some(0);
        }
        let entry = keyframe || self.kind == Kind::Audio;
        let is_behind = self.jobs.len() >= MAX_WAITING;
        self.wants_keyframe |= is_behind;
        if self.wants_keyframe && !entry {
            return None;
        }
        self.wants_keyframe = false;
        // A keyframe, and any sound, is of use without what has not been begun to be sent.
        let dropped = if is_behind { self.jobs.len() - 1 } else { 0 };
        self.jobs.truncate(self.jobs.len() - dropped);
        let limit = frame.per_slice;
        self.jobs.push_back(Job { frame, entry, limit, slot: 0, served: 0, began: now, due: now });
        if self.jobs.len() == 1 {
            self.begin_job();
        }
        Some(dropped as u64)
    }

    /// Get ready for the first job's first slice.
    fn begin_job(&mut self) {
        self.slots.retain(Option::is_some);
        if let Some(job) = self.jobs.front_mut() {
            // Another viewer comes first each time.
            self.rounds = self.rounds.wrapping_add(1);
            let count = self.slots.len().max(1);
            job.slot = self.rounds.wrapping_mul(stride(count)) % count;
        }
    }

    /// When there is something to do.
    pub fn due(&self) -> Option<Instant> {
        self.jobs.front().map(|job| job.due)
    }

    /// Serve some viewers, if it is time; whether that was so.
    ///
    /// Streams that viewers leave by coming over to this one are added to `left`.
    pub fn serve<K: Kernel>(
        &mut self,
        now: Instant,
        viewers: &mut Viewers,
        batch: &mut Batch<K>,
        left: &mut Vec<(u32, u32)>,
    ) -> bool {
        let Some(job) = self.jobs.front_mut().filter(|job| job.due <= now) else {
            return false;
        };
        let end = (job.served + TURN).min(self.slots.len());
        while job.served < end {
            if job.slot >= self.slots.len() {
                job.slot = 0;
            }
            if let Some(Some(next)) = self.slots.get(job.slot + 1) {
                viewers.expect(next.place, self.kind);
            }
            let slot = self.slots[job.slot];
            let viewer = slot.and_then(|slot| Some((slot.viewer, viewers.at(slot.place)?)));
            if let Some((id, viewer)) = viewer {
                let stream = (self.id, self.ring);
                let old =
                    viewer.send_frame(self.kind, stream, &job.frame, job.entry, job.limit, batch);
                left.extend(old.map(|stream| (stream, id)));
            }
            job.slot += 1;
            job.served += 1;
        }
        if job.served >= self.slots.len() {
            self.end_slice();
        }
        true
    }

    fn end_slice(&mut self) {
        let Some(job) = self.jobs.front_mut() else {
            return;
        };
        if job.limit >= job.frame.payloads.packets.len() {
            self.jobs.pop_front();
            self.begin_job();
            return;
        }
        let done = job.limit / job.frame.per_slice;
        job.limit += job.frame.per_slice;
        job.served = 0;
        job.due = job.began + Duration::from_secs_f64(job.frame.spacing * done as f64);
    }
}

#[cfg(test)]
mod tests {
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
                let mut viewer = viewer(Profile::Gcm128, &[params(Kind::Video, 2 * id, Some(97))]);
                let track = viewer.track(Kind::Video, &mut hall.batch);
                track.unwrap().0.next_stream = Some(1);
                hall.viewers.insert(id, viewer);
                hall.stream.add(id, hall.viewers.place(id).unwrap());
            }
            hall
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
}
