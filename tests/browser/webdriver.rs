//! Chromium, driven through chromedriver (W3C WebDriver).

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{free_port, request};

/// The key under which WebDriver names elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window; closed when dropped.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one with these arguments beside the usual ones, or says what is missing.
    pub fn start(arguments: &[&str]) -> Result<Self, String> {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("chromedriver does not start ({error})"))?;
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            _profile: profile,
        };
        wait("chromedriver", Duration::from_secs(30), || {
            request(port, "GET", "/status", None).filter(|(status, _)| *status == 200)
        });
        let data = format!("--user-data-dir={}", browser._profile.path().display());
        let mut all = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            &data,
        ];
        all.extend(arguments);
        let options = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": all},
        }}});
        let session = browser.command("POST", "/session", &options);
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        browser.resize(1280, 800);
        Ok(browser)
    }

    /// Opens a page and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.of_session("POST", "/url", &json!({ "url": url }));
    }

    /// Sets the size of the page in pixels; real windows have a least width above a telephone's.
    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// A command of Chromium's own protocol.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let command = json!({"cmd": command, "params": parameters});
        self.of_session("POST", "/goog/cdp/execute", &command)
    }

    /// The value of a JavaScript expression.
    pub fn value(&self, expression: &str) -> Value {
        let script = json!({"script": format!("return {expression}"), "args": []});
        self.of_session("POST", "/execute/sync", &script)
    }

    /// What an asynchronous function with this body returns.
    pub fn awaited(&self, body: &str) -> Value {
        // A promise's value is waited for by the driver.
        self.value(&format!("(async () => {{ {body} }})()"))
    }

    /// The text of an element, empty where there is none.
    pub fn text(&self, selector: &str) -> String {
        let selector = json!(selector);
        let value = self.value(&format!("document.querySelector({selector})?.innerText"));
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks like a reader does.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.of_session("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Types into a field, after what it holds.
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        let keys = json!({ "text": text });
        self.of_session("POST", &format!("/element/{element}/value"), &keys);
    }

    /// Puts a text in the place of what a field holds.
    pub fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.of_session("POST", &format!("/element/{element}/clear"), &json!({}));
        self.type_into(selector, text);
    }

    /// Chooses from a list.
    pub fn choose(&self, selector: &str, value: &str) {
        self.click(&format!("{selector} option[value='{value}']"));
    }

    /// Whether an element is in the document.
    pub fn there(&self, selector: &str) -> bool {
        let selector = json!(selector);
        self.value(&format!("document.querySelector({selector}) !== null")) == json!(true)
    }

    /// Goes to the next thing that takes the focus.
    pub fn press_tab(&self) {
        self.press("\u{e004}");
    }

    /// Presses what has the focus.
    pub fn press_enter(&self) {
        self.press("\u{e007}");
    }

    /// Presses the arrow that points down.
    pub fn press_down(&self) {
        self.press("\u{e015}");
    }

    fn press(&self, key: &str) {
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key},
        ]}]});
        self.of_session("POST", "/actions", &actions);
    }

    /// Everything on the console since the last call, one text an entry.
    fn console(&self) -> Vec<String> {
        let log = self.of_session("POST", "/se/log", &json!({"type": "browser"}));
        log.as_array()
            .unwrap()
            .iter()
            .map(|entry| format!("{}: {}", entry["level"], entry["message"]))
            .collect()
    }

    /// The errors and warnings among [`Browser::console`], save the browser's own remark that the
    /// machine has no graphics card.
    pub fn errors(&self) -> Vec<String> {
        let grave = |entry: &String| {
            (entry.starts_with("\"SEVERE") || entry.starts_with("\"WARNING"))
                && !entry.contains("No available adapters")
        };
        self.console().into_iter().filter(grave).collect()
    }

    fn element(&self, selector: &str) -> String {
        let query = json!({"using": "css selector", "value": selector});
        let element = self.of_session("POST", "/element", &query);
        element[ELEMENT].as_str().unwrap().to_owned()
    }

    fn of_session(&self, method: &str, path: &str, body: &Value) -> Value {
        self.command(method, &format!("/session/{}{path}", self.session), body)
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) =
            request(self.port, method, path, Some(body)).expect("chromedriver answers");
        assert_eq!(status, 200, "{method} {path}: {answer}");
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        answer["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            request(
                self.port,
                "DELETE",
                &format!("/session/{}", self.session),
                None,
            );
        }
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// Asks again and again until there is an answer.
pub fn wait<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "{what}: nothing within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
