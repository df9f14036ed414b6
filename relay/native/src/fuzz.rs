//! Whatever comes from outside: made-up bytes, authentic nonsense, and calls in any order.
//!
//! `cargo test` runs a million inputs in all; `RELAY_FUZZ` multiplies that (`make fuzz`).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::batch::Batch;
use crate::command::{Command, NewViewer, Unit};
use crate::engine::{Engine, Options};
use crate::ring::{Kind, Ring};
use crate::rtcp;
use crate::rtp::{Payloads, MAX_PAYLOAD};
use crate::shared::Shared;
use crate::srtp::{Profile, Receiver, Sender};
use crate::stun::tests::{check, signed};
use crate::stun::{
    Consent, FINGERPRINT_ATTRIBUTE, ICE_CONTROLLED, INTEGRITY_ATTRIBUTE, MAX_ANSWER,
    USERNAME_ATTRIBUTE,
};
use crate::testing::{access_unit, master, params, ssrc, viewer, Memory};
use crate::viewer::Viewer;

/// By which viewers' checks are known.
pub(crate) const NAME: &[u8] = b"us:them";
pub(crate) const PASSWORD: &[u8] = b"the password";

pub(crate) const PROFILES: [Profile; 3] = [Profile::Gcm128, Profile::Gcm256, Profile::CmSha1];

pub(crate) fn fuzz<S: Strategy>(
    name: &str,
    cases: u32,
    strategy: S,
    check: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let factor = std::env::var("RELAY_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let cases = cases.saturating_mul(factor);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let began = Instant::now();
    TestRunner::new(config).run(&strategy, check).unwrap_or_else(|error| panic!("{error}"));
    eprintln!("fuzz {name}: {cases} inputs in {:.1} s", began.elapsed().as_secs_f64());
}

pub(crate) fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..most)
}

/// Compound packets whose heads are right, with anything in them.
pub(crate) fn nearly_rtcp() -> impl Strategy<Value = Vec<u8>> {
    let packet = (0u8..4, 0u8..32, 198u8..208, vec(any::<u8>(), 0..80), -1i16..2, any::<bool>());
    let one = packet.prop_map(|(padding, count, kind, mut body, off, remb)| {
        body.resize(body.len().next_multiple_of(4), 1);
        if remb && body.len() >= 16 {
            body[8..12].copy_from_slice(b"REMB");
        }
        let words = (body.len() as i16 / 4 + i16::from(off == 1 && count == 31)).max(0) as u16;
        let mut out = vec![0x80 | u8::from(padding == 3) << 5 | count, kind];
        out.extend_from_slice(&words.to_be_bytes());
        out.extend(body);
        out
    });
    let report = [0x80, 201, 0, 1, 0, 0, 0, 1];
    vec(one, 0..5).prop_map(move |packets| [&report[..], &packets.concat()].concat())
}

#[test]
fn rtcp_of_any_bytes() {
    fuzz("rtcp::parse, bytes", 300_000, bytes(160), |input| {
        let _ = rtcp::parse(&input);
        Ok(())
    });
    fuzz("rtcp::parse, nearly RTCP", 150_000, nearly_rtcp(), |input| {
        let _ = rtcp::parse(&input);
        Ok(())
    });
}

#[test]
fn srtcp_of_any_bytes() {
    let masters = PROFILES.map(|profile| (profile, vec![7; profile.master_size()]));
    fuzz("Receiver::open_rtcp, bytes", 100_000, bytes(220), |input| {
        for (profile, master) in &masters {
            let mut receiver = Receiver::new(*profile, master);
            prop_assert!(receiver.open_rtcp(&mut input.clone()).is_none());
        }
        Ok(())
    });
    let touched = (vec(any::<u8>(), 8..120), any::<prop::sample::Index>(), 1u8..=255);
    fuzz("Receiver::open_rtcp, touched", 100_000, touched, |(plain, at, flip)| {
        for (profile, master) in &masters {
            let mut receiver = Receiver::new(*profile, master);
            let sealed = Sender::new(*profile, master).protect_rtcp(plain.clone());
            let mut forged = sealed.clone();
            forged[at.index(sealed.len())] ^= flip;
            prop_assert!(receiver.open_rtcp(&mut forged).is_none());
            let mut first = sealed.clone();
            prop_assert_eq!(receiver.open_rtcp(&mut first), Some(&plain[..]));
            prop_assert!(receiver.open_rtcp(&mut sealed.clone()).is_none());
        }
        Ok(())
    });
}

