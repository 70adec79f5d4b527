// The launcher: stands before a compiler, asks the daemon for its result, and restores it or runs the compiler itself.
//
// It acts by the name it is called by: as `gcc`, `clang++`… (a link in the shim folder) it stands for the next program of
// that name on PATH; as itself its first argument is the compiler. It holds no state and decides nothing about caching.
// Any trouble — no daemon, no answer in time, an answer it does not understand, an output it cannot write — ends in the
// plain compiler. Protocol: little-endian frames over the daemon's Unix socket; node/endpoints/launcher-protocol.ts is the
// other end. Built with the user's own `cc` by cli/launcher/install.ts.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define FRAME_MAGIC 0x31433250u // "P2C1"
#define FRAME_BYTES_MAX (1u << 30)
#define OUTPUT_KEPT_MAX (4u << 20) // of a compiler's stdout and stderr each; more is passed on but not cached
#define TIMEOUT_MS_DEFAULT 3000
#define STALLED_TIMEOUT_MS 50 // while the daemon is known to give no answers
#define STALLED_FOR_S 20

enum { REQUEST_COMPILE = 1, REQUEST_REPORT = 2, REQUEST_STALE = 3 };
enum { CHECK_SAME_FILE = 1, CHECK_MISSING, CHECK_FOLDER, CHECK_FILE, CHECK_SAME_FOLDER, CHECK_LACKS_NAMES };
enum { REPLY_RUN_PLAIN = 0, REPLY_RESULT = 1, REPLY_RUN_OBSERVED = 2, REPLY_DONE = 3, REPLY_WAIT = 4 };
enum { OUTPUT_REPLACE = 0, OUTPUT_OVERWRITE = 1 };

extern char **environ;
static char self_path[PATH_MAX];
static char run_folder[PATH_MAX];

// --- the plain compiler

