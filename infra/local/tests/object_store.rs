//! The embedded object store, as the AWS SDK sees it: keys that were given out open it, others do not, what was put is
//! there after a restart, and nobody ever finds an object in part.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Region, SharedCredentialsProvider};
use aws_sdk_s3::primitives::ByteStream;
use guildhall_local::object_store::ObjectStore;
use guildhall_local::sigv4::Identity;
use std::time::Duration;
use tokio::time::timeout;

fn client(store: &ObjectStore, identity: &Identity) -> Client {
    let credentials = Credentials::new(&identity.access_key, &identity.secret_key, None, None, "test");
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(store.endpoint())
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    Client::from_conf(config.build())
}

#[tokio::test]
async fn holders_of_keys_keep_objects_and_strangers_get_nothing() {
    let folder = std::env::temp_dir().join(format!("guildhall-object-store-{}", std::process::id()));
    let ours = Identity::of_gamesim("sim-1", [7; 32]);
    let start = || ObjectStore::start(&folder, &["kept"], std::slice::from_ref(&ours));
    let store = start().await.unwrap();
    let put = client(&store, &ours).put_object().bucket("kept").key("a/b/c");
    put.body(ByteStream::from_static(b"whole")).send().await.unwrap();
    let stranger = Identity { secret_key: "guessed".to_owned(), ..ours.clone() };
    assert!(client(&store, &stranger).get_object().bucket("kept").key("a/b/c").send().await.is_err());
    store.shutdown().await;

    let store = start().await.unwrap();
    let found = client(&store, &ours).get_object().bucket("kept").key("a/b/c").send().await.unwrap();
    assert_eq!(found.body.collect().await.unwrap().to_vec(), b"whole");
    let missing = client(&store, &ours).get_object().bucket("kept").key("a/b/d").send().await.unwrap_err();
    assert!(missing.into_service_error().is_no_such_key());
    store.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// Objects that are put one after the other, each in the place of the one before.
const PUTS: u8 = 120;
/// By how much later each of them is hung up on than the one before, in microseconds: a put takes some milliseconds.
const LATER_US: u64 = 50;

/// The SDK verifies the checksum of what it gets, so bytes without theirs fail here as they fail a game sim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_on_a_put_leaves_a_whole_object() {
    let folder = std::env::temp_dir().join(format!("guildhall-object-store-cut-{}", std::process::id()));
    let ours = Identity::of_gamesim("sim-1", [7; 32]);
    let store = ObjectStore::start(&folder, &["kept"], std::slice::from_ref(&ours)).await.unwrap();
    let client = client(&store, &ours);
    let put = |number: u8| {
        let body = vec![number; 40_000 + usize::from(number)];
        client.put_object().bucket("kept").key("a").body(ByteStream::from(body)).send()
    };
    put(0).await.unwrap();
    for number in 1..=PUTS {
        // Cut at every stage of the way in turn: before it was sent, while it is carried out, after its answer.
        let _ = timeout(Duration::from_micros(u64::from(number) * LATER_US), put(number)).await;
        let found = client.get_object().bucket("kept").key("a").send().await.unwrap();
        let bytes = found.body.collect().await.unwrap_or_else(|error| panic!("after put {number}: {error:?}")).to_vec();
        let of = bytes[0];
        assert!(of <= number && bytes.len() == 40_000 + usize::from(of) && bytes.iter().all(|byte| *byte == of));
    }
    store.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}
