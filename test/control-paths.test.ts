// Where a member's files live: the daemon and the commands agree on it by this function alone.
import { expect, test } from 'vitest';
import { memberPaths } from '../src/control-paths.ts';

test('P2PCACHE_HOME puts everything into one folder', () => {
  const paths = memberPaths({ P2PCACHE_HOME: '/h', XDG_RUNTIME_DIR: '/run/user/1' }, '/home/me', '/work');
  const { home, ...rest } = paths;
  expect(home).toBe('/h');
  for (const path of Object.values(rest)) expect(path === '/h' || path.startsWith('/h/')).toBe(true);
  expect(paths.controlSocket).toBe('/h/run/control.sock');
});

test('a relative P2PCACHE_HOME counts from the working folder', () => {
  expect(memberPaths({ P2PCACHE_HOME: 'h/' }, '/home/me', '/work').home).toBe('/work/h');
});

test('without it the XDG folders are used, and their defaults', () => {
  const xdg = {
    XDG_CONFIG_HOME: '/c',
    XDG_DATA_HOME: '/d',
    XDG_CACHE_HOME: '/x',
    XDG_STATE_HOME: '/s',
    XDG_RUNTIME_DIR: '/run/user/1',
  };
  expect(memberPaths(xdg, '/home/me', '/')).toMatchObject({
    home: undefined,
    configFile: '/c/p2pcache/config.toml',
    dataDir: '/d/p2pcache',
    storeDir: '/x/p2pcache/store',
    logDir: '/s/p2pcache/log',
    runDir: '/run/user/1/p2pcache',
  });
  expect(memberPaths({ XDG_CONFIG_HOME: 'relative' }, '/home/me', '/')).toMatchObject({
    configFile: '/home/me/.config/p2pcache/config.toml',
    dataDir: '/home/me/.local/share/p2pcache',
    storeDir: '/home/me/.cache/p2pcache/store',
    runDir: '/home/me/.local/state/p2pcache/run',
  });
});
