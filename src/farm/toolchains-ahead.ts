// Has workers take in this machine's toolchains ahead of the jobs that will need them: those who lend now, and each that comes.
// A build's first jobs would have to wait for them, at every worker at once.
import type { Digest } from '../digest.ts';
import type { MemberKey } from '../team/identity.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { FarmNetwork, OfferingWorker } from './farm-network.ts';
import type { Toolchain } from './toolchain.ts';

export interface ToolchainsAheadParts {
  readonly network: Pick<FarmNetwork, 'prepare' | 'onChange'>;
  readonly dispatcher: Pick<Dispatcher, 'workers'>;
  /** The epoch in which the worker is told of files now (farmed-compiles.ts). */
  readonly epochAt: (worker: OfferingWorker) => number;
  /** The bytes of a toolchain's tree, or of a file in it. */
  readonly bytesOf: (digest: Digest) => Uint8Array | undefined;
}

export class ToolchainsAhead {
  readonly #parts: ToolchainsAheadParts;
  readonly #toolchains = new Set<Digest>();
  /** What each member was told of in the session with this number. */
  readonly #told = new Map<MemberKey, { readonly session: number; readonly toolchains: Set<Digest> }>();
  readonly #stopListening: () => void;

  constructor(parts: ToolchainsAheadParts) {
    this.#parts = parts;
    this.#stopListening = parts.network.onChange(() => this.#tell());
  }

  add({ digest }: Pick<Toolchain, 'digest'>): void {
    if (this.#toolchains.has(digest)) return;
    this.#toolchains.add(digest);
    this.#tell();
  }

  stop(): void {
    this.#stopListening();
  }

  #tell(): void {
    if (this.#toolchains.size === 0) return;
    const { network, dispatcher, epochAt, bytesOf } = this.#parts;
    for (const worker of dispatcher.workers()) {
      const { member, session } = worker;
      const known = this.#told.get(member);
      const told = known?.session === session ? known : { session, toolchains: new Set<Digest>() };
      this.#told.set(member, told);
      for (const toolchain of this.#toolchains) {
        if (told.toolchains.has(toolchain)) continue;
        told.toolchains.add(toolchain);
        network.prepare(member, { epoch: epochAt(worker), toolchain }, { bytesOf });
      }
    }
  }
}
