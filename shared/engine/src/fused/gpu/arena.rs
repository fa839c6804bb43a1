//! Keys and values of all sequences of a runner: one pair of buffers per layer, in which every
//! sequence has a range of positions, so that one dispatch serves sequences of any length.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::tensor::{Device, Tensor};
use burn_cubecl::Cube;
use burn_cubecl::tensor::CubeTensor;

use crate::decoder::DecoderSpec;
use crate::error::EngineError;
use crate::kernels::cube::cube_tensor;

/// Positions by which the buffers grow at least.
const GROWTH: usize = 256;

/// Which positions are taken, in order.
#[derive(Debug, Default)]
struct Ranges(Vec<Range<usize>>);

impl Ranges {
    /// The first gap that is long enough.
    fn take(&mut self, length: usize) -> Range<usize> {
        let mut start = 0;
        let mut index = 0;
        while let Some(taken) = self.0.get(index)
            && taken.start - start < length
        {
            start = taken.end;
            index += 1;
        }
        let range = start..start + length;
        self.0.insert(index, range.clone());
        range
    }

    fn give_back(&mut self, range: &Range<usize>) {
        self.0.retain(|taken| taken != range);
    }

    fn end(&self) -> usize {
        self.0.last().map_or(0, |range| range.end)
    }
}

fn locked(ranges: &Mutex<Ranges>) -> MutexGuard<'_, Ranges> {
    ranges.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of one sequence in the buffers; given back when dropped.
#[derive(Debug)]
pub struct Cache {
    ranges: Arc<Mutex<Ranges>>,
    range: Range<usize>,
    pub(super) length: usize,
}

impl Cache {
    /// Positions already filled.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Positions that fit.
    pub fn capacity(&self) -> usize {
        self.range.len()
    }

    /// First position in the buffers.
    pub(super) fn start(&self) -> usize {
        self.range.start
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        locked(&self.ranges).give_back(&self.range);
    }
}

/// One layer's keys `[kv_width, positions]` and values `[positions, kv_width]`.
#[derive(Debug)]
pub(super) struct LayerBuffers {
    pub(super) keys: CubeTensor,
    pub(super) values: CubeTensor,
}

/// All buffers and who has which positions of them.
#[derive(Debug)]
pub(super) struct Arena {
    ranges: Arc<Mutex<Ranges>>,
    kv_width: usize,
    device: Device,
    /// Bytes of one buffer that a kernel can see.
    largest: u64,
    pub(super) positions: usize,
    pub(super) layers: Vec<LayerBuffers>,
}

impl Arena {
    pub(super) fn new(spec: &DecoderSpec, device: &Device) -> Result<Self, EngineError> {
        let kv_width = spec.kv_width();
        let layers = (0..spec.layers.len())
            .map(|_| {
                Ok(LayerBuffers {
                    keys: cube_tensor(Tensor::<2>::empty([kv_width, GROWTH], device))?,
                    values: cube_tensor(Tensor::<2>::empty([GROWTH, kv_width], device))?,
                })
            })
            .collect::<Result<Vec<_>, EngineError>>()?;
        let largest = layers.first().map_or(u64::MAX, |layer| {
            layer.keys.client.properties().memory.max_page_size
        });
        Ok(Self {
            ranges: Arc::default(),
            kv_width,
            device: device.clone(),
            largest,
            positions: GROWTH,
            layers,
        })
    }

    /// Reserves positions; the buffers grow when they are next written.
    pub(super) fn reserve(&self, capacity: usize) -> Result<Cache, EngineError> {
        let mut ranges = locked(&self.ranges);
        let range = ranges.take(capacity);
        let bytes = range.end as u64 * self.kv_width as u64 * 4;
        if bytes > self.largest {
            ranges.give_back(&range);
            return Err(EngineError::Device(format!(
                "the key/value cache of all sequences would take {bytes} bytes a layer; the device \
                 binds {} at once: run fewer or shorter sequences together",
                self.largest
            )));
        }
        Ok(Cache {
            ranges: Arc::clone(&self.ranges),
            range,
            length: 0,
        })
    }

    /// Whether the cache lies in these buffers.
    pub(super) fn owns(&self, cache: &Cache) -> bool {
        Arc::ptr_eq(&self.ranges, &cache.ranges)
    }

    /// Makes room for every reserved position, keeping what is there.
    pub(super) fn grow(&mut self) -> Result<(), EngineError> {
        let needed = locked(&self.ranges).end();
        if needed <= self.positions {
            return Ok(());
        }
        let fit = (self.largest / (self.kv_width as u64 * 4)) as usize;
        let wanted = needed.max(self.positions * 2).next_multiple_of(GROWTH);
        let (old, new) = (self.positions, wanted.min(fit).max(needed));
        let width = self.kv_width;
        for layer in &mut self.layers {
            let keys = Tensor::<2>::from_primitive::<Cube>(layer.keys.clone());
            let grown = Tensor::<2>::empty([width, new], &self.device);
            layer.keys = cube_tensor(grown.slice_assign([0..width, 0..old], keys))?;
            let values = Tensor::<2>::from_primitive::<Cube>(layer.values.clone());
            let grown = Tensor::<2>::empty([new, width], &self.device);
            layer.values = cube_tensor(grown.slice_assign([0..old, 0..width], values))?;
        }
        self.positions = new;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_first() {
        let mut ranges = Ranges::default();
        let (first, second, third) = (ranges.take(10), ranges.take(5), ranges.take(7));
        assert_eq!((&first, &second, &third), (&(0..10), &(10..15), &(15..22)));
        ranges.give_back(&second);
        assert_eq!(ranges.take(6), 22..28);
        assert_eq!(ranges.take(5), 10..15);
        ranges.give_back(&first);
        assert_eq!(ranges.take(4), 0..4);
        assert_eq!(ranges.take(6), 4..10);
        assert_eq!(ranges.end(), 28);
    }
}
