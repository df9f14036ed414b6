//! What the engine's thread and its owner share: queues with bounds, counters, and two wake-ups.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::batch::Sent;
use crate::bell::Bell;
use crate::command::Command;
use crate::fanout::Served;

/// Datagrams that wait for the owner at the most; more are dropped and counted.
const MAX_INBOX: usize = 4096;
/// Commands that may wait for the engine before units are dropped and counted.
const MAX_COMMANDS: usize = 16_384;
/// What the owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A viewer cannot decode what it gets.
    Keyframe(u32),
    /// A viewer has told how its picture arrives, or how much it can receive, bits a second.
    Report(u32, Option<u64>),
    /// A viewer has said goodbye.
    Left(u32),
    /// Frames of a stream were dropped: all its viewers wait for a keyframe.
    Behind(u32),
}

impl Event {
    /// Whom or what it is about, and its kind.
    fn key(self) -> (u32, u8) {
        match self {
            Self::Keyframe(viewer) => (viewer, 0),
            Self::Report(viewer, _) => (viewer, 1),
            Self::Left(viewer) => (viewer, 2),
            Self::Behind(stream) => (stream, 3),
        }
    }
}

/// Totals since the start.
#[derive(Default)]
pub struct Counters {
    /// SRTP packets given to the socket, retransmissions aside.
    pub packets_sent: AtomicU64,
    /// Bytes of them.
    pub bytes_sent: AtomicU64,
    /// Datagrams that it did not take.
    pub send_failures: AtomicU64,
    /// Those of them for which the socket had no room.
    pub socket_full: AtomicU64,
    /// SRTCP that was not authentic, repeated, or malformed.
    pub srtcp_rejected: AtomicU64,
    /// SRTP and SRTCP from addresses of no viewer.
    pub strays: AtomicU64,
    /// Packets sent again.
    pub retransmissions: AtomicU64,
    /// Frames of pictures that all who follow them were sent.
    pub frames_served: AtomicU64,
    /// Those of them that were so late that they kept the next ones waiting.
    pub frames_late: AtomicU64,
    /// Frames that were dropped because the thread was behind.
    pub frames_dropped: AtomicU64,
    /// Datagrams that found the inbox full.
    pub inbox_dropped: AtomicU64,
}

impl Counters {
    /// Count what became of a batch with so many packets and bytes of media in it.
    pub fn add_sent(&self, sent: Sent, media: (u64, u64)) {
        self.packets_sent.fetch_add(media.0, Relaxed);
        self.bytes_sent.fetch_add(media.1, Relaxed);
        self.send_failures.fetch_add(sent.failed, Relaxed);
        self.socket_full.fetch_add(sent.full, Relaxed);
    }

    /// Count frames of pictures.
    pub fn add_served(&self, served: Served) {
        if served.frames > 0 {
            self.frames_served.fetch_add(served.frames, Relaxed);
            self.frames_late.fetch_add(served.late, Relaxed);
        }
    }

