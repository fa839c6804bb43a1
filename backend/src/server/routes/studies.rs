//! `/api/studies`: make, run, watch and read studies.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use protocol::api::{ErrorBody, ErrorKind};
use protocol::study::api::{
    ExportFormat, ExportQuery, MatrixQuery, MatrixResponse, NewStudy, PresetEntry, PresetList,
    SamplePage, SampleQuery, StudyList,
};
use protocol::study::{Preset, StudyEvent, StudyMetric, StudyState, StudyStatus};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::generate::KEEP_ALIVE;
use crate::server::error::ApiError;
use crate::server::json::JsonBody;
use crate::server::query::asked;
use crate::server::state::Server;
use crate::study::{Desk, Opened, StudyError, export, meant};

/// Between two looks at a study that another process runs.
const LOOK: Duration = Duration::from_secs(1);

/// All studies.
#[utoipa::path(
    get,
    path = "/api/studies",
    responses(
        (status = 200, description = "The studies", body = StudyList),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 503, description = "The studies cannot be read", body = ErrorBody),
    )
)]
pub async fn studies(State(server): State<Arc<Server>>) -> Result<Json<StudyList>, ApiError> {
    let studies = at_desk(&server, Desk::list).await?;
    Ok(Json(StudyList { studies }))
}

/// The presets with their specifications.
#[utoipa::path(
    get,
    path = "/api/studies/presets",
    responses(
        (status = 200, description = "The presets", body = PresetList),
        (status = 401, description = "No token", body = ErrorBody),
    )
)]
pub async fn presets() -> Json<PresetList> {
    let entry = |preset: Preset| PresetEntry {
        preset,
        about: preset.about().to_owned(),
        spec: preset.spec(preset.model()),
    };
    Json(PresetList {
        presets: Preset::ALL.map(entry).to_vec(),
    })
}

/// Makes a study, and with `run` begins with it.
#[utoipa::path(
    post,
    path = "/api/studies",
    request_body = NewStudy,
    responses(
        (status = 200, description = "The study", body = StudyStatus),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 422, description = "It cannot be carried out", body = ErrorBody),
        (status = 429, description = "Another study is running", body = ErrorBody),
        (status = 503, description = "It cannot be stored", body = ErrorBody),
    )
)]
pub async fn create(
    State(server): State<Arc<Server>>,
    JsonBody(new): JsonBody<NewStudy>,
) -> Result<Json<StudyStatus>, ApiError> {
    at_desk(&server, move |desk| desk.create(&new))
        .await
        .map(Json)
}

/// How far a study is.
#[utoipa::path(
    get,
    path = "/api/studies/{name}",
    params(("name" = String, Path, description = "Name of the study")),
    responses(
        (status = 200, description = "How far it is", body = StudyStatus),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such study", body = ErrorBody),
        (status = 503, description = "It cannot be read", body = ErrorBody),
    )
)]
pub async fn status(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
) -> Result<Json<StudyStatus>, ApiError> {
    at_desk(&server, move |desk| desk.open(&name)?.status())
        .await
        .map(Json)
}

/// One matrix; of an unfinished study, the cells that there are.
#[utoipa::path(
    get,
    path = "/api/studies/{name}/matrix",
    params(("name" = String, Path, description = "Name of the study"), MatrixQuery),
    responses(
        (status = 200, description = "The matrix", body = MatrixResponse),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such study, or it has not begun", body = ErrorBody),
        (status = 422, description = "It has no such matrix", body = ErrorBody),
        (status = 503, description = "It cannot be read", body = ErrorBody),
    )
)]
pub async fn matrix(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
    query: Result<Query<MatrixQuery>, QueryRejection>,
) -> Result<Json<MatrixResponse>, ApiError> {
    let query = asked(query)?;
    let work = move |desk: &Desk| {
        let study = desk.open(&name)?;
        let metric = query.metric.unwrap_or(StudyMetric::Toxicity);
        let wanted = meant(study.spec(), metric, query.scorer.as_deref(), query.split)?;
        Ok(MatrixResponse {
            study: study.summary()?,
            matrix: study.matrix(&wanted)?,
            metrics: study.metrics(),
            scorers: study.spec().scorers.clone(),
            splits: study.spec().splits.keys().copied().collect(),
        })
    };
    at_desk(&server, work).await.map(Json)
}

