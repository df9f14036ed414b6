//! Packets on their way out: runs of equal ones to one address as one message (UDP GSO), and many
//! messages in one call. Pure but for the `Kernel` it is given.
//!
//! A path that refuses GSO gets its packets one by one from then on; the others keep theirs. What
//! the socket does not take is dropped and counted: viewers ask again for what they miss.

use std::io;
use std::net::SocketAddr;

use crate::net::Target;

/// Linux takes 64 segments and 64 KB in one message.
const MAX_SEGMENTS: usize = 48;
/// A batch is sent when it holds so many bytes: what the second-level cache keeps.
const BATCH_BYTES: usize = 192 * 1024;
/// Messages in one call.
pub const BATCH_RUNS: usize = 64;
/// How often a batch may wait for room, if something of it was taken since it waited last: a socket
/// that drains has room for half of its buffer each time.
const MAX_WAITS: usize = 4;
/// Longest packet.
const MAX_PACKET: usize = 2048;

/// What the batch needs of a socket.
pub trait Kernel {
    /// Whether it knows GSO at all.
    fn knows_gso(&self) -> bool;
    /// Send messages, each of one run; says how many were taken.
    ///
    /// # Errors
    /// What the first message was refused with.
    fn send_runs(&mut self, buffer: &[u8], runs: &[Run]) -> io::Result<usize>;
    /// Send one datagram.
    ///
    /// # Errors
    /// What it was refused with.
    fn send_one(&mut self, datagram: &[u8], target: &Target) -> io::Result<()>;
    /// Wait a moment for room in the socket's buffer.
    fn wait_for_room(&mut self);
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Packets the kernel took.
    pub packets: u64,
    /// Packets it did not take.
    pub failed: u64,
    /// Those of them for which it had no room, whatever their address.
    pub full: u64,
}

/// Packets of equal length to one address, but that the last may be shorter.
pub struct Run {
    /// Where they go.
    pub target: Target,
    /// Where the first begins in the buffer.
    pub start: usize,
    /// Where the last ends.
    pub end: usize,
    /// Length of each.
    pub segment: usize,
    /// Their number.
    pub count: usize,
    last: usize,
}

/// See the module.
pub struct Batch<K> {
    /// The socket.
    pub kernel: K,
    /// SRTP packets and their bytes, retransmissions aside; counted by whoever writes them.
    pub media: (u64, u64),
    /// abs-send-time of packets that are written now and are never written a second time; set once
    /// a turn by whoever begins it.
    pub stamp: [u8; 3],
    gso: bool,
    buffer: Vec<u8>,
    filled: usize,
    runs: Vec<Run>,
    sent: Sent,
    refused: Vec<SocketAddr>,
}

impl<K: Kernel> Batch<K> {
    /// An empty one; `gso` false does without GSO.
    pub fn new(kernel: K, gso: bool) -> Self {
        let gso = gso && kernel.knows_gso();
        Self {
            kernel,
            media: (0, 0),
            stamp: [0; 3],
            gso,
            buffer: vec![0; BATCH_BYTES + MAX_PACKET],
            filled: 0,
            runs: Vec::with_capacity(BATCH_RUNS),
            sent: Sent::default(),
            refused: Vec::new(),
        }
    }

    /// Room for a packet of `size` bytes to `target`, at most 2048; packets to one address in a row
    /// share a message. The room's old content is undefined.
    #[inline]
    pub fn packet(&mut self, target: &Target, size: usize) -> &mut [u8] {
        if self.filled + size > BATCH_BYTES {
            self.flush();
        }
        let joins = self.gso
            && target.gso
            && self.runs.last().is_some_and(|run| {
                run.last == run.segment
                    && size <= run.segment
                    && run.count < MAX_SEGMENTS
                    && run.target.address == target.address
            });
        if !joins {
            if self.runs.len() == BATCH_RUNS {
                self.flush();
            }
            self.runs.push(Run {
                target: *target,
                start: self.filled,
                end: self.filled,
                segment: size,
                last: size,
                count: 0,
            });
        }
        let start = self.filled;
        self.filled += size;
        if let Some(run) = self.runs.last_mut() {
            run.end = self.filled;
            run.last = size;
            run.count += 1;
        }
        &mut self.buffer[start..start + size]
    }

