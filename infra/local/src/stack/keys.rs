//! The keys of those who call `/internal/…` by hand, with any tool that signs requests with SigV4: whoever can read
//! `operator.env` in the data folder may do what operators may, and `gamesim.env` makes one more game sim of whoever reads
//! it, for a process in a debugger or a test. The keys are drawn at each start, so that a copy of an old file opens nothing.
//! `functions.env` makes functions of this installation of processes elsewhere, such as those that `cargo lambda watch` starts.

use super::data::DataFolder;
use super::{REGION, StartError};
use crate::secrets::Secrets;
use crate::sigv4::Identity;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use guildhall_functions::Secret;
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

/// What a function has in its environment: where this stack's database is, and the keys of the installation.
pub(super) fn functions(data: &DataFolder, secrets: &Secrets, endpoint: &str) -> Result<(), StartError> {
    let key = |secret| match secret {
        Secret::AccessKey => secrets.access,
        Secret::DerivationKey => secrets.derivation,
        Secret::SealingKey => secrets.sealing,
    };
    // In quotes, because not everybody who reads such files takes an equals sign without.
    let keys = Secret::ALL.map(|secret| (secret.variable(), format!("'{}'", STANDARD.encode(key(secret)))));
    let place = [("AWS_REGION", REGION.to_owned()), ("DYNAMODB_ENDPOINT", endpoint.to_owned())];
    let variables: Vec<_> = place.into_iter().chain(keys).collect();
    let refuse = |cause| StartError::DataFolder { path: data.path().to_owned(), cause };
    write(&data.keys("functions"), &variables).map_err(refuse)
}

fn entropy() -> Result<[u8; 32], StartError> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(StartError::system)?;
    Ok(entropy)
}

/// Writes the keys where their owner alone finds them.
fn kept(data: &DataFolder, whose: &str, identity: Identity) -> Result<Identity, StartError> {
    let refuse = |cause| StartError::DataFolder { path: data.path().to_owned(), cause };
    let variables = [
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", identity.access_key.clone()),
        ("AWS_SECRET_ACCESS_KEY", identity.secret_key.clone()),
    ];
    write(&data.keys(whose), &variables).map_err(refuse)?;
    Ok(identity)
}

/// The file appears whole or not at all.
fn write(path: &Path, variables: &[(&str, String)]) -> std::io::Result<()> {
    let unfinished = path.with_extension("env.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&unfinished)?;
    // A file that was there before keeps its mode when it is opened.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    for (name, value) in variables {
        writeln!(file, "{name}={value}")?;
    }
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Folder;

    #[test]
    fn functions_elsewhere_are_told_of_the_same_keys() {
        let folder = Folder::new("function-keys");
        let data = DataFolder::take(folder.path()).unwrap();
        let secrets = Secrets::load_or_create(folder.path()).unwrap();
        functions(&data, &secrets, "http://127.0.0.1:1").unwrap();
        let text = std::fs::read_to_string(data.keys("functions")).unwrap();
        let key = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{name}='"))).unwrap();
        for (name, secret) in [
            ("GUILDHALL_ACCESS_KEY", secrets.access),
            ("GUILDHALL_DERIVATION_KEY", secrets.derivation),
            ("GUILDHALL_SEALING_KEY", secrets.sealing),
        ] {
            assert_eq!(STANDARD.decode(key(name).trim_end_matches('\'')).unwrap(), secret, "{name}");
        }
        assert!(text.contains("DYNAMODB_ENDPOINT=http://127.0.0.1:1\n"), "{text}");
        assert_eq!(std::fs::metadata(data.keys("functions")).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
    }

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