    /// All of them by name.
    pub fn snapshot(&self) -> [(&'static str, u64); 11] {
        [
            ("packets_sent", &self.packets_sent),
            ("bytes_sent", &self.bytes_sent),
            ("send_failures", &self.send_failures),
            ("socket_full", &self.socket_full),
            ("srtcp_rejected", &self.srtcp_rejected),
            ("strays", &self.strays),
            ("retransmissions", &self.retransmissions),
            ("frames_served", &self.frames_served),
            ("frames_late", &self.frames_late),
            ("frames_dropped", &self.frames_dropped),
            ("inbox_dropped", &self.inbox_dropped),
        ]
        .map(|(name, counter)| (name, counter.load(Relaxed)))
    }
}

/// How much the engine keeps in mind.
#[derive(Default)]
pub struct Sizes {
    /// Viewers.
    pub viewers: AtomicU64,
    /// Addresses of viewers.
    pub addresses: AtomicU64,
    /// Streams.
    pub streams: AtomicU64,
    /// Viewers' places in streams that they follow or wait for.
    pub followers: AtomicU64,
    /// Replays under way.
    pub replays: AtomicU64,
}

impl Sizes {
    /// All of them by name.
    pub fn snapshot(&self) -> [(&'static str, u64); 5] {
        [
            ("viewers", &self.viewers),
            ("addresses", &self.addresses),
            ("streams", &self.streams),
            ("followers", &self.followers),
            ("replays", &self.replays),
        ]
        .map(|(name, size)| (name, size.load(Relaxed)))
    }
}

/// One viewer's counters; written by the engine, read by anybody.
#[derive(Default)]
pub struct ViewerStats {
    /// Packets sent, retransmissions aside.
    pub packets: AtomicU64,
    /// Bytes of RTP payload in them.
    pub octets: AtomicU64,
    /// Sequence number that the picture's next packet takes, with the count of its wraps.
    pub next_sequence: AtomicU64,
    /// Packets that the viewer asked for again.
    pub requested: AtomicU64,
    /// Packets that were sent again.
    pub resent: AtomicU64,
    /// Highest sequence number of the picture that has come, by the last report; 0 before it.
    pub highest: AtomicU32,
    /// Packets of the picture that were lost, by that report.
    pub lost: AtomicI32,
    /// Interarrival jitter of the picture by that report, in its clock.
    pub jitter: AtomicU32,
    /// As `highest`, of the sound.
    pub sound_highest: AtomicU32,
    /// As `lost`, of the sound.
    pub sound_lost: AtomicI32,
    /// Round trip in 1/65536 s by the last report, plus one; 0 before it.
    pub rtt: AtomicU64,
    /// The stream whose pictures it follows, plus one; 0 for none.
    pub video: AtomicU64,
    heard: AtomicU64,
    /// Milliseconds of the engine's clock, plus one; 0 before it.
    checked: AtomicU64,
}

impl ViewerStats {
    /// When the last authentic SRTCP came, Unix seconds; 0 before it.
    pub fn heard(&self) -> f64 {
        f64::from_bits(self.heard.load(Relaxed))
    }

    /// Round trip by the last report, in seconds.
    pub fn rtt_s(&self) -> Option<f64> {
        self.rtt.load(Relaxed).checked_sub(1).map(|trip| trip as f64 / 65_536.0)
    }

    /// When a consent check was answered last, by the engine's clock.
    pub fn checked(&self) -> Option<Duration> {
        self.checked.load(Relaxed).checked_sub(1).map(Duration::from_millis)
    }

    /// Note that a consent check was answered.
    pub fn set_checked(&self, at: Duration) {
        self.checked.store(at.as_millis() as u64 + 1, Relaxed);
    }

