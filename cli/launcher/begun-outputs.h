// Whether a compiler that was stopped in the middle has begun one of its outputs in such a way that writing it again would not
// come to the same: by its log, which tells what was opened for writing and what stood there before.
#ifndef P2PCACHE_BEGUN_OUTPUTS_H
#define P2PCACHE_BEGUN_OUTPUTS_H
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "restore.h"

struct notes {
  const char *at, *end;
};

// The next note's path; its kind stands before it. NULL: there is none, or not a whole one.
static const char *next_note(struct notes *notes) {
  if (notes->at >= notes->end || !*notes->at) return NULL;
  const char *path = notes->at + 1, *end = memchr(path, 0, notes->end - path);
  if (!end) return NULL;
  notes->at = end + 1;
  return path;
}

static int leads_to_output(const char *path, const struct result *result) {
  struct stat noted, output;
  if (stat(path, &noted) != 0) return 0; // gone again
  for (uint32_t i = 0; i < result->count; i++)
    if (stat(result->outputs[i].path, &output) == 0 && noted.st_dev == output.st_dev && noted.st_ino == output.st_ino) return 1;
  return 0;
}

// Whether nothing stood there when it was opened: it was looked for in vain, or removed before.
static int was_made_anew(const char *path, struct notes until) {
  int is_new = 0;
  for (const char *other; (other = next_note(&until));) {
    if (other == path) return is_new;
    if ((other[-1] == NOTE_MISSING || other[-1] == NOTE_REMOVED) && !strcmp(other, path)) is_new = 1;
  }
  return 0;
}

static int has_begun_in(const struct notes *all, const struct result *result) {
  struct notes notes = *all;
  for (const char *path; (path = next_note(&notes));) {
    char kind = path[-1];
    int writes = kind == NOTE_WRITTEN || kind == NOTE_RENAMED || kind == NOTE_REMADE || kind == NOTE_MODIFIED;
    if (!writes || !leads_to_output(path, result)) continue;
    // An assembler at the end of a pipe begins its output at once; whoever told it to removes that again.
    if (kind != NOTE_REMADE || !was_made_anew(path, *all)) return 1;
  }
  return notes.at != notes.end; // somebody was stopped in the middle of a note
}

// In doubt it has.
static int has_begun_outputs(const char *log, const struct result *result) {
  int fd = open(log, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 1;
  void *data = mmap(NULL, LOG_BYTES, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (data == MAP_FAILED) return 1;
  const struct log_header *header = data;
  struct notes all = {(const char *)data + sizeof *header, (const char *)data + header->used};
  int begun = header->used > LOG_BYTES || has_begun_in(&all, result);
  munmap(data, LOG_BYTES);
  return begun;
}
#endif
