// Restoring a result: every output is written as the compiler would write it over whatever stands there. Where it is not plain
// what that would be, or a write fails, nothing of ours is left behind and the compiler runs.
#ifndef P2PCACHE_RESTORE_H
#define P2PCACHE_RESTORE_H
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frames.h"

#define OUTPUTS_MAX 1024

// What becomes of a file that stands there: it is written over, removed first, or removed first unless it is empty.
enum { OUTPUT_WRITTEN = 0, OUTPUT_REPLACED = 1, OUTPUT_REMADE = 2 };

struct output {
  char *path;
  uint32_t style, is_executable;
  const char *data;
  size_t size;
  int made; // by us: to be removed again where the result cannot be restored as a whole
};

static int write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    data += n;
    size -= n;
  }
  return 0;
}

static int folder_is_writable(const char *path) {
  char folder[PATH_MAX];
  const char *slash = strrchr(path, '/');
  size_t size = slash ? (size_t)(slash - path) : 0;
  if (size >= sizeof folder) return 0;
  memcpy(folder, path, size);
  folder[size] = 0;
  return access(size ? folder : slash ? "/" : ".", W_OK | X_OK) == 0;
}

// Whether it can be foreseen that the output can be written; nothing is touched.
static int can_restore(const struct output *o) {
  struct stat info;
  if (stat(o->path, &info) != 0) return errno == ENOENT && folder_is_writable(o->path);
  if (!S_ISREG(info.st_mode) || access(o->path, W_OK) != 0) return 0;
  return o->style == OUTPUT_WRITTEN || (o->style == OUTPUT_REMADE && info.st_size == 0) || folder_is_writable(o->path);
}

static int write_into(int fd, const struct output *o) {
  struct stat info;
  int failed = fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || write_all(fd, o->data, o->size);
  return close(fd) != 0 || failed ? -1 : 0;
}

// By another name first, as compilers do that replace a file: whoever makes the same file at the same time is not in the way.
static int restore_by_renaming(struct output *o) {
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s.%d.tmp", o->path, getpid()) >= (int)sizeof path) return -1;
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_EXCL, o->is_executable ? 0777 : 0666);
  if (fd < 0) return -1;
  if (write_into(fd, o) == 0 && rename(path, o->path) == 0) {
    o->made = 1;
    return 0;
  }
  unlink(path);
  return -1;
}

static int restore(struct output *o) {
  struct stat info, link;
  if (o->style == OUTPUT_REPLACED) return restore_by_renaming(o);
  int stands = lstat(o->path, &link) == 0;
  int goes = stands && o->style == OUTPUT_REMADE && stat(o->path, &info) == 0 && info.st_size != 0;
  if (goes && unlink(o->path) != 0 && errno != ENOENT) return -1;
  int fd = open(o->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_TRUNC, o->is_executable ? 0777 : 0666);
  if (fd < 0) return -1;
  o->made = goes || !stands;
  return write_into(fd, o);
}

static int is_one_file(int a, int b) {
  struct stat first, second;
  return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static int restore_all(struct output *outputs, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!can_restore(&outputs[i])) return -1;
  for (uint32_t i = 0; i < count; i++) {
    if (restore(&outputs[i]) == 0) continue;
    for (uint32_t j = 0; j <= i; j++)
      if (outputs[j].made) unlink(outputs[j].path);
    return -1;
  }
  return 0;
}

struct result {
  uint32_t exit_code, count, out_size, err_size;
  const char *out, *err;
  struct output outputs[OUTPUTS_MAX];
};

// -1: it is not one that could be restored.
static int take_result(struct reader *r, struct result *result) {
  result->exit_code = take_u32(r);
  result->count = take_u32(r);
  if (result->count > OUTPUTS_MAX) return -1;
  for (uint32_t i = 0; i < result->count; i++) {
    struct output *o = &result->outputs[i];
    o->path = take_string(r);
    o->style = take_u32(r);
    o->is_executable = take_u32(r);
    o->size = take_u32(r);
    o->data = take_bytes(r, o->size);
    if (!o->path || !o->data) return -1;
  }
  result->out_size = take_u32(r);
  result->out = take_bytes(r, result->out_size);
  result->err_size = take_u32(r);
  result->err = take_bytes(r, result->err_size);
  if (r->failed || r->at != r->end) return -1;
  return result->out_size && result->err_size && is_one_file(1, 2) ? -1 : 0; // in which order they came is not known
}

// The exit code of a result that was restored as a whole, else -1.
static int restore_taken(struct result *result) {
  void (*on_size)(int) = signal(SIGXFSZ, SIG_IGN), (*on_pipe)(int) = signal(SIGPIPE, SIG_IGN);
  int restored = restore_all(result->outputs, result->count) == 0 && write_all(1, result->out, result->out_size) == 0 &&
                 write_all(2, result->err, result->err_size) == 0;
  signal(SIGXFSZ, on_size);
  signal(SIGPIPE, on_pipe);
  return restored ? (int)result->exit_code : -1;
}

static int restore_result(struct reader *r) {
  static struct result result;
  return take_result(r, &result) == 0 ? restore_taken(&result) : -1;
}
#endif
