//! Refresh tokens: each works once, and one that comes again ends its login.

use super::{list, logged_in, text};
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

/// Trades the refresh token of an answer.
pub(crate) async fn refresh(backend: &Backend, answer: &Value) -> Answer {
    let body = json!({"refresh_token": text(answer, "refresh_token")});
    backend.call("refresh-token", Caller::Anyone, &[], &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_goes_on_for_as_long_as_it_is_refreshed() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let first = logged_in(&backend).await;
    let mut latest = first.clone();
    for _ in 0..3 {
        backend.pass_ms(29 * 86_400_000);
        list(&backend, text(&latest, "access_token")).await.refused(401, "unauthorized");
        let next = refresh(&backend.another_instance(), &latest).await.expect(200);
        assert_eq!(next["account_id"], first["account_id"]);
        assert_eq!((&next["expires_in_s"], &next["refresh_expires_in_s"]), (&json!(3_600), &json!(30 * 86_400)));
        assert_ne!(next["refresh_token"], latest["refresh_token"]);
        list(&backend, text(&next, "access_token")).await.expect(200);
        latest = next;
    }
    backend.pass_ms(30 * 86_400_000);
    refresh(&backend, &latest).await.refused(401, "invalid_refresh_token");
    backend.stop().await;
}

/// However often it is refreshed, a year after the password was entered it is to be entered again.
#[tokio::test(flavor = "multi_thread")]
async fn no_login_outlives_its_year() {
    const DAY_MS: u64 = 86_400_000;
    let backend = Backend::start().await;
    backend.player("ada").await;
    let mut latest = logged_in(&backend).await;
    for _ in 0..12 {
        backend.pass_ms(29 * DAY_MS);
        latest = refresh(&backend, &latest).await.expect(200);
    }
    // Of its 365 days 348 are over.
    assert_eq!(latest["refresh_expires_in_s"], json!(17 * 86_400));
    backend.pass_ms(17 * DAY_MS - 1_000);
    latest = refresh(&backend, &latest).await.expect(200);
    assert_eq!(latest["refresh_expires_in_s"], json!(1));
    list(&backend, text(&latest, "access_token")).await.expect(200);
    backend.pass_ms(1_000);
    list(&backend, text(&latest, "access_token")).await.refused(401, "unauthorized");
    refresh(&backend, &latest).await.refused(401, "invalid_refresh_token");
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_comes_again_ends_its_login_and_no_other() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let (stolen, other) = (logged_in(&backend).await, logged_in(&backend).await);
    let second = refresh(&backend, &stolen).await.expect(200);
    let third = refresh(&backend, &second).await.expect(200);
    refresh(&backend.another_instance(), &stolen).await.refused(401, "invalid_refresh_token");
    for answer in [&stolen, &second, &third] {
        refresh(&backend, answer).await.refused(401, "invalid_refresh_token");
        list(&backend, text(answer, "access_token")).await.refused(401, "unauthorized");
    }
    list(&backend, text(&other, "access_token")).await.expect(200);
    refresh(&backend, &other).await.expect(200);
    backend.stop().await;
}

/// Owner and thief at the same moment: at most one gets tokens, and as one of them was too late, the login ends for both.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_refreshes_at_once_at_most_one_wins() {
    let backend = Backend::start().await;
    let other = backend.another_instance();
    backend.player("ada").await;
    for round in 0..10 {
        let login = logged_in(&backend).await;
        let (a, b) = futures_util::future::join(refresh(&backend, &login), refresh(&other, &login)).await;
        let won: Vec<&Answer> = [&a, &b].into_iter().filter(|answer| answer.status == 200).collect();
        assert!(won.len() <= 1, "round {round}: both won");
        for answer in [&a, &b].into_iter().filter(|answer| answer.status != 200) {
            answer.refused(401, "invalid_refresh_token");
        }
        for answer in won {
            refresh(&backend, &answer.body).await.refused(401, "invalid_refresh_token");
        }
        list(&backend, text(&login, "access_token")).await.refused(401, "unauthorized");
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_is_refused_before_the_store_is_asked() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let login = logged_in(&backend).await;
    let good = text(&login, "refresh_token");
    let mut altered = good.to_owned();
    altered.replace_range(60..61, if &good[60..61] == "A" { "B" } else { "A" });
    let before = backend.usage().total().requests;
    for wrong in ["", "x", text(&login, "access_token"), &altered, &good[1..], &"A".repeat(118), &"x".repeat(3_000)] {
        let body = json!({"refresh_token": wrong});
        let answer = backend.call("refresh-token", Caller::Anyone, &[], &body).await;
        answer.refused(401, "invalid_refresh_token");
    }
    assert_eq!(backend.usage().total().requests, before);
    list(&backend, good).await.refused(401, "unauthorized");
    refresh(&backend, &login).await.expect(200);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_refresh_token_too() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let login = logged_in(&backend).await;
    let token = text(&login, "access_token");
    backend.call("logout-account", Caller::Bearer(token), &[], &Value::Null).await.expect(200);
    refresh(&backend, &login).await.refused(401, "invalid_refresh_token");
    backend.stop().await;
}
