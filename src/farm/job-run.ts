// One run of a job in the sandbox: lays out what it may write, runs it under observation, and makes the claim of what it did.
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompileClaim, RunStates } from '../compile/claim.ts';
import type { CompileIdentity, CompileKeys } from '../compile/compile-key.ts';
import type { WrittenFile } from '../compile/compile-outputs.ts';
import { familyRules } from '../compile/families.ts';
import { absolutePath, type InputSet } from '../compile/input-manifest.ts';
import { readObservation } from '../compile/observation.ts';
import { type Digest, digestSizeBytes } from '../digest.ts';
import {
  jobCpuSMax,
  jobDiskBytesMax,
  jobFileBytesMax,
  jobMemoryBytesMax,
  jobProcessesMax,
  jobStreamBytesMax,
  jobWallMsMax,
} from '../limits.ts';
import type { Job } from '../protocol/farm.ts';
import { type ClientCopy, checkOwnFiles, type Generation } from './client-copy.ts';
import { parentsOf } from './file-tree.ts';
import { identityOf, outputFolders } from './job-command.ts';
import type { JoinedRuns } from './joined-runs.ts';
import type { MacroLibraries } from './macro-libraries.ts';
import { makeObserverLog, readObserverLog } from './observer-log.ts';
import type { Sandbox, SandboxEnd, SandboxLimits, WritableFolder } from './sandbox.ts';

export type JobRunEnd =
  | {
      readonly kind: 'done';
      readonly claim: CompileClaim;
      readonly durationMs: number;
      /** Another client's run of the same. */
      readonly isJoined?: boolean;
    }
  /** `detail`: the compiler's own first words. */
  | {
      readonly kind: 'useless';
      readonly reason: string;
      readonly set: InputSet | undefined;
      readonly detail: string;
    }
  | { readonly kind: 'limit'; readonly limit: string };

export const jobLimits: SandboxLimits = {
  wallMs: jobWallMsMax,
  cpuS: jobCpuSMax,
  memoryBytes: jobMemoryBytesMax,
  processes: jobProcessesMax,
  fileBytes: jobFileBytesMax,
  diskBytes: jobDiskBytesMax,
  streamBytes: jobStreamBytesMax,
};

/** Where the sandbox shows our own things: no client's path is below it. */
const observerPath = '/.p2pcache/observer.so';
const logPath = '/.p2pcache/log';
const detailBytesMax = 200;
/**
 * Has glibc ask for huge pages for what is allocated in small pieces, as the observer does for large ones. No compiler of C asks
 * for this variable; a crate of Rust could.
 */
const hugePages = [['GLIBC_TUNABLES', 'glibc.malloc.hugetlb=1']] as const;
/** Files from this size on are shown where they are: copying one takes as long as mounting it. */
const keptFileBytesMin = 1024 * 1024;

export interface JobRunParts {
  readonly sandbox: Sandbox;
  readonly copy: ClientCopy;
  /** Below which each run has a folder of its own while it lasts. */
  readonly dir: string;
  readonly joined: JoinedRuns;
  readonly macros: MacroLibraries;
}

/**
 * Runs the job, or takes part in the same one of another client. Rejects with a RangeError for one that may not be run, with a
 * SandboxError where the sandbox does not start, with OwnFileChanged, or with the signal's reason.
 */
export async function runJob(job: Job, parts: JobRunParts, signal: AbortSignal): Promise<JobRunEnd> {
  return identified(job, parts.copy, (identity, keys, generation) => {
    const run = () => runInSandbox(job, identity, keys, generation, parts, signal);
    return parts.joined.run(identity, keys, generation.tree, run, signal);
  });
}

/** Waits for the same job of another client; undefined where none runs, or with other inputs. Rejects as `runJob` does. */
export async function joinJob(
  job: Job,
  { copy, joined }: Pick<JobRunParts, 'copy' | 'joined'>,
  signal: AbortSignal,
): Promise<JobRunEnd | undefined> {
  return identified(job, copy, (identity, keys, { tree }) => joined.join(identity, keys, tree, signal));
}

