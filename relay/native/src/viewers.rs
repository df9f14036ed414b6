//! All viewers: by number for whoever asks, and by place for streams, which pass all of theirs with
//! every frame.
//!
//! Between two frames of a crowd its viewers' state has left the caches, because encrypted packets
//! have passed through them since. `expect` has the next viewer's fetched while the one before it
//! is served.

use std::collections::HashMap;

use crate::ring::Kind;
use crate::viewer::Viewer;

/// Bytes that a processor fetches at once.
const LINE: usize = 64;

/// See the module.
#[derive(Default)]
pub struct Viewers {
    places: Vec<Option<Box<Viewer>>>,
    free: Vec<usize>,
    by_number: HashMap<u32, usize>,
}

impl Viewers {
    /// How many there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Take up a viewer; it keeps its place until it is removed.
    pub fn insert(&mut self, number: u32, viewer: Viewer) {
        let place = self.by_number.get(&number).copied().or_else(|| self.free.pop());
        let place = place.unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        self.places[place] = Some(Box::new(viewer));
        self.by_number.insert(number, place);
    }

    /// Forget a viewer.
    pub fn remove(&mut self, number: u32) -> Option<Box<Viewer>> {
        let place = self.by_number.remove(&number)?;
        self.free.push(place);
        self.places[place].take()
    }

    /// Where a viewer is.
    pub fn place(&self, number: u32) -> Option<usize> {
        self.by_number.get(&number).copied()
    }

    /// The viewer of a number.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Viewer> {
        let place = self.place(number)?;
        self.at(place)
    }

    /// The viewer at a place.
    #[inline]
    pub fn at(&mut self, place: usize) -> Option<&mut Viewer> {
        self.places.get_mut(place)?.as_deref_mut()
    }

    /// All of them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Viewer> {
        self.places.iter_mut().filter_map(Option::as_deref_mut)
    }

    /// The viewer at a place is about to be sent a frame.
    #[inline]
    pub fn expect(&self, place: usize, kind: Kind) {
        if let Some(Some(viewer)) = self.places.get(place) {
            viewer.expect(kind);
        }
    }
}

/// Let the processor fetch what is about to be used.
#[inline]
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..size_of::<T>()).step_by(LINE) {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        let address = std::ptr::from_ref(value).cast::<i8>().wrapping_add(line);
        // SAFETY: a hint; it changes nothing that the program can see, whatever the address.
        #[allow(unused_unsafe)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(address);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (value, LINE);
}
