//! What happens to a request: a connection that waits or a new one, the request, the answer's head. The answer's body comes
//! to whoever reads it.

use crate::dial::{Origin, Stream};
use crate::idle::{Idle, Kept};
use crate::tls;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::header::{HOST, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::client::ClientConfig;
use rustls::pki_types::CertificateDer;
use std::error::Error;
use std::fmt::{self, Debug, Formatter};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An HTTP client, to be given to an SDK: a bounded number of open connections to each host.
#[derive(Clone, Default)]
pub struct Connections {
    idle: Arc<Mutex<Idle<Origin, Sender>>>,
    authorities: Option<Arc<ClientConfig>>,
}

/// The same, with the times that a request may take.
#[derive(Debug, Clone, Default)]
pub struct Connector {
    connections: Connections,
    connect_timeout: Option<Duration>,
    /// From the request to the head of its answer.
    read_timeout: Option<Duration>,
}

struct Sender(SendRequest<SdkBody>);

impl Kept for Sender {
    fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl Connections {
    /// None is opened yet. Over TLS the operating system's authorities are trusted, or those of the file that `SSL_CERT_FILE`
    /// names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these authorities over TLS, and no others.
    ///
    /// # Errors
    /// What the TLS library says.
    pub fn trusting(authorities: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        Ok(Self { authorities: Some(tls::trusting(authorities)?), ..Self::default() })
    }

    fn waiting(&self, origin: &Origin) -> Option<Sender> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).take(origin, Instant::now())
    }

    fn keep(&self, origin: Origin, sender: Sender) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).put(origin, sender, Instant::now());
    }
}

impl Debug for Connections {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl HttpClient for Connections {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            connections: self.clone(),
            connect_timeout: settings.connect_timeout(),
            read_timeout: settings.read_timeout(),
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = connector.send(request).await?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

impl Connector {
    /// One with these connections, in which everything may take as long as it takes.
    pub fn new(connections: Connections) -> Self {
        Self { connections, ..Self::default() }
    }

    async fn send(&self, mut request: Request<SdkBody>) -> Result<Response<Incoming>, ConnectorError> {
        let origin = Origin::of(request.uri()).map_err(|error| ConnectorError::user(error.into()))?;
        address(&mut request, &origin)?;
        let (sender, response) = within(self.read_timeout, self.exchange(&origin, request)).await??;
        // Whoever answers so may be about to go away; the SDK's own client leaves such a connection, too.
        if !response.status().is_server_error() && !sender.0.is_closed() {
            self.connections.keep(origin, sender);
        }
        Ok(response)
    }
}

impl Connector {
    /// A connection that waits may have been closed meanwhile: as long as nothing of the request has been sent, the next one
    /// takes it.
    async fn exchange(
        &self,
        origin: &Origin,
        mut request: Request<SdkBody>,
    ) -> Result<(Sender, Response<Incoming>), ConnectorError> {
        while let Some(mut sender) = self.connections.waiting(origin) {
            match sender.0.try_send_request(request).await {
                Ok(response) => return Ok((sender, response)),
                Err(mut refused) => match refused.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(classified(refused.into_error())),
                },
            }
        }
        let mut sender = self.open(origin).await?;
        let response = sender.0.send_request(request).await.map_err(classified)?;
        Ok((sender, response))
    }

    async fn open(&self, origin: &Origin) -> Result<Sender, ConnectorError> {
        let dialled = within(self.connect_timeout, origin.dial(self.connections.authorities.clone())).await?;
        let stream: Box<dyn Stream> = dialled.map_err(|error| ConnectorError::io(error.into()))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(classified)?;
        // It ends with its sender, or when the other side closes it; whoever waits for an answer is told why.
        tokio::spawn(connection);
        Ok(Sender(sender))
    }
}

/// What goes over the wire has a host and a path and no longer the whole URL.
fn address(request: &mut Request<SdkBody>, origin: &Origin) -> Result<(), ConnectorError> {
    let host = HeaderValue::try_from(origin.host()).map_err(|error| ConnectorError::user(error.into()))?;
    request.headers_mut().entry(HOST).or_insert(host);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    Ok(())
}

async fn within<F: Future>(time: Option<Duration>, future: F) -> Result<F::Output, ConnectorError> {
    let Some(time) = time else { return Ok(future.await) };
    tokio::time::timeout(time, future).await.map_err(|elapsed| ConnectorError::timeout(elapsed.into()))
}

/// What the SDK may do about it, as its own client says: what never arrived, or broke off, can be tried again.
fn classified(error: hyper::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_user() {
        ConnectorError::user(error.into())
    } else if error.is_closed() || error.is_canceled() || error.source().is_some_and(<dyn Error>::is::<io::Error>) {
        ConnectorError::io(error.into())
    } else {
        let kind = error.is_incomplete_message().then_some(ErrorKind::TransientError);
        ConnectorError::other(error.into(), kind)
    }
}

#[cfg(test)]
mod tests;
