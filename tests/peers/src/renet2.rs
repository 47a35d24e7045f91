//! renet2 with its netcode transport over UDP, the channels that it names as default, and its own settings of the rest.

/// What differs from renet.
mod api {
    pub use renet2::{DefaultChannel, RenetClient, RenetServer, ServerEvent};
    pub use renet2_netcode::{NetcodeClientTransport, NetcodeServerTransport};

    use crate::Outcome;
    use renet2::ConnectionConfig;
    use renet2_netcode::{ClientAuthentication, NativeSocket, ServerAuthentication, ServerSetupConfig};
    use std::net::{SocketAddr, UdpSocket};
    use std::time::Duration;

    fn config() -> ConnectionConfig {
        ConnectionConfig::from_shared_channels(DefaultChannel::config())
    }

    pub fn server(
        max_clients: usize,
        now: Duration,
        socket: UdpSocket,
    ) -> Outcome<(RenetServer, NetcodeServerTransport)> {
        let setup = ServerSetupConfig {
            current_time: now,
            max_token_lifetime: 60,
            max_clients,
            protocol_id: 7,
            socket_addresses: vec![vec![socket.local_addr()?]],
            authentication: ServerAuthentication::Unsecure,
        };
        Ok((RenetServer::new(config()), NetcodeServerTransport::new(setup, NativeSocket::new(socket)?)?))
    }

    pub fn client(
        client_id: u64,
        now: Duration,
        server_addr: SocketAddr,
        socket: UdpSocket,
    ) -> Outcome<(RenetClient, NetcodeClientTransport)> {
        let who =
            ClientAuthentication::Unsecure { server_addr, client_id, user_data: None, protocol_id: 7, socket_id: 0 };
        let transport = NetcodeClientTransport::new(now, who, NativeSocket::new(socket)?)?;
        Ok((RenetClient::new(config(), false), transport))
    }
}

#[path = "netcode.rs"]
mod netcode;
pub use netcode::{load, serve};
