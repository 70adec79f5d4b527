// Machines on one local network that were told no address: mDNS, noise, membership and the door find and let in each other.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HostProcess, LocalNetwork, namespacesUnavailable } from '../support/network-namespaces.ts';

const script = fileURLToPath(new URL('../support/lan-machine.ts', import.meta.url));
const obstacle = await namespacesUnavailable();
if (obstacle !== undefined) console.warn(`SKIPPED, no network namespaces: ${obstacle}`);

/** By then a search has asked for the first time; where it has not, the test shows nothing but does not fail. */
const firstQuestionMs = 1_000;

/** A machine on the network whose first command is this. */
async function machineOn(network: LocalNetwork, first: unknown): Promise<HostProcess> {
  const machine = new HostProcess(await network.host(), script);
  machine.write(first);
  return machine;
}

test.skipIf(obstacle !== undefined)('two teams of one name are both found, each with its id', async () => {
  const network = await LocalNetwork.create();
  const founders = [await machineOn(network, { do: 'found' }), await machineOn(network, { do: 'found' })];
  for (const founder of founders) await founder.read();
  const finder = await machineOn(network, { do: 'find' });
  await finder.read(); // it searches
  const teams = await finder.read<{ teamId: string; teamName: string }[]>();
  expect(teams.map(team => team.teamName)).toEqual(['acme', 'acme']);
  expect(new Set(teams.map(team => team.teamId)).size).toBe(2);
});

test.skipIf(obstacle !== undefined)('a search whose first question was lost asks again', async () => {
  const network = await LocalNetwork.create();
  const founder = await machineOn(network, { do: 'found' });
  await founder.read();
  const host = await network.host();
  await network.bridge(host, false);
  const finder = new HostProcess(host, script);
  finder.write({ do: 'find' });
  expect(await finder.read()).toEqual({ searching: true });
  await sleep(firstQuestionMs);
  await network.bridge(host, true);
  expect(await finder.read()).toHaveLength(1);
});

test.skipIf(obstacle !== undefined)(
  'door, announcement, record and blob between two hosts; a third joins by invite while the founder is off',
  async () => {
    const network = await LocalNetwork.create();
    const machine = (first: unknown) => machineOn(network, first);

    const founder = await machine({ do: 'found' });
    expect(await founder.read()).toEqual({ up: true, members: 1 });
    const second = await machine({ do: 'knock' });
    const shown = await second.read<{ phrase: string }>();
    founder.write({ do: 'admit' });
    expect(await founder.read()).toEqual(shown);
    expect(await second.read()).toEqual({ up: true, members: 2 });

    founder.write({ do: 'keep', name: 'main.c' });
    expect(await founder.read()).toEqual({ kept: 'main.c' });
    second.write({ do: 'fetch', name: 'main.c' });
    expect(await second.read()).toEqual({ records: 1, output: 'output of main.c' });

    founder.write({ do: 'invite' });
    const { line } = await founder.read<{ line: string }>();
    second.write({ do: 'knows-invite' });
    await second.read();
    founder.kill('SIGKILL');
    const third = await machine({ do: 'join', line });
    expect(await third.read()).toEqual({ up: true, members: 3 });
    third.write({ do: 'keep', name: 'util.c' });
    await third.read();
    second.write({ do: 'fetch', name: 'util.c' });
    expect(await second.read()).toEqual({ records: 1, output: 'output of util.c' });
  },
);