    /// Note that authentic SRTCP came.
    pub fn set_heard(&self, now: f64) {
        self.heard.store(now.to_bits(), Relaxed);
    }
}

/// See the module.
pub struct Shared {
    /// Totals.
    pub counters: Counters,
    /// What is there at the moment.
    pub sizes: Sizes,
    commands: Mutex<Vec<Command>>,
    inbox: Mutex<VecDeque<(Vec<u8>, SocketAddr)>>,
    events: Mutex<BTreeMap<(u32, u8), Event>>,
    clock: Clock,
    failure: Mutex<Option<String>>,
    to_engine: Bell,
    to_owner: Bell,
}

impl Shared {
    /// Empty queues.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            counters: Counters::default(),
            sizes: Sizes::default(),
            commands: Mutex::default(),
            inbox: Mutex::default(),
            events: Mutex::default(),
            clock: Clock::new(),
            failure: Mutex::default(),
            to_engine: Bell::new()?,
            to_owner: Bell::new()?,
        })
    }

    /// Becomes readable when commands wait for the engine.
    pub fn engine_fd(&self) -> RawFd {
        self.to_engine.fd()
    }

    /// Becomes readable when datagrams wait for the owner.
    pub fn owner_fd(&self) -> RawFd {
        self.to_owner.fd()
    }

    /// Give the engine something to do.
    pub fn put_command(&self, command: Command) {
        let mut commands = lock(&self.commands);
        if let (Command::Push(stream, _), true) = (&command, commands.len() >= MAX_COMMANDS) {
            self.counters.frames_dropped.fetch_add(1, Relaxed);
            self.put_event(Event::Behind(*stream));
            return;
        }
        commands.push(command);
        drop(commands);
        self.to_engine.ring();
    }

    /// What the engine is to do, in order.
    pub fn take_commands(&self) -> Vec<Command> {
        self.to_engine.clear();
        std::mem::take(&mut *lock(&self.commands))
    }

    /// Whether the engine has something to do.
    pub fn has_commands(&self) -> bool {
        self.to_engine.is_rung()
    }

    /// Hand a datagram to the owner.
    pub fn put_datagram(&self, datagram: &[u8], from: SocketAddr) {
        let mut inbox = lock(&self.inbox);
        if inbox.len() >= MAX_INBOX {
            self.counters.inbox_dropped.fetch_add(1, Relaxed);
            return;
        }
        inbox.push_back((datagram.to_vec(), from));
        drop(inbox);
        self.to_owner.ring();
    }

    /// Up to `most` datagrams for the owner.
    pub fn take_datagrams(&self, most: usize) -> Vec<(Vec<u8>, SocketAddr)> {
        self.to_owner.clear();
        let mut inbox = lock(&self.inbox);
        let count = inbox.len().min(most);
        let taken = inbox.drain(..count).collect();
        if !inbox.is_empty() {
            self.to_owner.ring();
        }
        taken
    }

    /// Tell the owner; of what a viewer says the last of each kind counts until it is taken, and of
    /// its reports the last that has an estimate.
    pub fn put_event(&self, event: Event) {
        let mut events = lock(&self.events);
        match event {
            Event::Report(_, None) => {
                events.entry(event.key()).or_insert(event);
            }
            _ => {
                events.insert(event.key(), event);
            }
        }
    }

    /// What the owner was told, by viewer.
    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut *lock(&self.events)).into_values().collect()
    }

    /// Forget what a viewer has said.
    pub fn forget_events(&self, viewer: u32) {
        let mut events = lock(&self.events);
        for kind in 0..3 {
            events.remove(&(viewer, kind));
        }
    }

    /// Take note of the time, Unix seconds.
    pub fn set_now(&self, now: f64) {
        self.clock.set(now);
    }

    /// Unix time: what the owner told last, and the time since.
    pub fn now(&self) -> f64 {
        self.clock.now()
    }

    /// Time since the beginning: the engine's clock, which no one sets.
    pub fn elapsed(&self) -> Duration {
        self.clock.began.elapsed()
    }

    /// The engine ends because of a fault of ours; nothing is asked of it any more.
    pub fn fail(&self, reason: String) {
        *lock(&self.failure) = Some(reason);
        self.to_owner.ring();
    }

    /// Why the engine has ended, if it was a fault.
    pub fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }
}

/// Unix time as its owner tells it, which runs on by itself in between.
struct Clock {
    began: Instant,
    /// Unix seconds at `began`, as bits.
    offset: AtomicU64,
}

impl Clock {
    fn new() -> Self {
        Self { began: Instant::now(), offset: AtomicU64::new(0) }
    }

    fn set(&self, now: f64) {
        let offset = now - self.began.elapsed().as_secs_f64();
        self.offset.store(offset.to_bits(), Relaxed);
    }

    fn now(&self) -> f64 {
        f64::from_bits(self.offset.load(Relaxed)) + self.began.elapsed().as_secs_f64()
    }
}

/// Locks are held for a few instructions only, none of which can panic.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inbox_is_bounded_and_rings_until_it_is_empty() {
        let shared = Shared::new().unwrap();
        let from = "127.0.0.1:9".parse().unwrap();
        for _ in 0..=MAX_INBOX {
            shared.put_datagram(b"x", from);
        }
        assert_eq!(shared.counters.inbox_dropped.load(Relaxed), 1);
        assert_eq!(shared.take_datagrams(4000).len(), 4000);
        assert!(shared.to_owner.is_rung(), "there is more");
        assert_eq!(shared.take_datagrams(4000).len(), 96);
        assert!(!shared.to_owner.is_rung());
    }

    #[test]
    fn of_events_the_last_of_each_kind_counts() {
        let shared = Shared::new().unwrap();
        for bps in 0..1000 {
            shared.put_event(Event::Report(7, Some(bps)));
            shared.put_event(Event::Report(7, None));
            shared.put_event(Event::Keyframe(7));
            shared.put_event(Event::Keyframe(8));
        }
        shared.forget_events(8);
        assert_eq!(shared.take_events(), [Event::Keyframe(7), Event::Report(7, Some(999))]);
        assert!(shared.take_events().is_empty());
    }
}
