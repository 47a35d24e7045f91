//! The tasks against a twin of what is around an instance: the metadata service, the autoscaling group and CloudWatch on one
//! listener. Nothing waits for time to pass: each test follows the calls that come in.

use super::autoscaling::Autoscaling;
use super::instance::Instance;
use super::metadata::Metadata;
use super::{Sighting, report};
use crate::api::Signer;
use crate::clock::Clock;
use crate::config::AutoscalingConfig;
use crate::metrics::SimMetrics;
use crate::rim::Metadata as _;
use crate::{Config, Shutdown, run_with};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use guildhall_domain::ruleset::Standard;
use guildhall_telemetry::cloudwatch::{CloudWatch, CloudWatchConfig};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// How long a test waits for a call before it fails: far longer than any call takes.
const GIVE_UP: Duration = Duration::from_secs(20);

/// What the twin answers.
#[derive(Debug, Default)]
struct Script {
    /// What is below `/latest/meta-data/`.
    metadata: BTreeMap<&'static str, String>,
    /// Session tokens given out; only the last is good.
    tokens: u32,
    /// Whether calls of the group and of CloudWatch fail.
    is_down: bool,
}

/// A call as it came in.
#[derive(Debug)]
struct Call {
    line: String,
    head: String,
    body: String,
}

struct Twin {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    calls: mpsc::UnboundedReceiver<Call>,
}

impl Twin {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let (seen, calls) = mpsc::unbounded_channel();
        let shared = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared), seen.clone()));
            }
        });
        Self { address, script, calls }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn says(&self, path: &'static str, text: &str) {
        self.script.lock().unwrap().metadata.insert(path, text.to_owned());
    }

    /// The next call with a body. One that never comes fails the test instead of holding it up.
    async fn form(&mut self) -> Call {
        let next = async {
            loop {
                let call = self.calls.recv().await.unwrap();
                if call.line.starts_with("POST ") {
                    return call;
                }
            }
        };
        tokio::time::timeout(GIVE_UP, next).await.expect("a call with a body")
    }

    /// Forms that have come in and were not asked for.
    fn forms_left(&mut self) -> Vec<Call> {
        std::iter::from_fn(|| self.calls.try_recv().ok()).filter(|call| call.line.starts_with("POST ")).collect()
    }

    fn instance(&self, shutdown: &Shutdown) -> Instance {
        let config = AutoscalingConfig {
            group: "sims & more".to_owned(),
            lifecycle_hook: Some("drain".to_owned()),
            endpoint: self.url(),
        };
        let autoscaling = Autoscaling::connect(config, Arc::new(signer())).unwrap();
        let metadata = Box::new(Metadata::connect(&self.url()).unwrap());
        Instance::new(metadata, Some(Box::new(autoscaling)), shutdown.clone(), Arc::new(Clock::start()), 10)
    }
}

fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("AKID", "secret", None, None, "test"))
}

/// What a game sim hears that takes sessions, from an API that could not read who waits.
fn sighting(at_ms: u64, sessions: u32) -> Sighting {
    Sighting { at_ms, is_ready: true, sessions, queued: None, queue_wait_ms: None }
}

fn signer() -> Signer {
    Signer::new("eu-west-1", Some(credentials()))
}

/// One request on one connection, which is all that is needed.
async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>, seen: mpsc::UnboundedSender<Call>) {
    let mut request = Vec::new();
    let call = loop {
        let mut chunk = [0; 4_096];
        let length = stream.read(&mut chunk).await.unwrap();
        request.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head_bytes = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let expected = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if request.len() - head_bytes >= expected.unwrap_or(0) {
            let line = head.lines().next().unwrap().to_owned();
            break Call { line, head: head.to_lowercase(), body: body.to_owned() };
        }
    };
    let answer = answer(&call, &mut script.lock().unwrap());
    // Whether anybody still listens is the test's affair.
    let _ = seen.send(call);
    stream.write_all(&answer).await.unwrap();
}

