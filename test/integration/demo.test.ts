// The demo checks its own claims; here they are held to.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../simulations/demo/main.ts', import.meta.url));
const demoMsMax = 300_000;

test(
  'npm run demo: every claim holds',
  async () => {
    const args = ['--disable-warning=ExperimentalWarning', main];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: demoMsMax });
    expect(stdout).toContain('Every claim held');
    expect(stdout.match(/ yes$/gm)).toHaveLength(4);
  },
  demoMsMax,
);
