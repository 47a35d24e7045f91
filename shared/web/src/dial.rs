//! Opening a connection.

use crate::tls;
use http::Uri;
use http::uri::{Authority, Scheme};
use rustls::client::ClientConfig;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where a request goes: everything of it that decides which connection can carry it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    tls: bool,
    authority: Authority,
}

/// A socket, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("neither an http:// nor an https:// URL with a host")]
    Origin,
    #[error("no connection: {0}")]
    Io(#[from] io::Error),
    #[error("no TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("no name that a certificate could have: {0}")]
    Name(#[from] InvalidDnsNameError),
}

impl Origin {
    pub(crate) fn of(uri: &Uri) -> Result<Self, DialError> {
        let authority = uri.authority().cloned().ok_or(DialError::Origin)?;
        let tls = uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTPS);
        if tls || uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTP) {
            Ok(Self { tls, authority })
        } else {
            Err(DialError::Origin)
        }
    }

    /// What the request's `Host` says: the port only where it is not the scheme's own.
    pub(crate) fn host(&self) -> String {
        let host = self.authority.host();
        match self.authority.port_u16() {
            Some(port) if port != self.port_default() => format!("{host}:{port}"),
            _ => host.to_owned(),
        }
    }

    /// Opens a connection to it, trusting `authorities` or, without them, the system's.
    pub(crate) async fn dial(&self, authorities: Option<Arc<ClientConfig>>) -> Result<Box<dyn Stream>, DialError> {
        // An IPv6 address stands in brackets in a URL and nowhere else.
        let host = self.authority.host().trim_start_matches('[').trim_end_matches(']');
        let socket = TcpStream::connect((host, self.authority.port_u16().unwrap_or(self.port_default()))).await?;
        socket.set_nodelay(true)?;
        if !self.tls {
            return Ok(Box::new(socket));
        }
        let config = authorities.map_or_else(tls::of_the_system, Ok)?;
        let name = ServerName::try_from(host.to_owned())?;
        Ok(Box::new(TlsConnector::from(config).connect(name, socket).await?))
    }

    fn port_default(&self) -> u16 {
        if self.tls { 443 } else { 80 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_its_port_only_where_it_is_not_the_scheme_s_own() {
        for (url, host) in [
            ("https://dynamodb.eu-central-1.amazonaws.com/", "dynamodb.eu-central-1.amazonaws.com"),
            ("https://example.com:443/a?b", "example.com"),
            ("http://example.com:443/", "example.com:443"),
            ("http://127.0.0.1:8000", "127.0.0.1:8000"),
            ("http://[::1]:80/", "[::1]"),
        ] {
            assert_eq!(Origin::of(&url.parse().unwrap()).unwrap().host(), host, "{url}");
        }
        for url in ["/path", "ftp://example.com/", "example.com"] {
            assert!(Origin::of(&url.parse().unwrap()).is_err(), "{url}");
        }
    }
}
