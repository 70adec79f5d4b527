// Signed records for tests: every field has a plain value unless the test says otherwise.
import { type RecordClaim, type SignedRecord, signRecord } from '../../src/actions/signed-record.ts';
import { digestOf, emptyDigest } from '../../src/digest.ts';
import type { Identity } from '../../src/team/identity.ts';

export function sampleRecord(identity: Identity, claim: Partial<RecordClaim> = {}): SignedRecord {
  return signRecord(identity, {
    teamId: 'team',
    kind: 'result',
    action: digestOf('action'),
    result: {
      outputFiles: [{ path: 'main.o', digest: digestOf('object'), isExecutable: false }],
      stdout: emptyDigest,
      stderr: digestOf('warning'),
      exitCode: 0,
    },
    origin: 'local',
    durationMs: 1_200,
    createdAtMs: 1_700_000_000_000,
    ...claim,
  });
}
