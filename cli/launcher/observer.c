// The observer: a small library preloaded into a compiler that runs because of a cache miss. It notes, in a file that the
// launcher made, every path the compiler's processes read, looked for and did not find, listed, or wrote, every
// environment variable they asked for, and whether they asked for the local time. That is what the result depends on:
// the compiler's own dependency output leaves out headers that are absent (and may appear), system headers under -MMD,
// .incbin files, specs and the compiler's own parts. It changes nothing: every call goes on to libc as it was.
//
// The log (see log.h) is a shared mapping, so it survives any end of any process and costs no system call per note.
// Non-goals: security (a hostile compiler can evade it), static binaries (they leave no note, and are then not cached).
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static struct log_header *notes;
static int is_binary_utility; // as, objcopy…: they replace a file that is not empty and write into one that is
static int wants_huge_pages; // cc1, cc1plus…: what really compiles, for a teammate
static int moved; // this process left the folder where the compile began: relative paths must be made absolute
extern char **environ;

static ssize_t (*real_readlink)(const char *path, char *out, size_t size);
static int (*real_clock_gettime)(clockid_t clock, struct timespec *out);

static void note_raw(char kind, const char *folder, const char *path) {
  if (notes == NULL || path == NULL) return;
  size_t folder_len = folder ? strlen(folder) + 1 : 0, path_len = strlen(path);
  size_t size = 1 + folder_len + path_len + 1;
  uint64_t at = __atomic_fetch_add(&notes->used, size, __ATOMIC_RELAXED);
  if (at + size > LOG_BYTES) return; // `used` beyond the end tells the reader
  char *out = (char *)notes + at;
  if (folder) {
    memcpy(out + 1, folder, folder_len - 1);
    out[folder_len] = '/';
  }
  memcpy(out + 1 + folder_len, path, path_len + 1);
  __atomic_store_n(out, kind, __ATOMIC_RELEASE); // a zero kind means the process died in the middle of the note
}

// The folder that a path is relative to, where that is not the one where the compile began; else empty.
static void folder_of(int dirfd, const char *path, char *folder, size_t size) {
  folder[0] = 0;
  if (path[0] == '/' || (dirfd == AT_FDCWD && !moved)) return;
  if (dirfd == AT_FDCWD) {
    if (!getcwd(folder, size)) strcpy(folder, "?");
    return;
  }
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
  ssize_t n = (real_readlink ? real_readlink : readlink)(link, folder, size - 1);
  if (n > 0) folder[n] = 0;
  else strcpy(folder, "?");
}

// libc's headers promise that no path is null, and compilers believe them; programs call with null all the same, to see what
// a system can do. `volatile` keeps the question open.
static void note_at(char kind, int dirfd, const char *volatile given) {
  const char *path = given;
  if (notes == NULL || path == NULL) return;
  char folder[PATH_MAX];
  folder_of(dirfd, path, folder, sizeof folder);
  note_raw(kind, *folder ? folder : NULL, path);
}

static void note(char kind, const char *path) { note_at(kind, AT_FDCWD, path); }

// What a lookup that ended with `failed` says: absent things matter as much as those that are there.
static void note_lookup(int dirfd, const char *path, int failed) {
  int saved = errno;
  if (!failed) note_at(NOTE_EXISTS, dirfd, path);
  else if (saved == ENOENT || saved == ENOTDIR) note_at(NOTE_MISSING, dirfd, path);
  else note_at(NOTE_UNREADABLE, dirfd, path);
  errno = saved;
}

