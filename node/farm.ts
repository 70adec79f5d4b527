// The farm of one session, put together: our compiles that may run elsewhere, and what we lend to others.

import { tmpdir } from 'node:os';
import type { Results } from '../src/actions/results.ts';
import type { Manifests } from '../src/compile/manifests.ts';
import type { RemoteRuns } from '../src/compile/remote-runs.ts';
import type { Digest } from '../src/digest.ts';
import type { FileSource } from '../src/farm/copy-updates.ts';
import { Dispatcher } from '../src/farm/dispatcher.ts';
import { FarmCounters } from '../src/farm/farm-counters.ts';
import { FarmedCompiles } from '../src/farm/farmed-compiles.ts';
import { LocalTree } from '../src/farm/local-tree.ts';
import { Toolchains } from '../src/farm/toolchain.ts';
import { ToolchainsAhead } from '../src/farm/toolchains-ahead.ts';
import type { Peers } from '../src/peers/peers.ts';
import type { Identity, MemberKey } from '../src/team/identity.ts';
import type { Keyring } from '../src/team/keyring.ts';
import { captureAhead } from './capture-ahead.ts';
import { type Foundation, observerPath } from './compose.ts';
import { Lending } from './lending.ts';
import type { FarmHub } from './libp2p/farm-hub.ts';
import { ownBytes, ownFile } from './own-files.ts';
import { childProcesses } from './system/child-processes.ts';
import { localSlotsDefault } from './system/machine-load.ts';
import { realClock } from './system/real-clock.ts';
import { usualToolchains } from './usual-toolchains.ts';

const capturedAhead = ['gcc', 'g++', 'cc', 'c++', 'rustc'] as const;

export interface FarmParts {
  readonly foundation: Foundation;
  readonly identity: Identity;
  readonly teamId: string;
  readonly keyring: () => Keyring;
  readonly tree: LocalTree;
  readonly toolchains: Toolchains;
  readonly results: Results;
  readonly manifests: Manifests;
  readonly peers: Peers;
  readonly hub: FarmHub;
}

export interface Farm {
  readonly remote: RemoteRuns;
  readonly lending: Lending;
  readonly counters: FarmCounters;
  readonly dispatcher: Dispatcher;
  readonly toolchains: Toolchains;
  readonly hub: FarmHub;
  stop(): void;
}

/** What this machine can tell workers of its own files; made before the swarm, which serves them. */
export function composeOffers(foundation: Foundation): { tree: LocalTree; toolchains: Toolchains } {
  const { states, paths } = foundation;
  const tree = new LocalTree(states);
  const observer = observerPath(paths);
  return {
    tree,
    toolchains: new Toolchains({
      states,
      tree,
      processes: childProcesses,
      observer,
      clock: realClock,
      scratch: tmpdir(),
    }),
  };
}

export function composeFarm(parts: FarmParts): Farm {
  const { foundation, identity, teamId, keyring, tree, toolchains, results, manifests, peers, hub } = parts;
  const { config, states, stats, paths } = foundation;
  const counters = new FarmCounters(realClock);
  const localSlots = config.localSlots === 0 ? localSlotsDefault() : config.localSlots;
  const dispatcher = new Dispatcher({
    network: hub,
    clock: realClock,
    localSlots,
    mayWork: member =>
      keyring().hasRole(member, 'worker') && keyring().mayVouch(member, realClock.nowMs(), 'farm'),
    onRunsHere: () => lending.ownJobBegan(),
    onRanHere: durationMs => counters.ranHere(durationMs),
  });
  const remote = new FarmedCompiles({
    network: hub,
    dispatcher,
    toolchains,
    tree,
    states,
    results,
    manifests,
    clock: realClock,
    mayVouch: record =>
      record.teamId === teamId && keyring().mayVouch(record.signer, record.createdAtMs, 'farm'),
    fetchBlob: (member, digest, signal) => peers.requestBlob(member, digest, signal),
    events: {
      uses: toolchain => ahead.add(toolchain),
      sent: () => counters.sent(),
      done: (_member, durationMs) => counters.done(durationMs),
      returned: reason => counters.returned(reason),
      stayed: reason => counters.stayed(reason),
      refused: reason => stats.refused(reason),
    },
  });
  const lending = new Lending({
    foundation,
    identity,
    teamId,
    keyring,
    hub,
    files: fileSource(foundation, peers),
    observer: observerPath(paths),
    ownJobs: () => dispatcher.runningHere,
    ownSlots: localSlots,
    onEnd: failure => counters.ranForOther(failure),
  });
  void lending.resume();
  const ahead = new ToolchainsAhead({
    ...{ network: hub, dispatcher },
    epochAt: worker => remote.epochAt(worker),
    bytesOf: digest => toolchains.bytesOf(digest) ?? tree.bytesOf(digest),
  });
  const stopCapturing = startCapturing(ahead, { dispatcher, toolchains, foundation, lending });
  return {
    remote,
    lending,
    counters,
    dispatcher,
    toolchains,
    hub,
    stop: () => {
      stopCapturing();
      ahead.stop();
      lending.stop();
      dispatcher.stop();
    },
  };
}

function startCapturing(
  ahead: ToolchainsAhead,
  {
    dispatcher,
    toolchains,
    foundation,
    lending,
  }: Pick<Farm, 'dispatcher' | 'toolchains' | 'lending'> & Pick<FarmParts, 'foundation'>,
): () => void {
  if (foundation.config.farm !== 'auto') return () => {};
  return captureAhead({
    ...{ clock: realClock, ahead },
    isLending: () => lending.terms !== undefined,
    isNeeded: () => toolchains.canCapture && dispatcher.workers().length > 0,
    capture: () => usualToolchains(capturedAhead, toolchains, foundation),
  });
}

/** Where a worker gets the bytes of a client's files. */
function fileSource({ memory, disk }: Foundation, peers: Peers): FileSource {
  return {
    async here(digest, path) {
      const own = path === undefined ? undefined : ownBytes(digest, path);
      return own ?? (await memory.get(digest)) ?? (await disk.get(digest));
    },
    own: ownFile,
    async bring(client, digest, signal) {
      for (const member of [client, ...peers.connected().filter(other => other !== client)]) {
        const bytes = await askOne(peers, member, digest, signal);
        if (bytes === undefined) continue;
        await disk.put(digest, bytes).catch(() => {}); // others can fetch it from here
        return bytes;
      }
      return undefined;
    },
  };
}

function askOne(peers: Peers, member: MemberKey, digest: Digest, signal: AbortSignal) {
  return peers.requestBlob(member, digest, signal).catch(() => undefined);
}
