//! Which route a request is for. Paths are matched as they came and parameters are decoded afterwards, so that an encoded
//! slash stays part of its parameter.

use guildhall_functions::Route;
use matchit::Router;

/// The routes by path.
pub(crate) struct Routes {
    by_path: Router<Vec<&'static Route>>,
}

/// Names and decoded values.
pub(crate) type PathParameters = Vec<(String, String)>;

/// What a path and a method lead to.
#[derive(Debug)]
pub(crate) enum Found {
    /// A route and its decoded path parameters.
    Route(&'static Route, PathParameters),
    /// The path exists, with these methods only.
    OtherMethods(Vec<&'static str>),
    /// A parameter is not valid percent-encoded UTF-8.
    Undecodable,
    /// There is no such path.
    Nothing,
}

impl Routes {
    /// # Panics
    /// If two paths cannot be told apart, which the tests would notice first.
    pub(crate) fn new(routes: &[&'static Route]) -> Self {
        let mut paths: Vec<(&'static str, Vec<&'static Route>)> = Vec::new();
        for route in routes {
            match paths.iter_mut().find(|(path, _)| *path == route.path) {
                Some((_, same)) => same.push(route),
                None => paths.push((route.path, vec![route])),
            }
        }
        let mut by_path = Router::new();
        for (path, routes) in paths {
            by_path.insert(path, routes).expect("the paths of the routes differ");
        }
        Self { by_path }
    }

    pub(crate) fn find(&self, method: &str, path: &str) -> Found {
        let Ok(matched) = self.by_path.at(path) else { return Found::Nothing };
        let Some(route) = matched.value.iter().find(|route| route.method.as_str() == method) else {
            return Found::OtherMethods(matched.value.iter().map(|route| route.method.as_str()).collect());
        };
        let decoded = matched.params.iter().map(|(name, value)| Some((name.to_owned(), percent_decode(value)?)));
        match decoded.collect() {
            Some(parameters) => Found::Route(route, parameters),
            None => Found::Undecodable,
        }
    }
}

/// Decodes `%C3%A9`; `None` for a broken escape or for bytes that are not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_functions::ROUTES;

    #[test]
    fn every_route_is_found_by_its_own_path() {
        let routes = Routes::new(ROUTES);
        for route in ROUTES {
            let path: Vec<&str> = route.path.split('/').map(|s| if s.starts_with('{') { "x" } else { s }).collect();
            let found = routes.find(route.method.as_str(), &path.join("/"));
            assert!(matches!(found, Found::Route(found, _) if found.name == route.name), "{route:?}: {found:?}");
        }
    }

    #[test]
    fn parameters_are_decoded_after_the_match() {
        let routes = Routes::new(ROUTES);
        let find = |path: &str| routes.find("GET", path);
        match find("/v1/characters/a%2Fb%C3%A9+c") {
            Found::Route(route, parameters) => {
                assert_eq!(route.name, "get-character");
                assert_eq!(parameters, [("character_id".to_owned(), "a/bé+c".to_owned())]);
            }
            other => panic!("{other:?}"),
        }
        for broken in ["/v1/characters/%", "/v1/characters/%2", "/v1/characters/%zz", "/v1/characters/%ff"] {
            assert!(matches!(find(broken), Found::Undecodable), "{broken}");
        }
        for unknown in ["/", "", "/v1", "/v1/characters/a/b", "/v1/characters/", "//v1/characters", "/V1/characters"] {
            assert!(matches!(find(unknown), Found::Nothing), "{unknown}");
        }
        assert!(matches!(routes.find("DELETE", "/v1/characters"), Found::OtherMethods(m) if m == ["POST", "GET"]));
    }
}