// Notes the attributes, then the path: enough to tell later whether the same bytes are still there. A file that could be
// changed without showing it, because its last change is as young as the file system's clock can tell, gets no change time.
static void note_stamp(char kind, int dirfd, const char *path, const struct stat *info) {
  char text[PATH_MAX + 128], folder[PATH_MAX];
  struct timespec now;
  if (notes == NULL || path == NULL) return;
  real_clock_gettime(CLOCK_REALTIME_COARSE, &now);
  int young = info->st_ctim.tv_sec > now.tv_sec || (info->st_ctim.tv_sec == now.tv_sec && info->st_ctim.tv_nsec >= now.tv_nsec);
  uint64_t changed = young ? 0 : (uint64_t)info->st_ctim.tv_sec * 1000000000u + (uint64_t)info->st_ctim.tv_nsec;
  uint64_t modified = (uint64_t)info->st_mtim.tv_sec * 1000000000u + (uint64_t)info->st_mtim.tv_nsec;
  folder_of(dirfd, path, folder, sizeof folder);
  int size = snprintf(text, sizeof text, "%llx,%llx,%llx,%llx,%llx %s%s%s", (unsigned long long)info->st_dev,
                      (unsigned long long)info->st_ino, (unsigned long long)info->st_size, (unsigned long long)modified,
                      (unsigned long long)changed, folder, *folder ? "/" : "", path);
  if (size < (int)sizeof text) note_raw(kind, NULL, text);
}

// Files that this process writes, by their descriptors, so that what was written can be told from what others write there.
static struct { int dirfd; char *path; } written[256];
static void remember_written(int fd, int dirfd, const char *path) {
  if (notes == NULL || fd < 0 || fd >= (int)(sizeof written / sizeof *written)) return;
  free(written[fd].path);
  written[fd].dirfd = dirfd;
  written[fd].path = strdup(path);
}
static void note_closing(int fd) {
  struct stat info;
  if (notes == NULL || fd < 0 || fd >= (int)(sizeof written / sizeof *written) || !written[fd].path) return;
  int saved = errno;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) note_stamp(NOTE_CLOSED, written[fd].dirfd, written[fd].path, &info);
  free(written[fd].path);
  written[fd].path = NULL;
  errno = saved;
}

static void note_open(int dirfd, const char *path, int flags, int fd) {
  int saved = errno;
  int mode = flags & O_ACCMODE;
  struct stat info;
  if (fd < 0) {
    if (mode == O_RDONLY) note_lookup(dirfd, path, 1);
    else note_at(NOTE_WRITE_FAILED, dirfd, path);
  } else if (flags & O_DIRECTORY) note_at(NOTE_LISTED, dirfd, path);
  else if (mode == O_RDONLY) {
    int known = fstat(fd, &info) == 0;
    note_at(known && S_ISDIR(info.st_mode) ? NOTE_EXISTS : NOTE_READ, dirfd, path); // gcc opens a folder to see that it is one
    if (known && S_ISREG(info.st_mode)) note_stamp(NOTE_STAMP, dirfd, path, &info);
  } else {
    remember_written(fd, dirfd, path);
    if (flags & (O_TRUNC | O_EXCL)) note_at(is_binary_utility ? NOTE_REMADE : NOTE_WRITTEN, dirfd, path);
    else note_at(NOTE_MODIFIED, dirfd, path);
  }
  errno = saved;
}

// --- finding libc's own functions, once, before main: not in a vfork child, where allocating would be unsafe
#define REAL(ret, name, ...)                 \
  static ret (*real_##name)(__VA_ARGS__);    \
  ret name(__VA_ARGS__)
#define FIND(name) real_##name = dlsym(RTLD_NEXT, #name)

REAL(FILE *, fopen, const char *path, const char *mode) {
  FILE *file = real_fopen(path, mode);
  int flags = strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
  note_open(AT_FDCWD, path, flags | (mode[0] == 'w' ? O_TRUNC : 0), file ? fileno(file) : -1);
  return file;
}
REAL(FILE *, fopen64, const char *path, const char *mode) {
  FILE *file = real_fopen64(path, mode);
  int flags = strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
  note_open(AT_FDCWD, path, flags | (mode[0] == 'w' ? O_TRUNC : 0), file ? fileno(file) : -1);
  return file;
}
REAL(FILE *, freopen, const char *path, const char *mode, FILE *stream) {
  FILE *file = real_freopen(path, mode, stream);
  if (path) note_open(AT_FDCWD, path, mode[0] == 'r' ? O_RDONLY : O_WRONLY | (mode[0] == 'w' ? O_TRUNC : 0), file ? fileno(file) : -1);
  return file;
}

#define OPEN_MODE(flags)                                             \
  mode_t mode = 0;                                                   \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                           \
    va_list rest;                                                    \
    va_start(rest, flags);                                           \
    mode = va_arg(rest, mode_t);                                     \
    va_end(rest);                                                    \
  }
