//! What every log line of a request says besides its own: the route, the request, and the session that it is for, whose id is
//! the id of the trace. `parent` is the step of a game sim or a client that made the request.

use crate::incoming::Incoming;
use guildhall_domain::SessionId;
use guildhall_domain::trace::{TRACEPARENT, TraceParent};
use tracing::Span;
use tracing::field::{Empty, display};

/// The span of a request. Its level is that of errors, so that no filter takes the names away from what it lets through.
pub(crate) fn span(route: &'static str, incoming: &Incoming) -> Span {
    let span =
        tracing::error_span!("request", route, request_id = incoming.request_id, trace_id = Empty, parent = Empty);
    if let Some(parent) = incoming.header(TRACEPARENT).and_then(|text| text.parse::<TraceParent>().ok()) {
        span.record("parent", display(parent));
    }
    if let Some(session_id) = incoming.path_parameter("session_id").and_then(|text| text.parse::<SessionId>().ok()) {
        span.record("trace_id", display(session_id));
    }
    span
}

/// The request that is being answered turns out to be for this session, of which its path says nothing.
pub(crate) fn follow(session_id: SessionId) {
    Span::current().record("trace_id", display(session_id));
}
