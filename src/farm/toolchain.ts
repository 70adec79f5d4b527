// Toolchains: the files that a compiler is made of — driver, compiler proper, assembler, their libraries, the loader, Rust's own
// crates — as a tree of blobs. They are not listed by rules but seen: a compile of nothing is run under the observer, and what its
// processes ran, loaded and read is the toolchain. Captured once for each compiler (by content) and language.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FileStates } from '../compile/file-states.ts';
import { type Digest, digestOf } from '../digest.ts';
import { jobStreamBytesMax, toolchainProbeTimeoutMs } from '../limits.ts';
import { type Clock, sleep } from '../platform/clock.ts';
import type { ProcessRunner } from '../platform/process-runner.ts';
import { encodeTree, type TreeEntry } from '../protocol/tree-entry.ts';
import type { LocalTree } from './local-tree.ts';
import { makeObserverLog, notesOf, readObserverLog } from './observer-log.ts';
import { ToldFiles } from './told-files.ts';

export interface Toolchain {
  readonly digest: Digest;
  readonly entries: readonly TreeEntry[];
  /** The tree, encoded: the blob that the digest names. */
  readonly bytes: Uint8Array;
  /** Folders in which the compiler looks for headers by itself, in order. */
  readonly headerFolders: readonly string[];
}

export interface ToolchainParts {
  readonly states: FileStates;
  readonly tree: LocalTree;
  readonly processes: ProcessRunner;
  readonly observer: () => string | undefined;
  readonly clock: Clock;
  /** A folder for temporary ones. */
  readonly scratch: string;
}

/** Which of C's languages a probe is worth making for; the rest are found as inputs of each job. */
const probeLanguages: Readonly<Record<string, string>> = {
  c: 'c',
  'c++': 'c++',
  assembler: 'assembler-with-cpp',
  'assembler-with-cpp': 'assembler-with-cpp',
  'cpp-output': 'c',
  'c++-cpp-output': 'c++',
};
/**
 * What most sources of these languages include, one way or another: workers take it in with the compiler, before the jobs. Read by
 * a second probe, which may fail where a system has no headers.
 */
const usualHeaders: Readonly<Record<string, string>> = {
  c: `assert.h ctype.h errno.h fcntl.h inttypes.h limits.h locale.h math.h pthread.h setjmp.h signal.h stdarg.h stdbool.h stddef.h
      stdint.h stdio.h stdlib.h string.h strings.h time.h unistd.h sys/socket.h sys/stat.h sys/time.h sys/types.h sys/wait.h`,
  'c++': 'bits/stdc++.h pthread.h unistd.h fcntl.h sys/stat.h sys/time.h',
};
const rust = /^rust(?: (.+))?$/;
/** Read by libc unseen; not there on every machine. */
const unseen = ['/etc/ld.so.cache', '/usr/lib/locale/locale-archive', '/usr/lib/locale/C.utf8/LC_CTYPE'];
const devices = /^\/(dev|proc|sys)\//;
const capturedMax = 64;

export class Toolchains {
  readonly #parts: ToolchainParts;
  readonly #captured = new Map<string, Promise<Toolchain | undefined>>();
  readonly #byDigest = new Map<Digest, Toolchain>();

  constructor(parts: ToolchainParts) {
    this.#parts = parts;
  }

  /** Whether there is what sees a compiler's files. */
  get canCapture(): boolean {
    return this.#parts.observer() !== undefined;
  }

