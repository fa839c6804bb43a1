//! Parts of the page.

pub mod language_list;
pub mod model_table;
pub mod prompt_box;
pub mod server_status;
