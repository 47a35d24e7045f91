//! What the kernel says of processes: which of this one's children are game sims, and what processor time a process or one
//! of its threads has used.

use crate::Outcome;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Unit of the times in `/proc/<id>/stat`, in milliseconds: Linux shows programs 100 ticks per second on every machine.
const TICK_MS: u64 = 10;

/// The processes that this one has started as `… sim`.
pub(crate) fn gamesims() -> Outcome<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end while it is looked at.
        let Ok(stat) = Stat::read(id) else { continue };
        let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        if stat.parent == std::process::id() && arguments.split(|byte| *byte == 0).nth(1) == Some(b"sim") {
            found.push(id);
        }
    }
    Ok(found)
}

/// User and system time that these processes have used together.
pub(crate) fn processor_time(processes: &[u32]) -> Outcome<Duration> {
    processes.iter().map(|id| Ok(Stat::read(*id)?.processor_time)).sum()
}

/// User and system time that the living threads of this name in a process have used together.
pub(crate) fn thread_time(process: u32, name: &str) -> Outcome<Duration> {
    let mut used = Duration::ZERO;
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end while it is looked at.
        let Ok(stat) = Stat::read_from(&entry?.path().join("stat")) else { continue };
        if stat.name == name {
            used += stat.processor_time;
        }
    }
    Ok(used)
}

struct Stat {
    name: String,
    parent: u32,
    processor_time: Duration,
}

impl Stat {
    fn read(id: u32) -> Outcome<Self> {
        Self::read_from(Path::new(&format!("/proc/{id}/stat")))
    }

    /// Reads what proc(5) calls fields 2, 4, 14 and 15; the name, field 2, may hold anything, even parentheses.
    fn read_from(file: &Path) -> Outcome<Self> {
        let text = fs::read_to_string(file)?;
        let (head, rest) = text.rsplit_once(") ").ok_or("an unreadable stat file")?;
        let (_, name) = head.split_once('(').ok_or("an unreadable stat file")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let field = |number: usize| fields.get(number - 3).copied().unwrap_or_default();
        let ticks = field(14).parse::<u64>()? + field(15).parse::<u64>()?;
        let processor_time = Duration::from_millis(ticks * TICK_MS);
        Ok(Self { name: name.to_owned(), parent: field(4).parse()?, processor_time })
    }
}
