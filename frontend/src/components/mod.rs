//! Parts of which pages are made.

pub mod answered;
pub mod choice_field;
pub mod copy_button;
pub mod facts;
pub mod figures;
pub mod flag;
pub mod heatmap;
pub mod language_list;
pub mod masthead;
pub mod menu;
pub mod model_table;
pub mod page_title;
pub mod pager;
pub mod problem_note;
pub mod server_status;
pub mod theme_switch;
pub mod token_form;
pub mod veiled;