    /// Send what is there.
    pub fn flush(&mut self) {
        let (mut next, mut waits, mut drains) = (0, 0, true);
        while next < self.runs.len() {
            match self.kernel.send_runs(&self.buffer, &self.runs[next..]) {
                Ok(taken) => {
                    let packets = self.runs[next..next + taken].iter().map(|run| run.count as u64);
                    self.sent.packets += packets.sum::<u64>();
                    next += taken.max(1);
                    drains = true;
                }
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR) => {}
                    // The socket's buffer is full: it gets another short chance as long as it drains.
                    Some(libc::EAGAIN) if drains && waits < MAX_WAITS => {
                        waits += 1;
                        drains = false;
                        self.kernel.wait_for_room();
                    }
                    Some(libc::EAGAIN) => {
                        let packets = self.runs[next..].iter().map(|run| run.count as u64);
                        let packets = packets.sum::<u64>();
                        self.sent.failed += packets;
                        self.sent.full += packets;
                        next = self.runs.len();
                    }
                    // This path has no GSO.
                    Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE)
                        if self.runs[next].count > 1 =>
                    {
                        self.refused.push(self.runs[next].target.address);
                        self.send_singly(next);
                        next += 1;
                    }
                    // One address that cannot be sent to must not hold up the rest.
                    code => {
                        let packets = self.runs[next].count as u64;
                        self.sent.failed += packets;
                        if code == Some(libc::ENOBUFS) {
                            self.sent.full += packets;
                        }
                        next += 1;
                    }
                },
            }
        }
        self.runs.clear();
        self.filled = 0;
    }

    /// What became of all packets since this was asked last.
    pub fn take_sent(&mut self) -> Sent {
        std::mem::take(&mut self.sent)
    }

    /// Addresses whose paths have refused GSO since this was asked last.
    pub fn take_refused(&mut self) -> Vec<SocketAddr> {
        std::mem::take(&mut self.refused)
    }

    fn send_singly(&mut self, index: usize) {
        let run = &self.runs[index];
        for packet in self.buffer[run.start..run.end].chunks(run.segment) {
            match self.kernel.send_one(packet, &run.target) {
                Ok(()) => self.sent.packets += 1,
                Err(error) => {
                    self.sent.failed += 1;
                    let code = error.raw_os_error();
                    if matches!(code, Some(libc::EAGAIN | libc::ENOBUFS)) {
                        self.sent.full += 1;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel that refuses as told, and remembers what it was given.
    struct Obstinate<F> {
        refuse: F,
        gso: bool,
        calls: Vec<(SocketAddr, usize)>,
        waits: usize,
    }

    impl<F: FnMut(&SocketAddr, usize) -> Option<i32>> Kernel for Obstinate<F> {
        fn knows_gso(&self) -> bool {
            self.gso
        }

        fn send_runs(&mut self, _: &[u8], runs: &[Run]) -> io::Result<usize> {
            for (index, run) in runs.iter().enumerate() {
                if let Some(error) = (self.refuse)(&run.target.address, run.count) {
                    return if index == 0 {
                        Err(io::Error::from_raw_os_error(error))
                    } else {
                        Ok(index)
                    };
                }
                self.calls.push((run.target.address, run.count));
            }
            Ok(runs.len())
        }

        fn send_one(&mut self, _: &[u8], target: &Target) -> io::Result<()> {
            if let Some(error) = (self.refuse)(&target.address, 1) {
                return Err(io::Error::from_raw_os_error(error));
            }
            self.calls.push((target.address, 1));
            Ok(())
        }

        fn wait_for_room(&mut self) {
            self.waits += 1;
        }
    }

    fn target(port: u16) -> Target {
        Target::new(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    fn batch<F: FnMut(&SocketAddr, usize) -> Option<i32>>(refuse: F) -> Batch<Obstinate<F>> {
        Batch::new(Obstinate { refuse, gso: true, calls: Vec::new(), waits: 0 }, true)
    }

    fn fill<K: Kernel>(batch: &mut Batch<K>, target: &Target, packets: usize) {
        for _ in 0..packets {
            batch.packet(target, 1200).fill(1);
        }
    }

    #[test]
    fn a_path_without_gso_leaves_the_others_theirs() {
        for error in [libc::EINVAL, libc::EIO, libc::EMSGSIZE] {
            let mut batch = batch(|to, count| (to.port() == 2 && count > 1).then_some(error));
            for port in [1, 2, 3] {
                fill(&mut batch, &target(port), 4);
            }
            batch.flush();
            let sizes: Vec<_> =
                batch.kernel.calls.iter().map(|(to, count)| (to.port(), *count)).collect();
            assert_eq!(sizes, [(1, 4), (2, 1), (2, 1), (2, 1), (2, 1), (3, 4)]);
            assert_eq!(batch.take_sent(), Sent { packets: 12, failed: 0, full: 0 });
            assert_eq!(batch.take_refused(), [target(2).address]);
            batch.kernel.calls.clear();
            let mut plain = target(2);
            plain.gso = false;
            fill(&mut batch, &plain, 3);
            batch.flush();
            assert_eq!(batch.kernel.calls, [(plain.address, 1); 3]);
        }
    }

    #[test]
    fn a_full_socket_gets_one_chance_and_then_drops_the_batch() {
        let mut full = batch(|_, _| Some(libc::EAGAIN));
        for port in 1..4 {
            fill(&mut full, &target(port), 5);
        }
        full.flush();
        assert_eq!(
            (full.kernel.waits, full.take_sent()),
            (1, Sent { packets: 0, failed: 15, full: 15 })
        );
        let mut tries = 0;
        let mut relieved = batch(|_, _| {
            tries += 1;
            (tries == 1).then_some(libc::EAGAIN)
        });
        fill(&mut relieved, &target(1), 5);
        relieved.flush();
        assert_eq!(relieved.take_sent(), Sent { packets: 5, failed: 0, full: 0 });
        assert_eq!(relieved.kernel.waits, 1);
    }

    #[test]
    fn a_socket_that_drains_is_waited_for_again_but_not_for_ever() {
        for (runs, lost) in [(1 + MAX_WAITS as u16, 0), (3 + MAX_WAITS as u16, 2)] {
            let mut calls = 0;
            let mut slow = batch(|_, _| {
                calls += 1;
                (calls % 3 != 1).then_some(libc::EAGAIN)
            });
            for port in 1..=runs {
                fill(&mut slow, &target(port), 1);
            }
            slow.flush();
            assert_eq!(slow.kernel.waits, MAX_WAITS);
            assert_eq!(slow.take_sent().full, lost);
        }
    }

    #[test]
    fn other_refusals_cost_only_whom_they_concern() {
        for error in [libc::ENOBUFS, libc::EPERM, libc::ENETUNREACH, libc::ECONNREFUSED] {
            let mut batch = batch(|to, _| (to.port() == 2).then_some(error));
            for port in [1, 2, 3, 2] {
                fill(&mut batch, &target(port), 3);
            }
            batch.flush();
            let full = if error == libc::ENOBUFS { 6 } else { 0 };
            assert_eq!(batch.take_sent(), Sent { packets: 6, failed: 6, full });
            assert_eq!((batch.kernel.waits, batch.take_refused().len()), (0, 0));
        }
    }

    #[test]
    fn a_full_socket_is_told_of_where_packets_go_one_by_one() {
        for (error, full) in [(libc::EAGAIN, 4), (libc::ENOBUFS, 4), (libc::EPERM, 0)] {
            let mut batch = batch(|_, count| Some(if count > 1 { libc::EIO } else { error }));
            fill(&mut batch, &target(1), 4);
            batch.flush();
            assert_eq!(batch.take_sent(), Sent { packets: 0, failed: 4, full });
        }
    }

    #[test]
    fn interrupted_calls_are_made_again() {
        let mut tries = 0;
        let mut batch = batch(|_, _| {
            tries += 1;
            (tries < 4).then_some(libc::EINTR)
        });
        fill(&mut batch, &target(1), 2);
        batch.flush();
        assert_eq!(batch.take_sent(), Sent { packets: 2, failed: 0, full: 0 });
    }

    #[test]
    fn a_kernel_without_gso_gets_packets_one_by_one() {
        let kernel =
            Obstinate { refuse: |_: &SocketAddr, _| None, gso: false, calls: Vec::new(), waits: 0 };
        let mut batch = Batch::new(kernel, true);
        fill(&mut batch, &target(1), 5);
        batch.flush();
        assert_eq!(batch.kernel.calls, [(target(1).address, 1); 5]);
    }

    #[test]
    fn runs_are_bounded_as_linux_wants_them() {
        let mut batch = batch(|_, _| None);
        fill(&mut batch, &target(1), 1000);
        batch.flush();
        let counts: Vec<usize> = batch.kernel.calls.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts.iter().sum::<usize>(), 1000);
        assert!(counts.iter().all(|count| *count <= MAX_SEGMENTS));
    }
}
