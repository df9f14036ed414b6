//! An engine's commands and datagrams in any order, with several viewers and streams: what it keeps
//! in mind agrees with itself after each, and nothing is left at the end.

use std::collections::{HashMap, HashSet};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::command::{NewViewer, Unit};
use crate::fuzz::{fuzz, NAME, PASSWORD, PROFILES};
use crate::srtp::Sender;
use crate::stun::tests::check;
use crate::stun::Consent;
use crate::testing::params;
use step::{step, Step};

mod step;

/// Numbers that viewers may have, and addresses that they may be at.
const VIEWERS: u32 = 3;
const SEATS: usize = 3;
/// Numbers that streams may have.
const STREAMS: u32 = 3;
/// A packet of so many bytes is not put together with another one.
const ALONE: usize = 600;
/// Packets that push all others out of a ring.
const FLOOD: usize = 8200;

/// What somebody who gives an engine commands knows of it.
struct Scene {
    engine: Engine,
    socket: UdpSocket,
    seats: [UdpSocket; SEATS],
    /// Each viewer's way to seal what it says, and where it sits.
    viewers: HashMap<u32, (Sender, usize)>,
    /// Whose each seat is: the viewer's that came to it last.
    held: HashMap<usize, u32>,
    /// Each stream's kind and last time stamp.
    streams: HashMap<u32, (Kind, i64)>,
    now: f64,
    steps: u32,
}

fn kind(sound: bool) -> Kind {
    if sound {
        Kind::Audio
    } else {
        Kind::Video
    }
}

/// The SSRC of a viewer's track.
fn ssrc(viewer: u32, kind: Kind) -> u32 {
    100 * (viewer + 1) + 10 * kind as u32
}

impl Scene {
    fn new(options: Options) -> Self {
        let bind = || UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let socket = bind();
        socket.set_nonblocking(true).expect("non-blocking");
        let shared = Arc::new(Shared::new().expect("descriptors"));
        Self {
            engine: Engine::new(socket.as_raw_fd(), options, shared),
            socket,
            seats: std::array::from_fn(|_| bind()),
            viewers: HashMap::new(),
            held: HashMap::new(),
            streams: HashMap::new(),
            now: 1.79e9,
            steps: 0,
        }
    }

    fn take(&mut self, step: Step) {
        self.steps += 1;
        self.now += 0.01;
        self.engine.shared.set_now(self.now);
        let now = self.now;
        match step {
            Step::Open(id, sound) => {
                self.streams.insert(id, (kind(sound), 162_000_000_000_000));
                self.ask(Command::Open(id, kind(sound), Arc::default()));
            }
            Step::Close(id) => {
                self.streams.remove(&id);
                self.ask(Command::Close(id));
            }
            Step::Push { stream, units, keyframe, ticks } => {
                self.push(stream, units, keyframe, ticks);
            }
            Step::Flood(stream) => self.push(stream, FLOOD, false, 90),
            Step::Jump(stream, pts) => {
                if let Some((_, last)) = self.streams.get_mut(&stream) {
                    *last = pts;
                }
            }
            Step::Add { viewer, seat, sound, picture, rtx } => {
                // Numbers are given out once, as far as those who have them are still there.
                if !self.viewers.contains_key(&viewer) {
                    self.add(viewer, seat, sound, picture, rtx);
                }
            }
            Step::Move(id, seat) => {
                if let Some((_, sits)) = self.viewers.get_mut(&id) {
                    *sits = seat;
                    self.held.retain(|_, holder| *holder != id);
                    self.held.insert(seat, id);
                }
                let address = self.seats[seat].local_addr().expect("bound");
                self.ask(Command::Move(id, address));
            }
            Step::Remove(id) => {
                self.viewers.remove(&id);
                self.held.retain(|_, holder| *holder != id);
                self.ask(Command::Remove(id));
            }
            Step::Watch(viewer, stream, at_once) => {
                self.ask(Command::Watch { viewer, stream, at_once, now });
            }
            Step::Unwatch(id, sound) => self.ask(Command::Unwatch(id, kind(sound))),
            Step::Replay(id) => self.ask(Command::Replay(id, now)),
            Step::Probe(id, size) => self.ask(Command::Probe(id, size, now)),
            Step::Tick(later) => self.ask(Command::Tick(now + later)),
            Step::Nack(id, back, mask) => self.nack(id, back, mask),
            Step::Hear(id, rtcp) => self.say(id, rtcp),
            Step::Noise(seat, noise) => self.send(seat, &noise),
            Step::Answer(id) => self.ask(Command::Answer(id, Consent::new(NAME, PASSWORD))),
            Step::Check(seat, right) => {
                self.send(seat, &check(NAME, if right { PASSWORD } else { b"another" }));
            }
            Step::Work => {
                self.engine.work();
            }
            Step::Settle => self.settle(),
        }
        self.engine.shared.take_datagrams(64);
    }

