//! One HTTP request, through the client that is linked with the SDK anyway: another one would cost every function its size.

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use guildhall_web::{Connections, Connector};
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;

/// A client with its connections.
#[derive(Debug)]
pub struct Web(Connector);

impl Web {
    /// Opens no connection yet.
    pub fn new() -> Self {
        Self(Connector::new(Connections::new()))
    }

    /// Sends a request and reads the whole answer, so that the connection can be used again. Waits for as long as it takes.
    ///
    /// # Errors
    /// Why there is no answer, for a log.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Bytes>, String> {
        let request = HttpRequest::try_from(request.map(SdkBody::from)).map_err(|error| error.to_string())?;
        let response = self.0.call(request).await.map_err(|error| with_causes(&error))?;
        let response = response.try_into_http1x().map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| with_causes(&*error))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

impl Default for Web {
    fn default() -> Self {
        Self::new()
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
