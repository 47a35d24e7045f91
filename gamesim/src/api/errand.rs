//! What a game sim does for a session, or for itself, as a step of a trace: it travels along as `traceparent`, so that what the
//! API does for it is found under it, and is told to those who collect traces when it is done.

use crate::exchange::ApiFailure;
use guildhall_domain::SessionId;
use guildhall_domain::trace::TraceParent;
use guildhall_telemetry::Tracer;
use guildhall_telemetry::traces::{Kind, Span, Stopwatch};

/// A step that has a name.
#[derive(Debug)]
pub(crate) struct Errand {
    name: &'static str,
    step: TraceParent,
    /// The step that it follows from.
    parent_id: Option<u64>,
}

impl Errand {
    /// A step that is done for a session. Without entropy it has the name of others, and is found by its session all the same.
    pub(crate) fn of_session(name: &'static str, session_id: SessionId) -> Self {
        let step = TraceParent::of_session(session_id, getrandom::u64().unwrap_or_default());
        Self { name, step, parent_id: Some(TraceParent::root_of(session_id).span_id) }
    }

    /// A trace of its own, done for no session. Nobody looks for it in a log, so it is there only if traces are collected.
    pub(crate) fn of_nobody(name: &'static str, tracer: &Tracer) -> Option<Self> {
        let drawn = || getrandom::u64().unwrap_or_default().max(1);
        tracer.is_on().then(|| {
            let trace_id = u128::from(drawn()) << u64::BITS | u128::from(drawn());
            Self { name, step: TraceParent { trace_id, span_id: drawn() }, parent_id: None }
        })
    }

    /// The header that names it.
    pub(crate) fn traceparent(&self) -> String {
        self.step.to_string()
    }

    /// Its name among the steps of its trace.
    pub(crate) fn span_id(&self) -> String {
        format!("{:016x}", self.step.span_id)
    }

    /// It is done. A refusal is an answer; none at all is a failure.
    pub(crate) fn record(self, tracer: &Tracer, watch: Stopwatch, failure: Option<&ApiFailure>) {
        if !tracer.is_on() {
            return;
        }
        let mut attributes = Vec::new();
        if let Some(failure) = failure {
            attributes.push(("error.type", failure.to_string().into()));
        }
        tracer.record(Span {
            parent_id: self.parent_id,
            has_failed: matches!(failure, Some(ApiFailure::Unavailable(_))),
            attributes,
            ..Span::new(self.step.trace_id, self.step.span_id, self.name, Kind::Client, watch.lapse())
        });
    }
}