#ifndef __O_TMPFILE
#define __O_TMPFILE 0
#endif
REAL(int, open, const char *path, int flags, ...) {
  OPEN_MODE(flags)
  int fd = real_open(path, flags, mode);
  note_open(AT_FDCWD, path, flags, fd);
  return fd;
}
REAL(int, open64, const char *path, int flags, ...) {
  OPEN_MODE(flags)
  int fd = real_open64(path, flags, mode);
  note_open(AT_FDCWD, path, flags, fd);
  return fd;
}
REAL(int, openat, int dirfd, const char *path, int flags, ...) {
  OPEN_MODE(flags)
  int fd = real_openat(dirfd, path, flags, mode);
  note_open(dirfd, path, flags, fd);
  return fd;
}
REAL(int, openat64, int dirfd, const char *path, int flags, ...) {
  OPEN_MODE(flags)
  int fd = real_openat64(dirfd, path, flags, mode);
  note_open(dirfd, path, flags, fd);
  return fd;
}
REAL(int, __open_2, const char *path, int flags) {
  int fd = real___open_2(path, flags);
  note_open(AT_FDCWD, path, flags, fd);
  return fd;
}
REAL(int, __open64_2, const char *path, int flags) {
  int fd = real___open64_2(path, flags);
  note_open(AT_FDCWD, path, flags, fd);
  return fd;
}
REAL(int, creat, const char *path, mode_t mode) {
  int fd = real_creat(path, mode);
  note_open(AT_FDCWD, path, O_WRONLY | O_TRUNC, fd);
  return fd;
}
REAL(int, creat64, const char *path, mode_t mode) {
  int fd = real_creat64(path, mode);
  note_open(AT_FDCWD, path, O_WRONLY | O_TRUNC, fd);
  return fd;
}

