//! What the process's surroundings give: AWS credentials, from environment variables on a laptop and the instance's role in
//! the cloud, and an HTTP client for the SDK.

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::tls;

/// A client on our own TLS stack: the SDK's default one is left out of the build, since it brings a second.
pub(crate) fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

/// Where credentials come from; `None` if nothing around gives any.
pub(crate) async fn credentials(region: &str) -> Option<SharedCredentialsProvider> {
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(region.to_owned()));
    loader.http_client(http_client()).load().await.credentials_provider()
}
