//! Reports whether the hooks are live: where git looks for them, which files are there, and whether
//! they stop a key.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::io;
use super::file::Ready;
use super::framework::{self, Framework, PRE_COMMIT, Runner};
use super::self_test::{Liveness, SelfTest};
use super::{Git, HOOKS, Hook, HookError, HookFile, HooksDir, Manager, Side, Stub, VERSION};
use crate::text::printable_path;

/// One hook of a repository.
#[derive(Clone, Debug)]
pub struct HookStatus {
    /// The hook.
    pub hook: Hook,
    /// What is at its path.
    pub file: HookFile,
    /// The hook that was there before, if it is kept.
    pub previous: Option<PathBuf>,
}

/// The hooks of a repository.
#[derive(Clone, Debug)]
pub struct StatusReport {
    /// Where git looks for hooks.
    pub hooks_dir: HooksDir,
    /// The side whose hooks were tested.
    pub side: Side,
    /// The default hooks of that side, and all others that exist.
    pub hooks: Vec<HookStatus>,
    /// Whether they stop a key.
    pub liveness: Liveness,
}

/// Inspects the hooks of the repository of `git`, and tests those that stop commits and pushes.
/// Without a side, the hooks of a bare repository are those of a server.
///
/// `program` is the running program, which is trusted even if it is in the work tree.
/// `extra_files` are files of the work tree, relative to its top, that decide what is refused: the
/// test needs the configuration.
///
/// # Errors
///
/// If git cannot say where hooks belong, or if a hook cannot be read.
pub fn status(
    git: &Git,
    program: &Path,
    extra_files: &[PathBuf],
    side: Option<Side>,
) -> Result<StatusReport, HookError> {
    let hooks_dir = HooksDir::find(git)?;
    let side = side.unwrap_or(if hooks_dir.bare {
        Side::Server
    } else {
        Side::Client
    });
    let tester = Tester {
        git,
        hooks_dir: &hooks_dir,
        program,
        extra_files,
    };
    let (hooks, liveness) = match inspect_all(&hooks_dir, side) {
        Ok(hooks) => (hooks, tester.test_side(side)?),
        Err(error @ (HookError::Disabled { .. } | HookError::NotAFolder { .. })) => {
            (Vec::new(), Liveness::NotLive(error.to_string()))
        }
        Err(error) => return Err(error),
    };
    Ok(StatusReport {
        hooks_dir,
        side,
        hooks,
        liveness,
    })
}

fn inspect_all(hooks_dir: &HooksDir, side: Side) -> Result<Vec<HookStatus>, HookError> {
    hooks_dir.check_enabled()?;
    let mut statuses = Vec::new();
    for hook in HOOKS {
        let status = HookStatus {
            hook,
            file: hooks_dir.inspect(hook)?,
            previous: hooks_dir.previous_hook(hook),
        };
        let is_default = hook.side == side && hook.by_default;
        if is_default || status.file != HookFile::Missing || status.previous.is_some() {
            statuses.push(status);
        }
    }
    Ok(statuses)
}

/// What a test of hooks needs.
struct Tester<'a> {
    git: &'a Git,
    hooks_dir: &'a HooksDir,
    program: &'a Path,
    extra_files: &'a [PathBuf],
}