// --- does it exist?
#define LOOKUP(ret, name, params, args, dirfd, path) \
  static ret(*real_##name) params;                   \
  ret name params {                                  \
    ret result = real_##name args;                   \
    note_lookup(dirfd, path, result != 0);           \
    return result;                                   \
  }
LOOKUP(int, access, (const char *path, int mode), (path, mode), AT_FDCWD, path)
LOOKUP(int, eaccess, (const char *path, int mode), (path, mode), AT_FDCWD, path)
LOOKUP(int, euidaccess, (const char *path, int mode), (path, mode), AT_FDCWD, path)
LOOKUP(int, faccessat, (int dirfd, const char *path, int mode, int flags), (dirfd, path, mode, flags), dirfd, path)
LOOKUP(int, stat, (const char *path, struct stat *out), (path, out), AT_FDCWD, path)
LOOKUP(int, stat64, (const char *path, struct stat64 *out), (path, out), AT_FDCWD, path)
LOOKUP(int, lstat, (const char *path, struct stat *out), (path, out), AT_FDCWD, path)
LOOKUP(int, lstat64, (const char *path, struct stat64 *out), (path, out), AT_FDCWD, path)
LOOKUP(int, __xstat, (int v, const char *path, struct stat *out), (v, path, out), AT_FDCWD, path)
LOOKUP(int, __xstat64, (int v, const char *path, struct stat64 *out), (v, path, out), AT_FDCWD, path)
LOOKUP(int, __lxstat, (int v, const char *path, struct stat *out), (v, path, out), AT_FDCWD, path)
LOOKUP(int, __lxstat64, (int v, const char *path, struct stat64 *out), (v, path, out), AT_FDCWD, path)

// with an empty path these ask about an open file, which was noted when it was opened
static void note_lookup_at(int dirfd, const char *volatile given, int failed) {
  const char *path = given;
  if (path && path[0]) note_lookup(dirfd, path, failed);
}
REAL(int, fstatat, int dirfd, const char *path, struct stat *out, int flags) {
  int result = real_fstatat(dirfd, path, out, flags);
  note_lookup_at(dirfd, path, result != 0);
  return result;
}
REAL(int, fstatat64, int dirfd, const char *path, struct stat64 *out, int flags) {
  int result = real_fstatat64(dirfd, path, out, flags);
  note_lookup_at(dirfd, path, result != 0);
  return result;
}
REAL(int, statx, int dirfd, const char *path, int flags, unsigned mask, struct statx *out) {
  int result = real_statx(dirfd, path, flags, mask, out);
  note_lookup_at(dirfd, path, result != 0);
  return result;
}
REAL(DIR *, opendir, const char *path) {
  DIR *dir = real_opendir(path);
  int saved = errno;
  if (dir) note(NOTE_LISTED, path);
  else note_lookup(AT_FDCWD, path, 1);
  errno = saved;
  return dir;
}

// --- where links lead
REAL(ssize_t, readlinkat, int dirfd, const char *path, char *out, size_t size) {
  ssize_t n = real_readlinkat(dirfd, path, out, size);
  int saved = errno;
  if (path && path[0] && strncmp(path, "/proc/", 6)) note_at(n >= 0 || saved == EINVAL ? NOTE_RESOLVED : NOTE_MISSING, dirfd, path);
  errno = saved;
  return n;
}
ssize_t readlink(const char *path, char *out, size_t size) {
  ssize_t n = real_readlink(path, out, size);
  int saved = errno;
  if ((n >= 0 || saved != EFAULT) && strncmp(path, "/proc/", 6)) note(n >= 0 || saved == EINVAL ? NOTE_RESOLVED : NOTE_MISSING, path);
  errno = saved;
  return n;
}
#define RESOLVE(name, params, args)                                                    \
  static char *(*real_##name) params;                                                  \
  char *name params {                                                                  \
    char *result = real_##name args;                                                   \
    int saved = errno;                                                                 \
    note(result ? NOTE_RESOLVED : NOTE_MISSING, path);                                 \
    errno = saved;                                                                     \
    return result;                                                                     \
  }
RESOLVE(realpath, (const char *path, char *out), (path, out))
RESOLVE(__realpath_chk, (const char *path, char *out, size_t size), (path, out, size))
char *canonicalize_file_name(const char *path) { return realpath(path, NULL); }

// --- what was written is complete
REAL(int, close, int fd) {
  note_closing(fd);
  return real_close(fd);
}
REAL(int, fclose, FILE *file) {
  int fd = fileno(file);
  if (notes && fd >= 0 && fd < (int)(sizeof written / sizeof *written) && written[fd].path) {
    fflush(file);
    note_closing(fd);
  }
  return real_fclose(file);
}

// --- changes
#define CHANGE(name, params, args, before)   \
  static int (*real_##name) params;          \
  int name params {                          \
    int result = real_##name args;           \
    int saved = errno;                       \
    if (result >= 0) {                       \
      before;                                \
    }                                        \
    errno = saved;                           \
    return result;                           \
  }
// What is renamed was closed before; its attributes but the change time stay.
static void note_renamed(int a, const char *from, int b, const char *to) {
  struct stat info;
  int known = real_fstatat(b, to, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
  note_at(NOTE_REMOVED, a, from);
  note_at(NOTE_RENAMED, b, to);
  if (known) note_stamp(NOTE_CLOSED, b, to, &info);
}
CHANGE(rename, (const char *from, const char *to), (from, to), note_renamed(AT_FDCWD, from, AT_FDCWD, to))
CHANGE(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), note_renamed(a, from, b, to))
CHANGE(renameat2, (int a, const char *from, int b, const char *to, unsigned f), (a, from, b, to, f), note_renamed(a, from, b, to))
CHANGE(unlink, (const char *path), (path), note(NOTE_REMOVED, path))
CHANGE(unlinkat, (int dirfd, const char *path, int flags), (dirfd, path, flags), note_at(NOTE_REMOVED, dirfd, path))
CHANGE(remove, (const char *path), (path), note(NOTE_REMOVED, path))
CHANGE(rmdir, (const char *path), (path), note(NOTE_REMOVED, path))
CHANGE(mkdir, (const char *path, mode_t mode), (path, mode), note(NOTE_MADE_FOLDER, path))
CHANGE(mkdirat, (int dirfd, const char *path, mode_t mode), (dirfd, path, mode), note_at(NOTE_MADE_FOLDER, dirfd, path))
// a second name for a file that was there before shows in its number of links
CHANGE(link, (const char *from, const char *to), (from, to), note(NOTE_WRITTEN, to))
CHANGE(linkat, (int a, const char *from, int b, const char *to, int f), (a, from, b, to, f), note_at(NOTE_WRITTEN, b, to))
CHANGE(symlink, (const char *from, const char *to), (from, to), note(NOTE_MODIFIED, to))
CHANGE(symlinkat, (const char *from, int b, const char *to), (from, b, to), note_at(NOTE_MODIFIED, b, to))
static void note_made(const char *path, int fd) {
  remember_written(fd, AT_FDCWD, path);
  note(NOTE_WRITTEN, path);
}
CHANGE(mkstemp, (char *path), (path), note_made(path, result))
CHANGE(mkstemp64, (char *path), (path), note_made(path, result))
CHANGE(mkostemp, (char *path, int flags), (path, flags), note_made(path, result))
CHANGE(mkostemp64, (char *path, int flags), (path, flags), note_made(path, result))
CHANGE(mkstemps, (char *path, int suffix), (path, suffix), note_made(path, result))
CHANGE(mkstemps64, (char *path, int suffix), (path, suffix), note_made(path, result))
CHANGE(mkostemps, (char *path, int suffix, int flags), (path, suffix, flags), note_made(path, result))
CHANGE(mkostemps64, (char *path, int suffix, int flags), (path, suffix, flags), note_made(path, result))
CHANGE(chdir, (const char *path), (path), moved = 1)
CHANGE(fchdir, (int fd), (fd), moved = 1)

// --- programs
// A program named without a slash is looked for along PATH: what was not found there could be put there.
static void note_program(const char *name, int search) {
  const char *path = getenv("PATH");
  if (!search || strchr(name, '/') || path == NULL) {
    note(NOTE_RAN, name);
    return;
  }
  while (1) {
    const char *end = strchrnul(path, ':');
    char candidate[PATH_MAX];
    snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)(end - path), path, end > path ? "/" : "", name);
    int found = real_access(candidate, X_OK) == 0;
    note(found ? NOTE_RAN : NOTE_MISSING, candidate);
    if (found || *end == 0) return;
    path = end + 1;
  }
}
REAL(int, execve, const char *path, char *const argv[], char *const env[]) {
  note_program(path, 0);
  return real_execve(path, argv, env);
}
REAL(int, execv, const char *path, char *const argv[]) {
  note_program(path, 0);
  return real_execv(path, argv);
}
REAL(int, execvp, const char *name, char *const argv[]) {
  note_program(name, 1);
  return real_execvp(name, argv);
}
REAL(int, execvpe, const char *name, char *const argv[], char *const env[]) {
  note_program(name, 1);
  return real_execvpe(name, argv, env);
}
REAL(int, posix_spawn, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
     const posix_spawnattr_t *attr, char *const argv[], char *const env[]) {
  note_program(path, 0);
  return real_posix_spawn(pid, path, actions, attr, argv, env);
}
REAL(int, posix_spawnp, pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
     const posix_spawnattr_t *attr, char *const argv[], char *const env[]) {
  note_program(name, 1);
  return real_posix_spawnp(pid, name, actions, attr, argv, env);
}

// --- the world beyond files
// Which names were noted already, by a hash wide enough never to meet another name's: a repeat costs only space.
static void note_variable(const char *name) {
  static uint64_t seen[1024];
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
  uint64_t *slot = &seen[hash & 1023];
  if (notes == NULL || *slot == hash) return;
  *slot = hash;
  note_raw(NOTE_ENV, NULL, name);
}
// For calls that come before libc is ready.
static char *variable_in(char **environment, const char *name) {
  size_t len = strlen(name);
  for (char **e = environment; e && *e; e++)
    if (!strncmp(*e, name, len) && (*e)[len] == '=') return *e + len + 1;
  return NULL;
}
REAL(char *, getenv, const char *name) {
  note_variable(name);
  return real_getenv ? real_getenv(name) : variable_in(environ, name);
}
REAL(char *, secure_getenv, const char *name) {
  note_variable(name);
  return real_secure_getenv ? real_secure_getenv(name) : variable_in(environ, name);
}
// What the zone is that times are told in: libc looks at it unseen.
static void note_zone(void) {
  const char *zone = getenv("TZ");
  char path[PATH_MAX];
  if (zone && *zone == ':') zone++;
  if (zone == NULL || *zone == 0) strcpy(path, "/etc/localtime");
  else snprintf(path, sizeof path, "%s%s", *zone == '/' ? "" : "/usr/share/zoneinfo/", zone);
  if (access(path, R_OK) == 0) note(NOTE_READ, path);
}
// A time is told in words. One that is long past can only be a file's; whose, the reader finds out.
static void note_told_time(time_t told) {
  static const time_t past_s = 60;
  struct timespec now;
  char text[32] = "";
  if (notes == NULL) return;
  int saved = errno;
  real_clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (told >= 0 && told < now.tv_sec - past_s && getenv("TZDIR") == NULL) {
    snprintf(text, sizeof text, "%lld", (long long)told);
    note_zone();
  }
  note_raw(NOTE_TIME, NULL, text);
  errno = saved;
}
REAL(struct tm *, localtime, const time_t *t) {
  note_told_time(*t);
  return real_localtime(t);
}
REAL(struct tm *, localtime_r, const time_t *t, struct tm *out) {
  note_told_time(*t);
  return real_localtime_r(t, out);
}
// The time of day, which compilers ask for reasons of their own; what it says of a run is for the reader to decide.
static void note_clock(void) {
  static int noted;
  if (!noted && notes) note_raw(NOTE_CLOCK, NULL, "");
  noted = notes != NULL;
}
REAL(int, clock_gettime, clockid_t clock, struct timespec *out) {
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) note_clock();
  return real_clock_gettime(clock, out);
}
REAL(int, gettimeofday, struct timeval *restrict out, void *restrict zone) {
  note_clock();
  return real_gettimeofday(out, zone);
}
REAL(time_t, time, time_t *out) {
  note_clock();
  return real_time(out);
}
REAL(void *, dlopen, const char *path, int flags) {
  if (path) note(NOTE_LOADED, path);
  return real_dlopen(path, flags);
}
REAL(int, connect, int fd, const struct sockaddr *address, socklen_t size) {
  note_raw(NOTE_NETWORK, NULL, "");
  return real_connect(fd, address, size);
}