/** What the job is by the client's files as they are now; they stay so until `use` is done. */
async function identified<Result>(
  job: Job,
  copy: ClientCopy,
  use: (identity: CompileIdentity, keys: CompileKeys, generation: Generation) => Promise<Result>,
): Promise<Result> {
  const generation = copy.use();
  try {
    const identity = identityOf(job, generation.tree);
    return await use(identity, familyRules[identity.family].keysOf(identity), generation);
  } finally {
    generation.release();
  }
}

async function runInSandbox(
  job: Job,
  identity: CompileIdentity,
  keys: CompileKeys,
  generation: Generation,
  parts: JobRunParts,
  signal: AbortSignal,
): Promise<JobRunEnd> {
  mkdirSync(parts.dir, { recursive: true, mode: 0o700 });
  const dir = mkdtempSync(join(parts.dir, 'job-'));
  try {
    const writable = layOutWritable(identity, generation, dir);
    const hostCwd = hostPathOf(job.cwd, writable, generation);
    const log = join(dir, 'log');
    makeObserverLog(log, hostCwd);
    checkOwnFiles(generation); // one that is gone would look like trouble of the sandbox's
    const end = await parts.sandbox.run(
      {
        root: generation.folder,
        shown: [...generation.own].map(([path, own]) => ({ path, hostFile: own.path })),
        writable,
        log: { path: logPath, hostFile: log },
        argv: [job.compiler, ...job.added, ...job.arguments],
        cwd: job.cwd,
        environment: new Map([
          ...job.environment,
          ...(identity.family === 'rustc' ? [] : hugePages),
          ['LD_PRELOAD', observerPath],
          ['P2PCACHE_OBSERVE', logPath],
        ]),
        limits: jobLimits,
      },
      signal,
    );
    if (end.broke !== undefined) return { kind: 'limit', limit: end.broke };
    const states = statesOf(parts.copy, generation);
    const judged = judge(end, readObserverLog(log), identity, keys, states, writable, parts.macros);
    checkOwnFiles(generation);
    return judged;
  } finally {
    void rm(dir, { recursive: true, force: true }).catch(() => {}); // nobody waits for it
  }
}

/** What the run amounts to, by what it was seen to do. */
function judge(
  end: SandboxEnd,
  log: Buffer,
  identity: CompileIdentity,
  keys: CompileKeys,
  states: RunStates,
  writable: readonly WritableFolder[],
  macros: MacroLibraries,
): JobRunEnd {
  const { command, folder, family } = identity;
  const rules = familyRules[family];
  const detail = end.stderr.toString('latin1', 0, detailBytesMax);
  const observed = readObservation(log);
  if ('uncached' in observed) {
    return { kind: 'useless', reason: observed.uncached, set: undefined, detail };
  }
  const files: WrittenFile[] = [];
  const run = { observed, files, stdout: end.stdout, stderr: end.stderr };
  const useless = (reason: string): JobRunEnd => ({
    kind: 'useless',
    reason,
    set: rules.inputsOf(run, identity, states),
    detail,
  });
  if (end.exitCode !== 0) return useless('compile-failed');
  if (observed.dated.size > 0) return useless('reads-the-time'); // its copies of the files are younger
  const obstacle = family === 'rustc' ? macros.obstacleIn(observed.reads, folder, states) : undefined;
  const refusal = obstacle ?? rules.refuses(observed, identity);
  if (refusal !== undefined) return useless(refusal);
  for (const path of observed.written) {
    const file = readOutput(path, absolutePath(path, folder), states, writable);
    if (file === 'gone') continue;
    if (file === 'odd') return useless('special-output');
    if (!rules.isExpectedOutput(path, command, folder.cwd)) return useless('unexpected-output');
    files.push(file);
  }
  const claim = rules.claimOf(run, identity, keys, states);
  return claim === undefined
    ? useless('inputs-outside')
    : { kind: 'done', claim: claim.complete(), durationMs: end.durationMs };
}

