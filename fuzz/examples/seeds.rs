//! For `scripts/fuzz`: the names of the targets; or, with a name and a folder, that target's seeds as files in it.

use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

use kit_fuzz::TARGETS;

fn main() -> io::Result<()> {
    let mut args = env::args().skip(1);
    let (Some(name), Some(folder)) = (args.next(), args.next()) else {
        return TARGETS.iter().try_for_each(|target| writeln!(io::stdout(), "{}", target.name));
    };
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.ok_or_else(|| io::Error::other(format!("there is no target {name:?}")))?;
    for (at, seed) in target.seeds.iter().enumerate() {
        fs::write(Path::new(&folder).join(format!("seed-{at}")), seed)?;
    }
    Ok(())
}
