//! `cgrove` without a subcommand: the terminal UI, or with `--plain` the same in sentences.
use std::ffi::OsString;
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
use crate::kernel::discover::discover;
use crate::kernel::real::RealFs;
use crate::model::hierarchy::Hierarchy;
use crate::model::place::Place;
use crate::plan::survey::Limits;
use crate::runtime::hands::Hands;
use crate::runtime::plain::End;
use crate::runtime::session::Session;
use crate::runtime::{event_loop, shipped, stage};

/// Runs the terminal UI.
///
/// # Errors
/// Exit 2 without a terminal or for a wrong option; exit 3 if the machine cannot be read.
pub fn run(args: &Tui) -> Result<Code> {
    if args.plain {
        return plain(args);
    }
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Coded::usage("stdin and stdout are not a terminal; `cgrove tree` prints the same once"));
    }
    // Before any thread, and in the leaf, so that the supervisor is there, too.
    if !args.read_only {
        stage::make_room(|found, stage| match place(&found.hierarchies, args.only.as_ref()) {
            Ok(only) => only.is_none_or(|only| stage.is_within(&only)),
            Err(_) => false,
        })?;
    }
    let supervisor = Supervisor::start()?;
    let limits = Limits { read_only: args.read_only, ..Limits::default() };
    let mut hands = Hands::new(supervisor, limits).map_err(|error| Coded::host(format!("{error:#}")))?;
    let found = hands.discover().map_err(|error| Coded::host(format!("{error:#}")))?;
    let only = place(&found.hierarchies, args.only.as_ref())?;
    let under = place(&found.hierarchies, args.under.as_ref())?.or_else(|| only.clone());
    hands.limit_to(only);
    let hierarchy = hierarchy(&found.hierarchies, args.hierarchy.as_ref())?.map(|found| found.id);
    let stage = stage::of_host(hands.host(), &found, under.clone());
    let stage = stage.and_then(|stage| stage::usable(&stage).map(|()| stage.place));
    hands.build_in(stage.as_ref().ok().cloned());
    let setup = Setup {
        no_stage: stage.as_ref().err().cloned(),
        stage: stage.ok(),
        limits: hands.limits().clone(),
        theme: theme(args.theme),
        ascii: args.ascii || ascii_terminal(),
        mouse: !args.no_mouse,
        big: args.big,
        delay: Duration::from_secs_f64(args.delay),
        trial: Duration::from_secs(args.trial),
        experiments: shipped::all(),
        open: args.open.as_ref().map(|path| Source::Path(path.as_os_str().as_bytes().into())),
        hierarchy,
    };
    for line in event_loop::run(setup, hands, Session::new(under))? {
        output::message(&line);
    }
    Ok(Code::Done)
}

/// Prints changes as sentences; needs no terminal, changes nothing.
fn plain(args: &Tui) -> Result<Code> {
    if args.open.is_some() {
        return Err(Coded::usage(
            "--plain only tells what happens; `cgrove verify FILE` runs an experiment without a screen",
        ));
    }
    let found = discover(&RealFs).map_err(|error| Coded::host(format!("{error:#}")))?;
    let chosen = match place(&found.hierarchies, args.under.as_ref())? {
        None => place(&found.hierarchies, args.only.as_ref())?,
        under => under,
    };
    let named = hierarchy(&found.hierarchies, args.hierarchy.as_ref())?;
    let carrier = || found.hierarchies.iter().find(|it| it.has("cpu")).or(found.hierarchies.first());
    let base = match (chosen, named.or_else(carrier)) {
        (Some(place), _) => place,
        (None, Some(it)) => Place::top(it.id),
        (None, None) => return Err(Coded::host("no cgroup hierarchy is mounted here")),
    };
    let delay = Duration::from_secs_f64(args.delay);
    match crate::runtime::plain::run(base, args.ascii || ascii_terminal(), delay, output::stream)? {
        End::Interrupted => Ok(Code::Interrupted),
        End::Asked => Ok(Code::Done),
    }
}

/// The group that an option names.
fn place(hierarchies: &[Hierarchy], text: Option<&OsString>) -> Result<Option<Place>> {
    text.map(|text| target::group(hierarchies, text).map_err(Coded::usage)).transpose()
}

/// The hierarchy that an option names.
fn hierarchy<'a>(hierarchies: &'a [Hierarchy], text: Option<&OsString>) -> Result<Option<&'a Hierarchy>> {
    let Some(text) = text else { return Ok(None) };
    let known = || hierarchies.iter().map(Hierarchy::label).collect::<Vec<_>>().join(" ");
    let found = target::hierarchy(hierarchies, text.as_bytes());
    found
        .map(Some)
        .ok_or_else(|| Coded::usage(format!("no hierarchy is called {}; there are: {}", text.display(), known())))
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
