// Builders for team tests: identities that are the same in every run, and a ledger that several of them write to.
import {
  type Author,
  askToJoin,
  buildAdmit,
  buildInviteAdmit,
  foundTeam,
} from '../../src/team/build-statement.ts';
import { type Identity, identityFromSeed } from '../../src/team/identity.ts';
import type { Role } from '../../src/team/keyring.ts';
import { Ledger } from '../../src/team/ledger.ts';
import { MemoryLedgerStore } from '../../src/team/ledger-store.ts';
import {
  encodeStatement,
  type Statement,
  type StatementBody,
  signStatement,
} from '../../src/team/statement.ts';

/** The identity whose seed starts with this number. */
export function testIdentity(seed: number): Identity {
  const bytes = Buffer.alloc(32, 7);
  bytes.writeUInt32LE(seed);
  return identityFromSeed(bytes);
}

/** One machine's copy of a team's ledger, with shorthands. */
export class TestTeam {
  readonly ledger: Ledger;

  private constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  static async found(founder: Identity, name = 'founder'): Promise<TestTeam> {
    const found = foundTeam(founder, { teamName: 'acme', name, nowMs: 1_000 });
    const team = new TestTeam(await Ledger.open(found.id, new MemoryLedgerStore()));
    await team.add(found);
    return team;
  }

  /** Another machine that knows what this one knows now. */
  async fork(): Promise<TestTeam> {
    const fork = new TestTeam(await Ledger.open(this.ledger.teamId, new MemoryLedgerStore()));
    await fork.learnFrom(this);
    return fork;
  }

  async learnFrom(other: TestTeam): Promise<void> {
    await this.ledger.add(other.ledger.missing(this.ledger.heads()));
  }

  async add(statement: Statement): Promise<Statement> {
    await this.ledger.addOwn(statement);
    return statement;
  }

  /** What `identity` acts with on this machine, to hand to a builder. */
  by(identity: Identity, nowMs = 2_000): Author {
    return { identity, ledger: this.ledger, nowMs };
  }

  admit(
    by: Identity,
    newcomer: Identity,
    name: string,
    roles: readonly Role[] = ['writer'],
  ): Promise<Statement> {
    return this.add(buildAdmit(this.by(by), askToJoin(newcomer, this.ledger.teamId, name), roles));
  }

  admitByInvite(
    by: Identity,
    newcomer: Identity,
    name: string,
    invite: Identity,
    nowMs = 2_000,
  ): Promise<Statement> {
    const request = askToJoin(newcomer, this.ledger.teamId, name, invite);
    return this.add(buildInviteAdmit(this.by(by, nowMs), request));
  }

  /** Signs and adds whatever it is told, right or not. */
  async force(
    author: Identity,
    body: StatementBody,
    parents = this.ledger.heads(),
    atMs = 2_000,
  ): Promise<Statement> {
    const statement = signStatement(author, { teamId: this.ledger.teamId, parents, atMs, body });
    await this.ledger.add([encodeStatement(statement)]);
    return statement;
  }

  /** Names of the members in good standing, sorted. */
  get names(): string[] {
    const members = [...this.ledger.keyring().members.values()];
    return members
      .filter(member => !member.isRevoked)
      .map(member => member.name)
      .sort();
  }
}
