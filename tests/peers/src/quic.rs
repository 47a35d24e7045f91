//! quinn: unreliable datagrams of QUIC. One thread on either side, as a shard has one: the endpoint's and the connections'
//! own tasks run beside a loop on absolute time, and a task per connection takes in what comes.
//!
//! Settings are the crate's own, with one exception in its favour: both sides ask for rarer acknowledgements, which then
//! ride in the datagrams of the next tick instead of travelling alone.

use crate::pace::{LOAD_SLOT, LOAD_SLOTS, Pace, TICK};
use crate::tally::{self, Numbers, Tally};
use crate::{Outcome, Traffic};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{AckFrequencyConfig, Connection, Endpoint, EndpointConfig, TokioRuntime, TransportConfig, VarInt};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{LocalSet, spawn_local, yield_now};

/// The name in the server's certificate.
const NAME: &str = "localhost";
/// Datagrams after which, and time after which, an acknowledgement is wanted.
const ACK_DATAGRAMS: VarInt = VarInt::from_u32(8);
const ACK_DELAY: Duration = Duration::from_millis(120);

pub fn serve(traffic: &Traffic) -> Outcome<()> {
    run(serve_on(traffic))
}

pub fn load(traffic: &Traffic) -> Outcome<()> {
    run(load_on(traffic))
}

fn run(work: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, work)
}

/// What the tasks of one thread share.
#[derive(Default)]
struct Common {
    tally: RefCell<Tally>,
    peers: RefCell<Vec<Rc<Peer>>>,
}

struct Peer {
    connection: Connection,
    heard: RefCell<Numbers>,
}

impl Common {
    /// Takes in what comes over a connection, for as long as there is one.
    fn take_in(self: &Rc<Self>, connection: Connection) {
        let peer = Rc::new(Peer { connection, heard: RefCell::default() });
        self.peers.borrow_mut().push(Rc::clone(&peer));
        let common = Rc::clone(self);
        spawn_local(async move {
            while let Ok(message) = peer.connection.read_datagram().await {
                peer.heard.borrow_mut().take_in(&message, &mut common.tally.borrow_mut());
            }
        });
    }

    /// Connections that live and have brought something.
    fn players(&self) -> usize {
        let is_there = |peer: &&Rc<Peer>| peer.connection.close_reason().is_none() && peer.heard.borrow().has_begun();
        self.peers.borrow().iter().filter(is_there).count()
    }
}

async fn serve_on(traffic: &Traffic) -> Outcome<()> {
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    config.transport_config(transport());
    let endpoint = Endpoint::new(EndpointConfig::default(), Some(config), crate::socket()?, Arc::new(TokioRuntime))?;
    let certificate: String = cert.der().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{},{certificate}", endpoint.local_addr()?);
    let (questions, common) = (tally::questions()?, Rc::<Common>::default());
    let arrivals = Rc::clone(&common);
    spawn_local(async move {
        while let Some(incoming) = endpoint.accept().await {
            let arrivals = Rc::clone(&arrivals);
            spawn_local(async move {
                if let Ok(connection) = incoming.await {
                    arrivals.take_in(connection);
                }
            });
        }
    });
    let mut pace = Pace::start(TICK);
    for tick in 1.. {
        common.tally.borrow_mut().begin(pace.due());
        for peer in common.peers.borrow().iter() {
            // Whoever has gone is missed by the other side.
            let _ = peer.connection.send_datagram(tally::message(tick, traffic.out_bytes).into());
        }
        // The connections' own tasks send.
        yield_now().await;
        common.tally.borrow_mut().end(pace.due());
        if !common.tally.borrow_mut().answer(&questions, || common.players()) {
            break;
        }
        common.tally.borrow_mut().skipped += pace.skip();
        tokio::time::sleep_until(pace.due().into()).await;
    }
    Ok(())
}

async fn load_on(traffic: &Traffic) -> Outcome<()> {
    let (place, certificate) = traffic.place.split_once(',').ok_or("a place without a certificate")?;
    let place: SocketAddr = place.parse()?;
    let endpoint = Endpoint::new(EndpointConfig::default(), None, crate::socket()?, Arc::new(TokioRuntime))?;
    let config = client_config(certificate)?;
    println!("{}", traffic.place);
    let (questions, common) = (tally::questions()?, Rc::<Common>::default());
    let (arrivals, players) = (Rc::clone(&common), traffic.players);
    let arrival = spawn_local(async move {
        for _ in 0..players {
            let connecting = endpoint.connect_with(config.clone(), place, NAME);
            let Ok(connecting) = connecting else { break };
            let Ok(connection) = connecting.await else { break };
            arrivals.take_in(connection);
        }
    });
    let (mut pace, mut ticks) = (Pace::start(LOAD_SLOT), 0);
    for slot in (0..LOAD_SLOTS).cycle() {
        common.tally.borrow_mut().begin(pace.due());
        ticks += u32::from(slot == 0);
        for peer in common.peers.borrow().iter().skip(slot).step_by(LOAD_SLOTS) {
            let message = tally::message(ticks, traffic.in_bytes);
            peer.connection.send_datagram(message.into()).map_err(|error| format!("a client: {error}"))?;
        }
        if !common.tally.borrow_mut().answer(&questions, || common.players()) {
            break;
        }
        pace.advance();
        // Also in slots that are made up for, the other tasks have their turn.
        tokio::time::sleep_until(pace.due().into()).await;
    }
    arrival.abort();
    Ok(())
}

fn client_config(certificate: &str) -> Outcome<quinn::ClientConfig> {
    let digits: Vec<char> = certificate.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    let der = digits.chunks(2).map(byte).collect::<Result<Vec<u8>, _>>()?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(der))?;
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    config.transport_config(transport());
    Ok(config)
}

fn transport() -> Arc<TransportConfig> {
    let mut acknowledgements = AckFrequencyConfig::default();
    acknowledgements.ack_eliciting_threshold(ACK_DATAGRAMS).max_ack_delay(Some(ACK_DELAY));
    let mut transport = TransportConfig::default();
    transport.ack_frequency_config(Some(acknowledgements));
    Arc::new(transport)
}
