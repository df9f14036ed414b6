//! What may be asked of an engine, or come to it.

use proptest::prelude::*;

use super::{SEATS, STREAMS, VIEWERS};
use crate::fuzz::{bytes, nearly_rtcp};

/// One thing.
#[derive(Clone, Debug)]
pub enum Step {
    Open(u32, bool),
    Close(u32),
    Push { stream: u32, units: usize, keyframe: bool, ticks: i64 },
    Flood(u32),
    Jump(u32, i64),
    Add { viewer: u32, seat: usize, sound: bool, picture: bool, rtx: bool },
    Move(u32, usize),
    Remove(u32),
    Watch(u32, u32, bool),
    Unwatch(u32, bool),
    Replay(u32),
    Probe(u32, usize),
    Tick(f64),
    Nack(u32, u16, u16),
    Hear(u32, Vec<u8>),
    Noise(usize, Vec<u8>),
    Answer(u32),
    Check(usize, bool),
    Work,
    Settle,
}

/// Any of them, the usual ones more often.
pub fn step() -> impl Strategy<Value = Step> {
    let (viewer, stream, seat) = (0..VIEWERS, 0..STREAMS, 0..SEATS);
    let push = (stream.clone(), 1usize..30, prop::bool::weighted(0.3), 0i64..400);
    let likely = prop::bool::weighted(0.9);
    let add = (viewer.clone(), seat.clone(), any::<bool>(), likely, any::<bool>());
    prop_oneof![
        20 => (stream.clone(), prop::bool::weighted(0.2))
            .prop_map(|(id, sound)| Step::Open(id, sound)),
        5 => stream.clone().prop_map(Step::Close),
        120 => push.prop_map(|(stream, units, keyframe, ticks)| Step::Push {
            stream, units, keyframe, ticks
        }),
        4 => stream.clone().prop_map(Step::Flood),
        3 => (stream.clone(), -(1i64 << 50)..1 << 50).prop_map(|(id, pts)| Step::Jump(id, pts)),
        40 => add.prop_map(|(viewer, seat, sound, picture, rtx)| Step::Add {
            viewer, seat, sound, picture, rtx
        }),
        20 => (viewer.clone(), seat.clone()).prop_map(|(id, seat)| Step::Move(id, seat)),
        10 => viewer.clone().prop_map(Step::Remove),
        90 => (viewer.clone(), stream, any::<bool>())
            .prop_map(|(viewer, stream, at_once)| Step::Watch(viewer, stream, at_once)),
        20 => (viewer.clone(), any::<bool>()).prop_map(|(id, sound)| Step::Unwatch(id, sound)),
        30 => viewer.clone().prop_map(Step::Replay),
        15 => (viewer.clone(), 0usize..5000).prop_map(|(id, size)| Step::Probe(id, size)),
        15 => (-2.0..3.0).prop_map(Step::Tick),
        20 => (viewer.clone(), 0u16..60, any::<u16>())
            .prop_map(|(id, back, mask)| Step::Nack(id, back, mask)),
        15 => (viewer, nearly_rtcp()).prop_map(|(id, rtcp)| Step::Hear(id, rtcp)),
        8 => (seat, bytes(100)).prop_map(|(seat, noise)| Step::Noise(seat, noise)),
        15 => (0..VIEWERS).prop_map(Step::Answer),
        15 => (0..SEATS, any::<bool>()).prop_map(|(seat, right)| Step::Check(seat, right)),
        40 => Just(Step::Work),
        6 => Just(Step::Settle),
    ]
}
