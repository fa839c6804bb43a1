//! `cargo xtask`: prepares the machine, runs, tests and measures the whole. It depends on next to
//! nothing, so that it is built in seconds and can then build the rest.

mod bench;
mod page;
mod process;
mod run;
mod setup;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  setup              install what building needs: the wasm target, trunk, wasm-bindgen
  run [OPTION]…      setup, build the page, fetch the default model, start the server
      --no-page      leave the page out
      --release      build the server with the release profile
      other options  go to `backend serve`, such as --listen 127.0.0.1:9000
  bench              speed and memory beside llama.cpp and PyTorch, as a table
      --model M      name of a model or path of a GGUF file
      --train        updates of an adapter beside PyTorch with PEFT
      --browser      the worker in headless Chromium beside wllama (needs npm)
      --rounds N     how often each program has its turn (3)
      --threads N    of every program (one for each core)
      --release      build our program with the release profile
                     Python with the others: POLYDETOX_BENCH_PYTHON, otherwise python3
  test               everything that a change has to pass, with a summary at the end
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .iter()
        .any(|word| word == "--help" || word == "-h")
    {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let result = match arguments.split_first() {
        Some((command, rest)) => match command.as_str() {
            "setup" => setup::building().map(|()| ExitCode::SUCCESS),
            "run" => run::run(rest).map(|()| ExitCode::SUCCESS),
            "bench" => bench::bench(rest).map(|()| ExitCode::SUCCESS),
            "test" => test::test(),
            "help" => {
                print!("{HELP}");
                Ok(ExitCode::SUCCESS)
            }
            unknown => Err(anyhow::anyhow!("there is no command `{unknown}`\n\n{HELP}")),
        },
        None => {
            print!("{HELP}");
            Ok(ExitCode::from(2))
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
