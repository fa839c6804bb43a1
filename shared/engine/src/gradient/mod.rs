//! Gradients of an adapter's factors with the model itself frozen: what LoRA fine-tuning needs
//! (arXiv 2106.09685), forward and backward written by hand.
//!
//! The tokens of all sequences lie row after row without padding, so every linear map is one product
//! over real tokens; only attention knows where a sequence begins. Of a block's forward pass its
//! input, the raw queries, keys and values, the attended values, gate, up and the two outputs are
//! kept; everything else is computed again on the way back. The work goes piece by piece over a
//! bounded number of rows, whatever the size of the batch.

mod attention;
mod batch;
mod block;
mod dropout;
mod frozen;
mod gradients;
mod lora;
mod loss;
mod pass;
mod rows;
#[cfg(test)]
mod tests;

pub use dropout::Dropout;
pub use gradients::Gradients;
pub use pass::{BatchLoss, GradientPass};
