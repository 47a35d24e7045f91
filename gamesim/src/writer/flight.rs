//! The one batch that is out, and when it is to be sent again.

use guildhall_domain::progress::ProgressGroup;

/// A group on its way, and which of the world's changes each of its writes includes.
#[derive(Debug, Clone)]
pub(super) struct FlyingGroup {
    pub(super) group: ProgressGroup,
    /// The world's count of changes, one per write and in the same order.
    pub(super) progress_seqs: Vec<u64>,
}

/// A batch that has no answer yet.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) groups: Vec<FlyingGroup>,
    /// When to send it again; `None` while an answer is awaited.
    again_ms: Option<u64>,
}

impl Flight {
    /// A batch that is being sent.
    pub(super) const fn new(groups: Vec<FlyingGroup>) -> Self {
        Self { groups, again_ms: None }
    }

    /// What has to be sent again, and when.
    pub(super) const fn again(groups: Vec<FlyingGroup>, again_ms: u64) -> Self {
        Self { groups, again_ms: Some(again_ms) }
    }

    /// Whether it is to be sent now; if so, an answer is awaited from here on.
    pub(super) fn take_due(&mut self, now_ms: u64) -> bool {
        self.again_ms.take_if(|again_ms| *again_ms <= now_ms).is_some()
    }
}
