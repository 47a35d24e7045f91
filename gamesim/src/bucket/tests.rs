//! The bucket against a real S3 server in this process, over HTTP, signatures and all.

use super::*;
use aws_credential_types::Credentials;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server on a folder of its own; both are gone with this value.
pub(crate) struct Server {
    folder: PathBuf,
    pub(crate) address: String,
    serving: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("guildhall-bucket-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("kept")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(&folder).unwrap());
        service.set_auth(SimpleAuth::from_single("AKID", "secret"));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let io = hyper_util::rt::TokioIo::new(stream);
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service.clone()));
            }
        });
        Self { folder, address, serving }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
        // Whatever is left over is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn bucket(endpoint: &str, name: &str, secret: &str) -> Bucket {
    let config = Config::parse(|variable| match variable {
        "GUILDHALL_API" => Some("http://127.0.0.1:1".into()),
        "CHECKPOINT_BUCKET" => Some(name.to_owned()),
        "S3_ENDPOINT" => Some(endpoint.to_owned()),
        _ => None,
    });
    let credentials = Credentials::new("AKID", secret, None, None, "test");
    Bucket::connect(&config.unwrap(), Some(SharedCredentialsProvider::new(credentials))).unwrap()
}

#[tokio::test]
async fn what_is_put_is_there_until_the_next() {
    let server = Server::start("put").await;
    let bucket = bucket(&server.address, "kept", "secret");
    let key = || key(&"sim-1".parse().unwrap(), 7, 40_000);
    assert_eq!(bucket.get(key()).await, Ok(None));
    for bytes in [vec![], vec![1; 100_000], vec![2; 3]] {
        bucket.put(key(), bytes.clone()).await.unwrap();
        assert_eq!(bucket.get(key()).await, Ok(Some(bytes)));
    }
    assert_eq!(bucket.get("checkpoints/sim-1/8/40000".to_owned()).await, Ok(None));
    assert!(server.folder.join("kept/checkpoints/sim-1/7/40000").is_file());
}

#[tokio::test]
async fn whatever_goes_wrong_is_an_error_and_never_an_absent_object() {
    let server = Server::start("wrong").await;
    let key = || "checkpoints/sim-1/7/40000".to_owned();
    let stranger = bucket(&server.address, "kept", "guessed");
    assert!(stranger.put(key(), vec![1]).await.is_err() && stranger.get(key()).await.is_err());
    let address = server.address.clone();
    drop(server);
    let bucket = bucket(&address, "kept", "secret");
    assert!(bucket.put(key(), vec![1]).await.is_err() && bucket.get(key()).await.is_err());
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bucket = bucket(&format!("http://{}", listener.local_addr().unwrap()), "kept", "secret");
    let (found, stored) = tokio::join!(bucket.get("key".to_owned()), bucket.put("key".to_owned(), vec![1]));
    for error in [found.unwrap_err(), stored.unwrap_err()] {
        assert!(error.contains("2000 ms"), "{error}");
    }
}

#[test]
fn without_a_name_there_is_no_bucket() {
    let config = Config::parse(|variable| (variable == "GUILDHALL_API").then(|| "http://127.0.0.1:1".into()));
    assert!(Bucket::connect(&config.unwrap(), None).is_none());
}
