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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "begun-outputs.h"
#include "checks.h"
#include "frames.h"
#include "log.h"
#include "process-tree.h"
#include "ready.h"
#include "restore.h"

#define OUTPUT_KEPT_MAX (4u << 20) // of a compiler's stdout and stderr each; more is passed on but not cached
#define TIMEOUT_MS_DEFAULT 3000
#define STALLED_TIMEOUT_MS 50 // while the daemon is known to give no answers
#define STALLED_FOR_S 20
#define FORWARD_AFTER_US 50000
#define MEMORY_LIMIT_MIN (1ull << 30)
#define LIMITS_VARIABLE "P2PCACHE_LIMITS" // not a real one: told to the daemon among the others

enum { REQUEST_COMPILE = 1, REQUEST_REPORT = 2, REQUEST_DECLINED = 4 };
enum { REPLY_RUN_PLAIN = 0, REPLY_RESULT = 1, REPLY_RUN_OBSERVED = 2, REPLY_DONE = 3, REPLY_WAIT = 4 };

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
    snprintf(found, sizeof found, "%.*s/%s", end > at ? (int)(end - at) : 1, end > at ? at : ".", name);
    if (stat(found, &info) == 0 && S_ISREG(info.st_mode) && access(found, X_OK) == 0 && !is_self(found) &&
        !(nested && is_other_cache(found)))
      return found;
    at = end;
  }
  return NULL;
}

// gcc finds its parts beside the program that its own name leads to along PATH: that must not be a shim of ours. So the shims
// leave PATH, and the name stays what it would be without us.
static void hide_shims(const char *name) {
  const char *path = getenv("PATH");
  char shim[PATH_MAX], *kept, *out;
  if (strchr(name, '/') || !path || !(out = kept = malloc(strlen(path) + 1))) return;
  for (const char *at = path, *end; at; at = *end ? end + 1 : NULL) {
    end = strchrnul(at, ':');
    snprintf(shim, sizeof shim, "%.*s/%s", (int)(end - at), at, name);
    if (end > at && is_self(shim)) continue;
    if (out != kept) *out++ = ':';
    out = mempcpy(out, at, end - at);
  }
  *out = 0;
  setenv("PATH", kept, 1);
}

static const char *preload_before;
static void observe(const char *observer, const char *log) {
  char *joined;
  preload_before = getenv("LD_PRELOAD");
  int has_more = preload_before && *preload_before;
  if (asprintf(&joined, "%s%s%s", observer, has_more ? ":" : "", has_more ? preload_before : "") < 0) return;
  if (preload_before) preload_before = strdup(preload_before);
  setenv("LD_PRELOAD", joined, 1);
  setenv(LOG_VARIABLE, log, 1);
}

static void stop_observing(void) {
  if (!getenv(LOG_VARIABLE)) return;
  unsetenv(LOG_VARIABLE);
  if (preload_before) setenv("LD_PRELOAD", preload_before, 1);
  else unsetenv("LD_PRELOAD");
}

static void run_plain(const char *compiler, char **argv) {
  setenv("P2PCACHE_NESTED", "1", 1);
  hide_shims(argv[0]);
  execvp(compiler, argv);
  if (errno == E2BIG) { // without our variables it may fit
    unsetenv("P2PCACHE_NESTED");
    stop_observing();
    execvp(compiler, argv);
  }
  fprintf(stderr, "p2pcache: cannot run %s: %s\n", compiler, strerror(errno));
  exit(errno == ENOENT ? 127 : 126);
}

// --- what makes a run one of its own

// Standard input that is closed stays so for the compiler, but nothing else may take its place here.
static void hold_closed_input(void) {
  if (fcntl(0, F_GETFD) < 0) open("/dev/null", O_RDONLY | O_CLOEXEC);
}

