// The wiring diagram, top to bottom: every part of the daemon is made here and handed what it needs; nothing is made elsewhere.
//
//   launcher → compile front → pipeline ─┬ memory ─ disk                        this machine
//                                        ├ trusted ← records on disk
//                                        └ trusted, complete ← peers ─ swarm    teammates
//              else → farm → a teammate's worker, or the launcher itself
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionCache } from '../src/actions/action-cache.ts';
import { CompleteActionCache } from '../src/actions/complete-action-cache.ts';
import { DiskActionCache } from '../src/actions/disk-action-cache.ts';
import { signRecord } from '../src/actions/signed-record.ts';
import { TrustedActionCache } from '../src/actions/trusted-action-cache.ts';
import { CompileJournal } from '../src/compile/compile-journal.ts';
import { FileStates } from '../src/compile/file-states.ts';
import { Manifests } from '../src/compile/manifests.ts';
import { ReadyResults } from '../src/compile/ready-results.ts';
import { AccountTellingActionCache } from '../src/compile/told-accounts.ts';
import type { MemberPaths } from '../src/control-paths.ts';
import { OfferedBlobStore } from '../src/farm/offered-blob-store.ts';
import { memoryBlobBytesMax, readyShareOfStore } from '../src/limits.ts';
import { HolderHints } from '../src/peers/holder-hints.ts';
import { noPeers } from '../src/peers/no-peers.ts';
import { PeerActionCache } from '../src/peers/peer-action-cache.ts';
import { PeerBlobStore } from '../src/peers/peer-blob-store.ts';
import { PeerRanking } from '../src/peers/peer-ranking.ts';
import type { Peers } from '../src/peers/peers.ts';
import { UnclaimedBlobs } from '../src/peers/unclaimed-blobs.ts';
import { Pipeline } from '../src/pipeline.ts';
import { Stats } from '../src/stats.ts';
import { BlobIndex } from '../src/store/blob-index.ts';
import type { BlobStore } from '../src/store/blob-store.ts';
import { CoalescingBlobStore } from '../src/store/coalescing-blob-store.ts';
import { DiskBlobStore } from '../src/store/disk-blob-store.ts';
import { EvictingBlobStore } from '../src/store/evicting-blob-store.ts';
import { MemoryBlobStore } from '../src/store/memory-blob-store.ts';
import { ReadThroughBlobStore } from '../src/store/read-through-blob-store.ts';
import { VerifyingBlobStore } from '../src/store/verifying-blob-store.ts';
import type { Identity } from '../src/team/identity.ts';
import type { Keyring } from '../src/team/keyring.ts';
import { type Compiles, composeCompiles } from './compiles.ts';
import type { Config } from './config.ts';
import { ReadyHits } from './endpoints/ready-hits.ts';
import { composeFarm, composeOffers, type Farm } from './farm.ts';
import type { AddressBook, Swarm, SwarmEvent } from './libp2p/swarm-api.ts';
import { startOnLastPort } from './listen-ports.ts';
import { MismatchList } from './mismatch-list.ts';
import { type EventLog, messageOf } from './system/event-log.ts';
import { readKept } from './system/kept-file.ts';
import { realClock } from './system/real-clock.ts';
import { systemRandom } from './system/system-random.ts';
import type { CurrentTeam } from './team-folder.ts';

/** What outlives a change of team. */
export interface Foundation {
  readonly paths: MemberPaths;
  readonly config: Config;
  readonly log: EventLog;
  readonly stats: Stats;
  readonly memory: MemoryBlobStore;
  readonly disk: EvictingBlobStore;
  readonly records: DiskActionCache;
  readonly states: FileStates;
  readonly journal: CompileJournal;
  readonly mismatches: MismatchList;
  readonly ready: ReadyResults;
  readonly hits: ReadyHits;
  close(): Promise<void>;
}

/** This machine in one team. */
export interface Session extends Compiles {
  readonly identity: Identity;
  readonly team: CurrentTeam;
  /** Undefined while alone. */
  readonly swarm: Swarm | undefined;
  /** Nobody, while alone. */
  readonly peers: Peers;
  readonly manifests: Manifests;
  /** Undefined while alone. */
  readonly farm: Farm | undefined;
  stop(): Promise<void>;
}

