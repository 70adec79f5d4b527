// The daemon's log: one JSON object per line, bounded in size, for a person who asks "what happened last night?".
// Secrets never get here: callers log names, keys' prefixes, addresses and reasons, never invites, seeds or file contents.
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export type EventDetails = Readonly<Record<string, string | number | boolean | null | undefined>>;

export class EventLog {
  readonly file: string;
  readonly #sizeBytesMax: number;
  readonly #echo: ((line: string) => void) | undefined;
  #sizeBytes: number;

  /** Appends to `file`; past `sizeBytesMax` it becomes `<file>.1`, over the one before. `echo` also gets each event, as text. */
  constructor(file: string, sizeBytesMax: number, echo?: (line: string) => void) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.file = file;
    this.#sizeBytesMax = sizeBytesMax;
    this.#echo = echo;
    this.#sizeBytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Never throws: a full disk must not stop the daemon, and there is nowhere to say so. */
  write(event: string, details: EventDetails = {}): void {
    const line = `${JSON.stringify({ at: new Date().toISOString(), event, ...details })}\n`;
    this.#echo?.(asText(event, details));
    try {
      if (this.#sizeBytes > 0 && this.#sizeBytes + line.length > this.#sizeBytesMax) {
        renameSync(this.file, `${this.file}.1`);
        this.#sizeBytes = 0;
      }
      appendFileSync(this.file, line, { mode: 0o600 });
      this.#sizeBytes += Buffer.byteLength(line);
    } catch {}
  }
}

function asText(event: string, details: EventDetails): string {
  const words = Object.entries(details).filter(([, value]) => value !== undefined);
  return [event, ...words.map(([name, value]) => `${name}=${value}`)].join(' ');
}

/** What of an error goes into a log line. */
export function messageOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  return error instanceof Error ? error.message : String(error);
}
