//! The data sets that this program knows: where their files lie under a directory, what they are
//! for, and under which licence.

use std::path::{Path, PathBuf};

pub use protocol::data::DataKind as Kind;
use protocol::language::Language;
use serde::Serialize;

use super::format::Format;
use super::labelled::{Label, LabelledFile, TextColumn};

/// A data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DataSet {
    /// Name, also that of its directory.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Directory under the data directory.
    pub directory: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Licence.
    pub licence: &'static str,
    /// Languages.
    pub languages: &'static [Language],
}

use Language::{Ar, De, En, Es, Hi, Ru, Zh};

/// All that are known.
pub const DATA_SETS: &[DataSet] = &[
    DataSet {
        name: "multiparadetox",
        kind: Kind::Pairs,
        directory: "multiparadetox",
        source: "textdetox/multilingual_paradetox, split of himanshubeniwal/Breaking-mBad",
        licence: "openrail++",
        languages: &Language::ALL,
    },
    DataSet {
        name: "paradetox_en",
        kind: Kind::Labelled,
        directory: "toxicity/paradetox_en",
        source: "s-nlp/paradetox",
        licence: "CC0-1.0",
        languages: &[En],
    },
    DataSet {
        name: "davidson_en",
        kind: Kind::Labelled,
        directory: "toxicity/davidson_en",
        source: "t-davidson/hate-speech-and-offensive-language",
        licence: "MIT",
        languages: &[En],
    },
    DataSet {
        name: "mlma",
        kind: Kind::Labelled,
        directory: "toxicity/mlma_en_fr_ar",
        source: "HKUST-KnowComp/MLMA_hate_speech",
        licence: "MIT",
        languages: &[Ar, En],
    },
    DataSet {
        name: "panlingua",
        kind: Kind::Labelled,
        directory: "toxicity/panlingua_hi_en",
        source: "panlingua/multilingual_text_detoxification-datasets",
        licence: "MIT",
        languages: &[En, Hi],
    },
    DataSet {
        name: "russe_detox",
        kind: Kind::Labelled,
        directory: "toxicity/russe_detox_ru",
        source: "s-nlp/russe_detox_2022",
        licence: "none stated",
        languages: &[Ru],
    },
    DataSet {
        name: "germeval2018",
        kind: Kind::Labelled,
        directory: "toxicity/germeval2018_de",
        source: "uds-lsv/GermEval-2018-Data",
        licence: "CC-BY-4.0",
        languages: &[De],
    },
    DataSet {
        name: "cold_zh",
        kind: Kind::Labelled,
        directory: "toxicity/cold_zh",
        source: "thu-coai/COLDataset",
        licence: "Apache-2.0",
        languages: &[Zh],
    },
    DataSet {
        name: "toxirewrite_cn",
        kind: Kind::Labelled,
        directory: "toxicity/toxirewrite_cn",
        source: "magfox26/ToxiRewriteCN",
        licence: "Apache-2.0",
        languages: &[Zh],
    },
    DataSet {
        name: "rtplx_prompts",
        kind: Kind::Prompts,
        directory: "rtplx_prompts_17lang",
        source: "BatsResearch/cross-lingual-detox (RTP-LX, machine-translated)",
        licence: "BSD-3-Clause",
        languages: &Language::ALL,
    },
    DataSet {
        name: "tatoeba",
        kind: Kind::Retrieval,
        directory: "tatoeba",
        source: "facebookresearch/LASER (Tatoeba)",
        licence: "CC-BY-2.0-FR",
        languages: &Language::ALL,
    },
    DataSet {
        name: "ldnoobw",
        kind: Kind::Lexicon,
        directory: "ldnoobw",
        source: "LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words",
        licence: "CC-BY-4.0",
        languages: &Language::ALL,
    },
];

