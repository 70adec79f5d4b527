// What one observed run of rustc amounts to: its inputs, the outputs with places as tokens, and how widely they hold.
import type { OutputFile } from '../../actions/action-result.ts';
import { type Digest, digestOf } from '../../digest.ts';
import type { CompileClaim, ObservedRun, PendingClaim, RunStates } from '../claim.ts';
import type { CompileIdentity, CompileKeys } from '../compile-key.ts';
import type { WrittenFile } from '../compile-outputs.ts';
import { findInputs, type InputSet, inputSetOf, underKey } from '../input-manifest.ts';
import { placesTemplate, withTokens } from '../place-text.ts';
import { type ProjectFolder, toPortable } from '../project-folder.ts';
import { levelOf } from './held-places.ts';
import type { RustCommand } from './rust-command.ts';
import { variablesAskedFor } from './rust-environment.ts';
import type { Level } from './rust-folder.ts';
import { isRustOutput } from './rust-outputs.ts';
import { terminalVariablesOf } from './terminal-width.ts';

/** Where temporary files go, how many jobs may run, what a crash prints. Anything else may reach a procedural macro. */
const harmlessVariables =
  /^(TMPDIR|TMP|TEMP|TEMPDIR|(CARGO_)?MAKEFLAGS|MFLAGS|RUST_BACKTRACE|RUSTC_CTFE_BACKTRACE|TERM|MALLOC_CONF|P2PCACHE_.*)$/;

/** Levels of results that another checkout cannot take. */
const namesCheckout: ReadonlySet<Level> = new Set(['checkout', 'bound']);

/** The claim, or undefined where the world is not (any more) what the run saw. */
export function rustClaimOf(
  run: ObservedRun,
  identity: CompileIdentity,
  keys: CompileKeys,
  states: RunStates,
): PendingClaim | undefined {
  const { folder, environment } = identity;
  const set = rustInputSet(run, identity, states);
  const there = findInputs(set, folder, environment, states);
  if (there === undefined) return undefined;
  const complete = (): CompileClaim => {
    const binaries = run.files.filter(file => !isDepfile(file));
    const result = portableResult(run, folder, levelOf(binaries, set, identity));
    const key = keys[result.level] ?? keys.bound;
    const inputs = underKey(key, there);
    const actions = [{ key, action: inputs.action }];
    return { ...result, inputs, actions, isBound: namesCheckout.has(result.level) };
  };
  return { set, complete };
}

/**
 * Other crates in the folders given with `-L dependency=` come and go, so the list of them is no input: rustc takes a crate
 * from there only under the hash that is in the crate that asked for it, and the files it took are inputs by their content.
 */
export function rustInputSet(
  { observed, stderr }: ObservedRun,
  identity: CompileIdentity,
  states: Pick<RunStates, 'bytesAt'>,
): InputSet {
  const { folder, environment } = identity;
  const command = identity.command as RustCommand;
  const { searchFolders } = command.rust;
  const ofDependencies = searchFolders.filter(({ kind }) => kind === 'dependency').map(({ path }) => path);
  const others = searchFolders.filter(({ kind }) => kind !== 'dependency').map(({ path }) => path);
  const harmlessListings = new Set(
    // listed again: by a procedural macro, or for another kind of crates
    ofDependencies.filter(path => !others.includes(path) && !observed.listedAgain.has(path)),
  );
  // whether outputs and their folders were there before says nothing; a build script may remove them at once
  const isForOutput = (path: string) =>
    command.rust.outputFolders.includes(path) || isRustOutput(path, command);
  const without = (paths: ReadonlySet<string>) => new Set([...paths].filter(path => !isForOutput(path)));
  return inputSetOf(
    {
      ...observed,
      exists: without(observed.exists),
      missing: without(observed.missing),
      resolved: without(observed.resolved),
      environment: new Set([
        ...variablesAskedFor(observed, folder, states),
        ...terminalVariablesOf(stderr, environment),
      ]),
    },
    folder,
    { variables: harmlessVariables, listings: harmlessListings },
  );
}

function isDepfile({ path }: WrittenFile): boolean {
  return path.endsWith('.d');
}

function portableResult(
  { files, stdout, stderr }: ObservedRun,
  folder: ProjectFolder,
  levelOfBinaries: Level,
): Pick<CompileClaim, 'result' | 'blobs'> & { readonly level: Level } {
  const depfiles = new Map(files.filter(isDepfile).map(file => [file, placesTemplate(file.bytes, folder)]));
  const streams = [stdout, stderr].map(text => withTokens(text, folder));
  const isTextUncertain =
    [...depfiles.values(), ...streams].some(text => text === undefined) ||
    // would be taken for a template
    files.some(file => !isDepfile(file) && file.bytes[0] === 0);
  const level = isTextUncertain ? 'bound' : levelOfBinaries;
  const isBound = level === 'bound';
  const blobs = new Map<Digest, Uint8Array>();
  const keep = (bytes: Uint8Array): Digest => {
    const digest = digestOf(bytes);
    if (bytes.byteLength > 0) blobs.set(digest, bytes);
    return digest;
  };
  const outputFiles = files.map((file): OutputFile => {
    const bytes = isBound ? file.bytes : (depfiles.get(file) ?? file.bytes);
    return { path: toPortable(file.path, folder), digest: keep(bytes), isExecutable: file.isExecutable };
  });
  const [out, err] = isBound ? [stdout, stderr] : streams;
  return { level, blobs, result: { outputFiles, stdout: keep(out!), stderr: keep(err!), exitCode: 0 } };
}