// Output streams that are closed, broken or of some special device are left to the compiler: how it fails on them is part of what it
// does, and cannot be seen through a pipe.
static int streams_are_plain(void) {
  for (int fd = 1; fd < 3; fd++) {
    struct stat info;
    struct pollfd wait = {fd, POLLOUT, 0};
    if (fstat(fd, &info) != 0) return 0;
    if (poll(&wait, 1, 0) > 0 && wait.revents & (POLLERR | POLLNVAL)) return 0;
    if (S_ISCHR(info.st_mode) && !isatty(fd) && info.st_rdev != makedev(1, 3)) return 0; // 1, 3: /dev/null
  }
  return 1;
}

// Whether this command writes its result to standard output, as far as the arguments show it.
static int writes_to_stdout(char **argv) {
  for (; *argv; argv++) {
    size_t size = strlen(*argv);
    if (strstr(*argv, "stdout") || !strcmp(*argv, "-") || !strcmp(*argv, "-o-")) return 1;
    if (size > 2 && (!strcmp(*argv + size - 2, "=-") || !strcmp(*argv + size - 2, ",-"))) return 1;
  }
  return 0;
}

// Limits that a compile could run into: a result made without them, or with others, says nothing about this run. As text for
// the key; empty where there are none. Memory so scarce that the observer itself would be felt: NULL.
static const char *limits_text(void) {
  static char text[256];
  text[0] = 0;
  static const struct {
    const char *name;
    int resource;
    rlim_t usual; // at least this much is never felt
  } limits[] = {{"cpu", RLIMIT_CPU, RLIM_INFINITY}, {"memory", RLIMIT_AS, RLIM_INFINITY}, {"data", RLIMIT_DATA, RLIM_INFINITY},
                {"file", RLIMIT_FSIZE, RLIM_INFINITY}, {"stack", RLIMIT_STACK, 8u << 20}, {"files", RLIMIT_NOFILE, 256},
                {"processes", RLIMIT_NPROC, 256}};
  size_t used = 0;
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    struct rlimit now;
    if (getrlimit(limits[i].resource, &now) != 0 || now.rlim_cur >= limits[i].usual) continue;
    int is_memory = limits[i].resource == RLIMIT_AS || limits[i].resource == RLIMIT_DATA;
    if (is_memory && now.rlim_cur < MEMORY_LIMIT_MIN) return NULL;
    used += snprintf(text + used, sizeof text - used, "%s=%llu ", limits[i].name, (unsigned long long)now.rlim_cur);
  }
  return text;
}

