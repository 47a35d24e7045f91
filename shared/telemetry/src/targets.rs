//! Where a process serves its metrics, as a file that Prometheus discovers (`file_sd_configs`): ports that the system chooses
//! are written down nowhere else.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// Writes that `instance` serves its metrics at `address`, in place of whatever the file said.
///
/// # Errors
/// Those of the file system.
pub fn write(file: &Path, address: SocketAddr, instance: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Nobody finds half a file: Prometheus reads it whenever it changes.
    let draft = file.with_extension("new");
    std::fs::write(&draft, format!("{}\n", render(address, instance)))?;
    std::fs::rename(draft, file)
}

fn render(address: SocketAddr, instance: &str) -> String {
    // Debug quotes as JSON does, for names of letters, digits and hyphens.
    format!("[{{\"targets\": [\"{address}\"], \"labels\": {{\"instance\": {instance:?}}}}}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_json_as_prometheus_wants_it() {
        let text = render("127.0.0.1:9100".parse().unwrap(), "sim-1");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let wanted = serde_json::json!([{"targets": ["127.0.0.1:9100"], "labels": {"instance": "sim-1"}}]);
        assert_eq!(read, wanted);
    }
}
