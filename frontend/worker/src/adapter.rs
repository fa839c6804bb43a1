//! Fetches the adapter that a request names. Adapters are a few megabytes and stay in memory as long
//! as the model does; the server is asked each time whether the name still means the same one.

use engine::adapter::{Adapter, peft};
use engine::checkpoint::MemorySource;
use engine::{EngineError, Model};
use protocol::FieldError;
use protocol::adapter::{AdapterChoice, AdapterEntry, AdapterList};
use protocol::api::model_files::ModelFile;
use web_sys::{AbortController, AbortSignal};

use crate::failure::Failure;
use crate::session::Session;
use crate::{files, network};

/// Makes sure that the session has the adapter.
///
/// # Errors
/// Nobody answers, there is no such adapter, it was made for another model, or its files are not
/// what the server has on record.
pub async fn fetch(
    session: &mut Session,
    api_base: &str,
    choice: Option<&AdapterChoice>,
) -> Result<(), Failure> {
    let Some(choice) = choice else {
        return Ok(());
    };
    let name = &choice.name;
    let controller = AbortController::new().map_err(|error| Failure::browser(&error))?;
    let signal = controller.signal();
    let base = format!("{api_base}/api/adapters");
    let list: AdapterList = match network::json(&base, &signal).await {
        // Without the server, what is here is used.
        Err(Failure::Unreachable(_)) if session.knows(name).is_some() => return Ok(()),
        other => other?,
    };
    let entry = list.adapters.into_iter().find(|entry| entry.name == *name);
    let entry = entry.ok_or_else(|| Failure::NoAdapter(name.clone()))?;
    if session.knows(name) == Some(entry.sha256.as_str()) {
        return Ok(());
    }
    let loaded = &session.loaded.provenance;
    if entry.base_model.sha256 != loaded.sha256 {
        let message = format!(
            "`{name}` was made for `{}`, this is another model or another version of it: `{}`",
            entry.base_model.model, loaded.model
        );
        return Err(EngineError::from(FieldError::new("adapter", message)).into());
    }
    let adapter = read(&session.model, &base, &entry, &signal).await?;
    session.keep(name, &entry.sha256, adapter);
    Ok(())
}

async fn read(
    model: &Model,
    base: &str,
    entry: &AdapterEntry,
    signal: &AbortSignal,
) -> Result<Adapter, Failure> {
    let config = file(base, entry, peft::CONFIG_FILE, signal).await?;
    let tensors = file(base, entry, peft::TENSORS_FILE, signal).await?;
    let tensors = MemorySource::new(peft::TENSORS_FILE, tensors);
    Ok(Adapter::from_peft(&config, &tensors, model.spec())?)
}

async fn file(
    base: &str,
    entry: &AdapterEntry,
    name: &str,
    signal: &AbortSignal,
) -> Result<Vec<u8>, Failure> {
    let listed = entry.files.iter().find(|file| file.name == name);
    let Some(ModelFile { bytes, sha256, .. }) = listed else {
        return Err(Failure::Answer(format!("`{}` has no {name}", entry.name)));
    };
    let address = format!("{base}/{}/files/{name}", entry.name);
    let content = network::range(&address, 0, *bytes, signal, |_| {}).await?;
    if files::sha256(&content) != *sha256 {
        return Err(Failure::Digest {
            file: name.to_owned(),
        });
    }
    Ok(content)
}
