//! The HTTP client under every SDK of a function and under what is told to collectors: HTTP/1.1, over TLS or plain, with
//! connections that are used again.
//!
//! It is not for browsing: no redirects, no proxies, no cookies, and no HTTP/2, which nothing that a function calls needs.
//! The SDK's own client cannot be had without HTTP/2 and keys of TLS clients, and a cold start begins with fetching the function.
//!
//! Read `client` first: it is what happens to a request. `idle` holds the connections between requests, `dial` opens them
//! and `tls` says whom they trust.

mod client;
mod dial;
mod idle;
mod tls;

pub use client::{Connections, Connector};
pub use rustls::pki_types::CertificateDer;
