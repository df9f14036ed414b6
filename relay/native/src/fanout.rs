//! A stream's followers, and its frames on their way to them: slice by slice, turn by turn.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::{Batch, Kernel};
use crate::ring::{Frame, Kind};
use crate::viewers::Viewers;

/// Frames that wait at the most, half a second of them; then video is dropped up to a keyframe.
const MAX_WAITING: usize = 16;
/// Viewers of a turn; after each the socket is looked at again.
const TURN: usize = 64;
/// A frame whose last packets go out this much later than planned keeps the next one waiting.
const LATE: Duration = Duration::from_millis(33);
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
    began: Instant,
    /// Slots that there were when it came to the front, and the one that is served first.
    count: usize,
    first: usize,
    /// Slots that are in a turn, or have had theirs.
    covered: usize,
    /// Turns that are not over, in order.
    turns: Vec<Turn>,
}

/// Some slots that are served together, slice by slice.
///
/// A turn that has begun goes before one that has not: where the thread has more to do than fits
/// between two slices, the first viewers have all of a frame while the last ones have nothing yet,
/// which is no later for those, and sooner for the others.
struct Turn {
    from: usize,
    to: usize,
    /// Packets that every viewer is to have by the next slice, and when that is due.
    limit: usize,
    due: Instant,
}

impl Job {
    /// The slot that is served at a place in the order.
    fn slot(&self, at: usize) -> usize {
        if at < self.count {
            (self.first + at) % self.count
        } else {
            at
        }
    }

    /// Give all slots their turns; those too of viewers who came meanwhile.
    fn cover(&mut self, slots: usize) {
        while self.covered < slots {
            let to = slots.min(self.covered + TURN);
            let limit = self.frame.per_slice;
            let from = std::mem::replace(&mut self.covered, to);
            self.turns.push(Turn { from, to, limit, due: self.began });
        }
    }

    /// When there is something to do.
    fn due(&self, slots: usize) -> Instant {
        let next = self.turns.iter().map(|turn| turn.due).min();
        next.filter(|_| self.covered >= slots).unwrap_or(self.began)
    }

    /// The time by which its last packets were to be on their way.
    fn planned(&self) -> Instant {
        let slices = self.frame.payloads.packets.len().div_ceil(self.frame.per_slice);
        self.began + Duration::from_secs_f64(self.frame.spacing * slices.saturating_sub(1) as f64)
    }
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
    served: Served,
}

/// Frames that all who follow a stream were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Their number.
    pub frames: u64,
    /// Those of them that were late.
    pub late: u64,
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
            served: Served::default(),
        }
    }

    /// What was served since this was asked last.
    pub fn take_served(&mut self) -> Served {
        std::mem::take(&mut self.served)
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
        let turns = Vec::new();
        self.jobs.push_back(Job {
            frame,
            entry,
            began: now,
            count: 0,
            first: 0,
            covered: 0,
            turns,
        });
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
            job.count = self.slots.len();
            let count = job.count.max(1);
            job.first = self.rounds.wrapping_mul(stride(count)) % count;
        }
    }

    /// When there is something to do.
    pub fn due(&self) -> Option<Instant> {
        self.jobs.front().map(|job| job.due(self.slots.len()))
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
        let Some(job) = self.jobs.front_mut() else {
            return false;
        };
        job.cover(self.slots.len());
        let Some(index) = job.turns.iter().position(|turn| turn.due <= now) else {
            let is_over = job.turns.is_empty();
            if is_over {
                self.end_job(now);
            }
            return is_over;
        };
        let Turn { from, to, limit, .. } = job.turns[index];
        for at in from..to {
            if let Some(Some(next)) = self.slots.get(job.slot(at + 1)) {
                viewers.expect(next.place, self.kind);
            }
            let slot = self.slots[job.slot(at)];
            let viewer = slot.and_then(|slot| Some((slot.viewer, viewers.at(slot.place)?)));
            if let Some((id, viewer)) = viewer {
                let stream = (self.id, self.ring);
                let old = viewer.send_frame(self.kind, stream, &job.frame, job.entry, limit, batch);
                left.extend(old.map(|stream| (stream, id)));
            }
        }
        if limit < job.frame.payloads.packets.len() {
            let turn = &mut job.turns[index];
            // A turn may begin late; after that, slices that are late do not make the next ones late.
            let planned = if limit == job.frame.per_slice { now } else { turn.due };
            turn.limit += job.frame.per_slice;
            turn.due = planned + Duration::from_secs_f64(job.frame.spacing);
        } else {
            job.turns.remove(index);
            if job.turns.is_empty() {
                self.end_job(now);
            }
        }
        true
    }

    /// Go on with the next job.
    fn end_job(&mut self, now: Instant) {
        if let Some(job) = self.jobs.pop_front() {
            self.served.frames += 1;
            let late = now.saturating_duration_since(job.planned());
            self.served.late += u64::from(late >= LATE);
            self.begin_job();
        }
    }
}

#[cfg(test)]
mod tests;
