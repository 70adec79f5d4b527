// Takes a worker's outcome for what it is worth: the records count if this machine, from the inputs that the run was seen to
// have and its own files as they are now, comes to the same actions. Then the worker compiled exactly what this machine has.
import { blobsOf } from '../actions/action-result.ts';
import type { Results } from '../actions/results.ts';
import { decodeRecord, type SignedRecord } from '../actions/signed-record.ts';
import { keysInOrder } from '../compile/compile-key.ts';
import type { CompileTicket } from '../compile/compile-request.ts';
import { familyRules } from '../compile/families.ts';
import type { FileStates } from '../compile/file-states.ts';
import { decodeManifest, type EvaluatedInputs, findInputs, underKey } from '../compile/input-manifest.ts';
import type { Manifests } from '../compile/manifests.ts';
import { fromPortable } from '../compile/project-folder.ts';
import type { RemoteRun } from '../compile/remote-runs.ts';
import { type Digest, matchesDigest } from '../digest.ts';
import type { JobOutcome } from '../protocol/farm.ts';
import type { MemberKey } from '../team/identity.ts';

export interface TakingParts {
  readonly states: FileStates;
  readonly results: Results;
  readonly manifests: Manifests;
  readonly mayVouch: (record: SignedRecord) => boolean;
  readonly fetchBlob: (
    member: MemberKey,
    digest: Digest,
    signal: AbortSignal,
  ) => Promise<Uint8Array | undefined>;
  readonly events: { refused(reason: string): void };
}

/** The run, or undefined where the worker's files were not ours or its word does not count. */
export async function takeOutcome(
  outcome: Extract<JobOutcome, { kind: 'done' }>,
  worker: MemberKey,
  ticket: CompileTicket,
  parts: TakingParts,
  signal: AbortSignal,
): Promise<RemoteRun | undefined> {
  const { identity, keys } = ticket;
  const [set] = decodeManifest(outcome.set);
  const there = set && findInputs(set, identity.folder, identity.environment, parts.states);
  if (there === undefined) return undefined;
  const taken: { key: Digest; record: SignedRecord; inputs: EvaluatedInputs }[] = [];
  for (const encoded of outcome.records) {
    const record = decodeRecord(encoded);
    if (record === undefined || !isSound(record, worker, ticket) || !parts.mayVouch(record)) {
      parts.events.refused('farm-record');
      return undefined;
    }
    for (const key of keysInOrder(keys)) {
      const inputs = underKey(key, there);
      if (inputs.action === record.action) taken.push({ key, record, inputs });
    }
  }
  const first = taken.find(({ key }) => key !== keys.unproven);
  if (first === undefined) return undefined;
  const blobs = await blobsFor(first.record, outcome.blobs, worker, parts, signal);
  if (blobs === undefined) return undefined;
  const { record, inputs } = first;
  return {
    found: { record, blobs, tier: 'peer', member: worker },
    inputs,
    keep: () => {
      for (const each of taken) {
        parts.results.adopt(each.record, blobs).catch(() => {});
        parts.manifests.keep(each.key, each.inputs.set).catch(() => {});
      }
    },
  };
}

function isSound(record: SignedRecord, worker: MemberKey, { identity }: CompileTicket): boolean {
  const { family, command, folder } = identity;
  const { isExpectedOutput } = familyRules[family];
  return (
    record.signer === worker &&
    record.origin === 'farm' &&
    record.kind === 'result' &&
    record.result.outputFiles.every(({ path }) =>
      isExpectedOutput(fromPortable(path, folder), command, folder.cwd),
    )
  );
}

async function blobsFor(
  record: SignedRecord,
  sent: ReadonlyMap<Digest, Uint8Array>,
  worker: MemberKey,
  parts: TakingParts,
  signal: AbortSignal,
): Promise<Map<Digest, Uint8Array> | undefined> {
  const blobs = new Map<Digest, Uint8Array>();
  for (const digest of blobsOf(record.result)) {
    const bytes = sent.get(digest) ?? (await parts.fetchBlob(worker, digest, signal));
    if (bytes === undefined || !matchesDigest(bytes, digest)) return undefined;
    blobs.set(digest, bytes);
  }
  return blobs;
}
