//! What the kernel says a process or one of its threads has used.

use super::Outcome;
use std::fs;
use std::path::Path;

/// Processor time and switches of one thread, so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Time on a processor, in nanoseconds; exact.
    pub(super) total_ns: u64,
    /// Clock ticks in user space and in the kernel: samples, good for their proportion.
    user_ticks: u64,
    system_ticks: u64,
}

impl Usage {
    /// What the thread of this name has used.
    pub(super) fn of_thread(process: u32, name: &str) -> Outcome<Self> {
        for entry in fs::read_dir(format!("/proc/{process}/task"))? {
            let folder = entry?.path();
            if fs::read_to_string(folder.join("comm"))?.trim_end() == name {
                return Self::read(&folder);
            }
        }
        Err(format!("process {process} has no thread {name}").into())
    }

    /// What all threads of a process have used.
    pub(super) fn of_process(process: u32) -> Outcome<Self> {
        let mut sum = Self::default();
        for entry in fs::read_dir(format!("/proc/{process}/task"))? {
            let Self { total_ns, user_ticks, system_ticks } = Self::read(&entry?.path())?;
            sum.total_ns += total_ns;
            sum.user_ticks += user_ticks;
            sum.system_ticks += system_ticks;
        }
        Ok(sum)
    }

    /// What the calling thread has used.
    #[cfg(test)]
    pub(super) fn of_this_thread() -> Outcome<Self> {
        Self::read(Path::new("/proc/thread-self"))
    }

    /// proc(5): the first field of `schedstat`; fields 14 and 15 of `stat`, whose second field may hold anything.
    fn read(folder: &Path) -> Outcome<Self> {
        let schedstat = fs::read_to_string(folder.join("schedstat"))?;
        let total_ns = schedstat.split_whitespace().next().ok_or("an empty schedstat")?.parse()?;
        let stat = fs::read_to_string(folder.join("stat"))?;
        let (_, rest) = stat.rsplit_once(") ").ok_or("an unreadable stat")?;
        let mut fields = rest.split(' ').skip(14 - 3);
        let mut ticks = || fields.next().ok_or("a short stat");
        Ok(Self { total_ns, user_ticks: ticks()?.parse()?, system_ticks: ticks()?.parse()? })
    }

    /// What has been used since `earlier`.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            // A thread that has ended takes its time along.
            total_ns: self.total_ns.saturating_sub(earlier.total_ns),
            user_ticks: self.user_ticks.saturating_sub(earlier.user_ticks),
            system_ticks: self.system_ticks.saturating_sub(earlier.system_ticks),
        }
    }

    /// The part of the time that was spent in user space, in nanoseconds.
    pub(super) fn user_ns(self) -> f64 {
        let ticks = (self.user_ticks + self.system_ticks).max(1);
        self.total_ns as f64 * self.user_ticks as f64 / ticks as f64
    }
}

/// Memory of a process that is in use, in bytes.
pub(super) fn resident_bytes(process: u32) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_costs_time_and_memory() {
        let before = Usage::of_this_thread().unwrap();
        let mut sum = 0_u64;
        while Usage::of_this_thread().unwrap().since(before).total_ns < 2_000_000 {
            sum = std::hint::black_box(sum + 1);
        }
        let used = Usage::of_this_thread().unwrap().since(before);
        assert!(used.user_ns() <= used.total_ns as f64);
        assert!(Usage::of_process(std::process::id()).unwrap().total_ns >= used.total_ns);
        assert!(resident_bytes(std::process::id()).unwrap() > 100_000);
        assert!(Usage::of_thread(std::process::id(), "nobody").is_err());
    }
}
