//! One id leads from the creation of a session over UDP to its last write, through the logs of the API and of the game sim.

use crate::EXE;
use guildhall_client::rest::Api;
use guildhall_domain::{Email, Password};
use guildhall_tests::process::StackProcess;
use rustix::process::Signal;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Time between two looks, in milliseconds.
const LOOK_MS: u64 = 100;
/// What is to be logged.
const FILTER: &str = "warn,guildhall_functions=debug,guildhall_gamesim=debug,guildhall_local=info";

fn log_of_gamesim(data: &Path) -> String {
    std::fs::read_to_string(data.join("logs/sim-1.log")).unwrap_or_default()
}

/// The value of a field in a line of a log for people.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("{name}="))?;
    rest.split([' ', '}', ':']).next().map(|value| value.trim_matches('"'))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_leads_through_every_log() {
    let folder = TempDir::new().unwrap();
    let environment = [("DEMO", "1"), ("GAMESIMS", "1"), ("GUILDHALL_LOG", FILTER)];
    let mut stack = StackProcess::start(EXE, folder.path(), &environment);
    stack.ready().await;
    // The demo's party plays until something of it is stored; then everything ends.
    while !log_of_gamesim(folder.path()).lines().any(|line| line.contains("action=\"progress\" is_done=true")) {
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
    stack.signal(Signal::TERM);
    assert!(stack.end().await.success());
    let (of_api, of_gamesim) = (stack.errors().await, log_of_gamesim(folder.path()));

    let saved = of_gamesim.lines().find(|line| line.contains("action=\"progress\" is_done=true")).unwrap();
    let id = field(saved, "session_id").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{saved}");
    let api_lines: Vec<&str> = of_api.lines().filter(|line| line.contains(&format!("trace_id={id}"))).collect();
    let sim_lines: Vec<&str> = of_gamesim.lines().filter(|line| line.contains(&format!("session_id={id}"))).collect();
    let answered = |route: &str| {
        let named = format!("route=\"{route}\"");
        api_lines.iter().find(|line| line.contains(&named) && line.contains("answered status=20"))
    };
    for route in ["create-game-session", "join-game-session", "admit-player", "save-progress", "finalize-game-session"]
    {
        assert!(answered(route).is_some(), "{route} has no line of {id} in\n{of_api}");
    }
    assert!(api_lines.iter().any(|line| line.contains("a session has its place")), "{api_lines:#?}");
    for words in ["a player is admitted", "the room is closing", "the session is closed"] {
        assert!(sim_lines.iter().any(|line| line.contains(words)), "{words:?} is missing in {sim_lines:#?}");
    }
    // Each step of the game sim is the parent of what the API did for it.
    let steps: Vec<&str> = sim_lines.iter().filter_map(|line| field(line, "span_id")).collect();
    assert!(steps.len() >= 3, "{sim_lines:#?}");
    for step in steps {
        let parent = format!("parent=00-{id}-{step}-01");
        assert!(api_lines.iter().any(|line| line.contains(&parent)), "nobody answered {parent}");
    }
}

/// Every way in leaves a line that says who, and none of the secrets on the way.
#[tokio::test(flavor = "multi_thread")]
async fn who_came_in_and_who_was_not_let_in_is_logged_without_secrets() {
    let folder = TempDir::new().unwrap();
    let mut stack = StackProcess::start(EXE, folder.path(), &[("GAMESIMS", "0"), ("GUILDHALL_LOG", FILTER)]);
    let api = Api::new(&stack.ready().await).unwrap();
    let (address, password, guess) = ("ada.lovelace@example.com", "correct horse battery", "difference engine");
    let player = api.register(Email::parse(address).unwrap(), Password::parse(password).unwrap()).await.unwrap();
    assert_eq!(api.login(address, guess).await.unwrap_err().code(), Some("wrong_credentials"));
    let again = api.login(address, password).await.unwrap();
    again.logout().await.unwrap();
    assert!(again.list_characters().await.is_err(), "the login has ended");
    stack.signal(Signal::TERM);
    assert!(stack.end().await.success());
    let log = stack.errors().await;

    let id = player.account_id().to_string();
    for (route, words) in [
        ("register-account", format!("an account was registered account_id={id}")),
        ("login-account", "a caller was not let in status=401 code=\"wrong_credentials\"".to_owned()),
        ("login-account", format!("a player has logged in account_id={id}")),
        ("logout-account", format!("a player has logged out account_id={id}")),
        ("list-characters", "a caller was not let in status=401 code=\"unauthorized\"".to_owned()),
    ] {
        let of_route = format!("route=\"{route}\"");
        let line = log.lines().find(|line| line.contains(&of_route) && line.contains(&words));
        let line = line.unwrap_or_else(|| panic!("{route}: no {words:?} in\n{log}"));
        assert!(line.contains("INFO") && line.contains("request_id="), "{line}");
    }
    for secret in [address, password, guess, "eyJ"] {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
}
