//! The local operator: whoever can read `operator.env` in the data folder may do what operators may, with any tool that
//! signs requests with SigV4. The keys are drawn at each start, so that a copy of an old file opens nothing.

use super::data::DataFolder;
use super::{REGION, StartError};
use crate::sigv4::Identity;
use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

/// Read and write for the owner, nothing for anybody else.
const OWNER_ONLY: u32 = 0o600;

/// A fresh operator, written where its owner alone finds it. The file appears whole or not at all.
pub(super) fn identity(data: &DataFolder) -> Result<Identity, StartError> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(StartError::system)?;
    let identity = Identity::of_operator("local", entropy);
    write(data, &identity).map_err(|cause| StartError::DataFolder { path: data.path().to_owned(), cause })?;
    Ok(identity)
}

fn write(data: &DataFolder, identity: &Identity) -> std::io::Result<()> {
    let path = data.operator();
    let unfinished = path.with_extension("env.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&unfinished)?;
    // A file that was there before keeps its mode when it is opened.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    writeln!(file, "AWS_REGION={REGION}")?;
    writeln!(file, "AWS_ACCESS_KEY_ID={}", identity.access_key)?;
    writeln!(file, "AWS_SECRET_ACCESS_KEY={}", identity.secret_key)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, &path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Folder;

    #[test]
    fn each_start_has_keys_of_its_own_that_only_their_owner_reads() {
        let folder = Folder::new("operator");
        let data = DataFolder::take(folder.path()).unwrap();
        let first = identity(&data).unwrap();
        std::fs::set_permissions(data.operator(), Permissions::from_mode(0o644)).unwrap();
        let second = identity(&data).unwrap();
        assert_ne!(first.secret_key, second.secret_key);
        let text = std::fs::read_to_string(data.operator()).unwrap();
        assert!(text.contains(&second.access_key) && text.contains(&second.secret_key), "{text}");
        assert!(!text.contains(&first.secret_key));
        assert_eq!(std::fs::metadata(data.operator()).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        assert_eq!(second.user_arn(), "arn:aws:sts::000000000000:assumed-role/guildhall-operator/local");
    }
}
