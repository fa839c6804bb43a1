//! Names that tell what a control token is for, where the file does not say it.

/// Control tokens after which a text is over, by name. llama.cpp stops at the same ones.
const ENDS: &[&str] = &[
    "<eos>",
    "</s>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<|end|>",
    "<end_of_turn>",
    "<|END_OF_TURN_TOKEN|>",
];

/// Whether a control token of this name ends a text.
pub(crate) fn ends_text(name: &str) -> bool {
    ENDS.contains(&name)
}
