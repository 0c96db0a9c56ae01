//! A request before it leaves.

use desk::percent::encoded;

use super::Secret;

/// The methods the program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Make, or change.
    Post,
    /// Put in place.
    Put,
    /// Change a part.
    Patch,
    /// Take away.
    Delete,
}

impl Method {
    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// Does it change anything?
    #[must_use]
    pub fn changes(self) -> bool {
        self != Method::Get
    }
}

/// What a request carries.
#[derive(Clone)]
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON text.
    Json(Vec<u8>),
    /// A form that holds secrets, such as that of a token.
    Form(Vec<(&'static str, Secret)>),
}

/// A request. It has no `Debug`: its headers and body may hold secrets.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(&'static str, Secret)>,
    pub(super) open: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) follow: bool,
    pub(super) asks: bool,
    pub(super) hidden: Vec<Secret>,
}

impl Request {
    /// A request for a path below the base address of its site.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            open: Vec::new(),
            body: Body::Empty,
            follow: true,
            asks: false,
            hidden: Vec::new(),
        }
    }

    /// Read a path.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// With a parameter.
    #[must_use]
    pub fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// With a header that anybody may see.
    #[must_use]
    pub fn open_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.open.push((name, value.into()));
        self
    }

    /// With a header that holds a secret: it is taken out of every error, excerpt and log.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &Secret) -> Self {
        self.headers.push((name, value.clone()));
        self
    }

    /// A further secret that is taken out of every error, excerpt and log: the value inside a header, which a service may
    /// say back alone.
    #[must_use]
    pub fn hiding(mut self, value: &Secret) -> Self {
        self.hidden.push(value.clone());
        self
    }

    /// With JSON.
    #[must_use]
    pub fn json(mut self, value: &serde_json::Value) -> Self {
        self.body = Body::Json(value.to_string().into_bytes());
        self
    }

    /// It asks a question, although its method could change things: it may be asked again.
    #[must_use]
    pub fn asking(mut self) -> Self {
        self.asks = true;
        self
    }

    /// Does it change anything?
    #[must_use]
    pub fn changes(&self) -> bool {
        self.method.changes() && !self.asks
    }

    /// With a form of secrets.
    #[must_use]
    pub fn form(mut self, fields: Vec<(&'static str, Secret)>) -> Self {
        self.body = Body::Form(fields);
        self
    }

    /// Follow no redirect, not even on the same host.
    #[must_use]
    pub fn stay(mut self) -> Self {
        self.follow = false;
        self
    }
}

/// Pairs as `a=1&b=2`.
pub(crate) fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (k, v) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&encoded(k, b""));
        out.push('=');
        out.push_str(&encoded(v, b""));
    }
    out
}
