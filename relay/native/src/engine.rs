//! The edge's I/O thread: owns the socket, the streams and the viewers' transport state.
//!
//! Commands come in through a queue; datagrams that are not SRTCP and events go out through others;
//! counters are atomics that anybody may read. Nothing blocks the thread but waiting for work.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::fanout::{Stream, Viewers};
use crate::net::{wait_readable, Batch, Reader, Target};
use crate::outgoing::TrackParams;
use crate::ring::{Kind, Ring};
use crate::rtcp::{self, Feedback};
use crate::rtp::{ntp, Payloads};
use crate::shared::{Event, Shared, ViewerStats};
use crate::srtp::{Profile, Receiver, Sender};
use crate::viewer::Viewer;

/// Time between two goes of a replay.
const CHASE_EVERY: Duration = Duration::from_millis(1);
/// Seconds between a track's sender reports.
const REPORT_EVERY: f64 = 1.0;
const CNAME: &[u8] = b"eva-relay";

/// What the owner asks for. Times are Unix seconds.
pub enum Command {
    /// Begin a stream.
    Open(u32, Kind),
    /// End a stream.
    Close(u32),
    /// Send a unit to all who watch a stream.
    Push(u32, Unit),
    /// Take up a viewer.
    Add(Box<NewViewer>),
    /// Send to another address.
    Move(u32, SocketAddr),
    /// Say goodbye to a viewer and forget it.
    Remove(u32),
    /// Let a viewer's track follow a stream.
    Watch {
        /// Who.
        viewer: u32,
        /// What.
        stream: u32,
        /// Whether to begin with the frames since the last keyframe.
        at_once: bool,
        /// When.
        now: f64,
    },
    /// Let a viewer's track fall silent.
    Unwatch(u32, Kind),
    /// Send a viewer the frames since the last keyframe again.
    Replay(u32, f64),
    /// Send a viewer so many bytes of recent packets again, to see what its path can take.
    Probe(u32, usize, f64),
    /// Reports that are due go out.
    Tick(f64),
    /// Answer once all commands before this one are carried out and all packets are sent.
    Flush(mpsc::Sender<()>),
    /// End.
    Stop,
}

/// One encoded access unit.
pub struct Unit {
    /// An Annex B access unit or an Opus packet.
    pub payload: Vec<u8>,
    /// 90 kHz.
    pub pts: i64,
    /// µs since the epoch.
    pub captured_us: i64,
    /// Whether decoding can begin here.
    pub keyframe: bool,
    /// When it came, Unix seconds.
    pub now: f64,
}

/// A viewer to take up.
pub struct NewViewer {
    /// Its number.
    pub id: u32,
    /// Where to send.
    pub address: SocketAddr,
    /// How packets are protected.
    pub profile: Profile,
    /// Key and salt of what we send.
    pub send_key: Vec<u8>,
    /// Key and salt of what we receive.
    pub receive_key: Vec<u8>,
    /// What it is sent.
    pub tracks: Vec<TrackParams>,
    /// Where its counters are kept.
    pub stats: Arc<ViewerStats>,
}

/// See the module.
pub struct Engine {
    fd: RawFd,
    shared: Arc<Shared>,
    batch: Batch,
    reader: Reader,
    rings: HashMap<u32, Ring>,
    streams: HashMap<u32, Stream>,
    viewers: Viewers,
    by_address: HashMap<SocketAddr, u32>,
    chasing: Vec<(u32, Kind)>,
    chase_due: Instant,
    clock: (f64, Instant),
    flushes: Vec<mpsc::Sender<()>>,
    left: Vec<(u32, u32)>,
}

impl Engine {
    /// An engine for a non-blocking UDP socket, which stays its owner's to close.
    pub fn new(fd: RawFd, gso: bool, shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        Self {
            fd,
            shared,
            batch: Batch::new(fd, gso),
            reader: Reader::default(),
            rings: HashMap::new(),
            streams: HashMap::new(),
            viewers: HashMap::new(),
            by_address: HashMap::new(),
            chasing: Vec::new(),
            chase_due: now,
            clock: (0.0, now),
            flushes: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Work until told to stop.
    pub fn run(mut self) {
        loop {
            for command in self.shared.take_commands() {
                if matches!(command, Command::Stop) {
                    self.send_batch();
                    return;
                }
                self.carry_out(command);
            }
            let timeout = self.work();
            let [socket, _] = wait_readable([self.fd, self.shared.engine_fd()], timeout);
            if socket {
                self.receive();
            }
        }
    }

    // --- commands ----------------------------------------------------------------------------

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Open(id, kind) => {
                self.rings.insert(id, Ring::new(kind));
                self.streams.insert(id, Stream::new(id, kind));
            }
            Command::Close(id) => self.close(id),
            Command::Push(id, unit) => self.push(id, &unit),
            Command::Add(new) => self.add(&new),
            Command::Move(id, address) => self.move_viewer(id, address),
            Command::Remove(id) => self.remove(id),
            Command::Watch { viewer, stream, at_once, now } => {
                self.watch(viewer, stream, at_once, now);
            }
            Command::Unwatch(id, kind) => {
                if let Some(track) = self.viewers.get_mut(&id).and_then(|v| v.track(kind)) {
                    let left = track.fall_silent();
                    self.left.extend(left.into_iter().flatten().map(|stream| (stream, id)));
                }
            }
            Command::Replay(id, now) => self.replay(id, now),
            Command::Probe(id, bytes, now) => {
                if let Some(viewer) = self.viewers.get_mut(&id) {
                    viewer.probe(&self.rings, bytes, now, &mut self.batch);
                }
            }
            Command::Tick(now) => {
                self.clock = (now, Instant::now());
                self.report(now);
            }
            Command::Flush(answer) => self.flushes.push(answer),
            Command::Stop => {}
        }
        self.take_leave();
    }

