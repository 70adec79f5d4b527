// Control groups of the farm's jobs, where this user may make one.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { JobCgroup } from '../../../node/system/job-cgroup.ts';

const cgroup = JobCgroup.make(`p2pcache-test-cgroup-${process.pid}`, { processes: 64, memoryBytes: 2 ** 30 });

test.skipIf(cgroup === undefined)('each folder is a control group, and none is left', () => {
  const procs = cgroup!.wrapper().flatMap(part => part.match(/\/sys\/[^']+/g) ?? []);
  expect(procs).not.toEqual([]);
  // a file that can be written anywhere else would take the job's process id and bound nothing
  expect(procs.filter(file => !existsSync(`${dirname(file)}/cgroup.procs`))).toEqual([]);
  cgroup!.delete();
  expect(procs.filter(file => existsSync(dirname(file)))).toEqual([]);
});
