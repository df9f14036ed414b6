//! One track of a viewer: what it follows, and its frames on their way out.
//!
//! A frame whose sequence numbers are taken is always sent to its end: also where the viewer goes
//! over to another stream in the middle of it, else it would see a loss that there was not.

use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::{Batch, Kernel};
use crate::net::Target;
use crate::outgoing::{Again, Course, Outgoing, Place, TrackParams};
use crate::pacing::Pace;
use crate::ring::{Frame, Kind, Ring};
use crate::shared::ViewerStats;
use crate::srtp::Sender;

/// Seconds between a track's sender reports.
const REPORT_EVERY: f64 = 1.0;
/// Between the first and the second; then twice as long each time.
const REPORT_SOON: f64 = 0.1;
const REPORTS_SOON: u8 = 8;
/// Packets of a replay in one go, also where it is late.
const CHASE_PACKETS: usize = 10;

/// A replay under way: it follows the ring's frames until it has caught up with the newest.
#[derive(Clone, Copy)]
struct Chase {
    /// Number of the next frame.
    next: u64,
    /// The last frame whose time is squeezed; later ones are live.
    squeezed: u64,
    /// When its packets are due, and what that counts from.
    course: Course,
    began: Instant,
    /// What its viewer can receive, bits a second.
    estimate: Option<u64>,
}

impl Chase {
    fn due(&self, frame: &Frame, index: usize) -> Instant {
        self.began + Duration::from_secs_f64(self.course.at(frame, index))
    }

    /// Go on with the newest keyframe, which makes all before it needless, if there is a new one.
    fn jump(&mut self, ring: &Ring, due: Instant) -> bool {
        let newest = ring.gop().map_or(0, |gop| *gop.start());
        let Some(frame) = ring.frame(newest).filter(|_| newest > self.squeezed.max(self.next))
        else {
            return false;
        };
        // The viewer has pictures to show meanwhile: this keyframe is in no hurry.
        let passed = due.saturating_duration_since(self.began);
        self.next = newest;
        self.began += passed;
        self.course = Course {
            began: self.course.began + passed.as_secs_f64(),
            first_byte: frame.first_byte,
            pace: Pace::new(0, ring.rate(), self.estimate),
        };
        true
    }
}

/// A frame of which some packets were sent.
struct Partial {
    frame: Arc<Frame>,
    place: Place,
    sent: usize,
}

/// Where sealed packets go.
pub struct Outlet<'a, K> {
    /// Seals them.
    pub seal: &'a Sender,
    /// Where they go.
    pub target: &'a Target,
    /// What they go out with.
    pub batch: &'a mut Batch<K>,
}

impl<K: Kernel> Outlet<'_, K> {
    /// Seal and send packets `range` of a frame.
    #[inline]
    fn send(&mut self, out: &Outgoing, frame: &Frame, place: &Place, range: Range<usize>) {
        let header = &out.header;
        // With RTX the packet is never sent again as it is, and says when it was really sent: a
        // viewer's estimate would take the crowd that is served before it for a queue on its path.
        let stamp = out.rtx.is_some().then_some(self.batch.stamp);
        let (head, tag) = (header.len(), self.seal.tag_size());
        self.batch.media.0 += range.len() as u64;
        for index in range {
            let payload = frame.payloads.packets[index];
            let start = payload.start as usize;
            let data = &frame.payloads.data[start..start + payload.len as usize];
            let sequence = place.sequence + index as u64;
            let size = head + data.len() + tag;
            let packet = self.batch.packet(self.target, size);
            let sent = stamp.unwrap_or_else(|| place.sent(frame, index));
            header.write(packet, sequence as u16, place.timestamp, payload.marker, sent);
            packet[head..head + data.len()].copy_from_slice(data);
            self.seal.protect(packet, head, header.ssrc, sequence);
            self.batch.media.1 += size as u64;
        }
    }

    /// Seal and send a packet once more; returns its size.
    pub fn send_again(&mut self, out: &Outgoing, again: &Again) -> usize {
        let header = if again.rtx { out.rtx.as_ref().unwrap_or(&out.header) } else { &out.header };
        let payload = again.frame.payloads.packets[again.index];
        let start = payload.start as usize;
        let data = &again.frame.payloads.data[start..start + payload.len as usize];
        let osn = if again.rtx { 2 } else { 0 };
        let head = header.len();
        let size = head + osn + data.len() + self.seal.tag_size();
        let packet = self.batch.packet(self.target, size);
        header.write(packet, again.sequence as u16, again.timestamp, payload.marker, again.sent);
        // RFC 4588 section 4: the original sequence number stands before the payload.
        packet[head..head + osn].copy_from_slice(&again.original.to_be_bytes()[..osn]);
        packet[head + osn..head + osn + data.len()].copy_from_slice(data);
        self.seal.protect(packet, head, header.ssrc, again.sequence);
        size
    }
}

