use std::io;
use std::path::PathBuf;
use std::time::Duration;

use kit_core::{Code, Error};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::Config;
use super::parse::{Format, parse};
use crate::answer::Answer;
use crate::source::Source;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;
/// How long a read may take: a network mount may hang for ever.
const READ: Duration = Duration::from_secs(5);
/// Between two reads that must agree.
const SETTLE: Duration = Duration::from_millis(50);
/// After so many that do not, the last is taken.
const SETTLES: usize = 20;

/// Follows the instances in a file.
///
/// ```no_run
/// use kit_discovery::Discovery;
/// use kit_discovery::file::{Config, FileSource};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
/// let strings = Discovery::of("strings", FileSource::new(Config::new("strings.toml"))?).start()?;
/// strings.ready().await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct FileSource {
    config: Config,
    format: Format,
    /// The content that was read last, and whether an answer was made of it.
    last: Option<(Vec<u8>, bool)>,
    /// The last call gave an answer: the next waits its time.
    rests: bool,
    /// A read that was not waited for to the end. There is never a second, however long it hangs.
    reading: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl FileSource {
    /// Of the file of `config`.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that says neither JSON nor TOML, and for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, Error> {
        let (config, format) = config.check()?;
        Ok(Self { config, format, last: None, rests: false, reading: None })
    }

    async fn read(&mut self) -> Result<Vec<u8>, Error> {
        let path = &self.config.path;
        let reading = self.reading.get_or_insert_with(|| {
            let path = path.clone();
            tokio::task::spawn_blocking(move || content(path))
        });
        let Ok(read) = timeout(READ, reading).await else {
            return Err(Error::new(Code::DeadlineExceeded, format!("{path:?} was not read within {READ:?}")));
        };
        self.reading = None;
        let read = read.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        read.map_err(|error| Error::unavailable(format!("{path:?} cannot be read: {error}")).with_cause(error))
    }

    /// What two reads agree on, if it is not what was read last.
    async fn changed(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut content = self.read().await?;
        for _ in 0..SETTLES {
            // What is there at the start need not have settled: if it has not, there will be another change.
            if self.last.as_ref().is_none_or(|last| last.0 == content) {
                break;
            }
            sleep(SETTLE).await;
            let again = self.read().await?;
            if again == content {
                break;
            }
            content = again;
        }
        Ok(Some(content).filter(|content| self.last.as_ref().is_none_or(|last| last.0 != *content)))
    }
}

impl Source for FileSource {
    async fn next(&mut self) -> Result<Answer, Error> {
        if std::mem::take(&mut self.rests) {
            sleep(self.config.every).await;
        }
        let answer = match (self.changed().await?, &self.last) {
            (None, Some((_, true))) => Ok(Answer::unchanged()),
            (None, Some((content, false))) => parse(self.format, content),
            (None, None) => unreachable!("a first content is a change"),
            (Some(content), _) => {
                let answer = parse(self.format, &content);
                self.last = Some((content, answer.is_ok()));
                answer
            }
        };
        self.rests = answer.is_ok();
        answer
    }
}

/// Blocks its thread.
fn content(path: PathBuf) -> io::Result<Vec<u8>> {
    use std::io::Read as _;

    let kind = std::fs::metadata(&path)?;
    // A pipe would be waited for.
    if !kind.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let mut content = Vec::with_capacity(usize::try_from(kind.len().min(LONGEST)).unwrap_or(0));
    std::fs::File::open(&path)?.take(LONGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {LONGEST} bytes")));
    }
    Ok(content)
}
