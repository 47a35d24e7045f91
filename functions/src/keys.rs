//! Where a function's keys come from. In the cloud each secret is one of Secrets Manager, which the variable `NAME_SECRET` names
//! by its ARN; where there is no such variable, `NAME` itself holds the one key. A secret holds one key or, during a rotation,
//! several: the first is used, all are understood. So functions read it again every now and then.

use crate::app::Secrets;
use crate::grants::{Grants, Secret};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Builder, Region};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_auth::{DerivationKey, SealingKey, SigningKeys};
use guildhall_storage::dynamo::{DynamoConfig, environment_credentials, http_client};
use lambda_http::Error;
use serde::Deserialize;
use std::time::Duration;

/// How long one look may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);
/// The id of a key that the environment holds itself.
const ONLY_KEY: &str = "1";

/// The keys that a function may read.
#[derive(Debug)]
pub(crate) struct KeyStore {
    client: Client,
    grants: Grants,
}

/// What has been read: one text for each secret, `None` where the function has no use for it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Read([Option<String>; Secret::ALL.len()]);

impl KeyStore {
    /// Those of the deployment that the environment names.
    pub(crate) fn from_environment(grants: Grants) -> Self {
        let config = DynamoConfig::from_environment();
        let mut sdk = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.region))
            .http_client(http_client())
            .timeout_config(TimeoutConfig::builder().operation_timeout(LOOK_TIMEOUT).build());
        sdk.set_endpoint_url(variable("SECRETS_MANAGER_ENDPOINT"));
        sdk.set_credentials_provider(environment_credentials());
        Self { client: Client::from_conf(sdk.build()), grants }
    }

    /// Whether the keys may change while the process lives.
    pub(crate) fn is_live(&self) -> bool {
        self.wanted().any(|secret| arn(secret).is_some())
    }

    /// Reads them all.
    ///
    /// # Errors
    /// One is not there, or cannot be read now.
    pub(crate) async fn read(&self) -> Result<Read, Error> {
        let mut texts = [const { None }; Secret::ALL.len()];
        for (text, secret) in texts.iter_mut().zip(Secret::ALL) {
            if self.grants.has(secret) {
                *text = Some(self.read_one(secret).await?);
            }
        }
        Ok(Read(texts))
    }

    async fn read_one(&self, secret: Secret) -> Result<String, Error> {
        let name = secret.variable();
        let Some(arn) = arn(secret) else {
            let key = variable(name).ok_or_else(|| format!("neither {name}_SECRET nor {name} is set"))?;
            return Ok(serde_json::json!({ "keys": [{ "id": ONLY_KEY, "key": key }] }).to_string());
        };
        let answer = self.client.get_secret_value().secret_id(arn).send().await;
        let value = answer.map_err(|error| format!("{name}: {}", error.into_service_error()))?;
        Ok(value.secret_string.ok_or_else(|| format!("{name} is no text"))?)
    }

    fn wanted(&self) -> impl Iterator<Item = Secret> {
        Secret::ALL.into_iter().filter(|secret| self.grants.has(*secret))
    }
}

/// One key, with the id that what it made names it by.
#[derive(Deserialize)]
struct Key {
    id: String,
    key: String,
}

/// A secret's form.
#[derive(Deserialize)]
struct Keys {
    keys: Vec<Key>,
}

impl Read {
    /// The keys in the forms in which they are used.
    ///
    /// # Errors
    /// A text is of another form, or holds no key; the message never shows any of it.
    pub(crate) fn secrets(&self) -> Result<Secrets, Error> {
        let Self([access, derivation, sealing]) = self;
        let ring = |text: &Option<String>, secret| text.as_deref().map(|text| keys(text, secret)).transpose();
        let signing = |keys: Vec<(String, [u8; 32])>| {
            SigningKeys::new(keys.into_iter().map(|(id, key)| (id, key.to_vec())).collect())
        };
        Ok(Secrets {
            access: ring(access, Secret::AccessKey)?.map(signing).transpose()?,
            derivation: ring(derivation, Secret::DerivationKey)?
                .and_then(split)
                .map(|(key, former)| DerivationKey::new(key).after(former)),
            sealing: ring(sealing, Secret::SealingKey)?
                .and_then(split)
                .map(|(key, former)| SealingKey::new(key).after(former)),
        })
    }
}

/// The key in use, and those before it.
fn split(keys: Vec<(String, [u8; 32])>) -> Option<([u8; 32], Vec<[u8; 32]>)> {
    let mut keys = keys.into_iter().map(|(_, key)| key);
    Some((keys.next()?, keys.collect()))
}

fn keys(text: &str, secret: Secret) -> Result<Vec<(String, [u8; 32])>, Error> {
    let name = secret.variable();
    let Keys { keys } = serde_json::from_str(text).map_err(|_| format!("{name} is no list of keys"))?;
    if keys.is_empty() {
        return Err(format!("{name} holds no key").into());
    }
    let decoded = |Key { id, key }: Key| {
        let bytes = STANDARD.decode(key).map_err(|_| format!("{name} is not base64"))?;
        Ok((id, bytes.try_into().map_err(|_| format!("{name} must have 32 bytes"))?))
    };
    keys.into_iter().map(decoded).collect()
}

fn arn(secret: Secret) -> Option<String> {
    variable(&format!("{}_SECRET", secret.variable()))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(keys: &[(&str, u8)]) -> Option<String> {
        let keys: Vec<_> =
            keys.iter().map(|(id, byte)| json!({ "id": id, "key": STANDARD.encode([*byte; 32]) })).collect();
        Some(json!({ "keys": keys }).to_string())
    }

    #[test]
    fn the_first_key_is_used_and_the_others_are_understood() {
        let before = Read([None, None, text(&[("1", 1)])]).secrets().unwrap().sealing.unwrap();
        let introduced = Read([None, None, text(&[("1", 1), ("2", 2)])]).secrets().unwrap().sealing.unwrap();
        let promoted = Read([None, None, text(&[("2", 2), ("1", 1)])]).secrets().unwrap().sealing.unwrap();
        let retired = Read([None, None, text(&[("2", 2)])]).secrets().unwrap().sealing.unwrap();
        let stages = [&before, &introduced, &promoted, &retired];
        // Functions read a step at different times: whoever is a step behind or ahead understands.
        for (place, sealer) in stages.iter().enumerate() {
            let sealed = sealer.seal(&[7; 32], [8; 12], "sim");
            for reader in &stages[place.saturating_sub(1)..(place + 2).min(stages.len())] {
                assert_eq!(reader.open(&sealed, "sim"), Ok([7; 32]), "sealed in step {place}");
            }
        }
        assert!(retired.open(&before.seal(&[7; 32], [8; 12], "sim"), "sim").is_err());
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused_without_showing_it() {
        for wrong in [
            "",
            "{}",
            r#"{"keys":[]}"#,
            r#"{"keys":[{"id":"1","key":"hunter2!"}]}"#,
            r#"{"keys":[{"id":"1","key":"aHVudGVyMg=="}]}"#,
        ] {
            let refused = Read([Some(wrong.to_owned()), None, None]).secrets().map(|_| ()).unwrap_err().to_string();
            assert!(refused.starts_with("GUILDHALL_ACCESS_KEY ") && !refused.contains("unter"), "{refused}");
        }
    }
}
