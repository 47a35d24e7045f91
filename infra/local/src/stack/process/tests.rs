//! Small shell programs in the place of a game sim. Every wait is for an event and none for a time.

use super::*;
use crate::scratch::Folder;

fn program(folder: &Folder, script: &str) -> Program {
    Program {
        name: "sim-1".to_owned(),
        exe: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), script.to_owned()],
        environment: vec![("GIVEN".to_owned(), "yes".to_owned())],
        log: folder.path().join("log"),
        drain_s: 60,
    }
}

/// Waits until the program has written this line.
async fn written(supervised: &Supervised, line: &str, times: usize) {
    let count = || std::fs::read_to_string(&supervised.program().log).unwrap_or_default().matches(line).count();
    while count() < times {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_dies_is_started_again() {
    let folder = Folder::new("process");
    let supervised = Supervised::start(program(&folder, "echo up $GIVEN; read line"));
    written(&supervised, "up yes", 1).await;
    assert!(supervised.signal(Signal::KILL).await);
    let mut life = supervised.life.clone();
    let reborn = life.wait_for(|life| life.starts == 2).await.unwrap().clone();
    assert!(reborn.last_end.unwrap().contains("signal: 9"));
    written(&supervised, "up yes", 2).await;
    supervised.stopped().await;
}

#[tokio::test]
async fn what_is_told_to_stop_may_finish() {
    let folder = Folder::new("process");
    let script = "trap 'echo drained; exit 0' TERM; echo up; read line";
    let supervised = Supervised::start(program(&folder, script));
    written(&supervised, "up", 1).await;
    let log = supervised.program().log.clone();
    supervised.stopped().await;
    assert_eq!(std::fs::read_to_string(log).unwrap(), "up\ndrained\n");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let folder = Folder::new("process");
    let supervised = Supervised::start(Program { exe: folder.path().join("nowhere"), ..program(&folder, "") });
    let mut life = supervised.life.clone();
    let seen = life.wait_for(|life| life.last_end.is_some()).await.unwrap().clone();
    assert_eq!(seen.starts, 0);
    assert!(seen.last_end.unwrap().starts_with("it cannot be started: "));
    supervised.stopped().await;
}
