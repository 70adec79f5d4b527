// Ready results (src/compile/ready-results.ts writes them): a file for each command that was given before, with its result and
// the checks under which it still holds. Nobody is asked; the daemon is told, through a named pipe in the run folder, before
// anything is written and after all of it was. Where there is no such file, a check fails, or nobody reads the pipe, nothing has
// happened yet, and the daemon is asked as ever.
#ifndef P2PCACHE_READY_H
#define P2PCACHE_READY_H
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checks.h"
#include "frames.h"
#include "restore.h"

#define READY_MAGIC 0x31523250u // "P2R1"
#define READY_BYTES_MAX (64u << 20)
#define HIT_MAGIC 0x31483250u // "P2H1"
#define READY_NAME_BYTES 24

enum { HIT_RESTORES = 1, HIT_RESTORED = 2 };

struct hit {
  uint32_t magic, kind;
  char name[READY_NAME_BYTES];
};

// zlib's CRC-32, eight bytes at a time: against rot on the disk, as the store's own files have digests.
static uint32_t crc32_of(const char *data, size_t size) {
  static uint32_t table[8][256];
  if (!table[0][1]) {
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; bit++) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      table[0][i] = c;
    }
    for (int k = 1; k < 8; k++)
      for (uint32_t i = 0; i < 256; i++) table[k][i] = table[0][table[k - 1][i] & 255] ^ (table[k - 1][i] >> 8);
  }
  uint32_t crc = ~0u, word[2];
  for (; size >= 8; data += 8, size -= 8) {
    memcpy(word, data, 8);
    word[0] ^= crc;
    crc = 0;
    for (int k = 0; k < 4; k++) crc ^= table[7 - k][word[0] >> 8 * k & 255] ^ table[3 - k][word[1] >> 8 * k & 255];
  }
  for (; size > 0; data++, size--) crc = table[0][(crc ^ (unsigned char)*data) & 255] ^ (crc >> 8);
  return ~crc;
}

// The command as the daemon spells it (commandBytes in src/compile/ready-results.ts).
static int put_command(struct buffer *b, const char *compiler, uint32_t terminal, char **argv) {
  char cwd[PATH_MAX];
  if (!getcwd(cwd, sizeof cwd)) return -1;
  put_u32(b, terminal);
  put_bytes(b, compiler, strlen(compiler) + 1);
  put_bytes(b, cwd, strlen(cwd) + 1);
  for (; *argv; argv++) put_bytes(b, *argv, strlen(*argv) + 1);
  return b->failed ? -1 : 0;
}

// Read, not mapped: a file that somebody cuts short while it is used must not end this process.
static int read_ready(const char *path, struct reader *r) {
  struct stat info;
  uint32_t head[2];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  size_t size = fstat(fd, &info) == 0 ? (size_t)info.st_size : 0, got = 0;
  char *data = size > sizeof head && size <= READY_BYTES_MAX ? malloc(size) : NULL;
  while (data && got < size) {
    ssize_t n = read(fd, data + got, size - got);
    if (n <= 0) break;
    got += (size_t)n;
  }
  close(fd);
  if (!data || got != size) return -1;
  memcpy(head, data, sizeof head);
  *r = (struct reader){data + sizeof head, data + size, 0};
  return head[0] == READY_MAGIC && head[1] == crc32_of(r->at, size - sizeof head) ? 0 : -1;
}

// Fails where no daemon reads, or one that has not done so for long.
static int tell_hit(int hits, uint32_t kind, const char *name) {
  struct hit hit = {HIT_MAGIC, kind, {0}};
  memcpy(hit.name, name, strlen(name));
  void (*on_pipe)(int) = signal(SIGPIPE, SIG_IGN);
  int failed = write(hits, &hit, sizeof hit) != sizeof hit;
  signal(SIGPIPE, on_pipe);
  return failed ? -1 : 0;
}

// Never returns when a whole result was restored.
static void restore_ready(const char *run_folder, const char *compiler, uint32_t terminal, char **argv) {
  struct buffer command = {0};
  struct reader r;
  char name[READY_NAME_BYTES], path[PATH_MAX + 64];
  const char *debug = getenv("P2PCACHE_DEBUG"); // logs every input: the daemon must look at them
  if ((debug && *debug) || put_command(&command, compiler, terminal, argv)) return;
  if (snprintf(name, sizeof name, "%08x-%zx", crc32_of(command.data, command.used), command.used) >= (int)sizeof name) return;
  snprintf(path, sizeof path, "%s/ready/%s", run_folder, name);
  if (read_ready(path, &r)) return;
  uint32_t size = take_u32(&r);
  const char *known = take_bytes(&r, size);
  if (!known || size != command.used || memcmp(known, command.data, size) || !checks_hold(&r)) return;
  snprintf(path, sizeof path, "%s/hits", run_folder);
  int hits = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (hits < 0) return;
  int exit_code = tell_hit(hits, HIT_RESTORES, name) ? -1 : restore_result(&r);
  if (exit_code >= 0) {
    tell_hit(hits, HIT_RESTORED, name);
    _exit(exit_code);
  }
  close(hits);
}
#endif
