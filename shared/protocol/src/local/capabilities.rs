//! What a browser can do.

use serde::{Deserialize, Serialize};

/// The report that answers `Start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The graphics card.
    pub webgpu: WebGpuReport,
    /// WebAssembly SIMD. Always there: the worker does not start without it.
    pub simd: bool,
    /// Threads of the processor that the browser admits to.
    pub hardware_threads: Option<u32>,
    /// Main memory in GiB, rounded and capped by the browser; only Chromium tells.
    pub device_memory_gib: Option<f64>,
    /// What the browser gives this site; absent where models cannot be kept between visits.
    pub storage: Option<StorageEstimate>,
    /// Why models cannot be kept, where they cannot.
    pub why_no_storage: Option<String>,
    /// Models that are wholly in this browser.
    pub cached: Vec<CachedModel>,
}

/// WebGPU as the browser offers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WebGpuReport {
    /// There is an adapter.
    Available {
        /// The adapter.
        adapter: WebGpuAdapter,
    },
    /// There is none.
    Unavailable {
        /// The reason, and what the user can do about it.
        why_not: String,
    },
}

/// A WebGPU adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebGpuAdapter {
    /// Such as `nvidia`; browsers may leave this and the next ones empty.
    pub vendor: String,
    /// Such as `ampere`.
    pub architecture: String,
    /// The hardware's name.
    pub description: String,
    /// It is a program on the processor, such as SwiftShader.
    pub software: bool,
    /// 16-bit floating point in shaders.
    pub f16: bool,
    /// Subgroup operations in shaders.
    pub subgroups: bool,
    /// Largest storage binding in bytes: no weight matrix may be larger.
    pub max_storage_buffer_binding_size: u64,
    /// Largest buffer in bytes.
    pub max_buffer_size: u64,
    /// Invocations of one workgroup.
    pub max_compute_invocations_per_workgroup: u32,
    /// Bytes of workgroup memory.
    pub max_compute_workgroup_storage_size: u32,
    /// Storage buffers of one shader stage.
    pub max_storage_buffers_per_shader_stage: u32,
}

/// Storage of this site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageEstimate {
    /// Bytes in use.
    pub usage: u64,
    /// Bytes that the browser allows.
    pub quota: u64,
    /// The browser has promised not to clear it by itself.
    pub persistent: bool,
}

/// A model that is wholly in this browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedModel {
    /// Identifier.
    pub model: String,
    /// SHA-256 as provenance names it.
    pub sha256: String,
    /// Size of its files.
    pub bytes: u64,
}
