//! `guildhall replay`: plays a session's recording again and says whether it led to the same states; without a session, says
//! which are recorded. It reads the local stack's bucket, whether the stack runs or not, or the one that `CHECKPOINT_BUCKET`
//! names.

use super::settings::Settings;
use super::timeline::Timeline;
use super::{complain, say};
use crate::object_store::ObjectStore;
use crate::sigv4::Identity;
use crate::stack::{CHECKPOINT_BUCKET, REGION, object_store_folder};
use guildhall_domain::SessionId;
use guildhall_gamesim::recording::{End, Finding, PartName, Played, SessionReplay, zone_of};
use guildhall_gamesim::recordings::{Listing, Recordings};
use guildhall_gamesim::world::Game;
use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

/// Sessions that the list shows.
const SESSIONS_SHOWN_MAX: usize = 100;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The subcommand, with what follows it on the command line.
pub(super) async fn run(session: Option<&str>, settings: &Settings) -> ExitCode {
    match try_run(session, settings).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn try_run(session: Option<&str>, settings: &Settings) -> Outcome<bool> {
    let session_id = session.filter(|text| !text.is_empty()).map(str::parse::<SessionId>).transpose()?;
    let source = Source::open(settings).await?;
    let done = match session_id {
        None => list(&source.recordings).await.map(|()| true),
        Some(session_id) => replay(&source.recordings, session_id).await,
    };
    source.close().await;
    done
}

/// Where recordings are read from.
struct Source {
    recordings: Recordings,
    /// A server of our own over the stack's folder.
    server: Option<ObjectStore>,
}

impl Source {
    async fn open(settings: &Settings) -> Outcome<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(bucket) = variable("CHECKPOINT_BUCKET") {
            let region = variable("AWS_REGION").unwrap_or_else(|| REGION.to_owned());
            let recordings = Recordings::in_the_cloud(bucket, &region, variable("S3_ENDPOINT").as_deref()).await;
            return Ok(Self { recordings, server: None });
        }
        let folder = object_store_folder(&settings.data);
        if !folder.is_dir() {
            return Err(format!("{} holds no recordings (GUILDHALL_DATA)", settings.data.display()).into());
        }
        let mut entropy = [0; 32];
        getrandom::fill(&mut entropy)?;
        let keys = Identity::of_gamesim("replay".to_owned(), entropy);
        let server = ObjectStore::start(&folder, &[CHECKPOINT_BUCKET], std::slice::from_ref(&keys)).await?;
        let bucket = CHECKPOINT_BUCKET.to_owned();
        let recordings = Recordings::at(&server.endpoint(), bucket, REGION, &keys.access_key, &keys.secret_key);
        Ok(Self { recordings, server: Some(server) })
    }

    async fn close(self) {
        if let Some(server) = self.server {
            server.shutdown().await;
        }
    }
}

async fn list(recordings: &Recordings) -> Outcome<()> {
    let Listing { sessions, is_complete } = recordings.list(None).await?;
    if sessions.is_empty() {
        say("nothing is recorded yet; a session's recording is stored when it ends, or after five minutes");
    }
    for (session_id, parts) in sessions.iter().take(SESSIONS_SHOWN_MAX) {
        let epochs: std::collections::BTreeSet<_> = parts.iter().map(|part| part.session_epoch).collect();
        say(&format!("{session_id}  {}, {}", counted(parts.len(), "part"), counted(epochs.len(), "epoch")));
    }
    if !is_complete || sessions.len() > SESSIONS_SHOWN_MAX {
        say("and more");
    }
    Ok(())
}

/// Returns whether everything led to the recorded states.
async fn replay(recordings: &Recordings, session_id: SessionId) -> Outcome<bool> {
    let parts = recordings.list(Some(session_id)).await?.sessions.remove(&session_id);
    let parts = parts.ok_or_else(|| format!("session {session_id} is not recorded, or not yet"))?;
    let mut games = Games { recordings, known: BTreeMap::new() };
    let mut replay = SessionReplay::default();
    let mut timeline = Timeline::default();
    let mut elsewhere = None;
    for part in parts {
        let Some(bytes) = recordings.part(session_id, part).await? else { continue };
        let Some(version) = guildhall_gamesim::recording::content_version(&bytes) else {
            return Err(format!("part {} of epoch {} is no recording", part.number, part.session_epoch).into());
        };
        if let Some((zone, epoch)) = zone_of(&bytes) {
            let here = part.session_epoch;
            say(&format!("epoch {here} was played in a zone, which is recorded as session {zone}, epoch {epoch}"));
            elsewhere = Some(zone);
            continue;
        }
        let game = games.of(version).await?;
        timeline.begin_part(game.content());
        let watch = &mut |dungeon: &_, effects: &[_]| timeline.tell(dungeon, effects).iter().for_each(|line| say(line));
        if let Some(played) = replay.play(part, &bytes, &game, watch) {
            say(&summary(&played));
        }
    }
    if let Some(zone) = elsewhere.filter(|zone| replay.ticks() == 0 && *zone != session_id) {
        return Box::pin(self::replay(recordings, zone)).await;
    }
    replay.findings().iter().for_each(|finding| say(&told(finding)));
    let last = replay.state_hash().unwrap_or_default();
    say(&format!("{} ticks, last state {last:016x}, all states {:016x}", replay.ticks(), replay.digest()));
    say(if replay.is_identical() { "identical" } else { "NOT identical" });
    Ok(replay.is_identical())
}

/// What recordings are played with, each content fetched once.
struct Games<'a> {
    recordings: &'a Recordings,
    known: BTreeMap<u64, Arc<Game>>,
}

impl Games<'_> {
    async fn of(&mut self, version: u64) -> Outcome<Arc<Game>> {
        if let Some(game) = self.known.get(&version) {
            return Ok(Arc::clone(game));
        }
        let content = self.recordings.content(version).await?;
        let content = content.ok_or_else(|| format!("version {version:016x} of the content is not stored"))?;
        let game = Game::standard(Arc::new(content));
        self.known.insert(version, Arc::clone(&game));
        Ok(game)
    }
}

fn summary(played: &Played) -> String {
    let Played { header, ticks, state_hash, .. } = played;
    let (epoch, number, dungeon, build) = (header.session_epoch, header.number, &header.dungeon_id, &header.build);
    let version = header.content_version;
    format!(
        "epoch {epoch} part {number}: {ticks} ticks of {dungeon} to state {state_hash:016x} (content {version:016x}, build {build})"
    )
}

fn told(finding: &Finding) -> String {
    let named = |part: &PartName| format!("epoch {} part {}", part.session_epoch, part.number);
    match finding {
        Finding::Missing { from, until } => format!("{} to {} is missing", named(from), named(until)),
        Finding::Unreadable(part) => format!("{} cannot be read", named(part)),
        Finding::Disjoint(part) => format!("{} does not begin where the one before ended", named(part)),
        Finding::Ended(part, end) => format!("{} {}", named(part), ended(*end)),
    }
}

fn ended(end: End) -> String {
    match end {
        End::Complete => "is complete".to_owned(),
        End::BrokenOff { bytes_left: 0 } => "ends without its last state: its room crashed".to_owned(),
        End::BrokenOff { bytes_left } => format!("breaks off: its last {bytes_left} bytes make no sense"),
        End::Different { same_until, found_at } if same_until + 1 < found_at => {
            format!("differs: the first tick that does is one of {} to {found_at}", same_until + 1)
        }
        End::Different { found_at, .. } => format!("differs: the first tick that does is {found_at}"),
        End::Panicked { after } => format!("makes the world panic in tick {}", after + 1),
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
