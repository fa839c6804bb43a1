//! What this browser can do.

use protocol::local::Capabilities;

use crate::files::Storage;
use crate::javascript::{property, scope};
use crate::webgpu;

/// Looks.
pub async fn capabilities(storage: &Result<Storage, String>) -> Capabilities {
    let navigator = scope().navigator();
    let number = |name: &str| property(&navigator, name).as_f64();
    Capabilities {
        webgpu: webgpu::report().await,
        simd: cfg!(target_feature = "simd128"),
        hardware_threads: number("hardwareConcurrency").map(|threads| threads as u32),
        device_memory_gib: number("deviceMemory"),
        storage: match storage {
            Ok(storage) => storage.estimate().await,
            Err(_) => None,
        },
        why_no_storage: storage.as_ref().err().cloned(),
        cached: match storage {
            Ok(storage) => storage.cached().await,
            Err(_) => Vec::new(),
        },
    }
}
