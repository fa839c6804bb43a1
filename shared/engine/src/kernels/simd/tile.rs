//! Tiles of a dense product on AVX-512: up to twelve rows by 32 columns in registers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Columns of a tile: two registers.
pub const TILE_COLUMNS: usize = 32;
/// Rows of a tile: with two registers each they leave some for what is loaded.
pub const TILE_ROWS: usize = 12;

/// Where a tile's rows are, where they go, and how.
#[derive(Debug, Clone, Copy)]
pub struct Tile {
    /// Rows, 1 to [`TILE_ROWS`].
    pub rows: usize,
    /// Elements from one row of the left factor to the next.
    pub left_stride: usize,
    /// Elements summed over.
    pub depth: usize,
    /// Values from one row of the output to the next.
    pub out_stride: usize,
    /// Columns written, 1 to [`TILE_COLUMNS`].
    pub columns: usize,
    /// Whether the product is added to the output instead of replacing it.
    pub add: bool,
}

/// What tiles are made of.
pub trait Element: Copy + Default + Send + Sync {
    /// Whether this machine has the instructions.
    fn available() -> bool;

    /// `out (+)= left · panel`: `panel` is `[depth][TILE_COLUMNS]`.
    ///
    /// # Panics
    /// When a slice is too short for the tile, or the machine lacks the instructions.
    fn multiply(tile: Tile, left: &[Self], panel: &[Self], out: &mut [f32]);
}

/// What the kernels rely on, checked once per tile.
#[cfg(target_arch = "x86_64")]
fn check<T: Element>(tile: Tile, left: &[T], panel: &[T], out: &[f32]) {
    assert!((1..=TILE_ROWS).contains(&tile.rows) && (1..=TILE_COLUMNS).contains(&tile.columns));
    assert!(left.len() >= (tile.rows - 1) * tile.left_stride + tile.depth);
    assert!(panel.len() >= tile.depth * TILE_COLUMNS);
    assert!(out.len() >= (tile.rows - 1) * tile.out_stride + tile.columns);
    assert!(T::available());
}

#[cfg(target_arch = "x86_64")]
macro_rules! by_rows {
    ($kernel:ident, $tile:ident, $($argument:expr),*) => {
        match $tile.rows {
            1 => $kernel::<1>($tile, $($argument),*),
            2 => $kernel::<2>($tile, $($argument),*),
            3 => $kernel::<3>($tile, $($argument),*),
            4 => $kernel::<4>($tile, $($argument),*),
            5 => $kernel::<5>($tile, $($argument),*),
            6 => $kernel::<6>($tile, $($argument),*),
            7 => $kernel::<7>($tile, $($argument),*),
            8 => $kernel::<8>($tile, $($argument),*),
            9 => $kernel::<9>($tile, $($argument),*),
            10 => $kernel::<10>($tile, $($argument),*),
            11 => $kernel::<11>($tile, $($argument),*),
            _ => $kernel::<TILE_ROWS>($tile, $($argument),*),
        }
    };
}

/// Single precision.
impl Element for f32 {
    fn available() -> bool {
        cfg!(target_arch = "x86_64") && has_avx512()
    }

