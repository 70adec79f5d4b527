// Crates of real cargo workspaces at a worker: libraries are compiled there and are, with everything that is linked of them, what
// plain cargo makes in the same folder; what links, and what could come out otherwise there, stays at home.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoreSpace } from '../../src/control-cache.ts';
import type { FarmView } from '../../src/control-farm.ts';
import { hasCargo } from '../support/cargo-folder.ts';
import { CargoWorkspace, libraries, linked, rustup } from '../support/cargo-workspace.ts';
import { busy, oneSlot, untilFarm, workerAndClients } from '../support/farm-rig.ts';
import { Rig, type RigMember } from '../support/rig.ts';

const obstacle = hasCargo() ? undefined : 'no cargo';
if (obstacle !== undefined) console.warn(`SKIPPED: ${obstacle}`);

const plainly = { P2PCACHE_MODE: 'off' };
const json = '--message-format=json-diagnostic-rendered-ansi';

describe.skipIf(obstacle !== undefined)('a worker that has the same toolchain', () => {
  let rig: Rig;
  let worker: RigMember;
  let client: RigMember;
  let ended: AsyncDisposable;

  beforeAll(async () => {
    rig = await Rig.create();
    [worker, client] = (await rig.join([
      rig.member('worker', rustup),
      rig.member('client', { ...oneSlot, ...rustup }),
    ])) as [RigMember, RigMember];
    await worker.ok('farm', 'on', '--slots', '2');
    await untilFarm(client, ({ workers }) => workers.length === 1);
    ended = await busy(client);
  });

  afterAll(async () => {
    await ended[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  test('compiles libraries, and every file and word is as at home', async () => {
    const workspace = new CargoWorkspace(client, 'all');
    const plain = await workspace.cargo(['run'], plainly);
    workspace.clean();
    const farmed = await counted(client, () => workspace.cargo(['run']));
    expect(farmed.result).toEqual(plain);
    expect(plain.ran.stdout).toBe('\n("base/src/deep/inner.rs", 7) 3 ["so", "generated"] Some("sweet")');
    // a module that a macro declares is not guessed, and told for the second attempt
    const returned = { 'compile-failed': 1 };
    expect(farmed.jobs).toEqual({ done: libraries.length, stayed: { links: linked }, returned });

    workspace.clean();
    const again = await counted(client, () => workspace.cargo(['run']));
    expect(again.result).toEqual(plain);
    // all libraries are hits; what linked a moment after its libraries were put down may not have been kept
    const { links: _, ...stayed } = again.jobs.stayed;
    expect({ ...again.jobs, stayed }).toEqual({ done: 0, stayed: {}, returned: {} });
  });

  test('says what cargo hears line by line, warnings and artifacts', async () => {
    const workspace = new CargoWorkspace(client, 'said');
    const plain = await workspace.cargo(['build', '--release', json], plainly);
    workspace.clean();
    const farmed = await counted(client, () => workspace.cargo(['build', '--release', json]));
    expect(farmed.result).toEqual(plain);
    expect(plain.ran.stdout).toContain('unused variable');
    expect(farmed.jobs.done).toBe(libraries.length);
  });

  test('checks libraries, and compiles them anew where a source was changed', async () => {
    const workspace = new CargoWorkspace(client, 'edited', { 'p2pcache.toml': 'prefix_maps = false\n' });
    await workspace.cargo(['check']);
    await workspace.cargo(['build']);
    workspace.write('base/text.txt', 'another text\n');
    workspace.write('base/src/part.rs', 'pub const TEXT: &str = include_str!("../text.txt");\nmod new;\n');
    workspace.write('base/src/part/new.rs', '// nothing yet\n');
    const farmed = await counted(client, () => workspace.cargo(['build']));
    expect(farmed.jobs).toEqual({ done: 3, stayed: { links: 1 }, returned: {} }); // base, user, top; app
    await workspace.cargo(['check']);
    const { files } = await workspace.cargo(['build']);
    workspace.clean();
    await workspace.cargo(['check'], plainly);
    expect(files).toEqual((await workspace.cargo(['build'], plainly)).files);
  });

  test('maps the names of folders as the project asks for it', async () => {
    const workspace = new CargoWorkspace(client, 'mapped', { 'p2pcache.toml': 'prefix_maps = true\n' });
    const here = await workspace.cargo(['build'], { P2PCACHE_FARM: 'off', P2PCACHE_MODE: 'write' });
    workspace.clean();
    const farmed = await counted(client, () => workspace.cargo(['build'], { P2PCACHE_MODE: 'write' }));
    expect(farmed.result).toEqual(here);
    expect(farmed.jobs.done).toBe(libraries.length);
  });

  test('an error is the compiler’s own, here', async () => {
    const workspace = new CargoWorkspace(client, 'wrong', {
      'user/src/lib.rs': 'fn all() -> u8 { "text" }\n',
    });
    const plain = await workspace.cargo(['build', '-p', 'user'], plainly);
    workspace.clean();
    const farmed = await counted(client, () => workspace.cargo(['build', '-p', 'user']));
    expect(farmed.result).toEqual(plain);
    expect(plain.ran.exitCode).not.toBe(0);
    expect(farmed.jobs.stayed).toEqual({ links: 1, 'compile-failed': 1 });
  });

  test('a secret’s name, and a macro that can read everything, keep a crate at home', async () => {
    const workspace = new CargoWorkspace(client, 'kept', {
      'generated/src/lib.rs': 'pub const G: Option<&str> = option_env!("MY_API_TOKEN");\n',
      'macros/src/lib.rs': `use proc_macro::TokenStream;
#[proc_macro]
pub fn seven(_: TokenStream) -> TokenStream {
    if std::env::vars().any(|(name, _)| name == "NINE") { "9".parse().unwrap() } else { "7".parse().unwrap() }
}
`,
    });
    const env = { MY_API_TOKEN: 'secret', NINE: '' };
    const plain = await workspace.cargo(['build', '-p', 'user', '-p', 'generated'], { ...plainly, ...env });
    workspace.clean();
    const farmed = await counted(client, () =>
      workspace.cargo(['build', '-p', 'user', '-p', 'generated'], env),
    );
    expect(farmed.result).toEqual(plain);
    expect(farmed.jobs.done).toBe(2); // plain, base
    expect(farmed.jobs.stayed).toEqual({ links: 2, 'private-variable': 1, 'macro-environment': 1 });
  });

  test('takes the toolchain from its own disk, and doctor knows it', async () => {
    expect((await worker.json<StoreSpace>('gc', '--json')).storeBytes).toBeLessThan(20e6);
    expect((await client.ok('doctor', 'farm')).stdout).toMatch(
      /ok +toolchain rustc +captured: \d{2,} files, \d{3,} MB/,
    );
  });
});

test.skipIf(obstacle !== undefined)('a worker without Rust is brought the client’s', async () => {
  await using rig = await Rig.create();
  const [, client] = await workerAndClients(rig, 'client');
  const workspace = new CargoWorkspace(client!, 'all');
  const plain = await workspace.cargo(['build'], plainly);
  workspace.clean();
  await using _ = await busy(client!);
  const farmed = await counted(client!, () => workspace.cargo(['build']));
  expect(farmed.result).toEqual(plain);
  expect(farmed.jobs.done).toBe(libraries.length);
});

type Jobs = Pick<FarmView['jobs'], 'done' | 'stayed' | 'returned'>;

/** What became of this member's compiles meanwhile. */
async function counted<Result>(
  member: RigMember,
  act: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly jobs: Jobs }> {
  const before = (await member.farm()).jobs;
  const result = await act();
  const { done, stayed, returned } = (await member.farm()).jobs;
  const jobs = {
    done: done - before.done,
    stayed: difference(stayed, before.stayed),
    returned: difference(returned, before.returned),
  };
  return { result, jobs };
}

function difference(
  after: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  const counts = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
