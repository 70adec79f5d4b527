// The team this machine is in, on disk: which one, and its ledger. A machine that has not joined any is alone in a team of
// its own, founded in silence and never on the network, so that keys, records and trust need no second way of working.
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../src/platform/clock.ts';
import { foundTeam } from '../src/team/build-statement.ts';
import { DiskLedgerStore } from '../src/team/disk-ledger-store.ts';
import type { Identity } from '../src/team/identity.ts';
import { Ledger } from '../src/team/ledger.ts';
import { nameFromHost } from '../src/team/member-name.ts';
import { parseStatementId, type StatementId } from '../src/team/statement.ts';
import { AddressBookFile } from './address-book-file.ts';
import { readKept, writeKept } from './system/kept-file.ts';

export interface CurrentTeam {
  readonly ledger: Ledger;
  /** Alone: nothing of this team ever leaves the machine. */
  readonly isSolo: boolean;
  /** Of a machine that is alone because it was revoked: the name of the team it was in. */
  readonly revokedFrom?: string | undefined;
}

const soloName = 'solo';

export class TeamFolder {
  readonly #dataDir: string;
  readonly #identity: Identity;
  readonly #clock: Clock;

  constructor(dataDir: string, identity: Identity, clock: Clock) {
    this.#dataDir = dataDir;
    this.#identity = identity;
    this.#clock = clock;
  }

  /** The team that this machine was in last; at the very first start, its own. */
  async open(): Promise<CurrentTeam> {
    const kept = ((await readKept(this.#stateFile)) ?? {}) as Record<string, unknown>;
    const id = parseStatementId(kept.teamId);
    if (id === undefined) return this.beAlone();
    const ledger = await Ledger.open(id, this.#store(id));
    const isSolo = kept.isSolo === true;
    if (isSolo && ledger.size === 0) return this.beAlone();
    const revokedFrom = typeof kept.revokedFrom === 'string' ? kept.revokedFrom : undefined;
    return { ledger, isSolo, revokedFrom };
  }

  /** Founds a team and moves into it. BAD_INPUT on names that cannot be. */
  async found(teamName: string, memberName: string): Promise<CurrentTeam> {
    const ledger = await this.#newLedger(teamName, memberName);
    await this.#moveInto(ledger.teamId, { isSolo: false });
    return { ledger, isSolo: false };
  }

  /** Moves into a team of this machine's own. */
  async beAlone(revokedFrom?: string): Promise<CurrentTeam> {
    const ledger = await this.#newLedger(soloName, nameFromHost(hostname()));
    await this.#moveInto(ledger.teamId, { isSolo: true, revokedFrom });
    return { ledger, isSolo: true, revokedFrom };
  }

  /** Moves into the team that let this machine in. */
  async adopt(teamId: StatementId, statements: readonly Uint8Array[]): Promise<CurrentTeam> {
    const ledger = await Ledger.open(teamId, this.#store(teamId));
    await ledger.add(statements);
    ledger.keyring(); // NOT_IN_TEAM where the statements do not make a team
    await this.#moveInto(teamId, { isSolo: false });
    return { ledger, isSolo: false };
  }

  /** Teammates' addresses; of no use to anyone in a team of one. */
  addressBook(teamId: StatementId): AddressBookFile {
    return new AddressBookFile(join(this.#dataDir, 'teams', `${teamId}.addresses.json`));
  }

  get #stateFile(): string {
    return join(this.#dataDir, 'team.json');
  }

  #store(teamId: StatementId): DiskLedgerStore {
    return new DiskLedgerStore(join(this.#dataDir, 'teams', `${teamId}.ledger`));
  }

  async #newLedger(teamName: string, name: string): Promise<Ledger> {
    const statement = foundTeam(this.#identity, { teamName, name, nowMs: this.#clock.nowMs() });
    const ledger = await Ledger.open(statement.id, this.#store(statement.id));
    await ledger.addOwn(statement);
    return ledger;
  }

  #moveInto(teamId: StatementId, kind: Omit<CurrentTeam, 'ledger'>): Promise<void> {
    return writeKept(this.#stateFile, { teamId, ...kind });
  }
}
