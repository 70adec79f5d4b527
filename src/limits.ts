// Every bound in one place. A limit's name ends in its unit; each says what it protects.

/** Largest blob kept or fetched; bigger outputs are passed through uncached. */
export const blobSizeBytesMax = 512 * 1024 * 1024;
/** Largest single frame on any peer stream or local socket. */
export const frameSizeBytesMax = 8 * 1024 * 1024;
/** Blobs up to this size travel inside the record's reply, saving a round trip. */
export const inlineBlobSizeBytesMax = 256 * 1024;
/** Largest encoded signed record or statement that is decoded at all. */
export const recordSizeBytesMax = 256 * 1024;
/** Records kept for one action (one per signer). */
export const recordsPerActionMax = 16;
/** Statements in one team's ledger. */
export const statementsMax = 50_000;
/** How long a compile may wait for teammates before it runs locally; the person's `peerDeadlineMs` overrides it. */
export const peerDeadlineMsDefault = 1_000;
/** Bytes of blobs that stay in memory for hits without a disk read. */
export const memoryBlobBytesMax = 48 * 1024 * 1024;

// The daemon's own.
/** Different reasons (or members) that one counter tells apart; the rest are counted together as `other`. */
export const reasonsMax = 256;
/** Largest body of a request on the control socket. */
export const controlBodyBytesMax = 256 * 1024;
/** Size at which the daemon's log is rotated; one older file is kept. */
export const logSizeBytesMaxDefault = 4 * 1024 * 1024;
/** How much the store may hold before the least recently used goes. */
export const storeSizeBytesMaxDefault = 10 * 1024 * 1024 * 1024;

// Team
/** Largest encoded statement: an admission with every field full is below 2 KiB, most of the room is for parents. */
export const statementSizeBytesMax = 16 * 1024;
/** Parents one statement may name: heads of a ledger that many members extended while apart. */
export const statementParentsMax = 64;
/** Statements held in memory until their parents arrive. */
export const pendingStatementsMax = 1024;
/** Length of a team's or member's name, in characters. */
export const nameLengthMax = 40;
/** Times one invite can be used; CI fleets need many, a typo should not mean "for ever". */
export const inviteUsesMax = 100_000;
/** Longest invite line that is decoded, in characters. */
export const inviteLineLengthMax = 4096;
/** Addresses carried by one invite line. */
export const inviteAddressesMax = 8;
/** Signers that a k-of-n policy may ask for. */
export const policySignersMax = 16;
