//! Measures every function as it is deployed: its size, how long a cold start takes until it asks for its first event, and what
//! a warm one takes. Its argument is the folder with the binaries.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use guildhall_functions::ROUTES;
use guildhall_tests::backend::{Backend, Caller, event, route};
use guildhall_tests::function::{Function, Outcome};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Cold starts of each function.
const STARTS: usize = 3;
/// Calls that are not measured, and calls that are.
const WARM_UP_CALLS: u32 = 20;
const CALLS: u32 = 200;
/// Where systems keep all authorities in one file: Amazon Linux, which Lambda runs and a deployment names, and others.
const AUTHORITIES: [&str; 3] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"];
/// The goals.
const ZIPPED_BYTES_MAX: u64 = 2_000_000;
const FIRST_POLL_MS_MAX: f64 = 15.0;

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("functions wants the folder with the binaries")?);
    let backend = Backend::start().await;
    let environment = environment(&backend);
    println!("{:<26} {:>9} {:>9} {:>12} {:>9}", "function", "binary", "zipped", "first poll", "peak");
    let mut worst = (0, 0.0_f64);
    for route in ROUTES {
        let exe = folder.join(route.name);
        let (bytes, zipped) = sizes(&exe)?;
        let mut starts = Vec::new();
        let mut peak = 0;
        for _ in 0..STARTS {
            let function =
                Function::start(&exe, &environment).await.map_err(|error| format!("{}: {error}", route.name))?;
            peak = peak.max(function.peak_bytes()?);
            starts.push(ms(function.first_poll));
        }
        starts.sort_by(f64::total_cmp);
        let first_poll = starts.get(STARTS / 2).copied().unwrap_or_default();
        worst = (worst.0.max(zipped), worst.1.max(first_poll));
        println!(
            "{:<26} {:>6.2} MB {:>6.2} MB {first_poll:>9.1} ms {:>6.1} MB",
            route.name,
            mb(bytes),
            mb(zipped),
            mb(peak)
        );
        println!(
            "function {}",
            json!({ "name": route.name, "bytes": bytes, "zipped_bytes": zipped, "first_poll_ms": first_poll, "peak_bytes": peak })
        );
    }
    let verdict = |is_met: bool| if is_met { "met" } else { "MISSED" };
    println!("\nlargest zipped: {:.2} MB, goal 2 MB: {}", mb(worst.0), verdict(worst.0 <= ZIPPED_BYTES_MAX));
    println!("slowest first poll: {:.1} ms, goal 15 ms: {}\n", worst.1, verdict(worst.1 <= FIRST_POLL_MS_MAX));
    warm(&folder, &environment).await?;
    backend.stop().await;
    Ok(())
}

/// What functions of four kinds take when they are warm: nothing but the adapter, a hash, reads, a write.
async fn warm(folder: &Path, environment: &[(&str, String)]) -> Outcome<()> {
    let call = |name: &str, caller: Caller<'_>, path: &[(&str, &str)], body: &Value| {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        event(route(name), caller, path, &[("content-type", "application/json")], &text)
    };
    let account = json!({ "email": "measured@example.com", "password": "correct horse" });
    let mut register = Function::start(&folder.join("register-account"), environment).await?;
    let registered = answer(&register.invoke(call("register-account", Caller::Anyone, &[], &account)).await?, 201)?;
    let token = registered["access_token"].as_str().ok_or("no token")?;
    let hero = json!({ "name": "Measured", "class": "fighter" });
    let mut create = Function::start(&folder.join("create-character"), environment).await?;
    let created = answer(&create.invoke(call("create-character", Caller::Bearer(token), &[], &hero)).await?, 201)?;
    let id = created["character_id"].as_str().ok_or("no character")?;
    let mut version = created["version"].as_u64().ok_or("no version")?;

    println!("{:<26} {:>14} {:>9}", "warm", "processor", "peak");
    let player = Caller::Bearer(token);
    let mut measured = Warm::start(folder, environment, "check-live").await?;
    measured.repeat(CALLS, |_| call("check-live", Caller::Anyone, &[], &Value::Null)).await?;
    let mut measured = Warm::start(folder, environment, "get-character").await?;
    measured.repeat(CALLS, |_| call("get-character", player, &[("character_id", id)], &Value::Null)).await?;
    let mut measured = Warm::start(folder, environment, "change-currency").await?;
    let earn = |_| {
        let body = json!({ "version": version, "delta": 1 });
        version += 1;
        call("change-currency", player, &[("character_id", id)], &body)
    };
    measured.repeat(CALLS, earn).await?;
    let mut measured = Warm::start(folder, environment, "login-account").await?;
    measured.repeat(WARM_UP_CALLS, |_| call("login-account", Caller::Anyone, &[], &account)).await
}

/// A function that is called again and again.
struct Warm {
    name: &'static str,
    function: Function,
}

impl Warm {
    async fn start(folder: &Path, environment: &[(&str, String)], name: &'static str) -> Outcome<Self> {
        Ok(Self { name, function: Function::start(&folder.join(name), environment).await? })
    }

    async fn repeat(&mut self, calls: u32, mut event: impl FnMut(u32) -> Value) -> Outcome<()> {
        for number in 0..WARM_UP_CALLS.min(calls) {
            answer(&self.function.invoke(event(number)).await?, 200)
                .map_err(|error| format!("{}: {error}", self.name))?;
        }
        let before = self.function.processor_time()?;
        for number in 0..calls {
            answer(&self.function.invoke(event(number)).await?, 200)?;
        }
        let each = (self.function.processor_time()? - before) / calls;
        let peak = self.function.peak_bytes()?;
        println!("{:<26} {:>11} us {:>6.1} MB", self.name, each.as_micros(), mb(peak));
        println!("warm {}", json!({ "name": self.name, "cpu_us": each.as_micros() as u64, "peak_bytes": peak }));
        Ok(())
    }
}

/// The body of an answer with this status.
fn answer(response: &Value, status: u16) -> Outcome<Value> {
    if response["statusCode"] != json!(status) {
        return Err(format!("answered {response}").into());
    }
    Ok(serde_json::from_str(response["body"].as_str().unwrap_or("null")).unwrap_or_default())
}

/// What a deployment sets, for the database of `backend`.
fn environment(backend: &Backend) -> Vec<(&'static str, String)> {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let authorities = AUTHORITIES.iter().find(|file| Path::new(file).exists());
    let authorities = authorities.map(|file| ("SSL_CERT_FILE", (*file).to_owned()));
    let mut environment = vec![
        ("DYNAMODB_ENDPOINT", backend.endpoint()),
        ("GUILDHALL_TABLE_PREFIX", "test-".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("GUILDHALL_ACCESS_KEY", key(1)),
        ("GUILDHALL_SEALING_KEY", key(2)),
        ("GUILDHALL_DERIVATION_KEY", key(3)),
    ];
    environment.extend(authorities);
    environment
}

/// Length of a binary, and of the archive that holds it alone.
fn sizes(exe: &Path) -> Outcome<(u64, u64)> {
    let bytes =
        std::fs::read(exe).map_err(|error| format!("{}: {error}; `make functions` builds it", exe.display()))?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    // The local header, the directory and its end, with the name "bootstrap".
    let archive = encoder.finish()?.len() as u64 + 30 + 46 + 22 + 2 * 9;
    Ok((bytes.len() as u64, archive))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
