// Ends a compiler with everything that it has started, so that nothing of it writes any more once this is done. Every process is
// stopped first, so that none can start another or begin a file; then each is told to end, children before their parents:
// compilers remove what they began. Before the first is ended, any doubt lets all of them go on as if nothing had been.
#ifndef P2PCACHE_PROCESS_TREE_H
#define P2PCACHE_PROCESS_TREE_H
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TREE_MAX 64
#define TREE_STOP_PASSES 50
#define TREE_PASS_US 1000
#define TREE_CLEAN_UP_MS 3000 // for a process to remove what it began, once it is told to end
#ifndef SYS_pidfd_open // the same on every architecture that is younger than they are
#define SYS_pidfd_send_signal 424
#define SYS_pidfd_open 434
#endif

struct process {
  pid_t pid, parent, group;
  char state;
  int depth; // below this process; 0: not of the tree
  int handle; // names the process for good, unlike its number; -1: none yet
};
struct tree {
  struct process processes[TREE_MAX];
  int count;
};

static void wait_us(long us) { nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL); }

static int read_process(pid_t pid, struct process *p) {
  char path[32], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "re");
  if (!file) return -1;
  size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = 0;
  char *name_end = strrchr(text, ')');
  *p = (struct process){.pid = pid, .handle = -1};
  return name_end && sscanf(name_end + 1, " %c %d %d", &p->state, &p->parent, &p->group) == 3 ? 0 : -1;
}

static struct process *process_in(struct process *all, int count, pid_t pid) {
  for (int i = 0; i < count; i++)
    if (all[i].pid == pid) return &all[i];
  return NULL;
}

// Whatever now descends from this process, dead ones that nobody has waited for excepted. -1: it cannot be told.
static int find_tree(struct tree *found) {
  DIR *folder = opendir("/proc");
  struct process *all = NULL;
  int count = 0, room = 0;
  if (!folder) return -1;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (count == room) {
      struct process *grown = realloc(all, (room = room * 2 + 256) * sizeof *all);
      if (!grown) break;
      all = grown;
    }
    if (read_process(atoi(entry->d_name), &all[count]) == 0) count++;
  }
  closedir(folder);
  pid_t self = getpid();
  for (int changed = 1; changed;) {
    changed = 0;
    for (int i = 0; i < count; i++) {
      if (all[i].depth) continue;
      struct process *parent = all[i].parent == self ? NULL : process_in(all, count, all[i].parent);
      if (all[i].parent != self && (!parent || !parent->depth)) continue;
      all[i].depth = parent ? parent->depth + 1 : 1;
      changed = 1;
    }
  }
  found->count = 0;
  int failed = room == 0;
  for (int i = 0; i < count && !failed; i++) {
    if (!all[i].depth || all[i].state == 'Z' || all[i].state == 'X') continue;
    if (found->count == TREE_MAX) failed = 1;
    else found->processes[found->count++] = all[i];
  }
  free(all);
  return failed ? -1 : 0;
}

static int signal_process(const struct process *p, int number) { return (int)syscall(SYS_pidfd_send_signal, p->handle, number, NULL, 0); }

// Takes a process that was just found into the tree for good. -1: it is not plainly one of the compiler's.
static int add_process(struct tree *tree, const struct process *found) {
  struct process *p = &tree->processes[tree->count], now;
  if (tree->count == TREE_MAX || found->group != getpgrp()) return -1; // a server that a compiler started, say
  *p = *found;
  p->handle = (int)syscall(SYS_pidfd_open, p->pid, 0);
  if (p->handle < 0) return errno == ESRCH ? 0 : -1;
  // It is the one that was found if it still is what it was, and is alive after that.
  if (read_process(p->pid, &now) != 0 || now.parent != p->parent || signal_process(p, SIGSTOP) != 0) {
    close(p->handle);
    return 0; // it has ended, or its parent has: the next look finds what is there
  }
  tree->count++;
  return 0;
}

static void let_go_on(struct tree *tree) {
  for (int i = 0; i < tree->count; i++) {
    signal_process(&tree->processes[i], SIGCONT);
    close(tree->processes[i].handle);
  }
  tree->count = 0;
}

// To be called before anything is started: whether all of it can be found again, whatever becomes of its parents, and heeds
// a request to end.
static int watch_tree(void) {
  siginfo_t info;
  struct sigaction on_end;
  sigset_t blocked;
  if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD) return 0; // whose, then?
  if (sigaction(SIGCHLD, NULL, &on_end) != 0 || on_end.sa_handler == SIG_IGN) return 0;
  if (sigaction(SIGTERM, NULL, &on_end) != 0 || on_end.sa_handler == SIG_IGN) return 0;
  if (sigprocmask(SIG_BLOCK, NULL, &blocked) != 0 || sigismember(&blocked, SIGTERM)) return 0;
  char link[16], self[16];
  ssize_t size = readlink("/proc/self", link, sizeof link);
  if (size != snprintf(self, sizeof self, "%d", getpid()) || memcmp(link, self, size)) return 0; // another namespace's /proc
  int handle = (int)syscall(SYS_pidfd_open, getpid(), 0);
  if (handle >= 0) close(handle);
  return handle >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

// Stops all that was started. -1: all of it goes on.
static int stop_tree(struct tree *tree) {
  tree->count = 0;
  for (int pass = 0; pass < TREE_STOP_PASSES; pass++) {
    struct tree found;
    int running = 0;
    if (find_tree(&found) != 0) break;
    int failed = 0;
    for (int i = 0; i < found.count && !failed; i++) {
      running += found.processes[i].state != 'T';
      if (!process_in(tree->processes, tree->count, found.processes[i].pid)) failed = add_process(tree, &found.processes[i]);
    }
    if (failed) break;
    if (!running && pass > 0) return tree->count > 0 ? 0 : -1;
    wait_us(TREE_PASS_US);
  }
  let_go_on(tree);
  return -1;
}

static int has_ended(const struct process *p, int timeout_ms) {
  struct pollfd wait = {p->handle, POLLIN, 0};
  int ready;
  do ready = poll(&wait, 1, timeout_ms);
  while (ready < 0 && errno == EINTR);
  return ready != 0;
}

// Ends what was stopped, children first, and then whatever else there is: this process has no child left when it returns.
static void end_tree(struct tree *tree) {
  for (int depth = TREE_MAX; depth > 0; depth--) {
    for (int i = 0; i < tree->count; i++) {
      struct process *p = &tree->processes[i];
      if (p->depth != depth) continue;
      signal_process(p, SIGTERM);
      signal_process(p, SIGCONT);
      if (!has_ended(p, TREE_CLEAN_UP_MS)) signal_process(p, SIGKILL);
    }
  }
  for (pid_t waited; (waited = waitpid(-1, NULL, WNOHANG)) >= 0 || errno != ECHILD;) {
    struct tree left = {.count = 0};
    if (waited > 0) continue;
    if (find_tree(&left) == 0)
      for (int i = 0; i < left.count; i++) // a child keeps its number until it is waited for
        if (left.processes[i].parent == getpid()) kill(left.processes[i].pid, SIGKILL);
    wait_us(TREE_PASS_US);
  }
  for (int i = 0; i < tree->count; i++) close(tree->processes[i].handle);
  tree->count = 0;
}
#endif
