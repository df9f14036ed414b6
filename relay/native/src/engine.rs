//! The edge's I/O thread: owns the socket, the streams and the viewers' transport state.
//!
//! Commands come in through a queue; datagrams that are not SRTCP and events go out through others;
//! counters are atomics that anybody may read. Nothing blocks the thread but waiting for work.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::fanout::{Stream, Viewers};
use crate::net::{wait_readable, Reader, Target, Udp};
use crate::outgoing::{TrackParams, CHASE_EVERY};
use crate::ring::{Kind, Ring};
use crate::rtp::Payloads;
use crate::shared::{Event, Shared, ViewerStats};
use crate::srtp::{Profile, Receiver, Sender};
use crate::track::Track;
use crate::viewer::Viewer;

/// Batches of datagrams that are read before a flush is answered, at the most.
const FLUSH_READS: usize = 128;

/// How an engine sends; what is off is there to be measured against.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether runs of packets go out as one message.
    pub gso: bool,
    /// Whether large frames are spread.
    pub paced: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { gso: true, paced: true }
    }
}

/// What the owner asks for. Times are Unix seconds.
pub enum Command {
    /// Begin a stream; the flag says whether there are frames since a keyframe that can be replayed.
    Open(u32, Kind, Arc<AtomicBool>),
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
    /// Answer once all commands before this one are carried out, what had arrived is read, and all
    /// packets are sent.
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
    batch: Batch<Udp>,
    reader: Reader,
    rings: HashMap<u32, Ring>,
    streams: HashMap<u32, Stream>,
    replayable: HashMap<u32, Arc<AtomicBool>>,
    next_ring: u64,
    paced: bool,
    viewers: Viewers,
    by_address: HashMap<SocketAddr, u32>,
    chasing: Vec<(u32, Kind)>,
    chase_due: Instant,
    flushes: Vec<mpsc::Sender<()>>,
    left: Vec<(u32, u32)>,
}

