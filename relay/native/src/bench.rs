//! The benchmarks' other half: the floor that the fan-out is measured against, and a sink that
//! counts what arrives. No part of the relay; Linux only.

use std::net::UdpSocket;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use ring::aead;

const HEADER: usize = 28;
const TAG: usize = 16;
/// Viewers in one call of sendmmsg.
const GROUP: usize = 32;
const READ_SIZE: usize = 65_536;
/// Pause between two looks at all sockets.
const REST: Duration = Duration::from_millis(5);

#[repr(C)]
#[derive(Clone, Copy)]
struct Segment {
    head: libc::cmsghdr,
    size: u16,
    padding: [u8; 6],
}

/// Send `frames` frames of `packets` packets with `payload` bytes each to `ports` on loopback: what
/// encrypting and sending costs, and nothing else. Returns the number of packets sent.
#[pyfunction]
fn floor(
    py: Python<'_>,
    ports: Vec<u16>,
    frames: u64,
    fps: f64,
    packets: usize,
    payload: usize,
) -> PyResult<u64> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let sent = py.detach(|| Floor::new(&ports, packets, payload).run(&socket, frames, fps));
    Ok(sent)
}

struct Floor {
    keys: Vec<aead::LessSafeKey>,
    names: Vec<libc::sockaddr_in>,
    packets: usize,
    size: usize,
    payload: Vec<u8>,
}

impl Floor {
    fn new(ports: &[u16], packets: usize, payload: usize) -> Self {
        let key = |index: usize| {
            let mut bytes = [7u8; 16];
            bytes[..8].copy_from_slice(&index.to_ne_bytes());
            let key = aead::UnboundKey::new(&aead::AES_128_GCM, &bytes).expect("16 bytes");
            aead::LessSafeKey::new(key)
        };
        let name = |port: &u16| libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: port.to_be(),
            sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
            sin_zero: [0; 8],
        };
        Self {
            keys: (0..ports.len()).map(key).collect(),
            names: ports.iter().map(name).collect(),
            packets,
            size: HEADER + payload + TAG,
            payload: (0..payload * packets).map(|index| index as u8).collect(),
        }
    }

    fn run(&mut self, socket: &UdpSocket, frames: u64, fps: f64) -> u64 {
        let run = self.size * self.packets;
        let mut buffer = vec![0u8; run * GROUP];
        // SAFETY: all-zero bytes are valid for these structures.
        let mut vectors: Vec<libc::iovec> = vec![unsafe { std::mem::zeroed() }; GROUP];
        // SAFETY: as above.
        let mut headers: Vec<libc::mmsghdr> = vec![unsafe { std::mem::zeroed() }; GROUP];
        let mut segment = Segment {
            head: libc::cmsghdr {
                // SAFETY: CMSG_LEN only computes.
                cmsg_len: unsafe { libc::CMSG_LEN(2) } as _,
                cmsg_level: libc::SOL_UDP,
                cmsg_type: libc::UDP_SEGMENT,
            },
            size: self.size as u16,
            padding: [0; 6],
        };
        for index in 0..GROUP {
            vectors[index] =
                libc::iovec { iov_base: buffer[index * run..].as_mut_ptr().cast(), iov_len: run };
            let header = &mut headers[index].msg_hdr;
            header.msg_iov = &raw mut vectors[index];
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut segment).cast();
            header.msg_controllen = size_of::<Segment>() as _;
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
        }
        let (began, mut sent) = (Instant::now(), 0);
        for frame in 0..frames {
            let due = began + Duration::from_secs_f64(frame as f64 / fps);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            for group in 0..self.names.len().div_ceil(GROUP) {
                let count = GROUP.min(self.names.len() - group * GROUP);
                for index in 0..count {
                    let viewer = group * GROUP + index;
                    headers[index].msg_hdr.msg_name = (&raw mut self.names[viewer]).cast();
                    let room = &mut buffer[index * run..][..run];
                    self.fill(viewer, frame, room);
                }
                // SAFETY: `count` headers point to memory that outlives the call.
                let taken = unsafe {
                    libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as u32, 0)
                };
                sent += taken.max(0) as u64 * self.packets as u64;
            }
        }
        sent
    }

    fn fill(&self, viewer: usize, frame: u64, room: &mut [u8]) {
        let size = self.payload.len() / self.packets;
        for (index, packet) in room.chunks_exact_mut(self.size).enumerate() {
            let sequence = frame * self.packets as u64 + index as u64;
            let (head, rest) = packet.split_at_mut(HEADER);
            head[0] = 0x90;
            head[2..4].copy_from_slice(&(sequence as u16).to_be_bytes());
            let (body, tag) = rest.split_at_mut(size);
            body.copy_from_slice(&self.payload[index * size..][..size]);
            let mut nonce = [0; 12];
            nonce[4..].copy_from_slice(&sequence.to_be_bytes());
            let nonce = aead::Nonce::assume_unique_for_key(nonce);
            let sealed = self.keys[viewer]
                .seal_in_place_separate_tag(nonce, aead::Aad::from(head), body)
                .expect("packets are short");
            tag.copy_from_slice(sealed.as_ref());
        }
    }
}

#[derive(Default)]
struct Shared {
    peers: Mutex<Vec<Peer>>,
    stop: AtomicBool,
}

