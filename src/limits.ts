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
/** Largest blob that a new result leaves there: a few large ones would push out everything else. */
export const memoryBlobSizeBytesMax = 1024 * 1024;

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

/** Sets of input paths in one manifest: the newest stay. */
export const manifestSetsMax = 16;
/** Paths in one list of an input set. */
export const inputSetPathsMax = 50_000;
/**
 * Outputs and logs of compiles in memory while a build keeps every processor busy: beyond it, or after so long, they are stored.
 * Less on a machine with little memory: this part of it.
 */
export const storingWaitBytesMax = 512 * 1024 * 1024;
export const storingWaitMemoryShare = 1 / 64;
export const storingWaitMsMax = 120_000;
/** The same while teammates are connected, who may be about to compile the same. */
export const storingWaitMsMaxInTeam = 10_000;

// Swarm
/** Bytes of a blob that one frame carries: small requests wait behind one such piece at most per transfer under way. */
export const blobChunkBytes = 256 * 1024;
/** Bytes of small blobs that one records reply carries along. */
export const inlineBlobsPerReplyBytesMax = 1024 * 1024;
/** Requests that one teammate may have under way here; more are answered with `busy`. */
export const requestsPerPeerMax = 256;
/** Action keys that one announcement frame carries (8 bytes each). */
export const announcedKeysPerFrameMax = 8192;
/** Action keys remembered of one teammate (8 bytes each, at most half of the slots used: 32 MiB). */
export const inventoryKeysPerPeerMax = 2_000_000;
/** Announcements that wait for a slow teammate; beyond it is sent a fresh snapshot instead. */
export const pendingAnnouncementsMax = 100_000;
/** Statements carried by one frame: verifying one takes about 1 ms, during which the daemon does nothing else. */
export const statementsPerFrameMax = 64;
/** Addresses remembered and passed on of one member, and the longest that is read, in characters. */
export const addressesPerMemberMax = 16;
export const addressLengthMax = 256;
/** Members whose addresses one frame carries. */
export const membersPerFrameMax = 1024;
/** Frames to and from people who are not members yet: an invite's holder, a newcomer at the door. */
export const strangerFrameSizeBytesMax = 64 * 1024;
/** Newcomers that wait at one door, and for how long each. */
export const newcomersWaitingMax = 16;
export const newcomerWaitMsMax = 15 * 60_000;
/** Connections to one door at a time. */
export const doorConnectionsMax = 32;
/** How long a teammate's blob transfer may stand still before it is given up. */
export const transferStallMsMax = 1_000;
/** Smallest and largest wait before a second holder is asked as well. */
export const hedgeDelayMsMin = 20;
export const hedgeDelayMsMax = 500;
/** Blobs up to this size are asked of two holders at once when the first is slow; larger ones one after the other. */
export const hedgedBlobSizeBytesMax = 1024 * 1024;
/** How long a teammate that failed is left alone: at first, and at most after failing again and again. */
export const breakerOpenMsMin = 5_000;
export const breakerOpenMsMax = 60_000;
/** Bytes of blobs that came along with records and were not asked for yet. */
export const unclaimedBlobBytesMax = 32 * 1024 * 1024;
/** Actions and blobs of which the giver is remembered. */
export const holderHintsMax = 65_536;
/** Bytes that may wait to be sent to one teammate on one stream. */
export const sendQueueBytesMax = 64 * 1024 * 1024;
/** How often a member says that it lives, and how long it may be silent before it is taken for frozen: three times as long, for a
 * machine at full load is slow to say so. What waits for one meanwhile has limits of its own. */
export const memberPulseMs = 8_000;
export const memberSilenceMsMax = 25_000;
/** How long somebody who is no member may stay connected: long enough to become one. */
export const strangerConnectionMsMax = 60_000;
/** Pauses between attempts to reach a member: at first, and at most. */
export const redialMsMin = 1_000;
export const redialMsMax = 60_000;
/** Pauses between questions to the DHT's rendezvous: after a member connected, and growing up to. */
export const rendezvousMsMin = 5_000;
export const rendezvousMsMax = 5 * 60_000;
/** Uses of blobs noted in memory but not yet written to the index; beyond it they are forgotten. */
export const blobIndexPendingMax = 16_384;
/** Records on disk; beyond it the oldest go. */
export const recordsMax = 1_000_000;
/** Actions whose verified records stay in memory. */
export const decodedActionsMax = 8_192;

