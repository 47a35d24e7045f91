//! How often a password may be tried, as a caller meets it. The counts themselves are tested with the store.

use super::{credentials, login};
use guildhall_tests::{Answer, Backend, Caller};

/// Somebody whose network Ada never used.
const STRANGER: Caller<'_> = Caller::From("203.0.113.7");

async fn guess(backend: &Backend, name: &str, caller: Caller<'_>) -> Answer {
    let body = credentials(&format!("{name}@example.com"), "wrong horse");
    backend.call("login-account", caller, &[], &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_delay_grows_and_ends_and_a_refused_attempt_costs_no_hash() {
    let backend = Backend::start().await;
    let other = backend.another_instance();
    backend.player("ada").await;
    for _ in 0..5 {
        guess(&backend, "ada", STRANGER).await.refused(401, "wrong_credentials");
    }
    for delay_s in [1, 2, 4, 8, 16, 32, 60, 60] {
        let hashes = backend.password_hashes() + other.password_hashes();
        for instance in [&backend, &other] {
            // Not even the right password gets through: a guesser must not learn from the answer.
            let refused = login(instance, STRANGER, "correct horse").await;
            refused.refused(429, "too_many_attempts");
            assert_eq!(refused.retry_after_s(), Some(delay_s));
        }
        backend.pass_ms(delay_s * 1_000 - 1);
        assert_eq!(guess(&backend, "ada", STRANGER).await.retry_after_s(), Some(1));
        assert_eq!(backend.password_hashes() + other.password_hashes(), hashes);
        backend.pass_ms(1);
        guess(&other, "ada", STRANGER).await.refused(401, "wrong_credentials");
    }
    backend.pass_ms(60_000);
    login(&backend, STRANGER, "correct horse").await.expect(200);
    for _ in 0..5 {
        guess(&backend, "ada", STRANGER).await.refused(401, "wrong_credentials");
    }
    guess(&backend, "ada", STRANGER).await.refused(429, "too_many_attempts");
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_account_is_throttled_in_the_same_words_at_the_same_cost() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let mut seen = Vec::new();
    for name in ["ada", "eve"] {
        let before = (backend.password_hashes(), backend.usage().total().requests);
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(guess(&backend, name, STRANGER).await);
        }
        answers[7].refused(429, "too_many_attempts");
        let cost = (backend.password_hashes() - before.0, backend.usage().total().requests - before.1);
        seen.push((answers, cost));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].1.0, 5);
    backend.stop().await;
}

/// Guesses from thirty networks exhaust the address for strangers, minute after minute; Ada comes in from where she always
/// comes from, all the while, and from elsewhere as soon as the guessing stops.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_locks_a_player_out() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    login(&backend, Caller::Anyone, "correct horse").await.expect(200);
    for _ in 0..2 {
        backend.pass_ms(60_000);
        for network in 0..30 {
            let address = format!("198.51.{network}.1");
            guess(&backend, "ada", Caller::From(&address)).await.refused(401, "wrong_credentials");
        }
        let refused = login(&backend, STRANGER, "correct horse").await;
        refused.refused(429, "too_many_attempts");
        assert_eq!(refused.retry_after_s(), Some(60));
        login(&backend, Caller::Anyone, "correct horse").await.expect(200);
    }
    backend.pass_ms(60_000);
    login(&backend, STRANGER, "correct horse").await.expect(200);
    backend.stop().await;
}

/// Guesses that are sent all at once, to two instances, find the same counts: the free ones get through and no more.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_gain_nothing() {
    let backend = Backend::start().await;
    let other = backend.another_instance();
    backend.player("ada").await;
    let hashes = backend.password_hashes();
    let guesses = (0..20).map(|number| guess(if number % 2 == 0 { &backend } else { &other }, "ada", STRANGER));
    let answers = futures_util::future::join_all(guesses).await;
    let tried = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(tried, 5, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status == 401 || answer.status == 429), "{answers:?}");
    assert_eq!(backend.password_hashes() - hashes + other.password_hashes(), 5);
    backend.stop().await;
}
