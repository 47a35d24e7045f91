//! The peers of a shard that are Rust crates: renet, renet2 and quinn, each as a server and as its load. `make race` starts
//! them and compares what they cost.
//!
//! `peers NAME serve PLAYERS IN_BYTES OUT_BYTES` prints where it listens; `peers NAME load PLAYERS IN_BYTES OUT_BYTES PLACE`
//! plays against that. Each client sends `IN_BYTES` at 20 Hz and is sent `OUT_BYTES` at 20 Hz, by messages that may be lost.
//! Nothing is simulated and nothing encoded. To every line on its input a process answers with its [`tally::Tally`]; it ends
//! with its input.

mod pace;
mod quic;
mod renet;
mod renet2;
mod tally;

use std::error::Error;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// As much of what waits between two ticks as the system lets a socket keep, up to this.
const BUFFER_BYTES: usize = 8 << 20;

/// What is to be moved.
struct Traffic {
    players: usize,
    /// Length of what a client sends, and of what it is sent.
    in_bytes: usize,
    out_bytes: usize,
    /// Where the server listens, as it has said itself; empty for the server.
    place: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers {}: {error}", arguments.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome<()> {
    let [name, role, players, in_bytes, out_bytes, place @ ..] = arguments else {
        return Err("peers wants a name, a role, players and two sizes".into());
    };
    let traffic = Traffic {
        players: players.parse()?,
        in_bytes: in_bytes.parse()?,
        out_bytes: out_bytes.parse()?,
        place: place.concat(),
    };
    match (name.as_str(), role.as_str()) {
        ("renet", "serve") => renet::serve(&traffic),
        ("renet", "load") => renet::load(&traffic),
        ("renet2", "serve") => renet2::serve(&traffic),
        ("renet2", "load") => renet2::load(&traffic),
        ("quinn", "serve") => quic::serve(&traffic),
        ("quinn", "load") => quic::load(&traffic),
        _ => Err("no such peer or role".into()),
    }
}

/// A socket that holds what comes between two ticks: a server that reads once per tick has the fewest calls to make.
fn socket() -> Outcome<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    // Beyond the system's limit where this process may, up to it where not.
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER_BYTES).is_err() {
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, BUFFER_BYTES)?;
    }
    Ok(socket)
}
