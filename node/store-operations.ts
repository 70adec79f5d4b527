// What the commands about the store do: verify it, collect garbage, clean it out.
import { checkStore, collectGarbage } from '../src/actions/store-upkeep.ts';
import { CodedError } from '../src/errors.ts';
import { clock } from './compose.ts';
import { byteSize, timeSpan } from './config.ts';
import type { Daemon } from './daemon.ts';
import type { OperationHandlers } from './endpoints/control-socket.ts';
import { optionalText, type Request } from './request-fields.ts';

type StoreHandlers = Pick<OperationHandlers, 'verifyStore' | 'gc' | 'clean'>;

export function storeOperations(daemon: Daemon): StoreHandlers {
  const { foundation } = daemon;
  const { disk, records, memory, journal, config, log, ready } = foundation;
  const store = { disk, records, clock };
  return {
    verifyStore: (_request, { signal, progress }) => checkStore(store, { signal, onProgress: progress }),
    gc: async request => {
      ready.clear();
      const collected = await collectGarbage(store, {
        sizeBytesMax: spelled(request, 'size', byteSize, 'a size such as 5GB') ?? config.storeSizeBytesMax,
        ageMsMax: spelled(request, 'age', timeSpan, 'a time span such as 7d') ?? config.storeAgeMsMax,
      });
      log.write('garbage-collected', { ...collected });
      return { ...collected, storeBytes: disk.sizeBytes };
    },
    clean: async () => {
      await daemon.session.storing.settleAll();
      ready.clear();
      // Records first: none may be found whose blobs are going.
      const forgotten = records.clear();
      memory.clear();
      daemon.session.manifests.clear();
      journal.clear();
      const evicted = await disk.clear();
      log.write('cleaned', { records: forgotten, blobs: evicted.blobs });
      return { ...evicted, records: forgotten, storeBytes: disk.sizeBytes };
    },
  };
}

/** What a field spells in the way of config.toml; undefined where it is not given. */
export function spelled<T>(
  request: Request,
  field: string,
  read: (text: string) => T | undefined,
  expects: string,
): T | undefined {
  const text = optionalText(request, field);
  const value = text === undefined ? undefined : read(text);
  if (text === undefined || value !== undefined) return value;
  throw new CodedError('BAD_INPUT', `${JSON.stringify(text)} is not ${expects}`, {
    hint: `give ${expects}`,
  });
}
