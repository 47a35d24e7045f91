//! A function as Lambda runs it: the binary that is deployed, in a process of its own, and the runtime API that it asks for its
//! events. Sources: AWS, "Using the Lambda runtime API" and "Using the Lambda Extensions API".

use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::JoinHandle;

/// Version of the runtime API, and of the API for extensions.
const VERSION: &str = "/2018-06-01";
const EXTENSIONS_VERSION: &str = "/2020-01-01/extension";
/// How long a function may take for anything, in seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Anything that keeps a function from answering.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Where a function's events come from and its answers go.
#[derive(Debug)]
struct Runtime {
    address: SocketAddr,
    polls: mpsc::UnboundedReceiver<Instant>,
    events: mpsc::UnboundedSender<Value>,
    answers: mpsc::UnboundedReceiver<Outcome<Value>>,
    /// Gets a word whenever the function's extension asks for an event, which it does when it has done its part of the last.
    rests: mpsc::UnboundedReceiver<()>,
    invoked: Arc<Semaphore>,
    server: JoinHandle<()>,
}

/// The far end of it.
#[derive(Debug)]
struct Desk {
    polled: mpsc::UnboundedSender<Instant>,
    waiting: Mutex<mpsc::UnboundedReceiver<Value>>,
    answered: mpsc::UnboundedSender<Outcome<Value>>,
    rested: mpsc::UnboundedSender<()>,
    /// As many permits as there are events that the extension has not heard of.
    invoked: Arc<Semaphore>,
}

impl Runtime {
    async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let ((polled, polls), (events, waiting), (answered, answers)) =
            (mpsc::unbounded_channel(), mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let ((rested, rests), invoked) = (mpsc::unbounded_channel(), Arc::new(Semaphore::new(0)));
        let (waiting, heard) = (Mutex::new(waiting), Arc::clone(&invoked));
        let desk = Arc::new(Desk { polled, waiting, answered, rested, invoked: heard });
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let desk = Arc::clone(&desk);
                let answer = service_fn(move |request| {
                    let desk = Arc::clone(&desk);
                    async move { desk.answer(request).await }
                });
                // A function that goes away takes its connection with it.
                drop(tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer)));
            }
        });
        Ok(Self { address, polls, events, answers, rests, invoked, server })
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Outcome<Response<Full<Bytes>>> {
        if let Some(path) = request.uri().path().strip_prefix(EXTENSIONS_VERSION) {
            return self.answer_extension(path).await;
        }
        let path = request.uri().path().strip_prefix(VERSION).unwrap_or_default().to_owned();
        if *request.method() == Method::GET && path == "/runtime/invocation/next" {
            // Whoever started the function may be gone; then nothing comes any more.
            let _ = self.polled.send(Instant::now());
            let event = self.waiting.lock().await.recv().await.ok_or("there will be no more events")?;
            return next(&event);
        }
        let body = request.into_body().collect().await?.to_bytes();
        let answer = serde_json::from_slice(&body).map_err(Into::into);
        let answer = if path.ends_with("/response") {
            answer
        } else {
            Err(format!("{path}: {}", String::from_utf8_lossy(&body)).into())
        };
        let _ = self.answered.send(answer);
        Ok(Response::builder().status(StatusCode::ACCEPTED).body(Full::default())?)
    }

    async fn answer_extension(&self, path: &str) -> Outcome<Response<Full<Bytes>>> {
        if path == "/event/next" {
            // Whoever started the function may be gone; then nothing comes any more.
            let _ = self.rested.send(());
            self.invoked.acquire().await?.forget();
        }
        Ok(Response::builder()
            .header("lambda-extension-identifier", "e1")
            .body(Full::from(r#"{"eventType":"INVOKE"}"#))?)
    }
}

fn next(event: &Value) -> Outcome<Response<Full<Bytes>>> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH)? + PATIENCE;
    Ok(Response::builder()
        .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .header("lambda-runtime-deadline-ms", HeaderValue::from_str(&deadline.as_millis().to_string())?)
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:measured")
        .header("content-type", "application/json")
        .body(Full::from(event.to_string()))?)
}

/// A function's process. It ends when this is dropped.
#[derive(Debug)]
pub struct Function {
    child: Child,
    runtime: Runtime,
    /// From the start of its process until it first asked for an event.
    pub first_poll: Duration,
}

