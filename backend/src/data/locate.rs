//! From what the user says to a directory: a path, or the name of a data set that was pulled.

use std::path::{Path, PathBuf};

use super::catalogue::{DATA_SETS, DataSet};
use super::error::DataError;

/// Where pulled data sets lie in the data directory.
pub fn pulled(data_dir: &Path) -> PathBuf {
    data_dir.join("data")
}

/// The directory that `given` names: a directory as it is, or that of a data set which was pulled
/// into `data_dir`.
///
/// # Errors
/// [`DataError::NotPulled`] for a known data set that is not here, [`DataError::Unknown`] for what
/// is neither.
pub fn locate(data_dir: &Path, given: &Path) -> Result<PathBuf, DataError> {
    if given.is_dir() {
        return Ok(given.to_owned());
    }
    match given.to_str().and_then(DataSet::find) {
        Some(set) => set
            .locate(&pulled(data_dir))
            .ok_or(DataError::NotPulled(set.name)),
        None => Err(DataError::Unknown {
            given: given.to_owned(),
            known: DATA_SETS
                .iter()
                .map(|set| set.name)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_what_was_pulled() {
        let home = tempfile::tempdir().unwrap();
        let given = |text: &str| locate(home.path(), Path::new(text));
        let error = given("mlma").unwrap_err();
        assert!(
            error.to_string().contains("backend data pull mlma"),
            "{error}"
        );
        let place = home.path().join("data/mlma");
        std::fs::create_dir_all(&place).unwrap();
        assert_eq!(given("mlma").unwrap(), place);
        assert_eq!(locate(home.path(), home.path()).unwrap(), home.path());
        let error = given("nothing").unwrap_err();
        assert!(
            error.to_string().contains("known are multiparadetox"),
            "{error}"
        );
    }
}
