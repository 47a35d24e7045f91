//! Where functions run: on threads of their own, which stand back. A front whose functions take all that the machine has is
//! busiest just when it has to turn people away, and who is turned away must not wait behind those who are answered.

use crate::precedence::{Steps, stand_back};
use std::io;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Running functions. Dropping it ends those that have not ended.
#[derive(Debug)]
pub(crate) struct Functions {
    handle: Handle,
    /// Taken when it is dropped, and only then.
    runtime: Option<Runtime>,
}

impl Functions {
    pub(crate) fn start() -> io::Result<Self> {
        let mut threads = Builder::new_multi_thread();
        let runtime =
            threads.thread_name("functions").on_thread_start(|| stand_back(Steps::Functions)).enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    pub(crate) fn spawn<T: Send + 'static>(&self, function: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn(function)
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for its threads would hold up the one that drops it.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;

    #[tokio::test]
    async fn functions_and_their_hashing_stand_back_for_whoever_started_them() {
        let functions = Functions::start().unwrap();
        let ours = getpriority_process(None).unwrap();
        let nice = async || {
            let hashing = tokio::task::spawn_blocking(|| getpriority_process(None).unwrap());
            (getpriority_process(None).unwrap(), hashing.await.unwrap())
        };
        let (function, hashing) = functions.spawn(nice()).await.unwrap();
        assert!(function > ours && hashing > ours, "{function}, {hashing} and {ours}");
        assert_eq!(getpriority_process(None).unwrap(), ours);
    }
}
