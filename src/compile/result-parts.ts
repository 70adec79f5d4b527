// A result as the launcher restores it (cli/launcher/restore.h reads it), as the parts that its bytes are put together from:
// little-endian, numbers are four bytes each, texts and bytes have their length before them.
import type { RestoredOutput } from './compile-outputs.ts';

export interface RestorableResult {
  readonly exitCode: number;
  readonly outputs: readonly RestoredOutput[];
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

export type Part = number | Uint8Array;

/** A part this large is cheaper to write by itself than to copy first. */
const largeBytesMin = 64 * 1024;

/** OUTPUT_… in cli/launcher/restore.h. */
const styles = { written: 0, replaced: 1, remade: 2 } as const;

export function textParts(value: string): Part[] {
  return bytesParts(Buffer.from(value));
}

export function bytesParts(bytes: Uint8Array): Part[] {
  return [bytes.byteLength, bytes];
}

export function resultParts({ exitCode, outputs, stdout, stderr }: RestorableResult): Part[] {
  const files = outputs.flatMap(({ path, style, isExecutable, bytes }) => [
    ...textParts(path),
    styles[style],
    isExecutable ? 1 : 0,
    ...bytesParts(bytes),
  ]);
  return [exitCode, outputs.length, ...files, ...bytesParts(stdout), ...bytesParts(stderr)];
}

export function sizeOf(parts: readonly Part[]): number {
  return parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? 4 : part.byteLength), 0);
}

/** The parts' bytes after those of `head`, in pieces: a large one is not copied. */
export function piecesOf(head: readonly number[], parts: readonly Part[]): Uint8Array[] {
  let smallBytes = 0;
  for (const part of [...head, ...parts]) {
    const bytes = typeof part === 'number' ? 4 : part.byteLength;
    if (bytes < largeBytesMin) smallBytes += bytes;
  }
  const small = Buffer.allocUnsafe(smallBytes);
  const pieces: Uint8Array[] = [];
  let from = 0;
  let at = 0;
  for (const part of [...head, ...parts]) {
    if (typeof part === 'number') {
      at = small.writeUInt32LE(part, at);
    } else if (part.byteLength < largeBytesMin) {
      small.set(part, at);
      at += part.byteLength;
    } else {
      pieces.push(small.subarray(from, at), part);
      from = at;
    }
  }
  pieces.push(small.subarray(from));
  return pieces;
}