/// Texts behind a cell, a row or a column.
#[utoipa::path(
    get,
    path = "/api/studies/{name}/samples",
    params(("name" = String, Path, description = "Name of the study"), SampleQuery),
    responses(
        (status = 200, description = "The samples", body = SamplePage),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such study, or it has not begun", body = ErrorBody),
        (status = 422, description = "A field has a value that is not allowed", body = ErrorBody),
        (status = 503, description = "It cannot be read", body = ErrorBody),
    )
)]
pub async fn samples(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
    query: Result<Query<SampleQuery>, QueryRejection>,
) -> Result<Json<SamplePage>, ApiError> {
    let query = asked(query)?;
    at_desk(&server, move |desk| desk.open(&name)?.samples(&query))
        .await
        .map(Json)
}

/// The results as a file.
#[utoipa::path(
    get,
    path = "/api/studies/{name}/export",
    params(("name" = String, Path, description = "Name of the study"), ExportQuery),
    responses(
        (status = 200, description = "The file", content((String = "text/csv"))),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such study, or it has not begun", body = ErrorBody),
        (status = 422, description = "It has no such matrix", body = ErrorBody),
        (status = 503, description = "It cannot be read", body = ErrorBody),
    )
)]
pub async fn export_file(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let query = asked(query)?;
    let file = name.clone();
    let (kind, ending) = media_type(query.format);
    let bytes = at_desk(&server, move |desk| written(&desk.open(&name)?, &query)).await?;
    let disposition = format!("attachment; filename=\"{file}.{ending}\"");
    Ok((
        [
            (CONTENT_TYPE, kind.to_owned()),
            (CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response())
}

/// Begins with a study, or goes on with it.
#[utoipa::path(
    post,
    path = "/api/studies/{name}/run",
    params(("name" = String, Path, description = "Name of the study")),
    responses(
        (status = 200, description = "How far it is", body = StudyStatus),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such study", body = ErrorBody),
        (status = 422, description = "It cannot be run", body = ErrorBody),
        (status = 429, description = "Another study is running", body = ErrorBody),
        (status = 503, description = "Another process runs it", body = ErrorBody),
    )
)]
pub async fn run(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
) -> Result<Json<StudyStatus>, ApiError> {
    let work = move |desk: &Desk| {
        desk.start(&name)?;
        desk.open(&name)?.status()
    };
    at_desk(&server, work).await.map(Json)
}

/// Stops a study when the piece under way is stored.
#[utoipa::path(
    post,
    path = "/api/studies/{name}/pause",
    params(("name" = String, Path, description = "Name of the study")),
    responses(
        (status = 200, description = "How far it is", body = StudyStatus),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such study", body = ErrorBody),
        (status = 503, description = "Another process runs it", body = ErrorBody),
    )
)]
pub async fn pause(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
) -> Result<Json<StudyStatus>, ApiError> {
    stop(&server, name, false).await
}

/// Stops a study at once; the piece under way is done again later.
#[utoipa::path(
    post,
    path = "/api/studies/{name}/cancel",
    params(("name" = String, Path, description = "Name of the study")),
    responses(
        (status = 200, description = "How far it is", body = StudyStatus),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such study", body = ErrorBody),
        (status = 503, description = "Another process runs it", body = ErrorBody),
    )
)]
pub async fn cancel(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
) -> Result<Json<StudyStatus>, ApiError> {
    stop(&server, name, true).await
}

