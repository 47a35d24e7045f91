//! Register, login, logout: the ways in and out. `accounts/` has the tokens, the throttle and what ends an account.

mod ends;
mod refresh;
mod throttle;

use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

async fn login(backend: &Backend, caller: Caller<'_>, password: &str) -> Answer {
    backend.call("login-account", caller, &[], &credentials("ada@example.com", password)).await
}

/// One more login of Ada's, as the whole answer.
async fn logged_in(backend: &Backend) -> Value {
    login(backend, Caller::Anyone, "correct horse").await.expect(200)
}

/// A text of an answer.
fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

async fn list(backend: &Backend, token: &str) -> Answer {
    backend.call("list-characters", Caller::Bearer(token), &[], &Value::Null).await
}

#[tokio::test(flavor = "multi_thread")]
async fn register_logs_in_and_login_does_so_again() {
    let backend = Backend::start().await;
    let body = credentials("Ada@Example.com", "correct horse");
    let registered = backend.call("register-account", Caller::Anyone, &[], &body).await.expect(201);
    let body = credentials(" ada@example.com", "correct horse");
    let login = backend.call("login-account", Caller::Anyone, &[], &body).await.expect(200);
    assert_eq!(login["account_id"], registered["account_id"]);
    for answer in [&registered, &login] {
        assert_eq!((&answer["expires_in_s"], &answer["refresh_expires_in_s"]), (&json!(3_600), &json!(30 * 86_400)));
        list(&backend, text(answer, "access_token")).await.expect(200);
    }
    for name in ["access_token", "refresh_token"] {
        assert_ne!(login[name], registered[name]);
    }
    let twice =
        backend.call("register-account", Caller::Anyone, &[], &credentials("ADA@example.com", "another one")).await;
    twice.refused(409, "email_taken");
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_account_are_the_same_answer() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let mut answers = Vec::new();
    for (email, password) in
        [("ada@example.com", "wrong horse"), ("eve@example.com", "correct horse"), ("ada@example.com", "x"), ("?", "")]
    {
        let answer = backend.call("login-account", Caller::Anyone, &[], &credentials(email, password)).await;
        answer.refused(401, "wrong_credentials");
        answers.push(answer);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    backend.stop().await;
}

/// Time cannot be asserted on a shared machine; what takes the time can: hashes and calls to the store.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_and_an_unknown_account_cost_the_same_work() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let mut costs = Vec::new();
    for name in ["ada", "eve", "ada", "bob"] {
        let before = (backend.password_hashes(), backend.usage().total().requests);
        let body = credentials(&format!("{name}@example.com"), "wrong horse");
        backend.call("login-account", Caller::Anyone, &[], &body).await.refused(401, "wrong_credentials");
        costs.push((backend.password_hashes() - before.0, backend.usage().total().requests - before.1));
    }
    assert_eq!(costs, [(1, 2); 4]);
    backend.stop().await;
}

/// The throttle, the address, and the transaction that lets the player in.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_three_calls_and_a_tokens_judgement_one() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let before = backend.usage().total().requests;
    logged_in(&backend).await;
    assert_eq!(backend.usage().total().requests - before, 3);
    let before = backend.usage().total().requests;
    backend.call("logout-account", Caller::Bearer(&token), &[], &Value::Null).await.expect(200);
    // Two of the four look for characters in sessions, whose players would have to go: before the login ends, and after.
    assert_eq!(backend.usage().total().requests - before, 4);
    list(&backend, &token).await.refused(401, "unauthorized");
    assert_eq!(backend.usage().total().requests - before, 5);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_this_login_and_no_other() {
    let backend = Backend::start().await;
    let first = backend.player("ada").await;
    let second = logged_in(&backend).await;
    let out = backend.call("logout-account", Caller::Bearer(&first), &[], &Value::Null).await.expect(200);
    assert_eq!(out, json!({"logged_out": true}));
    for instance in [&backend, &backend.another_instance()] {
        for name in ["list-characters", "logout-account"] {
            instance.call(name, Caller::Bearer(&first), &[], &Value::Null).await.refused(401, "unauthorized");
        }
        list(instance, text(&second, "access_token")).await.expect(200);
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_everywhere_ends_every_login_on_every_instance() {
    let backend = Backend::start().await;
    let first = backend.player("ada").await;
    let (second, other) = (logged_in(&backend).await, backend.player("bob").await);
    let body = json!({"everywhere": true});
    backend.call("logout-account", Caller::Bearer(&first), &[], &body).await.expect(200);
    for instance in [&backend, &backend.another_instance()] {
        for token in [&first, text(&second, "access_token")] {
            list(instance, token).await.refused(401, "unauthorized");
        }
        refresh::refresh(instance, &second).await.refused(401, "invalid_refresh_token");
        list(instance, &other).await.expect(200);
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seventeenth_login_ends_the_oldest() {
    let backend = Backend::start().await;
    let mut tokens = vec![backend.player("ada").await];
    for _ in 0..16 {
        backend.pass_ms(1);
        tokens.push(text(&logged_in(&backend).await, "access_token").to_owned());
    }
    list(&backend, &tokens[0]).await.refused(401, "unauthorized");
    for token in &tokens[1..] {
        list(&backend, token).await.expect(200);
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_hour() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    backend.pass_ms(3_599_000);
    list(&backend, &token).await.expect(200);
    backend.pass_ms(1_000);
    list(&backend, &token).await.refused(401, "unauthorized");
    backend.stop().await;
}