static int is_self(const char *path) {
  struct stat a, b;
  return stat(path, &a) == 0 && stat("/proc/self/exe", &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int is_other_cache(const char *path) {
  char real[PATH_MAX];
  if (!realpath(path, real)) return 0;
  const char *base = strrchr(real, '/') + 1;
  return !strcmp(base, "ccache") || !strcmp(base, "sccache");
}

// The program that runs for `name`: the first on PATH that is not this launcher. Inside a compile that we already look
// after (another cache called us back), other caches are passed over too, so that two of them cannot call each other for ever.
static const char *find_compiler(const char *name) {
  static char found[PATH_MAX];
  if (strchr(name, '/')) return is_self(name) ? NULL : name;
  const char *path = getenv("PATH");
  int nested = getenv("P2PCACHE_NESTED") != NULL;
  for (const char *at = path; at; at = *at ? at + 1 : NULL) {
    const char *end = strchrnul(at, ':');
    struct stat info;
    snprintf(found, sizeof found, "%.*s%s%s", (int)(end - at), at, end > at ? "/" : "", name);
    if (stat(found, &info) == 0 && S_ISREG(info.st_mode) && access(found, X_OK) == 0 && !is_self(found) &&
        !(nested && is_other_cache(found)))
      return found;
    at = end;
  }
  return NULL;
}

static void run_plain(const char *compiler, char **argv) {
  setenv("P2PCACHE_NESTED", "1", 1);
  argv[0] = (char *)compiler; // gcc finds its parts beside the program that argv[0] names: that must not be a shim of ours
  execv(compiler, argv);
  fprintf(stderr, "p2pcache: cannot run %s: %s\n", compiler, strerror(errno));
  exit(errno == ENOENT ? 127 : 126);
}

// --- frames

struct buffer {
  char *data;
  size_t used, room;
  int failed;
};

static void put_bytes(struct buffer *b, const void *data, size_t size) {
  if (b->failed) return;
  if (b->used + size > b->room) {
    size_t room = (b->used + size) * 2 + 4096;
    char *grown = realloc(b->data, room);
    if (!grown) {
      b->failed = 1;
      return;
    }
    b->data = grown;
    b->room = room;
  }
  memcpy(b->data + b->used, data, size);
  b->used += size;
}
static void put_u32(struct buffer *b, uint32_t v) { put_bytes(b, &v, 4); }
static void put_u64(struct buffer *b, uint64_t v) { put_bytes(b, &v, 8); }
static void put_string(struct buffer *b, const char *s, size_t size) {
  put_u32(b, (uint32_t)size);
  put_bytes(b, s, size);
}

struct reader {
  const char *at, *end;
  int failed;
};
static const char *take_bytes(struct reader *r, size_t size) {
  if (r->failed || size > (size_t)(r->end - r->at)) {
    r->failed = 1;
    return NULL;
  }
  const char *data = r->at;
  r->at += size;
  return data;
}
static uint32_t take_u32(struct reader *r) {
  uint32_t v = 0;
  const char *data = take_bytes(r, 4);
  if (data) memcpy(&v, data, 4);
  return v;
}
static char *take_string(struct reader *r) {
  uint32_t size = take_u32(r);
  const char *data = take_bytes(r, size);
  return data ? strndup(data, size) : NULL;
}

static int send_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    data += n;
    size -= n;
  }
  return 0;
}
static int receive_all(int fd, char *data, size_t size) {
  while (size > 0) {
    ssize_t n = recv(fd, data, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return -1;
    data += n;
    size -= n;
  }
  return 0;
}
static int send_frame(int fd, struct buffer *b) {
  uint32_t head[2] = {FRAME_MAGIC, (uint32_t)b->used};
  if (b->failed || b->used > FRAME_BYTES_MAX) return -1;
  return send_all(fd, (char *)head, sizeof head) || send_all(fd, b->data, b->used) ? -1 : 0;
}
// The next frame's bytes, or -1 when none came whole within the socket's time limit.
static int receive_frame(int fd, struct reader *r) {
  uint32_t head[2];
  if (receive_all(fd, (char *)head, sizeof head) || head[0] != FRAME_MAGIC || head[1] > FRAME_BYTES_MAX) return -1;
  char *data = malloc(head[1] + 1);
  if (!data || receive_all(fd, data, head[1])) return -1;
  *r = (struct reader){data, data + head[1], 0};
  return 0;
}

// The next frame that is an answer. While a teammate works on the compile, the daemon says "wait" within every time limit.
static int receive_reply(int fd, struct reader *r) {
  do {
    if (receive_frame(fd, r)) return -1;
  } while (r->end - r->at == 4 && *(const uint32_t *)r->at == REPLY_WAIT);
  return 0;
}

// --- the daemon

static void find_run_folder(void) {
  const char *home = getenv("P2PCACHE_HOME"), *runtime = getenv("XDG_RUNTIME_DIR"), *user = getenv("HOME");
  const char *state = getenv("XDG_STATE_HOME");
  if (home && *home) snprintf(run_folder, sizeof run_folder, "%s/run", home);
  else if (runtime && *runtime) snprintf(run_folder, sizeof run_folder, "%s/p2pcache", runtime);
  else if (state && *state) snprintf(run_folder, sizeof run_folder, "%s/p2pcache/run", state);
  else snprintf(run_folder, sizeof run_folder, "%s/.local/state/p2pcache/run", user ? user : "");
}

static void limit_waits(int fd, int timeout_ms) {
  struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

// A daemon that died without taking its socket away is started again, in the background; this compile does not wait.
// One that was stopped on purpose leaves no socket and stays stopped.
static void revive_daemon(void) {
  char lock[PATH_MAX + 16], starter[PATH_MAX + 16];
  struct stat info;
  snprintf(lock, sizeof lock, "%s/reviving", run_folder);
  if (stat(lock, &info) == 0 && time(NULL) - info.st_mtime < 10) return;
  unlink(lock);
  int fd = open(lock, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return;
  close(fd);
  snprintf(starter, sizeof starter, "%s", self_path);
  char *slash = strrchr(starter, '/');
  if (!slash || fork() != 0) return;
  strcpy(slash, "/start-daemon");
  setsid();
  if (fork() != 0) _exit(0);
  int null = open("/dev/null", O_RDWR);
  for (int i = 0; i < 3; i++) dup2(null, i);
  if (close_range(3, ~0u, 0) != 0)
    for (int i = 3; i < 1024; i++) close(i);
  execl(starter, starter, (char *)NULL);
  _exit(1);
}

static int connect_daemon(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char path[PATH_MAX + 16];
  int folder = -1;
  snprintf(path, sizeof path, "%s/launcher.sock", run_folder);
  if (strlen(path) >= sizeof address.sun_path) { // too long for an address: by way of its folder
    folder = open(run_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d/launcher.sock", folder);
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int failed = fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0;
  int reason = errno;
  if (folder >= 0) close(folder);
  if (!failed) {
    fcntl(fd, F_SETFL, 0);
    return fd;
  }
  if (fd >= 0) close(fd);
  if (reason == ECONNREFUSED) revive_daemon();
  return -1;
}

static char *stalled_file(void) {
  static char path[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/stalled", run_folder);
  return path;
}

static int answer_timeout_ms(void) {
  const char *text = getenv("P2PCACHE_TIMEOUT_MS");
  int timeout_ms = text && atoi(text) > 0 ? atoi(text) : TIMEOUT_MS_DEFAULT;
  struct stat info;
  int stalled = stat(stalled_file(), &info) == 0 && time(NULL) - info.st_mtime < STALLED_FOR_S;
  return stalled && timeout_ms > STALLED_TIMEOUT_MS ? STALLED_TIMEOUT_MS : timeout_ms;
}

static uint64_t mount_namespace(void) {
  char link[64];
  ssize_t n = readlink("/proc/self/ns/mnt", link, sizeof link - 1);
  link[n > 0 ? n : 0] = 0;
  const char *digits = strchr(link, '[');
  return digits ? strtoull(digits + 1, NULL, 10) : 0;
}

static int ask(int fd, const char *compiler, char **argv, struct reader *reply) {
  struct buffer b = {0};
  struct stat root, here;
  char cwd[PATH_MAX];
  if (!getcwd(cwd, sizeof cwd) || stat("/", &root) || stat(".", &here)) return -1;
  uint32_t count = 0;
  while (argv[count]) count++;
  put_u32(&b, REQUEST_COMPILE);
  put_u32(&b, (isatty(2) ? 1 : 0) | (isatty(1) ? 2 : 0));
  put_u32(&b, (uint32_t)getpid());
  put_u64(&b, mount_namespace());
  put_u64(&b, root.st_ino);
  put_u64(&b, here.st_ino);
  put_string(&b, compiler, strlen(compiler));
  put_string(&b, cwd, strlen(cwd));
  put_u32(&b, count);
  for (uint32_t i = 0; i < count; i++) put_string(&b, argv[i], strlen(argv[i]));
  struct buffer env = {0};
  for (char **e = environ; *e; e++) put_bytes(&env, *e, strlen(*e) + 1);
  put_string(&b, env.data ? env.data : "", env.used);
  if (env.failed || send_frame(fd, &b)) return -1;
  int failed = receive_reply(fd, reply);
  if (failed && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    int mark = open(stalled_file(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    if (mark >= 0) {
      futimens(mark, NULL);
      close(mark);
    }
  }
  return failed;
}

// --- verifying a result's checks (src/compile/checks.ts): the same world as when the daemon looked

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

static int check_holds(struct reader *r) {
  const char *kind = take_bytes(r, 1), *path;
  struct stat now;
  if (!kind) return 0;
  if (*kind == CHECK_LACKS_NAMES) return lacks_names(r);
  if (*kind == CHECK_SAME_FILE || *kind == CHECK_SAME_FOLDER) return is_same(r, &path);
  path = take_path(r);
  if (!path) return 0;
  if (*kind == CHECK_MISSING) return is_absent(path);
  if (*kind == CHECK_FOLDER) return stat(path, &now) == 0 && S_ISDIR(now.st_mode);
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

// --- restoring a result

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

// Writes an output the way the compiler does: an object takes the place of what stood there, a depfile is written over.
static int restore(const char *path, uint32_t style, int is_executable, const char *data, size_t size) {
  struct stat info;
  if (style == OUTPUT_REPLACE && lstat(path, &info) == 0) {
    if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode)) return -1;
    if (unlink(path) != 0) return -1;
  }
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (style == OUTPUT_REPLACE ? O_EXCL : O_TRUNC), is_executable ? 0777 : 0666);
  if (fd < 0) return -1;
  int failed = fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || write_all(fd, data, size);
  return close(fd) != 0 || failed ? -1 : 0;
}

// Never returns when the whole result was restored.
static void restore_result(struct reader *r) {
  uint32_t exit_code = take_u32(r), count = take_u32(r);
  for (uint32_t i = 0; i < count && !r->failed; i++) {
    char *path = take_string(r);
    uint32_t style = take_u32(r), is_executable = take_u32(r), size = take_u32(r);
    const char *data = take_bytes(r, size);
    if (!path || !data || restore(path, style, is_executable, data, size)) return;
  }
  uint32_t out_size = take_u32(r);
  const char *out = take_bytes(r, out_size);
  uint32_t err_size = take_u32(r);
  const char *err = take_bytes(r, err_size);
  if (r->failed || r->at != r->end) return;
  write_all(1, out, out_size);
  write_all(2, err, err_size);
  _exit((int)exit_code);
}

// --- running the compiler and reporting what it did

struct stream {
  int from, to;
  struct buffer kept;
  int open;
};

static void pass_on(struct stream *s) {
  char chunk[65536];
  ssize_t n = read(s->from, chunk, sizeof chunk);
  if (n < 0 && errno == EINTR) return;
  if (n <= 0) {
    s->open = 0;
    close(s->from);
    return;
  }
  write_all(s->to, chunk, n);
  if (s->kept.used + n > OUTPUT_KEPT_MAX) s->kept.failed = 1;
  put_bytes(&s->kept, chunk, n);
}

static pid_t child;
static void forward_signal(int number) {
  if (child > 0) kill(child, number);
}

// Ends as the child ended: with its exit code, or by its signal.
static void end_like(int status) {
  if (WIFSIGNALED(status)) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); // one core dump is enough
    signal(WTERMSIG(status), SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WTERMSIG(status));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(WTERMSIG(status));
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static char *make_log(void) {
  static char path[PATH_MAX + 32];
  struct stat here;
  snprintf(path, sizeof path, "%s/observed-XXXXXX", run_folder);
  int fd = mkostemp(path, O_CLOEXEC);
  if (fd < 0) return NULL;
  struct log_header header = {LOG_MAGIC, sizeof header, 0, 0};
  if (stat(".", &here) == 0) {
    header.cwd_device = here.st_dev;
    header.cwd_inode = here.st_ino;
  }
  int failed = write_all(fd, (char *)&header, sizeof header) || ftruncate(fd, LOG_BYTES);
  close(fd);
  if (!failed) return path;
  unlink(path);
  return NULL;
}

static pid_t start_observed(const char *compiler, char **argv, const char *log, const char *observer, int out[2], int err[2]) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  const char *preload = getenv("LD_PRELOAD");
  char joined[2 * PATH_MAX];
  snprintf(joined, sizeof joined, "%s%s%s", observer, preload && *preload ? ":" : "", preload ? preload : "");
  setenv("LD_PRELOAD", joined, 1);
  setenv(LOG_VARIABLE, log, 1);
  dup2(out[1], 1);
  dup2(err[1], 2);
  for (int i = 0; i < 2; i++) {
    close(out[i]);
    close(err[i]);
  }
  run_plain(compiler, argv);
  return -1;
}

static void report(int fd, const char *log, int status, int64_t started_us, int64_t took_us, struct stream *streams) {
  struct buffer b = {0};
  put_u32(&b, REQUEST_REPORT);
  put_u32(&b, (uint32_t)status);
  put_u64(&b, started_us);
  put_u64(&b, took_us);
  put_string(&b, log, strlen(log));
  for (int i = 0; i < 2; i++) {
    put_u32(&b, streams[i].kept.failed);
    put_string(&b, streams[i].kept.data ? streams[i].kept.data : "", streams[i].kept.failed ? 0 : streams[i].kept.used);
  }
  struct reader done;
  limit_waits(fd, answer_timeout_ms());
  if (send_frame(fd, &b) == 0) receive_frame(fd, &done); // the daemon has read the outputs once it answers
}

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void run_observed(int fd, struct reader *r, const char *compiler, char **argv) {
  char *observer = take_string(r);
  uint32_t added = take_u32(r), count = 0;
  while (argv[count]) count++;
  if (r->failed || added > 64) return;
  char **args = calloc(count + added + 1, sizeof *args);
  if (!args) return;
  args[0] = (char *)compiler; // a bare name would make gcc look along PATH for itself and find the shim
  for (uint32_t i = 0; i < added; i++)
    if (!(args[1 + i] = take_string(r))) return;
  memcpy(args + 1 + added, argv + 1, count * sizeof *args);

  int out[2], err[2];
  char *log = make_log();
  if (!log) return;
  if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
    unlink(log);
    return;
  }
  // The terminal signals the whole process group: the compiler ends by itself, and this process after it.
  struct sigaction ignore = {.sa_handler = SIG_IGN}, forward = {.sa_handler = forward_signal, .sa_flags = SA_RESTART};
  struct sigaction before_int, before_quit;
  int64_t started_us = now_us();
  child = start_observed(compiler, args, log, observer, out, err);
  sigaction(SIGINT, &ignore, &before_int);
  sigaction(SIGQUIT, &ignore, &before_quit);
  sigaction(SIGTERM, &forward, NULL);
  sigaction(SIGHUP, &forward, NULL);
  close(out[1]);
  close(err[1]);
  if (child < 0) {
    unlink(log);
    return;
  }
  struct stream streams[2] = {{.from = out[0], .to = 1, .open = 1}, {.from = err[0], .to = 2, .open = 1}};
  while (streams[0].open || streams[1].open) {
    struct pollfd waits[2];
    for (int i = 0; i < 2; i++) waits[i] = (struct pollfd){streams[i].open ? streams[i].from : -1, POLLIN, 0};
    if (poll(waits, 2, -1) < 0) continue;
    for (int i = 0; i < 2; i++)
      if (waits[i].revents) pass_on(&streams[i]);
  }
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  report(fd, log, status, started_us, now_us() - started_us, streams);
  unlink(log);
  end_like(status);
}

int main(int argc, char **argv) {
  ssize_t n = readlink("/proc/self/exe", self_path, sizeof self_path - 1);
  self_path[n > 0 ? n : 0] = 0;
  const char *base = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
  if (!strncmp(base, "p2pcache", 8)) {
    if (argc < 2) {
      fprintf(stderr, "usage: %s <compiler> [arguments]\nRuns the compiler through p2pcache, e.g. CC=\"%s gcc\".\n", base, argv[0]);
      return 2;
    }
    argv++;
  }
  const char *name = strrchr(argv[0], '/') && base != argv[0] && is_self(argv[0]) ? base : argv[0];
  const char *compiler = find_compiler(name);
  if (!compiler) {
    fprintf(stderr, "p2pcache: no %s on PATH but p2pcache's own\n", name);
    return 127;
  }
  const char *mode = getenv("P2PCACHE_MODE");
  if (getenv("P2PCACHE_NESTED") || (mode && !strcmp(mode, "off"))) run_plain(compiler, argv);
  find_run_folder();
  int fd = connect_daemon();
  struct reader reply;
  if (fd >= 0) limit_waits(fd, answer_timeout_ms());
  if (fd < 0 || ask(fd, compiler, argv, &reply)) run_plain(compiler, argv);
  uint32_t kind = take_u32(&reply);
  if (kind == REPLY_RESULT && !checks_hold(&reply)) {
    struct buffer stale = {0};
    put_u32(&stale, REQUEST_STALE);
    if (send_frame(fd, &stale) || receive_reply(fd, &reply)) run_plain(compiler, argv);
    kind = take_u32(&reply);
    if (kind == REPLY_RESULT && !checks_hold(&reply)) run_plain(compiler, argv);
  }
  if (kind == REPLY_RESULT) restore_result(&reply);
  if (kind == REPLY_RUN_OBSERVED) run_observed(fd, &reply, compiler, argv);
  run_plain(compiler, argv);
}