    #[cfg(target_arch = "x86_64")]
    fn multiply(tile: Tile, left: &[f32], panel: &[f32], out: &mut [f32]) {
        check(tile, left, panel, out);
        let (left, panel, out) = (left.as_ptr(), panel.as_ptr(), out.as_mut_ptr());
        // SAFETY: `check` saw that the slices are long enough and the instructions are there.
        unsafe { by_rows!(single, tile, left, panel, out) }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn multiply(tile: Tile, left: &[f32], panel: &[f32], out: &mut [f32]) {
        plain(tile, left, panel, out, |left, right| left * right);
    }
}

/// Two neighbours along the depth in bfloat16, the first in the low half.
impl Element for u32 {
    #[cfg(target_arch = "x86_64")]
    fn available() -> bool {
        has_avx512() && is_x86_feature_detected!("avx512bf16")
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn available() -> bool {
        false
    }

    #[cfg(target_arch = "x86_64")]
    fn multiply(tile: Tile, left: &[u32], panel: &[u32], out: &mut [f32]) {
        check(tile, left, panel, out);
        let (left, panel, out) = (left.as_ptr(), panel.as_ptr(), out.as_mut_ptr());
        // SAFETY: as above.
        unsafe { by_rows!(pairs, tile, left, panel, out) }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn multiply(tile: Tile, left: &[u32], panel: &[u32], out: &mut [f32]) {
        plain(tile, left, panel, out, |left, right| {
            let halves = |pair: u32| {
                (
                    f32::from_bits(pair << 16),
                    f32::from_bits(pair & 0xffff_0000),
                )
            };
            let ((a, b), (c, d)) = (halves(left), halves(right));
            a * c + b * d
        });
    }
}

/// As the kernels, in plain code.
#[cfg(not(target_arch = "x86_64"))]
fn plain<T: Copy>(
    tile: Tile,
    left: &[T],
    panel: &[T],
    out: &mut [f32],
    product: impl Fn(T, T) -> f32,
) {
    for row in 0..tile.rows {
        let left = &left[row * tile.left_stride..][..tile.depth];
        let out = &mut out[row * tile.out_stride..][..tile.columns];
        for (column, out) in out.iter_mut().enumerate() {
            let terms = left
                .iter()
                .zip(panel[column..].iter().step_by(TILE_COLUMNS));
            let sum: f32 = terms.map(|(left, right)| product(*left, *right)).sum();
            *out = if tile.add { *out + sum } else { sum };
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn single<const ROWS: usize>(
    tile: Tile,
    left: *const f32,
    panel: *const f32,
    out: *mut f32,
) {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for depth in 0..tile.depth {
        // SAFETY: the caller promises `depth` rows of the panel and of each row of `left`.
        unsafe {
            let columns = panel.add(depth * TILE_COLUMNS);
            let (first, second) = (_mm512_loadu_ps(columns), _mm512_loadu_ps(columns.add(16)));
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = _mm512_set1_ps(*left.add(row * tile.left_stride + depth));
                sums[0] = _mm512_fmadd_ps(value, first, sums[0]);
                sums[1] = _mm512_fmadd_ps(value, second, sums[1]);
            }
        }
    }
    // SAFETY: the caller promises `ROWS` rows of `columns` values.
    unsafe { store(tile, sums, out) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn pairs<const ROWS: usize>(tile: Tile, left: *const u32, panel: *const u32, out: *mut f32) {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for depth in 0..tile.depth {
        // SAFETY: as in `single`; the vector types differ in name only.
        unsafe {
            let columns = panel.add(depth * TILE_COLUMNS);
            let bfloat16 = |bits| std::mem::transmute::<__m512i, __m512bh>(bits);
            let load = |at: *const u32| bfloat16(_mm512_loadu_si512(at.cast()));
            let (first, second) = (load(columns), load(columns.add(16)));
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = *left.add(row * tile.left_stride + depth);
                let value = bfloat16(_mm512_set1_epi32(value as i32));
                sums[0] = _mm512_dpbf16_ps(sums[0], value, first);
                sums[1] = _mm512_dpbf16_ps(sums[1], value, second);
            }
        }
    }
    // SAFETY: as in `single`.
    unsafe { store(tile, sums, out) }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store<const ROWS: usize>(tile: Tile, sums: [[__m512; 2]; ROWS], out: *mut f32) {
    let bits = if tile.columns == TILE_COLUMNS {
        u32::MAX
    } else {
        (1 << tile.columns) - 1
    };
    let masks = [bits as u16, (bits >> 16) as u16];
    for (row, sums) in sums.into_iter().enumerate() {
        for (half, (mut sum, mask)) in sums.into_iter().zip(masks).enumerate() {
            let at = out.wrapping_add(row * tile.out_stride + half * 16);
            // SAFETY: only the lanes of the mask are touched, which the caller promises.
            unsafe {
                if tile.add {
                    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, at));
                }
                _mm512_mask_storeu_ps(at, mask, sum);
            }
        }
    }
}

/// Transposes a square of [`TILE_COLUMNS`] rows and columns.
///
/// # Panics
/// On a processor of this family without AVX-512.
pub fn transpose(
    from: &[f32; TILE_COLUMNS * TILE_COLUMNS],
    to: &mut [f32; TILE_COLUMNS * TILE_COLUMNS],
) {
    #[cfg(target_arch = "x86_64")]
    {
        assert!(f32::available());
        for (row, column) in [(0, 0), (0, 16), (16, 0), (16, 16)] {
            let from = from[row * TILE_COLUMNS + column..].as_ptr();
            let to = to[column * TILE_COLUMNS + row..].as_mut_ptr();
            // SAFETY: just checked; a quarter of the square lies behind each pointer.
            unsafe { transpose_16(from, to) }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    for (index, value) in from.iter().enumerate() {
        to[index % TILE_COLUMNS * TILE_COLUMNS + index / TILE_COLUMNS] = *value;
    }
}

/// Sixteen by sixteen, rows [`TILE_COLUMNS`] apart: pairs of rows, then of pairs, then of quarters.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn transpose_16(from: *const f32, to: *mut f32) {
    let mut rows = [_mm512_setzero_ps(); 16];
    for (number, row) in rows.iter_mut().enumerate() {
        // SAFETY: the caller promises sixteen rows.
        *row = unsafe { _mm512_loadu_ps(from.add(number * TILE_COLUMNS)) };
    }
    let mut pairs = rows;
    for at in (0..16).step_by(2) {
        pairs[at] = _mm512_unpacklo_ps(rows[at], rows[at + 1]);
        pairs[at + 1] = _mm512_unpackhi_ps(rows[at], rows[at + 1]);
    }
    // Of rows 4g…4g+3, register 4g + c has column c of every quarter.
    let mut fours = rows;
    for at in (0..16).step_by(4) {
        let (a, b) = (_mm512_castps_pd(pairs[at]), _mm512_castps_pd(pairs[at + 2]));
        let (c, d) = (
            _mm512_castps_pd(pairs[at + 1]),
            _mm512_castps_pd(pairs[at + 3]),
        );
        fours[at] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
        fours[at + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        fours[at + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, d));
        fours[at + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(c, d));
    }
    for column in 0..4 {
        let [a, b, c, d] = [0, 4, 8, 12].map(|at| fours[at + column]);
        let low = _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
        let high = _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b);
        let low_2 = _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d);
        let high_2 = _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d);
        let out = [
            _mm512_shuffle_f32x4::<0b10_00_10_00>(low, low_2),
            _mm512_shuffle_f32x4::<0b10_00_10_00>(high, high_2),
            _mm512_shuffle_f32x4::<0b11_01_11_01>(low, low_2),
            _mm512_shuffle_f32x4::<0b11_01_11_01>(high, high_2),
        ];
        for (quarter, value) in out.into_iter().enumerate() {
            // SAFETY: the caller promises sixteen rows.
            unsafe { _mm512_storeu_ps(to.add((quarter * 4 + column) * TILE_COLUMNS), value) }
        }
    }
}
