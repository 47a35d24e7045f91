//! The product's own command line, built beside the tests so that they can start it as a process.
//!
//! Where Lambda's runtime API is, it is the function of the route that `_HANDLER` names, with the very `start` that the deployed
//! binaries call. As a game sim it is of the build that `BUILD_UNDER_TEST` names, so that there can be two.

use guildhall_domain::ruleset::Standard;
use guildhall_functions::{ROUTES, start};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return function(&std::env::var("_HANDLER").unwrap_or_default());
    }
    match std::env::var("BUILD_UNDER_TEST") {
        Ok(build) if std::env::args().nth(1).as_deref() == Some("sim") => {
            guildhall_gamesim::serve_as(Some(build), Arc::new(Standard))
        }
        _ => guildhall_local::main(),
    }
}

fn function(name: &str) -> ExitCode {
    let Some(route) = ROUTES.iter().find(|route| route.name == name) else { return ExitCode::FAILURE };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map(|runtime| runtime.block_on(start(route))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
