// A compile's outputs on their way into a result and back: read at once, made portable where only their text names the
// folder, and bound to the folder where their bytes do.
import { readFileSync, statSync } from 'node:fs';
import type { ActionResult, OutputFile, OutputStyle } from '../actions/action-result.ts';
import type { Found } from '../actions/results.ts';
import type { SignedRecord } from '../actions/signed-record.ts';
import { type Digest, digestOf } from '../digest.ts';
import { blobSizeBytesMax } from '../limits.ts';
import { depfileTemplate, renderDepfile } from './depfile.ts';
import { isAsWritten } from './file-stamp.ts';
import { folderSpellings, isElf, mayHoldFolder } from './folder-evidence.ts';
import { absolutePath } from './input-manifest.ts';
import type { Observation } from './observation.ts';
import { renderPlaces, withoutTokens } from './place-text.ts';
import { fromPortable, type ProjectFolder, toPortable } from './project-folder.ts';

export interface WrittenFile {
  /** As the compiler spelled it. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly isExecutable: boolean;
}

/**
 * Reads what a compile left, at once, before anything else can change it. Undefined: something is not a plain file, or not
 * any more the one that the compiler wrote.
 */
export function readOutputs(
  { written, stamps }: Pick<Observation, 'written' | 'stamps'>,
  folder: ProjectFolder,
): WrittenFile[] | undefined {
  const files: WrittenFile[] = [];
  for (const path of written) {
    try {
      const absolute = absolutePath(path, folder);
      const stats = statSync(absolute, { throwIfNoEntry: false });
      if (stats === undefined) continue; // a temporary file that is gone again
      if (!stats.isFile() || stats.size > blobSizeBytesMax) return undefined;
      const bytes = readFileSync(absolute);
      const stamp = stamps.get(path);
      if (stamp !== undefined && !isAsWritten(absolute, stamp)) return undefined;
      files.push({ path, bytes, isExecutable: (stats.mode & 0o100) !== 0 });
    } catch {
      return undefined;
    }
  }
  return files;
}

export interface PortableResult {
  readonly result: ActionResult;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  /** Whether any of it holds, or may hold, the folder it was made in. */
  readonly isBound: boolean;
}

const textToken = '\0{root}\0';

/** The result that these outputs make, bound to the folder where they show it; `source` as the command names it. */
export function toResult(
  files: readonly WrittenFile[],
  streams: { readonly stdout: Buffer; readonly stderr: Buffer },
  folder: ProjectFolder,
  source: string,
  styles: Observation['styles'],
): PortableResult {
  const spellings = folderSpellings(folder, source);
  const blobs = new Map<Digest, Uint8Array>();
  const keep = (bytes: Uint8Array): Digest => {
    const digest = digestOf(bytes);
    if (bytes.byteLength > 0) blobs.set(digest, bytes);
    return digest;
  };
  const portable = [
    ...files.map(file => portableFile(file.bytes, folder, spellings)),
    portableText(streams.stdout, folder),
    portableText(streams.stderr, folder),
  ];
  const isBound = portable.some(bytes => bytes === undefined);
  // a bound result keeps everything as it is: it is only ever restored in this folder
  const outputFiles = files.map((file, i): OutputFile => {
    const bytes = isBound ? file.bytes : portable[i]!;
    const style = styles.get(file.path) ?? 'written';
    // no compiler makes one: where one of its outputs is executable, it was so before
    return { path: toPortable(file.path, folder), digest: keep(bytes), isExecutable: false, style };
  });
  const [stdout, stderr] = isBound ? [streams.stdout, streams.stderr] : [portable.at(-2)!, portable.at(-1)!];
  return { result: { outputFiles, stdout: keep(stdout), stderr: keep(stderr), exitCode: 0 }, blobs, isBound };
}

/** The bytes as they can be shared with other folders, or undefined where they cannot. */
function portableFile(
  bytes: Buffer,
  folder: ProjectFolder,
  spellings: readonly string[],
): Buffer | undefined {
  if (bytes.includes(textToken)) return undefined;
  if (!mayHoldFolder(bytes, spellings)) return bytes;
  if (isElf(bytes)) return undefined;
  const template = depfileTemplate(bytes.toString('latin1'), latin1(folder.root));
  return template === undefined ? undefined : Buffer.from(template, 'latin1');
}

function portableText(bytes: Buffer, folder: ProjectFolder): Buffer | undefined {
  if (bytes.includes(0)) return undefined;
  const text = bytes.toString('latin1');
  return text.includes(latin1(folder.root))
    ? Buffer.from(text.replaceAll(latin1(folder.root), textToken), 'latin1')
    : bytes;
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

export interface RestoredOutput {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly isExecutable: boolean;
  readonly style: OutputStyle;
}

/** A found result as it is restored in this folder. */
export function restoreResult(
  {
    record: { result },
    blobs,
  }: { readonly record: Pick<SignedRecord, 'result'>; readonly blobs: Found['blobs'] },
  folder: ProjectFolder,
): { exitCode: number; outputs: RestoredOutput[]; stdout: Uint8Array; stderr: Uint8Array } {
  return {
    exitCode: result.exitCode,
    outputs: restoreOutputs(result, blobs, folder),
    stdout: restoreText(blobs.get(result.stdout), folder),
    stderr: restoreText(blobs.get(result.stderr), folder),
  };
}

export function restoreOutputs(
  result: ActionResult,
  blobs: ReadonlyMap<Digest, Uint8Array>,
  folder: ProjectFolder,
): RestoredOutput[] {
  return result.outputFiles.map(({ path, digest, isExecutable, style }) => {
    const bytes = blobs.get(digest) ?? new Uint8Array(0);
    const text = bytes[0] === 0 ? renderText(Buffer.from(bytes), folder) : undefined;
    return {
      path: fromPortable(path, folder),
      bytes: text ?? bytes,
      isExecutable,
      style: style ?? (isElf(bytes) || isCrate(bytes) ? 'replaced' : 'written'),
    };
  });
}

export function restoreText(bytes: Uint8Array | undefined, folder: ProjectFolder): Uint8Array {
  if (bytes === undefined) return new Uint8Array(0);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return withoutTokens(buffer, folder);
}

function renderText(template: Buffer, folder: ProjectFolder): Buffer | undefined {
  const depfile = renderDepfile(template.toString('latin1'), latin1(folder.root));
  return depfile === undefined ? renderPlaces(template, folder) : Buffer.from(depfile, 'latin1');
}

/** A Rust library or its metadata. */
function isCrate(bytes: Uint8Array): boolean {
  return /^(!<arch>\n|rust\0\0\0)/.test(Buffer.from(bytes.subarray(0, 8)).toString('latin1'));
}