export const clock = realClock;

/** Opens the stores. STORAGE where the disk does not let it. */
export async function composeFoundation(
  paths: MemberPaths,
  config: Config,
  log: EventLog,
): Promise<Foundation> {
  const stats = new Stats(clock.nowMs(), await readKept(statsFile(paths)));
  const onCorrupt = (what: string) => {
    stats.refused('corrupt-on-disk');
    log.write('corrupt-dropped', { what });
  };
  const files = await DiskBlobStore.open({ dir: paths.storeDir, onCorrupt });
  const index = new BlobIndex({ path: join(paths.storeDir, 'blobs.db') });
  const disk = new EvictingBlobStore(files, index, {
    sizeBytesMax: config.storeSizeBytesMax,
    ageMsMax: config.storeAgeMsMax,
    clock,
    onError: error => log.write('store-trouble', { error: messageOf(error) }),
  });
  const records = new DiskActionCache({ path: join(paths.storeDir, 'records.db'), onCorrupt });
  const journal = new CompileJournal({ path: join(paths.storeDir, 'compiles.db'), clock });
  void disk.recover();
  const { ready, hits } = openReady(paths, config);
  return {
    paths,
    config,
    log,
    stats,
    memory: new MemoryBlobStore({ sizeBytesMax: memoryBlobBytesMax }),
    disk,
    records,
    states: new FileStates(clock),
    journal,
    mismatches: await MismatchList.open(join(paths.dataDir, 'mismatches.json')),
    ...{ ready, hits },
    async close() {
      hits.close();
      journal.close();
      await disk.close();
      records.close();
    },
  };
}

/** Results that launchers take by themselves: they find the folder through the run folder, where this daemon hears of it. */
function openReady(
  { readyDir, readyLink, hitsPipe }: MemberPaths,
  { storeSizeBytesMax }: Config,
): Pick<Foundation, 'ready' | 'hits'> {
  const ready = new ReadyResults({ dir: readyDir, bytesMax: storeSizeBytesMax / readyShareOfStore });
  rmSync(readyLink, { force: true });
  symlinkSync(readyDir, readyLink);
  return { ready, hits: new ReadyHits(hitsPipe) };
}

/** Whom the team trusts decides what is a hit: with a new team, and after each change in it, every command is asked for anew. */
function forgetReady({ ready }: Foundation, { ledger }: CurrentTeam): () => void {
  ready.clear();
  return ledger.onChange(() => ready.clear());
}

/** libp2p is most of the daemon's start-up time and memory: loaded only once this machine has, or looks for, teammates. */
export function loadSwarm(): Promise<typeof import('./libp2p/swarm.ts')> {
  return import('./libp2p/swarm.ts');
}

/** Brings this machine into its team: the swarm if it has teammates, then the one path of every result. */
export async function composeSession(
  foundation: Foundation,
  identity: Identity,
  team: CurrentTeam,
  addressBook: AddressBook,
): Promise<Session> {
  const { config, log, stats, memory, disk, records } = foundation;
  const keyring = () => team.ledger.keyring();
  const onFallback = (reason: string, error: unknown) => {
    stats.fallback(reason);
    log.write('fallback', { reason, error: messageOf(error) });
  };

  const actions = composeOwn(foundation, keyring);
  // Teammates. They are served from this machine's own stores, and only what is whole; and told why theirs differed.
  const told = composeTold(foundation, actions, identity, team.ledger.teamId);
  const offers = composeOffers(foundation);
  const startSwarm = async (listen: readonly string[]) =>
    (await loadSwarm()).startSwarm({
      identity,
      ledger: team.ledger,
      actionCache: told,
      blobStore: new OfferedBlobStore(
        new ReadThroughBlobStore(memory, disk, { isWriteThrough: true }),
        digest => offers.toolchains.bytesOf(digest) ?? offers.tree.bytesOf(digest),
      ),
      heldActions: () => records.actions(),
      addressBook,
      config: { ...config, listen },
      clock,
      random: systemRandom,
      onEvent: event => noteSwarmEvent(foundation, keyring, event),
    });
  const portFile = join(foundation.paths.dataDir, 'port.json');
  const swarm = team.isSolo ? undefined : await startOnLastPort(portFile, config.listen, startSwarm);
  const network = swarm?.peers ?? noPeers;
  const peers = composePeers(foundation, network, keyring);

  const pipeline = new Pipeline({
    identity,
    teamId: () => team.ledger.teamId,
    clock,
    actions,
    memory,
    disk,
    peerActions: peers.actions,
    peerBlobs: peers.blobs,
    announce: action => swarm?.peers.announce([action]),
    onFallback,
    onStored: bytes => stats.stored(bytes),
    onUsed: digest => disk.touch(digest),
  });
  const manifests = new Manifests(pipeline);
  const farm =
    swarm &&
    composeFarm({
      ...{ foundation, identity, teamId: team.ledger.teamId, keyring, ...offers },
      ...{ results: pipeline, manifests, peers: network, hub: swarm.farm },
    });
  const compiles = composeCompiles({
    ...{ foundation, keyring, results: pipeline, manifests, peers: network, onFallback },
    ...(farm && { remote: farm.remote }),
  });
  const release = forgetReady(foundation, team);
  const stop = async () => {
    release();
    await compiles.storing.close();
    await farm?.stop();
    await swarm?.stop();
  };
  return { identity, team, swarm, peers: network, ...compiles, manifests, farm, stop };
}

