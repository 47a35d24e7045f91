//! The content in force: whole and in parts, for caches and for processes that outlive a version.

use guildhall_domain::content::ContentKind;
use guildhall_storage::content as published;
use guildhall_tests::{Answer, Backend, Caller};
use serde_json::Value;

const YEAR: &str = "public, max-age=31536000, immutable";
const MINUTES: &str = "public, max-age=300";

fn etag(answer: &Answer) -> &str {
    let tag = answer.headers["etag"].as_str();
    assert!(tag.len() == 18 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    tag
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_reads_the_content_with_its_version() {
    let backend = Backend::start().await;
    let answer = backend.get("get-content", &[], &[], &[]).await;
    assert_eq!(answer.headers["cache-control"], MINUTES);
    assert_eq!(etag(&answer), format!("\"{}\"", answer.body["version"].as_str().unwrap()));
    let answer = answer.expect(200);
    let version = answer["version"].as_str().unwrap();
    assert!(version.len() == 16 && version.bytes().all(|b| b.is_ascii_hexdigit()), "{version}");
    let content: guildhall_domain::Content = serde_json::from_value(answer["content"].clone()).unwrap();
    content.check().unwrap();
    assert!(content.dungeons.contains_key("goblin-warren"));
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_leads_to_every_entry_by_its_tag() {
    let backend = Backend::start().await;
    let bundle = backend.get("get-content", &[], &[], &[]).await.expect(200);
    let manifest = backend.get("get-content-manifest", &[], &[], &[]).await.expect(200);
    assert_eq!(manifest["version"], bundle["version"]);
    let kinds = manifest["kinds"].as_object().unwrap();
    assert_eq!(kinds.len(), ContentKind::ALL.len());
    for (kind, ids) in kinds {
        for (id, tag) in ids.as_object().unwrap() {
            let path = [("kind", kind.as_str()), ("id", id.as_str())];
            let answer = backend.get("get-content-entry", &path, &[("v", tag.as_str().unwrap())], &[]).await;
            assert_eq!(etag(&answer), format!("\"{}\"", tag.as_str().unwrap()));
            assert_eq!(answer.headers["cache-control"], YEAR);
            let whole = &bundle["content"][kind.replace('-', "_")];
            let expected = if kind == "progression" { whole } else { &whole[id] };
            let stored =
                published::entry(backend.table(), bundle["version"].as_str().unwrap(), kind, id).await.unwrap();
            assert_eq!(serde_json::from_str::<Value>(&stored.unwrap().body).unwrap(), *expected);
            assert_eq!(answer.expect(200), *expected, "{kind}/{id}");
        }
    }
    for path in [("classes", "nobody"), ("heroes", "fighter"), ("loot_tables", "goblin"), ("progression", "other")] {
        let answer = backend.get("get-content-entry", &[("kind", path.0), ("id", path.1)], &[], &[]).await;
        answer.refused(404, "not_found");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_it_already_is_told_so() {
    let backend = Backend::start().await;
    let entry: &[(&str, &str)] = &[("kind", "classes"), ("id", "fighter")];
    for (name, path) in [("get-content", &[][..]), ("get-content-manifest", &[]), ("get-content-entry", entry)] {
        let first = backend.get(name, path, &[], &[]).await;
        let tag = etag(&first);
        for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let again = backend.get(name, path, &[], &[("if-none-match", &known)]).await;
            assert_eq!((again.status, &again.body), (304, &Value::Null), "{name} {known}");
            assert_eq!(again.headers.get("etag"), first.headers.get("etag"));
            assert_eq!(again.headers["cache-control"], MINUTES);
            assert!(!again.headers.contains_key("content-type"));
        }
        for unknown in ["\"0000000000000000\"", "", "nonsense"] {
            let again = backend.get(name, path, &[("v", "0000000000000000")], &[("if-none-match", unknown)]).await;
            assert_eq!((again.status, &again.headers["cache-control"][..]), (200, MINUTES), "{name} {unknown}");
        }
        backend.get(name, path, &[("version", "1")], &[]).await.refused(400, "invalid_request");
    }
    backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newly_published_version_is_noticed_within_a_minute_and_whole() {
    let backend = Backend::start().await;
    let old = backend.get("get-content", &[], &[], &[]).await.expect(200);
    let mut next = guildhall_local::content::load(&guildhall_tests::backend::seed_data()).unwrap();
    next.content.items.values_mut().next().unwrap().name = "Renamed".to_owned();
    let next = guildhall_local::content::LoadedContent::of(next.content).unwrap();
    next.publish(backend.table()).await.unwrap();
    backend.pass_ms(59_999);
    assert_eq!(backend.get("get-content", &[], &[], &[]).await.expect(200), old);
    backend.pass_ms(1);
    let reads = backend.usage().total().requests;
    for name in ["get-content", "get-content-manifest"] {
        assert_eq!(backend.get(name, &[], &[], &[]).await.expect(200)["version"], next.version.as_str(), "{name}");
    }
    assert_eq!(backend.usage().total().requests - reads, 2, "the look and the bundle");
    backend.pass_ms(60_000);
    let units = backend.usage().total().read_units;
    backend.call("get-content", Caller::Anyone, &[], &Value::Null).await.expect(200);
    assert!(backend.usage().total().read_units - units <= 1.0, "a look costs one unit");
    backend.stop().await;
}
