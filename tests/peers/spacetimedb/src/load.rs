//! Clients on one thread: a loop on absolute time sends, and a task per connection takes in what comes.

use crate::pace::{LOAD_SLOT, LOAD_SLOTS, Pace};
use crate::tally::{self, Numbers, Tally};
use crate::{DATABASE, Outcome, SEATS};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use spacetimedb_client_api_messages::websocket::{
    BIN_PROTOCOL, BsatnFormat, CallReducer, CallReducerFlags, ClientMessage, CompressableQueryUpdate, DatabaseUpdate,
    QueryId, SERVER_MSG_COMPRESSION_TAG_NONE, ServerMessage, SubscribeSingle, UpdateStatus,
};
use spacetimedb_lib::bsatn;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tokio::net::TcpStream;
use tokio::task::{LocalSet, spawn_local};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub fn load(players: usize, in_bytes: usize, place: &str) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, load_on(players, in_bytes, place))
}

/// What the module shows of a room.
#[derive(spacetimedb_lib::de::Deserialize)]
#[sats(crate = spacetimedb_lib)]
struct Room {
    #[allow(dead_code, reason = "of the row, and not needed")]
    room_id: u32,
    state: Vec<u8>,
}

/// What the tasks of one thread share.
#[derive(Default)]
struct Common {
    tally: RefCell<Tally>,
    senders: RefCell<Vec<SplitSink<Socket, Message>>>,
    /// Clients that have been shown a tick, and whose connection lives.
    players: Cell<usize>,
}

async fn load_on(players: usize, in_bytes: usize, place: &str) -> Outcome<()> {
    println!("{place}");
    let (questions, common) = (tally::questions()?, Rc::<Common>::default());
    let (arrivals, place) = (Rc::clone(&common), place.to_owned());
    let arrival = spawn_local(async move {
        for number in 0..players {
            if let Err(error) = arrive(&arrivals, number, &place).await {
                eprintln!("spacetimedb: client {number}: {error}");
                break;
            }
        }
    });
    let (mut pace, mut ticks) = (Pace::start(LOAD_SLOT), 0);
    for slot in (0..LOAD_SLOTS).cycle() {
        common.tally.borrow_mut().begin(pace.due());
        ticks += u32::from(slot == 0);
        // Nobody else has senders while they are away but who adds one.
        let mut senders = common.senders.take();
        for sender in senders.iter_mut().skip(slot).step_by(LOAD_SLOTS) {
            sender.send(call("act", &tally::message(ticks, in_bytes))?).await?;
        }
        senders.append(&mut common.senders.borrow_mut());
        common.senders.replace(senders);
        if !common.tally.borrow_mut().answer(&questions, || common.players.get()) {
            break;
        }
        pace.advance();
        // Also in slots that are made up for, the other tasks have their turn.
        tokio::time::sleep_until(pace.due().into()).await;
    }
    arrival.abort();
    Ok(())
}

/// Lets a client connect, join, and see its room.
async fn arrive(common: &Rc<Common>, number: usize, place: &str) -> Outcome<()> {
    let url = format!("ws://{place}/v1/database/{DATABASE}/subscribe?compression=None&light=true");
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(BIN_PROTOCOL));
    let (socket, _) = connect_async_with_config(request, None, true).await?;
    let (mut sender, receiver) = socket.split();
    sender.send(call::<()>("join", &())?).await?;
    let query = format!("SELECT * FROM room WHERE room_id = {}", number / SEATS).into();
    let subscribe = SubscribeSingle { query, request_id: 0, query_id: QueryId::new(0) };
    sender.send(encode(&ClientMessage::<Bytes>::SubscribeSingle(subscribe))?).await?;
    common.senders.borrow_mut().push(sender);
    let common = Rc::clone(common);
    spawn_local(async move {
        let mut heard = Numbers::default();
        if let Err(error) = take_in(&common, receiver, &mut heard).await {
            eprintln!("spacetimedb: client {number}: {error}");
        }
        common.players.set(common.players.get() - usize::from(heard.has_begun()));
    });
    Ok(())
}

async fn take_in(common: &Common, mut receiver: SplitStream<Socket>, heard: &mut Numbers) -> Outcome<()> {
    while let Some(message) = receiver.next().await {
        let Message::Binary(bytes) = message? else { continue };
        let Some(update) = update(&bytes)? else { continue };
        let updates = update.tables.into_iter().flat_map(|table| table.updates);
        for update in updates {
            let CompressableQueryUpdate::Uncompressed(update) = update else { return Err("it was compressed".into()) };
            for row in &update.inserts {
                let is_first = !heard.has_begun();
                let room: Room = bsatn::from_slice(&row)?;
                heard.take_in(&room.state, &mut common.tally.borrow_mut());
                common.players.set(common.players.get() + usize::from(is_first));
            }
        }
    }
    Err("the server has closed the connection".into())
}

/// What a message says of the room, if it does.
fn update(message: &[u8]) -> Outcome<Option<DatabaseUpdate<BsatnFormat>>> {
    let Some((&SERVER_MSG_COMPRESSION_TAG_NONE, message)) = message.split_first() else {
        return Err("it was compressed".into());
    };
    match bsatn::from_slice(message)? {
        ServerMessage::TransactionUpdateLight(update) => Ok(Some(update.update)),
        ServerMessage::TransactionUpdate(update) => match update.status {
            UpdateStatus::Committed(update) => Ok(Some(update)),
            UpdateStatus::Failed(why) => Err(String::from(why).into()),
            UpdateStatus::OutOfEnergy => Err("out of energy".into()),
        },
        ServerMessage::SubscriptionError(error) => Err(String::from(error.error).into()),
        _ => Ok(None),
    }
}

/// A call of a reducer with one argument, or none.
fn call<A: spacetimedb_lib::ser::Serialize>(reducer: &str, argument: &A) -> Outcome<Message> {
    let (args, flags) = (Bytes::from(bsatn::to_vec(argument)?), CallReducerFlags::NoSuccessNotify);
    encode(&ClientMessage::CallReducer(CallReducer { reducer: reducer.into(), args, request_id: 0, flags }))
}

fn encode(message: &ClientMessage<Bytes>) -> Outcome<Message> {
    Ok(Message::Binary(bsatn::to_vec(message)?.into()))
}
