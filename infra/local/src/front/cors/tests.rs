//! Which origins are allowed, and that the configuration fits the routes.

use super::*;
use guildhall_functions::ROUTES;

fn allows(list: &str, origin: &'static str) -> bool {
    AllowedOrigins::parse(list).unwrap().allowed(&HeaderValue::from_static(origin)).is_some()
}

#[test]
fn an_origin_is_allowed_by_its_name_its_port_or_its_scheme() {
    for (list, origin) in [
        ("*", "https://anything.example"),
        ("*", "null"),
        ("https://*", "https://anything.example:8443"),
        ("http://localhost:*", "http://localhost:5173"),
        ("http://localhost:*", "http://localhost"),
        ("http://[::1]:*", "http://[::1]:80"),
        ("https://a.example, https://b.example:8443", "https://b.example:8443"),
        ("https://Play.Example.com", "https://play.example.com"),
        ("tauri://localhost", "tauri://localhost"),
    ] {
        assert!(allows(list, origin), "{list} allows {origin}");
    }
    for (list, origin) in [
        ("none", "https://a.example"),
        ("https://*", "http://a.example"),
        ("https://*", "null"),
        ("http://localhost:*", "https://localhost:5173"),
        ("http://localhost:*", "http://localhost.evil.example"),
        ("http://localhost:*", "http://localhost:1.evil.example"),
        ("http://localhost:*", "http://localhost:+1"),
        ("http://localhost:*", "http://localhost:65536"),
        ("http://localhost:*", "http://localhost:"),
        ("https://a.example", "https://a.example:8443"),
        ("https://a.example", "https://a.example.evil.example"),
        ("https://a.example", "https://evil.example"),
    ] {
        assert!(!allows(list, origin), "{list} does not allow {origin}");
    }
}

#[test]
fn what_is_no_origin_is_no_setting() {
    for wrong in [
        "",
        ",",
        "a.example",
        "https://",
        "https://a.example/",
        "https://a/b",
        "https://*.example",
        "https://u@a",
        "*,none",
    ] {
        assert_eq!(AllowedOrigins::parse(wrong), None, "{wrong}");
    }
    for wrong in ["1a://b", "ht tp://a", "HTTP://a", "://a", "http://a:b:*", "https://:*"] {
        assert_eq!(AllowedOrigins::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn the_configuration_has_the_methods_of_the_routes() {
    let configuration: Configuration = serde_json::from_str(CONFIGURATION).unwrap();
    let mut methods: Vec<&str> = ROUTES.iter().map(|route| route.method.as_str()).collect();
    methods.sort_unstable();
    methods.dedup();
    assert_eq!(configuration.allow_methods, methods);
}
