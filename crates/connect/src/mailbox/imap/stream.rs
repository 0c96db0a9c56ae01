//! The connection: a socket that keeps a deadline, plain or inside TLS.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use super::Trouble;

/// A socket whose every read and write ends at one moment, so that an answer which drips does not keep us for ever.
pub(super) struct Timed {
    tcp: TcpStream,
    until: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(self.left()?))?;
        self.tcp.read(buf)
    }
}

impl Write for Timed {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.left()?))?;
        self.tcp.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// Plain, or inside TLS.
pub(super) enum Stream {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

impl Stream {
    /// Connect to the first address of the name that answers.
    pub(super) fn connect(
        host: &str,
        port: u16,
        patience: Duration,
        until: Instant,
    ) -> Result<Self, Trouble> {
        let bare = host.trim_matches(['[', ']']);
        let unreachable = |e: io::Error| Trouble::Unreachable(said(&e));
        let mut last = Trouble::Unreachable("the name has no address".into());
        for address in (bare, port).to_socket_addrs().map_err(unreachable)? {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(tcp) => {
                    // Commands are small and waited for.
                    let _ = tcp.set_nodelay(true);
                    return Ok(Self::Plain(Timed { tcp, until }));
                }
                Err(e) => last = unreachable(e),
            }
        }
        Err(last)
    }

    /// Go on inside TLS; the certificate must be for that host.
    pub(super) fn secure(self, host: &str, config: &Arc<ClientConfig>) -> Result<Self, Trouble> {
        let Self::Plain(timed) = self else { return Ok(self) };
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| Trouble::Setup(format!("{host} is no name that a certificate could have")))?;
        let connection =
            ClientConnection::new(config.clone(), name).map_err(|e| Trouble::Setup(e.to_string()))?;
        let mut stream = StreamOwned::new(connection, timed);
        while stream.conn.is_handshaking() {
            stream
                .conn
                .complete_io(&mut stream.sock)
                .map_err(|e| Trouble::Unreachable(format!("TLS was not agreed on: {}", said(&e))))?;
        }
        Ok(Self::Tls(Box::new(stream)))
    }

    /// Everything up to the next call ends by then.
    pub(super) fn ends(&mut self, until: Instant) {
        match self {
            Self::Plain(t) => t.until = until,
            Self::Tls(t) => t.sock.until = until,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(t) => t.read(buf),
            Self::Tls(t) => t.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(t) => t.write(buf),
            Self::Tls(t) => t.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(t) => t.flush(),
            Self::Tls(t) => t.flush(),
        }
    }
}

/// Is it the deadline that ended this?
pub(super) fn is_late(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// What happened to a connection, in words.
pub(super) fn said(e: &io::Error) -> String {
    if is_late(e) { "no answer in the time there was".into() } else { e.to_string() }
}

/// How servers are trusted: the authorities built in, or those of a file.
pub(super) fn trust(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let no = |why: String| format!("the certificate file {} cannot be used: {why}", file.display());
            let certificates = CertificateDer::pem_file_iter(file).map_err(|e| no(e.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|e| no(e.to_string()))?;
                roots.add(certificate).map_err(|e| no(e.to_string()))?;
            }
            if roots.is_empty() {
                return Err(no("it holds no certificate".into()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
