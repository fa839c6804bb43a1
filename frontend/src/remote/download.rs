//! Files of the API, for readers whose browser cannot fetch them by a link: a link sends no token.

use js_sys::decode_uri_component;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlAnchorElement, Url};

use super::{RemoteFailure, fetch};

/// Fetches the file and hands it to the browser to be saved.
pub async fn save(path: &str) -> Result<(), RemoteFailure> {
    let request = fetch::get(path)?;
    let response = fetch::accepted(fetch::send(&request).await?).await?;
    let disposition = response.headers().get("Content-Disposition").ok().flatten();
    let blob: Blob = JsFuture::from(response.blob().map_err(fetch::unreadable)?)
        .await
        .map_err(fetch::failure)?
        .dyn_into()
        .map_err(fetch::unreadable)?;
    let address = Url::create_object_url_with_blob(&blob).map_err(fetch::unreadable)?;
    let link: Option<HtmlAnchorElement> = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.create_element("a").ok())
        .and_then(|link| link.dyn_into().ok());
    if let Some(link) = link {
        link.set_href(&address);
        link.set_download(&file_name(disposition.as_deref()).unwrap_or_default());
        link.click();
    }
    // The browser has begun to save what it was handed.
    Url::revoke_object_url(&address).map_err(fetch::unreadable)
}

/// The name in `attachment; filename="…"`.
fn file_name(disposition: Option<&str>) -> Option<String> {
    let (_, name) = disposition?.split_once("filename=")?;
    let name = name.split(';').next()?.trim().trim_matches('"');
    let name = decode_uri_component(name).map_or_else(|_| name.to_owned(), String::from);
    (!name.is_empty()).then_some(name)
}
