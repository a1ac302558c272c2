//! A throw-away certificate authority, and the trackers that it vouches for.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::net::BoxLink;

/// Years in which a certificate holds that is to hold.
pub const EVER: RangeInclusive<i32> = 1975..=4096;

/// Signs certificates; its own key is known to nobody and ends with it.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// The side of TLS that proves its name. Cheap to clone.
#[derive(Clone)]
pub struct Identity(TlsAcceptor);

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// The cryptography fails.
    pub fn invent() -> io::Result<Authority> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name = "bta lab, good for nothing else";
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key);
        issuer.map(Authority).map_err(io::Error::other)
    }

    /// Its certificate, for those who are to trust it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// An identity for a host name or an IP address, valid from the first day of the
    /// first year to that of the last.
    ///
    /// # Errors
    /// It is no name; the cryptography fails.
    pub fn vouch(&self, name: &str, years: RangeInclusive<i32>) -> io::Result<Identity> {
        let params = CertificateParams::new([name.to_owned()]);
        let mut params = params.map_err(io::Error::other)?;
        params.not_before = date_time_ymd(*years.start(), 1, 1);
        params.not_after = date_time_ymd(*years.end(), 1, 1);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.0).map_err(io::Error::other)?;
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|it| it.with_no_client_auth().with_single_cert(chain, key));
        let config = config.map_err(io::Error::other)?;
        Ok(Identity(TlsAcceptor::from(Arc::new(config))))
    }
}

impl Identity {
    /// Encrypts a link that somebody opened.
    ///
    /// # Errors
    /// The other side does not trust us, or speaks no TLS.
    pub async fn accept(&self, link: BoxLink) -> io::Result<BoxLink> {
        Ok(Box::new(self.0.accept(link).await?))
    }
}
