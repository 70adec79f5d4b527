// The observer's log: one file, mapped by every process of one compile, read by the daemon (src/compile/observation.ts).
// It is a header and then notes, each a kind byte, a path and a NUL.
#ifndef P2PCACHE_LOG_H
#define P2PCACHE_LOG_H
#include <stdint.h>

#define LOG_BYTES (8u << 20) // sparse; a compile that notes more than this is not cached
#define LOG_MAGIC 0x31304f5350325032ull
#define LOG_VARIABLE "P2PCACHE_OBSERVE"

struct log_header {
  uint64_t magic;
  uint64_t used; // bytes taken, this header included
  uint64_t cwd_device, cwd_inode; // the folder where the compile began
};

#define NOTE_READ 'R'
#define NOTE_STAMP 'I' // attributes in hex and a blank before the path: what was read, as it was when it was opened
#define NOTE_RESOLVED 'Y' // the links on the way to the path were followed for their own sake
#define NOTE_MISSING 'M'
#define NOTE_EXISTS 'E'
#define NOTE_UNREADABLE 'F'
#define NOTE_LISTED 'D'
#define NOTE_WRITTEN 'W' // opened anew: made, or emptied where it stood
#define NOTE_RENAMED 'V' // put in the place of whatever stood there
#define NOTE_REMADE 'S' // as written, by one of the binary utilities: they remove what stands there, unless it is empty
#define NOTE_CLOSED 'O' // a stamp: what was written, as it was when it was closed
#define NOTE_MODIFIED 'A'
#define NOTE_WRITE_FAILED 'B'
#define NOTE_REMOVED 'U'
#define NOTE_MADE_FOLDER 'K'
#define NOTE_RAN 'X'
#define NOTE_STARTED 'P'
#define NOTE_LIBRARY 'L'
#define NOTE_ENV 'G'
#define NOTE_LOADED 'H' // a library, while the program ran
#define NOTE_TIME 'T' // told in words, in local time; the seconds of one that is long past, in the place of a path
#define NOTE_CLOCK 'C'
#define NOTE_NETWORK 'N'
#endif
