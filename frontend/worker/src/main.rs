//! The program of the inference worker.

fn main() {
    worker::start();
}
