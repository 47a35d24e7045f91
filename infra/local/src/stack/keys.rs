//! The keys of those who call `/internal/…` by hand, with any tool that signs requests with SigV4: whoever can read
//! `operator.env` in the data folder may do what operators may, and `gamesim.env` makes one more game sim of whoever reads
//! it, for a process in a debugger or a test. The keys are drawn at each start, so that a copy of an old file opens nothing.

use super::data::DataFolder;
use super::{REGION, StartError};
use crate::sigv4::Identity;
use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Read and write for the owner, nothing for anybody else.
const OWNER_ONLY: u32 = 0o600;

/// A fresh operator.
pub(super) fn operator(data: &DataFolder) -> Result<Identity, StartError> {
    kept(data, "operator", Identity::of_operator("local", entropy()?))
}

/// A fresh identity for a game sim that somebody starts by hand.
pub(super) fn gamesim(data: &DataFolder) -> Result<Identity, StartError> {
    kept(data, "gamesim", Identity::of_gamesim("by-hand", entropy()?))
}

fn entropy() -> Result<[u8; 32], StartError> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(StartError::system)?;
    Ok(entropy)
}

/// Writes the keys where their owner alone finds them.
fn kept(data: &DataFolder, whose: &str, identity: Identity) -> Result<Identity, StartError> {
    let refuse = |cause| StartError::DataFolder { path: data.path().to_owned(), cause };
    write(&data.keys(whose), &identity).map_err(refuse)?;
    Ok(identity)
}

/// The file appears whole or not at all.
fn write(path: &Path, identity: &Identity) -> std::io::Result<()> {
    let unfinished = path.with_extension("env.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&unfinished)?;
    // A file that was there before keeps its mode when it is opened.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    writeln!(file, "AWS_REGION={REGION}")?;
    writeln!(file, "AWS_ACCESS_KEY_ID={}", identity.access_key)?;
    writeln!(file, "AWS_SECRET_ACCESS_KEY={}", identity.secret_key)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Folder;

    #[test]
    fn each_start_has_keys_of_its_own_that_only_their_owner_reads() {
        let folder = Folder::new("keys");
        let data = DataFolder::take(folder.path()).unwrap();
        type Draw = fn(&DataFolder) -> Result<Identity, StartError>;
        for (whose, role, draw) in [
            ("operator", "guildhall-operator/local", operator as Draw),
            ("gamesim", "guildhall-gamesim/by-hand", gamesim as Draw),
        ] {
            let path = data.keys(whose);
            let first = draw(&data).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            let second = draw(&data).unwrap();
            assert_ne!(first.secret_key, second.secret_key);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(&second.access_key) && text.contains(&second.secret_key), "{text}");
            assert!(!text.contains(&first.secret_key));
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
            assert_eq!(second.user_arn(), format!("arn:aws:sts::000000000000:assumed-role/{role}"));
        }
    }
}
