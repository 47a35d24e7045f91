//! What the kernel says a process or one of its threads has used.

use super::Outcome;
use std::path::Path;
use std::{fs, io};

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
            if unless_ended(fs::read_to_string(folder.join("comm")))?.is_some_and(|comm| comm.trim_end() == name) {
                return Self::read(&folder)?.ok_or_else(|| format!("thread {name} has ended").into());
            }
        }
        Err(format!("process {process} has no thread {name}").into())
    }

    /// What all threads of a process have used that are running still.
    pub(super) fn of_process(process: u32) -> Outcome<Self> {
        let mut sum = Self::default();
        for entry in fs::read_dir(format!("/proc/{process}/task"))? {
            let Some(thread) = Self::read(&entry?.path())? else { continue };
            sum.total_ns += thread.total_ns;
            sum.user_ticks += thread.user_ticks;
            sum.system_ticks += thread.system_ticks;
        }
        Ok(sum)
    }

    /// What the calling thread has used.
    #[cfg(test)]
    pub(super) fn of_this_thread() -> Outcome<Self> {
        Self::read(Path::new("/proc/thread-self"))?.ok_or_else(|| "this thread has ended".into())
    }

    /// proc(5): the first field of `schedstat`; fields 14 and 15 of `stat`, whose second field may hold anything.
    /// `None` of a thread that has ended.
    fn read(folder: &Path) -> Outcome<Option<Self>> {
        let Some(schedstat) = unless_ended(fs::read_to_string(folder.join("schedstat")))? else { return Ok(None) };
        let Some(stat) = unless_ended(fs::read_to_string(folder.join("stat")))? else { return Ok(None) };
        let total_ns = schedstat.split_whitespace().next().ok_or("an empty schedstat")?.parse()?;
        let (_, rest) = stat.rsplit_once(") ").ok_or("an unreadable stat")?;
        let mut fields = rest.split(' ').skip(14 - 3);
        let mut ticks = || fields.next().ok_or("a short stat");
        Ok(Some(Self { total_ns, user_ticks: ticks()?.parse()?, system_ticks: ticks()?.parse()? }))
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

/// A file of a thread: `None` if the thread ended since its folder was listed. A file that was opened before has no
/// process to tell of afterwards (`ESRCH`).
fn unless_ended(file: io::Result<String>) -> io::Result<Option<String>> {
    const ESRCH: i32 = 3;
    match file {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH) => Ok(None),
        Err(error) => Err(error),
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

    /// Threads come and go while a process is looked at.
    #[test]
    fn threads_that_end_are_left_out() {
        let ending = std::thread::spawn(|| {
            for _ in 0..2_000 {
                std::thread::spawn(|| ()).join().unwrap();
            }
        });
        while !ending.is_finished() {
            Usage::of_process(std::process::id()).unwrap();
            assert!(Usage::of_thread(std::process::id(), "nobody").unwrap_err().to_string().contains("no thread"));
        }
        ending.join().unwrap();
    }
}
