//! What the loops over single-precision numbers need of a vector register, so that they are written
//! once and each instruction set fills it in (`simd/`).

/// As many single-precision numbers as one register holds. An implementation's methods may only be
/// reached from a function that has enabled its instructions.
pub(crate) trait Lanes: Copy {
    /// Numbers in a register.
    const WIDTH: usize;
    /// `[f32; WIDTH]`.
    type Chunk;

    /// Whole registers and what remains.
    fn chunks(values: &[f32]) -> (&[Self::Chunk], &[f32]);
    /// As [`Lanes::chunks`], to write to.
    fn chunks_mut(values: &mut [f32]) -> (&mut [Self::Chunk], &mut [f32]);
    /// From memory.
    fn load(values: &Self::Chunk) -> Self;
    /// To memory.
    fn store(self, values: &mut Self::Chunk);
    /// The same number everywhere.
    fn splat(value: f32) -> Self;
    /// Sum.
    fn add(self, other: Self) -> Self;
    /// `self + left · right`, rounded once or twice.
    fn add_product(self, left: Self, right: Self) -> Self;
    /// Sum of the numbers in the register.
    fn sum(self) -> f32;
}

/// A register of one number: the reference.
impl Lanes for f32 {
    const WIDTH: usize = 1;
    type Chunk = [f32; 1];

    fn chunks(values: &[f32]) -> (&[Self::Chunk], &[f32]) {
        values.as_chunks()
    }

    fn chunks_mut(values: &mut [f32]) -> (&mut [Self::Chunk], &mut [f32]) {
        values.as_chunks_mut()
    }

    fn load(values: &Self::Chunk) -> Self {
        values[0]
    }

    fn store(self, values: &mut Self::Chunk) {
        values[0] = self;
    }

    fn splat(value: f32) -> Self {
        value
    }

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn add_product(self, left: Self, right: Self) -> Self {
        self + left * right
    }

    fn sum(self) -> f32 {
        self
    }
}
