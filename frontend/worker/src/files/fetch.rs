//! Brings a model's files into the browser: what is here and intact stays, the rest is fetched.

use protocol::api::model_files::{ModelFile, ModelFileList};
use protocol::local::{Event, LoadStage};
use sha2::{Digest, Sha256};
use web_sys::AbortSignal;

use super::progress::Progress;
use super::record::Record;
use super::shard::{self, Shard};
use super::storage::ModelDirectory;
use crate::failure::Failure;
use crate::{network, pause, voice};

/// How often a shard is asked for before the server counts as gone.
const TRIES: u32 = 4;

/// The files of a model, checked.
pub enum Fetched {
    /// In the browser's storage; the shards of each file in their order.
    Kept(ModelDirectory, Vec<Vec<Shard>>),
    /// In memory, where the browser keeps nothing.
    InMemory(Vec<Vec<u8>>),
}

/// Fetches what is missing of `list` from `base`, the address under which the files lie.
///
/// # Errors
/// [`Failure::Cancelled`] when `signal` says so; the server is gone; there is no room; a file is
/// not what the list says. Whole shards are kept in every case but the last.
pub async fn fetch(
    base: &str,
    list: &ModelFileList,
    directory: Option<&ModelDirectory>,
    signal: &AbortSignal,
) -> Result<Fetched, Failure> {
    let mut progress = Progress::new(list.bytes());
    let fetched = match directory {
        Some(directory) => {
            let shards = into_storage(base, list, directory, signal, &mut progress).await?;
            Fetched::Kept(directory.clone(), shards)
        }
        None => Fetched::InMemory(into_memory(base, list, signal, &mut progress).await?),
    };
    progress.finish();
    Ok(fetched)
}

async fn into_storage(
    base: &str,
    list: &ModelFileList,
    directory: &ModelDirectory,
    signal: &AbortSignal,
    progress: &mut Progress,
) -> Result<Vec<Vec<Shard>>, Failure> {
    let known = directory.record().await;
    let same = known.as_ref().is_some_and(|record| record.list == *list);
    if !same {
        // Of another version, or of a visit whose record did not survive.
        directory.clear().await?;
        let record = Record {
            list: list.clone(),
            complete: false,
        };
        directory.write_record(&record).await?;
    }
    let here = directory.shards().await?;
    let find = |file: usize, number: u64| {
        here.iter()
            .find(|shard| shard.file == file && shard.number == number)
    };
    // What was whole once has known hashes for all shards; else each file is hashed as a whole.
    let complete = known.is_some_and(|record| same && record.complete)
        && list.files.iter().enumerate().all(|(file, listed)| {
            shard::ranges(listed.bytes).all(|(number, _)| find(file, number).is_some())
        });
    let mut stage = LoadStage::Check;
    let mut files = Vec::with_capacity(list.files.len());
    for (number, file) in list.files.iter().enumerate() {
        let other = || Failure::Digest {
            file: file.name.clone(),
        };
        let mut shards = Vec::new();
        let mut digest = Sha256::new();
        for (piece, range) in shard::ranges(file.bytes) {
            check(signal)?;
            let kept = find(number, piece);
            if let Some(kept) = kept {
                if let Some(bytes) = intact(directory, kept, range.end - range.start).await {
                    progress.found(bytes.len() as u64);
                    shards.push(kept.clone());
                    if !complete {
                        digest.update(&bytes);
                    }
                    continue;
                }
                progress.damaged(range.end - range.start);
            }
            if stage == LoadStage::Check {
                stage = LoadStage::Download;
                voice::say(&Event::Stage { stage });
            }
            let bytes = shard_bytes(&address(base, file), range, signal, progress).await?;
            let shard = Shard {
                file: number,
                number: piece,
                sha256: shard::sha256(&bytes),
            };
            if let Some(kept) = kept
                && *kept != shard
            {
                if complete {
                    return Err(other());
                }
                directory.remove(&kept.name()).await?;
            }
            directory.write(&shard.name(), &bytes).await?;
            shards.push(shard);
            if !complete {
                digest.update(&bytes);
            }
        }
        if !complete && shard::hexadecimal(digest) != file.sha256 {
            directory.clear().await?;
            return Err(other());
        }
        files.push(shards);
    }
    if !complete {
        let record = Record {
            list: list.clone(),
            complete: true,
        };
        directory.write_record(&record).await?;
    }
    Ok(files)
}

/// The bytes of a shard that is here, if they are what its name says.
async fn intact(directory: &ModelDirectory, shard: &Shard, bytes: u64) -> Option<Vec<u8>> {
    let found = directory.read(&shard.name()).await.ok()?;
    (found.len() as u64 == bytes && shard::sha256(&found) == shard.sha256).then_some(found)
}

async fn into_memory(
    base: &str,
    list: &ModelFileList,
    signal: &AbortSignal,
    progress: &mut Progress,
) -> Result<Vec<Vec<u8>>, Failure> {
    voice::say(&Event::Stage {
        stage: LoadStage::Download,
    });
    let mut files = Vec::with_capacity(list.files.len());
    for file in &list.files {
        let mut whole = Vec::with_capacity(usize::try_from(file.bytes).unwrap_or(0));
        for (_, range) in shard::ranges(file.bytes) {
            check(signal)?;
            let address = address(base, file);
            whole.extend(shard_bytes(&address, range, signal, progress).await?);
        }
        if shard::sha256(&whole) != file.sha256 {
            return Err(Failure::Digest {
                file: file.name.clone(),
            });
        }
        files.push(whole);
    }
    Ok(files)
}

/// A shard, asked for again where the connection breaks.
async fn shard_bytes(
    address: &str,
    range: std::ops::Range<u64>,
    signal: &AbortSignal,
    progress: &mut Progress,
) -> Result<Vec<u8>, Failure> {
    let mut tries = 0;
    loop {
        let mut arrived = 0;
        let result = network::range(address, range.start, range.end, signal, |bytes| {
            arrived += bytes;
            progress.arrived(bytes);
        })
        .await;
        tries += 1;
        match result {
            Err(Failure::Unreachable(_)) if tries < TRIES => {
                progress.lost(arrived);
                pause::sleep(250 << tries).await;
                check(signal)?;
            }
            other => return other,
        }
    }
}

fn check(signal: &AbortSignal) -> Result<(), Failure> {
    if signal.aborted() {
        return Err(Failure::Cancelled);
    }
    Ok(())
}

fn address(base: &str, file: &ModelFile) -> String {
    let name = js_sys::encode_uri_component(&file.name);
    format!("{base}/{}", String::from(name))
}
