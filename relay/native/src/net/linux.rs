//! Many messages in one call: `sendmmsg` with UDP GSO, and `recvmmsg`.

use super::{from_raw, io, RawAddr, RawFd, Run, SocketAddr};

/// A control message that tells the kernel where to cut (udp(7), `UDP_SEGMENT`).
#[repr(C)]
#[derive(Clone, Copy)]
struct Control {
    head: libc::cmsghdr,
    segment: u16,
    padding: [u8; 6],
}

/// The structures of `sendmmsg`, kept from call to call.
pub struct Messages {
    headers: Vec<libc::mmsghdr>,
    vectors: Vec<libc::iovec>,
    controls: Vec<Control>,
}

// SAFETY: the pointers within are set anew before each call, and not used after it.
unsafe impl Send for Messages {}

impl Messages {
    pub fn new(size: usize) -> Self {
        // SAFETY: all-zero bytes are valid for these structures.
        let (header, vector) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        let head = libc::cmsghdr {
            // SAFETY: CMSG_LEN only computes.
            cmsg_len: unsafe { libc::CMSG_LEN(2) } as _,
            cmsg_level: libc::SOL_UDP,
            cmsg_type: libc::UDP_SEGMENT,
        };
        let control = Control { head, segment: 0, padding: [0; 6] };
        Self {
            headers: vec![header; size],
            vectors: vec![vector; size],
            controls: vec![control; size],
        }
    }

    /// Send runs; returns how many the kernel took.
    pub fn send(&mut self, fd: RawFd, buffer: &[u8], runs: &[Run]) -> io::Result<usize> {
        for (index, run) in runs.iter().enumerate() {
            self.vectors[index] = libc::iovec {
                iov_base: buffer[run.start..run.end].as_ptr().cast_mut().cast(),
                iov_len: run.end - run.start,
            };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = (&raw const run.target.raw).cast_mut().cast();
            header.msg_namelen = run.target.len;
            header.msg_iov = &raw mut self.vectors[index];
            header.msg_iovlen = 1;
            if run.count > 1 {
                self.controls[index].segment = run.segment as u16;
                header.msg_control = (&raw mut self.controls[index]).cast();
                header.msg_controllen = size_of::<Control>() as _;
            } else {
                header.msg_control = std::ptr::null_mut();
                header.msg_controllen = 0;
            }
        }
        // SAFETY: `runs.len()` headers were filled with pointers that live until the call ends.
        let taken =
            unsafe { libc::sendmmsg(fd, self.headers.as_mut_ptr(), runs.len() as libc::c_uint, 0) };
        if taken < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(taken as usize)
        }
    }
}

/// The structures of `recvmmsg`, kept from call to call.
pub struct Inbound {
    headers: Vec<libc::mmsghdr>,
    vectors: Vec<libc::iovec>,
    names: Vec<RawAddr>,
}

// SAFETY: the pointers within are set anew before each call, and not used after it.
unsafe impl Send for Inbound {}

impl Inbound {
    pub fn new(size: usize) -> Self {
        // SAFETY: all-zero bytes are valid for these structures.
        unsafe {
            Self {
                headers: vec![std::mem::zeroed(); size],
                vectors: vec![std::mem::zeroed(); size],
                names: vec![std::mem::zeroed(); size],
            }
        }
    }

    pub fn receive(&mut self, fd: RawFd, buffers: &mut [u8], each: usize) -> usize {
        for (index, buffer) in buffers.chunks_exact_mut(each).enumerate() {
            self.vectors[index] =
                libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: each };
            let header = &mut self.headers[index].msg_hdr;
            header.msg_name = (&raw mut self.names[index]).cast();
            header.msg_namelen = size_of::<RawAddr>() as libc::socklen_t;
            header.msg_iov = &raw mut self.vectors[index];
            header.msg_iovlen = 1;
        }
        // SAFETY: every header points to a buffer, a vector and a name that outlive the call.
        let count = unsafe {
            libc::recvmmsg(
                fd,
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        usize::try_from(count).unwrap_or(0)
    }

    pub fn result(&self, index: usize) -> (usize, SocketAddr) {
        (self.headers[index].msg_len as usize, from_raw(&self.names[index]))
    }
}