impl Tester<'_> {
    /// Tests the hook that every commit or push passes and, on a client, the installed hook that
    /// catches what bypassed it.
    fn test_side(&self, side: Side) -> Result<Liveness, HookError> {
        let names: &[&str] = match side {
            Side::Client => {
                if let Some(manager) = Manager::that_owns(&self.hooks_dir.folder) {
                    return self.managed(manager);
                }
                if self.is_installed("pre-push")? {
                    &["pre-commit", "pre-push"]
                } else {
                    &["pre-commit"]
                }
            }
            Side::Server if self.is_installed("pre-receive")? => &["pre-receive"],
            Side::Server if self.is_installed("update")? => &["update"],
            Side::Server => &["pre-receive"],
        };
        for name in names {
            match self.test(Hook::named(name)?)? {
                Liveness::Live => {}
                other => return Ok(other),
            }
        }
        Ok(Liveness::Live)
    }

    fn is_installed(&self, name: &str) -> Result<bool, HookError> {
        let file = self.hooks_dir.inspect(Hook::named(name)?)?;
        Ok(matches!(file, HookFile::Ours { .. }))
    }

    /// Tests one hook.
    fn test(&self, hook: Hook) -> Result<Liveness, HookError> {
        let path = self.hooks_dir.path_of(hook);
        let shown = printable_path(&path);
        let install = match hook.side {
            Side::Server => "keysieve hook install --server",
            Side::Client => "keysieve hook install",
        };
        let not_live = match self.hooks_dir.inspect(hook)? {
            HookFile::Missing => format!("{shown} is missing: `{install}` installs it"),
            HookFile::NotAFile => format!("{shown} is not a file: move it away, then `{install}`"),
            HookFile::Foreign {
                manager: Some(manager),
                executable: true,
                ..
            } => return self.managed(manager),
            HookFile::Foreign {
                manager: Some(manager),
                ..
            } => format!("{shown} of {manager} is not executable, so git does not run it"),
            HookFile::Foreign { .. } => format!(
                "{shown} is not keysieve's: `{install}` adds keysieve's hook, which runs this one \
                 first"
            ),
            HookFile::Ours {
                executable: false, ..
            } => {
                format!("{shown} is not executable, so git does not run it: `{install}` fixes that")
            }
            HookFile::Ours { stub, .. } => {
                return match self.reason_not_to_run(&stub, install) {
                    Some(reason) => Ok(Liveness::Unknown(format!("{shown} {reason}"))),
                    None => self.run_self_test(hook, &path),
                };
            }
        };
        Ok(Liveness::NotLive(not_live))
    }

    /// Why an installed stub must not be run: it, or the program that it runs, may be part of the
    /// repository that is being inspected.
    fn reason_not_to_run(&self, stub: &Stub, install: &str) -> Option<String> {
        let Some(program) = &stub.program else {
            let version = stub.version;
            let what = if version == VERSION {
                "was edited".to_owned()
            } else {
                format!("is from another keysieve (hook version {version}, not {VERSION})")
            };
            return Some(format!(
                "{what}, so it was not run: `{install}` replaces it"
            ));
        };
        // If the program is missing, the stub runs the one on PATH, which may be a part of the
        // repository.
        let Ok(real) = program.canonicalize() else {
            return Some(format!(
                "runs {}, which is missing, so it was not run: `{install}` fixes that",
                printable_path(program)
            ));
        };
        if real.starts_with(&self.hooks_dir.top) && program != self.program {
            return Some(format!(
                "runs {}, a file of the repository, so it was not run",
                printable_path(program)
            ));
        }
        None
    }

    fn run_self_test(&self, hook: Hook, stub: &Path) -> Result<Liveness, HookError> {
        let test = SelfTest {
            git: self.git,
            hook,
            stub,
            top: &self.hooks_dir.top,
            extra_files: self.extra_files,
        };
        test.run()
    }

    /// The answer if a hook manager runs the hooks. The frameworks are tried with a configuration
    /// that has only keysieve's hook: with their own, everything that the repository names would
    /// run.
    fn managed(&self, manager: Manager) -> Result<Liveness, HookError> {
        let (top, hook) = (&self.hooks_dir.top, Hook::named("pre-commit")?);
        let framework = manager.framework();
        let runner = framework
            .and_then(|program| Some((program, Framework::read(program, top).runner(hook)?)));
        match runner {
            Some((program, Runner::Path)) => self.test_framework(program, hook),
            Some((_, Runner::Limited)) => Ok(Liveness::Unknown(format!(
                "{manager} runs keysieve with arguments, or only if some files change: remove \
                 'args', and set 'always_run: true'"
            ))),
            Some((program, Runner::Other)) => Ok(Liveness::Unknown(format!(
                "{manager} runs a keysieve of its own, which would have to be installed to be \
                 tried; `{program} run --all-files` does that"
            ))),
            _ if manager.mentions_keysieve(top, &[hook]) => Ok(Liveness::Unknown(format!(
                "{manager} runs the hooks, and its configuration mentions keysieve; a test would \
                 run everything in that configuration"
            ))),
            _ => Ok(Liveness::NotLive(format!(
                "{manager} runs the hooks, and its configuration does not mention keysieve: \
                 `keysieve hook install` prints the lines to add"
            ))),
        }
    }

    /// Commits a key to a temporary repository that has only keysieve's hook in its configuration,
    /// through the real framework.
    fn test_framework(&self, program: &str, hook: Hook) -> Result<Liveness, HookError> {
        let folder = tempfile::tempdir().map_err(io("create a folder in", Path::new("TMPDIR")))?;
        let config = folder.path().join("config.yaml");
        let lines = framework::lines(PRE_COMMIT, &config, &[hook]);
        fs::write(&config, lines).map_err(io("write", &config))?;
        let stub = folder.path().join("stub");
        let config = quoted(&config);
        let script = format!(
            "#!/bin/sh\nexec {program} run --color never --hook-stage {} --config {config}\n",
            hook.name
        );
        Ready::new(&stub, script.as_bytes())?.put(&stub)?;
        self.run_self_test(hook, &stub)
    }
}

/// A path for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