/// See the module.
pub struct Track {
    /// Sequence numbers, time stamps, retransmission.
    pub out: Outgoing,
    /// The stream it goes over to with that one's next keyframe.
    pub next_stream: Option<u32>,
    /// When its next sender report is due, Unix seconds.
    next_report: f64,
    /// Reports since its clock jumped last, or since it began, and how often it had by then.
    reports: u8,
    jumps: u32,
    stream: Option<u32>,
    stats: Arc<ViewerStats>,
    chase: Option<Chase>,
    partial: Option<Partial>,
    /// Frames before this one were sent by a replay.
    first_live: u64,
}

impl Track {
    /// A track that follows nothing.
    pub fn new(params: &TrackParams, stats: Arc<ViewerStats>) -> Self {
        Self {
            out: Outgoing::new(params),
            next_stream: None,
            next_report: 0.0,
            reports: 0,
            jumps: 0,
            stream: None,
            stats,
            chase: None,
            partial: None,
            first_live: 0,
        }
    }

    /// Whether a sender report is due: by time, also if the clock was set back, or because what the
    /// last ones said of this track's clock is not true any more.
    pub fn report_due(&mut self, now: f64) -> bool {
        if self.jumps != self.out.jumps {
            (self.jumps, self.reports) = (self.out.jumps, 0);
            return true;
        }
        !(self.next_report - REPORT_EVERY..self.next_report).contains(&now)
    }

    /// A report was sent. Receivers bring sound and picture together from the second one on, so
    /// that one follows soon.
    pub fn reported(&mut self, now: f64) {
        let soon = REPORT_SOON * f64::from(1u32 << self.reports);
        self.next_report = now + soon.min(REPORT_EVERY);
        self.reports = (self.reports + 1).min(REPORTS_SOON);
    }

    /// The first sequence number that is taken and whose packet was not sent, if there is one.
    pub fn unsent(&self) -> Option<u64> {
        self.partial.as_ref().map(|partial| partial.place.sequence + partial.sent as u64)
    }

    /// The stream it follows.
    pub fn stream(&self) -> Option<u32> {
        self.stream
    }

    /// Whether a replay is under way.
    pub fn is_chasing(&self) -> bool {
        self.chase.is_some()
    }

    /// Follow a stream from now on; returns the one it leaves.
    pub fn follow<K: Kernel>(&mut self, stream: u32, outlet: &mut Outlet<K>) -> Option<u32> {
        self.settle(outlet);
        self.next_stream = None;
        let old = self.set_stream(Some(stream));
        old.filter(|old| *old != stream)
    }

    /// Follow nothing; returns what it followed or was to follow.
    pub fn fall_silent<K: Kernel>(&mut self, outlet: &mut Outlet<K>) -> [Option<u32>; 2] {
        self.settle(outlet);
        [self.set_stream(None), self.next_stream.take()]
    }

    /// A stream has ended.
    pub fn forget<K: Kernel>(&mut self, stream: u32, outlet: &mut Outlet<K>) {
        if self.stream == Some(stream) {
            self.settle(outlet);
            self.set_stream(None);
        }
        if self.next_stream == Some(stream) {
            self.next_stream = None;
        }
    }

    fn set_stream(&mut self, stream: Option<u32>) -> Option<u32> {
        if self.stream != stream {
            self.first_live = 0;
        }
        if self.out.kind == Kind::Video {
            self.stats.video.store(stream.map_or(0, |number| u64::from(number) + 1), Relaxed);
        }
        std::mem::replace(&mut self.stream, stream)
    }

    /// End a replay, and send the rest of the frame that is under way.
    fn settle<K: Kernel>(&mut self, outlet: &mut Outlet<K>) {
        self.chase = None;
        if let Some(Partial { frame, place, sent }) = self.partial.take() {
            outlet.send(&self.out, &frame, &place, sent..frame.payloads.packets.len());
            self.first_live = frame.number + 1;
        }
    }

