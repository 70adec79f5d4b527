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
    const { processes, observer, tree, states, scratch, clock } = this.#parts;
    const library = observer();
    if (library === undefined) return undefined;
    const dir = mkdtempSync(join(scratch, 'p2pcache-probe-'));
    try {
      const log = join(dir, 'log');
      makeObserverLog(log, dir);
      const ran = await processes.outputOf(
        {
          path: compiler,
          argv: [compiler, ...compileOfNothing(language, dir)],
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
      if (ran === undefined) return undefined;
      const files = new Set<string>(unseen);
      const looked = new Set<string>();
      for (const { kind, path } of notesOf(readObserverLog(log))) {
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
}

/** Arguments with which a compiler of this language makes something of an empty source, in this folder. */
function compileOfNothing(language: string, dir: string): string[] {
  const [isRust, target] = rust.exec(language) ?? [];
  if (isRust === undefined) return ['-x', language, '-c', '/dev/null', '-o', join(dir, 'probe.o')];
  const kind = ['--crate-name', 'probe', '--crate-type', 'lib', '--emit', 'metadata,link'];
  return [...kind, ...(target === undefined ? [] : ['--target', target]), '--out-dir', dir, '/dev/null'];
}
