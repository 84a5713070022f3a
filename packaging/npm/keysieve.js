#!/usr/bin/env node
// Runs the keysieve of this platform, which npm installed as an optional dependency of this package.
"use strict";

const { spawnSync } = require("node:child_process");

// A musl program runs everywhere on Linux; the glibc one is faster where there is glibc.
function names() {
  const name = `@keysieve/${process.platform}-${process.arch}`;
  if (process.platform !== "linux") {
    return [name];
  }
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  return glibc ? [`${name}-gnu`, `${name}-musl`] : [`${name}-musl`];
}

function find() {
  const file = process.platform === "win32" ? "keysieve.exe" : "keysieve";
  for (const name of names()) {
    try {
      return require.resolve(`${name}/bin/${file}`);
    } catch {
      // Not installed: the next one, or the error below.
    }
  }
  console.error(`error: the npm package ${names()[0]} is missing`);
  console.error("help: install without --omit=optional; for a platform that has no package: cargo install keysieve");
  process.exit(2);
}

const ran = spawnSync(find(), process.argv.slice(2), { stdio: "inherit" });
if (ran.error) {
  console.error(`error: ${ran.error.message}`);
}
if (ran.signal) {
  process.kill(process.pid, ran.signal);
}
// A program that did not run to its end has not looked.
process.exitCode = ran.status ?? 2;