fn answer(call: &Call, script: &mut Script) -> Vec<u8> {
    let path = call.line.split(' ').nth(1).unwrap();
    let (status, body) = match path.strip_prefix("/latest/meta-data/") {
        None if call.line.starts_with("PUT /latest/api/token ") => {
            assert!(call.head.contains("x-aws-ec2-metadata-token-ttl-seconds: 21600"), "{}", call.head);
            script.tokens += 1;
            (200, format!("token-{}", script.tokens).into_bytes())
        }
        // CBOR's empty map, which CloudWatch's SDK reads and the group's caller does not.
        None if call.line.starts_with("POST ") => (if script.is_down { 500 } else { 200 }, vec![0xa0]),
        None => (503, Vec::new()),
        Some(_) if !call.head.contains(&format!("x-aws-ec2-metadata-token: token-{}\r\n", script.tokens)) => {
            (401, Vec::new())
        }
        Some(path) => script.metadata.get(path).map_or((404, Vec::new()), |text| (200, text.clone().into_bytes())),
    };
    let head = format!(
        "HTTP/1.1 {status} .\r\nconnection: close\r\ncontent-length: {}\r\nsmithy-protocol: rpc-v2-cbor\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

#[tokio::test]
async fn metadata_is_asked_with_a_session_token_that_is_renewed() {
    let twin = Twin::start().await;
    twin.says("instance-id", "i-0abc");
    let mut metadata = Metadata::connect(&twin.url()).unwrap();
    for _ in 0..3 {
        assert_eq!(metadata.text("instance-id").await, Ok(Some("i-0abc".to_owned())));
    }
    assert_eq!(metadata.text("spot/instance-action").await, Ok(None));
    assert_eq!(twin.script.lock().unwrap().tokens, 1);
    // As if the first had expired.
    twin.script.lock().unwrap().tokens = 7;
    assert_eq!(metadata.text("instance-id").await, Ok(Some("i-0abc".to_owned())));
    assert_eq!(twin.script.lock().unwrap().tokens, 8);
}

#[tokio::test]
async fn an_instance_with_sessions_asks_for_protection() {
    let mut twin = Twin::start().await;
    twin.says("instance-id", "i-0abc");
    let shutdown = Shutdown::default();
    let mut instance = twin.instance(&shutdown);
    instance.tell(sighting(1, 2)).await;
    let call = twin.form().await;
    assert_eq!(
        call.body,
        "Action=SetInstanceProtection&Version=2011-01-01&AutoScalingGroupName=sims+%26+more\
         &InstanceIds.member.1=i-0abc&ProtectedFromScaleIn=true"
    );
    assert!(call.head.contains("/eu-west-1/autoscaling/aws4_request"), "{}", call.head);
    instance.look().await;
    instance.tell(sighting(2, 3)).await;
    assert!(twin.forms_left().is_empty(), "it is protected already");
    assert!(!shutdown.drain.is_cancelled() && !shutdown.at_once.is_cancelled());
}

#[tokio::test]
async fn a_call_that_fails_is_made_again() {
    let mut twin = Twin::start().await;
    twin.says("instance-id", "i-0abc");
    twin.script.lock().unwrap().is_down = true;
    let mut instance = twin.instance(&Shutdown::default());
    for _ in 0..3 {
        instance.tell(sighting(1, 2)).await;
        assert!(twin.form().await.body.contains("SetInstanceProtection"));
    }
}

#[tokio::test]
async fn an_instance_that_is_taken_out_drains_and_its_group_hears_of_it() {
    let mut twin = Twin::start().await;
    twin.says("instance-id", "i-0abc");
    twin.says("autoscaling/target-lifecycle-state", "Terminated");
    let (shutdown, ended) = (Shutdown::default(), CancellationToken::new());
    let (_sender, sightings) = watch::channel(Sighting::default());
    let running = tokio::spawn(twin.instance(&shutdown).run(sightings, ended.clone()));
    shutdown.drain.cancelled().await;
    let heartbeat = twin.form().await.body;
    assert!(heartbeat.starts_with("Action=RecordLifecycleActionHeartbeat&"), "{heartbeat}");
    assert!(!shutdown.at_once.is_cancelled(), "its sessions have time");
    ended.cancel();
    running.await.unwrap();
    assert_eq!(
        twin.form().await.body,
        "Action=CompleteLifecycleAction&Version=2011-01-01&AutoScalingGroupName=sims+%26+more&InstanceId=i-0abc\
         &LifecycleHookName=drain&LifecycleActionResult=CONTINUE"
    );
}

#[tokio::test]
async fn a_spot_instance_whose_end_is_near_closes_its_sessions() {
    let mut twin = Twin::start().await;
    let shutdown = Shutdown::default();
    let mut instance = twin.instance(&shutdown);
    twin.says("spot/instance-action", r#"{"action":"terminate","time":"2999-01-01T00:00:00Z"}"#);
    instance.look().await;
    assert!(shutdown.drain.is_cancelled() && !shutdown.at_once.is_cancelled());
    let mut late = twin.instance(&shutdown);
    twin.says("spot/instance-action", r#"{"action":"terminate","time":"2026-01-01T00:00:00Z"}"#);
    late.look().await;
    assert!(shutdown.at_once.is_cancelled());
    assert!(twin.forms_left().is_empty(), "no group waits for it");
}

#[tokio::test]
async fn a_game_sim_that_hears_of_its_end_while_it_starts_ends() {
    let mut twin = Twin::start().await;
    twin.says("instance-id", "i-0abc");
    twin.says("autoscaling/target-lifecycle-state", "Terminated");
    let url = twin.url();
    // The API never answers, so that it is the notice that ends the process.
    let config = Config::parse(|variable| match variable {
        "GUILDHALL_API" | "EC2_METADATA_ENDPOINT" | "AUTOSCALING_ENDPOINT" => Some(url.clone()),
        "AUTOSCALING_GROUP" => Some("sims".into()),
        "AUTOSCALING_LIFECYCLE_HOOK" => Some("drain".into()),
        _ => None,
    });
    let config = config.unwrap();
    run_with(Arc::new(signer()), None, config, Arc::new(Standard), Shutdown::default()).await.unwrap();
    let forms = twin.forms_left();
    assert!(forms.last().unwrap().body.starts_with("Action=CompleteLifecycleAction&"), "{forms:?}");
}

#[tokio::test]
async fn what_the_registry_lists_is_published_until_the_game_sim_drains() {
    let mut twin = Twin::start().await;
    let cloudwatch = CloudWatch::new(CloudWatchConfig {
        namespace: "Guildhall".to_owned(),
        fleet: "north".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: Some(twin.url()),
        credentials: Some(credentials()),
    });
    let (sender, sightings) = watch::channel(Sighting::default());
    let metrics = SimMetrics::new(1, &guildhall_telemetry::Tracer::default());
    let running = tokio::spawn(report::Press::new(Box::new(cloudwatch), 256, &metrics).run(sightings));
    // One beat after the other, in the sim's own time, until the first span is over.
    let mut at_ms = 1_800_000_000_000;
    let call = loop {
        at_ms += 1_000;
        sender.send_replace(Sighting { queued: Some(5), queue_wait_ms: Some(9_000), ..sighting(at_ms, 3) });
        tokio::select! {
            call = twin.form() => break call,
            () = tokio::task::yield_now() => {}
        }
    };
    for word in [
        "Guildhall",
        "ActiveGameSessions",
        "FreePlaces",
        "GamesimCapacity",
        "QueueDepth",
        "QueueWaitSeconds",
        "Fleet",
        "north",
    ] {
        assert!(call.body.contains(word), "{word} is missing in {:?}", call.body);
    }
    for _ in 0..3 {
        at_ms += 60_000;
        sender.send_replace(Sighting { is_ready: false, ..sighting(at_ms, 3) });
        tokio::task::yield_now().await;
    }
    let late = twin.forms_left();
    assert!(late.is_empty(), "published while draining: {late:?}");
    // What is buried at the very end is told of all the same, once.
    metrics.dead_letters.inc_by(2);
    drop(sender);
    running.await.unwrap();
    let late = twin.forms_left();
    assert!(late.len() == 1 && late[0].body.contains("DeadLetters"), "{late:?}");
    assert_eq!(metrics.reports_failed.get(), 0);
}
