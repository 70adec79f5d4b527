// One run of a job in the sandbox: lays out what it may write, runs it under observation, and makes the claim of what it did.
import { copyFileSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CompileClaim, claimOf } from '../compile/claim.ts';
import { type CompileIdentity, type CompileKeys, compileKeys } from '../compile/compile-key.ts';
import type { WrittenFile } from '../compile/compile-outputs.ts';
import { isExpectedOutput } from '../compile/expected-outputs.ts';
import { absolutePath, type InputSet, inputSetOf } from '../compile/input-manifest.ts';
import { readObservation } from '../compile/observation.ts';
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
import type { ClientCopy, Generation } from './client-copy.ts';
import { type FileTree, parentsOf } from './file-tree.ts';
import { identityOf, outputFolders } from './job-command.ts';
import type { JoinedRuns } from './joined-runs.ts';
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

export interface JobRunParts {
  readonly sandbox: Sandbox;
  readonly copy: ClientCopy;
  /** Below which each run has a folder of its own while it lasts. */
  readonly dir: string;
  readonly joined: JoinedRuns;
}

/**
 * Runs the job, or takes part in the same one of another client. Rejects with a RangeError for one that may not be run, with a
 * SandboxError where the sandbox does not start, or with the signal's reason.
 */
export async function runJob(job: Job, parts: JobRunParts, signal: AbortSignal): Promise<JobRunEnd> {
  const generation = parts.copy.use();
  try {
    const identity = identityOf(job, generation.tree);
    const keys = compileKeys(identity);
    const run = () => runInSandbox(job, identity, keys, generation, parts, signal);
    return await parts.joined.run(identity, keys, generation.tree, run, signal);
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
    const end = await parts.sandbox.run(
      {
        root: generation.folder,
        writable,
        log: { path: logPath, hostFile: log },
        argv: [job.compiler, ...job.added, ...job.arguments],
        cwd: job.cwd,
        environment: new Map([
          ...job.environment,
          ['LD_PRELOAD', observerPath],
          ['P2PCACHE_OBSERVE', logPath],
        ]),
        limits: jobLimits,
      },
      signal,
    );
    if (end.broke !== undefined) return { kind: 'limit', limit: end.broke };
    const mentionsFileName = (path: string) => parts.copy.mentionsFileName(generation, path);
    return judge(end, readObserverLog(log), identity, keys, generation.tree, writable, mentionsFileName);
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
  tree: FileTree,
  writable: readonly WritableFolder[],
  mentionsFileName: (path: string) => boolean,
): JobRunEnd {
  const detail = end.stderr.toString('latin1', 0, detailBytesMax);
  const observed = readObservation(log);
  if ('uncached' in observed) {
    return { kind: 'useless', reason: observed.uncached, set: undefined, detail };
  }
  const useless = (reason: string): JobRunEnd => ({
    kind: 'useless',
    reason,
    set: inputSetOf(observed, identity.folder),
    detail,
  });
  if (end.exitCode !== 0) return useless('compile-failed');
  if (observed.dated.size > 0) return useless('reads-the-time'); // its copies of the files are younger
  const files: WrittenFile[] = [];
  for (const path of observed.written) {
    const file = readOutput(path, absolutePath(path, identity.folder), tree, writable);
    if (file === 'gone') continue;
    if (file === 'odd') return useless('special-output');
    if (!isExpectedOutput(path, identity.command, identity.folder.cwd)) return useless('unexpected-output');
    files.push(file);
  }
  const world = {
    stateOf: (path: string) => tree.stateOf(path),
    kindOf: (path: string) => tree.kindOf(path),
    isExecutable: (path: string) => tree.isExecutable(path),
    lacksAll: (folder: string, names: readonly string[]) => tree.lacksAll(folder, names),
    listingOf: (path: string) => tree.listingOf(path),
    identityOf: (path: string) => tree.identityOf(path),
    realPathOf: (path: string) => tree.realPathOf(path),
    mentionsFileName,
  };
  const run = { observed, files, stdout: end.stdout, stderr: end.stderr };
  const claim = claimOf(run, identity, keys, world);
  return claim === undefined
    ? useless('inputs-outside')
    : { kind: 'done', claim, durationMs: end.durationMs };
}

/** The folders that the job may write, with what the client has in them: files as copies, folders as they are below. */
function layOutWritable(
  identity: CompileIdentity,
  { tree, folder }: Generation,
  dir: string,
): WritableFolder[] {
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
    const subfolders: string[] = [];
    for (const name of tree.namesIn(path)) {
      const below = `${path}/${name}`;
      const node = tree.at(below)!;
      if (node.kind === 'folder') subfolders.push(below);
      else if (node.kind === 'file') copyFileSync(join(folder, below), join(hostFolder, name));
      else symlinkSync(node.target, join(hostFolder, name));
    }
    return { path, hostFolder, subfolders };
  });
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
  tree: FileTree,
  writable: readonly WritableFolder[],
): WrittenFile | 'gone' | 'odd' {
  const slash = absolute.lastIndexOf('/');
  const folder = tree.resolve(absolute.slice(0, slash) || '/');
  const name = absolute.slice(slash + 1);
  const place = writable.find(each => each.path === folder);
  if (place === undefined) return 'gone'; // a temporary folder's, which is gone, or a place that cannot be written
  if (name === '' || name === '.' || name === '..') return 'odd';
  const path = join(place.hostFolder, name);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  if (!stats.isFile() || stats.nlink > 1 || stats.size > jobFileBytesMax) return 'odd';
  return { path: spelled, bytes: readFileSync(path), isExecutable: (stats.mode & 0o100) !== 0 };
}