#[test]
fn access_units_of_any_bytes() {
    let check = |input: Vec<u8>| {
        let payloads = Payloads::h264(&input);
        let count = payloads.packets.len();
        for (index, packet) in payloads.packets.iter().enumerate() {
            prop_assert!(packet.len > 0 && usize::from(packet.len) <= MAX_PAYLOAD);
            prop_assert!(packet.start as usize + packet.len as usize <= payloads.data.len());
            prop_assert_eq!(packet.marker, index + 1 == count);
        }
        let _ = Payloads::single(&input);
        Ok(())
    };
    fuzz("Payloads::h264, start codes", 300_000, vec(0u8..4, 0..64), check);
    let piece = (vec(prop_oneof![3 => any::<u8>(), 1 => 0u8..2], 1..12), 1usize..200);
    let long = vec(piece.prop_map(|(part, times)| part.repeat(times)), 0..8)
        .prop_map(|pieces| pieces.concat());
    fuzz("Payloads::h264, long", 20_000, long, check);
}

/// Attributes that mean something to whoever answers checks.
const ODD: [u16; 4] =
    [USERNAME_ATTRIBUTE, INTEGRITY_ATTRIBUTE, ICE_CONTROLLED, FINGERPRINT_ATTRIBUTE];

#[test]
fn consent_checks_of_any_bytes() {
    let (name, password) = (NAME, PASSWORD);
    let consent = Consent::new(name, password);
    let answers = |request: &[u8]| {
        let from = "192.0.2.1:32853".parse().expect("an address");
        consent.answer(request, from, &mut [0; MAX_ANSWER]).is_some()
    };
    let tail = (bytes(80), any::<bool>());
    fuzz("Consent::answer, bytes", 100_000, tail, |(tail, fits)| {
        let mut request = signed(&[], password)[..20].to_vec();
        request.extend(&tail);
        if fits {
            request[2..4].copy_from_slice(&(tail.len() as u16).to_be_bytes());
        }
        prop_assert!(!answers(&tail) && !answers(&request));
        Ok(())
    });
    let others = || {
        let kinds = prop_oneof![3 => prop::sample::select(&ODD[1..]), 1 => any::<u16>()];
        vec((kinds, bytes(24)), 0..4)
    };
    let around = (others(), any::<bool>(), others());
    fuzz("Consent::answer, signed", 50_000, around, |(before, named, after)| {
        let mut all: Vec<(u16, &[u8])> = before.iter().map(|(k, value)| (*k, &value[..])).collect();
        all.extend(named.then_some((USERNAME_ATTRIBUTE, name)));
        all.extend(after.iter().map(|(kind, value)| (*kind, &value[..])));
        let plain = before.iter().chain(&after).all(|(kind, _)| !ODD.contains(kind));
        let answered = answers(&signed(&all, password));
        prop_assert!(named || !answered);
        prop_assert!(!plain || answered == named);
        Ok(())
    });
    let touched = (any::<prop::sample::Index>(), 1u8..=255);
    fuzz("Consent::answer, touched", 50_000, touched, |(at, flip)| {
        let mut request = check(name, password);
        prop_assert!(answers(&request));
        let at = at.index(request.len());
        request[at] ^= flip;
        prop_assert!(!answers(&request));
        Ok(())
    });
}

/// What may happen to a viewer, in any order.
#[derive(Clone, Debug)]
enum Step {
    Push { stream: u32, packets: usize, keyframe: bool, limit: usize, clock: f64 },
    Follow(u32),
    Await(u32),
    Chase,
    BeginChase,
    Silence,
    Reopen(u32),
    Nack(u16, u16),
    Hear(Vec<u8>),
    Probe(usize),
    Report,
}

