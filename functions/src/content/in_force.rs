//! The content that a process works with: read once, kept as one value, and exchanged as one value when another version is
//! published. Requests that began with the old value end with it, so no request ever sees a mixture.

use crate::answer::Tagged;
use crate::error::ApiError;
use crate::grants::Grants;
use guildhall_domain::api::{ContentBundle, ContentManifest};
use guildhall_domain::content::ContentKind;
use guildhall_domain::limits::CONTENT_LOOK_INTERVAL_MS;
use guildhall_domain::{Content, Timestamp};
use guildhall_storage::{Operation, TableName};
use guildhall_storage::{StorageError, Table, content};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What it takes to read the content.
pub(crate) const GRANTS: Grants = Grants::NONE.on(TableName::Content, &[Operation::Get]);

/// One version of the content, in every form that it is asked for.
#[derive(Debug)]
pub(crate) struct LoadedContent {
    /// Its version, 16 hexadecimal digits.
    pub(crate) version: String,
    /// The content.
    pub(crate) content: Content,
    /// The body of [`ContentBundle`].
    pub(crate) bundle: Tagged,
    /// The body of [`ContentManifest`].
    pub(crate) manifest: Tagged,
    /// The body of each entry.
    pub(crate) entries: BTreeMap<(ContentKind, String), Tagged>,
}

impl LoadedContent {
    fn of(version: String, content: Content) -> serde_json::Result<Self> {
        let tagged = |body: String| Tagged { tag: format!("{:016x}", Content::version_of(body.as_bytes())), body };
        let mut kinds: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut entries = BTreeMap::new();
        for (kind, id, entry) in content.entries() {
            let entry = tagged(serde_json::to_string(&entry)?);
            kinds.entry(kind.to_string()).or_default().insert(id.clone(), entry.tag.clone());
            entries.insert((kind, id), entry);
        }
        let manifest = tagged(serde_json::to_string(&ContentManifest { version: version.clone(), kinds })?);
        let bundle = ContentBundle { version, content };
        let body = serde_json::to_string(&bundle)?;
        let ContentBundle { version, content } = bundle;
        Ok(Self { bundle: Tagged { tag: version.clone(), body }, version, content, manifest, entries })
    }
}

/// The content in force, as far as this process knows.
#[derive(Debug, Default)]
pub(crate) struct ContentInForce {
    held: Mutex<Option<Held>>,
    /// Held by whoever reads the first content, so that a burst of first requests reads it once.
    first: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Held {
    content: Arc<LoadedContent>,
    looked_at: Timestamp,
}

impl ContentInForce {
    /// The content in force, at most [`CONTENT_LOOK_INTERVAL_MS`] behind what is published while the database answers.
    pub(crate) async fn read(&self, table: &dyn Table, now: Timestamp) -> Result<Arc<LoadedContent>, ApiError> {
        let (held, due) = self.claim(now);
        match held {
            Some(held) if due => Ok(self.look(table, held, now).await),
            Some(held) => Ok(held),
            None => {
                let _first = self.first.lock().await;
                match self.claim(now) {
                    (Some(held), _) => Ok(held),
                    (None, _) => self.load(table, now).await,
                }
            }
        }
    }

    /// What is held, and whether it falls to the caller to look for a newer version: to one caller per interval.
    fn claim(&self, now: Timestamp) -> (Option<Arc<LoadedContent>>, bool) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = held.as_mut() else { return (None, true) };
        let due = now.0.saturating_sub(held.looked_at.0) >= CONTENT_LOOK_INTERVAL_MS;
        if due {
            held.looked_at = now;
        }
        (Some(Arc::clone(&held.content)), due)
    }

    /// What is held if it is still in force, or else what is. A process that cannot find out goes on with what it has.
    async fn look(&self, table: &dyn Table, held: Arc<LoadedContent>, now: Timestamp) -> Arc<LoadedContent> {
        let newer = match content::version(table).await {
            Ok(Some(version)) if version == held.version => return held,
            Ok(_) => self.load(table, now).await,
            Err(error) => Err(error.into()),
        };
        newer.unwrap_or_else(|error| {
            tracing::warn!(?error, "could not look for newer content");
            held
        })
    }

    async fn load(&self, table: &dyn Table, now: Timestamp) -> Result<Arc<LoadedContent>, ApiError> {
        let published = content::current(table).await?.ok_or_else(|| ApiError::internal("no content is published"))?;
        let undecodable = |error: serde_json::Error| StorageError::Undecodable(format!("content: {error}"));
        let content = serde_json::from_str(&published.body).map_err(undecodable)?;
        let content = Arc::new(LoadedContent::of(published.version, content).map_err(undecodable)?);
        let held = Held { content: Arc::clone(&content), looked_at: now };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(content)
    }
}
