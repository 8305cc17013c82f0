//! `cgrove` without a subcommand: the terminal UI.
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use anyhow::Result;

use super::args::{Theme, Tui};
use super::exit::{Code, Coded};
use super::{output, target};
use crate::app::experiment::Source;
use crate::app::setup::{Setup, ThemeChoice};
use crate::effect::supervisor::Supervisor;
use crate::model::hierarchy::Hierarchy;
use crate::plan::survey::Limits;
use crate::runtime::hands::Hands;
use crate::runtime::session::Session;
use crate::runtime::{event_loop, shipped, stage};

/// Runs the terminal UI.
///
/// # Errors
/// Exit 2 without a terminal or for a wrong option; exit 3 if the machine cannot be read.
pub fn run(args: &Tui) -> Result<Code> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Coded::usage("stdin and stdout are not a terminal; `cgrove tree` prints the same once"));
    }
    // Before any thread, and in the leaf, so that the supervisor is there, too.
    stage::make_room()?;
    let supervisor = Supervisor::start()?;
    let limits = Limits { read_only: args.read_only, ..Limits::default() };
    let mut hands = Hands::new(supervisor, limits).map_err(|error| Coded::host(format!("{error:#}")))?;
    let found = hands.discover().map_err(|error| Coded::host(format!("{error:#}")))?;
    let place = |text: &Option<std::ffi::OsString>| match text {
        Some(text) => target::group(&found.hierarchies, text).map(Some).map_err(Coded::usage),
        None => Ok(None),
    };
    let only = place(&args.only)?;
    let under = place(&args.under)?.or_else(|| only.clone());
    hands.limit_to(only);
    let hierarchy = match &args.hierarchy {
        Some(text) => Some(
            target::hierarchy(&found.hierarchies, text.as_bytes())
                .ok_or_else(|| {
                    let known: Vec<String> = found.hierarchies.iter().map(Hierarchy::label).collect();
                    Coded::usage(format!("no hierarchy is called {}; there are: {}", text.display(), known.join(" ")))
                })?
                .id,
        ),
        None => None,
    };
    let stage = stage::of_host(hands.host(), &found, under.clone());
    let stage = stage.and_then(|stage| stage::usable(&stage).map(|()| stage.place));
    let setup = Setup {
        no_stage: stage.as_ref().err().cloned(),
        stage: stage.ok(),
        limits: hands.limits().clone(),
        theme: theme(args.theme),
        ascii: args.ascii || ascii_terminal(),
        mouse: !args.no_mouse,
        big: args.big,
        delay: Duration::from_secs_f64(args.delay),
        experiments: shipped::all(),
        open: args.open.as_ref().map(|path| Source::Path(path.as_os_str().as_bytes().into())),
        hierarchy,
    };
    for line in event_loop::run(setup, hands, Session::new(under))? {
        output::message(&line);
    }
    Ok(Code::Done)
}

/// Colours by the options and the environment: `NO_COLOR` and `TERM=dumb` mean none unless a theme is asked for.
fn theme(asked: Theme) -> ThemeChoice {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match asked {
        Theme::Dark => ThemeChoice::Dark,
        Theme::Light => ThemeChoice::Light,
        Theme::Mono => ThemeChoice::None,
        Theme::Auto if set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb") => {
            ThemeChoice::None
        }
        Theme::Ansi | Theme::Auto => ThemeChoice::Sixteen,
    }
}

/// Whether the terminal cannot show more than ASCII: the kernel's console, or a locale without UTF-8.
fn ascii_terminal() -> bool {
    let value = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let linux = value("TERM").is_some_and(|term| term == "linux");
    let locale = value("LC_ALL").or_else(|| value("LC_CTYPE")).or_else(|| value("LANG"));
    let utf8 = locale.is_some_and(|locale| {
        let lower = locale.to_string_lossy().to_lowercase();
        lower.contains("utf-8") || lower.contains("utf8")
    });
    linux || !utf8
}
