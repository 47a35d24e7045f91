//! renet with its netcode transport, and the settings that it comes with.

/// What differs from renet2.
mod api {
    pub use renet::{DefaultChannel, RenetClient, RenetServer, ServerEvent};
    pub use renet_netcode::{NetcodeClientTransport, NetcodeServerTransport};

    use crate::Outcome;
    use renet::ConnectionConfig;
    use renet_netcode::{ClientAuthentication, ServerAuthentication, ServerConfig};
    use std::net::{SocketAddr, UdpSocket};
    use std::time::Duration;

    pub fn server(
        max_clients: usize,
        now: Duration,
        socket: UdpSocket,
    ) -> Outcome<(RenetServer, NetcodeServerTransport)> {
        let config = ServerConfig {
            current_time: now,
            max_clients,
            protocol_id: 7,
            public_addresses: vec![socket.local_addr()?],
            authentication: ServerAuthentication::Unsecure,
        };
        Ok((RenetServer::new(ConnectionConfig::default()), NetcodeServerTransport::new(config, socket)?))
    }

    pub fn client(
        client_id: u64,
        now: Duration,
        server_addr: SocketAddr,
        socket: UdpSocket,
    ) -> Outcome<(RenetClient, NetcodeClientTransport)> {
        let who = ClientAuthentication::Unsecure { server_addr, client_id, user_data: None, protocol_id: 7 };
        Ok((RenetClient::new(ConnectionConfig::default()), NetcodeClientTransport::new(now, who, socket)?))
    }
}

#[path = "netcode.rs"]
mod netcode;
pub use netcode::{load, serve};