/** The largest file that is laid out for a repeated command (larger results are worth a question), and how many (compile/ready-results.ts). */
export const readyFileBytesMax = 2 * 1024 * 1024;
export const readyFilesMax = 50_000;
/** What they may take of the disk: one part in so many of what the store may. */
export const readyShareOfStore = 8;

/** How long a launcher may wait for the proof that a result does not depend on its folder (compile/folder-proof.ts). */
export const proofTimeoutMs = 2_000;
/** Preprocessed text held while it is looked through. */
export const preprocessedBytesMax = 64 * 1024 * 1024;
/** How long a compiler may take to say its version. */
export const compilerVersionTimeoutMs = 2_000;
/** Largest p2pcache.toml that is read, and how many are remembered. */
export const projectFileBytesMax = 64 * 1024;
export const projectFilesMax = 1_000;

// Farm
/** Entries of one tree, or of one job's changes to it. */
export const treeEntriesMax = 100_000;
/** Names in a folder that a compiler lists, such as clang in search of a gcc; jobs that list larger ones run at home. */
export const listedNamesMax = 256;
/** Arguments of one job. */
export const jobArgumentsMax = 10_000;
/** Bytes of blobs that one farm frame carries; the rest follow in further frames, or over the fetch protocol. */
export const farmBlobsPerFrameBytesMax = 6 * 1024 * 1024;
/** Jobs that one teammate may have under way here. */
export const jobsPerPeerMax = 256;
/** Jobs that wait for a slot, per slot: enough that a slot never stands idle for a round trip. */
export const queuedJobsPerSlot = 1;
/** Bounds of one job in the sandbox. */
export const jobWallMsMax = 10 * 60_000;
export const jobCpuSMax = 10 * 60;
export const jobMemoryBytesMax = 4 * 1024 * 1024 * 1024;
export const jobProcessesMax = 64;
export const jobFileBytesMax = 256 * 1024 * 1024;
export const jobDiskBytesMax = 512 * 1024 * 1024;
export const jobStreamBytesMax = 4 * 1024 * 1024;
/** Bytes of the observer's log (cli/launcher/log.h). */
export const observerLogBytes = 8 * 1024 * 1024;
/** How long a worker that runs our jobs may be silent before they are run elsewhere, and how often it gives a sign. */
export const workerSilenceMsMax = 3_000;
export const workerSignMs = 1_000;
/** What a worker tells of its jobs and slots is gathered for so long: one job ends and the next begins in a moment. */
export const farmGatherMs = 5;
/** How late those may hear of a worker's free slots who have no job there: a busy farm would tell everyone of every job. */
export const offerTellMs = 4_000;
/** Attempts to have one job run elsewhere: what the first one lacked is told before the next. */
export const jobAttemptsMax = 3;
/** Bytes of the journal of compiles (compile/compile-journal.ts): some thousands of them. */
export const journalBytesMax = 64 * 1024 * 1024;
/** Compiles that wait to be written into it. */
export const journalPendingMax = 5_000;
/** Largest account of one compile that is decoded. */
export const accountBytesMax = 32 * 1024 * 1024;
/** How long the compile of nothing may take that shows what a toolchain is made of. */
export const toolchainProbeTimeoutMs = 20_000;
/** Slots that one machine can lend, and how often it looks whether its owner needs it: where that is any use, or only compiles. */
export const lendingSlotsMax = 256;
export const lendingLookMs = { idle: 250, always: 1_000 } as const;
/** How long a worker waits for the bytes that it asked a client for. */
export const wantedBlobsMsMax = 20_000;
/** Mismatches kept as evidence. */
export const mismatchesMax = 200;
/** How long a compile that is made again may take. */
export const rerunTimeoutMs = 10 * 60_000;
/** How often an idle machine verifies a result, and for how long it must have compiled nothing. */
export const idleVerifyEveryMs = 60_000;
export const idleVerifyQuietMs = 2 * 60_000;
/** The latest compiles that it chooses among. */
export const idleVerifyRowsMax = 500;
