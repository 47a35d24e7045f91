//! The content in force.

use guildhall_tests::{Backend, Caller};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn anyone_reads_the_content_with_its_version() {
    let backend = Backend::start().await;
    let answer = backend.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
    let version = answer["version"].as_str().unwrap();
    assert!(version.len() == 16 && version.bytes().all(|b| b.is_ascii_hexdigit()), "{version}");
    let content: guildhall_domain::Content = serde_json::from_value(answer["content"].clone()).unwrap();
    content.check().unwrap();
    assert!(content.dungeons.contains_key("goblin-warren"));
    backend.stop().await;
}