    /// Send a stream's frame up to packet `limit`, if the track follows the stream.
    ///
    /// `entry` says whether it may go over to the stream with this frame. Returns the stream that
    /// it leaves by that.
    pub fn send_frame<K: Kernel>(
        &mut self,
        (stream, ring): (u32, u64),
        frame: &Arc<Frame>,
        entry: bool,
        limit: usize,
        outlet: &mut Outlet<K>,
    ) -> Option<u32> {
        let mut left = None;
        if entry && self.next_stream == Some(stream) {
            left = self.follow(stream, outlet);
        }
        if self.stream != Some(stream) || self.chase.is_some() || frame.number < self.first_live {
            return left;
        }
        let (place, sent) = match self.partial.take() {
            Some(partial) if partial.frame.number == frame.number => (partial.place, partial.sent),
            other => {
                self.partial = other;
                self.settle(outlet);
                (self.out.live(stream, ring, frame, None), 0)
            }
        };
        let count = frame.payloads.packets.len();
        let end = limit.min(count).max(sent);
        outlet.send(&self.out, frame, &place, sent..end);
        if end < count {
            self.partial = Some(Partial { frame: Arc::clone(frame), place, sent: end });
        } else {
            self.first_live = frame.number + 1;
        }
        left
    }

    /// Begin to send the ring's frames since the last keyframe, if that is there; the track follows
    /// the ring's stream, and its viewer can receive `estimate` bits a second.
    pub fn begin_chase<K: Kernel>(
        &mut self,
        stream: u32,
        ring: &Ring,
        (now, at): (f64, Instant),
        estimate: Option<u64>,
        outlet: &mut Outlet<K>,
    ) -> bool {
        let Some(gop) = ring.gop() else { return false };
        let (next, squeezed) = (*gop.start(), *gop.end());
        let (Some(first), Some(last)) = (ring.frame(next), ring.frame(squeezed)) else {
            return false;
        };
        self.settle(outlet);
        let keyframe = first.end_byte() - first.first_byte;
        let pace = Pace::new(keyframe, ring.rate(), estimate);
        let course = Course { began: now, first_byte: first.first_byte, pace };
        self.out.begin_replay(stream, ring, first, last, course);
        self.chase = Some(Chase { next, squeezed, course, began: at, estimate });
        true
    }

    /// Send the packets of a replay that are due, some at the most; when there will be more, or
    /// None if it is over.
    pub fn chase<K: Kernel>(
        &mut self,
        ring: &Ring,
        now: Instant,
        outlet: &mut Outlet<K>,
    ) -> Option<Instant> {
        let (mut chase, stream) = (self.chase?, self.stream?);
        let mut left = CHASE_PACKETS;
        loop {
            let due = match (&self.partial, ring.frame(chase.next)) {
                (Some(partial), _) => chase.due(&partial.frame, partial.sent),
                (None, Some(frame)) => chase.due(frame, 0),
                (None, None) if chase.jump(ring, now) => continue,
                (None, None) => {
                    self.end_chase(chase.next, stream, ring);
                    return None;
                }
            };
            if left == 0 || due > now {
                self.chase = Some(chase);
                return Some(due);
            }
            let Some(Partial { frame, place, mut sent }) = self.partial.take() else {
                self.next_of_chase(&mut chase, stream, ring, due);
                continue;
            };
            let (begin, count) = (sent, frame.payloads.packets.len());
            while sent < count && left > 0 && chase.due(&frame, sent) <= now {
                sent += 1;
                left -= 1;
            }
            outlet.send(&self.out, &frame, &place, begin..sent);
            if sent < count {
                self.partial = Some(Partial { frame, place, sent });
            } else {
                chase.next = frame.number + 1;
            }
        }
    }

    /// A replay has caught up, or cannot go on.
    fn end_chase(&mut self, next: u64, stream: u32, ring: &Ring) {
        self.chase = None;
        self.first_live = next;
        if ring.last().is_some_and(|last| last.number >= next) {
            // The ring went on without it: it waits for the next keyframe.
            self.set_stream(None);
            self.next_stream.get_or_insert(stream);
        }
    }

    /// Take up the next frame of a replay, which is due.
    fn next_of_chase(&mut self, chase: &mut Chase, stream: u32, ring: &Ring, due: Instant) {
        chase.jump(ring, due);
        let Some(frame) = ring.frame(chase.next) else {
            return;
        };
        let place = if chase.next <= chase.squeezed {
            self.out.replayed(frame)
        } else {
            self.out.live(stream, ring.id, frame, Some(chase.course))
        };
        self.partial = Some(Partial { frame: Arc::clone(frame), place, sent: 0 });
    }
}

#[cfg(test)]
mod tests;
