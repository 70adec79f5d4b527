// How a client's files travel to a worker: which of them both machines probably have already, and which fit a job's own frame.

/** Files below these are alike on many machines: a worker often has the very same ones, and looks there first. */
export const systemFolders = /^\/(usr|lib|lib32|lib64|libx32|opt|etc)\//;
