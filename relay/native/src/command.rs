//! What an engine is asked for.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{mpsc, Arc};

use crate::outgoing::TrackParams;
use crate::ring::Kind;
use crate::shared::ViewerStats;
use crate::srtp::Profile;
use crate::stun::Consent;

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
    /// Answer a viewer's consent checks from its address.
    Answer(u32, Consent),
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