/// What a running study reports, each a server-sent event named after its `type`; ends with
/// `ended`.
#[utoipa::path(
    get,
    path = "/api/studies/{name}/events",
    params(("name" = String, Path, description = "Name of the study")),
    responses(
        (status = 200, description = "The events", content((StudyEvent = "text/event-stream"))),
        (status = 401, description = "No token", body = ErrorBody),
        (status = 404, description = "No such study", body = ErrorBody),
        (status = 503, description = "It cannot be read", body = ErrorBody),
    )
)]
pub async fn events(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let watched = name.clone();
    // The reports first, so that none falls between the two.
    let (reports, status) = at_desk(&server, move |desk| {
        let reports = desk.events(&watched);
        Ok((reports, desk.open(&watched)?.status()?))
    })
    .await?;
    let first = progress(&status);
    let events = stream::unfold(
        Watch {
            server,
            name,
            reports,
            pending: Some(first),
            ended: false,
        },
        Watch::next,
    );
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

/// Someone watching a study.
struct Watch {
    server: Arc<Server>,
    name: String,
    /// None where it does not run in this process.
    reports: Option<Receiver<StudyEvent>>,
    pending: Option<StudyEvent>,
    ended: bool,
}

impl Watch {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let event = match self.pending.take() {
            Some(event) => event,
            None if self.ended => return None,
            None => self.wait().await?,
        };
        self.ended |= matches!(event, StudyEvent::Ended { .. });
        Some((Ok(sse_event(&event)), self))
    }

    async fn wait(&mut self) -> Option<StudyEvent> {
        if let Some(reports) = &mut self.reports {
            loop {
                match reports.recv().await {
                    Ok(event) => return Some(event),
                    // Progress that was missed is told again.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                }
            }
        } else {
            tokio::time::sleep(LOOK).await;
        }
        let name = self.name.clone();
        let status = at_desk(&self.server, move |desk| desk.open(&name)?.status())
            .await
            .ok()?;
        if status.summary.state == StudyState::Running && self.reports.is_none() {
            return Some(progress(&status));
        }
        Some(StudyEvent::Ended {
            state: status.summary.state,
            failure: status.summary.failure,
        })
    }
}

fn progress(status: &StudyStatus) -> StudyEvent {
    StudyEvent::Progress {
        state: status.summary.state,
        pieces: status.pieces.clone(),
        current: status.current.clone(),
        tokens_per_second: status.tokens_per_second,
        elapsed_seconds: status.elapsed_seconds,
        eta_seconds: status.eta_seconds,
    }
}

fn sse_event(event: &StudyEvent) -> Event {
    let named = Event::default().event(event.name());
    match named.json_data(event) {
        Ok(event) => event,
        // Numbers and strings can always be written as JSON.
        Err(error) => Event::default().event("error").data(error.to_string()),
    }
}

async fn stop(
    server: &Arc<Server>,
    name: String,
    at_once: bool,
) -> Result<Json<StudyStatus>, ApiError> {
    let work = move |desk: &Desk| {
        desk.stop(&name, at_once)?;
        desk.open(&name)?.status()
    };
    at_desk(server, work).await.map(Json)
}

fn written(study: &Opened, query: &ExportQuery) -> Result<Vec<u8>, StudyError> {
    let whole = study.results()?;
    let matrix = || {
        let metric = query.metric.unwrap_or(StudyMetric::Toxicity);
        let scorer = query.scorer.as_deref();
        study.matrix(&meant(study.spec(), metric, scorer, query.split)?)
    };
    match query.format {
        ExportFormat::Csv => export::csv(&whole),
        ExportFormat::Json => export::json(&whole),
        ExportFormat::Latex => Ok(export::latex(&whole, &matrix()?, query.absolute)),
        ExportFormat::Svg => Ok(export::svg(&whole, &matrix()?, query.absolute)),
        ExportFormat::Png => export::png(&whole, &matrix()?, query.absolute),
        ExportFormat::Parquet => export::parquet(study),
    }
}

/// Media type and ending of a format.
fn media_type(format: ExportFormat) -> (&'static str, &'static str) {
    match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        ExportFormat::Json => ("application/json", "json"),
        ExportFormat::Latex => ("application/x-latex; charset=utf-8", "tex"),
        ExportFormat::Svg => ("image/svg+xml", "svg"),
        ExportFormat::Png => ("image/png", "png"),
        ExportFormat::Parquet => ("application/vnd.apache.parquet", "parquet"),
    }
}

/// Reading results and computing intervals takes a while, which must not hold up others.
async fn at_desk<T: Send + 'static>(
    server: &Arc<Server>,
    work: impl FnOnce(&Desk) -> Result<T, StudyError> + Send + 'static,
) -> Result<T, ApiError> {
    let desk = server.studies.clone().ok_or_else(|| {
        ApiError::new(
            ErrorKind::Unavailable,
            "this server has no data directory for studies",
        )
    })?;
    let done = tokio::task::spawn_blocking(move || work(&desk))
        .await
        .map_err(|error| ApiError::new(ErrorKind::Internal, error.to_string()))?;
    Ok(done?)
}