/** The client's files as far as they were told, as a run's claim asks for them. */
function statesOf(copy: ClientCopy, generation: Generation): RunStates {
  const { tree } = generation;
  return {
    stateOf: path => tree.stateOf(path),
    kindOf: path => tree.kindOf(path),
    isExecutable: path => tree.isExecutable(path),
    lacksAll: (folder, names) => tree.lacksAll(folder, names),
    listingOf: path => tree.listingOf(path),
    identityOf: path => tree.identityOf(path),
    realPathOf: path => tree.realPathOf(path),
    bytesAt: path => copy.bytesAt(generation, path),
    mentionsFileName: path => copy.mentionsFileName(generation, path),
  };
}

/**
 * The folders that the job may write, with what the client has in them: files as copies, folders and large files (the crates
 * beside which a crate is written) as they are.
 */
function layOutWritable(
  identity: CompileIdentity,
  { tree, folder, own: ownFiles }: Generation,
  dir: string,
): WritableFolder[] {
  const { isExpectedOutput } = familyRules[identity.family];
  const { command, folder: own } = identity;
  const reals = new Set(['/tmp']);
  for (const path of outputFolders(identity)) {
    const real = tree.resolve(path);
    if (real === undefined || tree.at(real)?.kind !== 'folder')
      throw new RangeError(`no output folder ${path}`);
    reals.add(real);
  }
  const inOrder = [...reals].sort((a, b) => parentsOf(a).length - parentsOf(b).length);
  return inOrder.map((path, i) => {
    const hostFolder = join(dir, `w${i}`);
    mkdirSync(hostFolder, { mode: 0o700 });
    const kept: string[] = [];
    for (const name of tree.namesIn(path)) {
      const below = `${path}/${name}`;
      const node = tree.at(below)!;
      if (ownFiles.has(below)) throw new RangeError(`an output beside ${below}`);
      if (node.kind === 'link') symlinkSync(node.target, join(hostFolder, name));
      else if (node.kind === 'folder' || (isLarge(node.digest) && !isExpectedOutput(below, command, own.cwd)))
        kept.push(below);
      else {
        copyFileSync(join(folder, below), join(hostFolder, name));
        // the copies that clients' files are cannot be written; an output that rustc finds so is an error
        chmodSync(join(hostFolder, name), node.isExecutable ? 0o755 : 0o644);
      }
    }
    return { path, hostFolder, kept };
  });
}

function isLarge(digest: Digest): boolean {
  return digestSizeBytes(digest) >= keptFileBytesMin;
}

/** Where a path of the sandbox is on this machine. */
function hostPathOf(path: string, writable: readonly WritableFolder[], { tree, folder }: Generation): string {
  const real = tree.resolve(path);
  if (real === undefined) throw new RangeError(`no folder ${path}`);
  return writable.find(each => each.path === real)?.hostFolder ?? join(folder, real);
}

/** An output, if it is a plain file right in one of the writable folders. */
function readOutput(
  spelled: string,
  absolute: string,
  states: Pick<RunStates, 'realPathOf'>,
  writable: readonly WritableFolder[],
): WrittenFile | 'gone' | 'odd' {
  const slash = absolute.lastIndexOf('/');
  const folder = states.realPathOf(absolute.slice(0, slash) || '/');
  const name = absolute.slice(slash + 1);
  const place = writable.find(each => each.path === folder);
  if (place === undefined) return 'gone'; // a temporary folder's, which is gone, or a place that cannot be written
  if (name === '' || name === '.' || name === '..' || place.kept.includes(`${folder}/${name}`)) return 'odd';
  const path = join(place.hostFolder, name);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  if (!stats.isFile() || stats.nlink > 1 || stats.size > jobFileBytesMax) return 'odd';
  return { path: spelled, bytes: readFileSync(path), isExecutable: (stats.mode & 0o100) !== 0 };
}
