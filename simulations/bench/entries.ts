// A daemon whose store is full: how much memory it takes, and whether a hit costs more than with an empty one. The entries are put
// by the stores' own classes: that many real compiles would take an hour.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { realClock } from '../../node/system/real-clock.ts';
import { DiskActionCache } from '../../src/actions/disk-action-cache.ts';
import { signRecord } from '../../src/actions/signed-record.ts';
import { encodeManifest } from '../../src/compile/input-manifest.ts';
import { memberPaths } from '../../src/control-paths.ts';
import { type Digest, digestOf, emptyDigest } from '../../src/digest.ts';
import { BlobIndex } from '../../src/store/blob-index.ts';
import { DiskBlobStore } from '../../src/store/disk-blob-store.ts';
import { EvictingBlobStore } from '../../src/store/evicting-blob-store.ts';
import { loadOrCreateIdentity } from '../../src/team/identity-file.ts';
import { measureHits, writeSource } from './hit.ts';
import type { P2pcacheRival } from './p2pcache-rival.ts';
import { type Figure, report, say } from './report.ts';
import { startRival } from './rivals.ts';
import { medianCost, memoryOf } from './run.ts';

const rssBytesMax = 200 * 1024 * 1024;
/** "Unchanged", as far as one machine can tell. */
const hitRatioMax = 1.1;
const roundCount = 5;
/** Of one entry: an object of a C file, and what it read. */
const objectBytes = 6 * 1024;
const pathsPerManifest = 120;
const putsAtOnce = 64;

/** Returns whether every bound was met. */
export async function benchEntries(work: string, entryCount: number): Promise<boolean> {
  const folder = writeSource(work);
  const empty = (await startRival('p2pcache', join(work, 'empty'))) as P2pcacheRival;
  const full = (await startRival('p2pcache', join(work, 'full'))) as P2pcacheRival;
  try {
    await full.stop();
    await fillStore(full.home, entryCount);
    await full.start();
    const costs = await measureHits([empty, full], folder, roundCount);
    const [few, many] = costs.map(each => medianCost(each).wallMs);
    const { rssBytes, rssBytesMax: peak } = memoryOf(full.daemonPid);
    say(`with no entries it takes ${megabytes(memoryOf(empty.daemonPid).rssBytes)}`);
    const ratio = many! / few!;
    const figures: Figure[] = [
      {
        name: `memory with ${entryCount} entries (at most ${megabytes(peak)})`,
        byRival: { p2pcache: megabytes(rssBytes) },
        measured: megabytes(rssBytes),
        bound: `≤ ${megabytes(rssBytesMax)}`,
        isMet: rssBytes <= rssBytesMax,
      },
      {
        name: `one hit (with no entries ${few!.toFixed(2)} ms)`,
        byRival: { p2pcache: `${many!.toFixed(2)} ms` },
        measured: `${ratio.toFixed(2)} × with none`,
        bound: `≤ ${hitRatioMax}`,
        isMet: ratio <= hitRatioMax,
      },
    ];
    return report('entries', ['p2pcache'], figures);
  } finally {
    await empty.end();
    await full.end();
  }
}

/** Puts entries as a compile front does: a result and a manifest each. The home's daemon must not run. */
async function fillStore(home: string, entryCount: number): Promise<void> {
  const { storeDir, dataDir } = memberPaths({ P2PCACHE_HOME: home }, home, home);
  const identity = await loadOrCreateIdentity(join(dataDir, 'key'));
  const { teamId } = JSON.parse(readFileSync(join(dataDir, 'team.json'), 'utf8')) as { teamId: string };
  const index = new BlobIndex({ path: join(storeDir, 'blobs.db') });
  const files = await DiskBlobStore.open({ dir: storeDir });
  const blobs = new EvictingBlobStore(files, index, {
    sizeBytesMax: Number.POSITIVE_INFINITY,
    clock: realClock,
  });
  const records = new DiskActionCache({ path: join(storeDir, 'records.db') });
  const keep = async (kind: 'result' | 'manifest', action: Digest, path: string, bytes: Uint8Array) => {
    const digest = digestOf(bytes);
    await blobs.put(digest, bytes);
    const outputFiles = [{ path, digest, isExecutable: false }];
    const result = { outputFiles, stdout: emptyDigest, stderr: emptyDigest, exitCode: 0 };
    const createdAtMs = Date.now();
    await records.put(
      signRecord(identity, { teamId, kind, action, result, origin: 'local', durationMs: 500, createdAtMs }),
    );
  };
  let next = 0;
  const work = async () => {
    for (let i = next++; i < entryCount; i = next++) {
      await keep('result', digestOf(`action ${i}`), `{root}/src/file-${i}.o`, sampleObject());
      await keep('manifest', digestOf(`key ${i}`), 'manifest', sampleManifest(i));
      if (i % 10_000 === 0) say(`${i} of ${entryCount} entries put`);
    }
  };
  await Promise.all(Array.from({ length: putsAtOnce }, work));
  await blobs.close();
  records.close();
}

/** Half of it compresses away, as of object files. */
function sampleObject(): Uint8Array {
  return Buffer.concat([randomBytes(objectBytes / 2), Buffer.alloc(objectBytes / 2)]);
}

function sampleManifest(i: number): Uint8Array {
  const headers = Array.from(
    { length: pathsPerManifest },
    (_, n) => `/usr/include/part-${n % 9}/header-${n}.h`,
  );
  const reads = [...headers, `{root}/src/file-${i}.c`];
  return encodeManifest([
    { reads, missing: [], exists: [], listed: [], resolved: [], environment: ['CPATH'] },
  ]);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}
