//! What a Hugging Face data set holds: its commit, and the table of each language with size and
//! hash, so that tables are fetched and checked as models are.

use protocol::language::Language;
use serde::Deserialize;

use super::homes::HomeFile;
use crate::hub::HubError;
use crate::hub::digest::is_sha256;
use crate::hub::pull::{HuggingFace, hugging_face};
use crate::hub::record::is_plain_file_name;

/// Bytes that the hub's answer may have.
const ANSWER_LIMIT: u64 = 16 << 20;

#[derive(Debug, Deserialize)]
struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Debug, Deserialize)]
struct Sibling {
    rfilename: String,
    lfs: Option<Large>,
}

#[derive(Debug, Deserialize)]
struct Large {
    sha256: String,
    size: u64,
}

/// The commit that `revision` means now, and the table of each language.
///
/// # Errors
/// [`HubError::Source`] saying what the hub said, or what is missing in the repository.
pub fn tables(
    hub: &HuggingFace,
    (repo, revision): (&str, &str),
    languages: &[Language],
) -> Result<(String, Vec<HomeFile>), HubError> {
    let url = format!(
        "{}/api/datasets/{repo}/revision/{revision}?blobs=true",
        hub.endpoint
    );
    let refused = |reason: String| HubError::Source(format!("{url}: {reason}"));
    let mut request = hugging_face::agent().get(&url);
    if let Some(token) = &hub.token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let mut response = request.call().map_err(|error| refused(error.to_string()))?;
    match response.status().as_u16() {
        200 => {}
        401 | 403 => {
            return Err(refused(
                "the data set is not open to everybody: accept its terms on its page, and set \
                 HF_TOKEN to a token of yours"
                    .to_owned(),
            ));
        }
        404 => {
            return Err(refused(
                "HTTP 404; the data set was moved, or is open only to some".to_owned(),
            ));
        }
        status => return Err(refused(format!("HTTP {status}"))),
    }
    let answer = response
        .body_mut()
        .with_config()
        .limit(ANSWER_LIMIT)
        .read_to_vec()
        .map_err(|error| refused(error.to_string()))?;
    let answer: Answer =
        serde_json::from_slice(&answer).map_err(|error| refused(error.to_string()))?;
    if !answer.sha.chars().all(|digit| digit.is_ascii_hexdigit()) || answer.sha.is_empty() {
        return Err(refused(format!("`{}` is no commit", answer.sha)));
    }
    let files = languages
        .iter()
        .map(|language| {
            let beginning = format!("data/{language}-");
            let mut tables = answer.siblings.iter().filter(|file| {
                file.rfilename.starts_with(&beginning) && file.rfilename.ends_with(".parquet")
            });
            let (Some(table), None) = (tables.next(), tables.next()) else {
                return Err(refused(format!("there is not one {beginning}*.parquet")));
            };
            let name = table.rfilename.trim_start_matches("data/");
            let sound = |large: &&Large| is_sha256(&large.sha256) && is_plain_file_name(name);
            let Some(large) = table.lfs.as_ref().filter(sound) else {
                return Err(refused(format!("{} has no hash", table.rfilename)));
            };
            Ok(HomeFile {
                name: name.to_owned(),
                path: Some(table.rfilename.clone()),
                bytes: large.size,
                sha256: large.sha256.clone(),
            })
        })
        .collect::<Result<_, _>>()?;
    Ok((answer.sha, files))
}
