//! The instance metadata service of EC2, version 2: every question carries a session token, which is asked for first and
//! again when it is no longer taken.

use crate::api::{http_client, with_causes};
use crate::rim::{self, Pending};
use reqwest::StatusCode;

/// How long one question may take, in milliseconds: the service is on the same machine.
const TIMEOUT_MS: u64 = 1_000;
/// How long a session token is to last, in seconds: the longest that the service gives.
const TOKEN_S: u64 = 21_600;
/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 4_096;
const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";
const TOKEN_SECONDS_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";

/// A way to the service.
#[derive(Debug)]
pub(super) struct Metadata {
    base: String,
    http: reqwest::Client,
    token: Option<String>,
}

impl rim::Metadata for Metadata {
    fn text<'a>(&'a mut self, path: &'a str) -> Pending<'a, Result<Option<String>, String>> {
        Box::pin(self.read(path))
    }
}

impl Metadata {
    pub(super) fn connect(endpoint: &str) -> Result<Self, reqwest::Error> {
        Ok(Self { base: endpoint.to_owned(), http: http_client(endpoint, TIMEOUT_MS)?, token: None })
    }

    async fn read(&mut self, path: &str) -> Result<Option<String>, String> {
        if let Some(token) = self.token.clone() {
            match self.ask(path, &token).await? {
                (StatusCode::UNAUTHORIZED, _) => self.token = None,
                answer => return judge(answer),
            }
        }
        let token = self.open_session().await?;
        let answer = self.ask(path, &token).await?;
        self.token = Some(token);
        judge(answer)
    }

    async fn open_session(&self) -> Result<String, String> {
        let request = self.http.put(format!("{}/latest/api/token", self.base)).header(TOKEN_SECONDS_HEADER, TOKEN_S);
        judge(read(request).await?)?.ok_or_else(|| "there is no version 2 of the metadata service".to_owned())
    }

    async fn ask(&self, path: &str, token: &str) -> Result<(StatusCode, String), String> {
        read(self.http.get(format!("{}/latest/meta-data/{path}", self.base)).header(TOKEN_HEADER, token)).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<(StatusCode, String), String> {
    let mut response = request.send().await.map_err(|error| with_causes(&error))?;
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| with_causes(&error))? {
        answer.extend_from_slice(&chunk);
        if answer.len() > ANSWER_BYTES_MAX {
            return Err("the metadata service's answer is too long".to_owned());
        }
    }
    Ok((response.status(), String::from_utf8_lossy(&answer).into_owned()))
}

fn judge((status, text): (StatusCode, String)) -> Result<Option<String>, String> {
    match status {
        StatusCode::OK => Ok(Some(text)),
        StatusCode::NOT_FOUND => Ok(None),
        other => Err(format!("the metadata service answered {other}")),
    }
}
