//! Register, login, logout.

use guildhall_tests::{Backend, Caller};
use serde_json::{Value, json};

fn credentials(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

#[tokio::test(flavor = "multi_thread")]
async fn register_logs_in_and_login_does_so_again() {
    let backend = Backend::start().await;
    let body = credentials("Ada@Example.com", "correct horse");
    let registered = backend.call("register-account", Caller::Anyone, &[], &body).await.expect(201);
    assert_eq!(registered["expires_in_s"], 3600);
    let body = credentials(" ada@example.com", "correct horse");
    let login = backend.call("login-account", Caller::Anyone, &[], &body).await.expect(200);
    assert_eq!(login["account_id"], registered["account_id"]);
    assert_ne!(login["access_token"], registered["access_token"]);
    for answer in [&registered, &login] {
        let token = answer["access_token"].as_str().unwrap();
        backend.call("list-characters", Caller::Bearer(token), &[], &Value::Null).await.expect(200);
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

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_this_token_and_no_other() {
    let backend = Backend::start().await;
    let first = backend.player("ada").await;
    let body = credentials("ada@example.com", "correct horse");
    let second = backend.call("login-account", Caller::Anyone, &[], &body).await.expect(200);
    let second = second["access_token"].as_str().unwrap();
    let out = backend.call("logout-account", Caller::Bearer(&first), &[], &Value::Null).await.expect(200);
    assert_eq!(out, json!({"logged_out": true}));
    for name in ["list-characters", "logout-account"] {
        backend.call(name, Caller::Bearer(&first), &[], &Value::Null).await.refused(401, "unauthorized");
    }
    backend.call("list-characters", Caller::Bearer(second), &[], &Value::Null).await.expect(200);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_its_hour() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    backend.pass_ms(3_599_000);
    backend.call("list-characters", Caller::Bearer(&token), &[], &Value::Null).await.expect(200);
    backend.pass_ms(1_000);
    backend.call("list-characters", Caller::Bearer(&token), &[], &Value::Null).await.refused(401, "unauthorized");
    backend.stop().await;
}
