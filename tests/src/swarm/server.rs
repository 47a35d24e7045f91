//! What is measured: a shard of the product in a process of its own, with a control plane that says yes to everything at
//! once. Its parent asks for numbers over standard input and output, a line of JSON each time, and ends it by closing that.

use super::figures::{Served, Times};
use super::{Outcome, arena};
use crate::Dice;
use guildhall_domain::api::Admitted;
use guildhall_domain::progress::GroupStatus;
use guildhall_gamesim::exchange::{Order, Request};
use guildhall_gamesim::lone::LoneShard;
use guildhall_gamesim::shard::ShardConfig;
use guildhall_gamesim::world::Game;
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// The argument that makes a process a server.
pub(super) const SERVE: &str = "serve";
/// Name of the thread that is measured.
pub(super) const THREAD: &str = "shard-0";
/// Where it listens in a namespace of its own.
const BEHIND_A_LINK: Ipv4Addr = Ipv4Addr::new(10, 222, 0, 1);
/// Time between two looks at what the shard wants.
const LOOK: Duration = Duration::from_millis(5);

/// Runs the server: `address seed players bare`.
pub(super) fn serve(arguments: &[String]) -> Outcome<()> {
    let [address, seed, players, bare] = arguments else {
        return Err("a server wants an address, a seed, players and bare".into());
    };
    let address: Ipv4Addr = address.parse()?;
    let (seed, players, bare): (u64, usize, bool) = (seed.parse()?, players.parse()?, bare.parse()?);
    let game = arena::game()?;
    let mut dice = Dice(!seed);
    let config = |public_address| ShardConfig {
        public_address,
        private_key: arena::private_key(seed),
        challenge_key: arena::key(&mut dice),
        gamesim_epoch: arena::EPOCH,
        game: Arc::clone(&game),
        content_version: arena::CONTENT_VERSION,
        connections_max: players + 64,
        keeps_checkpoints: !bare,
        keeps_recordings: !bare,
        seed,
    };
    let mut shard = LoneShard::start(IpAddr::V4(address), config)?;
    println!("{}", shard.address());
    let questions = questions();
    let mut before = shard.counts();
    loop {
        match questions.recv_timeout(LOOK) {
            Ok(()) => {
                let now = shard.counts();
                println!("{}", serde_json::to_string(&served(&now.since(&before), shard.players()))?);
                std::io::stdout().flush()?;
                before = now;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
        }
        while let Some(request) = shard.poll_request() {
            if let Some(order) = answer(&game, request)? {
                shard.order(order);
            }
        }
    }
}

/// One message for each line of standard input, until its end.
pub(super) fn questions() -> mpsc::Receiver<()> {
    let (asks, questions) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if line.is_err() || asks.send(()).is_err() {
                break;
            }
        }
    });
    questions
}

pub(super) fn answer(game: &Game, request: Request) -> Outcome<Option<Order>> {
    Ok(Some(match request {
        Request::Admit { ticket, request } => {
            let character = arena::character(game, request.account_id, request.character_id)?;
            let [.., a, b, c, d] = request.session_id.to_bytes();
            let seed = u32::from_be_bytes([a, b, c, d]).into();
            let admitted = Admitted { character, dungeon_id: arena::DUNGEON.to_owned(), seed, resume: None };
            Order::Admitted { ticket, answer: Ok(Box::new(admitted)), checkpoint: None }
        }
        Request::Save(request) => {
            let answer = Ok(vec![GroupStatus::Applied; request.groups.len()]);
            Order::Saved { session_id: request.session_id, session_epoch: request.session_epoch, answer }
        }
        Request::Finalize(request) => {
            Order::Finalized { session_id: request.session_id, session_epoch: request.session_epoch, answer: Ok(()) }
        }
        Request::Checkpoint(_) => Order::Checkpointed { is_stored: true, is_ours: true },
        Request::Bury(_) | Request::Record(_) | Request::Log(_) => return Ok(None),
    }))
}

fn served(counts: &guildhall_gamesim::lone::Counts, players: u64) -> Served {
    let times = |of: &dyn Fn(f64) -> u64| Times { p50: of(0.5), p99: of(0.99), p999: of(0.999), max: of(1.0) };
    Served {
        players,
        lateness_us: times(&|q| counts.lateness_us.quantile(q)),
        sent_us: times(&|q| counts.sent_us.quantile(q)),
        slots_skipped: counts.slots_skipped,
        datagrams_in: counts.datagrams_in,
        bytes_in: counts.bytes_in,
        receive_calls: counts.receive_calls,
        datagrams_out: counts.datagrams_out,
        bytes_out: counts.bytes_out,
        send_calls: counts.send_calls,
        datagrams_unsent: counts.datagrams_unsent,
        datagrams_bad: counts.datagrams_bad,
    }
}

/// A process that answers questions, from outside: a server, or a peer's load.
#[derive(Debug)]
pub(super) struct Partner {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What it has said of itself: where it listens.
    pub(super) place: String,
}

impl Partner {
    /// Starts this program anew in this role, at an address of this machine or of a network namespace, and waits until it
    /// listens.
    pub(super) fn server(namespace: Option<&str>, role: &str, arguments: &[String]) -> Outcome<Self> {
        let program = std::env::current_exe()?;
        let Some(namespace) = namespace else {
            let address = Ipv4Addr::LOCALHOST.to_string();
            return Self::start(Command::new(program).args([role, &address]).args(arguments));
        };
        // It becomes the program, under the same process id.
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace]).arg(program);
        Self::start(command.args([role, &BEHIND_A_LINK.to_string()]).args(arguments))
    }

    /// Starts a program, and waits for its first line.
    pub(super) fn start(command: &mut Command) -> Outcome<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let questions = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut place = String::new();
        answers.read_line(&mut place)?;
        let place = place.trim().to_owned();
        Ok(Self { child, questions, answers, place })
    }

    /// Where it listens, if it is of this program.
    pub(super) fn address(&self) -> Outcome<SocketAddr> {
        Ok(self.place.parse().map_err(|_| format!("the server said {:?}", self.place))?)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has done since it was last asked.
    pub(super) fn ask<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        let questions = self.questions.as_mut().ok_or("it has ended")?;
        questions.write_all(b"\n")?;
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("it has ended".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.questions = None;
        // It ends with its input; if it has hung, this is the end of it.
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
