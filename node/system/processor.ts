// The processor as far as -march=native sees it: two machines share such a compile only if this text is the same.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Model and feature flags of the first processor; the whole of what is known elsewhere than on Linux. */
export function describeProcessor(): string {
  try {
    const [first = ''] = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n');
    const telling = /^(vendor_id|cpu family|model|model name|stepping|flags|Features|CPU \w+)\s*:/;
    return first
      .split('\n')
      .filter(line => telling.test(line))
      .join('\n');
  } catch {
    return cpus()[0]?.model ?? 'unknown';
  }
}
