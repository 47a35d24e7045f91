//! `infra/routes.json`: what the cloud has to know of each route, so that a function, its permissions and its address in API
//! Gateway follow from the code. And the part of `functions/Cargo.toml` by which `cargo lambda watch` serves the same routes.

use guildhall_functions::{Access, ROUTES, Route, Secret};
use guildhall_storage::{Operation, TableName};
use serde::Serialize;
use std::fs;
use std::path::Path;

#[derive(Serialize)]
struct Document {
    routes: Vec<Entry>,
}

/// One function.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    /// What API Gateway verifies: a SigV4 signature (`iam`) or nothing. A `bearer` token is the function's to verify.
    authorization: &'static str,
    /// Who may sign.
    role: Option<&'static str>,
    /// Folder of the endpoint.
    group: String,
    memory_mb: u32,
    timeout_s: u32,
    /// Environment variables.
    secrets: Vec<&'static str>,
    tables: Vec<Grant>,
}

/// What a function may do to a table.
#[derive(Serialize)]
struct Grant {
    table: &'static str,
    actions: Vec<&'static str>,
}

/// The whole file.
pub fn document() -> String {
    let document = Document { routes: ROUTES.iter().map(|route| entry(route)).collect() };
    let json = serde_json::to_string_pretty(&document).expect("names and numbers are JSON");
    format!("{json}\n")
}

/// Between these lines `functions/Cargo.toml` is written by the routes.
const BEGIN: &str = "# What `cargo lambda watch` serves; written by `make routes`.\n";
const END: &str = "# The end of what `make routes` writes.\n";

/// The whole of `functions/Cargo.toml`, given what it is.
///
/// # Panics
/// If the two lines are not in it.
pub fn manifest(written: &str) -> String {
    let (before, rest) = written.split_once(BEGIN).expect("the line where the routes begin");
    let (_, after) = rest.split_once(END).expect("the line where the routes end");
    let served: String = ROUTES.iter().map(|route| served(route)).collect();
    format!("{before}{BEGIN}{served}{END}{after}")
}

/// An entry of the router's table.
fn served(route: &Route) -> String {
    let Route { name, method, path, .. } = route;
    let method = method.as_str();
    format!(
        "[[package.metadata.lambda.watch.router]]\npath = \"{path}\"\nmethods = [\"{method}\"]\nfunction = \"{name}\"\n\n"
    )
}

fn entry(route: &Route) -> Entry {
    let (authorization, role) = match route.access {
        Access::Public => ("none", None),
        Access::Player => ("bearer", None),
        Access::Gamesim => ("iam", Some("gamesim")),
        Access::Operator => ("iam", Some("operator")),
    };
    Entry {
        name: route.name,
        method: route.method.as_str(),
        path: route.path,
        authorization,
        role,
        group: group(route.name),
        memory_mb: route.memory_mb(),
        timeout_s: route.timeout_s,
        secrets: Secret::ALL.into_iter().filter(|secret| route.grants.has(*secret)).map(Secret::variable).collect(),
        tables: grants(route),
    }
}

/// Tables and actions by their names' order.
fn grants(route: &Route) -> Vec<Grant> {
    let mut grants: Vec<Grant> = TableName::ALL
        .into_iter()
        .map(|table| {
            let actions = route.grants.tables().on_table(table).map(Operation::iam_action).collect();
            Grant { table: table.as_str(), actions }
        })
        .filter(|grant| !grant.actions.is_empty())
        .collect();
    grants.sort_by_key(|grant| grant.table);
    grants
}

/// The folder that has the file of the endpoint, which is called as its route is.
fn group(name: &str) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/src");
    let file = format!("{}.rs", name.replace('-', "_"));
    let folders = fs::read_dir(source).expect("the functions' source").map(|entry| entry.expect("an entry"));
    let mut homes = folders.filter(|entry| entry.path().join(&file).is_file());
    let home = homes.next().unwrap_or_else(|| panic!("no folder has {file}"));
    home.file_name().into_string().expect("a name in UTF-8")
}