    fn ask(&mut self, command: Command) {
        self.engine.shared.put_command(command);
        assert!(self.engine.obey());
    }

    fn push(&mut self, stream: u32, units: usize, keyframe: bool, ticks: i64) {
        let Some((kind, pts)) = self.streams.get_mut(&stream) else {
            return;
        };
        *pts += ticks;
        let payload = match kind {
            Kind::Audio => vec![self.steps as u8; units],
            Kind::Video => {
                let mut unit = vec![0, 0, 1, if keyframe { 0x65 } else { 0x41 }];
                unit.resize(ALONE, self.steps as u8 | 1);
                unit.repeat(units)
            }
        };
        let keyframe = keyframe || *kind == Kind::Audio;
        let unit = Unit { payload, pts: *pts, captured_us: 0, keyframe, now: self.now };
        self.ask(Command::Push(stream, unit));
    }

    fn add(&mut self, viewer: u32, seat: usize, sound: bool, picture: bool, rtx: bool) {
        let profile = PROFILES[self.steps as usize % PROFILES.len()];
        let mut master = vec![viewer as u8; profile.master_size()];
        master[..4].copy_from_slice(&self.steps.to_be_bytes());
        let tracks = [(sound, Kind::Audio), (picture, Kind::Video)]
            .into_iter()
            .filter(|(wanted, _)| *wanted)
            .map(|(_, kind)| params(kind, ssrc(viewer, kind), rtx.then_some(97)))
            .collect();
        self.viewers.insert(viewer, (Sender::new(profile, &master), seat));
        self.held.insert(seat, viewer);
        self.ask(Command::Add(Box::new(NewViewer {
            id: viewer,
            address: self.seats[seat].local_addr().expect("bound"),
            profile,
            send_key: master.clone(),
            receive_key: master,
            tracks,
            stats: Arc::default(),
        })));
    }

    fn nack(&mut self, id: u32, back: u16, mask: u16) {
        let Some(viewer) = self.engine.viewers.get_mut(id) else {
            return;
        };
        let track = viewer.track(Kind::Video, &mut self.engine.batch);
        let sent = track.map_or(0, |(track, _)| track.out.packets as u16);
        let first = 65_500u16.wrapping_add(sent).wrapping_sub(back);
        let mut nack = vec![0x81, 205, 0, 3, 0, 0, 0, 1];
        nack.extend_from_slice(&ssrc(id, Kind::Video).to_be_bytes());
        nack.extend_from_slice(&first.to_be_bytes());
        nack.extend_from_slice(&mask.to_be_bytes());
        self.say(id, nack);
    }

    /// Let a viewer say something, from where it sits.
    fn say(&mut self, id: u32, rtcp: Vec<u8>) {
        if let Some((says, seat)) = self.viewers.get_mut(&id) {
            let (sealed, seat) = (says.protect_rtcp(rtcp), *seat);
            self.send(seat, &sealed);
        }
    }

    fn send(&mut self, seat: usize, datagram: &[u8]) {
        let to = self.socket.local_addr().expect("bound");
        let _ = self.seats[seat].send_to(datagram, to);
        self.engine.receive();
    }

    /// Work until there is nothing left to do.
    fn settle(&mut self) {
        let (answer, done) = mpsc::channel();
        self.ask(Command::Flush(answer));
        let began = Instant::now();
        while self.engine.work().is_some() {
            self.finish_replays();
            assert!(began.elapsed() < Duration::from_secs(300), "never done");
        }
        assert!(done.try_recv().is_ok(), "a flush without an answer");
    }

    /// Replays keep to a pace; nobody waits for it here.
    fn finish_replays(&mut self) {
        let mut now = Instant::now();
        for Chaser { viewer, kind, .. } in std::mem::take(&mut self.engine.chasing) {
            // One that goes on with a newer keyframe takes its time anew.
            while self.engine.chase(viewer, kind, now).is_some() {
                now += Duration::from_secs(3600);
            }
        }
        self.engine.chase_next = 0;
        self.engine.take_leave();
    }

