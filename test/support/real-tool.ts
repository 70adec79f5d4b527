// Tests with real tools: where one is missing they are skipped aloud, with the command that installs it; in CI they fail.
import { execFileSync } from 'node:child_process';

/** Why tests with this program must be skipped here, or undefined where it is on PATH. Throws in CI. */
export function missingTool(program: string, debianPackage: string = program): string | undefined {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return undefined;
  } catch {
    const reason = `${program} is missing: apt-get install ${debianPackage}`;
    if (process.env.CI) throw new Error(reason);
    console.warn(`skipped: ${reason}`);
    return reason;
  }
}
