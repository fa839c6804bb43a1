//! Options of `cargo xtask bench`.

use std::thread;

use anyhow::{Context, Result, bail};

use crate::run::{BROWSER_MODEL, DEFAULT_MODEL};

/// Options of `cargo xtask bench`.
#[derive(Debug)]
pub struct Arguments {
    /// Name of a model or path of a GGUF file.
    pub model: String,
    /// How often each program has its turn.
    pub rounds: usize,
    /// Threads of every program.
    pub threads: usize,
    /// Whether our program is built with the release profile.
    pub release: bool,
    /// Whether the worker in a browser is measured instead of the native program.
    pub browser: bool,
    /// Whether training is measured instead of generating.
    pub train: bool,
}

impl Arguments {
    /// Reads `--model M --rounds N --threads N --release --browser --train`.
    pub fn parse(words: &[String]) -> Result<Self> {
        let mut arguments = Self {
            model: match words
                .iter()
                .any(|word| word == "--browser" || word == "--train")
            {
                true => BROWSER_MODEL,
                false => DEFAULT_MODEL,
            }
            .to_owned(),
            rounds: 3,
            threads: thread::available_parallelism().map_or(1, usize::from),
            release: false,
            browser: false,
            train: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("{word} wants a value"))
            };
            match word.as_str() {
                "--model" => arguments.model = value()?.clone(),
                "--rounds" => arguments.rounds = positive(word, value()?)?,
                "--threads" => arguments.threads = positive(word, value()?)?,
                "--release" => arguments.release = true,
                "--browser" => arguments.browser = true,
                "--train" => arguments.train = true,
                unknown => bail!("bench has no option `{unknown}`"),
            }
        }
        Ok(arguments)
    }

    /// The model's name, fit for a file name.
    pub fn name(&self) -> String {
        let last = self.model.rsplit(['/', '\\']).next();
        last.unwrap_or("model").to_owned()
    }
}

fn positive(option: &str, text: &str) -> Result<usize> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => bail!("{option} wants a positive number, not `{text}`"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Arguments::parse(&words)
    }

    #[test]
    fn options_are_read() {
        let arguments = parse("--model a/b.gguf --rounds 3 --threads 1 --release").unwrap();
        assert_eq!(arguments.name(), "b.gguf");
        assert_eq!((arguments.rounds, arguments.threads), (3, 1));
        assert!(arguments.release);
        assert_eq!(parse("").unwrap().model, DEFAULT_MODEL);
        assert_eq!(parse("--browser").unwrap().model, BROWSER_MODEL);
        assert!(parse("--train").unwrap().train);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["--rounds", "--rounds 0", "--threads x", "--fast"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
