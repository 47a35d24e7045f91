//! What ends every login of an account: another password, a deletion, a ban. A request that starts after the answer is
//! refused, on the instance that gave it and on any other.

use super::refresh::refresh;
use super::{credentials, list, logged_in, login, text};
use guildhall_domain::{AccountId, Email};
use guildhall_storage::accounts::{self, AccountRow, AddressRow};
use guildhall_storage::{Commit, Condition, Key, TableName, Write};
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::{Value, json};

/// Asserts that nothing of these logins works anywhere.
async fn assert_ended(backend: &Backend, logins: &[&Value]) {
    for instance in [backend, &backend.another_instance()] {
        for login in logins {
            list(instance, text(login, "access_token")).await.refused(401, "unauthorized");
            refresh(instance, login).await.refused(401, "invalid_refresh_token");
        }
    }
}

async fn change(backend: &Backend, login: &Value, old: &str, new: &str) -> Answer {
    let body = json!({"old_password": old, "new_password": new});
    backend.call("change-password", Caller::Bearer(text(login, "access_token")), &[], &body).await
}

async fn delete(backend: &Backend, login: &Value, password: &str) -> Answer {
    let body = json!({"password": password});
    backend.call("delete-account", Caller::Bearer(text(login, "access_token")), &[], &body).await
}

