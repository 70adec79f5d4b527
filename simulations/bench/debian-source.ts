// Sources of real projects: Debian's source packages, fetched once into .cache/bench with a private apt folder, so that the
// machine's own configuration stays as it is.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from './report.ts';
import { runOk } from './run.ts';

const cacheFolder = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));

/** The folder with the package's upstream sources; fetched where it is not there yet. Not to be written to. */
export async function debianSource(name: string): Promise<string> {
  const unpacked = join(cacheFolder, 'unpacked', name);
  if (existsSync(unpacked)) return unpacked;
  const downloads = join(cacheFolder, 'downloads', name);
  rmSync(downloads, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  say(`fetching the sources of ${name}`);
  const options = await aptOptions();
  await runOk(['apt-get', ...options, '-q', 'source', '--download-only', name], { cwd: downloads });
  const description = readdirSync(downloads).find(file => file.endsWith('.dsc'));
  if (description === undefined) throw new Error(`apt-get source brought no sources of ${name}`);
  const temporary = `${unpacked}.${process.pid}`;
  mkdirSync(join(cacheFolder, 'unpacked'), { recursive: true });
  // As upstream made them: Debian's patches are about Debian.
  const unpack = ['dpkg-source', '--skip-patches', '-x', description, temporary];
  await runOk(unpack, { cwd: downloads });
  renameSync(temporary, unpacked);
  return unpacked;
}

/** Options with which apt-get keeps to a folder of its own, whose lists are there. */
async function aptOptions(): Promise<string[]> {
  const state = join(cacheFolder, 'apt');
  const list = join(state, 'sources.list');
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State': state,
    'Dir::Cache': state,
    'APT::Sandbox::User': 'root',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  if (existsSync(list)) return options;
  for (const folder of ['lists/partial', 'archives/partial'])
    mkdirSync(join(state, folder), { recursive: true });
  // From where the machine gets its packages, it gets their sources.
  const format = 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const filters = ['Created-By: Packages', 'Label: Debian'];
  const { stdout } = await runOk(['apt-get', 'indextargets', '--format', format, ...filters], { cwd: state });
  const lines = [...new Set(stdout.trim().split('\n'))].join('\n');
  if (!lines.startsWith('deb-src')) throw new Error('apt-get names no Debian repository to get sources from');
  writeFileSync(`${list}.new`, `${lines}\n`);
  renameSync(`${list}.new`, list);
  try {
    await runOk(['apt-get', ...options, '-q', 'update'], { cwd: state });
  } catch (error) {
    rmSync(list);
    throw error;
  }
  return options;
}
