//! EVA Relay's per-packet work: packetising, SRTP, retransmission, pacing and the UDP socket.
//!
//! All of it is pure but for `net`, `shared` and `engine`; `python` is a thin shell around `engine`.

pub mod batch;
mod bell;
#[cfg(all(feature = "python", target_os = "linux"))]
mod bench;
pub mod command;
pub mod engine;
pub mod fanout;
#[cfg(test)]
mod fuzz;
pub mod net;
pub mod outgoing;
pub mod pacing;
#[cfg(feature = "python")]
mod python;
mod repeats;
pub mod ring;
pub mod rtcp;
pub mod rtp;
pub mod shared;
pub mod srtp;
pub mod stun;
#[cfg(test)]
mod testing;
pub mod track;
pub mod viewer;
pub mod viewers;
