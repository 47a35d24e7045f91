//! What every log line of a request says besides its own: the route, the request, and the session that it is for, whose id is
//! the id of the trace. `parent` is the step of a game sim or a client that made the request.
//!
//! Where traces are collected, the request and its calls of the database become spans of that trace too. Which session a
//! request is for may turn out late, so its spans are made when it has been answered. Where they are not, nothing is kept.

use crate::Route;
use crate::incoming::Incoming;
use guildhall_domain::SessionId;
use guildhall_domain::trace::{TRACEPARENT, TraceParent};
use guildhall_telemetry::Tracer;
use guildhall_telemetry::traces::{Kind, Lapse, Span, Stopwatch};
use lambda_http::Response;
use std::cell::RefCell;
use tracing::field::{Empty, display};

/// Calls of the database that one request's trace shows; further ones are only in its length.
const CALLS_MAX: usize = 64;

tokio::task_local! {
    /// What is known of the request that is being answered, if somebody wants to know.
    static STEPS: RefCell<Steps>;
}

/// A request's part in a trace.
struct Steps {
    session_id: Option<SessionId>,
    parent: Option<TraceParent>,
    makes_session: bool,
    calls: Vec<Call>,
}

/// A call of the database.
struct Call {
    name: &'static str,
    table: &'static str,
    time: Lapse,
    has_failed: bool,
}

/// The span of a request in logs. Its level is that of errors, so that no filter takes the names away from what it lets through.
pub(crate) fn span(route: &'static str, incoming: &Incoming) -> tracing::Span {
    let span =
        tracing::error_span!("request", route, request_id = incoming.request_id, trace_id = Empty, parent = Empty);
    if let Some(parent) = parent(incoming) {
        span.record("parent", display(parent));
    }
    if let Some(session_id) = session_in_path(incoming) {
        span.record("trace_id", display(session_id));
    }
    span
}

/// The request that is being answered turns out to be for this session, of which its path says nothing.
pub(crate) fn follow(session_id: SessionId) {
    tracing::Span::current().record("trace_id", display(session_id));
    note(|steps| steps.session_id = Some(session_id));
}

/// The session that is followed is there because of this request: whatever else is done for it follows from this step.
pub(crate) fn lead() {
    note(|steps| steps.makes_session = true);
}

/// Answers a request, and hands what it took to those who collect traces.
pub(crate) async fn traced(
    tracer: &Tracer,
    route: &'static Route,
    incoming: &Incoming,
    answer: impl Future<Output = Response<String>>,
) -> Response<String> {
    if !tracer.is_on() {
        return answer.await;
    }
    let watch = Stopwatch::start();
    let steps = Steps {
        session_id: session_in_path(incoming),
        parent: parent(incoming),
        makes_session: false,
        calls: Vec::new(),
    };
    let answered = async {
        let response = answer.await;
        // Whoever notes something returns before anybody else can.
        (response, STEPS.with(|steps| steps.replace(Steps::none())))
    };
    let (response, steps) = STEPS.scope(RefCell::new(steps), answered).await;
    let status = response.status().as_u16();
    let attributes = vec![
        ("http.request.method", route.method.as_str().into()),
        ("http.route", route.path.into()),
        ("http.response.status_code", u64::from(status).into()),
        ("guildhall.request_id", incoming.request_id.clone().into()),
    ];
    let request = Span { has_failed: status >= 500, attributes, ..steps.request(route, watch.lapse()) };
    for call in &steps.calls {
        tracer.record(call.under(&request));
    }
    tracer.record(request);
    response
}

/// The request that is being answered has called the database.
pub(crate) fn note_call(name: &'static str, table: &'static str, time: Lapse, has_failed: bool) {
    note(|steps| {
        if steps.calls.len() < CALLS_MAX {
            steps.calls.push(Call { name, table, time, has_failed });
        }
    });
}

fn note(what: impl FnOnce(&mut Steps)) {
    // Without anybody who collects traces there is nothing to note it in.
    let _ = STEPS.try_with(|steps| what(&mut steps.borrow_mut()));
}

fn parent(incoming: &Incoming) -> Option<TraceParent> {
    incoming.header(TRACEPARENT).and_then(|text| text.parse().ok())
}

fn session_in_path(incoming: &Incoming) -> Option<SessionId> {
    incoming.path_parameter("session_id").and_then(|text| text.parse().ok())
}

impl Steps {
    const fn none() -> Self {
        Self { session_id: None, parent: None, makes_session: false, calls: Vec::new() }
    }

    /// The request's span, in its place among the others of its trace.
    fn request(&self, route: &'static Route, time: Lapse) -> Span {
        let root = self.session_id.map(TraceParent::root_of);
        let trace_id = match (root, self.parent) {
            (Some(root), _) => root.trace_id,
            (None, Some(parent)) => parent.trace_id,
            (None, None) => u128::from(drawn()) << u64::BITS | u128::from(drawn()),
        };
        let (lead, root) = if self.makes_session { (root, None) } else { (None, root) };
        let span_id = lead.map_or_else(drawn, |lead| lead.span_id);
        let caller = self.parent.filter(|parent| parent.trace_id == trace_id);
        let stranger = self.parent.filter(|parent| parent.trace_id != trace_id);
        Span {
            parent_id: caller.or(root).map(|parent| parent.span_id),
            link: stranger.map(|parent| (parent.trace_id, parent.span_id)),
            ..Span::new(trace_id, span_id, route.name, Kind::Server, time)
        }
    }
}

impl Call {
    fn under(&self, request: &Span) -> Span {
        Span {
            parent_id: Some(request.span_id),
            has_failed: self.has_failed,
            attributes: vec![
                ("db.system.name", "aws.dynamodb".into()),
                ("db.operation.name", self.name.into()),
                ("db.collection.name", self.table.into()),
            ],
            ..Span::new(request.trace_id, drawn(), self.name, Kind::Client, self.time)
        }
    }
}

/// A name for a span. Without entropy all have the same one, and the trace shows them side by side.
fn drawn() -> u64 {
    getrandom::u64().unwrap_or_default().max(1)
}
