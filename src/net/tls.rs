//! TLS over any link, as a client.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use super::BoxLink;

/// Our one protocol inside TLS (RFC 7301).
const HTTP_1_1: &[u8] = b"http/1.1";

/// A bundle of all roots of the Web has 250 kB.
const PEM_BYTES: u64 = 16 << 20;

/// Opens encrypted links to hosts that prove their name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tls(Arc<ClientConfig>);

/// Why no encrypted link came about.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Nobody that is trusted signed the certificate.
    #[error("the certificate is signed by nobody known")]
    UnknownIssuer,
    /// The certificate is not valid now.
    #[error("the certificate is not valid now")]
    Expired,
    /// The certificate is for others.
    #[error("the certificate is for another name")]
    WrongName,
    /// It is no TLS, or none that we speak.
    #[error("{0}")]
    Protocol(Error),
    /// The link broke.
    #[error("{0}")]
    Link(io::Error),
}

/// A file of certificates that is of no use.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// It is not PEM.
    #[error("not a PEM file")]
    NotPem,
    /// It is PEM, of something else.
    #[error("there is no certificate in it")]
    Empty,
    /// One of its certificates is damaged.
    #[error("a certificate in it is damaged")]
    Damaged,
}

/// Who may vouch for a host: the roots of the Web, and those added.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Default for Roots {
    /// Mozilla's, as they were when this program was built.
    fn default() -> Self {
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
        Roots(roots.collect())
    }
}

impl Roots {
    /// Adds the certificates of a PEM file.
    ///
    /// # Errors
    /// The file cannot be read, or there is no certificate in it that can be used.
    pub fn add_file(&mut self, path: &Path) -> Result<(), CaFileError> {
        if std::fs::metadata(path)?.len() > PEM_BYTES {
            return Err(CaFileError::NotPem);
        }
        self.add_pem(&std::fs::read(path)?)
    }

    /// Adds the certificates of a PEM text.
    ///
    /// # Errors
    /// There is no certificate in it that can be used.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), CaFileError> {
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| CaFileError::NotPem)?;
            let added = self.0.add(certificate);
            added.map_err(|_| CaFileError::Damaged)?;
            found += 1;
        }
        match found {
            0 if pem.trim_ascii_start().starts_with(b"-----BEGIN") => Err(CaFileError::Empty),
            0 => Err(CaFileError::NotPem),
            _ => Ok(()),
        }
    }
}

impl Tls {
    /// A client that trusts whom `roots` vouch for.
    ///
    /// # Errors
    /// The cryptography that was compiled in cannot do TLS.
    pub fn new(roots: Roots) -> Result<Tls, Error> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots.0)
            .with_no_client_auth();
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Tls(Arc::new(config)))
    }

    /// Encrypts a link to `host`, a name or an IP address. The caller bounds the time.
    ///
    /// # Errors
    /// The host cannot prove its name, speaks no TLS, or the link breaks.
    pub async fn connect(&self, host: &str, link: BoxLink) -> Result<BoxLink, TlsError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::WrongName)?;
        let connector = TlsConnector::from(Arc::clone(&self.0));
        match connector.connect(name, link).await {
            Ok(link) => Ok(Box::new(link)),
            Err(error) => Err(refusal(error)),
        }
    }
}

fn refusal(error: io::Error) -> TlsError {
    let inner = error.get_ref().and_then(|it| it.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(certificate)) => match certificate {
            // The second: by a stranger who bears the name of one that is trusted.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsError::UnknownIssuer
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsError::Expired,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsError::WrongName
            }
            other => TlsError::Protocol(Error::InvalidCertificate(other.clone())),
        },
        Some(other) => TlsError::Protocol(other.clone()),
        None => TlsError::Link(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_certificates_and_nothing_else() {
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = rcgen::CertificateParams::default()
            .self_signed(&key)
            .unwrap();
        let mut roots = Roots::default();
        let before = roots.0.len();
        assert!(before > 100);
        let pem = authority.pem();
        roots
            .add_pem(format!("a comment\n{pem}{pem}").as_bytes())
            .unwrap();
        assert!(roots.0.len() > before);
        let damaged = pem.replacen("\nMII", "\nAAA", 1);
        for (text, why) in [
            ("", "not a PEM file"),
            ("hello", "not a PEM file"),
            ("-----BEGIN CERTIFICATE-----\nMII", "not a PEM file"),
            (damaged.as_str(), "a certificate in it is damaged"),
            (&key.serialize_pem(), "there is no certificate in it"),
        ] {
            let error = roots.add_pem(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), why, "{text}");
        }
        let missing = roots.add_file(Path::new("/nonexistent")).unwrap_err();
        assert!(matches!(missing, CaFileError::Unreadable(_)));
    }
}
