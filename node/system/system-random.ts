// The machine's own chance, for the domain's Random: cryptographically secure throughout.
import { randomBytes } from 'node:crypto';
import type { Random } from '../../src/platform/random.ts';

export const systemRandom: Random = {
  bytes: count => randomBytes(count),
  fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
