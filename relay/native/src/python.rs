//! The Python module: a thin shell that turns Python's values into the engine's commands.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{mpsc, Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use pyo3::exceptions::{PyKeyError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::command::{Command, NewViewer, Unit};
use crate::engine::{Engine as Worker, Options};
use crate::net::{send_to, Target};
use crate::outgoing::TrackParams;
use crate::ring::Kind;
use crate::rtp::Extensions;
use crate::shared::{Event, Shared, ViewerStats};
use crate::srtp::Profile;
use crate::stun::Consent;

/// Datagrams handed over in one call.
const READ_BATCH: usize = 256;

type PyAddress = (String, u16);
/// Packets, octets, requested, resent, highest, lost, round trip (s), heard (Unix s), jitter (ms);
/// highest and lost of the sound; checked (s ago).
type PyStats = (u64, u64, u64, u64, u32, i32, Option<f64>, f64, f64, u32, i32, Option<f64>);
/// Kind, viewer or stream, estimate (bits a second), highest, lost, round trip (s).
type PyEvent = (u8, u32, Option<u64>, u32, i32, Option<f64>);
/// Kind, SSRC, payload type, RTX SSRC, RTX payload type, ids of abs-send-time, playout-delay and
/// mid, whether the picture waits for sound, the mid itself, first sequence number, time stamp
/// offset.
type PyTrack =
    (bool, u32, u8, u32, Option<u8>, Option<u8>, Option<u8>, Option<u8>, bool, String, u16, u32);

fn kind(video: bool) -> Kind {
    if video {
        Kind::Video
    } else {
        Kind::Audio
    }
}

fn address(text: &PyAddress) -> PyResult<SocketAddr> {
    let ip: IpAddr = text.0.parse().map_err(|_| PyValueError::new_err("not an IP address"))?;
    Ok(SocketAddr::new(ip, text.1))
}

fn track(py: PyTrack) -> PyResult<TrackParams> {
    let (
        video,
        ssrc,
        payload_type,
        rtx_ssrc,
        rtx,
        send_time,
        playout,
        mid_id,
        waits,
        mid,
        first,
        offset,
    ) = py;
    if [send_time, playout, mid_id].into_iter().flatten().any(|id| !(1..15).contains(&id)) {
        return Err(PyValueError::new_err("header extension ids are 1 to 14"));
    }
    Ok(TrackParams {
        kind: kind(video),
        ssrc,
        payload_type: payload_type & 0x7F,
        rtx_ssrc,
        rtx_payload_type: rtx.map(|value| value & 0x7F),
        extensions: Extensions {
            abs_send_time: send_time,
            playout_delay: playout,
            mid: mid_id,
            waits,
        },
        mid: mid.into_bytes(),
        first_sequence: first,
        timestamp_offset: offset,
    })
}

/// The native core: see `relay.edge.core.Core`.
#[pyclass(frozen, module = "relay._native")]
pub struct Engine {
    fd: RawFd,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    stats: Mutex<HashMap<u32, Arc<ViewerStats>>>,
    /// For each stream whether there is something to replay. No lock here is ever the engine's.
    replayable: Mutex<HashMap<u32, Arc<AtomicBool>>>,
}

