//! A listener that stands in for a service of Amazon's: it keeps every call that comes in and answers as it is told.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A call as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request line and the headers, in small letters.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer of status 200.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Headers, each ending with CR LF.
    pub headers: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A listener; dropping it stops it.
#[derive(Debug)]
pub struct Twin {
    /// Where it listens.
    pub url: String,
    calls: Arc<Mutex<Vec<Received>>>,
    serving: JoinHandle<()>,
}

impl Twin {
    /// Listens on a free port of this machine, and answers each call with what `reply` makes of it.
    pub async fn start(reply: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let calls: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (kept, reply) = (Arc::clone(&calls), Arc::new(reply));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                // A client that hangs up in the middle is the client's affair.
                tokio::spawn(async move { serve(stream, &kept, &*reply).await.ok() });
            }
        });
        Self { url, calls, serving }
    }

    /// What has come in so far.
    pub fn calls(&self) -> Vec<Received> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// One call after the other, until the client hangs up.
async fn serve(
    mut stream: TcpStream,
    kept: &Mutex<Vec<Received>>,
    reply: &(impl Fn(&Received) -> Reply + Sync),
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let length = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&bytes[..length]).to_lowercase();
        let announced = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let whole = length + announced.map_or(0, |text| text.trim().parse().unwrap_or_default());
        while bytes.len() < whole {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let call = Received { head, body: bytes[length..whole].to_vec() };
        bytes.drain(..whole);
        let Reply { headers, body } = reply(&call);
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len());
        stream.write_all(&[answer.as_bytes(), &body].concat()).await?;
    }
}
