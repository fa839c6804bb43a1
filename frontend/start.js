// Puts on the chosen colours before the first paint (state/theme.rs keeps them), then loads the
// page's program; trunk writes the two hashed names into the script tag.
try {
  document.documentElement.dataset.theme = localStorage.getItem("polydetox.theme") ?? "system";
} catch {
  // The browser keeps nothing for this page; it wears the system's colours.
}
const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
const { default: start } = await import(js);
await start({ module_or_path: wasm });
