// Loads the page's program; trunk writes the two hashed names into the script tag.
const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
const { default: start } = await import(js);
await start({ module_or_path: wasm });