    /// Who follows and who waits for what, told by streams and told by viewers.
    fn check_followers(&mut self) -> Result<(), TestCaseError> {
        let Engine { viewers, streams, batch, .. } = &mut self.engine;
        let mut told = HashSet::new();
        for (id, stream) in streams.iter() {
            for viewer in stream.followers() {
                prop_assert!(told.insert((viewer, *id)), "twice in a stream");
                prop_assert!(viewers.get_mut(viewer).is_some(), "a follower that is gone");
            }
        }
        for id in 0..VIEWERS {
            let Some(viewer) = viewers.get_mut(id) else { continue };
            for kind in [Kind::Audio, Kind::Video] {
                let Some((track, _)) = viewer.track(kind, batch) else { continue };
                let mine: HashSet<u32> =
                    [track.stream(), track.next_stream].into_iter().flatten().collect();
                for stream in mine {
                    prop_assert_eq!(streams.get(&stream).map(Stream::kind), Some(kind));
                    prop_assert!(told.remove(&(id, stream)), "not in its stream");
                }
            }
        }
        prop_assert!(told.is_empty(), "in streams that they do not follow: {told:?}");
        Ok(())
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        self.check_followers()?;
        let Engine { viewers, by_address, streams, rings, replayable, left, .. } = &mut self.engine;
        prop_assert!(left.is_empty());
        prop_assert_eq!(viewers.len(), self.viewers.len());
        for (id, (_, seat)) in &self.viewers {
            let address = viewers.get_mut(*id).map(|viewer| viewer.target.address);
            prop_assert_eq!(address, self.seats[*seat].local_addr().ok());
        }
        let held: HashMap<usize, u32> = by_address
            .iter()
            .filter_map(|(at, id)| {
                let seat = self.seats.iter().position(|s| s.local_addr().ok() == Some(*at))?;
                Some((seat, *id))
            })
            .collect();
        prop_assert_eq!(&held, &self.held);
        prop_assert_eq!(held.len(), by_address.len());
        prop_assert_eq!(streams.len(), self.streams.len());
        for (id, (kind, _)) in &self.streams {
            prop_assert_eq!(streams.get(id).map(Stream::kind), Some(*kind));
            prop_assert!(rings.contains_key(id) && replayable.contains_key(id));
        }
        prop_assert_eq!((rings.len(), replayable.len()), (streams.len(), streams.len()));
        Ok(())
    }

    /// The same, and that all was sent and told.
    fn check_idle(&mut self) -> Result<(), TestCaseError> {
        self.settle();
        self.check()?;
        let Engine { viewers, streams, batch, shared, by_address, chasing, .. } = &mut self.engine;
        prop_assert!(chasing.is_empty());
        let mut follows = 0;
        for id in 0..VIEWERS {
            let Some(viewer) = viewers.get_mut(id) else { continue };
            for kind in [Kind::Audio, Kind::Video] {
                let Some((track, _)) = viewer.track(kind, batch) else { continue };
                prop_assert!(track.unsent().is_none() && !track.is_chasing());
                let next = track.next_stream.filter(|next| track.stream() != Some(*next));
                follows += u64::from(track.stream().is_some()) + u64::from(next.is_some());
            }
        }
        let sizes =
            [viewers.len() as u64, by_address.len() as u64, streams.len() as u64, follows, 0];
        prop_assert_eq!(shared.sizes.snapshot().map(|(_, size)| size), sizes);
        Ok(())
    }
}

#[test]
fn commands_in_any_order_leave_nothing_behind() {
    let input = (vec(step(), 1..80), any::<bool>(), any::<bool>());
    fuzz("Engine, commands in any order", 1_200, input, |(steps, gso, paced)| {
        let mut scene = Scene::new(Options { gso, paced });
        for step in steps {
            scene.take(step);
            scene.check()?;
        }
        scene.check_idle()?;
        for viewer in 0..VIEWERS {
            scene.take(Step::Remove(viewer));
        }
        scene.check_idle()?;
        for stream in 0..STREAMS {
            scene.take(Step::Close(stream));
        }
        scene.check_idle()?;
        let left = scene.engine.shared.sizes.snapshot();
        prop_assert!(left.iter().all(|(_, size)| *size == 0), "{left:?}");
        Ok(())
    });
}

#[test]
fn a_replay_that_cannot_go_on_leaves_its_stream_to_one_that_is_waited_for() {
    let mut scene = Scene::new(Options::default());
    scene.take(Step::Open(0, false));
    scene.take(Step::Open(2, false));
    scene.take(Step::Add { viewer: 1, seat: 0, sound: false, picture: true, rtx: false });
    scene.take(Step::Push { stream: 0, units: 29, keyframe: true, ticks: 90 });
    scene.take(Step::Settle);
    scene.take(Step::Watch(1, 0, true));
    scene.take(Step::Watch(1, 2, false));
    scene.take(Step::Flood(0));
    scene.check_idle().unwrap();
}
