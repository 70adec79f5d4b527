// An account of one compile: everything that decided its key, kept so that `p2pcache why` can say what became different and
// `p2pcache verify` can make the result again. Of the environment it holds only what is part of the key.
import { basename } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Digest, digestHash, digestOf } from '../digest.ts';
import { decode, encode } from '../encoding.ts';
import { accountBytesMax } from '../limits.ts';
import { type CompileIdentity, portableArguments, unseenVariables } from './compile-key.ts';
import type { CompileRequest } from './compile-request.ts';
import { absolutePath, type EvaluatedInputs, type InputSet, listsOf, setOf } from './input-manifest.ts';
import { toPortable } from './project-folder.ts';
import { searchedProgram } from './searched-programs.ts';

export interface CompileAccount {
  readonly family: string;
  readonly compilerPath: string;
  readonly compiler: Digest;
  /** Portable (project-folder.ts), as are the paths below. */
  readonly arguments: readonly string[];
  readonly added: readonly string[];
  readonly cwd: string;
  readonly source: string;
  readonly output: string;
  /** A digest of the processor's description, where -march=native makes it matter; else empty. */
  readonly cpu: string;
  /** Variables of the key with their values; null where unset. */
  readonly environment: readonly (readonly [name: string, value: string | null])[];
  readonly set: InputSet;
  /** The first 16 bytes of the digests of `set.reads`, in hex; empty where nobody looked. */
  readonly contents: readonly string[];
  /** Undefined in what a teammate tells: it is nobody's business there. */
  readonly own: OwnAccount | undefined;
}

/** What is needed to run the compile again on this machine. */
export interface OwnAccount {
  /** As called, the compiler's name first. */
  readonly argv: readonly string[];
  readonly compiler: string;
  readonly cwd: string;
  readonly spelledCwd: string;
  readonly root: string;
}

const contentBytes = 16;
const noInputs: InputSet = { reads: [], missing: [], exists: [], listed: [], resolved: [], environment: [] };

export function accountOf(
  request: CompileRequest,
  identity: CompileIdentity,
  inputs: EvaluatedInputs | undefined,
): CompileAccount {
  const { folder, command, environment } = identity;
  const { source, output } = placeOf(identity);
  const set = inputs?.set ?? noInputs;
  const names = [...unseenVariables, ...set.environment.filter(name => searchedProgram(name) === undefined)];
  return {
    family: identity.family,
    compilerPath: request.compiler,
    compiler: identity.compiler,
    arguments: portableArguments(command.arguments, folder.root),
    added: identity.added.map(argument => argument.replaceAll(folder.root, '{root}')),
    cwd: toPortable(folder.cwd, folder),
    source: toPortable(source, folder),
    output: toPortable(output, folder),
    cpu: identity.cpu === '' ? '' : digestOf(identity.cpu),
    environment: names.map(name => [name, environment(name) ?? null]),
    set,
    contents: (inputs?.contents ?? []).map(digest => digestHash(digest).slice(0, 2 * contentBytes)),
    own: {
      argv: request.argv,
      compiler: request.compiler,
      cwd: folder.cwd,
      spelledCwd: folder.spelledCwd,
      root: folder.root,
    },
  };
}

/** The absolute paths of a compile's source and of what it makes. */
export function placeOf({ folder, command }: CompileIdentity): { source: string; output: string } {
  const ending = command.arguments.includes('-S') ? '.s' : '.o';
  const name = command.output ?? basename(command.source).replace(/\.[^.]*$/, '') + ending;
  return { source: absolutePath(command.source, folder), output: absolutePath(name, folder) };
}

/** The key under which accounts of a source (portable) are told to teammates. */
export function accountsKey(source: string): Digest {
  return digestOf(encode(['compile accounts', source]));
}

/** `isOwn`: with what only this machine needs. */
export function encodeAccount(account: CompileAccount, isOwn: boolean): Uint8Array {
  const { set, own } = account;
  return zstdCompressSync(
    encode([
      [account.family, account.compilerPath, account.compiler],
      [account.arguments, account.added],
      [account.cwd, account.source, account.output, account.cpu],
      account.environment,
      listsOf(set),
      Buffer.from(account.contents.join(''), 'hex'),
      isOwn && own !== undefined ? [own.argv, own.compiler, own.cwd, own.spelledCwd, own.root] : null,
    ]),
  );
}

/** The account that these bytes hold, or undefined. A teammate's is only ever shown and compared, never acted on. */
export function decodeAccount(bytes: Uint8Array): CompileAccount | undefined {
  try {
    const plain = zstdDecompressSync(bytes, { maxOutputLength: accountBytesMax });
    const [who, args, where, environment, lists, contents, own] = decode(plain) as unknown[][];
    const [family, compilerPath, compiler] = texts(who, 3);
    const [cwd, source, output, cpu] = texts(where, 4);
    return {
      family: family!,
      compilerPath: compilerPath!,
      compiler: compiler as Digest,
      arguments: texts(args![0]),
      added: texts(args![1]),
      cwd: cwd!,
      source: source!,
      output: output!,
      cpu: cpu!,
      environment: environment!.map(readVariable),
      set: setOf(lists!),
      contents: readContents(contents),
      own: own === null || own === undefined ? undefined : readOwn(own),
    };
  } catch {
    return undefined;
  }
}

function readOwn([argv, ...rest]: unknown[]): OwnAccount {
  const [compiler, cwd, spelledCwd, root] = texts(rest, 4);
  return { argv: texts(argv), compiler: compiler!, cwd: cwd!, spelledCwd: spelledCwd!, root: root! };
}

function readVariable(pair: unknown): [string, string | null] {
  const [name, value] = pair as unknown[];
  if (typeof name === 'string' && (value === null || typeof value === 'string')) return [name, value];
  throw new TypeError('not a variable');
}

function readContents(bytes: unknown): string[] {
  const hex = Buffer.from(bytes as Uint8Array).toString('hex');
  return hex.match(new RegExp(`.{${2 * contentBytes}}`, 'g')) ?? [];
}

function texts(list: unknown, count?: number): string[] {
  const isSound = Array.isArray(list) && list.every(each => typeof each === 'string');
  if (!isSound || (count !== undefined && list.length !== count)) throw new TypeError('not texts');
  return list;
}