fn step() -> impl Strategy<Value = Step> {
    let clock = prop_oneof![4 => Just(0.0), 1 => -5000.0..5000.0];
    prop_oneof![
        8 => (0u32..3, 1usize..30, prop::bool::weighted(0.3), 1usize..40, clock).prop_map(
            |(stream, packets, keyframe, limit, clock)| Step::Push {
                stream, packets, keyframe, limit, clock
            }
        ),
        2 => (0u32..3).prop_map(Step::Follow),
        2 => (0u32..3).prop_map(Step::Await),
        4 => Just(Step::Chase),
        2 => Just(Step::BeginChase),
        1 => Just(Step::Silence),
        1 => (0u32..3).prop_map(Step::Reopen),
        4 => (0u16..120, any::<u16>()).prop_map(|(back, mask)| Step::Nack(back, mask)),
        1 => nearly_rtcp().prop_map(Step::Hear),
        1 => (0usize..5000).prop_map(Step::Probe),
        1 => Just(Step::Report),
    ]
}

/// A viewer and the streams before it.
struct Scene {
    viewer: Viewer,
    says: Sender,
    rings: HashMap<u32, Ring>,
    next_ring: u64,
    shared: Shared,
    batch: Batch<Memory>,
    now: f64,
    at: Instant,
}

impl Scene {
    fn new(profile: Profile, rtx: Option<u8>) -> Self {
        let viewer = viewer(profile, &[params(Kind::Video, 10, rtx)]);
        let rings = (0..3).map(|id| (id, Ring::new(u64::from(id), Kind::Video, true))).collect();
        Self {
            viewer,
            says: Sender::new(profile, &master(profile)),
            rings,
            next_ring: 3,
            shared: Shared::new().expect("descriptors"),
            batch: Batch::new(Memory::default(), true),
            now: 1.79e9,
            at: Instant::now(),
        }
    }

    fn take(&mut self, step: Step) {
        self.now += 0.01;
        self.at += Duration::from_millis(10);
        self.shared.set_now(self.now);
        let Self { viewer, says, rings, next_ring, shared, batch, now, at } = self;
        match step {
            Step::Push { stream, packets, keyframe, limit, clock } => {
                let mut unit = access_unit(packets);
                unit[4..].fill(*next_ring as u8 + packets as u8);
                let payloads = Payloads::h264(&unit);
                let ring = rings.get_mut(&stream).expect("three rings");
                let pts = ((*now + clock) * 90_000.0) as i64;
                let frame = ring.push(payloads, pts, 0, keyframe, *now);
                let at = (stream, ring.id);
                viewer.send_frame(Kind::Video, at, &frame, keyframe, limit, batch);
                if limit % 3 > 0 {
                    viewer.send_frame(Kind::Video, at, &frame, keyframe, usize::MAX, batch);
                }
            }
            Step::Follow(stream) => {
                if let Some((track, mut outlet)) = viewer.track(Kind::Video, batch) {
                    track.follow(stream, &mut outlet);
                }
            }
            Step::Await(stream) => {
                if let Some((track, _)) = viewer.track(Kind::Video, batch) {
                    track.next_stream = Some(stream);
                }
            }
            Step::BeginChase => {
                if let Some((track, mut outlet)) = viewer.track(Kind::Video, batch) {
                    if let Some(stream) = track.stream() {
                        let times = (*now, *at);
                        let ring = &rings[&stream];
                        track.begin_chase(stream, ring, times, None, &mut outlet);
                    }
                }
            }
            Step::Chase => {
                if let Some(stream) = viewer.follows(Kind::Video) {
                    viewer.chase(&rings[&stream], *at, batch);
                }
            }
            Step::Silence => {
                if let Some((track, mut outlet)) = viewer.track(Kind::Video, batch) {
                    track.fall_silent(&mut outlet);
                }
            }
            Step::Reopen(stream) => {
                if let Some((track, mut outlet)) = viewer.track(Kind::Video, batch) {
                    track.forget(stream, &mut outlet);
                }
                *next_ring += 1;
                rings.insert(stream, Ring::new(*next_ring, Kind::Video, true));
            }
            Step::Nack(back, mask) => {
                let track = viewer.track(Kind::Video, batch);
                let sent = track.map_or(0, |(track, _)| track.out.packets as u16);
                let first = 65_500u16.wrapping_add(sent).wrapping_sub(back);
                let mut nack = vec![0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 10];
                nack.extend_from_slice(&first.to_be_bytes());
                nack.extend_from_slice(&mask.to_be_bytes());
                viewer.hear(1, &mut says.protect_rtcp(nack), rings, shared, batch);
            }
            Step::Hear(rtcp) => {
                viewer.hear(1, &mut says.protect_rtcp(rtcp), rings, shared, batch);
            }
            Step::Probe(size) => viewer.probe(rings, size, *now, batch),
            Step::Report => viewer.report(rings, *now, batch),
        }
    }
}

