//! What a viewer may have sent again: a budget, and growing pauses between repetitions of one packet.

use std::collections::HashMap;

/// Bytes that a viewer may have sent again each second.
const BYTES: f64 = 125_000.0;
/// What a request takes from that, whether there is something to send or not: looking for it takes
/// time too.
const LOOK_UP_BYTES: f64 = 20.0;
/// Seconds before a packet is sent again once more, and from then on twice as many each time: what is
/// lost again has to come soon, but what stands in a queue is asked for over and over. Viewers ask
/// again after 15 ms at the soonest.
const PAUSE: f64 = 0.012;
/// At most so many.
const LONGEST: f64 = 0.2;
/// It is at least this part of a round trip, which a viewer may take for a little shorter.
const TRIP: f64 = 0.8;
/// Seconds after which a repetition is forgotten.
const FORGOTTEN: f64 = 1.0;
/// Packets whose repetitions are remembered; of more, all are forgotten.
const MAX_KNOWN: usize = 256;

/// When a packet was last sent again, Unix seconds, and how often it has been.
#[derive(Clone, Copy)]
struct Last {
    at: f64,
    times: i32,
}

/// One viewer's. Times are Unix seconds, which may be set back.
pub struct Repeats {
    left: f64,
    at: f64,
    /// By SSRC and sequence number.
    sent: HashMap<(u32, u16), Last>,
}

impl Repeats {
    /// Nothing has been sent again.
    pub fn new() -> Self {
        Self { left: BYTES, at: 0.0, sent: HashMap::new() }
    }

    /// A request has come: fill the budget up, and forget what is long ago.
    pub fn begin(&mut self, now: f64) {
        self.left = (self.left + (now - self.at).max(0.0) * BYTES).min(BYTES);
        self.at = now;
        if self.sent.len() > MAX_KNOWN {
            self.sent.retain(|_, last| (now - last.at).abs() < FORGOTTEN);
        }
        if self.sent.len() > MAX_KNOWN {
            self.sent.clear();
        }
    }

    /// Whether there is anything left of the budget.
    pub fn spent(&self) -> bool {
        self.left <= 0.0
    }

    /// Whether a packet may be sent again, after a round trip of so many seconds; asking costs.
    pub fn allows(&mut self, ssrc: u32, sequence: u16, now: f64, trip: f64) -> bool {
        self.left -= LOOK_UP_BYTES;
        self.sent.get(&(ssrc, sequence)).is_none_or(|last| {
            let doubled = PAUSE * 2f64.powi((last.times - 2).max(0));
            (now - last.at).abs() >= doubled.min(LONGEST).max(TRIP * trip)
        })
    }

    /// A packet of `size` bytes was sent again.
    pub fn sent(&mut self, ssrc: u32, sequence: u16, size: u64, now: f64) {
        self.left -= size as f64;
        let last = self.sent.entry((ssrc, sequence)).or_insert(Last { at: now, times: 0 });
        let again = (now - last.at).abs() < FORGOTTEN;
        *last = Last { at: now, times: if again { last.times + 1 } else { 1 } };
    }
}
