//! The command line, as a newcomer meets it: one line when it is ready, one line when it cannot start, a clean end.

use crate::EXE;
use guildhall_client::rest::Api;
use guildhall_tests::party::{characters, login, register};
use guildhall_tests::process::StackProcess;
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use tempfile::TempDir;
use tokio::process::Command;

/// Starts the stack where it cannot start, and returns the one line that it says.
async fn refused(data: &Path, environment: &[(&str, &str)]) -> String {
    let mut stack = StackProcess::start(EXE, data, environment);
    let end = stack.end().await;
    let errors = stack.errors().await;
    assert_eq!(end.code(), Some(1), "{errors}");
    assert_eq!(errors.trim_end().lines().count(), 1, "more than one line: {errors}");
    assert_eq!(stack.line().await, None, "it said something on standard output too");
    errors
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_is_one_clear_line() {
    let folder = TempDir::new().unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let line = refused(folder.path(), &[("PORT", &port)]).await;
    assert!(line.contains(&port) && line.contains("in use"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_data_folder_is_one_clear_line() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let line = refused(&file.join("data"), &[]).await;
    assert!(line.contains("data folder") && line.contains("GUILDHALL_DATA"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_content_is_one_clear_line() {
    let folder = TempDir::new().unwrap();
    let content = folder.path().join("content");
    fs::create_dir(&content).unwrap();
    for entry in fs::read_dir(guildhall_tests::backend::seed_data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, content.join(path.file_name().unwrap())).unwrap();
        }
    }
    let enemies = content.join("enemies.json");
    let broken = fs::read_to_string(&enemies).unwrap().replacen("\"hp\": ", "\"hp\": 99999", 1);
    fs::write(&enemies, broken).unwrap();
    let line = refused(&folder.path().join("data"), &[("GUILDHALL_CONTENT", content.to_str().unwrap())]).await;
    assert!(line.contains("hp"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_setting_is_one_clear_line() {
    let folder = TempDir::new().unwrap();
    let line = refused(folder.path(), &[("PORT", "many")]).await;
    assert!(line.contains("PORT"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn control_c_drains_and_a_second_start_keeps_everything() {
    let folder = TempDir::new().unwrap();
    let mut stack = StackProcess::start(EXE, folder.path(), &[]);
    let api = Api::new(&stack.ready().await).unwrap();
    let members = register(&api).await;
    let kept = characters(&members).await;
    stack.signal(Signal::INT);
    let bill = bill(&mut stack).await;
    let written = |item: &Value| item["charged"] == "dynamodb_write_units" && item["usd"].as_f64() > Some(0.0);
    assert!(bill["items"].as_array().unwrap().iter().any(written), "{bill}");
    assert_eq!(stack.end().await.code(), Some(0), "{}", stack.errors().await);

    let mut stack = StackProcess::start(EXE, folder.path(), &[]);
    let api = Api::new(&stack.ready().await).unwrap();
    for (player, kept) in login(&api).await.iter().zip(&kept) {
        let sheets = player.list_characters().await.unwrap();
        assert_eq!(sheets.iter().map(|sheet| &sheet.character).collect::<Vec<_>>(), [kept]);
    }
    stack.signal(Signal::TERM);
    assert_eq!(stack.end().await.code(), Some(0), "{}", stack.errors().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walkthrough_in_the_readme_works_as_printed() {
    if Command::new("curl").arg("--version").output().await.is_err() {
        println!("skipped: the walkthrough uses curl, and this machine has none");
        return;
    }
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```sh\n").expect("a shell block");
    let (script, _) = rest.split_once("```").expect("its end");
    let folder = TempDir::new().unwrap();
    let mut stack = StackProcess::start(EXE, folder.path(), &[]);
    let url = stack.ready().await;
    let script = script.replacen("http://127.0.0.1:8080", &url, 1);
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", &script]).output().await.unwrap();
    let answers = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{answers}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!answers.contains("\"error\""), "{answers}");
    for part in ["\"access_token\":", "\"name\":\"Hero\"", "\"token\":\"TkVUQ09ERSAxLjAy", "\"logged_out\":true"] {
        assert!(answers.contains(part), "no {part} in {answers}");
    }
    stack.signal(Signal::INT);
    assert_eq!(stack.end().await.code(), Some(0), "{}", stack.errors().await);
}

/// What a stack says at its end that everything would have cost.
async fn bill(stack: &mut StackProcess) -> Value {
    while let Some(line) = stack.line().await {
        if line.starts_with('{') {
            return serde_json::from_str(&line).unwrap();
        }
    }
    panic!("it ends without a bill");
}