impl Shared {
    fn peers(&self) -> MutexGuard<'_, Vec<Peer>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket, and what has arrived on it.
struct Peer {
    socket: UdpSocket,
    packets: u64,
    bytes: u64,
    lost: u64,
    /// For each SSRC the next sequence number.
    expected: Vec<(u32, u16)>,
}

/// Sockets on loopback that count what arrives, read by a thread of their own.
///
/// They take GSO batches whole (`UDP_GRO`). Losses are seen from gaps in RTP sequence numbers,
/// which SRTP does not hide.
#[pyclass(frozen, module = "relay._native")]
struct Sink {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[pymethods]
impl Sink {
    /// `fds` are bound UDP sockets, which this takes over.
    #[new]
    fn new(py: Python<'_>, fds: Vec<i32>) -> PyResult<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("sink".into()).spawn(move || read_all(&theirs))?;
        let sink = Self { shared, thread: Mutex::new(Some(thread)) };
        sink.add(py, fds)?;
        Ok(sink)
    }

    /// Take over more sockets.
    fn add(&self, py: Python<'_>, fds: Vec<i32>) -> PyResult<()> {
        let mut new = Vec::with_capacity(fds.len());
        for fd in fds {
            // SAFETY: the caller hands its descriptors over.
            let socket = unsafe { UdpSocket::from(OwnedFd::from_raw_fd(fd)) };
            new.push(Peer::new(socket)?);
        }
        py.detach(|| self.shared.peers().extend(new));
        Ok(())
    }

    /// Packets, bytes, and packets that are missing, so far.
    fn counts(&self, py: Python<'_>) -> (u64, u64, u64) {
        py.detach(|| {
            self.shared.peers().iter().fold((0, 0, 0), |sum, peer| {
                (sum.0 + peer.packets, sum.1 + peer.bytes, sum.2 + peer.lost)
            })
        })
    }

    /// Packets, and packets that are missing, so far, of each socket in the order of their coming.
    fn each(&self, py: Python<'_>) -> Vec<(u64, u64)> {
        py.detach(|| self.shared.peers().iter().map(|peer| (peer.packets, peer.lost)).collect())
    }

    /// End the thread and close the sockets.
    fn stop(&self, py: Python<'_>) {
        self.shared.stop.store(true, Relaxed);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| thread.map(JoinHandle::join));
        self.shared.peers().clear();
    }
}

fn read_all(shared: &Shared) {
    let mut buffer = vec![0u8; READ_SIZE];
    while !shared.stop.load(Relaxed) {
        for peer in shared.peers().iter_mut() {
            while let Some((size, segment)) = peer.receive(&mut buffer) {
                peer.count(&buffer[..size], segment);
            }
        }
        // Nobody waits on the sockets: on loopback it is the sender who pays for a wake-up,
        // which a network would not make it do.
        std::thread::sleep(REST);
    }
}

impl Peer {
    fn new(socket: UdpSocket) -> std::io::Result<Self> {
        socket.set_nonblocking(true)?;
        let fd = socket.as_raw_fd();
        let (on, room) = (1i32, 4 << 20);
        // SAFETY: integers are passed, with their size.
        unsafe {
            libc::setsockopt(fd, libc::SOL_UDP, libc::UDP_GRO, (&raw const on).cast(), 4);
            libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, (&raw const room).cast(), 4);
        }
        Ok(Self { socket, packets: 0, bytes: 0, lost: 0, expected: Vec::new() })
    }

    /// One message: its size and that of its segments.
    fn receive(&self, buffer: &mut [u8]) -> Option<(usize, usize)> {
        let mut vector =
            libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        let mut control = [0u64; 8];
        // SAFETY: all-zero bytes are a valid header.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        header.msg_iov = &raw mut vector;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control) as _;
        // SAFETY: all pointers outlive the call.
        let size = unsafe { libc::recvmsg(self.socket.as_raw_fd(), &raw mut header, 0) };
        let size = usize::try_from(size).ok()?;
        // SAFETY: the kernel has filled in the control messages that it says.
        let segment = unsafe {
            let head = libc::CMSG_FIRSTHDR(&raw const header);
            if head.is_null() || (*head).cmsg_type != libc::UDP_GRO {
                size
            } else {
                libc::CMSG_DATA(head).cast::<i32>().read_unaligned() as usize
            }
        };
        Some((size, segment.max(1)))
    }

    fn count(&mut self, message: &[u8], segment: usize) {
        for packet in message.chunks(segment) {
            self.bytes += packet.len() as u64;
            // RTCP has no sequence numbers (RFC 5761 section 4).
            if packet.len() < 12 || packet[0] < 128 || (192..224).contains(&packet[1]) {
                continue;
            }
            self.packets += 1;
            let sequence = u16::from_be_bytes([packet[2], packet[3]]);
            let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
            match self.expected.iter_mut().find(|entry| entry.0 == ssrc) {
                Some(entry) => {
                    let gap = sequence.wrapping_sub(entry.1);
                    if gap < 0x8000 {
                        self.lost += u64::from(gap);
                        entry.1 = sequence.wrapping_add(1);
                    }
                }
                None => self.expected.push((ssrc, sequence.wrapping_add(1))),
            }
        }
    }
}

/// Add the benchmarks' functions to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(floor, module)?)?;
    module.add_class::<Sink>()
}
