// Many who want one blob, some of whom stop waiting.
import { expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/digest.ts';
import { CoalescingBlobStore } from '../../src/store/coalescing-blob-store.ts';
import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts';

const bytes = Buffer.from('wanted');
const digest = digestOf(bytes);

/** Answers when the test says so. */
class SlowBlobStore extends MemoryBlobStore {
  readonly gets: { readonly signal: AbortSignal; answer: PromiseWithResolvers<Uint8Array | undefined> }[] =
    [];
  override get(_: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const answer = Promise.withResolvers<Uint8Array | undefined>();
    this.gets.push({ signal: signal!, answer });
    signal!.addEventListener('abort', () => answer.reject(signal!.reason));
    return answer.promise;
  }
}

test('concurrent gets are one get; a later one is another', async () => {
  const inner = new SlowBlobStore();
  const store = new CoalescingBlobStore(inner);
  const waiting = [store.get(digest), store.get(digest), store.get(digest, new AbortController().signal)];
  inner.gets[0]!.answer.resolve(bytes);
  expect(await Promise.all(waiting)).toEqual([bytes, bytes, bytes]);
  expect(inner.gets).toHaveLength(1);
  const later = store.get(digest);
  inner.gets[1]!.answer.resolve(undefined);
  expect(await later).toBeUndefined();
});

test('one who gives up leaves at once, and the others still get the blob', async () => {
  const inner = new SlowBlobStore();
  const store = new CoalescingBlobStore(inner);
  const impatient = new AbortController();
  const [leaving, staying] = [store.get(digest, impatient.signal), store.get(digest)];
  impatient.abort(new Error('enough'));
  await expect(leaving).rejects.toThrow('enough');
  expect(inner.gets[0]!.signal.aborted).toBe(false);
  inner.gets[0]!.answer.resolve(bytes);
  expect(await staying).toBe(bytes);
});

test('when all give up, the get is aborted and the next one starts anew', async () => {
  const inner = new SlowBlobStore();
  const store = new CoalescingBlobStore(inner);
  const impatient = new AbortController();
  const leaving = [store.get(digest, impatient.signal), store.get(digest, impatient.signal)];
  impatient.abort(new Error('enough'));
  for (const each of leaving) await expect(each).rejects.toThrow('enough');
  expect(inner.gets[0]!.signal.aborted).toBe(true);
  const next = store.get(digest);
  inner.gets[1]!.answer.resolve(bytes);
  expect(await next).toBe(bytes);
  await expect(store.get(digest, impatient.signal)).rejects.toThrow('enough');
});

test('a failure reaches all who wait, and is not remembered', async () => {
  const inner = new SlowBlobStore();
  const store = new CoalescingBlobStore(inner);
  const waiting = [store.get(digest), store.get(digest)];
  inner.gets[0]!.answer.reject(new Error('unplugged'));
  for (const each of waiting) await expect(each).rejects.toThrow('unplugged');
  const next = store.get(digest);
  inner.gets[1]!.answer.resolve(bytes);
  expect(await next).toBe(bytes);
});
