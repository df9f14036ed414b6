//! How an engine carries out what it is asked for.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Instant;

use super::{Chaser, Engine};
use crate::batch::Kernel;
use crate::command::{Command, NewViewer, Unit};
use crate::fanout::Stream;
use crate::net::Target;
use crate::ring::{Kind, Ring};
use crate::rtp::{abs_send_time, Payloads};
use crate::shared::Event;
use crate::srtp::{Receiver, Sender};
use crate::viewer::Viewer;

/// Batches of datagrams that are read before a flush is answered, at the most.
const FLUSH_READS: usize = 128;

impl<K: Kernel + Send + 'static> Engine<K> {
    pub(super) fn carry_out(&mut self, command: Command) {
        // What a track was in the middle of is sent when it leaves its stream.
        self.batch.stamp = abs_send_time(self.shared.now());
        match command {
            Command::Open(id, kind, replayable) => self.open(id, kind, replayable),
            Command::Close(id) => self.close(id),
            Command::Push(id, unit) => self.push(id, &unit),
            Command::Add(new) => self.add(&new),
            Command::Move(id, address) => self.move_viewer(id, address),
            Command::Answer(id, consent) => {
                if let Some(viewer) = self.viewers.get_mut(id) {
                    viewer.consent = Some(Box::new(consent));
                }
            }
            Command::Remove(id) => self.remove(id),
            Command::Watch { viewer, stream, at_once, now } => {
                self.watch(viewer, stream, at_once, now);
            }
            Command::Unwatch(id, kind) => self.unwatch(id, kind),
            Command::Replay(id, now) => self.replay(id, now),
            Command::Probe(id, bytes, now) => {
                if let Some(viewer) = self.viewers.get_mut(id) {
                    viewer.probe(&self.rings, bytes, now, &mut self.batch);
                }
            }
            Command::Tick(now) => {
                for viewer in self.viewers.iter_mut() {
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
            let viewer = self.viewers.get_mut(follower);
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
        let dropped = stream.push(frame, unit.keyframe, Instant::now());
        self.shared.counters.frames_dropped.fetch_add(dropped.unwrap_or(1), Relaxed);
        if dropped.is_none() {
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
        self.viewers.insert(new.id, viewer);
    }

    fn move_viewer(&mut self, id: u32, address: SocketAddr) {
        let Some(viewer) = self.viewers.get_mut(id) else {
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
        let Some(mut viewer) = self.viewers.remove(id) else {
            return;
        };
        viewer.dismiss(&mut self.batch);
        self.forget_address(id, viewer.target.address);
    }

    fn unwatch(&mut self, id: u32, kind: Kind) {
        let viewer = self.viewers.get_mut(id);
        if let Some((track, mut outlet)) = viewer.and_then(|v| v.track(kind, &mut self.batch)) {
            let left = track.fall_silent(&mut outlet);
            track.out.let_go();
            self.left.extend(left.into_iter().flatten().map(|stream| (stream, id)));
        }
    }

    fn watch(&mut self, id: u32, stream_id: u32, at_once: bool, now: f64) {
        let (Some(ring), Some(stream)) =
            (self.rings.get(&stream_id), self.streams.get_mut(&stream_id))
        else {
            return;
        };
        let Some(place) = self.viewers.place(id) else {
            return;
        };
        let Some(viewer) = self.viewers.at(place) else {
            return;
        };
        let Some((track, mut outlet)) = viewer.track(ring.kind, &mut self.batch) else {
            return;
        };
        let pending = track.next_stream.replace(stream_id);
        if pending != track.stream() {
            self.left.extend(pending.filter(|old| *old != stream_id).map(|old| (old, id)));
        }
        stream.add(id, place);
        if at_once && ring.gop().is_some() {
            let left = track.follow(stream_id, &mut outlet);
            self.left.extend(left.map(|old| (old, id)));
            self.begin_chase(id, stream_id, now);
        }
    }

    fn replay(&mut self, id: u32, now: f64) {
        let viewer = self.viewers.get_mut(id);
        let Some((track, _)) = viewer.and_then(|v| v.track(Kind::Video, &mut self.batch)) else {
            return;
        };
        if let Some(stream) = track.stream().filter(|_| !track.is_chasing()) {
            self.begin_chase(id, stream, now);
        }
    }

    fn begin_chase(&mut self, id: u32, stream: u32, now: f64) {
        let (Some(viewer), Some(ring)) = (self.viewers.get_mut(id), self.rings.get(&stream)) else {
            return;
        };
        let due = Instant::now();
        if !viewer.begin_chase(stream, ring, (now, due), &mut self.batch) {
            return;
        }
        let kind = ring.kind;
        match self.chasing.iter_mut().find(|known| (known.viewer, known.kind) == (id, kind)) {
            Some(known) => known.due = due,
            None => self.chasing.push(Chaser { viewer: id, kind, due }),
        }
        self.chase_due = self.chase_due.min(due);
    }

    /// Take viewers out of the streams that they have left.
    pub(super) fn take_leave(&mut self) {
        for (stream, viewer) in self.left.drain(..) {
            if let Some(stream) = self.streams.get_mut(&stream) {
                stream.remove(viewer);
            }
        }
    }
}
