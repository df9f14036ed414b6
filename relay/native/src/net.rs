//! The UDP socket: batches out, batches in, and waiting.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::RawFd;
use std::time::Duration;

#[cfg(target_os = "linux")]
use crate::batch::BATCH_RUNS;
use crate::batch::{Kernel, Run};

#[cfg(target_os = "linux")]
mod linux;

/// Datagrams read in one call.
const READ_BATCH: usize = 32;
/// Longest datagram that is looked at.
const READ_SIZE: usize = 2048;

/// A socket address as the kernel wants it.
#[derive(Clone, Copy)]
#[repr(C)]
union RawAddr {
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

/// An address to send to, ready for the kernel.
#[derive(Clone, Copy)]
pub struct Target {
    raw: RawAddr,
    len: libc::socklen_t,
    /// The same for people and maps.
    pub address: SocketAddr,
    /// Whether its path is not known to be one without GSO.
    pub gso: bool,
}

impl Target {
    /// The target for an address.
    pub fn new(address: SocketAddr) -> Self {
        // SAFETY: all-zero bytes are valid for both address structures.
        let mut raw: RawAddr = unsafe { std::mem::zeroed() };
        let len = match address {
            SocketAddr::V4(v4) => {
                raw.v4.sin_family = libc::AF_INET as libc::sa_family_t;
                raw.v4.sin_port = v4.port().to_be();
                raw.v4.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
                size_of::<libc::sockaddr_in>()
            }
            SocketAddr::V6(v6) => {
                raw.v6.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                raw.v6.sin6_port = v6.port().to_be();
                raw.v6.sin6_addr.s6_addr = v6.ip().octets();
                raw.v6.sin6_scope_id = v6.scope_id();
                size_of::<libc::sockaddr_in6>()
            }
        };
        Self { raw, len: len as libc::socklen_t, address, gso: true }
    }
}

fn from_raw(raw: &RawAddr) -> SocketAddr {
    // SAFETY: the family stands at the same place in both structures, and all bytes are
    // initialised; it tells which one this is.
    unsafe {
        if libc::c_int::from(raw.v4.sin_family) == libc::AF_INET {
            let ip = Ipv4Addr::from(raw.v4.sin_addr.s_addr.to_ne_bytes());
            SocketAddr::new(IpAddr::V4(ip), u16::from_be(raw.v4.sin_port))
        } else {
            let ip = Ipv6Addr::from(raw.v6.sin6_addr.s6_addr);
            SocketAddr::new(IpAddr::V6(ip), u16::from_be(raw.v6.sin6_port))
        }
    }
}

/// A non-blocking UDP socket, which stays its owner's to close.
pub struct Udp {
    fd: RawFd,
    #[cfg(target_os = "linux")]
    messages: linux::Messages,
}

impl Udp {
    /// A socket by its descriptor.
    pub fn new(fd: RawFd) -> Self {
        Self {
            fd,
            #[cfg(target_os = "linux")]
            messages: linux::Messages::new(BATCH_RUNS),
        }
    }
}

impl Kernel for Udp {
    #[cfg(target_os = "linux")]
    fn knows_gso(&self) -> bool {
        let off: libc::c_int = 0;
        // SAFETY: an integer is passed, with its size.
        let result = unsafe {
            libc::setsockopt(
                self.fd,
                libc::SOL_UDP,
                libc::UDP_SEGMENT,
                (&raw const off).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        result == 0
    }

    #[cfg(not(target_os = "linux"))]
    fn knows_gso(&self) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn send_runs(&mut self, buffer: &[u8], runs: &[Run]) -> io::Result<usize> {
        self.messages.send(self.fd, buffer, runs)
    }

    #[cfg(not(target_os = "linux"))]
    fn send_runs(&mut self, buffer: &[u8], runs: &[Run]) -> io::Result<usize> {
        // Without GSO a run is one packet.
        send_to(self.fd, &buffer[runs[0].start..runs[0].end], &runs[0].target).map(|()| 1)
    }

    fn send_one(&mut self, datagram: &[u8], target: &Target) -> io::Result<()> {
        send_to(self.fd, datagram, target)
    }

    fn wait_for_room(&mut self) {
        wait_writable(self.fd, Duration::from_millis(2));
    }
}

/// Send one datagram.
///
/// # Errors
/// What the kernel says.
pub fn send_to(fd: RawFd, datagram: &[u8], target: &Target) -> io::Result<()> {
    // SAFETY: buffer and address are valid for the lengths given with them.
    let result = unsafe {
        libc::sendto(
            fd,
            datagram.as_ptr().cast(),
            datagram.len(),
            0,
            (&raw const target.raw).cast(),
            target.len,
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

fn wait_writable(fd: RawFd, timeout: Duration) {
    let mut entry = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one valid entry is passed.
    unsafe { libc::poll(&raw mut entry, 1, timeout.as_millis() as libc::c_int) };
}

/// Wait until one of two descriptors can be read, or for `timeout`; says for each whether it can.
///
/// # Errors
/// One of them is none.
pub fn wait_readable(fds: [RawFd; 2], timeout: Option<Duration>) -> io::Result<[bool; 2]> {
    let mut entries = fds.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    // SAFETY: two valid entries are passed, and a timeout that outlives the call.
    #[cfg(target_os = "linux")]
    let ready = unsafe {
        let limit = timeout.map(|time| libc::timespec {
            tv_sec: time.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(time.subsec_nanos() as i32),
        });
        let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        libc::ppoll(entries.as_mut_ptr(), 2, limit, std::ptr::null())
    };
    // SAFETY: two valid entries are passed.
    #[cfg(not(target_os = "linux"))]
    let ready = unsafe {
        let limit = timeout.map_or(-1, |time| time.as_micros().div_ceil(1000) as libc::c_int);
        libc::poll(entries.as_mut_ptr(), 2, limit)
    };
    if ready <= 0 {
        return Ok([false; 2]); // nothing, or a signal
    }
    if entries.iter().any(|entry| entry.revents & libc::POLLNVAL != 0) {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    Ok(entries.map(|entry| entry.revents != 0))
}

/// Reads datagrams in batches.
pub struct Reader {
    buffers: Vec<u8>,
    #[cfg(target_os = "linux")]
    headers: linux::Inbound,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            buffers: vec![0; READ_BATCH * READ_SIZE],
            #[cfg(target_os = "linux")]
            headers: linux::Inbound::new(READ_BATCH),
        }
    }
}

impl Reader {
    /// Read what is there, up to 32 datagrams, and pass each to `take`; returns how many it were.
    pub fn read(&mut self, fd: RawFd, mut take: impl FnMut(&mut [u8], SocketAddr)) -> usize {
        #[cfg(target_os = "linux")]
        let count = self.headers.receive(fd, &mut self.buffers, READ_SIZE);
        #[cfg(target_os = "linux")]
        for index in 0..count {
            let (len, address) = self.headers.result(index);
            take(&mut self.buffers[index * READ_SIZE..][..len.min(READ_SIZE)], address);
        }
        #[cfg(not(target_os = "linux"))]
        let count = receive_singly(fd, &mut self.buffers[..READ_SIZE], &mut take);
        count
    }
}

#[cfg(not(target_os = "linux"))]
fn receive_singly(
    fd: RawFd,
    buffer: &mut [u8],
    take: &mut impl FnMut(&mut [u8], SocketAddr),
) -> usize {
    for count in 0..READ_BATCH {
        // SAFETY: all-zero bytes are a valid address.
        let mut raw: RawAddr = unsafe { std::mem::zeroed() };
        let mut len = size_of::<RawAddr>() as libc::socklen_t;
        // SAFETY: buffer and address are valid for the lengths given with them.
        let got = unsafe {
            libc::recvfrom(
                fd,
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                libc::MSG_DONTWAIT,
                (&raw mut raw).cast(),
                &raw mut len,
            )
        };
        let Ok(got) = usize::try_from(got) else {
            return count;
        };
        take(&mut buffer[..got], from_raw(&raw));
    }
    READ_BATCH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    fn pair() -> (UdpSocket, UdpSocket) {
        let [a, b] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        a.set_nonblocking(true).unwrap();
        b.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        (a, b)
    }

    fn exchange(gso: bool) {
        let (a, b) = pair();
        let target = Target::new(b.local_addr().unwrap());
        let mut batch = Batch::new(Udp::new(a.as_raw_fd()), gso);
        let sizes = [40, 1200, 1200, 1200, 700, 1200, 30];
        for (index, size) in sizes.into_iter().enumerate() {
            batch.packet(&target, size).fill(index as u8);
        }
        batch.flush();
        assert_eq!(batch.take_sent().packets, 7);
        let mut buffer = [0; 2048];
        for (index, size) in sizes.into_iter().enumerate() {
            assert_eq!(b.recv(&mut buffer).unwrap(), size);
            assert_eq!(buffer[size - 1], index as u8);
        }
    }

    #[test]
    fn packets_arrive_as_they_were_sent() {
        exchange(true);
        exchange(false);
    }

    #[test]
    fn an_address_that_cannot_be_sent_to_holds_nobody_up() {
        let (a, b) = pair();
        let bad = Target::new("255.255.255.255:9".parse().unwrap());
        let good = Target::new(b.local_addr().unwrap());
        let mut batch = Batch::new(Udp::new(a.as_raw_fd()), true);
        for target in [&bad, &good, &bad, &good] {
            batch.packet(target, 100).fill(1);
        }
        batch.flush();
        let sent = batch.take_sent();
        assert_eq!((sent.packets, sent.failed), (2, 2));
    }

    #[test]
    fn reads_in_batches() {
        let (a, b) = pair();
        for index in 0..5u8 {
            b.send_to(&[index; 3], a.local_addr().unwrap()).unwrap();
        }
        let mut seen = Vec::new();
        let mut reader = Reader::default();
        assert!(wait_readable([a.as_raw_fd(), -1], Some(Duration::from_secs(60))).unwrap()[0]);
        reader.read(a.as_raw_fd(), |data, from| {
            assert_eq!(from, b.local_addr().unwrap());
            seen.push(data[0]);
        });
        assert_eq!(seen, [0, 1, 2, 3, 4]);
    }
}
