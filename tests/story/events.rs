//! A whole run of a dungeon, told as domain events: by the local stack in its file, and by what the cloud would make of
//! DynamoDB's own stream of the same changes. Both are the same, in order, and exactly what the catalogue declares.

use crate::EXE;
use aws_credential_types::Credentials;
use guildhall_client::party::{PartyOptions, play_dungeon};
use guildhall_client::rest::Api;
use guildhall_functions::forwarding::{Forwarder, StreamBatch};
use guildhall_local::engine::Engine;
use guildhall_local::stack::{Stack, StackConfig};
use guildhall_tests::catalogue::judge;
use guildhall_tests::party::{DUNGEON, ended, register};
use guildhall_tests::twin::{Reply, Twin};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

/// Events by what they are about, in order, without the moment: the stream knows that by the second alone.
type Told = BTreeMap<String, Vec<Value>>;

fn by_subject(events: impl IntoIterator<Item = Value>) -> Told {
    let mut told = Told::new();
    for mut event in events {
        assert!(event["at"].as_u64().unwrap() > 1_700_000_000_000, "{event}");
        event.as_object_mut().unwrap().remove("at");
        told.entry(event["subject"].as_str().unwrap().to_owned()).or_default().push(event);
    }
    told
}

/// DynamoDB's own streams of the embedded engine, which only this test turns on.
struct Streams {
    http: reqwest::Client,
    endpoint: String,
}

impl Streams {
    async fn call(&self, target: &str, body: Value) -> Value {
        let request = self.http.post(&self.endpoint).header("x-amz-target", target).body(body.to_string());
        let request = request.header("content-type", "application/x-amz-json-1.0").header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
        );
        let request = request.header("x-amz-date", "20260101T000000Z");
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert!(status.is_success(), "{target}: {answer}");
        answer
    }

    async fn turn_on(&self, table: &str) {
        let stream = json!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"});
        let body = json!({"TableName": format!("guildhall-{table}"), "StreamSpecification": stream});
        self.call("DynamoDB_20120810.UpdateTable", body).await;
    }

    /// Everything that the stream of a table has, as Lambda would hand it over.
    async fn records(&self, table: &str) -> Vec<Value> {
        let body = json!({"TableName": format!("guildhall-{table}")});
        let described = self.call("DynamoDB_20120810.DescribeTable", body).await;
        let arn = described["Table"]["LatestStreamArn"].clone();
        let stream = self.call("DynamoDBStreams_20120810.DescribeStream", json!({"StreamArn": arn})).await;
        let mut records = Vec::new();
        for shard in stream["StreamDescription"]["Shards"].as_array().unwrap() {
            let begin = json!({"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"});
            let begun = self.call("DynamoDBStreams_20120810.GetShardIterator", begin).await;
            let mut iterator = begun["ShardIterator"].clone();
            while !iterator.is_null() {
                let page = self.call("DynamoDBStreams_20120810.GetRecords", json!({"ShardIterator": iterator})).await;
                let found = page["Records"].as_array().unwrap();
                if found.is_empty() {
                    break;
                }
                records.extend(found.iter().cloned().map(|mut record| {
                    record["eventSourceARN"] = arn.clone();
                    record
                }));
                iterator = page["NextShardIterator"].clone();
            }
        }
        records
    }
}

/// EventBridge, which takes everything.
async fn event_bus() -> Twin {
    Twin::start(|call| {
        let entries = serde_json::from_slice::<Value>(&call.body).unwrap()["Entries"].as_array().unwrap().len();
        let taken = json!({"FailedEntryCount": 0, "Entries": vec![json!({"EventId": "1"}); entries]});
        let headers = "content-type: application/x-amz-json-1.1\r\n".to_owned();
        Reply { headers, body: taken.to_string().into_bytes() }
    })
    .await
}