// --- memory
// A compiler of C++ fills a hundred megabytes, and the first touch of every 4 KiB is a trip into the kernel. gcc takes its memory
// in pieces of 2 MiB: where whoever runs it has glibc ask for huge pages (a worker does, src/farm/job-run.ts), they are asked
// for here as well. It changes nothing of what is made. A compile that runs alone on a virtual machine may lose by it.
#if defined(__x86_64__) || defined(__aarch64__)
#define HUGE_PAGE_BYTES (2u << 20)
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  void *got = (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset); // also before libc is found
  int saved = errno;
  int is_own_memory = (flags & MAP_ANONYMOUS) && (flags & MAP_PRIVATE) && (protection & PROT_WRITE);
  if (wants_huge_pages && got != MAP_FAILED && is_own_memory && size >= HUGE_PAGE_BYTES) madvise(got, size, MADV_HUGEPAGE);
  errno = saved;
  return got;
}
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
  return mmap(at, size, protection, flags, fd, offset);
}
#endif

// Where a library was looked for before it was found: one put there would be taken instead.
static char *library_path;
static void note_passed_over(const char *library) {
  const char *base = strrchr(library, '/') + 1;
  for (const char *at = library_path, *end; at; at = *end ? end + 1 : NULL) {
    char candidate[PATH_MAX];
    end = at + strcspn(at, ":;");
    snprintf(candidate, sizeof candidate, "%.*s/%s", end > at ? (int)(end - at) : 1, end > at ? at : ".", base);
    if (!strcmp(candidate, library)) return;
    note(real_access(candidate, F_OK) == 0 ? NOTE_READ : NOTE_MISSING, candidate);
  }
}

