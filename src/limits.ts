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