/** This machine's own records. Those of a team it was in before do not count, which is nobody's fault and not news. */
function composeOwn({ records, mismatches, stats, log }: Foundation, keyring: () => Keyring): ActionCache {
  return new TrustedActionCache(records, {
    ...{ keyring, isDisputed: mismatches.isDisputed },
    onRefused: reason => reason !== 'other-team' && stats.refused(reason),
    onConflict: action => log.write('results-differ', { action }),
  });
}

/** What teammates are answered: records whose blobs are all here, and accounts of compiles. */
function composeTold(
  { journal, memory, disk }: Foundation,
  actions: ActionCache,
  identity: Identity,
  teamId: string,
): ActionCache {
  return new AccountTellingActionCache(new CompleteActionCache(actions, disk), {
    journal,
    blobs: memory,
    sign: claim => signRecord(identity, { ...claim, teamId, createdAtMs: clock.nowMs() }),
  });
}

/** Teammates' records and blobs: only what the team vouches for, whole, and with the bytes that its digests name. */
function composePeers(
  { config, stats, mismatches }: Foundation,
  peers: Peers,
  keyring: () => Keyring,
): { actions: ActionCache; blobs: BlobStore } {
  const shared = {
    peers,
    clock,
    ranking: new PeerRanking(clock),
    hints: new HolderHints(),
    unclaimed: new UnclaimedBlobs(),
    deadlineMs: config.peerDeadlineMs,
  };
  const held = new PeerBlobStore(shared);
  const blobs = new CoalescingBlobStore(new VerifyingBlobStore(held, () => stats.refused('blob-mismatch')));
  const told = new TrustedActionCache(new PeerActionCache(shared), {
    ...{ keyring, isDisputed: mismatches.isDisputed },
    onRefused: reason => stats.refused(reason),
  });
  return { actions: new CompleteActionCache(told, held), blobs };
}

/** The observer library that `p2pcache env` built, once it has. */
export function observerPath({ observerLibrary }: MemberPaths): () => string | undefined {
  let isBuilt = false;
  return () => {
    isBuilt ||= existsSync(observerLibrary);
    return isBuilt ? observerLibrary : undefined;
  };
}

export function statsFile({ dataDir }: MemberPaths): string {
  return join(dataDir, 'stats.json');
}

function noteSwarmEvent({ stats, log }: Foundation, keyring: () => Keyring, event: SwarmEvent): void {
  if (event.kind === 'refused') {
    stats.refused(event.reason);
    log.write('refused', { reason: event.reason, peer: event.peer });
  } else if (event.kind === 'newcomer-waiting') {
    log.write('newcomer-waiting', { name: event.newcomer.name, key: event.newcomer.key });
  } else if (event.kind === 'trouble') {
    log.write('trouble', { what: event.what, error: messageOf(event.error) });
  } else {
    log.write(event.kind, { member: keyring().members.get(event.member)?.name ?? event.member });
  }
}
