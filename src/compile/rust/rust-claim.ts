// What one observed run of rustc amounts to: its inputs, the outputs with places as tokens, and how widely they hold.
import type { OutputFile } from '../../actions/action-result.ts';
import { type Digest, digestOf } from '../../digest.ts';
import type { CompileClaim, ObservedRun } from '../claim.ts';
import type { CompileIdentity, CompileKeys } from '../compile-key.ts';
import type { WrittenFile } from '../compile-outputs.ts';
import {
  type Environment,
  evaluateInputs,
  type InputSet,
  inputSetOf,
  type WorldStates,
} from '../input-manifest.ts';
import { placesTemplate, withTokens } from '../place-text.ts';
import { type Place, type ProjectFolder, placesOf, toPortable } from '../project-folder.ts';
import type { RustCommand } from './rust-command.ts';
import { mayHideText, placesIn } from './rust-evidence.ts';
import { type Level, levels } from './rust-folder.ts';
import { isRustOutput } from './rust-outputs.ts';
import { terminalVariablesOf } from './terminal-width.ts';

/** Where temporary files go, how many jobs may run, what a crash prints. Anything else may reach a procedural macro. */
const harmlessVariables =
  /^(TMPDIR|TMP|TEMP|TEMPDIR|(CARGO_)?MAKEFLAGS|MFLAGS|RUST_BACKTRACE|RUSTC_CTFE_BACKTRACE|TERM|MALLOC_CONF|P2PCACHE_.*)$/;

/** The claim, or undefined where the world is not (any more) what the run saw. */
export function rustClaimOf(
  run: ObservedRun,
  { folder, command, environment }: CompileIdentity,
  keys: CompileKeys,
  states: WorldStates,
): CompileClaim | undefined {
  const set = rustInputSet(run, command as RustCommand, folder, environment);
  const result = portableResult(
    run,
    folder,
    placesHeld(run, set, command as RustCommand, folder, environment),
  );
  const key = keys[result.level] ?? keys.bound;
  const inputs = evaluateInputs(key, set, folder, environment, states);
  if (inputs === undefined) return undefined;
  const actions = [{ key, action: inputs.action }];
  return { ...result, inputs, actions, isBound: result.level === 'bound' };
}

/**
 * Other crates in the folders given with `-L dependency=` come and go, so the list of them is no input: rustc takes a crate
 * from there only under the hash that is in the crate that asked for it, and the files it took are inputs by their content.
 */
function rustInputSet(
  { observed, stderr }: ObservedRun,
  command: RustCommand,
  folder: ProjectFolder,
  environment: Environment,
): InputSet {
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
      environment: new Set([...observed.environment, ...terminalVariablesOf(stderr, environment)]),
    },
    folder,
    { variables: harmlessVariables, listings: harmlessListings },
  );
}

/** The places that the outputs depend on by name. */
function placesHeld(
  { files }: ObservedRun,
  set: InputSet,
  command: RustCommand,
  folder: ProjectFolder,
  environment: Environment,
): Place[] {
  const binaries = files.filter(file => !isDepfile(file));
  const held = new Set(binaries.flatMap(({ bytes }) => placesIn(bytes, folder)));
  const places = placesOf(folder);
  const innermost = (path: string) => places.find(place => `${path}/`.startsWith(`${place.path}/`));
  const add = (path: string) => {
    const place = innermost(path);
    if (place !== undefined) held.add(place);
  };
  // working folder and source are in a crate's hash, and file!() can be measured without leaving text; a command that maps
  // them away is taken at its word, where its outputs bear it out
  if (!command.arguments.some(argument => argument.startsWith('--remap-path-prefix'))) {
    add(folder.cwd);
    add(command.source);
  }
  if (binaries.some(({ bytes }) => mayHideText(bytes))) {
    for (const path of [folder.cwd, ...set.reads.filter(isSource)]) {
      const token = /^\{\w+\}/.exec(path)?.[0];
      const place = token === undefined ? innermost(path) : places.find(each => each.token === token);
      if (place !== undefined) held.add(place);
    }
    const values = set.environment.map(name => environment(name) ?? '');
    for (const place of places) if (values.some(value => value.includes(place.path))) held.add(place);
    if (command.arguments.some(argument => argument.includes('split-debuginfo'))) return [...places];
  }
  return [...held];
}

/** Anything but crates, whose content is in the key: their names are in no output. */
function isSource(path: string): boolean {
  return !/\.(rlib|rmeta|so|a|o)$/.test(path);
}

function isDepfile({ path }: WrittenFile): boolean {
  return path.endsWith('.d');
}

function portableResult(
  { files, stdout, stderr }: ObservedRun,
  folder: ProjectFolder,
  held: readonly Place[],
): Pick<CompileClaim, 'result' | 'blobs'> & { readonly level: Level } {
  const depfiles = new Map(files.filter(isDepfile).map(file => [file, placesTemplate(file.bytes, folder)]));
  const streams = [stdout, stderr].map(text => withTokens(text, folder));
  const isTextUncertain =
    [...depfiles.values(), ...streams].some(text => text === undefined) ||
    // would be taken for a template
    files.some(file => !isDepfile(file) && file.bytes[0] === 0);
  const widest = levels.find(([, tokens]) => held.every(({ token }) => tokens.includes(token)));
  const level = isTextUncertain || widest === undefined ? 'bound' : widest[0];
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
