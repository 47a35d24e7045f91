//! The signed routes over HTTP: the signature is verified for real, then the role, and without both nothing happens.

use super::callers::Who;
use super::world::World;
use guildhall_functions::{Access, ROUTES, Route};
use guildhall_local::sigv4::Identity;
use guildhall_tests::backend::REGION;
use guildhall_tests::signed::sign;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How a call shows who makes it.
#[derive(Debug)]
enum Proof<'a> {
    Nothing,
    Bearer(&'a str),
    Signature(&'a Identity),
}

/// Calls a route as its rightful caller would, but for the proof; gives status and body.
async fn send(world: &World, address: SocketAddr, route: &Route, proof: &Proof<'_>) -> (u16, Value) {
    let who = if route.access == Access::Gamesim { Who::Holder } else { Who::Operator };
    let call = world.request(route, who);
    let parameters = call.path.iter();
    let path =
        parameters.fold(route.path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
    let body = if call.body.is_null() { Vec::new() } else { call.body.to_string().into_bytes() };
    let mut request = http::Request::builder()
        .method(route.method.as_str())
        .uri(format!("http://{address}{path}"))
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap();
    match proof {
        Proof::Nothing => {}
        Proof::Bearer(token) => {
            request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        Proof::Signature(identity) => {
            let at = UNIX_EPOCH + Duration::from_millis(world.backend.now().0);
            sign(&mut request, identity, REGION, at).unwrap();
        }
    }
    exchange(address, &request).await
}

async fn exchange(address: SocketAddr, request: &http::Request<Vec<u8>>) -> (u16, Value) {
    let length = request.body().len();
    let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {address}\r\n", request.method(), request.uri().path());
    for (name, value) in request.headers() {
        bytes.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    bytes.push_str(&format!("connection: close\r\ncontent-length: {length}\r\n\r\n"));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&[bytes.as_bytes(), request.body()].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_past_the_front_without_the_right_signature() {
    let world = World::start().await;
    let (gamesim, operator) = (Identity::of_gamesim("sim-a", [1; 32]), Identity::of_operator("olga", [2; 32]));
    let front = world.backend.serve_to([gamesim.clone(), operator.clone()]).await;
    for route in ROUTES.iter().copied().filter(|route| route.access.is_signed()) {
        let (right, other_role) =
            if route.access == Access::Gamesim { (&gamesim, &operator) } else { (&operator, &gamesim) };
        let unknown_key = Identity { access_key: "ASIA0000000000000000".to_owned(), ..right.clone() };
        let wrong_secret = Identity { secret_key: other_role.secret_key.clone(), ..right.clone() };
        for proof in [
            Proof::Nothing,
            Proof::Bearer(&world.tokens.owner),
            Proof::Signature(&unknown_key),
            Proof::Signature(&wrong_secret),
            Proof::Signature(other_role),
        ] {
            let (status, body) = send(&world, front.address(), route, &proof).await;
            assert_eq!((status, &body["error"]["code"]), (403, &"forbidden".into()), "{route:?}, {proof:?}: {body}");
            assert_eq!(world.backend.rows().await, world.rows, "{route:?}, {proof:?}");
        }
        let (status, body) = send(&world, front.address(), route, &Proof::Signature(right)).await;
        assert_eq!(status, route.status, "{route:?}: {body}");
        world.backend.put_back(&world.rows).await;
    }
    front.shutdown().await;
    world.backend.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_no_players_token() {
    let world = World::start().await;
    let operator = Identity::of_operator("olga", [2; 32]);
    let front = world.backend.serve_to([operator.clone()]).await;
    for route in ROUTES.iter().copied().filter(|route| route.access == Access::Player) {
        let (status, body) = send(&world, front.address(), route, &Proof::Signature(&operator)).await;
        assert_eq!((status, &body["error"]["code"]), (401, &"unauthorized".into()), "{route:?}: {body}");
    }
    assert_eq!(world.backend.rows().await, world.rows);
    front.shutdown().await;
    world.backend.stop().await;
}
