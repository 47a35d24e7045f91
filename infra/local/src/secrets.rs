//! The keys of this installation: made at the first start, kept in a file that only its owner may read, and used again
//! afterwards, so that tokens outlive a restart and idempotency keys keep meaning the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Name of the file in the data folder.
pub const FILE_NAME: &str = "secrets.json";
/// Read and write for the owner, nothing for anybody else.
const OWNER_ONLY: u32 = 0o600;

/// The keys of this installation. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Signs access tokens.
    pub access: [u8; 32],
    /// Seals game sims' connect keys.
    pub sealing: [u8; 32],
    /// Turns idempotency keys into ids.
    pub derivation: [u8; 32],
    /// The API's id, as API Gateway gives each API one: ten lower-case letters and digits.
    pub api_id: String,
    /// Password of the demo's accounts.
    pub demo_password: String,
}

/// The file's form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    access_key: String,
    sealing_key: String,
    derivation_key: String,
    api_id: String,
    demo_password: String,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file cannot be read or written.
    #[error("cannot use {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file is there and holds something else.
    #[error("{} does not hold this installation's keys; without them every player must sign in again, so nothing was replaced", .0.display())]
    Damaged(PathBuf),
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("api_id", &self.api_id).finish_non_exhaustive()
    }
}

impl Secrets {
    /// The keys in `folder`, made if there are none yet.
    ///
    /// # Errors
    /// [`SecretsError`]; a file that cannot be read is never replaced.
    pub fn load_or_create(folder: &Path) -> Result<Self, SecretsError> {
        let path = folder.join(FILE_NAME);
        let refuse = |cause| SecretsError::File { path: path.clone(), cause };
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                // Whoever copied the folder may have lost the restriction.
                std::fs::set_permissions(&path, Permissions::from_mode(OWNER_ONLY)).map_err(refuse)?;
                Self::parse(&text).ok_or_else(|| SecretsError::Damaged(path.clone()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let secrets = Self::draw().map_err(refuse)?;
                secrets.write(folder, &path).map_err(refuse)?;
                Ok(secrets)
            }
            Err(cause) if cause.kind() == ErrorKind::InvalidData => Err(SecretsError::Damaged(path)),
            Err(cause) => Err(refuse(cause)),
        }
    }

    fn draw() -> std::io::Result<Self> {
        let number = || getrandom::u64().map_err(std::io::Error::other);
        let api_id = format!("{:016x}", number()?).chars().take(10).collect();
        let demo_password = format!("{:016x}{:016x}", number()?, number()?);
        Ok(Self { access: key()?, sealing: key()?, derivation: key()?, api_id, demo_password })
    }

    fn parse(text: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(text).ok()?;
        let key = |text: &str| STANDARD.decode(text).ok()?.try_into().ok();
        Some(Self {
            access: key(&stored.access_key)?,
            sealing: key(&stored.sealing_key)?,
            derivation: key(&stored.derivation_key)?,
            api_id: stored.api_id,
            demo_password: stored.demo_password,
        })
    }

    /// The file appears whole or not at all.
    fn write(&self, folder: &Path, path: &Path) -> std::io::Result<()> {
        let stored = Stored {
            access_key: STANDARD.encode(self.access),
            sealing_key: STANDARD.encode(self.sealing),
            derivation_key: STANDARD.encode(self.derivation),
            api_id: self.api_id.clone(),
            demo_password: self.demo_password.clone(),
        };
        let text = serde_json::to_string_pretty(&stored)?;
        let unfinished = folder.join(format!("{FILE_NAME}.new"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&unfinished)?;
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        File::open(folder)?.sync_all()
    }
}

fn key() -> std::io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(std::io::Error::other)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Folder;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let folder = Folder::new("secrets");
        let path = folder.path().join(FILE_NAME);
        let first = Secrets::load_or_create(folder.path()).unwrap();
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let second = Secrets::load_or_create(folder.path()).unwrap();
        assert_eq!(second, first);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn installations_differ_and_so_do_their_keys() {
        let [a, b] = ["a", "b"].map(|name| Secrets::load_or_create(Folder::new(name).path()).unwrap());
        let keys = [a.access, a.sealing, a.derivation, b.access, b.sealing, b.derivation];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key) && key != &[0; 32]);
        }
        assert_eq!(a.api_id.len(), 10);
        assert_ne!(a.demo_password, b.demo_password);
    }

    #[test]
    fn a_damaged_file_is_left_alone() {
        let folder = Folder::new("secrets");
        let path = folder.path().join(FILE_NAME);
        Secrets::load_or_create(folder.path()).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        for damaged in ["", "{}", &whole[..whole.len() / 2], &whole.replace('=', "")] {
            std::fs::write(&path, damaged).unwrap();
            let error = Secrets::load_or_create(folder.path()).unwrap_err();
            assert!(matches!(error, SecretsError::Damaged(_)), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[test]
    fn debug_hides_the_keys() {
        let secrets = Secrets::load_or_create(Folder::new("secrets").path()).unwrap();
        let text = format!("{secrets:?}");
        assert!(!text.contains(&secrets.demo_password) && !text.contains("access"), "{text}");
    }
}