  /** The toolchain of this compiler (`digest`: its content) for a language, or undefined where it cannot be captured. */
  of(compiler: string, digest: Digest, language: string): Promise<Toolchain | undefined> {
    if (!this.canCapture) return Promise.resolve(undefined);
    const probed = rust.test(language) ? language : (probeLanguages[language] ?? 'c');
    const key = `${compiler}\0${digest}\0${probed}`;
    let captured = this.#captured.get(key);
    if (captured === undefined) {
      if (this.#captured.size >= capturedMax) this.#captured.clear();
      captured = this.#capture(compiler, probed).catch(() => undefined);
      this.#captured.set(key, captured);
    }
    return captured;
  }

  /** Toolchains captured so far. */
  all(): readonly Toolchain[] {
    return [...this.#byDigest.values()];
  }

  bytesOf(digest: Digest): Uint8Array | undefined {
    return this.#byDigest.get(digest)?.bytes;
  }

  async #capture(compiler: string, language: string): Promise<Toolchain | undefined> {
    const { observer, tree, states, scratch, clock } = this.#parts;
    const library = observer();
    if (library === undefined) return undefined;
    const dir = mkdtempSync(join(scratch, 'p2pcache-probe-'));
    try {
      const made = await this.#probe(compiler, compileOfNothing(language, dir), dir, library);
      if (!made.isDone) return undefined;
      const inclusion = inclusionOf(language, dir);
      const included = inclusion && (await this.#probe(compiler, inclusion, dir, library));
      const files = new Set<string>(unseen);
      const looked = new Set<string>();
      for (const { kind, path } of [...made.notes, ...(included?.notes ?? [])]) {
        if (!path.startsWith('/') || path.startsWith(dir) || path === library || devices.test(path)) continue;
        if ('RLPX'.includes(kind)) files.add(path);
        else if (kind === 'D') for (const listed of tree.pathsIn(path)) files.add(listed);
        else if (kind === 'E') (states.kindOf(path) === 'folder' ? looked : files).add(path);
      }
      const told = new ToldFiles(tree);
      const entries: TreeEntry[] = [];
      for (const path of [compiler, ...files, ...looked]) {
        entries.push(...told.news([path]));
        await sleep(clock, 0); // reading them all at once would keep the launchers waiting
      }
      const bytes = encodeTree(entries);
      const headerFolders = [...looked].filter(path => path.includes('include'));
      const toolchain = { digest: digestOf(bytes), entries, bytes, headerFolders };
      this.#byDigest.set(toolchain.digest, toolchain);
      return toolchain;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  /** Runs the compiler under the observer: what it did, and whether that was done without an error. */
  async #probe(compiler: string, args: readonly string[], dir: string, library: string) {
    const log = join(dir, 'log');
    rmSync(log, { force: true });
    makeObserverLog(log, dir);
    const said = await this.#parts.processes.outputOf(
      {
        path: compiler,
        argv: [compiler, ...args],
        cwd: dir,
        environment: {
          PATH: '/usr/local/bin:/usr/bin:/bin',
          LD_PRELOAD: library,
          P2PCACHE_OBSERVE: log,
          TMPDIR: dir,
        },
      },
      { timeoutMs: toolchainProbeTimeoutMs, bytesMax: jobStreamBytesMax },
    );
    return { isDone: said !== undefined, notes: notesOf(readObserverLog(log)) };
  }
}

/** Arguments with which a compiler of this language reads the usual headers; undefined where it has none. */
function inclusionOf(language: string, dir: string): string[] | undefined {
  const included = usualHeaders[language]?.split(/\s+/).flatMap(name => ['-include', name]);
  if (included === undefined) return undefined;
  return ['-E', '-x', language, ...included, '/dev/null', '-o', join(dir, 'probe.i')];
}

/** Arguments with which a compiler of this language makes something of an empty source, in this folder. */
function compileOfNothing(language: string, dir: string): string[] {
  const [isRust, target] = rust.exec(language) ?? [];
  if (isRust === undefined) return ['-x', language, '-c', '/dev/null', '-o', join(dir, 'probe.o')];
  const kind = ['--crate-name', 'probe', '--crate-type', 'lib', '--emit', 'metadata,link'];
  return [...kind, ...(target === undefined ? [] : ['--target', target]), '--out-dir', dir, '/dev/null'];
}
