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

use crate::batch::{Batch, Kernel};
use crate::command::Command;
use crate::fanout::Stream;
use crate::net::{wait_readable, Reader, Udp};
use crate::ring::{Kind, Ring};
use crate::rtp::abs_send_time;
use crate::shared::Shared;
use crate::viewers::Viewers;

#[cfg(test)]
mod fuzz;
mod obey;

/// The least time between two looks at all replays.
const CHASE_EVERY: Duration = Duration::from_millis(1);
/// Viewers that are sent some of their replays before other work is looked at.
const CHASE_TURN: usize = 64;

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

/// A viewer's replay, and when there is more of it to send.
struct Chaser {
    viewer: u32,
    kind: Kind,
    due: Instant,
}

/// See the module.
pub struct Engine<K = Udp> {
    fd: RawFd,
    shared: Arc<Shared>,
    batch: Batch<K>,
    reader: Reader,
    rings: HashMap<u32, Ring>,
    streams: HashMap<u32, Stream>,
    replayable: HashMap<u32, Arc<AtomicBool>>,
    next_ring: u64,
    paced: bool,
    viewers: Viewers,
    by_address: HashMap<SocketAddr, u32>,
    chasing: Vec<Chaser>,
    /// When to look at them.
    chase_due: Instant,
    chase_began: Instant,
    chase_next: usize,
    flushes: Vec<mpsc::Sender<()>>,
    left: Vec<(u32, u32)>,
}

impl Engine {
    /// An engine for a non-blocking UDP socket, which stays its owner's to close.
    pub fn new(fd: RawFd, options: Options, shared: Arc<Shared>) -> Self {
        Self::with_kernel(fd, Udp::new(fd), options, shared)
    }
}

impl<K: Kernel + Send + 'static> Engine<K> {
    /// An engine that reads from a socket and sends by `kernel`.
    fn with_kernel(fd: RawFd, kernel: K, options: Options, shared: Arc<Shared>) -> Self {
        let now = Instant::now();
        Self {
            fd,
            shared,
            batch: Batch::new(kernel, options.gso),
            reader: Reader::default(),
            rings: HashMap::new(),
            streams: HashMap::new(),
            replayable: HashMap::new(),
            next_ring: 0,
            paced: options.paced,
            viewers: Viewers::default(),
            by_address: HashMap::new(),
            chasing: Vec::new(),
            chase_due: now,
            chase_began: now,
            chase_next: 0,
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
            let viewer = self.by_address.get(&address).and_then(|id| self.viewers.get_mut(*id));
            if let Some(viewer) = viewer {
                viewer.target.gso = false;
            }
        }
    }

    /// Give each stream a turn, sound before pictures; whether there was anything to do.
    fn serve_streams(&mut self) -> bool {
        let mut busy = false;
        for kind in [Kind::Audio, Kind::Video] {
            for stream in self.streams.values_mut().filter(|stream| stream.kind() == kind) {
                self.batch.stamp = abs_send_time(self.shared.now());
                let now = Instant::now();
                busy |= stream.serve(now, &mut self.viewers, &mut self.batch, &mut self.left);
                if kind == Kind::Video {
                    self.shared.counters.add_served(stream.take_served());
                }
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
        if self.chase_next == 0 {
            self.chase_began = now;
        }
        self.batch.stamp = abs_send_time(self.shared.now());
        // A crowd of joiners is served a part at a time: frames that come meanwhile do not wait.
        let mut turns = CHASE_TURN;
        while turns > 0 && self.chase_next < self.chasing.len() {
            let Chaser { viewer, kind, due } = self.chasing[self.chase_next];
            if due > now {
                self.chase_next += 1;
                continue;
            }
            turns -= 1;
            if let Some(due) = self.chase(viewer, kind, now) {
                self.chasing[self.chase_next].due = due;
                self.chase_next += 1;
            } else {
                self.chasing.remove(self.chase_next);
            }
        }
        if self.chase_next >= self.chasing.len() {
            self.chase_next = 0;
            let due = self.chasing.iter().map(|chaser| chaser.due).min();
            self.chase_due = due.unwrap_or(now).max(self.chase_began + CHASE_EVERY);
        }
        self.take_leave();
    }

    /// Send a viewer what is due of its replay; when there will be more.
    fn chase(&mut self, id: u32, kind: Kind, now: Instant) -> Option<Instant> {
        let viewer = self.viewers.get_mut(id)?;
        let stream = viewer.follows(kind)?;
        let due = viewer.chase(self.rings.get(&stream)?, now, &mut self.batch);
        if let Some((track, _)) = viewer.track(kind, &mut self.batch) {
            // The ring went on without it while it waited for another stream.
            if ![track.stream(), track.next_stream].contains(&Some(stream)) {
                self.left.push((stream, id));
            }
        }
        due
    }

    // --- in ----------------------------------------------------------------------------------

    /// Read a batch of datagrams; returns how many they were.
    fn receive(&mut self) -> usize {
        let Self { reader, viewers, by_address, rings, batch, shared, .. } = self;
        let count = reader.read(self.fd, |datagram, from| {
            let first = datagram.first().copied().unwrap_or(u8::MAX);
            let id = by_address.get(&from).copied();
            let viewer = id.and_then(|id| Some((id, viewers.get_mut(id)?)));
            // RFC 7983: SRTCP, STUN, and all else.
            match (first, viewer) {
                (128..192, Some((id, viewer))) => viewer.hear(id, datagram, rings, shared, batch),
                (128..192, None) => {
                    shared.counters.strays.fetch_add(1, Relaxed);
                }
                (0..4, Some((_, viewer))) => {
                    if !viewer.answer(datagram, shared.elapsed(), batch) {
                        shared.put_datagram(datagram, from);
                    }
                }
                _ => shared.put_datagram(datagram, from),
            }
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
mod tests;