impl Engine {
    fn stats_map(&self) -> MutexGuard<'_, HashMap<u32, Arc<ViewerStats>>> {
        lock(&self.stats)
    }

    /// Leave a command; it is nobody's when the thread has ended.
    fn ask(&self, command: Command) {
        if self.shared.failure().is_none() {
            self.shared.put_command(command);
        }
    }

    /// Nothing may go on for long without the thread: the caller has to end too.
    fn check(&self) -> PyResult<()> {
        match self.shared.failure() {
            Some(reason) => {
                Err(PyRuntimeError::new_err(format!("the native core has ended: {reason}")))
            }
            None => Ok(()),
        }
    }

    fn stop_thread(&self) {
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            self.shared.put_command(Command::Stop);
            // What it has failed with is kept in `shared`.
            let _ = thread.join();
        }
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (fd, *, gso = true, paced = true))]
    fn new(fd: RawFd, gso: bool, paced: bool) -> PyResult<Self> {
        let shared =
            Arc::new(Shared::new().map_err(|error| PyOSError::new_err(error.to_string()))?);
        let worker = Worker::new(fd, Options { gso, paced }, Arc::clone(&shared));
        let thread = worker.spawn()?;
        Ok(Self {
            fd,
            shared,
            thread: Mutex::new(Some(thread)),
            stats: Mutex::default(),
            replayable: Mutex::default(),
        })
    }

    fn fileno(&self) -> RawFd {
        self.shared.owner_fd()
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.stop_thread());
    }

    fn open_stream(&self, stream: u32, video: bool) {
        let replayable = Arc::new(AtomicBool::new(false));
        lock(&self.replayable).insert(stream, Arc::clone(&replayable));
        self.ask(Command::Open(stream, kind(video), replayable));
    }

    fn close_stream(&self, stream: u32) {
        lock(&self.replayable).remove(&stream);
        self.ask(Command::Close(stream));
    }

    fn push(
        &self,
        stream: u32,
        payload: &[u8],
        pts: i64,
        captured_us: i64,
        keyframe: bool,
        now: f64,
    ) {
        self.shared.set_now(now);
        let unit = Unit { payload: payload.to_vec(), pts, captured_us, keyframe, now };
        self.ask(Command::Push(stream, unit));
    }

    fn add_viewer(
        &self,
        viewer: u32,
        target: PyAddress,
        profile: &str,
        send_key: Vec<u8>,
        receive_key: Vec<u8>,
        tracks: Vec<PyTrack>,
    ) -> PyResult<()> {
        let profile = Profile::from_name(profile)
            .ok_or_else(|| PyValueError::new_err("unknown SRTP profile"))?;
        if send_key.len() != profile.master_size() || receive_key.len() != profile.master_size() {
            return Err(PyValueError::new_err("SRTP keys of the wrong size"));
        }
        let tracks = tracks.into_iter().map(track).collect::<PyResult<Vec<_>>>()?;
        // All are sealed with one key: two with one SSRC would use nonces twice.
        let ssrcs: HashSet<u32> =
            tracks.iter().flat_map(|track| [track.ssrc, track.rtx_ssrc]).collect();
        if ssrcs.len() < 2 * tracks.len() {
            return Err(PyValueError::new_err("SSRCs of one viewer have to differ"));
        }
        let address = address(&target)?;
        let stats = Arc::new(ViewerStats::default());
        self.stats_map().insert(viewer, Arc::clone(&stats));
        let new = NewViewer { id: viewer, address, profile, send_key, receive_key, tracks, stats };
        self.ask(Command::Add(Box::new(new)));
        Ok(())
    }

    fn move_viewer(&self, viewer: u32, target: PyAddress) -> PyResult<()> {
        self.ask(Command::Move(viewer, address(&target)?));
        Ok(())
    }

    fn answer_checks(&self, viewer: u32, username: &str, password: &str) {
        let consent = Consent::new(username.as_bytes(), password.as_bytes());
        self.ask(Command::Answer(viewer, consent));
    }

    fn remove_viewer(&self, viewer: u32) {
        if self.stats_map().remove(&viewer).is_some() {
            self.ask(Command::Remove(viewer));
        }
    }

    fn watch(&self, viewer: u32, stream: u32, now: f64, at_once: bool) {
        self.ask(Command::Watch { viewer, stream, at_once, now });
    }

    fn unwatch(&self, viewer: u32, video: bool) {
        self.ask(Command::Unwatch(viewer, kind(video)));
    }

    fn replay(&self, viewer: u32, now: f64) -> bool {
        let watched = self.stats_map().get(&viewer).map_or(0, |stats| stats.video.load(Relaxed));
        let stream = watched.checked_sub(1).and_then(|stream| u32::try_from(stream).ok());
        let found = stream
            .and_then(|stream| Some(lock(&self.replayable).get(&stream)?.load(Relaxed)))
            .unwrap_or(false);
        if found {
            self.ask(Command::Replay(viewer, now));
        }
        found
    }

    fn probe(&self, viewer: u32, bytes: usize, now: f64) {
        self.ask(Command::Probe(viewer, bytes, now));
    }

    fn send(&self, datagram: &[u8], target: PyAddress) -> PyResult<()> {
        // From the caller's thread: STUN and DTLS do not wait for media.
        let target = Target::new(address(&target)?);
        if send_to(self.fd, datagram, &target).is_err() {
            self.shared.counters.send_failures.fetch_add(1, Relaxed);
        }
        Ok(())
    }

    fn read<'py>(&self, py: Python<'py>, now: f64) -> Vec<(Bound<'py, PyBytes>, PyAddress)> {
        self.shared.set_now(now);
        let taken = self.shared.take_datagrams(READ_BATCH);
        taken
            .into_iter()
            .map(|(data, from)| (PyBytes::new(py, &data), (from.ip().to_string(), from.port())))
            .collect()
    }

    fn tick(&self, now: f64) -> PyResult<Vec<PyEvent>> {
        self.check()?;
        self.shared.set_now(now);
        self.ask(Command::Tick(now));
        let events = self.shared.take_events();
        let known = self.stats_map();
        let plain = |kind, viewer| known.get(&viewer).map(|_| (kind, viewer, None, 0, 0, None));
        let flat = events.into_iter().filter_map(|event| match event {
            Event::Keyframe(viewer) => plain(0, viewer),
            Event::Report(viewer, bps) => known.get(&viewer).map(|stats| {
                let (highest, lost) = (stats.highest.load(Relaxed), stats.lost.load(Relaxed));
                (1, viewer, bps, highest, lost, stats.rtt_s())
            }),
            Event::Left(viewer) => plain(2, viewer),
            Event::Behind(stream) => Some((3, stream, None, 0, 0, None)),
        });
        Ok(flat.collect())
    }

    fn next_sequence(&self, viewer: u32) -> PyResult<u64> {
        let map = self.stats_map();
        let stats = map.get(&viewer).ok_or_else(|| PyKeyError::new_err(viewer))?;
        Ok(stats.next_sequence.load(Relaxed))
    }

    fn stats(&self, viewer: u32) -> PyResult<PyStats> {
        let map = self.stats_map();
        let stats = map.get(&viewer).ok_or_else(|| PyKeyError::new_err(viewer))?;
        Ok((
            stats.packets.load(Relaxed),
            stats.octets.load(Relaxed),
            stats.requested.load(Relaxed),
            stats.resent.load(Relaxed),
            stats.highest.load(Relaxed),
            stats.lost.load(Relaxed),
            stats.rtt_s(),
            stats.heard(),
            f64::from(stats.jitter.load(Relaxed)) / (Kind::Video.clock() as f64 / 1000.0),
            stats.sound_highest.load(Relaxed),
            stats.sound_lost.load(Relaxed),
            stats.checked().map(|at| self.shared.elapsed().saturating_sub(at).as_secs_f64()),
        ))
    }

    fn counters(&self) -> HashMap<&'static str, u64> {
        self.shared.counters.snapshot().into_iter().collect()
    }

    fn sizes(&self) -> HashMap<&'static str, u64> {
        self.shared.sizes.snapshot().into_iter().collect()
    }

    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        let (answer, done) = mpsc::channel();
        self.ask(Command::Flush(answer));
        // An error means that the thread has ended, and with it all that was to be flushed.
        py.detach(move || {
            let _ = done.recv();
        });
        self.check()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop_thread();
    }
}

/// Locks are held for a few instructions only, none of which can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The native module.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    #[cfg(target_os = "linux")]
    crate::bench::register(module)?;
    module.add_class::<Engine>()
}
