//! Bytes between hosts: TCP, UDP and uTP of the machine, or a network in memory with
//! virtual addresses, latency and loss.

pub mod limits;
pub mod memory;
pub mod multicast;
pub mod os;
pub mod tls;
pub mod usage;
pub mod utp;

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};

pub use memory::MemoryNet;
pub use multicast::Multicast;
pub use os::OsNet;
pub use tls::Tls;

/// A stream of bytes to another host.
pub trait Link: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Link for T {}

/// A stream of bytes to another host, of whatever kind.
pub type BoxLink = Box<dyn Link>;

/// Where links and datagrams come from. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Network {
    /// The machine's own.
    Os(OsNet),
    /// One in memory.
    Memory(MemoryNet),
}

impl Network {
    /// Opens a stream, from a certain address if need be.
    ///
    /// # Errors
    /// As the machine's connect; the caller bounds the time.
    pub async fn connect(&self, from: Option<IpAddr>, to: SocketAddr) -> io::Result<BoxLink> {
        match self {
            Network::Os(net) => Ok(Box::new(net.connect(from, to).await?)),
            Network::Memory(net) => Ok(Box::new(net.connect(from, to).await?)),
        }
    }

    /// Accepts streams at an address; port 0 takes any free one.
    ///
    /// # Errors
    /// As the machine's bind: `AddrInUse` if the port is taken.
    pub async fn listen(&self, at: SocketAddr) -> io::Result<Acceptor> {
        match self {
            Network::Os(net) => Ok(Acceptor::Os(net.listen(at)?)),
            Network::Memory(net) => Ok(Acceptor::Memory(net.listen(at)?)),
        }
    }

    /// Opens a datagram socket at an address; port 0 takes any free one.
    ///
    /// # Errors
    /// As the machine's bind.
    pub async fn datagrams(&self, at: SocketAddr) -> io::Result<Datagrams> {
        match self {
            Network::Os(net) => Ok(Datagrams::Os(net.datagrams(at)?)),
            Network::Memory(net) => Ok(Datagrams::Memory(net.datagrams(at)?)),
        }
    }

    /// Joins a multicast group, on the interface that has our address, or on each.
    ///
    /// # Errors
    /// As the machine's bind; `AddrNotAvailable` where no interface can join.
    pub fn multicast(&self, group: SocketAddr, own: Option<IpAddr>) -> io::Result<Multicast> {
        match self {
            Network::Os(net) => {
                let (ear, mouths) = net.multicast(group, own)?;
                let mouths = mouths.into_iter().map(Datagrams::Os).collect();
                Ok(Multicast::new(group, Datagrams::Os(ear), mouths))
            }
            Network::Memory(net) => {
                let (ear, mouth) = net.join(group)?;
                let mouths = vec![Datagrams::Memory(mouth)];
                Ok(Multicast::new(group, Datagrams::Memory(ear), mouths))
            }
        }
    }

    /// Whether a way leads there, as far as this host can tell without sending
    /// anything: a route, over an interface that is connected.
    pub fn has_route(&self, from: Option<IpAddr>, to: SocketAddr) -> bool {
        match self {
            Network::Os(net) => net.has_route(from, to),
            Network::Memory(net) => net.has_route(to),
        }
    }

    /// Looks a name up. An IP address is its own answer.
    ///
    /// # Errors
    /// `NotFound`, also where the resolver itself fails.
    pub async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        match self {
            Network::Os(net) => net.resolve(host, port).await,
            Network::Memory(net) => net.resolve(host, port),
        }
    }
}

/// Accepts streams at one address.
#[derive(Debug)]
pub enum Acceptor {
    /// At the machine's.
    Os(tokio::net::TcpListener),
    /// At one in memory.
    Memory(memory::MemoryAcceptor),
    /// At a datagram socket.
    Utp(utp::UtpAcceptor),
}

impl Acceptor {
    /// The next stream that someone opens, and who.
    ///
    /// # Errors
    /// As the machine's accept; it may be called again after any.
    pub async fn accept(&self) -> io::Result<(Incoming, SocketAddr)> {
        match self {
            Acceptor::Os(listener) => os::accept(listener).await,
            Acceptor::Memory(listener) => {
                let (link, from) = listener.accept().await?;
                Ok((Incoming::Memory(link), from))
            }
            Acceptor::Utp(acceptor) => {
                let (link, from) = acceptor.accept().await?;
                Ok((Incoming::Utp(link), from))
            }
        }
    }