/// Sequence numbers have no gap, and no nonce is used for two texts: a number that is sent again
/// carries the same packet to the last byte.
#[test]
fn no_order_of_calls_breaks_numbers_or_nonces() {
    let input = (vec(step(), 1..60), 0usize..3, prop_oneof![Just(None), Just(Some(97))]);
    fuzz("Viewer, calls in any order", 6_000, input, |(steps, profile, rtx)| {
        let mut scene = Scene::new(PROFILES[profile], rtx);
        for step in steps {
            scene.take(step);
        }
        if let Some((track, mut outlet)) = scene.viewer.track(Kind::Video, &mut scene.batch) {
            track.fall_silent(&mut outlet);
        }
        scene.batch.flush();
        let mut known: HashMap<(u32, u16), Vec<u8>> = HashMap::new();
        let (mut next, mut media) = (65_500u16, 0);
        for packet in std::mem::take(&mut scene.batch.kernel.0) {
            if (192..224).contains(&packet[1]) {
                continue; // RTCP, whose index only rises
            }
            let sequence = u16::from_be_bytes([packet[2], packet[3]]);
            let ssrc = ssrc(&packet);
            if let Some(before) = known.get(&(ssrc, sequence)) {
                prop_assert_eq!(before, &packet);
                continue;
            }
            if ssrc == 10 {
                prop_assert_eq!(sequence, next);
                next = next.wrapping_add(1);
                media += 1;
            }
            known.insert((ssrc, sequence), packet);
        }
        let track = scene.viewer.track(Kind::Video, &mut scene.batch);
        prop_assert_eq!(track.map(|(track, _)| track.out.packets), Some(media));
        Ok(())
    });
}

/// Datagrams of any bytes from strangers and viewers, by a real socket, through the whole engine.
#[test]
fn the_engine_takes_datagrams_of_any_bytes() {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_nonblocking(true).expect("non-blocking");
    let seats = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a socket"));
    let shared = Arc::new(Shared::new().expect("descriptors"));
    let engine = Engine::new(socket.as_raw_fd(), Options::default(), Arc::clone(&shared));
    let thread = engine.spawn().expect("a thread");
    let profile = Profile::Gcm128;
    let master = master(profile);
    shared.put_command(Command::Open(1, Kind::Video, Arc::default()));
    shared.put_command(Command::Add(Box::new(NewViewer {
        id: 1,
        address: seats[0].local_addr().expect("bound"),
        profile,
        send_key: master.clone(),
        receive_key: master.clone(),
        tracks: vec![params(Kind::Video, 10, None)],
        stats: Arc::default(),
    })));
    shared.put_command(Command::Watch { viewer: 1, stream: 1, at_once: true, now: 1.0 });
    let says = std::cell::RefCell::new(Sender::new(profile, &master));
    let to = socket.local_addr().expect("bound");
    let input = (bytes(120), nearly_rtcp(), bytes(60));
    fuzz("Engine, datagrams", 30_000, input, |(noise, rtcp, unit)| {
        let sealed = says.borrow_mut().protect_rtcp(rtcp);
        for (seat, datagram) in [(0, &noise), (1, &noise), (0, &sealed), (1, &sealed)] {
            let _ = seats[seat].send_to(datagram, to);
        }
        shared.put_command(Command::Push(
            1,
            Unit { payload: unit, pts: 0, captured_us: 0, keyframe: true, now: 1.0 },
        ));
        shared.take_datagrams(256);
        let (answer, done) = std::sync::mpsc::channel();
        shared.put_command(Command::Flush(answer));
        prop_assert!(done.recv().is_ok(), "{:?}", shared.failure());
        Ok(())
    });
    shared.put_command(Command::Stop);
    thread.join().expect("the thread ends");
    assert_eq!(shared.failure(), None);
}
