//! The real SDK against a listener that reads its calls as CloudWatch would. `make check-cloudwatch` plays the same against
//! a program that keeps metrics.

use super::*;
use aws_credential_types::Credentials;
use aws_smithy_cbor::Decoder;
use aws_smithy_cbor::data::Type;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A call as it came in: path, signature, body.
type Call = (String, String, Value);

/// Answers every call with `status`, and passes it on.
async fn listen(status: StatusCode) -> (SocketAddr, mpsc::UnboundedReceiver<Call>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, calls) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = seen.clone();
            let service = service_fn(move |request| answer(request, status, seen.clone()));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, calls)
}

async fn answer(
    request: Request<Incoming>,
    status: StatusCode,
    seen: mpsc::UnboundedSender<Call>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let signature = request.headers()["authorization"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    seen.send((path, signature, decode(&mut Decoder::new(&body)).unwrap())).unwrap();
    // 0xa0 is CBOR's empty map.
    let mut response = Response::new(Full::new(Bytes::from_static(&[0xa0])));
    *response.status_mut() = status;
    response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor".parse().unwrap());
    response.headers_mut().insert("content-type", "application/cbor".parse().unwrap());
    Ok(response)
}

/// The value that comes next, or `None` at the end of a list or map without a length.
fn decode(decoder: &mut Decoder<'_>) -> Option<Value> {
    Some(match decoder.datatype().unwrap() {
        Type::Break => {
            decoder.skip().unwrap();
            return None;
        }
        Type::String | Type::StringIndef => json!(decoder.str().unwrap()),
        Type::F64 => json!(decoder.double().unwrap()),
        Type::Tag => json!(decoder.timestamp().unwrap().to_millis().unwrap()),
        Type::Array | Type::ArrayIndef => {
            let length = decoder.list().unwrap().unwrap_or(u64::MAX);
            Value::Array((0..length).map_while(|_| decode(decoder)).collect())
        }
        Type::Map | Type::MapIndef => {
            let length = decoder.map().unwrap().unwrap_or(u64::MAX);
            let field = |_| Some((decode(decoder)?.as_str()?.to_owned(), decode(decoder)?));
            Value::Object((0..length).map_while(field).collect())
        }
        other => panic!("{other:?} has no place in a call"),
    })
}

fn connect(address: SocketAddr) -> CloudWatch {
    CloudWatch::new(CloudWatchConfig {
        namespace: "Guildhall/Test".to_owned(),
        fleet: "north".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: Some(format!("http://{address}")),
        credentials: Some(SharedCredentialsProvider::new(Credentials::new("AKID", "secret", None, None, "test"))),
    })
}

fn report() -> Report {
    let metric = |name, values| Distribution { name, values };
    let metrics =
        vec![metric("ActiveGameSessions", vec![(3.0, 11), (4.0, 1)]), metric("GamesimCapacity", vec![(256.0, 12)])];
    Report { minute_ms: 1_800_000_000_000, metrics }
}

#[tokio::test]
async fn a_report_arrives_as_cloudwatch_wants_it() {
    let (address, mut calls) = listen(StatusCode::OK).await;
    connect(address).publish(&report()).await.unwrap();
    let (path, signature, body) = calls.recv().await.unwrap();
    assert_eq!(path, "/service/GraniteServiceVersion20100801/operation/PutMetricData");
    assert!(signature.contains("/eu-west-1/monitoring/aws4_request"), "{signature}");
    let metric = |name: &str, values: Value, counts: Value| {
        json!({ "MetricName": name, "Values": values, "Counts": counts, "Timestamp": 1_800_000_000_000_i64,
                "Dimensions": [{ "Name": "Fleet", "Value": "north" }], "Unit": "Count" })
    };
    let expected = json!({ "Namespace": "Guildhall/Test", "MetricData": [
        metric("ActiveGameSessions", json!([3.0, 4.0]), json!([11.0, 1.0])),
        metric("GamesimCapacity", json!([256.0]), json!([12.0])),
    ] });
    assert_eq!(body, expected);
    assert!(calls.try_recv().is_err(), "one report is one call");
}

#[tokio::test]
async fn a_cloudwatch_that_fails_is_asked_twice_and_no_more() {
    let (address, mut calls) = listen(StatusCode::INTERNAL_SERVER_ERROR).await;
    connect(address).publish(&report()).await.unwrap_err();
    assert_eq!(std::iter::from_fn(|| calls.try_recv().ok()).count(), ATTEMPTS_MAX as usize);
}

/// Time is virtual, and leaps ahead while nothing else can happen.
#[tokio::test(start_paused = true)]
async fn a_cloudwatch_that_does_not_answer_is_given_up_before_the_next_sample() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let began = tokio::time::Instant::now();
    connect(silent.local_addr().unwrap()).publish(&report()).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_millis(reporter::SAMPLE_MS), "{:?}", began.elapsed());
}
