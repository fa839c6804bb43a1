//! The server's token, where it asks for one: kept by the browser for this tab, and sent with every
//! request.

use web_sys::{Request, Storage};

const KEY: &str = "polydetox.token";

/// The token that the reader gave.
pub fn get() -> Option<String> {
    storage()?.get_item(KEY).ok().flatten()
}

/// Keeps a token; whether the browser could.
pub fn keep(token: &str) -> bool {
    storage().is_some_and(|storage| storage.set_item(KEY, token).is_ok())
}

/// Forgets it.
pub fn forget() {
    if let Some(storage) = storage() {
        storage.remove_item(KEY).ok();
    }
}

/// Lets a request say the token. One that no header can hold is not sent, and so refused.
pub(super) fn put_on(request: &Request) {
    if let Some(token) = get() {
        let value = format!("Bearer {token}");
        request.headers().set("Authorization", &value).ok();
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok().flatten()
}
