//! The driver against a server on the loopback: it connects, plays, leaves or vanishes. The time-outs are the protocol's;
//! nothing here waits for a time of its own.

use super::*;
use guildhall_domain::api::Connect;
use guildhall_domain::{SessionState, Timestamp};
use guildhall_protocol::PROTOCOL_ID;
use guildhall_protocol::netcode::{
    ClientDisconnect, ConnectToken, ConnectTokenParameters, ConnectionId, Server, ServerConfig, ServerEvent,
    TokenEntropy, USER_DATA_BYTES,
};
use guildhall_protocol::payload::{
    ClientMessage, EntityKind, EntityState, InputFrame, ServerHeader, Snapshot, encode_server, flags,
};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::UdpSocket;

const KEY: [u8; 32] = [7; 32];

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// A server that welcomes whoever comes, applies inputs and answers each datagram with one.
struct Host {
    socket: UdpSocket,
    netcode: Server,
    tick: u32,
    inputs: Vec<InputFrame>,
}

impl Host {
    async fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let config = ServerConfig::new(PROTOCOL_ID, socket.local_addr().unwrap(), KEY, 4);
        Self { socket, netcode: Server::new(config, [9; 32], now_ms()), tick: 0, inputs: vec![] }
    }

    fn placement(&self) -> Placement {
        let game_session = GameSessionView {
            session_id: SessionId::from_bits(1),
            state: SessionState::Active,
            dungeon_id: "goblin-warren".into(),
            address: None,
            created_at: Timestamp(0),
            seats: vec![],
            outcome: None,
        };
        Placement { game_session, connect: self.connect() }
    }

    fn connect(&self) -> Connect {
        let address = self.socket.local_addr().unwrap();
        let now_s = now_ms() / 1_000;
        let parameters = ConnectTokenParameters {
            protocol_id: PROTOCOL_ID,
            client_id: 1,
            server_address: address,
            create_s: now_s,
            expire_s: now_s + 30,
            timeout_s: 5,
            user_data: &[0; USER_DATA_BYTES],
            private_key: &KEY,
        };
        let entropy = TokenEntropy { nonce: [1; 24], client_to_server_key: [2; 32], server_to_client_key: [3; 32] };
        let token = ConnectToken::generate(&parameters, &entropy).to_bytes();
        let token = base64::engine::general_purpose::STANDARD.encode(token);
        Connect { address: address.to_string(), token, expires_in_s: 30, seat: 1, session_epoch: 1 }
    }

    fn answer(&mut self, connection: ConnectionId) {
        self.tick += 1;
        let me = EntityState {
            id: 1,
            kind: EntityKind::Player { seat: 1 },
            x: 5,
            y: 6,
            hp: 7,
            hp_max: 8,
            facing: 0,
            flags: flags::ALIVE,
            statuses: 0,
        };
        let input_ack = self.inputs.last().map_or(0, |input| input.seq);
        let header = ServerHeader { input_ack, progress_seq: 1, durable_seq: 1 };
        let events = [GameEvent::Welcome { seat: 1, my_entity: 1 }];
        let message = encode_server(&header, &Snapshot::new(self.tick, vec![me]), None, 0, &events);
        self.netcode.send(connection, &message.bytes).unwrap();
    }

    /// Serves until the client is gone, and returns the inputs that it sent.
    async fn serve(mut self) -> Vec<InputFrame> {
        let mut buffer = [0; 2_048];
        loop {
            let (length, from) = self.socket.recv_from(&mut buffer).await.unwrap();
            self.netcode.handle_timeout(now_ms());
            let received = self.netcode.handle_datagram(now_ms(), from, &mut buffer[..length]);
            if let Some(received) = received {
                let message = ClientMessage::decode(received.payload).unwrap();
                let last = self.inputs.last().map_or(0, |input| input.seq);
                self.inputs.extend(message.inputs.iter().filter(|input| input.seq > last));
                let connection = received.connection;
                self.answer(connection);
            }
            while let Some(event) = self.netcode.poll_event() {
                if matches!(event, ServerEvent::Disconnected { .. }) {
                    return self.inputs;
                }
            }
            while let Some(transmit) = self.netcode.poll_transmit() {
                self.socket.send_to(&transmit.bytes, transmit.to).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_player_arrives_walks_and_leaves_for_good() {
    let host = Host::new().await;
    let placement = host.placement();
    let server = tokio::spawn(host.serve());
    let mut connection = GameConnection::open(&placement).await.unwrap();
    assert_eq!(connection.events().recv().await, Some(GameEvent::Welcome { seat: 1, my_entity: 1 }));
    connection.set_input(Wish { move_x: 127, move_y: 0, action: Action::None });
    let mut view = connection.view();
    let seen = view.wait_for(|view| view.input_ack >= 3).await.unwrap().clone();
    assert_eq!(seen.own_entity().map(|own| (own.x, own.y)), Some((5, 6)));
    assert_eq!(connection.state(), ClientState::Connected);
    assert_eq!(connection.close().await, []);
    let inputs = server.await.unwrap();
    assert!(inputs.iter().any(|input| input.move_x == 127));
    assert_eq!(inputs.iter().filter(|input| input.action == Action::Leave).count(), 1);
    assert!(inputs.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq));
}

#[tokio::test]
async fn dropping_the_connection_says_goodbye_and_keeps_the_seat() {
    let host = Host::new().await;
    let placement = host.placement();
    let server = tokio::spawn(host.serve());
    let connection = GameConnection::open(&placement).await.unwrap();
    let mut view = connection.view();
    view.wait_for(|view| view.my_seat == Some(1)).await.unwrap();
    drop(connection);
    let inputs = server.await.unwrap();
    assert!(inputs.iter().all(|input| input.action != Action::Leave));
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_at_once() {
    let host = Host::new().await;
    let with_token = |token: &str| {
        let connect = Connect { token: token.into(), ..host.connect() };
        Placement { connect, ..host.placement() }
    };
    let wrong = with_token("AAAA");
    assert!(matches!(GameConnection::open(&wrong).await, Err(OpenError::Token(_))));
    let wrong = with_token("no base64");
    assert!(matches!(GameConnection::open(&wrong).await, Err(OpenError::Encoding(_))));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    // The socket is bound, so that nothing is refused, and never read.
    let host = Host::new().await;
    let mut connection = GameConnection::open(&host.placement()).await.unwrap();
    assert_eq!(connection.events().recv().await, None);
    assert_eq!(connection.state(), ClientState::Disconnected(ClientDisconnect::RequestTimedOut));
}
