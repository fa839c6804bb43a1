//! The data sets that a server shows: the embedded sample, those that were pulled, and those in the
//! directories that it was told of.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use protocol::data::{
    DataCount, DataEntry, DataKind, DataList, DataRow, DataRows, DataWarning, ROWS_DEFAULT,
    ROWS_LIMIT, RowsQuery, Split,
};
use protocol::language::Language;
use scoring::sample;

use super::catalogue::{DATA_SETS, DataSet};
use super::check::{PairReport, check_pairs};
use super::error::DataError;
use super::multiparadetox::{self, LanguagePairs};

/// Name of the embedded sample.
pub const SAMPLE: &str = "sample";
/// Its licence.
pub const SAMPLE_LICENCE: &str = "MIT OR Apache-2.0";
/// Where it comes from.
pub const SAMPLE_SOURCE: &str = "comes with the program";
/// Places that a warning names.
const PLACES: usize = 5;

/// Why there are no rows.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// No set of that name is here.
    #[error("there is no data set `{name}` here; there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A field of the query has a value that is not allowed.
    #[error("{message}")]
    Query {
        /// The field.
        field: &'static str,
        /// Why not.
        message: String,
    },
    /// The set cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// Files with their sizes and times of change: as long as they are the same, so is what was found.
type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The data sets under some directories.
#[derive(Debug, Default)]
pub struct DataLibrary {
    roots: Vec<PathBuf>,
    known: Mutex<HashMap<&'static str, (Stamp, DataEntry)>>,
}

impl DataLibrary {
    /// Looks in these directories, in this order; they need not exist.
    pub fn new(roots: Vec<PathBuf>) -> Self {
        Self {
            roots,
            known: Mutex::default(),
        }
    }

    fn located(&self) -> Vec<(&'static DataSet, PathBuf)> {
        DATA_SETS
            .iter()
            .filter_map(|set| {
                let mut roots = self.roots.iter();
                Some((set, roots.find_map(|root| set.locate(root))?))
            })
            .collect()
    }

    /// Every set, with what is remarkable about it.
    pub fn list(&self) -> DataList {
        let mut sets = vec![embedded()];
        for (set, directory) in self.located() {
            sets.push(self.entry(set, &directory));
        }
        DataList { sets }
    }

    /// Looks at a set, once for as long as its files stay as they are.
    fn entry(&self, set: &'static DataSet, directory: &Path) -> DataEntry {
        let stamp = stamp(directory);
        let known = |entry: Option<&(Stamp, DataEntry)>| {
            entry
                .filter(|(then, _)| *then == stamp)
                .map(|(_, entry)| entry.clone())
        };
        if let Ok(entries) = self.known.lock()
            && let Some(entry) = known(entries.get(set.name))
        {
            return entry;
        }
        let entry = look_at(set, directory);
        if let Ok(mut entries) = self.known.lock() {
            entries.insert(set.name, (stamp, entry.clone()));
        }
        entry
    }

    /// Some rows of a set, in the order of its files.
    ///
    /// # Errors
    /// As [`RowsError`] says.
    pub fn rows(&self, name: &str, query: &RowsQuery) -> Result<DataRows, RowsError> {
        let limit = query.limit.unwrap_or(ROWS_DEFAULT);
        if limit == 0 || limit > ROWS_LIMIT {
            return Err(RowsError::Query {
                field: "limit",
                message: format!("must be 1 to {ROWS_LIMIT}, got {limit}"),
            });
        }
        let mut window = Window {
            offset: query.offset,
            limit,
            found: DataRows {
                total: 0,
                rows: Vec::new(),
            },
        };
        if name == SAMPLE {
            for pairs in multiparadetox::embedded(&[query.language]) {
                window.pairs(&pairs, query.split);
            }
            if query.split.is_none() {
                for (line, text) in (1..).zip(sample::clean(query.language)) {
                    window.text(line, false, text);
                }
            }
            return Ok(window.found);
        }
        let located = self.located();
        let Some((set, directory)) = located.iter().find(|(set, _)| set.name == name) else {
            let known: Vec<&str> = located.iter().map(|(set, _)| set.name).collect();
            return Err(RowsError::Unknown {
                name: name.to_owned(),
                known: [&[SAMPLE], known.as_slice()].concat().join(", "),
            });
        };
        if !set.languages.contains(&query.language) {
            return Err(RowsError::Query {
                field: "language",
                message: format!("`{name}` has no texts in {}", query.language),
            });
        }
        if set.kind == DataKind::Pairs {
            for pairs in multiparadetox::load(directory, &[query.language])? {
                window.pairs(&pairs, query.split);
            }
            return Ok(window.found);
        }
        if query.split.is_some() {
            return Err(RowsError::Query {
                field: "split",
                message: format!("`{name}` is not split"),
            });
        }
        for file in set.labelled_files(directory) {
            if file.language == query.language {
                file.stream(&mut |text| window.text(text.line, text.toxic, &text.text))?;
            }
        }
        Ok(window.found)
    }
}