impl DataSet {
    /// The data set of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        DATA_SETS.iter().find(|data_set| data_set.name == name)
    }

    /// Where it lies: its directory or one of its name under `root`, or `root` itself if that is its
    /// directory.
    pub fn locate(&self, root: &Path) -> Option<PathBuf> {
        let below = [self.directory, self.name].map(|name| root.join(name));
        let own_name = Path::new(self.directory).file_name();
        if let Some(below) = below.into_iter().find(|directory| directory.is_dir()) {
            Some(below)
        } else {
            (root.is_dir()
                && own_name.is_some()
                && root.canonicalize().ok()?.file_name() == own_name)
                .then(|| root.to_owned())
        }
    }

    /// Its labelled files under `directory`. Word lists are labelled as toxic, translated
    /// sentences as clean; prompts and pairs have readers of their own.
    pub fn labelled_files(&self, directory: &Path) -> Vec<LabelledFile> {
        let file = |language, name: &str, format, columns: Vec<TextColumn>| LabelledFile {
            path: directory.join(name),
            format,
            columns,
            language,
            entities: self.name == "davidson_en",
        };
        let by = |text: &str, name: &str, toxic: &[&str], clean: &[&str]| TextColumn {
            name: text.to_owned(),
            label: Label::Column {
                name: name.to_owned(),
                toxic: toxic.iter().map(|value| (*value).to_owned()).collect(),
                clean: clean.iter().map(|value| (*value).to_owned()).collect(),
            },
            optional: true,
        };
        let mlma = || vec![by("tweet", "sentiment", &[], &["normal"])];
        let panlingua = || vec![toxic("toxic_comment"), clean("civil_comment")];
        let russe = || {
            vec![
                toxic("toxic_comment"),
                clean("neutral_comment1"),
                clean("neutral_comment2"),
                clean("neutral_comment3"),
            ]
        };
        let germeval = || vec![by("1", "2", &["OFFENSE"], &["OTHER"])];
        let cold = || vec![by("TEXT", "label", &["1"], &["0"])];
        match self.name {
            "paradetox_en" => vec![file(
                En,
                "paradetox.tsv",
                Format::TSV,
                vec![
                    toxic("toxic"),
                    clean("neutral1"),
                    clean("neutral2"),
                    clean("neutral3"),
                ],
            )],
            "davidson_en" => vec![file(
                En,
                "labeled_data.csv",
                Format::CSV,
                vec![by("tweet", "class", &["0", "1"], &["2"])],
            )],
            "mlma" => vec![
                file(Ar, "hate_speech_mlma/ar_dataset.csv", Format::CSV, mlma()),
                file(En, "hate_speech_mlma/en_dataset.csv", Format::CSV, mlma()),
            ],
            "panlingua" => vec![
                file(
                    En,
                    "en_parallel_detoxification.test.csv",
                    Format::CSV,
                    panlingua(),
                ),
                file(
                    Hi,
                    "hi_parallel_detoxification.test.csv",
                    Format::CSV,
                    panlingua(),
                ),
            ],
            "russe_detox" => vec![
                file(Ru, "train.tsv", Format::TSV, russe()),
                file(Ru, "dev.tsv", Format::TSV, russe()),
            ],
            "germeval2018" => vec![
                file(De, "germeval2018.training.txt", NAMELESS_TSV, germeval()),
                file(De, "germeval2018.test.txt", NAMELESS_TSV, germeval()),
            ],
            "cold_zh" => ["train.csv", "dev.csv", "test.csv"]
                .map(|name| file(Zh, name, Format::CSV, cold()))
                .into(),
            "toxirewrite_cn" => vec![file(
                Zh,
                "ToxiRewriteCN.json",
                Format::JsonArray,
                vec![toxic("toxic"), clean("neutral")],
            )],
            "tatoeba" => tatoeba()
                .map(|(language, name)| file(language, name, Format::Lines, vec![clean("text")]))
                .collect(),
            "ldnoobw" => Language::ALL
                .map(|language| {
                    file(
                        language,
                        language.code(),
                        Format::Lines,
                        vec![toxic("text")],
                    )
                })
                .into(),
            "rtplx_prompts" => Language::ALL
                .map(|language| {
                    let name = format!("dpo_toxicity_pairwise_{language}_200.jsonl");
                    file(language, &name, Format::JsonLines, vec![toxic("Prompt")])
                })
                .into(),
            _ => Vec::new(),
        }
    }
}

const NAMELESS_TSV: Format = Format::Delimited {
    delimiter: b'\t',
    quotes: false,
    header: false,
};

fn toxic(name: &str) -> TextColumn {
    TextColumn {
        name: name.to_owned(),
        label: Label::Toxic,
        optional: true,
    }
}

fn clean(name: &str) -> TextColumn {
    TextColumn {
        name: name.to_owned(),
        label: Label::Clean,
        optional: true,
    }
}

/// Files by language; the English sides of all pairs of languages are English.
fn tatoeba() -> impl Iterator<Item = (Language, &'static str)> {
    [
        (Ar, "tatoeba.ara-eng.ara"),
        (Ar, "tatoeba.arz-eng.arz"),
        (De, "tatoeba.deu-eng.deu"),
        (En, "tatoeba.ara-eng.eng"),
        (En, "tatoeba.cmn-eng.eng"),
        (En, "tatoeba.deu-eng.eng"),
        (En, "tatoeba.hin-eng.eng"),
        (En, "tatoeba.rus-eng.eng"),
        (En, "tatoeba.spa-eng.eng"),
        (Es, "tatoeba.spa-eng.spa"),
        (Hi, "tatoeba.hin-eng.hin"),
        (Ru, "tatoeba.rus-eng.rus"),
        (Zh, "tatoeba.cmn-eng.cmn"),
    ]
    .into_iter()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn every_set_but_the_pairs_has_files() {
        for data_set in DATA_SETS {
            let files = data_set.labelled_files(Path::new("d"));
            assert_eq!(
                files.is_empty(),
                data_set.kind == Kind::Pairs,
                "{}",
                data_set.name
            );
            for file in &files {
                assert!(
                    data_set.languages.contains(&file.language),
                    "{}",
                    data_set.name
                );
            }
        }
    }

    #[test]
    fn a_set_is_found_below_and_at_the_directory_itself() {
        let root = tempfile::tempdir().unwrap();
        let tatoeba = DataSet::find("tatoeba").unwrap();
        assert_eq!(tatoeba.locate(root.path()), None);
        let own = root.path().join("tatoeba");
        std::fs::create_dir(&own).unwrap();
        assert_eq!(tatoeba.locate(root.path()), Some(own.clone()));
        assert_eq!(tatoeba.locate(&own), Some(own));
        assert_eq!(DataSet::find("nothing"), None);
    }
}