    /// Where it listens.
    ///
    /// # Errors
    /// As the machine's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Acceptor::Os(listener) => listener.local_addr(),
            Acceptor::Memory(listener) => Ok(listener.local_addr()),
            Acceptor::Utp(acceptor) => Ok(acceptor.local_addr()),
        }
    }
}

/// An accepted stream that is bound to no reactor yet: it may be sent to the
/// thread that will serve it.
#[derive(Debug)]
pub enum Incoming {
    /// A socket of the machine.
    Os(std::net::TcpStream),
    /// One end of a link in memory.
    Memory(memory::MemoryLink),
    /// A stream over datagrams; it is bound to no reactor at all.
    Utp(utp::UtpLink),
}

impl Incoming {
    /// Reads once, on this thread, without staying bound to its reactor: the rest
    /// is for whoever the first bytes name. Returns how many bytes were read (0: the
    /// stream has ended), and the stream again.
    ///
    /// # Errors
    /// As the machine's read.
    pub async fn read(self, buffer: &mut [u8]) -> io::Result<(usize, Incoming)> {
        use tokio::io::AsyncReadExt;
        match self {
            Incoming::Os(socket) => {
                let mut socket = tokio::net::TcpStream::from_std(socket)?;
                let read = socket.read(buffer).await?;
                Ok((read, Incoming::Os(socket.into_std()?)))
            }
            Incoming::Memory(mut link) => {
                let read = link.read(buffer).await?;
                Ok((read, Incoming::Memory(link)))
            }
            Incoming::Utp(mut link) => {
                let read = link.read(buffer).await?;
                Ok((read, Incoming::Utp(link)))
            }
        }
    }

    /// Writes all of it, as [`Self::read`] reads. Returns the stream again.
    ///
    /// # Errors
    /// As the machine's write.
    pub async fn write_all(self, bytes: &[u8]) -> io::Result<Incoming> {
        use tokio::io::AsyncWriteExt;
        match self {
            Incoming::Os(socket) => {
                let mut socket = tokio::net::TcpStream::from_std(socket)?;
                socket.write_all(bytes).await?;
                Ok(Incoming::Os(socket.into_std()?))
            }
            Incoming::Memory(mut link) => {
                link.write_all(bytes).await?;
                Ok(Incoming::Memory(link))
            }
            Incoming::Utp(mut link) => {
                link.write_all(bytes).await?;
                Ok(Incoming::Utp(link))
            }
        }
    }

    /// Binds it to this thread's reactor.
    ///
    /// # Errors
    /// As the machine's.
    pub fn open(self) -> io::Result<BoxLink> {
        match self {
            Incoming::Os(socket) => Ok(Box::new(tokio::net::TcpStream::from_std(socket)?)),
            Incoming::Memory(link) => Ok(Box::new(link)),
            Incoming::Utp(link) => Ok(Box::new(link)),
        }
    }
}

/// A datagram socket.
#[derive(Debug)]
pub enum Datagrams {
    /// The machine's.
    Os(tokio::net::UdpSocket),
    /// One in memory.
    Memory(memory::MemoryDatagrams),
}

impl Datagrams {
    /// Sends one datagram.
    ///
    /// # Errors
    /// As the machine's.
    pub async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        match self {
            Datagrams::Os(socket) => socket.send_to(bytes, to).await,
            Datagrams::Memory(socket) => socket.send_to(bytes, to),
        }
    }

    /// Sends one datagram now or not at all.
    ///
    /// # Errors
    /// As the machine's; `WouldBlock` where there is no room.
    pub fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        match self {
            Datagrams::Os(socket) => socket.try_send_to(bytes, to),
            Datagrams::Memory(socket) => socket.send_to(bytes, to),
        }
    }

    /// The next datagram, and who sent it; what does not fit is cut off.
    ///
    /// # Errors
    /// As the machine's; it may be called again after any.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match self {
            Datagrams::Os(socket) => socket.recv_from(buffer).await,
            Datagrams::Memory(socket) => socket.recv_from(buffer).await,
        }
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// As the machine's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Datagrams::Os(socket) => socket.local_addr(),
            Datagrams::Memory(socket) => Ok(socket.local_addr()),
        }
    }
}