/// Counts all rows and keeps some.
struct Window {
    offset: usize,
    limit: usize,
    found: DataRows,
}

impl Window {
    fn add(&mut self, row: impl FnOnce() -> DataRow) {
        let number = self.found.total;
        self.found.total += 1;
        if number >= self.offset && self.found.rows.len() < self.limit {
            self.found.rows.push(row());
        }
    }

    fn pairs(&mut self, pairs: &LanguagePairs, wanted: Option<Split>) {
        for split in Split::ALL {
            if wanted.is_some_and(|wanted| wanted != split) {
                continue;
            }
            for pair in pairs.split(split) {
                self.add(|| DataRow {
                    line: pair.line,
                    split: Some(split),
                    toxic: Some(pair.toxic.clone()),
                    neutral: Some(pair.neutral.clone()),
                });
            }
        }
    }

    fn text(&mut self, line: u64, toxic: bool, text: &str) {
        self.add(|| DataRow {
            line,
            split: None,
            toxic: toxic.then(|| text.to_owned()),
            neutral: (!toxic).then(|| text.to_owned()),
        });
    }
}

/// The sample, which is sound because a test keeps it so.
fn embedded() -> DataEntry {
    let pairs = multiparadetox::embedded(&Language::ALL);
    let mut counts: Vec<DataCount> = pairs.iter().flat_map(pair_counts).collect();
    counts.extend(Language::ALL.map(|language| DataCount {
        language,
        split: None,
        toxic: 0,
        clean: sample::clean(language).len(),
    }));
    DataEntry {
        name: SAMPLE.to_owned(),
        kind: DataKind::Pairs,
        label: Some(sample::LABEL.to_owned()),
        languages: Language::ALL.to_vec(),
        counts,
        licence: SAMPLE_LICENCE.to_owned(),
        source: SAMPLE_SOURCE.to_owned(),
        warnings: warnings(&pairs.iter().map(check_pairs).collect::<Vec<_>>()),
        error: None,
    }
}

fn look_at(set: &DataSet, directory: &Path) -> DataEntry {
    let found = contents(set, directory);
    let error = found.as_ref().err().map(ToString::to_string);
    let (counts, warnings) = found.unwrap_or_default();
    DataEntry {
        name: set.name.to_owned(),
        kind: set.kind,
        label: None,
        languages: set.languages.to_vec(),
        counts,
        licence: set.licence.to_owned(),
        source: set.source.to_owned(),
        warnings,
        error,
    }
}

