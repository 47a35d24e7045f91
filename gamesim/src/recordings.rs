//! Recordings as they are kept: what they are called in the bucket, and how to find and fetch them. The game sim that
//! records puts them there (`control::uploads`); whoever replays reads them through [`Recordings`].
//!
//! A part is `recordings/SESSION/EPOCH/NUMBER`. The content that it is played with is `content/VERSION`, as JSON; one object
//! serves all recordings of its version, and is there before the first of them.

use crate::bucket::Bucket;
use crate::limits::RECORDINGS_LISTED_MAX;
use crate::recording::PartName;
use crate::surroundings;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use guildhall_domain::{Content, SessionId};
use std::collections::BTreeMap;

/// What the names of all parts begin with.
const PARTS: &str = "recordings/";

/// The name of a part.
pub(crate) fn part_key(session_id: SessionId, session_epoch: u32, number: u32) -> String {
    format!("{PARTS}{session_id}/{session_epoch}/{number}")
}

/// The name of a version of the content.
pub(crate) fn content_key(version: u64) -> String {
    format!("content/{version:016x}")
}

/// The bucket that recordings are kept in, to read.
#[derive(Debug)]
pub struct Recordings {
    bucket: Bucket,
}

/// Sessions that are recorded, with the names of their parts, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The sessions.
    pub sessions: BTreeMap<SessionId, Vec<PartName>>,
    /// Whether there is nothing else.
    pub is_complete: bool,
}

impl Recordings {
    /// A bucket in Amazon's S3 of that region, with the credentials of the surroundings.
    pub async fn in_the_cloud(bucket: String, region: &str, endpoint: Option<&str>) -> Self {
        let credentials = surroundings::credentials(region).await;
        Self { bucket: Bucket::open(bucket, region, endpoint, credentials) }
    }

    /// A bucket of another S3.
    pub fn at(endpoint: &str, bucket: String, region: &str, access_key: &str, secret_key: &str) -> Self {
        let credentials = Credentials::new(access_key, secret_key, None, None, "given");
        let credentials = SharedCredentialsProvider::new(credentials);
        Self { bucket: Bucket::open(bucket, region, Some(endpoint), Some(credentials)) }
    }

    /// What is recorded: all of it, or one session.
    ///
    /// # Errors
    /// Whatever kept the bucket from answering, for people.
    pub async fn list(&self, session_id: Option<SessionId>) -> Result<Listing, String> {
        let prefix = session_id.map_or_else(|| PARTS.to_owned(), |session_id| format!("{PARTS}{session_id}/"));
        let (keys, is_complete) = self.bucket.list(&prefix, RECORDINGS_LISTED_MAX).await?;
        let mut sessions = BTreeMap::<_, Vec<_>>::new();
        for (session_id, part) in keys.iter().filter_map(|key| parse(key)) {
            sessions.entry(session_id).or_default().push(part);
        }
        sessions.values_mut().for_each(|parts| parts.sort_unstable());
        Ok(Listing { sessions, is_complete })
    }

    /// The bytes of a part, or `None` if there is none of that name.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn part(&self, session_id: SessionId, part: PartName) -> Result<Option<Vec<u8>>, String> {
        self.bucket.get(part_key(session_id, part.session_epoch, part.number)).await
    }

    /// This version of the content, checked, or `None` if it is not there.
    ///
    /// # Errors
    /// As [`Self::list`], or that the object is no content that can be played.
    pub async fn content(&self, version: u64) -> Result<Option<Content>, String> {
        let Some(bytes) = self.bucket.get(content_key(version)).await? else { return Ok(None) };
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        content.check().map_err(|errors| errors.first().map(ToString::to_string).unwrap_or_default())?;
        Ok(Some(content))
    }
}

fn parse(key: &str) -> Option<(SessionId, PartName)> {
    let mut names = key.strip_prefix(PARTS)?.split('/');
    let session_id = names.next()?.parse().ok()?;
    let part = PartName { session_epoch: names.next()?.parse().ok()?, number: names.next()?.parse().ok()? };
    names.next().is_none().then_some((session_id, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parts_name_says_which_it_is() {
        let session_id = SessionId::from_bits(7);
        let named = PartName { session_epoch: 2, number: 10 };
        assert_eq!(parse(&part_key(session_id, 2, 10)), Some((session_id, named)));
        for wrong in ["", "recordings/7/2/10", "checkpoints/sim-1/7/4000", &format!("{PARTS}{session_id}/2/10/1")] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(content_key(0xfeed), "content/000000000000feed");
    }
}
