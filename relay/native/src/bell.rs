//! A pipe that wakes whoever waits on its read end; written at most once until it is cleared.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// See the module.
pub struct Bell {
    read: OwnedFd,
    write: OwnedFd,
    rung: AtomicBool,
}

impl Bell {
    /// A bell that is silent.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new() -> io::Result<Self> {
        let mut fds = [0; 2];
        // SAFETY: room for two descriptors is passed.
        if unsafe { libc::pipe(fds.as_mut_ptr()) } < 0 {
            return Err(io::Error::last_os_error());
        }
        for fd in fds {
            // SAFETY: these are descriptors that were just opened.
            unsafe {
                libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK);
                libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
        // SAFETY: nobody else owns them.
        let [read, write] = fds.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        Ok(Self { read, write, rung: AtomicBool::new(false) })
    }

    /// Becomes readable when it rings.
    pub fn fd(&self) -> RawFd {
        self.read.as_raw_fd()
    }

    /// Whether it has rung since it was cleared last.
    pub fn is_rung(&self) -> bool {
        self.rung.load(SeqCst)
    }

    /// Wake whoever waits.
    pub fn ring(&self) {
        if !self.rung.swap(true, SeqCst) {
            // SAFETY: one byte is passed.
            unsafe { libc::write(self.write.as_raw_fd(), [1u8].as_ptr().cast(), 1) };
        }
    }

    /// Be silent, before what was rung for is taken.
    pub fn clear(&self) {
        // Read whatever `rung` says: whoever rang may have written after this was done last. Read
        // first: what is rung between the two has been left before what comes next is taken.
        let mut sink = [0u8; 8];
        // SAFETY: room for eight bytes is passed.
        unsafe { libc::read(self.read.as_raw_fd(), sink.as_mut_ptr().cast(), sink.len()) };
        self.rung.store(false, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bells_ring_once() {
        let bell = Bell::new().unwrap();
        bell.ring();
        bell.ring();
        assert!(crate::net::wait_readable([bell.fd(), -1], None).unwrap()[0]);
        bell.clear();
        let none = Some(std::time::Duration::ZERO);
        assert!(!crate::net::wait_readable([bell.fd(), -1], none).unwrap()[0]);
    }
}
