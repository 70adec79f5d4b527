// Opens this machine's door while it is an admin, and closes it when it is none any more.
import { CodedError } from '../../src/errors.ts';
import type { MemberKey } from '../../src/team/identity.ts';
import type { Role } from '../../src/team/keyring.ts';
import type { Statement } from '../../src/team/statement.ts';
import { Door, type DoorInit } from './door.ts';
import type { WaitingNewcomer } from './swarm-api.ts';

export class DoorKeeper {
  readonly #init: DoorInit;
  #door: Door | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(init: DoorInit) {
    this.#init = init;
  }

  /** Brings the door in line with this machine's roles. Rejects where it cannot be opened (PORT_TAKEN, BAD_INPUT). */
  keep(): Promise<void> {
    const turn = this.#turn.then(() => this.#keep());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  addresses(): string[] {
    return this.#door?.addresses() ?? [];
  }

  waiting(): WaitingNewcomer[] {
    return this.#door?.waiting() ?? [];
  }

  admit(newcomer: MemberKey, roles: readonly Role[]): Promise<Statement> {
    if (this.#door === undefined)
      throw new CodedError('UNKNOWN_MEMBER', 'this machine has no door, so nobody waits here');
    return this.#door.admit(newcomer, roles);
  }

  refuse(newcomer: MemberKey): boolean {
    return this.#door?.refuse(newcomer) ?? false;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.keep();
  }

  async #keep(): Promise<void> {
    const { identity, ledger, listen } = this.#init;
    const mayAdmit = !this.#isStopped && listen.length > 0 && ledger.keyring().hasRole(identity.key, 'admin');
    if (mayAdmit) this.#door ??= await Door.open(this.#init);
    if (mayAdmit || this.#door === undefined) return;
    const door = this.#door;
    this.#door = undefined;
    await door.close();
  }
}
