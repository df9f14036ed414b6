//! One viewer's transport: its tracks, how its packets are sealed, what it says and asks for again.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::{Batch, Kernel};
use crate::net::Target;
use crate::outgoing::TrackParams;
use crate::repeats::Repeats;
use crate::ring::{Frame, Kind, Ring};
use crate::rtcp::{self, Feedback, Report};
use crate::rtp::ntp;
use crate::shared::{Event, Shared, ViewerStats};
use crate::srtp::{Receiver, Sender};
use crate::stun::{Consent, MAX_ANSWER};
use crate::track::{Outlet, Track};
use crate::viewers::prefetch;

/// One viewer.
pub struct Viewer {
    /// Where its packets go.
    pub target: Target,
    /// Sound and picture, as far as it is sent them.
    tracks: [Option<Track>; 2],
    /// By which its consent checks are known; None: they are not answered here.
    pub consent: Option<Box<Consent>>,
    seal: Sender,
    open: Receiver,
    stats: Arc<ViewerStats>,
    /// What it can receive, bits a second, as it has told last.
    estimate: Option<u64>,
    /// Each source's last XR reference time, and when that came, Unix seconds.
    times: Vec<(u32, u32, f64)>,
    repeats: Repeats,
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
        let of = |kind| {
            let params = tracks.iter().find(|track| track.kind == kind)?;
            Some(Track::new(params, Arc::clone(&stats)))
        };
        let tracks = [of(Kind::Audio), of(Kind::Video)];
        let viewer = Self {
            target,
            tracks,
            consent: None,
            seal,
            open,
            stats,
            estimate: None,
            times: Vec::new(),
            repeats: Repeats::new(),
        };
        viewer.publish();
        viewer
    }

    /// Its track of a kind, and where that sends.
    pub fn track<'a, K>(
        &'a mut self,
        kind: Kind,
        batch: &'a mut Batch<K>,
    ) -> Option<(&'a mut Track, Outlet<'a, K>)> {
        let track = self.tracks[kind as usize].as_mut()?;
        Some((track, Outlet { seal: &self.seal, target: &self.target, batch }))
    }

    /// The stream that its track of a kind follows.
    pub fn follows(&self, kind: Kind) -> Option<u32> {
        self.tracks[kind as usize].as_ref().and_then(Track::stream)
    }

    /// It is about to be sent a frame.
    #[inline]
    pub fn expect(&self, kind: Kind) {
        prefetch(&self.target);
        self.seal.expect();
        prefetch(&self.tracks[kind as usize]);
    }

    /// Send it a stream's frame: see `Track::send_frame`.
    pub fn send_frame<K: Kernel>(
        &mut self,
        kind: Kind,
        stream: (u32, u64),
        frame: &Arc<Frame>,
        entry: bool,
        limit: usize,
        batch: &mut Batch<K>,
    ) -> Option<u32> {
        let (track, mut outlet) = self.track(kind, batch)?;
        let left = track.send_frame(stream, frame, entry, limit, &mut outlet);
        self.publish();
        left
    }

    /// Begin a replay: see `Track::begin_chase`.
    pub fn begin_chase<K: Kernel>(
        &mut self,
        stream: u32,
        ring: &Ring,
        times: (f64, Instant),
        batch: &mut Batch<K>,
    ) -> bool {
        let estimate = self.estimate;
        self.track(ring.kind, batch).is_some_and(|(track, mut outlet)| {
            track.begin_chase(stream, ring, times, estimate, &mut outlet)
        })
    }

    /// Send what is due of a replay: see `Track::chase`.
    pub fn chase<K: Kernel>(
        &mut self,
        ring: &Ring,
        now: Instant,
        batch: &mut Batch<K>,
    ) -> Option<Instant> {
        let (track, mut outlet) = self.track(ring.kind, batch)?;
        let more = track.chase(ring, now, &mut outlet);
        self.publish();
        more
    }

    /// Let everybody see how much it was sent.
    fn publish(&self) {
        let sum = |what: fn(&Track) -> u64| self.tracks.iter().flatten().map(what).sum();
        self.stats.packets.store(sum(|track| track.out.packets), Relaxed);
        self.stats.octets.store(sum(|track| track.out.octets), Relaxed);
        if let Some(video) = &self.tracks[Kind::Video as usize] {
            self.stats.next_sequence.store(video.out.sequence, Relaxed);
        }
    }

    // --- in ----------------------------------------------------------------------------------

    /// Answer what it sends if that is a consent check; whether it was.
    pub fn answer<K: Kernel>(
        &mut self,
        datagram: &[u8],
        now: Duration,
        batch: &mut Batch<K>,
    ) -> bool {
        let mut room = [0; MAX_ANSWER];
        let address = self.target.address;
        let answer =
            self.consent.as_ref().and_then(|consent| consent.answer(datagram, address, &mut room));
        let Some(size) = answer else {
            return false;
        };
        self.stats.set_checked(now);
        batch.packet(&self.target, size).copy_from_slice(&room[..size]);
        true
    }

    /// Take what it sends: SRTCP, or something that claims to be.
    pub fn hear<K: Kernel>(
        &mut self,
        id: u32,
        datagram: &mut [u8],
        rings: &HashMap<u32, Ring>,
        shared: &Shared,
        batch: &mut Batch<K>,
    ) {
        let source = datagram.get(4..8).map(|bytes| [bytes[0], bytes[1], bytes[2], bytes[3]]);
        let Some(feedback) = self.open.open_rtcp(datagram).and_then(rtcp::parse) else {
            shared.counters.srtcp_rejected.fetch_add(1, Relaxed);
            return;
        };
        let now = shared.now();
        self.stats.set_heard(now);
        let mut told = None;
        for item in feedback {
            match item {
                Feedback::Nack { ssrc, sequences } => {
                    let resent = self.resend(rings, ssrc, &sequences, now, batch);
                    shared.counters.retransmissions.fetch_add(resent, Relaxed);
                }
                Feedback::KeyframeRequest { ssrc } => {
                    if self.video_ssrc() == Some(ssrc) {
                        shared.put_event(Event::Keyframe(id));
                    }
                }
                Feedback::Remb(bps) => {
                    self.estimate = Some(bps);
                    told = Some(Some(bps));
                }
                Feedback::Goodbye(ssrcs) => {
                    // It may report with one SSRC for each track, and stop one of them.
                    if self.open.hear_goodbye(&ssrcs) {
                        shared.put_event(Event::Left(id));
                    }
                }
                Feedback::Report(report) => {
                    if self.note_report(&report, now) {
                        told = told.or(Some(None));
                    }
                }
                Feedback::ReceiverTime { ssrc, time } => {
                    // Sources of authentic packets are of a bounded number.
                    if source.map(u32::from_be_bytes) == Some(ssrc) {
                        self.times.retain(|(known, ..)| *known != ssrc);
                        self.times.push((ssrc, time, now));
                    }
                }
            }
        }
        if let Some(estimate) = told {
            shared.put_event(Event::Report(id, estimate));
        }
    }

    fn video_ssrc(&self) -> Option<u32> {
        Some(self.tracks[Kind::Video as usize].as_ref()?.out.header.ssrc)
    }

    /// Answer a request for lost packets, within the viewer's budget; returns how many were sent.
    fn resend<K: Kernel>(
        &mut self,
        rings: &HashMap<u32, Ring>,
        ssrc: u32,
        sequences: &[u16],
        now: f64,
        batch: &mut Batch<K>,
    ) -> u64 {
        let mut tracks = self.tracks.iter_mut().flatten();
        let Some(track) = tracks.find(|track| track.out.header.ssrc == ssrc) else {
            return 0;
        };
        let mut outlet = Outlet { seal: &self.seal, target: &self.target, batch };
        let unsent = track.unsent();
        let trip = self.stats.rtt.load(Relaxed).saturating_sub(1) as f64 / 65_536.0;
        let mut resent = 0;
        self.repeats.begin(now);
        for (index, sequence) in sequences.iter().enumerate() {
            if self.repeats.spent() {
                break;
            }
            let allowed = self.repeats.allows(ssrc, *sequence, now, trip);
            if !allowed || sequences[..index].contains(sequence) {
                continue;
            }
            if let Some(again) = track.out.again(rings, *sequence, unsent, now) {
                let size = outlet.send_again(&track.out, &again);
                self.repeats.sent(ssrc, *sequence, size as u64, now);
                resent += 1;
            }
        }
        self.stats.requested.fetch_add(sequences.len() as u64, Relaxed);
        self.stats.resent.fetch_add(resent, Relaxed);
        resent
    }

    /// Take note of a report; whether it is about the picture.
    fn note_report(&self, report: &Report, now: f64) -> bool {
        let stats = &self.stats;
        let mut tracks = self.tracks.iter().flatten();
        let kind = tracks.find(|track| track.out.header.ssrc == report.ssrc).map(|t| t.out.kind);
        match kind {
            Some(Kind::Video) => {
                stats.highest.store(report.highest, Relaxed);
                stats.lost.store(report.lost, Relaxed);
                stats.jitter.store(report.jitter, Relaxed);
            }
            Some(Kind::Audio) => {
                stats.sound_highest.store(report.highest, Relaxed);
                stats.sound_lost.store(report.lost, Relaxed);
            }
            None => {}
        }
        if report.last_sr != 0 {
            let middle = (ntp(now) >> 16) as u32;
            let trip = middle.wrapping_sub(report.last_sr).wrapping_sub(report.delay);
            // 64 s and more is a clock that stepped.
            if trip < 1 << 22 {
                self.stats.rtt.store(u64::from(trip) + 1, Relaxed);
            }
        }
        kind == Some(Kind::Video)
    }

    // --- out ---------------------------------------------------------------------------------

    /// Send recent packets once more as retransmissions, about `bytes` of them, so that the
    /// viewer's bandwidth estimate can rise; nothing where retransmissions were not negotiated.
    pub fn probe<K: Kernel>(
        &mut self,
        rings: &HashMap<u32, Ring>,
        bytes: usize,
        now: f64,
        batch: &mut Batch<K>,
    ) {
        let Some((track, mut outlet)) = self.track(Kind::Video, batch) else {
            return;
        };
        if track.out.rtx.is_none() {
            return;
        }
        let unsent = track.unsent();
        let (mut left, mut back) = (bytes, 0);
        while left > 0 {
            let Some(again) = track.out.recent(rings, back, unsent, now) else {
                return;
            };
            left = left.saturating_sub(outlet.send_again(&track.out, &again));
            back += 1;
        }
    }

    /// Send the sender reports that are due.
    pub fn report<K: Kernel>(
        &mut self,
        rings: &HashMap<u32, Ring>,
        now: f64,
        batch: &mut Batch<K>,
    ) {
        for track in self.tracks.iter_mut().flatten() {
            if track.stream().is_none() {
                continue;
            }
            if !track.report_due(now) {
                continue;
            }
            let Some(rtp_time) = track.out.rtp_time_at(rings, (now * 1e6) as i64) else {
                continue;
            };
            track.reported(now);
            let (packets, octets) = (track.out.packets as u32, track.out.octets as u32);
            let ssrc = track.out.header.ssrc;
            let mut report = rtcp::sender_report(ssrc, ntp(now), rtp_time, packets, octets);
            for (source, time, at) in self.times.drain(..) {
                let held = ((now - at) * 65_536.0) as u32;
                report.extend(rtcp::delay_report(ssrc, source, time, held));
            }
            let sealed = self.seal.protect_rtcp(report);
            batch.packet(&self.target, sealed.len()).copy_from_slice(&sealed);
        }
    }

    /// Say goodbye to it.
    pub fn dismiss<K: Kernel>(&mut self, batch: &mut Batch<K>) {
        let ssrcs: Vec<u32> =
            self.tracks.iter().flatten().map(|track| track.out.header.ssrc).collect();
        let bye = self.seal.protect_rtcp(rtcp::goodbye(&ssrcs));
        batch.packet(&self.target, bye.len()).copy_from_slice(&bye);
    }
}
