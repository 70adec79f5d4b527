#!/usr/bin/env node
// What `p2pcache` on the command line starts: plain JavaScript that any Node can read. It picks a Node that is new enough
// (this one, or the one that the checkout pins in node_modules) and hands over to main.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// An invite given as an argument must not stay in the list of processes. Its text is in process.argv by now.
process.title = 'p2pcache';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiled = join(root, 'dist', 'cli', 'main.js');
const source = join(root, 'cli', 'main.ts');
const main = existsSync(source) ? source : compiled;

/** @param {number} major @param {number} minor */
function isNodeAtLeast(major, minor) {
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** The Node that the checkout pins, if npm could install it for this machine. */
function pinnedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  for (let folder = root; ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', name, 'bin', 'node');
    if (existsSync(node)) return node;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Runs main in `node` and ends as it ends. @param {string} node */
function runIn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // A Ctrl-C reaches both processes; the child decides how to end, and this one waits for it.
  for (const signal of signals) process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  child.on('error', error => fail(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

async function start() {
  await keepCompiledCode().catch(() => {}); // slower, no more
  await import(main);
}

/**
 * Has Node keep what it compiles, beside the store once there is one, for this user alone. Node's own choice is a folder of /tmp,
 * where another user of the machine could have put code of theirs.
 */
async function keepCompiledCode() {
  const { enableCompileCache } = await import('node:module');
  if (!enableCompileCache) return;
  const { P2PCACHE_HOME: home, XDG_CACHE_HOME: caches = '' } = process.env;
  const userCaches = isAbsolute(caches) ? caches : join(homedir(), '.cache');
  const folder = join(home ? resolve(home) : join(userCaches, 'p2pcache'), 'code');
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  enableCompileCache(folder);
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`p2pcache: ${message}\n`);
  process.exit(1);
}

// Running the TypeScript of a checkout needs 22.18 (types are stripped without a flag); the package's JavaScript needs 22.15.
const isNewEnough = main === source ? isNodeAtLeast(22, 18) : isNodeAtLeast(22, 15);
if (isNewEnough) {
  // Type stripping and SQLite announce themselves as experimental on every start; nothing a person could act on.
  process.removeAllListeners('warning');
  process.on('warning', warning => {
    if (warning.name !== 'ExperimentalWarning')
      process.stderr.write(`p2pcache: warning: ${warning.message}\n`);
  });
  start().catch(error => fail(error.stack));
} else {
  const node = pinnedNode();
  if (node === undefined) {
    fail(
      `needs Node 22.18 or newer, this is ${process.versions.node} (${process.execPath}). Install a newer Node and try again.`,
    );
  } else {
    runIn(node);
  }
}
