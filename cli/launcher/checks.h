// Verifying a result's checks (src/compile/checks.ts writes them): is the world the same as when the daemon looked?
#ifndef P2PCACHE_CHECKS_H
#define P2PCACHE_CHECKS_H
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "frames.h"

enum {
  CHECK_SAME_FILE = 1,
  CHECK_MISSING = 2,
  CHECK_FILE = 4,
  CHECK_SAME_FOLDER = 5,
  CHECK_LACKS_NAMES = 6,
  CHECK_THAT_FOLDER = 7,
  CHECK_LEADS_TO = 8,
  CHECK_VARIABLE = 9
};

static const char *take_path(struct reader *r) {
  const char *path = r->at, *end = r->failed ? NULL : memchr(r->at, 0, r->end - r->at);
  if (!end) {
    r->failed = 1;
    return NULL;
  }
  r->at = end + 1;
  return path;
}

static uint64_t nanoseconds(struct timespec t) { return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec; }

// Whether the path now has the attributes that come next, followed by the path.
static int is_same(struct reader *r, const char **path) {
  struct stat now;
  const char *fields = take_bytes(r, 40);
  uint64_t was[5];
  *path = take_path(r);
  if (!fields || !*path) return 0;
  memcpy(was, fields, sizeof was);
  return stat(*path, &now) == 0 && was[0] == (uint64_t)now.st_dev && was[1] == (uint64_t)now.st_ino &&
         was[2] == (uint64_t)now.st_size && was[3] == nanoseconds(now.st_mtim) && was[4] == nanoseconds(now.st_ctim);
}

static int is_absent(const char *path) {
  struct stat now;
  return stat(path, &now) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static int lacks_names(struct reader *r) {
  const char *folder;
  int same = is_same(r, &folder);
  uint32_t count = take_u32(r);
  int lacks = 1;
  for (uint32_t i = 0; i < count && !r->failed; i++) {
    const char *name = take_path(r);
    char path[PATH_MAX];
    if (!name || same) continue;
    lacks = lacks && snprintf(path, sizeof path, "%s/%s", folder, name) < PATH_MAX && is_absent(path);
  }
  return lacks;
}

static int is_that_folder(struct reader *r) {
  struct stat now;
  const char *fields = take_bytes(r, 16), *path = take_path(r);
  uint64_t was[2];
  if (!fields || !path) return 0;
  memcpy(was, fields, sizeof was);
  return stat(path, &now) == 0 && was[0] == (uint64_t)now.st_dev && was[1] == (uint64_t)now.st_ino;
}

static int leads_to(struct reader *r) {
  char real[PATH_MAX];
  const char *path = take_path(r), *expected = take_path(r);
  return path && expected && realpath(path, real) && !strcmp(real, expected);
}

// A variable of the environment, or what stands for the limits (limits_text in launcher.c).
static const char *variable_now(const char *name);

static int is_set_so(struct reader *r) {
  const char *name = take_path(r), *is_set = take_bytes(r, 1), *was = take_path(r);
  if (!name || !is_set || !was) return 0;
  const char *now = variable_now(name);
  return *is_set ? now && !strcmp(now, was) : !now;
}

static int check_holds(struct reader *r) {
  const char *kind = take_bytes(r, 1), *path;
  struct stat now;
  if (!kind) return 0;
  if (*kind == CHECK_LACKS_NAMES) return lacks_names(r);
  if (*kind == CHECK_THAT_FOLDER) return is_that_folder(r);
  if (*kind == CHECK_LEADS_TO) return leads_to(r);
  if (*kind == CHECK_VARIABLE) return is_set_so(r);
  if (*kind == CHECK_SAME_FILE || *kind == CHECK_SAME_FOLDER) return is_same(r, &path);
  path = take_path(r);
  if (!path) return 0;
  if (*kind == CHECK_MISSING) return is_absent(path);
  if (*kind == CHECK_FILE) return stat(path, &now) == 0 && S_ISREG(now.st_mode);
  return 0;
}

static int checks_hold(struct reader *r) {
  uint32_t size = take_u32(r);
  const char *data = take_bytes(r, size);
  struct reader checks = {data, data + size, !data};
  while (!checks.failed && checks.at < checks.end)
    if (!check_holds(&checks)) return 0;
  return !checks.failed;
}
#endif