impl Function {
    /// Starts the binary under this environment and nothing else of ours, and waits until it asks for an event.
    ///
    /// # Errors
    /// It cannot be started, says that it cannot begin, or does not ask in time.
    pub async fn start(exe: &Path, environment: &[(&str, String)]) -> Outcome<Self> {
        let mut runtime = Runtime::start().await?;
        let began = Instant::now();
        let child = Command::new(exe)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "measured")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "measured")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "measured")
            .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // Nobody reads its log lines here. Why it cannot begin, it tells the runtime API.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", exe.display()))?;
        let asked = async {
            tokio::select! {
                polled = runtime.polls.recv() => polled.ok_or_else(|| "the runtime API has ended".into()),
                Some(failed) = runtime.answers.recv() => Err(failed.err().unwrap_or_else(|| "an answer to nothing".into())),
            }
        };
        let polled: Instant = tokio::time::timeout(PATIENCE, asked).await.map_err(|_| "it asks for no event")??;
        Ok(Self { child, runtime, first_poll: polled.duration_since(began) })
    }

    /// Hands it an event and gives its answer.
    ///
    /// # Errors
    /// It fails, or does not answer in time.
    pub async fn invoke(&mut self, event: Value) -> Outcome<Value> {
        self.runtime.events.send(event)?;
        self.runtime.invoked.add_permits(1);
        let answer = tokio::time::timeout(PATIENCE, self.runtime.answers.recv()).await.map_err(|_| "no answer")?;
        answer.ok_or("the runtime API has ended")?
    }

    /// Waits until its extension has done its part of the last event, or has only begun: from then on Lambda may freeze it.
    ///
    /// # Errors
    /// It has none, or does not ask in time.
    pub async fn rest(&mut self) -> Outcome<()> {
        let rested = tokio::time::timeout(PATIENCE, self.runtime.rests.recv()).await.map_err(|_| "it never rests")?;
        rested.ok_or_else(|| "the runtime API has ended".into())
    }

    /// Processor time that its process has used: of all its living threads, in user space and the kernel.
    ///
    /// # Errors
    /// It has ended, or the system does not tell.
    pub fn processor_time(&self) -> Outcome<Duration> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.id()?))?;
        let mut all = Duration::ZERO;
        for task in tasks {
            // A thread may end while it is looked at.
            let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
            all += Duration::from_nanos(text.split_whitespace().next().unwrap_or_default().parse()?);
        }
        Ok(all)
    }

    /// The most memory that its process has had at one time, in bytes.
    ///
    /// # Errors
    /// It has ended, or the system does not tell.
    pub fn peak_bytes(&self) -> Outcome<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the system does not tell")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1_024)
    }

    fn id(&self) -> Outcome<u32> {
        self.child.id().ok_or_else(|| "it has ended".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn events_go_out_and_answers_come_back_as_a_runtime_speaks() {
        let mut runtime = Runtime::start().await.unwrap();
        let url = format!("http://{}{VERSION}/runtime", runtime.address);
        runtime.events.send(json!({ "number": 7 })).unwrap();
        // The client brings the process's cryptography along.
        guildhall_client::rest::Api::new(&url).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
        let event = client.get(format!("{url}/invocation/next")).send().await.unwrap();
        let id = event.headers()["lambda-runtime-aws-request-id"].to_str().unwrap().to_owned();
        let event: Value = serde_json::from_str(&event.text().await.unwrap()).unwrap();
        assert_eq!(event, json!({ "number": 7 }));
        assert!(runtime.polls.recv().await.is_some());
        let say = |path: String, body: &'static str| client.post(format!("{url}/{path}")).body(body).send();
        assert_eq!(say(format!("invocation/{id}/response"), "[1]").await.unwrap().status(), 202);
        assert_eq!(runtime.answers.recv().await.unwrap().unwrap(), json!([1]));
        say("init/error".to_owned(), "no key").await.unwrap();
        let failed = runtime.answers.recv().await.unwrap().unwrap_err();
        assert_eq!(failed.to_string(), "/runtime/init/error: no key");
    }

    #[tokio::test]
    async fn a_program_that_is_no_function_is_told_from_one() {
        let failed = Function::start(Path::new("/nonexistent"), &[]).await.unwrap_err();
        assert!(failed.to_string().contains("/nonexistent"), "{failed}");
    }
}