fn contents(
    set: &DataSet,
    directory: &Path,
) -> Result<(Vec<DataCount>, Vec<DataWarning>), DataError> {
    if set.kind == DataKind::Pairs {
        let pairs = multiparadetox::load(directory, set.languages)?;
        let reports: Vec<PairReport> = pairs.iter().map(check_pairs).collect();
        let counts = pairs.iter().flat_map(pair_counts).collect();
        return Ok((counts, warnings(&reports)));
    }
    let mut counts: BTreeMap<Language, (usize, usize)> = BTreeMap::new();
    for file in set.labelled_files(directory) {
        let (toxic, clean) = counts.entry(file.language).or_default();
        file.stream(&mut |text| match text.toxic {
            true => *toxic += 1,
            false => *clean += 1,
        })?;
    }
    let counts = counts
        .into_iter()
        .map(|(language, (toxic, clean))| DataCount {
            language,
            split: None,
            toxic,
            clean,
        })
        .collect();
    Ok((counts, Vec::new()))
}

fn pair_counts(pairs: &LanguagePairs) -> Vec<DataCount> {
    Split::ALL
        .map(|split| DataCount {
            language: pairs.language,
            split: Some(split),
            toxic: pairs.split(split).len(),
            clean: pairs.split(split).len(),
        })
        .into()
}

/// Findings of a kind together.
fn warnings(reports: &[PairReport]) -> Vec<DataWarning> {
    let mut warnings: Vec<DataWarning> = Vec::new();
    for report in reports {
        // They are sorted by kind.
        for findings in report
            .findings
            .chunk_by(|left, right| left.kind == right.kind)
        {
            let places = findings
                .iter()
                .take(PLACES)
                .map(|finding| format!("{}: {}", finding.place(false), finding.detail));
            warnings.push(DataWarning {
                language: report.language,
                kind: findings.first().map_or("", |first| first.kind).to_owned(),
                count: findings.len(),
                places: places.collect(),
            });
        }
    }
    warnings
}

fn stamp(directory: &Path) -> Stamp {
    let mut stamp = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            match metadata.is_dir() {
                true => open.push(entry.path()),
                false => stamp.push((entry.path(), metadata.len(), metadata.modified().ok())),
            }
        }
    }
    stamp.sort();
    stamp
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn query(language: Language) -> RowsQuery {
        RowsQuery {
            language,
            split: None,
            offset: 0,
            limit: None,
        }
    }

    #[test]
    fn sets_are_listed_with_what_is_wrong_with_them() {
        let root = tempfile::tempdir().unwrap();
        let words = root.path().join("ldnoobw");
        std::fs::create_dir(&words).unwrap();
        for language in Language::ALL {
            std::fs::write(words.join(language.code()), "eins\nzwei\n").unwrap();
        }
        let library = DataLibrary::new(vec![root.path().join("none"), root.path().to_owned()]);
        let list = library.list();
        assert_eq!(list.sets.len(), 2);
        assert_eq!(list.sets[0].label.as_deref(), Some(sample::LABEL));
        assert_eq!(
            (list.sets[1].counts.len(), list.sets[1].counts[0].toxic),
            (7, 2)
        );

        std::fs::write(words.join("de"), b"gut\nschlecht\xff\n").unwrap();
        let entry = library.list().sets.remove(1);
        assert!(entry.counts.is_empty());
        assert!(entry.error.unwrap().contains("de:2:9: not UTF-8"));
    }

    #[test]
    fn rows_come_in_parts() {
        let library = DataLibrary::default();
        let all = library.rows(SAMPLE, &query(Language::De)).unwrap();
        assert_eq!((all.total, all.rows.len()), (48, 48));
        let mut asked = query(Language::De);
        asked.split = Some(Split::Test);
        asked.offset = 4;
        asked.limit = Some(3);
        let some = library.rows(SAMPLE, &asked).unwrap();
        assert_eq!((some.total, some.rows.len()), (6, 2));
        assert_eq!(some.rows[0], all.rows[22]);
        assert!(some.rows[0].toxic.is_some() && some.rows[0].neutral.is_some());
        asked.limit = Some(ROWS_LIMIT + 1);
        let error = library.rows(SAMPLE, &asked).unwrap_err();
        assert!(matches!(error, RowsError::Query { field: "limit", .. }));
        let error = library.rows("tatoeba", &query(Language::De)).unwrap_err();
        assert!(error.to_string().ends_with("there are sample"), "{error}");
    }
}
