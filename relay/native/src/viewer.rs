//! One viewer's transport: what it follows, how its packets are sealed, what it asked for again.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;

use crate::net::{Batch, Target};
use crate::outgoing::{Again, Outgoing, Place, TrackParams};
use crate::ring::{Frame, Kind, Ring};
use crate::rtcp::Report;
use crate::rtp::{abs_send_time, ntp, Header};
use crate::shared::ViewerStats;
use crate::srtp::{Receiver, Sender};

/// Bytes a second that a viewer may have sent again.
const RESEND_BYTES: f64 = 125_000.0;
/// Packets of a replay in one go.
const CHASE_PACKETS: usize = 10;

/// A replay under way: it follows the ring's frames until it has caught up with the newest.
struct Chase {
    /// Number of the next frame.
    next: u64,
    /// Packets of it that were sent.
    sent: usize,
    /// Its place, once its first packet was sent.
    place: Option<Place>,
    /// The last frame whose time is squeezed; later ones are live.
    squeezed: u64,
}

/// The frame that is being sent slice by slice.
#[derive(Clone, Copy)]
struct Current {
    frame: u64,
    place: Place,
    sent: usize,
}

/// A viewer's track and what it follows.
pub struct Track {
    /// Sequence numbers, time stamps, retransmission.
    pub out: Outgoing,
    /// The stream it follows.
    pub stream: Option<u32>,
    /// The stream it goes over to with that one's next keyframe.
    pub next_stream: Option<u32>,
    /// When its next sender report is due, Unix seconds.
    pub next_report: f64,
    chase: Option<Chase>,
    current: Option<Current>,
    /// Frames before this one were sent by a replay.
    first_live: u64,
}

impl Track {
    /// A track that follows nothing.
    pub fn new(params: &TrackParams) -> Self {
        Self {
            out: Outgoing::new(params),
            stream: None,
            next_stream: None,
            next_report: 0.0,
            chase: None,
            current: None,
            first_live: 0,
        }
    }

    /// Whether a replay is under way.
    pub fn is_chasing(&self) -> bool {
        self.chase.is_some()
    }

    /// Follow a stream from now on; returns the one it leaves.
    pub fn follow(&mut self, stream: u32) -> Option<u32> {
        self.next_stream = None;
        self.chase = None;
        let old = self.stream.replace(stream);
        if old == Some(stream) {
            return None;
        }
        self.current = None;
        self.first_live = 0;
        old
    }

    /// Follow nothing; returns what it followed or was to follow.
    pub fn fall_silent(&mut self) -> [Option<u32>; 2] {
        self.chase = None;
        self.current = None;
        [self.stream.take(), self.next_stream.take()]
    }

    /// A stream has ended.
    pub fn forget(&mut self, stream: u32) {
        if self.stream == Some(stream) {
            self.stream = None;
            self.chase = None;
            self.current = None;
        }
        if self.next_stream == Some(stream) {
            self.next_stream = None;
        }
    }
}

/// Where sealed packets go.
struct Outlet<'a> {
    seal: &'a Sender,
    target: &'a Target,
    batch: &'a mut Batch,
}