// Notes the libraries beyond the first `*data`, in the order they were loaded, and counts them all.
static size_t libraries_noted;
static int note_library(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  if ((*(size_t *)data)++ < libraries_noted) return 0;
  if (!info->dlpi_name || info->dlpi_name[0] != '/') return 0;
  note_raw(NOTE_LIBRARY, NULL, info->dlpi_name);
  note_passed_over(info->dlpi_name);
  return 0;
}

static void note_libraries(void) {
  size_t count = 0;
  dl_iterate_phdr(note_library, &count);
  libraries_noted = count;
}

static void find_libc(void) {
  FIND(getenv); FIND(secure_getenv);
  FIND(fopen); FIND(fopen64); FIND(freopen); FIND(open); FIND(open64); FIND(openat); FIND(openat64);
  FIND(__open_2); FIND(__open64_2); FIND(creat); FIND(creat64);
  FIND(access); FIND(eaccess); FIND(euidaccess); FIND(faccessat); FIND(stat); FIND(stat64); FIND(lstat);
  FIND(lstat64); FIND(__xstat); FIND(__xstat64); FIND(__lxstat); FIND(__lxstat64); FIND(fstatat);
  FIND(fstatat64); FIND(statx); FIND(opendir);
  FIND(rename); FIND(renameat); FIND(renameat2); FIND(unlink); FIND(unlinkat); FIND(remove); FIND(rmdir);
  FIND(mkdir); FIND(mkdirat); FIND(link); FIND(linkat); FIND(symlink); FIND(symlinkat);
  FIND(mkstemp); FIND(mkstemp64); FIND(mkostemp); FIND(mkostemp64);
  FIND(mkstemps); FIND(mkstemps64); FIND(mkostemps); FIND(mkostemps64); FIND(chdir); FIND(fchdir);
  FIND(execve); FIND(execv); FIND(execvp); FIND(execvpe); FIND(posix_spawn); FIND(posix_spawnp);
  FIND(readlink); FIND(readlinkat); FIND(realpath); FIND(__realpath_chk);
  FIND(close); FIND(fclose); FIND(dlopen);
  FIND(localtime); FIND(localtime_r); FIND(connect);
  FIND(clock_gettime); FIND(gettimeofday); FIND(time);
}

