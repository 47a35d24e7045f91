//! Three calls of the EC2 Auto Scaling API, as forms over HTTP, signed as all calls of a game sim are. Its SDK would take
//! longer to build than the rest of the game sim, for these three.

use crate::api::{AUTOSCALING, Signer, http_client, with_causes};
use crate::config::AutoscalingConfig;
use crate::rim::{Group, GroupCall as Call, Pending};
use std::sync::Arc;

/// Version of the API that is spoken.
const VERSION: &str = "2011-01-01";
/// How long one call may take, in milliseconds.
const TIMEOUT_MS: u64 = 2_000;
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// A way to the autoscaling group.
#[derive(Debug)]
pub(super) struct Autoscaling {
    config: AutoscalingConfig,
    http: reqwest::Client,
    signer: Arc<Signer>,
}

impl Group for Autoscaling {
    fn call<'a>(&'a self, call: Call, instance_id: &'a str) -> Pending<'a, Result<(), String>> {
        Box::pin(self.send(call, instance_id))
    }
}

impl Autoscaling {
    pub(super) fn connect(config: AutoscalingConfig, signer: Arc<Signer>) -> Result<Self, reqwest::Error> {
        Ok(Self { http: http_client(&config.endpoint, TIMEOUT_MS)?, config, signer })
    }

    async fn send(&self, call: Call, instance_id: &str) -> Result<(), String> {
        let Some(fields) = self.fields(call, instance_id) else { return Ok(()) };
        let url = format!("{}/", self.config.endpoint);
        let form = reqwest::Url::parse_with_params(&url, fields).map_err(|error| error.to_string())?;
        let body = form.query().unwrap_or_default().as_bytes().to_vec();
        let request = http::Request::post(url).header(http::header::CONTENT_TYPE, FORM).body(body);
        let mut request = request.map_err(|error| error.to_string())?;
        self.signer.sign(AUTOSCALING, &mut request).await?;
        let request = reqwest::Request::try_from(request).map_err(|error| with_causes(&error))?;
        let response = self.http.execute(request).await.map_err(|error| with_causes(&error))?;
        if response.status().is_success() { Ok(()) } else { Err(format!("{call:?}: {}", response.status())) }
    }

    /// Without a lifecycle hook there is nobody to be told of a drain.
    fn fields<'a>(&'a self, call: Call, instance_id: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let hook = self.config.lifecycle_hook.as_deref();
        let (action, rest) = match call {
            Call::Protect(is_protected) => {
                let is_protected = if is_protected { "true" } else { "false" };
                let rest = vec![("InstanceIds.member.1", instance_id), ("ProtectedFromScaleIn", is_protected)];
                ("SetInstanceProtection", rest)
            }
            Call::Heartbeat => {
                ("RecordLifecycleActionHeartbeat", vec![("InstanceId", instance_id), ("LifecycleHookName", hook?)])
            }
            Call::Complete => {
                let result = ("LifecycleActionResult", "CONTINUE");
                ("CompleteLifecycleAction", vec![("InstanceId", instance_id), ("LifecycleHookName", hook?), result])
            }
        };
        let first = [("Action", action), ("Version", VERSION), ("AutoScalingGroupName", &self.config.group)];
        Some(first.into_iter().chain(rest).collect())
    }
}
