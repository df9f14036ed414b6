use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use super::*;
use crate::command::{NewViewer, Unit};
use crate::net::wait_readable;
use crate::srtp::Profile;
use crate::testing::{access_unit, master, params, ssrc, Memory};

const PICTURE: u32 = 1;
const SOUND: u32 = 2;
/// More than are served in a turn, and fewer than in two.
const VIEWERS: u32 = 100;
const TURN: usize = 64;

/// An engine whose viewers all follow a picture and a sound, and the socket that it reads.
fn house() -> (Engine<Memory>, UdpSocket) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let shared = Arc::new(Shared::new().unwrap());
    let mut engine =
        Engine::with_kernel(socket.as_raw_fd(), Memory::default(), Options::default(), shared);
    engine.carry_out(Command::Open(PICTURE, Kind::Video, Arc::default()));
    engine.carry_out(Command::Open(SOUND, Kind::Audio, Arc::default()));
    let key = master(Profile::Gcm128);
    for id in 0..VIEWERS {
        engine.carry_out(Command::Add(Box::new(NewViewer {
            id,
            address: ([127, 0, 0, 1], 1000 + id as u16).into(),
            profile: Profile::Gcm128,
            send_key: key.clone(),
            receive_key: key.clone(),
            tracks: vec![
                params(Kind::Video, picture_of(id), Some(97)),
                params(Kind::Audio, picture_of(id) + 2, None),
            ],
            stats: Arc::default(),
        })));
        for stream in [PICTURE, SOUND] {
            engine.carry_out(Command::Watch { viewer: id, stream, at_once: false, now: 0.0 });
        }
    }
    (engine, socket)
}

fn picture_of(viewer: u32) -> u32 {
    4 * viewer
}

fn push(stream: u32, payload: Vec<u8>) -> Command {
    Command::Push(stream, Unit { payload, pts: 0, captured_us: 0, keyframe: true, now: 0.0 })
}

/// What has been sent since this was asked last: true for sound.
fn take_order(engine: &mut Engine<Memory>) -> Vec<bool> {
    let packets = std::mem::take(&mut engine.batch.kernel.0);
    packets.iter().map(|packet| ssrc(packet) % 4 == 2).collect()
}

#[test]
fn sound_is_served_before_a_picture_that_came_before_it() {
    let (mut engine, _socket) = house();
    engine.carry_out(push(PICTURE, access_unit(20)));
    engine.carry_out(push(SOUND, vec![7; 100]));
    engine.work();
    let order = take_order(&mut engine);
    assert_eq!(order[..TURN], [true; TURN]);
    assert_eq!(order.iter().filter(|is_sound| **is_sound).count(), VIEWERS as usize);
}

#[test]
fn sound_that_comes_during_a_keyframe_goes_before_its_next_turn() {
    let (mut engine, _socket) = house();
    engine.carry_out(push(PICTURE, access_unit(20)));
    engine.shared.put_command(push(SOUND, vec![7; 100]));
    assert_eq!(engine.work(), Some(Duration::ZERO));
    let first = take_order(&mut engine);
    assert_eq!(first, [false; TURN * 5], "one turn of one slice");
    assert!(engine.obey());
    engine.work();
    let then = take_order(&mut engine);
    assert_eq!(then[..TURN], [true; TURN]);
    assert!(!then[TURN], "then the picture goes on, also before the last of the sound");
    assert_eq!(then.iter().filter(|is_sound| **is_sound).count(), VIEWERS as usize);
}

#[test]
fn a_panic_is_told_and_wakes_the_owner() {
    let shared = Shared::new().unwrap();
    guard(&shared, || Ok(()));
    assert_eq!(shared.failure(), None);
    guard(&shared, || panic!("packet {}", 7));
    assert_eq!(shared.failure().as_deref(), Some("panic: packet 7"));
    let ready = wait_readable([shared.owner_fd(), -1], Some(Duration::from_secs(60)));
    assert!(ready.unwrap()[0]);
    guard(&shared, || Err(io::Error::other("gone")));
    assert_eq!(shared.failure().as_deref(), Some("gone"));
}
