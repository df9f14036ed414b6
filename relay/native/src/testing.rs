//! What tests of several modules need: viewers without a network, and a kernel that remembers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::batch::{Kernel, Run};
use crate::net::Target;
use crate::outgoing::TrackParams;
use crate::ring::Kind;
use crate::rtp::{Extensions, Payloads, MAX_PAYLOAD};
use crate::shared::ViewerStats;
use crate::srtp::{Profile, Receiver, Sender};
use crate::viewer::Viewer;

/// A kernel that keeps what it is given.
#[derive(Default)]
pub struct Memory(pub Vec<Vec<u8>>);

impl Kernel for Memory {
    fn knows_gso(&self) -> bool {
        true
    }

    fn send_runs(&mut self, buffer: &[u8], runs: &[Run]) -> io::Result<usize> {
        for run in runs {
            let packets = buffer[run.start..run.end].chunks(run.segment);
            self.0.extend(packets.map(<[u8]>::to_vec));
        }
        Ok(runs.len())
    }

    fn send_one(&mut self, datagram: &[u8], _: &Target) -> io::Result<()> {
        self.0.push(datagram.to_vec());
        Ok(())
    }

    fn wait_for_room(&mut self) {}
}

/// A track whose sequence numbers and time stamps wrap soon.
pub fn params(kind: Kind, ssrc: u32, rtx: Option<u8>) -> TrackParams {
    TrackParams {
        kind,
        ssrc,
        payload_type: 96,
        rtx_ssrc: ssrc + 1,
        rtx_payload_type: rtx,
        extensions: Extensions {
            abs_send_time: Some(2),
            playout_delay: None,
            mid: Some(9),
            waits: false,
        },
        mid: b"0".to_vec(),
        first_sequence: 65_500,
        timestamp_offset: u32::MAX - 5000,
    }
}

/// Key and salt of all viewers.
pub fn master(profile: Profile) -> Vec<u8> {
    vec![3; profile.master_size()]
}

/// A viewer of these tracks.
pub fn viewer(profile: Profile, tracks: &[TrackParams]) -> Viewer {
    Viewer::new(
        Target::new(SocketAddr::from(([127, 0, 0, 1], 9))),
        Sender::new(profile, &master(profile)),
        Receiver::new(profile, &master(profile)),
        tracks,
        Arc::new(ViewerStats::default()),
    )
}

/// An access unit of so many packets.
pub fn access_unit(packets: usize) -> Vec<u8> {
    let mut unit = vec![0, 0, 1, 0x65];
    unit.resize(4 + packets * (MAX_PAYLOAD - 2), 7);
    unit
}

/// The same, packetised.
pub fn payloads(packets: usize) -> Payloads {
    let payloads = Payloads::h264(&access_unit(packets));
    assert_eq!(payloads.packets.len(), packets);
    payloads
}

/// The stream that an RTP packet is of.
pub fn ssrc(packet: &[u8]) -> u32 {
    u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]])
}
