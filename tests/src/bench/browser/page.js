// Runs our worker and wllama by turns in one browser, on one file and one thread, and reports.
const report = (line) => fetch("/report", { method: "POST", body: JSON.stringify(line) });
const settings = await (await fetch("/settings.json")).json();

class Ours {
  constructor() {
    this.worker = new Worker("/worker_loader.js", { type: "module" });
    this.waiting = () => {};
    this.worker.onmessage = ({ data }) => this.waiting(JSON.parse(data));
    this.worker.onerror = (event) => report({ failed: `the worker: ${event.message}` });
  }

  // Sends a command and waits for the event that `wanted` accepts.
  ask(command, wanted) {
    return new Promise((resolve, reject) => {
      this.waiting = (event) => {
        try {
          if (event.type === "failed") throw new Error(JSON.stringify(event));
          if (wanted(event)) resolve(event);
        } catch (error) {
          reject(error);
        }
      };
      if (command) this.worker.postMessage(JSON.stringify(command));
    });
  }

  async load() {
    await this.ask(null, (event) => event.type === "ready");
    await this.ask({ type: "start", api_base: location.origin }, (event) => event.type === "capabilities");
    return this.ask({ type: "load", model: settings.model, device: "cpu" }, (event) => event.type === "loaded");
  }

  // Times of the first token and of each token after it, as the page sees them.
  async complete(id, prompt) {
    const request = { prompt, max_new_tokens: settings.tokens, temperature: 0, ignore_eos: true };
    const start = performance.now();
    let promptTokens = 0;
    const times = [];
    await this.ask({ type: "generate", id, request }, ({ type, event }) => {
      if (type !== "generation") return false;
      if (event.type === "start") promptTokens = event.prompt_tokens;
      if (event.type === "token") times.push(performance.now());
      if (event.type === "error") throw new Error(JSON.stringify(event));
      return event.type === "done";
    });
    return {
      prompt: promptTokens / ((times[0] - start) / 1000),
      decode: (times.length - 1) / ((times.at(-1) - times[0]) / 1000),
    };
  }
}

class Wllama {
  async load() {
    const { Wllama } = await import("/wllama/index.js");
    this.peer = new Wllama({ default: "/wllama/wasm/wllama.wasm" });
    const blob = await (await fetch(settings.file)).blob();
    await this.peer.loadModel([blob], { n_threads: 1, n_gpu_layers: 0, n_ctx: 1024, n_parallel: 1 });
  }

  async complete(prompt) {
    const { timings } = await this.peer.createCompletion({
      prompt, max_tokens: settings.tokens, temperature: 0, cache_prompt: false, ignore_eos: true,
    });
    return { prompt: timings.prompt_per_second, decode: timings.predicted_per_second };
  }
}

try {
  const ours = new Ours();
  const loaded = await ours.load();
  const peer = new Wllama();
  await peer.load();
  await report({ loaded: loaded.loaded ?? loaded });
  for (let round = 0; round <= settings.rounds; round++) {
    // A number in front, so that no program can use what it kept of the prompt before.
    const prompt = `${round}. ${settings.prompt}`;
    const figures = { ours: await ours.complete(round + 1, prompt), wllama: await peer.complete(prompt) };
    // The first round warms up.
    if (round > 0) await report({ round, ...figures });
  }
  await report({ end: true });
} catch (error) {
  await report({ failed: `${error} ${error.stack ?? ""}` });
}
