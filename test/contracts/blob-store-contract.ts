// What every BlobStore must do, run on the memory twin and on the real ones.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Digest, digestOf, emptyDigest, makeDigest } from '../../src/digest.ts';
import type { BlobStore } from '../../src/store/blob-store.ts';

export interface OpenedBlobStore {
  readonly store: BlobStore;
  close(): Promise<void>;
}

export function blobStoreContract(name: string, open: () => Promise<OpenedBlobStore>): void {
  describe(`${name} is a blob store`, () => {
    let opened: OpenedBlobStore;
    let store: BlobStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const samples: [string, Uint8Array][] = [
      ['no bytes', new Uint8Array(0)],
      ['one byte', Buffer.from('x')],
      ['compressible text', Buffer.from('int main() { return 0; }\n'.repeat(4_000))],
      ['random bytes', randomBytes(100_000)],
      ['two large mebibytes', Buffer.alloc(2 * 1024 * 1024, 'a b c d e f g')],
      ['large random bytes', randomBytes(2 * 1024 * 1024 + 1)],
    ];

    test.each(samples)('gives back what was put: %s', async (_, bytes) => {
      for (const digest of [digestOf(bytes), digestOf(bytes, 'sha256')]) {
        await store.put(digest, bytes);
        expect(Buffer.compare((await store.get(digest))!, bytes)).toBe(0);
      }
    });

    test('what was never put is a miss', async () => {
      expect(await store.get(digestOf('absent'))).toBeUndefined();
    });

    test('the same hash with another size is another blob, and asking for it harms nothing', async () => {
      const bytes = Buffer.from('twelve bytes');
      await store.put(digestOf(bytes), bytes);
      const hash = digestOf(bytes).split('/')[1]!;
      for (const size of [0, 11, 13])
        expect(await store.get(makeDigest('blake3', hash, size))).toBeUndefined();
      expect(Buffer.from((await store.get(digestOf(bytes)))!)).toEqual(bytes);
    });

    test('refuses bytes that do not match, and keeps nothing of them', async () => {
      const digest = digestOf('good');
      for (const bad of ['evil', 'goo', 'goods', '']) {
        await expect(store.put(digest, Buffer.from(bad))).rejects.toMatchObject({ code: 'REFUSED' });
      }
      expect(await store.get(digest)).toBeUndefined();
      expect(await store.findMissing([digest])).toEqual([digest]);
    });

    test('putting twice, also at once, is putting once', async () => {
      const bytes = randomBytes(5_000);
      const digest = digestOf(bytes);
      await Promise.all([store.put(digest, bytes), store.put(digest, bytes), store.put(digest, bytes)]);
      await store.put(digest, bytes);
      expect(Buffer.from((await store.get(digest))!)).toEqual(bytes);
    });

    test('keeps its own copy: the caller may reuse its buffer', async () => {
      const bytes = Buffer.from('before');
      const digest = digestOf(bytes);
      await store.put(digest, bytes);
      bytes.fill('!');
      expect(Buffer.from((await store.get(digest))!).toString()).toBe('before');
    });

    test('finds what is missing, in the order asked', async () => {
      const digests: Digest[] = ['a', 'b', 'c', 'd'].map(text => digestOf(text));
      await store.put(digests[1]!, Buffer.from('b'));
      await store.put(digests[3]!, Buffer.from('d'));
      expect(await store.findMissing(digests)).toEqual([digests[0], digests[2]]);
      expect(await store.findMissing([])).toEqual([]);
    });

    test('forgets what is deleted; deleting what is absent is no error', async () => {
      const bytes = Buffer.from('gone');
      const digest = digestOf(bytes);
      await store.put(digest, bytes);
      await store.delete(digest);
      await store.delete(digest);
      expect(await store.get(digest)).toBeUndefined();
      expect(await store.findMissing([digest])).toEqual([digest]);
      await store.put(digest, bytes);
      expect(await store.get(digest)).toBeDefined();
    });

    test('many at once, the empty blob among them', async () => {
      const blobs = Array.from({ length: 100 }, (_, each) => Buffer.from(`blob ${each} `.repeat(each)));
      await Promise.all(blobs.map(bytes => store.put(digestOf(bytes), bytes)));
      const found = await Promise.all(blobs.map(bytes => store.get(digestOf(bytes))));
      expect(found.map(bytes => Buffer.from(bytes!))).toEqual(blobs);
      expect(await store.findMissing([emptyDigest])).toEqual([]);
    });
  });
}
