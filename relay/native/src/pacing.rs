//! Spreads a large frame's packets, so that shallow buffers on the way do not drop them.

/// Frames of up to so many packets go out at once.
const AT_ONCE: usize = 8;
/// Packets per viewer in a slice of a larger frame.
pub const PER_SLICE: usize = 5;

/// How a frame is cut up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slices {
    /// Packets per viewer in each.
    pub per_slice: usize,
    /// Seconds from one to the next.
    pub spacing: f64,
}

/// The slices of a frame of `packets` packets, the next of which comes `interval` seconds later.
///
/// All of them go out within half of that.
pub fn plan(packets: usize, interval: f64) -> Slices {
    if packets <= AT_ONCE {
        return Slices { per_slice: AT_ONCE, spacing: 0.0 };
    }
    let slices = packets.div_ceil(PER_SLICE);
    Slices { per_slice: PER_SLICE, spacing: interval / 2.0 / slices as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_frames_are_not_cut() {
        assert_eq!(plan(7, 1.0 / 30.0), Slices { per_slice: 8, spacing: 0.0 });
    }

    #[test]
    fn large_ones_take_half_an_interval() {
        let slices = plan(50, 0.04);
        assert_eq!(slices.per_slice, 5);
        assert!((slices.spacing * 10.0 - 0.02).abs() < 1e-9);
    }
}