impl Outlet<'_> {
    /// Seal and send packets `range` of a frame.
    #[inline]
    fn send(
        &mut self,
        header: &Header,
        frame: &Frame,
        place: Place,
        range: std::ops::Range<usize>,
    ) {
        let (head, tag) = (header.len(), self.seal.tag_size());
        for index in range {
            let payload = frame.payloads.packets[index];
            let start = payload.start as usize;
            let data = &frame.payloads.data[start..start + payload.len as usize];
            let sequence = place.sequence + index as u64;
            let sent = place.sent.unwrap_or_else(|| abs_send_time(frame.sent_at(index)));
            let packet = self.batch.packet(self.target, head + data.len() + tag);
            header.write(packet, sequence as u16, place.timestamp, payload.marker, sent);
            packet[head..head + data.len()].copy_from_slice(data);
            self.seal.protect(packet, head, header.ssrc, sequence);
        }
    }

    /// Seal and send a packet once more; returns its size.
    fn send_again(&mut self, out: &Outgoing, again: &Again) -> usize {
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

/// One viewer.
pub struct Viewer {
    /// Where its packets go.
    pub target: Target,
    /// Seals what it is sent.
    pub seal: Sender,
    /// Opens what it sends.
    pub open: Receiver,
    /// Its tracks.
    pub tracks: Vec<Track>,
    /// Its counters.
    pub stats: Arc<ViewerStats>,
    budget: f64,
    budget_at: f64,
}

impl Viewer {
    /// A viewer that follows nothing.
    pub fn new(
        target: Target,
        seal: Sender,
        open: Receiver,
        tracks: &[TrackParams],
        stats: Arc<ViewerStats>,
    ) -> Self {
        let tracks = tracks.iter().map(Track::new).collect();
        Self { target, seal, open, tracks, stats, budget: RESEND_BYTES, budget_at: 0.0 }
    }

    /// Its track of a kind.
    pub fn track(&mut self, kind: Kind) -> Option<&mut Track> {
        self.tracks.iter_mut().find(|track| track.out.kind == kind)
    }

    fn parts(&mut self, kind: Kind) -> Option<(&mut Track, &Sender, &Target, &ViewerStats)> {
        let track = self.tracks.iter_mut().find(|track| track.out.kind == kind)?;
        Some((track, &self.seal, &self.target, &self.stats))
    }

    /// Send it a stream's frame up to packet `limit`, if it follows the stream.
    ///
    /// `entry` says whether it may go over to the stream with this frame. Returns the stream that
    /// it leaves by that.
    pub fn send_frame(
        &mut self,
        kind: Kind,
        stream: u32,
        frame: &Frame,
        entry: bool,
        limit: usize,
        batch: &mut Batch,
    ) -> Option<u32> {
        let (track, seal, target, stats) = self.parts(kind)?;
        let mut left = None;
        if entry && track.next_stream == Some(stream) {
            left = track.follow(stream);
        }
        if track.stream != Some(stream) || track.chase.is_some() || frame.number < track.first_live
        {
            return left;
        }
        let mut current = match track.current {
            Some(current) if current.frame == frame.number => current,
            _ => Current { frame: frame.number, place: track.out.live(stream, frame), sent: 0 },
        };
        let end = limit.min(frame.payloads.packets.len());
        if current.sent < end {
            let mut outlet = Outlet { seal, target, batch };
            outlet.send(&track.out.header, frame, current.place, current.sent..end);
            current.sent = end;
        }
        track.current = Some(current);
        stats.packets.store(track.out.packets, Relaxed);
        stats.octets.store(track.out.octets, Relaxed);
        left
    }

    /// Begin to send it a ring's frames since the last keyframe, if that is there.
    pub fn begin_chase(&mut self, stream: u32, ring: &Ring, now: f64, batch: &mut Batch) -> bool {
        let Some((track, seal, target, _)) = self.parts(ring.kind) else {
            return false;
        };
        let Some(gop) = ring.gop() else { return false };
        let (Some(first), Some(last)) = (ring.frame(*gop.start()), ring.frame(*gop.end())) else {
            return false;
        };
        // What is left of the frame under way has its sequence numbers already.
        if let Some(current) = track.current.take() {
            if let Some(frame) = ring.frame(current.frame).filter(|_| track.stream == Some(stream))
            {
                let rest = current.sent..frame.payloads.packets.len();
                Outlet { seal, target, batch }.send(&track.out.header, frame, current.place, rest);
            }
        }
        track.out.begin_replay(stream, ring, first, last, now);
        let (next, squeezed) = (*gop.start(), *gop.end());
        track.chase = Some(Chase { next, sent: 0, place: None, squeezed });
        true
    }

    /// Send some packets of a replay; whether there is more of it.
    pub fn chase(&mut self, kind: Kind, ring: &Ring, batch: &mut Batch) -> bool {
        let Some((track, seal, target, stats)) = self.parts(kind) else {
            return false;
        };
        let (Some(mut chase), Some(stream)) = (track.chase.take(), track.stream) else {
            return false;
        };
        let mut outlet = Outlet { seal, target, batch };
        let mut left = CHASE_PACKETS;
        while left > 0 {
            let newest_gop = ring.gop().map_or(0, |gop| *gop.start());
            if chase.sent == 0 && newest_gop > chase.squeezed && newest_gop > chase.next {
                chase.next = newest_gop;
            }
            let Some(frame) = ring.frame(chase.next) else {
                track.first_live = chase.next;
                if ring.last().is_some_and(|last| last.number >= chase.next) {
                    // The ring went on without it: it waits for the next keyframe.
                    track.next_stream = track.stream.take();
                }
                break;
            };
            let place = *chase.place.get_or_insert_with(|| {
                if chase.next <= chase.squeezed {
                    track.out.replayed(frame)
                } else {
                    track.out.live(stream, frame)
                }
            });
            let end = (chase.sent + left).min(frame.payloads.packets.len());
            outlet.send(&track.out.header, frame, place, chase.sent..end);
            left -= end - chase.sent;
            chase.sent = end;
            if end == frame.payloads.packets.len() {
                chase.next += 1;
                chase.sent = 0;
                chase.place = None;
            }
            if left == 0 {
                track.chase = Some(chase);
                break;
            }
        }
        stats.packets.store(track.out.packets, Relaxed);
        stats.octets.store(track.out.octets, Relaxed);
        track.chase.is_some()
    }

    /// Answer a request for lost packets, within the viewer's budget; returns how many were sent.
    pub fn resend(
        &mut self,
        rings: &HashMap<u32, Ring>,
        ssrc: u32,
        pairs: &[(u16, u16)],
        now: f64,
        batch: &mut Batch,
    ) -> u64 {
        self.budget =
            (self.budget + (now - self.budget_at).max(0.0) * RESEND_BYTES).min(RESEND_BYTES);
        self.budget_at = now;
        let Some(track) = self.tracks.iter_mut().find(|t| t.out.header.ssrc == ssrc) else {
            return 0;
        };
        let mut outlet = Outlet { seal: &self.seal, target: &self.target, batch };
        let (mut requested, mut resent) = (0, 0);
        for (first, mask) in pairs {
            let behind = (0..16).filter(|bit| mask >> bit & 1 == 1).map(|bit| bit + 1);
            for step in std::iter::once(0).chain(behind) {
                requested += 1;
                if self.budget < crate::rtp::MAX_PAYLOAD as f64 {
                    continue;
                }
                if let Some(again) = track.out.again(rings, first.wrapping_add(step), now) {
                    self.budget -= outlet.send_again(&track.out, &again) as f64;
                    resent += 1;
                }
            }
        }
        self.stats.requested.fetch_add(requested, Relaxed);
        self.stats.resent.fetch_add(resent, Relaxed);
        resent
    }

    /// Send recent packets once more as retransmissions, about `bytes` of them, so that the
    /// viewer's bandwidth estimate can rise; nothing where retransmissions were not negotiated.
    pub fn probe(&mut self, rings: &HashMap<u32, Ring>, bytes: usize, now: f64, batch: &mut Batch) {
        let Some((track, seal, target, _)) = self.parts(Kind::Video) else {
            return;
        };
        if track.out.rtx.is_none() {
            return;
        }
        let mut outlet = Outlet { seal, target, batch };
        let (mut left, mut back) = (bytes, 0);
        while left > 0 {
            let Some(again) = track.out.recent(rings, back, now) else {
                return;
            };
            left = left.saturating_sub(outlet.send_again(&track.out, &again));
            back += 1;
        }
    }

    /// Note what a receiver report says.
    pub fn note_report(&self, report: &Report, now: f64) {
        let video = self.tracks.iter().find(|track| track.out.kind == Kind::Video);
        if video.is_some_and(|track| track.out.header.ssrc == report.ssrc) {
            self.stats.fraction_lost.store(report.fraction_lost, Relaxed);
        }
        if report.last_sr != 0 {
            let middle = (ntp(now) >> 16) as u32;
            let trip = middle.wrapping_sub(report.last_sr).wrapping_sub(report.delay);
            // 64 s and more is a clock that stepped.
            if trip < 1 << 22 {
                self.stats.rtt.store(u64::from(trip) + 1, Relaxed);
            }
        }
    }
}
