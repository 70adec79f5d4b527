// Whose records count, under each policy.
import { describe, expect, it } from 'vitest';
import { buildPolicy } from '../../src/team/build-statement.ts';
import { TestTeam, testIdentity } from '../support/team.ts';

const founder = testIdentity(1);
const ann = testIdentity(2);
const bob = testIdentity(3);
const cat = testIdentity(4);
const stranger = testIdentity(6);

describe('who may vouch', () => {
  it('is a writer, ci or admin; under ci-only, ci', async () => {
    const team = await TestTeam.found(founder);
    await team.admit(founder, ann, 'ann', ['reader', 'worker']);
    await team.admit(founder, bob, 'bob', ['writer']);
    await team.admit(founder, cat, 'cat', ['ci']);
    const able = () =>
      [founder, ann, bob, cat, stranger].map(({ key }) => team.ledger.keyring().mayVouch(key, 1));
    expect(able()).toEqual([true, false, true, true, false]);
    await team.add(buildPolicy(team.by(founder), { kind: 'ci-only' }));
    expect(able()).toEqual([false, false, false, true, false]);
    await team.add(buildPolicy(team.by(founder), { kind: 'k-of-n', signers: 2 }));
    expect(able()).toEqual([true, false, true, true, false]);
    expect(team.ledger.keyring().policy).toEqual({ kind: 'k-of-n', signers: 2 });
  });
});
