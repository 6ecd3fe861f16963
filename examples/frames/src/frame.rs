use std::io;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Head,
    Message,
    End,
    Error,
}

impl Kind {
    const fn letter(self) -> u8 {
        match self {
            Kind::Head => b'h',
            Kind::Message => b'm',
            Kind::End => b'e',
            Kind::Error => b'x',
        }
    }

    fn of(letter: u8) -> Option<Self> {
        [Kind::Head, Kind::Message, Kind::End, Kind::Error].into_iter().find(|kind| kind.letter() == letter)
    }
}

/// How much anything but a message may have, in bytes: metadata has 8 KiB, and an error a line.
const MAX_OTHER: usize = 64 * 1024;

/// What came.
pub(crate) enum Frame {
    /// All of it.
    Whole(Kind, Bytes),
    /// A message of more than the limit, of which nothing was read but its length.
    TooLarge,
}

/// The next frame; `None` where the peer has closed its side between two.
///
/// # Cancel safety
/// Not cancel safe: what was read of a frame is lost.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin), limit: usize) -> io::Result<Option<Frame>> {
    let letter = match from.read_u8().await {
        Ok(letter) => letter,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    let malformed = || io::Error::from(io::ErrorKind::InvalidData);
    let kind = Kind::of(letter).ok_or_else(malformed)?;
    let length = from.read_u32().await? as usize;
    match kind {
        Kind::Message if length > limit => return Ok(Some(Frame::TooLarge)),
        Kind::Message => {}
        _ if length > MAX_OTHER => return Err(malformed()),
        _ => {}
    }
    // Grows with what comes, not with what is claimed.
    let mut content = Vec::new();
    from.take(length as u64).read_to_end(&mut content).await?;
    if content.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(Frame::Whole(kind, content.into())))
}

/// Writes a frame.
pub(crate) async fn write(to: &mut (impl AsyncWrite + Unpin), kind: Kind, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut frame = Vec::with_capacity(5 + content.len());
    frame.push(kind.letter());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(content);
    to.write_all(&frame).await
}