    fn close(&mut self, id: u32) {
        let (Some(ring), Some(stream)) = (self.rings.remove(&id), self.streams.remove(&id)) else {
            return;
        };
        for follower in stream.followers() {
            if let Some(track) = self.viewers.get_mut(&follower).and_then(|v| v.track(ring.kind)) {
                track.forget(id);
            }
        }
    }

    fn push(&mut self, id: u32, unit: &Unit) {
        self.clock = (unit.now, Instant::now());
        let (Some(ring), Some(stream)) = (self.rings.get_mut(&id), self.streams.get_mut(&id))
        else {
            return;
        };
        let payloads = match ring.kind {
            Kind::Video => Payloads::h264(&unit.payload),
            Kind::Audio => Payloads::single(&unit.payload),
        };
        if payloads.packets.is_empty() {
            return;
        }
        let frame = ring.push(payloads, unit.pts, unit.captured_us, unit.keyframe, unit.now);
        if !stream.push(frame, unit.keyframe, self.clock.1) {
            self.shared.counters.frames_dropped.fetch_add(1, Relaxed);
        }
    }

    fn add(&mut self, new: &NewViewer) {
        let viewer = Viewer::new(
            Target::new(new.address),
            Sender::new(new.profile, &new.send_key),
            Receiver::new(new.profile, &new.receive_key),
            &new.tracks,
            Arc::clone(&new.stats),
        );
        self.by_address.insert(new.address, new.id);
        self.viewers.insert(new.id, Box::new(viewer));
    }

    fn move_viewer(&mut self, id: u32, address: SocketAddr) {
        let Some(viewer) = self.viewers.get_mut(&id) else {
            return;
        };
        let old = std::mem::replace(&mut viewer.target, Target::new(address)).address;
        self.forget_address(id, old);
        self.by_address.insert(address, id);
    }

    fn forget_address(&mut self, id: u32, address: SocketAddr) {
        if self.by_address.get(&address) == Some(&id) {
            self.by_address.remove(&address);
        }
    }

    fn remove(&mut self, id: u32) {
        let Some(mut viewer) = self.viewers.remove(&id) else {
            return;
        };
        let ssrcs: Vec<u32> = viewer.tracks.iter().map(|t| t.out.header.ssrc).collect();
        let bye = viewer.seal.protect_rtcp(rtcp::goodbye(&ssrcs));
        self.batch.packet(&viewer.target, bye.len()).copy_from_slice(&bye);
        self.forget_address(id, viewer.target.address);
        for track in &mut viewer.tracks {
            let left = track.fall_silent();
            self.left.extend(left.into_iter().flatten().map(|stream| (stream, id)));
        }
    }

    fn watch(&mut self, id: u32, stream_id: u32, at_once: bool, now: f64) {
        let (Some(ring), Some(stream), Some(viewer)) = (
            self.rings.get(&stream_id),
            self.streams.get_mut(&stream_id),
            self.viewers.get_mut(&id),
        ) else {
            return;
        };
        let Some(track) = viewer.track(ring.kind) else {
            return;
        };
        let pending = track.next_stream.replace(stream_id);
        if pending.is_some() && pending != track.stream {
            self.left.extend(pending.filter(|old| *old != stream_id).map(|old| (old, id)));
        }
        stream.add(id);
        if at_once && ring.gop().is_some() {
            let left = track.follow(stream_id);
            self.left.extend(left.map(|old| (old, id)));
            self.begin_chase(id, stream_id, now);
        }
    }

    fn replay(&mut self, id: u32, now: f64) {
        let track = self.viewers.get_mut(&id).and_then(|viewer| viewer.track(Kind::Video));
        let Some(track) = track.filter(|track| !track.is_chasing()) else {
            return;
        };
        if let Some(stream) = track.stream {
            self.begin_chase(id, stream, now);
        }
    }