// Runs before every other library's start (linked with -z initfirst): some call libc as they start, as rustc's allocator does.
__attribute__((constructor)) static void begin(int argc, char **argv, char **environment) {
  (void)argc;
  (void)argv;
  find_libc();
  const char *path = variable_in(environment, LOG_VARIABLE); // libc does not know its environment yet
  int fd = path ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *mapping = mmap(NULL, LOG_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapping == MAP_FAILED || ((struct log_header *)mapping)->magic != LOG_MAGIC) return;
  madvise(mapping, LOG_BYTES, MADV_RANDOM); // else each touch of the sparse file reads far ahead: nothing, page by page
  struct stat here;
  notes = mapping;
  moved = real_stat(".", &here) != 0 || here.st_ino != notes->cwd_inode || here.st_dev != notes->cwd_device;
  char self[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  self[n > 0 ? n : 0] = 0;
  note_raw(NOTE_STARTED, NULL, self);
  library_path = variable_in(environment, "LD_LIBRARY_PATH");
  if (library_path) library_path = *library_path ? strdup(library_path) : NULL;
  const char *name = strrchr(self, '/'), *dash = strrchr(self, '-');
  const char *tunables = variable_in(environment, "GLIBC_TUNABLES");
  wants_huge_pages = name && !strncmp(name + 1, "cc1", 3) && tunables && strstr(tunables, "glibc.malloc.hugetlb=1");
  name = dash > name ? dash : name; // x86_64-linux-gnu-as
  is_binary_utility = name && (!strcmp(name + 1, "as") || !strcmp(name + 1, "objcopy") || !strncmp(name + 1, "ld", 2));
  note_libraries();
}

// Libraries that came later: those of rustc's procedural macros.
__attribute__((destructor)) static void end(void) {
  if (notes) note_libraries();
}
