//! Addresses of the API with their queries.

use js_sys::encode_uri_component;

/// An address with those parameters that have a value.
pub fn address(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let mut address = path.to_owned();
    let mut sign = '?';
    for (name, value) in parameters {
        if let Some(value) = value {
            address.push(sign);
            address.push_str(name);
            address.push('=');
            address.push_str(&segment(value));
            sign = '&';
        }
    }
    address
}

/// A name as one part of an address.
pub fn segment(name: &str) -> String {
    encode_uri_component(name).into()
}
