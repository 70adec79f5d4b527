// The ledger: what it takes in, in which order, and what it gives to others.
import { describe, expect, it } from 'vitest';
import { statementSizeBytesMax } from '../../src/limits.ts';
import { buildInvite, foundTeam } from '../../src/team/build-statement.ts';
import { Ledger } from '../../src/team/ledger.ts';
import { type LedgerStore, MemoryLedgerStore } from '../../src/team/ledger-store.ts';
import { encodeStatement } from '../../src/team/statement.ts';
import { TestTeam, testIdentity } from '../support/team.ts';

const founder = testIdentity(1);
const ann = testIdentity(2);

async function teamOfTwo() {
  const team = await TestTeam.found(founder);
  await team.admit(founder, ann, 'ann');
  return { team, encoded: team.ledger.missing([]) };
}

describe('a ledger', () => {
  it('holds back what comes before its parents, and takes it once they are here', async () => {
    const { team, encoded } = await teamOfTwo();
    const ledger = await Ledger.open(team.ledger.teamId, new MemoryLedgerStore());
    expect(await ledger.add(encoded.slice(1))).toMatchObject({ added: [], pending: 1 });
    expect(() => ledger.keyring()).toThrow(expect.objectContaining({ code: 'NOT_IN_TEAM' }));
    const report = await ledger.add(encoded.slice(0, 1));
    expect(report.added.map(one => one.body.kind)).toEqual(['found', 'admit']);
    expect(ledger.keyring().isMember(ann.key)).toBe(true);
    expect(await ledger.add(encoded)).toEqual({ added: [], known: 2, pending: 0, refused: 0 });
  });

  it('refuses garbage, forgeries, giants and other teams’ statements, and goes on', async () => {
    const { team, encoded } = await teamOfTwo();
    const flipped = Uint8Array.from(encoded[1]!);
    flipped[40]! ^= 1;
    const other = foundTeam(ann, { teamName: 'acme', name: 'ann', nowMs: 1 });
    const bad = [
      Buffer.of(),
      Buffer.from('garbage'),
      flipped,
      Buffer.alloc(statementSizeBytesMax + 1),
      encodeStatement(other),
    ];
    expect(await team.ledger.add(bad)).toEqual({ added: [], known: 0, pending: 0, refused: 5 });
    expect(team.ledger.size).toBe(2);
  });

  it('opens with what its store holds, and acts as before', async () => {
    const { encoded, team } = await teamOfTwo();
    const store = new MemoryLedgerStore();
    const ledger = await Ledger.open(team.ledger.teamId, store);
    await ledger.add(encoded);
    const reopened = await Ledger.open(team.ledger.teamId, store);
    expect(reopened.heads()).toEqual(ledger.heads());
    expect(reopened.keyring().isMember(ann.key)).toBe(true);
  });

  it('gives what lies beyond the other’s heads, parents first, and all to who knows nothing', async () => {
    const { team, encoded } = await teamOfTwo();
    const before = team.ledger.heads();
    const invite = { invite: testIdentity(3).key, roles: ['ci'], expiresAtMs: 9_000, usesMax: 1 } as const;
    const made = await team.add(buildInvite(team.by(founder), invite));
    expect(team.ledger.missing(before)).toEqual([encodeStatement(made)]);
    expect(team.ledger.missing([])).toEqual([...encoded, encodeStatement(made)]);
    expect(team.ledger.missing(team.ledger.heads())).toEqual([]);
    expect(team.ledger.heads()).toEqual([made.id]);
  });

  it('tells listeners of each change until they go', async () => {
    const { team, encoded } = await teamOfTwo();
    const ledger = await Ledger.open(team.ledger.teamId, new MemoryLedgerStore());
    const sizes: number[] = [];
    const stop = ledger.onChange(keyring => sizes.push(keyring.members.size));
    await ledger.add(encoded.slice(0, 1));
    await ledger.add(encoded.slice(0, 1));
    stop();
    await ledger.add(encoded);
    expect(sizes).toEqual([1]);
  });

  it('shows nothing that its store did not take, and takes it when the store recovers', async () => {
    const { team, encoded } = await teamOfTwo();
    const store = new FullStore();
    const ledger = await Ledger.open(team.ledger.teamId, store);
    await expect(ledger.add(encoded)).rejects.toThrow('disk full');
    expect(ledger.size).toBe(0);
    store.isFull = false;
    expect((await ledger.add(encoded)).added).toHaveLength(2);
  });

  it('keeps the order under concurrent calls', async () => {
    const { team, encoded } = await teamOfTwo();
    const ledger = await Ledger.open(team.ledger.teamId, new MemoryLedgerStore());
    const reports = await Promise.all([ledger.add(encoded), ledger.add(encoded), ledger.add(encoded)]);
    expect(reports.map(report => report.added.length)).toEqual([2, 0, 0]);
  });
});

class FullStore implements LedgerStore {
  isFull = true;

  load(): Promise<Uint8Array[]> {
    return Promise.resolve([]);
  }

  append(): Promise<void> {
    return this.isFull ? Promise.reject(new Error('disk full')) : Promise.resolve();
  }
}
