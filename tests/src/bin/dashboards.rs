//! Prints what derives from `infra/metrics.json`: `grafana`, `cloudwatch` or `alerts`.

#![allow(clippy::print_stdout, reason = "that is all it does")]

use guildhall_tests::dashboards::{alerts, cloudwatch, grafana, parse};
use std::process::ExitCode;

fn main() -> ExitCode {
    let watched = match parse(include_str!("../../../infra/metrics.json")) {
        Ok(watched) => watched,
        Err(error) => {
            eprintln!("infra/metrics.json: {error}");
            return ExitCode::FAILURE;
        }
    };
    let text = match std::env::args().nth(1).as_deref() {
        Some("grafana") => grafana(&watched),
        Some("cloudwatch") => cloudwatch(&watched),
        Some("alerts") => alerts(&watched),
        _ => {
            eprintln!("which? grafana, cloudwatch or alerts");
            return ExitCode::from(2);
        }
    };
    print!("{text}");
    ExitCode::SUCCESS
}