impl Engine {
    /// An engine for a non-blocking UDP socket, which stays its owner's to close.
    pub fn new(fd: RawFd, options: Options, shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        Self {
            fd,
            shared,
            batch: Batch::new(Udp::new(fd), options.gso),
            reader: Reader::default(),
            rings: HashMap::new(),
            streams: HashMap::new(),
            replayable: HashMap::new(),
            next_ring: 0,
            paced: options.paced,
            viewers: HashMap::new(),
            by_address: HashMap::new(),
            chasing: Vec::new(),
            chase_due: now,
            flushes: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Work in a thread of its own. When it ends by a fault of ours, `Shared::failure` says which:
    /// a viewer's state may be half changed then, and what is sealed with it is not to be trusted.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn spawn(self) -> io::Result<JoinHandle<()>> {
        let shared = Arc::clone(&self.shared);
        std::thread::Builder::new().name("edge-io".into()).spawn(move || {
            guard(&shared, || self.run());
        })
    }

    /// Work until told to stop.
    ///
    /// # Errors
    /// The socket is none any more.
    pub fn run(mut self) -> io::Result<()> {
        while self.obey() {
            let timeout = self.work();
            let [socket, _] = wait_readable([self.fd, self.shared.engine_fd()], timeout)?;
            if socket {
                self.receive();
            }
        }
        self.send_batch();
        Ok(())
    }

    /// Carry out what was asked for; false if that was to stop.
    fn obey(&mut self) -> bool {
        for command in self.shared.take_commands() {
            if matches!(command, Command::Stop) {
                return false;
            }
            self.carry_out(command);
        }
        true
    }

    fn publish_sizes(&self) {
        let sizes = &self.shared.sizes;
        let followers = self.streams.values().map(Stream::places).sum();
        for (size, value) in [
            (&sizes.viewers, self.viewers.len()),
            (&sizes.addresses, self.by_address.len()),
            (&sizes.streams, self.streams.len()),
            (&sizes.followers, followers),
            (&sizes.replays, self.chasing.len()),
        ] {
            size.store(value as u64, Relaxed);
        }
    }

    // --- commands ----------------------------------------------------------------------------

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Open(id, kind, replayable) => self.open(id, kind, replayable),
            Command::Close(id) => self.close(id),
            Command::Push(id, unit) => self.push(id, &unit),
            Command::Add(new) => self.add(&new),
            Command::Move(id, address) => self.move_viewer(id, address),
            Command::Remove(id) => self.remove(id),
            Command::Watch { viewer, stream, at_once, now } => {
                self.watch(viewer, stream, at_once, now);
            }
            Command::Unwatch(id, kind) => self.unwatch(id, kind),
            Command::Replay(id, now) => self.replay(id, now),
            Command::Probe(id, bytes, now) => {
                if let Some(viewer) = self.viewers.get_mut(&id) {
                    viewer.probe(&self.rings, bytes, now, &mut self.batch);
                }
            }
            Command::Tick(now) => {
                for viewer in self.viewers.values_mut() {
                    viewer.report(&self.rings, now, &mut self.batch);
                }
            }
            Command::Flush(answer) => {
                for _ in 0..FLUSH_READS {
                    if self.receive() == 0 {
                        break;
                    }
                }
                self.flushes.push(answer);
            }
            Command::Stop => {}
        }
        self.take_leave();
    }

    fn open(&mut self, id: u32, kind: Kind, replayable: Arc<AtomicBool>) {
        self.close(id);
        self.next_ring += 1;
        self.rings.insert(id, Ring::new(self.next_ring, kind, self.paced));
        self.streams.insert(id, Stream::new(id, self.next_ring, kind));
        self.replayable.insert(id, replayable);
    }

    fn close(&mut self, id: u32) {
        self.replayable.remove(&id);
        let (Some(ring), Some(stream)) = (self.rings.remove(&id), self.streams.remove(&id)) else {
            return;
        };
        for follower in stream.followers() {
            let viewer = self.viewers.get_mut(&follower);
            let track = viewer.and_then(|viewer| viewer.track(ring.kind, &mut self.batch));
            if let Some((track, mut outlet)) = track {
                track.forget(id, &mut outlet);
            }
        }
    }

    fn push(&mut self, id: u32, unit: &Unit) {
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
        if let Some(flag) = self.replayable.get(&id) {
            flag.store(ring.gop().is_some(), Relaxed);
        }
        if !stream.push(frame, unit.keyframe, Instant::now()) {
            self.shared.counters.frames_dropped.fetch_add(1, Relaxed);
            self.shared.put_event(Event::Behind(id));
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
        self.shared.forget_events(id);
        self.unwatch(id, Kind::Audio);
        self.unwatch(id, Kind::Video);
        let Some(mut viewer) = self.viewers.remove(&id) else {
            return;
        };
        viewer.dismiss(&mut self.batch);
        self.forget_address(id, viewer.target.address);
    }

    fn unwatch(&mut self, id: u32, kind: Kind) {
        let viewer = self.viewers.get_mut(&id);
        if let Some((track, mut outlet)) = viewer.and_then(|v| v.track(kind, &mut self.batch)) {
            let left = track.fall_silent(&mut outlet);
            track.out.let_go();
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
        let Some((track, mut outlet)) = viewer.track(ring.kind, &mut self.batch) else {
            return;
        };
        let pending = track.next_stream.replace(stream_id);
        if pending != track.stream() {
            self.left.extend(pending.filter(|old| *old != stream_id).map(|old| (old, id)));
        }
        stream.add(id);
        if at_once && ring.gop().is_some() {
            let left = track.follow(stream_id, &mut outlet);
            self.left.extend(left.map(|old| (old, id)));
            self.begin_chase(id, stream_id, now);
        }
    }

    fn replay(&mut self, id: u32, now: f64) {
        let viewer = self.viewers.get_mut(&id);
        let Some((track, _)) = viewer.and_then(|v| v.track(Kind::Video, &mut self.batch)) else {
            return;
        };
        if let Some(stream) = track.stream().filter(|_| !track.is_chasing()) {
            self.begin_chase(id, stream, now);
        }
    }

    fn begin_chase(&mut self, id: u32, stream: u32, now: f64) {
        let (Some(viewer), Some(ring)) = (self.viewers.get_mut(&id), self.rings.get(&stream))
        else {
            return;
        };
        let Some((track, mut outlet)) = viewer.track(ring.kind, &mut self.batch) else {
            return;
        };
        if track.begin_chase(stream, ring, now, &mut outlet) {
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
            if self.shared.has_commands() {
                // A frame of sound does not wait for a picture's last viewer.
                return Some(Duration::ZERO);
            }
        }
        self.serve_chases();
        self.send_batch();
        let due = self.streams.values().filter_map(Stream::due).min();
        let chase = (!self.chasing.is_empty()).then_some(self.chase_due);
        if due.is_none() && chase.is_none() {
            self.publish_sizes();
            for answer in self.flushes.drain(..) {
                let _ = answer.send(());
            }
        }
        let next = [due, chase].into_iter().flatten().min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn send_batch(&mut self) {
        self.batch.flush();
        let media = std::mem::take(&mut self.batch.media);
        self.shared.counters.add_sent(self.batch.take_sent(), media);
        for address in self.batch.take_refused() {
            let viewer = self.by_address.get(&address).and_then(|id| self.viewers.get_mut(id));
            if let Some(viewer) = viewer {
                viewer.target.gso = false;
            }
        }
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
        self.chase_due = now + Duration::from_secs_f64(CHASE_EVERY);
        self.chasing.retain(|(id, kind)| {
            let Some(viewer) = self.viewers.get_mut(id) else {
                return false;
            };
            let track = viewer.tracks.iter().find(|track| track.out.kind == *kind);
            let stream = track.and_then(Track::stream);
            let Some(ring) = stream.and_then(|stream| self.rings.get(&stream)) else {
                return false;
            };
            viewer.chase(*kind, ring, &mut self.batch)
        });
    }

    // --- in ----------------------------------------------------------------------------------

    /// Read a batch of datagrams; returns how many they were.
    fn receive(&mut self) -> usize {
        let Self { reader, viewers, by_address, rings, batch, shared, .. } = self;
        let count = reader.read(self.fd, |datagram, from| {
            if datagram.first().is_none_or(|byte| !(128..192).contains(byte)) {
                shared.put_datagram(datagram, from);
                return;
            }
            let viewer = by_address.get(&from).and_then(|id| Some((id, viewers.get_mut(id)?)));
            let Some((id, viewer)) = viewer else {
                shared.counters.strays.fetch_add(1, Relaxed);
                return;
            };
            viewer.hear(*id, datagram, rings, shared, batch);
        });
        self.send_batch();
        count
    }
}

/// Do the thread's work, and tell if it fails or panics.
fn guard(shared: &Shared, work: impl FnOnce() -> io::Result<()>) {
    // Nothing of the engine is used after a panic.
    let reason = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            format!("panic: {}", text.unwrap_or("of an unknown kind"))
        }
    };
    shared.fail(reason);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::wait_readable;

    #[test]
    fn a_panic_is_told_and_wakes_the_owner() {
        let shared = Shared::new().unwrap();
        guard(&shared, || Ok(()));
        assert_eq!(shared.failure(), None);
        guard(&shared, || panic!("packet {}", 7));
        assert_eq!(shared.failure().as_deref(), Some("panic: packet 7"));
        let ready = wait_readable([shared.owner_fd(), -1], Some(Duration::from_secs(5)));
        assert!(ready.unwrap()[0]);
        guard(&shared, || Err(io::Error::other("gone")));
        assert_eq!(shared.failure().as_deref(), Some("gone"));
    }
}