async fn operate(backend: &Backend, name: &str, caller: Caller<'_>, account_id: &str) -> Answer {
    backend.call(name, caller, &[("account_id", account_id)], &Value::Null).await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_every_login_and_begins_one() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let (first, second) = (logged_in(&backend).await, logged_in(&backend).await);
    let fresh = change(&backend, &first, "correct horse", "battery staple").await.expect(200);
    assert_ended(&backend, &[&first, &second]).await;
    list(&backend.another_instance(), text(&fresh, "access_token")).await.expect(200);
    refresh(&backend, &fresh).await.expect(200);
    login(&backend, Caller::Anyone, "correct horse").await.refused(401, "wrong_credentials");
    login(&backend, Caller::Anyone, "battery staple").await.expect(200);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_alone_changes_no_password_and_deletes_nothing() {
    let backend = Backend::start().await;
    backend.player("ada").await;
    let mine = logged_in(&backend).await;
    change(&backend, &mine, "wrong horse", "battery staple").await.refused(403, "wrong_password");
    change(&backend, &mine, "x", "battery staple").await.refused(403, "wrong_password");
    change(&backend, &mine, "correct horse", "short").await.refused(400, "invalid_request");
    delete(&backend, &mine, "wrong horse").await.refused(403, "wrong_password");
    for _ in 0..3 {
        delete(&backend, &mine, "wrong horse").await.refused(403, "wrong_password");
    }
    // Guessing here is guessing: it is throttled with the logins.
    delete(&backend, &mine, "correct horse").await.refused(429, "too_many_attempts");
    login(&backend, Caller::Anyone, "correct horse").await.refused(429, "too_many_attempts");
    list(&backend, text(&mine, "access_token")).await.expect(200);
    backend.pass_ms(1_000);
    login(&backend, Caller::Anyone, "correct horse").await.expect(200);
    backend.stop().await;
}

/// Neither at the beginning nor later; whoever is refused keeps what they had.
#[tokio::test(flavor = "multi_thread")]
async fn what_anybody_knows_of_an_account_becomes_no_password() {
    let backend = Backend::start().await;
    for known in ["Lovelace1815", "Password1"] {
        let body = credentials("lovelace@example.com", known);
        backend.call("register-account", Caller::Anyone, &[], &body).await.refused(400, "invalid_request");
    }
    let body = credentials("lovelace@example.com", "correct horse");
    let mine = backend.call("register-account", Caller::Anyone, &[], &body).await.expect(201);
    for known in ["lovelace@example.com", "guildhall!", "trustno1"] {
        change(&backend, &mine, "correct horse", known).await.refused(400, "invalid_request");
    }
    list(&backend, text(&mine, "access_token")).await.expect(200);
    backend.call("login-account", Caller::Anyone, &[], &body).await.expect(200);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_ends_everything_and_frees_the_address() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let character = backend.character(&token, "Ada").await;
    let mine = logged_in(&backend).await;
    assert_eq!(delete(&backend, &mine, "correct horse").await.expect(200), json!({"deleted": true}));
    assert_ended(&backend, &[&mine]).await;
    list(&backend, &token).await.refused(401, "unauthorized");
    let unknown = credentials("eve@example.com", "correct horse");
    let unknown = backend.call("login-account", Caller::Anyone, &[], &unknown).await;
    assert_eq!(login(&backend, Caller::Anyone, "correct horse").await, unknown);
    operate(&backend, "unban-account", Caller::Operator("olga"), text(&mine, "account_id"))
        .await
        .refused(404, "not_found");
    let body = credentials("ada@example.com", "battery staple");
    let again = backend.call("register-account", Caller::Anyone, &[], &body).await.expect(201);
    assert_ne!(again["account_id"], mine["account_id"]);
    let token = text(&again, "access_token");
    assert_eq!(list(&backend, token).await.expect(200), json!({"characters": []}));
    let path = [("character_id", character.as_str())];
    backend.call("get-character", Caller::Bearer(token), &path, &Value::Null).await.refused(404, "not_found");
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_ends_every_login_until_it_is_lifted() {
    let backend = Backend::start().await;
    let operator = Caller::Operator("olga");
    backend.player("ada").await;
    let bob = backend.player("bob").await;
    let mine = logged_in(&backend).await;
    let id = text(&mine, "account_id");
    for _ in 0..2 {
        let answer = operate(&backend, "ban-account", operator, id).await.expect(200);
        assert_eq!(answer, json!({"account_id": id, "banned": true}));
    }
    assert_ended(&backend, &[&mine]).await;
    list(&backend, &bob).await.expect(200);
    login(&backend, Caller::Anyone, "correct horse").await.refused(403, "account_banned");
    // Only who knows the password is told.
    login(&backend, Caller::Anyone, "wrong horse").await.refused(401, "wrong_credentials");
    let answer = operate(&backend, "unban-account", operator, id).await.expect(200);
    assert_eq!(answer, json!({"account_id": id, "banned": false}));
    assert_ended(&backend, &[&mine]).await;
    list(&backend, text(&logged_in(&backend).await, "access_token")).await.expect(200);
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_operator_bans() {
    let backend = Backend::start().await;
    let token = backend.player("ada").await;
    let mine = logged_in(&backend).await;
    let id = text(&mine, "account_id");
    for name in ["ban-account", "unban-account"] {
        for caller in [Caller::Anyone, Caller::Bearer(&token), Caller::Gamesim("sim-1")] {
            operate(&backend, name, caller, id).await.refused(403, "forbidden");
        }
        operate(&backend, name, Caller::Operator("olga"), &"0".repeat(32)).await.refused(404, "not_found");
    }
    let path = [("gamesim_id", "sim-1")];
    let body = json!({"epoch": 1, "state": "ready", "load": {"sessions": 0, "players": 0, "tick_lateness_p99_us": 0, "unsaved_changes": 0}});
    let answer = backend.call("heartbeat-gamesim", Caller::Operator("olga"), &path, &body).await;
    answer.refused(403, "forbidden");
    list(&backend, &token).await.expect(200);
    backend.stop().await;
}

async fn stored_hash(backend: &Backend, id: AccountId) -> String {
    accounts::find(backend.table(), id).await.unwrap().unwrap().password_hash.unwrap()
}

/// An account whose hash was made under weaker parameters gets one of today's when its player comes by.
#[tokio::test(flavor = "multi_thread")]
async fn a_weak_hash_is_replaced_at_login() {
    /// Of `correct horse`, over 8 KiB in one pass.
    const WEAK: &str = "$argon2id$v=19$m=8,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$d8cWXRYs+kQt2VnROXEXkPhMCRQBCA3xuMvbGFXM8R4";
    let backend = Backend::start().await;
    backend.player("ada").await;
    let email = Email::parse("ada@example.com").unwrap();
    let address = accounts::find_address(backend.table(), &email).await.unwrap().unwrap();
    let id = address.account_id;
    let row = accounts::find(backend.table(), id).await.unwrap().unwrap();
    let key = Key::new(TableName::Accounts, format!("account#{id}"), "account");
    let weak = AccountRow { password_hash: Some(WEAK.to_owned()), ..row };
    let address_key = Key::new(TableName::Accounts, format!("email#{}", email.as_str()), "address");
    let weak_address = AddressRow { password_hash: WEAK.to_owned(), ..address };
    let writes = [
        Write::put(key, &weak, Condition::Exists).unwrap(),
        Write::put(address_key, &weak_address, Condition::Exists).unwrap(),
    ];
    backend.table().commit(Commit::all(writes)).await.unwrap();
    let before = backend.password_hashes();
    login(&backend, Caller::Anyone, "wrong horse").await.refused(401, "wrong_credentials");
    assert_eq!(stored_hash(&backend, id).await, WEAK);
    logged_in(&backend).await;
    assert_eq!(backend.password_hashes() - before, 3);
    assert!(stored_hash(&backend, id).await.starts_with("$argon2id$v=19$m=12288,t=3,p=1$"));
    logged_in(&backend).await;
    assert_eq!(backend.password_hashes() - before, 4);
    backend.stop().await;
}
