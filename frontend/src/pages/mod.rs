//! One file, or folder, is one address.

pub mod about;
pub mod data;
pub mod matrices;
pub mod models;
pub mod not_found;
pub mod playground;
pub mod scorers;
pub mod studies;