static const char *variable_now(const char *name) {
  if (strcmp(name, LIMITS_VARIABLE)) return getenv(name);
  const char *limits = limits_text();
  return limits && *limits ? limits : NULL;
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

// The next frame that is an answer. While a teammate works on the compile, the daemon says "wait" within every time limit.
static int receive_reply(int fd, struct reader *r) {
  do {
    if (receive_frame(fd, r)) return -1;
  } while (r->end - r->at == 4 && *(const uint32_t *)r->at == REPLY_WAIT);
  return 0;
}

static uint64_t mount_namespace(void) {
  char link[64];
  ssize_t n = readlink("/proc/self/ns/mnt", link, sizeof link - 1);
  link[n > 0 ? n : 0] = 0;
  const char *digits = strchr(link, '[');
  return digits ? strtoull(digits + 1, NULL, 10) : 0;
}

// rustc shapes its diagnostics for the controlling terminal, wherever they go. 0: there is none, or it is not asked.
static uint32_t terminal_columns(const char *compiler) {
  struct winsize size = {0};
  const char *slash = strrchr(compiler, '/');
  if (strncmp(slash ? slash + 1 : compiler, "rustc", 5)) return 0;
  int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return 0;
  int failed = ioctl(fd, TIOCGWINSZ, &size);
  close(fd);
  return failed ? 0 : size.ws_col;
}

// What a command's diagnostics are shaped by.
static uint32_t terminal_of(const char *compiler) { return (isatty(2) ? 1 : 0) | terminal_columns(compiler) << 16; }

static int ask(int fd, const char *compiler, uint32_t terminal, char **argv, struct reader *reply) {
  struct buffer b = {0};
  struct stat root, here;
  char cwd[PATH_MAX];
  if (!getcwd(cwd, sizeof cwd) || stat("/", &root) || stat(".", &here)) return -1;
  uint32_t count = 0;
  while (argv[count]) count++;
  put_u32(&b, REQUEST_COMPILE);
  put_u32(&b, terminal);
  put_u32(&b, (uint32_t)getpid());
  put_u64(&b, mount_namespace());
  put_u64(&b, root.st_ino);
  put_u64(&b, here.st_ino);
  put_string(&b, compiler, strlen(compiler));
  put_string(&b, cwd, strlen(cwd));
  put_u32(&b, count);
  for (uint32_t i = 0; i < count; i++) put_string(&b, argv[i], strlen(argv[i]));
  struct buffer env = {0};
  const char *limits = limits_text(), prefix[] = LIMITS_VARIABLE "=";
  for (char **e = environ; *e; e++)
    if (strncmp(*e, prefix, sizeof prefix - 1)) put_bytes(&env, *e, strlen(*e) + 1);
  if (limits && *limits) {
    put_bytes(&env, prefix, sizeof prefix - 1);
    put_bytes(&env, limits, strlen(limits) + 1);
  }
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
  if (write_all(s->to, chunk, n)) { // nobody listens any more: the compiler is to find that out as well
    s->kept.failed = 1;
    s->open = 0;
    close(s->from);
    return;
  }
  if (s->kept.used + n > OUTPUT_KEPT_MAX) s->kept.failed = 1;
  put_bytes(&s->kept, chunk, n);
}

static pid_t child;
static void (*on_broken_pipe)(int); // what it was for the compiler
static volatile sig_atomic_t signal_to_forward = SIGALRM; // until another comes: the alarm that whoever started this had set

// A terminal signals the whole process group, this launcher's compiler with it, and `timeout` signals its child and then the
// group. A compiler that gets the same signal twice may die before it has removed what it began, so what was sent by a
// program goes on only to a compiler that is still there a moment later.
static void forward_soon(int number, siginfo_t *info, void *context) {
  (void)context;
  struct itimerval moment = {.it_value = {0, FORWARD_AFTER_US}};
  if (child <= 0 || info->si_code > 0) return;
  signal_to_forward = number;
  setitimer(ITIMER_REAL, &moment, NULL);
}

static void forward_now(int number) {
  (void)number;
  if (child > 0) kill(child, signal_to_forward);
}

// The compiler ends by the signal, and this process after it.
static void forward(int number) {
  struct sigaction before, action = {.sa_sigaction = forward_soon, .sa_flags = SA_RESTART | SA_SIGINFO};
  if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(number, &action, NULL);
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
  prctl(PR_SET_PDEATHSIG, SIGKILL); // whoever kills this launcher for good means the compiler
  observe(observer, log);
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
  if (send_frame(fd, &b)) return;
  do // the daemon has read the outputs once it says so; before that, a result may come that is too late
    if (receive_frame(fd, &done)) return;
  while (take_u32(&done) != REPLY_DONE);
}

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// --- a teammate makes the same meanwhile: whoever has it first

// The compiler's command has been stopped and is not any more; nothing of it is left but what it passed on, which is nothing.
static void give_up_compiler(struct tree *tree, const char *log, const struct stream *streams) {
  end_tree(tree);
  child = 0;
  for (int i = 0; i < 2; i++)
    if (streams[i].open) close(streams[i].from);
  unlink(log);
}

// A result has come: it is restored in the place of what the compiler would make, unless that has gone too far to be undone.
// Returns where the compiler goes on; ends with the result restored, or with the compiler from its start.
static void take_overtaking(int fd, struct reader *r, const char *log, const struct stream *streams, const char *compiler, char **argv) {
  static struct result result;
  struct tree tree;
  if (take_u32(r) != REPLY_RESULT || take_result(r, &result) != 0) return;
  for (int i = 0; i < 2; i++)
    if (streams[i].kept.used || streams[i].kept.failed) return; // somebody has read it
  if (signal_to_forward != SIGALRM || stop_tree(&tree) != 0) return;
  if (!process_in(tree.processes, tree.count, child) || has_begun_outputs(log, &result)) {
    let_go_on(&tree);
    return;
  }
  give_up_compiler(&tree, log, streams);
  int exit_code = restore_taken(&result);
  if (exit_code >= 0) _exit(exit_code);
  struct buffer declined = {0};
  put_u32(&declined, REQUEST_DECLINED);
  send_frame(fd, &declined);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  signal(SIGPIPE, on_broken_pipe);
  run_plain(compiler, argv);
}

static void run_observed(int fd, struct reader *r, const char *compiler, char **argv) {
  char *observer = take_string(r);
  int may_be_overtaken = take_u32(r) && watch_tree();
  uint32_t added = take_u32(r), count = 0;
  while (argv[count]) count++;
  if (r->failed || added > 64) return;
  char **args = calloc(count + added + 1, sizeof *args);
  if (!args) return;
  args[0] = argv[0];
  for (uint32_t i = 0; i < added; i++)
    if (!(args[1 + i] = take_string(r))) return;
  memcpy(args + 1 + added, argv + 1, count * sizeof *args);

  int out[2], err[2];
  void (*on_size)(int) = signal(SIGXFSZ, SIG_IGN);
  char *log = is_one_file(1, 2) && writes_to_stdout(argv) ? NULL : make_log(); // two pipes would lose the order
  signal(SIGXFSZ, on_size);
  if (!log) return;
  if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
    unlink(log);
    return;
  }
  int64_t started_us = now_us();
  child = start_observed(compiler, args, log, observer, out, err);
  sigaction(SIGALRM, &(struct sigaction){.sa_handler = forward_now, .sa_flags = SA_RESTART}, NULL);
  forward(SIGINT);
  forward(SIGQUIT);
  forward(SIGTERM);
  forward(SIGHUP);
  on_broken_pipe = signal(SIGPIPE, SIG_IGN);
  close(out[1]);
  close(err[1]);
  if (child < 0) {
    unlink(log);
    return;
  }
  struct stream streams[2] = {{.from = out[0], .to = 1, .open = 1}, {.from = err[0], .to = 2, .open = 1}};
  while (streams[0].open || streams[1].open) {
    struct pollfd waits[3];
    for (int i = 0; i < 2; i++) waits[i] = (struct pollfd){streams[i].open ? streams[i].from : -1, POLLIN, 0};
    waits[2] = (struct pollfd){may_be_overtaken ? fd : -1, POLLIN, 0};
    if (poll(waits, 3, -1) < 0) continue;
    for (int i = 1; i >= 0; i--) // diagnostics come before what is printed at the end
      if (waits[i].revents) pass_on(&streams[i]);
    if (waits[2].revents) {
      struct reader reply;
      may_be_overtaken = 0; // one result comes, or the daemon has left
      if (receive_frame(fd, &reply) == 0) take_overtaking(fd, &reply, log, streams, compiler, argv);
    }
  }
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  child = 0; // its number may be another's from now on
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
  if (name == base) argv[0] = (char *)base; // as a shim by its whole path
  const char *mode = getenv("P2PCACHE_MODE");
  hold_closed_input();
  if (!streams_are_plain() || !limits_text()) run_plain(compiler, argv);
  if (getenv("P2PCACHE_NESTED") || (mode && !strcmp(mode, "off"))) run_plain(compiler, argv);
  find_run_folder();
  uint32_t terminal = terminal_of(compiler);
  restore_ready(run_folder, compiler, terminal, argv);
  int fd = connect_daemon();
  struct reader reply;
  if (fd >= 0) limit_waits(fd, answer_timeout_ms());
  if (fd < 0 || ask(fd, compiler, terminal, argv, &reply)) run_plain(compiler, argv);
  uint32_t kind = take_u32(&reply);
  if (kind == REPLY_RESULT) {
    struct buffer declined = {0};
    int exit_code = restore_result(&reply);
    if (exit_code >= 0) _exit(exit_code);
    put_u32(&declined, REQUEST_DECLINED);
    send_frame(fd, &declined);
  }
  if (kind == REPLY_RUN_OBSERVED) run_observed(fd, &reply, compiler, argv);
  run_plain(compiler, argv);
}
