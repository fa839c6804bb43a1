//! `/metrics`: what an operator watches, in the text format that Prometheus reads.

use std::fmt::Error;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::executor::{Load, Shelf};

/// One kind of answered request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    /// The route's pattern, not the path: the number of series stays bounded.
    route: String,
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ErrorLabels {
    kind: String,
}

/// Counts of requests, and the way to everything else that is shown.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    errors: Family<ErrorLabels, Counter>,
    seconds: Histogram,
}

impl Metrics {
    /// For the models of that shelf.
    pub fn new(shelf: Arc<Shelf>) -> Self {
        let mut registry = Registry::with_prefix("polydetox");
        let requests = Family::default();
        let errors = Family::default();
        let seconds = Histogram::new(exponential_buckets(0.001, 4.0, 9));
        registry.register("http_requests", "Answered requests", requests.clone());
        registry.register(
            "http_errors",
            "Answers with an error, by kind",
            errors.clone(),
        );
        registry.register_with_unit(
            "http_response_start",
            "Time until a response begins; a stream goes on after that",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register_collector(Box::new(Models(shelf)));
        Self {
            registry,
            requests,
            errors,
            seconds,
        }
    }

    /// Counts an answer.
    pub fn count(
        &self,
        route: &str,
        method: &str,
        status: u16,
        kind: Option<&str>,
        took: Duration,
    ) {
        self.requests
            .get_or_create(&RequestLabels {
                route: route.to_owned(),
                method: method.to_owned(),
                status,
            })
            .inc();
        if let Some(kind) = kind {
            self.errors
                .get_or_create(&ErrorLabels {
                    kind: kind.to_owned(),
                })
                .inc();
        }
        self.seconds.observe(took.as_secs_f64());
    }

    /// Everything as text.
    ///
    /// # Errors
    /// Only where the encoder is at fault.
    pub fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Reads the executors' counters when asked.
struct Models(Arc<Shelf>);

impl std::fmt::Debug for Models {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Models")
    }
}

type Reading = fn(&Load) -> u64;

const COUNTERS: [(&str, &str, Reading); 8] = [
    (
        "prompt_tokens",
        "Tokens of prompts that were begun",
        |load| load.prompt_tokens,
    ),
    ("completion_tokens", "Tokens generated", |load| {
        load.completion_tokens
    }),
    (
        "measured_tokens",
        "Tokens whose probability was measured",
        |load| load.measured_tokens,
    ),
    (
        "sequences_finished",
        "Sequences that came to their end",
        |load| load.finished,
    ),
    (
        "sequences_cancelled",
        "Sequences whose reader went away",
        |load| load.cancelled,
    ),
    ("sequences_failed", "Sequences that failed", |load| {
        load.failed
    }),
    (
        "requests_refused",
        "Requests that found every place taken",
        |load| load.refused,
    ),
    (
        "engine_restarts",
        "Times the engine was started anew after a failure",
        |load| load.restarts,
    ),
];

const GAUGES: [(&str, &str, Reading); 2] = [
    ("running", "Sequences that are being generated", |load| {
        load.running as u64
    }),
    (
        "queue_depth",
        "Sequences and measurements that wait",
        |load| load.waiting as u64,
    ),
];

impl Collector for Models {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let shelved = self.0.loaded();
        let loads: Vec<_> = shelved
            .iter()
            .map(|model| {
                let labels = [("model", model.id.as_str())];
                (labels, model.executor.counters().load())
            })
            .collect();
        for (name, help, read) in COUNTERS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (labels, load) in &loads {
                ConstCounter::new(read(load)).encode(family.encode_family(labels)?)?;
            }
        }
        for (name, help, read) in GAUGES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (labels, load) in &loads {
                let value = i64::try_from(read(load)).unwrap_or(i64::MAX);
                ConstGauge::new(value).encode(family.encode_family(labels)?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "first_token",
            "Time from a request's arrival to its first token",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for (model, (labels, _)) in shelved.iter().zip(&loads) {
            let histogram = model.executor.counters().first_token_seconds();
            histogram.encode(family.encode_family(labels)?)?;
        }
        let mut family = encoder.encode_descriptor(
            "decode_tokens_per_second",
            "Rate of one sequence after its first token",
            None,
            MetricType::Histogram,
        )?;
        for (model, (labels, _)) in shelved.iter().zip(&loads) {
            let histogram = model.executor.counters().decode_rate();
            histogram.encode(family.encode_family(labels)?)?;
        }
        Ok(())
    }
}