/// What a played story has to tell of.
fn check_story(told: &Told, session: &str, characters: &[String]) {
    let types = |subject: &str| -> Vec<&str> {
        told.get(subject).into_iter().flatten().map(|event| event["type"].as_str().unwrap()).collect()
    };
    let of_session = types(&format!("session/{session}"));
    assert_eq!((of_session[0], of_session[1], of_session[2]), ("session.created", "session.started", "player.joined"));
    assert_eq!(of_session.last(), Some(&"session.ended"));
    let count = |kind: &str| of_session.iter().filter(|it| **it == kind).count();
    assert_eq!((count("player.joined"), count("player.left")), (4, 4), "{of_session:?}");
    for character in characters {
        let of_character = types(&format!("character/{character}"));
        assert_eq!(of_character[0], "character.created");
        assert!(of_character.contains(&"character.leveled_up") && of_character.contains(&"character.gold_changed"));
    }
    let first = types(&format!("character/{}", characters[0]));
    assert!(first.ends_with(&["character.deleted", "character.restored"]), "{first:?}");
    assert!(told.values().flatten().any(|event| event["type"] == "character.items_changed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_played_story_is_told_as_events_on_the_laptop_as_in_the_cloud() {
    let folder = TempDir::new().unwrap();
    let engine = Engine::start(&folder.path().join("streamed.sqlite")).unwrap();
    let config =
        StackConfig { dynamodb_endpoint: Some(engine.endpoint()), ..StackConfig::new(folder.path().join("data"), EXE) };
    let stack = Stack::start(config).await.unwrap();
    let api = Api::new(&stack.api_url()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
    let streams = Streams { http, endpoint: engine.endpoint() };
    for table in ["characters", "sessions"] {
        streams.turn_on(table).await;
    }
    let members = register(&api).await;
    let result = play_dungeon(&api, &members, DUNGEON, PartyOptions::default()).await.unwrap();
    ended(&members[0].player, result.session_id).await;
    members[0].player.delete_character(members[0].character_id).await.unwrap();
    members[0].player.restore_character(members[0].character_id).await.unwrap();
    stack.shutdown().await;

    let lines = std::fs::read_to_string(folder.path().join("data/events.ndjson")).unwrap();
    let written: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let catalogue: Value = serde_json::from_str(include_str!("../../infra/events.json")).unwrap();
    for event in &written {
        assert_eq!(judge(&catalogue, event), Ok(()));
    }
    let ids: BTreeSet<&str> = written.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), written.len(), "an event is told twice");
    let told = by_subject(written);
    let characters: Vec<String> = members.iter().map(|member| member.character_id.to_string()).collect();
    check_story(&told, &result.session_id.to_string(), &characters);

    let bus = event_bus().await;
    let credentials = Credentials::new("AKID", "secret", None, None, "test");
    let forwarder = Forwarder::new("events", "us-east-1", credentials, Some(bus.url.clone()));
    for table in ["characters", "sessions"] {
        let records = streams.records(table).await;
        assert!(!records.is_empty());
        let batch: StreamBatch = serde_json::from_value(json!({"Records": records})).unwrap();
        let leftovers = serde_json::to_value(forwarder.forward(&batch).await).unwrap();
        assert_eq!(leftovers, json!({"batchItemFailures": []}));
    }
    engine.shutdown().await.unwrap();
    let mut forwarded = Vec::new();
    for call in bus.calls() {
        assert!(call.head.contains("x-amz-target: awsevents.putevents\r\n"), "{}", call.head);
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        for entry in body["Entries"].as_array().unwrap() {
            let event: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
            assert_eq!((&entry["Source"], &entry["EventBusName"]), (&json!("guildhall"), &json!("events")));
            assert_eq!((&entry["DetailType"], &entry["Resources"]), (&event["type"], &json!([event["subject"]])));
            forwarded.push(event);
        }
    }
    assert_eq!(by_subject(forwarded), told);
}

#[tokio::test]
async fn what_cannot_be_told_holds_back_what_follows() {
    let record = |number: &str, version: &str| {
        let image = json!({"pk": {"S": "account"}, "sk": {"S": "character"}, "version": {"N": version}});
        json!({
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/guildhall-characters/stream/now",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_800_000_000, "SequenceNumber": number,
                "Keys": {"pk": {"S": "account"}, "sk": {"S": "character"}}, "NewImage": image,
            },
        })
    };
    let bus = event_bus().await;
    let credentials = Credentials::new("AKID", "secret", None, None, "test");
    let forwarder = Forwarder::new("events", "us-east-1", credentials, Some(bus.url.clone()));
    // An image without most of what a character has.
    let batch: StreamBatch = serde_json::from_value(json!({"Records": [record("1", "1"), record("2", "2")]})).unwrap();
    let leftovers = serde_json::to_value(forwarder.forward(&batch).await).unwrap();
    assert_eq!(leftovers, json!({"batchItemFailures": [{"itemIdentifier": "1"}]}));
    assert!(bus.calls().is_empty());
}
