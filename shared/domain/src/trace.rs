//! How the parts of the product name what they do for one session, so that one search finds all of it: the session's id is
//! its trace's id, from its creation over UDP to its last write. Requests carry it in the form of W3C's Trace Context.

use crate::{Invalid, SessionId};
use std::fmt;
use std::str::FromStr;

/// The header that carries a [`TraceParent`].
pub const TRACEPARENT: &str = "traceparent";

/// What a request is a part of (W3C, "Trace Context", section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The whole: never 0.
    pub trace_id: u128,
    /// The step that makes the request: never 0.
    pub span_id: u64,
}

impl TraceParent {
    /// A step that is done for a session; `random` tells it from others.
    pub fn of_session(session_id: SessionId, random: u64) -> Self {
        Self { trace_id: trace_of(session_id), span_id: random.max(1) }
    }

    /// The step that made the session, which all others follow from: whoever knows the session knows its name.
    pub fn root_of(session_id: SessionId) -> Self {
        let trace_id = trace_of(session_id);
        Self { trace_id, span_id: (trace_id as u64).max(1) }
    }
}

fn trace_of(session_id: SessionId) -> u128 {
    u128::from_be_bytes(session_id.to_bytes()).max(1)
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

impl FromStr for TraceParent {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(TRACEPARENT, "expected 00-TRACE-SPAN-FLAGS in lowercase hexadecimal digits");
        let hex = |part: &str, digits: usize| {
            let canonical = part.len() == digits && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            canonical.then(|| u128::from_str_radix(part, 16).ok()).flatten().ok_or_else(invalid)
        };
        let mut parts = text.split('-');
        let mut next = |digits| hex(parts.next().unwrap_or_default(), digits);
        let (version, trace_id, span_id, _flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        // Later versions may say more after what this one says.
        let is_known = match version {
            0 => parts.next().is_none(),
            0xff => false,
            _ => true,
        };
        let span_id = u64::try_from(span_id).map_err(|_| invalid())?;
        if is_known && trace_id != 0 && span_id != 0 { Ok(Self { trace_id, span_id }) } else { Err(invalid()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_names_its_trace() {
        let session_id = SessionId::from_bits(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        let parent = TraceParent::of_session(session_id, 0xb7ad_6b71_6920_3331);
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(parent.to_string(), text);
        assert_eq!(text.parse(), Ok(parent));
        assert!(text.contains(&session_id.to_string()));
        assert_ne!(TraceParent::of_session(session_id, 0).span_id, 0);
        let root = "00-0af7651916cd43dd8448eb211c80319c-8448eb211c80319c-01";
        assert_eq!(TraceParent::root_of(session_id).to_string(), root);
        assert!(TraceParent::root_of(SessionId::from_bits(0)).to_string().parse::<TraceParent>().is_ok());
    }

    #[test]
    fn what_is_no_parent_is_refused() {
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        for text in [
            String::new(),
            format!("00-{trace}-{span}"),
            format!("00-{trace}-{span}-01-more"),
            format!("ff-{trace}-{span}-01"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{}-{span}-01", trace.to_uppercase()),
            format!("00-+{}-{span}-01", &trace[1..]),
        ] {
            assert!(text.parse::<TraceParent>().is_err(), "{text}");
        }
        assert!(format!("01-{trace}-{span}-01-more").parse::<TraceParent>().is_ok());
    }
}
