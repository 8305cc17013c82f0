//! Each verb's plans and refusals as a student reads them: title, rule, ways; or title, shell lines, warnings, confirmation.
use std::fmt::Write;

use super::intent::{Inside, Intent, Scope, Setting, Target};
use super::plan;
use super::step::Confirm;
use super::testing::{Build, key};
use crate::model::cpu_set::CpuSet;
use crate::model::errno::Errno;
use crate::model::place::Place;
use crate::model::survey::Survey;
use crate::model::task::Policy;
use crate::model::workload::{Launch, Program, Spin};

mod create;
mod files;
mod hold;
mod launch;
mod limits;
mod managers;
mod mount;
mod moves;
mod remove;
mod rename;
mod schedule;
mod set;
mod signals;

/// Plan or refusal as text.
fn said(survey: &Survey, intent: &Intent) -> String {
    let mut out = String::new();
    match plan(intent, survey) {
        Ok(plan) => {
            writeln!(out, "PLAN {}", plan.title).unwrap();
            plan.shell.iter().for_each(|line| writeln!(out, "  $ {line}").unwrap());
            plan.warnings.iter().for_each(|warning| writeln!(out, "  ! {warning}").unwrap());
            for owned in plan.owned {
                writeln!(out, "  ! {}", owned.says).unwrap();
                owned.instead.iter().for_each(|line| writeln!(out, "    its own way: {line}").unwrap());
            }
            if let Some(irrevocable) = plan.irrevocable {
                writeln!(out, "  cannot undo: {irrevocable}").unwrap();
            }
            if plan.confirm != Confirm::None {
                writeln!(out, "  asks: {:?}", plan.confirm).unwrap();
            }
        }
        Err(refusal) => {
            writeln!(out, "REFUSED {}", refusal.title).unwrap();
            writeln!(out, "  {}", refusal.rule).unwrap();
            for way in refusal.instead {
                writeln!(out, "  > {} ({})", way.say, super::words::count(way.intents.len(), "intent")).unwrap();
            }
        }
    }
    out
}

fn at(survey: &Survey, path: &str) -> Place {
    Place::new(survey.hierarchies[0].id, path.as_bytes())
}

fn setting(file: &str, data: &str) -> Setting {
    Setting { file: file.into(), data: data.as_bytes().into() }
}