    fn begin_chase(&mut self, id: u32, stream: u32, now: f64) {
        let (Some(viewer), Some(ring)) = (self.viewers.get_mut(&id), self.rings.get(&stream))
        else {
            return;
        };
        if viewer.begin_chase(stream, ring, now, &mut self.batch) {
            self.chasing.retain(|entry| *entry != (id, ring.kind));
            self.chasing.push((id, ring.kind));
        }
    }

    /// Take viewers out of the streams that they have left.
    fn take_leave(&mut self) {
        for (stream, viewer) in self.left.drain(..) {
            if let Some(stream) = self.streams.get_mut(&stream) {
                stream.remove(viewer);
            }
        }
    }

    // --- out ---------------------------------------------------------------------------------

    /// Send what is due; returns how long to wait for more.
    fn work(&mut self) -> Option<Duration> {
        while self.serve_streams() {
            self.send_batch();
            self.receive();
        }
        self.serve_chases();
        self.send_batch();
        let due = self.streams.values().filter_map(Stream::due).min();
        let chase = (!self.chasing.is_empty()).then_some(self.chase_due);
        if due.is_none() && chase.is_none() {
            for answer in self.flushes.drain(..) {
                let _ = answer.send(());
            }
        }
        let next = [due, chase].into_iter().flatten().min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn send_batch(&mut self) {
        self.batch.flush();
        self.shared.counters.add_sent(self.batch.take_sent());
    }

    /// Give each stream a turn, sound before pictures; whether there was anything to do.
    fn serve_streams(&mut self) -> bool {
        let now = Instant::now();
        let mut busy = false;
        for kind in [Kind::Audio, Kind::Video] {
            for stream in self.streams.values_mut().filter(|stream| stream.kind() == kind) {
                busy |= stream.serve(now, &mut self.viewers, &mut self.batch, &mut self.left);
            }
        }
        self.take_leave();
        busy
    }

    fn serve_chases(&mut self) {
        let now = Instant::now();
        if self.chasing.is_empty() || self.chase_due > now {
            return;
        }
        self.chase_due = now + CHASE_EVERY;
        self.chasing.retain(|(id, kind)| {
            let Some(viewer) = self.viewers.get_mut(id) else {
                return false;
            };
            let stream = viewer.track(*kind).and_then(|track| track.stream);
            let Some(ring) = stream.and_then(|stream| self.rings.get(&stream)) else {
                return false;
            };
            viewer.chase(*kind, ring, &mut self.batch)
        });
    }

    // --- in ----------------------------------------------------------------------------------

    fn receive(&mut self) {
        // Unix time: what the owner told last, and the time since.
        let now = self.clock.0 + self.clock.1.elapsed().as_secs_f64();
        let Self { reader, viewers, by_address, rings, batch, shared, .. } = self;
        reader.read(self.fd, |datagram, from| {
            if datagram.first().is_none_or(|byte| !(128..192).contains(byte)) {
                shared.put_datagram(datagram, from);
                return;
            }
            let Some(id) = by_address.get(&from) else {
                shared.counters.strays.fetch_add(1, Relaxed);
                return;
            };
            let Some(viewer) = viewers.get_mut(id) else {
                return;
            };
            let Some(feedback) = viewer.open.open_rtcp(datagram).and_then(rtcp::parse) else {
                shared.counters.srtcp_rejected.fetch_add(1, Relaxed);
                return;
            };
            viewer.stats.set_heard(now);
            for item in feedback {
                match item {
                    Feedback::Nack { ssrc, pairs } => {
                        let resent = viewer.resend(rings, ssrc, &pairs, now, batch);
                        shared.counters.retransmissions.fetch_add(resent, Relaxed);
                    }
                    Feedback::KeyframeRequest { .. } => shared.put_event(Event::Keyframe(*id)),
                    Feedback::Remb(bps) => shared.put_event(Event::Estimate(*id, bps)),
                    Feedback::Goodbye => shared.put_event(Event::Left(*id)),
                    Feedback::Report(report) => viewer.note_report(&report, now),
                }
            }
        });
        self.send_batch();
    }

    // --- time --------------------------------------------------------------------------------

    fn report(&mut self, now: f64) {
        let now_us = (now * 1e6) as i64;
        for viewer in self.viewers.values_mut() {
            let Viewer { tracks, seal, target, .. } = &mut **viewer;
            for track in tracks.iter_mut().filter(|t| now >= t.next_report && t.stream.is_some()) {
                let Some(rtp_time) = track.out.rtp_time_at(&self.rings, now_us) else {
                    continue;
                };
                track.next_report = now + REPORT_EVERY;
                let report = seal.protect_rtcp(rtcp::sender_report(
                    track.out.header.ssrc,
                    ntp(now),
                    rtp_time,
                    track.out.packets as u32,
                    track.out.octets as u32,
                    CNAME,
                ));
                self.batch.packet(target, report.len()).copy_from_slice(&report);
            }
        }
    }
}
