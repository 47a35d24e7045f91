//! What a stack says when it cannot start. That it does start, with its game sims, the story tests show.

use super::*;
use crate::scratch::Folder;

fn config(folder: &Folder) -> StackConfig {
    StackConfig { gamesims: 0, ..StackConfig::new(folder.path().join("data"), folder.path().join("nowhere")) }
}

async fn refusal(config: StackConfig) -> String {
    Stack::start(config).await.unwrap_err().to_string()
}

#[tokio::test]
async fn without_game_sims_the_api_answers_and_everything_is_given_back() {
    let folder = Folder::new("stack");
    let stack = Stack::start(config(&folder)).await.unwrap();
    let port = stack.front.address().port();
    let busy = refusal(StackConfig { port, ..StackConfig::new(folder.path().join("other"), "nowhere") }).await;
    assert_eq!(busy, format!("port {port} is in use by another program (set PORT to another one)"));
    let shared = refusal(config(&folder)).await;
    assert!(shared.starts_with("another stack is running on the data folder "), "{shared}");
    assert_eq!(stack.gamesims().await.unwrap(), []);
    assert!(!stack.kill_gamesim("sim-1", Signal::KILL).await);
    let secrets = stack.secrets().clone();
    stack.shutdown().await;

    let again = Stack::start(StackConfig { port, ..config(&folder) }).await.unwrap();
    assert_eq!(again.api_url(), format!("http://127.0.0.1:{port}"));
    assert_eq!(again.secrets(), &secrets);
    again.shutdown().await;
}

#[tokio::test]
async fn bad_content_stops_it_before_anything_else() {
    let folder = Folder::new("stack");
    let text = refusal(StackConfig { content_dir: folder.path().to_owned(), ..config(&folder) }).await;
    assert!(text.contains("has 11 mistakes") && text.contains("classes.json"), "{text}");
    assert!(!folder.path().join("data/dynamodb.sqlite").exists());
}

#[tokio::test]
async fn a_game_sim_that_cannot_run_is_named_with_its_log() {
    let folder = Folder::new("stack");
    let text = refusal(StackConfig { gamesims: 1, ..config(&folder) }).await;
    assert!(text.starts_with("the game sim sim-1 did not come up: it cannot be started: "), "{text}");
    assert!(text.contains("data/logs/sim-1.log"), "{text}");
    // Everything was given back: the folder can be used again.
    Stack::start(config(&folder)).await.unwrap().shutdown().await;
}
