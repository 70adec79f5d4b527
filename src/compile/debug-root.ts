// What debug information calls the project's root where prefix maps are added: a debugger that is started there finds it.
export const debugRoot = '/proc/self/cwd';
