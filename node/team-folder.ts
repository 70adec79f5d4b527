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
    const { teamId, isSolo } = ((await readKept(this.#stateFile)) ?? {}) as Record<string, unknown>;
    const id = parseStatementId(teamId);
    if (id === undefined) return this.found(soloName, nameFromHost(hostname()), true);
    const ledger = await Ledger.open(id, this.#store(id));
    if (isSolo === true && ledger.size === 0) return this.found(soloName, nameFromHost(hostname()), true);
    return { ledger, isSolo: isSolo === true };
  }

  /** Founds a team and moves into it. BAD_INPUT on names that cannot be. */
  async found(teamName: string, memberName: string, isSolo = false): Promise<CurrentTeam> {
    const statement = foundTeam(this.#identity, { teamName, name: memberName, nowMs: this.#clock.nowMs() });
    const ledger = await Ledger.open(statement.id, this.#store(statement.id));
    await ledger.addOwn(statement);
    await this.#moveInto(statement.id, isSolo);
    return { ledger, isSolo };
  }

  /** Moves into the team that let this machine in. */
  async adopt(teamId: StatementId, statements: readonly Uint8Array[]): Promise<CurrentTeam> {
    const ledger = await Ledger.open(teamId, this.#store(teamId));
    await ledger.add(statements);
    ledger.keyring(); // NOT_IN_TEAM where the statements do not make a team
    await this.#moveInto(teamId, false);
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

  #moveInto(teamId: StatementId, isSolo: boolean): Promise<void> {
    return writeKept(this.#stateFile, { teamId, isSolo });
  }
}
